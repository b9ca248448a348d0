# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# All packets of the director by way of user space: nft queue, nfqueue.py.

# queue_rules QUEUES EXPRESSION: chains before the module's hooks, and one behind
# that of the director's own packets, which what it forwards passes, too.
queue_rules() {
	local hook prio
	echo 'table inet queued {'
	while read -r hook prio; do
		printf '\tchain %s%s {\n' "$hook" "${prio#-}"
		printf '\t\ttype filter hook %s priority %s\n' "$hook" "$prio"
		printf '\t\t%s queue flags bypass to numgen inc mod %s\n' "$2" "$1"
		printf '\t}\n'
	done <<-'END'
		input 0
		forward 0
		output -150
		output 0
	END
	echo '}'
}

# What the module looks at; not what IPv6 finds its neighbours by.
queue_matters='meta l4proto { tcp, udp, sctp, icmp }'
queue_errors='icmpv6 type { destination-unreachable, packet-too-big }'

# Sets queue_packets and queue_lost, of all queues.
queue_count() {
	local kernel user id
	queue_packets=0 queue_lost=0
	while read -r _ _ _ _ _ kernel user id _; do
		((queue_packets += id, queue_lost += kernel + user)) || :
	done </proc/self/net/netfilter/nfnetlink_queue
}

queues_are() {
	local lines
	mapfile -t lines </proc/self/net/netfilter/nfnetlink_queue
	((${#lines[@]} == $1))
}

# queue_everything QUEUES [EXPRESSION]: from now on until the test file ends; fails
# on a kernel that cannot.
queue_everything() {
	modprobe -qa nfnetlink_queue nft_queue nft_numgen || return 1
	spawn_in "$ns_director" "$e2e/nfqueue.py" "$1" </dev/null \
		>"$state/nfqueue" 2>&1
	if ! poll 20 queues_are "$1"; then
		diag "$(<"$state/nfqueue")"
		return 1
	fi
	if (($# > 1)); then
		queue_rules "$1" "$2"
	else
		queue_rules "$1" "$queue_matters"
		queue_rules "$1" "$queue_errors"
	fi >"$state/nft"
	nft -f "$state/nft"
	queue_count
}
