# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Stock keepalived drives the module: services come with it, a failed check
# takes a server out, a reload changes them, and they go with it.
conf=$state/keepalived.conf

virtual_server() { # VIP PORT SCHEDULER OPTIONS SERVERS...
	local address=$1 port=$2 sched=$3 options=$4
	shift 4
	printf 'virtual_server %s %s {\n\tlvs_method NAT\n' "$address" "$port"
	[[ -z $sched ]] || printf '\tlvs_sched %s\n' "$sched"
	printf '\tprotocol UDP\n\tops\n\tdelay_loop 1\n\t%s\n' "$options"
	for address; do
		printf '\treal_server %s %s {\n\t\tweight 3\n' \
			"$address" "$port"
		printf '\t\tMISC_CHECK {\n\t\t\tmisc_path "%s %s"\n' \
			/usr/bin/test "-e $state/up-$address"
		# Else a check that takes a second counts as failed.
		printf '\t\t\tmisc_timeout 60\n'
		printf '\t\t\tretry 0\n\t\t\tdelay_before_retry 1\n\t\t}\n\t}\n'
	done
	echo '}'
}

globals='global_defs {
	enable_script_security
	script_user root
}'
touch "$state/up-10.91.11.2" "$state/up-10.91.12.2" "$state/up-fd91:11::2"
{
	echo "$globals"
	virtual_server 10.91.0.1 5630 mh mh-port 10.91.11.2 10.91.12.2
	virtual_server fd91::1 5630 wrr '' fd91:11::2
} >"$conf"

chmod 755 "$state"
spawn_in "$ns_director" keepalived -n -l -C -G -f "$conf" \
	-p "$state/ka.pid" -c "$state/ka-check.pid" </dev/null >"$state/ka" 2>&1
keepalived=$spawned

# becomes WANT NAME
becomes() {
	local want=$1 got=''
	matches() { got=$(ipvsadm -Sn) && [[ $got == "$want" ]]; }
	poll 20 matches || diag "$(tail -n 20 "$state/ka")"
	same_text "$got" "$want" "$2"
}

becomes '-A -u 10.91.0.1:5630 -s mh -o -b mh-port
-a -u 10.91.0.1:5630 -r 10.91.11.2:5630 -m -w 3
-a -u 10.91.0.1:5630 -r 10.91.12.2:5630 -m -w 3
-A -u [fd91::1]:5630 -s wrr -o
-a -u [fd91::1]:5630 -r [fd91:11::2]:5630 -m -w 3' 'services come with it'
servers 5630
from_client clients src="${client_ip[4]}|25000" count=30 dst='10.91.0.1|5630'
is "${A[got]}/${A[foreign]}" 30/0 'clients are answered'

rm "$state/up-10.91.12.2"
becomes '-A -u 10.91.0.1:5630 -s mh -o -b mh-port
-a -u 10.91.0.1:5630 -r 10.91.11.2:5630 -m -w 3
-A -u [fd91::1]:5630 -s wrr -o
-a -u [fd91::1]:5630 -r [fd91:11::2]:5630 -m -w 3' \
	'a failed check takes a server out'
from_client clients src="${client_ip[4]}|25000" count=30 dst='10.91.0.1|5630'
is "${A[each]}" s1:30 'the other one has them all'

{
	echo "$globals"
	virtual_server 10.91.0.1 5630 rr '' 10.91.11.2
} >"$conf"
kill -HUP "$keepalived"
becomes '-A -u 10.91.0.1:5630 -s rr -o
-a -u 10.91.0.1:5630 -r 10.91.11.2:5630 -m -w 3' \
	'a reload removes a service and edits the other'

# ---- every scheduler that it knows, and the one that it takes by itself ----

schedulers=('' rr wrr lc wlc sed nq lblc lblcr sh dh mh fo ovf twos)
all_services() {
	local i sched
	for i in "${!schedulers[@]}"; do
		sched=${schedulers[i]:-wlc}
		case $sched in
		sh | mh) sched+=" -o -b $sched-fallback" ;;
		*) sched+=' -o' ;;
		esac
		printf -- '-A -u 10.91.0.1:%d -s %s\n' $((5630 + i)) "$sched"
		printf -- '-a -u 10.91.0.1:%d -r 10.91.11.2:%d -m -w 3\n' \
			$((5630 + i)) $((5630 + i))
	done
}
{
	echo "$globals"
	for i in "${!schedulers[@]}"; do
		case ${schedulers[i]} in
		sh | mh) flag="${schedulers[i]}-fallback" ;;
		*) flag='' ;;
		esac
		virtual_server 10.91.0.1 $((5630 + i)) "${schedulers[i]}" \
			"$flag" 10.91.11.2
	done
} >"$conf"
kill -HUP "$keepalived"
becomes "$(all_services)" 'every scheduler, wlc where none is named'

kill -TERM "$keepalived"
becomes '' 'services go with it'
is "$(ipvsadm -L --timeout)" 'Timeout (tcp tcpfin udp): 900 120 300' \
	'timeouts are as they were'
