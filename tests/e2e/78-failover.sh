# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh, demo.sh and pair.sh set it
# Two directors with the same secret, an address that keepalived moves, and
# calls without state: the active director dies, comes back empty, loses its
# link, finds it again, while calls go on. No message of a call reaches another
# server than the call's, and the directors tell each other nothing.
# Messages get lost while the address moves; sipp sends them again.
# OPVS_E2E_CALLS says how many calls are up at a time.
if [[ $module != opvs ]]; then
	skip 'failover' 'with ip_vs there are no such calls'
	return 0
fi
! same_everywhere 'failover' || return 0
# shellcheck source=tests/e2e/demo.sh
. "$e2e/demo.sh"
# shellcheck source=tests/e2e/pair.sh
. "$e2e/pair.sh"

pair_load

# goes_to D: the addresses do.
goes_to() {
	moves_to "$1" || {
		diag "$(tail -n 30 "$state"/keepalived-*)"
		return 1
	}
	diag "director $1 has the addresses after $moved_in ms"
}

pair_addresses
trap unmake_pairs EXIT
make_switch
make_scenarios
for d in 1 2; do
	make_director $d < <(stateless 4 6)
	vrrp_conf $d >"$state/pair-$d.conf"
	start_vrrp $d
done
goes_to 1
watch sync "$ns_switch" any "$sync_or_vrrp"

# moment NAME: sets at[NAME], after as many calls as are up at a time.
moment() {
	ring_on "$many"
	at[$1]=$EPOCHREALTIME
	order+=("$1")
}

# What happens while calls are made, over IPv4 and over IPv6.
story_4() {
	moment 'director 1 dies'
	power_off 1
	goes_to 2
	moment 'director 1 is back, empty'
	reboot 1 < <(stateless 4 6)
	goes_to 1
	ring_on $((many / 4))
}
story_6() {
	moment 'director 1 loses its link'
	lose_link 1
	goes_to 2
	moment 'director 1 finds its link'
	find_link 1
	goes_to 1
	ring_on $((many / 4))
}

judge() {
	local name up value
	look_at_calls "$1"
	is "$split" 0 "IPv$family: of $known calls none is split"
	check "IPv$family: servers got all of $calls calls" \
		test "$known" -ge $((calls * 9 / 10))
	diag "$succeeded of $calls calls succeeded; $(sipp_failures)"
	for name in "${order[@]}"; do
		up=$(outlived "$1" "${at[$name]}")
		check "IPv$family: $name: $up calls go on" \
			test "$up" -ge $((many / 2))
	done
	pair_counter 2 forwarded
	check "IPv$family: director 2 forwarded $((value - before)) messages" \
		test $((value - before)) -ge $((many / 2))
	is "$(in_capture client "dst host ${client_ip[$family]} and
		not src host ${vip[$family,1]}")" 0 \
		"IPv$family: every answer came from the virtual address"
	check "IPv$family: there were answers" test "$(in_capture client \
		"src host ${vip[$family,1]}")" -ge $((succeeded * 2))
}

for family in 4 6; do
	start_servers "with$family"
	watch client "$ns_client" p0 'udp and port 5060'
	pair_counter 2 forwarded
	before=$value
	declare -A at=()
	order=()
	ring go$family "${vs[$family,1]}:5060" "$rate" "$ms"
	story_$family
	hang_up
	watched client
	judge go$family
done

watched sync
check 'the switch passed what the directors say to each other' \
	test "$(in_capture sync 'ip proto 112')" -gt 0
is "$(in_capture sync 'not ip proto 112')" 0 'of which nothing is about calls'
