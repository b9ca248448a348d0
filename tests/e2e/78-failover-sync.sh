# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh, demo.sh and pair.sh set it
# Two directors and keepalived's lvs_sync_daemon: connections and calls with
# templates survive the death of the active director, and later that of the
# other one, when the first is back and has got from it what it had lost.
# Servers take turns, so that what is not known at the other director is split.
# OPVS_E2E_CALLS says how many connections there are, and calls at a time.
if [[ $module != opvs ]]; then
	skip 'failover with synchronisation' 'this is about opvs'
	return 0
fi
! same_everywhere 'failover with synchronisation' || return 0
# shellcheck source=tests/e2e/demo.sh
. "$e2e/demo.sh"
# shellcheck source=tests/e2e/pair.sh
. "$e2e/pair.sh"

# shellcheck disable=SC2034 # demo.sh reads family
family=4
pair_load

# Services for ipvsadm -R.
remembering() {
	local f n
	echo "-A -u ${vs[4,1]}:5060 -s rr -o -p 1800 -M 0.0.0.0 --pe sip"
	for f in 4 6; do
		echo "-A -t ${vs[$f,1]}:7900 -s rr"
	done
	for n in 1 2 3; do
		echo "-a -u ${vs[4,1]}:5060 -r ${rs[4,$n]}:5060 -m"
		for f in 4 6; do
			echo "-a -t ${vs[$f,1]}:7900 -r ${rs[$f,$n]}:7900 -m"
		done
	done
}

# start D: keepalived. Who has the addresses keeps them.
start() {
	vrrp_conf "$1" 'lvs_sync_daemon q0 inst pair id 7' |
		sed 's/^\tstate BACKUP/&\n\tnopreempt/' >"$state/pair-$1.conf"
	start_vrrp "$1"
}

# has_all D OF: director D has not less than director OF.
has_all() {
	local value least
	pair_counter "$2" conns
	least=$value
	pair_counter "$1" conns
	((value >= least && least > 0))
}

# Both ends of all connections are the agent's.
prlimit --pid "$agent_pid" --nofile=$((many * 8 + 1024))
pair_addresses
trap unmake_pairs EXIT
make_switch
make_scenarios
for n in 1 2 3; do
	for f in 4 6; do
		agent accept ns="${ns_servers[n]}" id="s$n" \
			addr="${rip[$f,$n]}|7900"
	done
done
for d in 1 2; do
	make_director $d < <(remembering)
done
start 1
moves_to 1
start 2
start_servers with
watch sync "$ns_switch" any "$sync_or_vrrp"
ring go "${vs[4,1]}:5060" "$rate" "$ms"

# lines NAME: so many connections over IPv4, and over IPv6.
lines() {
	local f
	for f in 4 6; do
		agent dial ns="$ns_client" id="$1$f" src="${client_ip[$f]}" \
			dst="${vip[$f,1]}|7900" count=$((many / 2))
		is "${A[got]}" $((many / 2)) "IPv$f: connections: $1"
	done
}

# go_on NAME: none of them is broken.
go_on() {
	local f
	for f in 4 6; do
		agent talk id="$1$f" data='still there' wait=60000
		is "${A[got]}" $((many / 2)) "IPv$f: $2: connections go on: $1"
	done
}

lines first
ring_on "$many"
# What is younger need not be known to the other one.
pass_time 1
died[1]=$EPOCHREALTIME
power_off 1
moves_to 2
moved[1]=$EPOCHREALTIME
go_on first 'director 1 dies'
lines second

diag "director 2 came into charge $(times_in_charge 2) times; once is due"
unmake_director 1
unset 'dead[1]'
make_director 1 < <(remembering)
start 1
check 'director 1 is back, and gets what the other one has' \
	poll 60 has_all 1 2
ring_on "$many"
pass_time 1
died[2]=$EPOCHREALTIME
power_off 2
moves_to 1
moved[2]=$EPOCHREALTIME
go_on first 'director 2 dies'
go_on second 'director 2 dies'
diag "director 1 came into charge $(times_in_charge 1) times, by its log"
ring_on $((many / 4))
hang_up
watched sync

# Calls that had begun a second before a director died, or behind that, and were
# heard of at more than one server.
apart() {
	awk -F'\t' -v died="${died[*]}" -v moved="${moved[*]}" '
	BEGIN { split(died, d, " "); split(moved, m, " ") }
	$4 != "R" || index($5, "go-") != 1 { next }
	{ n = substr(FILENAME, length(FILENAME)) }
	!($5 in began) || $3 < began[$5] { began[$5] = $3 }
	!(($5, n) in seen) { seen[$5, n] = 1; places[$5]++ }
	END {
		for (call in places) {
			young = 0
			for (i in d)
				young += began[call] > d[i] - 1 &&
					began[call] < m[i]
			apart += places[call] > 1 && !young
		}
		print 0 + apart
	}' "$state/$generation"-s[123]
}
look_at_calls go
diag "$succeeded of $calls calls succeeded; $split split, the youngest included"
is "$(apart)" 0 "of $known calls none is split that was a second old"
for d in 1 2; do
	up=$(outlived go "${died[d]}")
	check "director $d dies: $up calls go on" test "$up" -ge $((many / 2))
done
check 'the directors synchronise' \
	test "$(in_capture sync 'udp port 8848')" -gt 0
