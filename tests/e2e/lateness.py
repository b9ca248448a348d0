#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""How late the machine is: for how many milliseconds in all a processor has not
come to what was due, because the host did something else. A test that measures
whether something happens in time has to allow for that much.

usage: lateness.py FILE

Writes the number to FILE, over and over, until it is ended.
"""

import os
import sys
import time

NAP = 0.05
COMMON = 0.05       # seconds that a nap may well be longer


def watch(cpu, path):
    os.sched_setaffinity(0, {cpu})
    total = 0.0
    file = os.open(path, os.O_WRONLY)
    while os.getppid() > 1:
        due = time.monotonic() + NAP
        time.sleep(NAP)
        late = time.monotonic() - due
        if late > COMMON:
            total += late
        os.pwrite(file, b"%10d\n" % (total * 1000), 11 * cpu)


def main():
    path = sys.argv[1]
    with open(path, "wb") as file:
        file.write(b"%10d\n" % 0 * os.cpu_count())
    for cpu in range(1, os.cpu_count()):
        if not os.fork():
            watch(cpu, path)
            return
    watch(0, path)


main()
