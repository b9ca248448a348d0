#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures inside a test machine. The last line is a JSON object.

                        +----------------------+
    in0  ---> receive   |       director       |   transmit --->  out0
    clients             |  VIP, forwarding on  |          counted and freed
    10.1.0.0/16         +----------------------+          servers 10.2.0.0/24

usage: guest.py [--lane LANE] [--group GROUP]... [--rounds N] [--packets N]
       [--only WORD]...
"""

import argparse
import json
import os
import time

import machine
import parser
import paths
import scale
import scaling
from replay import Bench, spread


# Rounds and packets. Counted instructions hardly vary.
LANES = {"native": (9, 100000), "counted": (3, 2000), "two": (7, 20000)}

UNITS = {"native": "ns", "counted": "instructions", "two": "ns"}


def one_round(bench, todo, found):
    """Each path once, between two of plain forwarding."""
    for path in todo:
        before = bench.plain(path)
        with path.set_up(bench):
            ns = bench.feed(path)
        after = bench.plain(path)
        found[path.name].append((ns, (before + after) / 2))


def measure_paths(bench, args):
    """Every path, and what feeding alone costs, in turn, several times."""
    todo = [path for path in paths.ALL
            if not args.only or path.name.split()[0] in args.only]
    found = {path.name: [] for path in todo}
    feeding = {path.name: [] for path in paths.DROPPED}
    for number in range(args.rounds):
        for path in paths.DROPPED:
            feeding[path.name].append(bench.drop(path))
        one_round(bench, todo, found)
        print(f"# round {number + 1} of {args.rounds}", flush=True)
    feed = {name: spread(costs) for name, costs in feeding.items()}
    return ({name: paths.cost(pairs) for name, pairs in found.items()},
            {"feed": {"unit": UNITS[args.lane], **feed}})


def measure_parser(bench, args):
    return {}, parser.measure(bench, args.lane)


def measure_scale(bench, args):
    return scale.measure(bench, args.lane)


def measure_scaling(bench, args):
    return {}, scaling.measure(bench, args.rounds)


GROUPS = {"paths": measure_paths, "parser": measure_parser,
          "scale": measure_scale, "scaling": measure_scaling}

# What can be told on one CPU and on two.
FIT = {"native": ("paths", "parser", "scale"),
       "counted": ("paths", "parser", "scale"), "two": ("scaling",)}


def parse_args():
    args = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    args.add_argument("--lane", choices=LANES, default="native")
    args.add_argument("--group", action="append", choices=GROUPS,
                      help="default: all that fit the lane")
    args.add_argument("--rounds", type=int, help="each path so many times")
    args.add_argument("--packets", type=int, help="in a round")
    args.add_argument("--only", action="append", metavar="WORD",
                      help="only paths whose name begins so")
    args.add_argument("--sync", action="store_true",
                      help="opvs tells a partner of its connections meanwhile")
    args = args.parse_args()
    rounds, packets = LANES[args.lane]
    args.rounds = args.rounds or rounds
    args.packets = args.packets or packets
    args.group = args.group or FIT[args.lane]
    return args


def measure(args, bench):
    result = {"kernel": os.uname().release, "lane": args.lane,
              "packets": args.packets, "rounds": args.rounds, "paths": {},
              "measures": {}, "seconds": {}}
    for group in args.group:
        begin = time.monotonic()
        found, measures = GROUPS[group](bench, args)
        result["paths"] |= found
        result["measures"] |= measures
        result["seconds"][group] = round(time.monotonic() - begin)
        print(f"# {group}: {result['seconds'][group]} s", flush=True)
    print(json.dumps(result))


def main():
    args = parse_args()
    machine.load()
    machine.prepare()
    with machine.namespaces(*machine.MODULES) as spaces:
        if args.sync:
            with spaces["opvs"].inside():
                machine.start_master()
        measure(args, Bench(args.packets, spaces))


main()
