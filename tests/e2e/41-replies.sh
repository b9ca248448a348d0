# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Answers of services with an engine leave with the virtual address and port: to
# any port of the client, of the address that this client asked, and when nobody
# asked at all.
servers 5410

for f in 4 6; do
	client=${client_ip[$f]}
	service "$f" 1 5410 -s mh --pe sip

	# A SIP server answers to the Via's port, not to the packet's.
	agent listen ns="$ns_client" id=via addr="$client|6001"
	agent ask ns="$ns_client" src="$client|6000" dst="${vip[$f,1]}|5410" \
		data='answer-to=6001 hello' wait=1
	agent heard id=via
	is "${A[count]} ${A[peer]}" "1 ${vip[$f,1]}|5410" \
		"IPv$f: an answer to another port than the request's"

	# A server speaks first, to a client that never did.
	agent listen ns="$ns_client" id=quiet addr="$client|6002"
	agent say id=s2 dst="$client|6002" data=unasked
	agent heard id=quiet
	is "${A[count]} ${A[peer]} ${A[last]}" \
		"1 ${vip[$f,1]}|5410 unasked" \
		"IPv$f: a server that speaks first speaks as the service"

	# A port of the same server that no service uses is left alone.
	agent serve ns="${ns_servers[1]}" id=other addr="${rip[$f,1]}|5411"
	agent ask ns="$ns_client" src="$client|6003" dst="${rip[$f,1]}|5411" \
		data=direct
	is "${A[got]}/${A[foreign]}" 1/0 "IPv$f: other ports are left alone"
	agent unserve id=other

	# The same servers behind a second address, and behind a second port.
	service "$f" 2 5410 -s mh --pe sip
	vs=${vs[$f,1]}:5412
	ipvsadm -A -u "$vs" -s mh -o --pe sip
	for n in 1 2 3; do
		ipvsadm -a -u "$vs" -r "${rs[$f,$n]}:5410" -m
	done
	asked="${vip[$f,1]}|5410,${vip[$f,2]}|5410,${vip[$f,1]}|5412"
	snapshot hint_hits
	from_client clients src="$client|22000" count=60 dst="$asked"
	is "${A[got]}" 60 "IPv$f: shared servers: 60 clients answered"
	is "${A[foreign]}" 0 \
		"IPv$f: shared servers: each from the address it asked"
	counter hint_hits
	check "IPv$f: hints did it" test $((value - C[hint_hits])) -ge 40
	# They ask again, each another address than before.
	from_client clients src="$client|22001" count=60 dst="$asked"
	is "${A[got]}/${A[foreign]}" 60/0 \
		"IPv$f: shared servers: clients that change the address"

	# Clients at addresses that are new to the director.
	fresh=${client%2}
	if ((f == 4)); then bits=24; else bits='64 nodad'; fi
	for n in 31 32; do
		# shellcheck disable=SC2086 # two words
		in_client ip addr add "$fresh$n"/$bits dev c0
	done
	agent listen ns="$ns_client" id=quiet addr="${fresh}31|6004"
	agent say id=s3 dst="${fresh}31|6004" data=unasked
	agent heard id=quiet
	is "${A[count]} ${A[peer]}" "1 ${vip[$f,1]}|5410" \
		"IPv$f: shared servers: unasked, the service added first"
	agent listen ns="$ns_client" id=via addr="${fresh}32|6006"
	agent ask ns="$ns_client" src="${fresh}32|6005" \
		dst="${vip[$f,2]}|5410" data='answer-to=6006 hello' wait=1
	agent heard id=via
	is "${A[count]} ${A[peer]}" "1 ${vip[$f,2]}|5410" \
		"IPv$f: shared servers: an answer to another port"
	for n in 31 32; do
		in_client ip addr del "$fresh$n/${bits%% *}" dev c0
	done
done
