# SPDX-License-Identifier: GPL-2.0-only
"""Results of a benchmark: what the machines printed, made into one object, and
that object read again. schema.json says what is in it."""

import datetime
import json
import os
import platform
import subprocess

import jsonschema

import targets

VERSION = 2
UNITS = {"native": "ns", "counted": "instructions", "two": "ns"}

HERE = os.path.dirname(os.path.abspath(__file__))


class Unsound(Exception):
    """What was read is not what it should be."""


def refuse(constant):
    raise Unsound(f"{constant} is no number")


def parse(text):
    """JSON without the extensions that Python reads."""
    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise Unsound(f"cut off or damaged: {error}") from None


def validate(value, part=None):
    """VALUE must fit the schema or, with PART, one of its definitions."""
    with open(os.path.join(HERE, "schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    if part:
        schema = {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    validator = jsonschema.Draft202012Validator(schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    if error:
        where = "/".join(str(word) for word in error.absolute_path)
        raise Unsound(f"{where or 'the whole'}: {error.message[:200]}")


def read_text(name):
    try:
        with open(name, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        raise Unsound(f"{name}: {error.strerror}") from None


def read_output(name):
    """The result in a machine's output: a JSON object in the last line."""
    lines = read_text(name).split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise Unsound("the machine printed nothing")
    last = lines[-1].strip()
    if not last.startswith("{"):
        raise Unsound(f"the machine printed no result; its last line: {last}")
    result = parse(last)
    validate(result, "result")
    if not result["paths"] and not result.get("measures"):
        raise Unsound("nothing was measured")
    return result


def series(whole):
    """Of the kernels that were measured, "6.1"."""
    found = {".".join(result["kernel"].split(".")[:2])
             for result in whole["lanes"].values()}
    if len(found) != 1:
        raise Unsound("kernels of several series: " + ", ".join(sorted(found)))
    return found.pop()


def first_match(name, key, default=""):
    """The value of the first line "KEY : VALUE" of a file."""
    try:
        with open(name, encoding="utf-8") as file:
            for line in file:
                head, _, value = line.partition(":")
                if head.strip() == key:
                    return value.strip()
    except OSError:
        pass
    return default


def said(*command):
    """The first line that a command prints; None if it fails."""
    try:
        done = subprocess.run(command, check=True, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.split("\n", 1)[0]


def conditions(emulator):
    """The host, the tree and the time."""
    now = datetime.datetime.now(datetime.timezone.utc)
    memory = first_match("/proc/meminfo", "MemTotal", "0 kB")
    return {
        "date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "revision": said("git", "-C", HERE, "describe", "--always", "--dirty",
                         "--tags"),
        "kernel": platform.release(),
        "cpu": first_match("/proc/cpuinfo", "model name", platform.machine()),
        "cpus": len(os.sched_getaffinity(0)),
        "memory": int(memory.split()[0]) // 1024,
        "compiler": said("gcc", "--version") or "unknown",
        "emulator": emulator}


def collect(inputs, failed, emulator=None):
    """The object for what was measured. INPUTS: {lane: file of the output},
    beside which FILE.host tells of the host; FAILED: {lane: why}. A lane with
    an unsound output joins the failed ones."""
    lanes, failed = {}, dict(failed)
    for lane, name in inputs.items():
        try:
            result = read_output(name)
            host = parse(read_text(name + ".host"))
        except Unsound as error:
            failed[lane] = str(error)
            continue
        lanes[lane] = {"unit": UNITS[lane], "host": host, **result}
    whole = {"version": VERSION, "conditions": conditions(emulator),
             "lanes": lanes, "failed": failed,
             "targets": targets.judge(lanes, failed)}
    validate(whole)
    return whole


def published(folder):
    """{series: whole} of the files in FOLDER, the oldest series first."""
    found = {}
    for name in os.listdir(folder):
        if name.endswith(".json"):
            whole = load(os.path.join(folder, name))
            if f"{series(whole)}.json" != name:
                raise Unsound(f"{name} is of kernel {series(whole)}")
            found[series(whole)] = whole
    return in_order(found)


def in_order(wholes):
    """{series: whole}, the oldest series first."""
    return dict(sorted(wholes.items(), key=lambda item: [
        int(word) for word in item[0].split(".")]))


def load(name):
    """What collect() made and save() wrote."""
    whole = parse(read_text(name))
    if not isinstance(whole, dict) or whole.get("version") != VERSION:
        raise Unsound(f"not results of version {VERSION}")
    validate(whole)
    return whole


def save(whole, name):
    with open(name, "w", encoding="utf-8") as file:
        json.dump(whole, file, indent=1, allow_nan=False)
        file.write("\n")
