# SPDX-License-Identifier: GPL-2.0-only
"""Two directors for tests of state synchronisation, and a server of both.

Namespaces of their own:

    server            master                       backup
   +-------+ 10.93.1 +--------------+   10.93.9   +-------+
   |    s0 |.2-----.1| m0        m1 |.1---------.2| k1    |
   +-------+         | lo: VIPs     |             +-------+
                     +--------------+

The client is a process in the master's namespace, whose packets pass LOCAL_OUT;
so nothing but the master's address has to be routed. VIPs are 10.93.0.1 and
fd93::1. The backup never sees a packet of theirs."""

import collections
import ipaddress
import json
import os
import socket
import struct
import subprocess
import time

import abi
import genl
import native
from traffic import Namespaces

VIP = {4: "10.93.0.1", 6: "fd93::1"}
RIP = {4: "10.93.1.2", 6: "fd93:1::2"}
CLIENT = {4: "10.93.1.1", 6: "fd93:1::1"}
GROUP = {4: "224.0.0.81", 6: "ff02::51"}
PORT = 8848
UDP, TCP, SIP, SCTP = 7001, 7002, 5060, 7003
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
PORTS = ("udp", UDP), ("tcp", TCP), ("udp", SIP), ("sctp", SCTP)
OPTION = {"udp": "-u", "tcp": "-t", "sctp": "--sctp-service"}
DEVICE = {"m": "m1", "k": "k1"}
ROLE = {"master": 1, "backup": 2}


