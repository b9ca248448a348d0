# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Schedulers by which an address has its server: sh by the client's, and dh,
# lblc and lblcr by the one that is asked for, of which a mark has many.
! same_everywhere 'schedulers by addresses' || return 0
servers 7700
accept_on 7700

# reweigh ADDRESS SERVER WEIGHT: of the service "-u ADDRESS:7700".
reweigh() {
	ipvsadm -e -u "$1:7700" -r "$2:7700" -m -w "$3"
}

# ---- sh ---------------------------------------------------------------------

plan() { # add or del: 16 clients' addresses
	local n
	for n in {10..25}; do
		echo "addr $1 10.91.1.$n/32 dev c0"
		echo "addr $1 fd91:1::$n/128 dev c0$([[ $1 == del ]] ||
			echo ' nodad')"
	done
}
plan add | ip -n "$ns_client" -batch -
declare -A client_net=([4]=10.91.1. [6]=fd91:1::)

# each_client FAMILY PORT: one datagram from each; sets served, the server of
# each or - for none.
each_client() {
	local n
	served=()
	for n in {10..25}; do
		agent clients ns="$ns_client" src="${client_net[$1]}$n|$2" \
			dst="${vip[$1,1]}|7700"
		served+=("$( ((!A[got])) && echo - || echo "${A[each]%:1}")")
	done
}

# served_by SERVER: how many clients.
served_by() {
	local one count=0
	for one in "${served[@]}"; do
		[[ $one != "$1" ]] || ((count += 1))
	done
	echo $count
}

# others_moved: how many of the first time's but for server gone's.
others_moved() {
	local i count=0
	for i in "${!first[@]}"; do
		[[ ${first[i]} == "$gone" || ${first[i]} == "${served[i]}" ]] ||
			((count += 1))
	done
	echo $count
}

for f in 4 6; do
	tracked -u "$f" 1 7700 -m -s sh
	each_client "$f" 20000
	first=("${served[@]}")
	gone=${first[0]}
	lost=$(served_by "$gone")
	is "$(served_by -)" 0 "IPv$f: sh: all answered"
	check "IPv$f: sh: not all by one server" test "$lost" -lt 16
	each_client "$f" 20001
	is "${served[*]}" "${first[*]}" "IPv$f: sh: a client is its address"

	reweigh "${vs[$f,1]}" "${rs[$f,${gone#s}]}" 0
	each_client "$f" 20002
	is "$(served_by -) $(others_moved)" "$lost 0" \
		"IPv$f: sh: clients of a drained server have none, others stay"
	ipvsadm -E -u "${vs[$f,1]}:7700" -s sh -b sh-fallback
	each_client "$f" 20003
	is "$(served_by -) $(served_by "$gone") $(others_moved)" '0 0 0' \
		"IPv$f: sh-fallback: they have another one, others stay"
	fled=("${served[@]}")
	each_client "$f" 20004
	is "${served[*]}" "${fled[*]}" "IPv$f: sh-fallback: always the same one"
	reweigh "${vs[$f,1]}" "${rs[$f,${gone#s}]}" 1
	each_client "$f" 20005
	is "${served[*]}" "${first[*]}" "IPv$f: sh-fallback: all are back"

	tracked -u "$f" 2 7700 -m -s sh -b sh-port
	ports() { # FROM COUNT MAP
		from_client clients src="${client_ip[$f]}|$1" count="$2" \
			dst="${vip[$f,2]}|7700" map="$3"
	}
	ports 20000 150 one
	is "${A[got]}" 150 "IPv$f: sh-port: all answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 50 29 "IPv$f: sh-port: server $n"
	done
	# The entries would serve even where the rule did not.
	agent flush ns="$ns_director"
	ports 20000 150 two
	agent moved a=one b=two
	is "${A[kept]}" 150 "IPv$f: sh-port: a client is its address and port"
	reweigh "${vs[$f,2]}" "${rs[$f,1]}" 1000
	reweigh "${vs[$f,2]}" "${rs[$f,2]}" 1000
	reweigh "${vs[$f,2]}" "${rs[$f,3]}" 500
	ports 21000 200 heavy
	for n in 1 2; do
		near "${A[on_s$n]:-0}" 80 35 "IPv$f: sh: weight 1000: server $n"
	done
	near "${A[on_s3]:-0}" 40 29 "IPv$f: sh: weight 500: server 3"
