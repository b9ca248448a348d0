# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# UDP with connections: a client's port keeps its server, for as long as the
# timeout says and no longer, and gets another if the server is removed.
servers 7100

# ---- one port, one server ----

for f in 4 6; do
	svc=${vs[$f,1]}:7100
	tracked -u "$f" 1 7100 -m -s rr
	from_client burst dst="${vip[$f,1]}|7100" count=200
	is "${A[got]}/${A[distinct]}/${A[foreign]}" 200/200/0 \
		"IPv$f: a port: all answered by the virtual address"
	is "${A[each]##*:}" 200 "IPv$f: a port: all by one server"
	from_client clients src="${client_ip[$f]}|20000" count=60 \
		dst="${vip[$f,1]}|7100" map=first
	is "${A[got]}/${A[foreign]}" 60/0 "IPv$f: 60 ports: answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 20 "$(nproc)" \
			"IPv$f: 60 ports: server $n: a third"
	done
	from_client clients src="${client_ip[$f]}|20000" count=60 \
		dst="${vip[$f,1]}|7100" map=again
	agent moved a=first b=again
	is "${A[kept]}" 60 "IPv$f: 60 ports: each at its server again"
	is "$(states "$svc ")" UDP:61 "IPv$f: an entry each"
	from_client ask src="${client_ip[$f]}|20000" dst="${vip[$f,1]}|7100" \
		size=1300
	is "${A[intact]}" 1 "IPv$f: intact"
	printf -v want 'UDP %s  %-11s %-18s %-18s %s' TIME UDP \
		"${cs[$f]}:20000" "$svc" "${rs[$f,${A[server]#s}]}:7100"
	line=$(entries "${cs[$f]}:20000 ")
	is "${line/ 0[45]:[0-5][0-9] / TIME }" "$want" "IPv$f: its line"
done
is "$(total -u 4 1 7100)" 0/61 'none of them counts as active'

# A service without one-packet may be told so, and then has no entries.
ipvsadm -E -u "${vs[4,1]}:7100" -s rr -o
from_client clients src="${client_ip[4]}|21000" count=6 dst="${vip[4,1]}|7100"
is "${A[got]} $(states "${cs[4]}:2100")" '6 ' \
	'changed to one-packet: no entries for newcomers'

# ---- time ----

# Sets ms: for how long the entry of this port is listed from now on. The file
# is read without a program, which would take the time that is measured.
outlives() {
	local from=${EPOCHREALTIME/./} table
	while table=$(</proc/net/ip_vs_conn) && [[ $table == *" $1 "* ]] &&
		((${EPOCHREALTIME/./} - from < 20000000)); do
		read -r -t 0.05 -u "$nap" || :
	done
	ms=$(((${EPOCHREALTIME/./} - from) / 1000))
}

for f in 4 6; do
	tracked -u "$f" 2 7100 -m -s rr
	set_timeouts 0 0 2
	from_client ask src="${client_ip[$f]}|22001" dst="${vip[$f,2]}|7100"
	outlives 55F1 # 22001
	check "IPv$f: timeout 2 s: gone after $ms ms" \
		test "$ms" -ge 1500 -a "$ms" -le 3900

	# Refreshed for longer than the timeout.
	from_client ask src="${client_ip[$f]}|22002" dst="${vip[$f,2]}|7100"
	first=${A[server]} stayed=''
	for _ in 1 2 3; do
		pass_time 1
		from_client ask src="${client_ip[$f]}|22002" \
			dst="${vip[$f,2]}|7100"
		stayed+="${A[server]} "
	done
	is "$stayed" "$first $first $first " \
		"IPv$f: refreshed each second: the same server"
	is "$(states "${cs[$f]}:22002 ")" UDP:1 \
		"IPv$f: refreshed each second: one entry"
	outlives 55F2
	check "IPv$f: not refreshed any more: gone after $ms ms" \
		test "$ms" -ge 1000 -a "$ms" -le 3900
	set_timeouts 0 0 300
done

# A change of the timeout is for entries as they are refreshed.
tracked -u 4 3 7100 -m -s rr
from_client ask src="${client_ip[4]}|22003" dst="${vip[4,3]}|7100"
set_timeouts 0 0 1
pass_time 3
is "$(states "${cs[4]}:22003 ")" UDP:1 'a shorter timeout ends nothing'
from_client ask src="${client_ip[4]}|22003" dst="${vip[4,3]}|7100"
outlives 55F3
check "until the next packet: gone $ms ms after it" \
	test "$ms" -ge 500 -a "$ms" -le 2900
set_timeouts 0 0 300

# ---- a server that is removed ----

# Sets first, the client's server, and takes that out of the service.
remove_own() {
	from_client ask src="${client_ip[$f]}|22100" dst="${vip[$f,4]}|7100"
	first=${A[server]}
	real -d -u "$f" 4 7100 "${first#s}"
	from_client ask src="${client_ip[$f]}|22100" dst="${vip[$f,4]}|7100" \
		wait=700
}

for f in 4 6; do
	tracked -u "$f" 4 7100 -m -s rr
	if [[ $module == opvs ]]; then
		remove_own
		check "IPv$f: another server at once (${A[server]:-none})" \
			test "${A[got]}" = 1 -a "${A[server]}" != "$first"
		real -a -u "$f" 4 7100 "${first#s}" -m
		echo 0 >/proc/sys/net/opvs/udp_reschedule
	fi

	remove_own
	is "${A[got]}" 0 "IPv$f: as ip_vs: no answer while it is gone"
	real -a -u "$f" 4 7100 "${first#s}" -m
	from_client ask src="${client_ip[$f]}|22100" dst="${vip[$f,4]}|7100"
	is "${A[server]}" "$first" "IPv$f: as ip_vs: its old one when it is back"

	vs_sysctl expire_nodest_conn 1
	remove_own
	check "IPv$f: expire_nodest_conn: another one (${A[server]:-none})" \
		test "${A[got]}" = 1 -a "${A[server]}" != "$first"
	restore_settings
	[[ $module != opvs ]] || echo 1 >/proc/sys/net/opvs/udp_reschedule
done
