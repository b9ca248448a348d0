# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian's own kernels, with what it takes to compile modules for them. Nothing
# of it is installed: packages are fetched and unpacked into the cache.
#
# To be included behind archive.sh.

: "${cache:?}" "${top:?}"

# Only what tests can use: this shrinks the unpacked tree from 400 to 60 MB.
# Before Debian 13, modules are in /lib, and later kernels and their
# configurations beside them.
stock_members=(
	--wildcards
	'*boot/vmlinuz-*' '*boot/config-*'
	'*lib/modules/*/vmlinuz' '*lib/modules/*/config'
	'*lib/modules/*/modules.*'
	'*lib/modules/*/kernel/arch/*'
	'*lib/modules/*/kernel/crypto/*'
	'*lib/modules/*/kernel/lib/*'
	'*lib/modules/*/kernel/net/*'
	'*lib/modules/*/kernel/fs/9p/*'
	'*lib/modules/*/kernel/fs/fscache/*'
	'*lib/modules/*/kernel/fs/netfs/*'
	'*lib/modules/*/kernel/fs/overlayfs/*'
	'*lib/modules/*/kernel/drivers/virtio/*'
	'*lib/modules/*/kernel/drivers/char/*'
	'*lib/modules/*/kernel/drivers/net/*.ko*'
	'*lib/modules/*/kernel/drivers/ptp/*'
	'*lib/modules/*/kernel/drivers/pps/*'
)

stock_exclude=(
	--exclude '*/drivers/net/ethernet/*' --exclude '*/drivers/net/usb/*'
	--exclude '*/drivers/net/can/*' --exclude '*/drivers/net/fddi/*'
	--exclude '*/drivers/net/wireless/*'
)

# stock_abi RELEASE VERSION: the newest kernel, "6.1.0-57-amd64"; neither rt
# nor cloud.
stock_abi() {
	local name
	name="linux-headers-${2//./\\.}\.[^a-z]*(\+deb[0-9]+)?-amd64"
	name=$(archive_known "$1" "newest-$2" archive_newest "$1" "$name")
	echo "${name#linux-headers-}"
}

# Which packages hold the kernel; of those for that are not signed yet, too.
stock_image_packages() {
	local release=$1 abi=$2 name
	if [[ -n $(archive_version "$release" "linux-modules-$abi") ]]; then
		echo "linux-modules-$abi linux-base-$abi"
		set -- "linux-binary-$abi" "linux-binary-unsigned-$abi"
	else
		set -- "linux-image-$abi" "linux-image-$abi-unsigned"
	fi
	for name; do
		if [[ -n $(archive_version "$release" "$name") ]]; then
			echo "$name"
			return
		fi
	done
	die "no package with the kernel $abi in Debian $release"
}

# Headers, Kbuild's programs, and the common headers: "6.1.0-57-amd64" has
# linux-headers-6.1.0-57-common.
stock_headers_packages() {
	archive_apt "$1" apt-cache depends "linux-headers-$2" |
		sed -n 's/^ *|*Depends: \(linux-\(headers\|kbuild\)-.*\)/\1/p'
	echo "linux-headers-$2"
}

stock_fetch() {
	local release=$1 abi=$2 image headers
	image=$(stock_image_packages "$release" "$abi")
	headers=$(stock_headers_packages "$release" "$abi")
	mkdir debs
	# shellcheck disable=SC2086 # lists of names
	(cd debs && archive_get "$release" $image $headers)
}

# What is in a boot loader's wrapping: an emulated machine takes two seconds to
# uncompress it. Where a kernel can be booted as it is (PVH), this is done here
# once.
stock_uncompress() {
	local at magic program
	grep -q '^CONFIG_PVH=y' config || return 0
	for program in xz zstd; do
		magic=$'\xfd7zXZ'
		[[ $program == xz ]] || magic=$'\x28\xb5\x2f\xfd'
		at=$(LC_ALL=C grep -abom1 "$magic" image | head -n 1 || :)
		[[ -n $at ]] || continue
		tail -c "+$((${at%%:*} + 1))" image |
			"$program" -dc 2>/dev/null >image.elf || :
		if [[ $(head -c 4 image.elf | tr -d '\0') == $'\x7fELF' ]]; then
			mv image.elf image
			return
		fi
		rm -f image.elf
	done
}

