# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Calls of one-packet services are their servers' load: the default scheduler
# balances them, thresholds stop them, and ipvsadm shows them as active
# connections - by their templates, or estimated where nothing remembers them.
if [[ $module != opvs ]]; then
	skip 'calls as load' 'ip_vs does not count them'
	return 0
fi
! same_everywhere 'calls as load' || return 0
servers 5085
servers 5086
load_seconds=/proc/sys/net/opvs/load_seconds
# Each part has a virtual address of its own, as calls outlive their service. No
# client's address counts; of IPv6 addresses a bit must.
declare -A mask=([4]=0.0.0.0 [6]=1)

# active SERVER FAMILY VIP-NUMBER PORT: its active connections.
active() {
	local all
	read -ra all < <(loads -u "${@:2}")
	echo "${all[$1 - 1]%/*}"
}

# say METHOD COUNT PREFIX: a message of each of so many calls, from one client;
# to the service in $svc.
say() {
	from_client calls src="${client_ip[$f]}|5060" dst="$target" \
		methods="$1" count="$2" prefix="$3"
}

# within PERCENT GOT WANT NAME
within() { near "$2" "$3" $(($3 * $1 / 100)) "$4"; }

# ---- the default scheduler ----

for f in 4 6; do
	svc=${vs[$f,1]}:5085 target="${vip[$f,1]}|5085"
	persistent=(-o -M "${mask[$f]}" --pe sip)
	tracked -u "$f" 1 5085 -m "${persistent[@]}" -p 600
	is "$(ipvsadm -Ln -u "$svc" | awk '$1 == "UDP" { print $3 }')" wlc \
		"IPv$f: the default scheduler"

	say INVITE 3000 "even$f"
	is "${A[got]}/${A[foreign]}" 3000/0 "IPv$f: 3000 calls of one client"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 1000 90 \
			"IPv$f: server $n: a third, within 3 points"
		is "$(active "$n" "$f" 1 5085)" "${A[on_s$n]:-0}" \
			"IPv$f: server $n: ipvsadm shows each as active"
	done
	say BYE 3000 "even$f"
	is "$(total -u "$f" 1 5085)" 3000/0 "IPv$f: their BYEs are no calls"
	ipvsadm -D -u "$svc"

	svc=${vs[$f,2]}:5085 target="${vip[$f,2]}|5085"
	tracked -u "$f" 2 5085 -m "${persistent[@]}" -p 600
	for n in 2 3; do
		dest -e "$f" 2 5085 "$n" -m -w $((1 << (n - 1)))
	done
	say INVITE 3500 "weighed$f"
	for n in 1 2 3; do
		within 5 "${A[on_s$n]:-0}" $((500 << (n - 1))) \
			"IPv$f: weights 1:2:4, server $n: its share"
	done
	ipvsadm -D -u "$svc"
done

# ---- thresholds where templates remember ----

# fewer COUNT: does server 1 have fewer calls?
fewer() { (($(active 1 "$f" 3 5085) < $1)); }

# ends COUNT PREFIX: the first so many calls of these end within seconds.
ends() {
	ipvsadm -E -u "$svc" "${persistent[@]}" -p 2
	say BYE "$1" "$2"
	ipvsadm -E -u "$svc" "${persistent[@]}" -p 600
}

for f in 4 6; do
	svc=${vs[$f,3]}:5085 target="${vip[$f,3]}|5085"
	persistent=(-o -M "${mask[$f]}" --pe sip)
	tracked -u "$f" 3 5085 -m "${persistent[@]}" -p 600
	dest -e "$f" 3 5085 1 -m -w 1 -x 500 -y 400
	say INVITE 3000 "many$f"
	is "${A[got]}" 3000 "IPv$f: 3000 calls, -x 500 at server 1"
	within 3 "${A[on_s1]:-0}" 500 "IPv$f: it stops near 500"
	say INFO 3000 "many$f"
	within 3 "${A[on_s1]:-0}" 500 "IPv$f: its calls go on there"

	ends 150 "many$f"
	poll 10 fewer 460 || :
	within 3 "$(active 1 "$f" 3 5085)" 450 "IPv$f: 50 of them end"
	say INVITE 60 "between$f"
	is "${A[on_s1]:-0}" 0 "IPv$f: it is not below -y 400: no call"
	ends 900 "many$f"
	poll 10 fewer 210 || :
	within 5 "$(active 1 "$f" 3 5085)" 200 "IPv$f: 250 more end"
	say INVITE 60 "below$f"
	is "${A[on_s1]:-0}" 60 "IPv$f: below -y: it takes calls again"
	ipvsadm -D -u "$svc"
