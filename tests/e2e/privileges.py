#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What root of a user namespace may do where module parameter userns allows
it, by netlink.  Needs root and opvs loaded so.  Output: TAP."""

import errno
import os
import sys
import time

from abi import (FLUSH, FLUSH_CONN, GET_POLICY, GET_SERVICE, GET_TABLE,
                 NEW_DEST, NEW_SERVICE, SET_TABLE, TABLE, TABLE_ATTRS)
from genl import (CLONE_NEWNET, CLONE_NEWUSER, Family, Tap, attrs, be16, named,
                  nest, string, u32, unshare)
from netlink_errors import count_refused, dest, in_child, service

NAMES = ("opvs", "IPVS")
NOTHING = 0xffffffff


def become_root_of(kinds):
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    unshare(kinds)


def in_its_own():
    """Errors that it meets in its own network."""
    become_root_of(CLONE_NEWUSER | CLONE_NEWNET)
    wrong = 0
    for name in NAMES:
        family = Family(name)
        wrong += bool(first_service(family))
        wrong += bool(family.ask(NEW_DEST, service() + dest()).errno)
        wrong += len(family.ask(GET_SERVICE, dump=True).messages) != 1
        if name == "opvs":
            wrong += bool(family.ask(FLUSH_CONN).errno)
            wrong += len(family.ask(GET_POLICY, dump=True).messages) != 1
        wrong += bool(family.ask(FLUSH).errno)
    return wrong


def first_service(family, **more):
    """Makes one, of a new tenant.  An ended tenant gives its share back when
    the kernel comes to take its namespaces down, so there may be none for a
    while."""
    until = time.monotonic() + 60
    while True:
        answer = family.ask(NEW_SERVICE, service(**more))
        if answer.errno != errno.ENOSPC or \
           "userns_conn_total" not in answer.text or time.monotonic() > until:
            return answer.errno
        time.sleep(0.05)


def set_max(family, value):
    return family.ask(SET_TABLE, nest(TABLE, TABLE_ATTRS,
                                      {"CONN_MAX": u32(value)}))


def get_max(family):
    body = attrs(family.ask(GET_TABLE).messages[0][2])[0][1]
    return int.from_bytes(named(body, TABLE_ATTRS)["CONN_MAX"], sys.byteorder)


def limit_of_its_own(share):
    """What is wrong with the limits that it can set."""
    become_root_of(CLONE_NEWUSER | CLONE_NEWNET)
    family = Family("opvs")
    wrong = get_max(family) != share
    for _ in range(2):
        for value in (0, share + 1, 1 << 30, NOTHING - 1):
            answer = set_max(family, value)
            wrong += answer.errno != errno.EINVAL or \
                "userns_conn_max" not in answer.text
            wrong += get_max(family) != share
        for value in (1, NOTHING, share):
            wrong += bool(set_max(family, value).errno)
            wrong += get_max(family) != value
        wrong += first_service(family) not in (0, errno.EEXIST)
    return wrong


def services_until_refused():
    """Whether it can have as many as it should, and no more."""
    become_root_of(CLONE_NEWUSER | CLONE_NEWNET)
    family = Family("opvs")
    round_robin = {"SCHED_NAME": string("rr")}
    first_service(family, PORT=be16(1), **round_robin)
    for port in range(2, 10000):
        answer = family.ask(NEW_SERVICE, service(PORT=be16(port),
                                                 **round_robin))
        if answer.errno:
            break
    print(f"# {port - 1} services, then {answer.text}", flush=True)
    return answer.errno == errno.ENOSPC and port - 1 == 4096


def main():
    share = int(sys.argv[1])
    tap = Tap()
    tap.ok(in_child(in_its_own) == 0, "all commands in its own network")
    tap.ok(in_child(lambda: limit_of_its_own(share)) == 0,
           "its limit is its share at most")
    tap.ok(in_child(lambda: not services_until_refused()) == 0,
           "as many services as a tenant may have")
    for kinds, what in ((0, "nobody"), (CLONE_NEWUSER, "no command in another")):
        tap.ok(in_child(lambda kinds=kinds: count_refused(NAMES, kinds)) == 0,
               what)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
