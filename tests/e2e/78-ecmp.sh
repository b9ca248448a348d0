# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh and pair.sh set it
# Four directors with the same secret announce one address, all are in use by
# equal-cost routes, and servers answer directly. One dies, one is added: what
# is sent goes by other directors, and calls stay at their servers. Each message
# of a call comes from another port, and so by another director as it happens.
if [[ $module != opvs ]]; then
	skip 'directors behind ECMP' 'this is about opvs'
	return 0
fi
! same_everywhere 'directors behind ECMP' || return 0
# shellcheck source=tests/e2e/pair.sh
. "$e2e/pair.sh"
declare -A any=([4]=10.91.44.1 [6]=fd91:44::1)
declare -A any_in=([4]=10.91.44.1 [6]='[fd91:44::1]')
sockets=24

# What bird of a director is to read: it announces the address.
director_conf() {
	cat <<END
router id 10.91.41.1$1;
protocol device {}
protocol static { ipv4; route ${any[4]}/32 blackhole; }
protocol static { ipv6; route ${any[6]}/128 blackhole; }
protocol bgp {
	local 10.91.41.1$1 as 64501;
	neighbor 10.91.41.2 as 64500;
	connect delay time 1;
	connect retry time 1;
	error wait time 1, 1;
	ipv4 { export all; import none; };
	ipv6 { export all; import none; next hop address fd91:41::1$1; };
}
END
}

# And what that of the client reads, which stands for the routers.
client_conf() {
	local d
	cat <<-END
	router id 10.91.41.2;
	protocol device {}
	protocol kernel { merge paths on; ipv4 { export all; import none; }; }
	protocol kernel { merge paths on; ipv6 { export all; import none; }; }
	template bgp director {
		local 10.91.41.2 as 64500;
		passive;
		ipv4 { import all; export none; };
		ipv6 { import all; export none; };
	}
	END
	for d in 1 2 3 4 5; do
		echo "protocol bgp from director {" \
			"neighbor 10.91.41.1$d as 64501; }"
	done
}

# start_bird NAME NAMESPACE: by $state/NAME.conf.
start_bird() {
	spawn_in "$2" bird -f -c "$state/$1.conf" -s "$state/$1.ctl" \
		</dev/null >"$state/$1.bird" 2>&1
	birds[$1]=$spawned
}
declare -A birds

add_director() {
	local f n
	make_director "$1" < <(for f in 4 6; do
		echo "-A -u ${any_in[$f]}:5060 -s mh -o --pe sip"
		for n in 1 2 3; do
			echo "-a -u ${any_in[$f]}:5060 -r ${rs[$f,$n]}:5060 -g"
		done
	done)
	in_pair "$1" ip addr add "${any[4]}/32" dev lo
	in_pair "$1" ip addr add "${any[6]}/128" dev lo nodad
	director_conf "$1" >"$state/bird-$1.conf"
	start_bird "bird-$1" "opvs-p$1-$ns_id"
}

# Servers have the address, and answer the client by another way.
servers_own_it() {
	local f n
	for n in 1 2 3; do
		in_server $n ip addr add "${any[4]}/32" dev lo
		in_server $n ip addr add "${any[6]}/128" dev lo nodad
		for f in 4 6; do
			agent uas ns="${ns_servers[n]}" id="s$n$f" \
				addr="${any[$f]}|5060" \
				peer="${direct_ip[$f]}|5060"
		done
	done
}
put_back() {
	local n
	for n in 1 2 3; do
		in_server $n ip addr del "${any[4]}/32" dev lo
		in_server $n ip addr del "${any[6]}/128" dev lo
	done
	in_client sysctl -qw net.ipv4.fib_multipath_hash_policy=0 \
		net.ipv6.fib_multipath_hash_policy=0 \
		net.ipv6.conf.all.forwarding=0
	unmake_pairs
}

# ways FAMILY: prints by which directors the client's routes lead.
ways() {
	local pattern='10\.91\.41\.1[1-9]'
	(($1 == 4)) || pattern='fd91:41::1[1-9]'
	in_client ip -"$1" route show "${any[$1]}" |
		grep -o "via $pattern" | sed 's/.*\(.\)/\1/' | sort -u | paste -sd ' '
}

# all_say METHOD SHIFT: each socket says it of a group of calls, with every SHIFT
# another one. Sets heard and wrong, of all.
all_say() {
	local i
	heard=0 wrong=0
	for ((i = 0; i < sockets; i++)); do
		agent calls_say id="g$f$i" method="$1" tag=0 \
			by="u$f$(((i + $2) % sockets))"
		((heard += A[heard], wrong += A[wrong])) || :
	done
}

# shares D...: how many packets these directors forwarded since the last time;
# sets busy, how many of them any, and adds to used.
declare -A forwarded_by used
shares() {
	local d value part out=''
	busy=0
	for d; do
		pair_counter "$d" forwarded
		part=$((value - ${forwarded_by[$d]:-0}))
		forwarded_by[$d]=$value
		out+="$part "
		if ((part)); then
			((busy += 1))
			used[$d]=1
		fi
	done
	diag "IPv$f: packets by directors $*: $out"
}

# all_go NAME D...: what was said was heard, by the calls' servers. Which of these
# directors had a part in it is chance, but it was not one alone.
all_go() {
	local name=$1
	shift
	is "$heard/$wrong" $((sockets * each))/0 "IPv$f: $name: all at their servers"
	shares "$@"
	check "IPv$f: $name: by several directors" test "$busy" -ge 2
}

each=16
pair_addresses
trap put_back EXIT
make_switch
# A host, other than a router, would not use a way whose neighbour it has not met.
in_client sysctl -qw net.ipv4.fib_multipath_hash_policy=1 \
	net.ipv6.fib_multipath_hash_policy=1 net.ipv6.conf.all.forwarding=1
client_conf >"$state/bird-c.conf"
start_bird bird-c "$ns_client"
for d in 1 2 3 4; do
	add_director $d
done
servers_own_it
for f in 4 6; do
	settles 60 '1 2 3 4' "IPv$f: four ways" ways $f
	for ((i = 0; i < sockets; i++)); do
		agent uac ns="$ns_client" id="u$f$i" \
			src="${direct_ip[$f]}|$((5100 + i))" dst="${any[$f]}|5060"
		agent calls_new id="g$f$i" count=$each
	done
	all_say INVITE 0
	all_go 'four directors' 1 2 3 4
	all_say ACK 1
	all_go 'messages from another port' 1 2 3 4
done
is "${#used[*]}" 4 'all four directors had a part'

# ---- one dies ----

kill -KILL "${birds[bird-2]}"
wait "${birds[bird-2]}" 2>/dev/null || :
in_pair 2 ip link set p0 down
in_pair 2 ip link set q0 down
for f in 4 6; do
	# What was on its way to the dead one is lost.
	agent calls_say id="g${f}0" method=INFO tag=0 by="u${f}1"
	is "${A[wrong]}" 0 "IPv$f: one dies: no message at another server"
	settles 60 '1 3 4' "IPv$f: one dies: three ways" ways $f
	all_say UPDATE 2
	all_go 'one dies' 1 3 4
done

# ---- one is added ----

add_director 5
for f in 4 6; do
	settles 60 '1 3 4 5' "IPv$f: one is added: four ways" ways $f
	all_say INFO 3
	all_go 'one is added' 1 3 4 5
	all_say BYE 4
	all_go 'calls end' 1 3 4 5
done
is "${used[5]:-0}" 1 'the added one had a part'
