# SPDX-License-Identifier: GPL-2.0-only
"""Connections for tests of netlink, in a network namespace where clients,
virtual addresses and servers are all on lo, and the messages that list them."""

import socket
import struct
import subprocess
import sys

from backlog import Backlog
from abi import (CONN, CONN_ATTRS, DEST, DEST_ATTRS, GET_CONN, NEW_DEST,
                 NEW_SERVICE, POLICY, POLICY_ATTRS, SERVICE, SERVICE_ATTRS,
                 SET_POLICY, TIMEOUT_ATTRS)
from genl import attr, attrs, be16, ip, named, nest, string, u8, u16, u32

INET, INET6 = socket.AF_INET, socket.AF_INET6
TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
ALL = 0xffffffff
PERSISTENT = 1
MASQ = 0
CONNECTION, TEMPLATE = 1, 2
MANY = 1200
SECONDS = 1000

# (family, protocol, virtual address or mark, port): server, its port
SERVICES = {
    (INET, UDP, "127.2.0.1", 53): ("127.3.0.1", 5300),
    (INET, UDP, "127.2.0.2", 53): ("127.3.0.2", 5300),
    (INET, TCP, "127.2.0.1", 80): ("127.3.0.1", 8000),
    (INET6, UDP, "fd00::2", 53): ("fd00::3", 5300),
    (INET, UDP, "127.2.0.3", 0): ("127.3.0.3", 0),
    (INET, 0, 7, 0): ("127.3.0.4", 0),
    (INET6, 0, 9, 0): ("fd00::4", 0),
    (INET, UDP, "127.2.0.4", 5060): ("127.3.0.5", 5060),
}
A, B, WEB, SIX, WILD, MARK, MARK6, SIP = SERVICES
TEMPLATES = (WILD, MARK, MARK6, SIP)

# Call-IDs that a list of words in lines of 255 characters cannot take as they
# are, and how it shows them. IPv4 leaves 184 characters for them.
CALLS = {
    b"plain@host": "plain@host",
    b"two words\tand\x01\x7f\xe4": r"two\x20words\x09and\x01\x7f\xe4",
    b"back\\slash%41": r"back\slash%41",
    b"L" * 184: "L" * 184,
    b"M" * 185: "M" * 181 + "...",
    b"\xff" * 255: r"\xff" * 45 + "...",
    b"N" * 179 + b" x": "N" * 179 + r"\x20x",
    b"O" * 180 + b" x": "O" * 180 + "...",
}


def raw(text):
    """An address in as many bytes as it has."""
    return socket.inet_pton(INET6 if ":" in text else INET, text)


def text_of(data):
    return socket.inet_ntop(INET6 if len(data) == 16 else INET, data)


def service(key, **changes):
    family, proto, where, port = key
    values = {"AF": u16(family), "SCHED_NAME": string("rr"),
              "FLAGS": u32(0) + u32(ALL), "TIMEOUT": u32(SECONDS),
              "NETMASK": u32(128 if family == INET6 else ALL)}
    if proto:
        values.update({"PROTOCOL": u16(proto), "ADDR": ip(where),
                       "PORT": be16(port)})
    else:
        values["FWMARK"] = u32(where)
    if key in TEMPLATES:
        values["FLAGS"] = u32(PERSISTENT) + u32(ALL)
    if key == SIP:
        values["PE_NAME"] = string("sip")
    values.update(changes)
    return nest(SERVICE, SERVICE_ATTRS, values)


def dest(where, port):
    family = INET6 if ":" in where else INET
    return nest(DEST, DEST_ATTRS, {
        "ADDR": ip(where), "PORT": be16(port), "FWD_METHOD": u32(MASQ),
        "WEIGHT": u32(1), "U_THRESH": u32(0), "L_THRESH": u32(0),
        "ADDR_FAMILY": u16(family)})


def conn(**values):
    return nest(CONN, CONN_ATTRS, values)


def do(family, cmd, payload=b""):
    answer = family.ask(cmd, payload)
    if answer.errno:
        raise OSError(answer.errno, answer.text)
    return answer


# ---- traffic ----

