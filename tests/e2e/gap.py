#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Messages of running calls at a steady rate, and where answers are missing. A
machine that is late has fewer of them, not more in a queue that is full.

usage: gap.py SOURCE DESTINATION RATE CALLS

SOURCE and DESTINATION are ADDRESS|PORT. Sends until SIGTERM, and waits for the
last answers.
Prints a line KEY=VALUE...: messages sent and lost; holes, runs of messages that
were lost one after the other; longest_ms, from the answer before the largest
hole to the one behind it; split, calls that were answered by more than one server.
"""

import re
import select
import signal
import socket
import sys
import time

from traffic import (IP_RECVERR, Namespaces, parse_addr, sip_message,
                     udp_socket)

SEQUENCE = re.compile(rb"CSeq: (\d+) ")
CALL = re.compile(rb"Call-ID: (\S+)")
LAST = 2.0		# seconds to wait for the last answers
WINDOW = 8		# messages without an answer, beyond which sending waits
PATIENCE = 0.05		# seconds for an answer then, which may still come later


class Gap:
    """What was sent, and what came back when."""

    def __init__(self, source, peer, calls):
        self.sock = udp_socket(Namespaces(), "", socket.AF_INET)
        # ICMP errors of the gap are not of interest; what is missing is.
        self.sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 0)
        self.sock.bind(source)
        self.peer = peer
        self.calls = calls
        self.sent = self.settled = 0
        self.answered = {}
        self.servers = {}

    def send(self):
        message = sip_message("INFO", f"gap-{self.sent % self.calls}", 0)
        message = message.replace(b"CSeq: 1 ", b"CSeq: %d " % self.sent)
        self.sent += 1
        self.sock.sendto(message, self.peer)

    def receive(self, until):
        """Takes answers until then, and those that are there."""
        while True:
            left = max(0.0, until - time.monotonic())
            if not select.select([self.sock], [], [], left)[0]:
                return
            data = self.sock.recv(4096)
            number = int(SEQUENCE.search(data)[1])
            self.answered.setdefault(number, time.monotonic())
            self.settled = max(self.settled, number + 1)
            self.servers.setdefault(CALL.search(data)[1], set()).add(
                data.partition(b" ")[0])

    def rest(self):
        """While too many are without an answer; the oldest is given up then."""
        while self.sent - self.settled >= WINDOW:
            settled = self.settled
            self.receive(time.monotonic() + PATIENCE)
            self.settled = max(self.settled, settled + 1)

    def report(self):
        times = [self.answered.get(n) for n in range(self.sent)]
        longest = holes = 0
        before, lost = None, False
        for when in times:
            if when is None:
                holes += not lost
            elif lost and before is not None:
                longest = max(longest, when - before)
            lost = when is None
            before = before if lost else when
        return {"sent": self.sent, "lost": times.count(None), "holes": holes,
                "longest_ms": round(longest * 1000),
                "split": sum(len(s) > 1 for s in self.servers.values())}


def main():
    source, destination, rate, calls = sys.argv[1:]
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(True))
    gap = Gap(parse_addr(source), parse_addr(destination), int(calls))
    due = time.monotonic()
    while not over:
        gap.rest()
        gap.send()
        due = max(due + 1 / int(rate), time.monotonic() - 1)
        gap.receive(due)
    gap.receive(time.monotonic() + LAST)
    print(*(f"{key}={value}" for key, value in gap.report().items()))


if __name__ == "__main__":
    main()
