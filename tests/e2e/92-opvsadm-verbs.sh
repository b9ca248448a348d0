# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm conn, policy, limit, key and drain: what they show and change, and what
# they say of what cannot be.
if [[ $module != opvs ]]; then
	skip 'verbs of opvsadm' 'of opvs'
	return 0
fi
! about_programs 'verbs of opvsadm' || return 0

# fails STATUS TEXT NAME ARGUMENT...: with this text on standard error.
fails() {
	local want=$1 text=$2 name=$3 status=0 said
	shift 3
	said=$(opvsadm "$@" 2>&1 >/dev/null) || status=$?
	is "$status: $said" "$want: opvsadm: $text" "$name"
}
# The same, of what cannot be understood.
misread() { fails 2 "$1; see opvsadm --help" "$2" "${@:3}"; }
# keys ARGUMENT...: of the JSON that it prints, of its first object.
keys() {
	opvsadm -j "$@" | python3 -c 'import json, sys
found = json.load(sys.stdin)
print(*(found[0] if isinstance(found, list) else found))'
}
# told EXPRESSION ARGUMENT...: of "all", the JSON that it prints.
told() {
	opvsadm -j "${@:2}" | python3 -c 'import json, sys
all = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"
}
port=9200 web=10.91.0.1:9200/tcp
servers 5060
service 4 2 5060 -s mh --pe sip
accept_on $port

# ---- conn ----

for f in 4 6; do
	tracked -t $f 1 $port -m -s rr
	from_client dial id="live$f" dst="${vip[$f,1]}|$port" count=6
done
ipvsadm -A -u 10.91.0.1:$port -s rr -p 60
ipvsadm -a -u 10.91.0.1:$port -r "10.91.11.2:$port" -m
servers $port
from_client burst dst="10.91.0.1|$port" count=1
is "$(keys conn list --service $web)" 'kind protocol client client_port virtual virtual_port fwmark server server_port method state active seconds packets engine key flags service' \
	'conn list: the keys of JSON'
is "$(told 'sorted({(c["protocol"], c["client"], c["virtual"], c["virtual_port"], c["service"]) for c in all})' \
	conn --service $web)" \
	"[('tcp', '10.91.1.2', '10.91.0.1', 9200, '10.91.0.1:9200/tcp')]" \
	'its values'
is "$(opvsadm conn list --service $web | awk '{ print $1, $3, $5, $6 }' | sort -u)" \
	"PROTO VIRTUAL BY STATE
tcp 10.91.0.1:9200 nat ESTABLISHED" 'as a table'
is "$(opvsadm conn list --service "[fd91::1]:$port/tcp" | awk 'NR > 1 { print $3 }' | sort -u)" \
	"[fd91::1]:$port" 'an IPv6 address has brackets'
# count WANT FILTER...
count() { is "$(opvsadm conn count "${@:2}")" "$1" "conn count ${*:2}"; }
count 14
count 6 --service $web
count 12 --protocol TCP --state established
count 2 --server "10.91.12.2:$port" --protocol tcp
count 6 --client fd91:1::/64
count 0 --client 10.91.2.0/24
count 1 --kind template
count 8 --virtual 10.91.0.1
count 6 --ipv6
is "$(opvsadm -j conn count --ipv6)" '{"count":6}' 'and in JSON'
is "$(opvsadm conn flush --server 10.91.12.2)" 2 'conn flush'
count 4 --service $web
is "$(opvsadm conn expire --client fd91:1::2 --protocol tcp)" 6 'conn expire'
count 0 --ipv6
count 0 --client "10.91.1.2:1" --virtual "10.91.0.1:$port" --protocol tcp
misread 'flush ends connections: which? Give a filter, or --all' \
	'flush of nothing in particular' conn flush
count 6
misread "'10.1.1.1' is no filter; filters are options, as --client" \
	'a filter that is none' conn list 10.1.1.1
misread "--client takes ADDRESS[/PREFIX] or ADDRESS:PORT, not '10.1.1'" \
	'an address that is none' conn list --client 10.1.1
misread '--client 10.0.0.0/33: the prefix is longer than the address' \
	'a prefix that is none' conn list --client 10.0.0.0/33
misread "conn takes list, count, flush, expire or import, not 'show'" \
	'a word that is none' conn show
fails 1 "no service 10.91.0.2:$port/udp here; 'ipvsadm -Ln' shows all" \
	'a service that is none' conn list --service 10.91.0.2:$port/udp
fails 1 "no service [fd91::1]:$port/udp here; there is one for tcp" \
	'a service of another protocol' conn count --service "[fd91::1]:$port/udp"
