# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# SIP by Call-ID without state: one client address and port, every message of
# a call on one server, and datagrams without a Call-ID on some server.
servers 5060

# ---- calls ----

for f in 4 6; do
	service "$f" 1 5060 -s mh --pe sip
	snapshot pe_keyed pe_keyless
	from_client calls src="${client_ip[$f]}|5060" count=300 \
		dst="${vip[$f,1]}|5060" map=three
	is "${A[got]}/${A[foreign]}" 900/0 "IPv$f: 300 calls, all answered"
	is "${A[split]}" 0 "IPv$f: no call is split"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 100 30 "IPv$f: server $n: a third, ±10 %"
	done
	rose pe_keyed 900 "IPv$f: all by their Call-ID"
	rose pe_keyless 0 "IPv$f: none without"

	# What was there for less than a second was not meant to stay.
	pass_time 1.2
	dest -d "$f" 1 5060 3
	from_client calls src="${client_ip[$f]}|5060" count=300 \
		dst="${vip[$f,1]}|5060" map=two methods=BYE
	agent moved a=three b=two gone=s3
	is "${A[stuck]}" 0 "IPv$f: calls leave a removed server"
	near "${A[moved]}" 0 6 "IPv$f: at most 2 % of the other calls move"
	dest -a "$f" 1 5060 3 -m -w 1
	from_client calls src="${client_ip[$f]}|5061" count=300 \
		dst="${vip[$f,1]}|5060" map=again methods=OPTIONS
	agent moved a=three b=again
	near "${A[kept]}" 300 6 \
		"IPv$f: 98 % are back when it is, from another port too"
done

# ---- weights ----

# calls METHOD MAP PREFIX: of 600 calls of these names.
calls() {
	from_client calls src="${client_ip[4]}|5062" dst="${vip[4,1]}|5060" \
		count=600 methods="$1" map="$2" prefix="$3"
}
dest -e 4 1 5060 1 -m -w 2
calls INVITE before weights
near "${A[on_s1]:-0}" 300 40 'weights 2:1:1, server 1'
near "${A[on_s2]:-0}" 150 40 'weights 2:1:1, server 2'
near "${A[on_s3]:-0}" 150 40 'weights 2:1:1, server 3'

# A drained server keeps its calls, and new ones go to the others. What was
# changed less than a second ago is taken for a configuration under way.
pass_time 1.5
dest -e 4 1 5060 3 -m -w 0
calls BYE drained weights
is "${A[got]}/${A[foreign]}" 600/0 'a drained server: all calls are answered'
agent moved a=before b=drained
is "${A[kept]}" 600 'a drained server: no call moves'
calls INVITE new drained
is "${A[got]}/${A[on_s3]:-0}" 600/0 'a drained server: gets no new calls'
near "${A[on_s1]:-0}" 400 40 'a drained server: the others have its share'
calls BYE again drained
agent moved a=new b=again
is "${A[kept]}" 600 'a drained server: new calls stay, too'
dest -e 4 1 5060 1 -m -w 1
dest -e 4 1 5060 3 -m -w 1

# ---- Call-IDs that are out of the ordinary ----

# twice VALUE NAME: from two ports, with two spellings of the header's name;
# both must be found, and the Call-ID must be what decides.
twice() {
	local value=$1 first
	snapshot pe_keyed
	from_client ask src="${client_ip[4]}|5070" dst="${vip[4,1]}|5060" \
		data="INVITE sip:a SIP/2.0\r\nCall-ID: $value\r\n\r\n"
	first=${A[server]}
	is "${A[got]} ${A[intact]}" '1 1' "Call-ID $2: answered"
	from_client ask src="${client_ip[4]}|5071" dst="${vip[4,1]}|5060" \
		data="BYE sip:a SIP/2.0\r\nVia: x\r\ni:$value\r\n\r\n"
	is "${A[server]}" "$first" "Call-ID $2: one server"
	rose pe_keyed 2 "Call-ID $2: used"
}

twice 'c1==' 'with ='
twice 'abc@host ' 'with a trailing blank'
twice 'foo;bar,baz' 'with ; and ,'
twice 'a@b@c' 'with two @'
twice '[2001:db8::1]' 'with an address'
twice "$(printf 'x%.0s' {1..255})" 'of 255 bytes'

# ---- datagrams without a Call-ID ----

# reaches NAME DATA
reaches() {
	snapshot pe_keyless drop_malformed
	from_client ask src="${client_ip[4]}|5072" dst="${vip[4,1]}|5060" \
		data="$2"
	is "${A[got]} ${A[intact]}" '1 1' "$1 reaches a server"
	rose pe_keyless 1 "$1 is counted"
}

reaches 'an empty datagram' ''
keepalive=${A[server]}
reaches 'CRLF' '\r\n'
is "${A[server]}" "$keepalive" 'one client, one server, whatever it sends'
reaches 'CRLFCRLF' '\r\n\r\n'
reaches 'a NUL byte' '\0'
reaches 'jaK' 'jaK'
reaches 'STUN' '\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl'
reaches 'a request without Call-ID' 'OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n'
reaches 'a Call-ID in the body only' \
	'OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\nCall-ID: body\r\n'

from_client clients src="${client_ip[4]}|21000" count=150 \
	dst="${vip[4,1]}|5060"
is "${A[got]}" 150 'without Call-ID, 150 clients: all answered'
for n in 1 2 3; do
	near "${A[on_s$n]:-0}" 50 25 "without Call-ID, 150 clients: server $n"
done

# ---- fragments ----

# A call of which the INVITE comes in three fragments and the rest does not.
for f in 4 6; do
	agent sniff id=frag ns="$ns_client" dev=c0
	from_client calls dst="${vip[$f,1]}|5060" count=24 prefix=big \
		methods=INVITE size=4000 df=0 window=4 map=whole
	is "${A[got]}/${A[foreign]}" 24/0 "IPv$f: 4 kB INVITEs answered"
	if ((f == 4)); then
		cut='ip[6:2] & 0x3fff != 0 and dst 10.91.0.1'
	else
		cut='ip6[6] == 44 and dst fd91::1'
	fi
	is "$(captured frag "$cut" | wc -l)" 72 \
		"IPv$f: tcpdump saw each in three fragments"
	from_client calls dst="${vip[$f,1]}|5060" count=24 prefix=big \
		methods=ACK,BYE map=small
	is "${A[split]}" 0 "IPv$f: their ACK and BYE: one server a call"
	agent moved a=whole b=small
	is "${A[kept]}" 24 "IPv$f: the server that has the INVITE"
done
