# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Services and servers come, change and go under traffic, with every scheduler:
# two writers, each of which may find what the other has removed, and a reader
# that also changes what calls are hashed by and how they are counted. Stateless
# services drain, and have done with it, all the time.
# shellcheck source=tests/e2e/race/traffic.sh
. "$e2e/race/traffic.sh"

# The life of a service of a family, in one batch. Its packets keep coming.
life() {
	local f=$1 svc r1 r2 r3
	svc=${vs[$f,1]}:$port
	r1=${rs[$f,1]}:$port
	r2=${rs[$f,2]}:$port
	r3=${rs[$f,3]}:$port
	cat <<-END
		-A -u $svc -s rr -o
		-a -u $svc -r $r1 -m
		-a -u $svc -r $r2 -m -w 3
		-E -u $svc -s wrr -o
		-e -u $svc -r $r2 -m -w 7 -x 10 -y 5
		-a -u $svc -r $r3 -g
		-E -u $svc -s mh -o --pe sip -b mh-port
		-e -u $svc -r $r3 -m -w 0
		-d -u $svc -r $r1
		-a -u $svc -r $r1 -m -w 2
		-e -u $svc -r $r3 -m -w 5
		-E -u $svc -s lblc -o
		-E -u $svc -s lblcr -o
		-e -u $svc -r $r2 -m -w 0
		-E -u $svc -s wlc -p 2 -M $2 -o --pe sip
		-E -u $svc -s sh -o -b sh-fallback
		-E -u $svc -s twos -o
		-e -u $svc -r $r2 -m -w 1 -x 3
		-E -u $svc -s mh -o --pe sip -b mh-fallback
		-E -u $svc -s ovf -o
		-E -u $svc -s dh -o
		-E -u $svc -s none -o
		-E -u $svc -s nq
		-e -u $svc -r $r1 -g
		-E -u $svc -s rr -o
		-Z -u $svc
		-d -u $svc -r $r2
		-D -u $svc
	END
}

# Commands that find nothing to change are part of the exercise, so what
# ipvsadm says of them is not looked at; what the kernel says is.
cat >"$state/writer" <<'END'
for ((i = 0; i < $1; i++)); do
	while IFS= read -r line; do
		echo "$line" | ipvsadm -R
	done <"$2" >/dev/null 2>&1
	ipvsadm -R <"$2" >/dev/null 2>&1
	if ((i % 4 == 3)); then
		ipvsadm -C
	fi
done
END
cat >"$state/reader" <<'END'
while [[ -e $1/writing ]]; do
	ipvsadm -Ln --stats
	cat /proc/net/ip_vs /proc/net/ip_vs_stats /proc/net/ip_vs_conn
	printf '%032x' $RANDOM >/proc/sys/net/opvs/hash_key
	echo 5 >/proc/sys/net/opvs/load_seconds
done >/dev/null 2>&1
END
life 4 0.0.0.0 >"$state/life4"
life 6 64 >"$state/life6"

services | ipvsadm -R
traffic_start
check 'packets flow' poll 20 flows 50
touch "$state/writing"
spawn_in "$ns_director" bash "$state/reader" "$state"
reader=$spawned
# To start a program takes a second on the debug kernel.
lives=8
[[ $OPVS_KERNEL != debug ]] || lives=3
sysctl -qw net.opvs.drain_seconds=1
spawn_in "$ns_director" bash "$state/writer" $lives "$state/life4"
first=$spawned
spawn_in "$ns_director" bash "$state/writer" $lives "$state/life6"
wait "$first"
wait "$spawned"
rm "$state/writing"
wait "$reader"
ok 'two writers and a reader come to their end'

ipvsadm -C
is "$(ipvsadm -Sn)" '' 'nothing is left'
services >"$state/services"
check 'services are added once more' ipvsadm -R <"$state/services"
counter forwarded
check 'packets flow again' poll 20 flows $((value + 50))
traffic_stop
read_books
is "$verdicts" "$packets" 'verdicts add up to the datagrams'
is "$released" "$created" 'created = released inline + deferred'
check "there was traffic: $packets datagrams" test "$packets" -gt 500
