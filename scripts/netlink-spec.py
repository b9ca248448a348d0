#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The netlink ABI: doc/netlink/opvs.yaml and what is made from it.

usage: netlink-spec.py write TOP
       netlink-spec.py check TOP IP_VS_H

write   makes include/uapi/linux/opvs.h, net/ctl/nla.[ch], doc/netlink/opvs.md,
        tools/opvsadm/nla.[ch] and tests/e2e/abi.py
check   prints a line "file:line: what is wrong" if the specification
        contradicts itself, its files are not what write makes, net/ctl/genl.c
        has other commands, or the kernel's <linux/ip_vs.h> other numbers; then
        exits with 1
"""

import difflib
import os
import re
import sys

from ynl import INTEGERS, Spec, Wrong, c_name

SPEC = "doc/netlink/opvs.yaml"
HEADER = "include/uapi/linux/opvs.h"
TABLES_H = "net/ctl/nla.h"
TABLES_C = "net/ctl/nla.c"
TOOL_H = "tools/opvsadm/nla.h"
TOOL_C = "tools/opvsadm/nla.c"
PAGE = "doc/netlink/opvs.md"
NUMBERS = "tests/e2e/abi.py"
COMMANDS = "net/ctl/genl.c"

MADE = f"made from {SPEC} by scripts/netlink-spec.py"


def wrap(text, width):
    """Paragraphs of a doc as lists of lines."""
    for paragraph in text.strip().split("\n\n"):
        lines = [""]
        for word in paragraph.split():
            if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
                lines.append("")
            lines[-1] += " " * bool(lines[-1]) + word
        yield lines


def flat(text):
    return " ".join(text.split())


def in_words(attr, nest):
    """Type of an attribute for a reader; nest() tells what a nest holds."""
    sizes = attr.sizes
    least, most = (sizes.get(key) for key in ("min", "max"))
    if attr.type == "string":
        most = sizes.get("max-len")
        return f"string of up to {most} bytes" if most else "string"
    if attr.type == "binary":
        if "exact-len" in sizes:
            return f"{sizes['exact-len']} bytes"
        least = sizes.get("min-len")
        return f"{least} to {sizes['max-len']} bytes" if least else \
            f"up to {sizes['max-len']} bytes"
    if attr.type == "nest":
        many = "nests" if attr.node.get("multi-attr") else "nest"
        return f"{many} of {nest(attr.nested)}"
    text = attr.type.replace("u", "be") if attr.big else attr.type
    if "enum" in attr.node:
        return f"{text}, {attr.node['enum']}"
    if least and most:
        return f"{text}, {least} to {most}"
    if least or most:
        return f"{text}, from {least}" if least else f"{text}, up to {most}"
    return text

def columns(rows, start=1):
    """Lines "TEXT<tabs>COMMENT" with the comments below each other."""
    width = max(len(text) for text, comment in rows if comment)
    stop = 8 * start + width // 8 * 8 + 8
    for text, comment in rows:
        line = "\t" * start + text
        if comment:
            gap = stop - 8 * start - len(text)
            line += "\t" * ((gap + 7) // 8) + comment
        yield line


def comment(text, width=76):
    """A comment of whole lines in C."""
    lines = [line for paragraph in wrap(text, width)
             for line in ("", *paragraph)][1:]
    if len(lines) == 1:
        return [f"/* {lines[0]} */"]
    return [f"/* {lines[0]}", *(f" * {line}".rstrip() for line in lines[1:]),
            " */"]


def enum(name, rows):
    """An enum of (name, number, comment) and its maximum."""
    most = re.sub(r"_[^_]*$", "_MAX", rows[-1][0]) if not name[1] else name[1]
    lines, last = [], -1
    for text, number, remark in rows:
        value = "" if number == last + 1 else f" = {number}"
        lines.append((f"{text}{value},", f"/* {remark} */" if remark else ""))
        last = number
    return [f"enum {name[0]} {{", *columns(lines), f"\t__{most},", "};", "",
            f"#define {most}\t(__{most} - 1)", ""]


def values(node):
    """(number, entry) of an enumeration, or of flags."""
    for number, entry in enumerate(node["entries"]):
        yield 1 << number if node["type"] == "flags" else number, entry


def flags(node):
    """An enum of flags, which has no maximum."""
    rows = [(f"{c_name(node['name-prefix'], entry['name'])} = {number},",
             f"/* {flat(entry['doc'])} */") for number, entry in values(node)]
    return [f"enum {c_name(node['enum-name']).lower()} {{", *columns(rows),
            "};", ""]


def defines(*rows):
    return columns([(f"#define {name}", value) for name, value in rows], 0)


def header_set(spec, found):
    """The enum of a set, or of what it has beside attributes of IPVS."""
    ipvs = [attr for attr in found.attrs.values() if attr.of_ipvs()]
    text = flat(found.node["doc"])
    if ipvs:
        prefix = c_name(ipvs[0].prefix)
        text += f" Beside {prefix}*, <linux/ip_vs.h>."
    rows = []
    for attr in found.own():
        remark = ""
        if attr.accepted:
            remark = in_words(attr, lambda name: c_name(
                spec.sets[name].prefix) + "*")
            remark += "; answers only" * found.answers_only(attr)
        rows.append((attr.c_name, attr.number, remark))
    return [*comment(text), *enum((c_name(found.node["enum-name"]).lower(),
                                   found.max_name()), rows)]


def header(spec):
    node = spec.node
    lines = ["/* SPDX-License-Identifier: GPL-2.0-only WITH"
             " Linux-syscall-note */", "/*",
             " * Netlink interface of opvs.", " *",
             f" * Made from {SPEC} by scripts/netlink-spec.py; the",
             f" * reference is {PAGE}.", " *"]
    for paragraph in wrap(node["doc"], 76):
        lines += [*(f" * {line}" for line in paragraph), " *"]
    guard = f"_UAPI_LINUX_{c_name(spec.name)}_H"
    lines[-1:] = [" */", f"#ifndef {guard}", f"#define {guard}", "",
                  *defines((c_name(node["c-family-name"]),
                            f'"{spec.name}"'),
                           (c_name(node["c-version-name"]),
                            str(node["version"]))), ""]
    for found in spec.definitions.values():
        if found["type"] == "const":
            lines += [*comment(found["doc"]),
                      *defines((c_name(spec.name, "-", found["name"]),
                                str(found["value"]))), ""]
        elif found["type"] == "enum":
            prefix = found["name-prefix"]
            rows = [(c_name(prefix, entry["name"]), number, flat(entry["doc"]))
                    for number, entry in values(found)]
            lines += [*comment(found["doc"]),
                      *enum((c_name(found["enum-name"]).lower(),
                             c_name(prefix, "max")), rows)]
        elif found["type"] == "flags":
            lines += [*comment(found["doc"]), *flags(found)]
    for group in spec.groups:
        lines += [*comment("Multicast group."),
                  *defines((c_name(group["c-define-name"]),
                            f'"{group["name"]}"')), ""]
    operations = node["operations"]
    rows = [(op.c_name, op.number, answered(spec, op))
            for op in spec.operations]
    lines += [*comment("Commands, and events behind them; those below 64 have"
                       " the numbers of IPVS_CMD_*."),
              *enum((c_name(operations["enum-name"]).lower(),
                     c_name(operations["name-prefix"], "max")), rows)]
    for found in spec.sets.values():
        if found.own():
            lines += header_set(spec, found)
    return [*lines, f"#endif /* {guard} */"]


def answered(spec, op):
    """How a command is sent, and which number its answer has."""
    if op.group:
        return f"event, group {op.group}"
    text = ", ".join(op.modes)
    if op.answer in (None, op.number):
        return text
    name = next((other.c_name for other in spec.operations
                 if other.number == op.answer), str(op.answer))
    return f"{text}; answered as {name}"


def policy(found, attr):
    """What a request may have in an attribute, as a struct nla_policy."""
    if not found.accepts(attr):
        return "ANSWERS_ONLY"
    sizes = attr.sizes
    least, most = (sizes.get(key) for key in ("min", "max"))
    if attr.type == "nest":
        return "{ .type = NLA_NESTED }"
    if attr.type == "string":
        return f"{{ .type = NLA_NUL_STRING, .len = {sizes['max-len']} }}"
    if attr.type == "binary":
        if "exact-len" in sizes:
            return f"NLA_POLICY_EXACT_LEN({sizes['exact-len']})"
        least, most = (sizes.get(key) for key in ("min-len", "max-len"))
        if least and most:
            return f"NLA_POLICY_RANGE(NLA_BINARY, {least}, {most})"
        if least:
            return f"NLA_POLICY_MIN_LEN({least})"
        return f"{{ .type = NLA_BINARY, .len = {sizes['max-len']} }}"
    kind = f"NLA_{attr.type.upper()}"
    if least and most:
        return f"NLA_POLICY_RANGE({kind}, {least}, {most})"
    if least or most:
        return f"NLA_POLICY_{'MIN' if least else 'MAX'}({kind}," \
            f" {least or most})"
    return f"{{ .type = {kind} }}"


def asked(spec):
    """The sets that requests carry."""
    return [found for found in spec.sets.values()
            if found.accepted is not None]


def tables(spec):
    """(declaration, attributes) of each table."""
    for found in asked(spec):
        name = f"{spec.name}_nla_{found.name.replace('-', '_')}"
        most, attrs = found.max_name(), found.attrs.values()
        yield f"const struct nla_policy {name}[{most} + 1]", found, attrs
        if found.ipvs:
            attrs = [found.ipvs.get(attr.name, attr) for attr in attrs
                     if attr.of_ipvs()]
            most = c_name(attrs[0].prefix, "max")
            yield f"const struct nla_policy {name}_ipvs[{most} + 1]", \
                found, attrs


def tables_h(spec):
    guard = "OPVS_CTL_NLA_H"
    lines = ["/* SPDX-License-Identifier: GPL-2.0-only */",
             *comment(f"What requests may carry, {MADE}."),
             f"#ifndef {guard}", f"#define {guard}", "",
             "#include <linux/ip_vs.h>", f"#include <{spec.node['uapi-header']}>",
             "#include <net/netlink.h>", ""]
    lines += [f"extern {text};" for text, _, _ in tables(spec)]
    return [*lines, "", f"#endif /* {guard} */"]


def tables_c(spec):
    lines = ["// SPDX-License-Identifier: GPL-2.0-only",
             *comment(f"What requests may carry, {MADE}."), '#include "nla.h"',
             "", "#define ANSWERS_ONLY {" + "\t" * 6 + "\\",
             "\t.type = NLA_REJECT," + "\t" * 5 + "\\",
             '\t.reject_message = "this attribute is for answers only"\t\\', "}"]
    for text, found, attrs in tables(spec):
        rows = [(f"[{attr.c_name}]", f"= {policy(found, attr)},")
                for attr in attrs if attr.accepted]
        lines += ["", f"{text} = {{", *columns(rows), "};"]
    return lines


def tool_name(found):
    return f"adm_{found.name.replace('-', '_')}"


def tool_max(found):
    """The highest number that an attribute of a set has."""
    last = list(found.attrs.values())[-1]
    return found.max_name() if found.own() else c_name(last.prefix, "max")


def tool_policy(spec, attr):
    """What an answer may have in an attribute, as libnl puts it."""
    sizes = attr.checks
    if attr.type == "nest":
        return "{ .type = NLA_NESTED }"
    if attr.type == "string":
        return "{ .type = NLA_STRING }"
    if attr.type == "flag":
        return "{ .type = NLA_FLAG }"
    if attr.type == "binary":
        least = sizes.get("exact-len", sizes.get("min-len"))
        return f"{{ .minlen = {spec.number(least)} }}" if least else \
            "{ .type = NLA_UNSPEC }"
    return f"{{ .type = NLA_{attr.type.upper()} }}"


def tool_h(spec):
    guard = "OPVSADM_NLA_H"
    lines = ["/* SPDX-License-Identifier: GPL-2.0-only */",
             *comment(f"What answers may carry, {MADE}."),
             f"#ifndef {guard}", f"#define {guard}", "",
             "#include <linux/ip_vs.h>", f"#include <{spec.node['uapi-header']}>",
             "#include <netlink/attr.h>", "",
             *comment("A set of attributes, and as it stands in a message."),
             "struct adm_set {", "\tconst struct nla_policy\t*policy;",
             "\tint\t\t\tmax;", "};", ""]
    for found in spec.sets.values():
        lines += [f"extern const struct adm_set {tool_name(found)};"]
    return [*lines, "", f"#endif /* {guard} */"]


def tool_c(spec):
    lines = ["// SPDX-License-Identifier: GPL-2.0-only",
             *comment(f"What answers may carry, {MADE}."), '#include "nla.h"']
    for found in spec.sets.values():
        name, most = tool_name(found), tool_max(found)
        rows = [(f"[{attr.c_name}]", f"= {tool_policy(spec, attr)},")
                for attr in found.attrs.values() if attr.accepted]
        lines += ["", f"static const struct nla_policy {name}_policy[{most} + 1] = {{",
                  *columns(rows), "};", "",
                  f"const struct adm_set {name} = {{ {name}_policy, {most} }};"]
    return lines


def numbers(spec):
    lines = ["# SPDX-License-Identifier: GPL-2.0-only",
             '"""Numbers of the netlink ABI,', f'{MADE}."""', ""]
    lines += [f"{c_name(op.name)} = {op.number}" for op in spec.operations]
    lines += ["", "# Numbers of answers that are not those of a command."]
    known = {op.number for op in spec.operations}
    lines += [f"{c_name(op.name)}_ANSWER = {op.answer}"
              for op in spec.operations if op.answer not in (None, *known)]
    for node in spec.definitions.values():
        if node["type"] == "flags":
            lines += ["", f"{c_name(node['name'])} = {{"]
            lines += [f'    "{c_name(entry["name"])}": {number},'
                      for number, entry in values(node)]
            lines += ["}"]
    lines += [""]
    for attr in spec.sets["message"].attrs.values():
        lines.append(f"{c_name(attr.name)} = {attr.number}")
    for found in spec.sets.values():
        if found.name == "message":
            continue
        lines += ["", f"{c_name(found.name)}_ATTRS = {{"]
        lines += [f'    "{c_name(attr.name)}": {attr.number},'
                  for attr in found.attrs.values() if attr.accepted]
        lines += ["}"]
    for node in spec.definitions.values():
        names = " ".join(c_name(e["name"]) for e in node.get("entries", ()))
        lines += ["", c_name(node["enum-name"])[len(spec.name) + 1:] +
                  '_NAMES = """', *next(wrap(names, 79)), '""".split()'] if names else []
    return [*lines, *shapes(spec), *answers(spec)]


def shape(spec, attr):
    """(least bytes, most bytes, set in it, may it be repeated) as text."""
    sizes = attr.checks
    most = sizes.get("max-len", 0xffff)
    if attr.type in INTEGERS:
        least = most = int(attr.type[1:]) // 8
    elif attr.type in ("flag", "pad"):
        least = most = 0
    elif attr.type == "string":
        least, most = 1, most + 1
    else:
        least = sizes.get("min-len", 0)
    if "exact-len" in sizes:
        least = most = spec.number(sizes["exact-len"])
    many = bool(attr.node.get("multi-attr")) or attr.type == "pad"
    return f"({least}, {most}, {attr.nested!r}, {many})".replace("'", '"')


def shapes(spec):
    lines = ["", "# Of each attribute: least and most bytes, the"
             " set in it, may it be repeated.", "SHAPES = {"]
    for found in spec.sets.values():
        lines.append(f'    "{found.name}": {{')
        rows = [f"{attr.number}:{shape(spec, attr).replace(' ', '')},"
                for attr in found.attrs.values() if attr.type != "unused"]
        lines += ["        " + line for line in next(wrap(" ".join(rows), 71))]
        lines.append("    },")
    return [*lines, "}"]


def answers(spec):
    lines = ["", "# Of each command: the number of its answer, the set, and which"
             " attributes of it.", "ANSWERS = {"]
    for op in spec.commands:
        if op.answer is not None:
            lines.append(f"    {op.number}: ({op.answer}, {carried(spec, op)}),")
    lines += ["}", "", "# Of each event: its name, the set, and which attributes"
              " of it.", "EVENTS = {"]
    lines += [f'    {op.number}: ("{c_name(op.name)}", {carried(spec, op)}),'
              for op in spec.events]
    return [*lines, "}"]


def carried(spec, op):
    """The set of an answer or event, and numbers of it."""
    found = spec.sets[op.node["attribute-set"]]
    kinds = ", ".join(str(found.attrs[name].number)
                      for name in op.attributes("reply"))
    return f'"{found.name}", {{{kinds}}}'


def page_command(spec, op):
    node = op.node
    lines = [f"### {c_name(op.name)}", "",
             f"`{op.c_name}` ({op.number}), {answered(spec, op)}.", ""]
    lines += [line for part in wrap(node["doc"], 100) for line in (*part, "")]
    for title, direction in (("Request", "request"),
                             ("Attributes" if op.group else "Answer", "reply")):
        names = op.attributes(direction)
        if names:
            found = spec.sets[node["attribute-set"]]
            shown = ", ".join(f"`{found.attrs[name].c_name}`"
                              for name in names)
            lines += [f"{title}: {shown}", ""]
    return lines


def page_set(found):
    lines = [f"### {found.name}", ""]
    lines += [line for part in wrap(found.node["doc"], 100)
              for line in (*part, "")]
    if found.accepted is None:
        lines += ["In answers only.", ""]
    lines += ["| attribute | number | type | |", "|---|---|---|---|"]
    for attr in found.attrs.values():
        if attr.type == "unused":
            continue
        text = flat(attr.node["doc"])
        if found.answers_only(attr):
            text += " In answers only."
        kind = in_words(attr, lambda name: f"[{name}](#{name})")
        lines.append(f"| `{attr.c_name}` | {attr.number} | {kind}"
                     f" | {text} |")
    return [*lines, ""]


def page(spec):
    lines = [f"# The netlink ABI of {spec.name}", "",
             f"Generic netlink family `{spec.name}`, version"
             f" {spec.node['version']}; `#include <{spec.node['uapi-header']}>`."
             f" This page is {MADE}.", ""]
    lines += [line for part in wrap(spec.node["doc"], 100)
              for line in (*part, "")]
    lines += ["## Commands", ""]
    for op in spec.commands:
        lines += page_command(spec, op)
    lines += ["## Events", ""]
    for group in spec.groups:
        lines += [f"Multicast group `{group['name']}`,"
                  f" `{c_name(group['c-define-name'])}`.", ""]
    for op in spec.events:
        lines += page_command(spec, op)
    lines += ["## Attributes", "",
              "be16 and be32 are integers in network byte order, all others in"
              " the machine's.", ""]
    for found in spec.sets.values():
        lines += page_set(found)
    lines += ["## Values", ""]
    for node in spec.definitions.values():
        lines += page_definition(spec, node)
    return lines[:-1]


def page_definition(spec, node):
    if node["type"] == "const":
        name = c_name(spec.name, "-", node["name"])
        return [f"`{name}` is {node['value']}. {flat(node['doc'])}", ""]
    lines = [f"### {node['name']}", "", flat(node["doc"]), ""]
    if node["type"] == "struct":
        lines += ["| member | type | |", "|---|---|---|"]
        lines += [f"| `{member['name']}` | {member['type']} |"
                  f" {flat(member['doc'])} |" for member in node["members"]]
    else:
        lines += ["| value | number | |", "|---|---|---|"]
        lines += [f"| `{c_name(node['name-prefix'], entry['name'])}` |"
                  f" {number} | {flat(entry['doc'])} |"
                  for number, entry in values(node)]
    return [*lines, ""]


OUTPUTS = {HEADER: header, TABLES_H: tables_h, TABLES_C: tables_c,
           TOOL_H: tool_h, TOOL_C: tool_c, PAGE: page, NUMBERS: numbers}


def made(spec, name):
    return [line.rstrip() for line in OUTPUTS[name](spec)]


def check_current(spec, top, name):
    """A file is what the specification makes of it."""
    try:
        with open(os.path.join(top, name), encoding="utf-8") as file:
            have = file.read().splitlines()
    except FileNotFoundError:
        have = []
    want = made(spec, name)
    matcher = difflib.SequenceMatcher(None, have, want, autojunk=False)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        for line, text in enumerate(have[i:i_end], i + 1):
            yield name, line, f"'{text.strip()}' does not follow from {SPEC}"
        for text in want[j:j_end]:
            yield name, i + 1, f"{SPEC} wants '{text.strip()}' here"


def enum_values(path):
    """{name: number} of all enums of a C header."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    found = {}
    for body in re.findall(r"\benum\b[^{;]*{([^}]*)}", text):
        number = -1
        for item in body.split(","):
            name, _, value = (part.strip() for part in item.partition("="))
            number = int(value, 0) if value.isdigit() else number + 1
            if name:
                found[name] = number
    return found


