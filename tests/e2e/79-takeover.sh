# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvs-takeover: a director with ip_vs is replaced by one with opvs under traffic.
if [[ $module != opvs ]]; then
	skip 'takeover' 'of opvs'
	return 0
fi
! about_programs 'takeover' || return 0
rmmod opvs
modprobe -a ip_vs ip_vs_rr ip_vs_pe_sip
modprobe opvs
# In one kernel ip_vs has the names that the new host's opvs has.
echo opvs >"$state/owner"
mount --bind "$state/owner" /sys/kernel/opvs/owner
program takeover "$state"
umount /sys/kernel/opvs/owner
rmmod opvs
modprobe -r ip_vs_pe_sip ip_vs_rr ip_vs
modprobe opvs
set_hash_key
