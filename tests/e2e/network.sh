# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# The network of the end-to-end tests.
#
# One network serves all tests. Each box is a network namespace, each line a
# pair of veth devices; N is 1, 2, 3. Names end in the shell's process id.
#
#                      director                  server N
#   client            +------------+            +-----------------+
#  +---------+        |         dN |.1        .2| eN              |
#  |      c0 |.2    .1| d0         |------------|                 |
#  |         |--------|            | 10.91.1N.  |                 |
#  |         | 10.91.1.            | fd91:1N::  |                 |
#  |         | fd91:1::            |            |                 |
#  |         |        | lo: VIPs   |            | lo: some VIPs,  |
#  |      xN |.1      +------------+          .2| for -g          |
#  |         |----------------------------------| x0              |
#  +---------+       10.91.2N.  fd91:2N::       +-----------------+
#
# VIPs are 10.91.0.1 to .9 and fd91::1 to ::9. The client also has 10.91.9.2
# and fd91:9::2, which servers reach directly over x0 and not by the director:
# the way of the answers of direct routing. All else goes by the director.
#
# The tests' shell itself lives in the director's namespace, so that ipvsadm,
# /proc/net and /sys/kernel/opvs are the director's without further ado.

# ---- addresses, by family ---------------------------------------------------

# Tables rather than functions: to ask a function takes a process. vip[F,N] and
# rip[F,N] are addresses of family F, 4 or 6; vs, rs and cs are they and the
# client's as ipvsadm writes them in front of a port.
declare -A vip rip vs rs
declare -A client_ip=([4]=10.91.1.2 [6]=fd91:1::2)
# shellcheck disable=SC2034 # tests use it
declare -A cs=([4]=10.91.1.2 [6]='[fd91:1::2]')
declare -A direct_ip=([4]=10.91.9.2 [6]=fd91:9::2)
for n in 1 2 3 4 5 6 7 8 9; do
	vip[4,$n]=10.91.0.$n vip[6,$n]=fd91::$n
	# shellcheck disable=SC2034 # tests use it
	vs[4,$n]=${vip[4,$n]} vs[6,$n]=[${vip[6,$n]}]
done
for n in 1 2 3; do
	rip[4,$n]=10.91.1$n.2 rip[6,$n]=fd91:1$n::2
	# shellcheck disable=SC2034 # tests use it
	rs[4,$n]=${rip[4,$n]} rs[6,$n]=[${rip[6,$n]}]
done

# ---- the network ------------------------------------------------------------

# Sets the namespaces' names; ID is the process id that they end in.
name_spaces() {
	ns_id=$1
	ns_client=opvs-c-$ns_id
	ns_director=opvs-d-$ns_id
	ns_servers=(- "opvs-s1-$ns_id" "opvs-s2-$ns_id" "opvs-s3-$ns_id")
	ns_all=("$ns_client" "$ns_director" "${ns_servers[@]:1}")
}

make_spaces() {
	printf 'netns add %s\n' "${ns_all[@]}" | ip -batch -
}

# Static settings come before the devices that inherit them. ICMP errors are
# what tests look for, so they are not rationed.
make_settings() {
	local ns
	for ns in "${ns_all[@]}"; do
		agent sysctl ns="$ns" net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0 \
			net.ipv6.conf.all.disable_ipv6=0 \
			net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.all.keep_addr_on_down=1 \
			net.ipv6.conf.default.router_solicitations=0 \
			net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	done
	agent sysctl ns="$ns_director" net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.send_redirects=0
	for ns in "${ns_servers[@]:1}"; do
		agent sysctl ns="$ns" net.ipv4.conf.all.arp_ignore=1 \
			net.ipv4.conf.all.arp_announce=2
	done
}

# link NS DEV ADDRESS4 ADDRESS6: lines for ip -batch in NS.
link_up() {
	printf 'addr add %s/24 dev %s\n' "$2" "$1"
	printf 'addr add %s/64 dev %s nodad\n' "$3" "$1"
	printf 'link set %s up\n' "$1"
}

