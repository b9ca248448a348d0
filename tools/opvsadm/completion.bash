# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of opvsadm for bash. What may be typed is asked of the program and
# the kernel, so that nothing is listed here that is not there.

# The services that there are, as commands take them.
_opvsadm_services() {
	opvsadm -j limit 2>/dev/null |
		sed -n 's/.*"service":"\([^"]*\)".*/\1/p'
}

# What may follow COMMAND and the words behind it, of which the last is typed.
_opvsadm_arguments() {
	local command=$1 word=${*: -1} before=${*: -2:1}
	if [[ $before == --service ]]; then
		_opvsadm_services
	elif [[ $before == --@(pcap|message|call-ids) || $command/$before == conn/import ]]; then
		compgen -f -- "$word"
	elif [[ $before == --@(without|weight) ]]; then
		_opvsadm_as_ipvsadm -r
	elif [[ $word == -* ]]; then
		opvsadm "$command" --help 2>/dev/null |
			grep -oE -- '--[a-z][a-z0-9-]+'
		echo --help
	elif (($# == 2)) && [[ $command == @(conn|key|limit|policy) ]]; then
		opvsadm "$command" --help 2>/dev/null |
			awk '/^$/ && seen++ > 1 { exit } /^  [a-z]/ { print $1 }'
	elif (($# == 3)) && [[ $command == policy ]]; then
		opvsadm policy 2>/dev/null |
			awk 'NR > 1 && !seen[$1]++ { print $1 }'
	elif [[ $command == @(drain|explain|limit|policy) || " $* " == *' --sip '* ]]; then
		_opvsadm_services
		(($# > 2)) || [[ $command != explain ]] || printf '%s\n' udp tcp sctp
	elif [[ $command == counters ]]; then
		opvsadm counters --all 2>/dev/null | awk 'NR > 1 { print $1 }'
	fi
}

# What may follow options of ipvsadm.
_opvsadm_as_ipvsadm() {
	local name=TCP
	case $1 in
	-u | --udp-service) name=UDP ;;
	--sctp-service) name=SCTP ;;
	-r | --real-server)
		opvsadm -Ln 2>/dev/null | awk '/^  -> [^R]/ { print $2 }'
		return
		;;
	esac
	opvsadm -Ln 2>/dev/null | awk -v name="$name" '$1 == name { print $2 }'
}

_opvsadm() {
	local line=${COMP_LINE:0:COMP_POINT} typed i word words
	# Bash breaks words at colons, of which services have some.
	read -ra typed <<<"$line"
	[[ $line != *[[:space:]] ]] || typed+=('')
	word=${typed[-1]}
	for ((i = 1; i < ${#typed[@]} - 1; i++)); do
		[[ ${typed[i]} == -* ]] || break
	done
	if [[ ${#typed[@]} -gt 2 && ${typed[-2]} =~ ^(-[tur]|--(tcp|udp|sctp)-service|--real-server)$ ]]; then
		words=$(_opvsadm_as_ipvsadm "${typed[-2]}")
	elif ((i >= ${#typed[@]} - 1)); then
		words=$(opvsadm --help 2>/dev/null |
			awk '/^  [a-z]/ { print $1 } /^ +(-., )?--/ {
				for (i = 1; i < 3; i++)
					if ($i ~ /^--/) { sub(/\[.*/, "", $i); print $i }
			}')
	else
		words=$(_opvsadm_arguments "${typed[@]:i}")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	# Bash has what is in front of the last colon already.
	[[ $word != *:* || $COMP_WORDBREAKS != *:* ]] ||
		COMPREPLY=("${COMPREPLY[@]#"${word%:*}:"}")
}
complete -F _opvsadm opvsadm
