# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh, demo.sh and pair.sh set it
# A host with opvs takes the place of one with ip_vs, by opvs-takeover as it is
# installed, while sipp makes calls and iperf3 sends. The old one is director 2, in
# this machine, the new one director 1, in the other: tests/e2e/guests runs it.
if [[ ! ${OPVS_E2E_FAR:-} ]]; then
	skip 'takeover of a host' 'tests/e2e/guests takeover-guests runs it'
	return 0
fi
# shellcheck source=tests/e2e/demo.sh
. "$e2e/demo.sh"
# shellcheck source=tests/e2e/pair.sh
. "$e2e/pair.sh"

# shellcheck disable=SC2034 # demo.sh reads family
family=4
pair_load
seconds=${OPVS_E2E_SECONDS:-150}

# Each sender of iperf3 has two connections, which belong to one server.
services() {
	local f n
	echo "-A -u ${vs[4,1]}:5060 -s rr -o -p 1800 -M 255.255.255.255 --pe sip"
	for f in 4 6; do
		echo "-A -t ${vs[$f,1]}:520$f -s rr -p 600"
	done
	for n in 1 2 3; do
		echo "-a -u ${vs[4,1]}:5060 -r ${rs[4,$n]}:5060 -m"
		for f in 4 6; do
			echo "-a -t ${vs[$f,1]}:520$f -r ${rs[$f,$n]}:520$f -m"
		done
	done
}

# The old director has them without keepalived.
own_addresses() {
	in_pair 2 ip -batch - <<-END
		addr $1 10.91.41.100/24 dev p0
		addr $1 10.91.42.100/24 dev q0
		addr $1 fd91:41::100/64 dev p0 nodad
		addr $1 fd91:42::100/64 dev q0 nodad
	END
}

# received FILE: prints how many bytes, by what iperf3 says.
received() {
	python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["end"]["sum_received"]["bytes"])' "$1"
}

undo() {
	unmake_pairs
	modprobe -r ip_vs_pe_sip ip_vs_rr ip_vs
	load_module
}

rmmod opvs
modprobe -a ip_vs ip_vs_rr ip_vs_pe_sip
trap undo EXIT
pair_addresses
make_switch
make_scenarios
pair_settings=()
make_director 2 < <(services)
own_addresses add
in_pair 2 sysctl -qw net.ipv4.vs.sync_threshold='1 3'
start_servers with
declare -A sender
for f in 4 6; do
	for n in 1 2 3; do
		spawn_in "${ns_servers[n]}" iperf3 -s -p 520$f </dev/null \
			>"$state/iperf3-s$n" 2>&1
		poll 60 listens "$n" -t 520$f '*' || cat "$state/iperf3-s$n"
	done
done
ring go "${vs[4,1]}:5060" "$rate" "$ms"
for f in 4 6; do
	spawn_in "$ns_client" iperf3 -c "${vip[$f,1]}" -p 520$f -t "$seconds" -b 2M -J \
		</dev/null >"$state/iperf3-$f" 2>&1
	sender[f]=$spawned
done
ring_on "$many"
in_pair 2 ipvsadm --start-daemon master --mcast-interface q0 --syncid 7
in_pair 2 ipvsadm -Sn >"$state/rules"

make_director 1 </dev/null
in_far tee /run/rules <"$state/rules" >/dev/null
check 'opvs-takeover on the new host' in_far \
	"$e2e/../../tools/opvs-takeover" --syncid 7 --settle 10 --wait 100 \
	q0 /run/rules </dev/null
in_pair 2 cat /proc/net/ip_vs_conn >"$state/list"
in_far opvsadm conn import - <"$state/list" >"$state/imported" ||
	diag 'some entries are not taken'
diag "opvsadm conn import: $(<"$state/imported")"
known_here=$(in_far opvsadm conn count </dev/null)
moved=$EPOCHREALTIME
own_addresses del
# keepalived announces the addresses.
vrrp_conf 1 >"$state/pair-1.conf"
start_vrrp 1
poll 60 has_addresses 1
in_far opvsadm --stop-daemon backup </dev/null
in_pair 2 ipvsadm --stop-daemon master
ring_on "$many"
hang_up

look_at_calls go
diag "$known_here entries were told; $known calls, $succeeded succeeded"
is "$split" 0 "of $known calls none is split"
up=$(outlived go "$moved")
check "$up calls go on" test "$up" -ge $((many / 2))
for f in 4 6; do
	status=0
	wait "${sender[f]}" || status=$?
	((status == 0)) || diag "$(tail -n 20 "$state/iperf3-$f")"
	is "$status" 0 "IPv$f: iperf3 goes on to its end"
	check "IPv$f: and what it sent arrived at half its rate at least" \
		test "$(received "$state/iperf3-$f")" -ge $((seconds * 125000))
done
pair_counter 1 forwarded
check "the new host forwarded $value packets" test "$value" -gt "$many"
