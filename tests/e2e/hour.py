#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares what keepalived logs of its servers, and what was changed beside it, with
the events that opvsadm monitor told. Speaks TAP.

usage: hour.py LOG EVENTS TOLD
"""

import json
import re
import sys

# keepalived 2.2 and 2.3.
CHANGE = re.compile(r"(Removing|Adding) service \[([0-9a-f.:]+)\]:tcp:(\d+)"
                    r" (?:from|to) VS \[([0-9a-f.:]+)\]:tcp:(\d+)")
ACTIONS = {"Removing": "dest-removed", "Adding": "dest-added"}


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def logged(path):
    """What keepalived says of the changes that it made while it ran."""
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if "Shutting down service" in line:
                return
            found = CHANGE.search(line)
            if found:
                action, server, port, vip, vport = found.groups()
                yield (ACTIONS[action], endpoint(vip, vport) + "/tcp",
                       endpoint(server, port))


def main():
    log, events, told = sys.argv[1:]
    changes = list(logged(log))
    with open(events, encoding="utf-8") as file:
        heard = [json.loads(line) for line in file]
    with open(told, encoding="utf-8") as file:
        weights = file.read().split()
    mine = [f"{e['old_weight']}>{e['weight']}" for e in heard
            if e["event"] == "dest-changed" and e["service"]]
    # Before keepalived's first check all its servers come; at its end all go.
    by_keepalived = [(e["event"], e["service"], e["server"]) for e in heard
                     if e["event"] in ACTIONS.values()
                     and not e["server"].startswith("10.91.13.3:")]
    come = 6
    went = len(by_keepalived) - come - len(changes)
    results = [
        ("keepalived logged changes", len(changes) > 0, len(changes)),
        ("each change of keepalived is told once, in order",
         by_keepalived[come:come + len(changes)] == changes,
         (by_keepalived[come:come + 5], changes[:5])),
        ("and nothing else but its end", 0 <= went <= come
         and all(e[0] == "dest-removed" for e in by_keepalived[come + len(changes):]),
         by_keepalived[come + len(changes):]),
        ("each change of a weight is told once, in order", mine == weights,
         (mine[:5], weights[:5])),
        ("no number is missing", [e["sequence"] for e in heard] == list(
            range(heard[0]["sequence"], heard[0]["sequence"] + len(heard))),
         len(heard)),
        ("no event was lost", not any(e["lost"] for e in heard), None),
    ]
    for number, (name, passed, detail) in enumerate(results, 1):
        print(f"{'ok' if passed else 'not ok'} {number} - {name}")
        if not passed:
            print(f"# {detail}")
    print(f"1..{len(results)}")
    return any(not passed for _, passed, _ in results)


if __name__ == "__main__":
    sys.exit(main())
