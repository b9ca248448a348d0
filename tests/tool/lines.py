# SPDX-License-Identifier: GPL-2.0-only
"""Gives opvsadm command lines, each in a process, and looks for crashes.

usage: lines.py [--valgrind] LINES FOLDER

FOLDER has opvsadm, built with sanitizers, and a link ipvsadm. With --valgrind, they
run under valgrind. All lines are what fuzz.c gives in one process; here, those run
that it cannot give, which type something or have blanks in a word, and every 40th.
There may be a kernel that answers: what is run is in a network namespace of its
own, or as nobody who may change anything.
"""

import os
import shlex
import subprocess
import sys

# A program that finds something ends with it.
FOUND = 86
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": f"exitcode={FOUND}",
               "UBSAN_OPTIONS": f"exitcode={FOUND}:print_stacktrace=1",
               "LSAN_OPTIONS": f"exitcode={FOUND}"}


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


def apart():
    """What runs a program where it can do no harm: in a network namespace of its own,
    unable to load modules."""
    # In a chroot nobody gets a new user namespace; root needs none.
    for prefix in (["unshare", "--user", "--map-root-user", "--net"],
                   ["setpriv", "--bounding-set", "-sys_module",
                    "unshare", "--net"]):
        if not subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL,
                              check=False).returncode:
            return prefix
    if os.geteuid() == 0:
        sys.exit("tool: no network namespace to try things in")
    return []


def main():
    valgrind = sys.argv[1] == "--valgrind"
    lines, folder = sys.argv[1 + valgrind:]
    prefix = apart()
    if valgrind:
        prefix += ["valgrind", "-q", "--leak-check=full",
                   f"--error-exitcode={FOUND}"]
    commands = [(args, typed) for number, (args, typed)
                in enumerate(read_lines(lines))
                if number % 40 == 0 or not valgrind and
                (typed or any(not arg or " " in arg for arg in args))]
    bad = sum(run([*prefix, f"{folder}/ipvsadm", *args], typed)
              for args, typed in commands)
    print(f"{len(commands)} command lines"
          f" {'under valgrind' if valgrind else 'with sanitizers'}: {bad} findings")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
