# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Built packets of every kind, byte for byte: what comes out is what another library
# builds. By hand, more INVITEs in fragments: OPVS_E2E_INVITES=1000.
if [[ $module != opvs ]]; then
	skip 'built packets' 'counters tell what became of each, and are those of opvs'
	return 0
fi
! left_out 'built packets' 'loading scapy takes long' || return 0
program packets/run --invites "${OPVS_E2E_INVITES:-20}"
