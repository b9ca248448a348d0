#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether targets are judged right, also where there is nothing to judge."""

import copy
import math
import unittest

import samples
import targets
from targets import MET, NOT_MEASURED, NOT_MET


def target(name):
    return next(each for each in targets.ALL if each.name == name)


def judged(name, result):
    return targets.judge_lane(target(name), "native", result, "")


class Added(unittest.TestCase):
    """Targets of added cost."""

    def judged(self, *pairs):
        """What becomes of one-packet, PAIRS being what opvs and ip_vs add."""
        paths = {}
        for variant, (ours, theirs) in zip(("v4 100", "v6 100", "v4 600"),
                                           pairs):
            paths[f"ops-rr opvs {variant}"] = samples.path(ours)
            paths[f"ops-rr IPVS {variant}"] = samples.path(theirs)
        return judged("one-packet", samples.result(paths=paths))

    def test_on_the_limit(self):
        self.assertEqual(self.judged((40, 100))["verdict"], MET)

    def test_above_the_limit(self):
        found = self.judged((40.0001, 100))
        self.assertEqual(found["verdict"], NOT_MET)
        self.assertAlmostEqual(found["ratio"], 0.400001)

    def test_median_and_worst(self):
        found = self.judged((30, 100), (70, 100), (40, 100))
        self.assertEqual(found["ratio"], 0.4)
        self.assertEqual(found["worst"], 0.7)
        self.assertEqual(found["verdict"], MET)
        self.assertEqual(found["variants"], {"v4 100": 0.3, "v6 100": 0.7,
                                             "v4 600": 0.4})

    def test_both_sides_are_shown(self):
        found = self.judged((30, 100), (50, 200))
        self.assertEqual((found["top"], found["bottom"]), (40, 150))

    def test_opvs_adds_nothing(self):
        self.assertEqual(self.judged((-3, 100))["verdict"], MET)

    def test_no_quotient(self):
        for theirs in (0, -5, math.nan, math.inf):
            found = self.judged((40, theirs))
            self.assertEqual(found["verdict"], NOT_MEASURED, theirs)
            self.assertIsNone(found["ratio"])
            self.assertIn("ops-rr IPVS v4 100", found["why"])

    def test_no_number(self):
        self.assertEqual(self.judged((math.nan, 100))["verdict"], NOT_MEASURED)

    def test_one_variant_without_quotient(self):
        """The others alone would be another median."""
        self.assertEqual(self.judged((1, 100), (1, 0))["verdict"],
                         NOT_MEASURED)

    def test_half_a_pair(self):
        for missing in ("ops-rr opvs v6 600", "ops-rr IPVS v6 600"):
            result = samples.result()
            del result["paths"][missing]
            found = judged("one-packet", result)
            self.assertEqual(found["verdict"], NOT_MEASURED)
            self.assertIn(missing, found["why"])

    def test_nothing(self):
        found = judged("one-packet", samples.result(paths={}))
        self.assertEqual((found["verdict"], found["why"]),
                         (NOT_MEASURED, "not in this run"))

    def test_flows_are_told_apart(self):
        """A thousand is not the end of a million."""
        result = samples.result()
        for path in ("udp opvs v4 1000000", "udp IPVS20 v4 1000000"):
            del result["paths"][path]
        self.assertEqual(judged("udp-1000", result)["verdict"], MET)
        self.assertEqual(judged("udp-million", result)["verdict"],
                         NOT_MEASURED)

    def test_one_variant_only(self):
        """That opvs has more of them than ip_vs leaves nothing open here."""
        result = samples.result()
        result["paths"]["udp opvs v6 1000000"] = samples.path(5000)
        found = judged("udp-million", result)
        self.assertEqual(found["verdict"], MET)
        self.assertEqual(found["variants"],
                         {"udp opvs v4 1000000": 100 / 9000})
        self.assertEqual(judged("udp-million-20", result)["verdict"],
                         NOT_MEASURED)

    def test_reply_is_compared_with_requests(self):
        result = samples.result()
        found = judged("reply", result)
        self.assertEqual(found["verdict"], MET)
        self.assertEqual(found["variants"], {
            "reply-rr v4": 30 / 40, "reply-rr v6": 30 / 40,
            "reply-sip v4": 30 / 120, "reply-sip v6": 30 / 120})
        for name, path in result["paths"].items():
            if name.startswith("reply-"):
                path.update(samples.path(10 * path["added"]["median"]))
        self.assertEqual(judged("reply", result)["verdict"], NOT_MET)


