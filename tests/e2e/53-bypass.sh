# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# cache_bypass: packets to anywhere, which a mark leads to the director, go on to
# where they were sent to while no server of the service by that mark is available.
# Here the servers' own addresses are anywhere, and the only cache is server 3.
! same_everywhere 'cache_bypass' || return 0
if ! nft add table inet bypass 2>/dev/null; then
	skip 'cache_bypass' 'no nftables in this kernel'
	return 0
fi
nft -f - <<END
table inet bypass {
	chain pre {
		type filter hook prerouting priority mangle;
		iifname d0 ip daddr ${rip[4,1]} meta mark set 4
		iifname d0 ip6 daddr ${rip[6,1]} meta mark set 6
		iifname d0 ip daddr ${vip[4,5]} meta mark set 4
	}
}
END
declare -A all=([4]=0.0.0.0/0 [6]=::/0) v6=([4]='' [6]=-6)
for f in 4 6; do
	ip "-$f" rule add fwmark "$f" lookup 90
	ip "-$f" route add local "${all[$f]}" dev lo table 90
	agent serve ns="${ns_servers[1]}" id=s1 addr="${rip[$f,1]}|5570"
	agent accept ns="${ns_servers[1]}" id=a1 addr="${rip[$f,1]}|5571"
done

# refused FAMILY TEXT: a datagram to server 1 goes nowhere. In the name of an address
# that is not its own, the stack sends an error only over IPv6.
refused() {
	local want=none
	((f == 4)) || want=ECONNREFUSED
	snapshot drop_no_server bypassed
	from_client ask dst="${rip[$1,1]}|5570" data=hello connect=1 \
		wait=$((f == 4 ? 200 : 3000))
	is "${A[got]} ${A[errno]:-none}" "0 $want" "$2"
	rose drop_no_server 1 "$2: counted"
	rose bypassed 0 "$2: nothing else"
}
# through FAMILY TEXT: it arrives, and the answer comes back.
through() {
	snapshot bypassed forwarded service_packets
	from_client ask dst="${rip[$1,1]}|5570" data=hello
	is "${A[got]} ${A[server]:-}" '1 s1' "$2"
	rose bypassed 1 "$2: counted"
	rose forwarded 0 "$2: not as sent to a server"
	rose service_packets 1 "$2: as a packet of the service"
}
# shown FAMILY PORT: source and destination of the entry, methods aside.
shown() { entries "${rs[$1,1]}:$2 " | awk '{ print $5 == $6 }' | sort -u; }

