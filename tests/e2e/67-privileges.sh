# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Who may do what: nobody who makes namespaces of his own can configure anything,
# or load the module; with userns=1 he can within his own, and a flood there ends
# at his share, which nobody else notices.
#
#   tenant: nobody's own user and network namespace, all on its lo:
#           client 10.66.0.1, virtual 10.66.0.2, server 10.66.0.3
if [[ $module != opvs ]]; then
	skip 'privileges' 'of opvs'
	return 0
fi
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if ! "${nobody[@]}" unshare -Urn true; then
	skip 'user namespaces for everybody' 'not in this kernel'
	return 0
fi
native=/proc/sys/net/opvs
compat=/proc/sys/net/ipv4/vs
declare -A tenant_pid

# tenant NUMBER: nobody makes one; its network is also known to `ip netns`.
tenant() {
	local name=opvs-t$1-$ns_id
	"${nobody[@]}" unshare -Urn sleep 1000 <&0 &
	tenant_pid[$1]=$!
	echo $! >>"$state/pids"
	# shellcheck disable=SC2317 # by poll
	apart() {
		[[ $(readlink "/proc/${tenant_pid[$1]}/exe") == */sleep ]]
	}
	poll 10 apart "$1"
	ip netns attach "$name" "${tenant_pid[$1]}"
	as "$1" ip -batch - <<-END
		link set lo up
		addr add 10.66.0.1/32 dev lo
		addr add 10.66.0.2/32 dev lo
		addr add 10.66.0.3/32 dev lo
	END
}
leave() { # NUMBER
	kill "${tenant_pid[$1]}"
	wait "${tenant_pid[$1]}" 2>/dev/null || :
	agent forget ns="opvs-t$1-$ns_id"
	ip netns del "opvs-t$1-$ns_id"
}
# as NUMBER COMMAND...: root of the tenant, for whom the host has a user nobody.
as() {
	local pid=${tenant_pid[$1]}
	shift
	"${nobody[@]}" nsenter --preserve-credentials -U -n -t "$pid" "$@"
}
# write_as NUMBER FILE VALUE: true if it is taken.
write_as() { as "$1" sh -c "echo $3 >$2" 2>/dev/null; }
# shown NUMBER NAME: sets value to what it reads in the tenant.
shown() {
	agent read ns="opvs-t$1-$ns_id" file="$2"
	value=${A[value]}
}
no_opvs() { ! module_loaded; }

# ---- loading ----

rmmod opvs
"${nobody[@]}" python3 - <<'END'
import socket, struct
sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
sock.bind((0, 0))
name = struct.pack("=HH", 9, 2) + b"opvs\0" + bytes(3)
body = struct.pack("=BBH", 3, 1, 0) + name
sock.send(struct.pack("=IHHII", 16 + len(body), 16, 5, 1, 0) + body)
sock.recv(4096)
END
check 'asking for family opvs does not load the module' no_opvs
is "$(modinfo -F alias opvs)" '' 'it has no aliases that others could ask for'

# ---- nothing, by default ----

modprobe opvs
tenant 1
service 4 1 6700 -s rr
before=$(ipvsadm -Sn)
for command in '-Ln' '-A -u 10.66.0.2:53' '-C' '--set 1 1 1' '-Z'; do
	# shellcheck disable=SC2086 # words
	out=$(as 1 ipvsadm $command 2>&1) && out="accepted"
	check "ipvsadm $command is refused" \
		grep -q 'ermission denied' <<<"$out"
done
bad=''
for file in "$native"/* "$compat"/*; do
	name=${file##*/}
	[[ $name != hash_key && $name != conn_count ]] || continue
	shown 1 "$file"
	write_as 1 "$file" "$value" && bad+="$file "
done
is "$bad" '' 'no setting can be written, not even as it is'
check 'the secret cannot be read' eval "! as 1 cat $native/hash_key 2>/dev/null"
check 'nor written' \
	eval "! write_as 1 $native/hash_key 000102030405060708090a0b0c0d0e0f"
agent sysctl ns="opvs-t1-$ns_id" net.opvs.drop_entry=1 \
	net.ipv4.vs.conn_max=3
shown 1 $native/drop_entry
is "$value" 1 "the host's root may change them"
is "$(ipvsadm -Sn)" "$before" "the host's services are untouched"
leave 1

# ---- what userns=1 allows ----

ipvsadm -C
rmmod opvs
modprobe opvs userns=1 userns_conn_max=2000 userns_conn_total=5000
set_hash_key
program privileges 2000
program netlink_events

tenant 1
shown 1 $compat/conn_max
is "$value" 2000 "net.ipv4.vs.conn_max: its share"
shown 1 $native/conn_max
is "$value" 2000 'net.opvs.conn_max: the same'
check 'settings can be written' write_as 1 $native/drop_entry 3
write_as 1 $native/drop_entry 0
bad=''
for value in 0 2001 1073741824; do
	! write_as 1 $native/conn_max "$value" || bad+="$value "
