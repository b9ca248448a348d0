# SPDX-License-Identifier: GPL-2.0-only
"""Results for the tests of the report: of a machine on which all targets are
met."""


def spread(value):
    return {"median": value, "least": value, "most": value}


def path(added):
    return {"whole": spread(200 + added), "plain": spread(200),
            "added": spread(added)}


def packet_paths():
    found = {}
    for family in ("v4", "v6"):
        for size in ("100", "600"):
            found[f"ops-rr opvs {family} {size}"] = path(40)
            found[f"ops-rr IPVS {family} {size}"] = path(200)
        for shape in ("invite", "answer"):
            found[f"ops-sip opvs {family} {shape}"] = path(120)
            found[f"ops-sip stateless {family} {shape}"] = path(80)
            found[f"ops-sip IPVS {family} {shape}"] = path(600)
        found[f"reply-rr opvs {family} 100"] = path(30)
        found[f"reply-sip opvs {family} answer"] = path(30)
        for proto in ("udp", "tcp"):
            found[f"{proto} opvs {family} 1000"] = path(50)
            found[f"{proto} IPVS {family} 1000"] = path(160)
    return found


def million():
    return {"udp opvs v4 1000000": path(100),
            "udp IPVS v4 1000000": path(9000),
            "udp IPVS20 v4 1000000": path(400)}


def parsers():
    return {f"sip-parse {shape}": {"unit": "ns", "opvs": spread(50),
                                   "kernel": spread(400)}
            for shape in ("invite", "answer")}


def connections():
    return {
        "conn-bytes": {"unit": "bytes", "opvs": spread(150),
                       "IPVS": spread(300)},
        "conn-rate": {"unit": "per second", "opvs": spread(900000),
                      "IPVS": spread(300000)},
        "latency-1M": {"unit": "ns", "opvs": {"p50": spread(300),
                                              "p99": spread(700)}}}


def result(**parts):
    """What guest.py prints; PARTS: paths or measures other than all."""
    return {"kernel": "6.1.0-test", "lane": "uml", "packets": 1000,
            "rounds": 3, "paths": {**packet_paths(), **million()},
            "measures": {**parsers(), **connections()}, **parts}


def lanes():
    """Results of all lanes."""
    return {"native": result(),
            "counted": result(paths=packet_paths(), measures=parsers()),
            "two": result(paths={}, measures={
                name: {"unit": "", "opvs": spread(1.9)}
                for name in ("scaling-ops", "scaling-new")})}
