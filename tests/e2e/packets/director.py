# SPDX-License-Identifier: GPL-2.0-only
"""The director of the packet tests: a network namespace whose Ethernet devices end
in this process, so that every frame is written and read here.

	c0   10.96.1.0/24   clients        s1  10.96.11.0/24  servers .2 to .5
	c1   10.96.2.0/24   clients, by    s2  10.96.12.0/24  server that takes GSO
	     packets in pieces of memory       packets and unfinished checksums
	c0.7 10.96.3.0/24   clients in     s3  10.96.13.0/24  server behind an MTU
	     a VLAN                            of 1300
	                                   s1.9 10.96.14.0/24 server in a VLAN

IPv6 has fd96:N::/64 for 10.96.N.0/24. Virtual addresses are 10.96.0.N and fd96::N.
"""

import errno
import fcntl
import os
import re
import struct
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[1:1] = [os.path.dirname(HERE), os.path.join(HERE, "..", "fuzz")]

from world import (IFF_NO_PI, IFF_VNET_HDR, TUNSETIFF,        # noqa: E402
                   TUNSETOFFLOAD, TUN_F_ALL, enter, run)

IFF_TAP, IFF_NAPI, IFF_NAPI_FRAGS = 0x0002, 0x0010, 0x0020
TUN_F_USO = 0x20 | 0x40

NEEDS_CSUM = 1
GSO_NONE, GSO_TCP4, GSO_TCP6, GSO_UDP = 0, 1, 4, 5
VNET = struct.Struct("=BBHHHH")
VNET_FIELDS = ("flags", "type", "header", "size", "start", "offset")

COUNTERS = "/sys/kernel/opvs/"
HEADER = os.path.join(HERE, "..", "..", "..", "include", "opvs", "counters.h")

NETS = {"c0": 1, "c1": 2, "c0.7": 3, "s1": 11, "s2": 12, "s3": 13, "s1.9": 14}
SERVERS = 4             # on s1; one on each other device
NARROW = 1300
OWN_TTL = 200           # of what the director's own stack begins
VLAN = 0x8100


def verdicts(macro):
    """Names of a list of counters, from the source."""
    with open(HEADER) as file:
        rows = file.read().partition(f"define {macro}(K, D)")[2]
    return re.findall(r'^\t[KD]\(\w+, "(\w+)"', rows.partition("\n\n")[0],
                      re.MULTILINE)


REQUESTS = verdicts("OPVS_REQUEST_VERDICTS")
VERDICTS = REQUESTS + verdicts("OPVS_OTHER_VERDICTS")


def address(family, device, last):
    """Of a host behind a device; device "vip" for a virtual one."""
    net = NETS.get(device, 0)
    if family == 4:
        return f"10.96.{net}.{last}"
    return f"fd96:{net}::{last:x}" if net else f"fd96::{last:x}"


def mac(device, last=0):
    """Of a host behind a device, or of the device itself."""
    return bytes([2, 0, 0x96, 0, NETS[device.partition(".")[0]], last])


def colons(address):
    return address.hex(":")


class Device:
    """A tap device and our end of it."""

    def __init__(self, name, vnet=False, offload=False, pieces=False):
        self.name, self.vnet = name, vnet
        self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        flags = IFF_TAP | IFF_NO_PI | (IFF_VNET_HDR if vnet else 0) | \
            (IFF_NAPI | IFF_NAPI_FRAGS if pieces else 0)
        fcntl.ioctl(self.fd, TUNSETIFF,
                    struct.pack("16sH22x", name.encode(), flags))
        self.uso = False
        if offload:
            self.uso = self.offload(TUN_F_ALL | TUN_F_USO)
            if not self.uso:
                self.offload(TUN_F_ALL)

    def offload(self, flags):
        """UDP's is known to kernels from 6.2 on."""
        try:
            fcntl.ioctl(self.fd, TUNSETOFFLOAD, flags)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return False
        return True

    def write(self, frame, vnet=b"", cuts=()):
        """False if the kernel takes no such frame. cuts: where it ends one piece of
        memory and begins another."""
        ends = [*cuts, len(frame)]
        parts = [frame[a:b] for a, b in zip([0, *cuts], ends)]
        if self.vnet:
            parts.insert(0, vnet or bytes(VNET.size))
        try:
            os.writev(self.fd, parts)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EIO, errno.EMSGSIZE):
                raise
            return False
        return True

    def read(self):
        """(frame, fields of the virtio-net header) for all that have come out, but
        multicast that the director's stack sends for itself."""
        while True:
            try:
                data = os.read(self.fd, 70000)
            except BlockingIOError:
                return
            vnet = None
            if self.vnet:
                vnet, data = VNET.unpack_from(data), data[VNET.size:]
            if not data[0] & 1:
                yield data, vnet


class Counters:
    """The module's counters of this network namespace."""

    NAMES = ["service_packets", "ops_created", "ops_released_inline",
             "ops_released_deferred"] + VERDICTS

    def __init__(self):
        self.fds = {name: os.open(COUNTERS + name, os.O_RDONLY)
                    for name in self.NAMES}

    def read(self):
        return {name: int(os.pread(fd, 32, 0))
                for name, fd in self.fds.items()}

    def close(self):
        for fd in self.fds.values():
            os.close(fd)


