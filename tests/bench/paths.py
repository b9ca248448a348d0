# SPDX-License-Identifier: GPL-2.0-only
"""The ways of a packet that are measured, each with its set-up."""

import contextlib
import functools
import subprocess

import machine
import wire
from machine import abi, genl
from replay import Mismatch, spread

CLIENT = {4: "10.1.1.1", 6: "fd01::1:1"}
VIP = {4: "10.9.9.9", 6: "fd09::9"}
SERVERS = {4: [f"10.2.0.{n}" for n in (11, 12, 13)],
           6: [f"fd02::{n}" for n in (11, 12, 13)]}
PORT = 5060
CALLS = 1000

SVC_PERSISTENT, SVC_ONE_PACKET = 1, 4

# Methods, as IP_VS_CONN_F_*. A tunnel of no other kind is IP in IP.
METHODS = {"nat": 0, "ipip": 2, "dr": 3}


def service_nest(family, proto, sched="rr", pe=None, flags=0, timeout=0):
    masks = {4: 0 if pe else 0xffffffff, 6: 128}
    return genl.nest(abi.SERVICE, abi.SERVICE_ATTRS, {
        "AF": genl.u16(2 if family == 4 else 10),
        "PROTOCOL": genl.u16(proto), "ADDR": genl.ip(VIP[family]),
        "PORT": genl.be16(PORT), "SCHED_NAME": genl.string(sched),
        "PE_NAME": genl.string(pe) if pe else None,
        "FLAGS": genl.u32(flags) + genl.u32(0xffffffff),
        "TIMEOUT": genl.u32(timeout), "NETMASK": genl.u32(masks[family])})


def dest_nest(server, method):
    return genl.nest(abi.DEST, abi.DEST_ATTRS, {
        "ADDR": genl.ip(server), "PORT": genl.be16(PORT),
        "FWD_METHOD": genl.u32(METHODS[method]), "WEIGHT": genl.u32(1),
        "U_THRESH": genl.u32(0), "L_THRESH": genl.u32(0)})


class Balanced:
    """A service of MODULE ("IPVS" or "opvs") with three servers, by NAT unless
    METHOD is another one. When it goes, its connections and their memory must go
    with it."""

    def __init__(self, module, family, method="nat", **service):
        self.module = module
        self.family = family
        self.method = method
        self.nest = service_nest(family, **service)
        self.before = machine.objects(module)

    def __enter__(self):
        link = genl.Family(self.module)
        with link.sock:
            machine.ask(link, abi.NEW_SERVICE, self.nest)
            for server in SERVERS[self.family]:
                machine.ask(link, abi.NEW_DEST,
                            self.nest + dest_nest(server, self.method))
        return self

    def __exit__(self, *_failure):
        machine.end_all(self.module)
        machine.gone(self.module, self.before)

    def expect_made(self, count):
        """So many connections were made. ip_vs adds up only every two seconds
        or so what its CPUs have counted."""
        def made():
            return machine.conns_made(self.module, self.nest)
        machine.until(lambda: made() >= count, 10,
                      f"{self.module} made {made()} connections, not {count}")
        if made() != count:
            raise Mismatch(f"{self.module} made {made()} connections, not "
                           f"{count}")

    def left_with(self, count):
        """Waits until no more than these are left."""
        machine.until(
            lambda: machine.conn_count(self.module, self.nest) <= count, 60,
            f"{self.module} has more than {count} connections")
        self.expect(count)

    def expect(self, count):
        """So many connections and templates there must be."""
        found = machine.conn_count(self.module, self.nest)
        if found != count:
            raise Mismatch(f"{self.module} has {found} connections, not "
                           f"{count}")


