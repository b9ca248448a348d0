#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Lets packets pass that netfilter queued (nft queue), as an inline intrusion
detection would: each goes on through its chain in the context of the task that
gives the verdict, on that task's CPU, with BH enabled.

usage: nfqueue.py QUEUES

Takes queues 0 to QUEUES - 1, each in a process of its own, until it is killed.
Packets are accepted one by one, or as many as have gathered at once.
"""

import ctypes
import os
import signal
import socket
import struct
import sys

import genl

NETLINK_NETFILTER = 12
SO_RCVBUFFORCE = 33
NETLINK_NO_ENOBUFS = 5
PR_SET_PDEATHSIG = 1

SUBSYSTEM = 3 << 8
MSG_PACKET, MSG_VERDICT, MSG_CONFIG, MSG_VERDICT_BATCH = range(4)
CFG_CMD, CFG_PARAMS, CFG_QUEUE_MAXLEN, CFG_MASK, CFG_FLAGS = range(1, 6)
CMD_BIND = 1
COPY_META = 1
FLAG_GSO = 4            # GSO packets come whole
ATTR_PACKET_HDR, ATTR_VERDICT_HDR = 1, 2
NF_ACCEPT = 1

# Under a flood more is lost, and not late by minutes.
MAXLEN = 512


class Queue:
    """One queue, on a socket of its own."""

    def __init__(self, number):
        self.number = number
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_NETFILTER)
        self.sock.bind((0, 0))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        # What did not fit was dropped, and counted; there is nothing to do.
        self.sock.setsockopt(genl.SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
        self.configure(genl.attr(CFG_CMD, struct.pack("!BxH", CMD_BIND, 0)))
        self.configure(
            genl.attr(CFG_PARAMS, struct.pack("!IB", 0, COPY_META)) +
            genl.attr(CFG_QUEUE_MAXLEN, struct.pack("!I", MAXLEN)) +
            genl.attr(CFG_MASK, struct.pack("!I", FLAG_GSO)) +
            genl.attr(CFG_FLAGS, struct.pack("!I", FLAG_GSO)))

    def send(self, kind, payload, flags=genl.NLM_F_REQUEST):
        body = struct.pack("!BBH", socket.AF_UNSPEC, 0, self.number) + payload
        self.sock.send(struct.pack("=IHHII", 16 + len(body), SUBSYSTEM | kind,
                                   flags, 0, 0) + body)

    def configure(self, payload):
        self.send(MSG_CONFIG, payload, genl.NLM_F_REQUEST | genl.NLM_F_ACK)
        error = struct.unpack_from("=i", self.sock.recv(4096), 16)[0]
        if error:
            raise OSError(-error, os.strerror(-error), f"queue {self.number}")

    def packets(self):
        """Numbers of the packets in one buffer."""
        data = self.sock.recv(1 << 16)
        while len(data) >= 16:
            size, kind = struct.unpack_from("=IH", data)
            if kind == SUBSYSTEM | MSG_PACKET:
                head = dict(genl.attrs(data[20:size]))[ATTR_PACKET_HDR]
                yield struct.unpack_from("!I", head)[0]
            data = data[(size + 3) & ~3:]

    def accept(self, number, kind):
        self.send(kind, genl.attr(ATTR_VERDICT_HDR,
                                  struct.pack("!II", NF_ACCEPT, number)))

    def serve(self):
        while True:
            last, count = 0, 0
            for last in self.packets():
                count += 1
            self.sock.setblocking(False)
            try:
                while count < 16:
                    for last in self.packets():
                        count += 1
            except BlockingIOError:
                pass
            self.sock.setblocking(True)
            # A batch is all that is waiting up to this one.
            self.accept(last, MSG_VERDICT if count == 1 else MSG_VERDICT_BATCH)


def main():
    count = int(sys.argv[1])
    queues = [Queue(number) for number in range(count)]
    libc = ctypes.CDLL(None)
    for queue in queues:
        if not os.fork():
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            queue.serve()
    signal.pause()


main()
