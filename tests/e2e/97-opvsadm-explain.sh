# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm explain: what it says of a capture is what the servers saw, of servers
# that are not there yet what then is; and it changes nothing.
if [[ $module != opvs ]]; then
	skip 'opvsadm explain' 'of opvs'
	return 0
fi
! about_programs 'opvsadm explain' || return 0
here=$state/explain
mkdir "$here"
sip=10.91.0.1:5060
say() { opvsadm -j explain "$@"; }
judge() { python3 "$e2e/explain_calls.py" "$@"; }

# begin_dump FILE FILTER...: captures until end_dump FILE.
begin_dump() {
	# What the one before it said is not said of this one.
	rm -f "$here/tcpdump"
	tcpdump -Z root -U -s 2048 -B 8192 -i any -w "$1" "${@:2}" \
		>"$here/tcpdump" 2>&1 &
	dump=$!
	echo "$dump" >>"$state/pids"
	check 'tcpdump listens' poll 20 grep -qs listening "$here/tcpdump"
}
# When this datagram is in the file, all before it are.
end_dump() {
	in_client bash -c 'echo the-last-one >/dev/udp/10.91.0.1/5061'
	check 'all of it is captured' poll 20 grep -q the-last-one "$1"
	kill -INT "$dump"
	wait "$dump" || :
}

# ---- 300 calls, and what their servers wrote down ----

service 4 1 5060 -s mh --pe sip
service 6 1 5060 -s rr
tracked -t 4 1 80 -m -s wlc
# A service of another test that comes back has its old connections, and loads.
opvsadm conn flush --all >"$here/flushed"
start_sipp_servers 4
begin_dump "$here/sip.pcap" udp
check 'sipp: 300 calls' sipp_calls 4 1 300 100 10
end_dump "$here/sip.pcap"
say --pcap "$here/sip.pcap" >"$here/said"
same_text "$(judge truth "$here/said" "$state/calls")" \
	"300 calls, as explained: True
per server: True
packets: True True
ways: True True
others: 1" 'a capture of 300 calls: each is where its server saw it'
opvsadm explain --pcap "$here/sip.pcap" >"$here/table"
is "$(grep -c ' request .* owner ' "$here/table")" \
	"$(judge total "$here/said" request)" 'the table has a line for each request'
is "$(tail -n 1 "$here/table")" '300 calls or clients.' 'and a sum'
is "$(opvsadm explain --summary --service $sip --pcap - <"$here/sip.pcap" |
	awk 'NR > 1 && NR < 5 { sum += $3 } END { print sum, NR }')" \
	'300 7' 'sums only, from standard input'

# ---- without a server ----

# Calls of the last half minute keep their servers.  To a service that is new
# all calls are, however long the answers take.
end_spawned
ipvsadm -D -u $sip
service 4 1 5060 -s mh --pe sip
printf 'fresh-%d@client\n' {0..299} >"$here/fresh"
say $sip --call-ids "$here/fresh" >"$here/before"
say $sip --call-ids "$here/fresh" --without 10.91.11.2 >"$here/new"
say $sip --call-ids "$here/fresh" --without 10.91.11.2 --in-progress \
	>"$here/old"
say --pcap "$here/sip.pcap" --without 10.91.11.2 >"$here/calls"
dest -d 4 1 5060 1
say $sip --call-ids "$here/fresh" >"$here/new.after"
say $sip --call-ids "$here/fresh" --in-progress >"$here/old.after"
say --pcap "$here/sip.pcap" >"$here/calls.after"
# moves BEFORE AFTER: how many calls do.
moves() { { diff <(judge servers "$1" server) <(judge servers "$2" server) ||
	:; } | grep -c '^>' || :; }
for kind in new old calls; do
	same_text "$(judge servers "$here/$kind" "then")" \
		"$(judge servers "$here/$kind.after" server)" \
		"without a server: calls ($kind) are where was said"
done
is "$(judge total "$here/new" moved)" \
	"$(moves "$here/before" "$here/new.after")" \
	'as many new calls move as was said'
is "$(judge total "$here/new" moved_in_progress)" \
	"$(moves "$here/before" "$here/old.after")" 'and calls in progress'
is "$(judge total "$here/calls" moved)" \
	"$(moves "$here/said" "$here/calls.after")" 'and calls of the capture'
check 'and those are some' test "$(judge total "$here/new" moved)" -gt 50
servers 5060
from_client calls dst="10.91.0.1|5060" prefix=fresh methods=INVITE count=300
is "${A[on_s1]:-0} ${A[on_s2]} ${A[on_s3]}" \
	"$(judge servers "$here/new" "then" | awk '{ on[$2]++ } END {
		print 0 + on["10.91.11.2:5060"], on["10.91.12.2:5060"],
			on["10.91.13.2:5060"] }')" \
	'as many as were said come to each server'

# ---- connections by direct routing ----

# Another test of direct routing may have left it there.
in_server 1 ip addr replace 10.91.0.8/32 dev lo
agent accept ns="${ns_servers[1]}" id=direct addr='10.91.0.8|81'
ipvsadm -A -t 10.91.0.8:81 -s rr
ipvsadm -a -t 10.91.0.8:81 -r 10.91.11.2 -g
begin_dump "$here/tcp.pcap" udp or tcp port 81
from_client dial id=direct dst='10.91.0.8|81' src=10.91.9.2 count=2
agent hang id=direct
end_dump "$here/tcp.pcap"
in_server 1 ip addr del 10.91.0.8/32 dev lo
opvsadm conn flush --virtual 10.91.0.8:81 >"$here/flushed"
opvsadm explain --pcap "$here/tcp.pcap" >"$here/tcp"
is "$(grep ' request ' "$here/tcp" | grep -vc ' follows [1-9]')" 2 \
	'packets follow the one that begins their connection'
