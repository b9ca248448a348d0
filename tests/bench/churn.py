# SPDX-License-Identifier: GPL-2.0-only
"""Connections that come and go: how many a CPU can make and end in a second,
what the ending alone takes, and what it does to other packets."""

import time

import machine
import paths
from replay import Mismatch, spread

# Connections, and how often.
RATE = {"native": (1500000, 3), "counted": (30000, 1)}

# Timeouts are a second; it takes some more until sweeper or timer have come.
# Looking earlier would be work, too.
TAIL = 2

# Of packets that come while connections end.
PACE_NS = 100000

# Half of very many connections end one after the other within so many seconds;
# the other half outlive everything.
ENDING = 10
LASTING = 3600
SIZES = {"1M": 1000000, "4M": 4000000}

# Of a device that has little to do, and after the ends.
QUIET = 3

# Flows of the packets that find no other connections.
FEW = 1000


def churn(bench, path, count):
    """Nanoseconds of work for each new connection, from its packet's arrival
    until it has ended and its memory is back: all that the CPU does from the
    first packet on until a time at which no connection is left."""
    with path.context() as service:
        machine.set_udp_timeout(service.module, 1)
        begin = machine.work_ns()
        bench.feed(path, count=count)
        time.sleep(TAIL)
        service.left_with(0)
        machine.gone(service.module, service.before)
        work = machine.work_ns() - begin
        service.expect_made(count)
    return work / count


def rate_path(name, count):
    module = name.rstrip("0123456789")
    return paths.Path(f"new {name}", 4, paths.datagrams(4, 100),
                      paths.tracked(module, 4), flows=count)


def measure_rate(bench, lane):
    """{"conn-rate", "conn-cost"}: the second is of counted instructions too."""
    count, rounds = RATE[lane]
    found = {"opvs": [], "IPVS": [], "IPVS20": []}

    def one_round(names):
        for name in names:
            path = rate_path(name, count)
            found[name].append(churn(bench, path, count))

    for _ in range(rounds):
        one_round(("opvs", "IPVS"))
    with machine.ip_vs_with("conn_tab_bits=20"):
        for _ in range(rounds):
            one_round(("opvs", "IPVS20"))
    unit = "ns" if lane == "native" else "instructions"
    measures = {"conn-cost": {"unit": unit, **{
        name: spread(costs) for name, costs in found.items()}}}
    if lane == "native":
        measures["conn-rate"] = {"unit": "a second", **{
            name: spread([1e9 / cost for cost in costs])
            for name, costs in found.items()}}
    return measures


# ---- the ends of very many --------------------------------------------------

def percentile(times, share):
    """Nanoseconds, to within the width of a bin: an eighth."""
    left = sum(times.values()) * share
    for ns in sorted(times):
        left -= times[ns]
        if left <= 0:
            break
    return ns


def latency(found):
    """Of paced packets, from when each was due."""
    return {**{name: percentile(found["times"], share) for name, share in
               (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))},
            "most": found["most"]}


class Ending:
    """Packets at a steady pace through a service with few connections, with
    very many of which half end meanwhile, and with those that are left."""

    def __init__(self, bench, name, size):
        self.bench = bench
        self.half = size // 2
        self.path = rate_path(name, self.half)
        self.module = name.rstrip("0123456789")

    def pace(self, seconds, flows):
        """With the share of its time that the CPU works."""
        begin = time.monotonic()
        found, = self.bench.run(self.path, seconds * 10**9 // PACE_NS,
                                pace=PACE_NS, flows=flows, pick=1)
        return {**found, "share": found["work"] / 1e9 /
                (time.monotonic() - begin)}

    def add_lasting(self):
        """Seconds that it took."""
        begin = time.monotonic()
        machine.set_udp_timeout(self.module, LASTING)
        self.bench.feed(self.path, count=self.half)
        return time.monotonic() - begin

    def add_ending(self, begin):
        """Those that end from some moment on, a tenth in each second."""
        part = self.half // ENDING
        for number in range(ENDING):
            seconds = int(begin + number - time.monotonic()) + 1
            if seconds < 1:
                raise Mismatch("connections were not made in time")
            machine.set_udp_timeout(self.module, seconds)
            self.bench.feed(self.path, count=part,
                            first=self.half + number * part, flows=part)
        machine.set_udp_timeout(self.module, LASTING)

    def measure(self):
        """{what: value}"""
        found = {}
        with self.path.context() as service:
            machine.set_udp_timeout(self.module, LASTING)
            self.bench.feed(self.path, count=FEW, flows=FEW)
            found["none"] = latency(self.pace(QUIET, FEW))
            took = self.add_lasting()
            begin = time.monotonic() + 3 * took + 2
            self.add_ending(begin)
            service.expect(2 * self.half)
            time.sleep(max(0, begin - time.monotonic()))
            busy = machine.sweeper_ns() if self.module == "opvs" else 0
            full = self.pace(ENDING + 2, self.half)
            if self.module == "opvs":
                found["account"] = machine.sweeper_ns() - busy
            service.left_with(self.half)
            found["full"] = latency(full)
            rest = self.pace(QUIET, self.half)
            found["ends"] = ((full["share"] - rest["share"]) *
                             (ENDING + 2) * 10**9)
            service.expect(self.half)
        return found


def share(ns):
    """Per cent of a CPU while they end."""
    return spread([ns / (ENDING * 10**9) * 100])


def spreads(values):
    return {name: spread([value]) for name, value in values.items()}


def measure_expiry(bench):
    """{"sweeper-SIZE", "latency-SIZE", "latency-none"}"""
    measures = {"latency-none": {"unit": "ns"}}
    with machine.ip_vs_with("conn_tab_bits=20"):
        for label, size in SIZES.items():
            sweeper = measures["sweeper-" + label] = {"unit": "% of a CPU"}
            times = measures["latency-" + label] = {"unit": "ns"}
            for name in ("opvs", "IPVS20"):
                found = Ending(bench, name, size).measure()
                measures["latency-none"][name] = spreads(found["none"])
                times[name] = spreads(found["full"])
                sweeper[name] = share(found["ends"])
                if "account" in found:
                    sweeper[name + " by itself"] = share(found["account"])
    return measures
