# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm save and restore: everything that can be told comes back, at boot too;
# a file that is refused changes nothing, and calls do not notice that services
# are replaced.
if [[ $module != opvs ]]; then
	skip 'saved rules' 'this is about opvs'
	return 0
fi
! about_programs 'saved rules' || return 0
own=$(mktemp -d "$state/rules.XXXXXX")
file=$own/rules
native=/proc/sys/net/opvs

# The configuration, without the head.
body() { opvsadm save --all | grep -v '^#'; }
fresh() {
	rmmod opvs
	modprobe opvs
}

# ---- everything that can be told comes back ----

fresh
cat >"$file" <<'END'
policy slow udp/UDP=77
-A -u 10.91.0.1:5088 -s mh -b mh-fallback -o --pe sip --policy slow
-a -u 10.91.0.1:5088 -r 10.91.11.2:5088 -m -w 1
-a -u 10.91.0.1:5088 -r 10.91.12.2:5088 -m -w 2 -x 500 -y 400
-a -u 10.91.0.1:5088 -r 10.91.13.2:5088 -m -w 0 -x 2000000000
-A -t [2001:db8:1111:2222:3333:4444:5555:6666]:80 -s wlc -p 300 -M 64
-a -t [2001:db8:1111:2222:3333:4444:5555:6666]:80 -r [2001:db8:1111:2222:3333:4444:5555:7777]:80 -g -x 100000 -y 1
-A -f 7 -6 -s rr -p 60 -M 64
-a -f 7 -6 -r [fd91:11::2]:0 -g -w 65535 -x 3
-A -f 7 -s none
-A --sctp-service 10.91.0.2:36412 -s lblcr --conn-max 9
--set 800 100 200
END
check 'a file by hand is restored' opvsadm restore "$file"
declare -A set_to=([drain_seconds]=77 [drop_entry]=3 [conn_max]=5000
	[reply_seconds]=0 [conn_reuse_mode]=2 [udp_reschedule]=0)
for name in "${!set_to[@]}"; do
	echo "${set_to[$name]}" >"$native/$name"
done
before=$(ipvsadm -Sn) limits=$(ipvsadm -Ln --thresholds)
rm "$file"
check 'it saves' opvsadm save --all "$file"
is "$(stat -c %a "$file")" 600 'with mode 0600'
is "$(ls -A "$own")" rules 'and leaves nothing else'
key=$(<$native/hash_key)
is "$(sed -n 's/^hash-key //p' "$file")" "$key" 'the secret is in it'
saved=$(body)

fresh
check 'it restores' opvsadm restore "$file"
is "$(ipvsadm -Sn)" "$before" 'services and servers'
is "$(ipvsadm -Ln --thresholds)" "$limits" 'thresholds'
is "$(ipvsadm -Ln --timeout)" 'Timeout (tcp tcpfin udp): 800 100 200' 'timeouts'
is "$(<$native/hash_key)" "$key" 'the secret'
for name in "${!set_to[@]}"; do
	is "$(<"$native/$name")" "${set_to[$name]}" "net.opvs.$name"
done
same_text "$(body)" "$saved" 'saved anew, it is the same'

echo 1 >$native/drop_packet
echo 2147483647 >$native/amemthresh
settles 5 2 'a defence is on while memory is low' cat $native/drop_packet
check 'which is saved as its mode' \
	test "$(body | grep drop_packet)" = 'net.opvs.drop_packet = 1'
fresh

opvsadm save --all --no-services >"$file"
check 'without services' eval "! grep -E '^-[Aa]' $file"
service 4 1 5088 -s rr
before=$(ipvsadm -Sn)
check 'restoring that' opvsadm restore "$file"
is "$(ipvsadm -Sn)" "$before" 'leaves services alone'
is "$(opvsadm sync "$file")" '' 'so does sync, with nothing to do'
is "$(ipvsadm -Sn)" "$before" 'and services are there'
check "ipvsadm's own list is a file of rules" \
	eval "ipvsadm -Sn | opvsadm restore -"

# A link stays one.
ln -s "$file" "$own/link"
check 'a link' opvsadm save "$own/link"
check 'goes on pointing at the file' test -L "$own/link"
check 'which is written' grep -q '^-A -u 10.91.0.1:5088' "$file"

# ---- what is in force already is not touched ----

