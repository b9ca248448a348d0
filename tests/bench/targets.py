# SPDX-License-Identifier: GPL-2.0-only
"""The figures that opvs is to reach, and whether a run reached them.

A target is about a quotient, which has several variants (IPv4 and IPv6, sizes,
shapes of messages). It is met on a lane if the median over its variants is
within the limit. A target that cannot be judged is "not measured", never "met".
"""

import dataclasses
import fnmatch
import math
import statistics

MET, NOT_MET, NOT_MEASURED = "met", "not met", "not measured"


class Unmeasured(Exception):
    """There is no telling, and why."""


def number(value, what):
    """VALUE, if it is a number that means something."""
    if value is None or not math.isfinite(value):
        raise Unmeasured(f"{what} is no number")
    return value


def quotient(top, bottom):
    """TOP and BOTTOM are (name, value). What is divided by must be above 0,
    or noise was measured, and the quotient means nothing."""
    above, below = number(top[1], top[0]), number(bottom[1], bottom[0])
    if below <= 0:
        raise Unmeasured(f"{bottom[0]} is {below:.3g}, not above 0")
    return above / below


def variants(names, pattern):
    """Those for which there is a name; the * of the pattern is the variant. A
    pattern without is a name, and its variant has none."""
    head, _, tail = pattern.partition("*")
    return [name[len(head):len(name) - len(tail)] for name in names
            if fnmatch.fnmatchcase(name, pattern)]


@dataclasses.dataclass(frozen=True)
class Added:
    """Added cost of paths in proportion to that of others. PAIRS: patterns of
    the names of both."""

    pairs: tuple

    def operands(self, result):
        """{variant: ((name, value), (name, value))}"""
        found = {}
        paths = result["paths"]
        for over, under in self.pairs:
            label = f"{over.split()[0]} " if len(self.pairs) > 1 else ""
            for variant in dict.fromkeys(variants(paths, over) +
                                         variants(paths, under)):
                names = (over.replace("*", variant),
                         under.replace("*", variant))
                for name in names:
                    if name not in paths:
                        raise Unmeasured(f"no path '{name}'")
                found[label + variant or over] = tuple(
                    (name, paths[name]["added"]["median"]) for name in names)
        return found


@dataclasses.dataclass(frozen=True)
class Measure:
    """One variant of measures in proportion to another; without BOTTOM, what
    the measure has is the quotient already. NAME may have a * for each."""

    name: str
    top: str
    bottom: str = None

    def operands(self, result):
        """{variant: ((name, value), (name, value) or None)}"""
        found = {}
        measures = result.get("measures", {})
        for name in measures:
            if fnmatch.fnmatchcase(name, self.name):
                variant = name.removeprefix(self.name.rstrip("*"))
                found[variant or name] = (
                    self.operand(measures, name, self.top),
                    self.bottom and self.operand(measures, name, self.bottom))
        return found

    @staticmethod
    def operand(measures, name, variant):
        if variant not in measures[name]:
            raise Unmeasured(f"{name} has nothing for {variant}")
        return f"{name} of {variant}", measures[name][variant]["median"]


@dataclasses.dataclass(frozen=True)
class Target:
    """NAME is for machines, WHAT for people. LIMIT is the most that the
    quotient OF may be, or with LEAST the least. LANES are those that it takes
    to tell; what others say about it counts, too."""

    name: str
    what: str
    of: object
    limit: float
    lanes: tuple = ("native", "counted")
    least: bool = False

    def within(self, value):
        return value >= self.limit if self.least else value <= self.limit

    def worst(self, values):
        return min(values) if self.least else max(values)


def against(ours, theirs):
    return Added(((ours, theirs),))


