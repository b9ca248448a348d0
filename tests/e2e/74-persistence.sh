# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Persistence: a client keeps its server over connections and ports, as long as
# its template lives; what becomes of it when servers are drained or removed.
accept_on 7400
accept_on 7401
servers 7402

# More clients: of the client's network, and of one behind it.
in_client ip -batch - <<-END
	addr add 10.91.1.3/24 dev c0
	addr add 10.91.8.2/32 dev lo
	addr add 10.91.8.3/32 dev lo
	addr add fd91:1::3/64 dev c0 nodad
	addr add fd91:8::2/128 dev lo nodad
	addr add fd91:8::3/128 dev lo nodad
END
ip route add 10.91.8.0/24 via 10.91.1.2
ip route add fd91:8::/64 via fd91:1::2

# visit ADDRESS VIP-NUMBER: three connections and their end. Sets visited to
# the server that had them all.
visit() {
	agent dial ns="$ns_client" id=visit src="$1" \
		dst="${vip[$f,$2]}|7400" count=3
	visited=${A[each]%:3}
	agent hang id=visit how=rst
}

templates() { entries ':0 ' "${vs[$f,$1]}:7400 "; }
persistent() { # VIP: column PersistConn of each server
	ipvsadm -Ln --persistent-conn -t "${vs[$f,$1]}:7400" |
		awk '$1 == "->" && $3 ~ /^[0-9]+$/ { printf "%s ", $4 }'
}

# ---- one client, one server ----

