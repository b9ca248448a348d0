# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Servers and clients of FTP: vsftpd and curl.

# Memory holds large files that are mostly holes, with a random page in each megabyte.
random_file() {
	local size=$1 file=$2
	if ((size <= 2000000)); then
		head -c "$size" /dev/urandom >"$file"
		return
	fi
	truncate -s "$size" "$file"
	python3 - "$size" "$file" <<'END'
import os, sys
fd = os.open(sys.argv[2], os.O_WRONLY)
for at in range(0, int(sys.argv[1]) - 4096, 1 << 20):
    os.pwrite(fd, os.urandom(4096), at)
END
}

# ftp_servers SIZE [OPTION=VALUE...]: on all servers, in both families, with a file
# "who" that says which server it is, and "data" with SIZE bytes. Sets sum, what that
# comes to.
ftp_servers() {
	local size=$1 n
	shift
	mkdir -p "$state/ftp/empty"
	random_file "$size" "$state/ftp/data"
	# shellcheck disable=SC2034 # tests use it
	sum=$(sha256sum <"$state/ftp/data")
	for n in 1 2 3; do
		mkdir -p "$state/ftp/$n"
		echo "s$n" >"$state/ftp/$n/who"
		ln -f "$state/ftp/data" "$state/ftp/$n/data"
		cat >"$state/ftp/$n.conf" <<END
listen=NO
listen_ipv6=YES
background=NO
anonymous_enable=YES
local_enable=NO
write_enable=YES
anon_upload_enable=YES
anon_root=$state/ftp/$n
secure_chroot_dir=$state/ftp/empty
allow_writeable_chroot=YES
run_as_launching_user=YES
connect_from_port_20=YES
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
$(printf '%s\n' "$@")
END
		spawn_in "${ns_servers[n]}" vsftpd "$state/ftp/$n.conf" \
			>>"$state/ftp/log" 2>&1
	done
	for n in 1 2 3; do
		poll 20 listens "$n" -t 21 '*:21' ||
			diag "no FTP server $n" "$(<"$state/ftp/log")"
	done
}

# What curl is told; only so does it go where PASV says.
declare -A ftp_mode=([pasv]='--disable-epsv --no-ftp-skip-pasv-ip' [epsv]=''
	[port]='--disable-eprt --ftp-port -' [eprt]='--ftp-port -')

# ftp_get FAMILY VIP-NUMBER[:PORT] MODE [ARG...]: has curl fetch "data", as ARGs say.
# Prints what it comes to.
ftp_get() {
	local f=$1 v=${2%:*} port=${2#"${2%:*}"} mode=$3
	shift 3
	# shellcheck disable=SC2086 # words
	in_client curl -sSg ${ftp_mode[$mode]} "$@" "ftp://${vs[$f,$v]}$port/data" \
		2>>"$state/ftp/log" | sha256sum
}

# ftp_put FAMILY VIP-NUMBER MODE NAME [FILE]: has curl store "data", or FILE.
ftp_put() {
	# shellcheck disable=SC2086 # words
	in_client curl -sSg ${ftp_mode[$3]} -T "$state/ftp/${5:-data}" \
		"ftp://${vs[$1,$2]}/$4" 2>>"$state/ftp/log"
}
