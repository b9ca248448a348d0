# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Packets that enter otherwise than by the wire: written to a tun device, put on
# the loopback device by a packet socket, sent by a raw socket with a header of
# its own. One-packet and tracked services, there and back.
servers 5550
declare -A behind=([4]=10.91.50.2 [6]=fd91:50::2)
declare -A own=([4]=10.91.1.1 [6]=fd91:1::1)
modprobe -q tun || :

# Asked again until so many arrived; each answer tells the news only.
heard() {
	agent got id=entry
	((arrived += A[count], arrived >= $1))
}
arrived=0

for f in 4 6; do
	service "$f" 1 5550 -s rr
	tracked -u "$f" 2 5550 -m -s rr
	for v in 1 2; do
		kind=one-packet
		((v == 1)) || kind=tracked
		snapshot service_packets replies
		is "$("$e2e/entries.py" tun "${behind[$f]}" 7100 "${vip[$f,$v]}" \
			5550 20)" 20 "IPv$f: $kind: a tun device's are answered"
		rose service_packets 20 "IPv$f: $kind: and counted"
		rose replies 20 "IPv$f: $kind: so are the answers"

		agent serve ns="$ns_client" id=entry mode=silent \
			addr="${client_ip[$f]}|7101"
		snapshot service_packets replies
		"$e2e/entries.py" packet "${client_ip[$f]}" 7101 \
			"${vip[$f,$v]}" 5550 20 lo
		rose service_packets 20 "IPv$f: $kind: a packet socket's"
		rose replies 20 "IPv$f: $kind: are answered"
		check "IPv$f: $kind: by way of the wire" poll 5 heard 20
		agent unserve id=entry

		agent serve id=entry mode=silent addr="${own[$f]}|7102"
		snapshot service_packets replies
		"$e2e/entries.py" raw "${own[$f]}" 7102 "${vip[$f,$v]}" 5550 20
		rose service_packets 20 "IPv$f: $kind: a raw socket's"
		rose replies 20 "IPv$f: $kind: are answered"
		check "IPv$f: $kind: to the socket" poll 5 heard 20
		agent unserve id=entry
	done
done
