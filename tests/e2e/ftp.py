#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""An FTP client that does what others do not, for the end-to-end tests.

usage: ftp.py ADDRESS PORT SCENARIO

Logs in, plays the scenario and prints what it saw in one line.

  twins    two control connections, to two servers; both ask PASV or EPSV before
           either goes there; prints "ports differ" or "same port", then who answered
           on each: the control connection, and the data connection
  halves   the command that names the client's port comes in two packets
  foreign  PORT names another host, and EPRT a low port
  pipe     two commands in one packet
  slow     a file is read so slowly that it takes four seconds; prints how long it
           was, and what the control connection says then
  many N   N files on one control connection, PASV or EPSV each
"""

import re
import socket
import sys
import time

ADDRESS, PORT, SCENARIO = sys.argv[1], int(sys.argv[2]), sys.argv[3]
V6 = ":" in ADDRESS
FAMILY = socket.AF_INET6 if V6 else socket.AF_INET
WAIT = 20


class Control:
    """A control connection, logged in."""

    def __init__(self):
        self.sock = socket.create_connection((ADDRESS, PORT), WAIT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("r", newline="\n")
        self.reply()
        self.ask("USER anonymous")
        self.ask("PASS test@")
        self.ask("TYPE I")

    def reply(self):
        """The last line of a reply."""
        while True:
            line = self.file.readline()
            if not line:
                raise SystemExit("the control connection ended")
            if re.match(r"\d\d\d ", line):
                return line.strip()

    def send(self, text):
        self.sock.sendall(text.encode())

    def ask(self, command):
        self.send(command + "\r\n")
        return self.reply()

    def passive(self):
        """Where the server says that it waits."""
        if V6:
            return ADDRESS, int(re.search(r"\|\|\|(\d+)\|",
                                          self.ask("EPSV"))[1])
        n = re.search(r"(\d+,){5}\d+", self.ask("PASV"))[0].split(",")
        return ".".join(n[:4]), int(n[4]) * 256 + int(n[5])

    def fetch(self, name, where):
        """A file, from where the server waits; its first word."""
        with socket.create_connection(where, WAIT) as data:
            self.ask(f"RETR {name}")
            text = data.makefile("rb").read()
        self.reply()
        return text.split()[0].decode()

    def listen(self):
        """A socket, and how EPRT names it."""
        own = self.sock.getsockname()[0]
        waits = socket.create_server((own, 0), family=FAMILY)
        waits.settimeout(WAIT)
        number = 2 if V6 else 1
        return waits, f"EPRT |{number}|{own}|{waits.getsockname()[1]}|"

    def take(self, waits, name):
        """A file that comes to the socket, and where it comes from."""
        self.ask(f"RETR {name}")
        data, peer = waits.accept()
        with data:
            text = data.makefile("rb").read()
        self.reply()
        return text.split()[0].decode(), peer


def twins():
    both = Control(), Control()
    there = [control.passive() for control in both]
    print("ports differ" if there[0] != there[1] else "same port")
    for control, where in zip(both, there):
        who = control.fetch("who", where)
        print(who, control.fetch("who", control.passive()))


def halves():
    control = Control()
    waits, line = control.listen()
    line += "\r\n"
    control.send(line[:9])
    # The first half has arrived when it is acknowledged.
    while control.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO,
                                  104)[24:28] != bytes(4):
        pass
    control.send(line[9:])
    said = control.reply()[:3]
    waits.close()
    print(said, control.fetch("who", control.passive()))


def foreign():
    control = Control()
    other = "fd91:1::77" if V6 else "10.91.1.77"
    number = 2 if V6 else 1
    control.ask(f"EPRT |{number}|{other}|5000|")
    own = control.sock.getsockname()[0]
    control.ask(f"EPRT |{number}|{own}|1023|")
    print(control.fetch("who", control.passive()))


def pipe():
    control = Control()
    waits, line = control.listen()
    control.send(f"NOOP\r\n{line}\r\nNOOP\n")
    for _ in range(3):
        control.reply()
    who, peer = control.take(waits, "who")
    print(who, "from", peer[0], peer[1])


def slow():
    control = Control()
    where = control.passive()
    with socket.socket(FAMILY) as data:
        data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        data.settimeout(WAIT)
        data.connect(where)
        control.ask("RETR data")
        until, total = time.monotonic() + 4, 0
        while time.monotonic() < until:
            total += len(data.recv(4096))
            time.sleep(0.2)
        while piece := data.recv(65536):
            total += len(piece)
    print(total, control.reply()[:3], control.ask("NOOP")[:3])


def many():
    control = Control()
    seen = {control.fetch("who", control.passive())
            for _ in range(int(sys.argv[4]))}
    print(*seen, control.ask("NOOP")[:3])


globals()[SCENARIO]()
