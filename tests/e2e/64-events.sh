# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Events: each change is told once, in order, whatever made it; what packets cause
# is told, too; nobody hears what is not his.
if [[ $module != opvs ]]; then
	skip 'events' 'of opvs'
	return 0
fi
! about_programs 'events' || return 0
udp="udp|10.91.0.1|6400" s1='10.91.11.2|6400' s2='10.91.12.2|6400'
a=(-u 10.91.0.1:6400)

# listen FILE [ARG...]: events of the director go to FILE, from now on.
listen() {
	local file=$1
	shift
	: >"$file"
	spawn_in "$ns_director" python3 "$e2e/events.py" "$@" \
		</dev/null >"$file" 2>&1
	poll 20 grep -q ready "$file"
}
at=1
# told NAME WANT: what came since the last time, as soon as it is as much.
told() {
	local name=$1 want=$2 got='' lines
	lines=$(grep -c . <<<"$want")
	# shellcheck disable=SC2317 # by poll
	came() { (($(wc -l <"$state/events") >= at + lines)); }
	poll 20 came || :
	got=$(tail -n "+$((at + 1))" "$state/events")
	at=$(wc -l <"$state/events")
	same_text "$got" "$want" "$name"
}
listen "$state/events"
first=$spawned

# ---- by ipvsadm: family IPVS ----

ipvsadm -A "${a[@]}" -s rr
ipvsadm -a "${a[@]}" -r 10.91.11.2:6400 -m -w 3
ipvsadm -a "${a[@]}" -r 10.91.12.2:6400 -g -w 1
told 'services and servers are added' "service-added $udp by-command
dest-added $udp $s1 by-command
dest-added $udp $s2 by-command"
ipvsadm -e "${a[@]}" -r 10.91.11.2:6400 -m -w 0
ipvsadm -e "${a[@]}" -r 10.91.11.2:6400 -m -w 0
ipvsadm -e "${a[@]}" -r 10.91.11.2:6400 -g -w 3 -x 9 -y 4
ipvsadm -E "${a[@]}" -s rr
ipvsadm -E "${a[@]}" -s wlc -p 60
ipvsadm -E "${a[@]}" -s mh -b mh-port
told 'edits, if they change anything' \
	"dest-changed $udp $s1 weight 3>0 by-command
dest-changed $udp $s1 weight+thresholds+method 0>3 by-command
service-changed $udp scheduler+flags+persistence by-command
service-changed $udp scheduler+flags+persistence by-command"
! ipvsadm -a "${a[@]}" -r 10.91.11.2:6400 -m 2>/dev/null
! ipvsadm -d "${a[@]}" -r 10.91.13.2:6400 2>/dev/null
ipvsadm -Z "${a[@]}"
ipvsadm -Z
ipvsadm --set 900 0 301
ipvsadm --set 0 0 300
ipvsadm -d "${a[@]}" -r 10.91.12.2:6400
ipvsadm -D "${a[@]}"
ipvsadm -A -f 7 -s rr
ipvsadm -C
ipvsadm -C
told 'statistics, timeouts, removal; nothing of what fails' \
	"zeroed $udp by-command
zeroed by-command
policy-changed default by-command
policy-changed default by-command
dest-removed $udp $s2 by-command
service-removed $udp by-command
service-added mark|7 by-command
flushed by-command"

# ---- by family opvs and by sysctl ----

agent policy ns="$ns_director" verb=new name=gold timeouts=udp:UDP:77
agent policy ns="$ns_director" verb=set name=gold timeouts=udp:UDP:78
agent policy ns="$ns_director" verb=set name=gold timeouts=udp:UDP:78
agent service ns="$ns_director" verb=new service='10.91.0.1|6400' policy=gold
agent service ns="$ns_director" service='10.91.0.1|6400' max=5 policy=default
agent policy ns="$ns_director" verb=del name=gold
PYTHONPATH=$e2e python3 -c 'import native
native.table({"max": "1000", "key": "000102030405060708090a0b0c0d0e0f"})'
echo 0 >/proc/sys/net/opvs/conn_max
vs_sysctl conn_max 1001
echo 000102030405060708090a0b0c0d0e0e >/proc/sys/net/opvs/hash_key
echo 000102030405060708090a0b0c0d0e0e >/proc/sys/net/opvs/hash_key
told 'policies, limits, the secret; settings are no commands' \
	"policy-added gold by-command
policy-changed gold by-command
service-added $udp by-command
service-changed $udp policy+limit by-command
policy-removed gold by-command
key-changed by-command
limit-changed max=1000 by-command
limit-changed max=0 by-itself
limit-changed max=1001 by-itself
key-changed by-itself"
is "$(grep -ic '0e0f\|0e0e' "$state/events" || :)" 0 'the secret is not told'

# ---- what packets cause ----

