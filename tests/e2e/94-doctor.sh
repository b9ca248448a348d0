# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm doctor: each mistake, made one by one, is found with its remedy; a right
# configuration is none.
if [[ $module != opvs ]]; then
	skip 'doctor' 'of opvs'
	return 0
fi
! about_programs 'doctor' || return 0
port=9400
ill=$state/ill
# What is wrong: "STATUS CHECK ABOUT", a line each.
examine() {
	local status=0
	opvsadm -j doctor "$@" >"$ill" 2>&1 || status=$?
	((status)) || echo 0
	sed 's/},{/}\n{/g' "$ill" | sed -nE "s/\"about\":null/\"about\":\"-\"/
		s/.*\"check\":\"([^\"]*)\",\"about\":\"([^\"]*)\".*/$status \1 \2/p"
}
# finds WANT NAME [ARGUMENT...]
finds() { is "$(examine "${@:3}")" "$1" "$2"; }
well() { finds 0 "$1: nothing to say"; }

# ---- a right configuration ----

finds 0 'no service: nothing to say'
accept_on $port
servers 5060
service 4 1 5060 -s mh --pe sip
service 6 1 5060 -s mh --pe sip
for f in 4 6; do
	tracked -t $f 1 $port -m -s rr
	tracked -t $f 2 $port -g -s wlc
	from_client dial id="live$f" dst="${vip[$f,1]}|$port" count=6
done
ipvsadm -A -f 94 -s rr
ipvsadm -a -f 94 -r "10.91.11.2:0" -m
from_client calls src="${client_ip[4]}|5060" dst="${vip[4,1]}|5060" \
	methods=INVITE count=30 prefix=doctor
well 'NAT, direct routing, marks and SIP, with traffic'
is "$(opvsadm doctor)" '' 'and no table'

# ---- mistakes ----

echo 0 >/proc/sys/net/ipv4/ip_forward
finds '1 forwarding -' 'forwarding off'
check 'with the remedy' grep -q 'sysctl net.ipv4.ip_forward=1' "$ill"
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
finds '1 forwarding -' 'forwarding off, IPv6'
check 'with the remedy, IPv6' grep -q net.ipv6.conf.all.forwarding=1 "$ill"
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
well 'forwarding on again'

ipvsadm -A -t 10.91.0.250:$port -s rr
finds "1 address -
1 servers 10.91.0.250:$port/tcp" 'an address that is not here, and no server'
ipvsadm -D -t 10.91.0.250:$port

sip=10.91.0.1:5060/udp web=10.91.0.1:$port/tcp
weights() { # WEIGHT: of all servers
	local n
	for n in 1 2 3; do
		echo "-e -t 10.91.0.1:$port -r 10.91.1$n.2:$port -m -w $1"
	done | ipvsadm -R
}
weights 0
finds "1 servers $web" 'all weights are 0'
weights 1
ipvsadm -a -t 10.91.0.1:$port -r 10.92.1.1:$port -m
ip route add unreachable 10.92.1.1/32
finds "1 route $web" 'no route to a server'
ip route del unreachable 10.92.1.1/32
ipvsadm -d -t 10.91.0.1:$port -r 10.92.1.1:$port
ipvsadm -a -t "[fd91::1]:$port" -r "[fd92::1]:$port" -m
ip -6 route add unreachable fd92::1/128
finds "1 route [fd91::1]:$port/tcp" 'nor over IPv6'
ip -6 route del unreachable fd92::1/128
ipvsadm -d -t "[fd91::1]:$port" -r "[fd92::1]:$port"

real -e -t 4 1 $port 1 -m -w 1 -x 2
finds "1 threshold $web" 'a threshold that is reached'
real -e -t 4 1 $port 1 -m -w 1
opvsadm limit set 6 $web
finds "1 limit $web" 'a limit that is reached'
opvsadm limit set none $web
opvsadm limit set 3
finds '1 limit -' "the namespace's limit"
opvsadm limit set closed
finds '1 limit -' 'nothing new passes'
opvsadm limit set none
well 'with limits gone'

