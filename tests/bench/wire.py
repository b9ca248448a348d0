# SPDX-License-Identifier: GPL-2.0-only
"""Packets, byte by byte. Their transport checksums are left at what the list's
reader does not look at: the device says that it has verified them."""

import socket
import struct

UDP, TCP = socket.IPPROTO_UDP, socket.IPPROTO_TCP

# Flags of a TCP header.
SYN, ACK = 0x02, 0x10


def ip_sum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def ip(proto, src, dst, rest):
    """An IP packet of either family."""
    if ":" in src:
        return (struct.pack("!IHBB", 6 << 28, len(rest), proto, 64) +
                socket.inet_pton(socket.AF_INET6, src) +
                socket.inet_pton(socket.AF_INET6, dst) + rest)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(rest), 0, 0x4000, 64,
                       proto, 0, socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", ip_sum(head)) + head[12:] + rest


def udp(src, sport, dst, dport, payload):
    head = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0xffff)
    return ip(UDP, src, dst, head + payload)


def tcp(src, sport, dst, dport, flags, payload=b""):
    head = struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 5 << 4, flags, 65535,
                       0xffff, 0)
    return ip(TCP, src, dst, head + payload)


def records(packets):
    """As the replay module takes them."""
    return b"".join(struct.pack("=I", len(one)) + one for one in packets)


# ---- SIP messages in the shapes that vendors send ----------------------------

SDP = """v=0
o=- 20518 0 IN IP4 203.0.113.1
s=-
c=IN IP4 203.0.113.1
t=0 0
m=audio 54400 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
"""

# A soft phone: the Call-ID after a handful of headers.
INVITE = """INVITE sip:service@lb.example SIP/2.0
Via: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bK-{call}-1-0;rport
From: "Alice" <sip:alice@atlanta.example>;tag=9fxced76sl{call}
To: <sip:service@lb.example>
Call-ID: 3848276298220188511-{call}@atlanta.example
CSeq: 1 INVITE
Contact: <sip:alice@203.0.113.1;transport=udp>
Max-Forwards: 70
Subject: performance
Content-Type: application/sdp
Content-Length: {length}

"""

# A session border controller: topology hidden, but many headers before it.
TRUNK = """INVITE sip:+15551230001@lb.example:5060;user=phone SIP/2.0
Via: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bK+{call}d5b1e7a2c3+1+sip+2
Via: SIP/2.0/UDP 198.51.100.77:5060;branch=z9hG4bKmk{call}q0;received=198.51.100.77
Record-Route: <sip:203.0.113.1:5060;lr;ftag=gK0c{call}>
Record-Route: <sip:198.51.100.77;lr=on;did=e3b.4c1;nat=yes>
Max-Forwards: 66
User-Agent: Border-7.4.1 (build 2231) TrunkGroup/East
Allow: INVITE, ACK, CANCEL, BYE, REGISTER, REFER, INFO, SUBSCRIBE, NOTIFY
Allow: PRACK, UPDATE, OPTIONS, MESSAGE, PUBLISH
Supported: timer, 100rel, precondition, replaces, histinfo
Session-Expires: 1800;refresher=uac
Min-SE: 90
P-Asserted-Identity: "ACME Corp" <sip:+15557654321@carrier.example;user=phone>
P-Charging-Vector: icid-value=1a2b3c4d{call};icid-generated-at=203.0.113.1
Privacy: none
From: "ACME Corp" <sip:+15557654321@carrier.example;user=phone>;tag=gK0c{call}
To: <sip:+15551230001@lb.example;user=phone>
Call-ID: 1208963458_{call}_89412@203.0.113.1
CSeq: 61234 INVITE
Contact: <sip:+15557654321@203.0.113.1:5060>
Content-Type: application/sdp
Content-Length: {length}

"""

# A gateway in compact form.
COMPACT = """BYE sip:bob@192.0.2.9 SIP/2.0
v: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bK{call}c
f: <sip:alice@atlanta.example>;tag=88{call}
t: <sip:bob@biloxi.example>;tag=a6c85cf
i: {call}-7f00@gw7.example
CSeq: 2 BYE
l: 0

"""

# An answer that went through proxies.
ANSWER = """SIP/2.0 200 OK
Via: SIP/2.0/UDP lb.example:5060;branch=z9hG4bKnashds8{call};received=192.0.2.3
Via: SIP/2.0/UDP bigbox3.site3.example;branch=z9hG4bK77ef4c2312983.1
Via: SIP/2.0/UDP pc33.example;branch=z9hG4bKnashds8;received=192.0.2.1
Record-Route: <sip:203.0.113.1;lr>
To: Bob <sip:bob@biloxi.example>;tag=a6c85cf
From: Alice <sip:alice@atlanta.example>;tag=1928301774
Call-ID: a84b4c76e66710{call}@pc33.atlanta.example
CSeq: 314159 INVITE
Contact: <sip:bob@192.0.2.4>
Content-Length: 0

"""

# A phone that registers: the Call-ID is among the first lines.
REGISTER = """REGISTER sip:registrar.example SIP/2.0
Call-ID: 0_{call}@10.0.0.44
CSeq: 7 REGISTER
Via: SIP/2.0/UDP 10.0.0.44:5060;branch=z9hG4bK{call}reg
From: <sip:4711@registrar.example>;tag=3044{call}
To: <sip:4711@registrar.example>
Contact: <sip:4711@10.0.0.44:5060>;expires=3600
Authorization: Digest username="4711", realm="registrar.example", uri="sip:registrar.example", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", response="6629fae49393a05397450978507c4ef1"
Max-Forwards: 70
Content-Length: 0

"""

SHAPES = {"invite": INVITE, "trunk": TRUNK, "compact": COMPACT,
          "answer": ANSWER, "register": REGISTER}


def sip(shape, call):
    """A message of a shape, of call number CALL."""
    text = SHAPES[shape]
    body = SDP if "application/sdp" in text else ""
    body = body.replace("\n", "\r\n")
    return (text.format(call=f"{call:08d}", length=len(body))
            .replace("\n", "\r\n") + body).encode()
