# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Fifty times: load, configure, see packets flow, unload while they do.
# shellcheck source=tests/e2e/race/traffic.sh
. "$e2e/race/traffic.sh"

traffic_start
rmmod opvs
said=$("$e2e/race/unload.py" "$OPVS_KO" 50 10 $port \
	"rr,${vip[4,1]},${rip[4,1]},${rip[4,2]}" \
	"mh,${vip[6,1]},${rip[6,1]}" 2>&1) || :
is "$said" '50 rounds' 'loaded, served and unloaded 50 times under traffic'
modprobe opvs
services | ipvsadm -R
check 'packets flow afterwards' poll 20 flows 50
traffic_stop
ok 'the traffic ends'
from_client burst dst="${vip[6,1]}|$port" count=10 window=1
ok 'the network is alive'
