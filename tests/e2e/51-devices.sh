# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# What a server's packets leave by goes away: its device, that device's link,
# address, bridge, VRF or tunnel, a neighbour. None of it waits for the services,
# with traffic or without, whatever their method, family and kind; and when it is
# back, so are packets, those of old connections, too.
#
# The server is a fourth one, behind d4 and x4 as the others are behind theirs.
ns_servers[4]=opvs-s4-$ns_id
rip[4,4]=10.91.14.2 rip[6,4]=fd91:14::2
rs[4,4]=10.91.14.2 rs[6,4]='[fd91:14::2]'
seconds=60	# for anything that has to end
kinds=(5101 5102 5103)	# ports: tracked, one-packet, persistent

# ---- the network ----

# Lines for ip in the director's namespace: d4 with its addresses, or another
# device that has them.
link_made() {
	echo "link add d4 type veth peer name e4 netns ${ns_servers[4]}"
	link_up d4 10.91.14.1 fd91:14::1
}
addresses() { # VERB DEVICE
	echo "addr $1 10.91.14.1/24 dev $2"
	echo "addr $1 fd91:14::1/64 dev $2 $([[ $1 == del ]] || echo nodad)"
}
server_side() {
	link_up e4 10.91.14.2 fd91:14::2
	echo "route replace default via 10.91.14.1"
	echo "route replace ::/0 via fd91:14::1"
}
make_link() {
	link_made | ip -batch -
	server_side | ip -n "${ns_servers[4]}" -batch -
}

make_server() {
	local f port
	ip netns add "${ns_servers[4]}"
	agent sysctl ns="${ns_servers[4]}" net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 \
		net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 \
		net.ipv6.conf.default.accept_dad=0
	ip link add x4 netns "$ns_client" type veth \
		peer name x0 netns "${ns_servers[4]}"
	link_up x4 10.91.24.1 fd91:24::1 | ip -n "$ns_client" -batch -
	make_link
	{
		echo "link set lo up"
		link_up x0 10.91.24.2 fd91:24::2
		echo "addr add ${vip[4,6]}/32 dev lo"
		echo "addr add ${vip[6,6]}/128 dev lo nodad"
		echo "route add 10.91.9.2/32 via 10.91.24.1"
		echo "route add fd91:9::2/128 via fd91:24::1"
	} | ip -n "${ns_servers[4]}" -batch -
	for f in 4 6; do
		for port in "${kinds[@]}"; do
			agent serve ns="${ns_servers[4]}" id=s4 \
				addr="${rip[$f,4]}|$port"
			agent serve ns="${ns_servers[4]}" id=s4 \
				addr="${vip[$f,6]}|$port"
		done
	done
}

# Each kind by NAT at the fifth virtual address and by direct routing at the sixth.
configure() {
	local f v method port options
	for f in 4 6; do
		for v in 5 6; do
			method=-m
			((v == 5)) || method=-g
			for port in "${kinds[@]}"; do
				options=(-s rr)
				((port != 5102)) || options+=(-o)
				((port != 5103)) || options+=(-p 300)
				echo "-A -u ${vs[$f,$v]}:$port ${options[*]}"
				echo "-a -u ${vs[$f,$v]}:$port" \
					"-r ${rs[$f,4]}:$port $method"
			done
		done
	done | ipvsadm -R
}

# ---- traffic ----

turn=0
# Old and new connections of all of them, answered.
served() {
	local f v src
	missed=''
	for f in 4 6; do
		for v in 5 6; do
			src=${client_ip[$f]}
			((v == 5)) || src=${direct_ip[$f]}
			agent clients ns="$ns_client" src="$src|$((31000 + turn))" \
				count=9 dst="${vip[$f,$v]}|5101,${vip[$f,$v]}|5102,${vip[$f,$v]}|5103"
			((A[got] == 9)) || missed+="IPv$f VIP $v: ${A[got]} of 9; "
		done
	done
	[[ -z $missed ]]
}
flows() {
	((turn += 3))
	if poll 10 served; then ok "$1"; else not_ok "$1" "$missed"; fi
}

begin_flood() {
	local f v port targets=()
	for f in 4 6; do
		for v in 5 6; do
			for port in "${kinds[@]}"; do
				targets+=("${vip[$f,$v]}" "$port")
			done
		done
	done
	spawn_in "$ns_client" "$e2e/race/flood.py" 400 "${targets[@]}" </dev/null
	flood=$spawned
	snapshot service_packets
	check "$1: packets come" poll 10 risen_to service_packets 50
}

# goes TEXT BATCH BACK: the lines of BATCH for ip come to an end within seconds, without
# traffic and with it; BACK, a function, undoes them.
goes() {
	local text=$1 batch=$2 back=$3
	bounded $seconds "$text" ip -batch "$batch"
	$back
	flows "$text: back again"
	begin_flood "$text"
	bounded $seconds "$text, under traffic" ip -batch "$batch"
	$back
	kill "$flood"
	flows "$text, under traffic: back again"
}

batch() { # LINE...: a file for goes
	printf '%s\n' "$@" >"$state/batch"
	echo "$state/batch"
}

make_server
configure
flows 'all are served'

# ---- what can go ----

goes 'the device' "$(batch 'link del d4')" make_link

up_again() { ip link set d4 up; }
goes 'its link' "$(batch 'link set d4 down')" up_again

address_again() { addresses replace d4 | ip -batch -; }
addresses del d4 >"$state/addresses"
goes 'its addresses' "$state/addresses" address_again

