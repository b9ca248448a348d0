# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm save, restore and sync: what is saved comes back, bad files change
# nothing or say where they end, and what is equal is not touched.
if [[ $module != opvs ]]; then
	skip 'saved rules of opvsadm' 'of opvs'
	return 0
fi
! about_programs 'saved rules of opvsadm' || return 0
file=$state/rules
key=$(</proc/sys/net/opvs/hash_key)
cat >"$file" <<'END'
# Everything that there is.
policy gold udp/UDP=30 tcp/ESTABLISHED=77
conn-max 5000
--set 800 100 200
-A -u 10.91.0.1:5088 -s mh -b mh-fallback -o --pe sip --policy gold --conn-max 1000
-a -u 10.91.0.1:5088 -r 10.91.11.2:5088 -m -w 1
-a -u 10.91.0.1:5088 -r 10.91.12.2:5088 -m -w 2 -x 500 -y 400
ipvsadm -A -f 7 -6 -s rr -p 60 -M 64
-a -f 7 -6 -r [fd91:11::2]:0 -g -w 65535 -x 3
-A -f 4000000000 -s none
END
rules() { sed -n '/^-[Aa]/p'; }

# ---- what was told comes back ----

check 'a file is restored' opvsadm restore "$file"
same_text "$(opvsadm save | rules)" \
	'-A -u 10.91.0.1:5088 -s mh --pe sip -o -b mh-fallback --policy gold --conn-max 1000
-a -u 10.91.0.1:5088 -r 10.91.11.2:5088 -m -w 1
-a -u 10.91.0.1:5088 -r 10.91.12.2:5088 -m -w 2 -x 500 -y 400
-A -f 7 -6 -s rr -p 60 -M 64
-a -f 7 -6 -r [fd91:11::2]:0 -g -w 65535 -x 3
-A -f 4000000000 -s none' 'services and servers, with limits and thresholds'
is "$(opvsadm save | grep -oE '^conn-max .*|^policy default .*(tcp/ESTABLISHED=800).*(udp/UDP=200)' |
	cut -d ' ' -f 1-2)" $'policy default\nconn-max 5000' \
	'the limit, and timeouts'
is "$(opvsadm save | grep "$key" || :)" '' 'the secret is not in it'
is "$(opvsadm save --key | grep hash-key)" "hash-key $key" 'unless asked for'
opvsadm save --key >"$state/saved"
rmmod opvs
modprobe opvs
check 'restored after a new start' opvsadm restore "$state/saved"
same_text "$(opvsadm save --key)" "$(<"$state/saved")" 'all is as it was'
is "$(</proc/sys/net/opvs/hash_key)" "$key" 'the secret, too'
is "$(ipvsadm -Sn | opvsadm restore - 2>&1 || echo $?)" \
	'opvsadm: standard input: line 1: invalid fwmark value `-294967296'"' specified
opvsadm: standard input: nothing has changed
1" "ipvsadm's own list is one, where ipvsadm can read it itself"

# ---- sync ----

is "$(opvsadm sync "$state/saved")" '' 'nothing to do'
sed 's/-w 2 -x 500/-w 3 -x 500/' "$state/saved" >"$file"
change='-e -u 10.91.0.1:5088 -r 10.91.12.2:5088 -m -w 3 -x 500 -y 400'
is "$(opvsadm sync --dry-run "$file")" "$change" 'one weight: what would be done'
same_text "$(opvsadm save --key)" "$(<"$state/saved")" 'and is not done yet'
is "$(opvsadm -j sync "$file" | tr -d '\n')" \
	"[{\"change\":\"$change\",\"line\":8}]" 'it is one change'
same_text "$(opvsadm save --key)" "$(<"$file")" 'and all that there is'
sed '/10.91.11.2/d; /4000000000/d; s/ESTABLISHED=77/ESTABLISHED=78/; s/^conn-max.*/conn-max 6000/' \
	"$file" >"$state/less"
