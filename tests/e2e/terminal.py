#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""opvsadm top on a terminal: it draws, sorts, follows the terminal's size, sends
little, and quits cleanly.  Output: TAP."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

from genl import Tap

LEAVE = b"\x1b[?1049l"


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *command):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ["TERM"] = "xterm"
            os.environ["LC_ALL"] = "C"
            # Not before the terminal has a size.
            os.read(0, 1)
            os.execvp(command[0], command)
        self.resize(24, 100)
        os.write(self.fd, b"\n")

    def resize(self, lines, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds):
        """What comes within that time; None if it is closed."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self.fd, 65536)
        except OSError:
            return None

    def await_text(self, text, seconds=30):
        end = time.monotonic() + seconds
        while text not in self.seen and time.monotonic() < end:
            got = self.read(0.5)
            if got is None:
                break
            self.seen += got
        return text in self.seen

    def forget(self):
        self.seen = b""

    def status(self):
        self.await_text(LEAVE)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def main():
    tap = Tap()
    top = Terminal("opvsadm", "top", "--delay", "1")
    tap.ok(top.await_text(b"[fd91:13::2]:9600"), "it draws all rows", top.seen)
    full = len(top.seen)
    top.forget()
    os.write(top.fd, b"s")
    tap.ok(top.await_text(b"conns"), "a key sorts by the next", top.seen)
    while top.read(0.3):
        pass
    top.forget()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        top.seen += top.read(0.5) or b""
    tap.ok(len(top.seen) < full, "what did not change is not sent again",
           len(top.seen), full)
    top.forget()
    top.resize(10, 60)
    tap.ok(top.await_text(b"10.91.0.1:9600/udp"),
           "it is drawn anew in another size", top.seen)
    os.write(top.fd, b"q")
    tap.ok(top.status() == 0 and LEAVE in top.seen,
           "q ends it, and the terminal is as before", top.seen)
    top = Terminal("opvsadm", "top")
    top.await_text(b"9600")
    os.kill(top.pid, signal.SIGTERM)
    tap.ok(top.status() == 0 and LEAVE in top.seen, "so does a signal",
           top.seen)
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