make_links() {
	local n
	{
		echo "link add c0 netns $ns_client type veth" \
			"peer name d0 netns $ns_director"
		for n in 1 2 3; do
			echo "link add d$n netns $ns_director type veth" \
				"peer name e$n netns ${ns_servers[n]}"
			echo "link add x$n netns $ns_client type veth" \
				"peer name x0 netns ${ns_servers[n]}"
		done
	} | ip -batch -
}

director_plan() {
	local n
	echo "link set lo up"
	link_up d0 10.91.1.1 fd91:1::1
	for n in 1 2 3; do
		link_up "d$n" "10.91.1$n.1" "fd91:1$n::1"
	done
	for n in 1 2 3 4 5 6 7 8 9; do
		echo "addr add ${vip[4,$n]}/32 dev lo"
		echo "addr add ${vip[6,$n]}/128 dev lo nodad"
	done
	echo "route add 10.91.9.2/32 via 10.91.1.2"
	echo "route add fd91:9::2/128 via fd91:1::2"
}

client_plan() {
	local n
	echo "link set lo up"
	link_up c0 10.91.1.2 fd91:1::2
	echo "addr add 10.91.9.2/32 dev lo"
	echo "addr add fd91:9::2/128 dev lo nodad"
	for n in 1 2 3; do
		link_up "x$n" "10.91.2$n.1" "fd91:2$n::1"
	done
	echo "route add default via 10.91.1.1"
	echo "route add ::/0 via fd91:1::1"
}

server_plan() {
	local n=$1
	echo "link set lo up"
	link_up "e$n" "10.91.1$n.2" "fd91:1$n::2"
	link_up x0 "10.91.2$n.2" "fd91:2$n::2"
	echo "route add default via 10.91.1$n.1"
	echo "route add ::/0 via fd91:1$n::1"
	echo "route add 10.91.9.2/32 via 10.91.2$n.1"
	echo "route add fd91:9::2/128 via fd91:2$n::1"
}

make_network() {
	local n f
	make_settings
	make_links
	client_plan | ip -n "$ns_client" -batch -
	director_plan | ip -batch -
	for n in 1 2 3; do
		server_plan "$n" | ip -n "${ns_servers[n]}" -batch -
	done
	# Up is up when packets pass, in both families and on all links.
	for n in 1 2 3; do
		for f in 4 6; do
			agent serve ns="${ns_servers[n]}" id="up$n" \
				addr="${rip[$f,$n]}|7"
			agent reach ns="$ns_client" src="${client_ip[$f]}" \
				dst="${rip[$f,$n]}|7"
			agent reach ns="$ns_client" src="${direct_ip[$f]}" \
				dst="${rip[$f,$n]}|7"
		done
	done
	agent reset
}

drop_network() {
	local ns
	for ns in $(ip netns list | awk -v id="-$ns_id" '
		substr($1, 1, 5) == "opvs-" &&
		substr($1, length($1) - length(id) + 1) == id { print $1 }'); do
		ip netns del "$ns"
	done
}

# enter_director PROGRAM [ARG...]: makes the namespaces and becomes PROGRAM in
# the director's, with "--inside ID" in front of its arguments.
enter_director() {
	local program=$1
	shift
	[[ -n ${OPVS_KERNEL:-} ]] || {
		echo "this loads modules; run it by scripts/vm" >&2
		exit 1
	}
	name_spaces $$
	make_spaces
	exec nsenter --net="/run/netns/$ns_director" \
		bash "$program" --inside $$ "$@"
}

# set_up ID: what follows is undone when the shell ends.
set_up() {
	name_spaces "$1"
	state=$(mktemp -d)
	trap take_down EXIT
	trap 'exit 130' INT TERM
	load_module
	start_agent
	make_network
}

# shellcheck disable=SC2317 # called by trap
take_down() {
	local status=$?
	trap - EXIT
	end_spawned
	[[ -z ${agent_pid:-} ]] || kill "$agent_pid" 2>/dev/null || :
	drop_network
	! module_loaded || unload_module || status=1
	rm -rf "$state"
	exit "$status"
}

in_client() { nsenter --net="/run/netns/$ns_client" "$@"; }
in_server() {
	local n=$1
	shift
	nsenter --net="/run/netns/${ns_servers[n]}" "$@"
}
