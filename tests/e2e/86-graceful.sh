# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Servers of a service come and go, and no call notices: sixteen servers by
# Call-ID without state, and very many calls, while one server is drained and
# removed, another added, and a third taken away at once. A second director
# with the same secret says where calls without a past belong.
# OPVS_E2E_DIALOGS says how many calls.
if [[ $module != opvs ]]; then
	skip 'graceful change' 'this is about opvs'
	return 0
fi
! same_everywhere 'graceful change' || return 0
case $OPVS_KERNEL in
uml) many=20000 ;;
stock) many=5000 ;;
*) many=2500 ;;
esac
many=${OPVS_E2E_DIALOGS:-$many}

# ---- a second director, between the client and the first ----

ns_second=opvs-r-$ns_id
second_plan() {
	echo "link set lo up"
	link_up d0 10.91.31.1 fd91:31::1
	link_up d1 10.91.32.2 fd91:32::2
	echo "addr add ${vip[4,1]}/32 dev lo"
	echo "addr add ${vip[6,1]}/128 dev lo nodad"
	echo "route add default via 10.91.32.1"
	echo "route add ::/0 via fd91:32::1"
}
make_second() {
	ip netns add "$ns_second"
	agent sysctl ns="$ns_second" net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=1 \
		net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.all.forwarding=1
	ip link add c2 netns "$ns_client" type veth \
		peer name d0 netns "$ns_second"
	ip link add r0 type veth peer name d1 netns "$ns_second"
	second_plan | ip -n "$ns_second" -batch -
	link_up r0 10.91.32.1 fd91:32::1 | ip -batch -
	# Only what is bound to the device goes there.
	{
		link_up c2 10.91.31.2 fd91:31::2
		echo "route add default via 10.91.31.1 metric 900"
		echo "route add ::/0 via fd91:31::1 metric 9000"
	} | ip -n "$ns_client" -batch -
	# Neighbours that know each other lose no packet.
	local to
	for to in 10.91.31.1 fd91:31::1; do
		poll 10 in_client ping -qc 1 -W 1 $to >>"$state/ping"
	done
	for to in 10.91.32.1 fd91:32::1; do
		poll 10 in_second ping -qc 1 -W 1 $to >>"$state/ping"
	done
}
in_second() { nsenter --net="/run/netns/$ns_second" "$@"; }

# A sample of some thousand calls is off by some percent of what it is to show.
# This secret and the Call-IDs see to it that it is always the same sample.
key=00112233445566778899aabbccddee0b
other_key=00112233445566778899aabbccddee0c
read -r key_before </proc/sys/net/opvs/hash_key
put_back() {
	agent sysctl ns="$ns_director" net.opvs.hash_key="$key_before" \
		net.opvs.drain_seconds=1800
	agent forget ns="$ns_second"
	ip netns del "$ns_second"
}
drain_seconds() {
	agent sysctl ns="$ns_director" net.opvs.drain_seconds="$1"
}
make_second
trap put_back EXIT
agent sysctl ns="$ns_director" net.opvs.hash_key=$key
agent sysctl ns="$ns_second" net.opvs.hash_key=$key

# ---- seventeen servers, of which sixteen are in use ----

# address SERVER: as ipvsadm has it.
address() { echo "${rs[$f,$(($1 % 3 + 1))]}:$((5200 + $1))"; }

# plan SERVER...: for ipvsadm -R.
plan() {
	local i
	echo "-A -u $svc -s mh -o --pe sip"
	for i; do
		echo "-a -u $svc -r $(address "$i") -m -w 1"
	done
}
start_servers() {
	local i n
	for i in {1..17}; do
		n=$((i % 3 + 1))
		agent uas ns="${ns_servers[n]}" id="a$i" \
			addr="${rip[$f,$n]}|$((5200 + i))" \
			peer="${client_ip[$f]}|5060"
	done
	agent uac ns="$ns_client" id=uac src="${client_ip[$f]}|5060" \
		dst="${vip[$f,1]}|5060"
	agent uac ns="$ns_client" id=second src="${second_ip[$f]}|5060" \
		dst="${vip[$f,1]}|5060" dev=c2
}
declare -A second_ip=([4]=10.91.31.2 [6]=fd91:31::2)

