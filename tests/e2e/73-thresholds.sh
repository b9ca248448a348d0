# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Thresholds: a server takes no more than -x connections, and when it had that
# many takes others only when it is below -y.
accept_on 7300
servers 7301

# on SERVER FLAG FAMILY VIP PORT: "ACTIVE/INACTIVE" of one server.
on() {
	local all
	read -ra all < <(loads "${@:2}")
	echo "${all[$1 - 1]}"
}

for f in 4 6; do
	target="${vip[$f,1]}|7300"
	tracked -t "$f" 1 7300 -m -s rr
	real -e -t "$f" 1 7300 1 -m -w 1 -x 4 -y 2
	is "$(ipvsadm -Ln --thresholds -t "${vs[$f,1]}:7300" |
		awk -v at="${rs[$f,1]}:7300" '$2 == at { print $3, $4 }')" \
		'4 2' "IPv$f: ipvsadm shows the thresholds"

	from_client dial id=many dst="$target" count=30
	is "${A[got]} ${A[on_s1]:-0}" '30 4' \
		"IPv$f: of 30 connections server 1 gets 4"
	near "${A[on_s2]:-0}" 13 "$(nproc)" "IPv$f: the others share the rest"
	is "$(on 1 -t "$f" 1 7300)" 4/0 "IPv$f: it holds 4"
	for n in 2 3; do
		real -d -t "$f" 1 7300 "$n"
	done
	from_client dial id=full dst="$target" mute=1
	is "${A[errno]}" ECONNREFUSED "IPv$f: if it is the only one: refused"
	real -e -t "$f" 1 7300 1 -m -w 1 -x 5 -y 5
	from_client dial id=full dst="$target"
	is "${A[server]}" s1 "IPv$f: a higher threshold holds at once"
	from_client dial id=more dst="$target" mute=1
	is "${A[errno]}" ECONNREFUSED "IPv$f: and no higher than it is"
	agent hang id=many
done

# Connections that end: with UDP, whose end can be had in a second. Each step
# waits for those before it to be gone.
up() { # FROM COUNT: that many clients, each asking once
	from_client clients src="${client_ip[$f]}|$1" count="$2" \
		dst="${vip[$f,2]}|7301"
}
for f in 4 6; do
	svc=${vs[$f,2]}:7301
	ipvsadm -A -u "$svc" -s rr
	ipvsadm -a -u "$svc" -r "${rs[$f,1]}:7301" -m -x 4 -y 3
	# Two are to stay, and two to go.
	set_timeouts 0 0 300
	up 23000 2
	set_timeouts 0 0 5
	up 23100 4
	is "${A[got]}" 2 "IPv$f: 6 clients, -x 4: 4 are served"
	set_timeouts 0 0 300
	settles 15 0/2 "IPv$f: two have ended" on 1 -u "$f" 2 7301
	up 23200 5
	is "${A[got]}" 2 "IPv$f: below -y 3: again up to 4"
	ipvsadm -e -u "$svc" -r "${rs[$f,1]}:7301" -m -x 5 -y 5
	up 23300 5
	is "${A[got]}" 1 "IPv$f: -x 5 -y 5: one more"
	ipvsadm -e -u "$svc" -r "${rs[$f,1]}:7301" -m -x 5 -y 4
	# Its next packet gives it two seconds.
	set_timeouts 0 0 2
	up 23300 1
	settles 8 0/4 "IPv$f: which has ended" on 1 -u "$f" 2 7301
	up 23400 1
	is "${A[got]}" 0 "IPv$f: 4 is not below -y 4: nobody"
	ipvsadm -e -u "$svc" -r "${rs[$f,1]}:7301" -m
	up 23500 3
	is "${A[got]}" 3 "IPv$f: without thresholds: everybody"
done
