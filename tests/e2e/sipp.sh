# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets the addresses
# Real sipp in the tests' network, and what its servers wrote down.

: "${e2e:?}" "${state:=}"

# start_sipp_servers FAMILY: one in each server's namespace, at port 5060.
start_sipp_servers() {
	local f=$1 n
	for n in 1 2 3; do
		: >"$state/calls$n"
		spawn_in "${ns_servers[n]:?}" sipp -sf "$e2e/sipp/uas.xml" \
			-nostdin -i "${rip[$f,$n]}" -p 5060 \
			-trace_logs -log_file "$state/calls$n" \
			</dev/null >"$state/sipp$n" 2>&1
	done
	for n in 1 2 3; do
		poll 20 listens "$n" -u 5060 "${rip[$f,$n]}"
	done
}

# sipp_calls FAMILY VIP-NUMBER COUNT RATE [MS]: all from port 5060 of the client,
# each MS long, with the same Call-IDs each time. The status is sipp's: 0 if every
# call succeeded. If answers are late, no more than 20 calls wait for them: with
# hundreds, messages are lost at full sockets, and what is sent again adds to it.
sipp_calls() {
	local status=0 ms=${5:-100}
	in_client sipp -sf "$e2e/sipp/uac.xml" -nostdin -i "${client_ip[$1]}" \
		-p 5060 -cid_str '%u@%s' -m "$3" -r "$4" -d "$ms" \
		-l $(($4 * ms / 1000 + 20)) \
		-timeout 300s -timeout_error -trace_stat -fd 600 \
		-stf "$state/sipp.csv" "${vs[$1,$2]}:5060" \
		</dev/null >"$state/sipp0" 2>&1 || status=$?
	((status == 0)) || tail -n 60 "$state/sipp0"
	return "$status"
}

# Sets sipp_succeeded and sipp_failed, as sipp's own statistics have them.
sipp_outcome() {
	# shellcheck disable=SC2034 # others read them
	read -r sipp_succeeded sipp_failed < <(awk -F';' '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		END { print 0 + $at["SuccessfulCall(C)"], 0 + $at["FailedCall(C)"] }
		' "$state/sipp.csv")
}

# Prints what calls failed of, by the same statistics.
sipp_failures() {
	awk -F';' '
		NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i }
		END {
			for (i = 1; i <= NF; i++)
				if (name[i] ~ /^Failed.*\(C\)$/ && $i > 0)
					printf "%s %d ", name[i], $i
		}' "$state/sipp.csv"
}

# Sets sipp_on[N], calls of which server N got an INVITE, sipp_split, calls of
# which more than one server got any message, and sipp_known, all calls seen.
sipp_calls_per_server() {
	# shellcheck disable=SC2034 # others read them
	read -r 'sipp_on[1]' 'sipp_on[2]' 'sipp_on[3]' sipp_split sipp_known < <(
		awk '
		{ n = substr(FILENAME, length(FILENAME)) }
		$1 == "INVITE" && !(($2, n) in invited) {
			invited[$2, n] = 1
			on[n]++
		}
		!(($2, n) in seen) {
			seen[$2, n] = 1
			places[$2]++
		}
		END {
			for (call in places) {
				known++
				apart += places[call] > 1
			}
			print 0 + on[1], 0 + on[2], 0 + on[3], 0 + apart, \
				0 + known
		}' "$state"/calls[123])
}
