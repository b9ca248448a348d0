#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""opvs and ip_vs, one the master and the other the backup, and the other way
round: each entry arrives with its state, time and server, and both say the same
of the same connections.  Needs root, ip_vs loaded, and opvs beside it.
Output: TAP."""

import sys

from genl import Tap
from sync_world import CALL, INVITE, SCTP, SIP, UDP, Director, Listener, \
    Native, Traffic, World, messages, poll

# How much later the backup's time may be over, or sooner, in seconds: what was
# told is as old as this machine is slow.
SLACK = 25

# The number of that state, of the protocols that have one.
ESTABLISHED = {6: 1, 132: 8}

SPEAKER = {"ip_vs": Director, "opvs": Native}


class Pair:
    """A master and a backup over a group of a family."""

    def __init__(self, tap, master, backup, group):
        self.tap, self.group = tap, group
        self.name = f"{master} tells {backup} over IPv{group}"
        self.world = World()
        self.master = SPEAKER[master](self.world, "m", master)
        self.backup = SPEAKER[backup](self.world, "k", backup)
        self.said = {}

    def ok(self, good, what, *notes):
        self.tap.ok(good, f"{self.name}: {what}", *notes)

    def same(self):
        return self.master.entries().keys() == self.backup.entries().keys()

    def arrive(self, what):
        """All that the master has is at the backup, with its time."""
        if not poll(self.same):
            self.ok(False, what, "master:",
                    *map(str, sorted(self.master.entries())), "backup:",
                    *map(str, sorted(self.backup.entries())))
            return
        here, there = self.master.entries(), self.backup.entries()
        far = [entry for entry in here.keys() & there.keys()
               if abs(here[entry] - there[entry]) > SLACK]
        self.ok(not far and here, what, *(f"{e}: {here[e]} s, {there[e]} s"
                                          for e in far))

    def hear(self):
        """What the master said last of each entry."""
        for data in self.listener.heard():
            _, entries, _ = messages(data)
            for entry in entries:
                key = (entry["proto"], entry["cport"], entry["vport"],
                       entry["addrs"][1])
                self.said.setdefault(key, []).append(entry)

    def play(self):
        for director in self.master, self.backup:
            director.add_services()
            director.add_servers()
            director.setting("sync_threshold", "1 3")
        self.listener = Listener(self.world, self.group)
        self.backup.daemon("backup", self.group)
        self.master.daemon("master", self.group)
        open_now = []
        for family in 4, 6:
            traffic = Traffic(self.world, family, 4000)
            traffic.datagrams(UDP, b"hello")
            open_now += traffic.connection()
            if self.world.sctp:
                open_now += traffic.connection(SCTP)
            Traffic(self.world, family, 4001).datagrams(SIP, INVITE)
        self.arrive("connections and templates")
        found = self.backup.entries()
        calls = [entry for entry in found if entry[8:] == ("sip", CALL)]
        self.ok(len(calls) == 2, "the Call-ID is told", *map(str, found))
        self.hear()
        before = dict(self.said)
        for sock in open_now:
            sock.close()
        ended = lambda: self.same() and not any(
            entry[7] == "ESTABLISHED" for entry in self.backup.entries())
        self.ok(poll(ended), "the end of connections is told",
                *map(str, self.backup.entries()))
        self.backup.stop("backup")
        self.master.stop("master")
        self.said = before

    def close(self):
        self.world.close()


def first_words(pair):
    """By entry, what was said of it first, but for the time; of a template, whose
    connections change it, not its state either. Not of TCP and SCTP: see below."""
    unsteady = {True: ("seconds", "state"), False: ("seconds",)}
    return {key: {name: value for name, value in said[0].items()
                  if name not in unsteady[key[1] == 0]}
            for key, said in pair.said.items() if key[0] not in ESTABLISHED}


def established(pair):
    """What was said of TCP and SCTP connections when they were established."""
    return {key: next((entry for entry in said
                       if entry["state"] == ESTABLISHED[key[0]]), None)
            for key, said in pair.said.items() if key[0] in ESTABLISHED}


def main():
    tap = Tap()
    pairs = {}
    for group in 4, 6:
        for master, backup in ("ip_vs", "opvs"), ("opvs", "ip_vs"):
            pair = Pair(tap, master, backup, group)
            try:
                pair.play()
            finally:
                pair.close()
            pairs[master] = pair
        theirs, ours = first_words(pairs["ip_vs"]), first_words(pairs["opvs"])
        for key in sorted(theirs.keys() | ours.keys(), key=str):
            tap.ok(theirs.get(key) == ours.get(key),
                   f"IPv{group}: the same words about {key}",
                   f"ip_vs: {theirs.get(key)}", f"opvs:  {ours.get(key)}")
        one, other = established(pairs["ip_vs"]), established(pairs["opvs"])
        tap.ok(one and one == other,
               f"IPv{group}: the same about TCP and SCTP connections",
               f"ip_vs: {one}", f"opvs:  {other}")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
