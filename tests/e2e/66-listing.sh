# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# What stock ipvsadm -Lnc shows of connections and templates of every kind, and
# the files that it reads, byte for byte as with the kernel's ip_vs.
servers 6600
accept_on 6600
# Without nftables packets are not marked, and there are no lines of marks.
marks=0
if nft add table inet listing 2>/dev/null; then
	marks=1
	nft -f - <<-'END'
		table inet listing {
			chain marking {
				type filter hook prerouting priority mangle
				ip daddr 10.91.0.3 meta mark set 7
				ip6 daddr fd91::3 meta mark set 9
			}
		}
	END
else
	skip 'lines of firewall marks' 'no nftables in this kernel'
fi

# One server each, so that it is known who serves.
{
	for f in 4 6; do
		six=''
		((f == 4)) || six=-6
		echo "-A -u ${vs[$f,1]}:6600 -s rr
			-a -u ${vs[$f,1]}:6600 -r ${rs[$f,1]}:6600 -m
			-A -t ${vs[$f,1]}:6600 -s rr
			-a -t ${vs[$f,1]}:6600 -r ${rs[$f,2]}:6600 -m
			-A -t ${vs[$f,2]}:6600 -s rr -p 90
			-a -t ${vs[$f,2]}:6600 -r ${rs[$f,3]}:6600 -m
			-A -u ${vs[$f,2]}:0 -s rr -p 90
			-a -u ${vs[$f,2]}:0 -r ${rs[$f,3]}:0 -m
			-A -f $((f == 4 ? 7 : 9)) $six -s rr -p 90
			-a -f $((f == 4 ? 7 : 9)) $six -r ${rs[$f,1]}:0 -m
			-A -u ${vs[$f,4]}:6600 -s rr -p 90 --pe sip
			-a -u ${vs[$f,4]}:6600 -r ${rs[$f,2]}:6600 -m"
	done
} | ipvsadm -R

datagram() { # FAMILY PORT VIP-NUMBER [KEY=VALUE...]
	local f=$1 port=$2 v=$3
	shift 3
	agent ask ns="$ns_client" src="${client_ip[$f]}|$port" \
		dst="${vip[$f,$v]}|6600" "$@"
}
call() { # FAMILY PORT CALL-ID
	datagram "$1" "$2" 4 \
		data="OPTIONS sip:x SIP/2.0\\r\\nCall-ID: $3\\r\\n\\r\\n"
}
dial() { # FAMILY PORT VIP-NUMBER
	agent dial ns="$ns_client" id="line$1$3" \
		src="${client_ip[$1]}|$2" dst="${vip[$1,$3]}|6600"
}

empty='IPVS connection entries
pro expire state       source             virtual            destination'
same_text "$(ipvsadm -Lnc)" "$empty" 'ipvsadm -Lnc without connections'
same_text "$(ipvsadm -Lnc --persistent-conn)" "IPVS connection entries
pro expire state       source             virtual            destination        pe name          pe_data" \
	'ipvsadm -Lnc --persistent-conn without any'
from=$SECONDS
for f in 4 6; do
	datagram $f 4001 1
	dial $f 4002 1
	dial $f 4003 2
	datagram $f 4004 2
	((!marks)) || datagram $f 4005 3
	call $f 4006 abc@host
done

