#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Judge the KUnit results in a kernel log.

The log is that of a machine which ran tests/vm/kunit-guest. KUnit itself
reports nothing by exit status, and a suite in a module prints no top-level
plan, so everything that should be there is demanded here: each suite of the
list, its result line, its plan fulfilled, at least one pass, the end of each
module, and the end of the whole run.

Prints one line per test: "ok SUITE.CASE" or "not ok SUITE.CASE" with what the
kernel said; a parameterised case counts by its rows. Last come the errors of
the run, each counted as a failure, and "N passed, N failed, N skipped".
"""

import argparse
import re
import sys

STAMP = re.compile(r"^\[\s*\d+\.\d+\](?:\[[^\]]*\])? ?")
RESULT = re.compile(r"^( *)(ok|not ok) (\d+)(?: -)?(?: (.*))?$")
PLAN = re.compile(r"^( *)1\.\.(\d+)\s*$")
SUBTEST = re.compile(r"^( *)# Subtest: (\S.*)$")
SUMMARY = re.compile(r"^ *# (?:Totals: |\S+: )pass:\d+ fail:\d+ skip:\d+")
HEADER = re.compile(r"^ *(?:KTAP version 1|TAP version 14)\s*$")
MARK = re.compile(r"^opvs-kunit: (begin|end|error|complete) ?(.*)$")
SKIP = re.compile(r"\s*# SKIP\b\s*(.*)$", re.IGNORECASE)

SUITE_INDENT, CASE_INDENT, ROW_INDENT = 0, 4, 8


class Report:
    """Counts and prints."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.errors = []

    def test(self, name, good, skip, said):
        if not good:
            self.failed += 1
            print(f"not ok {name}")
            for line in said:
                print(f"  | {line}")
        elif skip is not None:
            self.skipped += 1
            print(f"ok {name} # SKIP {skip}".rstrip())
        else:
            self.passed += 1
            print(f"ok {name}")

    def error(self, text):
        self.errors.append(text)

    def finish(self):
        for text in self.errors:
            print(f"not ok run: {text}")
        failed = self.failed + len(self.errors)
        print(f"{self.passed} passed, {failed} failed, "
              f"{self.skipped} skipped")
        return 0 if self.passed and not failed else 1


class Suite:
    """One suite's part of the log, read line by line."""

    def __init__(self, name, report):
        self.name = name
        self.report = report
        self.plan = None
        self.cases = 0
        self.passes = 0
        self.failures = 0
        self.rows = []
        self.said = []
        self.result = None

    def take(self, line):
        """Returns False once the suite is complete."""
        match = PLAN.match(line)
        if match:
            if len(match[1]) == CASE_INDENT:
                self.plan = int(match[2])
            return True
        match = RESULT.match(line)
        if match:
            return self.take_result(match)
        if SUBTEST.match(line) or HEADER.match(line) or SUMMARY.match(line):
            return True
        self.said.append(line)
        return True

    def take_result(self, match):
        indent, good = len(match[1]), match[2] == "ok"
        name, skip = match[4] or "", None
        found = SKIP.search(name)
        if found:
            name, skip = name[:found.start()], found[1]
        if indent >= ROW_INDENT:
            self.rows.append((name.strip(), good, skip, self.said))
        elif indent == CASE_INDENT:
            self.take_case(name.strip(), good, skip)
        else:
            self.result = good
            if name.strip() != self.name:
                self.report.error(f"result of '{name.strip()}' inside "
                                  f"suite {self.name}")
            return False
        self.said = []
        return True

    def take_case(self, case, good, skip):
        self.cases += 1
        full = f"{self.name}.{case}"
        for row, row_good, row_skip, said in self.rows:
            self.count(f"{full}.{row}", row_good, row_skip, said)
        # The verdict on the whole adds something only if no row has it.
        if not self.rows or (not good and all(r[1] for r in self.rows)):
            self.count(full, good, skip, self.said)
        self.rows = []

    def count(self, name, good, skip, said):
        self.report.test(name, good, skip, said)
        self.passes += good and skip is None
        self.failures += not good

    def finish(self):
        name, report = self.name, self.report
        if self.rows:
            report.error(f"suite {name}: rows without their case")
        if self.plan is None:
            report.error(f"suite {name} printed no plan")
        elif self.plan != self.cases:
            report.error(f"suite {name}: {self.plan} cases planned, "
                         f"{self.cases} ran")
        if not self.passes:
            report.error(f"suite {name}: no test passed")
        if self.result is None:
            report.error(f"suite {name} did not end")
        elif not self.result and not self.failures:
            text = "; ".join(line.strip() for line in self.said)
            report.error(f"suite {name} failed{': ' if text else ''}{text}")


class Log:
    """Walks over a log, hands out lines to suites, notes which were there."""

    def __init__(self, report):
        self.report = report
        self.module = None
        self.ended = []
        self.complete = None
        self.suites = []
        self.suite = None

    def read(self, lines):
        for line in lines:
            line = STAMP.sub("", line.rstrip("\r\n"))
            match = MARK.match(line)
            if match:
                self.mark(match[1], match[2])
            elif self.module:
                self.body(line)
        self.close_suite()
        if self.module:
            self.report.error(f"module {self.module} did not end")

    def mark(self, what, rest):
        if what == "begin":
            self.module = rest
        elif what == "end":
            self.close_suite()
            self.ended.append(rest)
            self.module = None
        elif what == "error":
            self.report.error(rest)
        else:
            self.complete = int(rest)

    def body(self, line):
        if self.suite:
            if not self.suite.take(line):
                self.close_suite()
            return
        match = SUBTEST.match(line)
        if match and len(match[1]) == CASE_INDENT:
            name = match[2].strip()
            self.suites.append((name, self.module))
            self.suite = Suite(name, self.report)
            return
        match = RESULT.match(line)
        if match and match[2] == "not ok":
            self.report.error(f"outside of any suite: {line.strip()}")

    def close_suite(self):
        if self.suite:
            self.suite.finish()
            self.suite = None


def read_list(path):
    """Pairs of suite and module; comments and empty lines allowed."""
    pairs = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            if len(words) != 2:
                sys.exit(f"ktap: {path}:{number}: want 'SUITE MODULE'")
            pairs.append((words[0], words[1]))
    return pairs


def compare(expected, log, report):
    for suite, module in expected:
        found = log.suites.count((suite, module))
        if found != 1:
            report.error(f"suite {suite} of {module} "
                         f"{'is missing' if not found else 'ran twice'}")
    for suite, module in sorted(set(log.suites) - set(expected)):
        report.error(f"suite {suite} of {module} is not in the list")
    modules = {module for _, module in expected}
    if log.complete is None:
        report.error("the run did not complete")
    elif log.complete != len(modules):
        report.error(f"{log.complete} modules ran, not {len(modules)}")
    # If a suite never began, it is enough to say that it is missing.
    begun = {module for _, module in log.suites}
    for module in sorted((modules & begun) - set(log.ended)):
        report.error(f"module {module} did not run to its end")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("list", help="suites to expect: SUITE MODULE lines")
    parser.add_argument("log", help="the kernel's log")
    parser.add_argument("--module", action="append", default=[],
                        help="expect only the suites of this module")
    parser.add_argument("--error", action="append", default=[],
                        help="a failure of the run known from elsewhere")
    args = parser.parse_args()

    expected = [pair for pair in read_list(args.list)
                if not args.module or pair[1] in args.module]
    report = Report()
    log = Log(report)
    with open(args.log, encoding="utf-8", errors="replace") as file:
        log.read(file)
    compare(expected, log, report)
    for text in args.error:
        report.error(text)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
