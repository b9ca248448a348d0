# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034 # lib.sh sets, tests read
# Directors that stand for each other, between the client and the servers.
#
# They are namespaces of their own, beside the suite's director, and so is the
# switch, whose two bridges are the two networks that they connect. D is the
# number of a director, N that of a server.
#
#   client         switch                              switch          server N
#  +------+     +---------+       director D        +---------+       +------+
#  |   p0 |.2---| clients |.1D +--------------+ .1D | servers |.10N---| q0   |
#  |      |     |         |----| p0        q0 |-----|         |       |      |
#  +------+     +---------+    +--------------+     +---------+       +------+
#            10.91.41. fd91:41::                 10.91.42. fd91:42::
#
# Addresses that end in 100 are those that a director has while it is in charge:
# what clients ask, and where servers have their way back to the clients.

: "${e2e:?}" "${state:=}" "${ns_id:=}" "${ns_client:=}" "${hash_key:?}"
declare -gA vip vs rip rs client_ip
pairs=() # numbers of the directors that there are
pair_settings=(net.opvs.hash_key="$hash_key")

# After this, what is sent to the first virtual address and to the servers, by
# whatever function, is sent here.
pair_addresses() {
	local n
	vip[4,1]=10.91.41.100 vip[6,1]=fd91:41::100
	vs[4,1]=${vip[4,1]} vs[6,1]=[${vip[6,1]}]
	client_ip=([4]=10.91.41.2 [6]=fd91:41::2)
	for n in 1 2 3; do
		rip[4,$n]=10.91.42.10$n rip[6,$n]=fd91:42::10$n
		rs[4,$n]=${rip[4,$n]} rs[6,$n]=[${rip[6,$n]}]
	done
}

# Sets how many calls are up at a time, how long each lasts and how many begin in a
# second: many, ms, rate.
pair_load() {
	case $OPVS_KERNEL in
	uml-debug) many=40 ;;
	*) many=100 ;;
	esac
	many=${OPVS_E2E_CALLS:-$many} ms=2500
	# Very many begin more slowly, as on one processor they would be late.
	((many <= 400)) || ms=$((many * 10))
	rate=$((many * 1000 / ms))
}

# ---- the network ------------------------------------------------------------

ns_switch=opvs-w-$ns_id

in_switch() { nsenter --net="/run/netns/$ns_switch" "$@"; }
in_pair() {
	local d=$1
	shift
	if [[ $d == "$far" ]]; then
		in_far "$@"
	else
		nsenter --net="/run/netns/opvs-p$d-$ns_id" "$@"
	fi
}

make_switch() {
	local bridge n
	rmem_max=$(in_machine sysctl -n net.core.rmem_max)
	in_machine sysctl -qw net.core.rmem_max="${buffer:-$rmem_max}"
	modprobe -q bridge || :
	ip netns add "$ns_switch"
	for bridge in clients servers; do
		in_switch ip link add $bridge type bridge mcast_snooping 0
		in_switch ip link set $bridge up
	done
	attach clients "$ns_client" p0 client
	link_up p0 "${client_ip[4]}" "${client_ip[6]}" |
		ip -n "$ns_client" -batch -
	for n in 1 2 3; do
		attach servers "${ns_servers[n]:?}" q0 "server$n"
		{
			link_up q0 "${rip[4,$n]}" "${rip[6,$n]}"
			echo 'route add 10.91.41.0/24 via 10.91.42.100'
			echo 'route add fd91:41::/64 via fd91:42::100'
		} | ip -n "${ns_servers[n]}" -batch -
	done
	[[ ! $far ]] || make_far_link
}

# attach BRIDGE NAMESPACE DEVICE PORT
attach() {
	ip link add "$3" netns "$2" type veth peer name "$4" netns "$ns_switch"
	in_switch ip link set "$4" master "$1" up
}

# make_director D: as a host that has just booted, with the secret and services,
# which are read by ipvsadm from standard input.
make_director() {
	local d=$1
	pairs[d]=$d
	if [[ $d == "$far" ]]; then
		boot_far
	else
		make_host "$d"
	fi
	in_pair "$d" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.default.send_redirects=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.all.forwarding=1 "${pair_settings[@]}" </dev/null
	{
		echo 'link set lo up'
		# Who sends what is told by these.
		echo "link set p0 address $(mac "$d")"
		link_up p0 "10.91.41.1$d" "fd91:41::1$d"
		link_up q0 "10.91.42.1$d" "fd91:42::1$d"
	} | in_pair "$d" ip -batch -
	in_pair "$d" ipvsadm -R
}

# make_host D: with an interface on each network.
make_host() {
	local ns=opvs-p$1-$ns_id
	ip netns add "$ns"
	attach clients "$ns" p0 "p$1"
	attach servers "$ns" q0 "q$1"
}

