# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# conntrack=1: a stateful firewall on the director lets answers pass and nothing
# else, netfilter's own NAT works behind opvs, and entries end with opvs's.
same_everywhere 'connection tracking' && return 0
if ! nft add table inet probe 2>/dev/null; then
	skip 'nftables with connection tracking' 'not in this kernel'
	return 0
fi
nft delete table inet probe

# count_flows PART...: how many lines of the tracker have all of these in them.
count_flows() {
	awk 'BEGIN {
		for (n = 1; n < ARGC; n++) {
			part[n] = ARGV[n] " "
			ARGV[n] = ""
		}
	}
	{
		for (i = 1; i < n && index($0 " ", part[i]); i++)
			;
		count += i == n
	}
	END { print 0 + count }' "$@" </proc/net/nf_conntrack
}

# IPv6 addresses are written in full there.
declare -A full=([fd91::1]=fd91:0000:0000:0000:0000:0000:0000:0001
	[fd91:1::2]=fd91:0001:0000:0000:0000:0000:0000:0002
	[fd91:11::1]=fd91:0011:0000:0000:0000:0000:0000:0001
	[fd91:11::2]=fd91:0011:0000:0000:0000:0000:0000:0002
	[fd91:12::2]=fd91:0012:0000:0000:0000:0000:0000:0002
	[fd91:13::2]=fd91:0013:0000:0000:0000:0000:0000:0002)

# way SERVER CPORT PORT: sets there and back, the tuples of a client of VIP 1.
way() {
	local client=${full[${client_ip[$f]}]:-${client_ip[$f]}}
	local virtual=${full[${vip[$f,1]}]:-${vip[$f,1]}}
	local server=${full[${rip[$f,$1]}]:-${rip[$f,$1]}}
	there="src=$client dst=$virtual sport=$2 dport=$3"
	back="src=$server dst=$client sport=$3 dport=$2"
	direct="src=$client dst=$server sport=$2 dport=$3"
}

# Only what a tracked flow brings back is forwarded.
nft -f - <<'END'
table inet fw {
	chain in {
		type filter hook input priority 0; policy accept;
		udp dport 5531 ct state established counter
	}
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state established,related accept
		counter
	}
	chain nat {
		type nat hook postrouting priority 100; policy accept;
	}
}
END
servers 5530
servers 5531
accept_on 5530
vs_sysctl conntrack 0
for f in 4 6; do
	tracked -t "$f" 1 5530 -m -s rr
	tracked -u "$f" 1 5530 -m -s rr
	service "$f" 1 5531 -s rr
	from_client ask dst="${vip[$f,1]}|5531" data=hello wait=300
	is "${A[got]}" 0 "IPv$f: conntrack=0: answers look like new flows"
done
vs_sysctl conntrack 1

both_ways() {
	from_client dial id=tcp src="${client_ip[$f]}|26000" \
		dst="${vip[$f,1]}|5530" count=30
	is "${A[got]} ${A[errors]}" '30 ' "IPv$f: TCP: answered"
	from_client talk id=tcp data='still there'
	is "${A[got]}" 30 "IPv$f: TCP: both ways"
	from_client dial id=one src="${client_ip[$f]}|26100" \
		dst="${vip[$f,1]}|5530"
	way "${A[server]#s}" 26100 5530
	is "$(count_flows tcp ESTABLISHED "$there $back" '[ASSURED]')" 1 \
		"IPv$f: TCP: tracked with both translations"
	# The program writes addresses as people do.
	there="src=${client_ip[$f]} dst=${vip[$f,1]} sport=26100 dport=5530"
	back="src=${rip[$f,${A[server]#s}]} dst=${client_ip[$f]} sport=5530 dport=26100"
	is "$(conntrack -L -f "ipv$f" -p tcp --orig-port-src 26100 2>/dev/null |
		sed 's/.*\(ESTABLISHED .*\[ASSURED]\).*/\1/' | tr -s ' ')" \
		"ESTABLISHED $there $back [ASSURED]" \
		"IPv$f: TCP: conntrack -L shows both"
	agent hang id=one

	from_client ask src="${client_ip[$f]}|26200" dst="${vip[$f,1]}|5530" \
		size=1300
	is "${A[got]} ${A[intact]}" '1 1' "IPv$f: UDP: answered"
	way "${A[server]#s}" 26200 5530
	is "$(count_flows udp "$there $back")" 1 \
		"IPv$f: UDP: tracked with both translations"

	if modprobe sctp 2>/dev/null; then
		agent accept id=sctp ns="${ns_servers[1]}" proto=sctp \
			addr="${rip[$f,1]}|5533"
		ipvsadm -A --sctp-service "${vs[$f,1]}:5533" -s rr
		ipvsadm -a --sctp-service "${vs[$f,1]}:5533" \
			-r "${rs[$f,1]}:5533" -m
		from_client dial id=sctp proto=sctp dst="${vip[$f,1]}|5533" \
			src="${client_ip[$f]}|26250"
		way 1 26250 5533
		is "${A[got]} $(count_flows sctp ESTABLISHED "$there $back")" \
			'1 1' "IPv$f: SCTP: tracked with both translations"
		agent hang id=sctp
		agent unaccept id=sctp
	else
		skip "IPv$f: SCTP" 'not in this kernel'
	fi

	from_client clients src="${client_ip[$f]}|26300" count=30 \
		dst="${vip[$f,1]}|5531" map=clients
	is "${A[got]}/${A[foreign]}" 30/0 "IPv$f: one-packet: answered"
	is "$(count_flows udp dport=5531 \
		"dst=${full[${vip[$f,1]}]:-${vip[$f,1]}}")" 30 \
		"IPv$f: one-packet: an entry for each client's port"
}

