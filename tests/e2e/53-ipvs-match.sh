# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# The match "ipvs" of iptables: what it says of packets, and the rules of Docker
# Swarm's ingress, kube-proxy and kube-router, laid out by hand.
same_everywhere 'the match ipvs of iptables' && return 0
if ! iptables -t nat -A POSTROUTING -j MASQUERADE 2>/dev/null; then
	skip 'the match ipvs of iptables' 'no iptables with NAT in this kernel'
	return 0
fi
iptables -t nat -F
modprobe opvs_match
tool=([4]=iptables [6]=ip6tables)

# ---- what it says ----

# watch WANT OPTION...: a rule that counts, and what it is to have counted; they
# are made together by watch_now.
watches=()
watch() { watches+=("$*"); }
watch_now() {
	{
		echo '*mangle'
		printf -- '-A POSTROUTING -m ipvs %s\n' "${watches[@]#* }"
		echo COMMIT
	} | "${tool[$f]}-restore" --noflush
}

# The rules' counts, in their order.
counted() {
	"${tool[$f]}" -t mangle -nvxL POSTROUTING |
		awk 'NR > 2 { print $1 }'
}

# looks WHAT COUNT: as many requests and replies have passed.
looks() {
	local what=$1 i got
	mapfile -t got < <(counted)
	for ((i = 0; i < ${#watches[@]}; i++)); do
		is "${got[i]:-nothing}" "${watches[i]%% *}" \
			"IPv$f, $what: ${watches[i]#* }"
	done
	"${tool[$f]}" -t mangle -F POSTROUTING
	watches=()
}

# all_options REQUESTS REPLIES METHOD OTHER PORT: in that many.
all_options() {
	local in=$1 out=$2 method=$3 other=$4 port=$5
	local all=$((in + out)) bits=$((f == 4 ? 32 : 128))
	watch "$all" --ipvs
	watch "$all" --ipvs --vproto "$proto"
	watch 0 --ipvs ! --vproto "$proto"
	watch "$in" --ipvs --vdir ORIGINAL
	watch "$out" --ipvs --vdir REPLY
	watch "$all" --ipvs --vmethod "$method"
	watch 0 --ipvs --vmethod "$other"
	watch 0 --ipvs ! --vmethod "$method"
	watch "$all" --ipvs --vaddr "${vip[$f,1]}/$bits"
	watch 0 --ipvs ! --vaddr "${vip[$f,1]}/$bits"
	watch "$all" --ipvs --vaddr "${vip[$f,9]}/$((bits - 8))"
	watch 0 --ipvs --vaddr "${vip[$f,9]}/$bits"
	watch "$all" --ipvs --vport "$port"
	watch 0 --ipvs ! --vport "$port"
	watch 0 --ipvs --vport "$((port + 1))"
}

servers 5550
proto=udp
for f in 4 6; do
	service "$f" 1 5550 -s rr
	all_options 6 6 MASQ GATE 5550
	watch_now
	from_client burst dst="${vip[$f,1]}|5550" count=6
	looks 'one-packet by NAT'

	tracked -u "$f" 1 5551 -m -s rr -p 60
	for n in 1 2 3; do
		agent serve ns="${ns_servers[n]}" id="t$n" \
			addr="${rip[$f,$n]}|5551"
	done
	all_options 4 4 MASQ GATE 5551
	watch 8 --ipvs --vportctl 5551
	watch 0 --ipvs --vportctl 5552
	watch_now
	from_client burst dst="${vip[$f,1]}|5551" count=4
	looks 'tracked by NAT'

	# Requests only; nobody answers.
	tracked -u "$f" 1 5553 -g -s rr
	all_options 1 0 GATE MASQ 5553
	watch 1 --ipvs ! --vportctl 5553
	watch_now
	from_client ask dst="${vip[$f,1]}|5553" data=hello wait=200
	looks 'direct routing'

	# What is not balanced.
	watch 0 --ipvs
	watch 1 ! --ipvs -p udp --dport 5550
	watch_now
	from_client ask dst="${rip[$f,1]}|5550" data=hello
	looks 'no service'
done

# ---- rules of others ----

vs_sysctl conntrack 1
accept_on 8080
for n in 1 2 3; do
	in_server "$n" ip route del default
done

# carries TEXT PORT: connections are answered, and servers see the director.
carries() {
	from_client dial id=them dst="${vip[4,1]}|$2" count=9
	is "${A[got]} ${A[errors]}" '9 ' "$1: carries traffic"
	is "$(in_server 1 ss -Htn state established 'sport = :8080' |
		awk '{ sub(/:[0-9]*$/, "", $4); print $4 }' | sort -u)" \
		10.91.11.1 "$1: servers see the director"
	agent hang id=them
	agent flush ns="$ns_director"
	ipvsadm -C
	iptables-save | sed -n 's/^\*//p' | while read -r table; do
		iptables -t "$table" -P FORWARD ACCEPT 2>/dev/null || :
		iptables -t "$table" -F
		iptables -t "$table" -X
	done
}

# Swarm: a port's mark is the service; what opvs forwards gets a source by which
# it comes back.
iptables -t mangle -A PREROUTING -p tcp --dport 8080 -j MARK --set-mark 257
iptables -t mangle -A INPUT -d "${vip[4,1]}" -j MARK --set-mark 257
ipvsadm -A -f 257 -s rr
for n in 1 2 3; do
	ipvsadm -a -f 257 -r "${rs[4,$n]}" -m
	iptables -t nat -A POSTROUTING -d "10.91.1$n.0/24" -m ipvs --ipvs \
		-j SNAT --to-source "10.91.1$n.1"
done
carries "Docker Swarm's ingress" 8080

# kube-proxy: a mark for what is to be masqueraded, and a FORWARD chain that lets
# pass what is established.
iptables-restore --noflush <<-END
	*nat
	:KUBE-SERVICES - [0:0]
	:KUBE-MARK-MASQ - [0:0]
	:KUBE-POSTROUTING - [0:0]
	-A PREROUTING -m comment --comment "services" -j KUBE-SERVICES
	-A OUTPUT -m comment --comment "services" -j KUBE-SERVICES
	-A POSTROUTING -m comment --comment "masquerading" -j KUBE-POSTROUTING
	-A KUBE-SERVICES -d ${vip[4,1]} -p tcp --dport 80 -j KUBE-MARK-MASQ
	-A KUBE-SERVICES -d ${vip[4,1]} -j ACCEPT
	-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
	-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
	-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
	-A KUBE-POSTROUTING -j MASQUERADE --random-fully
	COMMIT
	*filter
	:KUBE-FORWARD - [0:0]
	:FORWARD DROP [0:0]
	-A FORWARD -j KUBE-FORWARD
	-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
	-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
	-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	COMMIT
END
ipvsadm -A -t "${vs[4,1]}:80" -s rr
for n in 1 2 3; do
	ipvsadm -a -t "${vs[4,1]}:80" -r "${rs[4,$n]}:8080" -m
done
carries kube-proxy 80

# kube-router: what is balanced by NAT, and only that.
iptables -t nat -A POSTROUTING -m ipvs --ipvs --vdir ORIGINAL --vmethod MASQ \
	-m comment --comment '' -j MASQUERADE --random-fully
ipvsadm -A -t "${vs[4,1]}:80" -s rr
for n in 1 2 3; do
	ipvsadm -a -t "${vs[4,1]}:80" -r "${rs[4,$n]}:8080" -m
done
refuses 'opvs-upgrade while rules use the match' 'use the match ipvs' \
	"$e2e/../../tools/opvs-upgrade" --check --force
carries kube-router 80

for n in 1 2 3; do
	in_server "$n" ip route add default via "10.91.1$n.1"
done
nft flush ruleset
modprobe -r nft_compat 2>/dev/null || :
check 'the module of the match can go' rmmod opvs_match
