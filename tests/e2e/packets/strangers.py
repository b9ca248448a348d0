# SPDX-License-Identifier: GPL-2.0-only
"""Packets that are for somebody else, from nobody, or in a VLAN."""

from scapy.layers.inet6 import IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN

from build import SUMS, UDPS, packet, passed, to_director
from cases import (NOTHING, Case, Frame, Kinds, by_servers, lost, opening, reply,
                   request, to_clients)
from director import VLAN, mac

KINDS = Kinds()
kind = KINDS.kind


@kind("frames for others, for all and for many are none of ours")
def others(flow):
    made = packet(flow, "client")
    for name, to in (("another host", mac("c0", 99)), ("all", b"\xff" * 6),
                     ("many", b"\x01\x00\x5e\x00\x00\x01")):
        yield Case(name, [Frame("c0", to_director("c0", made, to))], [],
                   NOTHING)
    groups = ("224.0.0.1", "10.96.1.255", "255.255.255.255") \
        if flow.family == 4 else ("ff02::1", "ff0e::99")
    for group in groups:
        made = packet(flow, "client")
        made.dst = group
        yield Case(group, [Frame("c0", to_director(
            "c0", bytes(made), b"\xff" * 6))], [], NOTHING, stack=True)


@kind("senders that cannot be")
def impossible(flow):
    for source in ("127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0") \
            if flow.family == 4 else ("::1", "ff02::1"):
        made = packet(flow, "client")
        made.src = source
        yield lost(flow, source, made)


# IPv4 has none that gets that far.
@kind("nobody's datagrams are not forwarded", kinds=UDPS, families=(6,))
def nobody(flow):
    made = packet(flow, "client")
    made.src = "::"
    yield lost(flow, "the unspecified address", made,
               {"service_packets": 1, "drop_martian": 1})


@kind("routing headers, on their way elsewhere", families=(6,))
def routed_on(flow):
    for name, chain in {
            "alone": [],
            "behind others": [IPv6ExtHdrHopByHop(
                options=[PadN(optdata=bytes(4))])]}.items():
        made = packet(flow, "client", extensions=[*chain, IPv6ExtHdrRouting(
            segleft=1, addresses=["fd96:9::9"])])
        yield lost(flow, name, made, stack=True)


@kind("flows that no service has")
def strangers(flow):
    made = packet(flow, "client")
    made[SUMS[flow.kind]].dport = 4999
    yield lost(flow, "a port", made, stack=True)
    if not flow.method.rewrites:
        return
    made = packet(flow, "server", reply=True)
    made[SUMS[flow.kind]].sport = 4998
    yield Case("an answer from another port", [by_servers(flow, made)],
               [to_clients(flow, passed(made))], NOTHING)


@kind("VLANs, of clients and of servers")
def vlans(flow):
    far = flow.at(via="c0.7", place="s1.9", cport=flow.cport + 200)
    yield from opening(far)
    yield request(far, "both")
    if flow.method.rewrites:
        yield reply(far, "both, reply")
    case = request(far, "another VLAN")
    case.sent[0].data = case.sent[0].data.replace(
        VLAN.to_bytes(2, "big") + b"\0\7", VLAN.to_bytes(2, "big") + b"\0\5")
    yield Case("another VLAN", case.sent, [], NOTHING)
