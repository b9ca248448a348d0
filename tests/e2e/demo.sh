# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034 # demo reads, lib.sh and demo set
# What the demonstration is told with: words, bars, time lines; and the calls
# that are made in it, with what client and servers wrote down of them.

: "${e2e:?}" "${state:=}"

# ---- words ------------------------------------------------------------------

colours() {
	bold=$'\e[1m' dim=$'\e[2m' good=$'\e[32m' bad=$'\e[31m'
	blue=$'\e[36m' plain=$'\e[0m'
}

chapter=0
heading() {
	((chapter += 1))
	printf '\n%s%s. %s%s\n\n' "$bold" "$chapter" "$1" "$plain"
}

indent() { sed "s/^/    /"; }

# Lines in a quieter colour: remark among what is shown, say at the margin.
remark() { printf "    $dim%s$plain\n" "$@"; }
say() { printf "$dim%s$plain\n" "$@"; }

# Shows a command as typed, runs it, and shows what it prints.
typed() {
	printf '    %s# %s%s\n' "$blue" "$*" "$plain"
	"$@" 2>&1 | indent
}

failed=0

# claim NAME DETAIL TRUTH: a line of the verdict; TRUTH is 0 or 1.
claim() {
	if (($3)); then
		printf '    %s%s%s  %-38s %s\n' "$good" "$yes" "$plain" "$1" "$2"
	else
		printf '    %s%s  %-38s %s%s\n' "$bad" "$no" "$1" "$2" "$plain"
		failed=1
	fi
}

# fault NAME DETAIL TRUTH: what ip_vs is said to be unable to do. If it does it,
# this demonstration is wrong.
fault() {
	if (($3)); then
		printf '    %s%s%s  %-38s %s\n' "$bad" "$no" "$plain" "$1" "$2"
	else
		claim "$1" "$2, which was not expected" 0
	fi
}

# ---- calls ------------------------------------------------------------------

# The scenarios' folder.
scenarios=$e2e/sipp

# Each program writes down a line for each message: date, time, seconds, R or S,
# Call-ID, CSeq, the first line of the message; with tabs in between.
start_servers() {
	local n
	for n in 1 2 3; do
		spawn_in "${ns_servers[n]:?}" sipp -sf "$scenarios/uas.xml" \
			-nostdin -i "${rip[$family,$n]}" -p 5060 \
			-buff_size $buffer \
			-trace_shortmsg -shortmessage_file "$state/$1-s$n" \
			</dev/null >"$state/sipp$n" 2>&1
	done
	for n in 1 2 3; do
		poll 60 listens "$n" -u 5060 "${rip[$family,$n]}" || {
			cat "$state/sipp$n"
			return 1
		}
		[[ -e $state/$1-s$n ]] || : >"$state/$1-s$n"
	done
	generation=$1
}

# Not asked to end: they would wait for the calls whose messages went elsewhere.
stop_servers() {
	local n pid
	while read -r pid; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done <"$state/pids"
	end_spawned
	for n in 1 2 3; do
		poll 60 silent "$n"
	done
}
silent() { ! listens "$1" -u 5060 "${rip[$family,$1]}"; }

# A slow machine is late, and should lose nothing for that. To be called where the
# machine's own settings are.
room_for_messages() { echo $buffer >/proc/sys/net/core/rmem_max; }
buffer=4194304

# dial NAME SERVICE RATE MS [OPTION...]: $calls calls, all from port 5060 of the
# client, so many a second, each so many milliseconds long. Their Call-IDs begin
# with the name, and are the same each time.
dial() {
	local name=$1 service=$2 rate=$3 ms=$4
	shift 4
	in_client sipp -sf "$scenarios/uac.xml" -nostdin -i "$client" -p 5060 \
		-buff_size $buffer -cid_str "$name-%u@%s" \
		-m "$calls" -r "$rate" -d "$ms" \
		-l $((rate * ms / 1000 + 20)) \
		-timeout $((600 + calls / 5))s -timeout_error \
		-trace_stat -fd 600 -stf "$state/sipp.csv" \
		-trace_shortmsg -shortmessage_file "$state/$name-c" "$@" \
		"$service" </dev/null >"$state/sipp0" 2>&1 || :
}

# shown_dial SERVICE RATE MS END: it as a command.
shown_dial() {
	printf '    %s# sipp -sf uac.xml -i %s -p 5060 -m %s -r %s -d %s %s%s\n' \
		"$blue" "$client" "$calls" "$2" "$3" "$1${4:+ $4}" "$plain"
}

# show_call NAME SERVICE RATE MS [OPTION...]: the same, with what is captured at
# the client; and says what came of it. Sets took, the milliseconds.
show_call() {
	local from
	agent sniff id="$1" ns="$ns_client" dev=c0
	shown_dial "${@:2:3}" ''
	from=${EPOCHREALTIME/./}
	dial "$@"
	took=$(((${EPOCHREALTIME/./} - from) / 1000))
	look_at_calls "$1"
	look_at_answers "$1" "$2"
	printf '    %s calls succeeded, %s failed, in %s ms\n\n' \
		"$succeeded" $((calls - succeeded)) "$took"
}

