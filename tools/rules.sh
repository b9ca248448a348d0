# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What opvs-rules and opvs-upgrade share: reading the rules of a network
# namespace, trying them, and putting them in force.
#
# Rules are lines, as opvs-rules(8) describes them: "net.opvs.NAME = VALUE", and
# what ipvsadm -R reads. All is about the caller's network namespace.

: "${me:?}"
settings_dir=/proc/sys/net/opvs

note() { printf '%s: %s\n' "$me" "$*" >&2; }

die() {
	note "$*"
	exit 1
}

# ---- can it work here? ------------------------------------------------------

is_loaded() { [[ -d /sys/module/opvs && -d $settings_dir ]]; }

# ipvsadm loads ip_vs when nobody answers it, so it is not run before this.
need_opvs() {
	is_loaded || die "opvs is not loaded; modprobe opvs loads it"
	[[ -w $settings_dir/hash_key ]] ||
		die "this takes root with CAP_NET_ADMIN in the namespace"
}

need_ipvs() {
	need_opvs
	if [[ -d /sys/module/ip_vs ]]; then
		die "ip_vs is loaded, and ipvsadm speaks to it instead of opvs;" \
			"see 'In place of ip_vs' in the manual"
	fi
	[[ -e /proc/self/net/ip_vs ]] ||
		die "opvs was loaded with compat=0: ipvsadm cannot reach it"
	command -v ipvsadm >/dev/null ||
		die "ipvsadm is missing: apt-get install ipvsadm"
}

# make_work: sets work to a folder for passing files, gone when the shell ends.
make_work() {
	umask 077
	work=$(mktemp -d "${TMPDIR:-/tmp}/$me.XXXXXX")
	trap 'reopen; rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# One at a time: what is half restored must not be saved.
take_lock() {
	mkdir -p /run/opvs
	exec {lock}>/run/opvs/lock
	flock -w 60 "$lock" ||
		die "another opvs-rules or opvs-upgrade has been at work for a minute"
}

# ---- reading ----------------------------------------------------------------

# A mode of a defence reads 2 instead of 1 while memory is low.
print_settings() {
	local file name value
	for file in "$settings_dir"/*; do
		[[ -w $file ]] || continue
		name=${file##*/}
		read -r value <"$file" || die "cannot read $file"
		case $name in
		drop_entry | drop_packet | secure_tcp)
			[[ $value != 2 ]] || value=1
			;;
		esac
		printf 'net.opvs.%s = %s\n' "$name" "$value"
	done
}

# The thresholds of all servers, in the order in which ipvsadm -Sn has them:
# "ADDRESS UPPER LOWER".
print_thresholds() {
	ipvsadm -Ln --thresholds |
		awk '$1 == "->" && $3 ~ /^[0-9]+$/ { print $2, $3, $4 }'
}

# join_thresholds: adds to the lines of ipvsadm -Sn what they lack. Fails if
# these are not the same servers.
join_thresholds() {
	awk -v thresholds="$1" '
	$1 == "-a" {
		for (i = 1; $i != "-r" && i < NF;)
			i++
		if ((getline line <thresholds) <= 0)
			exit 1
		split(line, at, " ")
		if ($(i + 1) != at[1])
			exit 1
		if (at[2] > 0)
			$0 = $0 " -x " at[2]
		if (at[3] > 0)
			$0 = $0 " -y " at[3]
	}
	{ print }
	END { if ((getline line <thresholds) > 0) exit 1 }'
}

# Two listings are read, and changes between them are noticed.
print_services() {
	local try
	for try in 1 2 3 4 5; do
		ipvsadm -Sn >"$work/saved" || die "ipvsadm -Sn failed"
		print_thresholds >"$work/thresholds"
		ipvsadm -Sn >"$work/saved-again" || die "ipvsadm -Sn failed"
		if cmp -s "$work/saved" "$work/saved-again" &&
			join_thresholds "$work/thresholds" \
				<"$work/saved" >"$work/joined"; then
			cat "$work/joined"
			return
		fi
	done
	die "services changed while they were read, $try times in a row"
}

print_timeouts() {
	ipvsadm -Ln --timeout | sed -n 's/^Timeout (tcp tcpfin udp): /--set /p'
}

print_rules() {
	print_settings
	print_timeouts
	print_services
}

# ---- reading files ----------------------------------------------------------

is_setting='^net\.(opvs|ipv4\.vs)\.([a-z_0-9]+)[[:blank:]]*=[[:blank:]]*(.*)$'
is_rule='^(-A|-a|--add-service|--add-server|--set)[[:blank:]]'

