# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# A thousand services: restored from a file, saved byte for byte, found by
# packets, and gone. How long it takes is told, and judged by nobody.

for i in {0..999}; do
	vs=10.77.$((i / 250)).$((i % 250 + 1)):5060
	echo "-A -u $vs -s mh --pe sip -o"
	echo "-a -u $vs -r 10.91.11.2:5060 -m -w 1"
done >"$state/thousand"

started=${EPOCHREALTIME/./}
elapsed() {
	local now=${EPOCHREALTIME/./}
	diag "$1: $(((now - started) / 1000)) ms"
	started=$now
}

check 'ipvsadm -R of 1 000 services with a server each' \
	ipvsadm -R <"$state/thousand"
elapsed 'ipvsadm -R'
ipvsadm -Sn >"$state/saved"
elapsed 'ipvsadm -Sn'
check 'ipvsadm -Sn says what -R was told' \
	cmp "$state/thousand" "$state/saved"
is "$(ipvsadm -Ln | grep -c '^UDP .* mh ops$')" 1000 'ipvsadm -Ln lists them'
elapsed 'ipvsadm -Ln'
is "$(grep -c '^UDP ' /proc/net/ip_vs)" 1000 '/proc/net/ip_vs lists them'

# Addresses of the range become the director's own, and are routed to it.
ip route add local 10.77.0.0/16 dev lo
servers 5060
good=0
for address in 10.77.0.1 10.77.1.128 10.77.3.250; do
	from_client calls dst="$address|5060" count=20
	((good += A[got] - A[foreign])) || :
done
is "$good" 180 'services among a thousand are found by packets'
from_client ask dst='10.77.4.1|5060' data=hello connect=1
is "${A[errno]:-none}" ECONNREFUSED 'their neighbour is not a service'
ip route del local 10.77.0.0/16 dev lo

started=${EPOCHREALTIME/./}
ipvsadm -C
elapsed 'ipvsadm -C'
is "$(ipvsadm -Sn)" '' 'ipvsadm -C removes them all'
