#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares the documents with the sources, for scripts/lint.

usage: lint-docs.py TOP < LIST

LIST names the project's files, one a line, relative to TOP. What a user can
name - settings, module parameters, counters, files of /sys/kernel/opvs,
schedulers - must be documented, and nothing that does not exist. In a page of
doc/, the table behind a comment "<!-- lint: KIND -->" documents names of this
kind: those in backquotes in its first column. Prints a line "file:line: what is
wrong" for each finding and exits with 1 if there is any.
"""

import os
import re
import sys

README_LINES = 120

MARK = re.compile(r"^<!-- lint: ([\w-]+) -->$")
QUOTED = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[[^][]*(?:\[[^][]*\][^][]*)?\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.*?) *$")
# A file or folder of the project; one with capitals stands for many.
PATH = re.compile(r"`((?:net|include|scripts|tests|doc)/[a-z0-9_./-]*)`")
SYMBOL = re.compile(r"`(?:struct )?(opvs_\w+)(?:\(\))?`")
MAN_ITEM = re.compile(r"^\.It Va (\S+)$")

# Names that a page mentions with the place where they are: they must exist.
MENTIONS = (
    (re.compile(r"\bnet\.opvs\.([a-z]\w*)"), "settings"),
    (re.compile(r"\bnet\.ipv4\.vs\.([a-z]\w*)"), "settings-compat"),
    (re.compile(r"/sys/kernel/opvs/([a-z]\w*)"), "sysfs"),
    (re.compile(r"/sys/module/opvs/parameters/([a-z]\w*)"), "parameters"),
    (re.compile(r"\b(OPVS_(?:CMD|\w+_ATTR)_\w+)"), "netlink"),
)


class Docs:
    """All documents of the project, and what is wrong with them."""

    def __init__(self, top, files):
        self.top = top
        self.files = files
        self.findings = []

    def read(self, path):
        with open(os.path.join(self.top, path), encoding="utf-8") as file:
            return file.read()

    def wrong(self, path, line, text):
        self.findings.append((path, line, text))


# ---- what there is ----------------------------------------------------------

def names(text, pattern):
    """All that PATTERN's groups match, without those that did not take part."""
    return {name for found in re.finditer(pattern, text)
            for name in found.groups() if name}


def setting_entries(code):
    """(name, is it under net.opvs only?) of each row of the table of settings."""
    table = re.search(r"\bopvs_settings_all\[\] = \{(.*?)\n\};", code, re.DOTALL)
    for row in re.split(r"\n\t\{", table[1] if table else ""):
        name = re.search(r'^ (?:[A-Z]+\((\w+)\)|\.name = "(\w+)")', row)
        if name:
            yield name[1] or name[2], ".native = true" in row


def sources(docs):
    """What the sources have, by kind."""
    code = "\n".join(docs.read(path) for path in sorted(docs.files)
                     if path.startswith("net/") and path.endswith(".c"))
    entries = dict(setting_entries(code))
    special = names(code, r'->procname = "(\w+)"') | \
        names(code, r'opvs_sysctl_fill_key\([^"]*"(\w+)"')
    counters = names(docs.read("include/opvs/counters.h"),
                     r'\n\t[KDE]\([A-Z_]+, "(\w+)"')
    files = names(code, r"\b__ATTR_RO\((?!name\))(\w+)\)|"
                        r"\nOPVS_GAUGE\((\w+),")
    compat = {name for name, native in entries.items() if not native}
    both = compat | special & {"conn_max"}
    return {
        "parameters": names(code, r"\bmodule_param(?:_named|_cb|_array|_array_named)?\((\w+),"),
        "settings-compat": both,
        "settings-native": entries.keys() - compat | special - both,
        "settings": entries.keys() | special,
        "counters": counters,
        "files": files,
        "sysfs": counters | files,
        "schedulers": names(
            code, r'opvs_sched_ops opvs_sched_\w+ = \{\s*\.name\s*= "(\w+)"'),
        "netlink": names(docs.read("include/uapi/linux/opvs.h"),
                         r"\n\t(OPVS_(?:CMD|\w+_ATTR)_\w+)"),
    }


# ---- what is documented -----------------------------------------------------

def rows(lines, number):
    """(line, cells) of the table that begins behind line NUMBER."""
    while number < len(lines) and not lines[number].startswith("|"):
        number += 1
    # A row of names and one of dashes come first.
    number += 2
    while number < len(lines) and lines[number].startswith("|"):
        yield number + 1, lines[number].strip("|").split("|")
        number += 1


def documented(docs, path):
    """(kind, name, line, cells of its row) of each name in tables of a page."""
    lines = docs.read(path).split("\n")
    for number, line in enumerate(lines, 1):
        mark = MARK.match(line)
        for place, cells in rows(lines, number) if mark else ():
            for name in QUOTED.findall(cells[0]):
                yield mark[1], name, place, cells


def check_tables(docs, have):
    """Tables and sources have the same names."""
    kinds = have.keys() - {"settings", "sysfs", "netlink"}
    told = {kind: {} for kind in kinds}
    page = {}
    for path in docs.files:
        if not path.startswith("doc/") or not path.endswith(".md"):
            continue
        for kind, name, line, _ in documented(docs, path):
            if kind not in told:
                docs.wrong(path, line, f"there is no kind '{kind}'")
            elif name in told[kind]:
                docs.wrong(path, line, f"{kind}: '{name}' is here twice")
            elif name not in have[kind]:
                docs.wrong(path, line, f"{kind}: there is no '{name}'")
            else:
                told[kind][name] = line
            page[kind] = path
    for kind in sorted(kinds):
        if not have[kind]:
            docs.wrong("scripts/lint-docs.py", 1,
                       f"{kind}: finds none in the sources")
        for name in sorted(have[kind] - told[kind].keys()):
            docs.wrong(page.get(kind, "doc"), 1,
                       f"{kind}: '{name}' is not documented")


