# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Configuration that is refused: a message, a status, and nothing changed.

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
refuses '-d of a missing server' 'No such destination' \
	ipvsadm -d -u "$vs" -r 10.91.12.2:5060
refuses 'an unknown scheduler' 'Scheduler or persistence engine not found' \
	ipvsadm -A -u 10.91.0.1:5061 -s nosuch -o
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

# ---- what opvs does not do: never silence ----

refuses 'TCP' '' ipvsadm -A -t 10.91.0.1:80 -s rr
refuses 'SCTP' '' ipvsadm -A --sctp-service 10.91.0.1:80 -s rr
refuses 'a firewall mark' '' ipvsadm -A -f 1 -s rr -o
refuses 'UDP without -o' '' ipvsadm -A -u 10.91.0.1:5061 -s rr
refuses 'taking -o away' '' ipvsadm -E -u "$vs" -s rr
refuses 'persistence' '' ipvsadm -A -u 10.91.0.1:5061 -s rr -o -p 60
refuses 'port 0' '' ipvsadm -A -u 10.91.0.1:0 -s rr -o -p
refuses 'a scheduler that ip_vs has and opvs has not' '' \
	ipvsadm -A -u 10.91.0.1:5061 -s lblcr -o
refuses 'an engine with a scheduler that does not hash' '' \
	ipvsadm -A -u 10.91.0.1:5061 -s rr -o --pe sip
refuses 'flags that the scheduler does not have' '' \
	ipvsadm -A -u 10.91.0.1:5061 -s rr -o -b mh-port
refuses 'a tunnel' '' ipvsadm -a -u "$vs" -r 10.91.12.2:5060 -i
refuses 'a synchronisation daemon' '' ipvsadm --start-daemon master
