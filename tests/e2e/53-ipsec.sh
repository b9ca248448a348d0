# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# IPsec through a service: ESP goes where the exchange of keys went, which keeps the
# entry alive. With the kernel's own ESP at both ends, where there is one.
if ! in_client ip xfrm state list >/dev/null 2>&1 ||
	! modprobe -qa esp4 esp6 xfrm_user; then
	xfrm=
else
	xfrm=yes
fi

for n in 1 2 3; do
	for f in 4 6; do
		agent serve ns="${ns_servers[n]}" id="k$n" addr="${rip[$f,$n]}|500"
	done
done
esp() { # FAMILY: one packet of a client that has agreed on keys
	agent raw ns="$ns_client" proto=50 src="${client_ip[$1]}|0" \
		dst="${vip[$1,1]}|0" data='\x12\x34\x56\x78\x00\x00\x00\x01secret'
}
# esp_at FAMILY: which servers saw ESP since sniffers began.
esp_at() {
	local n
	for n in 1 2 3; do
		captured "e$n" 'ip proto 50 or ip6 proto 50' | sed "s/.*/s$n/"
	done
}
sniff_servers() {
	local n
	for n in 1 2 3; do
		agent sniff id="e$n" ns="${ns_servers[n]}" dev="e$n"
	done
}

for f in 4 6; do
	tracked -u $f 1 500 -m -s rr
	snapshot service_packets
	sniff_servers
	esp $f
	is "$(esp_at $f)" '' "IPv$f: ESP without an exchange of keys goes nowhere"
	rose service_packets 0 "IPv$f: and is none of the service's"
	from_client ask src="${client_ip[$f]}|500" dst="${vip[$f,1]}|500" data=keys
	server=${A[server]/k/s}
	snapshot forwarded conn_created
	sniff_servers
	for _ in 1 2 3; do
		esp $f
	done
	is "$(esp_at $f | sort | uniq -c | tr -s ' ')" " 3 $server" \
		"IPv$f: with one, to the server of that"
	rose forwarded 3 "IPv$f: counted"
	rose conn_created 0 "IPv$f: by its entry"

	# A server that is removed takes its keys along.
	from_client ask src="${client_ip[$f]}|500" dst="${vip[$f,1]}|500" data=keys
	real -d -u $f 1 500 "${A[server]#k}"
	snapshot drop_removed_server
	esp $f
	rose drop_removed_server 1 "IPv$f: no other server gets it"
	ipvsadm -D -u "${vs[$f,1]}:500"
	agent expire ns="$ns_director"
done

# The entry lives as long as ESP comes: a timeout applies from the next packet on.
left() { entries "${cs[4]}:500 " | awk '{ split($2, t, ":"); print t[1] * 60 + t[2] }'; }
tracked -u 4 1 500 -m -s rr
set_timeouts 0 0 100
from_client ask src="${client_ip[4]}|500" dst="${vip[4,1]}|500" data=keys
set_timeouts 0 0 900
check 'before ESP, the entry has the time that it began with' \
	test "$(left)" -le 100
esp 4
check 'ESP prolongs it' test "$(left)" -gt 100
set_timeouts 0 0 300
ipvsadm -D -u "${vs[4,1]}:500"
for n in 1 2 3; do
	agent unserve id="k$n"
done

# ---- the kernel's ESP ----

if [[ -z $xfrm ]]; then
	skip 'ESP of the kernel' 'not in this kernel'
	return 0
fi
# Client and server protect what they say to each other. By direct routing, as UDP's
# checksum is protected, too, and has the addresses in it.
secret='0x0123456789abcdef0123456789abcdef01234567 128'
secured() { # FAMILY
	local run f=$1 client=${direct_ip[$1]} server=${vip[$1,8]}
	for run in in_client 'in_server 2'; do
		# shellcheck disable=SC2086 # several words
		$run ip xfrm state add src "$client" dst "$server" proto esp \
			spi 0x11 mode transport aead 'rfc4106(gcm(aes))' $secret
		# shellcheck disable=SC2086 # as above
		$run ip xfrm state add src "$server" dst "$client" proto esp \
			spi 0x22 mode transport aead 'rfc4106(gcm(aes))' $secret
	done
	in_client ip xfrm policy add src "$client" dst "$server" proto udp \
		dport 5590 dir out tmpl proto esp mode transport
	in_server 2 ip xfrm policy add src "$server" dst "$client" proto udp \
		sport 5590 dir out tmpl proto esp mode transport
}
for f in 4 6; do
	in_server 2 ip addr add "${vip[$f,8]}/$((f == 4 ? 32 : 128))" dev lo
	agent serve ns="${ns_servers[2]}" id=k2 addr="${vip[$f,8]}|500"
	agent serve ns="${ns_servers[2]}" id=p2 addr="${vip[$f,8]}|5590"
	ipvsadm -A -u "${vs[$f,8]}:500" -s rr
	real -a -u $f 8 500 2 -g
	agent ask ns="$ns_client" src="${direct_ip[$f]}|500" \
		dst="${vip[$f,8]}|500" data=keys
	if ! secured $f 2>"$state/why"; then
		skip "IPv$f: ESP of the kernel" "no keys: $(<"$state/why")"
	else
		snapshot forwarded
		agent sniff id=out ns="${ns_servers[2]}" dev=e2
		agent ask ns="$ns_client" src="${direct_ip[$f]}" \
			dst="${vip[$f,8]}|5590" data=secret
		is "${A[got]} ${A[foreign]}" '1 0' \
			"IPv$f: ESP of the kernel is understood and answered"
		is "$(captured out 'ip proto 50 or ip6 proto 50' | wc -l)" 1 \
			"IPv$f: ESP of the kernel: it was ESP"
		rose forwarded 1 "IPv$f: ESP of the kernel: by the service"
	fi
	for run in in_client 'in_server 2'; do
		$run ip xfrm state flush
		$run ip xfrm policy flush
	done
	agent unserve id=k2
	agent unserve id=p2
	in_server 2 ip addr del "${vip[$f,8]}/$((f == 4 ? 32 : 128))" dev lo
done
