# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm: its commands against the kernel, and what it says when that cannot
# answer.
if [[ $module != opvs ]]; then
	skip 'opvsadm' 'of opvs'
	return 0
fi
! about_programs 'opvsadm' || return 0

# field KEY: of the JSON on standard input; of each object of a list.
field() {
	python3 -c 'import json, sys
found = json.load(sys.stdin)
for each in found if isinstance(found, list) else [found]:
    print(each[sys.argv[1]])' "$1"
}
# fails STATUS TEXT NAME COMMAND...: with this text on standard error.
fails() {
	local want=$1 text=$2 name=$3 status=0 said
	shift 3
	said=$("$@" 2>&1 >/dev/null) || status=$?
	is "$status: $said" "$want: opvsadm: $text" "$name"
}

# ---- version ----

version=$(</sys/module/opvs/version)
is "$(opvsadm version)" "opvsadm $version
opvs $version, compatible with IPVS 1.2.1
the names of ip_vs belong to opvs" 'version'
is "$(opvsadm -j version)" \
	"{\"program\":\"$version\",\"module\":\"$version\",\"ipvs\":\"1.2.1\",\"owner\":\"opvs\"}" \
	'version in JSON'

# ---- counters ----

servers 9100
service 4 1 9100 -s rr
from_client burst dst="${vip[4,1]}|9100" count=6
is "${A[got]}" 6 'six packets'
is "$(opvsadm counters forwarded | tr -s ' ')" \
	"COUNTER VALUE COUNTS
forwarded $(</sys/kernel/opvs/forwarded) packets sent to a server" \
	'a counter with its words'
while read -r name; do
	echo "$name $(<"/sys/kernel/opvs/$name")"
done < <(opvsadm --json counters --all | field name) >"$state/files"
opvsadm --json counters --all | python3 -c 'import json, sys
for each in json.load(sys.stdin):
    print(each["name"], each["value"])' >"$state/told"
same_text "$(<"$state/told")" "$(<"$state/files")" \
	'all counters, as the files have them'
check 'there are many' test "$(wc -l <"$state/told")" -gt 40
is "$(opvsadm --json counters --all | field meaning | grep None || :)" '' \
	'and each has words'
is "$(opvsadm counters | awk '$2 == 0')" '' 'those that are 0 are left out'
opvsadm counters --delta --state "$state/counters" >"$state/first"
same_text "$(tr -s ' ' <"$state/first")" "$(opvsadm counters | tr -s ' ')" \
	'the first delta has all'
is "$(opvsadm counters -d --state "$state/counters")" '' \
	'without packets, there is none'
from_client burst dst="${vip[4,1]}|9100" count=4
is "$(opvsadm -j counters -d --state "$state/counters" forwarded replies |
	field value)" $'4\n4' 'four packets more'
mkdir "$state/is-a-folder"
fails 1 "$state/is-a-folder, where --delta remembers counters: Is a directory" \
	'a state that is none' opvsadm counters -d --state "$state/is-a-folder"
fails 1 "no counter 'forwards'; 'opvsadm counters --all' shows all" \
	'a counter that is none' opvsadm counters forwards

# ---- what cannot be understood, and who cannot be asked ----

fails 2 "no command 'conuters'; see opvsadm --help" 'a command that is none' \
	opvsadm conuters
fails 2 "--color takes always, never or auto, not 'red'; see opvsadm --help" \
	'a colour that is none' opvsadm --color=red version
is "$(opvsadm coun forwarded | wc -l)" 2 "a command's beginning is enough"
is "$(setpriv --bounding-set -net_admin --inh-caps -net_admin \
	opvsadm counters 2>&1 || echo $?)" \
	"opvsadm: the counters cannot be read: this takes root, or CAP_NET_ADMIN in the namespace
1" 'without the capability'
rmmod opvs
fails 1 "opvs is not loaded; 'modprobe opvs' loads it" 'without the module' \
	opvsadm counters
is "$(opvsadm version | sed 1d)" "opvs is not loaded; 'modprobe opvs' loads it" \
	'its version'
modprobe ip_vs
fails 1 "opvs is not loaded, ip_vs is; see 'In place of ip_vs' in the manual" \
	'with ip_vs instead' opvsadm counters
rmmod ip_vs
load_module
