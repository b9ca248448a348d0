# SPDX-License-Identifier: GPL-2.0-only
"""SIP messages in the shapes that vendors send. {call} stands for the number of
the call, {length} for that of the bytes of the body. Lines end in LF here."""

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

# A voice gateway of an enterprise: identity headers and a date before it.
GATEWAY = """INVITE sip:4085550100@192.0.2.10:5060 SIP/2.0
Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK1A{call}
Remote-Party-ID: "Front Desk" <sip:5550123@203.0.113.7>;party=calling;screen=yes;privacy=off
From: "Front Desk" <sip:5550123@203.0.113.7>;tag=5B7A{call}-1C3E
To: <sip:4085550100@192.0.2.10>
Date: Tue, 10 Nov 2026 08:15:30 GMT
Call-ID: 7E5D{call}-11E2B3A8-8F20D9C1-6B1F0A52@203.0.113.7
Supported: 100rel,timer,resource-priority,replaces,sdp-anat
Min-SE: 1800
X-Call-Guid: 2120000000-0300069346-2401294785-1797196370
User-Agent: Gateway-15.9.3.M
Allow: INVITE, OPTIONS, BYE, CANCEL, ACK, PRACK, UPDATE, REFER, SUBSCRIBE, NOTIFY, INFO, REGISTER
CSeq: 101 INVITE
Timestamp: 1794298530
Contact: <sip:5550123@203.0.113.7:5060>
Expires: 180
Allow-Events: telephone-event
Max-Forwards: 68
Content-Type: application/sdp
Content-Disposition: session;handling=required
Content-Length: {length}

"""

# A telephone exchange that asks whether its trunk is alive.
PING = """OPTIONS sip:192.0.2.10 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.20:5060;branch=z9hG4bK5f{call};rport
Max-Forwards: 70
From: "exchange" <sip:exchange@198.51.100.20>;tag=as4b{call}
To: <sip:192.0.2.10>
Contact: <sip:exchange@198.51.100.20:5060>
Call-ID: 1f5e9d3a6c7b{call}2a4d6e8f@198.51.100.20:5060
CSeq: 102 OPTIONS
User-Agent: Exchange PBX 20.5.0
Date: Tue, 10 Nov 2026 08:15:30 GMT
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE
Supported: replaces, timer
Content-Length: 0

"""

# The core of a mobile network: a page of P- headers before it.
MOBILE = """INVITE tel:+15551230009;phone-context=ims.example SIP/2.0
Via: SIP/2.0/UDP [2001:db8:10::5]:5060;branch=z9hG4bK-524287-1-{call}-0a1b2c3d;rport;keep
Via: SIP/2.0/UDP [2001:db8:10::9]:5064;branch=z9hG4bKg3Zqkv7i{call}x8aB;received=2001:db8:10::9
Via: SIP/2.0/UDP [2001:db8:99:1::7]:50601;comp=sigcomp;branch=z9hG4bKnas{call}hds7
Max-Forwards: 66
Route: <sip:orig@scscf1.ims.example:5060;lr;orig-dialog-id=e7a1-{call}>
Record-Route: <sip:pcscf4.visited.example:5060;lr;ottag=ue_term;bidx=0;access-type=ADSL>
P-Asserted-Identity: "+1 555 765 4321" <sip:+15557654321@ims.example;user=phone>, <tel:+15557654321>
P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=310410ab10{call};network-provided
P-Visited-Network-ID: "visited.example, network 410"
P-Charging-Vector: icid-value="4f2a{call}b7c1@pcscf4.visited.example";icid-generated-at=[2001:db8:10::5];orig-ioi=visited.example
P-Charging-Function-Addresses: ccf="aaa://ccf1.ims.example:3868"; ccf="aaa://ccf2.ims.example:3868"; ecf="aaa://ecf.ims.example"
P-Early-Media: supported
P-Preferred-Service: urn:urn-7:3gpp-service.ims.icsi.mmtel
Accept-Contact: *;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"
Feature-Caps: *;+g.3gpp.srvcc;+g.3gpp.mid-call;+g.3gpp.srvcc-alerting
Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000
Security-Verify: ipsec-3gpp;q=0.1;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c=98765432;spi-s=87654321;port-c=8642;port-s=7531
Require: precondition, sec-agree
Proxy-Require: sec-agree
Supported: 100rel, timer, gruu, 199, histinfo
From: <sip:+15557654321@ims.example;user=phone>;tag=p65538t{call}m94
To: <tel:+15551230009;phone-context=ims.example>
Call-ID: p65538t{call}m948751c19s1@[2001:db8:99:1::7]
CSeq: 1 INVITE
Contact: <sip:[2001:db8:99:1::7]:50601;transport=udp>;+sip.instance="<urn:gsma:imei:35824005-944763-1>";+g.3gpp.mid-call
Allow: INVITE,ACK,CANCEL,BYE,UPDATE,PRACK,MESSAGE,REFER,NOTIFY,INFO,OPTIONS
Accept: application/sdp,application/3gpp-ims+xml
Session-Expires: 1800;refresher=uac
Content-Type: application/sdp
Content-Length: {length}

"""

