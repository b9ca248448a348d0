# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Clients, virtual address and servers in a VRF: the way to a server is looked up
# there, and one of the same address outside is another.
if ! modprobe -q vrf || ! ip link add blue type vrf table 915; then
	skip 'a VRF' 'no VRFs here'
	return 0
fi
ns_blue_client=opvs-v-$ns_id
ns_blue_server=opvs-w-$ns_id
for ns in "$ns_blue_client" "$ns_blue_server"; do
	ip netns add "$ns"
	agent sysctl ns="$ns" net.ipv6.conf.default.accept_dad=0
done
{
	echo 'link set blue up'
	echo "link add v0 type veth peer name c0 netns $ns_blue_client"
	echo "link add w0 type veth peer name e0 netns $ns_blue_server"
	echo 'link set v0 master blue'
	echo 'link set w0 master blue'
	link_up v0 10.91.51.1 fd91:51::1
	link_up w0 10.91.52.1 fd91:52::1
	echo 'addr add 10.91.53.1/32 dev blue'
	echo 'addr add fd91:53::1/128 dev blue nodad'
	# Outside, these addresses lead to nobody.
	echo 'route add unreachable 10.91.52.0/24'
	echo 'route add unreachable fd91:52::/64'
} | ip -batch -
ends() { # DEVICE THIRD
	echo 'link set lo up'
	link_up "$1" "10.91.$2.2" "fd91:$2::2"
	echo "route add default via 10.91.$2.1"
	echo "route add ::/0 via fd91:$2::1"
}
ends c0 51 | ip -n "$ns_blue_client" -batch -
ends e0 52 | ip -n "$ns_blue_server" -batch -

declare -A virtual=([4]=10.91.53.1 [6]='[fd91:53::1]')
declare -A server=([4]=10.91.52.2 [6]='[fd91:52::2]')
declare -A host=([4]=10.91.52.1 [6]='[fd91:52::1]')
bare() { local a=${1#[}; echo "${a%]}"; }
for f in 4 6; do
	target=$(bare "${virtual[$f]}")
	there=$(bare "${server[$f]}")
	agent serve ns="$ns_blue_server" id=w1 addr="$there|5540"
	agent accept ns="$ns_blue_server" id=w2 addr="$there|5541"
	ipvsadm -A -u "${virtual[$f]}:5540" -s rr -o
	ipvsadm -a -u "${virtual[$f]}:5540" -r "${server[$f]}:5540" -m
	ipvsadm -A -t "${virtual[$f]}:5541" -s rr
	ipvsadm -a -t "${virtual[$f]}:5541" -r "${server[$f]}:5541" -m
	ipvsadm -A -u "${virtual[$f]}:5542" -s rr -o
	ipvsadm -a -u "${virtual[$f]}:5542" -r "${host[$f]}:5542" -m

	snapshot forwarded replies drop_no_route delivered_local
	agent burst ns="$ns_blue_client" dst="$target|5540" count=30
	is "${A[got]}/${A[foreign]}" 30/0 "IPv$f: datagrams in a VRF"
	rose forwarded 30 "IPv$f: forwarded"
	rose replies 30 "IPv$f: and answered"
	rose drop_no_route 0 "IPv$f: the VRF's routes are used"
	agent dial ns="$ns_blue_client" id=blue dst="$target|5541" count=3
	is "${A[got]}" 3 "IPv$f: TCP in a VRF"
	agent talk id=blue size=20000
	is "${A[got]}" 3 "IPv$f: TCP in a VRF goes on"
	agent hang id=blue
	agent ask ns="$ns_blue_client" dst="$target|5542" connect=1
	is "${A[got]} ${A[errno]:-} ${A[quoted]:-}" \
		"0 ECONNREFUSED $target|5542" \
		"IPv$f: a server on this host, in the VRF, where nobody listens"
	rose delivered_local 1 "IPv$f: the stack says so"
	# The link of the VRF, not that of the unreachable route, is judged.
	ip link set w0 mtu 1300
	agent ask ns="$ns_blue_client" dst="$target|5540" size=1400 df=1
	is "${A[got]} ${A[errno]:-} ${A[info]:-} ${A[quoted]:-}" \
		"0 EMSGSIZE 1300 $target|5540" "IPv$f: told the MTU in the VRF"
	ip link set w0 mtu 1500
	# Outside the VRF the same server cannot be reached.
	ipvsadm -A -u "${vs[$f,7]}:5540" -s rr -o
	ipvsadm -a -u "${vs[$f,7]}:5540" -r "${server[$f]}:5540" -m
	snapshot drop_no_route
	from_client ask dst="${vip[$f,7]}|5540" wait=300
	is "${A[got]}" 0 "IPv$f: outside, the server is another one"
	rose drop_no_route 1 "IPv$f: to which there is no way"
	agent burst ns="$ns_blue_client" dst="$target|5540" count=5
	is "${A[got]}/${A[foreign]}" 5/0 "IPv$f: and in the VRF again"
done
agent reset
ip link del v0
ip link del w0
ip link del blue
ip route del unreachable 10.91.52.0/24
ip route del unreachable fd91:52::/64
for ns in "$ns_blue_client" "$ns_blue_server"; do
	agent forget ns="$ns"
	ip netns del "$ns"
done
