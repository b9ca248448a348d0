# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Two processors get the first datagrams of the same flows at once: one
# connection each time, and no count is off.
# OPVS_E2E_FIRSTS says how many flows; a hundred thousand take a minute or two.
if [[ $module != opvs ]]; then
	skip 'first datagrams on two processors' 'this is about opvs'
	return 0
fi
case $OPVS_KERNEL in
*debug) flows=4000 ;;
*) flows=20000 ;;
esac
flows=${OPVS_E2E_FIRSTS:-$flows}
make_sinks

# To an address that no client was ever told a narrow link to: where the kernel
# keeps an MTU for one, two processors that look up the route at once put out
# each other's, and a packet that is on it just then is lost in silence
# (rt_bind_exception() in net/ipv4/route.c).
number=8

# What the kernel itself did with packets, should datagrams be missing.
python3 "$e2e/losses.py" --watch
losses() {
	in_client python3 "$e2e/losses.py" | sed 's/^/client: /'
	python3 "$e2e/losses.py" | sed 's/^/director: /'
}
# discarded FILE: so many the kernel has had on a route that went meanwhile; the
# sender is told that they were sent.
discarded() {
	awk '/^client: freed in dst_discard_out / { n += $NF }
		END { print n + 0 }' "$1"
}

for f in 4 6; do
	agent flush ns="$ns_director"
	ipvsadm -A -u "${vs[$f,$number]}:8300" -s rr
	# Two servers: who is late chose another one than who was first.
	for port in 8300 8301; do
		ipvsadm -a -u "${vs[$f,$number]}:8300" -r "${sink_rs[$f]}:$port" -m
	done
	from=10.95.0.1
	((f == 4)) || from=fd95::1
	snapshot conn_created conn_ended conn_raced service_packets \
		drop_reply_clash drop_no_memory
	losses >"$state/losses"
	in_client python3 "$e2e/twice.py" "$flows" "$from" "${vip[$f,$number]}" 8300
	still
	losses >"$state/losses.then"
	lost=$(($(discarded "$state/losses.then") - $(discarded "$state/losses")))
	poll 5 risen_to service_packets $((2 * flows - lost)) || :
	counter service_packets
	missing=$((2 * flows - (value - C[service_packets])))
	check "IPv$f: all datagrams came that the client's kernel had not lost" \
		test $missing -ge 0 -a $missing -le $lost
	if ((missing)); then
		diag "$(diff --unchanged-line-format= \
			--old-line-format='was %L' --new-line-format='is  %L' \
			"$state/losses" "$state/losses.then" || :)"
	fi
	rose conn_created "$flows" "IPv$f: $flows flows, as many connections"
	rose conn_ended 0 "IPv$f: none has ended"
	rose drop_reply_clash 0 "IPv$f: no reply would have been mistaken"
	rose drop_no_memory 0 "IPv$f: and the table could always grow"
	is "$(cat /sys/kernel/opvs/conns)" "$flows" "IPv$f: so many in the table"
	is "$(ipvsadm -Ln -u "${vs[$f,$number]}:8300" |
		awk '$1 == "->" && NR > 2 { n += $6 } END { print n }')" \
		"$flows" "IPv$f: so many at the servers"
	counter conn_raced
	raced=$((value - C[conn_raced]))
	diag "IPv$f: $raced times both had the first datagram"
	# With one processor, or an emulated one, that need not happen.
	agent flush ns="$ns_director"
	is "$(cat /sys/kernel/opvs/conns)" 0 "IPv$f: flushed"
	is "$(ipvsadm -Ln -u "${vs[$f,$number]}:8300" |
		awk '$1 == "->" && NR > 2 { n += $5 + $6 } END { print n + 0 }')" \
		0 "IPv$f: and counted out"
	ipvsadm -D -u "${vs[$f,$number]}:8300"
done