mac() { echo "02:00:00:41:00:0$1"; }

# unmake_director D: a namespace ends some time later, and its devices with it, so
# these go first.
unmake_director() {
	unset "pairs[$1]"
	if [[ $1 == "$far" ]]; then
		far_off
		return
	fi
	in_switch ip link del "p$1" 2>/dev/null || :
	in_switch ip link del "q$1" 2>/dev/null || :
	ip netns del "opvs-p$1-$ns_id"
}

# Nothing of all that is left.
unmake_pairs() {
	local d n
	in_machine sysctl -qw net.core.rmem_max="$rmem_max"
	end_spawned
	for d in "${pairs[@]}"; do
		unmake_director "$d"
	done
	[[ ! $far ]] || unmake_far_link
	ip netns del "$ns_switch" 2>/dev/null || :
	for n in 1 2 3; do
		ip -n "${ns_servers[n]}" link del q0 2>/dev/null || :
	done
	ip -n "$ns_client" link del p0 2>/dev/null || :
}

# stateless FAMILY...: services for calls without state, for ipvsadm -R.
stateless() {
	local f n
	for f; do
		echo "-A -u ${vs[$f,1]}:5060 -s mh -o --pe sip"
		for n in 1 2 3; do
			echo "-a -u ${vs[$f,1]}:5060 -r ${rs[$f,$n]}:5060 -m"
		done
	done
}

# shellcheck source=tests/e2e/far.sh
. "$e2e/far.sh"

# ---- VRRP -------------------------------------------------------------------

# vrrp_conf D LINE...: what keepalived of a director is to read. Lines go into
# global_defs. The first director has the addresses when it can.
vrrp_conf() {
	local d=$1
	shift
	cat <<END
global_defs {
	vrrp_version 3
	vrrp_garp_master_delay 1
	vrrp_garp_master_repeat 2
$(printf '\t%s\n' "$@")
}
vrrp_instance pair {
	state BACKUP
	interface p0
	track_interface {
		q0
	}
	virtual_router_id 41
	priority $((160 - 10 * d))
	advert_int 0.3
	virtual_ipaddress {
		10.91.41.100/24 dev p0
		10.91.42.100/24 dev q0
	}
	virtual_ipaddress_excluded {
		fd91:41::100/64 dev p0
		fd91:42::100/64 dev q0
	}
}
END
}

# start_vrrp D: by $state/pair-D.conf.
start_vrrp() {
	if [[ $1 == "$far" ]]; then
		start_far_vrrp
		return
	fi
	rm -f "$state/vrrp-$1.pid"
	spawn_in "opvs-p$1-$ns_id" keepalived -n -l -D -P -G \
		-f "$state/pair-$1.conf" -p "$state/keepalived-$1.pid" \
		-r "$state/vrrp-$1.pid" </dev/null >>"$state/keepalived-$1" 2>&1
	poll 60 test -s "$state/vrrp-$1.pid"
}

# stop_vrrp D: hard, so that nobody is told and no address goes.
stop_vrrp() {
	local parent child
	read -r parent <"$state/keepalived-$1.pid"
	read -r child <"$state/vrrp-$1.pid"
	# The child first: it would end in peace behind its parent.
	kill -KILL "$child" "$parent"
	wait "$parent" 2>/dev/null || :
}

