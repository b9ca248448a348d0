# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Weighted round robin deals by weight, to the datagram, over any whole round;
# edits of weights count from the next datagram on.
cpus=$(nproc)

servers 5310

# shares FAMILY COUNT WANT1 WANT2 WANT3 TEXT
shares() {
	local f=$1 count=$2 n
	from_client burst dst="${vip[$f,1]}|5310" count="$count"
	is "${A[got]}" "$count" "$6: all answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" "${*:n+2:1}" "$cpus" "$6: server $n"
	done
}

service 4 1 5310 -s wrr
dest -e 4 1 5310 2 -m -w 2
dest -e 4 1 5310 3 -m -w 4
shares 4 700 100 200 400 'IPv4, 1:2:4'
dest -e 4 1 5310 1 -m -w 5
dest -e 4 1 5310 2 -m -w 0
shares 4 450 250 0 200 'IPv4, 5:0:4'

service 6 1 5310 -s wrr
dest -e 6 1 5310 1 -m -w 30
dest -e 6 1 5310 2 -m -w 20
dest -d 6 1 5310 3
shares 6 500 300 200 0 'IPv6, 30:20'

# rr knows weights only as "some" and "none".
ipvsadm -E -u "${vs[4,1]}:5310" -s rr -o
shares 4 400 200 0 200 'IPv4, rr with a drained server'
