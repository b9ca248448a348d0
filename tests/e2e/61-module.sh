# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Loading and unloading, alone and beside the kernel's ip_vs.
servers 5610
restore() { service 4 1 5610 -s rr && service 6 1 5610 -s mh; }
answered() { # TEXT
	local f
	for f in 4 6; do
		from_client burst dst="${vip[$f,1]}|5610" count=12
		is "${A[got]}/${A[foreign]}" 12/0 "IPv$f: $1"
	done
}
surfaces() {
	local path
	for path in /sys/kernel/opvs /proc/net/ip_vs /proc/net/ip_vs_stats; do
		[[ -e $path ]] && printf '%s ' "$path"
	done
	return 0
}
warnings() { dmesg | grep -c 'opvs: .*ip_vs' || :; }

restore
answered 'service before unloading'
check 'the module unloads with services configured' rmmod opvs
is "$(surfaces)" '' 'it takes its files with it'
from_client ask dst="${vip[4,1]}|5610" data=hello connect=1
is "${A[errno]:-none}" ECONNREFUSED 'its services are gone'
check 'the module loads again' modprobe opvs
is "$(surfaces)" '/sys/kernel/opvs /proc/net/ip_vs /proc/net/ip_vs_stats ' \
	'its files are back'
is "$(ipvsadm -Sn)" '' 'without services'
counter ops_created
is "$value" 0 'with counters at zero'
restore
answered 'service after loading again'
rmmod opvs

# ---- beside ip_vs ----

modprobe -a ip_vs ip_vs_rr
before=$(warnings)
check 'it loads beside ip_vs' modprobe opvs
is $(($(warnings) - before)) 1 'with one warning'
is "$(surfaces)" '/sys/kernel/opvs /proc/net/ip_vs /proc/net/ip_vs_stats ' \
	'its native files are there'
service 4 1 5610 -s rr
from_client burst dst="${vip[4,1]}|5610" count=6
counter service_packets
is "${A[got]} $value" '6 0' 'ipvsadm drives ip_vs, and ip_vs serves'
ipvsadm -C
check 'opvs unloads beside ip_vs' rmmod opvs
check 'ip_vs still answers ipvsadm' ipvsadm -Ln
rmmod ip_vs_rr ip_vs

# ---- compat=0 ----

before=$(warnings)
check 'it loads with compat=0' modprobe opvs compat=0
is $(($(warnings) - before)) 1 'with one warning'
is "$(surfaces)" '/sys/kernel/opvs ' 'with native files only'
check 'ip_vs loads beside it' modprobe -a ip_vs ip_vs_rr
service 4 1 5610 -s rr
from_client burst dst="${vip[4,1]}|5610" count=6
counter service_packets
is "${A[got]} $value" '6 0' 'ipvsadm drives ip_vs, and ip_vs serves'
ipvsadm -C
rmmod ip_vs_rr ip_vs
rmmod opvs

# ---- in place of ip_vs, as README.md has it ----

mkdir -p /run/modprobe.d
echo 'install ip_vs /sbin/modprobe opvs' >/run/modprobe.d/opvs.conf
check 'ip_vs_rr does not load' eval '! modprobe ip_vs_rr 2>/dev/null'
check 'but opvs does' module_loaded
check 'and ip_vs does not' test ! -e /sys/module/ip_vs
rm /run/modprobe.d/opvs.conf
rmmod opvs

# ---- after ip_vs ----

check 'it loads after ip_vs is gone' modprobe opvs
restore
answered 'ipvsadm drives opvs again'
