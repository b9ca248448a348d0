# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# A link behind the director that is narrower than the client's: the client is
# told, where it forbids fragments, and fragments are made where it does not.
# Answers are short: a device takes nothing that is longer than its own MTU.
servers 5430 mode=brief
for f in 4 6; do
	for v in 3 4; do
		service "$f" "$v" 5430 -s rr
		dest -d "$f" "$v" 5430 2
		dest -d "$f" "$v" 5430 3
	done
done

# The route to the server is in the cache before the link changes.
for f in 4 6; do
	from_client ask dst="${vip[$f,3]}|5430" size=1400
	is "${A[got]} ${A[intact]}" '1 1' "IPv$f: 1 400 bytes pass a wide link"
done
ip link set d1 mtu 1300

# told FAMILY MTU: a datagram that may not be cut is refused with this MTU.
told() {
	local f=$1 mtu=$2
	snapshot drop_mtu service_packets
	from_client ask dst="${vip[$f,3]}|5430" size=1400 df=1
	is "${A[got]} ${A[errno]:-} ${A[info]:-}" "0 EMSGSIZE $mtu" \
		"IPv$f: the client is told the MTU"
	is "${A[quoted]:-}" "${vip[$f,3]}|5430" \
		"IPv$f: about the virtual address"
	rose drop_mtu 1 "IPv$f: counted as dropped for its size"
	rose service_packets 1 "IPv$f: and as the service's"
}

told 4 1300
told 6 1300
# 1 300 bytes fit: 20 or 40 for IP, 8 for UDP.
from_client ask dst="${vip[4,4]}|5430" size=1272 df=1
is "${A[got]} ${A[intact]}" '1 1' 'IPv4: what just fits passes'
from_client ask dst="${vip[6,4]}|5430" size=1252 df=1
is "${A[got]} ${A[intact]}" '1 1' 'IPv6: what just fits passes'

agent sniff id=cut ns="${ns_servers[1]}" dev=e1
from_client ask dst="${vip[4,4]}|5430" size=1400 df=0
is "${A[got]} ${A[intact]}" '1 1' 'IPv4: without DF it is cut and arrives'
is "$(captured cut 'dst 10.91.11.2 and ip[6:2] & 0x3fff != 0' | wc -l)" 2 \
	'IPv4: tcpdump saw two fragments'

# Once told, a client that listens cuts by itself. IPv6 has no other way.
agent sniff id=cut ns="${ns_servers[1]}" dev=e1
from_client ask dst="${vip[6,3]}|5430" size=1400
is "${A[got]} ${A[intact]}" '1 1' 'IPv6: the client cuts by itself'
is "$(captured cut 'ip6 dst fd91:11::2 and ip6[6] == 44' | wc -l)" 2 \
	'IPv6: tcpdump saw two fragments'

# Segments of one large packet are judged one by one.
for f in 4 6; do
	from_client segments dst="${vip[$f,4]}|5430" count=12 size=1200
	is "${A[got]}/${A[intact]}" 12/12 \
		"IPv$f: many datagrams in one packet, each fits"
done

ip link set d1 mtu 1500
# Another address, because the client remembers what it was told.
for f in 4 6; do
	from_client ask dst="${vip[$f,4]}|5430" size=1400 df=1
	is "${A[got]} ${A[intact]}" '1 1' "IPv$f: a wide link again"
done
# A route of its own MTU counts like a device's.
ip route add 10.91.11.2/32 dev d1 mtu lock 1000
told 4 1000
ip route del 10.91.11.2/32 dev d1
