# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# SCTP associations through NAT: spread, held, closed and aborted, with the
# checksum right whether the device or the host computes it.
if ! modprobe sctp 2>/dev/null; then
	skip 'SCTP' 'not in this kernel'
	return 0
fi
accept_on 7200 proto=sctp

# Errors of the checksum at all ends.
bad_sums() {
	local ns sum=0 name value
	for ns in "$ns_client" "${ns_servers[@]:1}"; do
		while read -r name value; do
			[[ $name != SctpChecksumErrors ]] || ((sum += value)) || :
		done < <(nsenter --net="/run/netns/$ns" \
			cat /proc/net/sctp/snmp)
	done
	echo $sum
}

offload() { # on|off: by whom the checksum is computed
	local n
	in_client ethtool -K c0 tx-checksum-sctp "$1"
	for n in 1 2 3; do
		ethtool -K "d$n" tx-checksum-sctp "$1"
		in_server "$n" ethtool -K e"$n" tx-checksum-sctp "$1"
	done
	ethtool -K d0 tx-checksum-sctp "$1"
} >/dev/null 2>&1

life() {
	local f=$1 n
	local svc=${vs[$f,1]}:7200 target="${vip[$f,1]}|7200"
	tracked --sctp-service "$f" 1 7200 -m -s rr
	from_client dial id=life proto=sctp dst="$target" count=12
	is "${A[got]} ${A[errors]}" '12 ' "IPv$f: 12 associations are answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 4 "$(nproc)" "IPv$f: server $n: a third"
	done
	is "$(states "$svc ")" ESTABLISHED:12 "IPv$f: all are established"
	from_client talk id=life size=900
	is "${A[got]}" 12 "IPv$f: they carry messages both ways"
	settles 5 12/0 "IPv$f: 12 active in all" \
		total --sctp-service "$f" 1 7200
	agent hang id=life count=4
	settles 5 'CLOSED:4 ESTABLISHED:8' "IPv$f: the client shuts 4 down" \
		states "$svc "
	is "$(total --sctp-service "$f" 1 7200)" 8/4 "IPv$f: 4 are inactive now"
	agent hang id=life count=4 how=rst
	settles 5 'CLOSED:8 ESTABLISHED:4' "IPv$f: the client aborts 4" \
		states "$svc "
	for n in 1 2 3; do
		agent ring_off id="s$n"
	done
	agent hear id=life
	settles 5 CLOSED:12 "IPv$f: the servers shut the rest down" \
		states "$svc "
	agent hang id=life
	ipvsadm -D --sctp-service "$svc"
}

for f in 4 6; do
	life "$f"
done
is "$(bad_sums)" 0 'no checksum was wrong, where devices compute them'

offload off
for f in 4 6; do
	tracked --sctp-service "$f" 2 7200 -m -s rr
	from_client dial id=sums proto=sctp dst="${vip[$f,2]}|7200" count=3
	is "${A[got]} ${A[errors]}" '3 ' "IPv$f: answered, hosts compute"
	for size in 1 2 3 4 1111 1452; do
		from_client talk id=sums size=$size
		is "${A[got]}" 3 "IPv$f: $size bytes, hosts compute"
	done
	agent hang id=sums
done
is "$(bad_sums)" 0 'no checksum was wrong, where hosts compute them'
offload on

# An INIT without an answer, and one that no server takes.
ipvsadm -A --sctp-service "${vs[4,3]}:7201" -s rr
ipvsadm -a --sctp-service "${vs[4,3]}:7201" -r 10.91.11.77:7201 -m
from_client dial id=init proto=sctp src="${client_ip[4]}|7290" \
	dst="${vip[4,3]}|7201" mute=1 wait=300
is "$(states "${cs[4]}:7290 ")" INIT1:1 'an INIT that is not answered'
agent hang id=init how=rst
ipvsadm -d --sctp-service "${vs[4,3]}:7201" -r 10.91.11.77:7201
agent sniff id=none ns="$ns_client" dev=c0
from_client dial id=init proto=sctp dst="${vip[4,3]}|7201" mute=1 wait=300
check 'a service without servers: port unreachable' \
	grep -q 'unreachable' <(captured none icmp)