# ---- what calls say ----

# says GROUP METHOD [KEY=VALUE...]: and servers answer 200, but to an ACK.
says() {
	local id=$1 method=$2 status='status=200 OK'
	shift 2
	answers=1
	if [[ $method == ACK ]]; then
		status='status=' answers=0
	fi
	agent calls_say id="$id" method="$method" "$status" "$@"
}

# asks_second GROUP: a message without a tag, by the second director; its servers
# answer by way of the first, so they do not.
asks_second() {
	answers=0
	agent calls_say id="$1" method=OPTIONS tag=0 by=second
}

# all_right WANT NAME: of what was said last, each message was heard, by the
# server that has the call; and answered, if it was to be.
all_right() {
	local got="${A[heard]} ${A[answered]} ${A[wrong]}"
	if (($1 > 0)); then
		is "$got" "$1 $(($1 * answers)) 0" "IPv$f: $2"
	else
		not_ok "IPv$f: $2" 'nothing was said'
	fi
}

# begin GROUP COUNT: calls that are answered and acknowledged.
begin() {
	agent calls_new id="$1" count="$2"
	says "$1" INVITE
	is "${A[answered]}" "$2" "IPv$f: $2 calls of group $1 begin"
	says "$1" ACK
	all_right "$2" "group $1: each ACK at the server that has the call"
}

conns() {
	local value
	counter conns
	echo "$value"
}

# A director without a past: with these servers at the second one.
restart_second() {
	in_second ipvsadm -C
	plan "$@" | in_second ipvsadm -R
}

# foresee GROUP COUNT MAP: where the second director sends such calls.
foresee() {
	agent calls_new id="$1" count="$2"
	asks_second "$1"
	is "${A[heard]}" "$2" "IPv$f: group $1: the second director was asked"
	agent calls_homes id="$1" map="$3"
}

# elsewhere MAP MAP: sets moved, the number of calls that differ.
elsewhere() {
	agent moved a="$1" b="$2"
	moved=$((A[all] - A[kept]))
}

# newcomers GROUP COUNT MAP: calls that begin after a change. Few are elsewhere
# than they would have been before it, which MAP says, and only those are
# remembered that are elsewhere than before all changes, map GROUP-first.
newcomers() {
	local id=$1 asked=$2 slack=0 exceptions before count
	snapshot affinity_exceptions affinity_forgotten
	before=$(conns)
	begin "$id" "$asked"
	agent calls_homes id="$id" map="$id-after"
	elsewhere "$3" "$id-after"
	# If few are asked, chance plays a part.
	((asked >= 10000)) || slack=$((asked / 25))
	check "IPv$f: group $id: $moved of $asked moved, at most 1.1/16" \
		test $(((moved - slack) * 160)) -le $((asked * 11))
	elsewhere "$id-first" "$id-after"
	counter affinity_exceptions
	exceptions=$((value - C[affinity_exceptions]))
	check "IPv$f: group $id: $exceptions of $moved moved are remembered" \
		test $exceptions -gt 0 -a $exceptions -le $moved
	is "$(($(conns) - before))" "$exceptions" "IPv$f: group $id: so many entries"
	count_entries
	is "$count" "$(conns)" "IPv$f: group $id: all entries are listed"
	rose affinity_forgotten 0 "IPv$f: group $id: none was forgotten"
}

# ---- the story ----

steady() {
	local slack=20
	plan {1..16} | ipvsadm -R
	restart_second {1..16}
	snapshot affinity_exceptions affinity_former conn_created \
		template_created
	begin old "$many"
	said=$SECONDS
	agent calls_homes id=old map=old
	is "${A[places]}" 16 "IPv$f: all servers have calls"
	((many >= 10000)) || slack=50
	check "IPv$f: a sixteenth each, ±$slack %: ${A[least]} to ${A[most]}" \
		test $((A[least] * 1600)) -ge $((many * (100 - slack))) -a \
		$((A[most] * 1600)) -le $((many * (100 + slack)))
	is "$(conns)" 0 "IPv$f: nothing changes: no entries"
	rose affinity_exceptions 0 "IPv$f: nothing changes: nothing remembered"
	rose conn_created 0 "IPv$f: nothing changes: no connection"
	rose template_created 0 "IPv$f: nothing changes: no template"
}

