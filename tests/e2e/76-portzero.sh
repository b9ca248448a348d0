# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Services of all ports, by port zero and by firewall mark: TCP and UDP, and a
# client's one port that speaks to very many ports.
! same_everywhere 'all ports' || return 0
if ! nft add table inet marks 2>/dev/null; then
	skip 'nftables' 'not in this kernel'
	return 0
fi
nft -f - <<END
table inet marks {
	chain pre {
		type filter hook prerouting priority mangle;
		ip daddr { ${vip[4,1]}, ${vip[4,2]} } meta mark set 4
		ip6 daddr { ${vip[6,1]}, ${vip[6,2]} } meta mark set 6
		ip daddr ${vip[4,3]} meta mark set 14
		ip6 daddr ${vip[6,3]} meta mark set 16
		ip daddr ${vip[4,4]} meta mark set 24
		ip6 daddr ${vip[6,4]} meta mark set 26
	}
}
END
make_sinks
for port in 7600 7601; do
	accept_on $port
	servers $port
done

# marked MARK FAMILY METHOD [OPTION...]: a service of a mark.
marked() {
	local mark=$1 f=$2 n v6=''
	shift 2
	((f == 4)) || v6=-6
	# shellcheck disable=SC2086 # nothing is nothing
	ipvsadm -A -f "$mark" $v6 "$@"
	for n in 1 2 3; do
		# shellcheck disable=SC2086 # as above
		ipvsadm -a -f "$mark" $v6 -r "${rs[$f,$n]}:0" -m
	done
}

loads_of_mark() { # MARK: "ACTIVE/INACTIVE" of all its servers
	ipvsadm -Ln | awk -v mark="$1" '
		$1 != "->" { on = $1 == "FWM" && $2 == mark }
		$1 == "->" && on { active += $5; inactive += $6 }
		END { print 0 + active "/" 0 + inactive }'
}

# mark_address FAMILY: how the mark of 1FAMILY is written as an address.
mark_address() {
	if (($1 == 4)); then echo 0.0.0.14; else echo '[0:10::]'; fi
}

# ---- by mark ----

for f in 4 6; do
	marked $f "$f" -s rr
	for v in 1 2; do
		for port in 7600 7601; do
			from_client dial id="m$v$port" \
				dst="${vip[$f,$v]}|$port" count=6
			is "${A[got]} ${A[errors]}" '6 ' \
				"IPv$f: mark: TCP, address $v, port $port"
			near "${A[on_s1]:-0}" 2 "$(nproc)" \
				"IPv$f: mark: TCP by turns"
			from_client clients src="${client_ip[$f]}|25000" \
				count=6 dst="${vip[$f,$v]}|$port"
			is "${A[got]}/${A[foreign]}" 6/0 \
				"IPv$f: mark: UDP, address $v, port $port"
		done
	done
	is "$(entries "${cs[$f]}:" ":760" | awk '{ print $1, $3 }' | sort |
		uniq -c | xargs)" '24 TCP ESTABLISHED 24 UDP UDP' \
		"IPv$f: mark: their entries"
	is "$(loads_of_mark "$f")" 24/24 "IPv$f: mark: counted at its servers"
	for v in 1 2; do
		for port in 7600 7601; do
			agent hang id="m$v$port" how=rst
		done
	done

	marked 1$f "$f" -s rr -p 100
	from_client dial id=both dst="${vip[$f,3]}|7600" count=3
	server=${A[server]}
	from_client clients src="${client_ip[$f]}|25100" count=4 \
		dst="${vip[$f,3]}|7600,${vip[$f,3]}|7601"
	is "${A[each]}" "$server:4" \
		"IPv$f: mark, persistent: TCP and UDP of a client: one server"
	# The address of a mark's template is the mark.
	is "$(entries "${cs[$f]}:0 " | awk '{ print $1, $4, $5, $6 }')" \
		"IP ${cs[$f]}:0 $(mark_address "$f"):0 ${rs[$f,${server#s}]}:0" \
		"IPv$f: mark, persistent: its template's line"
	agent hang id=both how=rst
done

# ---- by port zero ----

