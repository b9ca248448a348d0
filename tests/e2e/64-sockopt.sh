# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# The socket options of ip_vs, for programs that never learnt netlink, and what
# /proc/net has: the same answers by ip_vs and by opvs.
if [[ $module != opvs ]]; then
	skip 'socket options' 'of opvs'
	return 0
fi
ip_vs_gone() {
	modprobe -r ip_vs_ftp ip_vs_wlc ip_vs_rr ip_vs 2>/dev/null
	[[ ! -d /sys/module/ip_vs ]]
}
rmmod opvs
modprobe -a ip_vs ip_vs_rr ip_vs_wlc
modprobe ip_vs_ftp 2>/dev/null || :
python3 "$e2e/sockopt.py" record "$state/sockopt"
check 'ip_vs goes' poll 20 ip_vs_gone
load_module
program sockopt compare "$state/sockopt"
program sockopt refused
# By hand, more of them: OPVS_E2E_OPTIONS=1000000.
calls=20000
[[ $OPVS_KERNEL == uml ]] || calls=5000
program fuzz/options 1 "${OPVS_E2E_OPTIONS:-$calls}"

# ---- a program of that kind: collectd ----

port=6400
servers $port
service 4 1 $port -s rr
from_client burst dst="${vip[4,1]}|$port" count=12
cat >"$state/collectd.conf" <<END
Hostname "here"
BaseDir "$state"
PIDFile "$state/collectd.pid"
Interval 1
LoadPlugin ipvs
LoadPlugin csv
<Plugin csv>
	DataDir "$state/csv"
	StoreRates false
</Plugin>
END
# collected WHAT: the last values of all files of such a name.
collected() {
	find "$state/csv" -name "$1-2*" -exec tail -qn 1 {} + 2>/dev/null |
		cut -d, -f2- | sort | paste -sd ' '
}
collectd -f -C "$state/collectd.conf" >"$state/collectd" 2>&1 &
collectd_pid=$!
echo $collectd_pid >>"$state/pids"
settles 30 12 'collectd: connections of the service' collected connections-total
settles 30 12,12 'collectd: its packets' collected if_packets-total
settles 30 '4 4 4' 'collectd: connections of its servers' \
	collected 'connections-10*'
kill $collectd_pid
wait $collectd_pid 2>/dev/null || :
