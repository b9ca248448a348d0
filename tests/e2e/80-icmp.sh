# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# ICMP errors about connections: translated both ways, and with the mask of the
# service, not the server.
for f in 4 6; do
	# ---- a server with a closed port ----

	tracked -u "$f" 1 8080 -m -s rr
	for _ in 1 2; do
		from_client ask src="${client_ip[$f]}|27000" connect=1 \
			dst="${vip[$f,1]}|8080" data=anybody
		is "${A[errno]:-none} ${A[quoted]:-} ${A[offender]:-}" \
			"ECONNREFUSED ${vip[$f,1]}|8080 ${vip[$f,1]}" \
			"IPv$f: a closed port of the server, as the service's"
	done
	is "$(states "${cs[$f]}:27000 ")" UDP:1 "IPv$f: the entry stays"

	# ---- a client whose port is closed meanwhile ----

	agent serve ns="${ns_servers[1]}" id=s1 addr="${rip[$f,1]}|8081"
	ipvsadm -A -u "${vs[$f,1]}:8081" -s rr
	real -a -u "$f" 1 8081 1 -m
	from_client ask src="${client_ip[$f]}|27001" dst="${vip[$f,1]}|8081" \
		data=hello
	agent say id=s1 dst="${client_ip[$f]}|27001" data='too late'
	agent errors id=s1 dst="${client_ip[$f]}|27001"
	is "${A[errno]} ${A[quoted]:-} ${A[offender]:-}" \
		"ECONNREFUSED ${client_ip[$f]}|27001 ${client_ip[$f]}" \
		"IPv$f: a closed port of the client refuses its server"
	agent unserve id=s1
done

# ---- a narrow link behind the director ----

# Server 1 forwards to it; its far end does not exist, which is enough.
in_server 1 ip link add narrow type dummy
in_server 1 ip -batch - <<-END
	link set narrow mtu 1300 up
	addr add 10.91.42.1/24 dev narrow
	addr add fd91:42::1/64 dev narrow nodad
	neigh add 10.91.42.2 lladdr 02:00:00:00:91:42 dev narrow
	neigh add fd91:42::2 lladdr 02:00:00:00:91:42 dev narrow
END
agent sysctl ns="${ns_servers[1]}" net.ipv4.ip_forward=1 \
	net.ipv6.conf.all.forwarding=1
ip route add 10.91.42.0/24 via 10.91.11.2
ip route add fd91:42::/64 via fd91:11::2
declare -A beyond=([4]=10.91.42.2 [6]='[fd91:42::2]')
for f in 4 6; do
	ipvsadm -A -u "${vs[$f,2]}:8082" -s rr
	ipvsadm -a -u "${vs[$f,2]}:8082" -r "${beyond[$f]}:8082" -m
	from_client ask dst="${vip[$f,2]}|8082" size=1400 df=1
	is "${A[errno]:-none} ${A[info]:-} ${A[quoted]:-}" \
		"EMSGSIZE 1300 ${vip[$f,2]}|8082" \
		"IPv$f: UDP: the client is told of a narrow link"
done

# ---- a narrow link to the client: TCP finds out and goes on ----

# What capture "told" shows of MTUs that somebody was told, in family f.
told_mtus() {
	local filter='icmp6 and ip6[40] == 2'
	((f == 6)) || filter='icmp[0] == 3 and icmp[1] == 4'
	captured told -v "$filter" | grep -o 'mtu [0-9]*' | sort -u || :
}
# A sender that has learned of a narrow way before is not told again.
in_server 2 ip route flush cache
in_server 2 ip -6 route flush cache
in_client ip route flush cache
in_client ip -6 route flush cache

# The director's own link is narrow, so that it is the director that says so
# to the server, about a packet that it has to translate back.
ip link set d0 mtu 1300
for f in 4 6; do
	agent accept ns="${ns_servers[2]}" id=wide addr="${rip[$f,2]}|8083"
	ipvsadm -A -t "${vs[$f,3]}:8083" -s rr
	real -a -t "$f" 3 8083 2 -m
	from_client dial id=wide dst="${vip[$f,3]}|8083"
	agent sniff id=told ns="${ns_servers[2]}" dev=e2
	from_client talk id=wide size=9000
	is "${A[got]} ${A[errors]}" '1 ' "IPv$f: TCP: large answers arrive"
	is "$(told_mtus)" 'mtu 1300' \
		"IPv$f: TCP: the server was told why they had to"
	agent hang id=wide how=rst
	agent unaccept id=wide
done
ip link set d0 mtu 1500

# ---- a narrow link to the server: the director tells the client ----

ip link set d3 mtu 1300
for f in 4 6; do
	agent accept ns="${ns_servers[3]}" id=deep addr="${rip[$f,3]}|8084" \
		mode=digest
	ipvsadm -A -t "${vs[$f,4]}:8084" -s rr
	real -a -t "$f" 4 8084 3 -m
	from_client dial id=deep dst="${vip[$f,4]}|8084" mute=1
	agent sniff id=told ns="$ns_client" dev=c0
	agent pour id=deep size=100000
	want=${A[digest]}
	agent half id=deep
	agent hear id=deep
	is "${A[last]#* }" "$want" "IPv$f: TCP: a large question arrives"
	is "$(told_mtus)" 'mtu 1300' "IPv$f: TCP: the client was told"
	agent hang id=deep how=rst
	agent unaccept id=deep
done
ip link set d3 mtu 1500

ip route del 10.91.42.0/24 via 10.91.11.2
ip route del fd91:42::/64 via fd91:11::2
agent sysctl ns="${ns_servers[1]}" net.ipv4.ip_forward=0 \
	net.ipv6.conf.all.forwarding=0
in_server 1 ip link del narrow