def rise(before, after):
    """What rose, without what did not; entries of one packet are not told."""
    return {name: after[name] - before[name] for name in after
            if after[name] != before[name] and not name.startswith("ops_")}


def unbalanced(now):
    """What is wrong with these numbers, if anything."""
    total = sum(now[name] for name in REQUESTS)
    if total != now["service_packets"]:
        return f"service_packets {now['service_packets']}, verdicts {total}"
    released = now["ops_released_inline"] + now["ops_released_deferred"]
    if released != now["ops_created"]:
        return f"ops_created {now['ops_created']}, released {released}"
    return ""


class Director:
    """Made when entered; inside, this process is in its namespace."""

    SETTINGS = (
        ("net.ipv4.ip_forward", 1), ("net.ipv6.conf.all.forwarding", 1),
        ("net.ipv4.conf.all.rp_filter", 0),
        ("net.ipv4.conf.default.rp_filter", 0),
        ("net.ipv4.conf.all.send_redirects", 0),
        ("net.ipv4.conf.default.send_redirects", 0),
        ("net.ipv6.conf.default.accept_dad", 0),
        ("net.ipv6.conf.default.router_solicitations", 0),
        ("net.ipv6.conf.default.hop_limit", OWN_TTL),
        ("net.ipv6.conf.lo.hop_limit", OWN_TTL),
        ("net.ipv6.auto_flowlabels", 0),
        ("net.ipv4.ip_default_ttl", OWN_TTL),
        ("net.ipv4.icmp_ratelimit", 0), ("net.ipv6.icmp.ratelimit", 0),
        # No packet that nobody awaits, because fragments are missing.
        ("net.ipv4.ipfrag_time", 3600), ("net.ipv6.ip6frag_time", 3600))
    # A frame that comes in pieces is handed over at once, not with seven others:
    # a setting of the first network namespace.
    BATCH = "/proc/sys/net/core/gro_normal_batch"

    def __init__(self, vips):
        self.name = f"opvs-p-{os.getpid()}"
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.vips = vips
        self.devices = {}
        self.counters = None
        self.batch = None

    def __enter__(self):
        run("ip", "netns", "add", self.name)
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        enter("/run/netns/" + self.name)
        for name, value in self.SETTINGS:
            with open("/proc/sys/" + name.replace(".", "/"), "w") as file:
                file.write(str(value))
        for name in ("c0", "s1", "s3"):
            self.devices[name] = Device(name, vnet=True)
        self.devices["s2"] = Device("s2", vnet=True, offload=True)
        self.devices["c1"] = Device("c1", pieces=True)
        run("ip", "-batch", "-", text="\n".join(self.plan()))
        run("ethtool", "-K", "c1", "gro", "off")
        self.counters = Counters()
        self.batch = self.set_batch("1")

    def set_batch(self, value):
        """What it was."""
        enter("/proc/1/ns/net")
        with open(self.BATCH) as file:
            before = file.read()
        with open(self.BATCH, "w") as file:
            file.write(value)
        enter("/run/netns/" + self.name)
        return before

    def __exit__(self, *_):
        if self.batch:
            self.set_batch(self.batch)
        enter(f"/proc/self/fd/{self.home}")
        if self.counters:
            self.counters.close()
        for device in self.devices.values():
            os.close(device.fd)
        run("ip", "netns", "del", self.name)
        os.close(self.home)

    def plan(self):
        """Lines for ip. Neighbours are told, so that nobody is asked."""
        yield "link set lo up"
        yield "link add link c0 name c0.7 type vlan id 7"
        yield "link add link s1 name s1.9 type vlan id 9"
        yield f"link set s3 mtu {NARROW}"
        for name in ("c0", "c1", "s1", "s2", "s3"):
            yield f"link set {name} address {colons(mac(name))} up"
        for name in NETS:
            yield f"link set {name} up"
            yield f"addr add {address(4, name, 1)}/24 dev {name}"
            yield f"addr add {address(6, name, 1)}/64 dev {name} nodad"
            last = 1 + SERVERS if name == "s1" else 2
            for f in (4, 6):
                for n in range(2, last + 1):
                    yield (f"neigh add {address(f, name, n)} lladdr "
                           f"{colons(mac(name, n))} dev {name} nud permanent")
        for vip in self.vips:
            yield f"addr add {address(4, 'vip', vip)}/32 dev lo"
            yield f"addr add {address(6, 'vip', vip)}/128 dev lo nodad"

    def collect(self, want, seconds=5):
        """{device: [(frame, header)]}. What is processed at all has been when
        write() returns, but another processor may still be sending it."""
        came = {name: [] for name in self.devices}
        until = time.monotonic() + seconds
        while True:
            for name, device in self.devices.items():
                came[name] += device.read()
            if all(len(came[name]) >= count
                   for name, count in want.items()) or \
                    time.monotonic() > until:
                return came
            time.sleep(0.002)

    def at_rest(self, seconds=5):
        """The counters, when the books balance or never will."""
        until = time.monotonic() + seconds
        while True:
            now = self.counters.read()
            wrong = unbalanced(now)
            if not wrong or time.monotonic() > until:
                return now, wrong
            time.sleep(0.02)
