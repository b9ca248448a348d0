# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of opvsadm for bash. What may be typed is asked of the program and
# the kernel, so that nothing is listed here that is not there.

_opvsadm() {
	local word=${COMP_WORDS[COMP_CWORD]} command='' i words=''
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} != -* ]]; then
			command=${COMP_WORDS[i]}
			break
		fi
	done
	if [[ -z $command ]]; then
		words=$(opvsadm --help 2>/dev/null |
			awk '/^  [a-z]/ { print $1 } /^ +(-., )?--/ {
				for (i = 1; i < 3; i++)
					if ($i ~ /^--/) { sub(/\[.*/, "", $i); print $i }
			}')
	elif [[ $word == -* ]]; then
		words=$(opvsadm "$command" --help 2>/dev/null |
			grep -oE -- '--[a-z][a-z-]+')' --help'
	elif [[ $command == counters ]]; then
		words=$(opvsadm counters --all 2>/dev/null |
			awk 'NR > 1 { print $1 }')
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _opvsadm opvsadm
