# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# One-packet SIP with a template for each call: by turns among servers, every
# message of a call on one, and the template lives as long as its call.

! same_everywhere 'calls with templates' || return 0

# ---- real sipp ----

# The mask says that the client's address does not matter. IPv6 has no prefix
# of length 0; what is left of addresses with one of length 1 is a bit.
declare -A mask=([4]=0.0.0.0 [6]=1)
declare -A anybody=([4]=0.0.0.0:0 [6]='[8000::]:0')
# Answers to one-packet traffic leave no trace, other than with ip_vs.
state_of_calls=NONE
[[ $module == opvs ]] || state_of_calls=ASSURED
# And calls are no load to it.
load_of_calls=6/0
[[ $module == opvs ]] || load_of_calls=0/0
rate=50
[[ $OPVS_KERNEL == stock ]] || rate=20

for f in 4 6; do
	svc=${vs[$f,1]}:5060
	tracked -u "$f" 1 5060 -m -s rr -o -p 300 -M "${mask[$f]}" --pe sip
	start_sipp_servers "$f"
	agent sniff id=client ns="$ns_client" dev=c0
	check "IPv$f: sipp: 60 calls, none failed" sipp_calls "$f" 1 60 $rate
	sipp_outcome
	is "$sipp_succeeded/$sipp_failed" 60/0 "IPv$f: sipp says so too"
	sipp_calls_per_server
	is "$sipp_split/$sipp_known" 0/60 "IPv$f: no call is split"
	for n in 1 2 3; do
		near "${sipp_on[n]}" 20 "$(nproc)" "IPv$f: server $n: a third"
	done

	captured client "udp and dst port 5060" >"$state/asked"
	captured_in=$(grep -c "> ${vip[$f,1]}\.5060" "$state/asked" || :)
	in_packets() {
		ipvsadm -Ln --stats --exact -u "$svc" |
			awk '$1 == "UDP" { print $4 }'
	}
	settles 5 "$captured_in" "IPv$f: each request counted" in_packets

	is "$(states "$svc ")" "$state_of_calls:60" \
		"IPv$f: a template a call, and nothing besides"
	ipvsadm -Lnc --persistent-conn | awk -v svc="$svc" '
		$5 == svc { print $4, $7, $8 }' | sort >"$state/templates"
	cat "$state"/calls[123] | awk -v from="${anybody[$f]}" '
		$1 == "INVITE" && !seen[$2]++ { print from, "sip", $2 }' |
		sort >"$state/called"
	check "IPv$f: with engine and Call-ID, for anybody" \
		diff "$state/called" "$state/templates"
	end_spawned
	ipvsadm -D -u "$svc"
done

# ---- how long a template lives ----

servers 5075
say() { # METHOD: a message of each of six calls; are all where they were?
	from_client calls dst="${vip[$f,2]}|5075" count=6 methods="$1" \
		prefix="life$f" map="$1$f"
	[[ $1 == INVITE ]] || agent moved a="INVITE$f" b="$1$f"
}
for f in 4 6; do
	svc=${vs[$f,2]}:5075
	tracked -u "$f" 2 5075 -m -s rr -o -p 10 -M "${mask[$f]}" --pe sip
	say INVITE
	is "${A[got]}/${A[foreign]}" 6/0 "IPv$f: six calls"
	is "$(persistent_of -u "$svc")" 6 "IPv$f: as many templates at servers"
	is "$(total -u "$f" 2 5075)" "$load_of_calls" \
		"IPv$f: each is an active connection"
done
for method in INFO UPDATE BYE; do
	pass_time 4
	for f in 4 6; do
		say $method
		is "${A[kept]}" 6 "IPv$f: $method finds each call's server"
	done
done
for f in 4 6; do
	svc=${vs[$f,2]}:5075
	is "$(entries "$svc " | wc -l)" 6 "IPv$f: their templates live on"
done
for f in 4 6; do
	svc=${vs[$f,2]}:5075
	settles 15 '' "IPv$f: and end 10 s after the last message" \
		states "$svc "
	settles 2 0 "IPv$f: at the servers too" persistent_of -u "$svc"
	is "$(total -u "$f" 2 5075)" 0/0 "IPv$f: which carry none any more"
done
