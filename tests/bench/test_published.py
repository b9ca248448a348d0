#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether doc/benchmarks.md shows what results.json says, and can be made to."""

import os
import subprocess
import sys
import unittest
import xml.etree.ElementTree

import page
import plot
import results
import samples
import targets
import test_results

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "..", "..", "doc", "benchmarks.md")
TEXT = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"


def whole_of(lanes):
    """As collect() makes it."""
    lanes = {lane: {"unit": results.UNITS[lane], "host": test_results.HOST,
                    **result} for lane, result in lanes.items()}
    conditions = {**results.conditions("tcg"), "revision": "1234567"}
    return {"version": results.VERSION, "conditions": conditions,
            "lanes": lanes, "failed": {},
            "targets": targets.judge(lanes, {})}


class Published(unittest.TestCase):
    """The files of the project."""

    def setUp(self):
        self.whole = results.load(os.path.join(HERE, "results.json"))

    def test_judged_by_the_targets_of_today(self):
        self.assertEqual(
            self.whole["targets"],
            targets.judge(self.whole["lanes"], self.whole["failed"]),
            "scripts/bench again, then scripts/bench --publish")

    def test_page(self):
        text = results.read_text(PAGE)
        self.assertTrue(text == page.rewritten(text, self.whole),
                        "scripts/bench --publish tests/bench/results.json")

    def test_page_shows_the_picture(self):
        self.assertIn("(../tests/bench/results.svg)", results.read_text(PAGE))

    def test_names_are_explained(self):
        text = results.read_text(os.path.join(HERE, "README.md"))
        for result in self.whole["lanes"].values():
            for name in (*result["paths"], *result.get("measures", {})):
                self.assertIn(f"`{name.split()[0]}", text)

    def test_picture(self):
        picture = results.read_text(os.path.join(HERE, "results.svg"))
        self.assertTrue(plot.stamp(self.whole) in picture,
                        "scripts/bench --publish tests/bench/results.json")


class Rewriting(unittest.TestCase):
    """The tables of a page."""

    def setUp(self):
        self.whole = whole_of(samples.lanes())

    def cells(self, word, whole=None):
        """Of the first row that begins with WORD."""
        text = page.rewritten(TEXT, whole or self.whole)
        row = next(line for line in text.split("\n")
                   if line.startswith(f"| {word}"))
        return [cell.strip() for cell in row.strip("|").split("|")]

    def test_again_changes_nothing(self):
        once = page.rewritten(TEXT, self.whole)
        self.assertEqual(page.rewritten(once, self.whole), once)

    def test_only_between_the_marks(self):
        text = page.rewritten(TEXT, self.whole)
        self.assertTrue(text.startswith(f"before\n{page.BEGIN}\n"))
        self.assertTrue(text.endswith(f"{page.END}\nafter\n"))
        self.assertNotIn("old", text)

    def test_marks_that_are_not_there(self):
        for text in ("", page.BEGIN, page.END, TEXT + TEXT,
                     page.END + page.BEGIN):
            with self.assertRaises(results.Unsound):
                page.rewritten(text, self.whole)

    def test_every_target_has_a_row(self):
        for target in targets.ALL:
            self.assertEqual(self.cells(target.what)[-1], "met")

    def test_quotients(self):
        self.assertEqual(
            self.cells("one-packet NAT"),
            ["one-packet NAT, rr", "≤ 0.40", "**0.20** (40.0 by 200)",
             "**0.20** (40.0 by 200)", "", "met"])
        self.assertEqual(self.cells("two CPUs against one, new")[1:],
                         ["≥ 1.80", "", "", "**1.90**", "met"])

    def test_not_measured(self):
        lanes = samples.lanes()
        del lanes["two"]
        cells = self.cells("two CPUs against one, new", whole_of(lanes))
        self.assertEqual(cells[-1], "not measured")
        del lanes["native"]["paths"]["udp IPVS20 v4 1000000"]
        cells = self.cells(targets.ALL[6].what, whole_of(lanes))
        self.assertEqual(cells[2:], ["not measured", "", "not measured"])

    def test_just_missed_does_not_look_met(self):
        lanes = samples.lanes()
        for name, path in lanes["native"]["paths"].items():
            if name.startswith("ops-rr opvs"):
                path.update(samples.path(80.2))
        cells = self.cells("one-packet NAT", whole_of(lanes))
        self.assertEqual(cells[-1], "not met")
        self.assertIn("**0.4010**", cells[2])

    def test_other_measures(self):
        self.assertEqual(self.cells("conn-rate"),
                         ["conn-rate",
                          "opvs 900 000; ip_vs 300 000 per second", "", ""])
        self.assertEqual(self.cells("latency-1M")[1],
                         "opvs p50 300, p99 700 ns")
        self.assertNotIn("sip-parse", page.rewritten(TEXT, self.whole))

    def test_comparison(self):
        lanes = samples.lanes()
        lanes["native"]["paths"]["nft v4 100"] = samples.path(20)
        lanes["native"]["paths"]["nft v6 100"] = samples.path(30)
        self.assertIn("adds 25.0 ns (native).",
                      page.rewritten(TEXT, whole_of(lanes)))

    def test_passing_by(self):
        lanes = samples.lanes()
        self.assertNotIn("merely forwarded",
                         page.rewritten(TEXT, whole_of(lanes)))
        lanes["native"]["paths"]["by opvs v4 100"] = samples.path(20)
        lanes["native"]["paths"]["by IPVS v4 100"] = samples.path(30)
        self.assertIn("pays 20.0 ns (native) with opvs and 30.0 ns (native) "
                      "with ip_vs.",
                      page.rewritten(TEXT, whole_of(lanes)))

    def test_counts(self):
        self.assertIn("Targets: 13; met 13, missed 0, not measured 0.",
                      page.rewritten(TEXT, self.whole))