two_directors() {
	asks_second old
	all_right "$many" 'two directors with one secret agree on all calls'
	agent sysctl ns="$ns_second" net.opvs.hash_key=$other_key
	restart_second {1..16}
	asks_second old
	is "${A[heard]}" "$many" "IPv$f: with another secret: all have a server"
	near "${A[wrong]}" $((many * 15 / 16)) $((many / 50)) \
		"IPv$f: with another secret they agree by chance, one in sixteen"
	agent sysctl ns="$ns_second" net.opvs.hash_key=$key
}

# Transactions under way when the server is drained.
in_flight_before() {
	local id
	for id in again cancel refused taken; do
		agent calls_new id=$id count=$few
	done
	agent calls_say id=again method=INVITE
	agent calls_say id=cancel method=INVITE 'status=180 Ringing'
	agent calls_say id=refused method=INVITE 'status=486 Busy Here'
	agent calls_say id=taken method=INVITE 'status=200 OK'
	is "${A[answered]}" $few "IPv$f: transactions are under way"
}
in_flight_after() {
	says again INVITE
	all_right $few 'an INVITE that is repeated: at the same server'
	check "IPv$f: the drained one among them" test "${A[on_a5]:-0}" -gt 0
	says again ACK
	all_right $few 'and its ACK'
	says cancel CANCEL tag=0
	all_right $few 'a CANCEL without a tag: at the server of its INVITE'
	check "IPv$f: the drained one among them" test "${A[on_a5]:-0}" -gt 0
	says cancel ACK
	all_right $few 'and the ACK of what it ended'
	says refused ACK
	all_right $few 'the ACK of a refusal: at the server of its INVITE'
	says taken ACK
	all_right $few 'the ACK of a call: at the server of its INVITE'
}

# A message of a call that was heard of in the last half minute is taken for one
# that is repeated. From then on only what it says tells an old call from a new.
fall_silent() {
	local rest=$((said + 38 - SECONDS))
	((rest <= 0)) || pass_time $rest
}

drain_one() {
	restart_second {1..16}
	foresee fresh $half fresh-first
	foresee later $half later-first
	((f == 6)) || fall_silent
	in_flight_before
	snapshot affinity_former
	ipvsadm -e -u "$svc" -r "$(address 5)" -m -w 0
	in_flight_after
	says old INVITE cseq=2
	all_right "$many" 'a server is drained: all calls go on'
	check "IPv$f: its own, too" test "${A[on_a5]:-0}" -gt 0
	counter affinity_former
	check "IPv$f: which is counted" \
		test $((value - C[affinity_former])) -ge "${A[on_a5]:-0}"
	newcomers fresh $half fresh-first
	agent calls_homes id=fresh map=fresh
	is "${A[on_a5]:-0}" 0 "IPv$f: none of them at the drained server"
	says old BYE cseq=3 at=a5
	all_right "${A[sent]}" 'the calls of the drained server end there'
	ipvsadm -d -u "$svc" -r "$(address 5)"
	says taken INVITE cseq=2 not=a5
	all_right "${A[sent]}" 'it is removed: other calls go on'
	says fresh INVITE cseq=2
	all_right $half 'and the new ones'
}

add_one() {
	restart_second {1..4} {6..16}
	foresee later $half later-before
	ipvsadm -a -u "$svc" -r "$(address 17)" -m -w 1
	newcomers later $half later-before
	says fresh BYE cseq=3
	all_right $half 'a server is added: calls since the first change go on'
	says later BYE cseq=2
	all_right $half 'and those since the second'
	check "IPv$f: some at the added one" test "${A[on_a17]:-0}" -gt 0
	says old BYE cseq=3 not=a5
	all_right "${A[sent]}" 'and the first of all, to their end'
	is "${A[on_a17]:-0}" 0 "IPv$f: none at the added one"
}

