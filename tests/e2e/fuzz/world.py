# SPDX-License-Identifier: GPL-2.0-only
"""The director that packets are thrown at: a network namespace whose devices
end in this process, and services of every kind, which change meanwhile."""

import errno
import fcntl
import os
import random
import struct
import subprocess
import sys

from wire import NEEDS_CSUM, SCTP, TCP, UDP, VNET, pack

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from features import features  # noqa: E402
from traffic import CLONE_NEWNET, LIBC  # noqa: E402

TUNSETIFF, TUNSETOFFLOAD = 0x400454ca, 0x400454d0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
TUN_F_ALL = 0x01 | 0x02 | 0x04 | 0x08   # sums, TSO4, TSO6, with ECN

OWN_TTL = 200           # nobody else's
SERVERS = 4
LOCAL = 0               # a server's number: on the director itself
MARK = 7
FLAGS = {TCP: "-t", UDP: "-u", SCTP: "--sctp-service"}


def run(*words, text=None):
    """The program's output; what it complains of is an error of the test."""
    done = subprocess.run(words, input=text, text=True, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}\n"
                           f"{text or ''}")
    return done.stdout


def address(family, kind, number=0):
    """Of a client's net, a virtual one, a server's, a marked one."""
    net = {"client": "1", "other": "2", "vip": "0", "mark": "7",
           "server": f"1{number}"}[kind]
    last = {"server": 2}.get(kind, number)
    if kind == "server" and number == LOCAL:
        net, last = "0", 250
    return f"10.95.{net}.{last}" if family == 4 else f"fd95:{net}::{last:x}"


class Device:
    """A tun device and our end of it."""

    def __init__(self, name, vnet=False, offload=False):
        self.name, self.vnet = name, vnet
        self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        flags = IFF_TUN | IFF_NO_PI | (IFF_VNET_HDR if vnet else 0)
        fcntl.ioctl(self.fd, TUNSETIFF, struct.pack("16sH22x", name.encode(),
                                                    flags))
        if offload:
            fcntl.ioctl(self.fd, TUNSETOFFLOAD, TUN_F_ALL)

    def write(self, data, vnet=b""):
        """False if the kernel takes no such packet, None if the device is gone."""
        if self.vnet:
            data = (vnet or bytes(VNET.size)) + data
        try:
            os.write(self.fd, data)
        except OSError as error:
            if error.errno in (errno.EBADFD, errno.ENODEV):
                return None
            # Down, or not what the device takes for a packet.
            return False
        return True

    def read(self):
        """(packet, is its sum partial) for all that have come out."""
        while True:
            try:
                data = os.read(self.fd, 70000)
            except OSError:
                return
            if not self.vnet:
                yield data, False
                continue
            flags = VNET.unpack_from(data)[0]
            yield data[VNET.size:], bool(flags & NEEDS_CSUM)

    def close(self):
        os.close(self.fd)


class Service:
    """As it is configured now; server number: weight."""

    def __init__(self, family, proto, number, port, options="", method="-m",
                 one=False, local=False, mark=False):
        self.family, self.proto, self.port = family, proto, port
        self.number, self.options, self.method = number, options, method
        self.one, self.local, self.mark = one, local, mark
        self.fixed = "-s" in options.split()
        self.scheduler = None
        self.servers = {}
        self.up = False

    @property
    def name(self):
        if self.mark:
            return f"-f {MARK}" + (" -6" if self.family == 6 else "")
        vip = address(self.family, "vip", self.number)
        vip = f"[{vip}]" if self.family == 6 else vip
        return f"{FLAGS[self.proto]} {vip}:{self.port}"

    def server(self, number):
        host = address(self.family, "server", number)
        host = f"[{host}]" if self.family == 6 else host
        # A marked service's packets keep their port.
        return f"{host}:{self.port}"

    def line(self, verb):
        words = [verb, self.name, self.options]
        if not self.fixed:
            words.append(f"-s {self.scheduler}")
        return " ".join(filter(None, words))

    def server_line(self, verb, number):
        words = [verb, self.name, "-r", self.server(number)]
        if verb != "-d":
            words += [self.method if number != LOCAL else "-m", "-w",
                      str(self.servers[number])]
        return " ".join(words)

    def choices(self):
        numbers = list(range(1, SERVERS + 1))
        return numbers + ([LOCAL] if self.local else [])


