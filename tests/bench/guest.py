#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures inside a test machine. The last line is a JSON object.

                        +----------------------+
    in0  ---> receive   |       director       |   transmit --->  out0
    clients             |  VIP, forwarding on  |          counted and freed
    10.1.0.0/16         +----------------------+          servers 10.2.0.0/24

usage: guest.py [--lane LANE] [--rounds N] [--packets N] [--only WORD]...
"""

import argparse
import json
import os
import statistics
import subprocess

import paths
from replay import Bench


# Rounds and packets. Counted instructions hardly vary.
LANES = {"native": (9, 100000), "counted": (3, 2000)}


def prepare():
    for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as file:
            file.write("1")
    for command in (
            "link add in0 type replay", "link add out0 type replay",
            "link set lo up", "link set in0 up", "link set out0 up",
            "addr add 10.1.0.1/16 dev in0", "addr add 10.2.0.1/24 dev out0",
            "addr add 10.9.9.9/32 dev in0",
            "addr add fd01::1/64 dev in0 nodad",
            "addr add fd02::1/64 dev out0 nodad",
            "addr add fd09::9/128 dev in0 nodad"):
        subprocess.run(["ip"] + command.split(), check=True)


def modules():
    """opvs beside ip_vs, so that both are measured in one boot."""
    for name in ("ip_vs", "ip_vs_rr", "ip_vs_pe_sip"):
        subprocess.run(["modprobe", name], check=True)
    subprocess.run(["insmod", os.environ["OPVS_KO"], "compat=0"], check=True)
    subprocess.run(
        ["insmod", os.environ["OPVS_BENCH_DIR"] + "/opvs_replay.ko"],
        check=True)


def spread(values):
    values = sorted(values)
    return {"median": statistics.median(values), "least": values[0],
            "most": values[-1]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lane", choices=LANES, default="native")
    parser.add_argument("--rounds", type=int, help="each path so many times")
    parser.add_argument("--packets", type=int, help="in a round")
    parser.add_argument("--only", action="append", metavar="WORD",
                        help="only paths whose name begins so")
    args = parser.parse_args()
    rounds, packets = LANES[args.lane]
    args.rounds = args.rounds or rounds
    args.packets = args.packets or packets
    modules()
    prepare()
    bench = Bench(args.packets)
    todo = [path for path in paths.ALL
            if not args.only or path.name.split()[0] in args.only]
    found = {path.name: [] for path in todo}
    for number in range(args.rounds):
        for path in todo:
            before = bench.plain(path)
            with path.set_up(bench):
                ns = bench.feed(path)
            after = bench.plain(path)
            found[path.name].append((ns, (before + after) / 2))
        print(f"# round {number + 1} of {args.rounds}", flush=True)
    result = {"kernel": os.uname().release, "lane": os.environ["OPVS_KERNEL"],
              "packets": args.packets, "rounds": args.rounds, "paths": {}}
    for path in todo:
        pairs = found[path.name]
        result["paths"][path.name] = {
            "whole": spread([ns for ns, _ in pairs]),
            "plain": spread([plain for _, plain in pairs]),
            "added": spread([ns - plain for ns, plain in pairs])}
    print(json.dumps(result))


main()
