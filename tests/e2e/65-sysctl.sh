# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Settings: net.opvs and net.ipv4.vs, their values and ranges, whose they are,
# and what those of the defences do.
native=/proc/sys/net/opvs
compat=/proc/sys/net/ipv4/vs
other=opvs-e-$ns_id

# NAME PRESET LEAST MOST, in both places; then those that IPVS does not have, and
# one limit that each place writes in its own way.
common='am_droprate 10 0 2147483647
amemthresh 1024 0 2147483647
backup_only 0 0 1
cache_bypass 0 0 1
conn_lfactor -2 -8 8
conn_reuse_mode 1 0 3
conntrack 0 0 1
pmtu_disc 1 0 1
drop_entry 0 0 3
drop_packet 0 0 3
est_nice 0 -20 19
expire_nodest_conn 0 0 1
expire_quiescent_template 0 0 1
ignore_tunneled 0 0 1
lblc_expiration 86400 0 2000000
nat_icmp_send 0 0 1
schedule_icmp 0 0 1
lblcr_expiration 86400 0 2000000
run_estimation 1 0 1
secure_tcp 0 0 3
sloppy_sctp 0 0 1
sloppy_tcp 0 0 1
snat_reroute 1 0 1
svc_lfactor -2 -8 8
sync_persist_mode 0 0 1
sync_ports 1 1 1073741824
sync_refresh_period 0 0 2000000
sync_retries 0 0 3
sync_sock_size 0 0 2147483647
sync_version 1 0 1'
others='est_cpulist
sync_qlen_max
sync_threshold'
# What takes in net.ipv4.vs any int, and any int that counts jiffies in seconds.
any=' am_droprate amemthresh backup_only cache_bypass conn_reuse_mode conntrack
 expire_nodest_conn expire_quiescent_template ignore_tunneled nat_icmp_send
 pmtu_disc run_estimation schedule_icmp sloppy_sctp sloppy_tcp snat_reroute
 sync_persist_mode sync_sock_size '
seconds=' lblc_expiration lblcr_expiration sync_refresh_period '
own='drain_seconds 1800 1 86400
load_seconds 60 4 3600
reply_seconds 180 0 86400
sweep_interval_ms 250 250 10000
udp_reschedule 1 0 1'
own_max='conn_max 0 -1 1073741824'
ipvs_max='conn_max 1073741824 0 1073741824'

# set_to FILE VALUE: true if it is taken.
set_to() { printf '%s\n' "$2" 2>/dev/null >"$1"; }

# value_of FILE: sets value.
value_of() { read -r value <"$1"; }

files_of() { (cd "$1" && printf '%s\n' *); }

# What was changed goes back to what it was.
presets() {
	local name preset
	while read -r name preset _; do
		set_to "$native/$name" "$preset"
	done <<<"$common
$own
$own_max"
}

# As after loading, and without the connections of other tests.
rmmod opvs
modprobe opvs

# ---- what there is ----

same_text "$(files_of $compat)" \
	"$(cut -d' ' -f1 <<<"$common
$others
$ipvs_max" | LC_ALL=C sort)" \
	'the settings of net.ipv4.vs'
same_text "$(files_of $native)" \
	"$(printf '%s\n' conn_count conn_max hash_key sync_key "$common" "$others" "$own" |
		cut -d' ' -f1 | LC_ALL=C sort)" 'net.opvs has these and its own'
while read -r name preset _; do
	value_of "$native/$name"
	is "$value" "$preset" "$name: preset"
done <<<"$common
$own
$own_max"
value_of $compat/conn_max
is "$value" 1073741824 'net.ipv4.vs.conn_max: preset, as with ip_vs'

# ---- ranges ----

# ranges FOLDER NAME LEAST MOST
ranges() {
	local file=$1/$2 least=$3 most=$4 try bad=''
	for try in "$most" "$least"; do
		set_to "$file" "$try" || bad+="refuses $try; "
		value_of "$file"
		[[ $value == "$try" ]] || bad+="is $value after $try; "
	done
	for try in $((least - 1)) $((most + 1)) -2147483649 4294967296 \
		9999999999999999999 x 1x; do
		! set_to "$file" "$try" || bad+="takes '$try'; "
		value_of "$file"
		[[ $value == "$least" ]] || bad+="is $value after '$try'; "
	done
	is "$bad" '' "${1#/proc/sys/}/$2: from $least to $most and nothing else"
}

while read -r name _ least most; do
	ranges $native "$name" "$least" "$most"
done <<<"$common
$own
$own_max"
while read -r name _ least most; do
	case $any$seconds in
	*[\ $'\n']"$name"[\ $'\n']*) ;;
	*) ranges $compat "$name" "$least" "$most" ;;
	esac
done <<<"$common
$ipvs_max"
check 'conn_count is only for reading' \
	eval "! { echo 1 >$native/conn_count; } 2>/dev/null"
