# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Connections under everything at once: made by two processes that race for
# them, refreshed, expiring after a second, flushed, expired, evicted, listed,
# their services, servers and policies edited and replaced; and at the end the
# module unloaded. No count may be off by one.
port=5998
seconds=${OPVS_E2E_RACE_SECONDS:-100}
accept_on 5997
for f in 4 6; do
	agent serve ns="${ns_servers[1]}" id=answers addr="${rip[$f,1]}|$port"
	tracked -t "$f" 2 5997 -m -s rr -p 1
done

role() { # NAMESPACE ROLE ARGUMENT...
	spawn_in "$1" "$e2e/race/connections.py" "${@:2}" </dev/null \
		>>"$state/roles" 2>&1
	roles+=("$spawned")
}

# everything SECONDS
everything() {
	roles=()
	: >"$state/roles"
	for f in 4 6; do
		role "$ns_director" change "$1" $port "${vip[$f,1]}" \
			"${rip[$f,1]}" "${rip[$f,2]}" "${rip[$f,3]}"
	done
	for _ in 1 2; do
		role "$ns_client" flood "$1" $port \
			"${client_ip[4]}" "${vip[4,1]}" \
			"${client_ip[6]}" "${vip[6,1]}"
	done
	role "$ns_director" read "$1"
}

# TCP beside it, by the agent, whose server at $port also answers meanwhile.
busy() {
	local pid
	for pid in "${roles[@]}"; do
		! kill -0 "$pid" 2>/dev/null || return 0
	done
	return 1
}

snapshot conn_created conn_ended conn_raced template_created service_packets
everything "$seconds"
round=0
while busy; do
	f=$((4 + 2 * (round % 2)))
	from_client dial id=race dst="${vip[$f,2]}|5997" count=4 wait=2000
	agent hang id=race how="$( ((round % 3)) && echo fin || echo rst)"
	((round += 1))
done
status=0
for pid in "${roles[@]}"; do
	wait "$pid" || status=$?
done
is "$status" 0 "all come to their end after $seconds s"
((status == 0)) || diag "$(tail -n 30 "$state/roles")"
for name in conn_created conn_ended conn_raced conn_evicted template_created \
	refused_netns refused_service defence_entries service_packets; do
	counter $name
	diag "$name $value"
done
counter conn_created
check 'there were connections' test $((value - C[conn_created])) -gt 1000
counter template_created
check 'and templates' test $((value - C[template_created])) -gt 10

# ---- everything at zero ----

agent reset
at_rest() {
	agent flush ns="$ns_director"
	read_books
	((alive == 0 && begun == ended && packets == verdicts))
}
poll 20 at_rest || :
is "$alive" 0 'flushed: nothing is left'
is "$ended" "$begun" 'each entry that began has ended'
is "$verdicts" "$packets" 'verdicts add up to the packets'
is "$(ipvsadm -Ln | awk '$1 == "->" && $2 !~ /^Remote/ { n += $5 + $6 }
	END { print 0 + n }')" 0 'no server counts a connection'
is "$(ipvsadm -Ln --persistent-conn | awk '$1 == "->" && $2 !~ /^Remote/ {
	n += $4 } END { print 0 + n }')" 0 'nor a template'

# ---- unloaded in the middle ----

everything 60
snapshot conn_created
made() {
	local value
	counter conn_created
	((value > C[conn_created] + 300))
}
check 'connections are made' poll 30 made
check 'unloaded meanwhile' poll 20 rmmod opvs
for pid in "${roles[@]}"; do
	kill "$pid" 2>/dev/null || :
done
check 'loaded again' modprobe opvs
is "$(cat /sys/kernel/opvs/conns)" 0 'without entries'
