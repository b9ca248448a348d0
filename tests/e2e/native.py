# SPDX-License-Identifier: GPL-2.0-only
"""What only the module's own netlink family can say, in the words that the
agent's commands use."""

import errno
import socket
import struct

import abi
import genl
from traffic import parse_addr

PROTOS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP,
          "sctp": socket.IPPROTO_SCTP}


def bytes_of(addr):
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    return socket.inet_pton(family, addr)


def family_number(addr):
    return genl.u16(socket.AF_INET6 if ":" in addr else socket.AF_INET)


def ask(cmd, payload=b""):
    """In the caller's network namespace. errno= is a name, or none."""
    family = genl.Family("opvs")
    with family.sock:
        answer = family.ask(cmd, payload)
    found = {"errno": errno.errorcode.get(answer.errno, answer.errno)
             if answer.errno else "none", "text": answer.text}
    for _, _, data in answer.messages:
        for kind, body in genl.attrs(data):
            if kind == abi.COUNT:
                found["count"] = struct.unpack("=I", body)[0]
    return found


def service_name(args):
    """The nest that names a service: proto= and service=, or mark=."""
    if "service" not in args:
        return {}
    addr, port = parse_addr(args["service"])
    return {"AF": family_number(addr),
            "PROTOCOL": genl.u16(PROTOS[args.get("proto", "udp")]),
            "ADDR": genl.ip(addr), "PORT": genl.be16(port)}


def service_nest(values):
    return genl.nest(abi.SERVICE, abi.SERVICE_ATTRS, values)


def timeout(text):
    """PROTO:STATE:SECONDS as a nest."""
    proto, state, seconds = text.split(":")
    return genl.nest(abi.POLICY_ATTRS["TIMEOUT"],
                     abi.TIMEOUT_ATTRS, {
                         "PROTOCOL": genl.u16(PROTOS[proto]),
                         "STATE": genl.string(state),
                         "SECONDS": genl.u32(int(seconds))})


def policy(args):
    """verb=new, set or del; name=, timeouts=PROTO:STATE:SECONDS,..."""
    cmd = {"new": abi.NEW_POLICY, "set": abi.SET_POLICY,
           "del": abi.DEL_POLICY}[args["verb"]]
    body = genl.attr(1, genl.string(args["name"]))
    for text in filter(None, args.get("timeouts", "").split(",")):
        body += timeout(text)
    return ask(cmd, genl.attr(abi.POLICY | genl.NLA_F_NESTED, body))


def service(args):
    """Edits a service, or with verb=new adds it; it is as scheduler= and flags=
    say: policy=, max=."""
    name = service_name(args)
    v6 = ":" in args["service"]
    name |= {"SCHED_NAME": genl.string(args.get("scheduler", "rr")),
             "FLAGS": genl.u32(int(args.get("flags", 0))) +
                      genl.u32(0xffffffff),
             "TIMEOUT": genl.u32(0),
             "NETMASK": genl.u32(128 if v6 else 0xffffffff)}
    if "policy" in args:
        name["POLICY"] = genl.string(args["policy"])
    if "max" in args:
        name["CONN_MAX"] = genl.u32(int(args["max"]))
    cmd = abi.NEW_SERVICE if args.get("verb") == "new" else abi.SET_SERVICE
    return ask(cmd, service_nest(name))


def server(args):
    """Adds server= to a service: method= is a number, by default that of NAT."""
    addr, port = parse_addr(args["server"])
    dest = {"ADDR": bytes_of(addr), "PORT": genl.be16(port),
            "FWD_METHOD": genl.u32(int(args.get("method", 0))),
            "WEIGHT": genl.u32(1), "U_THRESH": genl.u32(0),
            "L_THRESH": genl.u32(0)}
    return ask(abi.NEW_DEST, service_nest(service_name(args)) +
               genl.nest(abi.DEST, abi.DEST_ATTRS, dest))


def table(args):
    """Sets key=, 32 hexadecimal digits, max=, or both."""
    values = {}
    if "key" in args:
        values["HASH_KEY"] = bytes.fromhex(args["key"])
    if "max" in args:
        values["CONN_MAX"] = genl.u32(int(args["max"]))
    return ask(abi.SET_TABLE, genl.nest(abi.TABLE, abi.TABLE_ATTRS, values))


def hash_key():
    """The namespace's secret in 32 hexadecimal digits."""
    family = genl.Family("opvs")
    with family.sock:
        answer = family.ask(abi.GET_TABLE)
    nest = genl.attrs(answer.messages[0][2])[0][1]
    return genl.named(nest, abi.TABLE_ATTRS)["HASH_KEY"].hex()


def shown(args):
    """exceptions= of a service, and drain=, seconds left, or none."""
    payload = service_nest(service_name(args))
    family = genl.Family("opvs")
    with family.sock:
        answer = family.ask(abi.GET_SERVICE, payload)
    nest = genl.attrs(answer.messages[0][2])[0][1]
    found = genl.named(nest, abi.SERVICE_ATTRS)
    drain = found.get("DRAIN_SECONDS")
    exceptions = struct.unpack("=I", found["EXCEPTIONS"])[0]
    return {"exceptions": exceptions,
            "drain": struct.unpack("=I", drain)[0] if drain else "none"}


def calls(args):
    """each= of a service's servers, in order: calls that it carries, and what
    is shown as active connections."""
    payload = service_nest(service_name(args))
    family = genl.Family("opvs")
    with family.sock:
        answer = family.ask(abi.GET_DEST, payload, dump=True)
    each = []
    for _, _, data in answer.messages:
        found = genl.named(genl.attrs(data)[0][1], abi.DEST_ATTRS)
        each.append("/".join(str(struct.unpack("=I", found[name])[0])
                             for name in ("CALLS", "ACTIVE_CONNS")))
    return {"each": ",".join(each)}


def connections(cmd, args):
    """Of service=, of server=, of prefix=ADDRESS|LENGTH, or one: src=, dst=."""
    payload = b""
    if "service" in args:
        payload += service_nest(service_name(args))
    conn = {}
    if "server" in args:
        addr, port = parse_addr(args["server"])
        conn |= {"FAMILY": family_number(addr), "SERVER": bytes_of(addr),
                 "SERVER_PORT": genl.be16(port)}
    if "prefix" in args:
        addr, length = parse_addr(args["prefix"])
        conn |= {"FAMILY": family_number(addr), "CLIENT": bytes_of(addr),
                 "CLIENT_PREFIX": genl.u8(length)}
    if "src" in args:
        (addr, port), (vaddr, vport) = map(parse_addr,
                                           (args["src"], args["dst"]))
        conn |= {"FAMILY": family_number(addr),
                 "PROTOCOL": genl.u16(PROTOS[args.get("proto", "udp")]),
                 "CLIENT": bytes_of(addr), "CLIENT_PORT": genl.be16(port),
                 "VIRTUAL": bytes_of(vaddr), "VIRTUAL_PORT": genl.be16(vport)}
    if conn:
        payload += genl.nest(abi.CONN, abi.CONN_ATTRS, conn)
    return ask(cmd, payload)


def flush(args):
    return connections(abi.FLUSH_CONN, args)


def expire(args):
    return connections(abi.EXPIRE_CONN, args)
