# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# What stock ipvsadm 1.31 prints and accepts, byte for byte. Trailing blanks
# are part of its output.

head_line='IP Virtual Server version 1.2.1 (size=4096)'
title='Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn'

same_text "$(ipvsadm -v)" \
	'ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)' \
	'ipvsadm -v'
same_text "$(ipvsadm -Ln)" "$head_line
$title" 'ipvsadm -Ln without services'
same_text "$(ipvsadm -Sn)" '' 'ipvsadm -Sn without services'

# All others ask the module what it has; this is what it must have.
same_text "$(cat /sys/kernel/opvs/features)" 'proto-tcp
proto-udp
proto-sctp
fwmark
one-packet
persistence
policies
sched-none
sched-rr
sched-wrr
sched-lc
sched-wlc
sched-sed
sched-nq
sched-twos
sched-fo
sched-ovf
sched-lblc
sched-lblcr
sched-sh
sched-dh
sched-mh
pe-sip
xmit-nat
xmit-tunnel
xmit-dr' 'the list of features'

# ---- add, list, save ----

# The engine is shown by -S; -L shows it only beside "persistent".
add_all() {
	ipvsadm -A -u 10.91.0.1:53 -s rr -o
	ipvsadm -a -u 10.91.0.1:53 -r 10.91.11.2:53 -m
	ipvsadm -a -u 10.91.0.1:53 -r 10.91.12.2:5353 -m -w 5
	ipvsadm -A -u 10.91.0.1:5060 -s mh -o --pe sip
	ipvsadm -a -u 10.91.0.1:5060 -r 10.91.11.2 -g -w 0
	ipvsadm -A -u 10.91.0.2:5060 -s mh -o -b mh-fallback,mh-port
	ipvsadm -A -u '[fd91::1]:53' -s wrr -o
	ipvsadm -a -u '[fd91::1]:53' -r '[fd91:11::2]:53' -m -w 65535
	ipvsadm -a -u '[fd91::1]:53' -r '[fd91:12::2]:53' -g
}

saved='-A -u 10.91.0.1:53 -s rr -o
-a -u 10.91.0.1:53 -r 10.91.11.2:53 -m -w 1
-a -u 10.91.0.1:53 -r 10.91.12.2:5353 -m -w 5
-A -u 10.91.0.1:5060 -s mh --pe sip -o
-a -u 10.91.0.1:5060 -r 10.91.11.2:5060 -g -w 0
-A -u 10.91.0.2:5060 -s mh -o -b mh-fallback,mh-port
-A -u [fd91::1]:53 -s wrr -o
-a -u [fd91::1]:53 -r [fd91:11::2]:53 -m -w 65535
-a -u [fd91::1]:53 -r [fd91:12::2]:53 -g -w 1'

listed="$title
UDP  10.91.0.1:53 rr ops
  -> 10.91.11.2:53                Masq    1      0          0         
  -> 10.91.12.2:5353              Masq    5      0          0         
UDP  10.91.0.1:5060 mh ops
  -> 10.91.11.2:5060              Route   0      0          0         
UDP  10.91.0.2:5060 mh (mh-fallback,mh-port) ops
UDP  [fd91::1]:53 wrr ops
  -> [fd91:11::2]:53              Masq    65535  0          0         
  -> [fd91:12::2]:53              Route   1      0          0         "

check '-A and -a of everything that there is' add_all
same_text "$(ipvsadm -Ln)" "$head_line
$listed" 'ipvsadm -Ln'
same_text "$(ipvsadm -Sn)" "$saved" 'ipvsadm -Sn'
same_text "$(ipvsadm -ln -u 10.91.0.1:5060)" "$title
UDP  10.91.0.1:5060 mh ops
  -> 10.91.11.2:5060              Route   0      0          0         " \
	'ipvsadm -ln of one service'

ipvsadm -C
same_text "$(ipvsadm -Sn)" '' 'ipvsadm -C'
check 'ipvsadm -R' ipvsadm -R <<<"$saved"
same_text "$(ipvsadm -Sn)" "$saved" 'what -R restored is what -S saved'

# ---- all kinds of services ----

