# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# The kernel's own test of ip_vs, as Debian's package of its source has it, with
# opvs in ip_vs's place. OPVS_SELFTESTS is the folder that "scripts/kernel
# --selftests" names.
if [[ -z ${OPVS_SELFTESTS:-} ]]; then
	skip "the kernel's ipvs.sh" 'OPVS_SELFTESTS is not set: see scripts/check'
	return 0
fi
# Before 6.10 it was a folder higher.
test=$(find "$OPVS_SELFTESTS" -path '*netfilter/ipvs.sh' | head -n 1)
check 'the source has it' test -f "$test"

# It asks modprobe for ip_vs, and that loads opvs.
rmmod opvs
mkdir -p /run/modprobe.d
cp "$e2e/../../debian/modprobe/opvs-default.conf" /run/modprobe.d/
status=0
(cd "$(dirname "$test")" && TMPDIR=$state bash ./ipvs.sh) \
	</dev/null >"$state/selftest" 2>&1 || status=$?
rm /run/modprobe.d/opvs-default.conf

# A test that finds something missing ends with 4.
result "$status" 'it passes' "status $status" "$(<"$state/selftest")"
is "$(grep -c '^Testing .* mode' "$state/selftest")" 3 \
	'direct routing, NAT and a tunnel'
is "$(grep -ci skip "$state/selftest" || :)" 0 'nothing of it was left out'
is "$(cat /sys/kernel/opvs/owner)" opvs 'and it was opvs that it tested'
check 'not ip_vs' test ! -e /sys/module/ip_vs