# without_time: lines of ipvsadm -Lnc without their time and head, in order.
without_time() {
	tail -n +3 | sed -E 's/ [0-9]{2}:[0-5][0-9] / MM:SS /' | LC_ALL=C sort
}
# columns PRO STATE SOURCE VIRTUAL DESTINATION
columns() { printf '%-3s MM:SS  %-11s %-18s %-18s %s\n' "$@"; }
expected() {
	local f
	local -A mark=([4]=0.0.0.7:0 [6]='[0:9::]:0')
	for f in 4 6; do
		columns UDP UDP "${cs[$f]}:4001" "${vs[$f,1]}:6600" \
			"${rs[$f,1]}:6600"
		columns TCP ESTABLISHED "${cs[$f]}:4002" "${vs[$f,1]}:6600" \
			"${rs[$f,2]}:6600"
		columns TCP ESTABLISHED "${cs[$f]}:4003" "${vs[$f,2]}:6600" \
			"${rs[$f,3]}:6600"
		columns TCP ASSURED "${cs[$f]}:0" "${vs[$f,2]}:6600" \
			"${rs[$f,3]}:6600"
		columns UDP UDP "${cs[$f]}:4004" "${vs[$f,2]}:6600" \
			"${rs[$f,3]}:6600"
		columns UDP ASSURED "${cs[$f]}:0" "${vs[$f,2]}:0" \
			"${rs[$f,3]}:0"
		if ((marks)); then
			columns UDP UDP "${cs[$f]}:4005" "${vs[$f,3]}:6600" \
				"${rs[$f,1]}:6600"
			columns IP ASSURED "${cs[$f]}:0" "${mark[$f]}" \
				"${rs[$f,1]}:0"
		fi
		columns UDP UDP "${cs[$f]}:4006" "${vs[$f,4]}:6600" \
			"${rs[$f,2]}:6600"
		columns UDP ASSURED "${cs[$f]}:0" "${vs[$f,4]}:6600" \
			"${rs[$f,2]}:6600"
	done | LC_ALL=C sort
}
same_text "$(ipvsadm -Lnc | without_time)" "$(expected)" 'ipvsadm -Lnc'
same_text "$(ipvsadm -Lnc | head -n 2)" "$empty" 'ipvsadm -Lnc: its title'
same_text "$(ipvsadm -Lnc --persistent-conn | without_time |
	grep -F ' sip ')" "$(
		for f in 4 6; do
			printf '%-3s MM:SS  %-11s %-18s %-18s %-16s %-18s %s\n' \
				UDP ASSURED "${cs[$f]}:0" "${vs[$f,4]}:6600" \
				"${rs[$f,2]}:6600" sip abc@host
		done
	)" 'ipvsadm -Lnc --persistent-conn: engine and key'

