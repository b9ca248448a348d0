# SPDX-License-Identifier: GPL-2.0-only
"""What came out, judged packet by packet, and the module's counters, compared
with what was seen."""

import os
import re
import time
from collections import Counter

import wire
from wire import ICMP, ICMP6, PORTS, SCTP, UDP
from world import OWN_TTL

COUNTERS = "/sys/kernel/opvs/"
HEADER = os.path.join(os.path.dirname(__file__), "..", "..", "..", "include",
                      "opvs", "counters.h")
KEPT = 20               # faults that are told


def request_verdicts():
    """Names of the counters that add up to service_packets, from the source."""
    with open(HEADER) as file:
        rows = file.read().partition("OPVS_REQUEST_VERDICTS(K, D)")[2]
    rows = rows.partition("\n\n")[0]
    return re.findall(r'^\t[KD]\(\w+, "(\w+)"', rows, re.MULTILINE)


VERDICTS = request_verdicts()


class Judge:
    """Remembers what was sent and finds fault with what comes of it."""

    def __init__(self, world):
        self.world = world
        self.shots = {}
        self.pieces = {}
        self.faults = []
        self.count = 0
        self.forget()

    def forget(self):
        """A round begins."""
        self.tally = Counter()
        self.round = []

    def fault(self, text, shot=None, data=b""):
        self.count += 1
        if self.count > KEPT:
            return
        self.faults.append(text)
        if shot:
            self.faults += [f"  in, {shot.device}: {packet.hex()}"
                            for packet in shot.packets[:4]]
        if data:
            self.faults.append(f"  out: {data.hex()[:1200]}")

    def sent(self, shot):
        self.round.append(shot)
        for extra in range(shot.cookies):
            self.shots[shot.family, shot.cookie + extra] = shot

    # ---- what comes out ----

    def own(self, packet):
        """Did the director's own stack begin it?"""
        if packet.ttl == OWN_TTL or packet.proto == 2:
            return True
        # Of multicast groups, neighbours, and redirects
        return packet.proto == ICMP6 and packet.ttl in (1, 255) and \
            130 <= packet.segment[0] <= 143

    def came(self, device, data, partial):
        """Returns the packet, and whether it is one that was sent."""
        packet = wire.read(data)
        if packet is None:
            self.fault(f"{device}: no packet", None, data)
            return None, False
        if not packet.head_good:
            self.fault(f"{device}: sum of the header: {packet}", None, data)
        if self.own(packet):
            kind = "ports" if packet.proto in PORTS else "icmp"
            self.tally["own_" + kind] += 1
            if packet.whole and wire.judge(
                    packet.src, packet.dst, packet.proto, packet.segment,
                    partial) == "bad":
                self.fault(f"{device}: the host's own sum: {packet}", None,
                           data)
            return packet, False
        shot = self.shots.get((packet.family, packet.cookie))
        if shot is None:
            self.fault(f"{device}: from nowhere: {packet}", None, data)
            return packet, False
        if not packet.at:
            self.first(device, packet, shot, data)
        self.contents(packet, shot, data, partial)
        return packet, True

    def first(self, device, packet, shot, data):
        """It leaves as often as it came at most, one hop on, and by right."""
        shot.seen += 1
        shot.out = packet
        if shot.seen > shot.most:
            self.fault(f"{device}: for the {shot.seen}th time: {packet}", shot,
                       data)
        if packet.ttl != shot.ttl - 1 and shot.device != "host":
            self.fault(f"{device}: TTL was {shot.ttl}: {packet}", shot, data)
        moved = packet.src != shot.src
        if shot.dst in self.world.locals:
            kind = "forwarded" if packet.proto in PORTS else "icmp_to_server"
            right = packet.dst == shot.dst or packet.dst in self.world.servers
            if kind == "forwarded":
                right = right and not moved
        else:
            kind = "by" if not moved else \
                "replies" if packet.proto in PORTS else "icmp_to_client"
            right = packet.dst == shot.dst
            if kind == "replies":
                right = right and shot.src in self.world.servers and \
                    packet.src in self.world.locals
            elif kind == "icmp_to_client":
                right = right and packet.src in self.world.locals
        if not right:
            self.fault(f"{device}: as {kind}: {packet}", shot, data)
        self.tally[kind] += 1
        if shot.datagrams > 1 and shot.seen > 1:
            self.tally[kind + "_gso"] += 1

    def contents(self, packet, shot, data, partial):
        """Fragments are judged when all have come. Of fragments in fragments it
        is not known which belong together.
        """
        if packet.nested:
            return
        if packet.whole:
            self.judge(packet, packet.segment, shot, data, partial)
            return
        key = packet.family, packet.cookie, packet.ident, packet.dst
        parts = self.pieces.setdefault(key, {})
        parts[packet.at] = packet
        size = sum(len(part.segment) for part in parts.values())
        last = max(parts)
        if parts[last].more or last + len(parts[last].segment) != size:
            return
        del self.pieces[key]
        whole = b"".join(parts[at].segment for at in sorted(parts))
        # Only the first one has the header that names the protocol.
        if 0 in parts:
            self.judge(parts[0], whole, shot, data, partial)

    def judge(self, packet, segment, shot, data, partial):
        verdict = wire.judge(packet.src, packet.dst, packet.proto, segment,
                             partial)
        if shot.judged == "good" and verdict not in ("good", "unknown"):
            self.fault(f"sum was good, now {verdict}: {packet}", shot, data)
        if shot.judged == "bad" and verdict == "good" and packet.proto != SCTP:
            self.fault(f"sum was bad, now good: {packet}", shot, data)
        if shot.judged == "none" and verdict != "none" and packet.proto == UDP:
            self.fault(f"there was no sum, now {verdict}: {packet}", shot, data)
        if shot.segment is None or shot.datagrams > 1 or \
                packet.proto in (ICMP, ICMP6):
            return
        if packet.proto != shot.proto or wire.body(packet.proto, segment) != \
                wire.body(shot.proto, shot.segment):
            self.fault(f"contents changed: {packet}", shot, data)

    # ---- a round's end ----

    def plain_requests(self):
        """Those of this round that certainly were some service's; other
        protocols' may belong to no connection."""
        return sum(shot.plain and shot.proto == UDP and all(shot.ports) and
                   self.world.serving(shot.family, UDP, shot.dst,
                                      shot.ports[1])
                   for shot in self.round)

    def suspects(self):
        """What may have made the difference, if that is few packets."""
        unseen = [shot for shot in self.round
                  if not shot.seen and shot.dst in self.world.locals]
        if len(unseen) <= 12:
            for shot in unseen:
                self.fault("not seen again", shot)

    def compare(self, before, after, lost, steady):
        """The counters' rise with what was seen. Of a GSO packet it is not known
        whether the module or a device cut it, of a reply to this host nothing
        is seen, and what this host says itself may be any of them."""
        rise = {name: after[name] - before[name] for name in after}
        tally = self.tally
        to_host = sum(shot.datagrams for shot in self.round
                      if shot.dst in self.world.locals)
        ports, icmp = tally["own_ports"], tally["own_icmp"]
        for name, more in (("forwarded", ports), ("icmp_to_server", icmp),
                           ("icmp_to_client", icmp + to_host),
                           ("replies", ports + to_host)):
            most = tally[name] + more + lost
            least = tally[name] - tally[name + "_gso"]
            if not least <= rise[name] <= most:
                self.fault(f"{name} rose by {rise[name]}; seen {least} to "
                           f"{most}, {lost} lost behind")
                self.suspects()
        total = sum(rise[name] for name in VERDICTS)
        if total != rise["service_packets"]:
            self.fault(f"service_packets rose by {rise['service_packets']}, "
                       f"verdicts by {total}: " +
                       ", ".join(f"{n} {rise[n]}" for n in VERDICTS if rise[n]))
        if steady and self.plain_requests() > rise["service_packets"]:
            self.fault(f"{self.plain_requests()} ordinary requests, "
                       f"service_packets rose by {rise['service_packets']}")
        return rise