check 'those are some' grep -q ' follows ' "$here/tcp"
is "$(grep -c ' copy ' "$here/tcp")" "$(grep -c ' request ' "$here/tcp")" \
	'what goes out as it came in is a copy'
is "$(tail -n 1 "$here/tcp")" \
	'2 calls or clients.' \
	'two connections'

# ---- one packet ----

printf 'BYE sip:x@y SIP/2.0\r\nCall-ID: one@example.org\r\n\r\n' >"$here/message"
is "$(opvsadm explain udp 10.91.1.2:5060 $sip --message "$here/message" |
	grep '^call')" 'call      one@example.org' 'a datagram of a file'
server_of() { say "$@" | sed 's/.*"call":[^,]*,\("server":[^,]*\).*/\1/'; }
is "$(server_of udp 10.91.1.2:5060 $sip --message "$here/message")" \
	"$(server_of $sip --call-id one@example.org)" \
	'it has the server of its Call-ID'
same_text "$(opvsadm explain udp fd91:1::2 '[fd91::1]:5060' --cpu 0)" \
	"service   [fd91::1]:5060/udp, scheduler rr
server    [fd91:11::2]:5060
why       turn: it is the server's turn
verdict   forwarded
turn      that of CPU 0, which is not taken

SERVER            WEIGHT LOAD ACTIVE INACT STATE
[fd91:11::2]:5060      1    -      0     0 available
[fd91:12::2]:5060      1    -      0     0 available
[fd91:13::2]:5060      1    -      0     0 available" 'a turn, with all candidates'
is "$(opvsadm explain tcp 10.91.1.2 10.91.0.1:80 --without 10.91.11.2:80 |
	grep -E '^(server|why)')" "server    10.91.11.2:80
why       least: it has the least load
server    10.91.12.2:80
why       least: it has the least load" 'a load, and without that server'
is "$(opvsadm explain tcp 10.91.1.2 10.91.0.1:81)" "server    none
why       no-service: no service takes it; it goes its way" 'no service'
ipvsadm -A -f 97 -s mh -o --pe sip
ipvsadm -a -f 97 -r 10.91.12.2 -g
is "$(server_of fwmark:97 --call-id one@example.org)" \
	'"server":"10.91.12.2:0"' 'a Call-ID of a service by a mark'

# ---- it changes nothing ----

all_there_is() {
	opvsadm -j counters --all
	ipvsadm -Ln --stats --exact
	opvsadm -j conn | sed 's/"seconds":[0-9]*//'
	opvsadm -j drain | sed 's/"seconds":[0-9]*//'
	opvsadm explain udp fd91:1::2 '[fd91::1]:5060' --cpu 0
}
ask_everything() {
	opvsadm explain --pcap "$here/sip.pcap" --summary --with 10.91.11.2 \
		--service "$sip"
	opvsadm explain "$sip" --random 5000 --weight 10.91.12.2=7
	opvsadm explain udp fd91:1::2 '[fd91::1]:5060' --without '[fd91:11::2]'
	opvsadm explain tcp 10.91.1.2 10.91.0.1:80
	opvsadm explain "$sip" --call-id one@example.org
}
# What clocks change meanwhile they do not change each time.
leaves_no_trace() {
	local before
	before=$(all_there_is)
	ask_everything >/dev/null || return
	[[ $(all_there_is) == "$before" ]]
}
check 'no counter, connection, template or turn changes' poll 1 leaves_no_trace

# ---- what is wrong ----

# says TEXT ARGUMENT...
says() { is "$(opvsadm explain "${@:2}" 2>&1 || :)" "opvsadm: $1" "error: $1"; }
says "--without 10.9.9.9: $sip/udp has no such server; it has 10.91.12.2:5060, 10.91.13.2:5060" \
	$sip --without 10.9.9.9
says "--with 10.91.12.2: $sip/udp has this server; --weight changes it" \
	$sip --with 10.91.12.2
says "--weight 10.91.12.2=4: what becomes of this server is said twice" \
	$sip --without 10.91.12.2 --weight 10.91.12.2=4
says "no service $sip/tcp here; there is one for udp" \
	$sip/tcp --call-id one@example.org
says "--call-id: [fd91::1]:5060/udp has no persistence engine that would look for one; 'ipvsadm -E ... --pe sip' gives it one" \
	'[fd91::1]:5060' --call-id one@example.org
says "no service takes packets to 10.91.0.1:99, so that nothing can be asked about its calls and servers; 'ipvsadm -Ln' shows all services" \
	udp 10.91.1.2 10.91.0.1:99 --call-id one@example.org
says '--message: 10.91.0.1:80/tcp takes no datagrams; name a service of UDP' \
	10.91.0.1:80 --message "$here/message"
says '--with 10.9.9.9: which service gets it? Name it by --service' \
	--pcap "$here/sip.pcap" --with 10.9.9.9
says "no service has the server 10.9.9.9; 'ipvsadm -Ln' shows all" \
	--pcap "$here/sip.pcap" --without 10.9.9.9
says "--weight takes ADDRESS[:PORT]=WEIGHT, not '10.9.9.9'; see opvsadm --help" \
	$sip --weight 10.9.9.9
head -c -7 "$here/sip.pcap" >"$here/short.pcap"
is "$({ opvsadm explain --summary --pcap "$here/short.pcap" 2>&1 >/dev/null ||
	:; } | sed 's/packet [0-9]*: .*/packet N/')" \
	"opvsadm: --pcap $here/short.pcap ends behind its packet N" \
	'a capture that is cut off'
