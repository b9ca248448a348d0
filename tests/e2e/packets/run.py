#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends built packets at a director and compares what comes out, byte by byte, with
packets that scapy builds from the configuration alone; and the module's counters
with what has to be counted. Speaks TAP: a line for each kind of packet.

usage: scripts/vm [--kernel LANE] [--time SECONDS]
           tests/e2e/packets/run.py [--only TEXT]
           [--mutations N] [--invites N] [--seed N] [--conntrack]

  --only TEXT     kinds with this in their names, and no random packets
  --conntrack     netfilter tracks all of it, and not only some at the end
  --mutations N   packets changed at random (default 1000)
  --invites N     INVITEs of 4 kB in shuffled fragments, of each method and family
                  (default 20)
  --seed N        start of the random numbers (default 1)
"""

import argparse
import os
import sys
import time
from importlib.util import find_spec

if not find_spec("scapy"):
    sys.exit("Bail out! no python3-scapy; scripts/deps e2e installs it")

import director as world                            # noqa: E402
from build import (METHODS, SERVICES, VIPS, Flow,   # noqa: E402
                   service_lines, together)
import cases                                        # noqa: E402
import errors                                       # noqa: E402
import fragments                                    # noqa: E402
import offloads                                     # noqa: E402
import strangers                                    # noqa: E402
import genl                                         # noqa: E402
import invites                                      # noqa: E402
import ipsec                                        # noqa: E402
import switches                                     # noqa: E402
from mutations import mutate                        # noqa: E402

KINDS = [kind for part in (cases, fragments, strangers, errors, offloads,
                              ipsec, switches)
         for kind in part.KINDS]
KEPT = 3                # faults that are told of a kind
# Kinds that are repeated with tracking: what the tracker calls invalid, too.
TRACKED = ("first packets", "a wrong checksum", "fragments in any order")


def shown(frame):
    """A frame as scapy reads it, and its bytes."""
    from scapy.layers.l2 import Ether
    return [Ether(frame).command(), frame.hex()]


def is_own(frame):
    """Did the director's stack begin it?"""
    at = 14 + 4 * (frame[12:14] == b"\x81\x00")
    return frame[at + (8 if frame[at] >> 4 == 4 else 7)] == world.OWN_TTL