done

# ---- estimates where nothing remembers ----

# mass COUNT PORT: a datagram from each of so many ports; until all have arrived.
mass() {
	from_client mass src="${client_ip[$f]}|$2" dst="$target" count="$1"
	((expected += $1))
	poll 10 arrived || diag "of $expected there came $(packets_of all)"
}
arrived() { (($(packets_of all) >= expected)); }

# packets_of SERVER|all: datagrams for it, by ipvsadm.
packets_of() {
	local at=all
	[[ $1 == all ]] || at=${rs[$f,$1]}:5086
	ipvsadm -Ln --stats --exact -u "${vs[$f,2]}:5086" | awk -v at="$at" '
		$1 == "UDP" && at == "all" || $2 == at { print $(NF - 3) }'
}

for f in 4 6; do
	target="${vip[$f,2]}|5086"
	service "$f" 2 5086 -s rr
	expected=0
	mass 3000 1024
	for n in 1 2 3; do
		within 10 "$(active "$n" "$f" 2 5086)" 1000 \
			"IPv$f: rr, 3000 clients: server $n: its third"
	done
	before=$(loads -u "$f" 2 5086)
	for n in 1 2 3; do
		dest -e "$f" 2 5086 "$n" -m -w $((n % 2))
	done
	is "$(loads -u "$f" 2 5086)" "$before" "IPv$f: whatever their weight"

	ipvsadm -E -u "${vs[$f,2]}:5086" -o -s mh --pe sip
	for n in 1 2 3; do
		dest -e "$f" 2 5086 "$n" -m -w 1
	done
	is "$(loads -u "$f" 2 5086)" "$before" "IPv$f: and whatever scheduler"
	echo 4 >$load_seconds
	is "$(total -u "$f" 2 5086)" 0/0 \
		"IPv$f: another load_seconds: all begins anew"
	echo 60 >$load_seconds
	say INVITE 1500 "hashed$f"
	say ACK 1500 "hashed$f"
	for n in 1 2 3; do
		within 10 "$(active "$n" "$f" 2 5086)" "${A[on_s$n]:-0}" \
			"IPv$f: mh, 1500 calls: server $n: those that it has"
	done
	echo 10 >$load_seconds
	say OPTIONS 90 "brief$f"
	within 10 "$(active 1 "$f" 2 5086)" "${A[on_s1]:-0}" \
		"IPv$f: mh, 90 calls: server 1: those that it has"
	settles 20 '0/0 0/0 0/0' "IPv$f: calls without messages cease to count" \
		loads -u "$f" 2 5086
	echo 60 >$load_seconds
	ipvsadm -D -u "${vs[$f,2]}:5086"

	# New calls of a server that is full go to the others, and stay there.
	service "$f" 2 5086 -s mh -b mh-fallback --pe sip
	dest -e "$f" 2 5086 1 -m -w 1 -x 100
	from_client calls src="${client_ip[$f]}|5060" dst="$target" \
		methods=INVITE count=900 prefix="full$f" map=begun
	is "${A[got]}" 900 "IPv$f: mh-fallback, 900 calls, -x 100 at server 1"
	within 10 "${A[on_s1]:-0}" 100 "IPv$f: it stops there"
	from_client calls src="${client_ip[$f]}|5060" dst="$target" \
		methods=BYE count=900 prefix="full$f" map=ended
	agent moved a=begun b=ended
	is "${A[kept]}" 900 "IPv$f: each call ends where it began"
	ipvsadm -D -u "${vs[$f,2]}:5086"

	# The turns of a server that is full go to the others.
	service "$f" 2 5086 -s rr
	dest -e "$f" 2 5086 1 -m -w 1 -x 200 -y 100
	expected=0
	mass 3000 20000
	within 10 "$(active 1 "$f" 2 5086)" 200 "IPv$f: rr, -x 200: it stops there"
	full=$(packets_of 1)
	within 10 "$full" 200 "IPv$f: and got no more than that"
	mass 300 30000
	is "$(packets_of 1)" "$full" "IPv$f: nor later"
	echo 4 >$load_seconds
	mass 300 40000
	near "$(packets_of 1)" $((full + 100)) "$(nproc)" \
		"IPv$f: until its calls are over"
	echo 60 >$load_seconds
	ipvsadm -D -u "${vs[$f,2]}:5086"
done
