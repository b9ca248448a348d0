# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Random packets, always the same ones, over services of every kind; the books;
# and then devices, a namespace and the module go under traffic. By hand, longer
# and with other ones: scripts/vm tests/e2e/fuzz/run.py --seconds N.
if [[ $module != opvs ]]; then
	skip 'random packets' 'this is about opvs'
	return 0
fi
packets=1000
[[ $OPVS_KERNEL == uml ]] || packets=250
seconds=${OPVS_E2E_FUZZ_SECONDS:-30}
program fuzz/run --seed 1 --seconds "$seconds" --packets $packets
