# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# No datagram is lost in silence: after a workload of everything at once each
# datagram of a service has exactly one verdict, and each entry was released.
servers 5800
for f in 4 6; do
	target="${vip[$f,1]}|5800"
	service "$f" 1 5800 -s mh --pe sip
	vs=${vs[$f,2]}:5800
	ipvsadm -A -u "$vs" -s rr -o
	agent serve id=local addr="${vip[$f,9]}|5801"
	ipvsadm -a -u "$vs" -r "${vs[$f,9]}:5801" -m
	ipvsadm -a -u "$vs" -r "${rs[$f,1]}:5800" -m
	ipvsadm -A -u "${vs[$f,3]}:5800" -s rr -o

	snapshot service_packets forwarded delivered_local drop_no_server \
		drop_ttl replies
	from_client calls dst="$target" count=60
	from_client burst dst="${vip[$f,2]}|5800" count=80
	local_count=${A[on_local]:-0}
	for _ in 1 2 3 4 5; do
		from_client ask dst="${vip[$f,3]}|5800" data=x connect=1
	done
	from_client segments dst="$target" count=20 size=100
	from_client ask dst="$target" data=old ttl=1
	rose service_packets 286 "IPv$f: every datagram is the service's"
	rose delivered_local "$local_count" "IPv$f: those for the local server"
	rose forwarded $((280 - local_count)) "IPv$f: those for other servers"
	rose drop_no_server 5 "IPv$f: those for nobody"
	rose drop_ttl 1 "IPv$f: the one that was too old"
	rose replies 280 "IPv$f: answers"
	agent unserve id=local
done

read_books
for name in "${verdict_names[@]}"; do
	counter "$name"
	diag "$name $value"
done
is "$verdicts" "$packets" \
	'since the module was loaded: verdicts add up to the datagrams'
is "$released" "$created" \
	'since the module was loaded: created = released inline + deferred'
check "there was traffic: $packets datagrams" test "$packets" -ge 572