sticky() {
	local server shown other near far
	declare -A other=([4]=10.91.1.3 [6]=fd91:1::3)
	declare -A near=([4]=10.91.8.2 [6]=fd91:8::2)
	declare -A nets=([4]='10.91.1.0:0 10.91.8.0:0'
		[6]='[fd91:1::]:0 [fd91:8::]:0')
	declare -A far=([4]=10.91.8.3 [6]=fd91:8::3)
	tracked -t "$f" 1 7400 -m -s rr -p 50
	from_client dial id=one dst="${vip[$f,1]}|7400" count=12
	is "${A[got]} ${A[each]##*:}" '12 12' \
		"IPv$f: 12 connections of a client: one server"
	server=${A[server]#s}
	shown=$(templates 1)
	printf -v want 'TCP %s  %-11s %-18s %-18s %s' TIME ASSURED "${cs[$f]}:0" \
		"${vs[$f,1]}:7400" "${rs[$f,$server]}:7400"
	is "${shown/ 00:[45][0-9] / TIME }" "$want" "IPv$f: its template's line"
	is "$(states "${vs[$f,1]}:7400 ")" 'ASSURED:1 ESTABLISHED:12' \
		"IPv$f: one template, 12 connections"
	is "$(persistent 1 | wc -w) $(persistent 1 | tr -d ' 0')" '3 1' \
		"IPv$f: ipvsadm counts the template"
	is "$(total -t "$f" 1 7400)" 12/0 \
		"IPv$f: and does not take it for a connection"
	visit "${other[$f]}" 1
	check "IPv$f: the next client: another server ($visited)" \
		test ${#visited} = 2 -a "$visited" != "s$server"

	# Networks of clients.
	if ((f == 4)); then
		tracked -t 4 2 7400 -m -s rr -p 50 -M 255.255.255.0
	else
		tracked -t 6 2 7400 -m -s rr -p 50 -M 64
	fi
	visit "${client_ip[$f]}" 2
	server=$visited
	visit "${other[$f]}" 2
	is "$visited" "$server" \
		"IPv$f: a neighbour in its network: the same server"
	visit "${near[$f]}" 2
	check "IPv$f: another network: another server ($visited)" \
		test ${#visited} = 2 -a "$visited" != "$server"
	server=$visited
	visit "${far[$f]}" 2
	is "$visited" "$server" "IPv$f: for all of that network"
	is "$(templates 2 | awk '{ print $4 }' | sort | xargs)" \
		"${nets[$f]}" "IPv$f: a template for each"
}

# ---- how long ----

lifetime() {
	local server
	tracked -t "$f" 3 7400 -m -s rr -p 1
	from_client dial id=held dst="${vip[$f,3]}|7400"
	server=${A[server]}
	pass_time 2.7
	is "$(templates 3 | wc -l)" 1 \
		"IPv$f: the template outlives its time with a connection"
	from_client dial id=later dst="${vip[$f,3]}|7400" count=2
	is "${A[each]}" "$server:2" "IPv$f: so that the next are at its server"
	agent hang id=held how=rst
	agent hang id=later how=rst
}

# Without connections it goes in time: UDP, whose end can be had soon.
short_lived() {
	tracked -u "$f" 3 7402 -m -s rr -p 4
	set_timeouts 0 0 4
	from_client ask src="${client_ip[$f]}|24000" dst="${vip[$f,3]}|7402"
	is "$(states "${vs[$f,3]}:7402 ")" 'ASSURED:1 UDP:1' \
		"IPv$f: UDP: a template and a connection"
	settles 6 '' "IPv$f: UDP: both are gone after 4 s" \
		states "${vs[$f,3]}:7402 "
	set_timeouts 0 0 300
}

# ---- drained servers ----

drained() {
	local server n
	tracked -t "$f" 4 7400 -m -s rr -p 300
	tracked -t "$f" 4 7401 -m -s rr
	from_client dial id=plain dst="${vip[$f,4]}|7401" count=9
	from_client dial id=sticky dst="${vip[$f,4]}|7400"
	server=${A[server]} n=${A[server]#s}
	for port in 7400 7401; do
		real -e -t "$f" 4 $port "$n" -m -w 0
	done
	from_client talk id=plain data=hello
	is "${A[got]} ${A[errors]}" '9 ' "IPv$f: drained: connections go on"
	from_client dial id=new dst="${vip[$f,4]}|7401" count=10
	is "${A[got]} ${A[on_$server]:-0}" '10 0' \
		"IPv$f: drained: new ones go elsewhere"
	from_client dial id=new dst="${vip[$f,4]}|7400" count=3
	is "${A[each]} ${A[errors]}" "$server:3 " \
		"IPv$f: drained: those of its persistent clients do not"
	vs_sysctl expire_quiescent_template 1
	from_client dial id=moved dst="${vip[$f,4]}|7400" count=3
	check "IPv$f: drained, expire_quiescent_template: they do" \
		test "${A[got]}" = 3 -a "${A[on_$server]:-0}" = 0 -a \
		"${A[each]##*:}" = 3
	from_client talk id=sticky data=hello
	is "${A[got]}" 1 "IPv$f: drained: and the connections there go on"
	restore_settings
	for id in plain sticky new moved; do
		agent hang id=$id how=rst
	done
}

# ---- removed servers ----

removed() {
	local server n
	tracked -t "$f" 5 7401 -m -s rr
	from_client dial id=kept dst="${vip[$f,5]}|7401"
	server=${A[server]} n=${A[server]#s}
	real -d -t "$f" 5 7401 "$n"
	from_client talk id=kept data=lost wait=600
	is "${A[got]} ${A[errors]}" '0 ' \
		"IPv$f: removed: its connections are cut off"
	is "$(states "${vs[$f,5]}:7401 ")" ESTABLISHED:1 \
		"IPv$f: removed: but not forgotten"
	real -a -t "$f" 5 7401 "$n" -m
	# What was lost is sent again, each time later, so it may be answered as
	# well.
	from_client talk id=kept data=found wait=20000
	is "${A[got]} ${A[errors]}" '1 ' "IPv$f: added again: they go on"
	is "$(on_server "$n")" 1/0 "IPv$f: added again: they count there"

	vs_sysctl expire_nodest_conn 1
	real -d -t "$f" 5 7401 "$n"
	check "IPv$f: removed, expire_nodest_conn: connections are forgotten" \
		poll 5 forgotten
	from_client talk id=kept data=lost
	is "${A[errors]}" ECONNRESET:1 \
		"IPv$f: removed, expire_nodest_conn: and reset"
	from_client dial id=next dst="${vip[$f,5]}|7401" count=4
	is "${A[got]} ${A[on_$server]:-0}" '4 0' "IPv$f: removed: others serve"
	restore_settings

	# A persistent client whose server is removed gets another.
	tracked -t "$f" 6 7400 -m -s rr -p 300
	from_client dial id=first dst="${vip[$f,6]}|7400"
	server=${A[server]}
	real -d -t "$f" 6 7400 "${server#s}"
	from_client dial id=second dst="${vip[$f,6]}|7400" count=3
	check "IPv$f: removed: a persistent client has another server" \
		test "${A[got]}" = 3 -a "${A[each]##*:}" = 3 -a \
		"${A[server]}" != "$server"
	for id in kept next first second; do
		agent hang id=$id how=rst
	done
}
forgotten() { [[ -z $(states "${vs[$f,5]}:7401 ") ]]; }
on_server() { # of the service in removed()
	ipvsadm -Ln -t "${vs[$f,5]}:7401" | awk -v at="${rs[$f,$1]}:7401" \
		'$2 == at { print $5 "/" $6 }'
}

for f in 4 6; do
	sticky
	lifetime
	short_lived
	drained
	removed
done
in_client ip -batch - <<-END
	addr del 10.91.1.3/24 dev c0
	addr del 10.91.8.2/32 dev lo
	addr del 10.91.8.3/32 dev lo
	addr del fd91:1::3/64 dev c0
	addr del fd91:8::2/128 dev lo
	addr del fd91:8::3/128 dev lo
END
ip route del 10.91.8.0/24 via 10.91.1.2
ip route del fd91:8::/64 via fd91:1::2
