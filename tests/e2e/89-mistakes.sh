# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Mistakes that look like success: what the log says of them, once, and the file
# "mistakes" as long as they last; and what is none.
if [[ $module != opvs ]]; then
	skip 'mistakes' 'of opvs'
	return 0
fi
! same_everywhere 'mistakes' || return 0
port=8900
# shellcheck disable=SC2034 # by their names
forward4='net.ipv4.ip_forward is 0: replies of NAT servers do not leave this host'
# shellcheck disable=SC2034
forward6='net.ipv6.conf.all.forwarding is 0: replies of NAT servers do not leave this host'
inum=$(readlink /proc/self/ns/net)
inum=${inum//[^0-9]/}
mistakes() { cat /sys/kernel/opvs/mistakes; }
# Lines of this namespace in the log, from mark on, with this in them.
mark() { said_at=$(dmesg | wc -l); }
said() {
	local lines
	mapfile -t lines < <(dmesg)
	printf '%s\n' "${lines[@]:said_at}" |
		grep -cF "opvs: netns $inum: $1" || :
}
has_said() { (($(said "$1") > 0)); }
forwarding() { # FAMILY 0|1
	if (($1 == 4)); then
		echo "$2" >/proc/sys/net/ipv4/ip_forward
	else
		echo "$2" >/proc/sys/net/ipv6/conf/all/forwarding
	fi
}
# Nothing was said yet.
fresh() {
	rmmod opvs
	modprobe opvs
	set_hash_key
	mark
}
# send_syns ADDRESS PORT: five, which nobody answers.
send_syns() {
	in_client python3 - "$1" "$2" <<-'END'
		import socket, sys
		family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
		for _ in range(5):
		    with socket.socket(family) as s:
		        s.setblocking(False)
		        s.connect_ex((sys.argv[1], int(sys.argv[2])))
	END
	still
}
make_sinks

# ---- forwarding, when a server is added ----

for f in 4 6; do
	line=forward$f
	line=${!line}
	fresh
	tracked -t $f 1 $port -m -s rr
	is "$(said "$line")/$(mistakes)" 0/ "IPv$f: with forwarding nothing is said"
	ipvsadm -C
	forwarding $f 0
	tracked -t $f 1 $port -g -s rr
	ipvsadm -a -t "${vs[$f,1]}:$port" -r "${vs[$f,2]}:$port" -m
	is "$(said "$line")/$(mistakes)" 0/ \
		"IPv$f: direct routing and the director's own servers need none"
	agent service ns="$ns_director" verb=new proto=tcp \
		service="${vip[$f,2]}|$port"
	agent server ns="$ns_director" proto=tcp service="${vip[$f,2]}|$port" \
		server="${rip[$f,1]}|$port"
	is "${A[errno]} ${A[text]}" "none warning: $line" \
		"IPv$f: NAT without forwarding: a warning to who asks"
	is "$(said "$line")" 1 "IPv$f: and a line in the log"
	tracked -t $f 3 $port -m -s rr
	is "$(said "$line")" 1 "IPv$f: one, for all servers"
	is "$(mistakes)" "$line" "IPv$f: the file has it once"
	agent read ns="$ns_client" file=/sys/kernel/opvs/mistakes
	is "${A[value]}" '' "IPv$f: another namespace is not concerned"
	forwarding $f 1
	is "$(mistakes)" '' "IPv$f: with forwarding it is gone"
	if ((f == 4)); then
		forwarding 4 0
		echo 1 >/proc/sys/net/ipv4/conf/d1/forwarding
		is "$(mistakes)" '' "IPv$f: one device that forwards will do"
		forwarding 4 1
	fi
done

# ---- forwarding that is off later ----

for f in 4 6; do
	line=forward$f
	line=${!line}
	fresh
	ipvsadm -A -u "${vs[$f,1]}:$port" -s rr -o
	ipvsadm -a -u "${vs[$f,1]}:$port" -r "${sink_rs[$f]}:$port" -m
	forwarding $f 0
	asked() {
		from_client mass dst="${vip[$f,1]}|$port" count=20
		has_said "$line"
	}
	check "IPv$f: forwarding off, requests and no reply: the clock says so" \
		poll 30 asked
	forwarding $f 1
done

# ---- a virtual address that is not there ----

fresh
declare -A absent=([4]=10.91.0.250 [6]=fd91::250)
absent_line() { # SERVICE
	echo "UDP $1:$port: the namespace does not have this address; on standby, fine"
}
for f in 4 6; do
	bare=${absent[$f]}
	at=$bare
	((f == 4)) || at="[$bare]"
	# Known to others, as that of another director is.
	agent service ns="$ns_director" verb=new service="$bare|$port"
	is "${A[errno]} ${A[text]}" \
		'none warning: the namespace does not have this address now' \
		"IPv$f: an address that is not there: a warning to who asks"
	is "$(mistakes)" "$(absent_line "$at")" "IPv$f: the file has it"
	ip addr add "$bare" dev lo
	is "$(mistakes)" '' "IPv$f: an address of a device is there"
	ip addr del "$bare" dev lo
	ip -$f route add local "$bare" dev lo
	is "$(mistakes)" '' "IPv$f: so is one by a local route"
	ip -$f route del local "$bare" dev lo
	is "$(mistakes)" "$(absent_line "$at")" "IPv$f: without, it is absent again"
	ipvsadm -C
done
ipvsadm -A -f 89 -s rr
is "$(mistakes)" '' 'a mark has no address'
is "$(dmesg | tail -n +$((said_at + 1)) | grep -F "netns $inum" || :)" '' \
	'the log says nothing of all that: a director may stand by'
ipvsadm -C

# ---- servers that never answer ----

fresh
accept_on $port
for f in 4 6; do
	tracked -t $f 1 $port -m -s rr
	ipvsadm -A -t "${vs[$f,2]}:$port" -s rr
	ipvsadm -a -t "${vs[$f,2]}:$port" -r "${sink_rs[$f]}:$port" -m
	ipvsadm -A -t "${vs[$f,3]}:$port" -s rr
	ipvsadm -a -t "${vs[$f,3]}:$port" -r "${sink_rs[$f]}:$port" -g
	ipvsadm -A -u "${vs[$f,1]}:$port" -s rr -o
	ipvsadm -a -u "${vs[$f,1]}:$port" -r "${sink_rs[$f]}:$port" -m
	ipvsadm -A -u "${vs[$f,2]}:$port" -s mh -o --pe sip
	ipvsadm -a -u "${vs[$f,2]}:$port" -r "${sink_rs[$f]}:$port" -m
	from_client dial id="live$f" dst="${vip[$f,1]}|$port" count=12
	for v in 2 3; do
		send_syns "${vip[$f,$v]}" $port
	done
	for v in 1 2; do
		from_client mass dst="${vip[$f,$v]}|$port" count=10
	done
done
unanswered() {
	local f kind
	for f in 4 6; do
		for kind in TCP UDP; do
			echo "$kind ${vs[$f,2]}:$port: NAT server" \
				"${sink_rs[$f]}:$port"
		done
	done | LC_ALL=C sort
}
listed() {
	mistakes | sed 's/ has not answered any of [0-9]* packets$//' |
		LC_ALL=C sort
}
settles 60 "$(unanswered)" \
	'TCP and SIP servers by NAT that never answered, and no others' listed
# Which of them is looked at first depends on when its first packet was counted; the
# clock looks every two seconds.
named() {
	dmesg | tail -n +$((said_at + 1)) |
		sed -n "s/.*opvs: netns $inum: \(.*\) has not answered any of .*/\1/p" |
		grep -cxF "$(unanswered)"
}
settles 6 1 'the log names one of them' eval 'named || :'
is "$(said '')" 1 'and says no more'
for f in 4 6; do
	agent hang id="live$f"
done
