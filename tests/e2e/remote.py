#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Commands for another test machine, which answers by what they print and their
status. For machines that a link connects and nothing else.

    remote.py serve ADDRESS PORT
    remote.py call ADDRESS PORT COMMAND [ARG...]    its input is ours
"""

import json
import socket
import subprocess
import sys

# A machine that does not answer is off, not slow: to connect is the kernel's.
PATIENCE = 10


def receive(sock):
    with sock.makefile("rb") as stream:
        return stream.read()


def answer(sock):
    asked = json.loads(receive(sock))
    # In files, so that a program that goes on by itself keeps nobody waiting.
    with open("/run/remote", "wb+") as out:
        done = subprocess.run(asked["command"], input=asked["input"].encode(),
                              stdout=out, stderr=subprocess.STDOUT, check=False)
        out.seek(0)
        text = out.read()
    sock.sendall(bytes([done.returncode & 255]) + text)


def serve(where):
    with socket.create_server(where) as listener:
        while True:
            sock, _ = listener.accept()
            with sock:
                try:
                    answer(sock)
                except (OSError, ValueError) as error:
                    print(error, file=sys.stderr)


def call(where, command):
    asked = {"command": command, "input": sys.stdin.read()}
    with socket.create_connection(where, PATIENCE) as sock:
        sock.settimeout(120)
        sock.sendall(json.dumps(asked).encode())
        sock.shutdown(socket.SHUT_WR)
        answered = receive(sock)
    if not answered:
        return 255
    sys.stdout.buffer.write(answered[1:])
    return answered[0]


def main():
    verb, *where = sys.argv[1:4]
    where = where[0], int(where[1])
    if verb == "serve":
        return serve(where)
    try:
        return call(where, sys.argv[4:])
    except OSError as error:
        print(f"{where[0]}: {error}", file=sys.stderr)
        return 255


if __name__ == "__main__":
    sys.exit(main())
