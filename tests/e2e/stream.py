# SPDX-License-Identifier: GPL-2.0-only
"""Connections that the agent uses, TCP and SCTP, at both of their ends."""

import errno
import socket
import struct
import zlib
from collections import Counter

from traffic import family_of, parse_addr

PROTOS = {"tcp": socket.IPPROTO_TCP, "sctp": socket.IPPROTO_SCTP}
ABORT = struct.pack("=ii", 1, 0)        # SO_LINGER: close() resets


def stream_socket(spaces, name, addr, proto):
    return spaces.socket(name, family_of(addr), socket.SOCK_STREAM,
                         PROTOS[proto])


def set_abort(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)


class Listener:
    """A server of connections. Modes, apart from what mode=echo does: answers
    each piece with its name, a blank and the piece, and closes when the client
    has closed:
        hold    keeps its own half open then
        digest  says nothing before the client has closed its half, and then
                its name, and length and CRC of all that it got
    """

    def __init__(self, agent, name, addr, ident, proto, mode):
        host, port = parse_addr(addr)
        self.agent = agent
        self.addr = addr
        self.deaf = False
        self.ident = ident.encode()
        self.mode = mode
        self.accepted = 0
        self.peers = []
        self.sock = stream_socket(agent.spaces, name, host, proto)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((host, port))
        self.sock.listen(4096)
        self.sock.setblocking(False)

    def readable(self):
        for _ in range(256):
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            self.accepted += 1
            self.peers.append(Peer(self, sock))
            self.agent.watch(self.peers[-1])

    def hang_up(self, abort):
        for peer in self.peers:
            if not peer.closed:
                peer.close(abort)
        self.peers = []

    def half_close(self):
        for peer in self.peers:
            if not peer.closed and not peer.silent:
                peer.silent = True
                peer.sock.shutdown(socket.SHUT_WR)

    def report(self):
        return {"accepted": self.accepted,
                "open": sum(not p.closed for p in self.peers),
                "ended": sum(p.ended for p in self.peers),
                "reset": sum(p.reset for p in self.peers),
                "bytes": sum(p.length for p in self.peers)}


class Peer:
    """A server's end of a connection."""

    def __init__(self, listener, sock):
        self.listener = listener
        self.sock = sock
        self.sock.setblocking(False)
        self.length = self.crc = 0
        self.closed = self.ended = self.reset = self.silent = False

    def readable(self):
        try:
            data = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            self.reset = True
            self.close()
            return
        if not data:
            self.end()
            return
        self.length += len(data)
        self.crc = zlib.crc32(data, self.crc)
        if self.listener.mode != "digest":
            self.answer(data)

    def answer(self, data):
        try:
            self.sock.send(self.listener.ident + b" " + data)
        except OSError:
            self.reset = True

    def end(self):
        """The client has closed its half."""
        self.ended = True
        if self.listener.mode == "digest":
            self.answer(b"%d %08x" % (self.length, self.crc))
        if self.listener.mode == "hold":
            # What has ended is readable for ever.
            self.listener.agent.ignore(self)
        else:
            self.close()

    def close(self, abort=False):
        if abort:
            set_abort(self.sock)
        self.closed = True
        self.listener.agent.unwatch(self)


class Line:
    """A client's end of a connection, from connect() on."""

    def __init__(self, agent, name, src, dst, proto, wait):
        self.agent = agent
        self.dst = parse_addr(dst)
        self.sock = stream_socket(agent.spaces, name, self.dst[0], proto)
        self.error = ""
        self.ended = False
        self.watched = False
        self.answers = 0
        self.received = b""
        self.server = ""
        self.sock.settimeout(wait)
        try:
            if src:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self.sock.bind(parse_addr(src))
            self.sock.connect(self.dst)
        except TimeoutError:
            self.error = "ETIMEDOUT"
        except OSError as err:
            self.error = errno.errorcode.get(err.errno, str(err))
        if self.error:
            self.sock.close()
            return
        self.sock.setblocking(False)
        self.watched = True
        agent.watch(self)

    def readable(self):
        try:
            data = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError as err:
            self.fail(err)
            return
        if not data:
            self.ended = True
            self.rest()
            return
        self.answers += 1
        self.received += data
        self.server = self.received.partition(b" ")[0].decode("latin-1")

    def fail(self, err):
        self.error = errno.errorcode.get(err.errno, "?")
        self.rest()

    def rest(self):
        """Nothing more can come: it would be readable for ever."""
        if self.watched:
            self.agent.ignore(self)
            self.watched = False

    def begin(self):
        """Forgets what came so far."""
        self.answers = 0
        self.received = b""
        self.server = ""

    def send(self, data):
        """As much as fits; how much that was."""
        if self.error:
            return 0
        try:
            return self.sock.send(data)
        except BlockingIOError:
            return 0
        except OSError as err:
            self.fail(err)
            return 0

    def over(self):
        return bool(self.ended or self.error)

    def settled(self):
        return bool(self.answers) or self.over()

    def close(self, abort=False):
        self.rest()
        if abort and self.sock.fileno() >= 0:
            set_abort(self.sock)
        self.sock.close()


def report(lines):
    """What is to be said of a group of connections."""
    each = Counter(line.server for line in lines if line.server)
    errors = Counter(line.error for line in lines if line.error)
    out = {"open": sum(not line.over() for line in lines),
           "got": sum(bool(line.answers) for line in lines),
           "ended": sum(line.ended for line in lines),
           "errors": ",".join(f"{k}:{errors[k]}" for k in sorted(errors)),
           "errno": next(iter(errors), "none"),
           "server": next(iter(each), ""),
           "each": ",".join(f"{k}:{each[k]}" for k in sorted(each)),
           "last": lines[-1].received[-200:] if lines else b""}
    return out | {"on_" + name: count for name, count in each.items()}
