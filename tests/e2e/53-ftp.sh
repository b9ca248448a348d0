# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# FTP behind NAT: vsftpd and curl, in passive and active mode and both families; and
# what other clients do, by ftp.py.
same_everywhere FTP && return 0

# shellcheck source=tests/e2e/ftp.sh
. "$e2e/ftp.sh"

# said FAMILY SCENARIO [ARG]: what ftp.py prints.
said() {
	local f=$1
	shift
	in_client python3 "$e2e/ftp.py" "${vip[$f,1]}" 21 "$@" 2>&1 || :
}

# All servers wait at the same few ports.
ftp_servers 1000000 pasv_min_port=40000 pasv_max_port=40003
for f in 4 6; do
	tracked -t "$f" 1 21 -m -s rr
done

# ---- files ----

files() {
	local f=$1 mode n rewritten
	for mode in pasv epsv port eprt; do
		[[ $f$mode != 6pasv && $f$mode != 6port ]] || continue
		rewritten=0
		[[ $mode != pasv ]] || rewritten=3
		snapshot expect_created expect_used ftp_rewritten
		for n in 1 2; do
			is "$(ftp_get "$f" 1 $mode)" "$sum" \
				"IPv$f $mode: a file comes whole"
		done
		ftp_put "$f" 1 $mode "put-$mode" || :
		is "$(cat "$state"/ftp/[123]/put-$mode | sha256sum)" "$sum" \
			"IPv$f $mode: a file goes whole"
		rm "$state"/ftp/[123]/put-$mode
		rose expect_created 3 "IPv$f $mode: three connections are expected"
		rose expect_used 3 "IPv$f $mode: and come"
		rose ftp_rewritten $rewritten \
			"IPv$f $mode: lines rewritten: $rewritten"
	done
}

for f in 4 6; do
	files "$f"
done

# ---- what is to be seen of a transfer ----

# Where the server's connection comes from, as the client sees it and as it is.
data_line() {
	entries "${vs[$1,1]}:${2:-20} " |
		awk '{ sub(/:[^:]*$/, "", $4); print $1, $4, $5, $6 }'
}

# To one server. Entries are there for a while after the transfer.
watched() {
	local f=$1 n
	agent flush ns="$ns_director"
	for n in 2 3; do
		real -e -t "$f" 1 21 $n -m -w 0
	done
	is "$(ftp_get "$f" 1 eprt)" "$sum" "IPv$f: a file from server 1"
	is "$(data_line "$f")" "TCP ${cs[$f]} ${vs[$f,1]}:20 ${rs[$f,1]}:20" \
		"IPv$f: from port 20, of the virtual address, too"
	is "$(awk '$2 == 21 { print $1, $3, $4 }' /proc/net/ip_vs_app)" \
		'TCP 1 ftp' "IPv$f: ip_vs_app counts its control connection"
	for n in 2 3; do
		real -e -t "$f" 1 21 $n -m -w 1
	done
}

for f in 4 6; do
	watched "$f"
done

# ---- what else clients do ----

# seen FAMILY WANT NAME SCENARIO [ARG]
seen() {
	local f=$1 want=$2 name=$3
	shift 3
	is "$(said "$f" "$@")" "$want" "IPv$f: $name"
}

others() {
	local f=$1 n
	snapshot expect_refused
	# The two next ones, whichever they are, and each with its own server.
	is "$(said "$f" twins | awk 'NR == 1 { print; next }
		{ print ($1 == $2 ? "own" : $0); a[$1] } END { print length(a) }')" \
		$'ports differ\nown\nown\n2' \
		"IPv$f: two clients at a time, two servers at the same port"
	is "$(said "$f" many 9 | cut -c3-)" ' 200' \
		"IPv$f: nine files on one control connection, from one server"
	is "$(said "$f" pipe | sed 's/^s[123]/S/')" "S from ${vip[$f,1]} 20" \
		"IPv$f: commands that come together"
	rose expect_refused 0 "IPv$f: nothing was refused"
	is "$(said "$f" foreign | cut -c1)" s \
		"IPv$f: somebody else's address, and a low port: and then a file"
	rose expect_refused 2 "IPv$f: both refused"
	is "$(said "$f" halves | sed 's/ s[123]/ S/')" '200 S' \
		"IPv$f: a command in two packets: and then a file"
}

# A control connection is silent for longer than its time while a file comes.
set_timeouts 2 2 300
slow=()
for f in 4 6; do
	said "$f" slow >"$state/slow$f" &
	slow+=($!)
