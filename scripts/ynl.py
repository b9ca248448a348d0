# SPDX-License-Identifier: GPL-2.0-only
"""A netlink specification in the kernel's YNL format, as far as opvs uses it.

Two kinds of subsets have a meaning of their own here: NAME-request lists what
requests may carry of set NAME, NAME-ipvs what family IPVS, which shares the
set, checks in another way.
"""

import sys

try:
    import yaml
except ImportError:
    sys.exit("PyYAML is missing: install the package python3-yaml"
             " (scripts/deps lint)")

INTEGERS = ("u8", "u16", "u32", "u64")
# Keys of an attribute, beside those that all have; by type.
KEYS = {"string": {"checks"}, "flag": set(), "pad": set(), "unused": set(),
        "binary": {"checks", "struct", "display-hint"},
        "nest": {"nested-attributes", "multi-attr"},
        **{kind: {"byte-order", "checks", "enum", "display-hint"}
           for kind in INTEGERS}}
CHECKS = {"string": {"max-len"}, "binary": {"min-len", "max-len", "exact-len"},
          **{kind: {"min", "max"} for kind in INTEGERS}}
TOP_KEYS = {"name", "protocol", "uapi-header", "c-family-name", "doc",
            "c-version-name", "version", "kernel-policy", "definitions",
            "attribute-sets", "operations", "mcast-groups"}


class Wrong(Exception):
    """The specification cannot be: a line and what is wrong."""

    def __init__(self, line, text):
        super().__init__(text)
        self.line = line


class Mapping(dict):
    """A mapping of the YAML that knows its line."""

    line = 1

    def want(self, what, required, allowed):
        """Refuses a mapping that lacks a key or has an unknown one."""
        for key in sorted(set(required) - set(self)):
            raise Wrong(self.line, f"{what} has no {key}")
        for key in sorted(set(self) - set(required) - set(allowed)):
            raise Wrong(self.line, f"{what} cannot have {key}")


class Loader(yaml.SafeLoader):
    """Makes Mappings, and refuses a key that is given twice."""

    def mapping(self, node):
        found = Mapping()
        found.line = node.start_mark.line + 1
        yield found
        for key, value in node.value:
            name = self.construct_object(key)
            if name in found:
                raise Wrong(key.start_mark.line + 1, f"{name} is given twice")
            found[name] = self.construct_object(value, deep=True)


Loader.add_constructor("tag:yaml.org,2002:map", Loader.mapping)


def c_name(*parts):
    return "".join(parts).upper().replace("-", "_")


class Attr:
    """An attribute of a set."""

    def __init__(self, node, number, prefix):
        self.node = node
        self.name = node["name"]
        self.type = node["type"]
        self.number = number
        self.prefix = node.get("name-prefix", prefix)
        self.c_name = c_name(self.prefix, self.name)
        self.checks = node.get("checks", {})
        self.sizes = {}         # the checks, in C
        self.nested = node.get("nested-attributes")
        self.big = node.get("byte-order") == "big-endian"
        self.accepted = self.type not in ("unused", "pad")

    def of_ipvs(self):
        return self.prefix.startswith("ipvs-")


class Set:
    """A set of attributes, in order of their numbers."""

    def __init__(self, node):
        self.node = node
        self.name = node["name"]
        self.prefix = node.get("name-prefix", "")
        self.attrs = {}
        number = 0
        for item in node["attributes"]:
            number = item.get("value", number + 1)
            self.attrs[item["name"]] = Attr(item, number, self.prefix)
        self.accepted = None    # names that a request may have, if any
        self.ipvs = {}          # attributes that IPVS checks in another way

    def max_name(self):
        return c_name(self.prefix, "max")

    def own(self):
        """The attributes that the header of opvs defines."""
        return [attr for attr in self.attrs.values() if not attr.of_ipvs()]

    def padded(self):
        return any(attr.type == "pad" for attr in self.attrs.values())

    def answers_only(self, attr):
        """Does a set that requests carry refuse this one?"""
        return self.accepted is not None and not self.accepts(attr)

    def accepts(self, attr):
        return attr.accepted and attr.name in self.accepted


