# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Common to the scripts that build kernels and boot them: messages, the cache.
#
# The including script sets $top (the checkout) and $me (its name in messages).
#
# Everything that is fetched or built lives in one cache outside the checkout:
#   src/	kernel sources, unpacked once per package version
#   kernels/	one folder per lane and key; appears complete or not at all
#   build/	the module's objects, per checkout, lane and kernel
#   accel	whether KVM works here, asked once per boot of this machine

note() { printf '%s: %s\n' "${me:?}" "$*" >&2; }

die() {
	note "$*"
	exit 125
}

# One name for the folder; Kbuild cannot live under a path with a blank.
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/opvs
case $cache in
*[[:space:]]* | *:*)
	die "cache folder '$cache' has a blank or colon in its name;" \
		"set XDG_CACHE_HOME"
	;;
esac

# Those that all tests together need, and one for now and then.
lanes_daily='stock uml uml-debug debug'
lanes="$lanes_daily kcsan"

is_lane() {
	case " $lanes " in
	*" $1 "*) return 0 ;;
	*) return 1 ;;
	esac
}

is_uml() { [[ $1 == uml* ]]; }

# with_lock FILE COMMAND...: one holder at a time; says so when it must wait.
with_lock() {
	local lock_file=$1
	shift
	mkdir -p "${lock_file%/*}"
	(
		if ! flock -n 9; then
			note "waiting for another run (${lock_file##*/})"
			flock 9
		fi
		"$@" 9>&-
	) 9>"$lock_file"
}

jobs_here() { nproc 2>/dev/null || echo 1; }

# need_debs GROUP: quiet when nothing is missing.
need_debs() {
	"${top:?}/scripts/deps" "$1" || die "packages are missing; see above"
}
