# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Namespaces with services end, several at a time, while packets arrive in them
# and the module may be unloaded at the same moment.
# shellcheck source=tests/e2e/race/traffic.sh
. "$e2e/race/traffic.sh"

# A namespace of its own network N between the client and itself.
ephemeral() {
	local n=$1 ns=opvs-n$1-$ns_id net=10.91.6$1
	ip netns add "$ns"
	ip link add "n$n" netns "$ns_client" type veth peer o1 netns "$ns"
	ip -n "$ns_client" -batch - <<-END
		addr add $net.2/24 dev n$n
		link set n$n up
	END
	ip -n "$ns" -batch - <<-END
		link set lo up
		addr add $net.1/24 dev o1
		link set o1 up
	END
	nsenter --net="/run/netns/$ns" ipvsadm -R <<-END
		-A -u $net.1:$port -s mh -o --pe sip
		-a -u $net.1:$port -r $net.2:$port -m
		-A -u $net.1:5998 -s rr -o
		-a -u $net.1:5998 -r $net.2:$port -m
		-a -u $net.1:5998 -r $net.1:$port -m
	END
}

services | ipvsadm -R
traffic_start
agent sysctl ns="$ns_client" net.ipv4.conf.all.accept_local=1
agent serve ns="$ns_client" id=end addr="0.0.0.0|$port" mode=silent
bad=''
for ((round = 1; round <= 5; round++)); do
	for n in 1 2 3; do
		ephemeral $n
	done
	((round == 1)) || agent unstream
	agent stream ns="$ns_client" src='10.91.61.2|7001' \
		dst="10.91.61.1|$port" rate=200
	agent got id=end
	arrives() { agent got id=end && ((A[count] > 5)); }
	poll 20 arrives || bad+="round $round: no packets; "
	for n in 1 2 3; do
		ip netns del "opvs-n$n-$ns_id"
	done
	# In the last round the module leaves while they are being taken down.
	((round < 5)) || rmmod opvs || bad+='rmmod; '
	gone() { ! ip -n "$ns_client" link show dev n3 >/dev/null 2>&1; }
	poll 30 gone || bad+="round $round: still there; "
done
is "$bad" '' 'five times three namespaces ended under traffic'
modprobe opvs
services | ipvsadm -R
check 'packets flow afterwards' poll 20 flows 50
agent unstream
traffic_stop
read_books
is "$verdicts $released" "$packets $created" 'the books balance'