fails 1 "10.91.0.1:$port is a service of several protocols; add /tcp, /udp or /sctp" \
	'a service of several' conn count --service 10.91.0.1:$port
fails 1 'the connections cannot be read: connection STATE: no protocol has such a state' \
	"what the kernel's sentence is for" conn count --state LISTENING
is "$(opvsadm conn flush --all)" 6 'conn flush --all'
agent hang id=live4
agent hang id=live6

# ---- policy ----

is "$(keys policy)" 'name services protocol state seconds' 'policy: keys of JSON'
opvsadm policy add slow tcp/established=1800 udp/udp=77
is "$(told '[(c["protocol"], c["state"], c["seconds"]) for c in all if c["seconds"] in (1800, 77)]' \
	policy list slow)" "[('tcp', 'ESTABLISHED', 1800), ('udp', 'UDP', 77)]" \
	'policy add'
opvsadm policy change slow tcp/ESTABLISHED=2000
is "$(opvsadm policy list slow | awk '$4 == "ESTABLISHED" && $3 == "tcp" ||
	$4 == "UDP" { print $5 }' | paste -sd' ')" '2000 77' \
	'policy change keeps the others'
before=$(ipvsadm -Sn)
opvsadm policy use slow $web "[fd91::1]:$port"
is "$(ipvsadm -Sn)" "$before" 'policy use changes nothing else'
is "$(told '[c["services"] for c in all if c["state"] == "UDP"]' policy)" \
	'[2, 2]' 'and the services are counted'
fails 1 "policy 'slow' cannot be deleted: services use the policy" \
	'one that is used' policy delete slow
opvsadm policy use default $web "[fd91::1]:$port"
opvsadm policy delete slow
fails 1 "no policy 'slow'; 'opvsadm policy' shows all" 'one that is none' \
	policy list slow
fails 1 "no policy 'slow'; 'opvsadm policy' shows all" 'used' \
	policy use slow $web
misread "a timeout is as tcp/ESTABLISHED=900, not 'tcp=9'" \
	'a timeout that is none' policy add fast tcp=9
fails 1 "policy 'fast' cannot be added: STATE: PROTOCOL has no such state; 'opvsadm policy list default' shows all" \
	'a state that is none' policy add fast tcp/OPEN=9
is "$(opvsadm policy | awk 'NR > 1 { print $1 }' | uniq)" default \
	'and nothing was added'

# ---- limit ----

is "$(keys limit)" 'scope service limit entries' 'limit: keys of JSON'
opvsadm limit set 5000
opvsadm limit set 40 $web
is "$(told '[(c["scope"], c["service"], c["limit"]) for c in all if c["limit"]]' limit)" \
	"[('namespace', None, 5000), ('service', '$web', 40)]" 'limit set'
is "$(</sys/kernel/opvs/conn_max)" 5000 'the kernel has it'
is "$(opvsadm limit | awk -v web=$web '$1 == web { print $1, $2, $3 }')" "$web 40 0" \
	'as a table'
opvsadm limit set closed
is "$(told 'all[0]["limit"]' limit)" 0 'a limit that lets nothing pass'
opvsadm limit set none
opvsadm limit set none $web
is "$(told '[c for c in all if c["limit"] is not None]' limit)" '[]' 'no limits'
misread "a limit is 1 to 1073741824, none or closed, not '-1'" \
	'a limit that is none' limit set -1

# ---- key ----

# The same by an implementation of its own.
fingerprint() {
	python3 - "$1" <<-'END'
		import struct, sys
		MASK = (1 << 64) - 1
		def siphash(key, data):
		    k0, k1 = struct.unpack("<QQ", key)
		    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		         k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]
		    rol = lambda x, n: (x << n | x >> (64 - n)) & MASK
		    def rounds(n):
		        for _ in range(n):
		            for a, b, c, d, s, t in ((0, 1, 2, 3, 13, 16), (2, 1, 0, 3, 17, 21)):
		                v[a] = (v[a] + v[b]) & MASK
		                v[b] = rol(v[b], s) ^ v[a]
		                v[a] = rol(v[a], 32)
		                v[c] = (v[c] + v[d]) & MASK
		                v[d] = rol(v[d], t) ^ v[c]
		    data += bytes(-(len(data) + 1) % 8) + bytes([len(data) & 255])
		    for (word,) in struct.iter_unpack("<Q", data):
		        v[3] ^= word
		        rounds(2)
		        v[0] ^= word
		    v[2] ^= 255
		    rounds(4)
		    return v[0] ^ v[1] ^ v[2] ^ v[3]
		assert siphash(bytes(range(16)), bytes(range(15))) == 0xa129ca6149be45e5
		text = f"{siphash(bytes.fromhex(sys.argv[1]), b'fingerprint of a hash key of opvs'):016x}"
		print("-".join(text[i:i + 4] for i in range(0, 16, 4)))
	END
}
here=$(fingerprint "$hash_key")
is "$(opvsadm key)" "$here" 'key: its fingerprint, not the key'
is "$(opvsadm key show --secret)" "$hash_key" 'the key itself'
is "$(opvsadm -j key --secret)" "{\"fingerprint\":\"$here\",\"key\":\"$hash_key\"}" \
	'both in JSON'
