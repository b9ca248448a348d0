# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# The same traffic by the kernel's ip_vs and by opvs, one after the other: what
# stock ipvsadm and the files of /proc show of it is the same to the character,
# apart from times.
if [[ $module != opvs ]]; then
	skip 'comparison with ip_vs' 'this is ip_vs'
	return 0
fi
modprobe sctp 2>/dev/null || :

# ---- the traffic ----

# One server for each service, so that both have the same entries whoever's
# turn it would be.
only() { # FLAG VIP PORT SERVER [OPTION...]
	local flag=$1 v=$2 port=$3 n=$4
	shift 4
	ipvsadm -A "$flag" "${vs[$f,$v]}:$port" -s rr "$@"
	ipvsadm -a "$flag" "${vs[$f,$v]}:$port" -r "${rs[$f,$n]}:$port" -m
}

traffic() {
	local f id
	for f in 4 6; do
		only -t 1 7700 1
		only -t 2 7700 2 -p 300
		only -u 1 7701 3
		only -u 2 7701 1 -p 60 -M "${mask[$f]}"
		only -u 3 7701 2 -o -p 20 --pe sip
		only --sctp-service 1 7702 1
		only -t 4 0 2 -p 1000
		only -t 5 7703 3
		# Each of these leaves its connection in another state.
		for id in open closed reset half; do
			from_client dial id=$f$id dst="${vip[$f,1]}|7700" \
				src="${client_ip[$f]}|$((++port))"
		done
		agent hang id="${f}closed"
		agent half id="${f}half"
		from_client dial id="${f}sticky" dst="${vip[$f,2]}|7700" \
			src="${client_ip[$f]}|$((port += 10))" count=2
		from_client dial id="${f}zero" dst="${vip[$f,4]}|7700" \
			src="${client_ip[$f]}|$((port += 10))"
		from_client clients src="${client_ip[$f]}|$((port += 10))" \
			count=3 dst="${vip[$f,1]}|7701,${vip[$f,2]}|7701"
		if [[ -e /sys/module/sctp ]]; then
			for id in open closed; do
				from_client dial id="${f}sctp$id" proto=sctp \
					src="${client_ip[$f]}|$((++port))" \
					dst="${vip[$f,1]}|7702"
			done
		fi
	done
	# Last, what is over in ten seconds: calls, as ip_vs cannot be unloaded
	# before their templates end, and what was closed or reset.
	for f in 4 6; do
		from_client calls src="${client_ip[$f]}|$((port += 10))" \
			count=3 dst="${vip[$f,3]}|7701"
	done
	for f in 4 6; do
		agent hang id="${f}reset" how=rst
		from_client dial id="${f}nobody" dst="${vip[$f,5]}|7703" \
			src="${client_ip[$f]}|$((port += 10))" mute=1
		if [[ -e /sys/module/sctp ]]; then
			agent hang id="${f}sctpclosed"
		fi
	done
}
declare -A mask=([4]=255.255.0.0 [6]=64)

# ---- what is shown ----

# Entries are in no order, so their lines are sorted; the head is not. Times:
# MM:SS and seconds at the end of their column.
normal() {
	sed -E 's/ [0-9]{2}:[0-9]{2} / MM:SS /' |
		awk 'NR <= head { print; next } { print | "sort" }' head="$1"
}
seconds() { # COLUMN: masks the number that ends there, its width is kept
	sed -E 's/^((IP|UDP|TCP|SCTP) .*[A-Z_0-9]+ +)[0-9]+( sip.*)?$/\1SECONDS\3/; s/ +SECONDS/ SECONDS/'
}

# With ip_vs, answers change the state of templates of one-packet services. It
# is the one difference that is meant, hence those templates are masked.
one_packet() {
	sed -E '/(:0 +(10\.91\.0\.3|\[fd91::3\]):7701 | 0000 .*0003 1E15 )/s/ (NONE   |ASSURED) / STATE   /'
}

# With ip_vs, calls of a one-packet service are no server's load; here they are
# the active connections of their server. So ours may show three where it has none.
calls_are_none() {
	[[ $1 == */ours ]] || { cat && return; }
	sed -E '/((10\.91\.0\.3|\[fd91::3\]):7701|0003\]?:1E15) /{ n; s/ 3( +0 *)$/ 0\1/ }'
}

# There is no time to lose while connections end.
look() { # FOLDER
	mkdir "$1"
	ipvsadm -Lnc >"$1/raw-lnc"
	ipvsadm -Lnc --persistent-conn >"$1/raw-lnc-persistent"
	cat /proc/net/ip_vs_conn >"$1/raw-conn"
	cat /proc/net/ip_vs_conn_sync >"$1/raw-conn_sync"
	ipvsadm -Ln >"$1/raw-ln"
	ipvsadm -Ln --persistent-conn >"$1/raw-ln-persistent"
	ipvsadm -Ln --thresholds >"$1/raw-ln-thresholds"
	cat /proc/net/ip_vs >"$1/raw-ip_vs"
}

shown() { # FOLDER
	local name
	look "$1"
	for name in lnc lnc-persistent; do
		one_packet <"$1/raw-$name" | normal 2 >"$1/$name"
	done
	for name in conn conn_sync; do
		one_packet <"$1/raw-$name" | seconds | normal 1 >"$1/$name"
	done
	# Every line is as long as its kind has it: times are right-aligned.
	awk '{ print $1, length() - (NF > 9 ? length($NF) : 0) }' \
		"$1/raw-conn" | sort -u >"$1/conn-widths"
	for name in ln ln-persistent ln-thresholds; do
		calls_are_none "$1" <"$1/raw-$name" >"$1/$name"
	done
	# Services are in no order either; each goes with its servers.
	awk 'NR == 1 { next } NR <= 3 { print; next }
		/^  ->/ { svc = svc "|" $0; next }
		{ if (svc) print svc | "sort"; svc = $0 }
		END { print svc | "sort" }' < <(calls_are_none "$1" <"$1/raw-ip_vs") \
		>"$1/ip_vs"
	# The size of the table is told, and need not be the same.
	sed -i '1s/size=[0-9]*/size=N/' "$1/ln" "$1/ln-persistent" \
		"$1/ln-thresholds"
}

round() { # FOLDER
	local port=26000 id
	accept_on 7700
	servers 7701
	if [[ -e /sys/module/sctp ]]; then
		accept_on 7702 proto=sctp
	fi
	traffic
	shown "$1"
	agent reset
	ipvsadm -C
}

rmmod opvs
modprobe -a ip_vs ip_vs_rr ip_vs_pe_sip
round "$state/theirs"
# Templates hold the engine for as long as they live.
modprobe -r ip_vs_rr
gone() { rmmod ip_vs_pe_sip ip_vs 2>/dev/null; }
poll 100 gone
modprobe opvs
round "$state/ours"

lines=$(wc -l <"$state/theirs/lnc")
check "there was something to show: $lines lines" test "$lines" -ge 30
for what in lnc lnc-persistent conn conn-widths conn_sync ln ln-persistent \
	ln-thresholds ip_vs; do
	same_text "$(<"$state/ours/$what")" "$(<"$state/theirs/$what")" "$what"
done