presets

# ---- whose they are ----

set_to $compat/amemthresh 77
value_of $native/amemthresh
is "$value" 77 'both places show the same setting'
set_to $native/amemthresh 78
value_of $compat/amemthresh
is "$value" 78 'whichever it is written in'

ip netns add "$other"
agent read ns="$other" file=$compat/amemthresh
is "${A[value]}" 1024 'a new namespace has presets'
agent sysctl ns="$other" net.opvs.conn_max=5
value_of $native/conn_max
is "$value" 0 'and settings of its own'
agent read ns="$other" file=$compat/conn_max
is "${A[value]}" 5 'a limit that is one is the same in both places'
agent forget ns="$other"
ip netns del "$other"

anybody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
is "$(anybody cat $native/amemthresh)" 78 'anybody may read them'
check 'and not write them' \
	eval "! anybody sh -c 'echo 1 >$native/amemthresh' 2>/dev/null"
value_of $native/amemthresh
is "$value" 78 'nothing has changed'
check 'root of a user namespace may read those of its own network' \
	unshare -Urn sh -c "[ \$(cat $native/drop_entry) = 0 ]"
check 'and not write them either' \
	unshare -Urn sh -c "! echo 3 2>/dev/null >$compat/drop_entry &&
		[ \$(cat $native/drop_entry) = 0 ]"
presets

# Where a limit is written, which, and how net.opvs and net.ipv4.vs then read.
while read -r where value want; do
	set_to "/proc/sys/net/$where/conn_max" "$value"
	is "$(cat $native/conn_max $compat/conn_max | xargs)" "$want" \
		"conn_max: $value in net/$where"
done <<-'END'
	opvs 7 7 7
	opvs 0 0 1073741824
	opvs -1 -1 0
	opvs 1073741824 1073741824 1073741824
	ipv4/vs 8 8 8
	ipv4/vs 0 -1 0
	ipv4/vs 1073741824 0 1073741824
END
# A new namespace begins with the limit of the initial one.
for value in 77 -1 0; do
	nsenter --net=/proc/1/ns/net sh -c "echo $value >$native/conn_max"
	ip netns add "$other"
	agent read ns="$other" file=$native/conn_max
	is "${A[value]}" $value "a new namespace: conn_max=$value as the first has"
	agent forget ns="$other"
	ip netns del "$other"
done
presets

# ---- memory switches modes 1 and 2 ----

free_of_charge() { # THRESHOLD MODE WANT TEXT
	local name got=''
	set_to $native/amemthresh "$1"
	for name in drop_entry drop_packet secure_tcp; do
		set_to "$native/$name" "$2"
		value_of "$native/$name"
		got+=$value
	done
	is "$got" "$3" "$4"
}

free_of_charge 0 1 111 'with memory, mode 1 stays'
free_of_charge 0 2 111 'and mode 2 becomes 1'
free_of_charge 2147483647 1 222 'without memory, mode 1 becomes 2'
free_of_charge 2147483647 2 222 'and mode 2 stays'
free_of_charge 2147483647 3 333 'mode 3 always stays'
free_of_charge 2147483647 0 000 'as does mode 0'
free_of_charge 2147483647 2 222 'low memory again'
modes() { cat $native/drop_entry $native/drop_packet $native/secure_tcp; }
is "$(modes | xargs)" '2 2 2' 'for now'
set_to $native/amemthresh 0
settles 3 '1 1 1' 'memory is back' eval 'modes | xargs'
presets

# ---- drop_packet ----

make_sinks
for port in 6500 6504; do
	ops=-o
	((port == 6500)) || ops=''
	# shellcheck disable=SC2086 # none or one
	ipvsadm -A -u "${vs[4,1]}:$port" -s rr $ops
	ipvsadm -a -u "${vs[4,1]}:$port" -r "${sink_rs[4]}:$port" -m
done
next_port=10000
# flood PORT WANT TOLERANCE TEXT: of 1000 new connections so many are dropped.
flood() {
	snapshot service_packets drop_defence
	from_client mass src="${client_ip[4]}|$next_port" \
		dst="${vip[4,1]}|$1" count=1000
	((next_port += 1000))
	rose service_packets 1000 "$4: 1000 arrive"
	counter drop_defence
	near $((value - C[drop_defence])) "$2" "$3" "$4: $2 are dropped"
}
flood 6504 0 0 'drop_packet=0'
set_to $native/am_droprate 4
set_to $native/drop_packet 3
flood 6504 250 "$(nproc)" 'am_droprate=4'
set_to $native/am_droprate 1
flood 6504 1000 0 'am_droprate=1'
flood 6500 1000 0 'am_droprate=1, one-packet service'
set_to $native/am_droprate 0
flood 6504 0 0 'am_droprate=0'
set_to $native/am_droprate 4
set_to $native/drop_packet 0
flood 6504 0 0 'drop_packet=0 again'
presets

