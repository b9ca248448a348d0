# SPDX-License-Identifier: GPL-2.0-only
"""What the loaded module says it has."""

FEATURES = "/sys/kernel/opvs/features"


def features(kind):
    """Names of this kind: proto, sched, pe, xmit."""
    with open(FEATURES) as file:
        words = file.read().split()
    prefix = kind + "-"
    return [word[len(prefix):] for word in words if word.startswith(prefix)]
