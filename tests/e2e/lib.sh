# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the end-to-end tests share: the traffic agent, services, counters; and TAP
# (tap.sh) and the network (network.sh).

set -euo pipefail

# Set by tests/e2e/run: folder of the tests, folder for passing files, test.
: "${e2e:?}" "${state:=}" "${test_file:=}"

# shellcheck source=tests/e2e/tap.sh
. "$e2e/tap.sh"
# shellcheck source=tests/e2e/network.sh
. "$e2e/network.sh"

# ---- the module -------------------------------------------------------------

# The tests are written for opvs. Against the kernel's ip_vs they show where
# the two differ, which is useful when a test itself is in doubt.
module=${OPVS_E2E_MODULE:-opvs}

# What is chosen by a hash is always the same with the same secret, so that no
# expected share is missed by chance once in a thousand times.
hash_key=6f7076732d74657374732d6b65792d31

load_module() {
	if [[ $module == opvs ]]; then
		modprobe opvs
		set_hash_key
	else
		modprobe -a ip_vs ip_vs_rr ip_vs_wrr ip_vs_mh ip_vs_pe_sip
	fi
}

unload_module() {
	if [[ $module == opvs ]]; then
		rmmod opvs
	else
		rmmod ip_vs_pe_sip ip_vs_mh ip_vs_wrr ip_vs_rr ip_vs
	fi
}

set_hash_key() {
	[[ $module != opvs ]] || echo $hash_key >/proc/sys/net/opvs/hash_key
}

module_loaded() { [[ -d /sys/module/$module ]]; }

# Never becomes readable; reading it with a limit waits without a process.
exec {nap}<> <(:)

# poll SECONDS COMMAND...: until it succeeds or time is up, which is told by naps:
# a clock goes on where the machine does not.
poll() {
	local naps=$(($1 * 20 + 1))
	shift
	until "$@"; do
		((naps-- > 0)) || return 1
		read -r -t 0.05 -u "$nap" || :
	done
}

# pass_time SECONDS: for what is about time, and only for that.
pass_time() { read -r -t "$1" -u "$nap" || :; }

# What all tasks wait for, when none should.
who_waits() {
	local task comm state stack
	for task in /proc/[0-9]*; do
		read -r comm <"$task/comm" || continue
		state=$(grep '^State:' "$task/status") || continue
		if [[ $state == *D* || $comm == rmmod || $comm == ip ]]; then
			stack=$(head -n 12 "$task/stack") || continue
			printf '%s (%s) %s\n%s\n' "$comm" "${task#/proc/}" \
				"$state" "$stack"
		fi
	done 2>/dev/null
	dmesg | tail -n 20
}

# bounded SECONDS NAME COMMAND...: the command succeeds, and within that time;
# otherwise the file ends.
bounded() {
	local limit=$1 name=$2 status from=${EPOCHREALTIME/./}
	shift 2
	rm -f "$state/over"
	# Its status tells that it is over: a process may be there as a zombie.
	{
		status=0
		"$@" </dev/null >"$state/bounded" 2>&1 || status=$?
		echo "$status" >"$state/over.new"
		mv "$state/over.new" "$state/over"
	} &
	if ! poll "$limit" test -e "$state/over"; then
		not_ok "$name" "still waiting: $*" "$(who_waits)"
		return 1
	fi
	read -r status <"$state/over"
	result "$status" "$name" "command: $*" "$(<"$state/bounded")"
	diag "$(((${EPOCHREALTIME/./} - from) / 1000)) ms"
	return "$status"
}

# settles SECONDS WANT NAME COMMAND...: by then the command prints WANT.
settles() {
	local limit=$1 want=$2 name=$3 got=''
	shift 3
	# shellcheck disable=SC2317 # by poll
	prints() { got=$("$@") && [[ $got == "$want" ]]; }
	if poll "$limit" prints "$@"; then
		ok "$name"
	else
		not_ok "$name" "got:  $got" "want: $want"
	fi
}

# ---- the traffic agent ------------------------------------------------------

declare -A A # what the agent answered last

start_agent() {
	coproc AGENT { exec python3 "$e2e/agent.py" 2>"$state/agent"; }
	# Plain copies: subshells do not see a coprocess's own descriptors.
	exec {to_agent}>&"${AGENT[1]}" {from_agent}<&"${AGENT[0]}"
	# shellcheck disable=SC2153 # set by coproc
	agent_pid=$AGENT_PID
}

