# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Who has the names of ip_vs - family IPVS, /proc/net/ip_vs*, net.ipv4.vs - when
# both modules come and go, and how a user is told.
if [[ $module != opvs ]]; then
	skip 'who has the names' 'of opvs'
	return 0
fi
port=6900
servers $port
other=opvs-o-$ns_id
owner() { cat /sys/kernel/opvs/owner; }
first_line() { head -n 1 /proc/net/ip_vs; }
# optioned: how many services the socket options tell of, or their error.
optioned() {
	python3 - <<-'END'
		import errno, socket
		sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		try:
		    print(sock.getsockopt(0, 1152 + 1, 12)[8])
		except OSError as error:
		    print(errno.errorcode[error.errno])
	END
}
# said TEXT: how often the log has it from opvs, since it was last asked for.
said_at=0
said() {
	local lines
	mapfile -t lines < <(dmesg)
	printf '%s\n' "${lines[@]:said_at}" | grep -c "opvs: .*$1" || :
}
mark() { said_at=$(dmesg | wc -l); }
# Services that ipvsadm cannot make, as ip_vs answers it: in family opvs.
natively() {
	local f n
	for f in 4 6; do
		agent service ns="$ns_director" verb=new flags=4 \
			service="${vip[$f,1]}|$port"
		for n in 1 2 3; do
			agent server ns="$ns_director" \
				service="${vip[$f,1]}|$port" \
				server="${rip[$f,$n]}|$port"
		done
	done
}
serves() { # TEXT
	local f
	for f in 4 6; do
		from_client burst dst="${vip[$f,1]}|$port" count=12
		is "${A[got]}/${A[foreign]}" 12/0 "IPv$f: $1"
	done
}

# ---- opvs first ----

version=$(</sys/kernel/opvs/version)
is "$(owner)" opvs 'alone: opvs has the names'
is "$(first_line)" \
	"IP Virtual Server version 1.2.1 (size=$(</sys/kernel/opvs/conn_buckets)) opvs $version" \
	'the first line of /proc/net/ip_vs says so'
service 4 1 $port -s rr
mark
status=0
said=$(modprobe ip_vs 2>&1) || status=$?
is "$status ${said##*: }" '1 Device or resource busy' 'ip_vs is not let in'
is "$(said 'ip_vs is not let in')" 1 'and the log has the remedy'
is "$(dmesg | tail -n +$((said_at + 1)) | grep 'Call Trace' || :)" '' \
	'and no stack trace'
is "$(owner) $(ipvsadm -Sn | grep -c -- -a)" 'opvs 3' 'opvs is as it was'
rmmod opvs

# ---- ip_vs first ----

modprobe -a ip_vs ip_vs_rr
ip netns add "$other"
mark
modprobe opvs
set_hash_key
is "$(owner)" ip_vs 'ip_vs first: it has the names'
is "$(said 'ip_vs is loaded: ipvsadm .* talk to it')" 1 \
	'the log says whom ipvsadm talks to'
is "$(first_line | sed 's/size=[0-9]*/size/')" \
	'IP Virtual Server version 1.2.1 (size)' \
	'/proc/net/ip_vs is that of ip_vs'
natively
serves 'opvs serves under its own family'
is "$(ipvsadm -Sn)" '' 'of which ip_vs knows nothing'
is "$(optioned)" 0 'the socket options are those of ip_vs'
rmmod ip_vs_rr ip_vs
is "$(owner)" opvs 'ip_vs is gone: at once opvs has the names'
is "$(said 'ip_vs is gone: family IPVS')" 1 'the log says so'
is "$(ipvsadm -Sn | grep -c -- "-r .*:$port -m")" 6 \
	'ipvsadm shows the services that are there'
is "$(optioned)" 1 'so do the socket options, those of IPv4'
is "$(first_line)" "IP Virtual Server version 1.2.1 (size=$(
	</sys/kernel/opvs/conn_buckets)) opvs $version" \
	'so does /proc/net/ip_vs'
check 'net.ipv4.vs is there' test -e /proc/sys/net/ipv4/vs/am_droprate
agent read ns="$other" file=/proc/sys/net/ipv4/vs/am_droprate
is "${A[value]}" 10 'also in a namespace that was there before'
check 'and its /proc/net/ip_vs' nsenter --net="/run/netns/$other" \
	grep -q ' opvs ' /proc/self/net/ip_vs
agent forget ns="$other"
ip netns del "$other"
ip netns add "$other"
agent read ns="$other" file=/proc/sys/net/ipv4/vs/am_droprate
is "${A[value]}" 10 'and in a new one'
agent forget ns="$other"
ip netns del "$other"
serves 'nothing was lost'
check 'ip_vs does not come back' eval '! modprobe ip_vs 2>/dev/null'
rmmod opvs
check 'until opvs is gone' modprobe ip_vs

# ---- ip_vs comes back before opvs has seen it go, or opvs goes first ----

modprobe opvs
rmmod opvs
check 'opvs goes while it waits' test ! -e /sys/kernel/opvs
check 'and leaves ip_vs alone' ipvsadm -Ln
rmmod ip_vs

# ---- compat=0 ----

modprobe opvs compat=0
is "$(owner)" none 'compat=0: nobody'
is "$(optioned)" ENOPROTOOPT 'compat=0: no socket options'
modprobe ip_vs
is "$(owner)" ip_vs 'compat=0: ip_vs comes'
rmmod ip_vs
is "$(owner)" none 'compat=0: ip_vs goes, and opvs wants nothing'
check 'there is no /proc/net/ip_vs' test ! -e /proc/net/ip_vs
rmmod opvs

# ---- ip_vs and opvs go at once ----

for round in {1..12}; do
	modprobe ip_vs
	modprobe opvs
	rmmod ip_vs &
	if ((round % 2)); then
		rmmod opvs
		wait $!
	else
		wait $!
		[[ $(owner) == opvs ]] || break
		rmmod opvs
	fi
done
check 'twelve times: both go, one while the other does' \
	test ! -e /sys/module/ip_vs -a ! -e /sys/module/opvs -a "$round" = 12
modprobe opvs
set_hash_key
is "$(owner)" opvs 'and the names are free'
