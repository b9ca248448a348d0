#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether doc/benchmarks.md shows what the files in results/ say, and can be
made to."""

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


def alone(whole):
    """As of results.published()."""
    return {results.series(whole): whole}


class Published(unittest.TestCase):
    """The files of the project."""

    def setUp(self):
        self.wholes = results.published(os.path.join(HERE, "results"))

    def test_there_are_some(self):
        self.assertIn("6.1", self.wholes)

    def test_judged_by_the_targets_of_today(self):
        for whole in self.wholes.values():
            self.assertEqual(
                whole["targets"],
                targets.judge(whole["lanes"], whole["failed"]),
                "scripts/bench again, then scripts/bench --publish")

    def test_page(self):
        text = results.read_text(PAGE)
        self.assertTrue(text == page.rewritten(text, self.wholes),
                        "scripts/bench --publish tests/bench/results/6.1.json")

    def test_page_shows_the_pictures(self):
        for series in self.wholes:
            self.assertIn(f"(../tests/bench/results/{series}.svg)",
                          results.read_text(PAGE))

    def test_names_are_explained(self):
        text = results.read_text(os.path.join(HERE, "README.md"))
        for whole in self.wholes.values():
            for result in whole["lanes"].values():
                for name in (*result["paths"], *result.get("measures", {})):
                    self.assertIn(f"`{name.split()[0]}", text)

    def test_pictures(self):
        for series, whole in self.wholes.items():
            name = os.path.join(HERE, "results", f"{series}.svg")
            self.assertTrue(plot.stamp(whole) in results.read_text(name),
                            f"scripts/bench --publish tests/bench/results/"
                            f"{series}.json")


class Rewriting(unittest.TestCase):
    """The tables of a page."""

    def setUp(self):
        self.whole = whole_of(samples.lanes())

    def cells(self, word, whole=None):
        """Of the first row that begins with WORD."""
        text = page.rewritten(TEXT, alone(whole or self.whole))
        row = next(line for line in text.split("\n")
                   if line.startswith(f"| {word}"))
        return [cell.strip() for cell in row.strip("|").split("|")]

    def test_again_changes_nothing(self):
        once = page.rewritten(TEXT, alone(self.whole))
        self.assertEqual(page.rewritten(once, alone(self.whole)), once)

    def test_only_between_the_marks(self):
        text = page.rewritten(TEXT, alone(self.whole))
        self.assertTrue(text.startswith(f"before\n{page.BEGIN}\n"))
        self.assertTrue(text.endswith(f"{page.END}\nafter\n"))
        self.assertNotIn("old", text)

    def test_marks_that_are_not_there(self):
        for text in ("", page.BEGIN, page.END, TEXT + TEXT,
                     page.END + page.BEGIN):
            with self.assertRaises(results.Unsound):
                page.rewritten(text, alone(self.whole))

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
        self.assertNotIn("sip-parse", page.rewritten(TEXT, alone(self.whole)))

    def test_comparison(self):
        lanes = samples.lanes()
        lanes["native"]["paths"]["nft v4 100"] = samples.path(20)
        lanes["native"]["paths"]["nft v6 100"] = samples.path(30)
        self.assertIn("adds 25.0 ns (native).",
                      page.rewritten(TEXT, alone(whole_of(lanes))))

    def test_passing_by(self):
        lanes = samples.lanes()
        self.assertNotIn("merely forwarded",
                         page.rewritten(TEXT, alone(whole_of(lanes))))
        lanes["native"]["paths"]["by opvs v4 100"] = samples.path(20)
        lanes["native"]["paths"]["by IPVS v4 100"] = samples.path(30)
        self.assertIn("pays 20.0 ns (native) with opvs and 30.0 ns (native) "
                      "with ip_vs.",
                      page.rewritten(TEXT, alone(whole_of(lanes))))

    def test_two_kernels(self):
        """Side by side; a target is met only with both."""
        lanes = samples.lanes()
        for result in lanes.values():
            result["kernel"] = "7.3.0-test"
        for name, path in lanes["native"]["paths"].items():
            if name.startswith("ops-rr opvs"):
                path.update(samples.path(100))
        wholes = {"6.1": self.whole, "7.3": whole_of(lanes)}
        text = page.rewritten(TEXT, wholes)
        row = next(line for line in text.split("\n")
                   if line.startswith("| one-packet NAT"))
        self.assertEqual(
            row, "| one-packet NAT, rr | ≤ 0.40 | **0.20** (40.0 by 200) | "
            "**0.50** (100 by 200) | **0.20** (40.0 by 200) | "
            "**0.20** (40.0 by 200) |  |  | not met |")
        self.assertIn("| target | limit | 6.1: native, ns | 7.3: native, ns |",
                      text)
        self.assertIn("met 12, missed 1,", text)
        self.assertLess(text.index("### With kernel 6.1"),
                        text.index("### With kernel 7.3"))

    def test_counts(self):
        self.assertIn("Targets: 13; met 13, missed 0, not measured 0.",
                      page.rewritten(TEXT, alone(self.whole)))


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
        os.makedirs(self.path("results"), exist_ok=True)
        names = [self.path(name) for name in
                 ("b.json", "results", "page.md")]
        return subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "report.py"), "publish",
             *names], text=True, capture_output=True, check=False)

    def test_files(self):
        whole = whole_of(samples.lanes())
        done = self.publish(whole)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(results.load(self.path("results/6.1.json")), whole)
        self.assertIn(plot.stamp(whole),
                      results.read_text(self.path("results/6.1.svg")))
        text = results.read_text(self.path("page.md"))
        self.assertEqual(text, page.rewritten(TEXT, alone(whole)))
        self.assertEqual(self.publish(whole).returncode, 0)
        self.assertEqual(results.read_text(self.path("page.md")), text)

    def test_beside_another_kernel(self):
        first = whole_of(samples.lanes())
        self.publish(first)
        lanes = samples.lanes()
        for result in lanes.values():
            result["kernel"] = "6.12.3-test"
        second = whole_of(lanes)
        self.assertEqual(self.publish(second).returncode, 0)
        self.assertEqual(results.published(self.path("results")),
                         {"6.1": first, "6.12": second})
        text = results.read_text(self.path("page.md"))
        self.assertEqual(text, page.rewritten(TEXT, {"6.1": first,
                                                     "6.12": second}))

    def test_a_mixture_of_kernels_is_not_published(self):
        lanes = samples.lanes()
        lanes["two"]["kernel"] = "7.3.4-test"
        done = self.publish(whole_of(lanes))
        self.assertEqual(done.returncode, 1)
        self.assertIn("6.1, 7.3", done.stderr)

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
        self.assertFalse(os.path.exists(self.path("results/6.1.json")))
        self.assertEqual(results.read_text(self.path("page.md")), TEXT)


if __name__ == "__main__":
    unittest.main()
