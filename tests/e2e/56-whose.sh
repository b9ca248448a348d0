# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# What a one-packet server sends is a reply to those who asked the service.
# All others, who speak to the server itself, hear the server itself.
servers 5450

# asks NS DST [KEY=VALUE...]: "answers/answers from elsewhere".
asks() {
	local ns=$1 dst=$2
	shift 2
	agent ask ns="$ns" dst="$dst|5450" data=hello "$@"
	reply=${A[got]}/${A[foreign]}
}

# says SERVER NS ADDRESS|PORT: from where the server's own word is heard there.
says() {
	agent listen ns="$2" id=ear addr="$3"
	agent say id="s$1" dst="$3" data=unasked
	agent heard id=ear
	heard=${A[count]}/${A[peer]}
}

own_address() {
	local f=$1 what=$2 demux port
	for demux in 0 1; do
		agent sysctl ns="$ns_director" net.ipv4.udp_early_demux=$demux
		asks "$ns_director" "${rip[$f,1]}"
		is "$reply" 1/0 "$what: the director checks a server's health, early demux $demux"
		asks "$ns_director" "${rip[$f,1]}" connect=1
		is "$reply" 1/0 "$what: and on a connected socket"
	done
	says 1 "${ns_servers[2]}" "${rip[$f,2]}|5451"
	is "$heard" "1/${rip[$f,1]}|5450" "$what: a server speaks to another"
	# The director asks the service as any client does.
	asks "$ns_director" "${vip[$f,1]}" src="${vip[$f,1]}|5452"
	is "$reply" 1/0 "$what: the director asks the service"
	asks "$ns_director" "${rip[$f,1]}"
	is "$reply" 1/0 "$what: and a server's health again, from another port"
	# Some port of those is not scheduled to the server that asks.
	for port in 5471 5472 5473 5474 5475 5476 5477 5478; do
		asks "${ns_servers[1]}" "${vip[$f,1]}" \
			src="${rip[$f,1]}|$port" wait=500
		[[ $reply != 1/0 ]] || break
	done
	is "$reply" 1/0 "$what: a server asks the service"
}

for f in 4 6; do
	client=${client_ip[$f]}
	what="IPv$f: without an engine"
	service "$f" 1 5450 -s rr
	own_address "$f" "$what"
	asks "$ns_client" "${rip[$f,1]}" src="$client|5454"
	is "$reply" 1/0 "$what: a client asks a server itself"
	says 1 "$ns_client" "$client|5455"
	is "$heard" "1/${rip[$f,1]}|5450" "$what: a server speaks first, as itself"
	asks "$ns_client" "${vip[$f,1]}" src="$client|5456"
	is "$reply" 1/0 "$what: a client asks the service"
	says 2 "$ns_client" "$client|5456"
	is "$heard" "1/${vip[$f,1]}|5450" \
		"$what: what another server sends to who asked is a reply"
	says 1 "$ns_client" "$client|5457"
	is "$heard" "1/${rip[$f,1]}|5450" "$what: what goes to its other ports is none"

	# As long as a setting says, or always.
	agent sysctl ns="$ns_director" net.opvs.reply_seconds=0
	says 1 "$ns_client" "$client|5457"
	is "$heard" "1/${vip[$f,1]}|5450" "$what: reply_seconds=0: all is a reply"
	agent sysctl ns="$ns_director" net.opvs.reply_seconds=180
	ipvsadm -D -u "${vs[$f,1]}:5450"

	what="IPv$f: with an engine"
	service "$f" 1 5450 -s mh --pe sip
	own_address "$f" "$what"
	says 1 "$ns_client" "$client|5458"
	is "$heard" "1/${vip[$f,1]}|5450" "$what: a server speaks first, as the service"
	ipvsadm -D -u "${vs[$f,1]}:5450"
done

# ---- who asked is forgotten after a while ----

agent sysctl ns="$ns_director" net.opvs.reply_seconds=2
service 4 1 5450 -s rr
asks "$ns_client" "${vip[4,1]}" src="${client_ip[4]}|5460"
as_itself() {
	says 1 "$ns_client" "${client_ip[4]}|5460"
	[[ $heard == "1/${rip[4,1]}|5450" ]]
}
check 'after a while who asked is forgotten' poll 30 as_itself

# ---- errors about what the director asked a server ----

agent sysctl ns="$ns_director" net.opvs.reply_seconds=180
for f in 4 6; do
	ipvsadm -A -u "${vs[$f,1]}:5459" -s rr -o
	ipvsadm -a -u "${vs[$f,1]}:5459" -r "${rs[$f,1]}:5459" -m
	agent ask ns="$ns_director" dst="${rip[$f,1]}|5459" data=hello connect=1
	is "${A[got]}/${A[errors]}" 0/1 \
		"IPv$f: the director hears that nobody listens at a server"
	agent ask ns="$ns_client" src="${client_ip[$f]}" \
		dst="${vip[$f,1]}|5459" data=hello connect=1
	is "${A[got]}/${A[errors]}" 0/1 \
		"IPv$f: and a client, of the service"
done