servers 6400
agent server ns="$ns_director" service='10.91.0.1|6400' server='10.91.11.2|6400'
told 'a server, by family opvs' "dest-added $udp $s1 by-command"
ask() { # PORT COUNT
	from_client clients src="${client_ip[4]}|$1" count="$2" \
		dst='10.91.0.1|6400'
}
ask 26000 9
is "${A[got]}" 5 'the limit of a service is reached'
told 'which is told once' "limit-reached $udp service by-itself"
agent service ns="$ns_director" service='10.91.0.1|6400' max=0
echo 6 >/proc/sys/net/opvs/conn_max
told 'limits change' "service-changed $udp limit by-command
limit-changed max=6 by-itself"
agent flush ns="$ns_director"
ask 26100 9
told 'the limit of the namespace is reached' \
	'limit-reached netns max=6 by-itself'
echo 0 >/proc/sys/net/opvs/conn_max
agent flush ns="$ns_director"
ipvsadm -e "${a[@]}" -r 10.91.11.2:6400 -m -w 1 -x 3 -y 2
told 'no limit, but a threshold' "limit-changed max=0 by-itself
dest-changed $udp $s1 thresholds by-command"
ask 26200 4
is "${A[got]}" 3 'the threshold is reached'
told 'overload begins' "overload-begun $udp $s1 by-itself"
agent flush ns="$ns_director"
told 'overload ends' "overload-ended $udp $s1 by-itself"
ipvsadm -C
told 'all services go' 'flushed by-command'

ipvsadm -R <<-END
	-A ${a[*]} -s mh -o --pe sip
	-a ${a[*]} -r 10.91.11.2:6400 -m
	-a ${a[*]} -r 10.91.12.2:6400 -m
END
from_client calls src="${client_ip[4]}|5060" count=3 dst='10.91.0.1|6400'
read -r drains </proc/sys/net/opvs/drain_seconds
echo 1 >/proc/sys/net/opvs/drain_seconds
# What was there for less than a second does not drain.
pass_time 1.2
ipvsadm -a "${a[@]}" -r 10.91.13.2:6400 -m
told 'calls drain, and have drained' "service-added $udp by-command
dest-added $udp $s1 by-command
dest-added $udp $s2 by-command
drain-begun $udp by-command
dest-added $udp 10.91.13.2|6400 by-command
drain-ended $udp by-itself"
echo "$drains" >/proc/sys/net/opvs/drain_seconds

ipvsadm -C
told 'the services go' 'flushed by-command'

# ---- keepalived ----

touch "$state/up"
chmod 755 "$state"
cat >"$state/keepalived.conf" <<-END
	global_defs {
	    enable_script_security
	    script_user root
	}
	virtual_server 10.91.0.1 6400 {
	    lvs_method NAT
	    lvs_sched rr
	    protocol UDP
	    delay_loop 1
	    real_server 10.91.11.2 6400 {
	        weight 3
	        inhibit_on_failure
	        MISC_CHECK {
	            misc_path "/usr/bin/test -e $state/up"
	            misc_timeout 60
	            retry 0
	            delay_before_retry 1
	        }
	    }
	}
END
spawn_in "$ns_director" keepalived -n -l -C -G -f "$state/keepalived.conf" \
	-p "$state/ka.pid" -c "$state/ka-check.pid" </dev/null >"$state/ka" 2>&1
keepalived=$spawned
told 'keepalived begins' "service-added $udp by-command
dest-added $udp $s1 by-command"
for ((i = 0; i < 2; i++)); do
	rm "$state/up"
	told 'a check fails' "dest-changed $udp $s1 weight 3>0 by-command"
	touch "$state/up"
	told 'and is good again' "dest-changed $udp $s1 weight 0>3 by-command"
done
kill "$keepalived"
told 'keepalived ends' "dest-removed $udp $s1 by-command
service-removed $udp by-command"

# ---- many at once, elsewhere, and for nobody ----

is "$(grep -c wrong "$state/events" || :)" 0 'all events are as specified'
kill "$first"
diag "$SECONDS s until here"
listen "$state/many" 3000
for ((i = 1; i <= 3000; i++)); do
	echo "-A -u 10.91.0.2:$i -s rr"
done | ipvsadm -R
poll 30 grep -q 'events$' "$state/many" || :
is "$(grep -v lost "$state/many")" $'ready\n3000 events' \
	'3000 at once: all are told or counted as lost'
diag "$(grep lost "$state/many")"
ipvsadm -C
listen "$state/events"
at=1
in_server 1 ipvsadm -A -u 10.91.0.9:1 -s rr
in_server 1 ipvsadm -C
ipvsadm -Z
told 'another namespace is not heard of' 'zeroed by-command'
is "$(grep -c wrong "$state/events" || :)" 0 'and what is, is as specified'
program netlink_events
