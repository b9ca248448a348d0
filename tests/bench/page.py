# SPDX-License-Identifier: GPL-2.0-only
"""Results as the part of doc/benchmarks.md between two marks."""

import fnmatch
import statistics

import results
import targets
from tables import figure

BEGIN = "<!-- bench: begin; scripts/bench --publish writes what follows -->"
END = "<!-- bench: end -->"

COLUMNS = {"native": "native, ns", "counted": "counted, instructions",
           "two": "two CPUs"}
NAMES = {"IPVS": "ip_vs", "IPVS20": "ip_vs (20 bits)"}


def row(cells):
    return "| " + " | ".join(cells) + " |"


def head(cells):
    yield row(cells)
    yield "|" + "---|" * len(cells)


def cell(judgement):
    """The quotient, and what was divided by what. These are medians, too, so
    that their own quotient need not be the same."""
    if judgement is None:
        return ""
    if judgement["ratio"] is None:
        return "not measured"
    ratio = judgement["ratio"]
    # Two figures might hide on which side of the limit it is.
    if f"{ratio:.2f}" == f"{judgement['limit']:.2f}":
        text = f"**{ratio:.4f}**"
    else:
        text = f"**{ratio:.{2 if ratio >= 0.1 else 3}f}**"
    if judgement["bottom"] is None:
        return text
    return (f"{text} ({figure(judgement['top'])} by "
            f"{figure(judgement['bottom'])})")


def target_table(wholes):
    columns = [(lane, series) for lane in COLUMNS for series in wholes
               if lane in wholes[series]["lanes"]]
    yield from head(["target", "limit",
                     *(f"{series}: {COLUMNS[lane]}"
                       for lane, series in columns), "is it met?"])
    for name, judgements in judged(wholes).items():
        first = judgements[0]
        found = {(one["lane"], series): one
                 for series, whole in wholes.items()
                 for one in whole["targets"] if one["name"] == name}
        sign = "≥" if first["bound"] == "least" else "≤"
        yield row([first["what"], f"{sign} {first['limit']:.2f}",
                   *(cell(found.get(column)) for column in columns),
                   targets.verdict(judgements)])


def judged(wholes):
    """{target: its judgements, of all kernels}"""
    return targets.by_target([one for whole in wholes.values()
                              for one in whole["targets"]])


def judged_by_many(name):
    """Of measures that a target sums up, the single ones are left out."""
    return any(isinstance(target.of, targets.Measure) and
               "*" in target.of.name and
               fnmatch.fnmatchcase(name, target.of.name)
               for target in targets.ALL)


def medians(value):
    """Of a spread, or of several named ones."""
    if "median" in value:
        return figure(value["median"])
    return ", ".join(f"{name} {figure(each['median'])}"
                     for name, each in value.items())


def values(measure):
    """All figures of a measure."""
    if measure is None:
        return ""
    figures = "; ".join(f"{NAMES.get(variant, variant)} {medians(value)}"
                        for variant, value in measure.items()
                        if variant != "unit")
    return f"{figures} {measure['unit']}"


def measure_table(whole):
    """All other measures, a column for each lane."""
    lanes = [lane for lane in COLUMNS if whole["lanes"].get(lane, {}).get(
        "measures")]
    names = dict.fromkeys(name for lane in lanes
                          for name in whole["lanes"][lane]["measures"]
                          if not judged_by_many(name))
    if not names:
        return
    yield ""
    yield "The other measures, medians:"
    yield ""
    yield from head(["measure", *(lane for lane in lanes)])
    for name in names:
        yield row([name, *(values(whole["lanes"][lane]["measures"].get(name))
                           for lane in lanes)])


def added(whole, begin):
    """What paths add whose names begin so, in words; "" if there are none."""
    found = []
    for lane, result in whole["lanes"].items():
        costs = [path["added"]["median"]
                 for name, path in result["paths"].items()
                 if name.startswith(begin)]
        if costs:
            found.append(f"{figure(statistics.median(costs))} "
                         f"{result['unit']} ({lane})")
    return ", ".join(found)


def comparisons(whole):
    """What is measured besides, to know what the targets' figures mean."""
    rewriting = added(whole, "nft ")
    if rewriting:
        yield ("For comparison, a stateless nftables rule that rewrites one "
               f"address adds {rewriting}.")
    ours, theirs = (added(whole, f"by {who} ") for who in ("opvs", "IPVS"))
    if ours and theirs:
        yield ("A packet that is merely forwarded, by a director with a "
               f"service for others, pays {ours} with opvs and {theirs} with "
               "ip_vs.")


def conditions(whole):
    about = whole["conditions"]
    yield (f"Measured {about['date'][:10]} at revision "
           f"`{about['revision'] or 'unknown'}` on {about['cpus']} CPUs "
           f"{about['cpu']}, {about['memory']} MB, host kernel "
           f"{about['kernel']}, {about['compiler']}.")
    for lane, result in whole["lanes"].items():
        host = result["host"]
        text = (f"{lane.capitalize()}: kernel {result['kernel']}, "
                f"{result['rounds']} rounds of {result['packets']} packets, "
                f"{host['seconds']:.0f} s")
        if result["unit"] == "ns":
            text += f", other programs used {host['others']:.2f} CPUs meanwhile"
        if lane == "two" and about["emulator"]:
            text += f", {about['emulator']}"
        yield text + "."
    for lane, why in whole["failed"].items():
        yield f"{lane.capitalize()}: failed ({why})."


def part(series, whole):
    """What there is besides targets, of one kernel."""
    yield f"### With kernel {series}"
    yield ""
    for sentence in comparisons(whole):
        yield sentence
        yield ""
    yield from conditions(whole)
    yield from measure_table(whole)


def block(wholes):
    """All lines between the marks."""
    verdicts = [targets.verdict(judgements) for judgements in
                judged(wholes).values()]
    yield (f"Targets: {len(verdicts)}; met {verdicts.count(targets.MET)}, "
           f"missed {verdicts.count(targets.NOT_MET)}, "
           f"not measured {verdicts.count(targets.NOT_MEASURED)}. "
           "Each figure is the median of its variants' quotients; in brackets "
           "the medians of what is divided, and by what. opvs and ip_vs are "
           "measured in one boot, so each column has ip_vs of that kernel; a "
           "target is met where it is met in all columns.")
    yield ""
    yield from target_table(wholes)
    for series, whole in wholes.items():
        yield ""
        yield from part(series, whole)


def rewritten(text, wholes):
    """TEXT of a page with the part between the marks made anew. WHOLES: as of
    results.published()."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 \
            or text.index(BEGIN) > text.index(END):
        raise results.Unsound(f"the marks '{BEGIN}' and '{END}' are not "
                              "there, once and in this order")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    lines = "\n".join(block(wholes))
    return f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}"
