# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# keepalived asks the servers of one-packet services themselves whether they are
# well, by a script with an unconnected socket and by its own UDP check, with and
# without early demux, which finds the socket before the module is asked.
conf=$state/keepalived.conf
chmod 755 "$state"

# server FAMILY N CHECK: a block of keepalived's, until its first check counted
# as down.
server() {
	printf '\treal_server %s 5570 {\n\t\tweight 1\n' "${rip[$1,$2]}"
	if [[ $3 == script ]]; then
		printf '\t\tMISC_CHECK {\n\t\t\tmisc_path "%s %s %s 5570"\n' \
			/usr/bin/python3 "$e2e/probe.py" "${rip[$1,$2]}"
		# Else a check that takes a second counts as failed.
		printf '\t\t\tmisc_timeout 60\n'
	else
		printf '\t\tUDP_CHECK {\n\t\t\tpayload 70696e67\n'
		printf '\t\t\trequire_reply\n\t\t\tconnect_timeout 10\n'
	fi
	printf '\t\t\tretry 1\n\t\t\tdelay_before_retry 1\n\t\t}\n\t}\n'
}
{
	printf 'global_defs {\n\tenable_script_security\n\tscript_user root\n}\n'
	for f in 4 6; do
		printf 'virtual_server %s 5570 {\n\tlvs_method NAT\n' \
			"${vip[$f,1]}"
		printf '\tlvs_sched rr\n\tprotocol UDP\n\tops\n\talpha\n'
		printf '\tdelay_loop 1\n'
		server $f 1 script
		server $f 2 own
		echo '}'
	done
} >"$conf"

# well FAMILY: the servers that are in service.
well() {
	local arrow address out=''
	while read -r arrow address _; do
		[[ $arrow != '->' ]] || case $address in
		"${rs[$1,1]}:5570") out+='script ' ;;
		"${rs[$1,2]}:5570") out+='own ' ;;
		esac
	done < <(ipvsadm -Ln -u "${vs[$1,1]}:5570" 2>/dev/null)
	echo "${out% }"
}

read -r early </proc/sys/net/ipv4/udp_early_demux
for demux in 1 0; do
	echo $demux >/proc/sys/net/ipv4/udp_early_demux
	servers 5570
	spawn_in "$ns_director" keepalived -n -l -C -G -f "$conf" \
		-p "$state/ka.pid" -c "$state/ka-check.pid" \
		</dev/null >"$state/ka" 2>&1
	keepalived=$spawned
	for f in 4 6; do
		settles 40 'script own' \
			"IPv$f: early demux $demux: servers answer for themselves" \
			well $f
		from_client clients src="${client_ip[$f]}|25700" count=20 \
			dst="${vip[$f,1]}|5570"
		is "${A[got]}/${A[foreign]}" 20/0 \
			"IPv$f: early demux $demux: clients by the service"
	done
	# Asked again, now that their answers might be taken for replies.
	pass_time 5
	for f in 4 6; do
		is "$(well $f)" 'script own' \
			"IPv$f: early demux $demux: and they stay"
	done
	is "$(grep -c 'Removing service' "$state/ka" || :)" 0 \
		"early demux $demux: no check fails"
	agent unserve id=s1
	agent unserve id=s2
	for f in 4 6; do
		settles 60 '' "IPv$f: early demux $demux: who stops goes" well $f
	done
	if ((!demux)); then
		for n in 1 2; do
			for f in 4 6; do
				agent serve ns="${ns_servers[n]}" id="s$n" \
					addr="${rip[$f,$n]}|5570"
			done
		done
		for f in 4 6; do
			settles 60 'script own' \
				"IPv$f: early demux $demux: and comes back" well $f
		done
	fi
	kill -TERM "$keepalived"
	wait "$keepalived" || :
	agent reset
done
echo "$early" >/proc/sys/net/ipv4/udp_early_demux
