#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether outputs of test machines are read right, and sound ones only."""

import copy
import json
import os
import subprocess
import sys
import tempfile
import unittest

import results
import samples
import tables

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = {"seconds": 60, "load": 0.2, "others": 0.05}


class Folder(unittest.TestCase):
    """Tests with files."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def output(self, lane, text=None):
        """What a machine printed; without TEXT, all that there is."""
        if text is None:
            text = "# round 1 of 3\n" + json.dumps(samples.lanes()[lane])
        self.write(lane + ".host", json.dumps(HOST))
        return self.write(lane, text + "\n")


class Outputs(Folder):
    """One machine."""

    def refused(self, text, *words):
        name = self.output("native", text)
        with self.assertRaises(results.Unsound) as caught:
            results.read_output(name)
        for word in words:
            self.assertIn(word, str(caught.exception))

    def changed(self, change):
        result = copy.deepcopy(samples.result())
        change(result)
        return json.dumps(result)

    def test_sound(self):
        self.assertEqual(results.read_output(self.output("native")),
                         samples.result())

    def test_serial_line_ends(self):
        text = "# round 1 of 3\r\n" + json.dumps(samples.result()) + "\r\n\r"
        self.assertEqual(results.read_output(self.output("native", text)),
                         samples.result())

    def test_nothing(self):
        self.refused("", "printed nothing")
        self.refused("\n \n", "printed nothing")

    def test_no_result(self):
        self.refused("# round 1 of 3\nMismatch: 1000 went in, 999 came out",
                     "no result", "999 came out")

    def test_died_after_the_result(self):
        """The result must be the last word."""
        self.refused(json.dumps(samples.result()) + "\nKilled", "no result",
                     "Killed")

    def test_cut_off(self):
        text = json.dumps(samples.result())
        for length in (1, 100, len(text) // 2, len(text) - 1):
            self.refused(text[:length], "cut off or damaged")

    def test_no_file(self):
        with self.assertRaises(results.Unsound):
            results.read_output(self.path("none"))

    def test_no_numbers(self):
        for word in ("NaN", "Infinity", "-Infinity"):
            text = json.dumps(samples.result()).replace("200", word, 1)
            self.refused(text, word)

    def test_missing_parts(self):
        for key in ("kernel", "packets", "rounds", "paths"):
            self.refused(self.changed(lambda it, key=key: it.pop(key)), key)

    def test_incomplete_path(self):
        self.refused(
            self.changed(lambda it: it["paths"]["tcp opvs v4 1000"].pop(
                "added")), "tcp opvs v4 1000", "added")

    def test_incomplete_spread(self):
        for key in ("median", "least", "most"):
            self.refused(
                self.changed(lambda it, key=key: it["paths"][
                    "tcp opvs v4 1000"]["added"].pop(key)),
                "tcp opvs v4 1000/added", key)

    def test_word_for_a_number(self):
        def change(it):
            it["measures"]["conn-rate"]["opvs"]["median"] = "fast"
        self.refused(self.changed(change), "measures/conn-rate")

    def test_measure_of_nobody(self):
        def change(it):
            it["measures"]["conn-rate"] = {"unit": "per second"}
        self.refused(self.changed(change), "conn-rate")

    def test_nothing_measured(self):
        self.refused(json.dumps(samples.result(paths={}, measures={})),
                     "nothing was measured")


class Command(Folder):
    """report.py, as scripts/bench runs it."""

    def run_it(self, *args):
        return subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "report.py"), *args],
            text=True, capture_output=True, check=False)

    def make(self, *args):
        json_name, svg_name = self.path("b.json"), self.path("b.svg")
        done = self.run_it("make", "--json", json_name, "--plot", svg_name,
                           *args)
        whole = None
        if os.path.exists(json_name):
            whole = results.load(json_name)
        return done, whole

    def all_lanes(self):
        return [f"{lane}={self.output(lane)}" for lane in results.UNITS]

    def test_all_lanes(self):
        done, whole = self.make("--emulator", "tcg", *self.all_lanes())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(whole["failed"], {})
        self.assertEqual({one["verdict"] for one in whole["targets"]}, {"met"})
        self.assertIn("targets: 13 met, 0 not met, 0 not measured",
                      done.stdout)
        self.assertEqual(whole["lanes"]["native"]["host"], HOST)
        self.assertEqual(whole["conditions"]["emulator"], "tcg")
        for name in samples.result()["paths"]:
            self.assertIn(f"\n{name} ", done.stdout)
        self.assertRegex(done.stdout, r"\nlatency-1M +opvs p99 +700 +ns ")
        self.assertRegex(done.stdout, r"\nsip-parse invite +kernel +400 +ns ")
        again = self.run_it("show", self.path("b.json"))
        self.assertEqual((again.returncode, again.stdout), (0, done.stdout))

    def test_target_missed_is_no_failure(self):
        lane = samples.result()
        lane["paths"]["tcp opvs v4 1000"] = samples.path(500)
        done, whole = self.make(
            "native=" + self.output("native", json.dumps(lane)))
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 not met", done.stdout)
        self.assertIn("not met", [one["verdict"] for one in whole["targets"]])

    def test_a_lane_that_failed(self):
        done, whole = self.make("--failed", "two=no end within 9 s",
                                *self.all_lanes()[:2])
        self.assertEqual(done.returncode, 1)
        self.assertIn("two: no end within 9 s", done.stderr)
        self.assertIn("FAILED: two: no end within 9 s", done.stdout)
        self.assertEqual(whole["failed"], {"two": "no end within 9 s"})
        self.assertIn("11 met, 0 not met, 2 not measured", done.stdout)

    def test_a_lane_cut_off(self):
        text = json.dumps(samples.lanes()["counted"])[:-20]
        words = self.all_lanes()
        self.output("counted", text)
        done, whole = self.make(*words)
        self.assertEqual(done.returncode, 1)
        self.assertIn("counted: cut off or damaged", done.stderr)
        self.assertEqual(list(whole["lanes"]), ["native", "two"])

    def test_every_lane_failed(self):
        done, whole = self.make("--failed", "native=it burns")
        self.assertEqual((done.returncode, done.stderr),
                         (1, "report: native: it burns\n"))
        self.assertEqual(whole["lanes"], {})
        self.assertIn("0 met, 0 not met, 13 not measured", done.stdout)

    def test_nothing_to_draw_is_no_failure(self):
        done, _ = self.make("two=" + self.output("two"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertFalse(os.path.exists(self.path("b.svg")))

    def test_no_such_lane(self):
        done, _ = self.make("--failed", "third=what")
        self.assertEqual(done.returncode, 2)
        self.assertIn("third=what", done.stderr)

    def test_against_another_run(self):
        self.make(*self.all_lanes())
        os.rename(self.path("b.json"), self.path("old.json"))
        lane = samples.result()
        lane["paths"]["tcp opvs v4 1000"] = samples.path(51)
        lane["paths"]["new path"] = samples.path(51)
        done, _ = self.make(
            "--against", self.path("old.json"),
            "native=" + self.output("native", json.dumps(lane)))
        part = done.stdout[done.stdout.index("\nSince "):]
        self.assertRegex(part, r"tcp opvs v4 1000 +native +50.0 +51.0 +\+2.0 %")
        self.assertRegex(part, r"tcp IPVS v4 1000 +native +160 +160 +\+0.0 %")
        self.assertNotIn("new path", part)
        self.assertNotIn("counted", part)
        again = self.run_it("show", "--against", self.path("old.json"),
                            self.path("b.json"))
        self.assertEqual(again.stdout, done.stdout)

    def test_against_a_run_of_other_paths(self):
        self.make("two=" + self.output("two"))
        done = self.run_it("show", "--against", self.path("b.json"),
                           self.path("b.json"))
        self.assertIn("No path was measured in both", done.stdout)

    def test_results_of_another_version(self):
        done = self.run_it("show", self.write("old.json", '{"version": 1}'))
        self.assertEqual(done.returncode, 1)
        self.assertIn("version 2", done.stderr)


class Tables(unittest.TestCase):
    """What people read."""

    def test_changes(self):
        for old, new, text in ((100, 97.5, "-2.5 %"), (0, 5, "?"),
                               (-5, 5, "?")):
            self.assertEqual(tables.change(old, new), text)

    def test_figures(self):
        for value, text in ((1234567, "1 234 567"), (99.96, "100"),
                            (99.94, "99.9"), (9.996, "10.0"), (1.234, "1.23"),
                            (0.01234, "0.0123"), (-35.1, "-35.1"), (0, "0"),
                            (None, "-")):
            self.assertEqual(tables.figure(value), text)

    def test_share_of_a_rival_that_adds_nothing(self):
        paths = {"ops-rr opvs v4 100": samples.path(40),
                 "ops-rr IPVS v4 100": samples.path(0)}
        self.assertEqual(tables.share("ops-rr opvs v4 100", paths), "?")
        self.assertEqual(tables.share("ops-rr IPVS v4 100", paths), "")


if __name__ == "__main__":
    unittest.main()
