# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# What the settings of ip_vs take and read as, compared with the kernel's ip_vs; the
# ones that are no plain numbers; and what run_estimation does.
native=/proc/sys/net/opvs
compat=/proc/sys/net/ipv4/vs
other=opvs-e-$ns_id

# What is written into each: whatever one of them takes, and its neighbours.
values=(-2147483649 -2147483648 -2000000 -21 -20 -9 -8 -1 0 1 2 3 4 8 9 19 20 64 96
	1073741824 2147483647 2147483648 99999999999999999999 x 1x 0x10 ''
	'3 50' 50 '50 50' '49 50' '60 0' '-1 5' '3 -1' '3 x' '1 2 3' 0-0 '0,0' 0-4095)

# set_to FILE VALUE: true if it is taken whole.
set_to() { printf '%s\n' "$2" 2>/dev/null >"$1"; }

# settings: sets all in turn to all values. A line for each: its name, how it read
# before, and for each value, whether it was taken and how it reads then.
settings() {
	local file value line text
	for file in "$compat"/*; do
		read -r text <"$file"
		line="${file##*/} '$text'"
		for value in "${values[@]}"; do
			# A pair in two writes, or a number that is passed over.
			case "${file##*/}:$value" in
			sync_threshold:*x | sync_threshold:'1 2 3') continue ;;
			sync_qlen_max:*-*) continue ;;
			esac
			text=taken
			set_to "$file" "$value" || text=refused
			line+=" | '$value' $text"
			read -r text <"$file" || text=''
			line+=" '$text'"
		done
		printf '%s\n' "$line"
	done
}

# elsewhere: the presets of a new namespace.
elsewhere() {
	ip netns add "$other"
	nsenter --net="/run/netns/$other" grep -H '' $compat/* |
		sed 's/.*\/vs\///'
	ip netns del "$other"
}

# ---- as ip_vs ----

rmmod opvs
modprobe -a ip_vs ip_vs_lblc ip_vs_lblcr
mapfile -t theirs < <(settings)
mapfile -t their_presets < <(elsewhere)
rmmod ip_vs_lblcr ip_vs_lblc ip_vs
modprobe opvs
declare -A ours=() our_presets=()
while read -r name line; do
	ours[$name]=$line
done < <(settings)
while IFS=: read -r name line; do
	our_presets[$name]=$line
done < <(elsewhere)

check 'ip_vs has at least those of 6.1' test ${#theirs[@]} -ge 27
for line in "${theirs[@]}"; do
	name=${line%% *}
	same_text "$(tr '|' '\n' <<<"${ours[$name]:-none}")" \
		"$(tr '|' '\n' <<<"${line#* }")" \
		"$name: takes, refuses and reads as with ip_vs"
done
for line in "${their_presets[@]}"; do
	name=${line%%:*}
	is "${our_presets[$name]:-none}" "${line#*:}" \
		"$name: in a new namespace as with ip_vs"
done
rmmod opvs
modprobe opvs

# In the initial namespace two have other presets than elsewhere; those of 6.1 to
# 7.3 are here whatever the kernel has.
is "$(nsenter --net=/proc/1/ns/net cat $compat/conn_lfactor \
	$compat/svc_lfactor | xargs)" '-4 -3' 'load factors of the first namespace'

# ---- a pair ----

threshold=$compat/sync_threshold
# pair VALUE WANT
pair() {
	local got=refused
	! set_to "$threshold" "$1" || got=$(tr '\t' ' ' <"$threshold")
	is "$got" "$2" "sync_threshold: '$1'"
	[[ $2 != refused ]] ||
		is "$(tr '\t' ' ' <"$threshold")" "$kept" 'and nothing has changed'
	kept=$(tr '\t' ' ' <"$threshold")
}
kept='3 50'
is "$(tr '\t' ' ' <"$threshold")" "$kept" 'sync_threshold: preset'
pair '10 20' '10 20'
pair '20 20' refused
pair '30 20' refused
pair '5 x' refused
pair '5 6 7' refused
pair x refused
pair '-1 20' refused
pair '1 -1' refused
pair '30 0' '30 0'
pair 7 '7 0'
pair '0 1' '0 1'
is "$(tr '\t' ' ' <$native/sync_threshold)" "$kept" 'the same in net.opvs'
set_to $native/sync_threshold '3 50'
is "$(tr '\t' ' ' <"$threshold")" '3 50' 'wherever it is written'

# ---- others ----

check 'sync_qlen_max takes no number below 0' \
	eval "! set_to $compat/sync_qlen_max -1"
check 'nor a blank and such a number' eval "! set_to $compat/sync_qlen_max ' -1'"
check 'and a large one' set_to $compat/sync_qlen_max 4000000000
is "$(<$native/sync_qlen_max)" 4000000000 'which it is then'
check 'est_cpulist: a list' set_to $native/est_cpulist 0
is "$(<$compat/est_cpulist)" 0 'reads so'
check 'est_cpulist: no list' eval "! set_to $native/est_cpulist 0-"
is "$(<$compat/est_cpulist)" 0 'and nothing has changed'
check 'net.opvs takes what has a meaning only' \
	eval "! set_to $native/backup_only 2 && ! set_to $native/sync_ports 3"

# Where tenants would hold resources of the host, they may only read.
is "$(unshare -Urn stat -c %a $compat/sync_qlen_max $native/sync_sock_size \
	$compat/est_cpulist $native/run_estimation $compat/sync_threshold | xargs)" \
	'444 444 444 444 644' 'root of a user namespace reads some'

# ---- rates ----

make_sinks
ipvsadm -A -u "${vs[4,1]}:6510" -s rr -o
ipvsadm -a -u "${vs[4,1]}:6510" -r "${sink_rs[4]}:6510" -m
send() { from_client mass src="${client_ip[4]}|9000" dst="${vip[4,1]}|6510" count=200; }
# rate: packets per second of the service, of its server, and whether all have any.
rate() {
	ipvsadm -Ln --rate -u "${vs[4,1]}:6510" |
		awk '$1 == "UDP" || $2 ~ /^10/ { printf "%s ", $4 }'
	awk 'NR == 6 { print $2 == "0" ? 0 : "some" }' /proc/net/ip_vs_stats
}
moves() { send && [[ $(rate) == [1-9]*' '[1-9]*' '* ]]; }
packets() {
	ipvsadm -Ln --stats -u "${vs[4,1]}:6510" --exact |
		awk '$1 == "UDP" { print $4 }'
}
check 'run_estimation=1: there are rates' poll 10 moves
set_to $compat/run_estimation 0
is "$(rate)" '0 0 0' 'run_estimation=0: none'
before=$(packets)
send
is $(($(packets) - before)) 200 'and counters go on'
pass_time 2.2
send
is "$(rate)" '0 0 0' 'none later'
set_to $compat/run_estimation -1
is "$(rate)" '0 0 0' 'on again: none yet, and none of before'
check 'but soon' poll 10 moves