# agent VERB KEY=VALUE...: see agent.py. Its answer goes to A.
agent() {
	local line word value
	printf '%s\n' "${*@Q}" >&"$to_agent"
	if ! read -r -t 900 -u "$from_agent" line; then
		diag "the traffic agent died" "$(<"$state/agent")"
		return 1
	fi
	if [[ $line != ok* ]]; then
		diag "agent $*" "$line"
		return 1
	fi
	A=()
	for word in ${line#ok}; do
		value=${word#*=}
		if [[ $value == *%* ]]; then
			printf -v value '%b' "${value//%/\\x}"
		fi
		# shellcheck disable=SC2034 # tests read it
		A[${word%%=*}]=$value
	done
}

# still: when the last packets of other programs have arrived; the agent waits for
# its own.
still() { agent rest; }

# from_client VERB KEY=VALUE...: with the client's namespace and, by the
# family of dst=, its address.
from_client() {
	local verb=$1 word src
	shift
	src=${client_ip[4]}
	for word; do
		[[ $word != dst=*:* ]] || src=${client_ip[6]}
	done
	agent "$verb" ns="$ns_client" src="$src" "$@"
}

# servers PORT [KEY=VALUE...]: servers s1 to s3, in both families.
servers() {
	local port=$1 n f
	shift
	for n in 1 2 3; do
		for f in 4 6; do
			agent serve ns="${ns_servers[n]}" id="s$n" \
				addr="${rip[$f,$n]}|$port" "$@"
		done
	done
}

# accept_on PORT [KEY=VALUE...]: the same for connections; see agent.py.
accept_on() {
	local port=$1 n f
	shift
	for n in 1 2 3; do
		for f in 4 6; do
			agent accept ns="${ns_servers[n]}" id="s$n" \
				addr="${rip[$f,$n]}|$port" "$@"
		done
	done
}

# Servers that take any packet and say nothing, at the cost of nothing: a
# neighbour of the director whom no device answers for.
declare -A sink=([4]=10.91.11.77 [6]=fd91:11::77)
# shellcheck disable=SC2034 # tests use it
declare -A sink_rs=([4]=10.91.11.77 [6]='[fd91:11::77]')
make_sinks() {
	local f
	for f in 4 6; do
		ip neigh replace "${sink[$f]}" lladdr 02:00:00:00:91:77 dev d1
	done
}

# captured ID [TCPDUMP-ARG...]: ends the capture ID and decodes it.
captured() {
	local id=$1
	shift
	agent sniffed id="$id" file="$state/$id.pcap"
	tcpdump -nr "$state/$id.pcap" "$@" 2>>"$state/tcpdump"
}

# ---- services ---------------------------------------------------------------

# service FAMILY VIP-NUMBER PORT [OPTION...]: a one-packet service with NAT to
# port PORT of all servers.
service() {
	local f=$1 v=$2 port=$3 n
	shift 3
	{
		echo "-A -u ${vs[$f,$v]}:$port -o $*"
		for n in 1 2 3; do
			echo "-a -u ${vs[$f,$v]}:$port" \
				"-r ${rs[$f,$n]}:$port -m -w 1"
		done
	} | ipvsadm -R
}

# dest VERB FAMILY VIP-NUMBER PORT SERVER [OPTION...]: -a, -e or -d.
dest() {
	local verb=$1 f=$2 v=$3 port=$4 n=$5
	shift 5
	ipvsadm "$verb" -u "${vs[$f,$v]}:$port" -r "${rs[$f,$n]}:$port" "$@"
}

# tracked FLAG FAMILY VIP-NUMBER PORT METHOD [OPTION...]: a service with
# connections, -t, -u or --sctp-service, and all servers by -m or -g.
tracked() {
	local flag=$1 f=$2 v=$3 port=$4 method=$5 n
	shift 5
	{
		echo "-A $flag ${vs[$f,$v]}:$port $*"
		for n in 1 2 3; do
			echo "-a $flag ${vs[$f,$v]}:$port" \
				"-r ${rs[$f,$n]}:$port $method -w 1"
		done
	} | ipvsadm -R
}

# real VERB FLAG FAMILY VIP-NUMBER PORT SERVER [OPTION...]: as dest.
real() {
	local verb=$1 flag=$2 f=$3 v=$4 port=$5 n=$6
	shift 6
	ipvsadm "$verb" "$flag" "${vs[$f,$v]}:$port" -r "${rs[$f,$n]}:$port" \
		"$@"
}

# loads FLAG FAMILY VIP-NUMBER PORT: "ACTIVE/INACTIVE" of each server.
loads() {
	local arrow address active inactive out=''
	while read -r arrow address _ _ active inactive; do
		[[ $arrow != '->' || $address == Remote* ]] ||
			out+="$active/$inactive "
	done < <(ipvsadm -Ln "$1" "${vs[$2,$3]}:$4")
	echo "${out% }"
}

# total FLAG FAMILY VIP-NUMBER PORT: "ACTIVE/INACTIVE" of all servers.
total() {
	local pair active=0 inactive=0
	for pair in $(loads "$@"); do
		((active += ${pair%/*}, inactive += ${pair#*/})) || :
	done
	echo $active/$inactive
}

# persistent_of FLAG SERVICE: templates at its servers.
persistent_of() {
	ipvsadm -Ln --persistent-conn "$1" "$2" | awk '
		$1 == "->" && $4 ~ /^[0-9]+$/ { sum += $4 }
		END { print 0 + sum }'
}

# vs_sysctl NAME VALUE...: of net.ipv4.vs, until the test file ends.
vs_sysctl() {
	local old
	while (($#)); do
		read -r old <"/proc/sys/net/ipv4/vs/$1"
		echo "$1 $old" >>"$state/settings"
		echo "$2" >"/proc/sys/net/ipv4/vs/$1"
		shift 2
	done
}

# set_timeouts TCP TCPFIN UDP: seconds, until the test file ends; 0 keeps.
set_timeouts() {
	ipvsadm --set "$@"
	touch "$state/timeouts"
}

# The first value that was noted of each is the one to go back to.
restore_settings() {
	local name old
	if [[ -e $state/settings ]]; then
		while read -r name old; do
			echo "$old" >"/proc/sys/net/ipv4/vs/$name"
		done < <(tac "$state/settings")
		rm "$state/settings"
	fi
	if [[ -e $state/timeouts ]]; then
		ipvsadm --set 900 120 300
		rm "$state/timeouts"
	fi
}

# ---- the connection table ---------------------------------------------------

# entries PART...: the lines of ipvsadm -Lnc that have all of these in them;
# an address and port is followed by a blank, so that :80 is not :8000.
entries() {
	local line part lines IFS=$'\n'
	set -f
	# shellcheck disable=SC2207 # reading by lines is reading by bytes
	lines=($(ipvsadm -Lnc))
	set +f
	for line in "${lines[@]:2}"; do
		for part; do
			[[ "$line " == *"$part"* ]] || continue 2
		done
		printf '%s\n' "$line"
	done
}

# count_entries [PART]: sets count, how many lines /proc/net/ip_vs_conn has with
# this in them, as that writes it: quick also where there are very many.
count_entries() {
	agent entries ns="$ns_director" part="${1:-}"
	count=${A[count]}
}

# states PART...: how many of these are in which state: "CLOSE:1 NONE:2".
states() {
	local state out=''
	local -A count=()
	while read -r _ _ state _; do
		((count[$state] += 1))
	done < <(entries "$@")
	while read -r state; do
		[[ -z $state ]] || out+="$state:${count[$state]} "
	done < <(printf '%s\n' "${!count[@]}" | sort)
	echo "${out% }"
}

# ---- features ---------------------------------------------------------------

# features KIND: what the module has of this kind (proto, sched, pe, xmit), a
# name per line.
features() { sed -n "s/^$1-//p" /sys/kernel/opvs/features; }

# ---- counters ---------------------------------------------------------------

declare -A C # counters at the last snapshot

# counter NAME: sets value.
counter() {
	value=0
	[[ $module != opvs ]] || read -r value <"/sys/kernel/opvs/$1"
}

snapshot() {
	local name value
	for name; do
		counter "$name"
		C[$name]=$value
	done
}

risen_to() {
	counter "$1"
	((value - C[$1] >= $2))
}

# rose NAME WANT TEXT: the counter rose by WANT since the snapshot. The last
# packets may still be on their way when their sender has ended.
rose() {
	local value
	poll 5 risen_to "$1" "$2" || :
	is $((value - C[$1])) "$2" "$3"
}

# Every datagram of a service has one verdict; every entry was released.
mapfile -t verdict_names < <(sed -nE \
	'/define OPVS_REQUEST_VERDICTS/,/^$/s/^\t[KD]\(\w+, "(\w+)".*/\1/p' \
	"$e2e/../../include/opvs/counters.h")

# Sets packets, verdicts, created, released, and of connections and templates
# begun, ended and alive.
read_books() {
	local name value
	verdicts=0
	for name in "${verdict_names[@]}"; do
		counter "$name"
		((verdicts += value)) || :
	done
	counter service_packets
	packets=$value
	counter ops_released_inline
	released=$value
	counter ops_released_deferred
	((released += value)) || :
	counter ops_created
	created=$value
	counter conn_created
	begun=$value
	counter template_created
	((begun += value)) || :
	counter conn_ended
	ended=$value
	counter template_ended
	((ended += value)) || :
	counter conns
	alive=$value
}

books_balance() {
	read_books
	((packets == verdicts && created == released &&
		begun == ended + alive))
}

# ---- background processes ---------------------------------------------------

# spawn_in NAMESPACE COMMAND...: ended after the test file at the latest. Sets
# spawned to its process id.
spawn_in() {
	local ns=$1
	shift
	# Bash gives what runs behind its back no input unless told so.
	nsenter --net="/run/netns/$ns" "$@" <&0 &
	spawned=$!
	echo "$spawned" >>"$state/pids"
}

# listens SERVER -u|-t PORT ADDRESS: does a program in the server's namespace?
listens() {
	in_server "$1" ss -Hln "$2" "sport = :$3" | grep -qF -- "$4"
}

end_spawned() {
	local pid
	[[ -e $state/pids ]] || return 0
	while read -r pid; do
		kill "$pid" 2>/dev/null || :
	done <"$state/pids"
	rm -f "$state/pids"
}

# Prints how many connection entries have memory, in all namespaces. Kernels from
# 6.18 on keep freed ones in sheaves of each CPU, which shrinking empties.
slab_objects() {
	local objects cache=/sys/kernel/slab/opvs_conn
	echo 1 >"$cache/shrink"
	read -r objects _ <"$cache/objects"
	echo "$objects"
}

# shellcheck source=tests/e2e/sipp.sh
. "$e2e/sipp.sh"
