# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm top: what it prints, and how it behaves on a terminal.
if [[ $module != opvs ]]; then
	skip 'top' 'of opvs'
	return 0
fi
! about_programs 'top' || return 0
servers 9600
accept_on 9600
service 4 1 9600 -s rr
tracked -t 4 2 9600 -m -s rr
tracked -t 6 2 9600 -m -s rr
real -e -t 4 2 9600 2 -m -w 150000
from_client dial id=few dst="10.91.0.2|9600" count=3
from_client dial id=many dst="fd91::2|9600" count=12
# columns N...: of what it prints, without its head.
columns() { awk -v "columns=$1" 'NR > 1 {
	count = split(columns, n)
	for (i = 1; i <= count; i++) printf "%s%s", $n[i], i < count ? " " : "\n"
}'; }
opvsadm top --batch >"$state/top"
same_text "$(columns 1 <"$state/top")" "10.91.0.1:9600/udp
10.91.11.2:9600
10.91.12.2:9600
10.91.13.2:9600
10.91.0.2:9600/tcp
10.91.11.2:9600
10.91.12.2:9600
10.91.13.2:9600
[fd91::2]:9600/tcp
[fd91:11::2]:9600
[fd91:12::2]:9600
[fd91:13::2]:9600" 'top: services and their servers, as they were added'
is "$(head -n 1 "$state/top" | tr -s ' ')" \
	'SERVICE, SERVER WEIGHT CONN/s INP/s OUTP/s INB/s OUTB/s ACTIVE INACT' \
	'what stands above'
is "$(awk '$1 == "10.91.0.2:9600/tcp" { print $7, $8 }' "$state/top")" '3 0' \
	'active connections of a service'
is "$(awk 'NR == 8 { print $1, $2 }' "$state/top")" '10.91.12.2:9600 150k' \
	'a large weight is shortened'
is "$(opvsadm top --batch --sort active | columns 1 | grep /)" \
	"[fd91::2]:9600/tcp
10.91.0.2:9600/tcp
10.91.0.1:9600/udp" 'sorted by active connections'
is "$(opvsadm top --batch=2 --delay 1 | grep -c SERVICE)" 2 'twice'
# Rates are known some seconds later.
flows() {
	from_client burst dst="10.91.0.1|9600" count=50
	[[ $(opvsadm top --batch --sort inpkts |
		awk 'NR == 2 && $3 > 0 { print $1 }') == 10.91.0.1:9600/udp ]]
}
check 'sorted by packets per second' poll 20 flows
is "$(opvsadm top --sort size 2>&1 || echo $?)" \
	"opvsadm: --sort takes conns or another of those in the help; see opvsadm --help
2" 'an order that is none'
is "$(opvsadm top 2>&1 </dev/null || echo $?)" \
	"opvsadm: top takes a terminal; --batch does without; see opvsadm --help
2" 'no terminal'
program terminal
agent hang id=few
agent hang id=many
