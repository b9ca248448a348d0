# SPDX-License-Identifier: GPL-2.0-only
"""Very many connections: what their packets cost, what they take of memory, how
long it takes to add, list and flush them."""

import contextlib
import os
import struct

import churn
import machine
import paths
from machine import abi, genl
from replay import Mismatch, spread

MILLION = 1000000

# No connection ends meanwhile.
SECONDS = 3600

# Rounds, and packets of each. ip_vs as it is shipped looks through 250 entries
# for each packet.
ROUNDS = 7
PACKETS = {"opvs": 100000, "IPVS": 10000, "IPVS20": 100000}

# The file of ip_vs is read for so long, and looked at after so many reads; the
# rest is projected.
LIST_NS = 4 * 10**9
READS = 16


class Crowd:
    """A service with a connection for each of its flows, in a network namespace
    of its own, so that no other packets meet its hooks. NAME is opvs,
    IPVS, or IPVS20 for ip_vs with a table of 2^20 chains."""

    def __init__(self, bench, name, family, flows=MILLION):
        self.bench = bench
        self.name = name
        self.module = name.rstrip("0123456789")
        self.flows = flows
        self.path = paths.Path(f"udp {name} v{family} {flows}", family,
                               paths.datagrams(family, 100),
                               paths.tracked(self.module, family), flows=flows)
        self.space = self.service = None
        self.add_ms = self.flush_ms = self.slabs = 0

    def __enter__(self):
        self.space = machine.Namespace(self.path.name.replace(" ", "-"))
        slabs = machine.slab_bytes(self.module)
        with self.space.inside():
            self.service = self.path.context()
            self.service.__enter__()
            machine.set_udp_timeout(self.module, SECONDS)
            ns = self.bench.feed(self.path, count=self.flows)
            self.service.expect(self.flows)
        self.add_ms = ns * self.flows / 1e6
        self.slabs = machine.slab_bytes(self.module) - slabs
        return self

    def __exit__(self, *failure):
        begin = machine.work_ns()
        with self.space.inside():
            self.service.__exit__(*failure)
        self.flush_ms = (machine.work_ns() - begin) / 1e6
        self.space.remove()

    def feed(self, pick):
        """Nanoseconds of a packet of a flow picked at random."""
        with self.space.inside():
            return self.bench.feed(self.path, count=PACKETS[self.name],
                                   pick=pick)

    def plain(self, pick):
        """The same packets, where there is no service and nothing hooked."""
        return self.bench.feed(self.path.plain, count=PACKETS[self.name],
                               pick=pick)

    def list(self):
        """Milliseconds."""
        with self.space.inside():
            self.service.expect(self.flows)
            return LISTS[self.module](self.flows) / 1e6


# ---- lists ------------------------------------------------------------------

def count_messages(data):
    """(entries in a buffer of netlink, whether it is the last one)"""
    count = at = 0
    while at < len(data):
        size, kind = struct.unpack_from("=IH", data, at)
        if kind in (genl.NLMSG_DONE, genl.NLMSG_ERROR):
            return count, True
        at += (size + 3) & ~3
        count += 1
    return count, False


def list_opvs(flows):
    """Nanoseconds, for all of them, by netlink."""
    link = genl.Family("opvs")
    begin = machine.work_ns()
    count, done = 0, False
    with link.sock:
        link.begin(abi.GET_CONN, dump=True)
        while not done:
            entries, done = count_messages(link.sock.recv(1 << 16))
            count += entries
    if count != flows:
        raise Mismatch(f"opvs listed {count} of {flows} connections")
    return machine.work_ns() - begin


def read_part(name, limit):
    """Some of a file's lines: (lines, nanoseconds) after every few reads."""
    begin = machine.work_ns()
    lines = 0
    found = [(0, 0)]
    handle = os.open(name, os.O_RDONLY)
    data = b"?"
    while data and found[-1][1] < limit:
        for _ in range(READS):
            data = os.read(handle, 1 << 16)
            lines += data.count(b"\n")
        found.append((lines, machine.work_ns() - begin))
    os.close(handle)
    return found


def list_ip_vs(flows):
    """Nanoseconds, for the file that ipvsadm reads. With each page that is read
    the kernel counts its way from the beginning, so that the time of N lines
    is aN + bN^2: from two points the time of all is projected."""
    found = read_part("/proc/net/ip_vs_conn", LIST_NS)
    (half, early), (lines, late) = found[len(found) // 2], found[-1]
    if lines > flows:
        return late
    square = (late / lines - early / half) / (lines - half)
    return (late / lines + square * (flows - lines)) * flows


LISTS = {"opvs": list_opvs, "IPVS": list_ip_vs}


# ---- what is measured -------------------------------------------------------

class Found:
    """What the crowds of a name told."""

    def __init__(self):
        self.pairs = {}
        self.add, self.list, self.flush, self.bytes = [], [], [], []

    def take(self, crowd):
        """When it has gone."""
        self.add.append(crowd.add_ms)
        self.flush.append(crowd.flush_ms)
        self.bytes.append(crowd.slabs / crowd.flows)


def in_turn(crowds, found, first):
    """Packets of all crowds, each between two of plain forwarding."""
    for number in range(ROUNDS):
        for crowd in crowds:
            pick = first + number
            before = crowd.plain(pick)
            ns = crowd.feed(pick)
            after = crowd.plain(pick)
            found[crowd.name].pairs.setdefault(crowd.path.name, []).append(
                (ns, (before + after) / 2))


def together(bench, family, names, found, first):
    """A million connections of each of the balancers that are loaded."""
    with contextlib.ExitStack() as stack:
        crowds = [stack.enter_context(Crowd(bench, name, family))
                  for name in names]
        in_turn(crowds, found, first)
        if family == 4:
            for crowd in crowds:
                found[crowd.name].list.append(crowd.list())
    if family == 4:
        for crowd in crowds:
            found[crowd.name].take(crowd)


def measure_million(bench):
    """IPv6 with the larger table only: the other tells nothing new."""
    found = {name: Found() for name in PACKETS}
    together(bench, 4, ("opvs", "IPVS"), found, 1)
    with machine.ip_vs_with("conn_tab_bits=20"):
        for family in (4, 6):
            together(bench, family, ("opvs", "IPVS20"), found, 1 + ROUNDS)
    costs = {name: paths.cost(pairs) for one in found.values()
             for name, pairs in one.pairs.items()}
    measures = {
        what: {"unit": unit,
               **{name: spread(getattr(one, values))
                  for name, one in found.items()}}
        for what, unit, values in (
            ("conn-bytes", "bytes", "bytes"), ("million-add", "ms", "add"),
            ("million-list", "ms", "list"), ("million-flush", "ms", "flush"))}
    return costs, measures


def measure(bench, lane):
    """(paths, measures)"""
    if lane == "counted":
        return {}, churn.measure_rate(bench, lane)
    machine.touch_memory()
    costs, measures = measure_million(bench)
    measures |= churn.measure_rate(bench, lane)
    measures |= churn.measure_expiry(bench)
    return costs, measures
