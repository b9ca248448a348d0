#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Two processes, each on a processor of its own, send the first datagrams of
the same flows at the same time: a few flows, wait for each other, the next few.

usage: twice.py COUNT SOURCE DESTINATION PORT
"""

import mmap
import os
import socket
import struct
import sys

import mass
from backlog import Backlog
from traffic import Namespaces, family_of

STEP = 16       # flows; more, and one process runs ahead of the other
PACE = 16       # steps; more, and the receiver falls behind


class Meeting:
    """Where both wait for each other without going to sleep, for who wakes up
    first would always be first."""

    def __init__(self):
        self.steps = mmap.mmap(-1, 16)
        self.alone = os.cpu_count() == 1

    def wait(self, who, step):
        struct.pack_into("=Q", self.steps, 8 * who, step)
        while struct.unpack_from("=Q", self.steps, 8 - 8 * who)[0] < step:
            if self.alone:
                os.sched_yield()


def send(meeting, who, count, src, dst, port):
    backlog = Backlog()
    os.sched_setaffinity(0, {who % os.cpu_count()})
    family = family_of(dst)
    batch = mass.Batch(family, (src, mass.FIRST), (dst, port))
    width = 16 if family == socket.AF_INET6 else 4
    base = int.from_bytes(socket.inet_pton(family, src), "big")
    sock = Namespaces().socket("", family, socket.SOCK_RAW,
                               socket.IPPROTO_RAW)
    step = 0
    for addr, first, run in mass.flows(base, 0, count):
        for start in range(0, run, STEP):
            part = min(STEP, run - start)
            ports = range(first + start, first + start + part)
            batch.lay(batch.udp, ports, 2)
            batch.lay(batch.udp - 2 * width, [addr] * part, width)
            if family == socket.AF_INET6:
                batch.sums(part)
            step += 1
            meeting.wait(who, step)
            batch.send(sock, part)
            if step % PACE == 0:
                backlog.ebb()


def main():
    count, src, dst, port = sys.argv[1:]
    meeting = Meeting()
    child = os.fork()
    send(meeting, 1 if child else 0, int(count), src, dst, int(port))
    if not child:
        os._exit(0)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


main()
