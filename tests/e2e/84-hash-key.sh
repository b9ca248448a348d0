# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# The secret by which servers are chosen: set, read and refused by sysctl and
# by netlink; whose it is; and what it does to calls, here and in a second
# director, a namespace with the same services whose servers are its own:
#
#   client ---- director: VIP -- s1 s2 s3      other: VIP, and on lo s1 s2 s3
file=/proc/sys/net/opvs/hash_key
other=opvs-e-$ns_id
in_other() { nsenter --net="/run/netns/$other" "$@"; }

declare -A vip_of=([4]=${vip[4,1]} [6]=${vip[6,1]})
port=5840
key_a=000102030405060708090a0b0c0d0e0f
key_b=000102030405060708090a0b0c0d0e10
key_c=000102030405060708090a0b0c0d0e11

read_key() { key=$(<$file); }
# The text as it is, in one write.
write_key() { printf %s "$1" 2>/dev/null >$file; }
# native FUNCTION KEY=VALUE...: of native.py; prints what it returns.
native() {
	PYTHONPATH=$e2e python3 - "$@" <<-'END'
		import sys, native
		args = dict(word.split("=", 1) for word in sys.argv[2:])
		what = getattr(native, sys.argv[1])
		found = what(args) if args else what()
		print(found if isinstance(found, str) else
		      " ".join(f"{k}={v}" for k, v in found.items()))
	END
}

# ---- what it looks like ----

# One that no test has set.
rmmod opvs
modprobe opvs
read_key
first=$key
check 'a namespace begins with a secret of 32 digits' \
	test "$(grep -cxE '[0-9a-f]{32}' $file)" = 1
is "$(native hash_key)" "$first" 'netlink shows the same'
for size in 1 5 32 33 34; do
	same_text "$(dd if=$file bs=$size status=none)" "$first" \
		"read by $size bytes"
done
is "$(dd if=$file bs=8 skip=2 count=1 status=none)" "${first:16:8}" \
	'read at an offset'
is "$(dd if=$file bs=1 skip=33 status=none | wc -c)" 0 'read behind the end'

# ---- what is taken and what is not ----

takes() { # TEXT WANT NAME
	write_key "$1" || diag "refused: $1"
	read_key
	is "$key" "$2" "$3"
}
takes "$key_a" $key_a 'written without the end of the line'
takes "$key_b"$'\n' $key_b 'and with it'
takes 'FEDCBA98765432100123456789ABCDEF' fedcba98765432100123456789abcdef \
	'capital digits'
takes 00000000000000000000000000000000 00000000000000000000000000000000 \
	'nothing but zeros'
sysctl -qw net.opvs.hash_key=$key_a
read_key
is "$key" $key_a 'sysctl -w'

rejects() { # NAME COMMAND...: and the secret stays
	local name=$1 bad=''
	shift
	! "$@" 2>/dev/null || bad='accepted; '
	read_key
	[[ $key == "$key_a" ]] || bad+="is $key"
	is "$bad" '' "refused: $name"
	write_key $key_a
}
rejects 'nothing but the end of the line' write_key $'\n'
rejects '31 digits' write_key "${key_b:1}"
rejects '33 digits' write_key "${key_b}0"
rejects '64 digits' write_key "$key_b$key_b"
rejects 'a digit that is none' write_key "${key_b:0:31}g"
rejects '0x in front' write_key "0x$key_b"
rejects '0x in the place of digits' write_key "0x${key_b:2}"
rejects 'a blank in front' write_key " $key_b"
rejects 'a blank behind' write_key "$key_b "
rejects 'two ends of the line' write_key "$key_b"$'\n\n'
rejects 'two lines' write_key "$key_b"$'\n'"$key_b"$'\n'
rejects 'colons' write_key 00:01:02:03:04:05:06:07:08:09:0a
# shellcheck disable=SC2317 # by rejects
nul_behind() { printf '%s\0' "$key_b" >$file; }
rejects 'a NUL behind' nul_behind
# shellcheck disable=SC2317
in_halves() { printf %s "$key_b" | dd of=$file bs=16 status=none; }
rejects 'written in halves' in_halves
# shellcheck disable=SC2317
at_offset() {
	printf %s "$key_b" |
		dd of=$file bs=1 seek=1 conv=notrunc obs=32 ibs=32 status=none
}
rejects 'written at an offset' at_offset
# shellcheck disable=SC2317
huge() { head -c 1000000 /dev/zero | tr '\0' 1 | dd of=$file bs=1M status=none; }
rejects 'a million digits' huge

is "$(native table key=$key_b)" 'errno=none text=' 'set by netlink'
read_key
is "$key" $key_b 'shown by sysctl, byte for byte'
is "$(native table key=${key_b}00)" \
	'errno=EINVAL text=binary attribute size out of range' \
	'netlink: 17 bytes are refused'
read_key
is "$key" $key_b 'and change nothing'

# ---- whose it is ----

is "$(stat -c %a $file)" 600 'its mode'
check 'net.ipv4.vs does not show it' test ! -e /proc/sys/net/ipv4/vs/hash_key
anybody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
without_admin() {
	setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$@"
}
for who in anybody without_admin; do
	check "$who: may not read it" eval "! $who cat $file 2>/dev/null"
	check "$who: nor write it" \
		eval "! $who sh -c 'echo $key_a >$file' 2>/dev/null"
done
check 'root of a user namespace may not read that of a network above' \
	eval "! anybody unshare -Ur cat $file 2>/dev/null"
