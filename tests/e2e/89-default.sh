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
echo 'options ip_vs conn_tab_bits=20' >/run/modprobe.d/ip_vs.conf
check 'modprobe ip_vs with parameters that opvs does not know' modprobe ip_vs
check 'opvs is loaded' module_loaded
rmmod opvs
rm /run/modprobe.d/ip_vs.conf
check 'ipvsadm, with nothing loaded' ipvsadm -Ln
check 'has loaded opvs' module_loaded

for name in xt_ipvs ipt_ipvs ip6t_ipvs; do
	is "$(modprobe "$name" 2>&1)" '' "modprobe $name says nothing"
	check "$name: opvs_match is loaded" test -d /sys/module/opvs_match
	is "$(others)" "$before" "$name: and nothing of ip_vs"
	rmmod opvs_match
done

rm /run/modprobe.d/opvs-default.conf
