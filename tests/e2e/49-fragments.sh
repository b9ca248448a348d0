# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Datagrams in fragments, there and back: of one-packet services, of tracked
# connections, from the director itself, and those that no service is meant by.
servers 5490
servers 5491
for f in 4 6; do
	service "$f" 1 5490 -s rr
	tracked -u "$f" 2 5490 -m -s rr
done
local_ip=([4]=10.91.1.1 [6]=fd91:1::1)
port=6300

# One that listens where the echo will come: SPACE and address.
expect_echo() {
	((port += 1))
	agent listen id=echo ns="$1" addr="$2|$port"
	snapshot service_packets replies
}

# whole TEXT COUNT PEER PACKETS: so many echoes came whole, with the server's name in
# front, from PEER; and PACKETS went through a service, and back.
whole() {
	rose service_packets "$4" "$1: counted as packets of a service: $4"
	rose replies "$4" "$1: and as replies: $4"
	still
	agent heard id=echo wait=5000
	is "${A[count]} ${A[peer]} ${#A[last]}" "$2 $3 4003" \
		"$1: whole, and back"
}

for f in 4 6; do
	from=${client_ip[$f]}
	for v in 1 2; do
		kind=one-packet
		((v == 1)) || kind=tracked
		# The second one is no packet: a part is missing.
		expect_echo "$ns_client" "$from"
		in_client python3 "$e2e/pieces.py" "$from" "$port" \
			"${vip[$f,$v]}" 5490 4000 0,1,2 0,2 2,1,0 1,2,0
		whole "IPv$f: $kind" 3 "${vip[$f,$v]}|5490" 3

		# This host's own, not cut by the stack but by their sender.
		expect_echo '' "${local_ip[$f]}"
		python3 "$e2e/pieces.py" "${local_ip[$f]}" "$port" \
			"${vip[$f,$v]}" 5490 4000 2,0,1
		whole "IPv$f: $kind, from the director" 1 \
			"${vip[$f,$v]}|5490" 1
	done

	expect_echo "$ns_client" "$from"
	agent sniff id=by ns="${ns_servers[1]}" dev=e1
	in_client python3 "$e2e/pieces.py" "$from" "$port" "${rip[$f,1]}" 5491 \
		4000 1,2,0
	whole "IPv$f: to a server itself" 1 "${rip[$f,1]}|5491" 0
	if ((f == 4)); then
		cut="ip[6:2] & 0x3fff != 0 and dst ${rip[4,1]}"
	else
		cut="ip6[6] == 44 and dst ${rip[6,1]}"
	fi
	is "$(captured by "$cut" | wc -l)" 3 \
		"IPv$f: to a server itself: tcpdump saw three fragments there"
	check "IPv$f: ping of 4 000 bytes to the virtual address" \
		in_client ping -c 3 -i 0.1 -s 4000 -W 5 "${vip[$f,1]}"
	check "IPv$f: ping of 4 000 bytes to a server" \
		in_client ping -c 3 -i 0.1 -s 4000 -W 5 "${rip[$f,1]}"
done

# What claims to be a fragment and a jumbogram is nobody's datagram: it is left to
# the stack, which calls its header wrong.
wrong_headers() {
	awk '$1 == "Ip6InHdrErrors" { print $2 }' /proc/net/snmp6
}

wrong_headers_are() {
	(($(wrong_headers) >= $1))
}

for v in 1 2; do
	wrong=$(wrong_headers)
	snapshot service_packets forwarded
	in_client python3 "$e2e/pieces.py" --jumbo "${client_ip[6]}" 6399 \
		"${vip[6,$v]}" 5490 4000 0,1
	check "jumbo fragments, service $v: both came to the stack" \
		poll 5 wrong_headers_are $((wrong + 2))
	rose forwarded 0 "jumbo fragments, service $v: no server gets one"
	rose service_packets 0 "jumbo fragments, service $v: no datagram of it"
done
