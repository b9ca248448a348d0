# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# scripts/deps, as who has just cloned this sees it: on another system, without
# root and sudo, with progress. apt-get and what is installed are made up.
! about_programs 'scripts/deps' || return 0
# Where it stands, it may be root's alone.
deps=$state/deps
cp "$e2e/../../scripts/deps" "$deps"
fake=$state/fake
mkdir -p "$fake"

# stub NAME: standard input becomes the program.
stub() {
	{
		echo '#!/bin/bash'
		echo "calls=$state/apt-calls"
		cat
	} >"$fake/$1"
	chmod 755 "$fake/$1"
}
stub sudo <<'END'
exit 1
END
stub apt-get <<'END'
case "$*" in
*--print-uris*)
	echo "'http://mirror.test/a.deb' a.deb 1500000 MD5Sum:0"
	echo "'http://mirror.test/b.deb' b.deb 700000 MD5Sum:0"
	;;
'-s '*) echo 'Inst linux-image-9.9.9-test (1 test [amd64])' ;;
*' install '*)
	echo install >>"$calls"
	for n in 1 2 3; do
		echo "dlstatus:$n:$((n * 20)).5:Retrieving" >&3
		echo "pmstatus:a:amd64:$((n * 30)).25:Unpacking" >&3
	done
	touch "$calls.done"
	;;
*' update') echo update >>"$calls" ;;
esac
END
stub apt-cache <<'END'
for name in "${@:3}"; do echo "Package: $name"; done
END
stub apt-config <<END
echo "dir='$state/lists/'"
END
# Nothing is installed before apt-get was there, all is after.
stub dpkg-query <<'END'
[[ -e $calls.done ]] || exit 1
for name in "${@:3}"; do echo "$name installed"; done
END

# The state's folder is root's alone.
chmod 755 "$state"

# run_deps [PROGRAM...]: sets said and status.
run_deps() {
	status=0
	rm -f "$state"/apt-calls*
	said=$("$@" env PATH="$fake:$PATH" "$deps" report 2>&1 </dev/null) ||
		status=$?
	asked=$(cat "$state/apt-calls" 2>/dev/null) || :
}
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# on_system TEXT: as /etc/os-release has it.
on_system() { printf '%s\n' "$@" >/etc/os-release; }
cp /etc/os-release "$state/os-release"
trap 'cat "$state/os-release" >/etc/os-release' EXIT

# lists_of AGE: so many days old.
lists_of() {
	mkdir -p "$state/lists/partial"
	touch -d "$1 days ago" "$state/lists/partial" "$state/lists/x_Release"
}

lists_of 1
on_system ID=ubuntu ID_LIKE=debian VERSION_ID=24.04 'PRETTY_NAME="Ubuntu 24.04"'
run_deps
is "$status" 2 'another system: status 2'
is "${said//$'\n'/|}" "deps: this is Ubuntu 24.04, and these scripts know the \
packages of Debian 12 and 13 only; nothing was installed (--list prints what is wanted)" \
	'another system: one sentence'
is "$asked" '' 'another system: nothing is asked of apt-get'

on_system ID=debian 'PRETTY_NAME="Debian forky/sid"'
run_deps
is "$status" 0 'a Debian to come: goes on'
check 'a Debian to come: says so' grep -q 'this is Debian forky/sid;' <<<"$said"

for version in 12 13; do
	on_system ID=debian VERSION_ID=$version
	run_deps
	is "$status" 0 "Debian $version: installs"
	is "$asked" install "Debian $version: by one call"
done
is "$said" "deps: Debian packages that are missing here:
  gnuplot-nox          to judge and draw measurements
  python3              to judge and draw measurements
  python3-jsonschema   to judge and draw measurements
deps: packages to download, with what they need: 2, 3 MB
deps: among them is a kernel that this machine may boot from then on: linux-image-9.9.9-test
deps: downloading, 20 %
deps: installing, 30 %
deps: downloading, 40 %
deps: installing, 60 %
deps: downloading, 60 %
deps: installing, 90 %" 'says what, how large, and how far it is'

lists_of 8
run_deps
is "$status/${asked//$'\n'/ }" '0/update install' 'lists of last week are refreshed first'
lists_of 1

run_deps "${nobody[@]}"
is "$status" 1 'neither root nor sudo: status 1'
is "$(tail -n 1 <<<"$said")" '    apt-get install --no-install-recommends gnuplot-nox python3 python3-jsonschema' \
	'neither root nor sudo: the line to type'
is "$asked" '' 'neither root nor sudo: nothing is installed'
lists_of 8
run_deps "${nobody[@]}"
is "$(tail -n 1 <<<"$said")" '    apt-get update && apt-get install --no-install-recommends gnuplot-nox python3 python3-jsonschema' \
	'with stale lists: the line refreshes them'

touch "$state/apt-calls.done"
said=$(PATH="$fake:$PATH" "$deps" check 2>&1)
is "$said" '' 'says nothing when nothing is missing'
