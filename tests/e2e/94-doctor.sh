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
	python3 - "$status" "$ill" <<-'END'
		import json, sys
		with open(sys.argv[2]) as file:
		    for found in json.load(file):
		        print(sys.argv[1], found["check"], found["about"] or "-")
	END
	((status)) || echo 0
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
for n in 1 2 3; do
	real -e -t 4 1 $port $n -m -w 0
done
finds "1 servers $web" 'all weights are 0'
for n in 1 2 3; do
	real -e -t 4 1 $port $n -m -w 1
done
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

# ---- a server that never answers ----

make_sinks
ipvsadm -A -u "10.91.0.2:$port" -s mh -o --pe sip
ipvsadm -a -u "10.91.0.2:$port" -r "${sink_rs[4]}:$port" -m
from_client mass dst="10.91.0.2|$port" count=20
settles 60 '1 silent -' 'a server that never answers' examine
