# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# One after another of the allocations of a load fails. No load may end without the
# family IPVS that stock tools look for, and none in pieces.
if [[ $module != opvs || ! -e /proc/self/fail-nth ]]; then
	skip 'failing allocations' 'not in this kernel'
	return 0
fi
rmmod opvs
program load_failures "$OPVS_KO"
modprobe opvs
