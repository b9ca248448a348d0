#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What kube-proxy does when it starts in mode ipvs, and with a service: settings, the
question whether the scheduler works, services with affinity, the end of a server.
Requests are those of the library moby/ipvs: addresses of IPv4 have 4 bytes, servers
no family, a list is asked for with an empty SERVICE. In the network namespace in
which it is started; needs root. Arguments: virtual address, addresses of two servers.
Output: TAP."""

import socket
import struct
import sys

from abi import (DEL_DEST, DEL_SERVICE, DEST, DEST_ATTRS, GET_DEST, GET_SERVICE,
                 NEW_DEST, NEW_SERVICE, SERVICE, SERVICE_ATTRS, SET_CONFIG, SET_DEST,
                 TIMEOUT_TCP, TIMEOUT_TCP_FIN, TIMEOUT_UDP)
from genl import Family, Tap, attr, attrs, be16, named, nest, string, u16, u32

HASHED, PERSISTENT = 2, 1
ALL = 0xffffffff
NAT = 0

# In this order; each that cannot be set ends kube-proxy. The last is for kernels
# before 5.9, and harmless.
SETTINGS = (
    ("net/ipv4/vs/conntrack", 1),
    ("net/ipv4/vs/expire_nodest_conn", 1),
    ("net/ipv4/vs/expire_quiescent_template", 1),
    ("net/ipv4/ip_forward", 1),
    ("net/ipv4/conf/all/arp_ignore", 1),
    ("net/ipv4/conf/all/arp_announce", 2),
    ("net/ipv4/vs/conn_reuse_mode", 0),
)


def ensure(name, value):
    """Reads a setting and, where it is another one, writes it."""
    path = f"/proc/sys/{name}"
    with open(path, encoding="ascii") as file:
        if int(file.read()) == value:
            return True
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))
    with open(path, encoding="ascii") as file:
        return int(file.read()) == value


def address(text):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return family, socket.inet_pton(family, text)


def service(addr, port, **more):
    family, packed = address(addr)
    values = {"AF": u16(family), "PROTOCOL": u16(socket.IPPROTO_TCP),
              "ADDR": packed, "PORT": be16(port), **more}
    return nest(SERVICE, SERVICE_ATTRS, values, 0)


def new_service(addr, port, scheduler, flags=0, timeout=0):
    mask = 128 if ":" in addr else ALL
    return service(addr, port, SCHED_NAME=string(scheduler),
                   FLAGS=u32(flags) + u32(ALL), TIMEOUT=u32(timeout),
                   NETMASK=u32(mask))


def server(addr, port, weight):
    return nest(DEST, DEST_ATTRS, {
        "ADDR": address(addr)[1], "PORT": be16(port), "FWD_METHOD": u32(NAT),
        "WEIGHT": u32(weight), "U_THRESH": u32(0), "L_THRESH": u32(0)}, 0)


def listed(answer, names):
    """Of each message the nest, which the library takes for the first attribute."""
    return [named(attrs(body)[0][1], names) for _, _, body in answer.messages]


def services(ipvs):
    ask = ipvs.ask(GET_SERVICE, nest(SERVICE, SERVICE_ATTRS, {}, 0), dump=True)
    return listed(ask, SERVICE_ATTRS)


def find(ipvs, addr, port):
    packed = address(addr)[1]
    for found in services(ipvs):
        if found["ADDR"][:len(packed)] == packed and found["PORT"] == be16(port):
            return found
    return None


def probe(tap, ipvs, scheduler):
    """Does the scheduler work? A service is made, looked for, and removed."""
    addr, port = "198.51.100.0", 20000
    made = ipvs.ask(NEW_SERVICE, new_service(addr, port, scheduler))
    found = find(ipvs, addr, port)
    tap.ok(made.errno == 0 and found, f"probe of {scheduler}: the service is there",
           f"errno {made.errno}: {made.text}")
    flags = struct.unpack("=II", found["FLAGS"])
    tap.ok(flags[0] & HASHED and len(found["NETMASK"]) == 4 and
           found["SCHED_NAME"].rstrip(b"\0").decode() == scheduler,
           f"probe of {scheduler}: it is as kube-proxy compares it", f"{found}")
    gone = ipvs.ask(DEL_SERVICE, service(addr, port))
    tap.ok(gone.errno == 0 and not find(ipvs, addr, port),
           f"probe of {scheduler}: it is removed", f"errno {gone.errno}")


def affinity(tap, ipvs, vip, servers):
    """A service with affinity by client; then a server ends gracefully."""
    made = ipvs.ask(NEW_SERVICE, new_service(vip, 8443, "rr", PERSISTENT, 10800))
    tap.ok(made.errno == 0, "affinity: a persistent service",
           f"errno {made.errno}: {made.text}")
    for addr in servers:
        added = ipvs.ask(NEW_DEST, service(vip, 8443) + server(addr, 8443, 1))
        tap.ok(added.errno == 0, f"affinity: server {addr}", f"{added.text}")
    have = listed(ipvs.ask(GET_DEST, service(vip, 8443), dump=True), DEST_ATTRS)
    tap.ok(len(have) == 2 and all(
        len(dest["ADDR"]) == 16 and dest["WEIGHT"] == u32(1) and
        dest["FWD_METHOD"] == u32(NAT) and len(dest["STATS"]) > 0
        for dest in have), "affinity: the servers are as they were added", f"{have}")
    last = service(vip, 8443) + server(servers[1], 8443, 0)
    ended = ipvs.ask(SET_DEST, last)
    have = listed(ipvs.ask(GET_DEST, service(vip, 8443), dump=True), DEST_ATTRS)
    busy = [struct.unpack("=I", dest["ACTIVE_CONNS"])[0] +
            struct.unpack("=I", dest["INACT_CONNS"])[0]
            for dest in have if dest["WEIGHT"] == u32(0)]
    tap.ok(ended.errno == 0 and busy == [0],
           "affinity: a server of weight 0 has no connections", f"{busy}")
    tap.ok(ipvs.ask(DEL_DEST, last).errno == 0, "affinity: and is removed")
    tap.ok(ipvs.ask(DEL_SERVICE, service(vip, 8443)).errno == 0,
           "affinity: as is the service")


def main():
    tap = Tap()
    vip, *servers = sys.argv[1:]
    for name, value in SETTINGS:
        try:
            tap.ok(ensure(name, value), f"{name}={value}")
        except OSError as error:
            tap.ok(False, f"{name}={value}", str(error))
    ipvs = Family("IPVS")
    for scheduler in ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "dh", "sed",
                      "nq", "mh"):
        probe(tap, ipvs, scheduler)
    times = {TIMEOUT_TCP: 600, TIMEOUT_TCP_FIN: 30, TIMEOUT_UDP: 60}
    set_ = ipvs.ask(SET_CONFIG, b"".join(attr(kind, u32(seconds))
                                         for kind, seconds in times.items()))
    tap.ok(set_.errno == 0, "its timeouts", f"errno {set_.errno}: {set_.text}")
    affinity(tap, ipvs, vip, servers)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
