#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes connections, and does to them all that can be done, over and over for
a number of seconds.  One process for each role does it all: to start a program
takes a second on the kernel that this is for.

usage: connections.py flood SECONDS PORT SOURCE DESTINATION [...]
       connections.py change SECONDS PORT VIRTUAL SERVER SERVER...
       connections.py read SECONDS

flood   datagrams of some hundred flows, the same ones in each process of this
        kind, so that they race for them
change  edits service, servers, policies and limits; flushes and expires
read    lists connections by netlink and by /proc
"""

import errno
import os
import random
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
import abi  # noqa: E402
import genl  # noqa: E402
import mass  # noqa: E402
from native import bytes_of, family_number, timeout  # noqa: E402
from traffic import Namespaces  # noqa: E402

FLOWS = 96              # in a volley
VOLLEYS = 8             # different ones
PAUSE = 0.01            # seconds between two
UDP = genl.u16(socket.IPPROTO_UDP)

# What another process may have been quicker with.
EXPECTED = (0, errno.ENOENT, errno.ESRCH, errno.EEXIST, errno.EBUSY)


def until(seconds):
    """Numbers until time is up."""
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        yield number
        number += 1


def flood(seconds, port, *addresses):
    spaces = Namespaces()
    pairs = list(zip(addresses[::2], addresses[1::2]))
    for number in until(seconds):
        src, dst = pairs[number % len(pairs)]
        first = 10000 + FLOWS * (number // len(pairs) % VOLLEYS)
        try:
            mass.send(spaces, "", (src, first), (dst, port), FLOWS, "src")
        except OSError as err:
            if err.errno != errno.ENOBUFS:
                raise
        time.sleep(PAUSE)


class Changer:
    """Everything that can be changed about one service and its servers."""

    def __init__(self, port, virtual, *servers):
        self.family = genl.Family("opvs")
        self.port = port
        self.virtual = virtual
        self.servers = servers

    def ask(self, cmd, payload=b""):
        answer = self.family.ask(cmd, payload)
        if answer.errno not in EXPECTED:
            raise OSError(answer.errno, f"command {cmd}: {answer.text}")

    def name(self):
        return {"AF": family_number(self.virtual), "PROTOCOL": UDP,
                "ADDR": genl.ip(self.virtual), "PORT": genl.be16(self.port)}

    def nest(self, extra=()):
        return genl.nest(abi.SERVICE, abi.SERVICE_ATTRS,
                         self.name() | dict(extra))

    def conf(self, seconds, policy, limit):
        width = 128 if ":" in self.virtual else 0xffffffff
        return self.nest({
            "SCHED_NAME": genl.string(random.choice(("rr", "wrr", "mh"))),
            "FLAGS": genl.u32(1 if seconds else 0) + genl.u32(0xffffffff),
            "TIMEOUT": genl.u32(seconds), "NETMASK": genl.u32(width),
            "POLICY": genl.string(policy),
            "CONN_MAX": genl.u32(limit)}.items())

    def dest(self, server, weight, threshold=0):
        return self.nest() + genl.nest(abi.DEST, abi.DEST_ATTRS, {
            "ADDR": genl.ip(server), "PORT": genl.be16(self.port),
            "FWD_METHOD": genl.u32(0), "WEIGHT": genl.u32(weight),
            "U_THRESH": genl.u32(threshold), "L_THRESH": genl.u32(0)})

    def policy(self, cmd, seconds):
        body = genl.attr(1, genl.string("race")) + timeout(f"udp:UDP:{seconds}")
        if cmd == abi.DEL_POLICY:
            body = genl.attr(1, genl.string("race"))
        self.ask(cmd, genl.attr(abi.POLICY | genl.NLA_F_NESTED, body))

    def build(self):
        self.policy(abi.NEW_POLICY, 1)
        self.ask(abi.NEW_SERVICE, self.conf(0, "race", 0))
        for server in self.servers:
            self.ask(abi.NEW_DEST, self.dest(server, 1))

    # ---- what happens ----

    def edit_service(self):
        self.ask(abi.SET_SERVICE,
                 self.conf(random.choice((0, 1, 3)),
                           random.choice(("race", "default")),
                           random.choice((0, 50, 500))))

    def edit_server(self):
        self.ask(abi.SET_DEST, self.dest(random.choice(self.servers),
                                          random.choice((0, 1, 5)),
                                          random.choice((0, 0, 40))))

    def replace_server(self):
        server = random.choice(self.servers)
        self.ask(abi.DEL_DEST, self.dest(server, 1))
        self.ask(abi.NEW_DEST, self.dest(server, 1))

    def replace_service(self):
        self.ask(abi.DEL_SERVICE, self.nest())
        self.build()

    def edit_policy(self):
        self.policy(abi.SET_POLICY, random.choice((1, 2, 3600)))

    def flush_service(self):
        self.ask(random.choice((abi.FLUSH_CONN, abi.EXPIRE_CONN)),
                 self.nest())

    def flush_server(self):
        server = random.choice(self.servers)
        self.ask(random.choice((abi.FLUSH_CONN, abi.EXPIRE_CONN)),
                 genl.nest(abi.CONN, abi.CONN_ATTRS, {
                     "FAMILY": family_number(server),
                     "SERVER": bytes_of(server),
                     "SERVER_PORT": genl.be16(self.port)}))

    def flush_one(self, client):
        port = 10000 + random.randrange(FLOWS * VOLLEYS)
        self.ask(abi.FLUSH_CONN, genl.nest(abi.CONN, abi.CONN_ATTRS, {
            "FAMILY": family_number(client), "PROTOCOL": UDP,
            "CLIENT": bytes_of(client), "CLIENT_PORT": genl.be16(port),
            "VIRTUAL": bytes_of(self.virtual),
            "VIRTUAL_PORT": genl.be16(self.port)}))

    def flush_all(self):
        self.ask(abi.FLUSH_CONN)

    def limit(self):
        for maximum in (random.choice((30, 300)), 0):
            self.ask(abi.SET_TABLE, genl.nest(
                abi.TABLE, abi.TABLE_ATTRS, {"CONN_MAX": genl.u32(maximum)}))
            time.sleep(0.02)

    def settings(self):
        for name, value in (("sweep_interval_ms", (250, 1000)),
                            ("udp_reschedule", (0, 1)),
                            ("expire_nodest_conn", (0, 1)),
                            ("expire_quiescent_template", (0, 1)),
                            ("drop_entry", (0, 3))):
            with open("/proc/sys/net/opvs/" + name, "w",
                      encoding="ascii") as file:
                file.write(str(random.choice(value)))


def change(seconds, port, virtual, *servers):
    changer = Changer(port, virtual, *servers)
    client = "fd91:1::2" if ":" in virtual else "10.91.1.2"
    steps = [changer.edit_service, changer.edit_server, changer.edit_server,
             changer.replace_server, changer.edit_policy,
             changer.flush_service, changer.flush_server, changer.flush_all,
             changer.limit, changer.settings]
    changer.build()
    for number in until(seconds):
        for _ in range(8):
            changer.flush_one(client)
        random.choice(steps)()
        if number % 16 == 15:
            changer.replace_service()


def read(seconds):
    family = genl.Family("opvs")
    seen = 0
    for _ in until(seconds):
        seen += len(family.ask(abi.GET_CONN, dump=True).messages)
        family.ask(abi.GET_SERVICE, dump=True)
        family.ask(abi.GET_TABLE)
        for name in ("ip_vs_conn", "ip_vs_conn_sync", "ip_vs"):
            with open("/proc/net/" + name, encoding="ascii") as file:
                seen += len(file.read().splitlines())
    print(seen)


def main():
    role, seconds, *words = sys.argv[1:]
    if words:
        words[0] = int(words[0])
    {"flood": flood, "change": change, "read": read}[role](int(seconds),
                                                            *words)


if __name__ == "__main__":
    main()
