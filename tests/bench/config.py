#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Times large configurations: restored, saved, listed and cleared by ipvsadm,
each with ip_vs and with opvs, in one test machine.

    scripts/vm --kernel uml --time 1800 tests/bench/config.py [OPTION...]
"""

import argparse
import os
import subprocess
import sys
import time

STEPS = ("restore", "save", "list", "proc", "clear")

VIEWS = "/sys/kernel/opvs/views_built"


def services(first, count, servers, scheduler):
    """As ipvsadm -S prints them: COUNT services, the FIRST of these numbers."""
    for number in range(first, first + count):
        host = f"10.{64 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        yield f"-A -t {host}:80 -s {scheduler}"
        for server in range(servers):
            yield (f"-a -t {host}:80 -r 10.99.{server // 250}.{server % 250 + 1}:80"
                   " -m -w 1")


def even(scheduler):
    return lambda part: services(0, round(10000 * part), 10, scheduler)


def one_large(part):
    few = round(8000 * part)
    yield from services(0, few, 1, "mh")
    yield from services(few, 1, round(3000 * part), "mh")


CONFIGURATIONS = {
    "10 000 services x 10, wlc": even("wlc"),
    "10 000 services x 10, mh": even("mh"),
    "8 000 services x 1, and one of 3 000, mh": one_large,
}


def shell(command, **names):
    """Seconds that it took."""
    began = time.monotonic()
    subprocess.run(["sh", "-c", command], check=True, env={**os.environ, **names})
    return time.monotonic() - began


def best(command, times, **names):
    """Seconds of the fastest of so many runs: what others do only adds."""
    return min(shell(command, **names) for _ in range(times))


def steps_of(tool, lines, times):
    """How long each step took, the fastest of TIMES runs where a step changes
    nothing; what is saved is what was restored.
    """
    with open("/tmp/config.in", "w", encoding="ascii") as file:
        file.write("".join(line + "\n" for line in lines))
    taken = {
        "restore": shell('"$TOOL" -R < /tmp/config.in', TOOL=tool),
        "save": best('"$TOOL" -Sn > /tmp/config.out', times, TOOL=tool),
        "list": best('"$TOOL" -Ln > /tmp/config.list', times, TOOL=tool),
        "proc": best("cat /proc/net/ip_vs > /tmp/config.list", times),
    }
    with open("/tmp/config.out", encoding="ascii") as file:
        if sorted(file.read().split("\n")) != sorted([*lines, ""]):
            sys.exit("config: saved is not what was restored")
    taken["clear"] = shell('"$TOOL" -C', TOOL=tool)
    return taken


def views_built():
    if not os.path.exists(VIEWS):
        return 0
    with open(VIEWS, encoding="ascii") as file:
        return int(file.read())


def measure(module, name, args):
    """Prints a line."""
    subprocess.run(["modprobe", module], check=True)
    views = views_built()
    taken = steps_of(args.tool, list(CONFIGURATIONS[name](args.part)), args.times)
    views = views_built() - views
    print(f"{name:42} {module:6}" +
          "".join(f"{taken[step]:9.2f}" for step in STEPS) +
          (f"   {views} views" if views else ""), flush=True)
    subprocess.run(["modprobe", "-r", *(["ip_vs_mh", "ip_vs_wlc"]
                                        if module == "ip_vs" else []), module],
                   check=True)


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    args.add_argument("--part", type=float, default=1.0, metavar="P",
                      help="this part of the numbers of services and of the "
                           "large one's servers (default: 1)")
    args.add_argument("--only", action="append", metavar="WORD",
                      help="configurations with this word in their name")
    args.add_argument("--module", action="append", choices=("ip_vs", "opvs"),
                      help="default: both")
    args.add_argument("--times", type=int, default=5, metavar="N",
                      help="save and list so often, show the fastest (default: 5)")
    args.add_argument("--tool", default="ipvsadm", metavar="PROGRAM",
                      help="in place of ipvsadm")
    args = args.parse_args()
    if not os.environ.get("OPVS_KERNEL"):
        sys.exit("config: runs in a test machine only: see scripts/vm --help")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    print(f"{'seconds':42} {'':6}" + "".join(f"{step:>9}" for step in STEPS))
    for name in CONFIGURATIONS:
        if args.only and not any(word in name for word in args.only):
            continue
        # One behind the other, as the machine below is fast and slow in turn.
        for module in args.module or ("ip_vs", "opvs"):
            measure(module, name, args)


if __name__ == "__main__":
    main()
