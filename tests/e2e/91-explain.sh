# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# EXPLAIN tells what then happens; OPVS_E2E_PACKETS is how often it is tried.
if [[ $module != opvs ]]; then
	skip 'EXPLAIN' 'only opvs has it'
	return 0
fi
! about_programs 'EXPLAIN' || return 0
program explain "${OPVS_E2E_PACKETS:-400}" "${OPVS_E2E_SEED:-1}"