class Operation:
    """A command, or an event that a multicast group gets."""

    def __init__(self, node, prefix):
        self.node = node
        self.name = node["name"]
        self.c_name = c_name(prefix, self.name)
        self.group = node.get("mcgrp")
        self.modes = [mode for mode in ("do", "dump") if mode in node]
        if self.group:
            self.number = self.answer = node["value"]
            return
        first = node[self.modes[0]]
        self.number = first["request"]["value"]
        self.answer = first.get("reply", {}).get("value")

    def attributes(self, direction):
        """Names of attributes of requests or replies, of all modes."""
        if self.group:
            return self.node["event"]["attributes"] \
                if direction == "reply" else []
        found = []
        for mode in self.modes:
            for name in self.node[mode].get(direction, {}).get("attributes",
                                                               ()):
                if name not in found:
                    found.append(name)
        return found


class Spec:
    """The specification, found to be sound."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            try:
                # The loader is a safe one.
                self.node = yaml.load(file, Loader)
            except yaml.MarkedYAMLError as error:
                raise Wrong(error.problem_mark.line + 1,
                            error.problem) from error
        self.node.want("the specification", TOP_KEYS, ())
        self.name = self.node["name"]
        self.definitions = self._named("definitions", self._definition)
        self.sets = {}
        self.requests = {}
        for node in self.node["attribute-sets"]:
            self._set(node)
        self._references()
        self.groups = self.node["mcast-groups"]["list"]
        for node in self.groups:
            node.want("multicast group", ("name", "c-define-name"), ())
        prefix = self.node["operations"]["name-prefix"]
        self.operations = []    # commands and events
        for node in self.node["operations"]["list"]:
            self.operations.append(self._operation(node, prefix))
        self.commands = [op for op in self.operations if not op.group]
        self.events = [op for op in self.operations if op.group]

    def _named(self, key, check):
        found = {}
        for node in self.node[key]:
            check(node)
            if node["name"] in found:
                raise Wrong(node.line, f"{node['name']} exists already")
            found[node["name"]] = node
        return found

    @staticmethod
    def _definition(node):
        kind = node.get("type")
        name = f"definition {node.get('name')}"
        if kind == "const":
            node.want(name, ("name", "type", "value", "doc"), ())
        elif kind in ("enum", "flags"):
            node.want(name, ("name", "type", "name-prefix", "enum-name",
                             "entries", "doc"),
                      ("render-max",) if kind == "enum" else ())
            for entry in node["entries"]:
                entry.want(name, ("name", "doc"), ())
        elif kind == "struct":
            node.want(name, ("name", "type", "header", "members", "doc"), ())
            for member in node["members"]:
                member.want(name, ("name", "type", "doc"), ())
        else:
            raise Wrong(node.line, f"{name} has an unknown type {kind}")

    def _set(self, node):
        name = node.get("name")
        if "subset-of" in node:
            self._subset(node)
            return
        node.want(f"set {name}", ("name", "name-prefix", "attributes", "doc"),
                  ("enum-name",))
        numbers = set()
        for item in node["attributes"]:
            self._attribute(name, item)
        found = Set(node)
        for attr in found.attrs.values():
            if attr.number in numbers or attr.number < max(numbers, default=0):
                raise Wrong(attr.node.line, f"{name}.{attr.name} has number"
                            f" {attr.number}, which is not above the last")
            numbers.add(attr.number)
        if len(found.attrs) != len(node["attributes"]) or name in self.sets:
            raise Wrong(node.line, f"a name exists twice in set {name}")
        self.sets[name] = found

    def _subset(self, node):
        node.want(f"set {node.get('name')}",
                  ("name", "subset-of", "attributes"), ())
        name, parent = node["name"], self.sets.get(node["subset-of"])
        ipvs = name.endswith("-ipvs")
        if not parent or name != parent.name + ("-ipvs" if ipvs else
                                                "-request"):
            raise Wrong(node.line, f"{name} is not a set that exists, with"
                        " -request or -ipvs")
        for item in node["attributes"]:
            item.want(name, ("name",), ("checks",) if ipvs else ())
            attr = parent.attrs.get(item["name"])
            if not attr:
                raise Wrong(item.line, f"{item['name']} is not in"
                            f" {parent.name}")
            if ipvs:
                checks = Mapping(attr.node, **item)
                checks.line = item.line
                self._attribute(name, checks)
                parent.ipvs[attr.name] = Attr(checks, attr.number, attr.prefix)
        if not ipvs:
            self.requests[parent.name] = [item["name"] for item
                                          in node["attributes"]]

    @staticmethod
    def _attribute(where, node):
        kind = node.get("type")
        name = f"{where}.{node.get('name')}"
        if kind not in KEYS:
            raise Wrong(node.line, f"{name} has an unknown type {kind}")
        needs = {"name", "type"} | ({"doc"} if kind != "unused" else set())
        if kind == "nest":
            needs.add("nested-attributes")
        node.want(name, needs, KEYS[kind] | {"value", "name-prefix"})
        for key in set(node.get("checks", ())) - CHECKS.get(kind, set()):
            raise Wrong(node.line, f"{name} cannot have check {key}")

    def _references(self):
        for found in self.sets.values():
            for attr in (*found.attrs.values(), *found.ipvs.values()):
                for key, pool in (("nested-attributes", self.sets),
                                  ("enum", self.definitions),
                                  ("struct", self.definitions)):
                    name = attr.node.get(key)
                    if name is not None and name not in pool:
                        raise Wrong(attr.node.line,
                                    f"{found.name}.{attr.name}: there is no"
                                    f" {key} {name}")
                attr.sizes = {key: self._length(value, attr)
                              for key, value in attr.checks.items()}
        self._accept("message")

    def _accept(self, name):
        """Marks the sets that requests may carry, from the outermost on."""
        found = self.sets[name]
        found.accepted = self.requests.get(name, list(found.attrs))
        for attr in found.attrs.values():
            if not attr.nested or not found.accepts(attr):
                continue
            # Only the kernel pads: such a nest is ignored in a request.
            inner = self.sets[attr.nested]
            if inner.accepted is None and not inner.padded():
                self._accept(inner.name)

    def _length(self, value, attr):
        if isinstance(value, int):
            return str(value)
        if self.definitions.get(value, {}).get("type") != "const":
            raise Wrong(attr.node.line, f"there is no constant {value}")
        return c_name(self.name, "-", value)

    def number(self, value):
        """A check's value, which may be the name of a constant."""
        return value if isinstance(value, int) else \
            self.definitions[value]["value"]

    def _event(self, node):
        name = node["name"]
        node.want(f"event {name}", ("name", "doc", "value", "attribute-set",
                                    "mcgrp", "event"), ())
        space = self.sets.get(node["attribute-set"])
        if not space or node["mcgrp"] not in [group["name"] for group
                                              in self.groups]:
            raise Wrong(node.line, f"event {name} is for no group, or with"
                        " attributes of no set")
        node["event"].want(f"event {name}", ("attributes",), ())
        for attr in node["event"]["attributes"]:
            if attr not in space.attrs:
                raise Wrong(node.line, f"event {name} cannot have {attr}")

    def _operation(self, node, prefix):
        command = self._command(node, prefix)
        last = self.operations[-1].number if self.operations else 0
        if command.number <= last:
            raise Wrong(node.line, f"{command.name} has number"
                        f" {command.number}, which is not above the last")
        return command

    def _command(self, node, prefix):
        name = node.get("name")
        if "event" in node:
            self._event(node)
            return Operation(node, prefix)
        node.want(f"command {name}", ("name", "doc", "attribute-set", "flags"),
                  ("do", "dump"))
        space = self.sets.get(node["attribute-set"])
        if not space or not ("do" in node or "dump" in node):
            raise Wrong(node.line, f"command {name} does nothing, or with"
                        " attributes of no set")
        for mode in ("do", "dump"):
            for direction, part in node.get(mode, {}).items():
                part.want(f"{mode} of {name}", ("value",), ("attributes",))
                for attr in part.get("attributes", ()):
                    if attr not in space.attrs or direction == "request" \
                            and attr not in space.accepted:
                        raise Wrong(node.line, f"{mode} of {name}: {direction}"
                                    f" cannot have {attr}")
        command = Operation(node, prefix)
        for mode in command.modes:
            if node[mode]["request"]["value"] != command.number:
                raise Wrong(node.line, f"{name} has two numbers")
        return command
