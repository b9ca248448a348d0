# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Configuration that is refused: a message, a status, and nothing changed.
! same_everywhere 'what is refused' || return 0

vs=10.91.0.1:5060
rs=10.91.11.2:5060
ipvsadm -A -u "$vs" -s rr -o
ipvsadm -a -u "$vs" -r "$rs" -m

# ---- as ip_vs refuses ----

no_service='No such service'
refuses 'a service twice' 'Service already exists' \
	ipvsadm -A -u "$vs" -s rr -o
refuses '-E of a missing service' "$no_service" \
	ipvsadm -E -u 10.91.0.1:5061 -s rr -o
refuses '-D of a missing service' "$no_service" \
	ipvsadm -D -u 10.91.0.1:5061
refuses '-L of a missing service' "$no_service" \
	ipvsadm -Ln -u 10.91.0.1:5061
refuses '-Z of a missing service' "$no_service" \
	ipvsadm -Z -u 10.91.0.1:5061
refuses '-a to a missing service' 'Service not defined' \
	ipvsadm -a -u 10.91.0.1:5061 -r "$rs" -m
refuses 'a server twice' 'Destination already exists' \
	ipvsadm -a -u "$vs" -r "$rs" -m
refuses '-e of a missing server' 'No such destination' \
	ipvsadm -e -u "$vs" -r 10.91.12.2:5060 -m
refuses '-e of a missing server, with a lower threshold above the upper' \
	'Numerical result out of range' \
	ipvsadm -e -u "$vs" -r 10.91.12.2:5060 -m -y 10
refuses '-d of a missing server' 'No such destination' \
	ipvsadm -d -u "$vs" -r 10.91.12.2:5060
refuses 'a service twice, with an unknown scheduler' 'Service already exists' \
	ipvsadm -A -u "$vs" -s nosuch -o
refuses 'an unknown scheduler' 'Scheduler or persistence engine not found' \
	ipvsadm -A -u 10.91.0.1:5061 -s nosuch -o
refuses 'a scheduler by half its name' \
	'Scheduler or persistence engine not found' \
	ipvsadm -A -u 10.91.0.1:5061 -s lbl -o
refuses 'a scheduler in capital letters' \
	'Scheduler or persistence engine not found' \
	ipvsadm -A -u 10.91.0.1:5061 -s WLC -o
refuses '-E to an unknown scheduler' \
	'Scheduler or persistence engine not found' \
	ipvsadm -E -u "$vs" -s nosuch -o
refuses 'an unknown engine' 'Scheduler or persistence engine not found' \
	ipvsadm -A -u 10.91.0.1:5061 -s mh -o --pe nosuch
refuses 'a server that is a multicast address' 'address not unicast' \
	ipvsadm -a -u "$vs" -r 224.0.0.1:5060 -m
refuses 'an IPv6 server of an IPv4 service' '' \
	ipvsadm -a -u "$vs" -r '[fd91:11::2]:5060' -m
refuses 'a lower threshold above the upper one' '' \
	ipvsadm -a -u "$vs" -r 10.91.12.2:5060 -m -x 5 -y 6

mark=8
ipvsadm -A -f $mark -s rr -p 60
ipvsadm -a -f $mark -r 10.91.11.2 -m
refuses 'a firewall mark twice' 'Service already exists' \
	ipvsadm -A -f $mark -s rr
refuses '-E of a missing firewall mark' "$no_service" \
	ipvsadm -E -f 9 -s rr
refuses '-D of a firewall mark of the other family' "$no_service" \
	ipvsadm -D -f $mark -6
refuses '-a to a missing firewall mark' 'Service not defined' \
	ipvsadm -a -f 9 -r 10.91.11.2 -m
refuses 'a server of a firewall mark twice' 'Destination already exists' \
	ipvsadm -a -f $mark -r 10.91.11.2 -m
