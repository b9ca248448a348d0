# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# A client's port that is used with two virtual addresses of the same servers:
# whose answers are they? And a port that is always the same, at a server that
# is drained.
protos=(tcp)
! modprobe sctp 2>/dev/null || protos+=(sctp)
((${#protos[@]} == 2)) || skip 'SCTP' 'not in this kernel'
servers 5200
accept_on 5200
! ((${#protos[@]} == 2)) || accept_on 5200 proto=sctp
declare -A flags=([tcp]=-t [sctp]=--sctp-service)
declare -A ports=([tcp]=5201 [sctp]=5202 [udp]=5203)
declare -A overs=([tcp]=TIME_WAIT [sctp]=CLOSED)

# both FLAG FAMILY A B OPTION...: two services to port 5200 of the first server.
both() {
	local flag=$1 f=$2 v
	for v in "$3" "$4"; do
		ipvsadm -A "$flag" "${vs[$f,$v]}:5200" "${@:5}"
		real -a "$flag" "$f" "$v" 5200 1 -m
	done
}

drop() { # FLAG FAMILY VIP-NUMBER...
	local v
	for v in "${@:3}"; do
		ipvsadm -D "$1" "${vs[$2,$v]}:5200"
	done
}

# ---- connections ----

# dials ID VIP-NUMBER [KEY=VALUE...]
dials() {
	from_client dial id="$1" proto="$proto" \
		src="${client_ip[$f]}|${ports[$proto]}" \
		dst="${vip[$f,$2]}|5200" "${@:3}"
}

# at VIP-NUMBER: the states of the port's entries at this virtual address.
at() { states "${cs[$f]}:${ports[$proto]} " "${vs[$f,$1]}:5200 "; }

# The server closes first, so that the client may use its port again at once.
closes() { # ID
	agent ring_off id=s1
	agent hear id="$1"
	agent hang id="$1"
}

one_server() {
	local flag=${flags[$proto]} over=${overs[$proto]} what="IPv$f: $proto"
	both "$flag" "$f" 1 2 -s rr
	dials one 1
	is "${A[got]}" 1 "$what: to one address"
	closes one
	settles 5 "$over:1" "$what: closed" at 1
	dials two 2
	is "${A[got]} ${A[errors]}" '1 ' \
		"$what: closed, the same port to the other address"
	is "$(at 1) $(at 2)" ' ESTABLISHED:1' "$what: the old entry made room"

	# Nothing ends one that is established.
	snapshot drop_reply_clash
	dials three 1 mute=1 wait=500
	check "$what: established, the same port to the other address: no" \
		test -n "${A[errors]}"
	[[ $module != opvs ]] || check "$what: which is counted" \
		poll 5 risen_to drop_reply_clash 1
	from_client talk id=two
	is "${A[got]} $(at 2)" '1 ESTABLISHED:1' \
		"$what: and the established one goes on"
	agent hang id=three how=rst
	closes two
	settles 5 "$over:1" "$what: until it is closed" at 2
	dials three 1
	is "${A[got]} ${A[errors]}" '1 ' "$what: then the other address answers"
	agent hang id=three how=rst
	drop "$flag" "$f" 1 2
}

# If the scheduler may choose, another server is better than none.
more_servers() {
	local sched=$1 flag=${flags[$proto]} what="IPv$f: $proto, $1" first
	snapshot drop_reply_clash
	tracked "$flag" "$f" 3 5200 -m -s "$sched"
	tracked "$flag" "$f" 4 5200 -m -s "$sched"
	dials one 3
	first=${A[server]}
	dials two 4
	check "$what: both addresses, two servers ($first, ${A[server]:-none})" \
		test "${A[got]}" = 1 -a "${A[server]}" != "$first"
	from_client talk id=one
	is "${A[got]}" 1 "$what: the first one goes on"
	from_client talk id=two
	is "${A[got]}" 1 "$what: and so does the second"
	rose drop_reply_clash 0 "$what: none was refused"
	agent hang id=one how=rst
	agent hang id=two how=rst
	drop "$flag" "$f" 3 4
}

# No answer: a server that does not exist.
half_open() {
	local flag=${flags[$proto]} what="IPv$f: $proto" v
	local -A half=([tcp]=SYN_RECV:1 [sctp]=INIT1:1)
	for v in 5 6; do
		ipvsadm -A "$flag" "${vs[$f,$v]}:5200" -s rr
		ipvsadm -a "$flag" "${vs[$f,$v]}:5200" \
			-r "${sink_rs[$f]}:5200" -m
	done
	dials one 5 mute=1 wait=200
	is "$(at 5)" "${half[$proto]}" "$what: half-open"
	agent hang id=one how=rst
	# An SCTP client that gives up may say so.
	dials two 6 mute=1 wait=200
	is "$(at 6)" "${half[$proto]}" \
		"$what: half-open, the same port to the other address"
	is "$(at 5)" '' "$what: half-open: the old entry made room"
	agent hang id=two how=rst
	drop "$flag" "$f" 5 6
}

make_sinks
for f in 4 6; do
	for proto in "${protos[@]}"; do
		one_server
		more_servers rr
		more_servers wlc
		half_open
	done
done

# ---- datagrams ----

# asks VIP-NUMBER: from the same port as ever.
asks() {
	from_client ask src="${client_ip[$f]}|${ports[udp]}" \
		dst="${vip[$f,$1]}|5200" wait=1000
}

takes_turns() { # NAME OPTION...
	local name=$1 v right=0
	shift
	ipvsadm -A -u "${vs[$f,1]}:5200" "$@"
	ipvsadm -A -u "${vs[$f,2]}:5200" "$@"
	for v in 1 2; do
		real -a -u "$f" "$v" 5200 1 -m
	done
	for v in 1 2 1 1 2 2 1; do
		asks "$v"
		[[ ${A[got]}/${A[foreign]} != 1/0 ]] || ((right += 1))
	done
	is "$right" 7 "IPv$f: UDP, $name: each question is answered as it was put"
	is "$(states "${cs[$f]}:${ports[udp]} ")" UDP:1 \
		"IPv$f: UDP, $name: one entry"
	drop -u "$f" 1 2
}

for f in 4 6; do
	snapshot drop_reply_clash
	takes_turns 'one server' -s rr
	takes_turns sh -s sh
	takes_turns mh -s mh
	takes_turns persistent -s rr -p 60
	tracked -u "$f" 3 5200 -m -s rr
	tracked -u "$f" 4 5200 -m -s rr
	asks 3
	first=${A[server]}
	asks 4
	second=${A[server]}
	check "IPv$f: UDP, rr: two addresses, two servers ($first, $second)" \
		test "$first" != "$second"
	asks 3
	is "${A[server]} ${A[foreign]}" "$first 0" \
		"IPv$f: UDP, rr: the first still at its own"
	rose drop_reply_clash 0 "IPv$f: UDP: none was refused"
	drop -u "$f" 3 4
done

# ---- a server that is drained ----

# drains OPTION...: sets first, who served the port, and sets its weight to 0.
drains() {
	tracked -u "$f" 7 5200 -m -s rr "$@"
	asks 7
	first=${A[server]}
	real -e -u "$f" 7 5200 "${first#s}" -m -w 0
	asks 7
}

for f in 4 6; do
	drains
	is "${A[server]}" "$first" "IPv$f: UDP, weight 0: stays"
	vs_sysctl expire_nodest_conn 1
	asks 7
	second=${A[server]}
	check "IPv$f: UDP, weight 0, expire_nodest_conn: goes ($first, $second)" \
		test "${A[got]}" = 1 -a "$second" != "$first"
	asks 7
	is "${A[server]} $(proto=udp at 7)" "$second UDP:1" \
		"IPv$f: UDP, weight 0: and stays where it is now"
	for n in 1 2 3; do
		real -e -u "$f" 7 5200 "$n" -m -w 0
	done
	asks 7
	is "${A[got]}" 0 "IPv$f: UDP, no server has a weight: refused"
	drop -u "$f" 7

	# A template holds its client, unless it is to let go as well.
	drains -p 60
	is "${A[server]}" "$first" "IPv$f: UDP, -p, weight 0: stays"
	vs_sysctl expire_quiescent_template 1
	asks 7
	check "IPv$f: UDP, -p, expire_quiescent_template: goes" \
		test "${A[got]}" = 1 -a "${A[server]}" != "$first"
	drop -u "$f" 7
	restore_settings

	# What is established is not cut.
	vs_sysctl expire_nodest_conn 1
	for proto in "${protos[@]}"; do
		tracked "${flags[$proto]}" "$f" 8 5200 -m -s rr
		dials stay 8
		first=${A[server]}
		real -e "${flags[$proto]}" "$f" 8 5200 "${first#s}" -m -w 0
		from_client talk id=stay
		is "${A[got]} ${A[server]}" "1 $first" \
			"IPv$f: $proto, weight 0: established connections stay"
		agent hang id=stay how=rst
		drop "${flags[$proto]}" "$f" 8
	done
	restore_settings
done
