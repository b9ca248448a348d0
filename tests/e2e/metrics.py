#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: metrics.py METRICS DASHBOARD ALERTS
Is METRICS OpenMetrics, and does each query of the dashboard and of the alerts
name series that are in it?  Output: TAP."""

import json
import re
import sys

from genl import Tap

HEAD = re.compile(r"# (HELP|TYPE) (opvs_[a-z_]+) (.+)")
SAMPLE = re.compile(r'(opvs_[a-z_]+?)(_total)?(\{[^}]*\})? (\d+(?:\.\d+)?)')
LABELS = re.compile(r'\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\}')


class Metrics:
    """What a text tells; faults are what is wrong with it."""

    def __init__(self, text):
        self.faults, self.names, self.events, self.types = [], set(), set(), {}
        lines = text.split("\n")
        if lines[-2:] != ["# EOF", ""]:
            self.faults.append("it does not end with # EOF")
        self.helped, self.family, seen = set(), None, set()
        for line in lines[:-2]:
            self.read(line, seen)

    def read(self, line, seen):
        head = HEAD.fullmatch(line)
        if head:
            kind, name, rest = head.groups()
            if kind == "HELP":
                self.helped.add(name)
                return
            if name in self.types or name not in self.helped:
                self.faults.append(f"{name} begins twice, or has no help")
            self.types[name], self.family = rest, name
            return
        sample = SAMPLE.fullmatch(line)
        if not sample:
            self.faults.append(f"no sample: {line}")
            return
        name, total, labels, _ = sample.groups()
        if name != self.family:
            self.faults.append(f"{line} stands among {self.family}")
        elif bool(total) != (self.types[name] == "counter"):
            self.faults.append(f"{line} is no {self.types[name]}")
        if labels and not LABELS.fullmatch(labels):
            self.faults.append(f"labels: {line}")
        if (name, labels) in seen:
            self.faults.append(f"twice: {line}")
        seen.add((name, labels))
        self.names.add(name + (total or ""))
        if name == "opvs_events":
            self.events.add(labels[len('{event="'):-2])


def queries_of_dashboard(path):
    with open(path, encoding="utf-8") as file:
        board = json.load(file)
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


def queries_of_alerts(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return re.findall(r"- alert: (\w+)\n +expr: (.+)\n", text)


def unknown(query, metrics):
    """The series that a query names and that are not there."""
    names = set(re.findall(r"\bopvs_[a-z_]+", query))
    missing = sorted(names - metrics.names)
    for pattern in re.findall(r'event=~?"([^"]*)"', query):
        missing += [part for part in pattern.split("|")
                    if not any(re.fullmatch(part, event)
                               for event in metrics.events)]
    return missing if names else ["it names none"]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        metrics = Metrics(file.read())
    tap = Tap()
    tap.ok(not metrics.faults, "metrics are OpenMetrics", metrics.faults[:5])
    tap.ok(len(metrics.events) > 40, "with all counters", metrics.events)
    for what, queries in (("dashboard", queries_of_dashboard(sys.argv[2])),
                          ("alerts", queries_of_alerts(sys.argv[3]))):
        queries = list(queries)
        wrong = [(title, missing) for title, query in queries
                 if (missing := unknown(query, metrics))]
        tap.ok(len(queries) > 8 and not wrong,
               f"{what}: {len(queries)} queries name series that exist", wrong)
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
