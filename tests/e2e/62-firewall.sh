# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# A director with a stateful firewall and masquerading: forwarded datagrams and
# answers are untracked, so neither touches them, and the connection table does
# not fill with one entry a client port.
if ! nft add table inet probe 2>/dev/null; then
	skip 'nftables with connection tracking' 'not in this kernel'
	return 0
fi
nft delete table inet probe
nft -f - <<'END'
table inet fw {
	chain pre {
		type filter hook prerouting priority 0; policy accept;
		ct state invalid drop
	}
	chain post {
		type filter hook postrouting priority 0; policy accept;
		udp dport 5620 ct state untracked counter
		udp dport 5620 ct state new counter
	}
	chain nat {
		type nat hook postrouting priority 100; policy accept;
		udp dport 1024-65535 masquerade
	}
}
END

servers 5620
tracked() { cat /proc/sys/net/netfilter/nf_conntrack_count; }
before=$(tracked)
for f in 4 6; do
	service "$f" 1 5620 -s rr
	from_client clients src="${client_ip[$f]}|24000" count=60 \
		dst="${vip[$f,1]}|5620"
	is "${A[got]}/${A[foreign]}" 60/0 "IPv$f: 60 clients answered"
	from_client burst dst="${vip[$f,1]}|5620" count=60
	is "${A[got]}/${A[foreign]}" 60/0 "IPv$f: a burst answered"
	agent got id=s1
	is "${A[peer]%|*}" "${client_ip[$f]}" \
		"IPv$f: the server sees the client's address"
done
packets() {
	nft list chain inet fw post | sed -n "s/.*ct state $1 .*packets \([0-9]*\).*/\1/p"
}
is "$(packets untracked) $(packets new)" '240 0' \
	'requests leave the director untracked'
near "$(tracked)" "$before" 4 'no entry of connection tracking is left behind'

# A firewall that keeps the clients out still does.
nft add chain inet fw in '{ type filter hook input priority 0; }'
nft add rule inet fw in udp dport 5620 drop
snapshot service_packets
from_client ask dst="${vip[4,1]}|5620" data=hello wait=300
is "${A[got]}" 0 'an input rule that drops is obeyed'
rose service_packets 0 'and the service never sees the datagram'
nft delete table inet fw
