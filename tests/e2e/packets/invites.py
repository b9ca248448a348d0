# SPDX-License-Identifier: GPL-2.0-only
"""INVITEs of 4 kB whose fragments come shuffled, with those of other calls between
them: each has to arrive whole, at the server of its call."""

import random

from build import (METHODS, TTL, from_director, ip, payload, pieces, to_director,
                   together, udp)
from director import SERVERS, address
from traffic import sip_message

PORT = 5060
SIZE = 4000
PIECE = 1400
BATCH = 10              # calls whose fragments are mixed
HOSTS = range(2, 2 + SERVERS)
VIPS = {method: 200 + method.number for method in METHODS
        if not method.wrap or method.name.startswith("ipip")}


def service_lines():
    """One-packet services with a hash of the Call-ID, with several servers."""
    for method, vip in VIPS.items():
        for family in (4, 6):
            name = address(family, "vip", vip)
            name = f"-u [{name}]:{PORT}" if family == 6 else f"-u {name}:{PORT}"
            yield f"-A {name} -s mh -o --pe sip"
            for host in HOSTS:
                server = address(method.outer or family, "s1", host)
                server = f"[{server}]" if ":" in server else server
                yield f"-a {name} -r {server}:{PORT} {method.options}"


class Calls:
    """To the service of one method and family."""

    def __init__(self, director, method, family, seed):
        self.director = director
        self.method, self.family = method, family
        self.rng = random.Random(f"{seed}/{method.name}/{family}")
        self.faults = []
        self.whole = 0
        self.hosts = set()

    def message(self, dst, name, call, ttl, ident=0):
        size = SIZE if name == "INVITE" else 0
        return ip(self.family, address(self.family, "c0", 2), dst, ttl=ttl,
                  ident=ident) / udp(5060, PORT, sip_message(name, call, size))

    def send(self, frames):
        for made in frames:
            self.director.devices["c0"].write(to_director("c0", made))

    def came(self, count):
        return [frame for frame, _ in
                self.director.collect({"s1": count})["s1"]]

    def server_of(self, call):
        """Where a short message of the call goes, as the host's number."""
        self.send([self.message(address(self.family, "vip",
                                        VIPS[self.method]),
                                "ACK", call, TTL)])
        frames = self.came(1)
        return frames[0][5] if len(frames) == 1 else None

    def batch(self, names):
        vip = address(self.family, "vip", VIPS[self.method])
        sent = []
        for number, call in enumerate(names, 1):
            sent += pieces(self.message(vip, "INVITE", call, TTL), PIECE,
                           ident=number)
        self.rng.shuffle(sent)
        self.send(sent)
        groups = {}
        for frame in self.came(len(sent)):
            groups.setdefault((frame[5], self.ident(frame)), []).append(frame)
        for number, call in enumerate(names, 1):
            self.judge(call, number, groups)
        if groups:
            self.faults.append(f"{len(groups)} packets that nobody sent")

    def ident(self, frame):
        """Of a fragment, or of the outer one."""
        return frame[18:20] if (self.method.outer or self.family) == 4 else \
            frame[58:62]

    def judge(self, call, number, groups):
        host = self.server_of(call)
        if host not in HOSTS:
            self.faults.append(f"{call}: an ACK went nowhere")
            return
        self.hosts.add(host)
        for key in [key for key in groups if key[0] == host]:
            if self.is_right(groups[key], call, number, host):
                del groups[key]
                self.whole += 1
                return
        self.faults.append(f"{call}: not at host {host}, or not whole")

    def is_right(self, frames, call, number, host):
        dst = address(self.family, "s1", host) if self.method.rewrites else \
            address(self.family, "vip", VIPS[self.method])
        made = self.message(dst, "INVITE", call, TTL - 1, number)
        if self.method.wrap:
            return self.is_wrapped(made, frames, host)
        ident = int.from_bytes(self.ident(frames[0]), "big")
        return frames == [from_director("s1", part, host) for part in
                          pieces(made, PIECE, ident=number if
                                 self.family == 4 else ident)]

    def is_wrapped(self, made, frames, host):
        """However the stack has cut the outer packet."""
        outer = self.method.outer
        whole = together([payload(frame, "s1") for frame in frames])
        if not whole:
            return False
        want = self.method.wrap(outer, address(outer, "s1", 1),
                                address(outer, "s1", host),
                                type(made)(bytes(made)), whole)
        if outer == 4:
            want.flags = 0
        return bytes(want) == whole

    def run(self, count):
        names = [f"{n}-{self.method.name}-{self.family}@packets"
                 for n in range(count)]
        for at in range(0, count, BATCH):
            self.batch(names[at:at + BATCH])
        if count >= BATCH and len(self.hosts) < 2:
            self.faults.append("all went to one server")
