# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# keepalived with lvs_sync_daemon: a backup daemon runs while it stands by, a master
# daemon while it is active, with the options that its configuration has.
! about_programs 'keepalived with lvs_sync_daemon' || return 0
conf=$state/keepalived.conf
chmod 755 "$state"

# configure OPTION...: of the daemon
configure() {
	cat >"$conf" <<-END
		global_defs {
			lvs_sync_daemon d1 VI_1 id 7 $*
		}
		vrrp_instance VI_1 {
			state BACKUP
			version 3
			interface d1
			virtual_router_id 51
			priority 100
			advert_int 0.2
			virtual_ipaddress {
				10.91.0.77/32 dev lo
			}
		}
		virtual_server 10.91.0.1 5650 {
			lvs_sched rr
			lvs_method NAT
			protocol TCP
			real_server ${rip[4,1]} 5650 {
			}
		}
	END
}
begin() {
	configure "$@"
	spawn_in "$ns_director" keepalived -n -l -D -G -f "$conf" \
		-p "$state/ka.pid" -r "$state/ka-vrrp.pid" \
		-c "$state/ka-check.pid" </dev/null >"$state/ka" 2>&1
	keepalived=$spawned
}
daemons() { ipvsadm -L --daemon; }
# becomes WANT NAME
becomes() {
	local want=$1 got=''
	matches() { got=$(daemons) && [[ $got == "$want" ]]; }
	poll 20 matches || diag "$(tail -n 20 "$state/ka")"
	same_text "$got" "$want" "$2"
}
# options GROUP: as ipvsadm lists them.
options() {
	echo "sync daemon (mcast=d1, syncid=7, maxlen=1400, group=$1, port=8849, ttl=3)"
}
for group in 224.0.0.82 ff02::82; do
	begin maxlen 1400 port 8849 ttl 3 group $group
	becomes "master $(options $group)" "$group: active: a master daemon"
	ip link set d1 down
	becomes "backup $(options $group)" "$group: standing by: a backup daemon"
	ip link set d1 up
	becomes "master $(options $group)" "$group: active again: a master daemon"
	check "$group: what keepalived configures is there" \
		test "$(ipvsadm -Sn | wc -l)" = 2
	kill "$keepalived"
	# It ends the daemon before it has ended itself.
	becomes '' "$group: keepalived ends, and its daemon with it"
	poll 20 eval "! kill -0 $keepalived 2>/dev/null" || :
	is "$(grep -c 'IPVS.*error' "$state/ka" || :)" 0 \
		"$group: keepalived has no error to tell of"
done