echo '-A -t 10.91.0.9:80 -s wrr' >>"$state/less"
is "$(opvsadm sync "$state/less" | sed 's/^\(policy gold\).*/\1/')" 'policy gold
conn-max 6000
-d -u 10.91.0.1:5088 -r 10.91.11.2:5088
-A -t 10.91.0.9:80 -s wrr
-D -f 4000000000' 'what goes, comes and changes'
same_text "$(opvsadm save --key)" "$(<"$state/less")" 'is what the file has'
grep -v '^policy gold' "$state/less" | sed 's/ --policy gold//' >"$file"
is "$(opvsadm sync "$file" | tail -n 1)" 'removed: policy gold' \
	'a policy that the file does not have'

# Of calls, only those of the server that goes notice.
servers 9400
service 4 1 9400 -s rr
opvsadm save >"$file"
from_client burst dst="${vip[4,1]}|9400" count=9
packets=$(</sys/kernel/opvs/forwarded)
is "$(opvsadm sync "$file")" '' 'nothing to do after packets'
is "$(</sys/kernel/opvs/forwarded)" "$packets" 'and nothing is counted'

# ---- what is wrong ----

before=$(opvsadm save --key)
is "$(opvsadm restore - 2>&1 <<'END' || echo $?
-A -t 10.91.0.1:80 -x 3
foo
policy
policy a tcp/X
conn-max x
-A -t 10.91.0.1:81 --policy
-a -t 10.91.0.1:8 -r 1.1.1.1
-L
-A -t 10.91.0.1:83
-A -t 10.91.0.1:83
-A -q
hash-key 12
END
)" "opvsadm: standard input: line 1: Illegal 'u-threshold' option with the 'add-service' command
opvsadm: standard input: line 2: rules are -A, -a, --set, policy, conn-max, hash-key and net.opvs.NAME =
opvsadm: standard input: line 3: a policy has a name of up to 31 bytes
opvsadm: standard input: line 4: a policy's timeouts are PROTOCOL/STATE=SECONDS
opvsadm: standard input: line 5: conn-max is a number: x
opvsadm: standard input: line 6: a value is missing behind: --policy
opvsadm: standard input: line 7: the server's service is not in front of it
opvsadm: standard input: line 8: rules are -A, -a, --set, policy, conn-max, hash-key and net.opvs.NAME =
opvsadm: standard input: line 10: a second service of this name
opvsadm: standard input: line 11: -q: unknown option
opvsadm: standard input: line 12: a hash-key has 32 hexadecimal digits
opvsadm: standard input: nothing has changed
1" 'each line that cannot be'
same_text "$(opvsadm save --key)" "$before" 'and nothing has changed'
cat >"$file" <<'END'
-A -t 10.91.0.1:80 -s rr
-a -t 10.91.0.1:80 -r 0.0.0.0 -m
-A -t 10.91.0.1:81 -s nope
-a -t 10.91.0.1:81 -r 10.91.11.2 -m
-A -t 10.91.0.1:82 -s rr
END
is "$(opvsadm restore "$file" 2>&1 || echo $?)" \
	"opvsadm: $file: line 2: server address: not a usable unicast address
opvsadm: $file: nothing has changed
1" 'the kernel refuses a line'
same_text "$(opvsadm save --key)" "$before" 'and nothing has changed'
is "$(opvsadm restore --keep-going "$file" 2>&1 || echo $?)" \
	"opvsadm: $file: line 2: server address: not a usable unicast address
opvsadm: $file: line 3: SCHED_NAME: no such scheduler
opvsadm: $file: line 3: its servers are left out: 1
1" 'unless told to go on'
is "$(opvsadm save | rules)" '-A -t 10.91.0.1:80 -s rr
-A -t 10.91.0.1:82 -s rr' 'with all others'
echo '-A -t 10.91.0.1:84 -s rr' | opvsadm restore --append -
is "$(opvsadm save | rules | wc -l)" 3 'one more'
is "$(opvsadm restore /nowhere 2>&1 || echo $?)" \
	"opvsadm: /nowhere: No such file or directory
opvsadm: /nowhere: nothing has changed
1" 'no file'
