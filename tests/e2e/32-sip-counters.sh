# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# SIP messages are counted by method and class, for each service and server: with
# and without state, of answers that pass and of those that do not.
if [[ $module != opvs ]]; then
	skip 'counters of SIP messages' 'of opvs'
	return 0
fi
! same_everywhere 'counters of SIP messages' || return 0

# counted SERVICE: a line "SERVER: REQUESTS / ANSWERS" for the service, which is
# called all, and for each server.
counted() {
	opvsadm -j counters --sip "$1" | python3 -c 'import json, sys
def text(kinds):
    return "unknown" if kinds is None else " ".join(
        f"{kind}={count}" for kind, count in kinds.items() if count) or "-"
for row in json.load(sys.stdin):
    print((row["server"] or "all") + ":", text(row["requests"]), "/",
          text(row["answers"]))'
}

# user_agents FAMILY PORT: servers that answer the client's same port.
user_agents() {
	local f=$1 n
	for n in 1 2 3; do
		agent uas ns="${ns_servers[n]}" id="s$n" addr="${rip[$f,$n]}|$2" \
			peer="${client_ip[$f]}|$2"
	done
}

# say METHOD [STATUS]: each call of group $id does, and gets that answer or none.
say() {
	agent calls_say id="$id" method="$1" ${2:+"status=$2"}
	is "${A[heard]}" "$calls" "$id: each $1 was heard"
}

# ---- without state: every method, every class ----

calls=30
for f in 4 6; do
	service "$f" 1 5060 -s mh --pe sip
	user_agents "$f" 5060
	agent uac ns="$ns_client" id=uac src="${client_ip[$f]}|5060" \
		dst="${vip[$f,1]}|5060"
	id=every$f
	agent calls_new id="$id" count=$calls
	while read -r method status; do
		say "$method" "$status"
	done <<-'END'
		INVITE 180 Ringing
		INVITE 200 OK
		ACK
		BYE 200 OK
		CANCEL 481 Call/Transaction Does Not Exist
		REGISTER 302 Moved Temporarily
		OPTIONS 503 Service Unavailable
		SUBSCRIBE 489 Bad Event
		NOTIFY 200 OK
		PRACK 200 OK
		UPDATE 603 Decline
		INFO 500 Server Internal Error
		MESSAGE 202 Accepted
		REFER 404 Not Found
		PUBLISH 100 Trying
		PING 600 Busy Everywhere
	END
	{
		for who in all 1 2 3; do
			c=$calls
			[[ $who == all ]] || c=${A[on_s$who]}
			[[ $who == all ]] || who=${rs[$f,$who]}:5060
			echo "$who: INVITE=$((2 * c)) ACK=$c BYE=$c CANCEL=$c" \
				"REGISTER=$c OPTIONS=$c SUBSCRIBE=$c NOTIFY=$c" \
				"PRACK=$c UPDATE=$c INFO=$c MESSAGE=$c REFER=$c" \
				"PUBLISH=$c other=$c / 1xx=$((2 * c)) 2xx=$((5 * c))" \
				"3xx=$c 4xx=$((3 * c)) 5xx=$((2 * c)) 6xx=$((2 * c))"
		done
	} >"$state/want"
	same_text "$(counted "${vs[$f,1]}:5060/udp")" "$(<"$state/want")" \
		"IPv$f: every method and class, at each server"

	dest -d "$f" 1 5060 2
	is "$(counted "${vs[$f,1]}:5060/udp" | sed -n 1p)" \
		"$(sed -n 1p "$state/want")" \
		"IPv$f: what a removed server counted stays with the service"
	ipvsadm -Z -u "${vs[$f,1]}:5060"
	is "$(counted "${vs[$f,1]}:5060/udp")" \
		"all: - / -
${rs[$f,1]}:5060: - / -
${rs[$f,3]}:5060: - / -" "IPv$f: and begins anew by -Z"
	say BYE '200 OK'
	is "$(counted "${vs[$f,1]}:5060/udp" | sed -n 1p)" \
		"all: BYE=$calls / 2xx=$calls" "IPv$f: and counts on"
	agent reset
done

# ---- with templates: one packet by one, and tracked ----

id=templates calls=12 f=4
tracked -u 4 2 5061 -m -s rr -o -p 60 --pe sip
user_agents 4 5061
agent uac ns="$ns_client" id=uac src="${client_ip[4]}|5061" \
	dst="${vip[4,2]}|5061"
agent calls_new id=$id count=$calls
say INVITE '200 OK'
say BYE '500 Server Internal Error'
is "$(counted "${vs[4,2]}:5061/udp" | sed -n 1p)" \
	"all: INVITE=$calls BYE=$calls / 2xx=$calls 5xx=$calls" \
	'templates: counted'
near "${A[on_s2]}" $((calls / 3)) "$(nproc)" 'templates: by turns'
is "$(counted "${vs[4,2]}:5061/udp" | sed -n 3p)" \
	"${rip[4,2]}:5061: INVITE=${A[on_s2]} BYE=${A[on_s2]} / 2xx=${A[on_s2]} 5xx=${A[on_s2]}" \
	'templates: at a server'
ipvsadm -D -u "${vs[4,2]}:5061"

