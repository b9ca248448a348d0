# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Netlink on the wire: bad requests one by one, and what answers look like. The
# programs speak TAP of their own, whose lines are counted as tests here.

program() {
	local name=$1 status=0 planned seen=0 line
	python3 "$e2e/$name.py" >"$state/netlink" 2>&1 || status=$?
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$state/netlink")
	while IFS= read -r line; do
		case $line in
		'ok '*)
			line=${line#ok }
			ok "${line#* - }"
			((seen += 1))
			;;
		'not ok '*)
			line=${line#not ok }
			not_ok "${line#* - }"
			((seen += 1))
			;;
		1..* | 'TAP version'*) ;;
		*) diag "${line#\# }" ;;
		esac
	done <"$state/netlink"
	check "$name: as many as were planned ($planned)" \
		test "$seen" -gt 0 -a "$seen" = "${planned:-0}"
	is "$status" 0 "$name: its status"
}

program netlink_errors
program netlink_answers
program netlink_policies
program netlink_conns
