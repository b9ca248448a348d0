#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Turns what the test machines printed into a table for people and JSON for
machines.

usage: report.py JSON LANE=FILE...
"""

import json
import statistics
import sys

UNITS = {"native": "ns", "counted": "instructions"}

# (what, paths of opvs, paths of ip_vs or None for plain requests of opvs, the
# most that the ratio of added costs may be). A * stands for each variant.
TARGETS = (
    ("one-packet NAT, rr", "ops-rr opvs *", "ops-rr IPVS *", 0.40),
    ("one-packet SIP with templates", "ops-sip opvs *", "ops-sip IPVS *", 0.40),
    ("one-packet SIP, stateless", "ops-sip stateless *", "ops-sip IPVS *",
     0.30),
    ("tracked UDP, 1 000 flows", "udp opvs * 1000", "udp IPVS * 1000", 0.50),
    ("tracked TCP, 1 000 flows", "tcp opvs * 1000", "tcp IPVS * 1000", 0.50),
    ("reply, one-packet, to its request", "reply-rr opvs * 100",
     "ops-rr opvs * 100", 1.00),
)


def read(name):
    """The JSON object in a machine's output."""
    with open(name, encoding="utf-8") as file:
        for line in file:
            if line.startswith("{"):
                return json.loads(line)
    sys.exit(f"{name}: the machine printed no result")


def variants(paths, pattern):
    """{variant: path} of all paths that fit."""
    head, tail = pattern.split("*")
    return {name[len(head):len(name) - len(tail)]: path
            for name, path in paths.items()
            if name.startswith(head) and name.endswith(tail)}


def ratios(paths, ours, theirs):
    """{variant: ratio of the added costs}."""
    mine, other = variants(paths, ours), variants(paths, theirs)
    return {variant: mine[variant]["added"]["median"] /
            other[variant]["added"]["median"]
            for variant in mine if variant in other}


def judge(lanes):
    """Each target on each lane: the median over the variants."""
    found = []
    for what, ours, theirs, most in TARGETS:
        for lane, result in lanes.items():
            each = ratios(result["paths"], ours, theirs)
            if each:
                value = statistics.median(each.values())
                found.append({"what": what, "lane": lane, "most": most,
                              "ratio": value, "met": value <= most,
                              "variants": each})
    return found


def show_paths(lane, result):
    print(f"\n{lane}: {UNITS[lane]} per packet, kernel {result['kernel']}, "
          f"median of {result['rounds']} rounds of {result['packets']}")
    print(f"{'path':36} {'plain':>8} {'whole':>8} {'added':>8}  spread")
    for name, path in result["paths"].items():
        added = path["added"]
        print(f"{name:36} {path['plain']['median']:8.0f} "
              f"{path['whole']['median']:8.0f} {added['median']:8.0f}  "
              f"{added['least']:.0f} to {added['most']:.0f}")


def show_targets(found):
    print(f"\n{'target: added cost, ratio':36} {'lane':8} {'found':>6} "
          f"{'most':>6}")
    for one in found:
        print(f"{one['what']:36} {one['lane']:8} {one['ratio']:6.2f} "
              f"{one['most']:6.2f}  {'met' if one['met'] else 'not met'}")


def main():
    target, *inputs = sys.argv[1:]
    lanes = {}
    for word in inputs:
        lane, name = word.split("=", 1)
        lanes[lane] = read(name)
    found = judge(lanes)
    for lane, result in lanes.items():
        show_paths(lane, result)
    show_targets(found)
    with open(target, "w", encoding="utf-8") as file:
        json.dump({"version": 1, "lanes": lanes, "targets": found}, file,
                  indent=1)


main()