check 'nor write it' \
	eval "! anybody unshare -Ur sh -c 'echo $key_a >$file' 2>/dev/null"
read_key
is "$key" $key_b 'nothing has changed'
check 'nor that of its own network' unshare -Urn sh -c "
	! cat $file 2>/dev/null && ! echo $key_a 2>/dev/null >$file"

# ---- two directors ----

ip netns add "$other"
{
	echo 'link set lo up'
	for f in 4 6; do
		((f == 4)) && len='/32' || len='/128 nodad'
		for address in "${vip_of[$f]}" "${rip[$f,1]}" "${rip[$f,2]}" \
			"${rip[$f,3]}"; do
			echo "addr add ${address}${len} dev lo"
		done
	done
} | in_other ip -batch -
servers $port
for n in 1 2 3; do
	for f in 4 6; do
		agent serve ns="$other" id="s$n" addr="${rip[$f,$n]}|$port"
	done
done

# configure OPTIONS SERVERS: for ipvsadm -R, as the servers are told.
configure() {
	local f n
	for f in 4 6; do
		echo "-A -u ${vs[$f,1]}:$port -o $1"
		for n in $2; do
			echo "-a -u ${vs[$f,1]}:$port" \
				"-r ${rs[$f,$n]}:$port -m -w $n"
		done
	done
}
set_key() { # here|there KEY
	if [[ $1 == here ]]; then
		write_key "$2"
	else
		agent sysctl ns="$other" net.opvs.hash_key="$2"
	fi
}
calls() { # here|there FAMILY MAP
	local -A ns=([here]=$ns_client [there]=$other)
	local source=()
	[[ $1 == there ]] || source=(src="${client_ip[$2]}")
	agent calls ns="${ns[$1]}" "${source[@]}" dst="${vip_of[$2]}|$port" \
		count=300 methods=INVITE,BYE map="$3"
	is "${A[got]}/${A[split]}" 600/0 "IPv$2: $3: answered, no call is split"
}
differ() { # FAMILY NAME: by weights 1:2:3, two random ones agree in 14 of 36
	near "${A[kept]}" 117 40 "IPv$1: $2"
}

configure '-s mh --pe sip' '1 2 3' | ipvsadm -R
# In another order, which must not matter.
configure '-s mh --pe sip' '3 1 2' | in_other ipvsadm -R
agent read ns="$other" file=$file
check 'the other director has a secret of its own' \
	test "${A[value]}" != "$key_b" -a "${A[value]}" != "$first" -a \
	${#A[value]} = 32
# By chance, two might agree too often or too rarely.
set_key there $key_c
for f in 4 6; do
	calls here $f "here-$f"
	calls there $f "there-$f"
	agent moved a="here-$f" b="there-$f"
	differ $f 'with different secrets, different servers'
done
set_key there $key_b
for f in 4 6; do
	calls there $f "same-$f"
	agent moved a="here-$f" b="same-$f"
	is "${A[kept]}" 300 "IPv$f: with the same secret, the same server for each"
done

# ---- a change here does not reach there, and can be undone ----

pass_time 1.2 # what was shown for less than a second is not drained
ipvsadm -d -u "${vs[4,1]}:$port" -r "${rs[4,1]}:$port"
drain=$(native shown service="${vip_of[4]}|$port")
check 'a removed server: its keys drain' \
	test "${drain##*=}" -gt 1700 -a "${drain##*=}" -le 1800
set_key here $key_a
is "$(native shown service="${vip_of[4]}|$port")" 'exceptions=0 drain=none' \
	'with another secret nothing drains'
ipvsadm -a -u "${vs[4,1]}:$port" -r "${rs[4,1]}:$port" -m -w 1
for f in 4 6; do
	calls here $f "moved-$f"
	agent moved a="here-$f" b="moved-$f"
	differ $f 'another secret, other servers'
	calls there $f "still-$f"
	agent moved a="here-$f" b="still-$f"
	is "${A[kept]}" 300 "IPv$f: those of the other director stay"
done
ipvsadm -C
set_key here $key_b
configure '-s mh --pe sip' '2 3 1' | ipvsadm -R
for f in 4 6; do
	calls here $f "back-$f"
	# Servers 2, 3 and 1, as they were told.
	IFS=, read -r two three one < <(native calls \
		service="${vip_of[$f]}|$port")
	of=([1]=$one [2]=${two#each=} [3]=$three)
	for n in 1 2 3; do
		is "${of[n]#*/}" "${of[n]%/*}" \
			"IPv$f: server $n: its calls are its active connections"
		near "${of[n]%/*}" "${A[on_s$n]:-0}" 15 \
			"IPv$f: server $n: there are as many as it was given"
	done
	agent moved a="here-$f" b="back-$f"
	is "${A[kept]}" 300 "IPv$f: the old secret, the old servers"
done

# ---- other schedulers ----

# Those that do not hash take no notice, and what they count goes on.
configure '-s wrr' '1 2 3' | sed 's/-A/-E/; /-a/d' | ipvsadm -R
set_key here $key_a
from_client calls dst="${vip_of[4]}|$port" count=60 methods=OPTIONS
is "${A[got]}" 60 'wrr: answered'
near "${A[on_s3]:-0}" 30 2 'wrr: by weight'
read_key
is "$key" $key_a 'it is set all the same'
set_key here "$first"

agent forget ns="$other"
ip netns del "$other"
