# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Unloading, and the end of a namespace, with very many connections alive and
# packets on their way: soon done, and nothing is left.
# OPVS_E2E_CONNS says how many; a million want 1 GiB of memory.
if [[ $module != opvs ]]; then
	skip 'very many connections' 'this is about opvs'
	return 0
fi
case $OPVS_KERNEL in
uml) many=200000 ;;
*) many=20000 ;;
esac
many=${OPVS_E2E_CONNS:-$many}
make_sinks
accept_on 8200
servers 8200

configure() {
	local f
	for f in 4 6; do
		tracked -t "$f" 1 8200 -m -s rr
		tracked -u "$f" 1 8200 -m -s rr -p 300
		ipvsadm -A -u "${vs[$f,2]}:8201" -s rr
		ipvsadm -a -u "${vs[$f,2]}:8201" -r "${sink_rs[$f]}:8201" -m
	done
}
crowd() {
	local f
	for f in 4 6; do
		from_client dial id=crowd$f dst="${vip[$f,1]}|8200" count=20
		from_client clients src="${client_ip[$f]}|29000" count=20 \
			dst="${vip[$f,1]}|8200"
	done
	agent mass ns="$ns_client" src='10.93.0.0|1024' \
		dst="${vip[4,2]}|8201" count=$((many / 2))
	agent mass ns="$ns_client" src='fd93::|1024' \
		dst="${vip[6,2]}|8201" count=$((many / 2))
}

for round in 1 2; do
	configure
	crowd
	counter conns
	check "round $round: $value entries" test "$value" -ge $((many * 99 / 100))
	# Packets of both families keep coming.
	spawn_in "$ns_client" "$e2e/race/flood.py" 400 \
		"${vip[4,1]}" 8200 "${vip[6,1]}" 8200 </dev/null
	snapshot forwarded
	flows() {
		local value
		counter forwarded
		((value > C[forwarded] + 50))
	}
	check "round $round: packets flow" poll 20 flows
	from=${EPOCHREALTIME/./}
	check "round $round: unloaded" rmmod opvs
	took=$(((${EPOCHREALTIME/./} - from) / 1000))
	check "round $round: in bounded time ($took ms)" test $took -le 20000
	kill "$spawned"
	check "round $round: loaded again" modprobe opvs
	counter conns
	is "$value" 0 "round $round: without entries"
	for f in 4 6; do
		agent hang id=crowd$f how=rst
	done
done

# ---- the end of a namespace with very many ----

other=opvs-e-$ns_id
in_other() { nsenter --net="/run/netns/$other" "$@"; }
before=$(slab_objects)
for round in 1 2; do
	ip netns add "$other"
	ip link add o0 netns "$ns_client" type veth \
		peer o1 address 02:00:00:00:91:53 netns "$other"
	in_client ip addr add 10.91.53.2/24 dev o0
	in_client ip link set o0 up
	# Thousands of packets do not fit in the queue for an address.
	in_client ip neigh add 10.91.53.1 lladdr 02:00:00:00:91:53 dev o0
	in_other ip -batch - <<-END
		link set lo up
		addr add 10.91.53.1/24 dev o1
		link set o1 up
		neigh add 10.91.53.77 lladdr 02:00:00:00:91:77 dev o1
		route add default via 10.91.53.2
	END
	in_other ipvsadm -R <<-END
		-A -u 10.91.53.1:8201 -s rr
		-a -u 10.91.53.1:8201 -r 10.91.53.77:8201 -m
	END
	agent mass ns="$ns_client" src='10.93.0.0|1024' \
		dst='10.91.53.1|8201' count=$((many / 2))
	agent read ns="$other" file=/sys/kernel/opvs/conns
	check "round $round: ${A[value]} entries in another namespace" \
		test "${A[value]}" -ge $((many * 49 / 100))
	agent stream ns="$ns_client" src='10.91.53.2|5604' \
		dst='10.91.53.1|8201' rate=500
	agent forget ns="$other"
	ip netns del "$other"
	gone() { ! in_client ip link show dev o0 >/dev/null 2>&1; }
	check "round $round: the namespace goes" poll 20 gone
	agent unstream
	# KASAN keeps for a while what was freed.
	back() { (($(slab_objects) <= before + 600)); }
	[[ $OPVS_KERNEL == *debug ]] ||
		check "round $round: the memory is back" poll 10 back
done

# ---- templates that only their connections keep ----

# A client's 200 connections, and 200 clients with one each, whose templates have
# outlived their own time: the end of the last child files a template anew.
children=200
children_services() { # SERVICE SERVER
	echo "-A -u $1 -s rr -p 1"
	echo "-a -u $1 -r $2 -m"
}
lingering() { # NAMESPACE: templates whose time is over and that are still there
	agent read ns="$1" file=/sys/kernel/opvs/template_created
	created=${A[value]}
	agent read ns="$1" file=/sys/kernel/opvs/template_ended
	echo $((created - A[value]))
}
one_client() { # VIP: all by one template
	agent mass ns="$ns_client" src='10.91.1.2|20000' dst="$1" count="$children"
}
many_clients() {
	local n
	for ((n = 0; n < children; n++)); do
		echo "addr add 10.91.1.$((n % 200 + 20))/24 dev c0"
	done | ip -n "$ns_client" -batch -
	for ((n = 0; n < children; n++)); do
		agent mass ns="$ns_client" src="10.91.1.$((n + 20))|20000" \
			dst="$1" count=1
	done
}

for kind in one_client many_clients; do
	set_timeouts 0 0 60
	children_services "${vip[4,4]}:8202" "${sink_rs[4]}:8202" | ipvsadm -R
	$kind "${vip[4,4]}|8202"
	want=1
	[[ $kind == one_client ]] || want=$children
	# Past their second, and looked at by the sweeper since.
	pass_time 4
	is "$(lingering '')" $want "$kind: templates stay with their connections"
	counter conns
	check "$kind: $value entries" test "$value" -ge $((children + want))
	bounded 20 "$kind: unloaded" rmmod opvs
	modprobe opvs
done
