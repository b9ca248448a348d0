#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What opvsadm explain says as JSON, compared and counted.

usage: explain_calls.py truth SAID LOGS   SAID beside LOGS1 to LOGS3 of sipp's servers
       explain_calls.py servers SAID KEY  each call with its server; KEY: server, then
       explain_calls.py total SAID KEY"""

import collections
import json
import sys


def logged(path):
    """{Call-ID: server} of what the servers wrote down."""
    got = {}
    for number in "123":
        with open(path + number, encoding="utf-8") as file:
            for line in file:
                method, call = line.split()[:2]
                if method == "INVITE":
                    got[call] = f"10.91.1{number}.2:5060"
    return got


def truth(said, path):
    got = logged(path)
    calls = {call["call"]: call["server"] for call in said["calls"]}
    print(f"{len(got)} calls, as explained: {calls == got}")
    sums = {server["server"]: server["calls"] for server in said["servers"]}
    print("per server:", sums == dict(collections.Counter(got.values())))
    packets = collections.Counter(
        packet["server"] for packet in said["packets"]
        if packet["kind"] == "request")
    sums = {server["server"]: server["packets"] for server in said["servers"]}
    print("packets:", packets == sums, sum(sums.values()) >= 900)
    total = said["total"]
    print("ways:", total["request"] == total["forwarded"] >= 900,
          total["reply"] == total["answer"] >= 600)
    print("others:", sum(total[kind] for kind in (
        "copy", "fragment", "cut", "malformed", "other", "skipped", "split",
        "varying")))


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        said = json.load(file)
    if sys.argv[1] == "truth":
        truth(said, sys.argv[3])
    elif sys.argv[1] == "total":
        print(said["total"][sys.argv[3]])
    else:
        for call in said["calls"]:
            print(call["call"], call[sys.argv[3]])


if __name__ == "__main__":
    main()
