# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# keepalived with persistent TCP services: a server whose check fails is removed
# or, with inhibit_on_failure, drained; both come back.
conf=$state/keepalived.conf
accept_on 7800
accept_on 7801

real_server() { # ADDRESS PORT OPTIONS: checked by connecting to it
	printf '\treal_server %s %s {\n\t\tweight 2\n\t\t%s\n' "$1" "$2" "$3"
	printf '\t\tTCP_CHECK {\n\t\t\tconnect_port %s\n' "$2"
	printf '\t\t\tconnect_timeout 30\n\t\t\tretry 0\n'
	printf '\t\t\tdelay_before_retry 1\n\t\t}\n\t}\n'
}
virtual_server() { # FAMILY PORT SERVER-OPTIONS
	local n
	printf 'virtual_server %s %s {\n\tlvs_sched rr\n\tlvs_method NAT\n' \
		"${vip[$1,1]}" "$2"
	printf '\tprotocol TCP\n\tdelay_loop 1\n\tpersistence_timeout 300\n'
	for n in 1 2; do
		real_server "${rip[$1,$n]}" "$2" "$3"
	done
	echo '}'
}
for f in 4 6; do
	virtual_server $f 7800 ''
	virtual_server $f 7801 inhibit_on_failure
done >"$conf"

chmod 755 "$state"
spawn_in "$ns_director" keepalived -n -l -C -G -f "$conf" \
	-p "$state/ka.pid" -c "$state/ka-check.pid" </dev/null >"$state/ka" 2>&1
keepalived=$spawned

# weights FAMILY PORT: of servers 1 and 2, "-" if it is not there.
weights() {
	local arrow address weight at n out='' found
	local -A got=()
	while read -r arrow address _ weight _; do
		[[ $arrow != '->' ]] || got[$address]=$weight
	done < <(ipvsadm -Ln -t "${vs[$1,1]}:$2" 2>/dev/null)
	for n in 1 2; do
		at="${rs[$1,$n]}:$2" found=-
		[[ -z ${got[$at]:-} ]] || found=${got[$at]}
		out+="$found "
	done
	echo "${out% }"
}

declare -A own # the client's server, by family and port
for f in 4 6; do
	for port in 7800 7801; do
		settles 30 '2 2' "IPv$f: port $port: its servers come" \
			weights $f $port
		from_client dial id=$f$port dst="${vip[$f,1]}|$port"
		own[$f$port]=${A[server]}
	done
done
is "$(ipvsadm -Sn | grep -c -- '-s rr -p 300')" 4 'all services are persistent'

# ---- the clients' servers fail: none listens; open connections stay open ----

for f in 4 6; do
	for port in 7800 7801; do
		n=${own[$f$port]#s}
		agent deaf addr="${rip[$f,$n]}|$port"
	done
done
failed() { # FAMILY PORT WEIGHT: what weights shows then
	if [[ ${own[$1$2]} == s1 ]]; then echo "$3 2"; else echo "2 $3"; fi
}
vs_sysctl expire_quiescent_template 1
for f in 4 6; do
	settles 30 "$(failed $f 7800 -)" "IPv$f: a failed server is removed" \
		weights $f 7800
	settles 30 "$(failed $f 7801 0)" \
		"IPv$f: inhibit_on_failure: a failed server is drained" \
		weights $f 7801
	from_client talk id=${f}7801 data='still there'
	is "${A[got]}" 1 "IPv$f: drained: the connection goes on"
	for port in 7800 7801; do
		from_client dial id=new$f$port dst="${vip[$f,1]}|$port" count=3
		check "IPv$f: port $port: new ones go to the other server" \
			test "${A[got]}" = 3 -a "${A[on_${own[$f$port]}]:-0}" = 0
	done
done

# ---- and are back ----

for f in 4 6; do
	for port in 7800 7801; do
		n=${own[$f$port]#s}
		agent accept ns="${ns_servers[n]}" id="${own[$f$port]}" \
			addr="${rip[$f,$n]}|$port"
	done
done
for f in 4 6; do
	for port in 7800 7801; do
		settles 30 '2 2' "IPv$f: port $port: both servers are back" \
			weights $f $port
		from_client talk id=$f$port data='still there'
		is "${A[got]}" 1 "IPv$f: port $port: the old connection goes on"
		from_client dial id=new$f$port dst="${vip[$f,1]}|$port" count=3
		is "${A[got]} ${A[each]##*:}" '3 3' \
			"IPv$f: port $port: the client has one server"
	done
done

kill -TERM "$keepalived"
nothing() { [[ -z $(ipvsadm -Sn) ]]; }
check 'services go with it' poll 20 nothing