done
for value in 2001 1073741824; do
	! write_as 1 $compat/conn_max "$value" || bad+="$value "
done
is "$bad" '' 'its limit cannot be more than its share'
check 'it can have a secret of its own' \
	write_as 1 $native/hash_key 000102030405060708090a0b0c0d0e0f

# ---- a flood ----

fill() { # NUMBER: a service whose server takes all and says nothing
	as "$1" ipvsadm -A -u 10.66.0.2:53 -s rr &&
		as "$1" ipvsadm -a -u 10.66.0.2:53 -r 10.66.0.3:5353 -m
}
flood() { # NUMBER: new clients until it is ended
	"${nobody[@]}" nsenter --preserve-credentials -U -n \
		-t "${tenant_pid[$1]}" python3 - >/dev/null 2>&1 <<-'END' &
		import socket, struct
		sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		sink.bind(("10.66.0.3", 5353))
		raw = socket.socket(socket.AF_INET, socket.SOCK_RAW,
		                    socket.IPPROTO_RAW)
		while True:
		    for port in range(1024, 65536):
		        raw.sendto(struct.pack(
		            ">BBHHHBBH4s4sHHHH4s", 0x45, 0, 32, 0, 0, 64, 17, 0,
		            socket.inet_aton("10.66.0.1"),
		            socket.inet_aton("10.66.0.2"), port, 53, 12, 0,
		            b"next"), ("10.66.0.2", 53))
	END
	spawned=$!
	echo $spawned >>"$state/pids"
}
conns_of() { # NUMBER: sets value
	shown "$1" /sys/kernel/opvs/conns
}
# shellcheck disable=SC2317 # by poll
full() { conns_of 1 && ((value == 2000)); }

for port in 6701 6702; do
	servers $port
done
tracked -u 4 1 6701 -m -s rr
service 4 1 6702 -s rr
from_client clients src="${client_ip[4]}|31000" dst="${vip[4,1]}|6701" count=40
is "${A[got]}/${A[foreign]}" 40/0 'the host: 40 connections'
counter conns
is "$value" 40 'the host: as many entries'
# There is room for five more.
echo 45 >/sys/module/opvs/parameters/conn_max
snapshot conn_ended refused_global refused_netns conn_evicted

# Shares of tenants that ended come back a while later.
check 'a tenant makes services' poll 60 fill 1
flood 1
check 'a flood there fills its share' poll 60 full
most=0 lost=0
for ((round = 0; round < 10; round++)); do
	for port in 6701 6702; do
		# Clients who have a connection, and one-packet ones.
		from_client clients src="${client_ip[4]}|31000" \
			dst="${vip[4,1]}|$port" count=40
		((lost += 40 - A[got])) || :
	done
	conns_of 1
	((value <= most)) || most=$value
done
is "$lost" 0 'the host meanwhile: no datagram is lost of 800'
is "$most" 2000 'the flood: never more entries than its share'
from_client clients src="${client_ip[4]}|31040" dst="${vip[4,1]}|6701" count=5
is "${A[got]}" 5 'the host meanwhile: five more connections'
for name in conn_ended refused_global refused_netns conn_evicted; do
	rose $name 0 "the host: $name"
done
is "$(entries "${vs[4,1]}:6701 " | wc -l)" 45 'the host: all connections stay'
shown 1 /sys/kernel/opvs/conn_evicted
evicted=$value
shown 1 /sys/kernel/opvs/refused_netns
check "the flood is counted ($evicted evicted, $value refused)" \
	test $((evicted + value)) -gt 0
shown 1 /sys/kernel/opvs/refused_global
is "$value" 0 'by its own limit'

# ---- nobody takes what is another's ----

# The host's limit is reached, and the tenants' does not mind; nor the reverse.
snapshot refused_global
from_client clients src="${client_ip[4]}|31100" dst="${vip[4,1]}|6701" count=3
rose refused_global 3 "the host's own limit is reached"
tenant 2
check 'a second tenant makes services' poll 60 fill 2
agent mass ns="opvs-t2-$ns_id" src='10.66.0.1|2000' dst='10.66.0.2|53' \
	count=1500
conns_of 2
is "$value" 1500 'and has its share, whatever the first one does'
conns_of 1
is "$value" 2000 'which has its own'
tenant 3
out=$(fill 3 2>&1) && out=accepted
is "$(as 3 cat $compat/conn_max)" 2000 'a third one would have as much'
check 'but no share is left for it' grep -q 'No space left' <<<"$out"
kill "$spawned"
wait "$spawned" 2>/dev/null || :
leave 2
check 'before the second has ended' poll 60 fill 3
leave 3
leave 1
rmmod opvs
modprobe opvs