opvsadm key make >"$state/key"
check 'key make: 32 digits' grep -qxE '[0-9a-f]{32}' "$state/key"
check 'others each time' test "$(opvsadm key make)" != "$(<"$state/key")"
is "$(opvsadm key)" "$here" 'it is not in force by that'
is "$(opvsadm key set "$state/key")" "$(fingerprint "$(<"$state/key")")" 'key set'
is "$(</proc/sys/net/opvs/hash_key)" "$(<"$state/key")" 'the kernel has it'
is "$(opvsadm key compare "$here" || echo $?)" \
	"different keys: here $(opvsadm key), there $here
1" 'key compare: another'
is "$(opvsadm key set - <<<"$hash_key")" "$here" 'key set from standard input'
is "$(opvsadm key compare "$here")" "the same key: $here" 'key compare: the same'
is "$(opvsadm -j key compare - <<<"$hash_key")" \
	"{\"equal\":true,\"here\":\"$here\",\"there\":\"$here\"}" 'by the key, in JSON'
is "$(opvsadm key make --set)" "$(opvsadm key)" 'key make --set'
check 'is another one' test "$(opvsadm key)" != "$here"
set_hash_key
misread 'others see a command line; give a file, or -' \
	'a key in sight' key set "$hash_key"
fails 1 "standard input: a key is a line of 32 hexadecimal digits; 'opvsadm key make' makes one" \
	'a key that is none' key set - <<<abc
misread "key takes --secret, not '--sceret'" 'an option that is none' \
	key show --sceret

# ---- drain ----

is "$(opvsadm drain)$(opvsadm -j drain)" '[]' 'drain: nothing does'
from_client calls src="${client_ip[4]}|5060" dst="${vip[4,2]}|5060" \
	methods=INVITE count=60 prefix=drained
pass_time 1.1 # after a new key, what is younger does not drain
dest -e 4 2 5060 1 -m -w 0
is "$(keys drain)" 'service seconds remembered servers' 'keys of JSON'
is "$(told '[(c["service"], [s["server"] for s in c["servers"]]) for c in all]' drain)" \
	"[('10.91.0.2:5060/udp', ['10.91.11.2:5060'])]" 'the service and its server'
is "$(told 'all[0]["servers"][0]["active"]' drain 10.91.0.2:5060)" \
	"${A[on_s1]}" 'with its calls'
left=$(opvsadm drain 10.91.0.2:5060/udp | awk 'NR == 2 { print $2 }')
check 'seconds left, in a table' test "$left" -gt 1700
dest -d 4 2 5060 1
is "$(told '[(0 < c["seconds"] <= 1800, c["servers"]) for c in all]' drain)" \
	'[(True, [])]' 'its calls are waited for when it is removed'
is "$(opvsadm drain $web)" '' 'others do not'
fails 1 "no service 10.91.0.2:5060/tcp here; there is one for udp" \
	'a service of another protocol' drain 10.91.0.2:5060/tcp

# ---- completion ----

# completes LINE WANT NAME
completes() {
	local COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
	_opvsadm
	is "${COMPREPLY[*]}" "$2" "completion of '$1'"
}
# shellcheck source=tools/opvsadm/completion.bash
. "$e2e/../../tools/opvsadm/completion.bash"
completes 'opvsadm co' 'conn counters'
completes 'opvsadm -j conn ' 'list count flush expire import'
completes 'opvsadm conn list --s' '--service --server --state'
completes 'opvsadm conn list --service 10.91.0.2' '10.91.0.2:5060/udp'
completes 'opvsadm drain 10.91.0.2:5' '5060/udp'
completes 'opvsadm explain 10.91.0.2:5' '5060/udp'
completes 'opvsadm explain --wi' '--without --with'
completes 'opvsadm policy use de' default
completes 'opvsadm counters forw' forwarded