servers 5088
from_client burst dst="${vip[4,1]}|5088" count=12
opvsadm save --all "$file"
is "$(opvsadm sync "$file")" '' 'sync of what is in force does nothing'
is "$(ipvsadm -Ln --stats --exact -u "${vs[4,1]}:5088" | awk '
	$1 == "UDP" { print $3 }')" 12 'and it goes on counting'

# ---- bad files change nothing ----

saved=$(body)
bad() { # LINE MESSAGE [VERB]: the line comes last, behind changes of all kinds
	local line=$1 message=$2 verb=${3:-restore}
	printf '%s\n' '# a comment' 'net.opvs.drain_seconds = 99' \
		'policy new udp/UDP=9' '-A -u 10.91.0.3:5099 -s rr' "$line" >"$file"
	# shellcheck disable=SC2086 # a word or two
	refuses "$verb: $line" "line 5: $message" opvsadm $verb "$file"
}
bad 'net.opvs.no_such = 1' 'this opvs has no setting net.opvs.no_such'
bad 'net.opvs.drain_seconds = 0' 'net.opvs.drain_seconds: 0 is refused'
bad 'net.opvs.conn_max = many' 'conn-max is a number: many'
bad 'net.opvs.hash_key = 12' 'a hash-key has 32 hexadecimal digits'
bad 'net.opvs.drain_seconds 12' 'settings are net.opvs.NAME = VALUE'
bad 'net.ipv4.ip_forward = 0' 'settings are net.opvs.NAME = VALUE'
bad '-C' 'rules are -A, -a, --set'
bad '-A -u 10.91.0.3:5099 -s rr' 'a second service of this name'
for verb in restore sync 'restore --check'; do
	bad '-a -u 10.91.0.3:5099 -r 10.91.11.2:5099 -m -x 5 -y 6' \
		'lower threshold: above the upper threshold' "$verb"
done
bad '-A -u 10.91.0.3:99999 -s rr' 'illegal virtual server address'
refuses 'a file that is not there' '/nowhere: No such file' \
	opvsadm restore /nowhere
refuses 'a folder that is not there' '/nowhere/deep/rules: No such file' \
	opvsadm save /nowhere/deep/rules
refuses 'two files' "not 'b' as well" opvsadm save a b
refuses 'a service that is there' 'line 1: this service is there already' \
	eval "ipvsadm -Sn | opvsadm restore --append -"
same_text "$(body)" "$saved" 'and nothing has changed'
# What the kernel refuses although it was not tried.
{
	echo 'net.opvs.drain_seconds = 99'
	echo 'policy new udp/UDP=9'
	echo '-A -u 10.91.0.2:5088 -s rr'
	echo '-a -u 10.91.0.2:5088 -r 10.91.11.2:5088 -m -x 5 -y 6'
} >"$file"
refuses 'untested: a line that the kernel refuses' 'line 4: ' \
	opvsadm restore --untested "$file"
same_text "$(body)" "$saved" 'and what was before is in force again'

# The way back is not lost by a line that would be refused now, nor by a reader who
# goes away.
ipvsadm -C
service 4 1 5088 -s rr
echo '-a -u 10.91.0.1:5088 -r 10.91.77.255:5088 -m' | ipvsadm -R
opvsadm save "$file"
ip addr add 10.91.77.1/24 dev lo
check 'an address that is one of broadcast now' \
	eval "! opvsadm restore --untested $file 2>$own/said"
check 'is named' grep -q -- '-r 10.91.77.255:5088' "$own/said"
is "$(ipvsadm -Sn | grep -c -- '^-a')" 3 'all others are back'
is "$(<$native/conn_max)" "$(sed -n 's/^conn-max //p' "$file")" \
	'and what is new passes'
ip addr del 10.91.77.1/24 dev lo
saved=$(body)
for ((i = 0; i < 300; i++)); do
	echo "-A -f $((i + 1)) -s nope"
done >"$file"
{ opvsadm restore --untested --keep-going "$file" 2>&1 || :; } | head -n 1 >"$own/said"
check 'nobody reads what is refused' grep -q 'line 1' "$own/said"
is "$(<$native/conn_max)" 0 'and what is new passes'
is "$(ipvsadm -Sn)" '' 'as without services'
for ((i = 0; i < 3000; i++)); do
	echo "-A -f $((i + 1)) -s rr"
done >"$file"
{ opvsadm sync "$file" || :; } | head -n 1 >"$own/said"
is "$(ipvsadm -Sn | wc -l)" 3000 'sync goes on to the end, too'
ipvsadm -C