done
plan del | ip -n "$ns_client" -batch -

# ---- many addresses ---------------------------------------------------------

if ! nft add table inet marks 2>/dev/null; then
	skip 'dh, lblc, lblcr' 'no nftables in this kernel'
	return 0
fi
# A net and a mark for each of them.
declare -A net mark=([dh]=1 [lblc]=2 [lblcr]=3)
for sched in dh lblc lblcr; do
	n=7${mark[$sched]}
	net[4,$sched]=10.91.$n. net[6,$sched]=fd91:$n::
	ip route add local "10.91.$n.0/24" dev lo
	ip -6 route add local "fd91:$n::/64" dev lo
done
nft -f - <<'END'
table inet marks {
	chain pre {
		type filter hook prerouting priority mangle;
		ip daddr 10.91.71.0/24 meta mark set 41
		ip daddr 10.91.72.0/24 meta mark set 42
		ip daddr 10.91.73.0/24 meta mark set 43
		ip6 daddr fd91:71::/64 meta mark set 61
		ip6 daddr fd91:72::/64 meta mark set 62
		ip6 daddr fd91:73::/64 meta mark set 63
	}
}
END

# marked FAMILY SCHEDULER WEIGHT: the service of all these addresses.
marked() {
	local f=$1 sched=$2 n v6=()
	((f == 4)) || v6=(-6)
	ipvsadm -A -f "$f${mark[$sched]}" "${v6[@]}" -s "$sched"
	for n in 1 2 3; do
		mark_real -a "$f" "$sched" $n -m -w "$3"
	done
}

# mark_real VERB FAMILY SCHEDULER SERVER [OPTION...]: -e, -a or -d.
mark_real() {
	local verb=$1 f=$2 sched=$3 n=$4 v6=()
	shift 4
	((f == 4)) || v6=(-6)
	ipvsadm "$verb" -f "$f${mark[$sched]}" "${v6[@]}" \
		-r "${rs[$f,$n]}:0" "$@"
}

# unmark FAMILY SCHEDULER: removes it, and its entries, which would come back.
unmark() {
	local v6=()
	(($1 == 4)) || v6=(-6)
	ipvsadm -D -f "$1${mark[$2]}" "${v6[@]}"
	agent flush ns="$ns_director"
}

# all_addresses FAMILY SCHEDULER PORT MAP: one datagram to each of 60.
all_addresses() {
	local n to=()
	for n in {10..69}; do
		to+=("${net[$1,$2]}$n|7700")
	done
	from_client clients src="${client_ip[$1]}|$3" count=60 map="$4" \
		dst="$(IFS=, && echo "${to[*]}")"
}

