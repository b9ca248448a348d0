# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# State synchronisation between opvs and ip_vs, both loaded.
if [[ $module != opvs ]]; then
	skip 'synchronisation with ip_vs' 'of opvs'
	return 0
fi
rmmod opvs
modprobe -a ip_vs ip_vs_rr ip_vs_pe_sip
modprobe -q sctp || diag 'this kernel has no SCTP sockets'
modprobe opvs
program sync_ipvs
rmmod opvs
modprobe -r ip_vs_pe_sip ip_vs_rr ip_vs
modprobe opvs
set_hash_key