ipvsadm -C
kinds='-A -t 10.91.0.1:0 -s rr -p 100
-a -t 10.91.0.1:0 -r 10.91.11.2:0 -m -w 1
-a -t 10.91.0.1:0 -r 10.91.12.2:0 -g -w 1
-A -t 10.91.0.1:80 -s rr
-a -t 10.91.0.1:80 -r 10.91.11.2:8080 -m -w 5
-a -t 10.91.0.1:80 -r 10.91.12.2:80 -g -w 0
-A -t 10.91.0.1:443 -s mh -b mh-fallback,mh-port
-A -u 10.91.0.1:53 -s wrr
-a -u 10.91.0.1:53 -r 10.91.11.2:53 -m -w 1
-A -u 10.91.0.1:5060 -s wrr -p 360 -M 255.255.255.0 --pe sip -o
-a -u 10.91.0.1:5060 -r 10.91.11.2:5060 -m -w 1
-A -u 10.91.0.2:5060 -s rr -p 300 -M 0.0.0.0 --pe sip
-A --sctp-service 10.91.0.1:90 -s wrr -p 300
-a --sctp-service 10.91.0.1:90 -r 10.91.11.2:9090 -m -w 1
-A -t [fd91::1]:80 -s rr -p 30 -M 64
-a -t [fd91::1]:80 -r [fd91:11::2]:80 -m -w 1
-A --sctp-service [fd91::1]:90 -s rr
-A -f 7 -s rr -o
-a -f 7 -r 10.91.11.2:0 -g -w 1
-A -f 8 -s wrr -p 60
-a -f 8 -r 10.91.11.2:0 -m -w 3
-a -f 8 -r 10.91.12.2:8080 -m -w 3
-A -f 8 -6 -s rr -p 60 -M 64
-a -f 8 -6 -r [fd91:11::2]:0 -g -w 1
-A -f 2147483647 -s mh'
kinds_listed="$title
TCP  10.91.0.1:0 rr persistent 100
  -> 10.91.11.2:0                 Masq    1      0          0         
  -> 10.91.12.2:0                 Route   1      0          0         
TCP  10.91.0.1:80 rr
  -> 10.91.11.2:8080              Masq    5      0          0         
  -> 10.91.12.2:80                Route   0      0          0         
TCP  10.91.0.1:443 mh (mh-fallback,mh-port)
UDP  10.91.0.1:53 wrr
  -> 10.91.11.2:53                Masq    1      0          0         
UDP  10.91.0.1:5060 wrr persistent 360 mask 255.255.255.0 pe sip ops
  -> 10.91.11.2:5060              Masq    1      0          0         
UDP  10.91.0.2:5060 rr persistent 300 mask 0.0.0.0 pe sip
SCTP 10.91.0.1:90 wrr persistent 300
  -> 10.91.11.2:9090              Masq    1      0          0         
TCP  [fd91::1]:80 rr persistent 30 mask 64
  -> [fd91:11::2]:80              Masq    1      0          0         
SCTP [fd91::1]:90 rr
FWM  7 rr ops
  -> 10.91.11.2:0                 Route   1      0          0         
FWM  8 wrr persistent 60
  -> 10.91.11.2:0                 Masq    3      0          0         
  -> 10.91.12.2:8080              Masq    3      0          0         
FWM  8 IPv6 rr persistent 60 mask 64
  -> [fd91:11::2]:0               Route   1      0          0         
FWM  2147483647 mh"

check 'ipvsadm -R of every kind of service' ipvsadm -R <<<"$kinds"
same_text "$(ipvsadm -Sn)" "$kinds" 'what -S saves of them is what -R read'
same_text "$(ipvsadm -Ln)" "$head_line
$kinds_listed" 'ipvsadm -Ln of every kind'
saved_kinds=$(ipvsadm -Sn)
ipvsadm -C
check 'ipvsadm -Sn | ipvsadm -R' ipvsadm -R <<<"$saved_kinds"
same_text "$(ipvsadm -Ln)" "$head_line
$kinds_listed" 'and they are the same again'
same_text "$(ipvsadm -Ln -f 8 -6)" "$title
FWM  8 IPv6 rr persistent 60 mask 64
  -> [fd91:11::2]:0               Route   1      0          0         " \
	'ipvsadm -Ln of one firewall mark'

# Persistence is told in jiffies there, so the ratio must do.
proc_services() {
	awk 'NR > 3 && !/->/' /proc/net/ip_vs |
		sed -E 's/persistent ([0-9]+) /persistent JIFFIES /' | LC_ALL=C sort
}
same_text "$(proc_services)" \
	"FWM  00000007 rr ops 
