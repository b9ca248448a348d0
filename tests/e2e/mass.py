# SPDX-License-Identifier: GPL-2.0-only
"""Very many UDP datagrams, each of a flow of its own, at the cost of a system
call for hundreds: what they have in common is written once, and what differs
is laid over it for all of them at a time."""

import ctypes
import os
import socket
import struct
import time

from traffic import LIBC, checksum, family_of

BATCH = 512             # no queue is shorter
FIRST, LAST = 1024, 65535       # ports in use; then comes the next address
PAYLOAD = b"mass"


class IoVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class MsgHdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint),
                ("iov", ctypes.POINTER(IoVec)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class MmsgHdr(ctypes.Structure):
    _fields_ = [("hdr", MsgHdr), ("len", ctypes.c_uint)]


def flows(base, first, count):
    """(address, port) of count flows, in runs of one address: (address as a
    number, first port, how many)."""
    addr, port = base, first or FIRST
    while count:
        run = min(count, LAST + 1 - port)
        yield addr, port, run
        count -= run
        addr, port = addr + 1, FIRST


class Batch:
    """Datagrams with their IP headers, side by side in one buffer."""

    def __init__(self, family, src, dst):
        self.family = family
        size = 40 if family == socket.AF_INET6 else 20
        self.udp = size
        length = 8 + len(PAYLOAD)
        if family == socket.AF_INET6:
            head = struct.pack(">IHBB", 6 << 28, length, socket.IPPROTO_UDP, 64)
        else:
            # The kernel fills in the identification and the checksum.
            head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000,
                               64, socket.IPPROTO_UDP, 0)
        head += socket.inet_pton(family, src[0])
        head += socket.inet_pton(family, dst[0])
        head += struct.pack(">HHHH", src[1], dst[1], length, 0)
        self.stride = len(head) + len(PAYLOAD)
        self.bytes = bytearray((head + PAYLOAD) * BATCH)
        self.view = (ctypes.c_char * len(self.bytes)).from_buffer(self.bytes)
        self._describe(dst)

    def _describe(self, dst):
        if self.family == socket.AF_INET6:
            name = struct.pack("=HHI16sI", self.family, 0, 0,
                               socket.inet_pton(self.family, dst[0]), 0)
        else:
            name = struct.pack("=HH4s8x", self.family, 0,
                               socket.inet_pton(self.family, dst[0]))
        self.name = ctypes.create_string_buffer(name, len(name))
        self.iovs = (IoVec * BATCH)()
        self.headers = (MmsgHdr * BATCH)()
        start = ctypes.addressof(self.view)
        for i in range(BATCH):
            self.iovs[i].base = start + i * self.stride
            self.iovs[i].len = self.stride
            header = self.headers[i].hdr
            header.name = ctypes.addressof(self.name)
            header.namelen = len(name)
            header.iov = ctypes.pointer(self.iovs[i])
            header.iovlen = 1

    def lay(self, offset, values, size):
        """Writes a number of that many bytes into each datagram."""
        data = b"".join(v.to_bytes(size, "big") for v in values)
        for i in range(size):
            end = len(values) * self.stride
            self.bytes[offset + i:end:self.stride] = data[i::size]

    def sums(self, count):
        """IPv6 has no UDP without a checksum (RFC 8200, section 8.1)."""
        values = []
        for start in range(0, count * self.stride, self.stride):
            packet = self.bytes[start:start + self.stride]
            packet[self.udp + 6:self.udp + 8] = b"\0\0"
            pseudo = packet[8:40] + struct.pack(
                ">II", len(packet) - 40, socket.IPPROTO_UDP)
            values.append(checksum(bytes(pseudo + packet[40:])) or 0xffff)
        self.lay(self.udp + 6, values, 2)

    def send(self, sock, count):
        done = 0
        while done < count:
            part = LIBC.sendmmsg(
                sock.fileno(), ctypes.byref(self.headers, done *
                                            ctypes.sizeof(MmsgHdr)),
                count - done, 0)
            if part < 0:
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), "sendmmsg")
            done += part


def send(spaces, name, src, dst, count, vary, pace=None):
    """vary is what differs: "src", address and port, or "dst", the port. After
    each batch pace() is called, to wait for whoever has to take it. Returns how
    long it took, and the moment before the first and after the last, as
    time.monotonic() has them."""
    family = family_of(dst[0])
    batch = Batch(family, src, dst)
    width = 16 if family == socket.AF_INET6 else 4
    base = int.from_bytes(socket.inet_pton(family, src[0]), "big")
    sock = spaces.socket(name, family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    begin = time.monotonic()
    with sock:
        first = src[1] if vary == "src" else dst[1]
        for addr, port, run in flows(base, first, count):
            for start in range(0, run, BATCH):
                part = min(BATCH, run - start)
                ports = range(port + start, port + start + part)
                batch.lay(batch.udp + (0 if vary == "src" else 2), ports, 2)
                if vary == "src":
                    batch.lay(batch.udp - 2 * width, [addr] * part, width)
                if family == socket.AF_INET6:
                    batch.sums(part)
                batch.send(sock, part)
                if pace:
                    pace()
    end = time.monotonic()
    return {"count": count, "begin": f"{begin:.3f}", "end": f"{end:.3f}",
            "ms": int((end - begin) * 1000)}
