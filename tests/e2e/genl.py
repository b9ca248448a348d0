# SPDX-License-Identifier: GPL-2.0-only
"""Raw generic netlink for tests: messages are built and read byte by byte,
so that nothing between the test and the kernel is polite.  The numbers of the
ABI are in abi.py."""

import ctypes
import fcntl
import os
import socket
import struct

from abi import ANSWERS, SHAPES

NETLINK_GENERIC = 16
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP = 1
NETLINK_CAP_ACK = 10
NETLINK_EXT_ACK = 11

NLM_F_REQUEST = 1
NLM_F_ACK = 4
NLM_F_DUMP = 0x300
NLM_F_CAPPED = 0x100
NLM_F_ACK_TLVS = 0x200

NLMSG_ERROR = 2
NLMSG_DONE = 3

NLA_F_NESTED = 0x8000
NLA_TYPE_MASK = 0x3fff

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914


def u8(value):
    return struct.pack("=B", value)


def u16(value):
    return struct.pack("=H", value)


def u32(value):
    return struct.pack("=I", value & 0xffffffff)


def be16(value):
    return struct.pack("!H", value)


def string(text):
    return text.encode() + b"\0"


def ip(text):
    """An address in the 16 bytes that clients send."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return socket.inet_pton(family, text).ljust(16, b"\0")


def attr(kind, payload):
    data = struct.pack("=HH", 4 + len(payload), kind) + payload
    return data + bytes(-len(data) % 4)


def nest(kind, names, values, flag=NLA_F_NESTED):
    """A nest of the attributes that are not None; keys are names or numbers."""
    body = b""
    for name, payload in values.items():
        if payload is not None:
            number = name if isinstance(name, int) else names[name]
            body += attr(number, payload)
    return attr(kind | flag, body)


def attrs(data):
    """[(type, payload)] of a run of attributes."""
    found = []
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        found.append((kind & NLA_TYPE_MASK, data[4:size]))
        data = data[(size + 3) & ~3:]
    return found


def by_number(names):
    return {number: name for name, number in names.items()}


def named(data, names):
    """{name: payload} of a nest, in its order; {number: payload} where the
    number has no name."""
    known = by_number(names)
    return {known.get(kind, kind): payload for kind, payload in attrs(data)}


def departures(data, name, kinds=None):
    """In which ways the attributes of a set in an answer, of which there may be
    these kinds, are not as the specification says."""
    seen = set()
    for kind, payload in attrs(data):
        least, most, inner, many = SHAPES[name].get(kind, (1, 0, None, False))
        if least > most or kind not in (kinds or SHAPES[name]):
            yield f"{name}: attribute {kind}"
        elif not least <= len(payload) <= most:
            yield f"{name}: attribute {kind} of {len(payload)} bytes"
        elif kind in seen and not many:
            yield f"{name}: attribute {kind} twice"
        if inner:
            yield from departures(payload, inner)
        seen.add(kind)


class Answer:
    """What came back: errno (0 for success), extack text, messages."""

    def __init__(self):
        self.errno = 0
        self.text = ""
        self.messages = []      # (family id, command, attribute bytes)
        self.reads = 0          # buffers that it took


class Family:
    """A generic netlink family, on a socket of its own."""

    def __init__(self, name):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.settimeout(30)
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            self.sock.setsockopt(SOL_NETLINK, option, 1)
        self.name = name
        self.departures = None  # a list gets those of all answers
        self.cmd = self.seq = 0
        self.id = 16            # the controller, which knows the others
        answer = self.ask(3, attr(2, string(name)))
        if answer.errno:
            raise OSError(answer.errno, os.strerror(answer.errno), name)
        found = dict(attrs(answer.messages[0][2]))
        self.id = struct.unpack("=H", found[1])[0]
        self.groups = {}        # number of each multicast group
        for _, group in attrs(found.get(7, b"")):
            (_, title), (_, number) = sorted(attrs(group))
            self.groups[title.rstrip(b"\0").decode()] = \
                struct.unpack("=I", number)[0]

    def join(self, group):
        """From here on the socket is for events: a question would get them
        among its answers."""
        self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
                             self.groups[group])

    def events(self):
        """What one buffer has: (number, {number: attribute})."""
        data = self.sock.recv(1 << 16)
        while len(data) >= 16:
            size, kind, _, seq, port = struct.unpack_from("=IHHII", data)
            body, data = data[16:size], data[(size + 3) & ~3:]
            if kind != self.id or seq or port:
                raise RuntimeError("not an event")
            yield body[0], body[4:]

    def ask(self, cmd, payload=b"", dump=False):
        answer = self.begin(cmd, payload, dump)
        while not self.more(answer):
            pass
        return answer

    def begin(self, cmd, payload=b"", dump=False):
        """Sends a request; its answer is read by more()."""
        self.seq += 1
        self.cmd = cmd
        flags = NLM_F_REQUEST | (NLM_F_DUMP if dump else NLM_F_ACK)
        body = struct.pack("=BBH", cmd, 1, 0) + payload
        self.sock.send(struct.pack("=IHHII", 16 + len(body), self.id, flags,
                                   self.seq, 0) + body)
        return Answer()

    def more(self, answer):
        """Takes one buffer; true when the answer is complete."""
        data = self.sock.recv(1 << 16)
        answer.reads += 1
        while len(data) >= 16:
            size, kind, flags, seq, _ = struct.unpack_from("=IHHII", data)
            body, data = data[16:size], data[(size + 3) & ~3:]
            if seq != self.seq:
                raise RuntimeError("answer to another question")
            if kind in (NLMSG_ERROR, NLMSG_DONE):
                self._end(answer, kind, flags, body)
                return True
            answer.messages.append((kind, body[0], body[4:]))
            if self.departures is not None:
                self.compare(body[0], body[4:])
        return False

    def compare(self, cmd, data):
        """Notes in which ways an answer is not as the specification says."""
        want, name, kinds = ANSWERS[self.cmd]
        if cmd != want:
            self.departures.append(f"answer {cmd} to command {self.cmd}")
        self.departures += departures(data, name, kinds)

    def as_specified(self, tap):
        """To be called at the end, where departures was a list before."""
        tap.ok(self.departures == [], "answers are as specified",
               *self.departures[:9])

    @staticmethod
    def _end(answer, kind, flags, body):
        answer.errno = -struct.unpack_from("=i", body)[0] if body else 0
        if not flags & NLM_F_ACK_TLVS:
            return
        skip = 4
        if kind == NLMSG_ERROR:
            size = struct.unpack_from("=I", body, 4)[0]
            skip += 16 if flags & NLM_F_CAPPED else (size + 3) & ~3
        for number, payload in attrs(body[skip:]):
            if number == 1:
                answer.text = payload.rstrip(b"\0").decode()


def unshare(flags):
    """Moves to new namespaces; in a new network lo is brought up, as without
    an address the kernel takes every address for a broadcast."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), "unshare")
    if flags & CLONE_NEWNET:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", 1))


class Tap:
    """Test Anything Protocol."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, good, name, *notes):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        if not good:
            for note in notes:
                print(f"# {note}")

    def end(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed or not self.count else 0