FWM  00000008 rr persistent JIFFIES 40000000
FWM  00000008 wrr persistent JIFFIES FFFFFFFF
FWM  7FFFFFFF mh 
SCTP  0A5B0001:005A wrr  persistent JIFFIES FFFFFFFF
SCTP  [fd91:0000:0000:0000:0000:0000:0000:0001]:005A rr 
TCP  0A5B0001:0000 rr  persistent JIFFIES FFFFFFFF
TCP  0A5B0001:0050 rr  
TCP  0A5B0001:01BB mh  
TCP  [fd91:0000:0000:0000:0000:0000:0000:0001]:0050 rr persistent JIFFIES 40000000
UDP  0A5B0001:0035 wrr  
UDP  0A5B0001:13C4 wrr ops  persistent JIFFIES FFFFFF00
UDP  0A5B0002:13C4 rr  persistent JIFFIES 00000000" \
	'/proc/net/ip_vs: every kind'
hz=$(awk '$2 == "0A5B0001:0000" { print $5 / 100 }' /proc/net/ip_vs)
is "$(awk '$1 == "SCTP" && $4 == "persistent" { print $5 }' /proc/net/ip_vs)" \
	$((300 * hz)) '/proc/net/ip_vs: seconds in jiffies'

# ipvsadm -E with another scheduler, then without persistence, then with it.
ipvsadm -E -t 10.91.0.1:80 -s wrr -p 20 -M 255.255.0.0
is "$(ipvsadm -Sn | grep -- '-A -t 10.91.0.1:80 ')" \
	'-A -t 10.91.0.1:80 -s wrr -p 20 -M 255.255.0.0' '-E to persistence'
ipvsadm -E -t 10.91.0.1:80 -s wrr
is "$(ipvsadm -Sn | grep -- '-A -t 10.91.0.1:80 ')" \
	'-A -t 10.91.0.1:80 -s wrr' '-E away from it'
ipvsadm -e -f 8 -r 10.91.11.2 -m -w 9
is "$(ipvsadm -Sn | grep -- '-a -f 8 -r 10.91.11.2:0 ')" \
	'-a -f 8 -r 10.91.11.2:0 -m -w 9' \
	'-e of a server of a firewall mark'
ipvsadm -D -f 8
is "$(ipvsadm -Sn | grep -c -- '-f 8 ')" 2 '-D leaves the mark of IPv6 alone'
ipvsadm -C
ipvsadm -R <<<"$saved"

# ---- all schedulers, and their flags ----

