# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# UDP checksums through NAT, both ways: computed in software, left to the
# device, absent, and wrong. A datagram with a wrong one must never look right.
servers 5420
for f in 4 6; do
	service "$f" 1 5420 -s rr
	dest -d "$f" 1 5420 2
	dest -d "$f" 1 5420 3
done

offload() { # NAMESPACE DEVICE on|off
	nsenter --net="/run/netns/$1" ethtool -K "$2" tx "$3" >/dev/null
}

bad_sums() {
	local ns sum=0
	for ns in "$ns_client" "${ns_servers[1]}"; do
		agent snmp ns="$ns" name=InCsumErrors
		((sum += A[value])) || :
	done
	echo "$sum"
}

# exchange TEXT: sizes odd and even, down to nothing.
exchange() {
	local f size good=0 before
	before=$(bad_sums)
	for f in 4 6; do
		for size in 0 1 2 3 64 511 1280; do
			from_client ask dst="${vip[$f,1]}|5420" size="$size"
			((good += A[intact] && !A[foreign])) || :
		done
	done
	is "$good" 14 "$1: all answered intact"
	is "$(bad_sums)" "$before" "$1: nobody saw a wrong checksum"
}

exchange 'left to devices'
# Software computes them at the ends; the director adjusts them.
offload "$ns_client" c0 off
offload "${ns_servers[1]}" e1 off
exchange 'computed by the ends'
# What tcpdump says of packets that were adjusted on their way.
agent sniff id=there ns="${ns_servers[1]}" dev=e1
agent sniff id=back ns="$ns_client" dev=c0
for f in 4 6; do
	from_client burst dst="${vip[$f,1]}|5420" count=5 size=101
done
is "$(captured there -vv 'udp port 5420' | grep -c 'udp sum ok')" 20 \
	'tcpdump: right on the server'\''s side'
is "$(captured back -vv 'udp port 5420' | grep -c 'udp sum ok')" 20 \
	'tcpdump: right on the client'\''s side'
# The ends leave it to devices, and the director's are not able to.
offload "$ns_client" c0 on
offload "${ns_servers[1]}" e1 on
offload "$ns_director" d0 off
offload "$ns_director" d1 off
exchange 'completed by the director'
offload "$ns_director" d0 on
offload "$ns_director" d1 on

# ---- none ----

before=$(bad_sums)
good=0
for size in 0 1 64 1280; do
	from_client ask dst="${vip[4,1]}|5420" size="$size" nocheck=1
	((good += A[intact] && !A[foreign])) || :
done
is "$good" 4 'without a checksum: all answered intact'
is "$(bad_sums)" "$before" 'without a checksum: nobody saw a wrong one'

# ---- wrong ----

for f in 4 6; do
	agent got id=s1
	before=$(bad_sums)
	agent raw ns="$ns_client" src="${client_ip[$f]}|6100" \
		dst="${vip[$f,1]}|5420" data=right csum=good
	arrived() { agent got id=s1 && ((A[count] == 1)); }
	check "IPv$f: a hand-made datagram arrives" poll 3 arrived
	is "$(bad_sums)" "$before" "IPv$f: with a right checksum"
	agent raw ns="$ns_client" src="${client_ip[$f]}|6100" \
		dst="${vip[$f,1]}|5420" data=wrong csum=bad
	from_client ask dst="${vip[$f,1]}|5420" data=marker
	agent got id=s1
	is "${A[count]} ${A[last]}" '1 marker' \
		"IPv$f: a wrong checksum is not repaired"
done

# ---- many datagrams in one packet ----

# The sender hands the director one packet of many; each is one datagram.
for f in 4 6; do
	dest -a "$f" 1 5420 2 -m
	dest -a "$f" 1 5420 3 -m
	snapshot ops_created gso_split
	from_client segments dst="${vip[$f,1]}|5420" count=30 size=700
	is "${A[got]}/${A[intact]}/${A[foreign]}" 30/30/0 \
		"IPv$f: UDP_SEGMENT: 30 datagrams answered intact"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 10 1 "IPv$f: UDP_SEGMENT: server $n"
	done
	rose ops_created 30 "IPv$f: UDP_SEGMENT: each scheduled by itself"
	counter gso_split
	check "IPv$f: UDP_SEGMENT: it came as one packet" \
		test $((value - C[gso_split])) -ge 1
done

# The same with a device behind the director that can do nothing by itself.
offload "$ns_director" d1 off
for f in 4 6; do
	from_client segments dst="${vip[$f,1]}|5420" count=13 size=333
	is "${A[got]}/${A[intact]}/${A[foreign]}" 13/13/0 \
		"IPv$f: UDP_SEGMENT without offloads: answered intact"
done
offload "$ns_director" d1 on

# The director's own device collects datagrams into one packet.
if ethtool -K d0 gro on rx-udp-gro-forwarding on 2>/dev/null; then
	for f in 4 6; do
		from_client burst dst="${vip[$f,1]}|5420" count=90 size=400
		is "${A[got]}/${A[distinct]}/${A[foreign]}" 90/90/0 \
			"IPv$f: with GRO for UDP: answered intact"
		for n in 1 2 3; do
			near "${A[on_s$n]:-0}" 30 "$(nproc)" \
				"IPv$f: with GRO for UDP: server $n"
		done
	done
	ethtool -K d0 gro off rx-udp-gro-forwarding off
else
	skip 'GRO for UDP' 'the device does not have it'
fi
