# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# State synchronisation between two opvs directors: a partner that comes late,
# the key, what is malformed, and what goes meanwhile.
# OPVS_E2E_GARBAGE says how many malformed messages, OPVS_E2E_LATE how many
# connections a large table has, OPVS_E2E_PARTS which parts of it.
if [[ $module != opvs ]]; then
	skip 'synchronisation' 'of opvs'
	return 0
fi
read -ra parts <<<"${OPVS_E2E_PARTS:-}"
program sync_pair "${OPVS_E2E_GARBAGE:-2000}" "${OPVS_E2E_LATE:-1000}" \
	"${parts[@]}"
