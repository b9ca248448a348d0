# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Traffic for the race tests, made by the kernel itself: pktgen in the client's
# namespace, one thread a processor, IPv4 and IPv6 in turn. Server 1 answers;
# servers 2 and 3 have nobody at the port and answer with ICMP errors. A stream
# of SIP messages comes on top.
port=5999

# One thread's task: the processor decides the family.
pktgen_task() {
	local cpu=$1 mac=$2
	if ((cpu % 2)); then
		echo "dst6 $(vip 6 1)"
		echo "src6 $(client_ip 6)"
	else
		echo "dst $(vip 4 1)"
		echo 'flag IPSRC_RND'
		echo 'src_min 10.91.1.100'
		echo 'src_max 10.91.1.200'
	fi
	echo "dst_mac $mac"
	printf '%s\n' 'count 0' 'pkt_size 120' 'flag UDPCSUM' \
		'flag UDPSRC_RND' 'udp_src_min 1024' 'udp_src_max 60000' \
		"udp_dst_min $port" "udp_dst_max $port"
	# Nanoseconds between two packets: the rest needs time too.
	echo 'delay 2000000'
}

# traffic_start: from now on until traffic_stop.
traffic_start() {
	local mac f
	modprobe pktgen
	mac=$(ip -o link show d0 | sed 's/.*ether \([^ ]*\).*/\1/')
	for f in 4 6; do
		agent serve ns="${ns_servers[1]}" id=s1 \
			addr="$(rip "$f" 1)|$port"
	done
	pktgen_tasks "$mac" >"$state/pktgen"
	spawn_in "$ns_client" bash "$state/pktgen" start
	agent stream ns="$ns_client" src="$(client_ip 4)|7000" \
		dst="$(vip 4 1)|$port" rate=50
}

# A program, because it has to run inside the client's namespace.
pktgen_tasks() {
	local cpu line dir=/proc/net/pktgen
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		echo "echo rem_device_all >$dir/kpktgend_$cpu"
		echo "echo add_device c0@$cpu >$dir/kpktgend_$cpu"
		while IFS= read -r line; do
			echo "echo '$line' >$dir/c0@$cpu"
		done < <(pktgen_task "$cpu" "$1")
	done
	# The write lasts as long as the threads run.
	echo "echo start >$dir/pgctrl"
}

traffic_stop() {
	in_client sh -c 'echo stop >/proc/net/pktgen/pgctrl'
	agent unstream
	poll 20 quiet
}

# Nothing was counted for a moment.
quiet() {
	local value before
	counter service_packets
	before=$value
	read -r -t 0.3 -u "$nap" || :
	counter service_packets
	((value == before))
}

flows() { # at least this many packets were forwarded since loading
	local value
	counter forwarded
	((value >= $1))
}

# One of everything, on both families, as lines for ipvsadm -R.
services() {
	local f n
	for f in 4 6; do
		echo "-A -u $(at "$(vip "$f" 1)" $port) -s mh -o --pe sip"
		for n in 1 2 3; do
			echo "-a -u $(at "$(vip "$f" 1)" $port)" \
				"-r $(at "$(rip "$f" "$n")" $port) -m -w 1"
		done
	done
}
