# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# SIP servers that call: five of one virtual address, all at once, a callee at the
# client's side. All that is answered or asked in such a call comes back to the
# server that began it, by templates and without, also while a server is added.
# In half of the calls it is the callee who hangs up.
! same_everywhere 'SIP servers that call' || return 0
calls=20 rate=4 # of each server

# Servers 1 to 6 live in three namespaces, two in each.
caller_ip() { # FAMILY SERVER
	local n=$((($2 - 1) % 3 + 1)) last=$((($2 - 1) / 3 + 2))
	echo "${rip[$1,$n]%2}$last"
}
caller_at() { # FAMILY SERVER: as ipvsadm has it
	local ip
	ip=$(caller_ip "$1" "$2")
	(($1 == 4)) || ip=[$ip]
	echo "$ip:5060"
}
for n in 1 2 3; do
	in_server "$n" ip addr add "$(caller_ip 4 $((n + 3)))/24" dev e"$n"
	in_server "$n" ip addr add "$(caller_ip 6 $((n + 3)))/64" dev e"$n" nodad
done

callee_listens() {
	in_client ss -Hlnu 'sport = :5060' | grep -qF -- "${client_ip[$f]}"
}

# calls_out RUN: each of the five makes its calls; sets made, how many of all
# succeeded, and lost, how many did not.
calls_out() {
	local i pids=() before
	before=$(to_servers)
	for i in 1 2 3 4 5; do
		spawn_in "${ns_servers[($i - 1) % 3 + 1]}" \
			sipp -sf "$e2e/sipp/caller.xml" -nostdin \
			-i "$(caller_ip "$f" "$i")" -p 5060 \
			-key vip "${vs[$f,$v]}:5060" -cid_str "%u@s$i-$1" \
			-m $calls -r $rate -l $calls -d 300 \
			-timeout 120s -timeout_error -trace_stat -fd 600 \
			-stf "$state/caller$i.csv" "${cs[$f]}:5060" \
			</dev/null >"$state/caller$i" 2>&1
		pids+=("$spawned")
	done
	[[ $1 != *added ]] || add_server
	made=0 lost=0
	for i in 1 2 3 4 5; do
		wait "${pids[i - 1]}" || diag "$(tail -n 40 "$state/caller$i")"
		cp "$state/caller$i.csv" "$state/sipp.csv"
		sipp_outcome
		((made += sipp_succeeded, lost += sipp_failed)) || :
	done
}

# When some calls have come to their end and many are to come.
add_server() {
	poll 60 answered_some || diag 'no packets of the service'
	ipvsadm -a -u "${vs[$f,$v]}:5060" -r "$(caller_at "$f" 6)" -m
}
answered_some() { (($(to_servers) > before + 100)); }
to_servers() {
	ipvsadm -Ln --stats --exact -u "${vs[$f,$v]}:5060" |
		awk '$1 == "UDP" { print $4 }'
}

run_calls() { # NAME RUN
	calls_out "$2"
	is "$made/$lost" $((5 * calls))/0 \
		"IPv$f: $1: calls that servers made, and that failed"
}

outbound() { # NAME OPTION...
	local name=$1 i
	shift
	ipvsadm -A -u "${vs[$f,$v]}:5060" -o --pe sip "$@"
	for i in 1 2 3 4 5; do
		ipvsadm -a -u "${vs[$f,$v]}:5060" -r "$(caller_at "$f" "$i")" -m
	done
	agent sniff id=callee ns="$ns_client" dev=c0
	run_calls "$name" "$f$v"
	captured callee "udp and dst host ${client_ip[$f]}" >"$state/came"
	is "$(grep -cvF "${vip[$f,$v]}.5060 > " "$state/came" || :)" 0 \
		"IPv$f: $name: all that came was the virtual address's"
	run_calls "$name, a server is added" "$f$v-added"
	ipvsadm -D -u "${vs[$f,$v]}:5060"
}

for f in 4 6; do
	spawn_in "$ns_client" sipp -sf "$e2e/sipp/callee.xml" -nostdin \
		-i "${client_ip[$f]}" -p 5060 -d 300 </dev/null \
		>"$state/callee" 2>&1
	callee=$spawned
	poll 20 callee_listens
	v=1 outbound persistent -s rr -p 300 -M "$( ((f == 4)) &&
		echo 0.0.0.0 || echo 1)"
	v=2 outbound stateless -s mh
	kill "$callee"
	wait "$callee" 2>/dev/null || :
done
