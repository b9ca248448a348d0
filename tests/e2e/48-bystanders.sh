# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # lib.sh sets it
# Other people's programs: nc through a service, and what is no service's -
# iperf3 to a server itself, ping to the virtual address - undisturbed by it.
for f in 4 6; do
	service "$f" 1 5480 -s rr
	dest -d "$f" 1 5480 2
	dest -d "$f" 1 5480 3
done

# ---- nc ----

for f in 4 6; do
	echo 'hello from nc' >"$state/hello"
	spawn_in "${ns_servers[1]}" nc -u -n -l "${rip[$f,1]}" 5480 \
		<"$state/hello" >"$state/nc"
	poll 10 listens 1 -u 5480 "${rip[$f,1]}"
	spawn_in "$ns_client" nc -u -n -W 1 "${vip[$f,1]}" 5480 \
		<<<'hello to nc' >"$state/nc.client"
	answered() { [[ -s $state/nc.client && -s $state/nc ]]; }
	poll 10 answered || :
	is "$(cat "$state/nc" "$state/nc.client")" \
		$'hello to nc\nhello from nc' "IPv$f: nc speaks to nc"
	end_spawned
done

# ---- what is none of opvs's business ----

snapshot service_packets replies
spawn_in "${ns_servers[2]}" iperf3 -s </dev/null >"$state/iperf3" 2>&1
poll 20 listens 2 -t 5201 '*'
for f in 4 6; do
	check "IPv$f: iperf3 over TCP to a server itself" \
		in_client iperf3 -c "${rip[$f,2]}" -n 2M
	check "IPv$f: iperf3 over UDP to a server itself" \
		in_client iperf3 -c "${rip[$f,2]}" -u -n 200K -b 10M
	check "IPv$f: ping to the virtual address" \
		in_client ping -c 3 -i 0.1 -W 5 "${vip[$f,1]}"
	check "IPv$f: ping to a server" \
		in_client ping -c 3 -i 0.1 -W 5 "${rip[$f,1]}"
done
rose service_packets 0 'none of it was taken for a service'
rose replies 0 'nor for an answer of one'
