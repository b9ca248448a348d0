# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvs-upgrade: another module takes over under 500 running calls. What is lost
# is lost in between, no call is split; a module that does not load is not noticed
# for longer than that.
if [[ $module != opvs ]]; then
	skip 'upgrade' 'this is about opvs'
	return 0
fi
! about_programs 'upgrade' || return 0
# As many as a kernel with sanitizers can take.
calls=500 messages=100
case $OPVS_KERNEL in
*debug | kcsan) calls=100 messages=30 ;;
esac
upgrade=$e2e/../../tools/opvs-upgrade
native=/proc/sys/net/opvs
new=$state/new.ko broken=$state/broken.ko

# Modules that differ: in version and sum of their sources; and one that asks for
# something that no kernel has, which only loading it tells.
strip --strip-debug -o "$state/stripped.ko" "$OPVS_KO"
installed=$(modinfo -n opvs)
cp "$state/stripped.ko" "$installed"
sum=$(modinfo -F srcversion "$installed")
version=$(modinfo -F version "$installed")
other_sum=$(tr 0-9A-F 1-9A-F0 <<<"$sum")
LC_ALL=C sed "s/srcversion=$sum/srcversion=$other_sum/
	s/${version//./\\.}\\x00/9${version#?}\\x00/g" "$state/stripped.ko" >"$new"
LC_ALL=C sed 's/register_pernet_subsys/retsiger_pernet_subsys/g' "$state/stripped.ko" \
	>"$broken"
LC_ALL=C sed 's/vermagic=[0-9]/vermagic=5/' "$new" >"$state/foreign.ko"

body() { opvsadm save --all | grep -v '^#'; }
runs() { cat /sys/module/opvs/srcversion; }

# ---- what runs, with parameters of its own ----

rmmod opvs
modprobe opvs conn_max=777777 userns_conn_max=1234
set_hash_key
echo 99 >$native/drain_seconds
service 4 1 5060 -s mh --pe sip
service 4 2 5087 -s mh --pe sip
dest -e 4 1 5060 2 -m -w 1 -x 2000 -y 1000
ipvsadm --set 800 100 200
saved=$(body)

# ---- what is refused, and changes nothing ----

refuses 'the same module: nothing to do' 'runs already' \
	eval "! $upgrade >&2"
refuses 'no such file' 'nowhere does not exist' \
	"$upgrade" --module "$state/nowhere"
refuses 'not a module' 'is not a module opvs' "$upgrade" --module "$upgrade"
refuses 'of another kernel' 'is for kernel 5' \
	"$upgrade" --module "$state/foreign.ko"
refuses 'an unknown option' "no argument '-x'" "$upgrade" -x
in_client ipvsadm -A -u 10.91.0.9:9 -s rr
refuses 'services in another namespace' 'another network namespace' \
	"$upgrade" --module "$new"
for ((i = 1; i <= 3000; i++)); do
	echo "-A -f $i -s rr"
done | in_client ipvsadm -R
refuses 'very many of them' 'another network namespace' \
	"$upgrade" --module "$new"
in_client ipvsadm -C
check '--check' eval "$upgrade --check --module $new >$state/said"
check 'says what there is' grep -q "opvs $version -> 9.*: 8 services and servers" "$state/said"
is "$(runs)" "$sum" 'and the same module runs'
same_text "$(body)" "$saved" 'with the same rules'

# ---- under running calls ----

for n in 1 2 3; do
	agent uas ns="${ns_servers[n]}" id="a$n" addr="${rip[4,$n]}|5060" \
		peer="${client_ip[4]}|5060"
done
agent uac ns="$ns_client" id=uac src="${client_ip[4]}|5060" dst="${vip[4,1]}|5060"
agent calls_new id=call count=$calls
# says METHOD STATUS ANSWERS: heard by the server that has the call, and answered.
says() {
	agent calls_say id=call method="$1" status="$2"
	is "${A[heard]} ${A[answered]} ${A[wrong]}" "$calls $3 0" \
		"$1 of $calls calls: each at the server that has the call"
}
says INVITE '200 OK' $calls
says ACK '' 0
servers 5087
snapshot service_packets
# Others have messages all the time.
spawn_in "$ns_client" "$e2e/gap.py" "${client_ip[4]}|5061" \
	"${vip[4,2]}|5087" $messages $calls </dev/null >"$state/gap"
gap=$spawned
check 'others have messages' poll 120 risen_to service_packets $calls
modprobe opvs_match
check 'upgrade' eval "$upgrade --module $new >$state/said"
diag "$(<"$state/said")"
is "$(runs)" "$other_sum" 'the new module runs'
check 'the match of iptables is there again' rmmod opvs_match
same_text "$(body)" "$saved" 'with the same rules'
[[ ! -e /sys/kernel/rcu_expedited ]] ||
	is "$(</sys/kernel/rcu_expedited)" 0 'and grace periods take their time'
is "$(cat /sys/module/opvs/parameters/{conn_max,userns_conn_max} | paste -s)" \
	$'777777\t1234' 'and the same parameters'
snapshot service_packets
check 'the others have messages again' poll 120 risen_to service_packets $calls
kill -TERM "$gap"
ended() { [[ -s $state/gap ]]; }
poll 20 ended
diag "$(<"$state/gap")"
declare -A G=()
for word in $(<"$state/gap"); do
	G[${word%%=*}]=${word#*=}
done
is "${G[split]}" 0 'none of the others is split'
check 'messages were lost in one hole only' test "${G[holes]}" -le 1
says INVITE '200 OK' $calls
says BYE '200 OK' $calls
check 'that is as long as is told, about' test "${G[longest_ms]}" -le \
	$(($(sed -n 's/.*balanced for \([0-9]*\) ms$/\1/p' "$state/said") * 2 + 500))

# ---- a module that does not load ----

refuses 'without the file of what runs' 'no way back' "$upgrade"
check 'a module that does not load: failure' eval \
	"! $upgrade --module $broken --previous $new 2>$state/said"
check 'which names the reason' grep -qi 'unknown symbol' "$state/said"
check 'and the former module' grep -q 'runs again, with its rules' "$state/said"
is "$(runs)" "$other_sum" 'which it is'
same_text "$(body)" "$saved" 'with the same rules'
is "$(<$native/conn_max)" 0 'and nothing is kept out'
[[ ! -e /sys/kernel/rcu_expedited ]] ||
	is "$(</sys/kernel/rcu_expedited)" 0 'and grace periods take their time'

# Whatever becomes of who is told.
check 'nor is there a place for what is said: failure' eval \
	"! $upgrade --module $broken --previous $new 2>/dev/full"
is "$(runs)" "$other_sum" 'the former module runs'
same_text "$(body)" "$saved" 'with the same rules'
check 'and no copy of them is left' test ! -e /run/opvs/rules

# ---- nor one that does not take the rules ----

mkdir "$state/once"
cat >"$state/once/opvsadm" <<END
#!/bin/bash
if [[ \$1 == restore && ! -e $state/once/failed ]]; then
	touch $state/once/failed
	echo 'Memory allocation problem' >&2
	exit 1
fi
exec $(type -P opvsadm) "\$@"
END
chmod +x "$state/once/opvsadm"
check 'a module that does not take the rules: failure' eval "! PATH=$state/once:$PATH \
	$upgrade --module $state/stripped.ko --previous $new 2>$state/said"
check 'the reason is told' grep -q 'Memory allocation problem' "$state/said"
check 'and that the former module is back' \
	grep -q 'runs again, with its rules' "$state/said"
is "$(runs)" "$other_sum" 'which it is'
same_text "$(body)" "$saved" 'with the same rules'

# ---- keepalived finds the new module ----

printf '%s\n' 'virtual_server 10.91.0.3 5089 {' 'lvs_sched rr' 'lvs_method NAT' \
	'protocol UDP' 'real_server 10.91.11.2 5089 {' '}' '}' >"$state/ka.conf"
chmod 755 "$state"
# start_keepalived PIDFILE: of its checkers.
start_keepalived() {
	spawn_in "$ns_director" keepalived -n -l -C -G -f "$state/ka.conf" \
		-p "$state/ka.pid" -c "$1" </dev/null >"$state/ka" 2>&1
	keepalived=$spawned
}
# Which of the processes of checkers it is.
checkers() { cat "$1" 2>/dev/null; }
is_another() { [[ $(checkers "$1") =~ ^[0-9]+$ && $(checkers "$1") != "$2" ]]; }
mkdir -p /run/keepalived
start_keepalived /run/keepalived/checkers.pid
its_services() { ipvsadm -Sn | grep -c '10.91.0.3:' || :; }
settles 30 2 'keepalived: its services come' its_services
former=$(checkers /run/keepalived/checkers.pid)
check 'upgrade beside it' eval "$upgrade --module $state/stripped.ko \
	--previous $new >$state/said"
check 'which says that it begins its checkers anew' \
	grep -q 'begins its checkers anew' "$state/said"
check 'it does' poll 30 is_another /run/keepalived/checkers.pid "$former"
settles 5 2 'its services are there' its_services
sed -i 's/^real_server.*/&\nweight 7/' "$state/ka.conf"
kill -HUP "$keepalived"
its_weight() { ipvsadm -Sn | sed -n 's/^-a -u 10.91.0.3:.*-w //p'; }
settles 30 7 'reloaded, it reaches the new module' its_weight
kill -TERM "$keepalived"
settles 30 0 'and its services go with it' its_services
start_keepalived "$state/checkers.pid"
settles 30 2 'with its file elsewhere' its_services
check 'upgrade beside it' eval "$upgrade --module $new \
	--previous $state/stripped.ko >/dev/null 2>$state/said"
check 'which says what is to be done' grep -q 'must be ended' "$state/said"
former=$(checkers "$state/checkers.pid")
kill "$former"
check 'that is done' poll 30 is_another "$state/checkers.pid" "$former"
kill -TERM "$keepalived"
settles 30 0 'and its services go' its_services

# ---- the way back is kept where a new module overwrites the old one ----

cp "$new" "$installed"
"$upgrade" --keep
cp "$state/stripped.ko" "$installed"
is "$(modinfo -F srcversion /run/opvs/running/opvs.ko)" "$other_sum" \
	'--keep keeps the file of what runs'
check 'after a package was upgraded: nothing by itself' \
	eval "$upgrade --package >$state/said"
check 'but how to' grep -q 'runs on until the next boot' "$state/said"
is "$(runs)" "$other_sum" 'the former module runs on'
echo UPGRADE=yes >/etc/default/opvs
check 'with UPGRADE=yes' "$upgrade" --package
is "$(runs)" "$sum" 'the installed one takes over'
same_text "$(body)" "$saved" 'with the same rules'
rm -r /run/opvs /etc/default/opvs
cp "$OPVS_KO" "$installed"
rmmod opvs