class Measures(unittest.TestCase):
    """Targets of other measures."""

    def judged(self, target_name, measure_name, **values):
        measure = {"unit": "things", **{who: samples.spread(value)
                                        for who, value in values.items()}}
        return judged(target_name,
                      samples.result(measures={measure_name: measure}))

    def test_bytes(self):
        for ours, verdict in ((60, MET), (60.01, NOT_MET)):
            found = self.judged("conn-bytes", "conn-bytes", opvs=ours,
                                IPVS=100)
            self.assertEqual(found["verdict"], verdict)

    def test_rate_wants_more(self):
        for ours, verdict in ((200, MET), (199.9, NOT_MET), (300, MET)):
            found = self.judged("conn-rate", "conn-rate", opvs=ours, IPVS=100)
            self.assertEqual(found["verdict"], verdict)

    def test_scaling_is_a_quotient_already(self):
        for ratio, verdict in ((1.8, MET), (1.79, NOT_MET)):
            found = self.judged("scaling-new", "scaling-new", opvs=ratio)
            self.assertEqual((found["verdict"], found["ratio"]),
                             (verdict, ratio))
            self.assertIsNone(found["bottom"])

    def test_scaling_without_a_number(self):
        found = self.judged("scaling-new", "scaling-new", opvs=math.nan)
        self.assertEqual(found["verdict"], NOT_MEASURED)

    def test_parser_is_judged_by_the_median_of_messages(self):
        result = samples.result(measures={
            f"sip-parse {shape}": {"unit": "ns", "opvs": samples.spread(10),
                                   "kernel": samples.spread(kernel)}
            for shape, kernel in (("a", 10), ("b", 30), ("c", 90))})
        found = judged("sip-parser", result)
        self.assertEqual((found["verdict"], found["ratio"], found["worst"]),
                         (MET, 3, 1))
        self.assertEqual(found["variants"], {"a": 1, "b": 3, "c": 9})

    def test_half_a_measure(self):
        found = self.judged("conn-rate", "conn-rate", opvs=3)
        self.assertEqual(found["verdict"], NOT_MEASURED)
        self.assertIn("IPVS", found["why"])

    def test_no_measures(self):
        result = samples.result()
        del result["measures"]
        self.assertEqual(judged("conn-rate", result)["verdict"], NOT_MEASURED)


class Lanes(unittest.TestCase):
    """A run as a whole."""

    def verdicts(self, lanes, failed=()):
        judgements = targets.judge(lanes, dict(failed))
        return {name: targets.verdict(each) for name, each in
                targets.by_target(judgements).items()}

    def test_all_met(self):
        self.assertEqual(set(self.verdicts(samples.lanes()).values()), {MET})

    def test_every_target_is_there_whatever_ran(self):
        self.assertEqual(self.verdicts({}), {each.name: NOT_MEASURED
                                             for each in targets.ALL})

    def test_a_lane_that_was_not_run(self):
        lanes = samples.lanes()
        del lanes["counted"]
        found = self.verdicts(lanes)
        self.assertEqual(found["one-packet"], NOT_MEASURED)
        self.assertEqual(found["udp-million"], MET)

    def test_a_lane_that_failed(self):
        lanes = samples.lanes()
        del lanes["two"]
        judgements = targets.judge(lanes, {"two": "it burns"})
        scaling = [one for one in judgements if one["lane"] == "two"]
        self.assertEqual(len(scaling), 2)
        for one in scaling:
            self.assertEqual(one["verdict"], NOT_MEASURED)
            self.assertIn("it burns", one["why"])

    def test_missed_on_one_lane(self):
        lanes = samples.lanes()
        lanes["counted"] = copy.deepcopy(lanes["counted"])
        for name, path in lanes["counted"]["paths"].items():
            if name.startswith("tcp opvs"):
                path.update(samples.path(1000))
        found = self.verdicts(lanes)
        self.assertEqual(found["tcp-1000"], NOT_MET)
        self.assertEqual(found["udp-1000"], MET)

    def test_a_lane_that_did_not_have_to_tell(self):
        lanes = samples.lanes()
        lanes["counted"]["measures"]["conn-rate"] = {
            "unit": "per second", "opvs": samples.spread(1),
            "IPVS": samples.spread(1)}
        self.assertEqual(self.verdicts(lanes)["conn-rate"], NOT_MET)


if __name__ == "__main__":
    unittest.main()
