# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm in the place of ipvsadm: the same answers to all command lines, in a
# network namespace of their own; and the same lists of connections.
if [[ $module != opvs ]]; then
	skip 'opvsadm as ipvsadm' 'of opvs'
	return 0
fi
! about_programs 'opvsadm as ipvsadm' || return 0
tool=$state/ipvsadm
ln -s "$(command -v opvsadm)" "$tool"
manual=$e2e/../../doc/opvsadm.8
ns_lines=opvs-l-$ns_id
ip netns add "$ns_lines"
ip -n "$ns_lines" link set lo up
ip -n "$ns_lines" addr add 10.91.0.1/24 dev lo
in_lines() { nsenter --net="/run/netns/$ns_lines" "$@"; }

# both NAME ARG...: the same is printed by both. What an entry has left is not
# looked at.
both() {
	local name=$1
	shift
	same_text "$("$tool" "$@" 2>&1 | sed -E 's/ [0-9]+:[0-9]{2} / mm:ss /')" \
		"$(ipvsadm "$@" 2>&1 | sed -E 's/ [0-9]+:[0-9]{2} / mm:ss /')" \
		"$name: ${*:-no arguments}"
}

program_in() { # COMMAND...
	local name=$1
	shift
	# shellcheck disable=SC2317 # called by program
	python3() { in_lines /usr/bin/python3 "$@"; }
	program "$name" "$@"
	unset -f python3
}
# All lines take minutes under sanitizers: by name, and with --all.
part=some
[[ -z ${OPVS_E2E_ALL:-} ]] || part=all
program_in ipvsadm_lines "$e2e/ipvsadm.lines" "$manual" "$tool" \
	"$part"

# ---- with connections ----

servers 9200
service 4 1 9200 -s rr
ipvsadm -A -u "[${vip[6,1]}]:9200" -s rr -p 86400
for n in 1 2 3; do
	ipvsadm -a -u "[${vip[6,1]}]:9200" -r "[${rip[6,$n]}]:9200" -m
done
from_client burst dst="${vip[4,1]}|9200" count=9
from_client burst dst="${vip[6,1]}|9200" count=3
for arguments in '' -L -Ln -Lnc -Lc '-Lnc --persistent-conn' '-Ln --stats' \
	'-Ln --stats -X' '-Ln --persistent-conn' -Sn -S; do
	# shellcheck disable=SC2086 # several words
	both 'with connections' $arguments
done
ipvsadm -C

# ---- who is asked ----

is "$(setpriv --bounding-set -net_admin --inh-caps -net_admin \
	"$tool" -Ln 2>&1 || echo $?)" \
	"Can't initialize ipvs: Permission denied (you must be root)
Are you sure that IP Virtual Server is built in the kernel or as module?
2" 'without the capability'
rmmod opvs
modprobe ip_vs
is "$(opvsadm -Ln 2>&1 || echo $?)" \
	"opvsadm: opvs is not loaded, ip_vs is; see 'In place of ip_vs' in the manual
2" 'opvsadm does not speak to ip_vs'
program_in ipvsadm_lines "$e2e/ipvsadm.lines" "$manual" "$tool" ip_vs
ip netns del "$ns_lines"
ip_vs_gone() {
	modprobe -r ip_vs_pe_sip ip_vs_mh ip_vs_wlc ip_vs_rr ip_vs 2>/dev/null
	[[ ! -d /sys/module/ip_vs ]]
}
check 'ip_vs goes' poll 10 ip_vs_gone
load_module