@contextlib.contextmanager
def nft_rewritten(family):
    """The destination is rewritten before routing; nothing is remembered."""
    ip = "ip" if family == 4 else "ip6"
    rules = f"""table {ip} bench {{
        chain in {{
            type filter hook prerouting priority raw; policy accept;
            {ip} daddr {VIP[family]} udp dport {PORT} {ip} daddr set \
                {SERVERS[family][0]} notrack
        }}
    }}"""
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", ip, "bench"], check=True)


class Path:
    """A way of packets. NAME; PACKETS makes the list that is fed, for the
    address that it gets; CONTEXT is what must be set up meanwhile; CONNS, how
    many connections and templates there must be then, None: not known;
    SPACE, the network namespace of the bench where all that is, None: the one
    of plain forwarding; options go to the replay module."""

    def __init__(self, name, family, packets, context, conns=0, space=None,
                 **options):
        self.name = name
        self.family = family
        self.make = packets
        self.context = context
        self.conns = conns
        self.space = space
        self.options = options
        self.dev, self.out = "in0", "out0"

    @functools.cached_property
    def packets(self):
        return self.make(VIP[self.family])

    @functools.cached_property
    def plain(self):
        """The same packets to a server."""
        plain = Path("forward: " + self.name, self.family, self.make,
                     contextlib.nullcontext, **self.options)
        plain.packets = self.make(SERVERS[self.family][0])
        return plain

    @contextlib.contextmanager
    def set_up(self, bench):
        """All is warm in it: each flow has had a packet to each server."""
        flows = max(1000, len(self.packets), self.options.get("flows", 0))
        with bench.inside(self.space), self.context() as service:
            bench.feed(self, count=flows * len(SERVERS[self.family]))
            yield
            if service and self.conns is not None:
                service.expect(self.conns)


class ByPath(Path):
    """Past the services of a director that also forwards."""

    @functools.cached_property
    def packets(self):
        return self.plain.packets


class ReplyPath(Path):
    """From the servers to the clients."""

    def __init__(self, name, family, requests, answers, context, **options):
        super().__init__(name, family, answers, context, **options)
        self.requests = Path("requests: " + name, family, requests,
                             contextlib.nullcontext, **options)
        self.dev, self.out = "out0", "in0"

    @functools.cached_property
    def packets(self):
        return self.make(PORT)

    @functools.cached_property
    def plain(self):
        """The same packets from a port that no server has."""
        plain = Path("forward: " + self.name, self.family, self.make,
                     contextlib.nullcontext, **self.options)
        plain.dev, plain.out = self.dev, self.out
        plain.packets = self.make(PORT + 1)
        return plain

    @contextlib.contextmanager
    def set_up(self, bench):
        with bench.inside(self.space), self.context() as service:
            bench.feed(self.requests, count=2000)
            bench.feed(self, count=max(2000, len(self.packets)))
            yield
            if self.conns is not None:
                service.expect(self.conns)


def cost(pairs):
    """Of a path's times and those of plain forwarding, what it adds."""
    return {"whole": spread([ns for ns, _ in pairs]),
            "plain": spread([plain for _, plain in pairs]),
            "added": spread([ns - plain for ns, plain in pairs])}


def datagrams(family, size):
    """One datagram of SIZE bytes from the IP header on."""
    head = 28 if family == 4 else 48

    def make(dst):
        return [wire.udp(CLIENT[family], PORT, dst, PORT, bytes(size - head))]
    return make


def answers(family, size):
    head = 28 if family == 4 else 48

    def make(port):
        return [wire.udp(server, port, CLIENT[family], PORT,
                         bytes(size - head)) for server in SERVERS[family]]
    return make


def calls(family, shape):
    def make(dst):
        return [wire.udp(CLIENT[family], PORT, dst, PORT, wire.sip(shape, n))
                for n in range(CALLS)]
    return make


def call_answers(family, shape):
    def make(port):
        return [wire.udp(SERVERS[family][n % 3], port, CLIENT[family], PORT,
                         wire.sip(shape, n)) for n in range(CALLS)]
    return make


