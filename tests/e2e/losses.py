#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel has lost, says it itself: a line for each count that is not
0, for this machine's queues and neighbours and this namespace's IP and UDP.

usage: losses.py
"""

NOTED = {"Ip": ("InHdrErrors", "InAddrErrors", "InDiscards", "OutDiscards",
                "OutNoRoutes"),
         "Udp": ("NoPorts", "InErrors", "RcvbufErrors")}


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


def protocols():
    rows = table("/proc/net/snmp")
    for names, values in zip(rows[::2], rows[1::2]):
        layer = names[0].rstrip(":")
        for name, value in zip(names[1:], values[1:]):
            if name in NOTED.get(layer, ()):
                yield f"{layer} {name}", int(value)
    for name, value in table("/proc/net/snmp6"):
        layer, _, what = name.partition("6")
        if what in NOTED.get(layer, ()):
            yield name, int(value)


def main():
    for counts in (queues, neighbours, protocols):
        for name, value in counts():
            if value:
                print(f"{name}: {value}")


main()
