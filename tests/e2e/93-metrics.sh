# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# opvsadm metrics: OpenMetrics, over HTTP too; the dashboard and the alerts ask for
# what there is. With OPVS_PROMETHEUS, a folder with Debian's package unpacked,
# Prometheus itself judges and scrapes: tests/metrics/run.
if [[ $module != opvs ]]; then
	skip 'metrics' 'of opvs'
	return 0
fi
! about_programs 'metrics' || return 0
tree=$e2e/../../tools/metrics
# fails STATUS TEXT NAME ARGUMENT...: with this text on standard error.
fails() {
	local want=$1 text=$2 name=$3 status=0 said
	shift 3
	said=$(timeout 20 opvsadm metrics "$@" 2>&1 >/dev/null) || status=$?
	is "$status: $said" "$want: opvsadm: $text" "$name"
}

# All that may be told: limits, thresholds, servers that drain.
servers 5060
service 4 2 5060 -s mh --pe sip
service 6 2 5060 -s mh --pe sip
from_client calls src="${client_ip[4]}|5060" dst="${vip[4,2]}|5060" \
	methods=INVITE count=30 prefix=metric
pass_time 1.1 # younger services do not drain
dest -e 4 2 5060 1 -m -w 0
dest -e 4 2 5060 2 -m -w 1 -x 1000
opvsadm limit set 5000
opvsadm limit set 40 10.91.0.2:5060/udp

# ---- what is told ----

opvsadm metrics >"$state/metrics"
program metrics "$state/metrics" "$tree/opvs-dashboard.json" \
	"$tree/opvs-alerts.yml"
# value SERIES
value() { sed -n "s|^$1 ||p" "$state/metrics"; }
sip='service="10.91.0.2:5060/udp"'
is "$(value "opvs_service_in_packets_total{$sip}")" 30 'packets of a service'
is "$(value "opvs_server_weight{$sip,server=\"10.91.11.2:5060\"}")" 0 \
	'a weight'
is "$(value "opvs_server_active{$sip,server=\"10.91.11.2:5060\"}")" \
	"${A[on_s1]}" 'calls of a server'
is "$(value "opvs_server_upper_threshold{$sip,server=\"10.91.12.2:5060\"}")" \
	1000 'a threshold'
is "$(value 'opvs_server_weight{service="[\[]fd91::2]:5060/udp",server="[\[]fd91:11::2]:5060"}')" \
	1 'IPv6'
is "$(value "opvs_service_entries_max{$sip}") $(value opvs_entries_max)" \
	'40 5000' 'limits'
is "$(value 'opvs_events_total{event="forwarded"}')" \
	"$(</sys/kernel/opvs/forwarded)" 'a counter'
check 'time left to drain' test \
	"$(value "opvs_service_drain_seconds{$sip}")" -gt 1700
is "$(value "opvs_service_sip_requests_total{$sip,method=\"INVITE\"}")" 30 \
	'requests of a method'
is "$(value "opvs_server_sip_requests_total{$sip,server=\"10.91.11.2:5060\",method=\"INVITE\"}")" \
	"${A[on_s1]}" 'those of a server'
is "$(grep -c '^opvs_service_sip_requests_total' "$state/metrics") $(grep -c "^opvs_server_sip_answers_total{$sip,.*class=\"[1-6]xx\"} 0$" "$state/metrics")" \
	'1 18' 'of methods those that came, of answers every class'
is "$(value opvs_services) $(value opvs_services_left_out)" '2 0' 'services'
opvsadm metrics --max 5 >"$state/metrics"
is "$(value opvs_services_left_out) $(grep -c '^opvs_server_weight{' "$state/metrics")" \
	'1 3' 'what is too much is left out, and counted'
opvsadm metrics --format prometheus >"$state/plain"
is "$(grep -c '^# TYPE opvs_events_total counter$' "$state/plain") $(grep -c EOF "$state/plain" || :)" \
	'1 0' 'the older format'

# ---- over HTTP ----

# get PATH [ACCEPT]: status, type and the first line.
get() {
	python3 - "http://127.0.0.1:9836$1" "${2:-*/*}" <<-'END'
		import sys, urllib.error, urllib.request
		ask = urllib.request.Request(sys.argv[1], headers={"Accept": sys.argv[2]})
		try:
		    answer = urllib.request.urlopen(ask, timeout=20)
		except urllib.error.HTTPError as error:
		    answer = error
		except urllib.error.URLError as error:
		    sys.exit(str(error))
		body = answer.read().decode()
		print(answer.status, answer.headers["Content-Type"].split(";")[0],
		      body.split("\n")[0], body.endswith("# EOF\n"))
	END
}
answers() { get /metrics >"$state/answer" 2>&1; }
served() {
	check "$1: it answers" poll 20 answers
	is "$(<"$state/answer")" '200 text/plain # HELP opvs_info The program that tells this. False' \
		"$1: Prometheus's own format"
}
spawn_in "$ns_director" opvsadm metrics --serve=127.0.0.1:9836
server=$spawned
served 'an address of its own'
is "$(get /metrics 'application/openmetrics-text;version=1.0.0,*/*;q=0.1')" \
	'200 application/openmetrics-text # HELP opvs_info The program that tells this. True' \
	'OpenMetrics for who takes it'
is "$(get /)" '404 text/plain the metrics are at /metrics False' 'another path'
fails 1 '127.0.0.1:9836 cannot be listened on: Address already in use' \
	'an address that is taken' --serve=127.0.0.1:9836

if [[ -n ${OPVS_PROMETHEUS:-} ]]; then
	PATH=$OPVS_PROMETHEUS/usr/bin:$PATH
	check 'promtool check metrics' promtool check metrics <"$state/plain"
	check 'promtool check rules' promtool check rules "$tree/opvs-alerts.yml"
	cat >"$state/prometheus.yml" <<-END
		global: { scrape_interval: 1s, evaluation_interval: 1s }
		rule_files: [ $(readlink -f "$tree/opvs-alerts.yml") ]
		scrape_configs:
		- job_name: opvs
		  static_configs: [ { targets: [ "127.0.0.1:9836" ] } ]
	END
	spawn_in "$ns_director" prometheus --config.file="$state/prometheus.yml" \
		--storage.tsdb.path="$state/tsdb" \
		--web.listen-address=127.0.0.1:9090 >"$state/prometheus" 2>&1
	asked() {
		promtool query instant http://127.0.0.1:9090 \
			"opvs_server_weight{server=\"10.91.12.2:5060\"}" 2>&1 |
			sed -n 's/.*=> \([0-9]*\) @.*/\1/p'
	}
	settles 60 1 'Prometheus scraped it' asked
	kill "$spawned"
fi

kill "$server"
status=0
wait "$server" || status=$?
is "$status" 0 'a signal ends it, and that is no failure'

# As a service manager does it: the socket is there, as descriptor 3.
spawn_in "$ns_director" python3 -c '
import os, socket
s = socket.create_server(("127.0.0.1", 9836))
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp("opvsadm", ["opvsadm", "metrics", "--serve"])'
served 'a socket that was handed over'
rmmod opvs
is "$(get /metrics)" '503 text/plain opvs does not answer; see this program'"'"'s messages False' \
	'without the module'
load_module
kill "$spawned"
fails 2 '--serve takes =ADDRESS:PORT; no socket was handed over; see opvsadm --help' \
	'no socket' --serve
fails 2 "--format takes openmetrics or prometheus, not 'json'; see opvsadm --help" \
	'a format that is none' --format json