# seconds_of LINE-PART...: what is left of the entry, in seconds.
seconds_of() {
	local line
	line=$(ipvsadm -Lnc | grep -F -- "$1" | grep -F -- "$2")
	line=${line:4:5}
	echo $((10#${line%:*} * 60 + 10#${line#*:}))
}
# What is left of so many seconds, of which some have passed since.
left_of() { # SECONDS NAME LINE-PART...
	local left
	left=$(seconds_of "${@:3}")
	check "$2: $left s" \
		test "$left" -ge $(($1 - 2 - (SECONDS - from))) -a "$left" -le "$1"
}
left_of 300 'the time of a UDP connection' "${cs[4]}:4001 " UDP
left_of 900 'the time of a TCP connection' "${cs[4]}:4002 " TCP
left_of 90 'the time of a template' "${cs[4]}:0 " "${vs[4,2]}:6600"

# ---- the files ----

hex() {
	local part text=''
	if [[ $1 != *:* ]]; then
		local -a bytes
		IFS=. read -ra bytes <<<"$1"
		printf '%02X' "${bytes[@]}"
		return
	fi
	# All addresses here are prefix::last.
	local -a head tail
	IFS=: read -ra head <<<"${1%%::*}"
	IFS=: read -ra tail <<<"${1##*::}"
	while ((${#head[@]} + ${#tail[@]} < 8)); do
		head+=(0)
	done
	for part in "${head[@]}" "${tail[@]}"; do
		printf -v part %04x "0x$part"
		text+=${text:+:}$part
	done
	echo "$text"
}
raw_lines() {
	local f
	local -A mark=([4]=0.0.0.7 [6]=0:9::0)
	for f in 4 6; do
		row() { # PRO PORT VIRTUAL PORT SERVER PORT STATE [KEY]
			printf '%-3s %s %04X %s %04X %s %04X %-11s %s%s\n' "$1" \
				"$(hex "${client_ip[$f]}")" "$2" "$(hex "$3")" \
				"$4" "$(hex "$5")" "$6" "$7" SECONDS "${8:-}"
		}
		row UDP 4001 "${vip[$f,1]}" 6600 "${rip[$f,1]}" 6600 UDP
		row TCP 4002 "${vip[$f,1]}" 6600 "${rip[$f,2]}" 6600 ESTABLISHED
		row TCP 4003 "${vip[$f,2]}" 6600 "${rip[$f,3]}" 6600 ESTABLISHED
		row TCP 0 "${vip[$f,2]}" 6600 "${rip[$f,3]}" 6600 ASSURED
		row UDP 4004 "${vip[$f,2]}" 6600 "${rip[$f,3]}" 6600 UDP
		row UDP 0 "${vip[$f,2]}" 0 "${rip[$f,3]}" 0 ASSURED
		if ((marks)); then
			row UDP 4005 "${vip[$f,3]}" 6600 "${rip[$f,1]}" 6600 UDP
			row IP 0 "${mark[$f]}" 0 "${rip[$f,1]}" 0 ASSURED
		fi
		row UDP 4006 "${vip[$f,4]}" 6600 "${rip[$f,2]}" 6600 UDP
		row UDP 0 "${vip[$f,4]}" 6600 "${rip[$f,2]}" 6600 ASSURED \
			' sip abc@host'
	done | LC_ALL=C sort
}
same_text "$(sed -E '1d; s/ [ 0-9]{7}( sip .*)?$/ SECONDS\1/' \
	/proc/net/ip_vs_conn | LC_ALL=C sort)" "$(raw_lines)" \
	'/proc/net/ip_vs_conn'
same_text "$(head -n 1 /proc/net/ip_vs_conn)" \
	'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData' \
	'/proc/net/ip_vs_conn: its title'
same_text "$(sed -E '1d; s/ [ 0-9]{7}$/ SECONDS/' \
	/proc/net/ip_vs_conn_sync | LC_ALL=C sort)" \
	"$(raw_lines | sed -E 's/ SECONDS( sip .*)?$/ LOCAL  SECONDS/')" \
	'/proc/net/ip_vs_conn_sync'
same_text "$(head -n 1 /proc/net/ip_vs_conn_sync)" \
	'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires' \
	'/proc/net/ip_vs_conn_sync: its title'

# ---- what servers are shown to have ----

same_text "$(ipvsadm -Ln -u "${vs[4,1]}:6600" | tail -n 2)" \
	'UDP  10.91.0.1:6600 rr
  -> 10.91.11.2:6600              Masq    1      0          1         ' \
	'a UDP connection is inactive'
same_text "$(ipvsadm -Ln -t "${vs[4,2]}:6600" | tail -n 1)" \
	'  -> 10.91.13.2:6600              Masq    1      1          0         ' \
	'a TCP connection is active'
same_text "$(ipvsadm -Ln --persistent-conn -t "${vs[4,2]}:6600" |
	tail -n 1)" \
	'  -> 10.91.13.2:6600              1         1           1          0         ' \
	'a template is a persistent connection'
same_text "$(grep -F -- '-> 0A5B0D02:19C8' /proc/net/ip_vs)" \
	'  -> 0A5B0D02:19C8      Masq    1      1          0         ' \
	'/proc/net/ip_vs counts the same'
agent hang id=line42 how=rst
settles 5 '  -> 10.91.13.2:6600              1         1           0          1         ' \
	'a connection that was reset is inactive' \
	bash -c "ipvsadm -Ln --persistent-conn -t ${vs[4,2]}:6600 | tail -n 1"

# ---- keys that ipvsadm could not read ----

# It crashes at a line of more than 255 characters, and ip_vs writes them.
if [[ $module == opvs ]]; then
	call 4 4007 "$(printf 'x%.0s' {1..255})"
	call 6 4007 "$(printf 'y%.0s' {1..255})"
	call 4 4008 'two words, \\x01 and \\xe4'
	check 'ipvsadm -Lnc with keys of any kind' ipvsadm -Lnc --persistent-conn
	is "$(ipvsadm -Lnc --persistent-conn | awk '$7 == "sip"' | wc -l)" 5 \
		'it shows each in one line'
	is "$(ipvsadm -Lnc --persistent-conn | awk '$8 ~ /^two/ { print $8 }')" \
		'two\x20words,\x20\x01\x20and\x20\xe4' \
		'odd bytes are written as numbers'
	is "$(awk 'length > 200 { print length + 1, substr($0, 252) }' \
		/proc/net/ip_vs_conn | sort -u)" '255 ...' \
		'long keys are cut to lines of 255 characters'
fi
((!marks)) || nft delete table inet listing
