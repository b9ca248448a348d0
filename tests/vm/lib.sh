# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Common to the scripts that build kernels and boot them: messages, the cache.
#
# The including script sets $top (the checkout) and $me (its name in messages).
#
# Everything that is fetched or built lives in one cache outside the checkout:
#   archive/	package lists of Debian releases, this machine's or not
#   roots/	compilers of other releases, unpacked
#   src/	kernel sources, unpacked once per package version
#   kernels/	one folder per lane and key; appears complete or not at all
#   build/	the module's objects, per checkout, lane and kernel
#   checkpatch-*	what the kernel's style checker had nothing to say of
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

# A lane is a kind of kernel, with or without a version: "uml", "stock-7.3".
# Without one each kind has another, so that the tests cover all of them.
kinds='stock uml uml-debug debug kcsan'
versions='6.1 6.12 7.3'
# shellcheck disable=SC2034 # for those that include this
lanes_daily='stock uml uml-debug debug'
# shellcheck disable=SC2034
lanes_text="$kinds, each also with -${versions// / or -} behind it"

kind_of() { echo "${1%-[0-9]*}"; }

# version_of LANE: of the kernel's source.
version_of() {
	case $1 in
	*-[0-9]*) echo "${1##*-}" ;;
	stock)
		case $(host_release) in
		bookworm) echo 6.1 ;;
		*) echo 6.12 ;;
		esac
		;;
	uml | uml-debug) echo 6.12 ;;
	*) echo 7.3 ;;
	esac
}

is_lane() {
	local kind
	kind=$(kind_of "$1")
	[[ " $kinds " == *" $kind "* && -n $kind ]] || return 1
	[[ $1 == "$kind" || " $versions " == *" ${1##*-} "* ]]
}

# host_release: the release that this machine is, or "other".
host_release() {
	local id='' name=''
	# shellcheck source=/dev/null
	read -r id name < <(. /etc/os-release && echo "${ID:-}" \
		"${VERSION_CODENAME:-}")
	case $id-$name in
	debian-bookworm | debian-trixie) echo "$name" ;;
	*) echo other ;;
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
