# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# FTP behind NAT: a gigabyte, or OPVS_E2E_BYTES, in each mode and family, without and
# with connection tracking; and how long each took. Back goes a twentieth of it, as
# that is kept in memory.
if [[ $module != opvs ]]; then
	skip 'a gigabyte by FTP' 'this is about opvs'
	return 0
fi
# shellcheck source=tests/e2e/ftp.sh
. "$e2e/ftp.sh"

bytes=${OPVS_E2E_BYTES:-1000000000}
ftp_servers "$bytes"
head -c $((bytes / 20)) /dev/urandom >"$state/ftp/back"
back=$(sha256sum <"$state/ftp/back")
for f in 4 6; do
	tracked -t "$f" 1 21 -m -s rr
done

transfer() {
	local f=$1 mode=$2 from=${EPOCHREALTIME/./}
	is "$(ftp_get "$f" 1 "$mode")" "$sum" "IPv$f $mode: a file comes whole"
	diag "$(((${EPOCHREALTIME/./} - from) / 1000)) ms"
	from=${EPOCHREALTIME/./}
	ftp_put "$f" 1 "$mode" put back || :
	is "$(cat "$state"/ftp/[123]/put | sha256sum)" "$back" \
		"IPv$f $mode: a file goes whole"
	diag "$(((${EPOCHREALTIME/./} - from) / 1000)) ms"
	rm "$state"/ftp/[123]/put
}

all_modes() {
	local mode
	for mode in pasv epsv port eprt; do
		transfer 4 $mode
	done
	for mode in epsv eprt; do
		transfer 6 $mode
	done
}

all_modes
if nft -f - <<'END' 2>/dev/null
table inet fw {
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state established,related accept
	}
}
END
then
	vs_sysctl conntrack 1
	all_modes
	nft delete table inet fw
else
	skip 'with connection tracking' 'no nftables in this kernel'
fi
