# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Cached routes to a server follow routes, neighbours and devices at once: the
# very next datagram takes the new way.
servers 5440
for f in 4 6; do
	service "$f" 1 5440 -s rr
	dest -d "$f" 1 5440 2
	dest -d "$f" 1 5440 3
done

passes() { # TEXT
	local f
	for f in 4 6; do
		from_client ask dst="${vip[$f,1]}|5440" data=hello wait=1500
		is "${A[got]} ${A[intact]}" '1 1' "IPv$f: $1"
	done
}

passes 'the first way'

# ---- a neighbour's address ----

in_server 1 ip link set e1 address 02:00:00:00:91:01
ip neigh replace 10.91.11.2 lladdr 02:00:00:00:91:01 dev d1
ip neigh replace fd91:11::2 lladdr 02:00:00:00:91:01 dev d1
passes 'a new link address of the server'

# ---- a better route ----

# A second line between director and server, which only its server end knows
# the director's answers by; both ends are up before the route is moved.
ip link add d1b type veth peer name e1b netns "${ns_servers[1]}"
ip addr add 10.91.31.1/24 dev d1b
ip addr add fd91:31::1/64 dev d1b nodad
ip link set d1b up
in_server 1 ip addr add 10.91.31.2/24 dev e1b
in_server 1 ip addr add fd91:31::2/64 dev e1b nodad
in_server 1 ip link set e1b up
agent serve ns="${ns_servers[1]}" id=second addr='10.91.31.2|7'
agent serve ns="${ns_servers[1]}" id=second addr='fd91:31::2|7'
agent reach dst='10.91.31.2|7'
agent reach dst='fd91:31::2|7'

ip route add 10.91.11.2/32 via 10.91.31.2
ip route add fd91:11::2/128 via fd91:31::2
agent sniff id=second ns="${ns_servers[1]}" dev=e1b
passes 'a better route'
is "$(captured second 'udp dst port 5440' | wc -l)" 2 \
	'tcpdump: the datagrams came by the better route'

# ---- a device that goes and comes ----

ip link del d1b
agent sniff id=first ns="${ns_servers[1]}" dev=e1
passes 'the better way is gone: back to the first'
is "$(captured first 'udp dst port 5440' | wc -l)" 2 \
	'tcpdump: the datagrams came by the first way'

ip link set d1 down
for f in 4 6; do
	snapshot service_packets drop_no_route
	from_client ask dst="${vip[$f,1]}|5440" data=lost wait=300
	is "${A[got]}" 0 "IPv$f: the device is down: no answer"
	rose service_packets 1 "IPv$f: counted as the service's"
	rose drop_no_route 1 "IPv$f: and as dropped for want of a route"
done
ip link set d1 up
# The server's own neighbour entry outlives this; the director's does not.
up_again() {
	[[ $(ip -6 addr show dev d1 tentative) == '' &&
	   $(cat /sys/class/net/d1/carrier 2>/dev/null || ip -o link show d1) \
		!= *NO-CARRIER* ]]
}
check 'the device comes up' poll 10 up_again
for f in 4 6; do
	check "IPv$f: the server is reached again by plain routing" \
		agent reach dst="${rip[$f,1]}|5440"
done
passes 'the device is up again'
