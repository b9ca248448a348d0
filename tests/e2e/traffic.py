# SPDX-License-Identifier: GPL-2.0-only
"""Sockets that the agent uses: namespaces, servers, clients, captures."""

import contextlib
import ctypes
import errno
import mmap
import os
import socket
import struct
import time
import zlib
from collections import Counter

# Not in Python's socket module of 3.11.
SO_NO_CHECK = 11
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
UDP_SEGMENT = 103
IP_RECVERR, IPV6_RECVERR = 11, 25
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER = 10, 23
ETH_P_ALL = 3
CLONE_NEWNET = 0x40000000

LIBC = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """A command that cannot be carried out."""


def parse_addr(text):
    addr, _, port = text.partition("|")
    return addr, int(port or 0)


def family_of(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def payload_of(args):
    if "data" in args:
        return args["data"].encode("latin-1").decode("unicode_escape") \
            .encode("latin-1")
    return bytes(i % 251 for i in range(int(args.get("size", 32))))


def digest(data):
    """What a brief server answers instead of the datagram."""
    return b"%d %08x" % (len(data), zlib.crc32(data))


class Namespaces:
    """Network namespaces by name, entered for the moment of a system call."""

    def __init__(self):
        self.own = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.known = {"": self.own}

    def _enter(self, handle):
        if LIBC.setns(handle, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    @contextlib.contextmanager
    def inside(self, name):
        if name not in self.known:
            self.known[name] = os.open("/run/netns/" + name, os.O_RDONLY)
        self._enter(self.known[name])
        try:
            yield
        finally:
            self._enter(self.own)

    def socket(self, name, *kind):
        with self.inside(name):
            return socket.socket(*kind)

    def forget(self, name):
        if name and name in self.known:
            os.close(self.known.pop(name))


def udp_socket(spaces, name, family):
    sock = spaces.socket(name, family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
    sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 4 << 20)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    return sock


def read_error(sock):
    """The oldest error report of a socket, as ICMP told it, or None.

    What follows the header in the control message is the address of who
    reported; the message's address is the destination that was quoted.
    """
    try:
        data, control, _, quoted = sock.recvmsg(2048, 512, socket.MSG_ERRQUEUE)
    except BlockingIOError:
        return None
    report = {"length": len(data), "quoted": f"{quoted[0]}|{quoted[1]}"}
    for level, kind, body in control:
        if (level, kind) not in ((socket.IPPROTO_IP, IP_RECVERR),
                                 (socket.IPPROTO_IPV6, IPV6_RECVERR)):
            continue
        code, origin, icmp_type, icmp_code, info = \
            struct.unpack_from("=IBBBxI", body)
        report |= {"errno": errno.errorcode.get(code, code), "origin": origin,
                   "type": icmp_type, "code": icmp_code, "info": info}
        family = struct.unpack_from("=H", body, 16)[0]
        if family == socket.AF_INET:
            report["offender"] = socket.inet_ntop(family, body[20:24])
        elif family == socket.AF_INET6:
            report["offender"] = socket.inet_ntop(family, body[24:40])
    return report


class Endpoint:
    """A UDP socket that reads what is there and then lets go."""

    def __init__(self, sock):
        self.sock = sock
        self.error = None
        self.errors = 0

    def readable(self):
        for _ in range(256):
            try:
                data, peer = self.sock.recvfrom(65535)
            except BlockingIOError:
                break
            except OSError as err:
                self.failed(err)
                continue
            self.received(data, peer)
        # A report that waits without an error keeps poll() awake.
        while report := read_error(self.sock):
            self.noted(report)

    def failed(self, err):
        """A call failed, most likely because of a report that waits."""
        report = read_error(self.sock)
        self.noted(report or {"errno": errno.errorcode.get(err.errno, "?")})

    def noted(self, report):
        self.error = report
        self.errors += 1

    def received(self, data, peer):
        raise NotImplementedError


# Answers that a server of mode gso gives at once.
GSO_ECHOES = 5


def gso_size(size):
    """Ancillary data: the kernel or the device cuts what is sent."""
    return [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", size))]


class Server(Endpoint):
    """Counts what arrives and answers it: with an echo, briefly, with several
    echoes in one GSO packet, or not."""

    def __init__(self, spaces, name, addr, ident, mode="echo"):
        host, port = parse_addr(addr)
        super().__init__(udp_socket(spaces, name, family_of(host)))
        self.sock.bind((host, port))
        self.ident = ident.encode()
        self.mode = mode
        self.forget()

    def forget(self):
        self.count = 0
        self.last = b""
        self.peers = Counter()

    def received(self, data, peer):
        self.count += 1
        self.last = data
        self.peers[peer[:2]] += 1
        if self.mode == "silent":
            return
        if data.startswith(b"answer-to="):
            port = int(data[len(b"answer-to="):].split(b" ", 1)[0])
            peer = (peer[0], port) + peer[2:]
        body = digest(data) if self.mode == "brief" else data
        answer = self.ident + b" " + body
        with contextlib.suppress(OSError):
            if self.mode == "gso":
                self.sock.sendmsg([answer * GSO_ECHOES],
                                  gso_size(len(answer)), 0, peer)
            else:
                self.sock.sendto(answer, peer)


class Flow(Endpoint):
    """A client's socket and what came back to it."""

    def __init__(self, spaces, name, src, dst, connect=False, nocheck=False,
                 df=-1, ttl=0):
        self.peer = parse_addr(dst)
        family = family_of(self.peer[0])
        super().__init__(udp_socket(spaces, name, family))
        if src:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.bind(parse_addr(src))
        if nocheck:
            self.sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
        if df >= 0:
            self._fragmenting(family, df)
        if ttl and family == socket.AF_INET6:
            self.sock.setsockopt(socket.IPPROTO_IPV6,
                                 socket.IPV6_UNICAST_HOPS, ttl)
        elif ttl:
            self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        if connect:
            self.sock.connect(self.peer)
        self.connected = connect
        self.sent = self.seen = self.foreign = 0
        self.servers = Counter()
        self.sources = Counter()
        self.bodies = set()
        self.by_call = None
        self.last = b""

    def _fragmenting(self, family, df):
        """df=0: never set DF; df=1: always, whatever the path is said to be."""
        mode = 3 if df else 0
        if family == socket.AF_INET6:
            self.sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, mode)
        else:
            self.sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, mode)

    def settled(self):
        """How many datagrams were answered or refused."""
        return self.seen + self.errors

    def send(self, data):
        self.sent += 1
        while True:
            try:
                if self.connected:
                    self.sock.send(data)
                else:
                    self.sock.sendto(data, self.peer)
                return
            except OSError as err:
                self.failed(err)
                # Any other error is that of a datagram before this one.
                if err.errno not in (errno.ECONNREFUSED, errno.EHOSTUNREACH):
                    return

    def received(self, data, peer):
        name, _, body = data.partition(b" ")
        name = name.decode("latin-1")
        self.seen += 1
        self.last = data
        self.servers[name] += 1
        self.bodies.add(body)
        if peer[:2] != self.peer:
            self.foreign += 1
            self.sources[f"{peer[0]}|{peer[1]}"] += 1
        if self.by_call is not None:
            call = body.partition(b"Call-ID: ")[2].partition(b"\r")[0]
            self.by_call.setdefault(call.decode("latin-1"), set()).add(name)

    def report(self):
        out = {"sent": self.sent, "got": self.seen, "errors": self.errors,
               "distinct": len(self.bodies), "foreign": self.foreign,
               "sources": ",".join(sorted(self.sources)),
               "server": next(iter(self.servers), ""),
               "each": ",".join(f"{k}:{self.servers[k]}"
                                for k in sorted(self.servers))}
        out |= {"on_" + k: v for k, v in self.servers.items()}
        return out | (self.error or {})


def send_segments(flow, count, size):
    """One send that the kernel or the device cuts; the list of its parts."""
    parts = [f"{i} ".encode().ljust(size, b".") for i in range(count)]
    flow.sock.connect(flow.peer)
    flow.sock.sendmsg([b"".join(parts)], gso_size(size))
    flow.sent += count
    return parts


def checksum(data):
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp_datagram(src, dst, data, csum="good"):
    """UDP's header and the data, with a checksum that is good, bad or zero."""
    family = family_of(dst[0])
    length = 8 + len(data)
    ends = socket.inet_pton(family, src[0]) + socket.inet_pton(family, dst[0])
    header = struct.pack(">HHH", src[1], dst[1], length)
    pseudo = ends + struct.pack(">II", length, socket.IPPROTO_UDP)
    value = checksum(pseudo + header + b"\0\0" + data) or 0xffff
    if csum == "bad":
        value ^= 0x0110
    elif csum == "zero":
        value = 0
    return header + struct.pack(">H", value) + data


def send_raw(spaces, args, data):
    """Sends a datagram with such a checksum, or another packet; the kernel adds
    IP."""
    src, dst = parse_addr(args["src"]), parse_addr(args["dst"])
    proto = int(args.get("proto", socket.IPPROTO_UDP))
    if proto == socket.IPPROTO_UDP:
        data = udp_datagram(src, dst, data, args.get("csum", "good"))
    sock = spaces.socket(args.get("ns", ""), family_of(dst[0]),
                         socket.SOCK_RAW, proto)
    with sock:
        sock.bind((src[0], 0))
        sock.sendto(data, (dst[0], 0))


def sip_message(method, call, size):
    """A request of a call, padded in its body to at least size bytes."""
    tag = ";tag=b" if method in ("ACK", "BYE") else ""
    head = (f"{method} sip:service@example.net SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP client.example.net;branch=z9hG4bK{method}{call}"
            "\r\nMax-Forwards: 70\r\n"
            "From: <sip:a@example.net>;tag=a\r\n"
            f"To: <sip:b@example.net>{tag}\r\n"
            f"Call-ID: {call}\r\nCSeq: 1 {method}\r\n")
    body = max(0, size - len(head) - 26)
    text = head + f"Content-Length: {body:4}\r\n\r\n" + "x" * body
    return text.encode("ascii")


class Stream:
    """Messages at a steady rate, whatever becomes of them."""

    def __init__(self, flow, rate):
        self.flow = flow
        self.gap = 1.0 / rate
        self.next = time.monotonic()

    def tick(self):
        """Sends what is due; seconds until the next message is."""
        now = time.monotonic()
        for _ in range(16):
            if self.next > now:
                break
            call = f"stream-{self.flow.sent % 97}@client"
            self.flow.send(sip_message("INVITE", call, 0))
            self.next += self.gap
        self.next = max(self.next, now - 1)
        return max(0.0, self.next - now)


class Sniffer:
    """All frames of a device, both ways, kept for tcpdump to read.

    The kernel copies each frame into a ring as it passes. Frames that wait
    in a socket's queue instead share their bytes with the packet that goes on,
    and those of fragments are written over when it is fragmented again.
    """

    FRAME, FRAMES = 4096, 4096
    SOL_PACKET, PACKET_RX_RING = 263, 5
    TP_STATUS_USER = 1

    def __init__(self, spaces, name, dev):
        self.sock = spaces.socket(name, socket.AF_PACKET, socket.SOCK_RAW, 0)
        size = self.FRAME * self.FRAMES
        self.sock.setsockopt(self.SOL_PACKET, self.PACKET_RX_RING,
                             struct.pack("=IIII", size // 16, 16, self.FRAME,
                                         self.FRAMES))
        self.ring = mmap.mmap(self.sock.fileno(), size)
        with spaces.inside(name):
            self.sock.bind((dev, ETH_P_ALL))

    def frames(self):
        """Pairs of a frame's length and what was kept of it."""
        for start in range(0, self.FRAME * self.FRAMES, self.FRAME):
            status, length, kept, offset = \
                struct.unpack_from("@LIIH", self.ring, start)
            if not status & self.TP_STATUS_USER:
                return
            offset += start
            yield length, self.ring[offset:offset + kept]

    def close(self):
        self.ring.close()
        self.sock.close()

    def save(self, path):
        """Writes the frames as pcap (microseconds, Ethernet); how many."""
        count = 0
        now = int(time.time())
        with open(path, "wb") as file:
            file.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0,
                                   262144, 1))
            for length, frame in self.frames():
                count += 1
                file.write(struct.pack("=IIII", now, count, len(frame),
                                       length) + frame)
        self.close()
        return count
