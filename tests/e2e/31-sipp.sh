# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Real sipp: a client that calls from one address and port, three servers that
# write down what they got.
service 4 1 5060 -s mh --pe sip
start_sipp_servers 4
agent sniff id=client ns="$ns_client" dev=c0
snapshot ops_created ops_released_inline ops_released_deferred
# As many as a kernel with sanitizers can take.
rate=100
[[ $OPVS_KERNEL == stock ]] || rate=20
check 'sipp: 300 calls, none failed' sipp_calls 4 1 300 $rate

sipp_outcome
is "$sipp_succeeded/$sipp_failed" 300/0 "sipp's own statistics say so too"
sipp_calls_per_server
is "$sipp_split" 0 'no call is split'
is "$((sipp_on[1] + sipp_on[2] + sipp_on[3]))" 300 'every call has a server'
for n in 1 2 3; do
	near "${sipp_on[n]}" 100 30 "server $n: a third, ±10 %"
done

captured client 'udp and dst host 10.91.1.2' >"$state/answers"
is "$(grep -cv '10\.91\.0\.1\.5060 > 10\.91\.1\.2\.5060' "$state/answers" || :)" 0 \
	'tcpdump: every answer came from the virtual address and port'
check 'tcpdump: there were answers' test "$(wc -l <"$state/answers")" -ge 900
counter ops_created
created=$((value - C[ops_created]))
rose ops_released_inline "$created" "each of $created entries released inline"
rose ops_released_deferred 0 'none deferred'