refuses 'an IPv6 server of an IPv4 firewall mark' '' \
	ipvsadm -a -f $mark -r '[fd91:11::2]:0' -m
refuses 'a TCP service twice' 'Service already exists' bash -c "
	ipvsadm -A -t 10.91.0.1:80 -s rr -p &&
		ipvsadm -A -t 10.91.0.1:80 -s rr; status=\$?
	ipvsadm -D -t 10.91.0.1:80; exit \$status"

# ---- link-local addresses: only those of the director itself ----

ipvsadm -A -u '[fd91::1]:5061' -s rr -o
refuses 'a link-local server' 'address not unicast' \
	ipvsadm -a -u '[fd91::1]:5061' -r '[fe80::91]:5060' -m
ip addr add fe80::91/64 dev lo nodad
check 'unless the address is the own one' \
	ipvsadm -a -u '[fd91::1]:5061' -r '[fe80::91]:5060' -m
ip addr del fe80::91/64 dev lo
check 'and it may be edited when it is no more' \
	ipvsadm -e -u '[fd91::1]:5061' -r '[fe80::91]:5060' -m -w 2
ipvsadm -D -u '[fd91::1]:5061'

# ---- persistence that cannot be ----

check 'persistence for 31 days' \
	ipvsadm -A -t 10.91.0.1:80 -s rr -p 2678400
ipvsadm -D -t 10.91.0.1:80
refuses 'persistence for 32 days' '' \
	ipvsadm -A -t 10.91.0.1:80 -s rr -p 2764800
refuses '-E to such persistence' '' \
	ipvsadm -E -u "$vs" -s rr -o -p 2764800

# ---- what opvs does not do: never silence ----

# In words of ipvsadm that do not mislead, and the log has the reason.
absent='Function not implemented'
protocol='Protocol not supported'
# logged TEXT NAME: as the last line of opvs, which names the namespace first.
logged() {
	local line
	line=$(dmesg | sed -n 's/.*opvs: \(netns [0-9]*: \)*//p' | tail -n 1)
	is "$line" "$1" "$2"
}
for sched in $(features sched); do
	[[ $sched != mh ]] || continue
	refuses "an engine without persistence, and $sched" "$absent" \
		ipvsadm -A -u 10.91.0.1:5061 -s "$sched" -o --pe sip
done
# The log's lines are limited in number, but not now.
limit() { nsenter --net=/proc/1/ns/net sysctl -qw net.core.message_cost="$1"; }
limit 0
refuses 'an engine of connections that are not persistent' "$absent" \
	ipvsadm -A -u 10.91.0.1:5061 -s mh --pe sip
logged 'refused: UDP 10.91.0.1:5061: persistence engine: needs -p, or -o with scheduler mh' \
	'the log names the service'
refuses 'an engine of datagrams for TCP' "$protocol" \
	ipvsadm -A -t '[fd91::1]:5061' -s rr -p --pe sip
logged 'refused: TCP [fd91::1]:5061: persistence engine: not for this protocol' \
	'the log names it'
refuses '-E to an engine without persistence' "$absent" \
	ipvsadm -E -f $mark -s rr --pe sip
logged "refused: mark $mark: persistence engine: needs -p, or -o with scheduler mh" \
	'the log names a mark'
refuses 'flags that the scheduler does not have' '' \
	ipvsadm -A -u 10.91.0.1:5061 -s rr -o -b mh-port
refuses 'a synchronisation daemon on no interface' 'No such device' \
	ipvsadm --start-daemon master --mcast-interface none0
refuses 'to stop a daemon that does not run' 'No daemon is running' \
	ipvsadm --stop-daemon backup
refuses 'thresholds in the wrong order' 'Numerical result out of range' \
	ipvsadm -e -u "$vs" -r "$rs" -m -x 5 -y 6
logged "refused: UDP $vs, server $rs: lower threshold: above the upper threshold" \
	'the log names service and server'
limit 5
