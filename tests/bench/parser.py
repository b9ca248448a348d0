# SPDX-License-Identifier: GPL-2.0-only
"""The search for the Call-ID of SIP messages: by opvs and by the kernel's SIP
helper, whose search is what ip_vs uses."""

import os
import re
import statistics
import subprocess

import messages
import wire
from replay import Mismatch

FOLDER = "/sys/kernel/debug/parser/"
CALL_ID = re.compile(rb"\r\n(?:Call-ID|i)\s*:\s*(\S+)", re.IGNORECASE)

# Calls of each shape.
CALLS = 8

# Rounds, of so many searches each. Counted instructions hardly vary.
ROUNDS = {"native": (51, 200), "counted": (3, 104)}
UNITS = {"native": "ns", "counted": "instructions"}


def write(name, data):
    with open(FOLDER + name, "wb", buffering=0) as file:
        file.write(data)


def places(word):
    """(offset, length) of each Call-ID that was found."""
    return [tuple(int(number) for number in place.split("+"))
            for place in word.removeprefix("at=").split(",")]


def searched(texts, searches):
    """{who: nanoseconds of a search}, on average. Whoever finds another Call-ID
    than there is, or none, has not searched."""
    there = [CALL_ID.search(text).span(1) for text in texts]
    there = [(start, end - start) for start, end in there]
    write("messages", wire.records(texts))
    costs = {}
    with open(FOLDER + "result", encoding="ascii") as file:
        for line in file:
            who, ns, found = line.split()
            if places(found) != there:
                raise Mismatch(f"the Call-IDs that {who} found are at "
                               f"{places(found)}, not {there}")
            costs[who] = int(ns.removeprefix("ns=")) / searches
    return costs


def spread(values):
    return {"median": statistics.median(values), "least": min(values),
            "most": max(values)}


def measure(_bench, lane):
    """{"sip-parse SHAPE": {"unit", "opvs", "kernel"}} of all shapes, and
    "sip-mixed": of messages of all shapes in an order that no branch predictor
    has learned."""
    rounds, searches = ROUNDS[lane]
    subprocess.run(["modprobe", "nf_conntrack_sip"], check=True)
    subprocess.run(
        ["insmod", os.environ["OPVS_BENCH_DIR"] + "/opvs_parser.ko"],
        check=True)
    write("searches", str(searches).encode())
    lists = {f"sip-parse {shape}": [wire.sip(shape, call)
                                    for call in range(CALLS)]
             for shape in messages.SHAPES}
    lists["sip-mixed"] = [text for texts in lists.values() for text in texts]
    costs = {name: {"opvs": [], "kernel": []} for name in lists}
    for _ in range(rounds):
        for name, texts in lists.items():
            for who, cost in searched(texts, searches).items():
                costs[name][who].append(cost)
    subprocess.run(["rmmod", "opvs_parser"], check=True)
    return {name: {"unit": UNITS[lane],
                   **{who: spread(each) for who, each in by_who.items()}}
            for name, by_who in costs.items()}