# parse_rules FILE: sets, in their order, setting_path, setting_value and
# setting_line; rule and rule_line; and has_services if there are any. $name is
# what messages call the file.
parse_rules() {
	local line number=0 file=$1
	setting_path=() setting_value=() setting_line=() rule=() rule_line=()
	has_services=0
	while IFS= read -r line || [[ -n $line ]]; do
		((number += 1))
		line=${line#"${line%%[![:space:]]*}"}
		line=${line%"${line##*[![:space:]]}"}
		line=${line#ipvsadm }
		case $line in
		'' | '#'* | ';'*) continue ;;
		esac
		if [[ $line =~ $is_setting ]]; then
			setting_path+=("/proc/sys/net/${BASH_REMATCH[1]/.//}/${BASH_REMATCH[2]}")
			setting_value+=("${BASH_REMATCH[3]}")
			setting_line+=("$number")
		elif [[ "$line " =~ $is_rule ]]; then
			rule+=("$line")
			rule_line+=("$number")
			[[ $line == --set* ]] || has_services=1
		else
			die "$name: line $number: neither a setting nor -A, -a or" \
				"--set: $line"
		fi
	done <"$file"
	printf '%s\n' "${rule[@]}" >"$work/lines"
}

# ---- putting in force -------------------------------------------------------

# While rules are incomplete, calls would go where they do not belong. A limit of
# -1 lets nothing new pass, one-packet services included; packets that come
# meanwhile are dropped without an answer, and are sent again by who cares.
closed=''
close_door() {
	[[ -z $closed ]] || return 0
	read -r closed <"$settings_dir/conn_max"
	echo -1 >"$settings_dir/conn_max"
}
reopen() {
	[[ -n $closed ]] || return 0
	[[ ! -e $settings_dir/conn_max ]] ||
		echo "$closed" >"$settings_dir/conn_max"
	closed=''
}

# write_setting INDEX: unless it has the value already. While the door is closed, a
# limit waits until it opens.
write_setting() {
	local path=${setting_path[$1]} value=${setting_value[$1]} now
	local where="$name: line ${setting_line[$1]}" shown=${path#/proc/sys/}
	shown=${shown//\//.}
	if [[ ! -e $path ]]; then
		note "$where: opvs $(</sys/module/opvs/version) has no setting $shown"
		return 1
	fi
	if [[ $path == */conn_max && -n $closed ]]; then
		[[ $path != "$settings_dir/conn_max" ]] || closed=$value
		return 0
	fi
	read -r now <"$path" || :
	[[ $now != "$value" ]] || return 0
	if ! echo "$value" 2>/dev/null >"$path"; then
		[[ $path != */hash_key ]] || value="the secret"
		note "$where: $shown: $value is refused"
		return 1
	fi
}

# Runs ipvsadm -R with what is on standard input. It may succeed although it
# complains; that is a failure here.
ipvsadm_all() {
	ipvsadm -R 2>"$work/complaint" && [[ ! -s $work/complaint ]]
}

# try_rules: what was parsed, one line after the other, and says which fails.
# Only for a namespace that nobody needs.
try_rules() {
	local i complaint
	for i in "${!setting_path[@]}"; do
		write_setting "$i" || return
	done
	((${#rule[@]})) || return 0
	! ipvsadm_all <"$work/lines" || return 0
	ipvsadm -C
	for i in "${!rule[@]}"; do
		ipvsadm_all <<<"${rule[i]}" && continue
		complaint=$(head -n 1 "$work/complaint")
		note "$name: line ${rule_line[i]}: ${complaint:-ipvsadm fails}:" \
			"${rule[i]}"
		[[ $complaint != *'not supported'* ]] ||
			note "the reason is in dmesg"
		return 1
	done
	note "$name: ipvsadm -R fails, and none of the lines alone does:" \
		"$(<"$work/complaint")"
	return 1
}

# apply_rules over|empty: what was parsed replaces settings and, if it has any, all
# services; "empty" says that there are none, which saves a process that packets
# would wait for. Leaves the door closed if it fails.
apply_rules() {
	local i
	for i in "${!setting_path[@]}"; do
		[[ ${setting_path[i]} != */conn_max ]] || write_setting "$i" ||
			return
	done
	close_door
	for i in "${!setting_path[@]}"; do
		write_setting "$i" || return
	done
	if ((has_services)) && [[ $1 == over ]]; then
		ipvsadm -C || return
	fi
	if ((${#rule[@]})); then
		ipvsadm_all <"$work/lines" || {
			note "$name: ipvsadm -R: $(<"$work/complaint")"
			return 1
		}
	fi
	reopen
}
