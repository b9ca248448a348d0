#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Random socket options of ip_vs, in a network namespace of its own.

usage: options.py SEED CALLS

Right structures, changed ones and noise, of any length. Each answer must be
nothing or an error that is known, nothing may be written behind an answer, and in
the end all can be removed. Needs root and opvs. Output: TAP.
"""

import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

# pylint: disable=wrong-import-position
from genl import CLONE_NEWNET, Tap, unshare
from sockopt import (ANSWERS, BASE, DESTS, FLUSH, GUARD, LENGTHS, SERVICES,
                     Options, daemon, dest, key, service)

KNOWN = {"-", "EINVAL", "EFAULT", "ESRCH", "EEXIST", "ENOENT", "ERANGE", "ENOSYS",
         "ENODEV", "EPROTONOSUPPORT", "ENOPROTOOPT", "ENOMEM"}
SCHEDULERS = (b"rr", b"wlc", b"mh", b"sh", b"none", b"x" * 16, b"")


class Maker:
    """Makes what is passed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def named(self):
        return {"proto": self.random.choice((6, 17, 17, 132, 0, 1)),
                "vip": self.random.choice(("192.0.2.1", "192.0.2.2", "0.0.0.0")),
                "port": self.random.choice((0, 5060, 5061, 65535)),
                "mark": self.random.choice((0, 0, 0, 7, 0xffffffff))}

    def service(self):
        return service(sched=self.random.choice(SCHEDULERS),
                       flags=self.random.choice((0, 1, 4, 0xff)),
                       timeout=self.random.choice((0, 60, 0xffffffff)),
                       mask=self.random.choice((0, 0xffffff, 0xffffffff)),
                       **self.named())

    def dest(self):
        return dest(f"192.0.2.{self.random.randrange(10, 50)}",
                    port=self.random.choice((0, 5060, 5061)),
                    method=self.random.randrange(9),
                    weight=self.random.choice((-1, 0, 1, 100, 0x7fffffff)),
                    upper=self.random.choice((0, 0, 10, 0xffffffff)),
                    lower=self.random.choice((0, 0, 5, 0xffffffff)))

    def spoil(self, data):
        """Other bytes here and there, or another length."""
        data = bytearray(data)
        for _ in range(self.random.choice((0, 0, 0, 1, 3))):
            if data:
                data[self.random.randrange(len(data))] = \
                    self.random.randrange(256)
        if self.random.random() < 0.1:
            data = data[:self.random.randrange(len(data) + 1)]
        if self.random.random() < 0.1:
            data += self.random.randbytes(self.random.randrange(200))
        return bytes(data)

    def set(self):
        """An option, and what it is set to."""
        option = BASE + self.random.randrange(16)
        if self.random.random() < 0.05:
            return option, self.random.randbytes(self.random.randrange(300))
        right = LENGTHS.get(option, self.random.randrange(100))
        made = {68: lambda: self.service() + self.dest(), 44: self.service,
                24: lambda: daemon(self.random.randrange(-1, 4)),
                12: lambda: struct.pack("=3i", *(self.random.randrange(-1, 1000)
                                                 for _ in range(3)))}
        data = made.get(right, lambda: self.random.randbytes(right))()
        # All at once not too often, or there is never anything.
        if option == FLUSH and self.random.random() < 0.95:
            data = b"x"
        return option, self.spoil(data)

    def get(self):
        """An option, what is asked, and how long the answer may be."""
        option = BASE + self.random.randrange(8)
        number = self.random.choice((0, 1, 5, 40, 0xffffffff))
        data = key(**self.named())
        length = ANSWERS.get(option, 8)
        if option in (SERVICES, DESTS):
            head = b"" if option == SERVICES else data
            data = head + struct.pack("=I4x", number)
            length += min(number, 100) * (104 if option == SERVICES else 96)
        if self.random.random() < 0.2:
            length = self.random.randrange(-1, 400)
        return option, self.spoil(data.ljust(104, b"\0"))[:104], length


def main():
    seed, calls = (int(word) for word in sys.argv[1:])
    unshare(CLONE_NEWNET)
    maker, options, tap = Maker(seed), Options(), Tap()
    seen, beyond = {}, 0
    for _ in range(calls):
        if maker.random.random() < 0.6:
            error = options.set(*maker.set())
        else:
            option, data, length = maker.get()
            error, got, size = options.get(option, data, length,
                                           room=max(length, 0) + 256)
            tail = got[max(size, len(data)):]
            beyond += bool(got) and tail != bytes([GUARD]) * len(tail)
        seen[error] = seen.get(error, 0) + 1
    tap.ok(set(seen) <= KNOWN, f"{calls} random socket options: every answer is"
           " known", str(seen))
    tap.ok({"-", "EINVAL", "ESRCH", "EEXIST"} <= set(seen),
           "some of them were right, and some wrong", str(seen))
    tap.ok(not beyond, "nothing is written behind an answer", str(beyond))
    tap.ok(options.set(FLUSH, b"") == "-", "and all goes in the end")
    with open("/proc/net/ip_vs", encoding="utf-8") as file:
        tap.ok(len(file.read().split("\n")) == 4, "and nothing is left")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
