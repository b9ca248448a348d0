# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# One-packet services by firewall mark, by NAT: what comes back has the address and
# port that the client asked.
! same_everywhere 'one-packet services by mark' || return 0
if ! nft add table inet marks 2>/dev/null; then
	skip 'nftables' 'not in this kernel'
	return 0
fi
nft -f - <<END
table inet marks {
	chain pre {
		type filter hook prerouting priority mangle;
		ip daddr { ${vip[4,1]}, ${vip[4,2]} } meta mark set 524
		ip6 daddr { ${vip[6,1]}, ${vip[6,2]} } meta mark set 526
		ip daddr ${vip[4,3]} meta mark set 534
		ip6 daddr ${vip[6,3]} meta mark set 536
		ip daddr ${vip[4,4]} meta mark set 544
		ip6 daddr ${vip[6,4]} meta mark set 546
	}
}
END
for port in 5270 5271; do
	servers $port
done

# marked MARK FAMILY PORT [OPTION...]: a service of a mark.
marked() {
	local mark=$1 f=$2 port=$3 n v6=''
	shift 3
	((f == 4)) || v6=-6
	# shellcheck disable=SC2086 # nothing is nothing
	ipvsadm -A -f "$mark" $v6 -o "$@"
	for n in 1 2 3; do
		# shellcheck disable=SC2086 # as above
		ipvsadm -a -f "$mark" $v6 -r "${rs[$f,$n]}:$port" -m
	done
}

# All combinations of two addresses and two ports, each from another socket.
for f in 4 6; do
	marked 52$f "$f" 0 -s rr
	snapshot replies ops_created hint_writes
	for v in 1 2; do
		for port in 5270 5271; do
			from_client clients src="${client_ip[$f]}|$port$v" \
				count=6 dst="${vip[$f,$v]}|$port"
			is "${A[got]}/${A[foreign]}" 6/0 \
				"IPv$f: address $v, port $port: answers from there"
			near "${A[on_s1]:-0}" 2 "$(nproc)" "IPv$f: by turns"
		done
	done
	rose replies 24 "IPv$f: counted as replies"
	rose ops_created 24 "IPv$f: an entry each"
	is "$(entries "${cs[$f]}:" | wc -l)" 0 "IPv$f: none of which is left"

	# One client port asks all of them; each server has two ports only.
	from_client clients src="${client_ip[$f]}|52700" count=6 \
		dst="${vip[$f,1]}|5270,${vip[$f,1]}|5271"
	is "${A[got]}/${A[foreign]}" 6/0 "IPv$f: one port of a client, two asked"
	from_client clients src="${client_ip[$f]}|52700" count=6 \
		dst="${vip[$f,2]}|5270"
	is "${A[got]}/${A[foreign]}" 6/0 "IPv$f: the same, another address"

	# A server that has one port for all that are asked.
	marked 53$f "$f" 5271 -s rr
	for port in 5270 9 65535; do
		from_client clients src="${client_ip[$f]}|52710" count=3 \
			dst="${vip[$f,3]}|$port"
		is "${A[got]}/${A[foreign]}" 3/0 \
			"IPv$f: port $port over the server's 5271"
	done

	# Whoever did not ask the service has the server's own address.
	from_client clients src="${client_ip[$f]}|52720" count=3 \
		dst="${rip[$f,1]}|5270"
	is "${A[got]}/${A[foreign]}" 3/0 \
		"IPv$f: a server that is asked directly answers itself"

	# A closed port: the server's error is about what the client asked.
	from_client ask dst="${vip[$f,1]}|5279"
	is "${A[got]} ${A[errno]:-} ${A[quoted]:-}" \
		"0 ECONNREFUSED ${vip[$f,1]}|5279" \
		"IPv$f: a server's error is about the address that was asked"
done

# ---- beside others ----

service 4 5 5271 -s rr
from_client clients src="${client_ip[4]}|52730" count=6 dst="${vip[4,5]}|5271"
is "${A[got]}/${A[foreign]}" 6/0 'a service by address over the same servers'
from_client clients src="${client_ip[4]}|52740" count=6 dst="${vip[4,1]}|5271"
is "${A[got]}/${A[foreign]}" 6/0 'one by mark over all their ports'
from_client clients src="${client_ip[4]}|52730" count=6 dst="${vip[4,3]}|80"
is "${A[got]}/${A[foreign]}" 6/0 'clients go over to one by mark and this port'
from_client clients src="${client_ip[4]}|52730" count=6 dst="${vip[4,5]}|5271"
is "${A[got]}/${A[foreign]}" 6/0 'and back'

# ---- SIP: calls stay together, whichever port is asked ----

marked 544 4 5270 -s mh --pe sip
from_client calls src="${client_ip[4]}|52750" dst="${vip[4,4]}|5060" count=60 \
	methods=INVITE prefix=mark map=first
is "${A[got]}/${A[foreign]}" 60/0 'SIP: 60 calls, answered from where they went'
from_client calls src="${client_ip[4]}|52751" dst="${vip[4,4]}|5070" count=60 \
	methods=BYE prefix=mark map=then
is "${A[got]}/${A[foreign]}" 60/0 'SIP: the same ones, from and to another port'
agent moved a=first b=then
is "${A[kept]}" 60 'SIP: no call is at another server'

# ---- what a service may become ----

ipvsadm -A -f 600 -s rr
ipvsadm -a -f 600 -r "${rs[4,1]}:0" -m
check 'one that tracks becomes one-packet' ipvsadm -E -f 600 -s rr -o
check 'and tracks again' ipvsadm -E -f 600 -s rr
ipvsadm -E -f 600 -s rr -o
check 'a NAT server becomes a direct one' \
	ipvsadm -e -f 600 -r "${rs[4,1]}:0" -g
check 'and one by NAT again' ipvsadm -e -f 600 -r "${rs[4,1]}:0" -m
nft delete table inet marks
