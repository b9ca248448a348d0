#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The checks of scripts/lint that read the sources themselves.

usage: lint-sources.py CHECK TOP [OBJECTS] < LIST

LIST names the project's files, one a line, relative to TOP. Prints a line
"file:line: what is wrong" for each finding and exits with 1 if there is any.
"""

import os
import re
import subprocess
import sys

# Layers, the lowest first. A file includes and calls its own or a lower one.
# The actors are the last three: the clock, packets, the administrator.
FOLDER_LAYER = {
    "lib": 0, "stats": 0, "proto": 0,
    "svc": 1,
    "sched": 2, "pe": 2,
    "conn": 3,
    "xmit": 4,
    "app": 5, "clock": 5, "sync": 5,
    "path": 6,
    "ctl": 7, "match": 7,
}
GLUE_LAYER = 8  # net/main.c and net/pernet.c
HEADER_LAYER = {
    "types": 0, "counters": 0, "sip": 0, "ops": 0, "flow": 0, "hash": 0, "crc32c": 0,
    "lengths": 0,
    "compat": 0, "kunit": 0, "stats": 0, "netns": 0, "proto": 0, "expire": 0, "limit": 0,
    "policy": 0, "settings": 0, "name": 0, "watch": 0, "wq": 0, "clock": 0,
    "event": 0, "trace": 0, "asked": 0, "hint": 0, "recent": 0, "askers": 0, "load": 0,
    "svc": 1, "dest": 1, "endpoint": 1, "tunnel": 1, "behind": 1, "share": 1, "what_if": 1,
    "words": 1,
    "sched": 2, "pe": 2, "sip_kind": 2, "query": 2,
    "conn": 3, "table": 3, "nfct": 3, "expect": 3, "due": 3,
    "xmit": 4, "route": 4,
    "defence": 5, "app": 5, "sync": 5,
    "path": 6, "whose": 6,
    "ctl": 7,
}

FILE_LINES = 600
FUNCTION_LINES = 60
PACKET_PATH_LINES = 45
PACKET_PATH = ("net/path/", "net/xmit/", "net/app/")

LICENSE = "SPDX-License-Identifier: GPL-2.0-only"
UAPI_LICENSE = LICENSE + " WITH Linux-syscall-note"

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
VERSION = re.compile(r"\bLINUX_VERSION_CODE\b|\bKERNEL_VERSION\b"
                     r"|\blinux/version\.h\b|\bRHEL_RELEASE_CODE\b")
# Written so that this file does not find itself.
LEFTOVER = re.compile(r"\b(?:TO[D]O|FIX[M]E|X{3}|HA[C]K)\b")


class Source:
    """A file of the project and its lines."""

    def __init__(self, top, path):
        self.path = path
        with open(os.path.join(top, path), "rb") as file:
            data = file.read()
        self.binary = b"\0" in data
        text = "" if self.binary else data.decode("utf-8", "replace")
        self.lines = text.split("\n")
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        self.name = os.path.basename(path)
        self.stem, self.ext = os.path.splitext(self.name)

    def script(self):
        return bool(self.lines) and self.lines[0].startswith("#!")

    def includes(self):
        """(line, "<" or '"', name) of each #include."""
        for number, line in enumerate(self.lines, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match[1], match[2]


def is_code(source):
    return source.ext in (".c", ".h", ".py", ".sh") or source.script()


def check_spdx(sources, _top):
    """The licence stands in line 1, under the #! of a script, and only there."""
    for src in sources:
        number = 2 if src.script() else 1
        if src.ext == ".c":
            want = "// " + LICENSE
        elif src.ext == ".h":
            uapi = src.path.startswith("include/uapi/")
            want = f"/* {UAPI_LICENSE if uapi else LICENSE} */"
        elif is_code(src) or src.name in ("Kbuild", "Makefile") \
                or src.ext in (".yml", ".yaml"):
            want = "# " + LICENSE
        else:
            continue
        have = src.lines[number - 1] if len(src.lines) >= number else ""
        if have != want:
            yield src, number, f"want '{want}'"


def guard_of(path):
    """(name or None, ending) that a header's guard must have."""
    stem = os.path.splitext(os.path.basename(path))[0]
    name = re.sub(r"\W", "_", stem).upper() + "_H"
    if path.startswith("include/opvs/"):
        return "OPVS_" + name, name
    if path.startswith("include/uapi/linux/"):
        return "_UAPI_LINUX_" + name, name
    if path.startswith("net/"):
        folder = path.split("/")[1].upper()
        return f"OPVS_{folder}_{name}", name
    return None, name


def check_guards(sources, _top):
    """Headers have guards that guard, named after their path."""
    for src in sources:
        # Headers of tracepoints are read several times.
        if src.ext != ".h" or any("TRACE_HEADER_MULTI_READ" in line
                                  for line in src.lines):
            continue
        want, ending = guard_of(src.path)
        first = next(((number, line.split()) for number, line
                      in enumerate(src.lines, 1) if line.startswith("#")),
                     (1, []))
        number, words = first
        guard = words[1] if len(words) == 2 and words[0] == "#ifndef" else ""
        if not guard:
            yield src, number, "no include guard"
            continue
        if want and guard != want or not guard.endswith(ending):
            yield src, number, f"guard {guard}: want {want or '..._' + ending}"
        if src.lines[number:number + 1] != [f"#define {guard}"]:
            yield src, number + 1, f"want '#define {guard}'"
        if src.lines[-1] != f"#endif /* {guard} */":
            yield src, len(src.lines), f"want '#endif /* {guard} */'"


def layer_of(path):
    """Layer of a file under net/ or include/opvs/; None: not known."""
    parts = path.split("/")
    if parts[:2] == ["include", "opvs"]:
        return HEADER_LAYER.get(os.path.splitext(parts[2])[0])
    if parts[0] == "net" and len(parts) == 2:
        return GLUE_LAYER
    return FOLDER_LAYER.get(parts[1])


def own_header(src, paths):
    """The header of a .c file as it must be included, or None.

    A header of another layer that happens to have the file's name is not it.
    """
    private = os.path.join(os.path.dirname(src.path), src.stem + ".h")
    if private in paths:
        return '"', src.stem + ".h"
    public = f"include/opvs/{src.stem}.h"
    if public in paths and layer_of(public) == layer_of(src.path):
        return "<", f"opvs/{src.stem}.h"
    return None


def check_includes(sources, _top):
    """Own header first, which proves it complete; the kernel's headers last."""
    paths = {src.path for src in sources}
    for src in sources:
        if src.ext != ".c" or not src.path.startswith("net/"):
            continue
        found = list(src.includes())
        own = own_header(src, paths)
        if own and (not found or found[0][1:] != own):
            number = found[0][0] if found else 1
            yield src, number, f"own header {own[1]} must come first"
        foreign = ""
        for number, quote, name in found:
            ours = quote == '"' or name.startswith("opvs/")
            if ours and foreign:
                yield src, number, f"{name} must come before {foreign}"
            elif not ours:
                foreign = foreign or name


def check_layers(sources, _top):
    """A file includes headers of its own layer or of a lower one."""
    for src in sources:
        if src.ext not in (".c", ".h") \
                or not src.path.startswith(("net/", "include/opvs/")):
            continue
        mine = layer_of(src.path)
        if mine is None:
            yield src, 1, "has no layer: give it one in scripts/lint-sources.py"
            continue
        for number, quote, name in src.includes():
            if quote == '"':
                path = os.path.normpath(
                    os.path.join(os.path.dirname(src.path), name))
            elif name.startswith("opvs/"):
                path = "include/" + name
            else:
                continue
            layer = layer_of(path)
            if layer is None:
                yield src, number, f"{name} has no layer"
            elif layer > mine:
                yield src, number, \
                    f"layer {mine} includes {name} of layer {layer}"


def symbol_line(src, symbol):
    """Line of the first place where a file names a symbol."""
    word = re.compile(rf"\b{symbol}\b")
    return next((number for number, line in enumerate(src.lines, 1)
                 if word.search(line)), 1)


class Symbols:
    """Global symbols of the objects under a folder, by their source files."""

    def __init__(self, sources, objects):
        self.data = {}       # symbol: source
        self.constant = {}   # those of them that are never written: ops
        self.functions = {}  # symbol: source
        self.used = []       # (symbol, source)
        for src in sources:
            obj = os.path.join(objects, os.path.splitext(src.path)[0] + ".o")
            if src.ext == ".c" and src.path.startswith("net/") \
                    and os.path.exists(obj):
                self.read(src, obj)
        if not self.functions:
            sys.exit(f"no objects in {objects}")

    def read(self, src, obj):
        table = subprocess.run(["nm", obj], check=True, text=True,
                               capture_output=True).stdout
        for line in table.splitlines():
            kind, symbol = line.split()[-2:]
            if kind == "U":
                self.used.append((symbol, src))
            elif symbol.startswith("__") or not kind.isupper():
                continue
            elif kind == "T":
                self.functions[symbol] = src
            else:
                self.data[symbol] = src
                if kind == "R":
                    self.constant[symbol] = src

    def arrows(self):
        """{user: {definer: symbol}}, files that call or point at others."""
        graph = {}
        for symbol, src in self.used:
            to = self.functions.get(symbol) or self.constant.get(symbol)
            if to and to is not src:
                graph.setdefault(src, {}).setdefault(to, symbol)
        return graph


def check_symbols(sources, _top, objects):
    """Global symbols are ours by name, and calls go to no higher layer.

    Read from symbol tables, which no forward declaration fools. Data may be
    of a higher layer: an id that the glue layer defines is everybody's.
    """
    table = Symbols(sources, objects)
    for symbol, src in (*table.data.items(), *table.functions.items()):
        if not symbol.startswith("opvs_") \
                and symbol not in ("init_module", "cleanup_module"):
            yield src, symbol_line(src, symbol), \
                f"{symbol} is global and does not begin with opvs_"
    for symbol, src in table.used:
        callee = table.functions.get(symbol)
        if callee and layer_of(callee.path) > layer_of(src.path):
            yield src, symbol_line(src, symbol), \
                f"layer {layer_of(src.path)} calls {symbol}() in" \
                f" {callee.path}, layer {layer_of(callee.path)}"


def room_of(path):
    """The folder of a file under net/."""
    return os.path.dirname(path)


def reachable(graph, start):
    """Nodes that can be reached from one, itself only by a circle."""
    seen, todo = set(), list(graph.get(start, ()))
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(graph.get(node, ()))
    return seen


def check_circles(sources, _top, objects):
    """No two folders, and no two files of different ones, need each other.

    What a file needs: the functions that it calls and the constant tables that
    it names. Pointers to functions are how a lower one reaches a higher one.
    """
    files = Symbols(sources, objects).arrows()
    rooms = {}
    for src, arrows in files.items():
        for to, symbol in arrows.items():
            if room_of(src.path) != room_of(to.path):
                rooms.setdefault(room_of(src.path), {}) \
                    .setdefault(room_of(to.path), (src, symbol))
    for room, arrows in rooms.items():
        for to, (src, symbol) in arrows.items():
            if room in reachable(rooms, to):
                yield src, symbol_line(src, symbol), \
                    f"{room} needs {symbol} of {to}, which needs {room}"
    for src, arrows in files.items():
        for to, symbol in arrows.items():
            if room_of(src.path) != room_of(to.path) \
                    and src in reachable(files, to):
                yield src, symbol_line(src, symbol), \
                    f"needs {symbol} of {to.path}, which needs this file"


def check_docs(sources, _top, objects):
    """Functions that other files call have a kernel-doc comment."""
    table = Symbols(sources, objects)
    for symbol in sorted({symbol for symbol, _ in table.used}):
        src = table.functions.get(symbol)
        if src and f" * {symbol}() - " not in \
                "\n".join(line[:len(symbol) + 8] for line in src.lines):
            yield src, symbol_line(src, symbol), \
                f"{symbol}() has no kernel-doc comment"


def functions(top, paths):
    """(path, line, lines, name) of every C function."""
    out = subprocess.run(
        ["ctags", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f",
         "--fields=ne", "--excmd=number", "--sort=no", "-L", "-", "-f", "-"],
        cwd=top, input="\n".join(paths), text=True, check=True,
        capture_output=True).stdout
    for line in out.splitlines():
        if line.startswith("!_TAG"):
            continue
        name, path, *fields = line.split("\t")
        place = dict(field.split(":", 1) for field in fields if ":" in field)
        if "end" in place:
            start = int(place["line"])
            yield path, start, int(place["end"]) - start + 1, name


def check_length(sources, top):
    """Files and functions are short."""
    by_path = {src.path: src for src in sources}
    for src in sources:
        if (is_code(src) or src.name in ("Kbuild", "Makefile")) \
                and len(src.lines) > FILE_LINES:
            yield src, len(src.lines), \
                f"file of {len(src.lines)} lines, at most {FILE_LINES}"
    c_files = [path for path, src in by_path.items() if src.ext in (".c", ".h")]
    for path, start, lines, name in functions(top, c_files):
        packet = path.startswith(PACKET_PATH)
        most = PACKET_PATH_LINES if packet else FUNCTION_LINES
        if lines > most:
            yield by_path[path], start, \
                f"{name}() of {lines} lines, at most {most}"


def check_versions(sources, _top):
    """Only include/opvs/compat.h knows kernel versions."""
    for src in sources:
        if src.ext not in (".c", ".h") or src.path == "include/opvs/compat.h":
            continue
        for number, line in enumerate(src.lines, 1):
            if VERSION.search(line):
                yield src, number, "kernel version outside include/opvs/compat.h"


def check_leftovers(sources, _top):
    """Nothing is left to do in comments."""
    for src in sources:
        if src.name == "LICENSE":
            continue
        for number, line in enumerate(src.lines, 1):
            match = LEFTOVER.search(line)
            if match:
                yield src, number, f"'{match[0]}'"


CHECKS = {
    "spdx": check_spdx,
    "guards": check_guards,
    "includes": check_includes,
    "layers": check_layers,
    "symbols": check_symbols,
    "circles": check_circles,
    "docs": check_docs,
    "length": check_length,
    "versions": check_versions,
    "leftovers": check_leftovers,
}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    name, top, *more = sys.argv[1:]
    sources = [Source(top, path) for path in sys.stdin.read().splitlines()]
    bad = False
    for src, number, text in CHECKS[name](sources, top, *more):
        print(f"{src.path}:{number}: {text}")
        bad = True
    sys.exit(bad)


if __name__ == "__main__":
    main()
