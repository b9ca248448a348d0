# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # demo, demo.sh and pair.sh set it
# The demonstration of two directors that stand for each other.

: "${e2e:?}" "${state:=}"

# shellcheck source=tests/e2e/pair.sh
. "$e2e/pair.sh"

draw_pair() {
	local c g v
	printf -v c '%-13s' "$client"
	printf -v v '%-14s' "${vip[$family,1]}"
	printf -v g '%-13s' "${gate[$family]}"
	cat <<END
    ${dim}  client                  directors                servers${plain}
                            +---------------+       +-- s1 ${server[1]}
    +---------------+   +---| d1            |---+   |
    | sipp          |   |   +---------------+   |   |
    | $c |---+                       +---+-- s2 ${server[2]}
    | one UDP port  |   |   +---------------+   |   |
    +---------------+   +---| d2            |---+   |
                            +---------------+       +-- s3 ${server[3]}
    ${dim}  clients ask $v     servers answer by $g${plain}
END
}
declare -gA gate=([4]=10.91.42.100 [6]=fd91:42::100)

# typed_at D COMMAND...: as typed, at that director.
typed_at() {
	local d=$1
	shift
	printf '    %sd%s# %s%s\n' "$blue" "$d" "$*" "$plain"
	in_pair "$d" "$@" 2>&1 | indent
}

introduce() {
	local d n
	heading 'Two directors, with one secret'
	for d in 1 2; do
		vrrp_conf $d >"$state/pair-$d.conf"
		make_director $d </dev/null
	done
	typed_at 1 ipvsadm -A -u "$service" -s mh -o --pe sip
	for n in 1 2 3; do
		typed_at 1 ipvsadm -a -u "$service" -r "${rs[$family,$n]}:5060" -m
	done
	stateless "$family" | in_pair 2 ipvsadm -R
	echo
	remark 'd2 is told the same. Both have the same secret, or they would not agree:'
	for d in 1 2; do
		typed_at $d opvsadm key
	done
	echo
	remark "keepalived moves the addresses by VRRP. It runs no synchronisation daemon."
	for d in 1 2; do
		start_vrrp $d
	done
	moves_to 1
}

# happens WHAT COMMAND...: that, when as many calls are up as there may be; then
# until director $2 has the addresses. Adds to at.
happens() {
	local what=$1 to=$2
	shift 2
	ring_on "$many"
	at+=("$EPOCHREALTIME")
	"$@"
	moves_to "$to"
	printf '    %s; d%s has the addresses %s ms later\n' "$what" "$to" \
		"$moved_in"
}

# calls_while NAME TWO-EVENTS...: each WHAT DIRECTOR COMMAND LABEL, the director
# being who has the addresses then.
calls_while() {
	local name=$1
	shift
	at=()
	watch "$name-w" "$ns_switch" client 'udp and port 5060'
	watch "$name-sync" "$ns_switch" any "$sync_or_vrrp"
	shown_ring
	ring "$name" "$service" "$rate" "$ms"
	happens "$1" "$2" "$3" 1
	happens "$5" "$6" "$7" 1
	ring_on $((many / 4))
	hang_up
	watched "$name-w"
	watched "$name-sync"
	look_at_calls "$name"
	read_timeline "$name" "${at[0]}" "${at[1]}"
	echo
	draw_directors "$name"
	draw_servers "$4" "$8"
	printf '        %sand messages of the client by each director; %s ms without an answer%s\n\n' \
		"$dim" "$(silence "$name")" "$plain"
	judge_failover "$name"
}

boot() { reboot "$1" < <(stateless "$family"); }

shown_ring() {
	printf '    %s# sipp -sf uac.xml -i %s -p 5060 -r %s -d %s %s &%s\n' \
		"$blue" "$client" "$rate" "$ms" "$service" "$plain"
}