# ---- to what there is ----

printf '%s\n' '-A -f 5 -s rr' '-a -f 5 -r 10.91.11.2:0 -m -w 1' >"$file"
check 'appended' opvsadm restore --append "$file"
refuses 'check: a second time' 'line 1: this service is there already' \
	opvsadm restore --check --append "$file"
saved=$(body)
printf '%s\n' 'net.opvs.drain_seconds = 99' '-A -f 6 -s rr' '-A -f 7 -s nope' >"$file"
refuses 'appended, untested: a line that is refused' 'line 3: ' \
	opvsadm restore --untested --append "$file"
same_text "$(body)" "$saved" 'and what was before it is gone'
printf '%s\n' '-A -f 5 -s rr -o' '-a -f 5 -r 10.91.11.2:0 -g -w 1' >"$file"
check 'sync: a service that its servers do not allow yet' opvsadm sync "$file"
same_text "$(opvsadm save | grep '^-')" "$(<"$file")" 'is changed behind them'
refuses 'half a number' 'net.opvs.drain_seconds: 99 or so is refused' \
	eval "echo 'net.opvs.drain_seconds = 99 or so' | opvsadm sync -"
ipvsadm -C

# ---- where to ----

mkfifo "$own/pipe"
cat "$own/pipe" >"$own/piped" &
check 'a pipe' opvsadm save "$own/pipe"
wait $!
check 'stays one' test -p "$own/pipe"
check 'and has it' grep -q '^conn-max' "$own/piped"
status=0
timeout -s INT -k 10 1 opvsadm save "$own/pipe" || status=$?
is $status 124 'one that nobody reads: it waits, and ends when it is told to'
ln -s nowhere "$own/astray"
refuses 'a link to nothing' 'astray: No such file' opvsadm save "$own/astray"
check 'stays one' test -L "$own/astray"

# ---- calls do not notice ----

ipvsadm -C
service 4 1 5088 -s mh --pe sip
opvsadm save "$file"
for ((i = 0; i < 200; i++)); do
	echo "-A -f 1000$i -s rr"
	echo "-a -f 1000$i -r 10.91.11.2:0 -m -w 1"
done >>"$file"
snapshot service_packets drop_limit
spawn_in "$ns_client" "$e2e/gap.py" "${client_ip[4]}|5061" \
	"${vip[4,1]}|5088" 100 200 </dev/null >"$state/gap"
gap=$spawned
check 'calls have messages' poll 60 risen_to service_packets 400
for _ in 1 2 3; do
	check 'rules are replaced' opvsadm restore --untested "$file"
done
same_text "$(opvsadm save | grep '^-')" "$(grep '^-' "$file")" 'they are'
snapshot service_packets
check 'calls go on' poll 60 risen_to service_packets 200
kill -TERM "$gap"
ended() { [[ -s $state/gap ]]; }
poll 20 ended
diag "$(<"$state/gap")"
check 'no call is split' grep -q 'split=0$' "$state/gap"
ipvsadm -C

# ---- without the module ----

opvsadm save --all "$file"
before=$(<"$file")
rmmod opvs
for verb in save restore sync 'restore --check'; do
	# shellcheck disable=SC2086 # words
	out=$(opvsadm $verb "$file" 2>&1) && out="accepted: $out"
	check "$verb without the module" grep -q 'opvs is not loaded' <<<"$out"
done
check 'and ip_vs was not loaded' test ! -e /sys/module/ip_vs
is "$(<"$file")" "$before" 'what was saved is still there'
modprobe opvs compat=0
check 'with compat=0 as well' opvsadm restore "$file"
same_text "$(opvsadm save --all)" "$before" 'all is there'
rmmod opvs

# ---- as the unit starts it ----

# Programs of a checkout are not where a package has them.
unit() { sed -n "s|^$1=||p" "$e2e/../../tools/opvs.service" | sed 's|/usr/sbin/||g'; }
rm -rf /etc/opvs
check 'nothing saved: nothing to restore' eval "$(unit ExecStart)"
check 'nor is the module loaded' test ! -e /sys/module/opvs
modprobe opvs
service 4 1 5088 -s rr
before=$(body)
check 'reload saves' eval "$(unit ExecReload)"
rmmod opvs
check 'start loads the module' eval "$(unit ExecStart)"
same_text "$(body)" "$before" 'and restores'
rm -r /etc/opvs "$own"
