# SPDX-License-Identifier: GPL-2.0-only
"""Gives opvsadm command lines and changed files of rules, and looks for crashes.

usage: lines.py [--valgrind] LINES FOLDER SECONDS SEED

FOLDER has opvsadm, built with sanitizers, and a link ipvsadm. With --valgrind,
every 40th line runs, under valgrind. There may be a kernel that answers: what is
run is in a network namespace of its own, or as nobody who may change anything.
"""

import os
import random
import shlex
import subprocess
import sys
import time

# A program that finds something ends with it.
FOUND = 86
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": f"exitcode={FOUND}",
               "UBSAN_OPTIONS": f"exitcode={FOUND}:print_stacktrace=1",
               "LSAN_OPTIONS": f"exitcode={FOUND}"}
RULES = b"""# rules
policy gold udp/UDP=30 tcp/ESTABLISHED=77
conn-max 5000
hash-key 00112233445566778899aabbccddeeff
--set 800 100 200
-A -u 10.91.0.1:5088 -s mh -b mh-fallback,mh-port -o --pe sip --policy gold --conn-max 9
-a -u 10.91.0.1:5088 -r 10.91.12.2:5088 -m -w 2 -x 500 -y 400
ipvsadm -A -f 7 -6 -s rr -p 60 -M 64
-a -f 7 -6 -r [fd91:11::2]:0 -g -w 65535 -x 3
-A -t [fd91::1]:80 -s wlc -p
-a -t [fd91::1]:80 -r 10.9.9.9 -i --tun-type gue --tun-port 6080 --tun-csum
"""


def read_lines(path):
    """(arguments, standard input) of each line."""
    with open(path, encoding="utf-8") as file:
        for text in file.read().split("\n"):
            if not text or text[0] in "#~":
                continue
            args, _, typed = text.partition(" < ")
            yield shlex.split(args), typed.replace("\\n", "\n").encode()


def run(command, typed):
    """Its status; what it said is printed if it found something."""
    done = subprocess.run(command, input=typed, capture_output=True, timeout=60,
                          env=ENVIRONMENT, check=False)
    if done.returncode == FOUND or done.returncode < 0:
        print(f"{shlex.join(command)}: status {done.returncode}, given {typed!r}")
        print(done.stderr.decode("utf-8", "replace"))
        return True
    return False


def changed(rng, text):
    """A text with some bytes changed, lost, repeated or moved."""
    text = bytearray(text)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(text))
        kind = rng.randrange(4)
        if kind == 0:
            text[at] = rng.choice(b" \t\n-:/=,[]0189afAx\0\xff")
        elif kind == 1:
            del text[at:at + rng.randint(1, 20)]
        elif kind == 2:
            text[at:at] = text[at:at + rng.randint(1, 30)]
        else:
            text[at:at] = bytes(rng.choice(b"0123456789:abcdef-/= ")
                                for _ in range(rng.randint(1, 60)))
        if not text:
            return b"\n"
    return bytes(text)


def main():
    valgrind = sys.argv[1] == "--valgrind"
    lines, folder, seconds, seed = sys.argv[1 + valgrind:]
    prefix = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*prefix, "true"], check=False).returncode:
        prefix = []
        if os.geteuid() == 0:
            sys.exit("tool: no network namespace to try things in")
    if valgrind:
        prefix += ["valgrind", "-q", "--leak-check=full",
                   f"--error-exitcode={FOUND}"]
    commands = list(read_lines(lines))[::40 if valgrind else 1]
    bad = sum(run([*prefix, f"{folder}/ipvsadm", *args], typed)
              for args, typed in commands)
    rng, end, files = random.Random(int(seed)), time.time() + int(seconds), 0
    restore = [*prefix, f"{folder}/opvsadm", "sync", "--dry-run", "-"]
    while not files or time.time() < end:
        bad += run(restore, changed(rng, RULES))
        files += 1
    print(f"{len(commands)} command lines and {files} files of rules"
          f" {'under valgrind' if valgrind else 'with sanitizers'}: {bad} findings")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
