# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Bad netlink requests, one by one, on the wire: the program speaks TAP of its
# own, whose lines are counted as tests here.
python3 "$e2e/netlink_errors.py" >"$state/netlink" 2>&1 || status=$?
planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$state/netlink")
seen=0
while IFS= read -r line; do
	case $line in
	'ok '*)
		name=${line#ok }
		ok "${name#* - }"
		((seen += 1))
		;;
	'not ok '*)
		name=${line#not ok }
		not_ok "${name#* - }"
		((seen += 1))
		;;
	1..* | 'TAP version'*) ;;
	*) diag "${line#\# }" ;;
	esac
done <"$state/netlink"
check "as many as were planned ($planned)" \
	test "$seen" -gt 0 -a "$seen" = "${planned:-0}"
is "${status:-0}" 0 'its status'
