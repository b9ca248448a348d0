# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Timeout policies side by side, and limits: what is over one is refused and
# counted, but not before what has expired, or would not be missed, has gone.
if [[ $module != opvs ]]; then
	skip 'policies and limits' 'ip_vs has none'
	return 0
fi
! same_everywhere 'policies and limits' || return 0
servers 7900
accept_on 7901
make_sinks

# native VERB KEY=VALUE...: in the director; what it answers must be no error.
native() {
	agent "$1" ns="$ns_director" "${@:2}"
	is "${A[errno]} ${A[text]:-}" 'none ' "$1 ${*:2}"
}

# ---- a policy of a second beside one of an hour ----

native policy verb=new name=brief timeouts=udp:UDP:1,tcp:ESTABLISHED:1
native policy verb=new name=long timeouts=udp:UDP:3600
for f in 4 6; do
	for v in 1 2 3; do
		tracked -u "$f" $v 7900 -m -s rr
	done
	native service service="${vip[$f,1]}|7900" policy=brief
	native service service="${vip[$f,2]}|7900" policy=long
	from=$SECONDS
	for v in 2 1 3; do
		from_client clients src="${client_ip[$f]}|2810$v" count=1 \
			dst="${vip[$f,$v]}|7900"
		from_client clients src="${client_ip[$f]}|2820$v" count=50 \
			dst="${vip[$f,$v]}|7900"
	done
	left=$(entries "${cs[$f]}:28102 " | awk -F '[ :]+' '{ print $2 * 60 + $3 }')
	check "IPv$f: an hour is an hour ($left s)" \
		test "$left" -ge $((3598 - (SECONDS - from))) -a "$left" -le 3600
	settles 3 '' "IPv$f: those of a second are gone after it" \
		states "${vs[$f,1]}:7900 "
	is "$(states "${vs[$f,2]}:7900 ")" UDP:51 \
		"IPv$f: those of an hour are there"
	is "$(states "${vs[$f,3]}:7900 ")" UDP:51 \
		"IPv$f: and those of the default"
	ipvsadm -C
done

# Edits are for connections as they are refreshed.
tracked -u 4 1 7900 -m -s rr
native service service="${vip[4,1]}|7900" policy=brief
from_client ask src="${client_ip[4]}|28300" dst="${vip[4,1]}|7900"
native policy verb=set name=brief timeouts=udp:UDP:100
from_client ask src="${client_ip[4]}|28301" dst="${vip[4,1]}|7900"
settles 3 '' 'an edit: who was there before ends as before' \
	states "${cs[4]}:28300 "
is "$(states "${cs[4]}:28301 ")" UDP:1 'an edit: who came after it lives'
agent policy ns="$ns_director" verb=del name=brief
is "${A[errno]}" EBUSY 'a policy that is in use stays'
# TCP states have timeouts of their own.
tracked -t 4 2 7901 -m -s rr
agent service ns="$ns_director" proto=tcp service="${vip[4,2]}|7901" \
	policy=brief
from_client dial id=brief src="${client_ip[4]}|28400" dst="${vip[4,2]}|7901"
settles 10 '' 'TCP: established, silent for a second: gone' \
	states "${cs[4]}:28400 "
agent hang id=brief how=rst
ipvsadm -C
native policy verb=del name=brief
native policy verb=del name=long

# ---- limits ----

# full FAMILY FROM COUNT WANT COUNTER NAME: of COUNT clients WANT are served.
full() {
	snapshot drop_limit "$5"
	# An entry that was not answered yet would make room for the next.
	from_client clients src="${client_ip[$1]}|$2" count="$3" calm=150 \
		dst="${vip[$1,4]}|7900"
	is "${A[got]}/${A[foreign]}" "$4/0" \
		"IPv$1: $6: $4 of $3 clients are served"
	rose "$5" $(($3 - $4)) "IPv$1: $6: the rest is counted"
	rose drop_limit $(($3 - $4)) "IPv$1: $6: and each has its verdict"
}
settle_empty() {
	agent flush ns="$ns_director"
	settles 5 0 "$1" cat /sys/kernel/opvs/conns
}

