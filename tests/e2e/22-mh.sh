# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Maglev hashing of clients: stable, spread, and a change of servers moves
# only whom it must.
servers 5320

for f in 4 6; do
	service "$f" 1 5320 -s mh
	from_client clients src="${client_ip[$f]}|20000" count=40 \
		dst="${vip[$f,1]}|5320"
	is "${A[got]}" 40 "IPv$f: all answered"
	is "${A[each]##*:}" 40 "IPv$f: a client is its address: all on one server"

	service "$f" 2 5320 -s mh -b mh-port
	ports() {
		from_client clients src="${client_ip[$f]}|20000" count=300 \
			dst="${vip[$f,2]}|5320" map="$1"
	}
	ports first
	is "${A[got]}" 300 "IPv$f: mh-port: all answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 100 40 "IPv$f: mh-port: server $n"
	done
	ports again
	agent moved a=first b=again
	is "${A[kept]}" 300 "IPv$f: mh-port: the same client, the same server"

	dest -d "$f" 2 5320 2
	ports without
	agent moved a=first b=without gone=s2
	is "${A[stuck]}" 0 "IPv$f: nobody stays on the removed server"
	near "${A[moved]}" 0 6 "IPv$f: at most 2 % of the others move"

	dest -a "$f" 2 5320 2 -m
	ports back
	third=${A[on_s3]:-0}
	agent moved a=first b=back
	near "${A[kept]}" 300 6 "IPv$f: 98 % are where they were when it is back"

	# A drained server's clients are refused, or somebody else's.
	dest -e "$f" 2 5320 3 -m -w 0
	ports drained
	is "${A[got]}" $((300 - third)) \
		"IPv$f: a drained server: its clients are refused"
	ipvsadm -E -u "${vs[$f,2]}:5320" -s mh -o -b mh-port,mh-fallback
	ports fallback
	agent moved a=back b=fallback gone=s3
	is "${A[moved]} ${A[stuck]} ${A[fled]}" "0 0 $third" \
		"IPv$f: mh-fallback: they go to others, and nobody else moves"
done