def services():
    """One of each kind, in both families. Servers are shared by services."""
    for f in (4, 6):
        mask = "-M 0.0.0.0" if f == 4 else "-M 1"
        yield Service(f, UDP, 1, 5060, "-o --pe sip -s mh", one=True, local=True)
        yield Service(f, UDP, 2, 5060, f"-o --pe sip -p 3 {mask}", one=True)
        yield Service(f, UDP, 3, 53, "-o", one=True, local=True)
        yield Service(f, UDP, 4, 53, "-o", one=True)
        yield Service(f, UDP, 5, 123, "-o -p 2", one=True)
        yield Service(f, UDP, 6, 123, "-o", "-g", one=True)
        yield Service(f, UDP, 7, 53, "", local=True)
        yield Service(f, UDP, 8, 53, "-p 2")
        yield Service(f, UDP, 9, 514, "", "-g")
        yield Service(f, TCP, 1, 80, "", local=True)
        yield Service(f, TCP, 2, 80, "-p 2")
        yield Service(f, TCP, 3, 443, "", "-g")
        yield Service(f, SCTP, 4, 3868, "")
        yield Service(f, SCTP, 5, 3868, "-p 2", "-g")
        yield Service(f, TCP, 6, 0, "-p 2")
        yield Service(f, UDP, 7, 0, "-p 2")
        yield Service(f, UDP, 8, 0, "-p 2", "-g")
        yield Service(f, UDP, 0, 0, "-p 2", "-g" if f == 4 else "-m",
                      mark=True)