done
wait "${slow[@]}"
for f in 4 6; do
	is "$(<"$state/slow$f")" "1000000 226 200" \
		"IPv$f: the control connection waits for its file"
done
set_timeouts 900 120 300

for f in 4 6; do
	others "$f"
done

# ---- other services ----

# One for all ports would send the file's connection to any server.
all_ports() {
	local f=$1 n
	ipvsadm -A -t "${vs[$f,2]}:0" -s rr -p 300
	for n in 1 2 3; do
		ipvsadm -a -t "${vs[$f,2]}:0" -r "${rs[$f,$n]}:0" -m
	done
	snapshot expect_used
	is "$(ftp_get "$f" 2 epsv)" "$sum" \
		"IPv$f: a service for all ports: a file comes whole"
	rose expect_used 1 "IPv$f: a service for all ports: as it was expected"
}

# One by mark sees only packets to port 21.
by_mark() {
	local f=$1 n version=()
	[[ $f == 4 ]] || version=(-6)
	ipvsadm -A -f "$f" "${version[@]}" -s rr
	for n in 1 2 3; do
		ipvsadm -a -f "$f" "${version[@]}" -r "${rs[$f,$n]}:0" -m
	done
	nft add rule inet fw pre meta nfproto ipv"$f" tcp dport 21 \
		meta mark set "$f"
	is "$(ftp_get "$f" 3 epsv)" "$sum" \
		"IPv$f: a service by mark: a file comes whole"
	is "$(ftp_get "$f" 3 eprt)" "$sum" \
		"IPv$f: a service by mark: a file comes whole, active"
	ipvsadm -D -f "$f" "${version[@]}"
}

for f in 4 6; do
	all_ports "$f"
done

# ---- firewalls ----

if ! nft add table inet fw 2>/dev/null; then
	skip 'services by mark, conntrack=1' 'no nftables in this kernel'
	return 0
fi
nft add chain inet fw pre '{ type filter hook prerouting priority -150; }'
for f in 4 6; do
	by_mark "$f"
done
nft flush chain inet fw pre

# Only commands may be new; what they tell of is related to them.
nft -f - <<'END'
table inet fw {
	chain in {
		type filter hook input priority 0; policy accept;
		ct state invalid counter drop
		ct state established,related accept
		tcp dport 21 accept
		meta l4proto tcp counter drop
	}
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state invalid counter drop
		ct state established,related accept
		counter
	}
}
END
vs_sysctl conntrack 1
agent flush ns="$ns_director"
for f in 4 6; do
	is "$(said "$f" many 9 | cut -c3-)" ' 200' \
		"IPv$f: conntrack=1: nine files on one control connection"
	is "$(ftp_get "$f" 1 eprt)" "$sum" "IPv$f: conntrack=1: active"
	is "$(ftp_get "$f" 1 epsv)" "$sum" "IPv$f: conntrack=1: passive"
done
is "$(ftp_get 4 1 pasv)" "$sum" 'IPv4: conntrack=1: passive, in old words'
nft delete table inet fw
vs_sysctl conntrack 0

# ---- ports ----

ipvsadm -C
unload_module
modprobe opvs ftp_ports=2121,21
set_hash_key
is "$(awk '{ print $2, $4 }' /proc/net/ip_vs_app)" \
	$'port name\n2121 ftp\n21 ftp' 'ip_vs_app: the ports that were set'
ipvsadm -A -t "${vs[4,1]}:2121" -s rr
ipvsadm -a -t "${vs[4,1]}:2121" -r "${rs[4,1]}:21" -m
for mode in pasv eprt; do
	is "$(ftp_get 4 1:2121 $mode)" "$sum" "port 2121 $mode: a file comes whole"
done
is "$(data_line 4 2120)" "TCP ${cs[4]} ${vs[4,1]}:2120 ${rs[4,1]}:20" \
	'port 2121: the port for data is one below, too'

ipvsadm -C
unload_module
modprobe opvs ftp_ports=0
set_hash_key
is "$(</proc/net/ip_vs_app)" 'prot port    usecnt name' 'no ports: no FTP'
tracked -t 4 1 21 -m -s rr
snapshot expect_created ftp_rewritten
ftp_get 4 1 pasv >"$state/got" --max-time 5
rose expect_created 0 'no ports: nothing is expected'
rose ftp_rewritten 0 'no ports: nothing is rewritten'
ipvsadm -C
unload_module
load_module