def check_ipvs(spec, path):
    """What is said to be of IPVS is, under the same number."""
    known = enum_values(path)
    for found in spec.sets.values():
        for attr in found.attrs.values():
            if attr.of_ipvs() and known.get(attr.c_name) != attr.number:
                yield SPEC, attr.node.line, f"{attr.c_name} is {attr.number}" \
                    f", in <linux/ip_vs.h> {known.get(attr.c_name)}"
    for op in spec.operations:
        name = c_name("ipvs-cmd-", op.name)
        if op.number <= known["IPVS_CMD_FLUSH"] \
                and known.get(name) != op.number:
            yield SPEC, op.node.line, f"{op.name} is {op.number}, {name} in" \
                f" <linux/ip_vs.h> {known.get(name)}"


def check_commands(spec, top):
    """The table of handlers has the commands of the specification."""
    with open(os.path.join(top, COMMANDS), encoding="utf-8") as file:
        text = file.read()
    have = {}
    for match in re.finditer(r"\.cmd\s*= (\w+),([^}]*)}", text):
        line = text.count("\n", 0, match.start()) + 1
        have[match[1]] = line, [mode for mode in ("do", "dump")
                                if f".{mode}it\t" in match[2]]
    for op in spec.commands:
        line, modes = have.pop(op.c_name, (1, []))
        if modes != op.modes:
            yield COMMANDS, line, f"{op.c_name} has handlers for" \
                f" {modes or 'nothing'}, {SPEC} wants {op.modes}"
    for name, (line, _) in have.items():
        yield COMMANDS, line, f"{name} is not in {SPEC}"


def check(spec, top, ip_vs_h):
    for name in OUTPUTS:
        yield from check_current(spec, top, name)
    yield from check_ipvs(spec, ip_vs_h)
    yield from check_commands(spec, top)


def main():
    if len(sys.argv) < 3 or (sys.argv[1], len(sys.argv)) not in (
            ("write", 3), ("check", 4)):
        sys.exit(__doc__)
    verb, top, *more = sys.argv[1:]
    try:
        spec = Spec(os.path.join(top, SPEC))
    except Wrong as error:
        sys.exit(f"{SPEC}:{error.line}: {error}")
    if verb == "write":
        for name in OUTPUTS:
            with open(os.path.join(top, name), "w", encoding="utf-8") as file:
                file.write("\n".join(made(spec, name)) + "\n")
        return
    bad = False
    for name, line, text in check(spec, top, *more):
        print(f"{name}:{line}: {text}")
        bad = True
    if bad:
        print("scripts/netlink-spec.py write . makes what is made from"
              f" {SPEC}")
    sys.exit(bad)


if __name__ == "__main__":
    main()
