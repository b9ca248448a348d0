# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# keepalived and opvsadm on one configuration for an hour, or for
# OPVS_E2E_SECONDS: checks fail and recover, weights are changed beside them, and
# opvsadm monitor tells each change once, in order, and nothing else.
if [[ $module != opvs ]]; then
	skip 'an hour of keepalived' 'monitor is of opvs'
	return 0
fi
seconds=${OPVS_E2E_SECONDS:-3600}
conf=$state/hour.conf log=$state/hour.log events=$state/hour.json
told=$state/hour.told
accept_on 7900
for f in 4 6; do
	printf 'virtual_server %s 7900 {\n\tlvs_sched wrr\n\tlvs_method NAT\n' \
		"${vip[$f,1]}"
	printf '\tprotocol TCP\n\tdelay_loop 1\n'
	for n in 1 2 3; do
		printf '\treal_server %s 7900 {\n\t\tweight %s\n' "${rip[$f,$n]}" "$n"
		printf '\t\tTCP_CHECK {\n\t\t\tconnect_timeout 30\n\t\t\tretry 0\n'
		printf '\t\t\tdelay_before_retry 1\n\t\t}\n\t}\n'
	done
	echo '}'
done >"$conf"
chmod 755 "$state"

spawn_in "$ns_director" opvsadm monitor -j >"$events"
nudges=0
# shellcheck disable=SC2317 # by poll
heard() {
	opvsadm limit set $((5000 + ++nudges))
	[[ -s $events ]]
}
check 'monitor listens' poll 20 heard
spawn_in "$ns_director" keepalived -n -l -D -C -G -f "$conf" \
	-p "$state/ka.pid" -c "$state/ka-check.pid" </dev/null >"$log" 2>&1
keepalived=$spawned
servers_there() { ipvsadm -Sn | grep -c -- '^-a' || :; }
settles 60 6 'keepalived: its servers come' servers_there

# Another program's server beside those of keepalived, whose weight changes.
ipvsadm -a -t "${vs[4,1]}:7900" -r 10.91.13.3:7900 -m -w 1
weight=1
: >"$told"
turn_weight() {
	local new=$((weight % 9 + 1))
	opvsadm -e -t "${vs[4,1]}:7900" -r 10.91.13.3:7900 -m -w $new
	echo "$weight>$new" >>"$told"
	weight=$new
}
is_there() { ipvsadm -Sn | grep -qF -- "-r ${rs[$1,$2]}:7900 "; }
is_gone() { ! is_there "$@"; }

declare -A deaf=()
changes=0 stuck='' end=$((SECONDS + seconds))
RANDOM=1
while ((SECONDS < end)) && [[ -z $stuck ]]; do
	f=$((RANDOM % 2 * 2 + 4)) n=$((RANDOM % 3 + 1))
	if [[ -z ${deaf[$f$n]:-} ]]; then
		agent deaf addr="${rip[$f,$n]}|7900"
		deaf[$f$n]=1
		poll 60 is_gone $f $n || stuck="${rs[$f,$n]} stays"
	else
		agent accept ns="${ns_servers[n]}" id="s$n" addr="${rip[$f,$n]}|7900"
		deaf[$f$n]=''
		poll 60 is_there $f $n || stuck="${rs[$f,$n]} does not come back"
	fi
	((changes += 1))
	((changes % 3)) || turn_weight
done
is "$stuck" '' 'each server goes and comes as its check says'
diag "$changes changes by keepalived, $(wc -l <"$told") by opvsadm, in $seconds s"
check 'there were changes' test "$changes" -ge $((seconds / 20))
kill -TERM "$keepalived"
settles 60 0 'keepalived: its services go' servers_there
opvsadm limit set 4999
last_is_heard() { tail -n 1 "$events" | grep -q '"conn_max":4999'; }
check 'all is heard' poll 30 last_is_heard

# What keepalived logs of servers, what was done beside it, and what monitor told.
program hour "$log" "$events" "$told"
