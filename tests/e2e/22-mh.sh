# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Maglev hashing of clients: stable, spread, and a change of servers moves
# only whom it must.
servers 5320

for f in 4 6; do
	service "$f" 1 5320 -s mh
	from_client clients src="${client_ip[$f]}|20000" count=40 \
		dst="${vip[$f,1]}|5320"
	is "${A[got]}" 40 "IPv$f: all answered"
	is "${A[each]##*:}" 40 "IPv$f: a client is its address: all on one server"

	service "$f" 2 5320 -s mh -b mh-port
	ports() {
		from_client clients src="${client_ip[$f]}|20000" count=300 \
			dst="${vip[$f,2]}|5320" map="$1"
	}
	ports first
	is "${A[got]}" 300 "IPv$f: mh-port: all answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 100 40 "IPv$f: mh-port: server $n"
	done
	ports again
	agent moved a=first b=again
	is "${A[kept]}" 300 "IPv$f: mh-port: the same client, the same server"

	dest -d "$f" 2 5320 2
	ports without
	agent moved a=first b=without gone=s2
	is "${A[stuck]}" 0 "IPv$f: nobody stays on the removed server"
	near "${A[moved]}" 0 6 "IPv$f: at most 2 % of the others move"

	dest -a "$f" 2 5320 2 -m
	ports back
	third=${A[on_s3]:-0}
	agent moved a=first b=back
	near "${A[kept]}" 300 6 "IPv$f: 98 % are where they were when it is back"

	# A drained server's clients are refused, or somebody else's.
	dest -e "$f" 2 5320 3 -m -w 0
	ports drained
	is "${A[got]}" $((300 - third)) \
		"IPv$f: a drained server: its clients are refused"
	ipvsadm -E -u "${vs[$f,2]}:5320" -s mh -o -b mh-port,mh-fallback
	ports fallback
	agent moved a=back b=fallback gone=s3
	is "${A[moved]} ${A[stuck]} ${A[fled]}" "0 0 $third" \
		"IPv$f: mh-fallback: they go to others, and nobody else moves"
done

# ---- services for all ports, and by mark ------------------------------------

# Entries are forgotten before each second look: what leads to the same server
# again is the hash.
servers 5321
for f in 4 6; do
	mask=255.255.255.255
	((f == 4)) || mask=128
	ipvsadm -A -u "${vs[$f,3]}:0" -s mh -p 300 -M $mask
	for n in 1 2 3; do
		ipvsadm -a -u "${vs[$f,3]}:0" -r "${rs[$f,$n]}:0" -m
	done
	of_client() { # PORT: which server answers
		from_client ask dst="${vip[$f,3]}|$1" data=hello
		got=${A[server]:-none}
	}
	of_client 5320
	first=$got
	for again in 5321 5320 5321; do
		agent flush ns="$ns_director"
		of_client $again
		is "$got" "$first" "IPv$f: all ports: a client's server, port $again"
	done
	ipvsadm -D -u "${vs[$f,3]}:0"
done

if ! nft add table inet maglev 2>/dev/null; then
	skip 'services by mark' 'no nftables in this kernel'
	return 0
fi
nft -f - <<-END
	table inet maglev {
		chain pre {
			type filter hook prerouting priority mangle
			ip daddr ${vip[4,4]} udp dport 5320 meta mark set 22
			ip6 daddr ${vip[6,4]} udp dport 5320 meta mark set 22
		}
	}
END
for f in 4 6; do
	six=()
	((f == 4)) || six=(-6)
	ipvsadm -A -f 22 "${six[@]}" -s mh -b mh-port
	for n in 1 2 3; do
		ipvsadm -a -f 22 "${six[@]}" -r "${rs[$f,$n]}:5320" -m
	done
	marked() {
		agent flush ns="$ns_director"
		from_client clients src="${client_ip[$f]}|21000" count=300 \
			dst="${vip[$f,4]}|5320" map="$1"
	}
	marked first
	is "${A[got]}" 300 "IPv$f: by mark: all answered"
	for n in 1 2 3; do
		near "${A[on_s$n]:-0}" 100 40 "IPv$f: by mark: server $n"
	done
	marked again
	agent moved a=first b=again
	is "${A[kept]}" 300 "IPv$f: by mark: the same client, the same server"
	ipvsadm -D -f 22 "${six[@]}"
done
nft delete table inet maglev
