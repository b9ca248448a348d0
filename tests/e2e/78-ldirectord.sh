# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Stock ldirectord with web servers: one whose page is not as it should be leaves
# the service or, with quiescent, gets weight 0; without any, the fallback serves.
! about_programs 'ldirectord' || return 0
conf=$state/ld.cf
port=7890

# configure QUIESCENT: what belongs to a service must be indented.
configure() {
	cat >"$conf" <<END
checktimeout=5
negotiatetimeout=5
checkinterval=1
autoreload=no
logfile="$state/ld.log"
quiescent=$1
supervised=yes
virtual=${vs[4,1]}:$port
	real=${rs[4,1]}:$port masq 5
	real=${rs[4,2]}:$port masq 3
	fallback=${rs[4,3]}:$port masq
	service=http
	request="page"
	receive="well"
	scheduler=wrr
	protocol=tcp
	checktype=negotiate
END
}

# A web server in each server's namespace; its page says whose it is.
for n in 1 2 3; do
	mkdir "$state/www$n"
	echo "well s$n" >"$state/www$n/page"
	spawn_in "${ns_servers[n]}" python3 -m http.server --bind "${rip[4,$n]}" \
		--directory "$state/www$n" $port >"$state/http$n" 2>&1
done

begin() {
	configure "$1"
	spawn_in "$ns_director" ldirectord "$conf" start \
		</dev/null >"$state/ld" 2>&1
	ldirectord=$spawned
}
# becomes TEXT NAME: what ipvsadm has.
becomes() {
	local want=$1 got=''
	matches() { got=$(ipvsadm -Sn) && [[ $got == "$want" ]]; }
	poll 20 matches || diag "$(tail -n 20 "$state/ld" "$state/ld.log" 2>&1)"
	same_text "$got" "$want" "$2"
}
service="-A -t ${vs[4,1]}:$port -s wrr"
server() { echo "-a -t ${vs[4,1]}:$port -r ${rs[4,$1]}:$port -m -w $2"; }
# pages: who answers, of so many requests.
pages() {
	local i
	for ((i = 0; i < 8; i++)); do
		in_client curl -sm 5 "http://${vs[4,1]}:$port/page"
	done | LC_ALL=C sort | uniq -c | awk '{ printf "%s:%s ", $3, $1 }'
}

begin no
becomes "$service
$(server 1 5)
$(server 2 3)" 'servers whose page is well'
is "$(pages)" 's1:5 s2:3 ' 'both serve by their weights'
rm "$state/www1/page"
becomes "$service
$(server 2 3)" 'quiescent=no: one whose page is not there leaves'
is "$(pages)" 's2:8 ' 'the other serves'
echo ill >"$state/www2/page"
becomes "$service
$(server 3 1)" 'another page: none is left, the fallback comes'
is "$(pages)" 's3:8 ' 'and serves'
for n in 1 2; do
	echo "well s$n" >"$state/www$n/page"
done
# Whichever comes first stands first.
settles 20 "$(printf '%s\n' "$service" "$(server 1 5)" "$(server 2 3)" | sort)" \
	'all are well again: without the fallback' eval 'ipvsadm -Sn | sort'
kill "$ldirectord"
becomes '' 'it takes its service with it'

begin yes
becomes "$service
$(server 1 5)
$(server 2 3)" 'quiescent=yes: servers whose page is well'
rm "$state/www1/page"
becomes "$service
$(server 1 0)
$(server 2 3)" 'one whose page is not there gets weight 0'
is "$(pages)" 's2:8 ' 'the other serves'
echo "well s1" >"$state/www1/page"
becomes "$service
$(server 1 5)
$(server 2 3)" 'well again: its weight is back'
kill "$ldirectord"
becomes '' 'it takes its service with it'
