# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Settings about the ways of packets: snat_reroute and ignore_tunneled.
servers 5540

# ---- snat_reroute: where replies go ----

# A route for what has the virtual address, which leads nowhere.
for f in 4 6; do
	service "$f" 1 5540 -s rr
	ip "-$f" rule add from "${vip[$f,1]}" lookup 53
	ip "-$f" route add blackhole default table 53
	snapshot replies reply_drop_no_route
	vs_sysctl snat_reroute 1
	from_client ask dst="${vip[$f,1]}|5540" data=hello wait=300
	is "${A[got]}" 0 "IPv$f: snat_reroute=1: by their new source"
	rose reply_drop_no_route 1 "IPv$f: snat_reroute=1: counted"
	vs_sysctl snat_reroute 0
	from_client ask dst="${vip[$f,1]}|5540" data=hello
	is "${A[got]}" 1 "IPv$f: snat_reroute=0: as any packet that is forwarded"
	rose replies 1 "IPv$f: snat_reroute=0: counted"
	ip "-$f" route del blackhole default table 53
	ip "-$f" rule del from "${vip[$f,1]}" lookup 53
done

# ---- ignore_tunneled: what comes out of a tunnel ----

# From the client by a tunnel: to the virtual address, where the director itself
# has a server, too.
modprobe -q ipip || :
if ! ip link add tn0 type ipip local 10.91.1.1 remote 10.91.1.2 2>/dev/null; then
	skip 'ignore_tunneled' 'no tunnels in this kernel'
	return 0
fi
ip addr add 10.91.30.1/24 dev tn0
ip link set tn0 up
in_client ip link add tn0 type ipip local 10.91.1.2 remote 10.91.1.1
in_client ip addr add 10.91.30.2/24 dev tn0
in_client ip link set tn0 up
in_client ip route add "${vip[4,1]}/32" dev tn0 src 10.91.30.2
agent serve id=here addr="${vip[4,1]}|5540"
for value in 0 1; do
	vs_sysctl ignore_tunneled "$value"
	snapshot service_packets
	agent ask ns="$ns_client" src=10.91.30.2 dst="${vip[4,1]}|5540" data=hi
	is "${A[got]}" 1 "ignore_tunneled=$value: answered"
	rose service_packets $((1 - value)) "ignore_tunneled=$value: balanced or not"
done
is "${A[server]}" here 'by the server on this host'
in_client ip link del tn0
ip link del tn0
