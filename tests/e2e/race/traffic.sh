# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Traffic for the race tests, IPv4 and IPv6, from many ports. Server 1 answers;
# servers 2 and 3 have a closed port and answer with ICMP errors.
port=5999

# traffic_start: from now on until traffic_stop.
traffic_start() {
	local f
	for f in 4 6; do
		agent serve ns="${ns_servers[1]}" id=s1 \
			addr="${rip[$f,1]}|$port"
	done
	spawn_in "$ns_client" "$e2e/race/flood.py" 200 \
		"${vip[4,1]}" $port "${vip[6,1]}" $port
	flood=$spawned
}

traffic_stop() {
	kill "$flood"
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
		echo "-A -u ${vs[$f,1]}:$port -s mh -o --pe sip"
		for n in 1 2 3; do
			echo "-a -u ${vs[$f,1]}:$port" \
				"-r ${rs[$f,$n]}:$port -m -w 1"
		done
	done
}