agent sysctl ns="$ns_director" net.opvs.drain_seconds=600
finds "1 sip $sip
1 sip [fd91::1]:5060/udp" 'calls that are silent for longer than it drains'
agent sysctl ns="$ns_director" net.opvs.drain_seconds=1800
ipvsadm -A -u 10.91.0.3:5060 -s rr -p 300 -o --pe sip
ipvsadm -a -u 10.91.0.3:5060 -r 10.91.11.2:5060 -m
finds '1 sip 10.91.0.3:5060/udp' 'calls that are forgotten before they speak'
ipvsadm -E -u 10.91.0.3:5060 -s rr -p 1800 -o --pe sip
well 'with time enough'

finds 0 'the same key' --peer "$(opvsadm key)"
finds '1 key -' 'another key' --peer 0000-0000-0000-0000
is "$(opvsadm doctor --peer abc 2>&1 || echo $?)" \
	"opvsadm: --peer takes what 'opvsadm key' prints, not 'abc'; see opvsadm --help
2" 'a fingerprint that is none'

# ---- rules in front ----

nft -f - <<END
table inet ill {
	set good { type ipv4_addr; flags interval; elements = { 10.91.0.2-10.91.0.9 }; }
	chain in {
		type filter hook input priority 0; policy drop;
		iif lo accept
		ct state established,related accept
		meta l4proto udp accept
		ip daddr @good accept
		ip6 nexthdr tcp jump six
		ip saddr 10.99.0.0/16 drop
	}
	chain six { tcp dport 1-65535 accept; }
	chain later { type filter hook input priority 110; policy drop; }
	chain other { type filter hook forward priority 110; policy drop; }
}
END
finds "1 filter $web" 'a policy that no rule makes good'
check 'with a rule that does' grep -q \
	"nft insert rule inet ill in ip daddr 10.91.0.1 tcp dport $port accept" "$ill"
nft insert rule inet ill in ip daddr 10.91.0.1 tcp dport $port accept
well 'with it, and chains behind opvs'
nft insert rule inet ill in ip daddr 10.91.0.1 tcp dport "{ 80, $port }" \
	ct state new counter reject
from_client dial id=refused dst="${vip[4,1]}|$port" mute=1 wait=200
finds "1 filter $web" 'a rule that refuses'
check 'which has counted' grep -qE 'rule with handle [0-9]+, which has counted [1-9]' "$ill"
nft -f - <<END
flush chain inet ill in
add rule inet ill in accept
add chain inet ill forward { type filter hook forward priority 0; policy drop; }
add rule inet ill forward ct state established,related accept
add rule inet ill forward meta l4proto udp accept
add rule inet ill forward meta nfproto ipv6 accept
END
finds "1 filter $web" 'answers that do not pass'
echo 1 >/proc/sys/net/opvs/conntrack
well 'and do, where they are tracked'
echo 0 >/proc/sys/net/opvs/conntrack
nft -f - <<END
flush chain inet ill forward
add rule inet ill forward accept
add chain inet ill out { type filter hook output priority 0; }
add rule inet ill out ip daddr 10.91.11.2 tcp dport $port drop
END
finds "1 filter $web" 'what is forwarded, and dropped'
nft delete table inet ill

# ---- servers by direct routing ----

own=10.91.0.3:$port/tcp
ipvsadm -R <<-END
	-A -t 10.91.0.3:$port -s rr
	-a -t 10.91.0.3:$port -r 10.91.11.2:$port -g
END
for n in 1 2 3 4; do
	spawn_in "$ns_client" timeout 30 bash -c ": <>/dev/tcp/10.91.0.3/$port" \
		2>/dev/null
done
settles 20 "1 silent $own" 'a server that answers no client' examine
for n in 1 2 3; do
	ip -n "${ns_servers[n]}" -batch - <<-'END'
		addr add 10.91.0.2/32 dev lo
		addr add fd91::2/128 dev lo nodad
	END
done
finds "1 direct $own
1 silent $own" 'it does not have the address' --probe
check 'it is known by its silence' grep -q \
	'answers echo requests for its own address, and none for 10.91.0.3' "$ill"
