# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Packages of any Debian release, by package lists of our own: nothing is
# installed, and what this machine's apt knows does not change.
#
# To be included behind lib.sh. A list's mirror is the one that this machine
# uses, and packages are checked by Debian's keys as always.

: "${cache:?}"

# Lists older than this are fetched again, if there is a network.
archive_days=30

# Prints the URIs of the archive and of its security updates.
archive_mirrors() {
	# shellcheck disable=SC2016 # for apt to fill in
	local uri suite main='' security='' format='$(REPO_URI) $(RELEASE)'
	while read -r uri suite; do
		case $suite in
		bookworm | trixie | stable | oldstable | testing | sid)
			main=${main:-${uri%/}}
			;;
		*-security) security=${security:-${uri%/}} ;;
		esac
	done < <(apt-get indextargets --format "$format" \
		'Created-By: Packages' 2>/dev/null)
	[[ -n $main ]] || die "apt knows no mirror of Debian;" \
		"see /etc/apt/sources.list"
	# Where only the archive is known, they stand side by side.
	echo "$main ${security:-$main-security}"
}

archive_list() {
	local release=$1 main security key
	read -r main security < <(archive_mirrors)
	[[ -n $main ]] || exit 125
	key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
	echo "deb $key $main $release main"
	echo "deb $key $security $release-security main"
	# What is newer than the newest release.
	[[ $release != trixie ]] ||
		echo "deb $key $main $release-backports main"
}

# archive_apt RELEASE PROGRAM ARG...: apt-get or apt-cache with the lists of
# RELEASE, as if nothing were installed.
archive_apt() {
	local state=$cache/archive/$1 program=$2
	shift 2
	"$program" -o Dir::Etc::sourcelist="$state/sources.list" \
		-o Dir::Etc::sourceparts=- -o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$state" \
		-o Dir::State::lists="$state/lists" \
		-o Dir::State::status="$state/status" \
		-o Dir::Cache="$state/cache" -o APT::Sandbox::User=root \
		-o Debug::NoLocking=true "$@"
}

archive_fetch_lists() {
	local release=$1 state=$cache/archive/$1
	mkdir -p "$state"/{lists,cache/archives}/partial
	: >"$state/status"
	archive_list "$release" >"$state/sources.list"
	note "fetching package lists of Debian $release"
	# One suite of several may not be there, so this is judged by results.
	archive_apt "$release" apt-get -qq update >"$state/log" 2>&1 || :
	if compgen -G "$state/lists/*_Packages*" >/dev/null; then
		touch "$state/fresh"
		return
	fi
	[[ -e $state/fresh ]] || {
		cat "$state/log" >&2
		die "no package lists of Debian $release"
	}
}

archive_ready_locked() {
	local stamp=$cache/archive/$1/fresh
	[[ -n $(find "$stamp" -mtime "-$archive_days" 2>/dev/null) ]] ||
		archive_fetch_lists "$1"
}

# archive_ready RELEASE: the lists are there and of this month.
archive_ready() {
	with_lock "$cache/lock/archive-$1" archive_ready_locked "$1"
}

# archive_known RELEASE NAME COMMAND...: what the command prints about these
# lists. To ask apt takes a second, so it is asked once.
archive_known() {
	local state=$cache/archive/$1 known=$cache/archive/$1/known/$2
	shift 2
	if [[ ! $known -nt $state/fresh ]]; then
		mkdir -p "$state/known"
		"$@" >"$known.$$"
		mv "$known.$$" "$known"
	fi
	cat "$known"
}

# archive_newest RELEASE REGEX: the name of the package with the highest version
# in its name.
archive_newest() {
	archive_apt "$1" apt-cache pkgnames | grep -Ex "$2" | sort -V |
		tail -n 1
}

archive_ask_version() {
	archive_apt "$1" apt-cache show --no-all-versions "$2" 2>/dev/null |
		sed -n 's/^Version: //p;T;q' || :
}

# archive_version RELEASE PACKAGE: the version that would be fetched; empty if
# there is none.
archive_version() {
	archive_known "$1" "$2" archive_ask_version "$1" "$2"
}

# archive_get RELEASE PACKAGE...: puts them into the current folder, or dies.
archive_get() {
	local release=$1
	shift
	archive_apt "$release" apt-get -qq download "$@" >apt.log 2>&1 || {
		cat apt.log >&2
		die "cannot fetch from Debian $release: $*"
	}
	rm -f apt.log
}

# archive_get_all RELEASE PACKAGE...: with all that they depend on.
archive_get_all() {
	local release=$1 names
	shift
	names=$(archive_apt "$release" apt-get -qq -s \
		--no-install-recommends install "$@" 2>apt.log |
		sed -n 's/^Inst \([^ ]*\) .*/\1/p')
	[[ -n $names ]] || die "cannot be installed from Debian $release: $*"
	# shellcheck disable=SC2086 # a list of names
	archive_get "$release" $names
}
