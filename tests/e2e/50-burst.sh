# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Servers that are added in a burst are shown to packets together: the table of
# hundreds is not built hundreds of times. What is removed gets no packet once that is said.
about_programs 'a service of hundreds of servers' && return
if [[ $module != opvs ]]; then
	skip 'a service of hundreds of servers' 'this is about opvs'
	return
fi
servers 5320
vs=${vs[4,1]}:5320
many=600
[[ $OPVS_KERNEL == uml ]] || many=320

# All but three are nowhere, and share one packet in a hundred.
{
	echo "-A -u $vs -s mh -o -b mh-port"
	for ((i = 0; i < many; i++)); do
		echo "-a -u $vs -r 10.91.$((100 + i / 250)).$((i % 250 + 1)):5320 -m -w 1"
	done
	for n in 1 2 3; do
		echo "-a -u $vs -r ${rs[4,$n]}:5320 -m -w 20000"
	done
} >"$state/burst"

snapshot views_built views_late
started=${EPOCHREALTIME/./}
check 'ipvsadm -R of an mh service of hundreds of servers' ipvsadm -R <"$state/burst"
took=$(((${EPOCHREALTIME/./} - started) / 1000))
counter views_built
diag "ipvsadm -R: $took ms, $((value - C[views_built])) tables"

# Of tables for so many, two are built at once, and two in each second: on a
# machine that is a hundred times slower half of these would still wait.
counter views_late
late=$((value - C[views_late]))
check "most additions waited for others ($late)" \
	test "$late" -ge $(((many - 255) / 2))
check 'ipvsadm -Sn says what -R was told, in an order of its own' \
	cmp <(sort "$state/burst") <(ipvsadm -Sn | sort)

clients() { # sets A[on_s1] and so on
	from_client clients src="${client_ip[4]}|21000" count=100 \
		dst="${vip[4,1]}|5320" map="$1"
}
all_three() {
	clients all
	((${A[on_s1]:-0} > 10 && ${A[on_s2]:-0} > 10 && ${A[on_s3]:-0} > 10))
}
check 'packets see the servers that came last' poll 10 all_three

# In the middle of another burst. What it has added before waits with it.
sed -n '2,51s/\(-a .* -r 10[.]91[.]\)1\(0[0-9][.].*\)/\12\2/p' \
	<"$state/burst" | ipvsadm -R
ipvsadm -d -u "$vs" -r "${rs[4,2]}:5320"
clients removed
is "${A[on_s2]:-0}" 0 'a server that was removed gets nothing from then on'
ipvsadm -e -u "$vs" -r "${rs[4,3]}:5320" -m -w 0
clients drained
is "${A[on_s3]:-0}" 0 'nor does one of weight 0'
is "$(ipvsadm -Ln -u "$vs" | grep -c ' -> .*Masq')" $((many + 52)) \
	'all others are listed'
snapshot views_built
ipvsadm -e -u "$vs" -r "${rs[4,1]}:5320" -m -w 20000 -x 1000 -y 500
rose views_built 0 'new thresholds build no table'
