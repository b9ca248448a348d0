# SPDX-License-Identifier: GPL-2.0-only
"""What a tunnel puts in front of a packet, as scapy builds it. What the director is
free to choose, the identification and GUE's source port, is read in what came."""

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import GRE
from scapy.packet import Raw

GUE_PORT = 6080
HEADER = {4: 20, 6: 40}
ECT_0, CE = 2, 3


def _octet(inner):
    """Class and congestion: what was experienced is for the receiver of the inner
    packet alone (RFC 3168 s9.1.1)."""
    octet = inner.tos if inner.version == 4 else inner.tc
    return octet - CE + ECT_0 if octet & 3 == CE else octet


def _may_not_be_cut(inner):
    """The outer packet, as the inner one; 1280 bytes IPv6 may rely on."""
    if inner.version == 4:
        return bool(inner.flags & 2)
    return len(inner) > 1280


def _outer(family, src, dst, proto, inner, came):
    if family == 4:
        return IP(src=src, dst=dst, ttl=inner.ttl if inner.version == 4
                  else inner.hlim, tos=_octet(inner), proto=proto,
                  id=int.from_bytes(came[4:6], "big"),
                  flags="DF" if _may_not_be_cut(inner) else 0)
    return IPv6(src=src, dst=dst, hlim=inner.ttl if inner.version == 4
                else inner.hlim, tc=_octet(inner), nh=proto,
                fl=inner.fl if inner.version == 6 else 0)


def ipip(family, src, dst, inner, came):
    proto = 4 if inner.version == 4 else 41
    return _outer(family, src, dst, proto, inner, came) / Raw(bytes(inner))


def gue(family, src, dst, inner, came, csum=False, header=b""):
    """Version 0, no more than the protocol; header: another one of GUE."""
    header = header or bytes([0, 4 if inner.version == 4 else 41, 0, 0])
    at = HEADER[family]
    sport = int.from_bytes(came[at:at + 2], "big")
    return _outer(family, src, dst, 17, inner, came) / UDP(
        sport=sport, dport=GUE_PORT, chksum=None if csum else 0) / \
        Raw(header + bytes(inner))


def gue_csum(*args):
    return gue(*args, csum=True)


def gue_remcsum(family, src, dst, inner, came, start, offset):
    """The server is told where a checksum is to be made."""
    proto = 4 if inner.version == 4 else 41
    header = bytes([2, proto, 0, 1, 0x80, 0, 0, 0]) + \
        start.to_bytes(2, "big") + offset.to_bytes(2, "big")
    return gue(family, src, dst, inner, came, header=header)


def gre(family, src, dst, inner, came, csum=False):
    return _outer(family, src, dst, 47, inner, came) / GRE(
        proto=0x0800 if inner.version == 4 else 0x86dd,
        chksum_present=int(csum)) / Raw(bytes(inner))


def gre_csum(*args):
    return gre(*args, csum=True)


# ipvsadm's words, what a packet is wrapped in, and bytes behind the outer header.
TUNNELS = {
    "ipip": ("--tun-type ipip", ipip, 0),
    "gue": (f"--tun-type gue --tun-port {GUE_PORT} --tun-nocsum", gue, 12),
    "gre": ("--tun-type gre --tun-nocsum", gre, 4),
}
# With options, which few kinds of packets are sent through.
VARIANTS = {
    "gue, csum": (f"--tun-type gue --tun-port {GUE_PORT} --tun-csum", gue_csum,
                  12),
    "gre, csum": ("--tun-type gre --tun-csum", gre_csum, 8),
    "gue, remcsum": (f"--tun-type gue --tun-port {GUE_PORT} --tun-remcsum", gue,
                     20),
}
