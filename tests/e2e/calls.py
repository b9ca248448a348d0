# SPDX-License-Identifier: GPL-2.0-only
"""Very many SIP dialogs between one client socket and many servers, and which
server got which message.

Calls come in groups. A group is told to say something, an INVITE say, and each
of its calls does; servers answer with a tag of their own in the To header, and
what the call says from then on has that tag, as RFC 3261 wants it. The server
that heard a call first is its home. A message at any other is at a wrong one.

All is done by system calls for many datagrams at a time, because Python on an
emulated machine takes longer for a datagram than the kernel.
"""

import ctypes
import errno
import os
import select
import socket
import struct
from collections import Counter

from mass import IoVec, MmsgHdr
from traffic import LIBC, family_of, parse_addr, udp_socket

BATCH = 128
SIZE = 1024             # no message is longer
WINDOW = 256            # sent and not settled
STALL = 4.0             # seconds without progress after which a round ends
PAUSE = 0.05            # seconds to wait for something to come
MSG_DONTWAIT = 0x40
SO_BINDTODEVICE = 25
TO = b"\r\nTo: <sip:b@example.net>"


class Wire:
    """A UDP socket that takes and gives BATCH datagrams at a time. Given a peer,
    it sends there; else it has to be connected."""

    def __init__(self, sock, peer=None):
        self.sock = sock
        self.out = bytearray(SIZE * BATCH)
        self.space = bytearray(SIZE * BATCH)
        self.out_view = (ctypes.c_char * len(self.out)).from_buffer(self.out)
        self.space_view = (ctypes.c_char *
                           len(self.space)).from_buffer(self.space)
        self.out_iovs, self.out_headers = self._describe(self.out_view)
        self.iovs, self.headers = self._describe(self.space_view)
        if peer:
            self._address(peer)

    @staticmethod
    def _describe(view):
        iovs, headers = (IoVec * BATCH)(), (MmsgHdr * BATCH)()
        for i in range(BATCH):
            iovs[i].base = ctypes.addressof(view) + i * SIZE
            iovs[i].len = SIZE
            headers[i].hdr.iov = ctypes.pointer(iovs[i])
            headers[i].hdr.iovlen = 1
        return iovs, headers

    def _address(self, peer):
        family = family_of(peer[0])
        name = struct.pack("=H", family) + struct.pack(">H", peer[1])
        if family == socket.AF_INET6:
            name += struct.pack("=I16sI", 0, socket.inet_pton(family, peer[0]),
                                0)
        else:
            name += socket.inet_pton(family, peer[0]) + bytes(8)
        self.name = ctypes.create_string_buffer(name, len(name))
        for header in self.out_headers:
            header.hdr.name = ctypes.addressof(self.name)
            header.hdr.namelen = len(name)

    def send(self, messages):
        """At most BATCH of them."""
        for i, message in enumerate(messages):
            self.out[i * SIZE:i * SIZE + len(message)] = message
            self.out_iovs[i].len = len(message)
        done, tries = 0, 0
        while done < len(messages):
            part = LIBC.sendmmsg(
                self.sock.fileno(),
                ctypes.byref(self.out_headers, done * ctypes.sizeof(MmsgHdr)),
                len(messages) - done, 0)
            if part >= 0:
                done += part
                continue
            code = ctypes.get_errno()
            tries += 1
            # An error that a datagram before these has met.
            if code not in (errno.ECONNREFUSED, errno.EHOSTUNREACH,
                            errno.EAGAIN) or tries > 1000:
                raise OSError(code, os.strerror(code), "sendmmsg")

    def receive(self):
        """What has come, at most BATCH datagrams."""
        count = LIBC.recvmmsg(self.sock.fileno(), ctypes.byref(self.headers),
                              BATCH, MSG_DONTWAIT, None)
        return [bytes(self.space[i * SIZE:i * SIZE + self.headers[i].len])
                for i in range(count)]


class Group:
    """Calls whose Call-IDs have a prefix in common."""

    def __init__(self, prefix, count):
        self.prefix = prefix
        self.homes = [None] * count
        self.tags = [b""] * count

    def requests(self, numbers, method, cseq, tagged):
        text = (f"{method} sip:service@example.net SIP/2.0\r\n"
                "Via: SIP/2.0/UDP client.example.net;"
                f"branch=z9hG4bK{cseq}.{self.prefix}-%d\r\n"
                "Max-Forwards: 70\r\n"
                "From: <sip:a@example.net>;tag=%d\r\n"
                "To: <sip:b@example.net>%s\r\n"
                f"Call-ID: {self.prefix}-%d@client.example.net\r\n"
                f"CSeq: {cseq} {method}\r\n"
                "Content-Length: 0\r\n\r\n").encode("ascii")
        return [text % (n, n, self.tags[n] if tagged else b"", n)
                for n in numbers]


def call_of(message):
    """Prefix and number."""
    start = message.index(b"\r\nCall-ID: ") + 11
    prefix, _, number = message[start:message.index(b"@", start)] \
        .partition(b"-")
    return prefix, int(number)


def answer(request, status, name):
    head = request[request.index(b"\r\n"):]
    if TO + b"\r\n" in head:
        head = head.replace(TO, TO + b";tag=" + name, 1)
    return b"SIP/2.0 " + status + head


