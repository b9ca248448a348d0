# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Servers and clients on the director itself, with NAT.
servers 5450

for f in 4 6; do
	if ((f == 4)); then
		own=10.91.1.1 inner=10.91.11.1 inner_rs=10.91.11.1
	else
		own=fd91:1::1 inner=fd91:11::1 inner_rs='[fd91:11::1]'
	fi
	target="${vip[$f,1]}|5450"
	service "$f" 1 5450 -s rr
	dest -d "$f" 1 5450 2
	dest -d "$f" 1 5450 3
	# A server on the director, at another port than the service's.
	agent serve id=local addr="$inner|5459"
	ipvsadm -a -u "${vs[$f,1]}:5450" -r "$inner_rs:5459" -m

	snapshot delivered_local forwarded service_packets replies \
		ops_created ops_released_inline
	from_client burst dst="$target" count=100 size=100
	is "${A[got]}/${A[distinct]}/${A[foreign]}" 100/100/0 \
		"IPv$f: half of the servers local: all answered by the service"
	near "${A[on_local]:-0}" 50 "$(nproc)" "IPv$f: the local server's half"
	local_count=${A[on_local]:-0}
	rose delivered_local "$local_count" "IPv$f: counted as delivered here"
	rose forwarded $((100 - local_count)) "IPv$f: the rest as forwarded"
	rose replies 100 "IPv$f: all answers counted"
	rose ops_created 100 "IPv$f: an entry each"
	rose ops_released_inline 100 "IPv$f: released inline"

	# A GSO packet: its datagrams that stay here pass the chains behind ours.
	nft -f - <<-'END'
		table inet behind {
			chain input {
				type filter hook input priority 150
				udp dport 5459 counter
			}
		}
	END
	from_client segments dst="$target" count=20 size=100
	is "${A[got]}/${A[intact]}/${A[foreign]}" 20/20/0 \
		"IPv$f: UDP_SEGMENT: all answered by the service"
	near "${A[on_local]:-0}" 10 1 "IPv$f: UDP_SEGMENT: half of them here"
	is "$(nft list table inet behind | grep -o 'packets [0-9]*')" \
		"packets ${A[on_local]:-0}" \
		"IPv$f: UDP_SEGMENT: a later chain saw each of these"
	nft delete table inet behind

	# A client here: its answers come from another namespace and from here.
	snapshot service_packets delivered_local
	agent burst src="$own" dst="$target" count=40
	is "${A[got]}/${A[distinct]}/${A[foreign]}" 40/40/0 \
		"IPv$f: a client on the director: all answered by the service"
	near "${A[on_local]:-0}" 20 "$(nproc)" \
		"IPv$f: a client on the director: half by the local server"
	rose service_packets 40 "IPv$f: a client on the director: counted"
	rose delivered_local "${A[on_local]:-0}" \
		"IPv$f: a client on the director: delivered here"
	# The kernel's choice of a source is the virtual address itself.
	agent burst dst="$target" count=10
	is "${A[got]}/${A[foreign]}" 10/0 \
		"IPv$f: a client on the director that names no address"

	# Checksums that were not verified on their way are still right.
	agent ask src="$own" dst="$target" size=777
	is "${A[got]} ${A[intact]}" '1 1' "IPv$f: intact"
	agent unserve id=local
done
