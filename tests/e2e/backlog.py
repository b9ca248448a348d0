# SPDX-License-Identifier: GPL-2.0-only
"""Packets under way. Each link of the tests' network, and each namespace's own
device, is a queue of the processor that sends, which the kernel empties when it
gets around to it: at once, or in a thread that has to wait for its turn. So a
sender may be through long before its last packet is anywhere."""

import os
import time

HOPS = 12               # queues in a row: no packet and what it causes pass more
PATIENCE = 4000         # naps without a packet after which a queue is given up
NAP = 0.001
MASK = 0xffffffff       # the kernel's counters are as long as this


class Backlog:
    """The queues of all processors. Their owner stays on one processor, since
    a service may have turns of its own for each."""

    def __init__(self):
        self.cpus = sorted(os.sched_getaffinity(0))
        self.home = self.cpus[0]
        self.empty = None
        # Not closed before the process ends.
        self.file = open("/proc/net/softnet_stat", "rb", buffering=0)
        self._stay()

    def _stay(self):
        os.sched_setaffinity(0, {self.home})

    def move(self):
        """To the next processor."""
        at = self.cpus.index(self.home) + 1
        self.home = self.cpus[at % len(self.cpus)]
        self._stay()

    def _read(self):
        """By processor: packets ever taken from its queue, and those in it."""
        self.file.seek(0)
        rows = [[int(word, 16) for word in line.split()]
                for line in self.file.read().splitlines()]
        return {row[12]: (row[0], row[11]) for row in rows}

    def ebb(self):
        """Until the queues have been empty."""
        naps = PATIENCE
        while naps and any(waiting for _, waiting in self._read().values()):
            time.sleep(NAP)
            naps -= 1

    def _outlast(self, cpu):
        """Until what is in this queue now has been dealt with. Who runs on a
        processor knows that no packet is half done there."""
        if cpu != self.home:
            os.sched_setaffinity(0, {cpu})
        taken, waiting = self._read()[cpu]
        due, naps = waiting, PATIENCE
        while waiting and due > 0 and naps:
            time.sleep(NAP)
            before = taken
            taken, waiting = self._read()[cpu]
            due -= taken - before & MASK
            naps = naps - 1 if taken == before else PATIENCE
        if cpu != self.home:
            self._stay()

    def step(self):
        """Lets each packet that is under way pass one more queue; true if there
        was none."""
        before = self._read()
        if before == self.empty:
            return True
        for cpu in self.cpus:
            self._outlast(cpu)
        if before != self._read() or \
                any(waiting for _, waiting in before.values()):
            return False
        self.empty = before
        return True

    def drain(self):
        """Until there are none. Others may go on sending; what was under way
        when this began has arrived all the same."""
        for _ in range(HOPS):
            if self.step():
                break
