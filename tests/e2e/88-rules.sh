# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvs-rules: what it saves comes back as it was, bad files change nothing, and
# calls do not notice that rules are replaced.
if [[ $module != opvs ]]; then
	skip 'saved rules' 'this is about opvs'
	return 0
fi
! about_programs 'saved rules' || return 0
rules=$e2e/../../tools/opvs-rules
mkdir -p "$state/saved"
file=$state/saved/rules
native=/proc/sys/net/opvs

# The configuration, without the date.
body() { "$rules" save - | grep -v '^#'; }
fresh() {
	rmmod opvs
	modprobe opvs
}

# ---- everything that can be told comes back ----

fresh
ipvsadm -R <<'END'
-A -u 10.91.0.1:5088 -s mh -b mh-fallback -o --pe sip
-a -u 10.91.0.1:5088 -r 10.91.11.2:5088 -m -w 1
-a -u 10.91.0.1:5088 -r 10.91.12.2:5088 -m -w 2 -x 500 -y 400
-a -u 10.91.0.1:5088 -r 10.91.13.2:5088 -m -w 0 -x 2000000000
-A -t [2001:db8:1111:2222:3333:4444:5555:6666]:80 -s wlc -p 300 -M 64
-a -t [2001:db8:1111:2222:3333:4444:5555:6666]:80 -r [2001:db8:1111:2222:3333:4444:5555:7777]:80 -g -x 100000 -y 1
-A -f 7 -6 -s rr -p 60 -M 64
-a -f 7 -6 -r [fd91:11::2]:0 -g -w 65535 -x 3
-A -f 7 -s none
-A --sctp-service 10.91.0.2:36412 -s lblcr
--set 800 100 200
END
declare -A set_to=([drain_seconds]=77 [drop_entry]=3 [conn_max]=5000
	[reply_seconds]=0 [conn_reuse_mode]=2 [udp_reschedule]=0)
for name in "${!set_to[@]}"; do
	echo "${set_to[$name]}" >"$native/$name"
done
before=$(ipvsadm -Sn) limits=$(ipvsadm -Ln --thresholds)
check 'it saves' "$rules" save "$file"
is "$(stat -c %a "$file")" 600 'with mode 0600'
is "$(ls -A "$state/saved")" rules 'and leaves nothing else'
is "$(sed -n 's/^net.opvs.hash_key = //p' "$file")" "$(<$native/hash_key)" \
	'the secret is in it'
key=$(<$native/hash_key)
saved=$(body)

fresh
check 'it restores' "$rules" restore "$file"
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

"$rules" save --settings - >"$file"
check 'settings only: no services' eval "! grep -E '^-[Aa]' $file"
check 'and the secret' grep -q '^net.opvs.hash_key = ' "$file"
service 4 1 5088 -s rr
before=$(ipvsadm -Sn)
check 'restoring them' "$rules" restore "$file"
is "$(ipvsadm -Sn)" "$before" 'leaves services alone'
check "ipvsadm's own list is a file of rules" \
	eval "ipvsadm -Sn | $rules restore -"

# ---- what is in force already is not touched ----

servers 5088
from_client burst dst="${vip[4,1]}|5088" count=12
"$rules" save "$file"
check 'what is in force is restored' "$rules" restore "$file"
is "$(ipvsadm -Ln --stats --exact -u "${vs[4,1]}:5088" | awk '
	$1 == "UDP" { print $3 }')" 12 'and goes on counting'

# ---- bad files change nothing ----

saved=$(body)
bad() { # LINE MESSAGE: the line comes last, behind changes of all kinds
	local line=$1 message=$2
	printf '%s\n' '# a comment' 'net.opvs.drain_seconds = 99' \
		'-A -u 10.91.0.3:5099 -s rr' "$line" >"$file"
	refuses "$line" "line 4: $message" "$rules" restore "$file"
	same_text "$(body)" "$saved" "$line: nothing changes"
	refuses "check: $line" "line 4: $message" "$rules" check "$file"
}
bad 'net.opvs.no_such = 1' 'opvs 0.1.0 has no setting net.opvs.no_such'
bad 'net.opvs.drain_seconds = 0' 'net.opvs.drain_seconds: 0 is refused'
bad 'net.opvs.conn_max = many' 'net.opvs.conn_max: many is refused'
bad 'net.opvs.hash_key = 12' 'net.opvs.hash_key: the secret is refused'
bad 'net.ipv4.ip_forward = 0' 'neither a setting nor -A, -a or --set'
bad '-C' 'neither a setting nor -A, -a or --set'
bad '-A -u 10.91.0.3:5099 -s rr' 'Service already exists'
bad '-a -u 10.91.0.3:5099 -r 10.91.11.2:5099 -i' 'Function not implemented'
bad '-A -u 10.91.0.3:99999 -s rr' 'illegal virtual server address'
refuses 'a file that is not there' 'nowhere does not exist' \
	"$rules" restore "$state/nowhere"