# One flow, and so one server.
id=tracked
tracked -u 4 2 5061 -m -s rr -p 60 --pe sip
agent calls_new id=$id count=$calls
say INVITE '183 Session Progress'
say ACK
is "$(counted "${vs[4,2]}:5061/udp" | sed '/: - .*-$/d; s/^10[0-9.:]*:/one:/')" \
	"all: INVITE=$calls ACK=$calls / 1xx=$calls
one: INVITE=$calls ACK=$calls / 1xx=$calls" 'tracked: counted, at one server'
agent reset

# ---- what is no message, and one in fragments ----

servers 5062
service 4 3 5062 -s mh --pe sip
for data in '' '\r\n\r\n' 'jaK' '\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl' \
	'SIP/2.0 200 OK\r\nCall-ID: a client answers\r\n\r\n'; do
	from_client ask src="${client_ip[4]}|5072" dst="${vip[4,3]}|5062" \
		data="$data"
	is "${A[got]}" 1 "a datagram '$data' passes"
done
is "$(counted "${vs[4,3]}:5062/udp" | sed -n 1p)" 'all: - / -' \
	'no such datagram is a request'
from_client calls dst="${vip[4,3]}|5062" count=8 methods=INVITE size=4000 \
	df=0 window=4 prefix=big
is "${A[got]}" 8 'requests in fragments'
is "$(counted "${vs[4,3]}:5062/udp" | sed -n 1p)" 'all: INVITE=8 / -' \
	'and each counts once'
agent reset

# ---- direct routing: answers do not pass ----

target="${vip[4,8]}|5063"
tracked -u 4 8 5063 -g -s mh -o --pe sip
for n in 1 2 3; do
	in_server "$n" ip addr add "${vip[4,8]}/32" dev lo
	agent serve ns="${ns_servers[n]}" id="s$n" addr="$target"
done
agent calls ns="$ns_client" src="${direct_ip[4]}|5063" dst="$target" count=30 \
	methods=INVITE,BYE
is "${A[got]}" 60 'direct routing: answered'
is "$(counted "${vs[4,8]}:5063/udp" | sed -n 1p)" \
	'all: INVITE=30 BYE=30 / unknown' \
	'direct routing: requests are counted, answers are not known'
is "$(counted "${vs[4,8]}:5063/udp" | grep -c '^10.* / unknown$')" 3 \
	'direct routing: nor those of a server'
agent reset
for n in 1 2 3; do
	in_server "$n" ip addr del "${vip[4,8]}/32" dev lo
done

# ---- what is told of it ----

# fails STATUS TEXT NAME ARGUMENT...: with this text on standard error.
fails() {
	local want=$1 text=$2 name=$3 status=0 said
	shift 3
	said=$(opvsadm counters "$@" 2>&1 >/dev/null) || status=$?
	is "$status: $said" "$want: opvsadm: $text" "$name"
}
named=${vs[4,8]}:5063/udp
is "$(opvsadm counters --sip "$named" | sed -n '1,2s/  */ /gp')" \
	"SERVICE SERVER REQUESTS ANSWERS
$named all INVITE 30, BYE 30 do not pass" 'as a table'
is "$(opvsadm counters --sip --all "$named" | sed -n 2p | grep -o 'ACK 0, BYE 30, CANCEL 0')" \
	'ACK 0, BYE 30, CANCEL 0' 'with what is 0'
is "$(opvsadm -j counters --sip "$named" | python3 -c 'import json, sys
row, *_ = json.load(sys.stdin)
print(*row, *row["requests"])')" \
	'service server requests answers INVITE ACK BYE CANCEL REGISTER OPTIONS SUBSCRIBE NOTIFY PRACK UPDATE INFO MESSAGE REFER PUBLISH other' \
	'the keys of JSON'
is "$(opvsadm counters --sip | awk 'NR > 1 { print $1 }' | uniq -c | xargs)" \
	"3 ${vs[4,1]}:5060/udp 3 ${vs[6,1]}:5060/udp 4 ${vs[4,2]}:5061/udp 4 ${vs[4,3]}:5062/udp 4 $named" \
	'all services with an engine'
ipvsadm -E -u "${vs[4,8]}:5063" -s mh -o
fails 1 "$named has no persistence engine, so that its messages are not read; --pe sip gives it one" \
	'a service without an engine' --sip "$named"
ipvsadm -E -u "${vs[4,8]}:5063" -s mh -o --pe sip
is "$(counted "$named" | sed -n 1p)" 'all: INVITE=30 BYE=30 / unknown' \
	'with the engine its counters are back'
fails 1 "no service 10.91.0.9:1/udp here; 'ipvsadm -Ln' shows all" \
	'a service that is none' --sip 10.91.0.9:1/udp
fails 2 '--sip goes without --delta; see opvsadm --help' 'a delta' --sip --delta

# ---- real sipp ----

ipvsadm -C
service 4 1 5060 -s mh --pe sip
start_sipp_servers 4
check 'sipp: 40 calls, none failed' sipp_calls 4 1 40 20
sipp_calls_per_server
{
	echo 'all: INVITE=40 ACK=40 BYE=40 / 1xx=40 2xx=80'
	for n in 1 2 3; do
		c=${sipp_on[n]}
		echo "${rip[4,$n]}:5060: INVITE=$c ACK=$c BYE=$c / 1xx=$c 2xx=$((2 * c))"
	done
} >"$state/want"
same_text "$(counted "${vs[4,1]}:5060/udp")" "$(<"$state/want")" \
	"sipp: what it sent, and each server's log"
