# SPDX-License-Identifier: GPL-2.0-only
"""Frames of the cases, changed at random: whatever comes of them, nothing breaks,
every packet of a service has one verdict, and headers that come out are right."""

import random

from scapy.utils import checksum

ETHERNET = 14


def flip(rng, data):
    for _ in range(rng.choice((1, 1, 2, 4))):
        data[rng.randrange(ETHERNET, len(data))] ^= 1 << rng.randrange(8)


def overwrite(rng, data):
    """Somewhere in the headers, most likely."""
    at = rng.randrange(ETHERNET, min(len(data), ETHERNET + 80))
    data[at] = rng.choice((0, 1, 4, 5, 6, 17, 41, 44, 58, 60, 132, 0x7f, 0xff,
                           rng.randrange(256)))


def cut(rng, data):
    del data[rng.randrange(ETHERNET, len(data) + 1):]


def prolong(rng, data):
    data += rng.randbytes(rng.randrange(1, 200))


def double(rng, data):
    """A piece of it once more, which shifts all that comes behind."""
    at = rng.randrange(ETHERNET, len(data))
    size = rng.choice((1, 2, 4, 8, 20, 40))
    data[at:at] = data[at:at + size]


def shorten(rng, data):
    at = rng.randrange(ETHERNET, len(data))
    del data[at:at + rng.choice((1, 2, 4, 8, 20, 40))]


CHANGES = (flip, overwrite, cut, prolong, double, shorten)


def mend(data):
    """Lengths and the sum of an IP header, so that it is not dropped for them."""
    size = len(data) - ETHERNET
    if size >= 20 and data[14] >> 4 == 4:
        head = 4 * (data[14] & 15)
        if not 20 <= head <= size:
            return
        data[16:18] = size.to_bytes(2, "big")
        data[24:26] = bytes(2)
        data[24:26] = checksum(bytes(data[14:14 + head])).to_bytes(2, "big")
    elif size >= 40 and data[14] >> 4 == 6:
        data[18:20] = (size - 40).to_bytes(2, "big")


def wrong(frame):
    """What is wrong with an IP header that came out, if anything."""
    size = len(frame) - ETHERNET
    if frame[12:14] == b"\x08\x00":
        head = 4 * (frame[14] & 15)
        if not 20 <= head <= size:
            return "its header ends too soon"
        if checksum(frame[14:14 + head]):
            return "its header's checksum is wrong"
        if int.from_bytes(frame[16:18], "big") != size:
            return "it is not as long as it says"
    elif frame[12:14] == b"\x86\xdd":
        length = int.from_bytes(frame[18:20], "big")
        if size < 40 or length not in (0, size - 40):
            return "it is not as long as it says"
    return ""


def mutate(director, sent, count, seed):
    """Sends so many; what is wrong, as lines."""
    rng = random.Random(seed)
    sent = [(device, frame) for device, frame in sent if len(frame) > ETHERNET]
    before = director.counters.read()
    for number in range(count):
        device, frame = rng.choice(sent)
        data = bytearray(frame)
        for _ in range(rng.choice((1, 1, 2, 3))):
            if len(data) > ETHERNET:
                rng.choice(CHANGES)(rng, data)
        if rng.random() < 0.7:
            mend(data)
        director.devices[device].write(bytes(data))
        for name, frames in director.collect({}).items():
            for came, _ in frames:
                fault = wrong(came)
                if fault:
                    yield f"{number}: {name}: {fault}: {came.hex()}"
                    yield f"  sent by {device}: {data.hex()}"
    after, unbalanced = director.at_rest()
    if unbalanced:
        yield unbalanced
    if after["forwarded"] == before["forwarded"] or \
            after["drop_malformed"] == before["drop_malformed"]:
        yield "no packet was forwarded, or none dropped: nothing was tested"
