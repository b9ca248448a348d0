#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Who may listen to events.  Needs root and opvs loaded.  Output: TAP."""

import errno
import os
import sys

from abi import FLUSH, NEW_SERVICE, SERVICE_ADDED
from genl import CLONE_NEWNET, CLONE_NEWUSER, Family, Tap, unshare
from netlink_errors import in_child, service


def become_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def join_as_nobody():
    """The error of joining the group."""
    become_nobody()
    try:
        Family("opvs").join("events")
    except OSError as error:
        return error.errno
    return 0


def events_of_a_tenant(allowed):
    """Whether a tenant's listener hears what it, or else the host, does there;
    with module parameter userns it may, and without it not even listen."""
    become_nobody()
    unshare(CLONE_NEWUSER | CLONE_NEWNET)
    family, listener = Family("opvs"), Family("opvs")
    listener.join("events")
    answer = family.ask(NEW_SERVICE, service())
    listener.sock.setblocking(False)
    try:
        heard = [number for number, _ in listener.events()]
    except BlockingIOError:
        heard = []
    if not allowed:
        return answer.errno != errno.EPERM or heard != []
    return answer.errno != 0 or heard != [SERVICE_ADDED]


def in_a_new_network():
    """A listener who has left behind what it listened to hears nothing of it,
    and what it does itself."""
    outside = Family("opvs")
    outside.join("events")
    unshare(CLONE_NEWNET)
    inside, family = Family("opvs"), Family("opvs")
    inside.join("events")
    if family.ask(NEW_SERVICE, service()).errno:
        return 1
    wrong = [number for number, _ in inside.events()] != [SERVICE_ADDED]
    outside.sock.setblocking(False)
    try:
        wrong += bool(list(outside.events()))
    except BlockingIOError:
        pass
    return wrong + bool(family.ask(FLUSH).errno)


def main():
    with open("/sys/module/opvs/parameters/userns", encoding="ascii") as file:
        allowed = file.read().strip() == "Y"
    tap = Tap()
    tap.ok(in_child(join_as_nobody) == errno.EPERM, "nobody cannot listen")
    tap.ok(in_child(in_a_new_network) == 0,
           "events stay in their network namespace")
    tap.ok(in_child(lambda: events_of_a_tenant(allowed)) == 0,
           "a tenant hears of its own, if it may have any")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
