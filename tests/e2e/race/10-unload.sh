# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Fifty times: load, configure, see packets flow, unload while they do.
# shellcheck source=tests/e2e/race/traffic.sh
. "$e2e/race/traffic.sh"

services >"$state/services"
traffic_start
rounds=0 bad=''
for ((round = 1; round <= 50; round++)); do
	module_loaded || modprobe opvs || bad+="round $round: modprobe; "
	ipvsadm -R <"$state/services" || bad+="round $round: ipvsadm -R; "
	poll 20 flows 20 || bad+="round $round: no packets; "
	rmmod opvs || bad+="round $round: rmmod; "
	((rounds += 1))
done
is "$rounds $bad" '50 ' 'loaded, served and unloaded 50 times under traffic'
modprobe opvs
ipvsadm -R <"$state/services"
check 'packets flow afterwards' poll 20 flows 50
traffic_stop
ok 'the traffic ends'
from_client burst dst="$(vip 6 1)|$port" count=10 window=1
ok 'the network is alive'