for text in 'restor:no verb' 'save --all:no option' 'restore a b:one FILE' \
	'start now:takes no argument'; do
	# shellcheck disable=SC2086 # words
	refuses "${text%:*}" "${text#*:}" "$rules" ${text%:*}
done
check '--help' "$rules" --help
service 4 2 5088 -s rr
before=$(body)
{
	echo "$before"
	echo '-a -u 10.91.0.2:5088 -r 10.91.11.2:5088 -m'
} >"$file"
check 'untested: a rule that fails' \
	eval "! $rules restore --untested $file 2>$state/said"
check 'is told' grep -q 'Destination already exists' "$state/said"
same_text "$(body)" "$before" 'and what was before is in force again'

# ---- calls do not notice ----

# An ipvsadm that takes its time between two rules, as one does for thousands.
mkdir "$state/slow"
cat >"$state/slow/ipvsadm" <<END
#!/bin/bash
[[ \$* == -R ]] || exec $(type -P ipvsadm) "\$@"
exec {nap}<> <(:)
while read -r line; do
	$(type -P ipvsadm) -R <<<"\$line"
	read -r -t 0.3 -u "\$nap"
done
exit 0
END
chmod +x "$state/slow/ipvsadm"
ipvsadm -C
service 4 1 5088 -s mh --pe sip
"$rules" save "$state/one"
service 4 2 5088 -s rr
snapshot service_packets drop_limit
spawn_in "$ns_client" "$e2e/gap.py" "${client_ip[4]}|5061" \
	"${vip[4,1]}|5088" 100 200 </dev/null >"$state/gap"
gap=$spawned
check 'calls have messages' poll 60 risen_to service_packets 400
check 'rules are replaced, slowly' \
	env PATH="$state/slow:$PATH" "$rules" restore --untested "$state/one"
before=$(ipvsadm -Sn)
is "$before" "$(grep '^-[Aa]' "$state/one")" 'they are'
snapshot service_packets
check 'calls go on' poll 60 risen_to service_packets 200
kill -TERM "$gap"
ended() { [[ -s $state/gap ]]; }
poll 20 ended
diag "$(<"$state/gap")"
check 'no call is split' grep -q 'split=0$' "$state/gap"
check 'messages were lost once' grep -q 'holes=1 ' "$state/gap"
counter drop_limit
check 'while nothing new might pass' test $((value - C[drop_limit])) -ge 10
ipvsadm -C

# ---- whom ipvsadm would speak to ----

"$rules" save "$file"
before=$(<"$file")
rmmod opvs
refuses_unloaded() { # NAME MESSAGE COMMAND...
	local name=$1 message=$2 out
	shift 2
	if out=$("$@" 2>&1); then
		not_ok "$name" "accepted: $*"
	elif [[ $out != *"$message"* ]]; then
		not_ok "$name" "said: $out" "want: $message"
	else
		ok "$name"
	fi
}
for verb in save restore check; do
	refuses_unloaded "$verb without the module" 'opvs is not loaded' \
		"$rules" $verb "$file"
done
check 'and ip_vs was not loaded' test ! -e /sys/module/ip_vs
modprobe opvs compat=0
refuses_unloaded 'save with compat=0' 'compat=0' "$rules" save "$file"
check 'but settings' "$rules" save --settings "$state/settings-only"
modprobe ip_vs
refuses_unloaded 'save beside ip_vs' 'ip_vs is loaded' "$rules" save "$file"
rmmod ip_vs
rmmod opvs
is "$(<"$file")" "$before" 'what was saved is still there'

# ---- as the unit starts it ----

rm -rf /etc/opvs
check 'nothing saved: nothing to restore' "$rules" start
check 'nor is the module loaded' test ! -e /sys/module/opvs
modprobe opvs
service 4 1 5088 -s rr
before=$(ipvsadm -Sn)
check 'saved where start looks' "$rules" save
rmmod opvs
check 'start loads the module' "$rules" start
is "$(ipvsadm -Sn)" "$before" 'and restores'
rm -r /etc/opvs
