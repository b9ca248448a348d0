# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh and pair.sh set it
# A director that is a test machine of its own, at the other end of this one's link
# (tests/e2e/guests). Three VLANs share the link: the two networks of pair.sh, and
# one for commands. Only who runs the machines can switch them on and off: this is
# asked for by lines of the output.
#
#   this machine                               the other one
#   switch: clients --- p1 (VLAN 41) --- eth0 --- p0, a macvlan by VLAN 41
#   switch: servers --- q1 (VLAN 42) --- eth0 --- q0, by VLAN 42
#              10.91.43.1 (VLAN 43)  --- eth0 --- 10.91.43.2

: "${e2e:?}" "${ns_switch:?}"

far=${OPVS_E2E_FAR:-} # the number of the director that is there, if one is

in_far() {
	in_machine python3 "$e2e/remote.py" call 10.91.43.2 4343 "$@"
}

far_answers() { in_far true </dev/null 2>/dev/null; }
far_is_silent() { ! far_answers; }

# The ends of the link that are here.
make_far_link() {
	in_machine modprobe -a virtio_net 8021q
	in_machine ip link set eth0 up
	in_machine ip link add link eth0 name "p$far" type vlan id 41
	in_machine ip link add link eth0 name "q$far" type vlan id 42
	in_machine ip link add link eth0 name eth0.43 type vlan id 43
	in_machine ip addr add 10.91.43.1/24 dev eth0.43
	in_machine ip link set eth0.43 up
	in_machine ip link set "p$far" netns "$ns_switch"
	in_machine ip link set "q$far" netns "$ns_switch"
	in_switch ip link set "p$far" master clients up
	in_switch ip link set "q$far" master servers up
}

unmake_far_link() {
	in_switch ip link del "p$far" 2>/dev/null || :
	in_switch ip link del "q$far" 2>/dev/null || :
	in_machine ip link del eth0.43 2>/dev/null || :
}

# An interface of its own on each network: its cable can be pulled.
boot_far() {
	diag 'guests: on'
	poll 600 far_answers
	in_far ip -batch - <<-END
		link add link eth0 name clients type vlan id 41
		link add link eth0 name servers type vlan id 42
		link set clients up
		link set servers up
		link add link clients name p0 type macvlan mode private
		link add link servers name q0 type macvlan mode private
	END
}

# By the first director's file, as start_vrrp.
start_far_vrrp() {
	in_far tee /run/pair.conf <"$state/pair-$far.conf" >/dev/null
	in_far sh -c 'rm -f /run/vrrp.pid
		keepalived -n -l -D -P -G -f /run/pair.conf -p /run/keepalived.pid \
			-r /run/vrrp.pid >>/run/keepalived.log 2>&1 &' </dev/null
	poll 60 in_far test -s /run/vrrp.pid </dev/null
}

# Its power goes off, whatever it does just now.
far_off() {
	diag 'guests: off'
	poll 60 far_is_silent
}
