# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Tracepoints say where packets went and why others did not, by themselves and
# through the kernel's reasons; a local sender whose packet is dropped hears of it.
if [[ $module != opvs ]]; then
	skip 'tracing' 'of opvs'
	return 0
fi

# ---- the error of a local sender, also where nothing can be traced ----

# As the client the director itself, which has its address and is refused.
local_errno() { # sends two datagrams; prints the errors
	python3 - "$1" "$2" <<-'END'
		import errno, socket, sys
		sock = socket.socket(socket.AF_INET6 if ":" in sys.argv[1]
		                     else socket.AF_INET, socket.SOCK_DGRAM)
		for _ in range(2):
		    try:
		        sock.sendto(b"x", (sys.argv[1], int(sys.argv[2])))
		        print("sent")
		    except OSError as error:
		        print(errno.errorcode[error.errno])
	END
}
ipvsadm -A -u "${vs[4,1]}:6600" -s rr
ipvsadm -A -u "${vs[6,1]}:6600" -s rr
snapshot drop_no_server
for f in 4 6; do
	is "$(local_errno "${vip[$f,1]}" 6600)" $'EPERM\nEPERM' \
		"IPv$f: no server: a local sender is told that it may not"
done
rose drop_no_server 4 'each is counted'

# ---- tracepoints ----

tracing=$state/tracing
mkdir -p "$tracing"
if ! mount -t tracefs tracefs "$tracing" 2>/dev/null; then
	ipvsadm -C
	skip 'tracepoints' 'this kernel has no tracefs'
	return 0
fi
opvs=$tracing/events/opvs
netns=$(readlink /proc/self/ns/net)
netns=netns=${netns//[!0-9]/}

# traced: what was traced since the last time, the event and what it has of this
# namespace; what differs from run to run is left out.
traced() {
	sed -n "s/^.* \([a-z_]*\): \(.*\)$/\1 \2/p" "$tracing/trace" |
		grep -w "$netns" |
		sed "s/ $netns//; s/ \(skbaddr\|conn\)=[^ ]*//g"
	: >"$tracing/trace"
}

is "$(cd "$opvs" && echo opvs_*)" \
	'opvs_conn_begin opvs_conn_end opvs_decision opvs_drop' \
	'the tracepoints are there'
echo 1 >"$opvs/enable"
if [[ -e $tracing/events/skb/kfree_skb ]]; then
	echo 1 >"$tracing/events/skb/kfree_skb/enable"
fi
: >"$tracing/trace"

local_errno "${vip[4,1]}" 6600 >/dev/null
cp "$tracing/trace" "$state/trace"
is "$(traced | sed 's/client=[^ ]*/CLIENT/; s/source=[^ ]*/SOURCE/' | sort -u)" \
	"opvs_decision protocol=17 CLIENT virtual=10.91.0.1:6600 mark=0 server=0.0.0.0:0 how=none verdict=drop_no_server
opvs_drop protocol=17 SOURCE destination=10.91.0.1:6600 reason=drop_no_server" \
	'a packet that is dropped, and why'
# The same packet, freed with a reason of the kernel's.
packet=$(sed -n 's/.*opvs_drop: skbaddr=\([^ ]*\).*/\1/p' "$state/trace" |
	head -n 1)
if [[ -e $tracing/events/skb/kfree_skb ]]; then
	check 'the kernel has a reason for it, too' \
		grep -q "kfree_skb: skbaddr=$packet .*reason: NO_SOCKET" \
		"$state/trace"
fi

servers 6601
for f in 4 6; do
	tracked -u "$f" 1 6601 -m -s rr
	: >"$tracing/trace"
	from_client clients src="${client_ip[$f]}|26600" count=1 \
		dst="${vip[$f,1]}|6601"
	agent flush ns="$ns_director"
	c=${cs[$f]}:26600 v=${vs[$f,1]}:6601
	got=$(traced)
	s=$(sed -n 's/^opvs_decision .*server=\([^ ]*\) .*/\1/p' <<<"$got")
	same_text "$got" \
		"opvs_decision protocol=17 client=$c virtual=$v mark=0 server=$s how=scheduler verdict=chosen
opvs_conn_begin protocol=17 client=$c virtual=$v mark=0 server=$s template=0
opvs_conn_end protocol=17 client=$c virtual=$v mark=0 server=$s template=0" \
		"IPv$f: a decision, and a connection from its begin to its end"
done

ipvsadm -C
service 4 1 6601 -s mh --pe sip
: >"$tracing/trace"
from_client calls src="${client_ip[4]}|5066" count=1 dst="${vip[4,1]}|6601" \
	methods=INVITE
check 'a call goes by its key' grep -q \
	'^opvs_decision .*how=key verdict=chosen$' <<<"$(traced)"

echo 0 >"$opvs/enable"
echo 0 >"$tracing/events/enable"
umount "$tracing"
