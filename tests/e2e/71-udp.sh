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

# It is measured so that a machine that is late makes no difference: what is
# known is between which two moments something was. All are in ms.
clock() { now=$((${EPOCHREALTIME/./} / 1000)); }

# asks PORT VIP-NUMBER: one datagram, which passed between asked and heard.
asks() {
	clock
	asked=$now
	from_client ask src="${client_ip[$f]}|$1" dst="${vip[$f,$2]}|7100"
	clock
	heard=$now
}

# Sets least and most: how long the entry of this port was listed after it was
# used last. The file is read without a program, which would take its time.
outlives() {
	local table
	least=0
	while clock && table=$(</proc/net/ip_vs_conn) &&
		[[ $table == *" $1 "* ]] && ((now - heard < 20000)); do
		least=$((now - heard))
		read -r -t 0.05 -u "$nap" || :
	done
	clock
	most=$((now - asked))
}

# refreshed PORT: four datagrams, a second apart. Sets first and stayed, the
# server of the first and of the others, and entry. False if the machine was so
# late that the entry may have ended meanwhile.
refreshed() {
	local last late=0
	asks "$1" 2
	first=${A[server]} stayed=''
	for _ in 1 2 3; do
		last=$asked
		pass_time 1
		asks "$1" 2
		stayed+="${A[server]} "
		((heard - last < 1900)) || late=1
	done
	entry=$(states "${cs[$f]}:$1 ")
	clock
	((now - asked < 1900)) || late=1
	return $late
}

for f in 4 6; do
	tracked -u "$f" 2 7100 -m -s rr
	set_timeouts 0 0 2
	asks 22001 2
	outlives 55F1 # 22001
	check "IPv$f: timeout 2 s: gone after $least to $most ms" \
		test "$most" -ge 1500 -a "$least" -le 3900

	# For longer than the timeout.
	for _ in 1 2 3 4 5; do
		! refreshed 22002 || break
	done
	is "$stayed" "$first $first $first " \
		"IPv$f: refreshed each second: the same server"
	is "$entry" UDP:1 "IPv$f: refreshed each second: one entry"
	outlives 55F2
	check "IPv$f: not refreshed any more: gone after $least to $most ms" \
		test "$most" -ge 1500 -a "$least" -le 3900
	set_timeouts 0 0 300
done

# A change of the timeout is for entries as they are refreshed.
tracked -u 4 3 7100 -m -s rr
from_client ask src="${client_ip[4]}|22003" dst="${vip[4,3]}|7100"
set_timeouts 0 0 1
pass_time 3
is "$(states "${cs[4]}:22003 ")" UDP:1 'a shorter timeout ends nothing'
f=4
asks 22003 3
outlives 55F3
check "until the next packet: gone $least to $most ms after it" \
	test "$most" -ge 500 -a "$least" -le 2900
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