# A call that went through five proxies, in compact form.
PROXIED = """INVITE sip:bob@192.0.2.4 SIP/2.0
v: SIP/2.0/UDP 192.0.2.61:5060;branch=z9hG4bK61.{call}.0
v: SIP/2.0/UDP 192.0.2.62:5060;branch=z9hG4bK62.{call}.0;received=192.0.2.62
v: SIP/2.0/UDP 192.0.2.63:5060;branch=z9hG4bK63.{call}.0;received=192.0.2.63
v: SIP/2.0/UDP 192.0.2.64:5060;branch=z9hG4bK64.{call}.0;received=192.0.2.64
v: SIP/2.0/UDP 192.0.2.65:5060;branch=z9hG4bK65.{call}.0;received=192.0.2.65
v: SIP/2.0/UDP 10.0.0.17:5060;branch=z9hG4bKx7{call};received=203.0.113.17;rport=40217
Record-Route: <sip:192.0.2.61;lr>
Record-Route: <sip:192.0.2.62;lr>
Record-Route: <sip:192.0.2.63;lr>
Record-Route: <sip:192.0.2.64;lr>
Record-Route: <sip:192.0.2.65;lr>
Max-Forwards: 65
f: "Alice" <sip:alice@atlanta.example>;tag=8a{call}
t: <sip:bob@biloxi.example>
i: 20a61b{call}f00d@10.0.0.17
CSeq: 20 INVITE
m: <sip:alice@203.0.113.17:40217>
k: replaces, 100rel
c: application/sdp
l: {length}

"""

# White space as the grammar allows and few write it, around it too.
FOLDED = """INVITE sip:vivek@chair.example SIP/2.0
To :
 sip:vivek@chair.example
from   : "J Rosen"       <sip:jdrosen@example.com>
  ;
  tag = 98as{call}
Max-Forwards: 68
Subject: a long one,
 that goes on,
	and on
Call-ID:
  wsinv.{call}.ndaks@192.0.2.1
CSeq: 9 INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=z9hG4bK30239{call}
Contact: <sip:jdrosen@example.com>
Content-Type: application/sdp
Content-Length: {length}

"""

# Names in the case that the author liked; values in another alphabet.
CAPITALS = """INVITE sip:wang@192.0.2.9 SIP/2.0
VIA: SIP/2.0/UDP 203.0.113.40:5060;BRANCH=z9hG4bK{call}cap;RPORT
MAX-FORWARDS: 70
CONTACT: <sip:li@203.0.113.40:5060>
FROM: "李小龙（技术支持）" <sip:li@example.cn>;TAG=q{call}
TO: "王晓明" <sip:wang@example.cn>
CALL-ID: 88-{call}-4411@203.0.113.40
CSEQ: 1 INVITE
CONTENT-TYPE: application/sdp
CONTENT-LENGTH: {length}

"""

# A browser behind a gateway: 4 kB, most of it description of the session.
BROWSER = """INVITE sip:room-4711@conference.example SIP/2.0
Via: SIP/2.0/UDP 203.0.113.80:5060;branch=z9hG4bKPj{call}-5f1e-4c3a-9b27-d80c1a6e4f92;rport
Via: SIP/2.0/UDP 192.0.2.200;i=b9{call};branch=z9hG4bK8842817
Record-Route: <sip:203.0.113.80:5060;lr>
From: "4f0c3b1e" <sip:4f0c3b1e@conference.example>;tag=fq0s{call}g1
To: <sip:room-4711@conference.example>
Contact: <sip:jm5p3hq4@203.0.113.80:5060;transport=udp>;+sip.ice;reg-id=1;+sip.instance="<urn:uuid:0b1ab1b6-7a4e-4a55-b1d9-{call}0000>"
Session-ID: 7d5fb1c0{call}4f1c9a3e5d2b8a60c1de
Allow: ACK,CANCEL,INVITE,MESSAGE,BYE,OPTIONS,INFO,NOTIFY,REFER
Supported: ice,replaces,outbound,path,gruu
User-Agent: Web Phone 3.10.1
CSeq: 6711 INVITE
Call-ID: qkmr{call}b8s1n0a4p2e7
Max-Forwards: 69
Content-Type: application/sdp
Content-Length: {length}

"""

# News of a dialog: the Call-ID right after the routes.
NOTIFY = """NOTIFY sip:210@10.0.0.44:5060;line=x8 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.3:5060;branch=z9hG4bKd0{call}
Route: <sip:192.0.2.61;lr>
Call-ID: 313630{call}38-1xqmb8r5x2v9
From: <sip:211@example.com>;tag=1c{call}
To: "210" <sip:210@example.com>;tag=b7vhxq2m
CSeq: 38 NOTIFY
Event: dialog
Subscription-State: active;expires=1790
Max-Forwards: 70
Content-Length: 0

"""

# Shapes that replace the plain description of a session by a long one.
CANDIDATE = ("a=candidate:{n} {part} udp {weight} 192.0.2.{n} {port} typ srflx "
             "raddr 10.0.0.{n} rport {port} generation 0 network-id {n}\n")


def browser_sdp():
    """4 kB, as a browser offers audio."""
    codecs = "".join(f"a=rtpmap:{n} opus-{n}/48000/2\na=fmtp:{n} minptime=10;"
                     "useinbandfec=1\n" for n in range(96, 112))
    candidates = "".join(
        CANDIDATE.format(n=n, part=part, weight=2122260223 - n, port=50000 + n)
        for n in range(1, 11) for part in (1, 2))
    return (SDP + "a=ice-ufrag:F7gI\na=ice-pwd:x9cml/YzichV2+XlhiMu8g\n" +
            codecs + candidates)


SHAPES = {"invite": INVITE, "trunk": TRUNK, "compact": COMPACT,
          "answer": ANSWER, "register": REGISTER, "gateway": GATEWAY,
          "ping": PING, "mobile": MOBILE, "proxied": PROXIED,
          "folded": FOLDED, "capitals": CAPITALS, "browser": BROWSER,
          "notify": NOTIFY}

BODIES = {"browser": browser_sdp()}
