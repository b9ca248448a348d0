#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Two opvs directors: what only opvs does, and what becomes of the daemons when
things go.  Needs root and opvs loaded with the names of ip_vs.  Output: TAP."""

import json
import random
import socket
import struct
import sys
import time

import mass
from genl import Tap
from sync_world import GROUP, INVITE, PORT, RIP, SCTP, SIP, TCP, UDP, VIP, \
    Director, Listener, Traffic, World, messages, poll, run

KEY, OTHER = "000102030405060708090a0b0c0d0e0f", "f" * 32
ASK = struct.pack(">BBHBBHBBB", 0, 7, 11, 0, 1, 0, 0x49, 1, 1)


class Pair:
    def __init__(self, tap):
        self.tap = tap
        self.world = World()
        self.master = Director(self.world, "m", "opvs")
        self.backup = Director(self.world, "k", "opvs")

    def ok(self, good, what, *notes):
        self.tap.ok(good, what, *map(str, notes))

    def is_(self, got, want, what):
        self.ok(got == want, what, f"got:  {got}", f"want: {want}")

    def start(self, servers=True, ports=1):
        self.master.add_services()
        self.master.add_servers()
        self.backup.add_services()
        if servers:
            self.backup.add_servers()
        for director in self.master, self.backup:
            director.setting("sync_ports", ports)

    def daemons(self):
        self.backup.daemon("backup")
        self.master.daemon("master")

    def same(self):
        return self.master.entries().keys() == self.backup.entries().keys()

    def arrive(self, what):
        self.ok(poll(self.same) and self.master.entries(), what,
                "master:", *self.master.entries(), "backup:",
                *self.backup.entries())

    def rises(self, director, name, before, what):
        self.ok(poll(lambda: director.counters()[name] > before[name]), what,
                f"{name} stays {before[name]}")

    def send(self, data, who="m", port=PORT):
        """As anybody on the link might."""
        sock = self.world.socket(who, 4, socket.SOCK_DGRAM, "10.93.9.1")
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                        socket.inet_aton("10.93.9.1"))
        sock.sendto(data, (GROUP[4], port))
        sock.close()

    def waiting(self):
        """Bytes that wait for the backup, and how many datagrams had no room."""
        rows = [line.split() for line in run(
            "cat", "/proc/net/udp", ns=self.backup.ns).splitlines()[1:]]
        rows = [row for row in rows if row[1].endswith(f":{PORT:04X}")]
        return (sum(int(row[4].split(":")[1], 16) for row in rows),
                sum(int(row[-1]) for row in rows))

    def close(self):
        self.world.close()


def late(pair):
    """A backup that starts when all is there, knows no server at first, and has a
    master that had all that before it began."""
    pair.start(servers=False)
    traffic = Traffic(pair.world, 4, 4000)
    traffic.datagrams(UDP, b"early", count=1)
    Traffic(pair.world, 6, 4001).datagrams(SIP, INVITE, count=1)
    pair.master.daemon("master")
    before = pair.backup.counters()
    pair.backup.daemon("backup")
    pair.rises(pair.backup, "sync_no_server", before,
               "late: without servers nothing is kept")
    pair.is_(pair.backup.entries(), {}, "late: and there is nothing")
    pair.backup.add_servers()
    pair.arrive("late: once there are servers it asks, and gets all")
    text = run("cat", "/proc/net/ip_vs_conn_sync", ns=pair.backup.ns)
    pair.ok(" SYNC " in text and " LOCAL " not in text,
            "late: ip_vs_conn_sync tells where they are from", text)


def many(pair):
    """A backup that starts late has all of a large table soon."""
    count = int(sys.argv[2]) if sys.argv[2:] else 1000
    pair.start()
    pair.master.daemon("master")
    mass.send(pair.world.spaces, pair.master.ns, ("10.94.0.1", mass.FIRST),
              (VIP[4], UDP), count, "src")
    # Counted, not walked through: that would take longer than the table does.
    entries = lambda director: int(run("sysctl", "-n", "net.opvs.conn_count",
                                       ns=director.ns))
    pair.is_(entries(pair.master), count, "many: a large table")
    pair.ok(poll(lambda: pair.master.counters()["sync_told"] >= count, 100),
            "many: of which nobody heard when it was told")
    began = time.monotonic()
    pair.backup.daemon("backup")
    pair.ok(poll(lambda: entries(pair.backup) == count, 100),
            "many: and all of it at the backup", entries(pair.backup))
    print(f"# {count} entries after {time.monotonic() - began:.1f} s, asked "
          f"for {pair.master.counters()['sync_catch_ups']} times")


def ask(pair):
    """A question of anybody is answered with all; entries that came of a partner
    are told of only then."""
    pair.start()
    pair.daemons()
    Traffic(pair.world, 4, 4000).datagrams(UDP, b"x")
    pair.arrive("ask: told")
    pair.backup.stop("backup")
    pair.backup.adm("--start-daemon", "master", "--mcast-interface", "k1",
                    "--syncid", 7)
    before = pair.backup.counters()
    pair.send(ASK)
    pair.rises(pair.backup, "sync_catch_ups", before, "ask: it is heard")
    pair.rises(pair.backup, "sync_told", before,
               "ask: a backup that became the master tells what it was told")
    before = pair.backup.counters()
    for word in b"\x00", b"\x02", b"\x03", b"\x77":
        pair.send(ASK[:-1] + word)
    pair.send(ASK[:1] + b"\x08" + ASK[2:])
    pair.rises(pair.backup, "sync_others", before,
               "ask: not what another group says")
    pair.is_(pair.backup.counters()["sync_catch_ups"],
             before["sync_catch_ups"], "ask: nor other words")


def anyone(pair):
    """A backup that listens to all groups asks all of them."""
    pair.start()
    pair.master.daemon("master")
    Traffic(pair.world, 4, 4000).datagrams(UDP, b"x")
    pair.backup.adm("--start-daemon", "backup", "--mcast-interface", "k1",
                    "--syncid", 0)
    pair.arrive("anyone: a backup of no group gets what there is")


def rekeyed(pair):
    """What was told while only one had the key is not lost."""
    pair.start()
    pair.daemons()
    before = pair.backup.counters()
    run("sysctl", "-qw", f"net.opvs.sync_key={KEY}", ns=pair.backup.ns)
    Traffic(pair.world, 4, 4000).datagrams(UDP, b"x")
    pair.rises(pair.backup, "sync_forged", before, "rekeyed: not believed")
    run("sysctl", "-qw", f"net.opvs.sync_key={KEY}", ns=pair.master.ns)
    pair.arrive("rekeyed: until both have the key")


def narrow(pair):
    """IPv6 leaves an interface with too small an MTU, and the group with it."""
    pair.start()
    pair.backup.daemon("backup", 6)
    pair.master.daemon("master", 6)
    Traffic(pair.world, 4, 4000).datagrams(UDP, b"x")
    pair.arrive("narrow: told by IPv6")
    run("ip", "link", "set", "k1", "mtu", "1200", ns=pair.backup.ns)
    run("ip", "link", "set", "k1", "mtu", "1500", ns=pair.backup.ns)
    Traffic(pair.world, 4, 4001).datagrams(UDP, b"x")
    pair.arrive("narrow: and again")


def ports(pair):
    """Messages are spread over ports, and all are heard."""
    pair.start(ports=4)
    pair.daemons()
    for port in range(4000, 4032):
        Traffic(pair.world, 4, port).datagrams(UDP, b"x", count=1)
    pair.arrive("ports: what four of them brought")


def seal(pair):
    """The key."""
    pair.start()
    for bad in "00", "x" * 32, KEY + "0", "":
        try:
            run("sysctl", "-qw", f"net.opvs.sync_key={bad}", ns=pair.backup.ns)
            with_it = run("sysctl", "-n", "net.opvs.sync_key",
                          ns=pair.backup.ns).strip()
        except RuntimeError:
            with_it = "refused"
        pair.ok(with_it in ("refused", "none"), f"seal: no key: '{bad}'", with_it)
    key = lambda director, value: run("sysctl", "-qw",
                                      f"net.opvs.sync_key={value}",
                                      ns=director.ns)
    shown = lambda director: run("sysctl", "-n", "net.opvs.sync_key",
                                 ns=director.ns).strip()
    pair.is_(shown(pair.backup), "none", "seal: none by default")
    key(pair.backup, KEY)
    pair.is_(shown(pair.backup), KEY, "seal: it reads as it was written")
    before = pair.backup.counters()
    pair.daemons()
    Traffic(pair.world, 4, 4000).datagrams(UDP, b"x")
    pair.rises(pair.backup, "sync_forged", before,
               "seal: what is not sealed is not believed")
    key(pair.master, OTHER)
    before = pair.backup.counters()
    Traffic(pair.world, 4, 4001).datagrams(UDP, b"x")
    pair.rises(pair.backup, "sync_forged", before,
               "seal: nor what another key sealed")
    pair.is_(pair.backup.entries(), {}, "seal: and nothing came of it")
    key(pair.master, KEY)
    listener = Listener(pair.world)
    Traffic(pair.world, 4, 4002).datagrams(UDP, b"x")
    new = lambda: any(e[2] == 4002 for e in pair.backup.entries())
    pair.ok(poll(new), "seal: but what their key sealed",
            *pair.backup.entries())
    sealed = listener.heard()[-1]
    pair.ok(74 in messages(sealed)[1][-1]["params"],
            "seal: as a parameter that ip_vs leaves alone", sealed.hex())
    pair.backup.adm("-D", "-u", f"{VIP[4]}:{UDP}")
    pair.backup.service("udp", VIP[4], UDP, False)
    pair.backup.server("udp", VIP[4], UDP, RIP[4])
    before = pair.backup.counters()
    changed = bytearray(sealed)
    changed[19] ^= 1
    pair.send(bytes(changed))
    pair.rises(pair.backup, "sync_forged", before,
               "seal: one bit of it is another's")
    key(pair.backup, "none")
    pair.is_(shown(pair.backup), "none", "seal: gone again")


def old(pair):
    """What was sealed long ago is no news."""
    pair.start()
    for director in pair.master, pair.backup:
        run("sysctl", "-qw", f"net.opvs.sync_key={KEY}", ns=director.ns)
    listener = Listener(pair.world)
    pair.daemons()
    heard = []
    Traffic(pair.world, 4, 4000).datagrams(UDP, b"x")
    pair.ok(poll(lambda: heard.extend(listener.heard()) or any(
        messages(data)[1] for data in heard)), "old: a message")
    first = next(data for data in heard if messages(data)[1])
    stamp = lambda data: struct.unpack(
        ">Q", messages(data)[1][-1]["params"][74][:8])[0]

    fresh = iter(range(4001, 5000))

    def newer():
        Traffic(pair.world, 4, next(fresh)).datagrams(UDP, b"x")
        heard.extend(listener.heard())
        return any(stamp(data) > stamp(first) + 3 * 10 ** 9
                   for data in heard if messages(data)[1])

    pair.ok(poll(newer, 60), "old: and one that was sealed seconds later")
    before = pair.backup.counters()
    pair.send(first)
    pair.rises(pair.backup, "sync_forged", before,
               "old: the first one again is not believed")


def passive(pair):
    """backup_only: a host with a backup daemon balances nothing."""
    pair.start()
    run("ip", "addr", "add", f"{VIP[4]}/32", "dev", "lo", ns=pair.backup.ns)
    own = pair.world.socket("k", 4, socket.SOCK_DGRAM, VIP[4], UDP)
    client = pair.world.socket("k", 4, socket.SOCK_DGRAM, "10.93.9.2", 4000)
    client.connect((VIP[4], UDP))
    pair.backup.setting("backup_only", 1)
    pair.backup.daemon("backup")
    client.send(b"mine")
    pair.is_(own.recv(100), b"mine", "passive: its own program is asked")
    pair.is_(pair.backup.entries(), {}, "passive: and no entry made")
    # No way leads from there to the servers: the sender is told.
    run("ip", "route", "add", "unreachable", "10.93.1.0/24", ns=pair.backup.ns)

    def balanced():
        try:
            client.send(b"balanced")
        except OSError:
            pass

    before = pair.backup.counters()
    pair.backup.setting("backup_only", 0)
    balanced()
    pair.rises(pair.backup, "service_packets", before,
               "passive: without the setting it balances")
    pair.backup.setting("backup_only", 1)
    pair.backup.stop("backup")
    before = pair.backup.counters()
    balanced()
    pair.rises(pair.backup, "service_packets", before,
               "passive: and without the daemon")


def answered(pair):
    """backup_only: what a server answers to a request of before is still told as
    the virtual address's. The client is beyond the director."""
    pair.start()
    # There it is a client, and would balance its own requests.
    pair.backup.adm("-C")
    world, director = pair.world, pair.master
    run("sysctl", "-qw", "net.ipv4.ip_forward=1", ns=director.ns)
    run("ip", "route", "add", "default", "via", "10.93.1.1",
        ns=world.names["s"])
    run("ip", "route", "add", VIP[4], "via", "10.93.9.1", ns=pair.backup.ns)
    client = world.socket("k", 4, socket.SOCK_DGRAM, "10.93.9.2", 4000)
    client.connect((VIP[4], UDP))
    client.send(b"before")
    server = world.serving(4, socket.SOCK_DGRAM, UDP)
    got, peer = server.recvfrom(100)
    director.setting("backup_only", 1)
    director.daemon("backup")
    server.sendto(b"answer to " + got, peer)
    pair.is_(client.recv(100), b"answer to before",
             "answered: also by a mere backup")
    before = director.counters()
    client.send(b"after")
    try:
        said = client.recv(100)
    except ConnectionRefusedError:
        said = "nobody is there"
    pair.is_(said, "nobody is there", "answered: a new request is its own")
    pair.is_(director.counters()["service_packets"],
             before["service_packets"], "answered: and not a service's")


