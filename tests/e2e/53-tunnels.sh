# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Tunnels: the server gets the client's packet inside another one, of either
# family, by ipip, GUE or GRE, unpacks it by the kernel's own devices, and answers
# past the director. What the path between them carries, the client learns.
if ! modprobe -qa ipip ip_gre ip6_gre ip6_tunnel fou; then
	skip 'tunnels' 'no tunnel devices here'
	return 0
fi
modprobe -q sit || :

# OPVS_E2E_MATRIX=1: every kind in every pair of families.
# matters CASE PATTERN...: shows each thing once, where the kinds do not differ.
matters() {
	local what=$1 pattern
	shift
	[[ -z ${OPVS_E2E_MATRIX:-} ]] || return 0
	for pattern; do
		# shellcheck disable=SC2053 # a pattern
		[[ $what != $pattern ]] || return 0
	done
	return 1
}

# Each in the lanes that are quick; the headers are the same on every kernel.
kinds='ipip gue gue-csum gue-remcsum gre gre-csum'
paths='ipip gue gre'
if [[ -z ${OPVS_E2E_ALL:-} && $OPVS_KERNEL != uml* ]]; then
	kinds='ipip gre'
	paths=ipip
fi
declare -A how=(
	[ipip]='-i'
	[gue]='-i --tun-type gue --tun-port 6080'
	[gue-csum]='-i --tun-type gue --tun-port 6080 --tun-csum'
	[gue-remcsum]='-i --tun-type gue --tun-port 6080 --tun-remcsum'
	[gre]='-i --tun-type gre'
	[gre-csum]='-i --tun-type gre --tun-csum'
)
# What a packet becomes longer by, without the outer IP header.
declare -A more=([ipip]=0 [gue]=12 [gue-csum]=12 [gue-remcsum]=20 [gre]=4
	[gre-csum]=8)
declare -A ip_header=([4]=20 [6]=40)

# tunnel_ends SERVER OWN4 OWN6 DIRECTOR4 DIRECTOR6: devices that unpack.
tunnel_ends() {
	local n=$1 four="local $2 remote $4" six="local $3 remote $5" dev csum
	{
		echo "link add t4 type ipip $four"
		[[ ! -d /sys/module/sit ]] || echo "link add t64 type sit $four"
		echo "link add t6 type ip6tnl mode any $six encaplimit none"
		echo "link add g4 type gre $four"
		echo "link add g6 type ip6gre $six encaplimit none"
		for dev in t4 t6 g4 g6; do
			echo "link set $dev up"
		done
		[[ ! -d /sys/module/sit ]] || echo 'link set t64 up'
		for f in 4 6; do
			echo "addr add ${vip[$f,8]}/$((f == 4 ? 32 : 128)) dev lo"
		done
	} | ip -n "${ns_servers[$n]}" -batch -
	in_server "$n" ip fou add port 6080 gue
	in_server "$n" ip fou add port 6080 gue -6
}

# A server of GRE with checksums takes packets without, and the other way.
ends_with_csum() {
	local n=$1 csum=$2
	in_server "$n" ip link set g4 type gre "${csum}icsum" "${csum}ocsum"
	in_server "$n" ip link set g6 type ip6gre "${csum}icsum" "${csum}ocsum"
}

tunnel_ends 1 10.91.11.2 fd91:11::2 10.91.11.1 fd91:11::1
for f in 4 6; do
	agent serve ns="${ns_servers[1]}" id=s1 addr="${vip[$f,8]}|5530" \
		mode=brief
	agent accept ns="${ns_servers[1]}" id=a1 addr="${vip[$f,8]}|5531" \
		mode=digest
	agent accept ns="${ns_servers[1]}" id=c1 addr="${vip[$f,8]}|5532" \
		proto=sctp
	agent serve ns="${ns_servers[1]}" id=u1 addr="${vip[$f,8]}|5533"
	ipvsadm -A -u "${vs[$f,8]}:5530" -s rr -o
	ipvsadm -A -t "${vs[$f,8]}:5531" -s rr
	ipvsadm -A --sctp-service "${vs[$f,8]}:5532" -s rr
	ipvsadm -A -u "${vs[$f,8]}:5533" -s rr
done

