#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A health check, as operators write them: asks a server from an unconnected
socket and wants the answer from the address and port that it asked.

usage: probe.py ADDRESS PORT
"""

import socket
import sys

TRIES = 5


def main():
    asked = (sys.argv[1], int(sys.argv[2]))
    family = socket.AF_INET6 if ":" in asked[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        for _ in range(TRIES):
            sock.sendto(b"ping", asked)
            try:
                peer = sock.recvfrom(2048)[1]
            except (TimeoutError, ConnectionError):
                continue
            return 0 if peer[:2] == asked else 1
    return 1


sys.exit(main())
