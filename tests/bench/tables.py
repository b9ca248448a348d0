# SPDX-License-Identifier: GPL-2.0-only
"""Results as text, for a terminal."""

import targets

LANES = {
    "native": "native: User Mode Linux",
    "counted": "counted: an emulated machine, one instruction a nanosecond",
    "two": "two: the distribution's kernel on two CPUs",
}


def figure(value):
    """Three digits that count, or all before the point; no exponent."""
    if value is None:
        return "-"
    size = abs(value)
    if size >= 99.95 or value == 0:
        return f"{value:,.0f}".replace(",", " ")
    for digits in range(1, 5):
        if size >= 99.95 / 10 ** digits:
            return f"{value:.{digits}f}"
    return f"{value:.5f}"


def ratio(value):
    return "-" if value is None else f"{value:.3f}"


def table(rows, left=1):
    """Lines of ROWS of words in columns; the first LEFT and the last ones to
    the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows)
              for column in range(len(rows[0]))]
    for row in rows:
        cells = [word.ljust(width) if column < left or column == len(row) - 1
                 else word.rjust(width)
                 for column, (word, width) in enumerate(zip(row, widths))]
        yield "  ".join(cells).rstrip()


def conditions(whole):
    about = whole["conditions"]
    yield (f"{about['date']}, revision {about['revision'] or 'unknown'}, "
           f"{about['compiler']}")
    yield (f"{about['cpus']} CPUs {about['cpu']}, {about['memory']} MB, "
           f"kernel {about['kernel']}")


def lane_head(lane, result):
    host = result["host"]
    head = (f"{LANES[lane]}, kernel {result['kernel']}; "
            f"{host['seconds']:.0f} s")
    if result["unit"] == "ns":
        head += (f", in which other programs used {host['others']:.2f} of the "
                 "host's CPUs")
    yield head


def rival(name, paths):
    """The path of ip_vs that one of opvs is compared with."""
    for ours in (" opvs ", " stateless "):
        theirs = name.replace(ours, " IPVS ")
        if theirs != name and theirs in paths:
            return theirs
    return None


def share(name, paths):
    """Added cost in proportion to that of ip_vs."""
    theirs = rival(name, paths)
    if not theirs:
        return ""
    try:
        return ratio(targets.quotient(
            (name, paths[name]["added"]["median"]),
            (theirs, paths[theirs]["added"]["median"])))
    except targets.Unmeasured:
        return "?"


def path_table(result):
    paths = result["paths"]
    if not paths:
        return
    yield (f"{result['unit']} per packet, median of {result['rounds']} rounds "
           f"of {result['packets']}")
    rows = [("path", "plain", "whole", "added", "of ip_vs", "added, spread")]
    for name, path in paths.items():
        added = path["added"]
        rows.append((name, figure(path["plain"]["median"]),
                     figure(path["whole"]["median"]),
                     figure(added["median"]), share(name, paths),
                     f"{figure(added['least'])} to {figure(added['most'])}"))
    yield from table(rows)


def spreads(measure):
    """(variant, spread) of a measure, those of several figures one by one."""
    for variant, value in measure.items():
        if variant == "unit":
            continue
        if "median" in value:
            yield variant, value
        else:
            for name, each in value.items():
                yield f"{variant} {name}", each


def measure_table(result):
    measures = result.get("measures")
    if not measures:
        return
    rows = [("measure", "of", "median", "unit", "spread")]
    for name, measure in measures.items():
        for variant, spread in spreads(measure):
            rows.append((name, variant, figure(spread["median"]),
                         measure["unit"], f"{figure(spread['least'])} to "
                         f"{figure(spread['most'])}"))
    yield from table(rows, left=2)


def target_table(whole):
    rows = [("target", "lane", "limit", "found", "worst", "")]
    for one in whole["targets"]:
        sign = ">=" if one["bound"] == "least" else "<="
        outcome = one["verdict"]
        if one["why"]:
            outcome += f": {one['why']}"
        rows.append((one["what"].replace("`", ""), one["lane"],
                     f"{sign} {one['limit']:.2f}", ratio(one["ratio"]),
                     ratio(one["worst"]), outcome))
    yield from table(rows, left=2)


def tally(whole):
    """How many targets came out how."""
    verdicts = [targets.verdict(judgements) for judgements in
                targets.by_target(whole["targets"]).values()]
    return ", ".join(f"{verdicts.count(kind)} {kind}" for kind in
                     (targets.MET, targets.NOT_MET, targets.NOT_MEASURED))


def report(whole):
    """All lines."""
    yield from conditions(whole)
    for lane, result in whole["lanes"].items():
        yield ""
        yield from lane_head(lane, result)
        for part in (path_table, measure_table):
            lines = list(part(result))
            if lines:
                yield ""
                yield from lines
    yield ""
    yield ("Targets: quotients of added costs or of what they name, median "
           "and worst of the variants")
    yield from target_table(whole)
    for lane, why in whole["failed"].items():
        yield f"FAILED: {lane}: {why}"
    yield f"targets: {tally(whole)}"


def change(old, new):
    """In per cent."""
    if old <= 0:
        return "?"
    return f"{(new - old) / old * 100:+.1f} %"


def changes(old, new):
    """What paths added in one run and add in another, where both have it."""
    rows = [("path", "lane", "added before", "added", "change")]
    for lane, result in new["lanes"].items():
        before = old["lanes"].get(lane, {}).get("paths", {})
        for name, path in result["paths"].items():
            if name in before:
                was = before[name]["added"]["median"]
                now = path["added"]["median"]
                rows.append((name, lane, figure(was), figure(now),
                             change(was, now)))
    yield ""
    if len(rows) == 1:
        yield "No path was measured in both runs."
        return
    yield (f"Since {old['conditions']['date']}, revision "
           f"{old['conditions']['revision'] or 'unknown'}")
    yield from table(rows, left=2)