# to_server VERB FAMILY ADDRESS OPTION...: of all four services; -d has no options.
to_server() {
	local verb=$1 f=$2 address=$3
	shift 3
	ipvsadm "$verb" -u "${vs[$f,8]}:5530" -r "$address:5530" "$@"
	ipvsadm "$verb" -t "${vs[$f,8]}:5531" -r "$address:5531" "$@"
	ipvsadm "$verb" --sctp-service "${vs[$f,8]}:5532" -r "$address:5532" "$@"
	ipvsadm "$verb" -u "${vs[$f,8]}:5533" -r "$address:5533" "$@"
}

# carries WHAT FAMILY: datagrams, one that is cut, connections with much to say.
carries() {
	local what=$1 f=$2 target=${vip[$2,8]} want
	snapshot forwarded replies ops_created ops_released_inline
	agent burst ns="$ns_client" src="${direct_ip[$f]}" \
		dst="$target|5530" count=40
	is "${A[got]}/${A[foreign]}" 40/0 "$what: datagrams"
	rose forwarded 40 "$what: by the director"
	rose ops_released_inline 40 "$what: an entry each, released inline"
	agent ask ns="$ns_client" src="${direct_ip[$f]}" dst="$target|5530" \
		size=4000 df=0
	is "${A[got]} ${A[intact]}" '1 1' "$what: one in several fragments"
	agent segments ns="$ns_client" src="${direct_ip[$f]}" \
		dst="$target|5530" count=8 size=1000
	is "${A[got]}/${A[intact]}" 8/8 "$what: many in one GSO packet"
	agent dial ns="$ns_client" id=t dst="$target|5531" mute=1 \
		src="${direct_ip[$f]}" count=2
	agent pour id=t size=150000
	want=${A[digest]}
	agent half id=t
	agent hear id=t
	is "${A[ended]} ${A[got]} ${A[last]#a1 }" "2 2 $want" \
		"$what: TCP, 150 000 bytes"
	agent hang id=t
}
# Other protocols are the same to a tunnel: once for each pair of families.
carries_others() {
	local what=$1 f=$2 target=${vip[$2,8]}
	agent dial ns="$ns_client" id=c dst="$target|5532" \
		src="${direct_ip[$f]}" proto=sctp count=2
	is "${A[got]}" 2 "$what: SCTP"
	agent talk id=c size=3000
	is "${A[got]} ${A[open]}" '2 2' "$what: SCTP, 3 000 bytes"
	agent hang id=c
	agent flush ns="$ns_director"
	agent burst ns="$ns_client" src="${direct_ip[$f]}" \
		dst="$target|5533" count=20
	is "${A[got]}/${A[foreign]}" 20/0 "$what: tracked datagrams"
	is "$(entries "UDP" "${vs[$f,8]}:5533 " "${rs[$3,1]}:5533 " | wc -l)" 1 \
		"$what: one entry, with the server's address"
}

# Without a device for IPv6 in IPv4, GRE shows that it is carried.
unpacks() { [[ $1 == gre* || $2 != 6 || $3 != 4 || -d /sys/module/sit ]]; }

for f in 4 6; do
	for g in 4 6; do
		to_server -a $f "${rs[$g,1]}" -i
		for kind in $kinds; do
			what="IPv$f in IPv$g, $kind"
			if ! unpacks "$kind" $f $g; then
				skip "$what" 'no device unpacks it'
				continue
			fi
			# What is between the headers has no family.
			matters "$f$g-$kind" '44-*' 46-ipip '46-*-*' 66-ipip \
				66-gue '*-gre' || continue
			read -ra options <<<"${how[$kind]}"
			to_server -e $f "${rs[$g,1]}" "${options[@]}"
			[[ $kind != gre* ]] || ends_with_csum 1 \
				"$([[ $kind == gre-csum ]] || echo no)"
			carries "$what" $f
			! matters "$f$g-$kind" '*-gre' ||
				carries_others "$what" $f $g
		done
		to_server -d $f "${rs[$g,1]}"
	done
done

# ---- what is on the wire ----

to_server -a 4 "${rs[4,1]}" -i
agent sniff id=out ns="${ns_servers[1]}" dev=e1
agent ask ns="$ns_client" src="${direct_ip[4]}" dst="${vip[4,8]}|5530" \
	size=100 df=1 ttl=9
wire=$(captured out -v 'ip proto 4' | tr -s ' \n\t' ' ')
[[ $wire == *'ttl 8,'*'flags [DF]'*'10.91.11.1 > 10.91.11.2:'*'ttl 8,'*'flags [DF]'*'10.91.9.2.'*' > 10.91.0.8.5530:'* ]] &&
	wire=right
