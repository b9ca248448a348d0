# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Schedulers that look at load or weight alone: how they share connections and
# single packets, and what edits of weights, thresholds and removals make of it.
! same_everywhere 'schedulers by load' || return 0
accept_on 5320
servers 5320

# scheduled SCHEDULER FAMILY VIP WEIGHT1 WEIGHT2 WEIGHT3: for TCP, UDP and, on
# port 5321, single packets.
scheduled() {
	local f=$2 v=$3 n flag
	{
		for flag in -t -u; do
			echo "-A $flag ${vs[$f,$v]}:5320 -s $1"
			for n in 1 2 3; do
				echo "-a $flag ${vs[$f,$v]}:5320" \
					"-r ${rs[$f,$n]}:5320 -m -w ${*:n+3:1}"
			done
		done
		echo "-A -u ${vs[$f,$v]}:5321 -s $1 -o"
		for n in 1 2 3; do
			echo "-a -u ${vs[$f,$v]}:5321" \
				"-r ${rs[$f,$n]}:5320 -m -w ${*:n+3:1}"
		done
	} | ipvsadm -R
}

# shared OFF WANT1 WANT2 WANT3 TEXT: what the agent counted, each to OFF.
shared() {
	local off=$1 got="${A[on_s1]:-0} ${A[on_s2]:-0} ${A[on_s3]:-0}" n
	local want="$2 $3 $4" counts
	read -ra counts <<<"$got"
	for n in 0 1 2; do
		if ((counts[n] < ${*:n+2:1} - off ||
			counts[n] > ${*:n+2:1} + off)); then
			not_ok "$5" "got:  $got" "want: $want, give or take $off"
			return
		fi
	done
	ok "$5"
}

# opens FAMILY VIP COUNT: so many more connections, which stay until hang_up.
opens() {
	((++opened))
	from_client dial id="held$opened" dst="${vip[$1,$2]}|5320" count="$3"
}
opened=0

hang_up() {
	for (( ; opened; opened--)); do
		agent hang id="held$opened"
	done
}

# sends FAMILY VIP COUNT: so many packets of one client, each for itself.
sends() { from_client burst dst="${vip[$1,$2]}|5321" count="$3"; }

# clients FAMILY VIP COUNT: so many clients. No two services may use a server
# for the same port of a client at a time.
clients() {
	from_client clients src="${client_ip[$1]}|${2}0000" count="$3" \
		dst="${vip[$1,$2]}|5320"
}

weigh() { # FLAG FAMILY VIP PORT SERVER OPTION...
	ipvsadm -e "$1" "${vs[$2,$3]}:$4" -r "${rs[$2,$5]}:5320" -m "${@:6}"
}

gone() { # FLAG FAMILY VIP PORT SERVER
	ipvsadm -d "$1" "${vs[$2,$3]}:$4" -r "${rs[$2,$5]}:5320"
}