def send(client, port, where, to, data=b"x", mark=0):
    with socket.socket(INET6 if ":" in where else INET,
                       socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if mark:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
        sock.bind((client, port))
        try:
            sock.sendto(data, (where, to))
        except OSError:
            pass    # no server listens, and the kernel says so


def knock(client, port, where, to):
    with socket.socket(INET, socket.SOCK_STREAM) as sock:
        sock.bind((client, port))
        if not sock.connect_ex((where, to)):
            raise RuntimeError("somebody listens")


def invite(call):
    return b"OPTIONS sip:x SIP/2.0\r\nCall-ID: " + call + b"\r\n\r\n"


# ---- what is listed ----

class Entry:
    """A message of OPVS_CMD_GET_CONN."""

    def __init__(self, body):
        nests = dict(attrs(body))
        svc = named(nests[SERVICE], SERVICE_ATTRS)
        self.raw = named(nests[CONN], CONN_ATTRS)
        self.order = [kind for kind, _ in attrs(nests[CONN])]
        self.kind = self.raw["KIND"][0]
        self.family = self.number("FAMILY")
        self.proto = self.number("PROTOCOL")
        self.client = text_of(self.raw["CLIENT"])
        self.cport = self.port("CLIENT_PORT")
        self.vport = self.port("VIRTUAL_PORT")
        if "FWMARK" in self.raw:
            self.virtual = self.number("FWMARK")
        else:
            self.virtual = text_of(self.raw["VIRTUAL"])
        self.server = text_of(self.raw["SERVER"])
        self.sport = self.port("SERVER_PORT")
        self.state = self.raw["STATE"].rstrip(b"\0").decode()
        self.engine = self.raw.get("ENGINE", b"").rstrip(b"\0").decode()
        self.key = self.raw.get("KEY", b"")
        self.id = (self.kind, self.family, self.proto, self.client,
                   self.cport, self.virtual, self.vport, self.key)
        family = struct.unpack("=H", svc["AF"])[0]
        if "FWMARK" in svc:
            self.svc = (family, 0, struct.unpack("=I", svc["FWMARK"])[0], 0)
        else:
            size = 16 if family == INET6 else 4
            self.svc = (family, struct.unpack("=H", svc["PROTOCOL"])[0],
                        text_of(svc["ADDR"][:size]),
                        struct.unpack("!H", svc["PORT"])[0])

    def number(self, name):
        return int.from_bytes(self.raw[name], sys.byteorder)

    def port(self, name):
        return struct.unpack("!H", self.raw[name])[0]

    def naming(self, **changes):
        """The CONN nest that names this entry and no other."""
        values = {name: self.raw[name] for name in (
            "KIND", "FAMILY", "PROTOCOL", "CLIENT", "CLIENT_PORT", "VIRTUAL",
            "VIRTUAL_PORT", "FWMARK", "ENGINE", "KEY") if name in self.raw}
        values.update(changes)
        return conn(**values)

    def line(self):
        """As /proc has it, without the seconds."""
        proto = {0: "IP", TCP: "TCP", UDP: "UDP"}[self.proto]
        virtual = self.virtual
        if isinstance(virtual, int):
            size = 16 if self.family == INET6 else 4
            virtual = text_of(struct.pack("!I", virtual).ljust(size, b"\0"))
        text = (f"{proto:3} {shown(self.client)} {self.cport:04X}"
                f" {shown(virtual)} {self.vport:04X}"
                f" {shown(self.server)} {self.sport:04X} {self.state:11}")
        if not self.key:
            return text, ""
        key = CALLS.get(self.key, self.key.decode("latin1"))
        return text, f" {self.engine} {key}"


def shown(text):
    data = raw(text)
    if len(data) == 4:
        return data.hex().upper()
    return ":".join(data[i:i + 2].hex() for i in range(0, 16, 2))


def listing(family, payload=b""):
    answer = family.ask(GET_CONN, payload, dump=True)
    if answer.errno:
        raise OSError(answer.errno, answer.text)
    return [Entry(body) for _, _, body in answer.messages]


def ids(entries):
    return sorted((e.id for e in entries), key=repr)


def set_up(family):
    for addr in ("fd00::2", "fd00::3", "fd00::4", "fd00:1::1", "fd00:1::2"):
        subprocess.run(["ip", "addr", "add", addr + "/128", "dev", "lo",
                        "nodad"], check=True)
    # Nothing may expire while the test looks.
    rows = b"".join(nest(3, TIMEOUT_ATTRS, {
        "PROTOCOL": u16(proto), "STATE_INDEX": u8(state),
        "SECONDS": u32(SECONDS)}) for proto, states in ((TCP, 11), (UDP, 1))
        for state in range(states))
    name = nest(POLICY, POLICY_ATTRS, {"NAME": string("default")})[4:]
    do(family, SET_POLICY, attr(POLICY | 0x8000, name + rows))
    for key, (server, port) in SERVICES.items():
        do(family, NEW_SERVICE, service(key))
        do(family, NEW_DEST, service(key) + dest(server, port))


def traffic():
    """Makes connections; returns the ids of all entries that come of it."""
    want = []

    def tracked(proto, client, port, where, to):
        family = INET6 if ":" in where else INET
        want.append((CONNECTION, family, proto, client, port, where, to, b""))

    def template(key, client, where, to=0, call=b""):
        want.append((TEMPLATE, key[0], key[1], client, 0, where, to, call))

    for port in range(1024, 1024 + MANY):
        send("127.1.0.1", port, "127.2.0.1", 53)
        tracked(UDP, "127.1.0.1", port, "127.2.0.1", 53)
    for host in range(1, 41):
        send(f"127.1.9.{host}", 4000, "127.2.0.2", 53)
        tracked(UDP, f"127.1.9.{host}", 4000, "127.2.0.2", 53)
    for client in ("fd00:1::1", "fd00:1::2"):
        for port in range(4000, 4010):
            send(client, port, "fd00::2", 53)
            tracked(UDP, client, port, "fd00::2", 53)
    for port in range(5000, 5005):
        knock("127.1.0.3", port, "127.2.0.1", 80)
        tracked(TCP, "127.1.0.3", port, "127.2.0.1", 80)
    for port in (4000, 4001):
        send("127.1.0.4", port, "127.2.0.3", port + 1000)
        tracked(UDP, "127.1.0.4", port, "127.2.0.3", port + 1000)
    template(WILD, "127.1.0.4", "127.2.0.3")
    send("127.1.0.5", 4000, "127.4.0.1", 99, mark=7)
    tracked(UDP, "127.1.0.5", 4000, "127.4.0.1", 99)
    template(MARK, "127.1.0.5", 7)
    send("fd00:1::1", 4100, "fd00::2", 99, mark=9)
    tracked(UDP, "fd00:1::1", 4100, "fd00::2", 99)
    template(MARK6, "fd00:1::1", 9)
    for port, call in enumerate(CALLS, 6000):
        send("127.1.0.6", port, "127.2.0.4", 5060, invite(call))
        tracked(UDP, "127.1.0.6", port, "127.2.0.4", 5060)
        template(SIP, "127.1.0.6", "127.2.0.4", 5060, call)
    Backlog().drain()
    return sorted(want, key=repr)
