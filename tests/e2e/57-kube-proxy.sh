# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# What kube-proxy asks for when it starts, and of a service: kube_proxy.py.
! same_everywhere 'kube-proxy' || return 0
before=$(cd /proc/sys && grep -H '' net/ipv4/conf/all/arp_{ignore,announce})
program kube_proxy "${vip[4,1]}" "${rip[4,1]}" "${rip[4,2]}"
is "$(ipvsadm -L --timeout)" 'Timeout (tcp tcpfin udp): 600 30 60' \
	'its timeouts are those of ipvsadm'
is "$(ipvsadm -Sn)" '' 'nothing is left of it'

# A client's connections stay with a server, which ends when they have ended.
accept_on 8443
tracked -t 4 1 8443 -m -s rr -p 10800
from_client dial id=first dst="${vip[4,1]}|8443" count=6
is "$(ipvsadm -Ln -t "${vs[4,1]}:8443" | awk '$5 == 6' | wc -l)" 1 \
	'affinity: all connections of a client are at one server'
agent hang id=first
ipvsadm -D -t "${vs[4,1]}:8443"
while IFS=: read -r name value; do
	echo "$value" >"/proc/sys/$name"
done <<<"$before"
for name in conntrack expire_nodest_conn expire_quiescent_template; do
	echo 0 >/proc/sys/net/ipv4/vs/$name
done
echo 1 >/proc/sys/net/ipv4/vs/conn_reuse_mode
ipvsadm --set 900 120 300