agent sysctl ns="${ns_servers[1]}" net.ipv4.ip_forward=1
finds "1 direct $own
1 silent $own" 'nor does it where it forwards' --probe
check 'it is known by its answer' grep -q 'it would forward' "$ill"
agent sysctl ns="${ns_servers[1]}" net.ipv4.ip_forward=0
ipvsadm -D -t 10.91.0.3:$port
in_server 3 ip addr del fd91::2/128 dev lo
finds "1 direct [fd91::2]:$port/tcp" 'nor has it the one of IPv6' --probe
in_server 3 ip addr add fd91::2/128 dev lo nodad
finds 0 'all have them: nothing to say' --probe
agent sysctl ns="${ns_servers[2]}" net.ipv4.conf.all.arp_ignore=0
finds "1 arp 10.91.0.2:$port/tcp" 'a server that answers ARP' --probe
check 'it is named' grep -q "server 10.91.12.2:$port answers ARP for 10.91.0.2 on d2" "$ill"
agent sysctl ns="${ns_servers[2]}" net.ipv4.conf.all.arp_ignore=1
ip route add 10.92.1.1/32 via 10.91.11.2
ipvsadm -a -t 10.91.0.2:$port -r 10.92.1.1:$port -g
finds "1 direct 10.91.0.2:$port/tcp" 'a server behind a gateway'
ipvsadm -d -t 10.91.0.2:$port -r 10.92.1.1:$port
ip route del 10.92.1.1/32

# ---- rp_filter ----

servers 9401
service 4 4 9401 -s rr
spawn_in "$ns_client" bash -c \
	'while :; do echo >/dev/udp/10.91.0.4/9401; sleep 0.05; done'
agent sysctl ns="$ns_director" net.ipv4.conf.d0.rp_filter=1
ip route add 10.91.1.2/32 via 10.91.11.2
settles 20 '1 rp_filter 10.91.0.4:9401/udp' 'requests from elsewhere' examine
check 'with the way back' grep -q \
	'requests of 10.91.1.2 come in by d0 and are dropped: rp_filter is strict there, and the route back is by d1' "$ill"
ip route del 10.91.1.2/32
finds 0 'the way back: nothing to say' --listen 1
agent sysctl ns="$ns_director" net.ipv4.conf.d0.rp_filter=0 \
	net.ipv4.conf.d1.rp_filter=1
ip route add 10.91.11.2/32 dev d2 table 94
ip rule add from 10.91.1.2 to 10.91.11.2 lookup 94
settles 20 '1 rp_filter 10.91.0.4:9401/udp' 'answers from elsewhere' examine
check 'with their server' grep -q 'answers of 10.91.11.2 come in by d1' "$ill"
ip rule del from 10.91.1.2 to 10.91.11.2 lookup 94
ip route flush table 94
agent sysctl ns="$ns_director" net.ipv4.conf.d1.rp_filter=0
end_spawned
is "$(opvsadm doctor --listen 1h 2>&1 || echo $?)" \
	"opvsadm: --listen takes seconds up to 3600, not '1h'; see opvsadm --help
2" 'a time that is none'
is "$(setpriv --bounding-set -net_raw opvsadm doctor --probe 2>&1 || echo $?)" \
	'opvsadm: --probe takes root, or CAP_NET_RAW: Operation not permitted
1' 'without the right to ask'
well 'with everything right again'

# ---- what the module finds ----

# Of a server by NAT that never answers it tells after half a minute, for which the
# test of mistakes waits.
echo "UDP 10.91.0.2:$port: NAT server 10.91.11.77:$port has not answered any of 20 packets" \
	>"$state/mistakes"
mount --bind "$state/mistakes" /sys/kernel/opvs/mistakes
finds '1 silent -' 'a server that never answers'
umount /sys/kernel/opvs/mistakes

# ---- who is spoken to ----

for f in 4 6; do
	agent hang id="live$f"
done
rmmod opvs
finds '1 module -' 'opvs is not loaded'
modprobe ip_vs
finds '1 module -' 'ip_vs is'
check 'and that is said' grep -q 'ip_vs is, and balances' "$ill"
modprobe opvs
finds '1 owner -' 'ip_vs has the names'
rmmod opvs ip_vs
modprobe opvs compat=0
finds '1 owner -' 'nobody has them'
rmmod opvs
load_module