is "$wire" right \
	'ipip: from this host to the server, TTL and DF of the packet inside'
vs_sysctl pmtu_disc 0
agent sniff id=out ns="${ns_servers[1]}" dev=e1
agent ask ns="$ns_client" src="${direct_ip[4]}" dst="${vip[4,8]}|5530" \
	size=1460 df=1
is "${A[got]} ${A[intact]}" '1 1' 'pmtu_disc=0: what is too long is cut outside'
is "$(captured out 'ip proto 4 and ip[6:2] & 0x3fff != 0' | wc -l)" 2 \
	'pmtu_disc=0: in two pieces'
vs_sysctl pmtu_disc 1
to_server -d 4 "${rs[4,1]}"

# ---- a tunnel of somebody else to the same server ----

# What this host, as a router, says about its packets is for its sender alone.
to_server -a 4 "${rs[4,1]}" -i
in_client ip link add other type ipip local "${client_ip[4]}" \
	remote "${rip[4,1]}"
in_client ip link set other up
in_client ip route add "${vip[4,8]}/32" dev other
ip link set d1 mtu 1300
snapshot icmp_to_client
agent ask ns="$ns_client" src="${client_ip[4]}" dst="${vip[4,8]}|5530" \
	size=1400 df=1 wait=300
check 'another tunnel: its end is told the MTU by the router here' eval \
	"in_client ip route get ${rip[4,1]} | grep -q 'mtu 1300'"
rose icmp_to_client 0 'another tunnel: and nobody else is told'
ip link set d1 mtu 1500
in_client ip link del other
in_client ip route flush cache
to_server -d 4 "${rs[4,1]}"

# ---- a narrow link, here and on the way ----

# told FAMILY SIZE MTU TEXT: a datagram that may not be cut is too big.
told() {
	agent ask ns="$ns_client" src="${direct_ip[$1]}" \
		dst="${vip[$1,8]}|5530" size="$2" df=1
	is "${A[got]} ${A[errno]:-} ${A[info]:-}" "0 EMSGSIZE $3" "$4"
	is "${A[quoted]:-}" "${vip[$1,8]}|5530" "$4: about the virtual address"
}
client_forgets() {
	in_client ip route flush cache
	in_client ip -6 route flush cache
}

forget_all() {
	client_forgets
	ip route flush cache
	ip -6 route flush cache
}
# shrinks WHAT: a connection finds out how much the way carries, and goes on.
shrinks() {
	local want name="-t ${vs[$f,8]}:5531"
	# shellcheck disable=SC2086 # kind and name
	ipvsadm -a $name -r "${far[$g]}:5531" "${options[@]}"
	agent dial ns="$ns_client" id=t dst="${vip[$f,8]}|5531" mute=1 \
		src="${direct_ip[$f]}"
	agent pour id=t size=60000
	want=${A[digest]}
	agent half id=t
	agent hear id=t
	is "${A[ended]} ${A[got]} ${A[last]#a3 }" "1 1 $want" \
		"$1: TCP fits its segments to it"
	agent hang id=t
	# shellcheck disable=SC2086 # kind and name
	ipvsadm -d $name -r "${far[$g]}:5531"
}

# Behind server 2, by a link that is narrower at that end.
in_server 2 ip link add r2 mtu 1400 type veth peer name r3 \
	netns "${ns_servers[3]}"
link_up r2 10.91.30.1 fd91:30::1 | ip -n "${ns_servers[2]}" -batch -
link_up r3 10.91.30.2 fd91:30::2 | ip -n "${ns_servers[3]}" -batch -
agent sysctl ns="${ns_servers[2]}" net.ipv4.ip_forward=1 \
	net.ipv6.conf.all.forwarding=1