# A port whose datagrams go to all servers: its first entry is one server's, and
# the others have entries of their own.
one_port() {
	local n mine=0 others=0
	from_client burst src="${client_ip[$f]}|26400" \
		dst="${vip[$f,1]}|5531" count=90
	is "${A[got]}/${A[distinct]}/${A[foreign]}" 90/90/0 \
		"IPv$f: one-packet: a port and three servers: answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 30 "$(nproc)" \
			"IPv$f: one-packet: server $n: a third"
		way "$n" 26400 5531
		mine=$((mine + $(count_flows "$there $back")))
		others=$((others + $(count_flows "$direct $back")))
	done
	is "$mine $others" '1 2' \
		"IPv$f: one-packet: the first server's entry, and two direct ones"
	from_client segments src="${client_ip[$f]}|26401" \
		dst="${vip[$f,1]}|5531" count=21 size=100
	is "${A[got]}/${A[intact]}/${A[foreign]}" 21/21/0 \
		"IPv$f: one-packet: UDP_SEGMENT: answered"
	# What a server says first is none of these flows.
	agent listen id=deaf ns="$ns_client" addr="${client_ip[$f]}|26402"
	agent say id=s1 dst="${client_ip[$f]}|26402" data=hello
	agent heard id=deaf wait=300
	is "${A[count]}" 0 "IPv$f: what nobody asked for is dropped"
}

errors() {
	agent unserve id=s1
	agent unserve id=s2
	agent unserve id=s3
	from_client ask dst="${vip[$f,1]}|5531" data=anybody connect=1
	is "${A[errno]:-none} ${A[quoted]:-}" "ECONNREFUSED ${vip[$f,1]}|5531" \
		"IPv$f: one-packet: an error passes as related"
	from_client ask dst="${vip[$f,1]}|5530" data=anybody connect=1
	is "${A[errno]:-none} ${A[quoted]:-}" "ECONNREFUSED ${vip[$f,1]}|5530" \
		"IPv$f: UDP: an error passes as related"
	servers 5530
	servers 5531
}

# ---- the end ----

retransmitted() { in_client nstat -asz TcpRetransSegs | awk 'NR == 2 { print $2 }'; }

ends() {
	local n before
	# Over and over from one port, to the next server each time.
	before=$(retransmitted)
	for n in 1 2 3 4; do
		from_client dial id=again src="${client_ip[$f]}|26500" \
			dst="${vip[$f,1]}|5530"
		is "${A[got]} ${A[errors]}" '1 ' \
			"IPv$f: a port is used again: $n"
		agent hang id=again how=rst
	done
	is "$(retransmitted)" "$before" \
		"IPv$f: a port is used again: no SYN was sent twice"
	agent hang id=tcp how=rst
	agent flush ns="$ns_director"
	settles 5 0 "IPv$f: entries end with opvs's" \
		count_flows tcp dport=5530
	settles 5 0 "IPv$f: UDP: entries end with opvs's" \
		count_flows udp dport=5530
	# Not what is left of another connection, but what it led to.
	from_client ask src="${client_ip[$f]}|26200" dst="${vip[$f,1]}|5530" \
		data=hello
	is "${A[got]}" 1 "IPv$f: UDP: begins anew"
}

for f in 4 6; do
	both_ways
	one_port
	errors
	ends
	# As the client's socket here is told of the server that it asked.
	agent burst src="$( ((f == 4)) && echo 10.91.1.1 || echo fd91:1::1)" \
		dst="${vip[$f,1]}|5531" count=30
	is "${A[got]}/${A[foreign]}" 30/0 "IPv$f: a client on the director"
done

# ---- a flowtable ----

# It takes what belongs to no service, and would send on what does as it came.
if nft -f - 2>"$state/said" <<'END'; then
table inet fw {
	flowtable quick {
		hook ingress priority 0
		devices = { d0, d1, d2, d3 }
	}
	chain quick {
		type filter hook forward priority -10; policy accept;
		ct state established flow add @quick
		tcp dport 5532 ct state new accept
	}
}
insert rule inet fw forward tcp dport 5532 accept
END
	accept_on 5532
	for f in 4 6; do
		from_client dial id=quick dst="${vip[$f,1]}|5530" count=6
		from_client talk id=quick data=more
		from_client talk id=quick data='and more'
		is "${A[got]} ${A[errors]:-}" '6 ' \
			"IPv$f: a flowtable leaves connections alone"
		agent hang id=quick
		from_client dial id=quick src="${client_ip[$f]}|26600" \
			dst="${rip[$f,1]}|5532"
		from_client talk id=quick data=more
		way 1 26600 5532
		is "$(count_flows tcp "$direct" '[OFFLOAD]')" 1 \
			"IPv$f: a flowtable takes others"
		agent hang id=quick
	done
	nft delete chain inet fw quick
	nft delete flowtable inet fw quick