def run(*command, ns=None, text=None):
    """What a command prints; an error ends the test."""
    if ns:
        command = ("nsenter", f"--net=/run/netns/{ns}", *command)
    done = subprocess.run(command, input=text, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


def poll(good, seconds=30):
    """Does it become good in time?"""
    end = time.monotonic() + seconds
    while not good():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def bracket(addr):
    return f"[{addr}]" if ":" in addr else addr


def has_sctp():
    """Not all kernels have such sockets."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM,
                      socket.IPPROTO_SCTP).close()
    except OSError:
        return False
    return True


class World:
    """The namespaces, until close()."""

    def __init__(self):
        self.id = os.getpid()
        self.names = {}
        self.spaces = Namespaces()
        self.sockets = []
        self.sctp = has_sctp()
        for who in "smk":
            name = f"opvs-y{who}-{self.id}"
            run("ip", "netns", "add", name)
            self.names[who] = name
            run("ip", "link", "set", "lo", "up", ns=name)
            run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", ns=name)
        self.link("s", "s0", "m", "m0", 1)
        self.link("k", "k1", "m", "m1", 9)
        for family, addr in VIP.items():
            run("ip", "addr", "add", f"{addr}/{128 if family == 6 else 32}",
                "dev", "lo", ns=self.names["m"])
        for family in VIP:
            self.server(family)

    def link(self, near, near_dev, far, far_dev, net):
        run("ip", "link", "add", near_dev, "netns", self.names[near], "type",
            "veth", "peer", "name", far_dev, "netns", self.names[far])
        for who, dev, host in (near, near_dev, 2), (far, far_dev, 1):
            for addr in (f"10.93.{net}.{host}/24", f"fd93:{net}::{host}/64"):
                run("ip", "addr", "add", addr, "dev", dev, ns=self.names[who])
            run("ip", "link", "set", dev, "up", ns=self.names[who])

    def socket(self, who, family, kind, addr=None, port=0, proto=0):
        sock = self.spaces.socket(self.names[who], FAMILY[family], kind, proto)
        sock.settimeout(20)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if addr:
            sock.bind((addr, port))
        self.sockets.append(sock)
        return sock

    def server(self, family):
        for port in (UDP, SIP):
            self.socket("s", family, socket.SOCK_DGRAM, RIP[family], port)
        self.socket("s", family, socket.SOCK_STREAM, RIP[family],
                    TCP).listen(128)
        if self.sctp:
            self.socket("s", family, socket.SOCK_STREAM, RIP[family], SCTP,
                        socket.IPPROTO_SCTP).listen(128)

    def serving(self, family, kind, port):
        return next(sock for sock in self.sockets
                    if sock.family == FAMILY[family] and sock.type == kind and
                    sock.getsockname()[1] == port and
                    sock.getsockname()[0] == RIP[family])

    def close(self):
        for sock in self.sockets:
            sock.close()
        for who in self.names.values():
            self.spaces.forget(who)
        for name in self.names.values():
            run("ip", "netns", "del", name)


class Director:
    """One that balances by opvs or ip_vs."""

    def __init__(self, world, who, module):
        self.world, self.who, self.module = world, who, module
        self.ns = world.names[who]

    def adm(self, *args):
        return run("ipvsadm", *map(str, args), ns=self.ns)

    def service(self, proto, vip, port, call):
        more = ("-p", 300, "--pe", "sip") if call else ()
        self.adm("-A", OPTION[proto], f"{bracket(vip)}:{port}", "-s", "rr",
                 *more)

    def server(self, proto, vip, port, rip):
        self.adm("-a", OPTION[proto], f"{bracket(vip)}:{port}", "-r",
                 f"{bracket(rip)}:{port}", "-m")

    def add_services(self):
        for vip in VIP.values():
            for proto, port in PORTS:
                self.service(proto, vip, port, port == SIP)

    def add_servers(self):
        for family, vip in VIP.items():
            for proto, port in PORTS:
                self.server(proto, vip, port, RIP[family])

    def setting(self, name, value):
        run("sysctl", "-qw", f"net.ipv4.vs.{name}={value}", ns=self.ns)

    def daemon(self, role, family=4, *more):
        self.adm("--start-daemon", role, "--mcast-interface",
                 DEVICE[self.who], "--syncid", 7, "--mcast-group",
                 GROUP[family], *more)

    def stop(self, role):
        self.adm("--stop-daemon", role)

    def counters(self):
        """By name; of opvs. Those that are 0 are not told."""
        text = run("opvsadm", "-j", "counters", ns=self.ns)
        return collections.Counter({row["name"]: row["value"]
                                    for row in json.loads(text)})

    def entries(self):
        """(protocol, client, its port, virtual, port, server, port, state,
        engine, key) of each, and its seconds."""
        lines = run("cat", "/proc/net/ip_vs_conn", ns=self.ns).splitlines()[1:]
        return dict(map(of_line, lines))


class Native(Director):
    """opvs beside ip_vs, which has the names: by its own family alone."""

    def ask(self, cmd, payload):
        with self.world.spaces.inside(self.ns):
            answer = native.ask(cmd, payload)
        if answer["errno"] != "none":
            raise RuntimeError(f"{cmd}: {answer}")

    @staticmethod
    def name(proto, vip, port):
        return native.service_name({"proto": proto,
                                    "service": f"{vip}|{port}"})

    def service(self, proto, vip, port, call):
        values = self.name(proto, vip, port) | {
            "SCHED_NAME": genl.string("rr"),
            "FLAGS": genl.u32(1 if call else 0) + genl.u32(0xffffffff),
            "TIMEOUT": genl.u32(300 if call else 0),
            "NETMASK": genl.u32(128 if ":" in vip else 0xffffffff)}
        if call:
            values["PE_NAME"] = genl.string("sip")
        self.ask(abi.NEW_SERVICE, native.service_nest(values))

    def server(self, proto, vip, port, rip):
        dest = {"ADDR": native.bytes_of(rip), "PORT": genl.be16(port),
                "FWD_METHOD": genl.u32(0), "WEIGHT": genl.u32(1),
                "U_THRESH": genl.u32(0), "L_THRESH": genl.u32(0)}
        self.ask(abi.NEW_DEST, native.service_nest(self.name(proto, vip, port)) +
                 genl.nest(abi.DEST, abi.DEST_ATTRS, dest))

    def setting(self, name, value):
        run("sysctl", "-qw", f"net.opvs.{name}={value}", ns=self.ns)

    def daemon(self, role, family=4, *more):
        group = socket.inet_pton(FAMILY[family], GROUP[family])
        self.ask(abi.NEW_DAEMON, genl.nest(abi.DAEMON, abi.DAEMON_ATTRS, {
            "STATE": genl.u32(ROLE[role]),
            "MCAST_IFN": genl.string(DEVICE[self.who]),
            "SYNC_ID": genl.u32(7),
            "MCAST_GROUP" if family == 4 else "MCAST_GROUP6": group}))

    def stop(self, role):
        self.ask(abi.DEL_DAEMON, genl.nest(abi.DAEMON, abi.DAEMON_ATTRS, {
            "STATE": genl.u32(ROLE[role])}))

    def entries(self):
        text = run("opvsadm", "-j", "conn", "list", ns=self.ns)
        return dict(map(of_json, json.loads(text)))


def plain(addr):
    """An address of /proc/net/ip_vs_conn."""
    if len(addr) == 8:
        return str(ipaddress.ip_address(int(addr, 16)))
    return str(ipaddress.ip_address(addr))


def of_line(line):
    words = line.split()
    ends = []
    for n in range(1, 7, 2):
        ends += [plain(words[n]), int(words[n + 1], 16)]
    return (words[0], *ends, words[7], *words[9:11]), int(words[8])


def of_json(row):
    more = (row["engine"], row["key"]) if row.get("engine") else ()
    return (row["protocol"].upper(), row["client"], row["client_port"] or 0,
            row["virtual"], row["virtual_port"], row["server"],
            row["server_port"], row["state"], *more), row["seconds"]


# ---- the wire, read by other code than the kernel's ----

def messages(data):
    """(header, entries) of a datagram of version 1: each entry is its fields,
    with parameters by type."""
    zero, syncid, size, count, version, spare = struct.unpack(">BBHBBH", data[:8])
    assert (zero, version, spare, size) == (0, 1, 0, len(data)), data.hex()
    found, at = [], 8
    for _ in range(count):
        kind, proto, length = struct.unpack(">BBH", data[at:at + 4])
        flags, state, cport, vport, dport, mark, seconds = struct.unpack(
            ">IHHHHII", data[at + 4:at + 24])
        width = 16 if kind & 1 else 4
        addrs = [str(ipaddress.ip_address(data[at + 24 + n * width:
                                               at + 24 + (n + 1) * width]))
                 for n in range(3)]
        params, p = {}, at + 24 + 3 * width
        while p < at + length:
            params[data[p]] = data[p + 2:p + 2 + data[p + 1]]
            p += 2 + data[p + 1]
        assert p == at + length, data.hex()
        found.append({"kind": kind, "proto": proto, "flags": flags,
                      "state": state, "mark": mark, "seconds": seconds,
                      "cport": cport, "vport": vport, "dport": dport,
                      "addrs": tuple(addrs), "params": params})
        at += (length + 3) & ~3
    return syncid, found, data[at:]


class Listener:
    """Hears what a master tells, beside the backup."""

    def __init__(self, world, family=4):
        self.sock = world.socket("k", family, socket.SOCK_DGRAM, GROUP[family]
                                 if family == 4 else "::", PORT)
        index = self.index(world)
        if family == 4:
            self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                                 struct.pack("=4s4si",
                                             socket.inet_aton(GROUP[4]),
                                             bytes(4), index))
        else:
            self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                                 socket.inet_pton(socket.AF_INET6, GROUP[6]) +
                                 struct.pack("=i", index))

    @staticmethod
    def index(world):
        row = json.loads(run("ip", "-j", "link", "show", "k1",
                             ns=world.names["k"]))[0]
        return row["ifindex"]

    def heard(self):
        """All datagrams until now."""
        self.sock.setblocking(False)
        found = []
        while True:
            try:
                found.append(self.sock.recv(65536))
            except BlockingIOError:
                return found


# ---- traffic ----

CALL = "one@example.org"
INVITE = f"INVITE sip:a@b SIP/2.0\r\nCall-ID: {CALL}\r\n\r\n".encode()


class Traffic:
    """The master's connections of a family; each has 3 packets of the client."""

    def __init__(self, world, family, port):
        self.world, self.family, self.port = world, family, port

    def datagrams(self, port, text, count=3):
        """Each is answered before the next, so that none is lost."""
        server = self.world.serving(self.family, socket.SOCK_DGRAM, port)
        sock = self.world.socket("m", self.family, socket.SOCK_DGRAM,
                                 CLIENT[self.family], self.port)
        sock.connect((VIP[self.family], port))
        for _ in range(count):
            sock.send(text)
            got, peer = server.recvfrom(2048)
            server.sendto(got, peer)
            assert sock.recv(2048) == text
        return sock

    def connection(self, port=TCP):
        server = self.world.serving(self.family, socket.SOCK_STREAM, port)
        sock = self.world.socket("m", self.family, socket.SOCK_STREAM,
                                 CLIENT[self.family], self.port, server.proto)
        sock.connect((VIP[self.family], port))
        far, _ = server.accept()
        far.settimeout(20)
        for _ in range(3):
            sock.send(b"x")
            assert far.recv(10) == b"x"
            far.send(b"y")
            assert sock.recv(10) == b"y"
        return sock, far