class World:
    """A director with devices c0, c1 to clients and s1 to s4 to servers."""

    def __init__(self, name, home):
        self.name, self.home = name, home
        self.services = list(services())
        # The one that has no server for anybody would test nothing.
        self.schedulers = [sched for sched in features("sched")
                           if sched != "none"]
        self.devices = {}
        self.servers = {pack(address(f, "server", n)): n
                        for f in (4, 6) for n in range(SERVERS + 1)}
        self.locals = {pack(address(f, "vip", n)) for f in (4, 6)
                       for n in range(1, 10)}
        self.locals |= {pack(address(f, "mark", n)) for f in (4, 6)
                        for n in range(1, 10)}
        self.locals |= {pack(address(f, "server", LOCAL)) for f in (4, 6)}
        self.locals |= {pack(address(f, kind, 1)[:-1] + "1") for f in (4, 6)
                        for kind in ("client", "other")}

    # ---- the namespace and its devices ----

    def plan(self):
        """Lines for ip: addresses and routes; no neighbours, as tun has none."""
        yield "link set lo up"
        for f, bits in ((4, 32), (6, 128)):
            flags = " nodad" if f == 6 else ""
            for n in range(1, 10):
                yield f"addr add {address(f, 'vip', n)}/{bits} dev lo{flags}"
            yield f"addr add {address(f, 'server', LOCAL)}/{bits} dev lo{flags}"
        yield "route add local 10.95.7.0/24 dev lo"
        yield "route add local fd95:7::/64 dev lo"

    def device_plan(self, name):
        net = {"c0": "1", "c1": "2"}.get(name, f"1{name[1]}")
        yield f"addr add 10.95.{net}.1/24 dev {name}"
        yield f"addr add fd95:{net}::1/64 dev {name} nodad"
        yield f"link set {name} txqueuelen 20000 up"

    def make_devices(self, names=("c0", "c1", "s1", "s2", "s3", "s4")):
        """They are made where their files shall belong, and moved."""
        with self.at_home():
            for name in names:
                self.devices[name] = Device(name, name in ("c1", "s3", "s4"),
                                            name == "s4")
                run("ip", "link", "set", name, "netns", self.name)
        run("ip", "-batch", "-", text="\n".join(
            line for name in names for line in self.device_plan(name)))

    def close_device(self, name):
        self.devices.pop(name).close()

    def at_home(self):
        return Visit(self.home, self.name)

    def make(self):
        run("ip", "netns", "add", self.name)
        enter("/run/netns/" + self.name)
        for name, value in (
                ("net.ipv4.ip_forward", 1), ("net.ipv6.conf.all.forwarding", 1),
                ("net.ipv4.conf.all.rp_filter", 0),
                ("net.ipv4.conf.default.rp_filter", 0),
                ("net.ipv4.conf.all.accept_redirects", 0),
                ("net.ipv4.conf.default.accept_redirects", 0),
                ("net.ipv6.conf.all.accept_redirects", 0),
                ("net.ipv6.conf.default.accept_redirects", 0),
                ("net.ipv4.conf.all.send_redirects", 0),
                ("net.ipv6.conf.default.accept_dad", 0),
                ("net.ipv6.conf.default.router_solicitations", 0),
                ("net.ipv6.conf.default.hop_limit", OWN_TTL),
                ("net.ipv6.conf.lo.hop_limit", OWN_TTL),
                ("net.ipv6.auto_flowlabels", 0),
                ("net.ipv4.ip_default_ttl", OWN_TTL),
                ("net.ipv4.icmp_ratelimit", 0), ("net.ipv6.icmp.ratelimit", 0),
                ("net.ipv4.ipfrag_time", 2), ("net.ipv6.ip6frag_time", 2)):
            with open("/proc/sys/" + name.replace(".", "/"), "w") as file:
                file.write(str(value))
        run("ip", "-batch", "-", text="\n".join(self.plan()))
        self.make_devices()
        run("nft", "-f", "-", text=f"""
            table inet fuzz {{
                chain pre {{
                    type filter hook prerouting priority mangle;
                    ip daddr 10.95.7.0/24 meta mark set {MARK}
                    ip6 daddr fd95:7::/64 meta mark set {MARK}
                }}
            }}""")

    def configure(self, rng):
        lines = []
        for service in self.services:
            service.up, service.servers = False, {}
            lines += self.bring_up(service, rng)
        run("ipvsadm", "-R", text="\n".join(lines) + "\n")
        run("ipvsadm", "--set", "3", "2", "2")

    def leave(self):
        """Back home; what is left of the namespace is not waited for."""
        enter(self.home)
        run("ip", "netns", "del", self.name)

    # ---- changes ----

    def bring_up(self, service, rng):
        service.up = True
        service.scheduler = rng.choice(self.schedulers)
        yield service.line("-A")
        for number in service.choices():
            if rng.random() < 0.8 or not service.servers:
                service.servers[number] = rng.choice((1, 1, 2, 3))
                yield service.server_line("-a", number)

    def change(self, rng):
        """Lines for ipvsadm that change one thing."""
        service = rng.choice(self.services)
        if not service.up:
            yield from self.bring_up(service, rng)
            return
        kind = rng.random()
        number = rng.choice(service.choices())
        if kind < 0.05:
            service.up, service.servers = False, {}
            yield f"-D {service.name}"
        elif kind < 0.25:
            service.scheduler = rng.choice(self.schedulers)
            yield service.line("-E")
        elif number not in service.servers:
            service.servers[number] = rng.choice((0, 1, 2))
            yield service.server_line("-a", number)
        elif kind < 0.6:
            service.servers[number] = rng.choice((0, 1, 2, 5))
            yield service.server_line("-e", number)
        else:
            yield service.server_line("-d", number)
            del service.servers[number]

    def serving(self, family, proto, dst, port):
        """Is there a service that a packet to this address and port reaches?"""
        for service in self.services:
            if service.up and service.family == family and not service.mark \
                    and service.proto == proto and service.port in (port, 0) \
                    and pack(address(family, "vip", service.number)) == dst:
                return True
        return False


def enter(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        if LIBC.setns(handle, CLONE_NEWNET):
            raise OSError("setns " + path)
    finally:
        os.close(handle)


class Visit:
    """In one network namespace for a while, then in another."""

    def __init__(self, there, back):
        self.there, self.back = there, "/run/netns/" + back

    def __enter__(self):
        enter(self.there)

    def __exit__(self, *_):
        enter(self.back)


def seeded(*parts):
    """Random numbers that depend on all of these and nothing else."""
    return random.Random("/".join(map(str, parts)))
