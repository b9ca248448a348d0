# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Direct routing: the packet arrives as it was sent, one hop older; the server
# owns the virtual address and answers past the director.

hex_of() { # PCAP-ID FILTER: bytes of the IP packets, one line each
	captured "$1" -x "$2" 2>/dev/null |
		awk '/^\t0x/ { for (i = 2; i <= NF; i++) s = s $i; next }
		     s { print s; s = "" }
		     END { if (s) print s }'
}

for f in 4 6; do
	target="${vip[$f,8]}|5400"
	{
		echo "-A -u ${vs[$f,8]}:5400 -s rr -o"
		for n in 1 2 3; do
			echo "-a -u ${vs[$f,8]}:5400" \
				"-r ${rs[$f,$n]}:5400 -g"
		done
	} | ipvsadm -R
	for n in 1 2 3; do
		if ((f == 4)); then
			in_server "$n" ip addr add "${vip[4,8]}/32" dev lo
		else
			in_server "$n" ip addr add "${vip[6,8]}/128" dev lo nodad
		fi
		agent serve ns="${ns_servers[n]}" id="s$n" addr="$target"
	done

	snapshot forwarded replies ops_created ops_released_inline
	agent burst ns="$ns_client" src="${direct_ip[$f]}" dst="$target" \
		count=300
	is "${A[got]}/${A[foreign]}" 300/0 \
		"IPv$f: all answered, from the virtual address"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 100 "$(nproc)" "IPv$f: server $n"
	done
	rose forwarded 300 "IPv$f: requests went by the director"
	rose replies 0 "IPv$f: answers did not"
	rose ops_created 300 "IPv$f: an entry each"
	rose ops_released_inline 300 "IPv$f: released inline"

	# Only one server now, so that it is known where to look.
	ipvsadm -d -u "${vs[$f,8]}:5400" -r "${rs[$f,2]}:5400"
	ipvsadm -d -u "${vs[$f,8]}:5400" -r "${rs[$f,3]}:5400"
	agent sniff id=sent ns="$ns_client" dev=c0
	agent sniff id=arrived ns="${ns_servers[1]}" dev=e1
	agent sniff id=back ns="${ns_servers[1]}" dev=x0
	agent ask ns="$ns_client" src="${direct_ip[$f]}" dst="$target" size=333
	is "${A[got]} ${A[intact]}" '1 1' "IPv$f: answered intact"
	sent=$(hex_of sent 'udp and dst port 5400')
	arrived=$(hex_of arrived 'udp and dst port 5400')
	if ((f == 4)); then
		# The ninth byte is the TTL, the header's checksum follows it.
		sum=$((0x${sent:20:4} + 0x100))
		sum=$(((sum & 0xffff) + (sum >> 16)))
		want=${sent:0:16}3f${sent:18:2}$(printf %04x $sum)${sent:24}
	else
		want=${sent:0:14}3f${sent:16}
	fi
	check "IPv$f: the request was captured" test -n "$sent"
	is "$arrived" "$want" "IPv$f: unchanged but for its age"
	is "$(captured back 'udp and src port 5400' | wc -l)" 1 \
		"IPv$f: the answer takes the direct way"
	agent reset
	for n in 1 2 3; do
		in_server "$n" ip addr del "${vip[$f,8]}/$((f == 4 ? 32 : 128))" \
			dev lo
	done
done
