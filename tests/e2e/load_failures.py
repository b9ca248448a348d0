#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Loads the module again and again, and each time another allocation fails: the
first, the fourth, and so on until none is left to fail; with
OPVS_E2E_ALLOCATIONS=1 in the environment, each of them.  A load fails cleanly, or
the module is complete.  Needs root, the module out, and a kernel that makes
allocations fail.  Output: TAP.

It begins with the kernel's own work: what it takes to read a module and its
parameters is left out."""

import ctypes
import errno
import os
import subprocess
import sys
import time

from abi import FLUSH, GET_INFO
from genl import Family, Tap

FAIL_NTH = "/proc/thread-self/fail-nth"
DEBUG = "/sys/kernel/debug"
SURFACES = ("/sys/kernel/opvs/version", "/proc/net/ip_vs",
            "/proc/net/ip_vs_stats", "/proc/net/ip_vs_app",
            "/proc/net/ip_vs_conn",
            "/proc/sys/net/opvs/conn_max", "/proc/sys/net/ipv4/vs/conn_max")
LIBC = ctypes.CDLL(None, use_errno=True)
SYS_FINIT_MODULE = 313          # x86-64
LEAKS = DEBUG + "/kmemleak"
MANY = 1 << 20
STEP = int(os.environ.get("OPVS_E2E_ALLOCATIONS", 3))
SAID = 5                        # findings that are shown of each kind


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def prepare():
    """All allocations may fail, also those that may wait, and in silence."""
    for kind, more in (("failslab", {"ignore-gfp-wait": "N"}),
                       ("fail_page_alloc", {"ignore-gfp-wait": "N",
                                            "ignore-gfp-highmem": "N",
                                            "min-order": "0"})):
        for name, value in (more | {"verbose": "0"}).items():
            path = f"{DEBUG}/{kind}/{name}"
            if os.path.exists(path):
                write(path, value)


def load(path, nth, parameters=b""):
    """errno of a load in which allocation number nth fails, and how many were
    left till that."""
    with open(path, "rb") as module, \
            open(FAIL_NTH, "r+b", buffering=0) as fail:
        fail.write(b"%d" % nth)
        done = LIBC.syscall(SYS_FINIT_MODULE, module.fileno(), parameters, 0)
        code = ctypes.get_errno() if done else 0
        left = int(os.pread(fail.fileno(), 16, 0))
        os.pwrite(fail.fileno(), b"0", 0)
    return code, left


def family_works(name):
    try:
        family = Family(name)
    except OSError:
        return False
    with family.sock:
        return not family.ask(GET_INFO).errno and not family.ask(FLUSH).errno


def missing():
    """What a loaded module lacks."""
    return [path for path in SURFACES if not os.path.exists(path)] + \
        [name for name in ("opvs", "IPVS") if not family_works(name)]


def left_behind():
    """What a load that failed has left."""
    return [path for path in (*SURFACES, "/sys/module/opvs")
            if os.path.exists(path)]


def leaks():
    """Memory that no pointer leads to any more, but for the name that the kernel
    forgets when it cannot show a new slab cache."""
    if not os.path.exists(LEAKS):
        return []
    time.sleep(6)               # what is younger is not judged
    for _ in range(2):
        write(LEAKS, "scan")
    with open(LEAKS, encoding="ascii", errors="replace") as file:
        found = file.read().split("unreferenced object")[1:]
    write(LEAKS, "clear")
    return [text for text in found if "sysfs_slab_add" not in text]


def main():
    tap = Tap()
    prepare()
    code, left = load(sys.argv[1], MANY, b"userns=perhaps")
    if code != errno.EINVAL:
        raise OSError(code, "a load with a wrong parameter")
    first = MANY - left
    incomplete, unclean, odd = [], [], []
    failed = loaded = left = 0
    nth = first + 1 - STEP
    while not left:
        nth += STEP
        code, left = load(sys.argv[1], nth)
        if code:
            failed += 1
            unclean += [(nth, path) for path in left_behind()]
            if code != errno.ENOMEM:
                odd.append((nth, errno.errorcode.get(code, code)))
            continue
        loaded += 1
        incomplete += [(nth, what) for what in missing()]
        subprocess.run(["rmmod", "opvs"], check=True)
    print(f"# {failed + loaded} loads: {failed} failed, {loaded} did not")
    tap.ok(not incomplete, "what is loaded is complete", *incomplete[:SAID])
    tap.ok(not unclean, "what is not has left nothing", *unclean[:SAID])
    tap.ok(not odd, "there is no other error than ENOMEM", *odd[:SAID])
    lost = leaks()
    tap.ok(not lost, "no memory is lost", *lost[:SAID])
    tap.ok(failed * STEP > 100 and loaded,
           "allocations did fail, and the last did not")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
