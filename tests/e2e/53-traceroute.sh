# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# traceroute and tracepath through services to a server that is two hops behind the
# director: client - director - server 1, which forwards - far.
! same_everywhere 'traceroute' || return 0
far=opvs-v-$ns_id
ip netns add "$far"
in_server 1 ip link add v0 type veth peer name w0 netns "$far"
in_server 1 ip -batch - <<-END
	link set v0 up
	addr add 10.91.42.1/24 dev v0
	addr add fd91:42::1/64 dev v0 nodad
END
ip -n "$far" -batch - <<-END
	link set lo up
	link set w0 up
	addr add 10.91.42.2/24 dev w0
	addr add fd91:42::2/64 dev w0 nodad
	route add default via 10.91.42.1
	route add ::/0 via fd91:42::1
END
agent sysctl ns="${ns_servers[1]}" net.ipv4.ip_forward=1 \
	net.ipv6.conf.all.forwarding=1
ip route add 10.91.42.0/24 via 10.91.11.2
ip route add fd91:42::/64 via fd91:11::2
declare -A far_ip=([4]=10.91.42.2 [6]=fd91:42::2)
declare -A far_rs=([4]=10.91.42.2 [6]='[fd91:42::2]')

# Every host may say as often as it is asked what it has to say.
for ns in "$ns_director" "${ns_servers[1]}" "$far"; do
	agent sysctl ns="$ns" net.ipv4.icmp_ratelimit=0 \
		net.ipv6.icmp.ratelimit=0
done

for f in 4 6; do
	agent serve ns="$far" id="u$f" addr="${far_ip[$f]}|5340"
	agent accept ns="$far" id="t$f" addr="${far_ip[$f]}|5343"
	ipvsadm -A -u "${vs[$f,1]}:5340" -s rr -o
	ipvsadm -A -u "${vs[$f,2]}:5340" -s rr
	ipvsadm -A -t "${vs[$f,1]}:5343" -s rr
	ipvsadm -A -u "${vs[$f,1]}:5341" -s rr -o
	ipvsadm -A -u "${vs[$f,2]}:5341" -s rr
	for name in "-u ${vs[$f,1]}:5340" "-u ${vs[$f,2]}:5340" \
		"-t ${vs[$f,1]}:5343" "-u ${vs[$f,1]}:5341" \
		"-u ${vs[$f,2]}:5341"; do
		# shellcheck disable=SC2086 # kind and name
		ipvsadm -a $name -r "${far_rs[$f]}:${name##*:}" -m
	done
done

# hops TARGET OPTION...: the addresses that traceroute prints, one for each hop.
hops() {
	local target=$1
	shift
	in_client traceroute -n -q 1 -w 5 -m 6 "$@" "$target" |
		awk 'NR > 1 { print $2 }' | xargs
}

# Three hops to what answers. All have the virtual address: the director's own error
# as that of the host that was asked, that of a router behind it as with any NAT, for
# the client does not know the servers' addresses.
for f in 4 6; do
	one=${vip[$f,1]} other=${vip[$f,2]}
	is "$(hops "$one" -U -p 5340)" "$one $one $one" \
		"IPv$f: UDP to a one-packet service: its path"
	is "$(hops "$other" -U -p 5340)" "$other $other $other" \
		"IPv$f: UDP to a tracked one"
	is "$(hops "$one" -T -p 5343)" "$one $one $one" \
		"IPv$f: TCP"
	is "$(hops "$one" -U -p 5341)" "$one $one $one" \
		"IPv$f: UDP to a closed port behind a one-packet service"
	is "$(hops "$other" -U -p 5341)" "$other $other $other" \
		"IPv$f: and behind a tracked one"
	# The director answers for its own address.
	is "$(hops "$one" -I)" "$one" "IPv$f: ICMP ends at the virtual address"
	# The way back: the director is one of its hops like any router.
	is "$(in_server 1 traceroute -n -q 1 -w 5 -m 4 -I "${client_ip[$f]}" |
		awk 'NR > 1 { print $2 }' | xargs)" \
		"$([[ $f == 4 ]] && echo 10.91.11.1 || echo fd91:11::1) ${client_ip[$f]}" \
		"IPv$f: ICMP from a server to the client"
done

# A narrow link behind the director: tracepath finds the MTU of the whole path. It
# asks one port after the other, so services are for all of them: a one-packet one
# by mark, and a tracked one.
forget_mtus() {
	in_client ip route flush cache
	in_client ip -6 route flush cache
}
forget_mtus
in_server 1 ip link set v0 mtu 1340
ip -n "$far" link set w0 mtu 1340
nft -f - <<-END
	table inet marks {
		chain pre {
			type filter hook prerouting priority mangle;
			ip daddr ${vip[4,3]} meta mark set 534
			ip6 daddr ${vip[6,3]} meta mark set 536
		}
	}
END
for f in 4 6; do
	v6=$([[ $f == 4 ]] || echo -6)
	# shellcheck disable=SC2086 # nothing is nothing
	ipvsadm -A -f 53$f $v6 -s rr -o
	# shellcheck disable=SC2086 # as above
	ipvsadm -a -f 53$f $v6 -r "${far_rs[$f]}:0" -m
	ipvsadm -A -u "${vs[$f,4]}:0" -s rr -p 60
	ipvsadm -a -u "${vs[$f,4]}:0" -r "${far_rs[$f]}:0" -m
	for v in 3 4; do
		found=$(in_client tracepath -n -m 6 -p 5400 "${vip[$f,$v]}")
		is "$(grep -o 'pmtu [0-9]*' <<<"$found" | tail -n 1)" 'pmtu 1340' \
			"IPv$f: tracepath to address $v: the MTU of its path"
		is "$(grep -oE '^ *[0-9]+: .* reached' <<<"$found" |
			awk '{ print $1, $2 }')" "3: ${vip[$f,$v]}" \
			"IPv$f: tracepath to address $v: it gets there in three hops"
	done
done
nft delete table inet marks
forget_mtus
ip route del 10.91.42.0/24
ip -6 route del fd91:42::/64
agent unserve id=u4
agent unserve id=u6
agent unaccept id=t4
agent unaccept id=t6
agent forget ns="$far"
ip netns del "$far"