class Drawing(test_results.Folder):
    """The picture."""

    def words(self, lanes):
        """What stands in it."""
        name = self.path("b.svg")
        plot.draw(whole_of(lanes), name)
        root = xml.etree.ElementTree.parse(name).getroot()
        self.assertTrue(root.tag.endswith("svg"))
        return " ".join(root.itertext())

    def test_all(self):
        text = self.words(samples.lanes())
        for word in ("nanoseconds", "instructions", "native", "counted",
                     "one-packet NAT, rr", "tracked TCP, 1 000 flows",
                     "target for opvs", "9000"):
            self.assertIn(word, text)

    def test_one_lane(self):
        text = self.words({"counted": samples.lanes()["counted"]})
        self.assertIn("instructions", text)
        self.assertNotIn("nanoseconds", text)
        # The paths with a million flows.
        self.assertEqual(text.count("not in this run"), 2)

    def test_costs_below_zero_have_no_place(self):
        """One of two variants, then both."""
        lanes = samples.lanes()
        paths = lanes["native"]["paths"]
        paths["tcp opvs v4 1000"] = samples.path(-4)
        text = self.words(lanes)
        self.assertIn(" 23 ", text)
        self.assertNotIn("nothing above plain", text)
        script = plot.script(whole_of(lanes), "")
        self.assertNotIn(" -4 ", script)
        self.assertIn("set xrange [15.3333:", script)
        paths["tcp opvs v6 1000"] = samples.path(-4)
        self.assertIn("nothing above plain", self.words(lanes))

    def test_nothing_to_draw(self):
        with self.assertRaises(results.Unsound):
            self.words({"two": samples.lanes()["two"]})

    def test_stamp_follows_the_figures(self):
        lanes = samples.lanes()
        before = plot.stamp(whole_of(lanes))
        self.assertEqual(plot.stamp(whole_of(lanes)), before)
        lanes["native"]["paths"]["tcp opvs v4 1000"] = samples.path(51)
        self.assertNotEqual(plot.stamp(whole_of(lanes)), before)


class Publishing(test_results.Folder):
    """report.py publish, as scripts/bench --publish runs it."""

    def publish(self, whole):
        results.save(whole, self.path("b.json"))
        page_name = self.path("page.md")
        if not os.path.exists(page_name):
            self.write("page.md", TEXT)
        names = [self.path(name) for name in
                 ("b.json", "results.json", "results.svg", "page.md")]
        return subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "report.py"), "publish",
             *names], text=True, capture_output=True, check=False)

    def test_files(self):
        whole = whole_of(samples.lanes())
        done = self.publish(whole)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(results.load(self.path("results.json")), whole)
        self.assertIn(plot.stamp(whole),
                      results.read_text(self.path("results.svg")))
        text = results.read_text(self.path("page.md"))
        self.assertEqual(text, page.rewritten(TEXT, whole))
        self.assertEqual(self.publish(whole).returncode, 0)
        self.assertEqual(results.read_text(self.path("page.md")), text)

    def test_revisions_that_nobody_has(self):
        for revision in ("1234567-dirty", None):
            whole = whole_of(samples.lanes())
            whole["conditions"]["revision"] = revision
            done = self.publish(whole)
            self.assertEqual(done.returncode, 0)
            self.assertIn(f"revision {revision},", done.stderr)

    def test_failed_runs_are_not_published(self):
        whole = whole_of({"native": samples.lanes()["native"]})
        whole["failed"] = {"two": "it burns"}
        done = self.publish(whole)
        self.assertEqual(done.returncode, 1)
        self.assertIn("two", done.stderr)
        self.assertFalse(os.path.exists(self.path("results.json")))
        self.assertEqual(results.read_text(self.path("page.md")), TEXT)


if __name__ == "__main__":
    unittest.main()
