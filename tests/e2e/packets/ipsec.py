# SPDX-License-Identifier: GPL-2.0-only
"""ESP and AH: without ports, where the client's key exchange went."""

from scapy.packet import Raw

from build import (METHODS, TTL, Flow, error, from_director, ip, passed, pieces,
                   quote, udp)
from cases import (FORWARDED, LONG, NOTHING, REPLIED, Case, Kinds, by_clients,
                   by_servers, lost, to_clients, to_servers)
from director import address
from errors import FAR, TO_CLIENT, TO_SERVER
from fragments import framed, in_pieces

KINDS = Kinds()
kind = KINDS.kind
ISAKMP = 500
ESP, AH = 50, 51
PROTOCOLS = {4: {"ESP": ESP, "AH": AH}, 6: {"ESP": ESP}}
SPI = bytes([0x12, 0x34, 0x56, 0x78, 0, 0, 0, 9])


def service_lines():
    """For the key exchange, beside the services of the same virtual address."""
    for method in METHODS:
        if method.variant:
            continue
        for family in (4, 6):
            flow = Flow(method, family, "udp", 0)
            vip, rip = (f"[{end}]" if ":" in end else end
                        for end in (flow.vip, flow.rip))
            yield f"-A -u {vip}:{ISAKMP} -s rr"
            yield f"-a -u {vip}:{ISAKMP} -r {rip}:{ISAKMP} {method.options}"


def ends(flow, side, reply):
    far, _ = flow.far(side)
    return (far, flow.client) if reply else (flow.client, far)


def sealed(flow, side, proto=ESP, data=LONG[:90], reply=False, **fields):
    """Of the flow, as one side sees it."""
    fields |= {"proto" if flow.family == 4 else "nh": proto}
    return ip(flow.family, *ends(flow, side, reply), **fields) / Raw(SPI + data)


def exchange(flow, side, reply=False, **fields):
    return ip(flow.family, *ends(flow, side, reply), **fields) / udp(
        ISAKMP, ISAKMP, b"keys")


def case_to(flow, name, made, counts=FORWARDED):
    """made: what makes the packet for a side."""
    return Case(name, [by_clients(flow, made("client", ttl=TTL))],
                [to_servers(flow, made("server", ttl=TTL - 1))], counts)


def case_back(flow, name, made):
    return Case(name, [by_servers(flow, made("server", reply=True, ttl=TTL))],
                [to_clients(flow, made("client", reply=True, ttl=TTL - 1))],
                REPLIED)


@kind("ESP and AH follow the exchange of keys", kinds=("udp",))
def follow(flow):
    for name, proto in PROTOCOLS[flow.family].items():
        yield lost(flow, f"{name}, before", sealed(flow, "client", proto),
                   stack=True)
    yield case_to(flow, "keys", lambda side, **fields: exchange(
        flow, side, **fields))
    if flow.method.rewrites:
        yield case_back(flow, "keys, reply", lambda side, **fields: exchange(
            flow, side, **fields))
    for name, proto in PROTOCOLS[flow.family].items():
        def made(side, **fields):
            return sealed(flow, side, proto, **fields)
        yield case_to(flow, name, made)
        if flow.method.rewrites:
            yield case_back(flow, f"{name}, reply", made)
    yield lost(flow, "another client", sealed(
        flow.at(via="c1"), "client"), stack=True)


@kind("ESP in fragments", kinds=("udp",))
def in_fragments(flow):
    if flow.method.wrap:
        return
    sent = list(pieces(sealed(flow, "client", data=LONG), 1200))
    want = in_pieces(flow, sealed(flow, "server", data=LONG, ttl=TTL - 1), 1200)
    case = Case("request", [by_clients(flow, part) for part in sent], [],
                FORWARDED)
    case.want = [to_servers_as(flow, part) for part in want]
    yield case
    if not flow.method.rewrites:
        return
    sent = list(pieces(sealed(flow, "server", data=LONG, reply=True), 1200))
    want = in_pieces(flow, sealed(flow, "client", data=LONG, reply=True,
                                  ttl=TTL - 1), 1200)
    case = Case("reply", [by_servers(flow, part) for part in sent], [], REPLIED)
    case.want = [to_clients_as(flow, part) for part in want]
    yield case


def to_servers_as(flow, part):
    want = to_servers(flow, b"\x45")
    want.data = framed(part, lambda data: from_director(flow.place, data))
    return want


def to_clients_as(flow, part):
    want = to_clients(flow, b"\x45")
    want.data = framed(part, lambda data: from_director(flow.via, data))
    return want


@kind("ICMP errors about ESP and AH", kinds=("udp",))
def errors(flow):
    for name, proto in PROTOCOLS[flow.family].items():
        for behind in (8, None):
            yield from both_ways(flow, f"{name}, {behind} bytes", proto, behind)


def both_ways(flow, name, proto, behind):
    def about(side, **fields):
        return quote(sealed(flow, side, proto, ttl=FAR, **fields), behind)
    router = address(flow.family, "c0", 9)
    dst, _ = flow.far("server")
    sent = error(flow.family, "too big", router, flow.vip,
                 about("client", reply=True))
    want = error(flow.family, "too big", router, dst,
                 about("server", reply=True), ttl=TTL - 1)
    yield Case(f"about a reply, {name}", [by_clients(flow, sent)],
               [to_servers(flow, want)], TO_SERVER)
    if not flow.method.rewrites:
        return
    sent = error(flow.family, "host unreachable", flow.rip, flow.client,
                 about("server"))
    want = error(flow.family, "host unreachable", flow.vip, flow.client,
                 about("client"), ttl=TTL - 1)
    yield Case(f"about a request, {name}", [by_servers(flow, sent)],
               [to_clients(flow, want)], TO_CLIENT)
    other = flow.at(via="c1")
    made = error(flow.family, "host unreachable", flow.rip, other.client,
                 bytes(sealed(other, "server", proto)))
    yield Case(f"about nothing that was sent, {name}",
               [by_servers(flow, made)],
               [to_clients(other, passed(made))], NOTHING)
