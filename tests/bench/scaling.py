# SPDX-License-Identifier: GPL-2.0-only
"""What a second CPU brings: the rate of two that feed at the same time over the
rate of one."""

import contextlib

import machine
import paths
from replay import spread

ALONE, BOTH = ("0", "1"), "0-1"

# Each rate is the best of so many tries: what else runs on the host can only
# make one worse.
TRIES = 2

# New connections of a CPU in a try, besides very many that are there before:
# a table that grows just then would be all that is seen.
NEW = 10000
BASE = 100000


def rate(bench, path, cpus, count, **options):
    """Packets per second of all these CPUs together."""
    found = bench.run(path, count, cpus=cpus, **options)
    return count * len(found) / max(cpu["ns"] for cpu in found) * 1e9


def gain(rates):
    """Of the best rates of each CPU alone, and of both."""
    return rates[BOTH] / (sum(rates[cpu] for cpu in ALONE) / len(ALONE))


def best(measure_rate):
    """{CPUs: best rate}, of tries in turn."""
    rates = dict.fromkeys((*ALONE, BOTH), 0)
    for _ in range(TRIES):
        for cpus, so_far in rates.items():
            rates[cpus] = max(so_far, measure_rate(cpus))
    return rates


def existing(bench, path):
    """A round with flows that are there."""
    with path.context():
        bench.run(path, path.options["flows"], cpus=BOTH)
        return gain(best(lambda cpus: rate(bench, path, cpus, bench.count)))


def fresh(bench, path):
    """A round with a new connection for each packet."""
    with path.context() as service:
        made = bench.run(path, BASE, flows=BASE)[0]["fed"]

        def make(cpus):
            nonlocal made
            found = rate(bench, path, cpus, NEW, first=made, flows=NEW)
            made += NEW * (1 if cpus in ALONE else len(ALONE))
            return found

        rates = best(make)
        service.expect(made)
        return gain(rates)


def path_of(name, context, flows):
    return paths.Path(name, 4, paths.datagrams(4, 100), context, flows=flows)


def measure(bench, rounds):
    """{"scaling-ops", "scaling-new"}: for both modules, and for plain
    forwarding, which is what the machine lets them have."""
    found = {name: {who: [] for who in ("plain", *machine.MODULES)}
             for name in ("scaling-ops", "scaling-new")}
    plain = path_of("plain", contextlib.nullcontext, 1000).plain
    for number in range(rounds):
        gains = existing(bench, plain)
        for what in found.values():
            what["plain"].append(gains)
        for who in machine.MODULES:
            found["scaling-ops"][who].append(existing(bench, path_of(
                f"ops-rr {who}", paths.one_packet(who, 4), 1000)))
            found["scaling-new"][who].append(fresh(bench, path_of(
                f"new {who}", paths.tracked(who, 4), NEW)))
        print(f"# round {number + 1} of {rounds}", flush=True)
    return {name: {"unit": "times one CPU",
                   **{who: spread(gains) for who, gains in what.items()}}
            for name, what in found.items()}