for f in 4 6; do
	settle_empty "IPv$f: flushed: there are no entries"
	tracked -u "$f" 4 7900 -m -s rr
	# A client that has been answered is real.
	vs_sysctl conn_max 20
	full "$f" 28500 30 20 refused_netns 'limit of the namespace'
	from_client clients src="${client_ip[$f]}|28500" count=20 \
		dst="${vip[$f,4]}|7900"
	is "${A[got]}" 20 "IPv$f: limit of the namespace: who is in stays in"
	vs_sysctl conn_max 25
	full "$f" 28600 10 5 refused_netns 'a higher limit of the namespace'
	restore_settings

	agent service ns="$ns_director" service="${vip[$f,4]}|7900" max=30
	full "$f" 28700 10 5 refused_service 'limit of the service'
	agent service ns="$ns_director" service="${vip[$f,4]}|7900" max=0
	full "$f" 28800 10 10 refused_service 'no limit'
	counter conns
	echo $((value + 5)) >/sys/module/opvs/parameters/conn_max
	full "$f" 28850 10 5 refused_global 'limit of all namespaces'
	echo 0 >/sys/module/opvs/parameters/conn_max

	# Entries that have expired and are not swept up yet.
	settle_empty "IPv$f: flushed again"
	set_timeouts 0 0 4
	echo 10000 >/proc/sys/net/opvs/sweep_interval_ms
	vs_sysctl conn_max 20
	full "$f" 28900 20 20 refused_netns 'full'
	pass_time 5.5
	full "$f" 29000 20 20 refused_netns 'full of what has expired'
	echo 250 >/proc/sys/net/opvs/sweep_interval_ms
	set_timeouts 0 0 300

	# Those who were never answered make room; the others do not.
	settle_empty "IPv$f: flushed once more"
	ipvsadm -A -u "${vs[$f,5]}:9" -s rr
	ipvsadm -a -u "${vs[$f,5]}:9" -r "${sink_rs[$f]}:9" -m
	from_client clients src="${client_ip[$f]}|29100" count=10 calm=150 \
		dst="${vip[$f,4]}|7900"
	agent mass ns="$ns_client" src="${client_ip[$f]}|29200" \
		dst="${vip[$f,5]}|9" count=10
	snapshot conn_evicted
	full "$f" 29300 10 10 refused_netns 'full of who was never answered'
	rose conn_evicted 10 "IPv$f: who had to go is counted"
	full "$f" 29400 5 0 refused_netns 'full of who was answered'
	is "$(entries "${cs[$f]}:291" | wc -l)" 10 \
		"IPv$f: none of those was sent away"
	restore_settings
	ipvsadm -C
done

# ---- ending connections by hand ----

for f in 4 6; do
	settle_empty "IPv$f: nothing to begin with"
	tracked -u "$f" 6 7900 -m -s rr
	tracked -u "$f" 7 7900 -m -s rr
	for v in 6 7; do
		from_client clients src="${client_ip[$f]}|296${v}0" count=9 \
			dst="${vip[$f,$v]}|7900"
	done
	agent flush ns="$ns_director" service="${vip[$f,6]}|7900"
	is "${A[errno]} ${A[count]}" 'none 9' "IPv$f: flush of a service"
	is "$(states "${vs[$f,6]}:7900 ") $(states "${vs[$f,7]}:7900 ")" \
		' UDP:9' "IPv$f: flush of a service: and of no other"
	agent flush ns="$ns_director" server="${rip[$f,2]}|7900"
	near "${A[count]}" 3 "$(nproc)" "IPv$f: flush of a server"
	is "$(entries "${rs[$f,2]}:7900 " | wc -l)" 0 \
		"IPv$f: flush of a server: all of them"
	last=$(entries "${vs[$f,7]}:7900 " | tail -n 1 | awk '{ print $4 }')
	agent flush ns="$ns_director" src="${client_ip[$f]}|${last##*:}" \
		dst="${vip[$f,7]}|7900"
	is "${A[errno]} ${A[count]}" 'none 1' "IPv$f: flush of one"
	agent flush ns="$ns_director" src="${client_ip[$f]}|${last##*:}" \
		dst="${vip[$f,7]}|7900"
	is "${A[errno]}" ENOENT "IPv$f: flush of one that is not there"
	agent expire ns="$ns_director"
	is "${A[errno]} $(entries "${vs[$f,7]}:7900 ")" 'none ' \
		"IPv$f: expired by hand: invisible at once"
	settles 3 0 "IPv$f: expired by hand: and soon gone" \
		cat /sys/kernel/opvs/conns
	ipvsadm -C
done
