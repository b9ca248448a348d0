#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What became of packets, as the kernel itself says it: a line for each count
that is not 0, for this machine's queues and neighbours, where it freed packets
and why, and for this namespace's devices and protocols. Two such lists, compared,
tell where a packet was lost.

usage: losses.py [--watch]

With --watch, has the kernel count from now on where it frees packets; on a
kernel without tracing that says nothing.
"""

import contextlib
import re
import sys

FREED = "/sys/kernel/tracing/events/skb/kfree_skb/"
WATCH = "hist:keys=location.sym,reason"


def table(name):
    with open(name, encoding="ascii") as file:
        return [line.split() for line in file]


def queues():
    rows = table("/proc/net/softnet_stat")
    yield "queue dropped", sum(int(row[1], 16) for row in rows)


def neighbours():
    """Those of all namespaces; only the first one shows them."""
    for name in ("arp", "ndisc"):
        names, *rows = table(f"/proc/1/net/stat/{name}_cache")
        for what in ("unresolved_discards", "table_fulls"):
            at = names.index(what)
            yield f"{name} {what}", sum(int(row[at], 16) for row in rows)


def freed():
    """The places where packets were freed other than by their receivers."""
    try:
        with open(FREED + "hist", encoding="ascii") as file:
            text = file.read()
    except FileNotFoundError:
        return
    for place, reason, count in re.findall(
            r"\] (\S+) *, reason: +(\d+) *} hitcount: +(\d+)", text):
        yield f"freed in {place} for reason {reason}", int(count)


def devices():
    _, names, *rows = table("/proc/net/dev")
    for name, *values in rows:
        for what, at in (("received", 1), ("receive errors", 2),
                         ("not received", 3), ("sent", 9),
                         ("send errors", 10), ("not sent", 11)):
            yield f"{name} {what}", int(values[at])


def protocols():
    for file in ("snmp", "netstat"):
        rows = table(f"/proc/net/{file}")
        for names, values in zip(rows[::2], rows[1::2]):
            for name, value in zip(names[1:], values[1:]):
                yield f"{names[0]} {name}", int(value)
    for name, value in table("/proc/net/snmp6"):
        yield name, int(value)


def watch():
    # Not every kernel can, and it may be done already.
    with contextlib.suppress(OSError):
        with open(FREED + "trigger", "w", encoding="ascii") as file:
            file.write(WATCH)


def main():
    if sys.argv[1:] == ["--watch"]:
        watch()
        return
    for counts in (queues, neighbours, freed, devices, protocols):
        for name, value in counts():
            if value:
                print(f"{name}: {value}")


main()