else
	skip 'a flowtable' 'not in this kernel'
fi

# ---- servers without a way back ----

nft add rule inet fw nat oifname '{ d1, d2, d3 }' masquerade
for f in 4 6; do
	for n in 1 2 3; do
		in_server "$n" ip "-$f" route del default
	done
	from_client dial id=tcp src="${client_ip[$f]}|27000" \
		dst="${vip[$f,1]}|5530" count=12
	is "${A[got]} ${A[errors]}" '12 ' "IPv$f: masquerading: TCP: answered"
	agent hang id=tcp
	from_client clients src="${client_ip[$f]}|27100" count=12 \
		dst="${vip[$f,1]}|5530"
	is "${A[got]}/${A[foreign]}" 12/0 "IPv$f: masquerading: UDP: answered"
	agent got id=s1
	from_client burst src="${client_ip[$f]}|27200" \
		dst="${vip[$f,1]}|5531" count=60
	is "${A[got]}/${A[foreign]}" 60/0 \
		"IPv$f: masquerading: one-packet: answered"
	agent got id=s1
	is "${A[peer]%|*}" "$( ((f == 4)) && echo 10.91.11.1 || echo fd91:11::1)" \
		"IPv$f: masquerading: the server sees the director"
	for n in 1 2 3; do
		in_server "$n" ip "-$f" route add default via \
			"$( ((f == 4)) && echo "10.91.1$n.1" || echo "fd91:1$n::1")"
	done
done

# ---- a server on the director ----

nft flush chain inet fw nat
nft add chain inet fw out '{ type filter hook output priority 0; }'
nft add rule inet fw out udp sport 5539 ct state new drop
for f in 4 6; do
	inner=$( ((f == 4)) && echo 10.91.11.1 || echo '[fd91:11::1]')
	agent serve id=local addr="$(tr -d '[]' <<<"$inner")|5539"
	ipvsadm -a -u "${vs[$f,1]}:5531" -r "$inner:5539" -m
	from_client burst src="${client_ip[$f]}|27300" \
		dst="${vip[$f,1]}|5531" count=80
	is "${A[got]}/${A[foreign]}" 80/0 "IPv$f: a server here: answered"
	near "${A[on_local]:-0}" 20 "$(nproc)" \
		"IPv$f: a server here: what it says is established"
	agent unserve id=local
done

# ---- direct routing ----

for f in 4 6; do
	tracked -u "$f" 8 5530 -g -s rr
	for n in 1 2 3; do
		if ((f == 4)); then
			in_server "$n" ip addr add "${vip[4,8]}/32" dev lo
		else
			in_server "$n" ip addr add "${vip[6,8]}/128" dev lo nodad
		fi
		agent serve ns="${ns_servers[n]}" id="s$n" \
			addr="${vip[$f,8]}|5530"
	done
	from_client ask src="${direct_ip[$f]}|27400" dst="${vip[$f,8]}|5530" \
		data=hello
	is "${A[got]}" 1 "IPv$f: direct routing: answered"
	is "$(count_flows udp sport=27400 dport=5530 '[UNREPLIED]')" 1 \
		"IPv$f: direct routing: tracked as it came"
	agent flush ns="$ns_director"
	settles 5 0 "IPv$f: direct routing: the entry ends with opvs's" \
		count_flows udp sport=27400
	for n in 1 2 3; do
		in_server "$n" ip addr del \
			"${vip[$f,8]}/$((f == 4 ? 32 : 128))" dev lo
	done
done

# ---- tunnels ----

# The packet is tracked as it came, and the one around it by itself.
nft add rule inet fw nat ip protocol 4 counter
if in_server 1 ip link add t0 type ipip local 10.91.11.2 remote 10.91.11.1; then
	in_server 1 ip addr add "${vip[4,8]}/32" dev lo
	in_server 1 ip link set t0 up
	agent serve ns="${ns_servers[1]}" id=s1 addr="${vip[4,8]}|5534"
	ipvsadm -A -u "${vs[4,8]}:5534" -s rr
	ipvsadm -a -u "${vs[4,8]}:5534" -r "${rs[4,1]}:5534" -i
	from_client ask src="${direct_ip[4]}|27500" dst="${vip[4,8]}|5534" \
		data=hello
	is "${A[got]}" 1 'a tunnel: answered'
	is "$(count_flows udp "src=${direct_ip[4]} dst=${vip[4,8]} sport=27500")" 1 \
		'a tunnel: what is in it is tracked as it came'
	is "$(nft list chain inet fw nat | grep -o 'packets [0-9]*')" \
		'packets 1' 'a tunnel: the outer packet is a flow of its own'
	in_server 1 ip link del t0
	in_server 1 ip addr del "${vip[4,8]}/32" dev lo
else
	skip 'tunnels' 'no tunnel devices here'
fi
nft delete table inet fw