class Bench:
    def __init__(self, director):
        self.director = director
        self.tap = genl.Tap()
        self.cases = 0
        self.patience = 5       # seconds; less when something is wrong anyway
        # The stack may still say that it did not find somebody's neighbour.
        self.noisy = False
        self.sent = []          # frames that may be changed at random later
        self.tracked = False

    # ---- a case ----

    def play(self, case):
        """What is wrong with what comes of it, as lines."""
        before = self.director.counters.read()
        for frame in case.sent:
            device = self.director.devices[frame.device]
            if not device.write(frame.data, frame.vnet, frame.cuts) and \
                    not case.maybe:
                return ["the kernel takes no such frame"]
        wanted = {}
        for want in case.want:
            wanted[want.device] = wanted.get(want.device, 0) + \
                getattr(want, "least", 1)
        came = self.director.collect(wanted, self.patience)
        if self.noisy:
            came = {name: [pair for pair in pairs if not is_own(pair[0])]
                    for name, pairs in came.items()}
        faults = list(self.judge(case, came))
        faults += self.counted(case, before)
        if case.after and (wrong := case.after()):
            faults.append(wrong)
        self.sent += [(frame.device, frame.data) for frame in case.sent]
        self.cases += 1
        return faults

    def judge(self, case, came):
        for want in case.want:
            if not came[want.device]:
                yield f"nothing came out of {want.device}"
                continue
            if isinstance(want, cases.Whole):
                yield from self.judge_whole(want, came)
                continue
            frame, vnet = came[want.device].pop(0)
            data = want.data(frame) if callable(want.data) else want.data
            if frame != data:
                yield f"{want.device}: another frame; it is:"
                yield from shown(frame)
                yield "and not:"
                yield from shown(data)
            for name, value in want.vnet.items():
                have = vnet[world.VNET_FIELDS.index(name)]
                if have != value:
                    yield f"{want.device}: {name} is {have}, not {value}"
        yield from self.judge_rest(case, came)

    def judge_whole(self, want, came):
        packets = [frame[14:] for frame, _ in came[want.device]]
        came[want.device] = []
        whole = together(packets)
        if whole is None or max(map(len, packets)) > want.mtu:
            yield f"{want.device}: fragments that are not of one packet:"
            yield from (data.hex() for data in packets)
        elif whole != want.data(whole):
            yield f"{want.device}: another packet, in fragments; it is:"
            yield whole.hex()
            yield "and not:"
            yield want.data(whole).hex()

    def judge_rest(self, case, came):
        for name, frames in came.items():
            for frame, _ in frames:
                if not (case.stack and is_own(frame)):
                    yield f"{name}: one too many:"
                    yield from shown(frame)

    def counted(self, case, before):
        after, wrong = self.director.at_rest()
        if wrong:
            yield wrong
        rose = world.rise(before, after)
        if rose != case.counts:
            yield f"counted {rose}, not {case.counts}"

    # ---- all cases ----

    def track(self, on=True):
        """From here on netfilter tracks all, where a rule asks for it; or not."""
        self.tracked = on
        world.run("sysctl", "-qw", f"net.ipv4.vs.conntrack={int(on)}")
        if not on:
            world.run("nft", "delete", "table", "inet", "track")
            return
        world.run("nft", "-f", "-", text="""table inet track {
            chain out {
                type filter hook postrouting priority 0; policy accept;
                ct state established counter
            }
        }
        """)

    def kind(self, kind, flows, when=""):
        start, count, bad, notes = time.monotonic(), 0, 0, []
        for flow in kind.flows(flows):
            for case in kind.make(flow):
                if case.uso and not self.director.devices["s2"].uso:
                    continue
                # What the kernel makes whole for the tracker loses it.
                if self.tracked and case.name == "with DF":
                    continue
                count += 1
                faults = self.play(case)
                if not faults:
                    continue
                bad += 1
                self.patience = 0.5
                if bad <= KEPT:
                    notes.append(f"{flow}: {case.name}:")
                    notes += [f"  {fault}" for fault in faults]
                    notes += [f"  sent by {frame.device}: {frame.data.hex()}"
                              for frame in case.sent[:4]]
        self.tap.ok(count and not bad,
                    f"{when}{kind.title}: {count - bad} of {count}",
                    *notes)
        print(f"# {time.monotonic() - start:.1f} s", flush=True)

    def invites(self, count, seed):
        for method in invites.VIPS:
            for family in (4, 6):
                start = time.monotonic()
                calls = invites.Calls(self.director, method, family, seed)
                calls.run(count)
                self.tap.ok(not calls.faults and calls.whole == count,
                            f"{method.name} IPv{family}: INVITEs in shuffled "
                            f"fragments: {calls.whole} of {count} whole, at "
                            "their call's server", *calls.faults[:KEPT])
                print(f"# {time.monotonic() - start:.1f} s", flush=True)

    def mutations(self, count, seed):
        start = time.monotonic()
        self.noisy = True
        faults = list(mutate(self.director, self.sent, count, seed))
        self.tap.ok(not faults, f"{count} packets changed at random",
                    *faults[:2 * KEPT])
        print(f"# {time.monotonic() - start:.1f} s", flush=True)


def all_flows(methods):
    """Each with a client's port of its own."""
    return [Flow(method, family, kind, 10000 + 8 * m + 2 * k + family // 6)
            for m, method in enumerate(methods) for family in (4, 6)
            for k, kind in enumerate(SERVICES)]


def main():
    parser = argparse.ArgumentParser(usage=__doc__.partition("usage: ")[2])
    parser.add_argument("--only", default="")
    parser.add_argument("--mutations", type=int, default=1000)
    parser.add_argument("--invites", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conntrack", action="store_true")
    args = parser.parse_args()
    if not os.environ.get("OPVS_KERNEL"):
        sys.exit("this loads modules; run it by scripts/vm")
    world.run("modprobe", "-a", "opvs", "tun", "8021q")
    with world.Director([*VIPS, *invites.VIPS.values()]) as director:
        world.run("ipvsadm", "-R", text="\n".join(
            [*service_lines(), *invites.service_lines(),
             *ipsec.service_lines()]) + "\n")
        bench = Bench(director)
        if args.conntrack:
            bench.track()
        flows = all_flows(METHODS)
        for number, kind in enumerate(KINDS):
            # Those that are opened first are what the others go on with.
            if not number or args.only in kind.title:
                bench.kind(kind, flows)
        if not args.only and not args.conntrack:
            bench.track()
            later = [flow.at(cport=flow.cport + 2000) for flow in flows]
            for kind in KINDS:
                if kind.title.startswith(TRACKED):
                    bench.kind(kind, later, "tracked, ")
            bench.track(False)
        if not args.only:
            bench.invites(args.invites, args.seed)
            bench.mutations(args.mutations, args.seed)
            later = [flow.at(cport=flow.cport + 1000) for flow in flows]
            for kind in KINDS[:2]:
                bench.kind(kind, later, "afterwards, ")
    print(f"# {bench.cases} cases")
    return bench.tap.end()


if __name__ == "__main__":
    sys.exit(main())
