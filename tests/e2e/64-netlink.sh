# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Netlink on the wire: bad requests one by one, and what answers look like.
program netlink_errors
program netlink_answers
program netlink_policies
program netlink_conns