for f in 4 6; do
	marked "$f" dh 1
	all_addresses "$f" dh 22000 first
	is "${A[got]}" 60 "IPv$f: dh: all answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 20 18 "IPv$f: dh: server $n"
	done
	lost=${A[on_s2]:-0}
	all_addresses "$f" dh 22100 again
	agent moved a=first b=again
	is "${A[kept]}" 60 "IPv$f: dh: the same address, the same server"
	mark_real -e "$f" dh 2 -m -w 0
	all_addresses "$f" dh 22200 drained
	is "${A[on_none]:-0}" "$lost" \
		"IPv$f: dh: addresses of a drained server have none"
	agent moved a=first b=drained gone=s2
	is "${A[moved]}" 0 "IPv$f: dh: others stay"
	mark_real -e "$f" dh 2 -m -w 7
	all_addresses "$f" dh 22300 back
	agent moved a=first b=back
	is "${A[kept]}" 60 "IPv$f: dh: all are back, whatever the weight"
	unmark "$f" dh

	for sched in lblc lblcr; do
		marked "$f" $sched 1
		all_addresses "$f" $sched 23000 first
		is "${A[got]}" 60 "IPv$f: $sched: all answered"
		for n in 1 2 3; do
			near "${A[on_s$n]:-0}" 20 3 "IPv$f: $sched: server $n"
		done
		all_addresses "$f" $sched 23100 again
		agent moved a=first b=again
		is "${A[kept]}" 60 \
			"IPv$f: $sched: the same address, the same server"
		mark_real -d "$f" $sched 2
		all_addresses "$f" $sched 23200 without
		is "${A[got]}" 60 "IPv$f: $sched: a server less: all answered"
		agent moved a=first b=without gone=s2
		is "${A[moved]} ${A[stuck]}" '0 0' \
			"IPv$f: $sched: only addresses of that one move"
		mark_real -a "$f" $sched 2 -m -w 1
		all_addresses "$f" $sched 23300 back
		agent moved a=without b=back
		is "${A[kept]}" 60 "IPv$f: $sched: when it is back, none move"
		unmark "$f" $sched
	done
done

# ---- load -------------------------------------------------------------------

# dial_to FAMILY SCHEDULER ADDRESS-NUMBER ID: one connection; sets server.
dial_to() {
	from_client dial id="$4" dst="${net[$1,$2]}$3|7700"
	server=${A[server]}
}

for f in 4 6; do
	for sched in lblc lblcr; do
		marked "$f" $sched 2
		name="IPv$f: $sched"
		# Above its weight is from three on.
		used=''
		for n in 1 2 3 4; do
			dial_to "$f" $sched 5 "c$n"
			used+="$server "
		done
		read -r a1 a2 a3 b <<<"$used"
		is "$a2$a3" "$a1$a1" "$name: stays up to its weight, and one more"
		check "$name: then another, with less than half" \
			test "$b" != "$a1"
		for n in 1 2 3; do
			agent hang id=c$n how=rst
		done
		# Server a1 is idle now, b has one connection.
		dial_to "$f" $sched 5 d
		if [[ $sched == lblc ]]; then
			is "$server" "$b" "$name: and stays there"
		else
			is "$server" "$a1" \
				"$name: has both: the less loaded serves"
		fi

		dial_to "$f" $sched 6 t1
		had=$server
		mark_real -e "$f" $sched "${had#s}" -m -w 2 -x 1
		dial_to "$f" $sched 6 t2
		check "$name: nothing to a server over its threshold" \
			test "$server" != "$had"
		for n in c4 d t1 t2; do
			agent hang id=$n how=rst
		done
		unmark "$f" $sched
	done
done

# Unused addresses are new again: with two connections to it, their server is
# not the least loaded.
vs_sysctl lblc_expiration 5 lblcr_expiration 5
declare -A had_by
for f in 4 6; do
	for sched in lblc lblcr; do
		marked "$f" $sched 2
		dial_to "$f" $sched 5 "$f$sched.1"
		had_by[$f$sched]=$server
		dial_to "$f" $sched 5 "$f$sched.2"
		is "$server" "${had_by[$f$sched]}" \
			"IPv$f: $sched: expiration: not yet"
	done
done
pass_time 11
for f in 4 6; do
	for sched in lblc lblcr; do
		dial_to "$f" $sched 5 "$f$sched.3"
		check "IPv$f: $sched: unused for that long: forgotten" \
			test "$server" != "${had_by[$f$sched]}"
	done
done

nft delete table inet marks
for n in 71 72 73; do
	ip route del local "10.91.$n.0/24" dev lo
	ip -6 route del local "fd91:$n::/64" dev lo
done
