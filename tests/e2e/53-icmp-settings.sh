# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# nat_icmp_send and schedule_icmp, with real sockets at both ends; the bytes are
# compared in 33-packets.sh.
! same_everywhere 'nat_icmp_send, schedule_icmp' || return 0

# ---- nat_icmp_send: what a server sends, to whom it has no connection ----

for f in 4 6; do
	client=${client_ip[$f]}
	agent serve ns="${ns_servers[1]}" id=s1 addr="${rip[$f,1]}|5580"
	ipvsadm -A -u "${vs[$f,1]}:5580" -s rr
	real -a -u $f 1 5580 1 -m
	agent serve ns="$ns_client" id=c1 addr="$client|6700" mode=silent
	vs_sysctl nat_icmp_send 0
	snapshot reply_drop_no_conn
	agent say id=s1 dst="$client|6700" data=hello
	agent errors id=s1 dst="$client|6700" wait=200
	is "${A[errno]:-none}" none "IPv$f: nat_icmp_send=0: it goes its way"
	rose reply_drop_no_conn 0 "IPv$f: nat_icmp_send=0: not counted"

	vs_sysctl nat_icmp_send 1
	snapshot reply_drop_no_conn replies
	agent say id=s1 dst="$client|6700" data=hello
	agent errors id=s1 dst="$client|6700"
	is "${A[errno]:-none} ${A[quoted]:-}" "ECONNREFUSED $client|6700" \
		"IPv$f: nat_icmp_send=1: the server is refused"
	rose reply_drop_no_conn 1 "IPv$f: nat_icmp_send=1: counted"
	from_client ask dst="${vip[$f,1]}|5580" data=hello
	is "${A[got]} ${A[foreign]}" '1 0' "IPv$f: replies are replies"

	# The director asks the server itself, as a health check does.
	src=10.91.11.1
	((f == 4)) || src=fd91:11::1
	agent ask src="$src" dst="${rip[$f,1]}|5580" data=alive
	is "${A[got]}" 1 "IPv$f: health checks are answered"

	# A service by mark knows its servers as well; one-packet services have no
	# connections.
	ipvsadm -D -u "${vs[$f,1]}:5580"
	read -ra v6 <<<"$([[ $f == 4 ]] || echo -6)"
	ipvsadm -A -f 58 "${v6[@]}" -s rr
	ipvsadm -a -f 58 "${v6[@]}" -r "${rs[$f,1]}:5580" -m
	snapshot reply_drop_no_conn
	agent say id=s1 dst="$client|6700" data=hello
	agent errors id=s1 dst="$client|6700"
	is "${A[errno]:-none}" ECONNREFUSED "IPv$f: a server by mark"
	rose reply_drop_no_conn 1 "IPv$f: a server by mark: counted"
	ipvsadm -D -f 58 "${v6[@]}"
	ipvsadm -A -u "${vs[$f,1]}:5580" -s rr -o
	real -a -u $f 1 5580 1 -m
	snapshot reply_drop_no_conn
	agent say id=s1 dst="$client|6700" data=hello
	agent errors id=s1 dst="$client|6700" wait=200
	is "${A[errno]:-none}" none "IPv$f: a one-packet service's server may"
	ipvsadm -E -u "${vs[$f,1]}:5580" -s rr
	agent say id=s1 dst="$client|6700" data=hello
	agent errors id=s1 dst="$client|6700"
	is "${A[errno]:-none}" ECONNREFUSED \
		"IPv$f: not when the service tracks connections"
	real -d -u $f 1 5580 1
	agent say id=s1 dst="$client|6700" data=hello
	agent errors id=s1 dst="$client|6700" wait=200
	is "${A[errno]:-none}" none "IPv$f: nor when it is no server any more"
	agent unserve id=c1
	agent unserve id=s1
done
vs_sysctl nat_icmp_send 0

# ---- schedule_icmp: the connection is at another director, or gone ----

# Servers by direct routing answer past the director; the client's errors about
# that come to it. A hash leads to the server that has the flow.
for f in 4 6; do
	for n in 1 2 3; do
		in_server $n ip addr add "${vip[$f,8]}/$((f == 4 ? 32 : 128))" \
			dev lo
		agent serve ns="${ns_servers[n]}" id="s$n" \
			addr="${vip[$f,8]}|5581"
	done
	client=${direct_ip[$f]}
	tracked -u $f 8 5581 -g -s mh -b mh-port
	seen=''
	for port in 6801 6802 6803 6804 6805 6806; do
		agent ask ns="$ns_client" src="$client|$port" \
			dst="${vip[$f,8]}|5581" data=hello
		server=${A[server]}
		[[ $seen != *"$server"* ]] || continue
		seen+=" $server"
		agent expire ns="$ns_director"
		for value in 0 1; do
			vs_sysctl schedule_icmp $value
			snapshot icmp_to_server conn_created
			agent say id="$server" dst="$client|$port" data=late
			agent errors id="$server" dst="$client|$port" \
				wait=$((value ? 3000 : 200))
			want=none
			((value == 0)) || want=ECONNREFUSED
			is "${A[errno]:-none}" $want \
				"IPv$f: schedule_icmp=$value: told to $server"
			rose icmp_to_server $value \
				"IPv$f: schedule_icmp=$value: counted"
			rose conn_created 0 \
				"IPv$f: schedule_icmp=$value: no entry is made of it"
		done
	done
	check "IPv$f: of several servers" test "$(wc -w <<<"$seen")" -gt 1

	# By turns nobody knows.
	ipvsadm -E -u "${vs[$f,8]}:5581" -s rr
	agent ask ns="$ns_client" src="$client|6807" dst="${vip[$f,8]}|5581" \
		data=hello
	server=${A[server]}
	agent expire ns="$ns_director"
	snapshot icmp_to_server icmp_unattributed
	agent say id="$server" dst="$client|6807" data=late
	rose icmp_unattributed 1 "IPv$f: by turns: which server cannot be told"
	rose icmp_to_server 0 "IPv$f: by turns: none is told at random"
	for n in 1 2 3; do
		agent unserve id="s$n"
		in_server $n ip addr del "${vip[$f,8]}/$((f == 4 ? 32 : 128))" \
			dev lo
	done
done