def mutated(texts, rnd):
    data = bytearray(rnd.choice(texts))
    for _ in range(rnd.randrange(1, 5)):
        data[rnd.randrange(len(data))] = rnd.randrange(256)
    if rnd.random() < 0.2:
        del data[rnd.randrange(len(data)):]
    if rnd.random() < 0.7 and len(data) > 3:
        data[2:4] = struct.pack(">H", len(data))
    return data


def pelt(pair, texts, what):
    """Sends the backup very many mutations of these, as fast as it reads them."""
    total = int(sys.argv[1]) if sys.argv[1:] else 2000
    rnd = random.Random(1)
    sock = pair.world.socket("m", 4, socket.SOCK_DGRAM, "10.93.9.1")
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                    socket.inet_aton("10.93.9.1"))
    for count in range(1, total + 1):
        data = mutated(texts, rnd)
        while data in texts:
            data = mutated(texts, rnd)
        sock.sendto(data, (GROUP[4], PORT))
        if count % 500 == 0 or count == total:
            poll(lambda: pair.waiting()[0] == 0)
    pair.is_(pair.waiting(), (0, 0), f"{what}: {total} messages are heard")


def garbage(pair):
    """Whatever comes: nothing but what a valid message says."""
    pair.start()
    pair.daemons()
    listener = Listener(pair.world)
    Traffic(pair.world, 4, 4000).datagrams(UDP, b"x")
    Traffic(pair.world, 4, 4001).datagrams(SIP, INVITE)
    Traffic(pair.world, 6, 4002).connection()
    pair.arrive("garbage: told")
    pair.master.stop("master")
    texts = [data for data in listener.heard() if messages(data)[1]]
    listener.sock.close()
    before = pair.backup.counters()
    pelt(pair, texts, "garbage")
    pair.rises(pair.backup, "sync_malformed", before, "garbage: counted")
    servers = {(RIP[family], port) for family in RIP
               for port in (UDP, TCP, SIP, SCTP)}
    strays = [entry for entry in pair.backup.entries()
              if (entry[5], entry[6]) not in servers]
    pair.ok(not strays, "garbage: no entry at another server", *strays)


