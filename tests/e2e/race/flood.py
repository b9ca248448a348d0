#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends datagrams at a steady rate until it is killed: from many ports, to
each destination in turn, some of them SIP messages.

usage: flood.py RATE ADDRESS PORT [ADDRESS PORT]...
"""

import itertools
import socket
import sys
import time

SOCKETS = 16    # for each destination
BURST = 10      # back to back, so that processors meet


def senders(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for _ in range(SOCKETS):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        yield lambda data, sock=sock: sock.sendto(data, (address, port))


def main():
    rate, *words = sys.argv[1:]
    targets = zip(*(senders(address, int(port))
                    for address, port in zip(words[::2], words[1::2])))
    turns = itertools.cycle([send for turn in targets for send in turn])
    due = time.monotonic()
    for number in itertools.count():
        data = b"x" * (number % 100)
        if number % 2:
            data = (b"OPTIONS sip:a@b SIP/2.0\r\n"
                    b"Call-ID: %d\r\n\r\n" % number)
        try:
            next(turns)(data)
        except OSError:
            pass    # told of an ICMP error, or the queue is full
        if number % BURST == 0:
            due = max(due + BURST / int(rate), time.monotonic() - 1)
            time.sleep(max(0, due - time.monotonic()))


if __name__ == "__main__":
    main()
