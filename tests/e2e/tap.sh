# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Results of the end-to-end tests, as TAP; part of lib.sh.

# Set by tests/e2e/run, as in lib.sh.
: "${e2e:?}" "${state:=}" "${test_file:=}"

# The number of the last test, and the names of those that failed, are kept in
# files because each test file runs in a shell of its own.
diag() {
	local line
	while IFS= read -r line; do
		printf '# %s\n' "$line"
	done <<<"$*"
}

# result STATUS NAME [DIAGNOSTIC...]
result() {
	local status=$1 name=$2 count
	shift 2
	read -r count <"$state/count"
	((count += 1))
	echo "$count" >"$state/count"
	if ((status == 0)); then
		echo "ok $count - $test_file: $name"
		return
	fi
	echo "not ok $count - $test_file: $name"
	echo "$test_file: $name" >>"$state/failed"
	local text
	for text; do
		diag "$text"
	done
}

ok() { result 0 "$1"; }
not_ok() { result 1 "$@"; }

# A feature that this kernel lacks; never a program that is not installed.
skip() {
	local count
	read -r count <"$state/count"
	echo $((count + 1)) >"$state/count"
	echo "ok $((count + 1)) - $test_file: $1 # SKIP $2"
}

# left_out WHAT WHY: true, and the test is left out, where a whole run leaves it to
# the lanes uml*, since emulation makes it slow. By name it runs anywhere, and with
# --all.
left_out() {
	[[ -z ${OPVS_E2E_ALL:-} && $OPVS_KERNEL != uml* ]] || return
	skip "$1" "$2; lanes uml* run it"
}

# about_programs WHAT: the kernel matters little to it.
about_programs() { left_out "$1" 'about programs'; }

# same_everywhere WHAT: what it tests is the module's own code, which calls little
# of the kernel's.
same_everywhere() { left_out "$1" 'the same on every kernel'; }

# is GOT WANT NAME
is() {
	if [[ $1 == "$2" ]]; then
		ok "$3"
	else
		not_ok "$3" "got:  $1" "want: $2"
	fi
}

# near GOT WANT TOLERANCE NAME: nothing is not 0.
near() {
	if [[ $1 =~ ^-?[0-9]+$ ]] && (($1 >= $2 - $3 && $1 <= $2 + $3)); then
		ok "$4"
	else
		not_ok "$4" "got:  ${1:-nothing}" "want: $2, give or take $3"
	fi
}

# same_text GOT WANT NAME: byte for byte; shows the difference.
same_text() {
	if [[ $1 == "$2" ]]; then
		ok "$3"
	else
		not_ok "$3" "$({ diff <(printf '%s\n' "$2") \
			<(printf '%s\n' "$1") || :; } | head -n 40 | cat -A)"
	fi
}

# check NAME COMMAND...: passes if the command does.
check() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "command: $*" "$out"
	fi
}

# refuses NAME MESSAGE COMMAND...: fails with this message on standard error
# and changes nothing.
refuses() {
	local name=$1 message=$2 before after out status=0
	shift 2
	before=$(ipvsadm -Sn)
	out=$("$@" 2>&1 >/dev/null) || status=$?
	after=$(ipvsadm -Sn)
	if ((status == 0)); then
		not_ok "$name" "accepted: $*"
	elif [[ $out != *"$message"* || -z $out ]]; then
		not_ok "$name" "command: $*" "said: $out" "want: $message"
	elif [[ $before != "$after" ]]; then
		not_ok "$name" "refused, yet changed: $*" "$after"
	else
		ok "$name"
	fi
}

# program NAME [ARG...]: runs NAME.py, which speaks TAP of its own; its lines are
# counted as tests here.
program() {
	local name=$1 status=0 planned seen=0 line
	shift
	python3 "$e2e/$name.py" "$@" >"$state/program" 2>&1 || status=$?
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$state/program")
	while IFS= read -r line; do
		case $line in
		'ok '*)
			line=${line#ok }
			ok "${line#* - }"
			((seen += 1))
			;;
		'not ok '*)
			line=${line#not ok }
			not_ok "${line#* - }"
			((seen += 1))
			;;
		1..* | 'TAP version'*) ;;
		*) diag "${line#\# }" ;;
		esac
	done <"$state/program"
	check "$name: as many as were planned ($planned)" \
		test "$seen" -gt 0 -a "$seen" = "${planned:-0}"
	is "$status" 0 "$name: its status"
}