cpus=$(nproc)
for f in 4 6; do
	# ---- lc: weights are some or none ----
	scheduled lc "$f" 1 1 2 4
	opens "$f" 1 30
	shared 0 10 10 10 "IPv$f: lc deals connections alike"
	is "$(loads -t "$f" 1 5320)" '10/0 10/0 10/0' \
		"IPv$f: as ipvsadm shows them"
	weigh -t "$f" 1 5320 1 -w 0
	opens "$f" 1 10
	shared 0 0 5 5 "IPv$f: lc without a drained server"
	weigh -t "$f" 1 5320 1 -w 1
	weigh -t "$f" 1 5320 2 -w 1 -x 17
	opens "$f" 1 15
	shared 0 9 2 4 "IPv$f: lc fills up what is behind, to a threshold"
	gone -t "$f" 1 5320 3
	opens "$f" 1 4
	shared 0 4 0 0 "IPv$f: lc after a removal"
	clients "$f" 1 30
	shared 0 10 10 10 "IPv$f: lc deals UDP clients alike"
	sends "$f" 1 210
	shared "$((3 * cpus))" 70 70 70 "IPv$f: lc deals single packets alike"
	hang_up

	# ---- wlc: by weight ----
	scheduled wlc "$f" 2 1 2 4
	opens "$f" 2 35
	shared 0 5 10 20 "IPv$f: wlc deals connections by weight"
	weigh -t "$f" 2 5320 1 -w 4
	opens "$f" 2 15
	shared 0 15 0 0 "IPv$f: wlc fills up whose weight has grown"
	weigh -t "$f" 2 5320 2 -w 2 -x 12
	opens "$f" 2 22
	shared 0 10 2 10 "IPv$f: wlc, to a threshold"
	gone -t "$f" 2 5320 3
	opens "$f" 2 5
	shared 0 5 0 0 "IPv$f: wlc after a removal"
	clients "$f" 2 70
	shared 0 10 20 40 "IPv$f: wlc deals UDP clients by weight"

	sends "$f" 2 700
	shared "$((3 * cpus))" 100 200 400 \
		"IPv$f: wlc deals one client's single packets by weight"
	weigh -u "$f" 2 5321 1 -w 4
	sends "$f" 2 500
	shared "$((3 * cpus))" 200 100 200 "IPv$f: by the new weights"
	weigh -u "$f" 2 5321 3 -w 4 -x 1
	sends "$f" 2 300
	shared "$((3 * cpus))" 200 100 0 \
		"IPv$f: not to a server with its one call"
	gone -u "$f" 2 5321 2
	sends "$f" 2 100
	shared 0 100 0 0 "IPv$f: nor to one that was removed"
	hang_up

	# ---- sed: as if the new connection were there already ----
	scheduled sed "$f" 3 1 2 4
	opens "$f" 3 3
	shared 0 0 1 2 "IPv$f: sed begins with the strong"
	opens "$f" 3 32
	shared 0 5 9 18 "IPv$f: sed deals connections by weight"
	weigh -t "$f" 3 5320 3 -w 1
	weigh -t "$f" 3 5320 1 -w 4 -x 12
	opens "$f" 3 10
	shared 0 7 3 0 "IPv$f: sed, new weights, to a threshold"
	gone -t "$f" 3 5320 2
	opens "$f" 3 5
	shared 0 0 0 5 "IPv$f: sed after a removal"
	sends "$f" 3 210
	shared "$((3 * cpus))" 30 60 120 "IPv$f: sed deals single packets by weight"
	hang_up

	# ---- nq: a server that has nothing to do, else sed ----
	scheduled nq "$f" 4 1 2 4
	opens "$f" 4 3
	shared 0 1 1 1 "IPv$f: nq begins with everybody"
	opens "$f" 4 32
	shared 1 4 9 19 "IPv$f: nq goes on by weight"
	weigh -t "$f" 4 5320 1 -w 0
	weigh -t "$f" 4 5320 2 -w 2 -x 12
	opens "$f" 4 10
	shared 1 0 2 8 "IPv$f: nq, new weights, to a threshold"
	gone -t "$f" 4 5320 3
	opens "$f" 4 1
	is "${A[got]} ${A[errno]}" '0 ECONNREFUSED' "IPv$f: nq when nobody is left"
	sends "$f" 4 210
	shared "$((3 * cpus))" 30 60 120 "IPv$f: nq deals single packets by weight"
	hang_up

	# ---- fo: the heaviest ----
	scheduled fo "$f" 5 1 5 3
	opens "$f" 5 6
	shared 0 0 6 0 "IPv$f: fo, all connections to the heaviest"
	weigh -t "$f" 5 5320 2 -w 0
	opens "$f" 5 6
	shared 0 0 0 6 "IPv$f: fo, to the next when that is drained"
	weigh -t "$f" 5 5320 3 -w 3 -x 9
	opens "$f" 5 6
	shared 0 3 0 3 "IPv$f: fo, to a threshold"
	weigh -t "$f" 5 5320 2 -w 5
	gone -t "$f" 5 5320 1
	opens "$f" 5 6
	shared 0 0 6 0 "IPv$f: fo, back again"
	sends "$f" 5 50
	shared 0 0 50 0 "IPv$f: fo, all single packets to the heaviest"
	gone -u "$f" 5 5321 2
	sends "$f" 5 50
	shared 0 0 0 50 "IPv$f: fo, to the next when that is removed"
	hang_up

	# ---- ovf: the heaviest, until it has more than its weight ----
	scheduled ovf "$f" 6 2 8 4
	opens "$f" 6 20
	shared 0 3 9 5 "IPv$f: ovf flows over from server to server"
	is "${A[errors]}" ECONNREFUSED:3 "IPv$f: ovf, and then it is full"
	weigh -t "$f" 6 5320 3 -w 20 -x 10
	weigh -t "$f" 6 5320 1 -w 3
	opens "$f" 6 7
	shared 0 1 0 5 "IPv$f: ovf, new weights, to a threshold"
	gone -t "$f" 6 5320 2
	opens "$f" 6 1
	is "${A[got]} ${A[errno]}" '0 ECONNREFUSED' \
		"IPv$f: ovf after a removal"
	sends "$f" 6 50
	shared 0 0 50 0 "IPv$f: ovf, one call is not more than a weight"
	hang_up

	# ---- twos: of two at random, the less loaded ----
	scheduled twos "$f" 7 1 2 4
	opens "$f" 7 70
	shared 9 10 20 40 "IPv$f: twos deals connections by weight"
	weigh -t "$f" 7 5320 1 -w 0
	opens "$f" 7 10
	is "${A[got]} ${A[on_s1]:-0}" '10 0' "IPv$f: twos with a drained server"
	weigh -t "$f" 7 5320 2 -w 2 -x 1
	opens "$f" 7 10
	shared 0 0 0 10 "IPv$f: twos, not beyond a threshold"
	gone -t "$f" 7 5320 3
	weigh -t "$f" 7 5320 1 -w 1
	opens "$f" 7 10
	shared 0 10 0 0 "IPv$f: twos after a removal"
	# Each by itself, at random: that is less than six standard deviations.
	sends "$f" 7 2100
	shared 130 300 600 1200 "IPv$f: twos deals single packets by weight"
	hang_up

	# ---- none: no server ----
	scheduled none "$f" 8 1 2 4
	check "IPv$f: ipvsadm shows the scheduler none" \
		grep -qF -- "-A -t ${vs[$f,8]}:5320 -s none" <(ipvsadm -Sn)
	opens "$f" 8 1
	is "${A[got]} ${A[errno]}" '0 ECONNREFUSED' "IPv$f: none refuses connections"
	from_client ask dst="${vip[$f,8]}|5321" connect=1 data=hello
	is "${A[errno]}" ECONNREFUSED "IPv$f: none refuses datagrams"
	ipvsadm -E -t "${vs[$f,8]}:5320" -s wlc
	opens "$f" 8 7
	shared 0 1 2 4 "IPv$f: none, until there is another scheduler"
	hang_up
done