def check_ranges(docs):
    """Presets and ranges are those that the end-to-end test demands."""
    test = "tests/e2e/65-sysctl.sh"
    want = {}
    for row in re.findall(r"^(?:\w+=')?(\w+ -?\d+ -?\d+ -?\d+)'?$",
                          docs.read(test), re.MULTILINE):
        name, *values = row.split()
        want.setdefault(name, values)
    page = "doc/settings.md"
    for kind, name, line, cells in documented(docs, page):
        if not kind.startswith("settings") or name not in want:
            continue
        have = [cells[1].strip(),
                *re.split(r" to |, ", cells[2].strip(), maxsplit=1)]
        if have != want[name]:
            docs.wrong(page, line, f"{name}: {test} has {want[name]}")


def check_timeouts(docs):
    """The manual's default timeouts are those of the protocols."""
    page = "doc/manual.md"
    text = docs.read(page)
    found = 0
    for path in sorted(docs.files):
        if not path.startswith("net/proto/") or not path.endswith(".c"):
            continue
        states = re.findall(r'OPVS_PROTO_STATE\("[^"]*",\s*"([^"]+)",\s*'
                            r"(\d+)(?: \* (\d+))?\)", docs.read(path))
        row = ", ".join(f"`{name}` {int(count) * int(times or 1)}"
                        for name, count, times in states)
        found += len(states)
        if row and f"| {row} |" not in text:
            docs.wrong(page, 1, f"of the timeouts, {path} has: {row}")
    if not found:
        docs.wrong("scripts/lint-docs.py", 1, "finds no timeouts")


def check_man(docs, have):
    """The manual page has all parameters and settings, and no other."""
    path = "doc/opvs.4"
    want = have["parameters"] | {"net.opvs." + name
                                 for name in have["settings"]}
    told = {}
    for number, line in enumerate(docs.read(path).split("\n"), 1):
        item = MAN_ITEM.match(line)
        if item:
            told[item[1]] = number
    for name in sorted(want - told.keys()):
        docs.wrong(path, 1, f"'{name}' is not documented")
    for name in sorted(told.keys() - want):
        docs.wrong(path, told[name], f"there is no '{name}'")


# ---- every page -------------------------------------------------------------

def pages(docs):
    return [path for path in docs.files
            if path.endswith(".md") or path == "doc/opvs.4"]


def check_mentions(docs, have):
    """What pages name exists."""
    for path in pages(docs):
        for number, line in enumerate(docs.read(path).split("\n"), 1):
            for pattern, kind in MENTIONS:
                for name in pattern.findall(line):
                    if name not in have[kind]:
                        docs.wrong(path, number, f"{kind}: no '{name}'")


def anchors(text):
    """The places of a page that links can name, as GitHub calls them."""
    found = set()
    fenced = False
    for line in text.split("\n"):
        fenced ^= line.startswith("```")
        heading = None if fenced else HEADING.match(line)
        if heading:
            plain = re.sub(r"[^\w\- ]", "", heading[1].lower())
            found.add(plain.replace(" ", "-"))
    return found


def check_links(docs):
    """Links to other files of the project, and to places in them, lead there."""
    for path in pages(docs):
        text = docs.read(path)
        for found in LINK.finditer(text):
            target, _, place = found[1].partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            line = text.count("\n", 0, found.start()) + 1
            file = os.path.normpath(
                os.path.join(os.path.dirname(path), target)) \
                if target else path
            if not os.path.exists(os.path.join(docs.top, file)):
                docs.wrong(path, line, f"there is no {file}")
            elif place and file.endswith(".md") \
                    and place not in anchors(docs.read(file)):
                docs.wrong(path, line, f"{file} has no #{place}")


def check_code(docs):
    """Files, folders and symbols of the sources that pages name exist."""
    known = set()
    for path in docs.files:
        if path.startswith(("net/", "include/")):
            known.update(re.findall(r"\bopvs_\w+", docs.read(path)))
    for path in pages(docs):
        for number, line in enumerate(docs.read(path).split("\n"), 1):
            missing = [name for name in PATH.findall(line)
                       if not os.path.exists(os.path.join(docs.top, name))]
            missing += [name for name in SYMBOL.findall(line)
                        if name not in known and not name.endswith("_")]
            for name in missing:
                docs.wrong(path, number, f"there is no {name}")


def check_readme(docs):
    lines = docs.read("README.md").count("\n")
    if lines > README_LINES:
        docs.wrong("README.md", lines,
                   f"{lines} lines, at most {README_LINES}")


def check_news(docs):
    """The present version is in the news."""
    version = re.search(r'OPVS_VERSION=\'"([^"]+)"', docs.read("Kbuild"))
    if not version or f"\n## {version[1]}\n" not in docs.read("NEWS.md"):
        docs.wrong("NEWS.md", 1, "has no heading for the version in Kbuild")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    docs = Docs(sys.argv[1], sys.stdin.read().splitlines())
    have = sources(docs)
    check_tables(docs, have)
    check_ranges(docs)
    check_timeouts(docs)
    check_man(docs, have)
    check_mentions(docs, have)
    check_links(docs)
    check_code(docs)
    check_readme(docs)
    check_news(docs)
    for path, line, text in docs.findings:
        print(f"{path}:{line}: {text}")
    sys.exit(bool(docs.findings))


if __name__ == "__main__":
    main()
