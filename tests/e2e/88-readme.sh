# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# The commands of the documents work, typed in order on a host that has opvs and
# nothing configured: each line of each indented block. A block that shows
# something else has "<!-- no commands -->" in front of it.
if [[ $module != opvs ]]; then
	skip 'commands of the documents' 'they are about opvs'
	return 0
fi
! about_programs 'commands of the documents' || return 0
top=$(cd "$e2e/../.." && pwd -P)

# What cannot be typed here, by how it begins: it needs the network, another host,
# a build, a boot, a module that is not loaded, a name in place of FILE, a terminal,
# servers that answer, somebody who ends it; or it is a line for a file.
elsewhere=('apt-get ' 'make' 'scp ' 'scripts/' 'modprobe -r ip_vs' 'install ip_vs '
	'opvs-upgrade' 'opvsadm top'
	'opvsadm doctor' 'opvsadm monitor')

typable() {
	local begin
	for begin in "${elsewhere[@]}"; do
		[[ $1 != "$begin"* ]] || return 1
	done
}

# commands FILE: "LINE COMMAND" for each. A block begins behind an empty line that
# is not within a list; what is indented there goes on with the list.
commands() {
	awk '
	/^ *$/ { empty = 1; next }
	/^<!-- no commands -->$/ { skipped = 1; empty = 0; next }
	/^    / && (block || empty && !list) {
		block = 1
		empty = 0
		if (!skipped)
			print NR, substr($0, 5)
		next
	}
	{
		if (/^([*-]|[0-9]+\.) /)
			list = 1
		else if (/^[^ ]/)
			list = 0
		skipped = skipped && !block
		block = empty = 0
	}' "$1"
}

# A host of its own: a network namespace with nothing in it.
ns_host=opvs-h-$ns_id
begin_host() {
	ip netns del "$ns_host" 2>/dev/null || :
	ip netns add "$ns_host"
	ip -n "$ns_host" link set lo up
}
on_host() {
	PATH=$top/tools:$PATH nsenter --net="/run/netns/$ns_host" "$@"
}

# type_all FILE LEAST: at least so many commands.
type_all() {
	local file=$1 least=$2 number line typed=0
	while read -r number line; do
		typable "$line" || continue
		check "$file:$number: $line" on_host bash -ec "$line" </dev/null
		((typed += 1))
	done < <(commands "$top/$file")
	check "$file: at least $least commands were typed" test "$typed" -ge "$least"
}

# Commands write files where they are typed.
typed_in=$(mktemp -d "$state/typed.XXXXXX")
cd "$typed_in" || return 1
begin_host
type_all README.md 8
is "$(on_host ipvsadm -Sn | grep -c -- '^-a')" 3 'README.md: three servers are there'
type_all doc/sip.md 2
is "$(on_host ipvsadm -Sn | grep -c -- '^-a')" 2 'doc/sip.md: one of them has gone'

begin_host
type_all doc/manual.md 20
check 'doc/manual.md: services are there' \
	test "$(on_host ipvsadm -Sn | grep -c -- '^-A')" -ge 4
ip netns del "$ns_host"
# What they left behind is not for other tests.
cd "$state" || return 1
rm -rf /etc/sysctl.d/opvs.conf /etc/opvs "$typed_in"