class Round:
    """One message of each of many calls."""

    def __init__(self, status, gone):
        self.status = status
        self.gone = gone
        self.sent = self.heard = self.answered = self.wrong = self.fled = 0
        self.on = Counter()

    def settled(self):
        return self.answered if self.status else self.heard

    def report(self):
        return {"sent": self.sent, "heard": self.heard,
                "answered": self.answered, "wrong": self.wrong,
                "fled": self.fled} | \
            {"on_" + name: count for name, count in self.on.items()}


class Exchange:
    """The servers, the client's sockets, and the calls between them."""

    def __init__(self):
        self.servers = {}
        self.clients = {}
        self.groups = {}
        self.round = None

    def close(self):
        for wire in [*self.servers.values(), *self.clients.values()]:
            wire.sock.close()
        self.__init__()

    def heard(self, name, message):
        """A server got a request; its answer, if there is to be one."""
        prefix, number = call_of(message)
        homes = self.groups[prefix].homes
        this = self.round
        this.heard += 1
        this.on[name] += 1
        if homes[number] is None:
            homes[number] = name
        elif homes[number] == this.gone:
            this.fled += name != this.gone
        elif homes[number] != name:
            this.wrong += 1
        if this.status:
            return answer(message, this.status, name.encode())
        return None

    def answered(self, message):
        """The client got a response, from whom is clear as it is connected."""
        prefix, number = call_of(message)
        start = message.index(TO) + len(TO)
        self.groups[prefix].tags[number] = \
            message[start:message.index(b"\r\n", start)]
        self.round.answered += 1

    def serve(self):
        """Every socket takes what has come."""
        for name, wire in self.servers.items():
            while requests := wire.receive():
                answers = [self.heard(name, r) for r in requests]
                if self.round.status:
                    wire.send(answers)
        for wire in self.clients.values():
            while responses := wire.receive():
                for message in responses:
                    self.answered(message)

    def await_settled(self, most):
        """Until at most that many are not settled, or nothing moves."""
        this = self.round
        socks = [w.sock for w in [*self.servers.values(),
                                  *self.clients.values()]]
        idle, seen = 0, -1
        while True:
            self.serve()
            if this.sent - this.settled() <= most:
                return True
            if this.heard + this.answered != seen:
                seen, idle = this.heard + this.answered, 0
            elif idle > STALL:
                return False
            elif not select.select(socks, [], [], PAUSE)[0]:
                idle += PAUSE

    def converse(self, client, requests, status, gone):
        """Sends all requests, servers answer with status, if any."""
        self.round = this = Round(status, gone)
        for start in range(0, len(requests), BATCH):
            part = requests[start:start + BATCH]
            client.send(part)
            this.sent += len(part)
            if not self.await_settled(WINDOW - BATCH):
                break
        self.await_settled(0)
        return this.report()


class Verbs:
    """What the agent learns here; see Agent."""

    def __init__(self):
        self.sip = Exchange()

    def do_uas(self, args):
        """A server, id=, that answers the client peer=."""
        addr = parse_addr(args["addr"])
        sock = udp_socket(self.spaces, args.get("ns", ""), family_of(addr[0]))
        sock.bind(addr)
        self.sip.servers[args["id"]] = Wire(sock, parse_addr(args["peer"]))

    def do_uac(self, args):
        """A socket of the client, id=, that takes answers of dst= only."""
        sock = udp_socket(self.spaces, args.get("ns", ""),
                          family_of(args["dst"]))
        if "dev" in args:
            sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE,
                            args["dev"].encode())
        sock.bind(parse_addr(args["src"]))
        sock.connect(parse_addr(args["dst"]))
        self.sip.clients[args["id"]] = Wire(sock)

    def do_calls_new(self, args):
        """A group of calls, id=, which is also the prefix of their Call-IDs."""
        self.sip.groups[args["id"].encode()] = Group(args["id"],
                                                     int(args["count"]))

    def do_calls_say(self, args):
        """Each call of a group says method= from the socket by=, with the tag
        that it got, if any, unless tag=0; servers answer status= or, without
        it, nothing. at= picks the calls whose home that is, not= the others;
        gone= is a home that is no more, whose calls may be anywhere.

        heard, wrong and fled are what servers got, in all, at a wrong one, and
        of calls whose home is gone at another; on_X is what X got."""
        group = self.sip.groups[args["id"].encode()]
        numbers = [n for n, home in enumerate(group.homes)
                   if args.get("at", home) == home != args.get("not", "")]
        method, cseq = args["method"], args.get("cseq", "1")
        tagged = args.get("tag", "1") == "1"
        requests = group.requests(numbers, method, cseq, tagged)
        return self.sip.converse(self.sip.clients[args.get("by", "uac")],
                                 requests, args.get("status", "").encode(),
                                 args.get("gone"))

    def do_calls_homes(self, args):
        """Keeps the homes of a group as map=, see do_moved, and counts them."""
        homes = self.sip.groups[args["id"].encode()].homes
        self.maps[args["map"]] = dict(enumerate(homes))
        counts = Counter(homes)
        return {"none": counts.pop(None, 0), "most": max(counts.values()),
                "least": min(counts.values()), "places": len(counts)} | \
            {"on_" + name: count for name, count in counts.items()}
