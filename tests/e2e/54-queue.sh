# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# An inline intrusion detection in front of the module: every packet of every
# chain is queued to user space (nft queue), there and back, and goes on in the
# context of the task that lets it pass.
# shellcheck source=tests/e2e/queue.sh
. "$e2e/queue.sh"
if ! queue_everything 4; then
	skip 'packets that were queued' 'this kernel has no nft queue'
	return 0
fi

# queued NAME COMMAND...: by the command, at least so many went through queues.
queued() {
	local before=$queue_packets
	queue_count
	check "$1: by way of the queues" test $((queue_packets - before)) -ge "$2"
}

servers 5540
servers 5541
servers 5060
accept_on 5542
local_ip=([4]=10.91.1.1 [6]=fd91:1::1)
for f in 4 6; do
	from=${client_ip[$f]}
	bits=$((f == 4 ? 32 : 128))
	queue_count

	# One packet in, the answer out: two queues each way and two for what
	# the director sends.
	service "$f" 1 5540 -s rr
	snapshot forwarded replies ops_created ops_released_inline \
		ops_released_deferred
	from_client burst dst="${vip[$f,1]}|5540" count=200
	is "${A[got]}/${A[foreign]}" 200/0 "IPv$f: one-packet: answered"
	rose forwarded 200 "IPv$f: one-packet: forwarded"
	rose replies 200 "IPv$f: one-packet: replies"
	rose ops_created 200 "IPv$f: one-packet: an entry each"
	rose ops_released_inline 200 "IPv$f: one-packet: released inline"
	rose ops_released_deferred 0 "IPv$f: one-packet: none deferred"
	queued "IPv$f: one-packet" 600
	agent burst src="${local_ip[$f]}" dst="${vip[$f,1]}|5540" count=50
	is "${A[got]}/${A[foreign]}" 50/0 \
		"IPv$f: one-packet, from the director: answered"
	from_client segments dst="${vip[$f,1]}|5540" count=20 size=100
	is "${A[got]}/${A[intact]}/${A[foreign]}" 20/20/0 \
		"IPv$f: one-packet, a GSO packet: answered"
	from_client ask dst="${vip[$f,1]}|5540" size=4000
	is "${A[got]} ${A[intact]}" '1 1' \
		"IPv$f: one-packet, in fragments: answered"
	queue_count

	# Direct routing: nothing comes back this way.
	{
		echo "-A -u ${vs[$f,8]}:5540 -s rr -o"
		for n in 1 2 3; do
			echo "-a -u ${vs[$f,8]}:5540 -r ${rs[$f,$n]}:5540 -g"
		done
	} | ipvsadm -R
	for n in 1 2 3; do
		in_server "$n" ip addr add "${vip[$f,8]}/$bits" dev lo
		agent serve ns="${ns_servers[n]}" id="s$n" \
			addr="${vip[$f,8]}|5540"
	done
	snapshot forwarded replies
	agent burst ns="$ns_client" src="${direct_ip[$f]}" \
		dst="${vip[$f,8]}|5540" count=100
	is "${A[got]}/${A[foreign]}" 100/0 "IPv$f: direct routing: answered"
	rose forwarded 100 "IPv$f: direct routing: forwarded"
	rose replies 0 "IPv$f: direct routing: no replies"
	queued "IPv$f: direct routing" 200
	for n in 1 2 3; do
		in_server "$n" ip addr del "${vip[$f,8]}/$bits" dev lo
	done

	# Tracked: many flows at once, and connections.
	tracked -u "$f" 2 5541 -m -s rr
	snapshot conn_created
	from_client clients src="$from|26000" count=100 \
		dst="${vip[$f,2]}|5541"
	is "${A[got]}/${A[foreign]}" 100/0 "IPv$f: tracked: answered"
	rose conn_created 100 "IPv$f: tracked: an entry each"
	tracked -t "$f" 3 5542 -m -s rr
	from_client dial id=queue dst="${vip[$f,3]}|5542" count=20
	is "${A[got]} ${A[errors]}" '20 ' "IPv$f: TCP: answered"
	from_client talk id=queue data='still there'
	is "${A[got]}" 20 "IPv$f: TCP: both ways"
	agent hang id=queue
	queued "IPv$f: tracked" 400

	# Calls.
	service "$f" 4 5060 -s mh --pe sip
	tracked -u "$f" 5 5060 -m -s rr -o -p 300 --pe sip
	for v in 4 5; do
		from_client calls src="$from|5060" count=60 \
			dst="${vip[$f,$v]}|5060"
		is "${A[got]}/${A[foreign]}/${A[split]}" 180/0/0 \
			"IPv$f: SIP, service $v: answered, no call split"
	done
	queued "IPv$f: SIP" 1000

	# No server is there: the error passes the chains as well.
	ipvsadm -A -u "${vs[$f,6]}:5549" -s rr -o
	ipvsadm -a -u "${vs[$f,6]}:5549" -r "${rs[$f,1]}:5549" -m
	snapshot icmp_to_client
	from_client ask dst="${vip[$f,6]}|5549" wait=3000
	is "${A[errors]}" 1 "IPv$f: an error reaches the client"
	rose icmp_to_client 1 "IPv$f: and is counted"
	queued "IPv$f: error" 3
done
queue_count
is "$queue_lost" 0 'no queue lost a packet'
poll 5 books_balance || :
is "$verdicts $released" "$packets $created" 'the books balance'
nft delete table inet queued