def forged(pair):
    """With a key, no mutation of a sealed message does anything."""
    pair.start()
    for director in pair.master, pair.backup:
        run("sysctl", "-qw", f"net.opvs.sync_key={KEY}", ns=director.ns)
    listener = Listener(pair.world)
    pair.master.daemon("master")
    heard = []
    for port, text in (UDP, b"x"), (SIP, INVITE):
        Traffic(pair.world, 4, 4000 + port).datagrams(port, text)
    Traffic(pair.world, 6, 4002).connection()
    pair.ok(poll(lambda: heard.extend(listener.heard()) or sum(
        len(messages(data)[1]) for data in heard) >= 4), "forged: messages")
    pair.master.stop("master")
    listener.sock.close()
    texts = [data for data in heard if messages(data)[1]]
    # Nothing but these mutations is ever told to it.
    pair.backup.daemon("backup")
    pelt(pair, texts, "forged")
    after = pair.backup.counters()
    pair.ok(after["sync_forged"] > 0, "forged: counted", after)
    pair.is_((after["sync_heard"], pair.backup.entries()), (0, {}),
             "forged: and nothing comes of any")


def index_of(ns, name):
    return json.loads(run("ip", "-j", "link", "show", name, ns=ns))[0]["ifindex"]


def comes(pair):
    """An interface that goes and comes back, or is down for a while: nobody has
    to start daemons anew."""
    pair.start()
    pair.daemons()
    Traffic(pair.world, 4, 4000).datagrams(UDP, b"x")
    pair.arrive("comes: told")
    number = index_of(pair.master.ns, "m1")
    run("ip", "link", "del", "m1", ns=pair.master.ns)
    # Its number goes to one that is not to be told.
    run("ip", "link", "add", "foreign", "index", str(number), "type", "dummy",
        ns=pair.master.ns)
    run("ip", "link", "set", "foreign", "up", ns=pair.master.ns)
    run("ip", "addr", "add", "192.0.2.1/24", "dev", "foreign",
        ns=pair.master.ns)
    before = pair.master.counters()
    Traffic(pair.world, 4, 4001).datagrams(UDP, b"x")
    pair.rises(pair.master, "sync_unsent", before, "comes: it is gone")
    pair.is_(pair.master.counters()["sync_sent"], before["sync_sent"],
             "comes: and nobody else is told")
    run("ip", "link", "del", "foreign", ns=pair.master.ns)
    pair.world.link("k", "k1", "m", "m1", 9)
    pair.arrive("comes: another one of its name: what was missed")
    Traffic(pair.world, 4, 4002).datagrams(UDP, b"x")
    pair.arrive("comes: and what is new")
    run("ip", "link", "set", "k1", "down", ns=pair.backup.ns)
    Traffic(pair.world, 4, 4003).datagrams(UDP, b"x")
    run("ip", "link", "set", "k1", "up", ns=pair.backup.ns)
    pair.arrive("comes: up again: what was missed")
    run("ip", "link", "set", "m1", "down", ns=pair.master.ns)
    run("ip", "link", "set", "m1", "name", "other", ns=pair.master.ns)
    Traffic(pair.world, 4, 4004).datagrams(UDP, b"x")
    run("ip", "link", "set", "other", "name", "m1", ns=pair.master.ns)
    run("ip", "link", "set", "m1", "up", ns=pair.master.ns)
    pair.arrive("comes: renamed there and back")
    # It keeps its number, and nothing else.
    away, home = pair.world.names["s"], pair.backup.ns
    run("ip", "link", "set", "k1", "netns", away, ns=home)
    run("ip", "link", "set", "k1", "netns", home, ns=away)
    run("ip", "addr", "add", "10.93.9.2/24", "dev", "k1", ns=home)
    run("ip", "link", "set", "k1", "up", ns=home)
    Traffic(pair.world, 4, 4005).datagrams(UDP, b"x")
    pair.arrive("comes: in another namespace and back")
    Traffic(pair.world, 4, 4006).datagrams(UDP, b"x")
    pair.arrive("comes: and what is new after that")