# ---- conn_max ----

tracked -u 4 1 6503 -m -s rr
value_of $native/conn_count
base=$value
count_entries
is "$base" "$count" 'conn_count: as many as are listed'
set_to $native/conn_max $((base + 10))
from_client mass dst="${vip[4,1]}|6503" count=100
value_of $native/conn_count
is "$value" $((base + 10)) 'conn_max: 10 more, and 100 try'
set_to $native/conn_max 4
value_of $native/conn_count
is "$value" $((base + 10)) 'lowering it ends none'
set_to $native/conn_max 0
from_client mass dst="${vip[4,1]}|6503" src="${client_ip[4]}|9000" count=20
value_of $native/conn_count
is "$value" $((base + 30)) 'conn_max=0: no limit'
# Nothing new, of one-packet services either; who is there goes on.
service 4 1 6505 -s rr
servers 6505
snapshot drop_limit refused_netns forwarded
set_to $compat/conn_max 0
from_client mass dst="${vip[4,1]}|6503" src="${client_ip[4]}|9000" count=20
from_client mass dst="${vip[4,1]}|6503" src="${client_ip[4]}|9500" count=15
rose forwarded 20 'net.ipv4.vs.conn_max=0: who is there goes on'
rose drop_limit 15 'and who is not there is not let in'
from_client mass dst="${vip[4,1]}|6505" src="${client_ip[4]}|9600" count=15
rose drop_limit 30 'nor are datagrams of a one-packet service'
rose refused_netns 30 'all of which is counted'
set_to $native/am_droprate 4
set_to $native/drop_packet 3
set_to $native/drop_packet 0
from_client mass dst="${vip[4,1]}|6505" src="${client_ip[4]}|9600" count=5
rose drop_limit 35 'defences do not open it'
set_to $compat/conn_max 1073741824
from_client mass dst="${vip[4,1]}|6505" src="${client_ip[4]}|9600" count=5
rose forwarded 25 'open again'
presets

# ---- sweep_interval_ms ----

# Known before there is a service, and once there is one.
count_is() {
	value_of $native/conn_count
	is "$value" "$1" "$2"
}
for when in early late; do
	rmmod opvs
	modprobe opvs
	[[ $when == late ]] || set_to $native/sweep_interval_ms 10000
	tracked -u 4 1 6503 -m -s rr
	[[ $when == early ]] || set_to $native/sweep_interval_ms 10000
	ipvsadm --set 0 0 1
	from_client mass dst="${vip[4,1]}|6503" count=50
	none_listed() { count_entries && ((count == 0)); }
	check "$when: connections of 1 s expire" poll 4 none_listed
	count_is 50 "$when: and wait for the sweeper, who comes seldom"
	set_to $native/sweep_interval_ms 250
	settles 2 0 "$when: or four times a second" cat $native/conn_count
done
presets
rmmod opvs
modprobe opvs

# ---- secure_tcp and drop_entry ----

# half_open COUNT: so many SYNs, and nothing after them.
half_open() {
	in_client python3 - "${vip[4,1]}" "$1" <<-'END'
		import socket, sys
		for _ in range(int(sys.argv[2])):
		    with socket.socket() as s:
		        s.setblocking(False)
		        s.connect_ex((sys.argv[1], 6501))
	END
	still
}
svc=${vs[4,1]}:6501
ipvsadm -A -t "$svc" -s rr
ipvsadm -a -t "$svc" -r "${sink_rs[4]}:6501" -g
half_open 10
is "$(states "$svc ")" SYN_RECV:10 'secure_tcp=0: half-open'
set_to $native/secure_tcp 3
half_open 10
is "$(states "$svc ")" 'SYNACK:10 SYN_RECV:10' \
	'secure_tcp=3: half-open, and treated with care'
set_to $native/secure_tcp 0
half_open 10
is "$(states "$svc ")" 'SYNACK:10 SYN_RECV:20' 'secure_tcp=0 again'

accept_on 6502
tracked -t 4 1 6502 -m -s rr
from_client dial id=kept dst="${vip[4,1]}|6502" count=30
half_open 600
count_entries
snapshot defence_entries
before=$count
set_to $native/drop_entry 3
ended() { # COUNT: so many of them
	counter defence_entries
	((value - C[defence_entries] >= $1))
}
check 'drop_entry=3: half-open connections go, a part each second' \
	poll 10 ended 40
set_to $native/drop_entry 0
counter defence_entries
ended=$((value - C[defence_entries]))
count_entries
is "$count" $((before - ended)) 'the list is shorter by those'
is "$(states "${vs[4,1]}:6502 ")" ESTABLISHED:30 'established ones stay'
pass_time 2.2
counter defence_entries
is $((value - C[defence_entries])) "$ended" 'drop_entry=0: it has stopped'
agent hang id=kept
presets