for f in 4 6; do
	for flag in -t -u; do
		ipvsadm -A $flag "${vs[$f,5]}:0" -s rr -p 100
		for n in 1 2 3; do
			ipvsadm -a $flag "${vs[$f,5]}:0" \
				-r "${rs[$f,$n]}:0" -m
		done
	done
	from_client dial id=t1 dst="${vip[$f,5]}|7600" count=3
	server=${A[server]}
	from_client dial id=t2 dst="${vip[$f,5]}|7601" count=3
	is "${A[each]}" "$server:3" "IPv$f: port 0: TCP, two ports, one server"
	from_client clients src="${client_ip[$f]}|25200" count=6 \
		dst="${vip[$f,5]}|7600,${vip[$f,5]}|7601"
	is "${A[got]}/${A[foreign]} ${A[each]##*:}" '6/0 6' \
		"IPv$f: port 0: UDP, two ports, one server"
	is "$(entries "${cs[$f]}:0 " "${vs[$f,5]}:0 " |
		awk '{ print $1, $3 }' | xargs -n 2 | sort | xargs)" \
		'TCP ASSURED UDP ASSURED' "IPv$f: port 0: a template for each"
	# A port that has a service of its own is that one's.
	tracked -u "$f" 5 7601 -m -s rr
	from_client clients src="${client_ip[$f]}|25300" count=6 \
		dst="${vip[$f,5]}|7601"
	near "${A[on_s1]:-0}" 2 "$(nproc)" \
		"IPv$f: port 0: another service's port is that one's"
	agent hang id=t1 how=rst
	agent hang id=t2 how=rst
done

# ---- one client port, very many ports ----

many=5000
[[ $OPVS_KERNEL != uml ]] || many=60000
# The kernel's ip_vs would search half of them for each packet.
[[ $module == opvs ]] || many=2000

# spread NAME SRC DST PART VARY [LIMIT]: sends them until all have entries, then
# once more, and sets ms to how long that took; where it took longer than so many
# ms, the machine may have done something else, and it is tried again.
spread() {
	local count=0
	for _ in 1 2 3; do
		agent mass ns="$ns_client" src="$2" dst="$3" count=$many vary="$5"
		count_entries "$4"
		((count < many)) || break
	done
	is "$count" $many "$1: an entry each"
	for _ in 1 2 3 4 5; do
		agent mass ns="$ns_client" src="$2" dst="$3" count=$many \
			vary="$5"
		ms=${A[ms]}
		((ms > ${6:-ms})) || break
	done
}

# Of a client's address; ports are as the test says.
for f in 4 6; do
	if ((f == 4)); then
		client=0A5B0102 other=0A5B0109
		from=10.91.1.9
	else
		client=fd91:0001:0000:0000:0000:0000:0000:0002
		other=fd91:0001:0000:0000:0000:0000:0000:0009
		from=fd91:1::9
	fi
	v6=$([[ $f == 4 ]] || echo -6)
	# shellcheck disable=SC2086 # nothing is nothing
	{
		ipvsadm -A -f 2$f $v6 -s rr
		ipvsadm -a -f 2$f $v6 -r "${sink_rs[$f]}:0" -m
	}
	ipvsadm -A -u "${vs[$f,6]}:0" -s rr -p 100
	ipvsadm -a -u "${vs[$f,6]}:0" -r "${sink_rs[$f]}:0" -m
	ipvsadm -A -u "${vs[$f,7]}:9" -s rr
	ipvsadm -a -u "${vs[$f,7]}:9" -r "${sink_rs[$f]}:9" -m

	spread "IPv$f: $many client ports" "$from|2000" "${vip[$f,7]}|9" \
		" $other " src
	# A search by turns takes a hundred times as long.
	ordinary=$ms limit=$((10 * ms + 1000))
	spread "IPv$f: mark: one client port, $many ports" \
		"${client_ip[$f]}|9001" "${vip[$f,4]}|2000" " $client 2329 " \
		dst $limit
	by_mark=$ms
	spread "IPv$f: port 0: one client port, $many ports" \
		"${client_ip[$f]}|9002" "${vip[$f,6]}|2000" " $client 232A " \
		dst $limit
	diag "$many packets: $ordinary ms, by mark $by_mark ms, port 0 $ms ms"
	if [[ $module == opvs ]]; then
		check "IPv$f: mark: as fast as for $many client ports" \
			test "$by_mark" -le $limit
		check "IPv$f: port 0: as fast as for $many client ports" \
			test "$ms" -le $limit
	fi
done
nft delete table inet marks
