#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A director with ip_vs is replaced by one with opvs, by tools/opvs-takeover:
connections and calls with templates go on where they were.  Needs root, ip_vs
loaded, opvs beside it, and a folder for passing files.  Output: TAP.

ip_vs has the netlink family in the test's kernel, so a program in opvsadm's place
starts the daemon by opvs's own one."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time

from genl import Tap
from sync_world import Native, run
from traffic import Namespaces

VIP, GATE = "10.95.0.100", "10.94.0.100"
SERVERS = "10.94.0.2", "10.94.0.3"
WEB, SIP, MANY = 80, 5060, 20
TOOL = pathlib.Path(__file__).parents[2] / "tools/opvs-takeover"


class Lan:
    """Client, server, old and new director at a switch."""

    def __init__(self):
        self.spaces = Namespaces()
        self.names = {who: f"opvs-o{who}-{os.getpid()}" for who in "wcskm"}
        for name in self.names.values():
            run("ip", "netns", "add", name)
            run("ip", "link", "set", "lo", "up", ns=name)
        self.at("w", "ip", "link", "add", "br0", "type", "bridge")
        self.at("w", "ip", "link", "set", "br0", "up")
        for who, addrs in {"c": ["10.95.0.2"], "s": SERVERS,
                           "m": ["10.94.0.11", "10.95.0.11"],
                           "k": ["10.94.0.12", "10.95.0.12"]}.items():
            self.at("w", "ip", "link", "add", who + "0", "type", "veth", "peer",
                    "name", who + "1", "netns", self.names[who])
            self.at("w", "ip", "link", "set", who + "0", "master", "br0", "up")
            self.at(who, "ip", "link", "set", who + "1", "up")
            for addr in addrs:
                self.at(who, "ip", "addr", "add", addr + "/24", "dev", who + "1")
        for who in "mk":
            self.at(who, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.own("m", "add")
        self.at("s", "ip", "route", "add", "default", "via", GATE)

    def at(self, who, *command):
        return run(*command, ns=self.names[who])

    def own(self, who, verb):
        for addr in VIP, GATE:
            self.at(who, "ip", "addr", verb, addr + "/24", "dev", who + "1")

    def move(self):
        self.own("m", "del")
        self.own("k", "add")
        for who in "cs":
            self.at(who, "ip", "neigh", "flush", "all")

    def socket(self, who, kind, addr=None, port=0):
        sock = self.spaces.socket(self.names[who], socket.AF_INET, kind, 0)
        sock.settimeout(30)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if addr:
            sock.bind((addr, port))
        return sock

    def close(self):
        for name in self.names.values():
            run("ip", "netns", "del", name)


def echo(sock):
    """Answers with what came, in a thread."""
    while text := sock.recv(100):
        sock.sendall(text)


def accept(sock):
    while True:
        try:
            near, _ = sock.accept()
        except OSError:
            return
        near.settimeout(None)
        threading.Thread(target=echo, args=(near,), daemon=True).start()


def answer(sock, addr):
    while True:
        _, peer = sock.recvfrom(2048)
        sock.sendto(addr.encode(), peer)


def serve(lan):
    for addr in SERVERS:
        web = lan.socket("s", socket.SOCK_STREAM, addr, WEB)
        web.settimeout(None)
        web.listen(64)
        sip = lan.socket("s", socket.SOCK_DGRAM, addr, SIP)
        sip.settimeout(None)
        for does, args in (accept, (web,)), (answer, (sip, addr)):
            threading.Thread(target=does, args=args, daemon=True).start()


def call(lan, number, port):
    """Which server has this call, by a port of its own: a port that another call
    had would go where that one's connection goes, which outlives the socket."""
    sock = lan.socket("c", socket.SOCK_DGRAM, "10.95.0.2", port + number)
    sock.settimeout(2)
    sock.connect((VIP, SIP))
    text = f"INVITE sip:a@b SIP/2.0\r\nCall-ID: {number}@here\r\n\r\n".encode()
    for _ in range(10):
        sock.send(text)
        try:
            return sock.recv(100).decode()
        except TimeoutError:
            pass
    return "none"


def go_on(lan, calls, over):
    while not over.is_set():
        for number in calls:
            call(lan, number, 21000)
        over.wait(0.1)


def come(lan, over):
    """New calls, so that there are ever more entries."""
    number = 1000
    while not over.wait(0.1):
        call(lan, number, 22000)
        number += 1


class Line(threading.Thread):
    """A connection in use, until it breaks or stop is set."""

    stop = threading.Event()

    def __init__(self, lan):
        super().__init__(daemon=True)
        self.sock = lan.socket("c", socket.SOCK_STREAM)
        self.sock.connect((VIP, WEB))
        self.rounds, self.why = 0, None

    def run(self):
        try:
            while not self.stop.is_set():
                self.sock.sendall(b"x")
                if self.sock.recv(1) != b"x":
                    raise OSError("closed")
                self.rounds += 1
                time.sleep(0.1)
        except OSError as err:
            self.why = err


def stand_in(folder):
    """A folder for PATH: opvsadm, whose daemons are asked for by opvs's family."""
    real = shutil.which("opvsadm")
    path = pathlib.Path(folder) / "bin"
    path.mkdir()
    file = path / "opvsadm"
    file.write_text(f"""#!/bin/bash
case "$*" in
--start-daemon*) exec python3 {__file__} --daemon "$4" ;;
'-L --daemon') ;;
*) exec {real} "$@" ;;
esac
""")
    file.chmod(0o755)
    return str(path)


def start_daemon(device):
    """In the caller's namespace."""
    import abi, genl, native
    got = native.ask(abi.NEW_DAEMON, genl.nest(abi.DAEMON, abi.DAEMON_ATTRS, {
        "STATE": genl.u32(2), "MCAST_IFN": genl.string(device),
        "SYNC_ID": genl.u32(7)}))
    return 0 if got["errno"] == "none" else 1


def tool(lan, path, *words, text=""):
    env = dict(os.environ, PATH=f"{path}:{os.environ['PATH']}")
    return subprocess.run(
        ["nsenter", f"--net=/run/netns/{lan.names['k']}", TOOL, "--syncid", "7",
         *words], input=text, capture_output=True, text=True, check=False,
        env=env)


def play(tap, lan, path):
    serve(lan)
    lan.at("m", "ipvsadm", "-A", "-t", f"{VIP}:{WEB}", "-s", "rr")
    lan.at("m", "ipvsadm", "-A", "-u", f"{VIP}:{SIP}", "-s", "rr", "-p", "300",
           "--pe", "sip")
    for addr in SERVERS:
        for kind, port in ("-t", WEB), ("-u", SIP):
            lan.at("m", "ipvsadm", "-a", kind, f"{VIP}:{port}", "-r",
                   f"{addr}:{port}", "-m")
    lan.at("m", "sysctl", "-qw", "net.ipv4.vs.sync_threshold=1 3")
    lines = [Line(lan) for _ in range(MANY)]
    for line in lines:
        line.start()
    first = {n: call(lan, n, 20000) for n in range(MANY)}
    rules = lan.at("m", "ipvsadm", "-Sn")
    lan.at("m", "ipvsadm", "--start-daemon", "master", "--mcast-interface", "m1",
           "--syncid", "7")

    done = tool(lan, path, "k1", "-", text="-A -t nonsense\n")
    tap.ok(done.returncode == 1 and "nothing has changed" in done.stderr,
           "rules that make no sense change nothing", done)
    done = tool(lan, path, "--dry-run", "k1", "-", text=rules)
    tap.ok(done.returncode == 0 and "2 services" in done.stdout and
           "\n-A" not in lan.at("k", "opvsadm", "save"),
           "--dry-run changes nothing", done)
    # Calls go on meanwhile, of which the new director is to hear.
    over = threading.Event()
    more = [threading.Thread(target=go_on, args=(lan, first, over), daemon=True),
            threading.Thread(target=come, args=(lan, over), daemon=True)]
    for thread in more:
        thread.start()
    done = tool(lan, path, "--settle", "4", "--wait", "60", "k1", "-",
                text=rules)
    over.set()
    for thread in more:
        thread.join()
    tap.ok(done.returncode == 0 and "services: 2, servers: 4" in done.stdout and
           "warning" not in done.stderr, "the new director knows", done)
    tap.ok("at a steady rate" in done.stdout, "while new calls come", done)
    lan.move()
    before = [line.rounds for line in lines]
    end = time.monotonic() + 30
    while time.monotonic() < end and not all(
            line.why or line.rounds > was + 3
            for line, was in zip(lines, before)):
        time.sleep(0.1)
    broken = [line.why for line, was in zip(lines, before)
              if line.why or line.rounds <= was + 3]
    tap.ok(not broken, f"{MANY} connections go on", *broken)
    packets = Native.counters(type("", (), {"ns": lan.names["k"]}))
    tap.ok(packets["service_packets"] > MANY, "through the new director", packets)
    then = {n: call(lan, n, 24000) for n in first}
    tap.ok(then == first and set(first.values()) == set(SERVERS),
           f"{MANY} calls keep their servers", first, then)
    Line.stop.set()


def main():
    if sys.argv[1] == "--daemon":
        return start_daemon(sys.argv[2])
    tap, lan = Tap(), Lan()
    try:
        play(tap, lan, stand_in(sys.argv[1]))
    finally:
        Line.stop.set()
        lan.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
