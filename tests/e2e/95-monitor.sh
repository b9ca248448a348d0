# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm monitor: each change once and in order, as lines and as JSON, filtered.
# What there are events of, and when, is the subject of 64-events.sh.
if [[ $module != opvs ]]; then
	skip 'monitor' 'of opvs'
	return 0
fi
! about_programs 'monitor' || return 0
web=(-t 10.91.0.1:9500) name=10.91.0.1:9500/tcp
# listen FILE [ARG...]: who listens has heard a change of the limit when this ends.
nudges=0
listen() {
	local file=$1
	shift
	spawn_in "$ns_director" opvsadm "$@" >"$file" 2>&1
	# shellcheck disable=SC2317 # by poll
	heard() {
		opvsadm limit set $((5000 + ++nudges))
		[[ -s $file ]]
	}
	check "monitor listens: $*" poll 20 heard
}
# told FILE: its lines without times and without limits, of which it had some.
told() { grep -v limit-changed "$1" | sed -E 's/^[0-9T:.-]+Z //'; }
# has FILE LINES: so many of those?
has() { (($(told "$1" | wc -l) >= $2)); }
listen "$state/lines" monitor
listen "$state/json" monitor -j
listen "$state/some" monitor --filter removed,limit --count 100000
ipvsadm -A "${web[@]}" -s rr
ipvsadm -a "${web[@]}" -r 10.91.11.2:9500 -m -w 3
opvsadm policy add slow tcp/ESTABLISHED=60
opvsadm policy use slow $name
ipvsadm -e "${web[@]}" -r 10.91.11.2:9500 -m -w 0 -x 9 -y 4
ipvsadm -Z "${web[@]}"
ipvsadm -d "${web[@]}" -r 10.91.11.2:9500
ipvsadm -A -f 95 -6 -s wlc
ipvsadm -C
opvsadm policy delete slow
set_hash_key
opvsadm key make --set >"$state/fingerprint"
check 'all are heard' poll 20 has "$state/lines" 11
same_text "$(told "$state/lines" | grep -v '^key-changed' )" "service-added $name
dest-added $name 10.91.11.2:9500
policy-added slow
service-changed $name policy
dest-changed $name 10.91.11.2:9500 weight+thresholds 3>0
zeroed $name
dest-removed $name 10.91.11.2:9500
service-added fwmark:95/ipv6
flushed
policy-removed slow" 'monitor: a line for each change, in order'
is "$(told "$state/lines" | tail -n 1)" key-changed 'the key is not told'
check 'a line begins with the time' grep -qE \
	'^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z limit-changed max=50' \
	"$state/lines"
check 'JSON: all are heard' poll 20 has "$state/json" 11
is "$(python3 - "$state/json" <<-'END'
	import json, sys
	with open(sys.argv[1]) as file:
	    events = [json.loads(line) for line in file]
	print(*events[0])
	steps = {b["sequence"] - a["sequence"] for a, b in zip(events, events[1:])}
	print("steps", *steps)
	for e in events:
	    if e["event"] == "dest-changed":
	        print(e["service"], e["server"], e["old_weight"], e["weight"],
	              *e["changed"], e["portid"] is not None)
END
)" "time event sequence service server weight old_weight changed policy limit conn_max portid lost
steps 1
$name 10.91.11.2:9500 3 0 weight thresholds True" 'monitor -j'
is "$(told "$state/some")" "dest-removed $name 10.91.11.2:9500
policy-removed slow" 'monitor --filter'
listen "$state/one" monitor --filter limit --count 1
check 'monitor --count ends by itself' wait "$spawned"
is "$(wc -l <"$state/one")" 1 'after so many'
opvsadm limit set none
is "$(opvsadm monitor --filter weather 2>&1 || echo $?)" \
	"opvsadm: --filter: no event has 'weather' in its name; see opvsadm --help
2" 'an event that is none'
is "$(opvsadm monitor --service 10.91.0.1 2>&1 || echo $?)" \
	"opvsadm: --service takes ADDRESS:PORT/PROTOCOL, not '10.91.0.1'; see opvsadm --help
2" 'a service that is none'