def read_all():
    """The module's numbers, of this thread's network namespace."""
    numbers = {}
    for name in os.listdir(COUNTERS):
        with open(COUNTERS + name) as file:
            text = file.read().strip()
        if text.isdigit():
            numbers[name] = int(text)
    return numbers


def lost_behind(devices):
    """Packets that the stack gave up after the module had let them go."""
    total = 0
    with open("/proc/thread-self/net/dev") as file:
        for line in file:
            name, _, numbers = line.partition(":")
            if name.strip() in devices:
                total += int(numbers.split()[11])
    with open("/proc/thread-self/net/snmp") as file:
        rows = [line.split() for line in file if line.startswith("Ip:")]
    numbers = dict(zip(*rows))
    with open("/proc/thread-self/net/snmp6") as file:
        numbers |= dict(line.split() for line in file)
    for name in ("OutDiscards", "FragFails", "OutNoRoutes", "Ip6OutDiscards",
                 "Ip6FragFails", "Ip6OutNoRoutes"):
        total += int(numbers[name])
    return total


def at_rest(seconds=10):
    """The numbers when no entry is being released any more, and what is wrong
    with them."""
    for _ in range(seconds * 20):
        now = read_all()
        released = now["ops_released_inline"] + now["ops_released_deferred"]
        begun = now["conn_created"] + now["template_created"]
        ended = now["conn_ended"] + now["template_ended"] + now["conns"]
        if now["ops_created"] == released and begun == ended:
            return now, ""
        time.sleep(0.05)
    return now, (f"ops_created {now['ops_created']}, released {released}; "
                 f"entries begun {begun}, ended or alive {ended}")