def segments(family, size):
    """Of new connections, which then are there."""
    head = 40 if family == 4 else 60

    def make(dst):
        return [wire.tcp(CLIENT[family], 1024, dst, PORT, wire.SYN,
                         bytes(size - head))]
    return make


def one_packet(module, family, method="nat"):
    return functools.partial(Balanced, module, family, method, proto=wire.UDP,
                             flags=SVC_ONE_PACKET)


def tracked(module, family, proto=wire.UDP, method="nat"):
    return functools.partial(Balanced, module, family, method, proto=proto)


def by_template(module, family):
    return functools.partial(Balanced, module, family, proto=wire.UDP,
                             pe="sip", timeout=300,
                             flags=SVC_ONE_PACKET | SVC_PERSISTENT)


def stateless(family):
    return functools.partial(Balanced, "opvs", family, proto=wire.UDP,
                             pe="sip", sched="mh", flags=SVC_ONE_PACKET)


def rewritten_paths():
    for family in (4, 6):
        yield Path(f"nft v{family} 100", family, datagrams(family, 100),
                   functools.partial(nft_rewritten, family), flows=1000)


def one_packet_paths():
    for family in (4, 6):
        for size in (100, 600):
            for module in machine.MODULES:
                yield Path(f"ops-rr {module} v{family} {size}", family,
                           datagrams(family, size), one_packet(module, family),
                           space=module, flows=1000)


def by_paths():
    for family in (4, 6):
        for module in machine.MODULES:
            yield ByPath(f"by {module} v{family} 100", family,
                         datagrams(family, 100), one_packet(module, family),
                         space=module, flows=1000)


def sip_paths():
    for family in (4, 6):
        for shape in ("invite", "trunk", "compact", "answer", "register"):
            for module in machine.MODULES:
                yield Path(f"ops-sip {module} v{family} {shape}", family,
                           calls(family, shape), by_template(module, family),
                           conns=CALLS, space=module)
            yield Path(f"ops-sip stateless v{family} {shape}", family,
                       calls(family, shape), stateless(family), space="opvs")


def reply_paths():
    """IPVS translates replies of one-packet services by their Call-ID only, and
    makes templates for servers that answer calls of others."""
    for family in (4, 6):
        yield ReplyPath(f"reply-rr opvs v{family} 100", family,
                        datagrams(family, 100), answers(family, 100),
                        one_packet("opvs", family), space="opvs")
        for module in machine.MODULES:
            yield ReplyPath(f"reply-sip {module} v{family} answer", family,
                            calls(family, "answer"),
                            call_answers(family, "answer"),
                            by_template(module, family), conns=None,
                            space=module)


def tracked_paths():
    for family in (4, 6):
        for proto, make in ((wire.UDP, datagrams), (wire.TCP, segments)):
            for module in machine.MODULES:
                name = "udp" if proto == wire.UDP else "tcp"
                yield Path(f"{name} {module} v{family} 1000", family,
                           make(family, 100),
                           tracked(module, family, proto), conns=1000,
                           space=module, flows=1000)


def method_paths():
    """What the other methods cost, beside ops-rr and udp, which are by NAT."""
    for method in ("dr", "ipip"):
        for family in (4, 6):
            for module in machine.MODULES:
                yield Path(f"ops-{method} {module} v{family} 100", family,
                           datagrams(family, 100),
                           one_packet(module, family, method), space=module,
                           flows=1000)
                yield Path(f"udp-{method} {module} v{family} 1000", family,
                           datagrams(family, 100),
                           tracked(module, family, method=method), conns=1000,
                           space=module, flows=1000)


ALL = [*rewritten_paths(), *by_paths(), *one_packet_paths(), *sip_paths(),
       *reply_paths(), *tracked_paths(), *method_paths()]

# What comes of them is nothing: they are for another station.
DROPPED = [Path(f"v{family} {size}", family, datagrams(family, size), None,
                flows=1000) for family in (4, 6) for size in (100, 600)]
