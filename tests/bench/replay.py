# SPDX-License-Identifier: GPL-2.0-only
"""Feeds packets by the replay module, and sees to it that what went in came out
again."""

import wire

FOLDER = "/sys/kernel/debug/replay/"


class Mismatch(Exception):
    """What should have happened to the packets did not."""


def sent_by(device):
    with open(f"/sys/class/net/{device}/statistics/tx_packets",
              encoding="ascii") as file:
        return int(file.read())


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
        """Nanoseconds of each CPU."""
        words = [f"dev={dev}", f"count={count}"]
        words += [name if value is True else f"{name}={value}"
                  for name, value in options.items()]
        with open(FOLDER + "run", "w", encoding="ascii") as file:
            file.write(" ".join(words))
        found = []
        with open(FOLDER + "result", encoding="ascii") as file:
            for line in file:
                words = dict(word.split("=") for word in line.split())
                if "fed" in words:
                    if int(words["fed"]) != count:
                        raise Mismatch(f"{words['fed']} of {count} packets "
                                       "were fed")
                    found.append(int(words["ns"]))
        return found


class Bench:
    """Measures paths."""

    def __init__(self, count):
        self.count = count
        self.replay = Replay()

    def feed(self, path, count=None, **options):
        """Nanoseconds per packet, all packets seen to have left."""
        count = count or self.count
        self.replay.load(path.packets)
        before = sent_by(path.out)
        ns = self.replay.run(path.dev, count, **{**path.options, **options})
        came = sent_by(path.out) - before
        if came != count * len(ns):
            raise Mismatch(f"{path.name}: {count * len(ns)} packets went in, "
                           f"{came} came out")
        return max(ns) / count

    def plain(self, path):
        """The same packets, forwarded."""
        return self.feed(path.plain)
