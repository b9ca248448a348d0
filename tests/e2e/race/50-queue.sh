# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Packets in softirq and packets in the context of tasks that give verdicts on
# queued ones, at once and on both CPUs: one-packet and tracked services, NAT and
# direct routing, requests and replies, the director as a client, entries made and
# ended, services changed. OPVS_E2E_QUEUE_SECONDS makes it longer.
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
	tracked -u "$f" 1 5998 -m -s rr
	tracked -u "$f" 2 $direct -g -s rr -o
	service "$f" 1 $calm -s wrr
done
services | ipvsadm -R
snapshot service_packets conn_created replies
traffic_start

floods=()
flood() { # NAMESPACE SOURCE4 SOURCE6 PORT VIP-NUMBER
	spawn_in "$1" "$e2e/race/connections.py" flood "$seconds" "$4" \
		"$2" "${vip[4,$5]}" "$3" "${vip[6,$5]}" \
		</dev/null >>"$state/floods" 2>&1
	floods+=("$spawned")
}
flood "$ns_client" "${client_ip[4]}" "${client_ip[6]}" 5998 1
flood "$ns_client" "${client_ip[4]}" "${client_ip[6]}" $direct 2
flood "$ns_client" "${client_ip[4]}" "${client_ip[6]}" $calm 1
flood "$ns_director" 10.91.1.1 fd91:1::1 5998 1
flooding() {
	local pid
	for pid in "${floods[@]}"; do
		! kill -0 "$pid" 2>/dev/null || return 0
	done
	return 1
}

round=0
while flooding; do
	f=$((4 + 2 * (round % 2)))
	agent flush ns="$ns_director"
	real -e -u "$f" 1 5998 1 -m -w $((1 + round % 3))
	real -e -u "$f" 2 $direct 2 -g -w $((round % 2))
	((round += 1))
done
status=0
for pid in "${floods[@]}"; do
	wait "$pid" || status=$?
done
is "$status" 0 "all come to their end after $seconds s"
((status == 0)) || diag "$(tail -n 30 "$state/floods")"
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
diag "queued $queue_packets, lost $queue_lost, rounds $round"
check 'thousands were queued' test "$queue_packets" -gt $((seconds * 50))
counter conn_created
check 'connections were made' test $((value - C[conn_created])) -gt 100
counter replies
check 'and answered' test $((value - C[replies])) -gt 100

agent flush ns="$ns_director"
poll 20 books_balance || :
is "$verdicts" "$packets" 'verdicts add up to the datagrams'
is "$released" "$created" 'created = released inline + deferred'
is "$alive $ended" "0 $begun" 'each entry that began has ended'
nft delete table inet queued
