# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Two directors with the same virtual address know nothing of each other, and
# a namespace may end while packets for its services arrive.
other=opvs-e-$ns_id
in_other() { nsenter --net="/run/netns/$other" "$@"; }
target="${vip[4,1]}|5600"

ip netns add "$other"
in_other ip link set lo up
in_other ip addr add "${vip[4,1]}/32" dev lo
in_other ip addr add 10.91.51.1/32 dev lo

# ---- independence ----

servers 5600
service 4 1 5600 -s rr
is "$(in_other ipvsadm -Sn)" '' 'services of one namespace are not in another'
in_other ipvsadm -A -u "${vip[4,1]}:5600" -s rr -o
in_other ipvsadm -a -u "${vip[4,1]}:5600" -r 10.91.51.1:5601 -m
is "$(in_other ipvsadm -Sn)" "-A -u 10.91.0.1:5600 -s rr -o
-a -u 10.91.0.1:5600 -r 10.91.51.1:5601 -m -w 1" 'both have the same service'
is "$(ipvsadm -Sn | wc -l)" 4 'each with its own servers'
agent serve ns="$other" id=other addr='10.91.51.1|5601'

snapshot service_packets forwarded replies ops_created
agent burst ns="$other" dst="$target" count=25
is "${A[each]} ${A[foreign]}" 'other:25 0' 'the other director: its own server'
rose service_packets 0 'nothing was counted here'
from_client burst dst="$target" count=30
is "${A[got]} ${A[on_other]:-0}" '30 0' 'this director: its own servers'
rose service_packets 30 'the requests were counted here'
rose replies 30 'and the answers'
for name in service_packets delivered_local replies ops_created; do
	agent read ns="$other" file="/sys/kernel/opvs/$name"
	is "${A[value]}" 25 "the other director counted $name"
done
in_other ipvsadm -C
is "$(ipvsadm -Sn | wc -l)" 4 'ipvsadm -C there leaves the services here'
agent unserve id=other
agent forget ns="$other"
ip netns del "$other"

# ---- the end of a namespace under traffic ----

# Three times: a namespace with services of both families between client and
# server, and a client that does not stop sending.
for round in 1 2 3; do
	ip netns add "$other"
	ip link add o0 netns "$ns_client" type veth peer o1 netns "$other"
	in_client ip addr add 10.91.52.2/24 dev o0
	in_client ip addr add fd91:52::2/64 dev o0 nodad
	in_client ip link set o0 up
	# The server is the client itself: its own address comes back to it.
	agent sysctl ns="$ns_client" net.ipv4.conf.o0.accept_local=1
	in_other ip -batch - <<-END
		link set lo up
		addr add 10.91.52.1/24 dev o1
		addr add fd91:52::1/64 dev o1 nodad
		link set o1 up
	END
	for f in 4 6; do
		if ((f == 4)); then
			net=10.91.52. open='' close=''
		else
			net=fd91:52:: open='[' close=']'
		fi
		in_other ipvsadm -R <<-END
			-A -u $open${net}1$close:5600 -s mh -o --pe sip
			-a -u $open${net}1$close:5600 -r $open${net}2$close:5602 -m
			-A -u $open${net}1$close:5603 -s rr -o
			-a -u $open${net}1$close:5603 -r $open${net}2$close:5602 -m
		END
		agent serve ns="$ns_client" id="end$f" addr="${net}2|5602" \
			mode=silent
	done
	agent stream ns="$ns_client" src='10.91.52.2|5604' \
		dst='10.91.52.1|5600' rate=2000
	flows() { agent got id=end4 && ((A[count] > 50)); }
	check "round $round: packets flow through the namespace" poll 10 flows
	ip netns del "$other"
	# Its devices go when the namespace has been taken down.
	gone() { ! in_client ip link show dev o0 >/dev/null 2>&1; }
	check "round $round: the namespace goes while they do" poll 20 gone
	agent unstream
	agent unserve id=end4
	agent unserve id=end6
done
from_client burst dst="$target" count=30
is "${A[got]}/${A[foreign]}" 30/0 'this director works on'
