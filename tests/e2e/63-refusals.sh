# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# What opvs refuses of a configuration of keepalived's: keepalived says so in its
# log, the kernel's log names service, server and reason, and all else is there.
conf=$state/keepalived.conf
chmod 755 "$state"
cat >"$conf" <<-'END'
	virtual_server 10.91.0.1 5640 {
		lvs_sched rr
		lvs_method NAT
		protocol TCP
		persistence_timeout 60
		persistence_engine sip
		real_server 10.91.11.2 5640 {
		}
	}
	virtual_server 10.91.0.1 5642 {
		lvs_sched rr
		lvs_method NAT
		protocol UDP
		ops
		real_server 224.0.0.1 5642 {
		}
		real_server 10.91.11.2 5642 {
		}
	}
END
# The log's lines are limited in number, but not now.
limit() { nsenter --net=/proc/1/ns/net sysctl -qw net.core.message_cost="$1"; }
limit 0
spawn_in "$ns_director" keepalived -n -l -D -C -G -f "$conf" \
	-p "$state/ka.pid" -c "$state/ka-check.pid" </dev/null >"$state/ka" 2>&1
keepalived=$spawned

# keepalived_says WHAT NAME: since it began, in a line of its log.
keepalived_says() {
	check "$2" poll 20 grep -qF "$1" "$state/ka"
}
# logged TEXT NAME: the kernel's log has it, of this namespace.
logged() {
	check "$2" eval "dmesg | grep -q \"opvs: netns [0-9]*: refused: $1\""
}

keepalived_says 'error: Protocol not supported(93) (10.91.0.1:tcp:5640)' \
	'a service is refused: keepalived names it and the error'
keepalived_says '(10.91.0.1:tcp:5640 -> 10.91.11.2:5640)' 'and its servers'
logged 'TCP 10.91.0.1:5640: persistence engine: not for this protocol' \
	"the kernel's log has the reason"
keepalived_says \
	'not unicast, ...(22) (10.91.0.1:udp:5642 -> 224.0.0.1:5642)' \
	'a server is refused: keepalived names it and the error'
logged 'UDP 10.91.0.1:5642, server 224.0.0.1:5642: server address: not a usable unicast address' \
	"the kernel's log has the reason"
settles 10 '-A -u 10.91.0.1:5642 -s rr -o
-a -u 10.91.0.1:5642 -r 10.91.11.2:5642 -m -w 1' 'all else is there' ipvsadm -Sn
# It counts what it has asked for.
keepalived_says 'Gained quorum 1+0=1 <= 1 for VS [10.91.0.1]:tcp:5640' \
	'keepalived believes that the service has a server'


kill "$keepalived"
settles 10 '' 'keepalived ends' ipvsadm -Sn

# opvsadm has the reason itself.
echo '-A -t 10.91.0.1:5640 -s rr -p --pe sip' >"$state/rules"
refuses 'opvsadm names the line and the reason' \
	'rules: line 1: persistence engine: not for this protocol' \
	opvsadm sync "$state/rules"
limit 5