# Headers name each other by where they would be installed.
stock_relocate() {
	local dir=$1
	sed -i "s|/usr/src/|$dir/usr/src/|g" \
		"$dir/usr/src/linux-headers-$2/Makefile"
}

stock_unpack() {
	local deb lib
	for deb in debs/*.deb; do
		case $deb in
		debs/linux-headers-* | debs/linux-kbuild-*)
			dpkg-deb -x "$deb" .
			;;
		*)
			# Not each package has something of each kind.
			dpkg-deb --fsys-tarfile "$deb" |
				tar -x "${stock_exclude[@]}" \
					"${stock_members[@]}" 2>/dev/null || :
			;;
		esac
	done
	rm -r debs
	mkdir modules
	for lib in usr/lib/modules/"$1" lib/modules/"$1"; do
		[[ ! -d $lib ]] || cp -a "$lib/." modules/
	done
	mv -f modules/vmlinuz image 2>/dev/null || mv "boot/vmlinuz-$1" image
	mv -f modules/config config 2>/dev/null || mv "boot/config-$1" config
	rm -rf lib boot usr/lib/modules usr/share modules/{build,source}
	find modules -name '*.ko.xz' -exec xz -d {} +
	# From what is left here.
	rm -f modules/modules.{dep,alias,symbols,softdep,devname}{,.bin}
}

# stock_make DIR RELEASE ABI
stock_make() {
	local dir=$1 release=$2 abi=$3
	note "fetching Debian's kernel $abi, with headers (50 to 150 MB, once)"
	cd "$dir" || die "no $dir"
	stock_fetch "$release" "$abi"
	stock_unpack "$abi"
	stock_uncompress
	stock_relocate "$dir" "$abi"
	echo "$abi" >release
	ln -s "usr/src/linux-headers-$abi" kbuild
	if [[ $release != "$(host_release)" ]]; then
		ln -s "$(root_of "$release" "$dir")" root
	fi
	"$top/tests/vm/mkinitramfs" "$dir" "$abi"
}

# ---- compilers of other releases --------------------------------------------

root_fetch() {
	local root=$1 release=$2 deb
	shift 2
	[[ ! -e $root/done ]] || return 0
	note "fetching the compiler of Debian $release (100 MB, once)"
	rm -rf "$root"
	mkdir -p "$root"/{proc,dev,tmp,debs} "$root"/usr/{bin,sbin,lib,lib64}
	for deb in bin sbin lib lib64; do
		ln -s "usr/$deb" "$root/$deb"
	done
	(cd "$root/debs" && archive_get_all "$release" "$@")
	for deb in "$root"/debs/*.deb; do
		dpkg-deb -x "$deb" "$root"
	done
	rm -r "$root/debs"
	# This name is made when the package is configured.
	ln -s mawk "$root/usr/bin/awk"
	touch "$root/done"
}

# root_of RELEASE DIR: makes and prints a folder from whose programs modules
# for the kernel in DIR are compiled.
root_of() {
	local release=$1 variables compiler kbuild root
	variables=$(echo "$2"/usr/src/linux-headers-*-amd64/.kernelvariables)
	compiler=$(sed -n 's/^CC = .*\(gcc-[0-9]*\).*/\1/p' "$variables")
	kbuild=$(basename "$2"/usr/lib/linux-kbuild-*)
	root=$cache/roots/$release-$compiler-$kbuild
	with_lock "$cache/lock/root-$release" root_fetch "$root" "$release" \
		"${compiler:-gcc}" "$kbuild" make bash dash coreutils sed grep \
		mawk findutils diffutils perl-base xz-utils kmod >&2
	echo "$root"
}