for f in 4 6; do
	# shellcheck disable=SC2086 # nothing is nothing
	ipvsadm -A -f $f ${v6[$f]} -s rr
	vs_sysctl cache_bypass 0
	refused $f "IPv$f: cache_bypass=0: no server"
	vs_sysctl cache_bypass 1
	through $f "IPv$f: cache_bypass=1: no server"
	is "$(entries "${rs[$f,1]}:5570 " | wc -l)" 1 "IPv$f: there is an entry"
	is "$(shown $f 5570)" 1 "IPv$f: it shows where the packets go"
	from_client dial id=b dst="${rip[$f,1]}|5571" count=2
	is "${A[got]} ${A[foreign]:-0}" '2 0' "IPv$f: TCP"
	from_client talk id=b size=20000
	is "${A[got]} ${A[open]}" '2 2' "IPv$f: TCP, 20 000 bytes"
	is "$(shown $f 5571)" 1 "IPv$f: TCP: the entries show it"
	is "$(opvsadm --json conn list 2>/dev/null | grep -c '"bypass"')" 3 \
		"IPv$f: opvsadm calls the method so"
	is "$(ipvsadm -Ln | awk '$1 == "->" && $2 ~ /^[[0-9]/')" '' \
		"IPv$f: no server is listed that nobody added"

	# A server that is full or drained is none; one that is there gets what is
	# new, and what is under way stays.
	# shellcheck disable=SC2086 # as above
	ipvsadm -a -f $f ${v6[$f]} -r "${rs[$f,3]}:0" -g -w 0
	through $f "IPv$f: a server of weight 0"
	in_server 3 ip addr add "${rip[$f,1]}/$((f == 4 ? 32 : 128))" dev lo
	agent accept ns="${ns_servers[3]}" id=a3 addr="${rip[$f,1]}|5571"
	# shellcheck disable=SC2086 # as above
	ipvsadm -e -f $f ${v6[$f]} -r "${rs[$f,3]}:0" -g -w 1
	from_client talk id=b data=still
	is "${A[got]} ${A[open]}" '2 2' "IPv$f: what is under way goes on"
	agent dial ns="$ns_client" src="${direct_ip[$f]}" id=c \
		dst="${rip[$f,1]}|5571" count=2
	is "${A[got]} ${A[last]%% *}" '2 a3' "IPv$f: the server gets what is new"
	agent hang id=b
	agent hang id=c
	agent unaccept id=a3
	in_server 3 ip addr del "${rip[$f,1]}/$((f == 4 ? 32 : 128))" dev lo

	# One-packet services leave nothing.
	# shellcheck disable=SC2086 # as above
	ipvsadm -D -f $f ${v6[$f]}
	agent expire ns="$ns_director"
	# shellcheck disable=SC2086 # as above
	ipvsadm -A -f $f ${v6[$f]} -s rr -o
	snapshot ops_created ops_released_inline
	through $f "IPv$f: one-packet service"
	rose ops_created 1 "IPv$f: one-packet service: an entry"
	rose ops_released_inline 1 "IPv$f: one-packet service: released at once"
	is "$(entries "${rs[$f,1]}:5570 " | wc -l)" 0 \
		"IPv$f: one-packet service: none stays"

	# What would become of it.
	opvsadm --json explain udp "${cs[$f]}:7000" "${rs[$f,1]}:5570" \
		--fwmark $f >"$state/why" 2>&1 || :
	check "IPv$f: explain says so" grep -q '"why": *"bypass"' "$state/why"
	vs_sysctl cache_bypass 0
	refused $f "IPv$f: one-packet service, cache_bypass=0"
done

# What is for this host is not sent on.
vs_sysctl cache_bypass 1
snapshot drop_no_server
from_client ask dst="${vip[4,5]}|5570" data=hello connect=1
is "${A[errno]:-none}" ECONNREFUSED 'an address of the director: refused'
rose drop_no_server 1 'an address of the director: counted'

# A service by address has no way without servers.
ipvsadm -A -u "${vs[4,6]}:5570" -s rr
from_client ask dst="${vip[4,6]}|5570" data=hello connect=1
is "${A[errno]:-none}" ECONNREFUSED 'a service by address: refused'

# The service goes while an entry is there, and comes back with it.
ipvsadm -E -f 4 -s rr
through 4 'before the service goes'
from_client ask src="${client_ip[4]}|55700" dst="${rip[4,1]}|5570" data=hello
is "${A[got]} ${A[server]:-}" '1 s1' 'a connection, before the service goes'
ipvsadm -D -f 4
snapshot bypassed
from_client ask src="${client_ip[4]}|55700" dst="${rip[4,1]}|5570" data=hello
is "${A[got]} ${A[server]:-}" '1 s1' 'it goes on without the service'
rose bypassed 1 'and is counted'
ipvsadm -A -f 4 -s rr
through 4 'a service that came back'
is "$(ipvsadm -Ln --stats -f 4 | awk '$1 == "FWM" { print $3, $4 }')" '1 1' \
	'its packets are in its statistics'
ipvsadm -C
check 'books balance' books_balance

for f in 4 6; do
	ip "-$f" rule del fwmark "$f" lookup 90
	ip "-$f" route del local "${all[$f]}" dev lo table 90
done
nft delete table inet bypass
