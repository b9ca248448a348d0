# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# The package opvs-default: who asks for ip_vs or a part of it gets opvs.
if [[ $module != opvs ]]; then
	skip 'in place of ip_vs' 'this is about opvs'
	return 0
fi
conf=$e2e/../../debian/modprobe/opvs-default.conf
rmmod opvs
mkdir -p /run/modprobe.d
cp "$conf" /run/modprobe.d/

# What is loaded of the kernel's own, or what that asks for.
others() { lsmod | awk '/^(ip_vs|nf_conntrack|xt_ipvs)/ { print $1 }' | paste -s; }
before=$(others)
mapfile -t names < <(sed -n 's/^alias \(.*\) opvs$/\1/p' "$conf")
check 'names are known' test ${#names[@]} -ge 16
for name in "${names[@]}"; do
	is "$(modprobe "$name" 2>&1)" '' "modprobe $name says nothing"
	check "$name: opvs is loaded" module_loaded
	is "$(others)" "$before" "$name: and nothing else"
	rmmod opvs
done
# With parameters of ip_vs, as hosts have them in files.
printf 'options ip_vs conn_tab_bits=20\noptions ip_vs_ftp ports=21,2121\n' \
	>/run/modprobe.d/ip_vs.conf
parameter() { cat "/sys/module/opvs/parameters/$1"; }
said() { dmesg | grep -c "opvs: $1" || :; }
before_said=$(said 'conn_tab_bits=20 has no effect')
is "$(modprobe ip_vs 2>&1)" '' 'modprobe ip_vs with conn_tab_bits says nothing'
is "$(parameter conn_tab_bits)" 20 'opvs gets it'
is $(($(said 'conn_tab_bits=20 has no effect') - before_said)) 1 \
	'and says once that it has no effect'
is "$(parameter ftp_ports)" 21 'FTP has its port'
rmmod opvs
is "$(modprobe ip_vs_ftp 2>&1)" '' 'modprobe ip_vs_ftp with ports says nothing'
is "$(parameter ftp_ports)" 21,2121 'opvs gets them'
rmmod opvs
rm /run/modprobe.d/ip_vs.conf
is "$(modprobe ip_vs conn_tab_bits=12 2>&1)" '' 'parameters behind the name'
rmmod opvs
is "$(said 'unknown parameter')" 0 'none is unknown'
check 'ipvsadm, with nothing loaded' ipvsadm -Ln
check 'has loaded opvs' module_loaded

for name in xt_ipvs ipt_ipvs ip6t_ipvs; do
	is "$(modprobe "$name" 2>&1)" '' "modprobe $name says nothing"
	check "$name: opvs_match is loaded" test -d /sys/module/opvs_match
	is "$(others)" "$before" "$name: and nothing of ip_vs"
	rmmod opvs_match
done

rm /run/modprobe.d/opvs-default.conf