neighbour_again() { :; }
goes 'the neighbours' "$(batch 'neigh flush dev d4')" neighbour_again

# A VRF takes the addresses out of the main table.
if modprobe -q vrf && ip link add v4 type vrf table 914; then
	ip link set v4 up
	out_of_vrf() {
		ip link set d4 nomaster
		address_again
	}
	goes 'into a VRF' "$(batch 'link set d4 master v4')" out_of_vrf
	ip link set d4 master v4
	served || :
	bounded $seconds 'a VRF with a port' ip link del v4
	address_again
	flows 'a VRF with a port: back again'
else
	skip 'into a VRF' 'no VRFs here'
fi

# The addresses are those of a bridge that d4 is a port of.
modprobe -q bridge
bridge_plan() {
	addresses del d4
	echo 'link add b4 type bridge'
	echo 'link set d4 master b4'
	echo 'link set b4 up'
	addresses add b4
}
make_bridge() { bridge_plan | ip -batch -; }
make_bridge
flows 'behind a bridge'
port_again() { ip link set d4 master b4; }
goes "the bridge's port" "$(batch 'link set d4 nomaster')" port_again
bridge_again() {
	address_again
	make_bridge
}
goes 'the bridge' "$(batch 'link del b4')" bridge_again
ip link del b4
address_again

# A tunnel is the way to the server's addresses; without it they are on the link.
outer() { # DEVICE THIS-END
	echo "addr add 10.91.34.$2/24 dev $1"
	echo "addr add fd91:34::$2/64 dev $1 nodad"
}
tunnels() { # THIS-END OTHER-END
	echo "link add t4 type ipip local 10.91.34.$1 remote 10.91.34.$2"
	echo "link add t6 type ip6tnl mode ip6ip6 local fd91:34::$1" \
		"remote fd91:34::$2 encaplimit none"
	printf 'link set %s up\n' t4 t6
}
tunnel_routes() {
	echo 'route add 10.91.14.2/32 dev t4'
	echo 'route add fd91:14::2/128 dev t6'
}
make_outer() {
	outer e4 2 | ip -n "${ns_servers[4]}" -batch -
	outer d4 1 | ip -batch -
}
make_tunnels() {
	{
		tunnels 1 2
		tunnel_routes
	} | ip -batch -
}
if modprobe -qa ipip ip6_tunnel; then
	make_outer
	tunnels 2 1 | ip -n "${ns_servers[4]}" -batch -
	make_tunnels
	flows 'by a tunnel'
	goes 'the tunnels' "$(batch 'link del t4' 'link del t6')" make_tunnels
	under_again() {
		make_link
		make_outer
	}
	goes 'the device under the tunnels' "$(batch 'link del d4')" under_again
	printf 'link del %s\n' t4 t6 | ip -batch -
else
	skip 'the tunnels' 'no tunnels here'
fi
flows 'by the link alone'

# ---- the services are gone, their connections are not ----

ipvsadm -C
counter conns
check "without services, $value entries are left" test "$value" -gt 0
bounded $seconds 'the device, of removed servers' ip link del d4
make_link
configure
flows 'services and device are back'

# ---- a whole namespace goes, its devices first ----

other=opvs-v-$ns_id
ports=(5104 5105 5106 5107 5108 5109)

make_other() {
	ip netns add "$other"
	ip -batch - <<-END
		link add o0 netns $ns_client type veth peer name o1 netns $other
		link add p0 netns $ns_client type veth peer name p1 netns $other
	END
	agent sysctl ns="$other" net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	{
		link_up o0 10.91.54.2 fd91:54::2
		link_up p0 10.91.55.2 fd91:55::2
	} | ip -n "$ns_client" -batch -
	{
		echo 'link set lo up'
		link_up o1 10.91.54.1 fd91:54::1
		link_up p1 10.91.55.1 fd91:55::1
	} | ip -n "$other" -batch -
}

# Each port another method and kind, towards an address of the client's box.
other_services() {
	local n=0 method kind port
	for method in -m -g; do
		for kind in '' '-o' '-p 300'; do
			port=${ports[n++]}
			echo "-A -u 10.91.54.1:$port -s rr $kind"
			echo "-a -u 10.91.54.1:$port -r 10.91.55.2:$port $method"
			echo "-A -u [fd91:54::1]:$port -s rr $kind"
			echo "-a -u [fd91:54::1]:$port -r [fd91:55::2]:$port $method"
		done
	done
}

for round in 1 2; do
	make_other
	other_services | nsenter --net="/run/netns/$other" ipvsadm -R
	for port in "${ports[@]}"; do
		agent clients ns="$ns_client" src='10.91.54.2|32000' \
			dst="10.91.54.1|$port" count=2 calm=1
		agent clients ns="$ns_client" src='fd91:54::2|32000' \
			dst="fd91:54::1|$port" count=2 calm=1
	done
	agent read ns="$other" file=/sys/kernel/opvs/forwarded
	is "${A[value]}" 24 "round $round: packets in another namespace"
	agent forget ns="$other"
	bounded $seconds "round $round: it is let go" ip netns del "$other"
	gone() { ! in_client ip link show dev p0 >/dev/null 2>&1; }
	check "round $round: its devices go" poll $seconds gone
done
# That waits until the namespaces are done with, too.
bounded 20 'the module leaves' rmmod opvs
modprobe opvs
ip netns del "${ns_servers[4]}"