ipvsadm -C
mapfile -t schedulers < <(features sched)
# flags_of SCHEDULER: all, as ipvsadm calls them.
flags_of() {
	case $1 in
	sh | mh) echo "$1-fallback,$1-port" ;;
	*) echo flag-1,flag-2,flag-3 ;;
	esac
}
ordered() { # FORMAT with SCHED, PORT and FLAGS in it
	local i text
	for i in "${!schedulers[@]}"; do
		text=${1//SCHED/${schedulers[i]}}
		text=${text//PORT/$((7000 + i))}
		printf '%s\n' "${text//FLAGS/$(flags_of "${schedulers[i]}")}"
	done
}
every='-A -t 10.91.0.1:PORT -s SCHED -b FLAGS
-a -t 10.91.0.1:PORT -r 10.91.11.2:80 -m -w 2
-A -u 10.91.0.1:PORT -s SCHED -o
-a -u 10.91.0.1:PORT -r 10.91.11.2:80 -m -w 0'
check 'every scheduler, with all flags and with none' \
	ipvsadm -R <<<"$(ordered "$every")"
same_text "$(ipvsadm -Sn | LC_ALL=C sort)" \
	"$(ordered "$every" | LC_ALL=C sort)" 'ipvsadm -Sn of them'
same_text "$(ipvsadm -Ln | grep -v -e '->' | tail -n +3 | LC_ALL=C sort)" \
	"$(ordered 'TCP  10.91.0.1:PORT SCHED (FLAGS)
UDP  10.91.0.1:PORT SCHED ops' | LC_ALL=C sort)" 'ipvsadm -Ln of them'
same_text "$(proc_services)" "$(
	for i in "${!schedulers[@]}"; do
		printf 'TCP  0A5B0001:%04X %s  \nUDP  0A5B0001:%04X %s ops  \n' \
			$((7000 + i)) "${schedulers[i]}" \
			$((7000 + i)) "${schedulers[i]}"
	done | LC_ALL=C sort)" '/proc/net/ip_vs of them'
ipvsadm -E -t 10.91.0.1:7000 -s lblcr -b flag-2
is "$(ipvsadm -Sn | grep -- '-A -t 10.91.0.1:7000 ')" \
	'-A -t 10.91.0.1:7000 -s lblcr -b flag-2' '-E to another one'
ipvsadm -A -u 10.91.0.2:7000 -o
is "$(ipvsadm -Sn | grep -- '-A -u 10.91.0.2:7000 ')" \
	'-A -u 10.91.0.2:7000 -s wlc -o' 'the one that ipvsadm takes by itself'
ipvsadm -C
ipvsadm -R <<<"$saved"

# Names instead of numbers, from files so that the network is not asked.
echo '10.91.0.1 service.example
10.91.11.2 one.example' >"$state/hosts"
echo 'hosts: files
services: files' >"$state/nsswitch.conf"
named() {
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -ec 'mount --bind "$1/hosts" /etc/hosts
		mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
		shift; exec "$@"' sh "$state" "$@"
}
same_text "$(named ipvsadm -L -u 10.91.0.1:5060)" "$title
UDP  service.example:sip mh ops
  -> one.example:sip              Route   0      0          0         " \
	'ipvsadm -L with names'
same_text "$(named ipvsadm -S | grep example:sip)" \
	'-A -u service.example:sip -s mh --pe sip -o
-a -u service.example:sip -r one.example:sip -g -w 0' 'ipvsadm -S with names'

# ---- /proc ----

# The order is the kernel's affair; ipvsadm sorts.
version=$(</sys/kernel/opvs/version)
same_text "$(head -n 3 /proc/net/ip_vs)" "$head_line opvs $version
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn" \
	'/proc/net/ip_vs: title'
same_text "$(tail -n +4 /proc/net/ip_vs | LC_ALL=C sort)" \
	"  -> 0A5B0B02:0035      Masq    1      0          0         
  -> 0A5B0B02:13C4      Route   0      0          0         
  -> 0A5B0C02:14E9      Masq    5      0          0         
  -> [fd91:0011:0000:0000:0000:0000:0000:0002]:0035      Masq    65535  0          0         
  -> [fd91:0012:0000:0000:0000:0000:0000:0002]:0035      Route   1      0          0         
UDP  0A5B0001:0035 rr ops  
UDP  0A5B0001:13C4 mh ops  
UDP  0A5B0002:13C4 mh ops  
UDP  [fd91:0000:0000:0000:0000:0000:0000:0001]:0035 wrr " \
	'/proc/net/ip_vs: services and servers'

# ---- edit and delete ----

ipvsadm -E -u 10.91.0.1:53 -s wrr -o
ipvsadm -e -u 10.91.0.1:53 -r 10.91.12.2:5353 -m -w 7 -x 100 -y 50
ipvsadm -d -u 10.91.0.1:53 -r 10.91.11.2:53
ipvsadm -D -u 10.91.0.2:5060
same_text "$(ipvsadm -Sn | head -n 3)" '-A -u 10.91.0.1:53 -s wrr -o
-a -u 10.91.0.1:53 -r 10.91.12.2:5353 -m -w 7
-A -u 10.91.0.1:5060 -s mh --pe sip -o' '-E, -e, -d and -D'
same_text "$(ipvsadm -Ln --thresholds -u 10.91.0.1:53)" \
	"Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
UDP  10.91.0.1:53 wrr ops
  -> 10.91.12.2:5353              100        50         0          0         " \
	'ipvsadm -Ln --thresholds'
same_text "$(ipvsadm -Ln --persistent-conn -u 10.91.0.1:53)" \
	"Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn 
  -> RemoteAddress:Port
UDP  10.91.0.1:53 wrr ops
  -> 10.91.12.2:5353              7         0           0          0         " \
	'ipvsadm -Ln --persistent-conn'
ipvsadm -E -u 10.91.0.1:5060 -s mh -o
same_text "$(ipvsadm -Sn | grep 10.91.0.1:5060)" \
	'-A -u 10.91.0.1:5060 -s mh -o
-a -u 10.91.0.1:5060 -r 10.91.11.2:5060 -g -w 0' '-E takes the engine away'

# ---- timeouts ----

same_text "$(ipvsadm -L --timeout)" 'Timeout (tcp tcpfin udp): 900 120 300' \
	'ipvsadm -L --timeout'
ipvsadm --set 800 0 250
same_text "$(ipvsadm -L --timeout)" 'Timeout (tcp tcpfin udp): 800 120 250' \
	'ipvsadm --set, 0 leaves a value alone'
ipvsadm --set 900 120 300
same_text "$(ipvsadm -L --daemon)" '' 'ipvsadm -L --daemon without daemons'

# ---- statistics ----

ipvsadm -C
servers 53
service 4 1 53 -s rr
service 6 1 53 -s rr
# 2 datagrams a server of 28 + 32 or 48 + 32 bytes; answers have 3 more.
from_client burst dst="${vip[4,1]}|53" count=6 size=32
from_client burst dst="${vip[6,1]}|53" count=6 size=32

stats_title='Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port'
stats="$stats_title
UDP  10.91.0.1:53                        6        6        6      360      378
  -> 10.91.11.2:53                       2        2        2      120      126
  -> 10.91.12.2:53                       2        2        2      120      126
  -> 10.91.13.2:53                       2        2        2      120      126
UDP  [fd91::1]:53                        6        6        6      480      498
  -> [fd91:11::2]:53                     2        2        2      160      166
  -> [fd91:12::2]:53                     2        2        2      160      166
  -> [fd91:13::2]:53                     2        2        2      160      166"
# Several processors may deal the six out as 3, 2, 1.
if (($(nproc) == 1)); then
	stats_of() { ipvsadm -Ln "$@" | tail -n +2; }
else
	stats_of() { ipvsadm -Ln "$@" | sed '1d; /^  -> [^R]/d'; }
	stats=$(sed '/^  -> [^R]/d' <<<"$stats")
fi
stats_are() { [[ $(stats_of --stats) == "$stats" ]]; }
poll 4 stats_are || :
same_text "$(stats_of --stats)" "$stats" 'ipvsadm -Ln --stats'
same_text "$(stats_of --stats --exact)" "$stats" \
	'ipvsadm -Ln --stats --exact'

# The same as totals, in hexadecimal, and in columns of their own.
same_text "$(head -n 5 /proc/net/ip_vs_stats)" \
	"   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
$(printf '%8X %8X %8X %16X %16X' 12 12 12 840 876)

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s" \
	'/proc/net/ip_vs_stats'
is "$(tail -n +6 /proc/net/ip_vs_stats | grep -cE \
	'^ {0,7}[0-9A-F]+( {1,8}[0-9A-F]+){2}( {1,16}[0-9A-F]+){2}$')" 1 \
	'/proc/net/ip_vs_stats: one line of rates'

# Zeroes may become visible when the next estimate is made.
ipvsadm -Z -u 10.91.0.1:53
zeroed="$stats_title
UDP  10.91.0.1:53                        0        0        0        0        0"
is_zeroed() { [[ $(ipvsadm -Ln --stats -u 10.91.0.1:53 | head -n 3) == "$zeroed" ]]; }
poll 4 is_zeroed || :
same_text "$(ipvsadm -Ln --stats -u 10.91.0.1:53 | head -n 3)" "$zeroed" \
	'ipvsadm -Z of one service'
is "$(ipvsadm -Ln --stats -u '[fd91::1]:53' | awk 'NR == 3 { print $3 }')" 6 \
	'... leaves the others alone'
ipvsadm -Z
all_zero() {
	[[ -z $(ipvsadm -Ln --stats | awk 'NR > 3 && $3 + $4 + $5 + $6 + $7') ]]
}
check 'ipvsadm -Z of everything' poll 4 all_zero

rates() { ipvsadm -Ln --rate | head -n 4; }
settles 60 "$head_line
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
$(printf '%-33s %8d %8d %8d %8d %8d' 'UDP  10.91.0.1:53' 0 0 0 0 0)" \
	'ipvsadm -Ln --rate at rest' rates
rate_rises() {
	from_client burst dst="${vip[4,1]}|53" count=200 size=32
	ipvsadm -Ln --rate -u 10.91.0.1:53 | awk '
		NR == 3 { exit !($3 > 0 && $4 > 0 && $5 > 0 &&
				 $6 > 0 && $7 > 0) }'
}
check 'ipvsadm -Ln --rate rises with traffic' poll 8 rate_rises

# ---- who configures pays ----

if grep -qw memory /proc/cgroups; then
	payer=$state/cgroup/payer
	mkdir "$state/cgroup"
	mount -t cgroup2 opvs-test "$state/cgroup"
	echo +memory >"$state/cgroup/cgroup.subtree_control"
	mkdir "$payer"
	ipvsadm -C
	{
		for port in {5001..5020}; do
			echo "-A -u 10.91.0.1:$port -s mh -o"
			echo "-a -u 10.91.0.1:$port -r 10.91.11.2:$port -m"
		done
	} >"$state/rules"
	bash -c "echo \$\$ >$payer/cgroup.procs && exec ipvsadm -R" \
		<"$state/rules"
	# 20 services: tables of 15 kB, and counters for each CPU.
	has_paid() {
		awk '$1 == "slab" { slab = $2 } $1 == "percpu" { percpu = $2 }
		     END { exit !(slab > 250000 && percpu > 0) }' \
			"$payer/memory.stat"
	}
	check 'memory of services counts for who added them' poll 5 has_paid
	ipvsadm -C
	umount "$state/cgroup"
else
	skip 'memory of services counts for who added them' \
		'the kernel has no cgroups'
fi
