# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Round robin with NAT: one client socket, 3 000 datagrams, 1 000 a server;
# every answer from the virtual address; every entry released at once.
# Several processors each have a position of their own, hence one per CPU.
cpus=$(nproc)

servers 5300

round_robin() {
	local f=$1 n target
	target="${vip[$f,1]}|5300"
	service "$f" 1 5300 -s rr
	snapshot ops_created ops_released_inline ops_released_deferred \
		forwarded replies
	from_client burst dst="$target" count=3000 window=64
	is "${A[got]}/${A[distinct]}" 3000/3000 "IPv$f: every datagram answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 1000 "$cpus" "IPv$f: server $n got its third"
	done
	is "${A[foreign]} ${A[sources]}" "0 " \
		"IPv$f: every answer came from the virtual address"
	rose ops_created 3000 "IPv$f: an entry for each datagram"
	rose ops_released_inline 3000 "IPv$f: each released inline"
	rose ops_released_deferred 0 "IPv$f: none deferred"
	rose forwarded 3000 "IPv$f: all counted as forwarded"
	rose replies 3000 "IPv$f: all answers counted"
}

round_robin 4
round_robin 6

# ---- memory ----

# Entries come from slots that each processor keeps: at most one slab call per
# processor since the module was loaded, whatever the number of packets.
counter ops_slab_allocs
check "entries are not allocated per packet ($value slab calls)" \
	test "$value" -ge 1 -a "$value" -le "$cpus"
# The cache may be one that the kernel shares with others of this size.
in_slab() { cut -d' ' -f1 /sys/kernel/slab/opvs_conn/objects; }
before=$(in_slab)
from_client burst dst="${vip[4,1]}|5300" count=1500 window=64
near "$(in_slab)" "$before" 200 '1 500 more leave nothing behind in the slab'