ALL = (
    Target("one-packet", "one-packet NAT, rr",
           against("ops-rr opvs *", "ops-rr IPVS *"), 0.40),
    Target("sip-templates", "one-packet SIP with templates",
           against("ops-sip opvs *", "ops-sip IPVS *"), 0.40),
    Target("sip-stateless", "one-packet SIP, stateless",
           against("ops-sip stateless *", "ops-sip IPVS *"), 0.30),
    Target("udp-1000", "tracked UDP, 1 000 flows",
           against("udp opvs * 1000", "udp IPVS * 1000"), 0.50),
    Target("tcp-1000", "tracked TCP, 1 000 flows",
           against("tcp opvs * 1000", "tcp IPVS * 1000"), 0.50),
    Target("udp-million", "tracked UDP, 1 000 000 flows, ip_vs as shipped",
           against("udp opvs v4 1000000", "udp IPVS v4 1000000"), 0.20,
           lanes=("native",)),
    Target("udp-million-20",
           "tracked UDP, 1 000 000 flows, ip_vs with `conn_tab_bits=20`",
           against("udp opvs * 1000000", "udp IPVS20 * 1000000"), 0.60,
           lanes=("native",)),
    Target("reply", "reply direction, one-packet, against requests",
           Added((("reply-rr opvs * 100", "ops-rr opvs * 100"),
                  ("reply-sip opvs * answer", "ops-sip opvs * answer"))),
           1.00),
    Target("conn-bytes", "slab bytes per IPv4 NAT connection",
           Measure("conn-bytes", "opvs", "IPVS"), 0.60, lanes=("native",)),
    Target("conn-rate", "connections created and expired per second, one CPU",
           Measure("conn-rate", "opvs", "IPVS"), 2.0, lanes=("native",),
           least=True),
    Target("scaling-one-packet", "two CPUs against one, one-packet",
           Measure("scaling-ops", "opvs"), 1.8, lanes=("two",), least=True),
    Target("scaling-new", "two CPUs against one, new connections",
           Measure("scaling-new", "opvs"), 1.8, lanes=("two",), least=True),
    Target("sip-parser", "SIP parser, speed against the kernel's header search",
           Measure("sip-parse *", "kernel", "opvs"), 3.0, least=True),
)


def side(operands, index):
    """The median of one side of the quotients; None if there is none."""
    values = [pair[index][1] for pair in operands.values() if pair[index]]
    return statistics.median(values) if values else None


def measured(target, result):
    """The part of a judgement that is numbers."""
    operands = target.of.operands(result)
    if not operands:
        raise Unmeasured("not in this run")
    ratios = {variant: quotient(*pair) if pair[1] else number(pair[0][1],
                                                              pair[0][0])
              for variant, pair in operands.items()}
    ratio = statistics.median(ratios.values())
    return {"verdict": MET if target.within(ratio) else NOT_MET, "why": None,
            "ratio": ratio, "worst": target.worst(ratios.values()),
            "top": side(operands, 0), "bottom": side(operands, 1),
            "variants": ratios}


def judge_lane(target, lane, result, why):
    """A judgement; RESULT is None, and WHY tells why, if there is none."""
    try:
        if result is None:
            raise Unmeasured(why)
        found = measured(target, result)
    except Unmeasured as error:
        found = {"verdict": NOT_MEASURED, "why": str(error), "ratio": None,
                 "worst": None, "top": None, "bottom": None, "variants": {}}
    return {"name": target.name, "what": target.what, "lane": lane,
            "limit": target.limit, "bound": "least" if target.least
            else "most", **found}


def judge(lanes, failed):
    """All targets on their lanes, and on others that measured them. FAILED:
    {lane: why}."""
    found = []
    for target in ALL:
        for lane in target.lanes:
            why = f"the lane failed: {failed[lane]}" if lane in failed \
                else "the lane was not run"
            found.append(judge_lane(target, lane, lanes.get(lane), why))
        for lane, result in lanes.items():
            if lane not in target.lanes:
                extra = judge_lane(target, lane, result, "")
                if extra["verdict"] != NOT_MEASURED:
                    found.append(extra)
    return found


def verdict(judgements):
    """Of a target as a whole: met only where nothing says or leaves open
    anything else."""
    all_of_them = {one["verdict"] for one in judgements}
    for worst in (NOT_MET, NOT_MEASURED, MET):
        if worst in all_of_them:
            return worst
    return NOT_MEASURED


def by_target(judgements):
    """{name: its judgements}, in order."""
    found = {}
    for one in judgements:
        found.setdefault(one["name"], []).append(one)
    return found
