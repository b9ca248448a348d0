# SPDX-License-Identifier: GPL-2.0-only
"""ICMP errors in both directions."""

from scapy.layers.inet import ICMP, IPOption_NOP
from scapy.layers.inet6 import ICMPv6DestUnreach

from build import (ERRORS, SUMS, TTL, UDPS, error, packet, passed, quote,
                   spoiled)
from cases import (EXTENSIONS, NOTHING, Case, Kinds, by_clients, by_servers,
                   rewriting, to_clients, to_servers)
from director import address

KINDS = Kinds()
kind = KINDS.kind
TO_CLIENT = {"icmp_to_client": 1}
TO_SERVER = {"icmp_to_server": 1}
FAR = TTL - 5           # of a packet that was quoted on its way


def quoted(flow, side, behind=None, l4=None, **fields):
    """Bytes of a packet that was on its way to or from that side. SCTP's checksum
    stays as it is, since nobody can verify it without the whole packet; and half a
    checksum does."""
    if flow.kind == "sctp" or flow.kind == "tcp" and behind == 17:
        l4 = {"chksum": 0x12345678 if flow.kind == "sctp" else 0x1234} | \
            (l4 or {})
    return quote(packet(flow, side, ttl=FAR, l4=l4, **fields), behind)


def about_request(flow, name, what, router=False, behind=None, **fields):
    """What the server, or a router before it, says about a packet that it got."""
    src = address(flow.family, "s1", 9) if router else flow.rip
    sent = error(flow.family, what, src, flow.client, quoted(
        flow, "server", behind, **fields))
    want = error(flow.family, what, flow.vip, flow.client, quoted(
        flow, "client", behind, **fields), ttl=TTL - 1)
    return Case(name, [by_servers(flow, sent)], [to_clients(flow, want)],
                TO_CLIENT)


def about_reply(flow, name, what, router=False, behind=None, **fields):
    """What the client, or a router before it, says about an answer."""
    src = address(flow.family, "c0", 9) if router else flow.client
    sent = error(flow.family, what, src, flow.vip, quoted(
        flow, "client", behind, reply=True, **fields))
    dst, _ = flow.far("server")
    want = error(flow.family, what, src, dst, quoted(
        flow, "server", behind, reply=True, **fields), ttl=TTL - 1)
    return Case(name, [by_clients(flow, sent)], [to_servers(flow, want)],
                TO_SERVER)


def both_ways(flow, name, *args, **fields):
    if flow.method.rewrites:
        yield about_request(flow, f"about a request, {name}", *args, **fields)
    yield about_reply(flow, f"about a reply, {name}", *args, **fields)


@kind("ICMP errors, from ends and routers")
def errors(flow):
    for number, what in enumerate(ERRORS):
        yield from both_ways(flow, what, what, number % 2 == 1)


@kind("ICMP errors that quote few bytes, or many")
def quotes(flow):
    # All but UDP's ports suffice (RFC 792 has eight bytes quoted).
    least = 8 if flow.kind in UDPS else 4
    some = {least} if flow.method.wrap else {least, 8, 11, 12, 16, 17, 18, 20}
    for behind in sorted(some) + [None]:
        yield from both_ways(flow, f"{behind} bytes", "port unreachable",
                             behind=behind)
    for data in (b"", b"x", bytes(range(256)) * 2):
        yield from both_ways(flow, f"of {len(data)} bytes", "time exceeded",
                             data=data)


@kind("ICMP errors that quote too little are not touched")
def short_quotes(flow):
    least = 8 if flow.kind in UDPS else 4
    for behind in range(0, least):
        if flow.method.rewrites:
            made = error(flow.family, "port unreachable", flow.rip,
                         flow.client, quote(packet(flow, "server", ttl=FAR),
                                            behind))
            yield Case(f"about a request, {behind} bytes",
                       [by_servers(flow, made)],
                       [to_clients(flow, passed(made))], NOTHING)
        made = error(flow.family, "port unreachable", flow.client, flow.vip,
                     quote(packet(flow, "client", reply=True), behind))
        yield Case(f"about a reply, {behind} bytes", [by_clients(flow, made)],
                   [], NOTHING, stack=True)


@kind("ICMP errors that quote options or extension headers")
def long_headers(flow):
    if flow.family == 4:
        for count in (4, 40):
            yield from both_ways(flow, f"{count} bytes", "host unreachable",
                                 options=[IPOption_NOP()] * count)
        return
    for name, chain in EXTENSIONS.items():
        yield from both_ways(flow, name, "host unreachable", extensions=chain)


def with_sums(flow, name, outer=0, inner=0):
    """Errors with checksums that are wrong by so much, of ICMP or of the packet
    that is quoted. The latter's is part of what the former covers."""
    for case in both_ways(flow, name, "port unreachable"):
        answer = case.counts == TO_SERVER
        sides = ("client", "server") if answer else ("server", "client")
        ends = ((flow.client, flow.vip), (flow.client, flow.far("server")[0])) \
            if answer else ((flow.rip, flow.client), (flow.vip, flow.client))
        made = [bad_error(flow, side, src, dst, ttl, answer, outer, inner)
                for side, (src, dst), ttl in zip(sides, ends, (TTL, TTL - 1))]
        sender, receiver = (by_clients, to_servers) if answer else \
            (by_servers, to_clients)
        case.sent = [sender(flow, made[0])]
        case.want = [receiver(flow, made[1])]
        yield case


def bad_error(flow, side, src, dst, ttl, answer, outer, inner):
    l4 = {"chksum": 0x12345678} if flow.kind == "sctp" else None
    about = packet(flow, side, reply=answer, ttl=FAR, l4=l4)
    if inner:
        about = spoiled(about, SUMS[flow.kind], inner)
    made = error(flow.family, "port unreachable", src, dst, bytes(about),
                 ttl=ttl)
    icmp = ICMP if flow.family == 4 else ICMPv6DestUnreach
    return spoiled(made, icmp, outer) if outer else made


@kind("ICMP errors with wrong checksums stay as wrong as they were")
def wrong_sums(flow):
    for by in (1, 0x4000):
        yield from with_sums(flow, f"ICMP's by {by:#x}", outer=by)
        yield from with_sums(flow, f"the quoted one's by {by:#x}", inner=by)


@kind("ICMP errors about the first of several fragments")
def about_fragments(flow):
    if flow.family == 4:
        yield from both_ways(flow, "first", "reassembly time", flags="MF",
                             data=bytes(64))


@kind("ICMP errors about nothing that was sent", kinds=("udp", "tcp", "sctp"))
def forged(flow):
    stranger = flow.at(cport=flow.cport + 20000)
    if flow.method.rewrites:
        made = error(flow.family, "port unreachable", flow.rip, flow.client,
                     bytes(packet(stranger, "server")))
        yield Case("about a request", [by_servers(flow, made)],
                   [to_clients(flow, passed(made))], NOTHING)
    made = error(flow.family, "too big", flow.client, flow.vip,
                 bytes(packet(stranger, "client", reply=True)))
    yield Case("about a reply", [by_clients(flow, made)], [], NOTHING,
               stack=True)


@kind("ICMP errors to somebody else than the quoted sender", methods=rewriting)
def misdirected(flow):
    about = packet(flow, "server")
    about.src = address(flow.family, "c0", 77)
    made = error(flow.family, "port unreachable", flow.rip, flow.client,
                 bytes(about))
    yield Case("about a request", [by_servers(flow, made)],
               [to_clients(flow, passed(made))], NOTHING)
