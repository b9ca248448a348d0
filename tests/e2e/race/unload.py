#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Loads the module, configures it, waits for packets to flow, and unloads it
while they do, over and over.  One process does it all: to start a program
takes a second on the kernel that this is for.

usage: unload.py MODULE.KO ROUNDS PACKETS PORT SERVICE...
SERVICE is SCHEDULER,VIRTUAL-ADDRESS,SERVER-ADDRESS,...
"""

import ctypes
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
import abi  # noqa: E402
import genl  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
SYS_DELETE_MODULE = 176     # x86-64, as all our kernels are
SYS_FINIT_MODULE = 313
ONE_PACKET = 4
DEADLINE = 30               # seconds for packets to flow


def syscall(what, *args):
    if LIBC.syscall(*args):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def load(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        syscall("finit_module", SYS_FINIT_MODULE, fd, b"", 0)
    finally:
        os.close(fd)


def unload():
    syscall("delete_module", SYS_DELETE_MODULE, b"opvs", os.O_NONBLOCK)


def ask(family, cmd, payload):
    answer = family.ask(cmd, payload)
    if answer.errno:
        raise OSError(answer.errno, f"{os.strerror(answer.errno)}:"
                      f" {answer.text}", f"command {cmd}")


def configure(port, services):
    family = genl.Family("IPVS")
    for scheduler, virtual, *servers in services:
        v6 = ":" in virtual
        name = {
            "AF": genl.u16(socket.AF_INET6 if v6 else socket.AF_INET),
            "PROTOCOL": genl.u16(socket.IPPROTO_UDP),
            "ADDR": genl.ip(virtual),
            "PORT": genl.be16(port),
            "SCHED_NAME": genl.string(scheduler),
            "FLAGS": genl.u32(ONE_PACKET) + genl.u32(0xffffffff),
            "TIMEOUT": genl.u32(0),
            "NETMASK": genl.u32(128 if v6 else 0xffffffff),
        }
        service = genl.nest(abi.SERVICE, abi.SERVICE_ATTRS, name)
        ask(family, abi.NEW_SERVICE, service)
        for server in servers:
            ask(family, abi.NEW_DEST, service + genl.nest(
                abi.DEST, abi.DEST_ATTRS, {
                    "ADDR": genl.ip(server), "PORT": genl.be16(port),
                    "FWD_METHOD": genl.u32(0), "WEIGHT": genl.u32(1),
                    "U_THRESH": genl.u32(0), "L_THRESH": genl.u32(0)}))
    family.sock.close()


def forwarded():
    with open("/sys/kernel/opvs/forwarded", encoding="ascii") as file:
        return int(file.read())


def wait_for(packets):
    end = time.monotonic() + DEADLINE
    while forwarded() < packets:
        if time.monotonic() > end:
            raise TimeoutError(f"{forwarded()} packets in {DEADLINE} s")
        time.sleep(0.01)


def main():
    path, rounds, packets, port = sys.argv[1], *map(int, sys.argv[2:5])
    services = [words.split(",") for words in sys.argv[5:]]
    done = 0
    try:
        for done in range(rounds):
            load(path)
            configure(port, services)
            wait_for(packets)
            unload()
        print(f"{rounds} rounds")
    except OSError as error:
        print(f"round {done + 1}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
