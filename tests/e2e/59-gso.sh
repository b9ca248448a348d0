# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Answers that a server sends as one GSO packet are looked into one by one. The
# hooks before opvs's have seen that packet, with the server's own address; a
# filter that knows the servers must not be asked again about the virtual one.
if ! nft add table inet guard 2>/dev/null; then
	skip 'answers in a GSO packet' 'no nftables in this kernel'
	return 0
fi
nft delete table inet guard

for f in 4 6; do
	family=ip
	((f == 4)) || family=ip6
	agent serve ns="${ns_servers[1]}" id=gso addr="${rip[$f,1]}|5901" \
		mode=gso
	for options in '-s mh' '-s rr -p 60'; do
		# shellcheck disable=SC2086 # several words
		ipvsadm -A -u "${vs[$f,1]}:5901" $options -o --pe sip
		ipvsadm -a -u "${vs[$f,1]}:5901" -r "${rs[$f,1]}:5901" -m
		nft -f - <<-END
			table inet guard {
				chain forward {
					type filter hook forward priority 0
					meta l4proto != udp accept
					$family saddr ${rip[$f,1]} accept
					$family daddr ${rip[$f,1]} accept
					counter drop
				}
				chain behind {
					type filter hook forward priority 150
					udp sport 5901 counter
				}
			}
		END
		snapshot gso_split replies
		from_client ask dst="${vip[$f,1]}|5901" \
			data='OPTIONS sip:x SIP/2.0'
		check "IPv$f: $options: answered" test "${A[got]}" -ge 1
		rose replies 5 "IPv$f: $options: each datagram by itself"
		rose gso_split 1 "IPv$f: $options: out of one GSO packet"
		is "$(nft list chain inet guard forward |
			grep -o 'packets [0-9]*')" 'packets 0' \
			"IPv$f: $options: the filter before saw one packet"
		is "$(nft list chain inet guard behind |
			grep -o 'packets [0-9]*')" 'packets 5' \
			"IPv$f: $options: a later chain saw them all"
		nft delete table inet guard
		ipvsadm -D -u "${vs[$f,1]}:5901"
	done
	agent unserve id=gso
done
