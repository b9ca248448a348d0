#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Listens to events of family opvs and prints a line for each:
	NAME [SERVICE [SERVER]] [POLICY] [WORDS...]
In the caller's network namespace, until it is killed; "ready" is printed first.
With an argument N, it is done after so many events and prints what they add up
to in place of each.  What is wrong with an event is in a line "wrong: ..."."""

import socket
import struct
import sys

from abi import (CHANGES, DEST, DEST_ATTRS, EVENT, EVENTS, EVENT_ATTRS, POLICY,
                 POLICY_ATTRS, SERVICE, SERVICE_ATTRS, TABLE, TABLE_ATTRS)
from genl import Family, attrs, departures, named

PROTOS = {6: "tcp", 17: "udp", 132: "sctp"}
LIMITS = ("everywhere", "netns", "service")


def number(data):
    return int.from_bytes(data, sys.byteorder)


def address(data, family):
    size = 16 if family == socket.AF_INET6 else 4
    return socket.inet_ntop(family, data[:size])


def port(data):
    return struct.unpack("!H", data)[0]


def service_name(found):
    family = number(found["AF"])
    if "FWMARK" in found:
        return f"mark|{number(found['FWMARK'])}"
    return f"{PROTOS[number(found['PROTOCOL'])]}" \
        f"|{address(found['ADDR'], family)}|{port(found['PORT'])}"


def server_name(found):
    return f"{address(found['ADDR'], number(found['ADDR_FAMILY']))}" \
        f"|{port(found['PORT'])}"


class Listener:
    """What has been told so far."""

    def __init__(self):
        self.sequence = None
        self.seen = self.lost = 0

    def check(self, event):
        """What is wrong with its place among the others."""
        sequence, lost = number(event["SEQUENCE"]), number(event.get("LOST", b""))
        last, self.sequence = self.sequence, sequence
        self.seen += 1
        if last is not None:
            self.lost += lost
            if sequence != last + lost + 1:
                yield f"number {sequence} after {last}, {lost} lost"
        if number(event["TIME"]) < 10**18:
            yield "time"

    def words(self, cmd, event, nests):
        """The line's words."""
        yield EVENTS[cmd][0].lower().replace("_", "-")
        if SERVICE in nests:
            yield service_name(named(nests[SERVICE], SERVICE_ATTRS))
        if DEST in nests:
            server = named(nests[DEST], DEST_ATTRS)
            yield server_name(server)
        if POLICY in nests:
            found = named(nests[POLICY], POLICY_ATTRS)
            yield found["NAME"].rstrip(b"\0").decode()
        if "CHANGED" in event:
            yield "+".join(name.lower() for name, bit in CHANGES.items()
                           if number(event["CHANGED"]) & bit)
        if "OLD_WEIGHT" in event:
            yield f"{number(event['OLD_WEIGHT'])}>{number(server['WEIGHT'])}"
        if "LIMIT" in event:
            yield LIMITS[number(event["LIMIT"])]
        if TABLE in nests:
            found = named(nests[TABLE], TABLE_ATTRS)
            yield f"max={number(found['CONN_MAX'])}"
        yield "by-command" if "PORTID" in event else "by-itself"


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    family = Family("opvs")
    family.sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
    family.sock.settimeout(None)
    family.join("events")
    print("ready", flush=True)
    listener = Listener()
    while not count or listener.seen + listener.lost < count:
        for cmd, body in family.events():
            nests = dict(attrs(body))
            event = named(nests[EVENT], EVENT_ATTRS)
            wrong = [*departures(body, *EVENTS[cmd][1:]),
                     *listener.check(event)]
            for text in wrong:
                print(f"wrong: {EVENTS[cmd][0]}: {text}", flush=True)
            if not count:
                print(*listener.words(cmd, event, nests), flush=True)
    print(f"{listener.seen + listener.lost} events", flush=True)
    print(f"{listener.lost} lost", file=sys.stderr)


if __name__ == "__main__":
    main()
