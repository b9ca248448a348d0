# SPDX-License-Identifier: GPL-2.0-only
"""Runs command lines with ipvsadm and with opvsadm in its place, and compares.

usage: ipvsadm_lines.py LINES MANUAL TOOL all|some|ip_vs

LINES is ipvsadm.lines, MANUAL is opvsadm(8), TOOL is opvsadm under the name
ipvsadm. Runs the part for opvs, some sections of it or all, or the part for ip_vs.
Speaks TAP, a test for each section.
"""

import os
import re
import shlex
import sys

STOCK = "/usr/sbin/ipvsadm"
# What a connection has left changes between two looks at it.
LEFT = re.compile(r"(?m)^((?:TCP|UDP|SCT|IP) +)\d\d:\d\d")


class Line:
    """A command line of the list."""

    def __init__(self, text, differs):
        self.text = text
        self.differs = differs
        args, _, typed = text.partition(" < ")
        if args.endswith(" <"):
            args = args[:-2]
        self.args = shlex.split(args)
        self.typed = typed.replace("\\n", "\n").replace("\\t", "\t")


def read_lines(path, part):
    """{section: lines} of a part of the list."""
    sections, here, differs = {}, False, None
    name = ""
    with open(path, encoding="utf-8") as file:
        for text in file.read().split("\n"):
            if text.startswith("# ===="):
                here = part == "ip_vs"
                name = text.strip("# =")
            elif text.startswith("# ----"):
                name = text.strip("# -+")
                here = part == "all" or part == "some" and "+" in text
            elif text.startswith("~"):
                differs = text[1:] if here else None
            elif text and here and not text.startswith("# "):
                sections.setdefault(name, []).append(Line(text, differs))
                differs = None
    return sections


class Runner:
    """Runs a program without pipes, which cost more than it does."""

    def __init__(self, program):
        self.program = program
        self.files = [f"/tmp/lines-{os.getpid()}-{number}"
                      for number in range(3)]

    def run(self, args, typed=""):
        if typed:
            with open(self.files[0], "w", encoding="utf-8") as file:
                file.write(typed)
        new = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [(os.POSIX_SPAWN_OPEN, 0,
                    self.files[0] if typed else "/dev/null", os.O_RDONLY, 0)]
        actions += [(os.POSIX_SPAWN_OPEN, number, self.files[number], new, 0o600)
                    for number in (1, 2)]
        child = os.posix_spawn(self.program, ["ipvsadm", *args], os.environ,
                               file_actions=actions)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said = []
        for name in self.files[1:]:
            with open(name, encoding="utf-8") as file:
                said.append(file.read())
        return LEFT.sub(r"\1mm:ss", said[0]), said[1], status


def reset():
    stock = Runner(STOCK)
    stock.run(["-C"])
    stock.run(["--set", "900", "120", "300"])


def run_all(program, sections):
    """{section: [answer of each line, and the services at its end]}"""
    runner, stock = Runner(program), Runner(STOCK)
    reset()
    return {name: [runner.run(line.args, line.typed) for line in lines]
            + [stock.run(["-Sn"])] for name, lines in sections.items()}


def by_service(answer):
    """An answer with its services in order. ip_vs of 7.3 hashes them by a key that
    is another one whenever its table is made."""
    text, *rest = answer
    head, *services = re.split(r"(?m)^(?=(?:TCP|UDP|SCTP|FWM) )", text)
    return ("".join([head, *sorted(services)]), *rest)


def compare(lines, wanted, had, part):
    """What is wrong, as lines."""
    for line, want, have in zip([*lines, None], wanted, had):
        if line and part == "ip_vs" and "--nosort" in line.args:
            want, have = by_service(want), by_service(have)
        if line and line.differs:
            if want == have:
                yield f"{line.text}: does not differ ({line.differs})"
        elif want != have:
            yield line.text if line else "services at the end"
            for text, name in ((want, "ipvsadm"), (have, "opvsadm")):
                yield f"  {name}: {text}"


def check_manual(path, sections):
    """Names of differences that the manual page does not explain."""
    with open(path, encoding="utf-8") as file:
        items = re.findall(r"(?m)^\.It Sy (\S+)$", file.read())
    names = {line.differs for lines in sections.values() for line in lines
             if line.differs}
    return sorted(names - set(items))


def main():
    lines, manual, tool, part = sys.argv[1:]
    sections = read_lines(lines, part)
    print(f"1..{len(sections) + 1}")
    wanted, had = run_all(STOCK, sections), run_all(tool, sections)
    bad = 0
    for number, name in enumerate(sections, 1):
        found = list(compare(sections[name], wanted[name], had[name], part))
        bad += bool(found)
        print("not " * bool(found) + f"ok {number} - as ipvsadm:"
              f" {name} ({len(sections[name])} lines)")
        for text in found:
            print(f"# {text}")
    missing = check_manual(manual, sections)
    bad += bool(missing)
    print("not " * bool(missing) + f"ok {len(sections) + 1} - the manual page"
          f" has all that differs {' '.join(missing)}")
    reset()
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