def goes(pair):
    """Device, daemons, services, namespace."""
    pair.start()
    pair.daemons()
    for role, director in ("master", pair.master), ("backup", pair.backup):
        try:
            director.daemon(role)
            said = ""
        except RuntimeError as error:
            said = str(error)
        pair.ok("already run" in said, f"goes: no second {role}", said)
    Traffic(pair.world, 4, 4000).datagrams(UDP, b"x")
    pair.arrive("goes: told")
    run("ip", "link", "del", "m1", ns=pair.master.ns)
    before = pair.master.counters()
    Traffic(pair.world, 4, 4001).datagrams(UDP, b"x")
    pair.rises(pair.master, "sync_unsent", before,
               "goes: without its device a master has nobody to tell")
    pair.ok(any(e[2] == 4001 for e in pair.master.entries()),
            "goes: and balances all the same")
    pair.master.stop("master")
    pair.backup.stop("backup")
    for role, director in ("master", pair.master), ("backup", pair.backup):
        try:
            director.stop(role)
            said = ""
        except RuntimeError as error:
            said = str(error)
        pair.ok("No daemon is running" in said, f"goes: no {role} any more", said)
    # With it went the other end.
    run("ip", "link", "add", "k1", "type", "dummy", ns=pair.backup.ns)
    pair.backup.daemon("backup")
    pair.ok(True, "goes: the namespaces end with a daemon running")


PARTS = {part.__name__: part for part in (
    late, many, ask, anyone, rekeyed, narrow, ports, seal, old, passive,
    answered, garbage, forged, comes, goes)}


def main():
    tap = Tap()
    wanted = sys.argv[3:] or PARTS
    for name in wanted:
        pair = Pair(tap)
        try:
            PARTS[name](pair)
        finally:
            pair.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
