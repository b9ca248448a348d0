# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# No server available: the client is told "port unreachable", as by ip_vs.
servers 5460

# refused FAMILY TEXT
refused() {
	local f=$1
	snapshot service_packets drop_no_server ops_created
	from_client ask dst="${vip[$f,1]}|5460" data=anybody connect=1
	is "${A[got]} ${A[errno]:-none}" '0 ECONNREFUSED' "IPv$f: $2: refused"
	is "${A[quoted]:-}" "${vip[$f,1]}|5460" \
		"IPv$f: $2: about the virtual address"
	rose service_packets 1 "IPv$f: $2: counted as the service's"
	rose drop_no_server 1 "IPv$f: $2: and as dropped for want of a server"
	rose ops_created 0 "IPv$f: $2: no entry was made"
}

for f in 4 6; do
	for sched in rr mh; do
		vs=${vs[$f,1]}:5460
		ipvsadm -A -u "$vs" -s $sched -o
		refused "$f" "$sched without servers"
		dest -a "$f" 1 5460 1 -m
		dest -a "$f" 1 5460 2 -m -w 0
		from_client ask dst="${vip[$f,1]}|5460" data=anybody connect=1
		is "${A[server]}" s1 "IPv$f: $sched with one: answered"
		dest -e "$f" 1 5460 1 -m -w 0
		refused "$f" "$sched with weights 0"
		dest -e "$f" 1 5460 1 -m -w 1
		dest -d "$f" 1 5460 1
		dest -d "$f" 1 5460 2
		refused "$f" "$sched after the last was removed"
		ipvsadm -D -u "$vs"
	done
	# Without a service the address is the director's own again.
	from_client ask dst="${vip[$f,1]}|5460" data=anybody connect=1
	is "${A[errno]:-none}" ECONNREFUSED "IPv$f: no service, no listener"
	agent serve id=own addr="${vip[$f,1]}|5460"
	from_client ask dst="${vip[$f,1]}|5460" data=anybody connect=1
	is "${A[server]}" own "IPv$f: no service: a local listener has it"
	agent unserve id=own
done

# With and without an engine.
service 4 1 5460 -s mh --pe sip
for n in 1 2 3; do
	dest -e 4 1 5460 "$n" -m -w 0
done
refused 4 'mh with an engine, all weights 0'