# look_at_calls NAME: sets succeeded by the client's statistics; on[N], calls of
# which server N got the INVITE; split, calls of which more than one server got
# any message; known, calls that any server knows.
look_at_calls() {
	succeeded=$(awk -F';' '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		END { print 0 + $at["SuccessfulCall(C)"] }' "$state/sipp.csv")
	read -r 'on[1]' 'on[2]' 'on[3]' split known < <(
		awk -F'\t' -v name="$1-" '
		$4 != "R" || index($5, name) != 1 { next }
		{ n = substr(FILENAME, length(FILENAME)) }
		$7 ~ /^INVITE / && !(($5, n) in invited) {
			invited[$5, n] = 1
			on[n]++
		}
		!(($5, n) in seen) {
			seen[$5, n] = 1
			places[$5]++
		}
		END {
			for (call in places) {
				known++
				apart += places[call] > 1
			}
			print 0 + on[1], 0 + on[2], 0 + on[3], 0 + apart, \
				0 + known
		}' "$state/$generation"-s[123])
}

# up_at NAME SECONDS [SERVER]: prints how many calls were in progress then, by the
# servers' logs.
up_at() {
	local logs=("$state/$generation"-s[123])
	[[ -z ${3:-} ]] || logs=("$state/$generation-s$3")
	awk -F'\t' -v name="$1-" -v at="$2" '
	$4 != "R" || index($5, name) != 1 || $3 > at { next }
	$7 ~ /^INVITE / { up[$5] = 1 }
	$7 ~ /^BYE / { delete up[$5] }
	END { for (call in up) n++; print 0 + n }
	' "${logs[@]}"
}

# begun_after NAME SECONDS SERVER: prints how many calls of the server the client
# began later than that.
begun_after() {
	awk -F'\t' -v at="$2" '
	$7 !~ /^INVITE / { next }
	$4 == "S" && !($5 in begun) { begun[$5] = $3 }
	$4 == "R" && begun[$5] > at { got[$5] = 1 }
	END { for (call in got) n++; print 0 + n }
	' "$state/$1-c" "$state/$generation-s$3"
}

# look_at_answers NAME SERVICE: sets answers, datagrams that the client got, and
# strangers, those of them that came from elsewhere than the virtual address.
look_at_answers() {
	local from=${2//[][]/}
	from="${from%:*}.${from##*:} > $client.5060:"
	captured "$1" "udp and dst host $client" >"$state/answers"
	answers=$(wc -l <"$state/answers")
	strangers=$(grep -cvF "$from" "$state/answers" || :)
}

# ---- pictures ---------------------------------------------------------------

# Of all calls.
percent() {
	local tenths=$((($1 * 1000 + calls / 2) / calls))
	echo "$((tenths / 10)).$((tenths % 10)) %"
}

bars() {
	local n bar
	for n in 1 2 3; do
		printf -v bar '%*s' $((on[n] * 50 / calls)) ''
		printf '    s%s %5s calls %7s  %s%s%s\n' "$n" "${on[n]}" \
			"$(percent "${on[n]}")" "$good" "${bar// /$block}" \
			"$plain"
	done
	echo
}

# timeline NAME FIRST-MARK SECOND-MARK: for each server the calls in progress, by
# its own log, from the first INVITE to the last BYE, as heights from 0 to 8;
# then "SECONDS MOST COLUMN COLUMN BEGIN". Times are seconds.
columns=56
timeline() {
	awk -F'\t' -v name="$1-" -v columns=$columns -v one="$2" -v two="$3" '
	$4 != "R" || index($5, name) != 1 { next }
	{ n = substr(FILENAME, length(FILENAME)) }
	!first || $3 < first { first = $3 }
	$3 > last { last = $3 }
	$7 ~ /^INVITE / && !(($5, n) in begun) {
		begun[$5, n] = $3
	}
	$7 ~ /^BYE / { over[$5, n] = $3 }
	function column(t, c) {
		c = int((t - first) * columns / (last - first + 0.001))
		return c < 0 ? 0 : c >= columns ? columns - 1 : c
	}
	END {
		for (call in begun) {
			split(call, part, SUBSEP)
			end = call in over ? column(over[call]) : columns - 1
			for (c = column(begun[call]); c <= end; c++)
				if (++up[part[2], c] > most)
					most = up[part[2], c]
		}
		for (n = 1; n <= 3; n++) {
			row = ""
			for (c = 0; c < columns; c++) {
				h = 0 + up[n, c]
				row = row (h ? 1 + int((h * 8 - 1) / most) : 0)
			}
			gsub(/9/, "8", row)
			print row
		}
		printf "%.1f %d %d %d %.6f\n", last - first, most, \
			column(one), column(two), first
	}' "$state/$generation"-s[123]
}

# read_timeline NAME FIRST-MARK SECOND-MARK: sets heights_of, a row of each server,
# and timeline_begin, _end, _most, _one and _two.
read_timeline() {
	mapfile -t heights_of < <(timeline "$@")
	read -r timeline_end timeline_most timeline_one timeline_two \
		timeline_begin <<<"${heights_of[3]}"
}

# draw_row NAME HEIGHTS
draw_row() {
	local row='' c
	for ((c = 0; c < columns; c++)); do
		row+=${heights[${2:c:1}]}
	done
	printf '    %s  %s%s%s\n' "$1" "$good" "$row" "$plain"
}

# draw_servers FIRST-LABEL SECOND-LABEL: their rows, and what the marks mean.
draw_servers() {
	local n row
	for n in 1 2 3; do
		draw_row "s$n" "${heights_of[n - 1]}"
	done
	printf -v row '%*s' $columns ''
	row=${row:0:timeline_one}^${row:timeline_one+1}
	row=${row:0:timeline_two}^${row:timeline_two+1}
	printf '        %s\n' "$row"
	printf '        %*s%-*s%s\n' "$timeline_one" '' \
		$((timeline_two - timeline_one)) "$1" "$2"
	printf '        %scalls in progress at each server, at most %s, over %s s%s\n' \
		"$dim" "$timeline_most" "$timeline_end" "$plain"
}