# Without a drain; what is remembered goes when the time of the last change ends.
take_away() {
	local there
	begin hard $few
	agent calls_homes id=hard map=hard
	there=${A[on_a3]}
	ipvsadm -d -u "$svc" -r "$(address 3)"
	says hard INVITE cseq=2 gone=a3
	is "${A[answered]} ${A[wrong]} ${A[fled]}" "$few 0 $there" \
		"IPv$f: a server is taken away: only its $there calls move"
	check "IPv$f: much is remembered" test "$(conns)" -gt 0
	drain_seconds 1
	ipvsadm -d -u "$svc" -r "$(address 4)"
	settles 30 0 "IPv$f: the time is over: nothing is remembered" conns
	snapshot affinity_exceptions
	begin last $few
	rose affinity_exceptions 0 "IPv$f: and nothing has to be"
	is "$(conns)" 0 "IPv$f: no entries"
}

# A drained server has its calls for as long as it is there, however long.
drain_for_long() {
	begin long $few
	ipvsadm -e -u "$svc" -r "$(address 7)" -m -w 0
	pass_time 3
	says long INVITE cseq=2
	all_right $few 'a server is drained for long: all calls go on'
	check "IPv$f: its own, too" test "${A[on_a7]:-0}" -gt 0
	says long BYE cseq=3
	all_right $few 'and end where they began'
	ipvsadm -d -u "$svc" -r "$(address 7)"
	settles 30 0 "IPv$f: it is removed: nothing is remembered" conns
}

tell_story() {
	f=$1 many=$2 few=$(($2 / 20)) half=$(($2 / 2))
	((few > 200)) || few=200
	svc=${vs[$f,1]}:5060
	start_servers
	drain_seconds 3600
	steady
	two_directors
	drain_one
	add_one
	take_away
	drain_for_long
	ipvsadm -C
	in_second ipvsadm -C
	agent reset
	diag "IPv$f: $SECONDS s"
}
everybody=$many
tell_story 4 "$everybody"
tell_story 6 $((everybody / 5 > 1000 ? everybody / 5 : 1000))

# ---- real sipp: calls that are up while servers change ----

f=4 svc=${vs[4,2]}:5060
begun() { (($(cat "$state"/calls[123] | grep -c ^INVITE) >= $1)); }

# sipp_story RATE: the status is that of sipp.
sipp_story() {
	local calls
	service 4 2 5060 -s mh --pe sip
	sipp_calls 4 2 200 "$1" 3000 >"$state/sipp-calls" &
	calls=$!
	check 'sipp: calls are up' poll 60 begun 60
	dest -e 4 2 5060 2 -m -w 0
	check 'sipp: a server is drained, and more calls come' \
		poll 60 begun 110
	dest -e 4 2 5060 2 -m -w 1
	check 'sipp: it is back, and more calls come' poll 60 begun 160
	dest -e 4 2 5060 3 -m -w 2
	wait "$calls"
}

# Where a message is sent again after longer than RFC 3261, section 17, has it,
# as on a machine with far too much to do, that says nothing about opvs: once more
# then, with fewer calls at a time.
rates=(50 20 8 3)
[[ $OPVS_KERNEL == stock ]] || rates=(20 8 3)
silent() { ! listens "$1" -u 5060 "${rip[4,$1]}"; }
for rate in "${rates[@]}"; do
	start_sipp_servers 4
	status=0
	sipp_story "$rate" || status=$?
	if ((!status)) || ! grep -q 'retransmission timeout' "$state/sipp0"; then
		break
	fi
	diag "$rate calls a second are too many for this machine"
	ipvsadm -C
	end_spawned
	for n in 1 2 3; do
		poll 20 silent "$n"
	done
done
if ((status)); then
	not_ok 'sipp: 200 calls, none failed' "$(<"$state/sipp-calls")"
else
	ok 'sipp: 200 calls, none failed'
fi
sipp_outcome
is "$sipp_succeeded/$sipp_failed" 200/0 "sipp's own statistics say so too"
sipp_calls_per_server
is "$sipp_split/$sipp_known" 0/200 'sipp: no call is split'
