# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Very many connections: created, each listed once, all gone within 1.5 s of
# their time with their memory, while one of an hour lives on; then silence.
# OPVS_E2E_CONNS says how many; four million want 2 GiB of memory.
if [[ $module != opvs ]]; then
	skip 'very many connections' 'this is about opvs'
	return 0
fi
case $OPVS_KERNEL in
uml) many=300000 ;;
*) many=40000 ;;
esac
many=${OPVS_E2E_CONNS:-$many}
# It remembers the worst of the time since it was loaded.
unload_module
load_module
make_sinks
is "$(cat /sys/kernel/opvs/conns)" 0 'nothing to begin with'

# What this says that the machine was late is not the sweeper's fault.
spawn_in "$ns_director" "$e2e/lateness.py" "$state/lateness" </dev/null
lateness() { # sets late, in ms
	local line
	late=0
	while read -r line; do
		((late += line)) || :
	done <"$state/lateness"
}
poll 10 test -s "$state/lateness"
in_time() { # NAME
	local value
	lateness
	diag "the machine was late by $late ms"
	counter sweep_max_late_ms
	check "$1: none was reclaimed later than 1.5 s ($value ms)" \
		test "$value" -le $((1500 + late))
}

slab_before=$(slab_objects)

# ---- one of an hour, and then very many of few seconds ----

agent policy ns="$ns_director" verb=new name=hour timeouts=udp:UDP:3600
ipvsadm -A -u "${vs[4,1]}:8100" -s rr
ipvsadm -a -u "${vs[4,1]}:8100" -r "${sink_rs[4]}:8100" -m
agent service ns="$ns_director" service="${vip[4,1]}|8100" policy=hour
for f in 4 6; do
	ipvsadm -A -u "${vs[$f,2]}:8100" -s rr
	ipvsadm -a -u "${vs[$f,2]}:8100" -r "${sink_rs[$f]}:8100" -m
done

# create FROM COUNT: half of them by IPv6. Sets began and ended, when, in ms.
create() {
	local half=$(($2 / 2))
	began=$((${EPOCHREALTIME/./} / 1000))
	agent mass ns="$ns_client" src="10.92.$1.0|1024" \
		dst="${vip[4,2]}|8100" count=$(($2 - half))
	agent mass ns="$ns_client" src="fd92:$1::|1024" \
		dst="${vip[6,2]}|8100" count=$half
	ended=$((${EPOCHREALTIME/./} / 1000))
}
conns() {
	local value
	counter conns
	echo "$value"
}

# Sets created; false if the first may have ended before all were listed.
fill() {
	agent flush ns="$ns_director"
	agent mass ns="$ns_client" src='10.91.1.2|2000' \
		dst="${vip[4,1]}|8100" count=1
	set_timeouts 0 0 $seconds
	snapshot conn_created conn_ended
	create 0 "$many"
	counter conn_created
	created=$((value - C[conn_created]))
	diag "$created created in $((ended - began)) ms"
	agent entries ns="$ns_director"
	diag "listed in ${A[ms]} ms"
	counter conn_ended
	((${EPOCHREALTIME/./} / 1000 < began + seconds * 1000))
}

# Long enough to create and list them here, and not much longer than needed.
create 0 $((many / 20))
seconds=$((5 + (ended - began) * 20 * 2 / 1000))
for _ in 1 2 3; do
	! fill || break
	((seconds *= 2))
done
is $((value - C[conn_ended])) 0 'none has ended so far'
is "$created" "$many" 'each datagram made one'
counter conn_buckets
diag "$value buckets"
is "${A[count]}/${A[twice]}" "$((created + 1))/0" 'each is listed once'
# KASAN keeps for a while what was freed, so that counts say nothing.
slab_full=$(slab_objects)
[[ $OPVS_KERNEL == *debug ]] ||
	check "they take memory: $((slab_full - slab_before)) objects" \
		test $((slab_full - slab_before)) -ge $((created - 600))

# ---- they end ----

latest=$((ended + seconds * 1000 + 1500))
only_one() {
	local value
	counter conns
	lateness
	((value <= 1 || ${EPOCHREALTIME/./} / 1000 > latest + late))
}
poll $((seconds + 10)) only_one
is "$(conns)" 1 "1.5 s after their $seconds s, one is left"
is "$(states "${vs[4,1]}:8100 ")" UDP:1 'the one of an hour'
counter conn_ended
is $((value - C[conn_ended])) "$created" 'all others were counted out'
back() { (($(slab_objects) <= slab_before + 600)); }
[[ $OPVS_KERNEL == *debug ]] || check 'their memory is back' poll 5 back
for name in sweep_visited sweep_reclaimed sweep_refiled sweep_slices \
	sweep_wakeups sweep_max_slice_ns sweep_max_late_ms; do
	counter $name
	diag "$name $value"
done
in_time 'alike'

# ---- short and long ones at random ----

mix=(1 2 4 3600)
for i in "${!mix[@]}"; do
	agent policy ns="$ns_director" verb=new name="mix$i" \
		timeouts="udp:UDP:${mix[i]}"
	ipvsadm -A -u "${vs[4,$((i + 3))]}:8100" -s rr
	ipvsadm -a -u "${vs[4,$((i + 3))]}:8100" -r "${sink_rs[4]}:8100" -m
	agent service ns="$ns_director" policy="mix$i" \
		service="${vip[4,$((i + 3))]}|8100"
done
agent flush ns="$ns_director"
snapshot conn_created conn_ended
sent=(0 0 0 0)
for ((volley = 0; volley < 60; volley++)); do
	i=$((RANDOM % 4)) count=$((RANDOM % 100 + 1))
	agent mass ns="$ns_client" src="10.94.$volley.1|2000" \
		dst="${vip[4,$((i + 3))]}|8100" count=$count
	((sent[i] += count)) || :
done
long_only() { (($(conns) <= sent[3])); }
check "a mix, ${sent[*]} of ${mix[*]} s: the short ones end" poll 10 long_only
is "$(conns)" "${sent[3]}" 'a mix: and no others'
in_time 'a mix'
agent flush ns="$ns_director"
for i in "${!mix[@]}"; do
	ipvsadm -D -u "${vs[4,$((i + 3))]}:8100"
	agent policy ns="$ns_director" verb=del name="mix$i"
done

# ---- refreshed ones are not touched before their time ----

agent flush ns="$ns_director"
set_timeouts 0 0 300
create 0 1000
counter sweep_visited
C[sweep_visited]=$value
pass_time 3
counter sweep_visited
check "at rest the sweeper looks at none ($((value - C[sweep_visited])))" \
	test $((value - C[sweep_visited])) -le 10

# ---- nothing there: the sweeper does not wake ----

agent flush ns="$ns_director"
settles 5 0 'flushed: none is left' conns
sleeps() {
	snapshot sweep_wakeups
	pass_time 3
	counter sweep_wakeups
	((value == C[sweep_wakeups]))
}
# It wakes once more to see that.
check 'nothing there: the sweeper sleeps' poll 0 sleeps
agent mass ns="$ns_client" src='10.91.1.2|2000' dst="${vip[4,2]}|8100" count=1
set_timeouts 0 0 1
agent mass ns="$ns_client" src='10.91.1.2|2001' dst="${vip[4,2]}|8100" count=1
settles 4 1 'and wakes for one who comes' conns
set_timeouts 0 0 300
ipvsadm -C
agent policy ns="$ns_director" verb=del name=hour
is "${A[errno]}" none 'the policy is not used any more'
