# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# TCP: connections spread, held, closed in every way, and shown as they are.
accept_on 7000
accept_on 7001 mode=digest

# ---- a connection's life, with NAT ----

life() {
	local f=$1 n source
	local svc=${vs[$f,1]}:7000 target="${vip[$f,1]}|7000"
	tracked -t "$f" 1 7000 -m -s rr
	from_client dial id=life dst="$target" count=30
	is "${A[got]} ${A[errors]}" '30 ' "IPv$f: 30 connections are answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 10 "$(nproc)" "IPv$f: server $n: a third"
	done
	is "$(states "$svc ")" ESTABLISHED:30 "IPv$f: all are established"
	from_client talk id=life data='still there'
	is "${A[got]}" 30 "IPv$f: they carry data both ways"
	settles 5 30/0 "IPv$f: 30 active in all" total -t "$f" 1 7000

	agent hang id=life count=10
	settles 5 'ESTABLISHED:20 TIME_WAIT:10' \
		"IPv$f: the client closes 10, the servers too" states "$svc "
	is "$(total -t "$f" 1 7000)" 20/10 "IPv$f: of 30, 10 are inactive now"
	agent hang id=life count=10 how=rst
	settles 5 'CLOSE:10 ESTABLISHED:10 TIME_WAIT:10' \
		"IPv$f: the client resets 10" states "$svc "
	for n in 1 2 3; do
		agent ring_off id="s$n" how=rst
	done
	settles 5 'CLOSE:20 TIME_WAIT:10' "IPv$f: the servers reset the rest" \
		states "$svc "
	is "$(total -t "$f" 1 7000)" 0/30 "IPv$f: none is active"
	agent hear id=life
	is "${A[errors]}" ECONNRESET:10 "IPv$f: the client hears of it"
	agent hang id=life

	# The line of one, to the character.
	from_client dial id=line src="${client_ip[$f]}|7999" dst="$target"
	n=${A[server]#s}
	source=${cs[$f]}:7999
	printf -v want 'TCP %s  %-11s %-18s %-18s %s' TIME ESTABLISHED \
		"$source" "$svc" "${rs[$f,$n]}:7000"
	line=$(entries "$source ")
	is "${line/ 1[45]:[0-5][0-9] / TIME }" "$want" "IPv$f: its line"
	agent hang id=line
}

for f in 4 6; do
	life "$f"
done

# ---- states on the way ----

# Each with a connection of its own to one server, of which either end acts.
steps() {
	local f=$1
	local target="${vip[$f,2]}|7002" svc=${vs[$f,2]}:7002
	agent accept ns="${ns_servers[1]}" id=slow addr="${rip[$f,1]}|7002" \
		mode=hold
	ipvsadm -A -t "$svc" -s rr
	real -a -t "$f" 2 7002 1 -m

	from_client dial id=in src="${client_ip[$f]}|7801" dst="$target"
	agent half id=in
	settles 5 CLOSE_WAIT:1 "IPv$f: the client has closed its half" \
		states "${cs[$f]}:7801 "
	agent ring_off id=slow how=half
	settles 5 TIME_WAIT:1 "IPv$f: and now the server its own" \
		states "${cs[$f]}:7801 "

	from_client dial id=out src="${client_ip[$f]}|7802" dst="$target"
	agent ring_off id=slow how=half
	settles 5 FIN_WAIT:1 "IPv$f: the server has closed its half" \
		states "${cs[$f]}:7802 "
	agent hear id=out
	is "${A[ended]}" 1 "IPv$f: which the client notices"
	agent hang id=out
	settles 5 TIME_WAIT:1 "IPv$f: and now the client its own" \
		states "${cs[$f]}:7802 "
	agent unaccept id=slow

	# No answer: a segment to a server that does not exist.
	ipvsadm -a -t "$svc" -r "${rs[$f,1]%2*}77${rs[$f,1]##*2}:7002" -m
	real -d -t "$f" 2 7002 1
	from_client dial id=syn src="${client_ip[$f]}|7803" dst="$target" \
		mute=1 wait=300
	is "$(states "${cs[$f]}:7803 ")" SYN_RECV:1 \
		"IPv$f: a SYN that is not answered"
	agent hang id=syn
}

for f in 4 6; do
	steps "$f"
done

# ---- half-closed connections ----

# The question is megabytes, and is answered only when its end was heard.
for f in 4 6; do
	tracked -t "$f" 3 7001 -m -s rr
	from_client dial id=half dst="${vip[$f,3]}|7001" count=3 mute=1
	agent pour id=half size=1000000
	want=${A[digest]}
	agent half id=half
	agent hear id=half
	is "${A[ended]} ${A[got]} ${A[last]#s? }" "3 3 $want" \
		"IPv$f: half-closed, the answer still comes, and is right"
	agent hang id=half
done

# The same by nc, whose -N closes a half at the end of its input. One that listens
# ends as soon as its client has closed a half and it has nothing in hand, which
# may be before the end of its answer: so it is the server that closes first, and
# the client goes on when it has heard that.
head -c 200000 /dev/urandom >"$state/question"
head -c 100000 /dev/urandom >"$state/answer"
answered() { cmp -s "$state/answer" "$state/told"; }
ask_in_halves() {
	head -c 100000 "$state/question"
	poll 20 answered || :
	tail -c +100001 "$state/question"
}
for f in 4 6; do
	ipvsadm -A -t "${vs[$f,3]}:7003" -s rr
	real -a -t "$f" 3 7003 1 -m
	spawn_in "${ns_servers[1]}" nc -N -n -l "${rip[$f,1]}" 7003 \
		<"$state/answer" >"$state/heard"
	poll 10 listens 1 -t 7003 "${rip[$f,1]}"
	from=$SECONDS client=0 server=0
	ask_in_halves | in_client timeout 60 nc -N -n "${vip[$f,3]}" 7003 \
		>"$state/told" || client=$?
	wait "$spawned" || server=$?
	is "$client $server" '0 0' \
		"IPv$f: nc: both come to their end ($((SECONDS - from)) s)"
	check "IPv$f: nc: the server got the question" \
		cmp "$state/question" "$state/heard"
	check "IPv$f: nc: the client got the answer" \
		cmp "$state/answer" "$state/told"
done

# ---- iperf3, with NAT and with direct routing ----

# It ends when the sender has sent enough; what its socket holds then, four megabytes
# at most, need not arrive.

octets() { # FLAG SERVICE: bytes in and out, to the digit
	ipvsadm -Ln --stats --exact "$1" "$2" |
		awk '$1 == "TCP" { print $6, $7 }'
}
passed() { # SERVICE IN OUT: at least so many bytes are counted
	local in out
	read -r in out < <(octets -t "$1")
	((in >= $2 && out >= $3))
}

spawn_in "${ns_servers[1]}" iperf3 -s </dev/null >"$state/iperf3" 2>&1
poll 20 listens 1 -t 5201 '*'
for f in 4 6; do
	svc=${vs[$f,4]}:5201
	ipvsadm -A -t "$svc" -s rr
	real -a -t "$f" 4 5201 1 -m
	check "IPv$f: NAT: iperf3 to the server" \
		in_client iperf3 -c "${vip[$f,4]}" -n 8M
	check "IPv$f: NAT: most of it was counted" poll 5 passed "$svc" 2000000 1
	check "IPv$f: NAT: iperf3 from the server" \
		in_client iperf3 -c "${vip[$f,4]}" -n 8M -R
	check "IPv$f: NAT: most of it was counted, the other way" \
		poll 5 passed "$svc" 2000000 2000000

	svc=${vs[$f,8]}:5201
	if ((f == 4)); then
		in_server 1 ip addr add "${vip[4,8]}/32" dev lo
	else
		in_server 1 ip addr add "${vip[6,8]}/128" dev lo nodad
	fi
	ipvsadm -A -t "$svc" -s rr
	real -a -t "$f" 8 5201 1 -g
	check "IPv$f: direct routing: iperf3 to the server" \
		in_client iperf3 -c "${vip[$f,8]}" -B "${direct_ip[$f]}" -n 8M
	check "IPv$f: direct routing: most of it was counted" \
		poll 5 passed "$svc" 2000000 0
	check "IPv$f: direct routing: iperf3 from the server" \
		in_client iperf3 -c "${vip[$f,8]}" -B "${direct_ip[$f]}" -n 8M -R
	read -r _ out < <(octets -t "$svc")
	is "$out" 0 "IPv$f: direct routing: answers went past the director"

	# The director sees half of each connection.
	svc=${vs[$f,8]}:7005
	agent accept ns="${ns_servers[1]}" id=dr addr="${vip[$f,8]}|7005"
	ipvsadm -A -t "$svc" -s rr
	real -a -t "$f" 8 7005 1 -g
	agent dial ns="$ns_client" id=dr src="${direct_ip[$f]}" \
		dst="${vip[$f,8]}|7005" count=4
	is "${A[got]} $(states "$svc ")" '4 ESTABLISHED:4' \
		"IPv$f: direct routing: states by requests alone: established"
	agent hang id=dr count=2
	agent hang id=dr count=1 how=rst
	settles 5 'CLOSE:1 ESTABLISHED:1 FIN_WAIT:2' \
		"IPv$f: direct routing: closed and reset by the client" \
		states "$svc "
	is "$(total -t "$f" 8 7005)" 1/3 "IPv$f: direct routing: one is active"
done
end_spawned

# ---- a port that is used again ----

# The server closes first, so that the client may use its port again at once.
reuse() { # FAMILY VIP PORT: dials, the server hangs up; A[server] served
	local n
	from_client dial id=again src="${client_ip[$1]}|7900" \
		dst="${vip[$1,$2]}|$3"
	n=${A[server]}
	agent ring_off id="$n"
	agent hear id=again
	agent hang id=again
	settles 5 TIME_WAIT:1 "IPv$1: closed by $n, one entry" \
		states "${cs[$1]}:7900 " "${vs[$1,$2]}:$3 "
	A[server]=$n
}

for f in 4 6; do
	tracked -t "$f" 5 7000 -m -s rr
	vs_sysctl conn_reuse_mode 1
	reuse "$f" 5 7000
	first=${A[server]}
	reuse "$f" 5 7000
	second=${A[server]}
	check "IPv$f: conn_reuse_mode=1: another server ($first, $second)" \
		test "$first" != "$second"
	vs_sysctl conn_reuse_mode 0
	reuse "$f" 5 7000
	is "${A[server]}" "$second" "IPv$f: conn_reuse_mode=0: the same again"
done

# ---- no server there ----

icmp=([4]='icmp[0] == 3 and icmp[1] == 3' [6]='icmp6 and ip6[40] == 1 and ip6[41] == 4')
reset=([4]='tcp[13] & 4 != 0' [6]='ip6 proto 6 and ip6[53] & 4 != 0')
refused() { # FAMILY PORT ICMP RST TEXT
	agent sniff id=refused ns="$ns_client" dev=c0
	from_client dial id=refused dst="${vip[$1,6]}|$2" mute=1
	is "${A[errno]}" ECONNREFUSED "IPv$1: $5: refused"
	agent sniffed id=refused file="$state/refused.pcap"
	is "$(seen "${icmp[$1]}") $(seen "${reset[$1]}")" "$3 $4" \
		"IPv$1: $5: ICMP errors and resets"
	agent hang id=refused
}
# Some or none: a SYN that was refused while it was being sent is sent again.
seen() {
	tcpdump -nr "$state/refused.pcap" "$1" 2>/dev/null | grep -qc . &&
		echo some || echo none
}

for f in 4 6; do
	refused "$f" 7004 none some 'no service, no listener'
	ipvsadm -A -t "${vs[$f,6]}:7004" -s rr
	refused "$f" 7004 some none 'a service without servers'
	real -a -t "$f" 6 7004 1 -m -w 0
	refused "$f" 7004 some none 'a service whose server is drained'
	real -e -t "$f" 6 7004 1 -m -w 1
	refused "$f" 7004 none some 'a closed port at the server'
done
