# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm conn import: what one director lists, another one has.
if [[ $module != opvs ]]; then
	skip 'conn import' 'of opvsadm'
	return 0
fi

# Services of every kind of entry, for ipvsadm -R.
kinds() {
	local f n
	for f in 4 6; do
		echo "-A -t ${vs[$f,1]}:7700 -s rr"
		echo "-A -t ${vs[$f,2]}:7700 -s rr -p 300"
		echo "-A -u ${vs[$f,1]}:5060 -s rr -p 1800 --pe sip"
		for n in 1 2 3; do
			echo "-a -t ${vs[$f,1]}:7700 -r ${rs[$f,$n]}:7700 -m"
			echo "-a -t ${vs[$f,2]}:7700 -r ${rs[$f,$n]}:7700 -m"
			echo "-a -u ${vs[$f,1]}:5060 -r ${rs[$f,$n]}:5060 -m"
		done
	done
	echo '-A -f 77 -s rr -p 600'
	echo '-A -f 77 -6 -s rr -p 600'
	for f in 4 6; do
		echo "-a -f 77 $([[ $f == 4 ]] || echo -6) -r ${rs[$f,2]}:0 -g"
	done
}

other=opvs-i-$ns_id
ip netns add "$other"
ip -n "$other" -batch - <<-END
	link add way type dummy
	link set way up
	addr add 10.91.11.9/16 dev way
	addr add fd91:11::9/32 dev way nodad
END
trap 'ip netns del "$other"' EXIT
at_other() { nsenter --net="/run/netns/$other" "$@"; }
# All of the entries but how long they have left.
listed() {
	"$@" cat /proc/net/ip_vs_conn | sed 1d |
		awk '{ $9 = ""; print }' | sort
}
import() { # NAME, TEXT, WANT-STATUS, WANT-WORDS
	local status=0
	printf '%b' "$2" >"$state/list"
	at_other opvsadm conn import "$state/list" >"$state/said" 2>&1 ||
		status=$?
	is "$status" "$3" "$1: its status"
	check "$1: $4" grep -qF -- "$4" "$state/said"
}

accept_on 7700
kinds | ipvsadm -R
for f in 4 6; do
	for vip in 1 2; do
		from_client dial id=line$f$vip dst="${vip[$f,$vip]}|7700" count=3
	done
done
listed env >"$state/here"
check 'connections and templates to begin with' \
	test "$(wc -l <"$state/here")" -ge 14
cat /proc/net/ip_vs_conn >"$state/whole"

# ---- what cannot be taken ----

import 'without services' "$(sed -n 2p "$state/whole")\n" 1 \
	'there is no such service, or it has no such server'
kinds | at_other ipvsadm -R
one='TCP 0A5B0102 0FA0 0A5B0001 1E14 0A5B0B02 1E14'
import 'no list' 'hello\nTCP nonsense\n' 1 '0 taken, 2 refused'
import 'a state that is none' "$one NOWHERE 100\n" 1 'no protocol has such a state'
import 'a state of another protocol' "$one UDP 100\n" 1 'contradicts itself'
import 'a server that is none' "${one/0A5B0B02/0A5B0B63} ESTABLISHED 100\n" 1 \
	'there is no such service'
import 'a template with a port' "$one ASSURED 100 sip key\n" 1 'contradicts itself'
import 'an engine that is none' \
	'UDP 0A5B0102 0000 0A5B0001 13C4 0A5B0B02 13C4 ASSURED 100 pie key\n' 1 \
	'no such persistence engine'
import 'another protocol' "${one/TCP/ESP} ESTABLISHED 100\n" 1 \
	'no line of /proc/net/ip_vs_conn'
is "$(listed at_other)" '' 'nothing came of all that'
check 'a file that is not there: is named' \
	eval '! at_other opvsadm conn import /no/file 2>&1 | grep -v "^opvsadm: /no/file: No such file"'

# ---- what can ----

import 'the whole list' "$(<"$state/whole")\n" 0 \
	"$(wc -l <"$state/here") taken, 0 refused"
same_text "$(listed at_other)" "$(<"$state/here")" 'the same entries there'
import 'once more' "$(<"$state/whole")\n" 0 \
	"$(wc -l <"$state/here") taken, 0 refused"
same_text "$(listed at_other)" "$(<"$state/here")" 'which changes nothing'
import 'a call' \
	'UDP 0A5B0102 0000 0A5B0001 13C4 0A5B0C02 13C4 ASSURED 100 sip one@here\n' 0 \
	'1 taken'
import 'a template of a mark' \
	'IP  0A5B0102 0000 0000004D 0000 0A5B0C02 0000 ASSURED 100\n' 0 '1 taken'
is "$(at_other opvsadm -j conn list --kind template --engine sip --key one@here |
	grep -o '"server":"[^"]*"\|"state":"[^"]*"' | tr -d '\n')" \
	'"server":"10.91.12.2""state":"ASSURED"' 'the call is where it was'
is "$(at_other opvsadm conn count --fwmark 77)" 1 'and the template of the mark there'
seq 1024 6023 | awk '{ printf "UDP 0A5B0102 %04X 0A5B0001 13C4 0A5B0C02 13C4 UDP 100\n", $1 }' \
	>"$state/many"
import 'a long list' "$(<"$state/many")\n" 0 '5000 taken, 0 refused'
at_other opvsadm limit set 1
import 'a limit' \
	'UDP 0A5B0102 0000 0A5B0001 13C4 0A5B0C02 13C4 ASSURED 100 sip two@here\n' 1 \
	'a limit of connections is reached'
