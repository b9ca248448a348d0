# SPDX-License-Identifier: GPL-2.0-only
"""Feeds packets by the replay module, and sees to it that what went in came out
again."""

import contextlib
import statistics

import wire

FOLDER = "/sys/kernel/debug/replay/"


class Mismatch(Exception):
    """What should have happened to the packets did not."""


def sent_by(device):
    """Packets that a device of this network namespace has transmitted."""
    with open("/proc/net/dev", encoding="ascii") as file:
        for line in file:
            name, _, counters = line.partition(":")
            if name.strip() == device:
                return int(counters.split()[9])
    raise Mismatch(f"there is no {device}")


class Replay:
    """The module."""

    def __init__(self):
        self.loaded = None

    def load(self, packets):
        """The list of packets, unless it is the one already there."""
        if packets is self.loaded:
            return
        with open(FOLDER + "packets", "wb", buffering=0) as file:
            file.write(wire.records(packets))
        self.loaded = packets

    @staticmethod
    def run(dev, count, **options):
        """What each CPU found: numbers by name, and the times of paced packets
        as {nanoseconds: packets}."""
        words = [f"dev={dev}", f"count={count}"]
        words += [name if value is True else f"{name}={value}"
                  for name, value in options.items()]
        with open(FOLDER + "run", "w", encoding="ascii") as file:
            file.write(" ".join(words))
        found = []
        with open(FOLDER + "result", encoding="ascii") as file:
            for line in file:
                words = {name: int(value) for name, value in
                         (word.split("=") for word in line.split())}
                if "fed" in words:
                    found.append({**words, "times": {}})
                else:
                    found[-1]["times"][words["bin"]] = words["packets"]
        for cpu in found:
            if cpu["fed"] != count:
                raise Mismatch(f"{cpu['fed']} of {count} packets were fed")
        return found


class Bench:
    """Measures paths: COUNT packets, in network namespaces SPACES by name, or
    in the present one."""

    def __init__(self, count, spaces):
        self.count = count
        self.spaces = spaces
        self.replay = Replay()

    def inside(self, name):
        return self.spaces[name].inside() if name else contextlib.nullcontext()

    def run(self, path, count, passed=1, **options):
        """Feeds packets on some CPUs, and sees to it that as many have left:
        each one, or with PASSED 0 none."""
        self.replay.load(path.packets)
        before = sent_by(path.out)
        found = self.replay.run(path.dev, count, **{**path.options, **options})
        came, due = sent_by(path.out) - before, count * len(found) * passed
        if came != due:
            raise Mismatch(f"{path.name}: {count * len(found)} packets went "
                           f"in, {came} came out, not {due}")
        return found

    def feed(self, path, count=None, **options):
        """Nanoseconds per packet."""
        count = count or self.count
        found = self.run(path, count, **options)
        return max(cpu["ns"] for cpu in found) / count

    def plain(self, path):
        """The same packets, forwarded."""
        return self.feed(path.plain)

    def drop(self, path):
        """The same packets, which the stack drops at once."""
        return self.feed(path, passed=0, other=True)


def spread(values):
    return {"median": statistics.median(values), "least": min(values),
            "most": max(values)}
