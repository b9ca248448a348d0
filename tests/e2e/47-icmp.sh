# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# ICMP errors about a one-packet flow reach the client as errors about the
# virtual address: without an entry in any table.
for f in 4 6; do
	service "$f" 1 5470 -s rr
	for _ in 1 2 3; do
		snapshot icmp_to_client
		from_client ask dst="${vip[$f,1]}|5470" data=anybody connect=1
		is "${A[got]} ${A[errno]:-none}" '0 ECONNREFUSED' \
			"IPv$f: a closed port of the server refuses the client"
		is "${A[quoted]:-}" "${vip[$f,1]}|5470" \
			"IPv$f: in the name of the virtual address"
		is "${A[offender]:-}" "${vip[$f,1]}" \
			"IPv$f: which is also who says so"
		rose icmp_to_client 1 "IPv$f: translated and counted"
	done
done

# A port that is closed at one server only; the rest of the traffic flows.
agent serve ns="${ns_servers[1]}" id=s1 addr="${rip[4,1]}|5470"
agent serve ns="${ns_servers[2]}" id=s2 addr="${rip[4,2]}|5470"
from_client clients src="${client_ip[4]}|23000" count=30 dst="${vip[4,1]}|5470"
near "${A[got]}" 20 "$(nproc)" 'two of three servers open: two thirds answered'
is "${A[foreign]}" 0 'all from the virtual address'

# The other way: a client's closed port, told to the server that answered it,
# if it follows from the packet which one that was.
agent unserve id=s1
agent unserve id=s2
servers 5472
for f in 4 6; do
	client=${client_ip[$f]}
	service "$f" 7 5472 -s rr
	for sched in mh sh dh; do
		ipvsadm -E -u "${vs[$f,7]}:5472" -s "$sched" -o
		from_client ask dst="${vip[$f,7]}|5472" data=hello \
			src="$client|6400"
		server=${A[server]}
		snapshot icmp_to_server
		agent say id="$server" dst="$client|6400" data='nobody there'
		agent errors id="$server" dst="$client|6400"
		is "${A[errno]} ${A[quoted]:-} ${A[offender]:-}" \
			"ECONNREFUSED $client|6400 $client" \
			"IPv$f, $sched: a closed port of the client refuses the server"
		rose icmp_to_server 1 "IPv$f, $sched: translated and counted"
	done

	ipvsadm -E -u "${vs[$f,7]}:5472" -s rr -o
	from_client ask dst="${vip[$f,7]}|5472" data=hello src="$client|6401"
	server=${A[server]}
	snapshot icmp_unattributed icmp_to_server
	agent say id="$server" dst="$client|6401" data='nobody there'
	unattributed() {
		counter icmp_unattributed
		((value == C[icmp_unattributed] + 1))
	}
	check "IPv$f: by turns: which server it was cannot be told" \
		poll 3 unattributed
	rose icmp_to_server 0 "IPv$f: by turns: no server is told at random"
done

# An ICMP error of a router behind the director: here the server's namespace
# is made to forward to a link that is too narrow.
in_server 1 ip link add narrow type dummy
in_server 1 ip link set narrow mtu 1000 up
in_server 1 ip addr add 10.91.41.1/24 dev narrow
in_server 1 ip neigh add 10.91.41.2 lladdr 02:00:00:00:91:41 dev narrow
agent sysctl ns="${ns_servers[1]}" net.ipv4.ip_forward=1
ip route add 10.91.41.0/24 via 10.91.11.2
ipvsadm -A -u 10.91.0.5:5471 -s rr -o
ipvsadm -a -u 10.91.0.5:5471 -r 10.91.41.2:5471 -m
from_client ask dst='10.91.0.5|5471' size=1200 df=1
is "${A[errno]:-none} ${A[info]:-}" 'EMSGSIZE 1000' \
	'a router behind the director: the client is told the MTU'
is "${A[quoted]:-}" '10.91.0.5|5471' \
	'a router behind the director: about the virtual address'
ip route del 10.91.41.0/24 via 10.91.11.2
agent sysctl ns="${ns_servers[1]}" net.ipv4.ip_forward=0
in_server 1 ip link del narrow

# The end of a datagram's life: the director tells the client.
for f in 4 6; do
	service "$f" 6 5470 -s rr
	snapshot service_packets drop_ttl
	from_client ask dst="${vip[$f,6]}|5470" data=old ttl=1
	is "${A[errno]:-none} ${A[quoted]:-}" \
		"EHOSTUNREACH ${vip[$f,6]}|5470" \
		"IPv$f: a datagram that may go no further"
	rose service_packets 1 "IPv$f: counted as the service's"
	rose drop_ttl 1 "IPv$f: and as dropped for its age"
done

# Errors that are none of opvs's business pass untouched.
from_client ask dst="${rip[4,3]}|5479" data=anybody connect=1
is "${A[errno]:-none} ${A[quoted]:-} ${A[offender]:-}" \
	"ECONNREFUSED ${rip[4,3]}|5479 ${rip[4,3]}" \
	'an error about a plain flow to a server is left alone'
