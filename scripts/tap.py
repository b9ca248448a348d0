#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Watch one stage of scripts/check and count its tests.

Reads what the stage prints, keeps all of it in LOG, passes on its result
lines at once with the stage's name in front, and leaves the counts in COUNTS:
"PASSED FAILED SKIPPED". All that is unsound is a failure of its own: no test,
no plan or fewer tests than planned (with --plan), a bail-out.
"""

import argparse
import re
import sys

RESULT = re.compile(r"^(ok|not ok)\b(?: (\d+)\b)?(?: -)? ?(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#.*)?$")
SKIP = re.compile(r"#\s*SKIP\b", re.IGNORECASE)
DETAIL = re.compile(r"^(?:\s+\S|#)")
MOST_DETAIL = 30


class Stage:
    """Counts of one stage, and what it shows of itself."""

    def __init__(self, name):
        self.name = name
        self.passed = self.failed = self.skipped = 0
        self.plan = None
        self.detail = 0

    def show(self, text):
        print(f"{self.name}: {text}", flush=True)

    def problem(self, text):
        self.failed += 1
        self.show(f"not ok - {text}")

    def take(self, line):
        match = RESULT.match(line)
        if match:
            self.result(match[1] == "ok", match[3])
            return
        match = PLAN.match(line)
        if match:
            if self.plan is not None:
                self.problem("two plans")
            self.plan = int(match[1])
        elif line.startswith("Bail out!"):
            self.problem(line)
        elif self.detail and DETAIL.match(line):
            # What follows a failure explains it.
            self.detail -= 1
            self.show(f"    {line}")
        else:
            self.detail = 0

    def result(self, good, name):
        name = name.removeprefix(f"{self.name}.")
        self.detail = 0 if good else MOST_DETAIL
        if not good:
            self.failed += 1
        elif SKIP.search(name):
            self.skipped += 1
        else:
            self.passed += 1
        self.show(f"{'ok' if good else 'not ok'} - {name}")

    def finish(self, want_plan):
        count = self.passed + self.failed + self.skipped
        if not self.passed + self.failed:
            self.problem("no test ran")
        if want_plan and self.plan is None:
            self.problem("no plan was printed: the stage did not finish")
        elif self.plan is not None and self.plan != count:
            self.problem(f"{self.plan} tests were planned, {count} ran")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plan", action="store_true",
                        help="fail without a plan line")
    parser.add_argument("stage")
    parser.add_argument("log")
    parser.add_argument("counts")
    args = parser.parse_args()

    stage = Stage(args.stage)
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    with open(args.log, "w", encoding="utf-8") as log:
        for line in sys.stdin:
            log.write(line)
            log.flush()
            stage.take(line.rstrip("\r\n"))
    stage.finish(args.plan)
    with open(args.counts, "w", encoding="utf-8") as file:
        file.write(f"{stage.passed} {stage.failed} {stage.skipped}\n")


if __name__ == "__main__":
    main()