# has_addresses D: in both networks and families?
has_addresses() {
	local got
	got=$(in_pair "$1" ip -o addr show </dev/null)
	[[ $got == *10.91.41.100/* && $got == *10.91.42.100/* &&
		$got == *fd91:41::100/* && $got == *fd91:42::100/* ]]
}

# in_charge D: that one, and no other that is alive, has the addresses.
in_charge() {
	local d
	has_addresses "$1" || return
	for d in "${pairs[@]}"; do
		((d == $1)) || [[ ${dead[d]:-} ]] || ! has_addresses "$d" ||
			return
	done
}
dead=()

# moves_to D: until it has the addresses; sets moved_in, how many milliseconds
# that took.
moves_to() {
	local from=${EPOCHREALTIME/./}
	poll 120 in_charge "$1" || return
	moved_in=$(((${EPOCHREALTIME/./} - from) / 1000))
}

# times_in_charge D: prints how often it came to be, by what its keepalived says.
# More often than it was made so: VRRP was late, and two directors were at once.
times_in_charge() {
	local log=$state/keepalived-$1
	if [[ $1 == "$far" ]]; then
		log=$state/keepalived-far
		in_far cat /run/keepalived.log </dev/null >"$log" || :
	fi
	grep -c 'Entering MASTER STATE' "$log" || :
}

# ---- what happens to directors ----------------------------------------------

# power_off D: nothing of it gets out any more.
power_off() {
	dead[$1]=1
	if [[ $1 == "$far" ]]; then
		far_off
		return
	fi
	stop_vrrp "$1"
	in_pair "$1" ip link set p0 down
	in_pair "$1" ip link set q0 down
}

# reboot D: with nothing that it knew; services as for make_director.
reboot() {
	unmake_director "$1"
	make_director "$1"
	unset "dead[$1]"
	start_vrrp "$1"
}

# lose_link D, find_link D: the cable to the clients' switch is pulled, or put
# back. The director sees it as any host does.
lose_link() { change_link "$1" down on; }
find_link() { change_link "$1" up off; }
change_link() {
	if [[ $1 == "$far" ]]; then
		in_far ip link set p0 protodown "$3" </dev/null
	else
		in_switch ip link set "p$1" "$2"
	fi
}

# pair_counter D NAME: sets value.
pair_counter() {
	value=$(in_pair "$1" cat "/sys/kernel/opvs/$2" </dev/null)
}

# ---- what is watched --------------------------------------------------------

# watch NAME NAMESPACE DEVICE FILTER: captures, from now on.
watch() {
	spawn_in "$2" tcpdump -Z root -U -s 128 -ni "$3" -w "$state/$1.pcap" \
		"$4" </dev/null 2>"$state/$1.tcpdump"
	watching[$1]=$spawned
	poll 60 grep -q '^tcpdump: listening\|, link-type' "$state/$1.tcpdump"
}
declare -gA watching

# watched NAME: no longer.
watched() {
	kill -INT "${watching[$1]}"
	wait "${watching[$1]}" 2>/dev/null || :
	unset "watching[$1]"
}

# in_capture NAME [FILTER]: prints how many packets.
in_capture() {
	tcpdump -nr "$state/$1.pcap" "${@:2}" 2>>"$state/tcpdump" | wc -l
}

# Whatever the directors tell each other passes the switch.
sync_or_vrrp='udp port 8848 or dst host 224.0.0.81 or ip proto 112'

# ---- calls ------------------------------------------------------------------

# Those of the folder sipp, with messages that are sent again after 2.5 seconds:
# what is under way while an address moves is lost.
make_scenarios() {
	local name
	scenarios=$state/scenarios
	mkdir -p "$scenarios"
	for name in uac uas; do
		sed 's/retrans="20000"/retrans="2500"/' "$e2e/sipp/$name.xml" \
			>"$scenarios/$name.xml"
	done
}

# in_machine COMMAND...: where the machine's own settings are.
in_machine() { nsenter --net=/proc/1/ns/net "$@"; }

# ring NAME SERVICE RATE MS: so many calls a second, each so long, until
# hang_up. They are written down as those of dial, in demo.sh.
ring() {
	: >"$state/$1-c"
	spawn_in "$ns_client" sipp -sf "$scenarios/uac.xml" -nostdin \
		-i "${client_ip[$family]}" -p 5060 -buff_size "$buffer" \
		-cid_str "$1-%u@%s" -m 99999 -r "$3" -d "$4" \
		-l $(($3 * $4 / 500 + 20)) -trace_stat -fd 600 \
		-stf "$state/sipp.csv" -trace_shortmsg \
		-shortmessage_file "$state/$1-c" "$2" </dev/null \
		>"$state/sipp0" 2>&1
	ringing=$spawned ringing_as=$1
}

# begun [BYTES]: prints the number of the last call that began, by so many of the
# last bytes of the client's log.
begun() {
	tail -c "${1:-+1}" "$state/$ringing_as-c" | awk -F'\t' -v name="$ringing_as-" '
	$4 == "S" && $7 ~ /^INVITE / && index($5, name) == 1 {
		n = substr($5, length(name) + 1) + 0
		if (n > most)
			most = n
	}
	END { print 0 + most }'
}

# ring_on COUNT: until so many more calls have begun.
ring_on() {
	local most
	most=$(($(begun) + $1))
	# shellcheck disable=SC2317 # by poll
	rang() { (($(begun 100000) >= most)); }
	poll 300 rang
}

# hang_up: no new calls, and the others end; sets calls, how many there were.
hang_up() {
	kill -USR1 "$ringing"
	# shellcheck disable=SC2317 # by poll
	hung_up() { ! kill -0 "$ringing" 2>/dev/null; }
	poll 120 hung_up || kill -KILL "$ringing"
	wait "$ringing" 2>/dev/null || :
	calls=$(begun)
}

# outlived NAME SECONDS: prints how many calls had a message at a server before
# that moment and one after it.
outlived() {
	awk -F'\t' -v name="$1-" -v at="$2" '
	$4 != "R" || index($5, name) != 1 { next }
	$3 <= at { before[$5] = 1 }
	$3 > at { after[$5] = 1 }
	END {
		for (call in before)
			n += call in after
		print 0 + n
	}' "$state/$generation"-s[123]
}