# frames NAME: what the client's cable carried, "SECONDS S|R DIRECTOR".
frames() {
	tcpdump -tt -enr "$state/$1-w.pcap" 2>>"$state/tcpdump" |
		awk '{
			to = index($4, "02:00:00:41:00:") == 1
			mac = to ? substr($4, 1, 17) : $2
			print $1, to ? "S" : "R", substr(mac, 17)
		}'
}

# draw_directors NAME: a row of each, with the columns of the servers' rows.
draw_directors() {
	local rows d
	mapfile -t rows < <(frames "$1" | awk -v columns="$columns" \
		-v begin="$timeline_begin" -v took="$timeline_end" '
		$2 == "S" && $1 >= begin {
			c = int(($1 - begin) * columns / (took + 0.001))
			if (c < columns && ++n[$3, c] > most)
				most = n[$3, c]
		}
		END {
			for (d = 1; d <= 2; d++) {
				for (c = 0; c < columns; c++) {
					h = 0 + n[d, c]
					printf "%d", h ? 1 + int((h * 8 - 1) / most) : 0
				}
				print ""
			}
		}' | tr 9 8)
	for d in 1 2; do
		draw_row "d$d" "${rows[d - 1]}"
	done
	echo
}

# silence NAME: prints the longest time, in milliseconds, in which the client
# heard nothing.
silence() {
	frames "$1" | awk '
		$2 == "R" {
			if (last && $1 - last > most)
				most = $1 - last
			last = $1
		}
		END { printf "%d\n", most * 1000 }'
}

judge_failover() {
	local name=$1 other value d entries='' left=0 strangers answers
	claim 'calls split between servers' "$split of $known" \
		$((split == 0 && known > 0))
	claim 'calls that went on after each move' \
		"$(outlived "$name" "${at[0]}"), $(outlived "$name" "${at[1]}")" \
		$(($(outlived "$name" "${at[0]}") > 0 &&
			$(outlived "$name" "${at[1]}") > 0))
	strangers=$(in_capture "$name-w" "dst host $client and not
		src host ${vip[$family,1]}")
	answers=$(in_capture "$name-w" "dst host $client")
	claim 'answers from the virtual address' \
		"$((answers - strangers)) of $answers" \
		$((strangers == 0 && answers > 0))
	other=$(in_capture "$name-sync" 'not ip proto 112')
	claim 'packets of a director about calls' "$other" \
		$((other == 0 && $(in_capture "$name-sync" 'ip proto 112') > 0))
	for d in 1 2; do
		pair_counter $d conns
		entries+="${entries:+, }$value"
		((left += value)) || :
	done
	claim 'entries at d1, d2' "$entries" $((left == 0))
	if ((succeeded == calls)); then
		remark "All $calls calls succeeded: sipp sent again what was lost."
	else
		# Which is no fault of the directors where all is late.
		remark "$succeeded of $calls calls succeeded; sipp gave up the others:" \
			"$(sipp_failures)"
	fi
}

# shellcheck disable=SC2034 # others read them
show_failover() {
	printf '%sopvs: two directors, many calls, three servers%s\n\n' "$bold" \
		"$plain"
	draw_pair
	many=$((calls / 3)) ms=4000
	((many <= 200)) || ms=$((many * 20))
	rate=$((many * 1000 / ms))
	module=opvs
	modprobe opvs
	make_scenarios
	make_switch
	introduce
	start_servers pair
	heading 'The active director dies, and comes back with nothing that it knew'
	calls_while dies 'd1 loses its power' 2 power_off 'd1 dies' \
		'd1 has booted' 1 boot 'd1 is back'
	if ((!quick)); then
		heading 'Its cable is pulled, and put back'
		calls_while link "d1's cable is pulled" 2 lose_link 'pulled' \
			"d1's cable is put back" 1 find_link 'put back'
	fi
	end_show conclude_failover
}

conclude_failover() {
	say 'Both directors compute the same server from the Call-ID and the secret, so' \
		'neither needs to know what the other did. Messages that were under way' \
		'while the address moved are lost, and SIP sends them again.'
}