ip route add 10.91.30.0/24 via 10.91.12.2
ip route add fd91:30::/64 via fd91:12::2
tunnel_ends 3 10.91.30.2 fd91:30::2 10.91.12.1 fd91:12::1
declare -A far=([4]=10.91.30.2 [6]='[fd91:30::2]')
for f in 4 6; do
	agent serve ns="${ns_servers[3]}" id=s3 addr="${vip[$f,8]}|5530" \
		mode=brief
	agent accept ns="${ns_servers[3]}" id=a3 addr="${vip[$f,8]}|5531" \
		mode=digest
	for g in 4 6; do
		for kind in $paths; do
			what="IPv$f in IPv$g, $kind"
			unpacks "$kind" $f $g || continue
			matters "$f$g-$kind" '*-ipip' 44-gue 66-gue 64-gre ||
				continue
			((narrow = 1400 - ip_header[$g] - more[$kind])) || :
			read -ra options <<<"${how[$kind]}"
			ipvsadm -a -u "${vs[$f,8]}:5530" -r "${far[$g]}:5530" \
				"${options[@]}"
			snapshot icmp_to_client drop_mtu
			told $f 1390 $narrow "$what: a narrow link on the way"
			rose icmp_to_client 1 "$what: as a router there said"
			client_forgets
			told $f 1390 $narrow "$what: known by now"
			rose drop_mtu 1 "$what: and said by the director"
			# 8 for UDP
			agent ask ns="$ns_client" src="${direct_ip[$f]}" df=1 \
				dst="${vip[$f,8]}|5530" \
				size=$((narrow - ip_header[$f] - 8))
			is "${A[got]} ${A[intact]}" '1 1' \
				"$what: what just fits passes"
			agent ask ns="$ns_client" src="${direct_ip[$f]}" df=0 \
				dst="${vip[$f,8]}|5530" size=3000
			is "${A[got]} ${A[intact]}" '1 1' \
				"$what: what may be cut passes"
			forget_all
			shrinks "$what"
			forget_all
			agent ask ns="$ns_client" src="${direct_ip[$f]}" \
				dst="${vip[$f,8]}|5530" ttl=2
			is "${A[got]} ${A[errno]:-} ${A[quoted]:-}" \
				"0 EHOSTUNREACH ${vip[$f,8]}|5530" \
				"$what: a hop within the tunnel can be traced"
			ipvsadm -d -u "${vs[$f,8]}:5530" -r "${far[$g]}:5530"
		done
	done
done

# ---- errors of others ----

# Nobody listens for GUE: the client hears of a host that cannot be reached.
in_server 3 ip fou del port 6080
ipvsadm -a -u "${vs[4,8]}:5530" -r 10.91.30.2:5530 -i --tun-type gue \
	--tun-port 6080
agent ask ns="$ns_client" src="${direct_ip[4]}" dst="${vip[4,8]}|5530"
is "${A[got]} ${A[errno]:-} ${A[quoted]:-}" \
	"0 EHOSTUNREACH ${vip[4,8]}|5530" 'nobody unpacks: host unreachable'
ipvsadm -d -u "${vs[4,8]}:5530" -r 10.91.30.2:5530

# A client's closed port, said to the server inside the tunnel.
ipvsadm -E -u "${vs[4,8]}:5530" -s mh -o
ipvsadm -a -u "${vs[4,8]}:5530" -r 10.91.30.2:5530 -i
agent ask ns="$ns_client" src="${direct_ip[4]}|6453" dst="${vip[4,8]}|5530"
snapshot icmp_to_server
agent say id=s3 dst="${direct_ip[4]}|6453" data='nobody there'
agent errors id=s3 dst="${direct_ip[4]}|6453"
is "${A[errno]} ${A[quoted]:-}" "ECONNREFUSED ${direct_ip[4]}|6453" \
	"a client's closed port refuses the server"
rose icmp_to_server 1 'and is counted'

# ---- what is shown, and what is refused ----

is "$(ipvsadm -Ln --tun-info -u "${vs[4,8]}:5530" | awk '/->.*10.91/ { print $2, $3, $4 }')" \
	'10.91.30.2:5530 Tunnel ipip' 'ipvsadm shows the tunnel'
ipvsadm -d -u "${vs[4,8]}:5530" -r 10.91.30.2:5530

in_server 2 ip link del r2
ip route del 10.91.30.0/24 via 10.91.12.2
ip route del fd91:30::/64 via fd91:12::2
agent sysctl ns="${ns_servers[2]}" net.ipv4.ip_forward=0 \
	net.ipv6.conf.all.forwarding=0
for n in 1 3; do
	in_server $n ip fou del port 6080 || :
	in_server $n ip fou del port 6080 -6 || :
	for dev in t4 t6 t64 g4 g6; do
		in_server $n ip link del $dev 2>/dev/null || :
	done
	for f in 4 6; do
		in_server $n ip addr del "${vip[$f,8]}/$((f == 4 ? 32 : 128))" \
			dev lo
	done
done
