#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Turns what the test machines printed into a table for people, JSON for
machines and a picture. scripts/bench calls it."""

import argparse
import os
import sys

import page
import plot
import results
import tables


def pair(word):
    lane, equals, value = word.partition("=")
    if not equals or lane not in results.UNITS:
        raise argparse.ArgumentTypeError(f"'{word}' is not LANE=VALUE")
    return lane, value


def comparable(whole, old):
    """Another kernel has other costs."""
    if results.series(whole) != results.series(old):
        raise results.Unsound(
            f"kernel {results.series(whole)} is not to be compared with "
            f"kernel {results.series(old)}")


def show(whole, old):
    """OLD: results to compare with, or None."""
    if old and whole["lanes"]:
        comparable(whole, old)
    print("\n".join(tables.report(whole)))
    if old:
        print("\n".join(tables.changes(old, whole)))
    sys.stdout.flush()


def make(args):
    """0 if all lanes gave a result."""
    old = args.against and results.load(args.against)
    whole = results.collect(dict(args.outputs), dict(args.failed),
                            args.emulator)
    show(whole, old)
    results.save(whole, args.json)
    if args.plot and plot.panels_of(whole):
        plot.draw(whole, args.plot)
    for lane, why in whole["failed"].items():
        print(f"report: {lane}: {why}", file=sys.stderr)
    return 1 if whole["failed"] else 0


def publish(args):
    """Shows on the page of results what make() wrote into a file, beside the
    kernels that were published before."""
    whole = results.load(args.json)
    if whole["failed"]:
        raise results.Unsound("a run with a lane that failed is not published: "
                              + ", ".join(whole["failed"]))
    revision = whole["conditions"]["revision"]
    if not revision or revision.endswith("-dirty"):
        print(f"report: measured with revision {revision}, which nobody can "
              "check out", file=sys.stderr)
    series = results.series(whole)
    wholes = {**results.published(args.folder), series: whole}
    text = page.rewritten(results.read_text(args.page),
                          results.in_order(wholes))
    plot.draw(whole, os.path.join(args.folder, f"{series}.svg"))
    results.save(whole, os.path.join(args.folder, f"{series}.json"))
    with open(args.page, "w", encoding="utf-8") as file:
        file.write(text)
    return 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("make", help="from outputs of test machines")
    verb.add_argument("--json", required=True, metavar="FILE")
    verb.add_argument("--plot", metavar="FILE")
    verb.add_argument("--against", metavar="FILE")
    verb.add_argument("--emulator", choices=("kvm", "tcg"))
    verb.add_argument("--failed", action="append", type=pair, default=[],
                      metavar="LANE=WHY")
    verb.add_argument("outputs", nargs="*", type=pair, metavar="LANE=FILE")
    verb.set_defaults(call=make)
    verb = verbs.add_parser("show", help="the table of a JSON file")
    verb.add_argument("--against", metavar="FILE")
    verb.add_argument("json")
    verb.set_defaults(call=lambda args: show(
        results.load(args.json),
        args.against and results.load(args.against)))
    verb = verbs.add_parser("publish", help="on the page of results")
    for name in ("json", "folder", "page"):
        verb.add_argument(name)
    verb.set_defaults(call=publish)
    return parser.parse_args()


def main():
    args = arguments()
    try:
        sys.exit(args.call(args))
    except results.Unsound as error:
        sys.exit(f"report: {error}")
    except OSError as error:
        sys.exit(f"report: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
