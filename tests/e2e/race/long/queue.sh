# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Packets in softirq and packets in the context of tasks that give verdicts on
# queued ones, at once and on both CPUs: one-packet and tracked services, NAT and
# direct routing, requests and replies, the director as a client, entries made and
# ended, services changed. OPVS_E2E_QUEUE_SECONDS makes it longer; beyond two
# minutes the debug kernel needs --mem 4096, as its records of freed objects grow.
# shellcheck source=tests/e2e/race/traffic.sh
. "$e2e/race/traffic.sh"
# shellcheck source=tests/e2e/queue.sh
. "$e2e/queue.sh"
seconds=${OPVS_E2E_QUEUE_SECONDS:-40}
direct=5996 # by direct routing
calm=5995   # not queued

# Four processes want two CPUs, so verdicts are given in each other's midst.
queue_everything 4 "udp dport != $calm udp sport != $calm"

for f in 4 6; do
	agent serve ns="${ns_servers[1]}" id=s1 addr="${rip[$f,1]}|5998"
	agent serve ns="${ns_servers[1]}" id=s1 addr="${rip[$f,1]}|$calm"
	tracked -u "$f" 2 $direct -g -s rr -o
	service "$f" 1 $calm -s wrr
done
services | ipvsadm -R
snapshot service_packets conn_created replies

roles=()
role() { # NAMESPACE ROLE ARGUMENT...
	# Behind those who give verdicts, or these would only be late.
	spawn_in "$1" nice -n 15 "$e2e/race/connections.py" "$2" "$seconds" \
		"${@:3}" </dev/null >>"$state/roles" 2>&1
	roles+=("$spawned")
}
flood() { # NAMESPACE SOURCE4 SOURCE6 PORT VIP-NUMBER
	role "$1" flood "$4" "$2" "${vip[4,$5]}" "$3" "${vip[6,$5]}"
}
for f in 4 6; do
	role "$ns_director" change 5998 "${vip[$f,1]}" "${rip[$f,1]}" \
		"${rip[$f,2]}" "${rip[$f,3]}"
done
flood "$ns_client" "${client_ip[4]}" "${client_ip[6]}" 5998 1
flood "$ns_client" "${client_ip[4]}" "${client_ip[6]}" $direct 2
flood "$ns_client" "${client_ip[4]}" "${client_ip[6]}" $calm 1
flood "$ns_director" 10.91.1.1 fd91:1::1 5998 1
traffic_start
status=0
for pid in "${roles[@]}"; do
	wait "$pid" || status=$?
done
is "$status" 0 "all come to their end after $seconds s"
((status == 0)) || diag "$(tail -n 30 "$state/roles")"
traffic_stop

queue_drained() {
	local before=$queue_packets
	queue_count
	((queue_packets == before))
}
poll 20 queue_drained || :
for name in service_packets conn_created replies; do
	counter $name
	diag "$name: $value, before ${C[$name]}"
done
diag "queued: $queue_packets, lost: $queue_lost"
check 'many were queued' test "$queue_packets" -gt 1000
counter conn_created
check 'connections were made' test $((value - C[conn_created])) -gt 100
counter replies
check 'and answered' test $((value - C[replies])) -gt 100

agent reset
at_rest() {
	agent flush ns="$ns_director"
	read_books
	((alive == 0 && begun == ended && packets == verdicts))
}
poll 20 at_rest || :
is "$alive" 0 'flushed: nothing is left'
is "$ended" "$begun" 'each entry that began has ended'
is "$verdicts" "$packets" 'verdicts add up to the datagrams'
is "$released" "$created" 'created = released inline + deferred'
nft delete table inet queued
