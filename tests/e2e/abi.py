# SPDX-License-Identifier: GPL-2.0-only
"""Numbers of the netlink ABI,
made from doc/netlink/opvs.yaml by scripts/netlink-spec.py."""

NEW_SERVICE = 1
SET_SERVICE = 2
DEL_SERVICE = 3
GET_SERVICE = 4
NEW_DEST = 5
SET_DEST = 6
DEL_DEST = 7
GET_DEST = 8
NEW_DAEMON = 9
DEL_DAEMON = 10
GET_DAEMON = 11
SET_CONFIG = 12
GET_CONFIG = 13
GET_INFO = 15
ZERO = 16
FLUSH = 17
GET_COUNTERS = 64
GET_CONN = 65
FLUSH_CONN = 66
EXPIRE_CONN = 67
NEW_POLICY = 68
SET_POLICY = 69
DEL_POLICY = 70
GET_POLICY = 71
SET_TABLE = 72
GET_TABLE = 73
EXPLAIN = 74
NEW_CONN = 75
SERVICE_ADDED = 128
SERVICE_CHANGED = 129
SERVICE_REMOVED = 130
DEST_ADDED = 131
DEST_CHANGED = 132
DEST_REMOVED = 133
OVERLOAD_BEGUN = 134
OVERLOAD_ENDED = 135
DRAIN_BEGUN = 136
DRAIN_ENDED = 137
LIMIT_REACHED = 138
FLUSHED = 139
ZEROED = 140
POLICY_ADDED = 141
POLICY_CHANGED = 142
POLICY_REMOVED = 143
LIMIT_CHANGED = 144
KEY_CHANGED = 145
EVENTS_LOST = 146

# Numbers of answers that are not those of a command.
GET_INFO_ANSWER = 14

CHANGES = {
    "SCHEDULER": 1,
    "ENGINE": 2,
    "FLAGS": 4,
    "PERSISTENCE": 8,
    "POLICY": 16,
    "LIMIT": 32,
    "WEIGHT": 64,
    "THRESHOLDS": 128,
    "METHOD": 256,
    "TUNNEL": 512,
}

SERVICE = 1
DEST = 2
DAEMON = 3
TIMEOUT_TCP = 4
TIMEOUT_TCP_FIN = 5
TIMEOUT_UDP = 6
COUNTERS = 64
CONN = 65
POLICY = 66
TABLE = 67
COUNT = 68
EVENT = 69
DECISION = 70

SERVICE_ATTRS = {
    "AF": 1,
    "PROTOCOL": 2,
    "ADDR": 3,
    "PORT": 4,
    "FWMARK": 5,
    "SCHED_NAME": 6,
    "FLAGS": 7,
    "TIMEOUT": 8,
    "NETMASK": 9,
    "STATS": 10,
    "PE_NAME": 11,
    "STATS64": 12,
    "POLICY": 64,
    "CONN_MAX": 65,
    "CONN_COUNT": 66,
    "EXCEPTIONS": 67,
    "DRAIN_SECONDS": 68,
    "SIP": 69,
}

DEST_ATTRS = {
    "ADDR": 1,
    "PORT": 2,
    "FWD_METHOD": 3,
    "WEIGHT": 4,
    "U_THRESH": 5,
    "L_THRESH": 6,
    "ACTIVE_CONNS": 7,
    "INACT_CONNS": 8,
    "PERSIST_CONNS": 9,
    "STATS": 10,
    "ADDR_FAMILY": 11,
    "STATS64": 12,
    "TUN_TYPE": 13,
    "TUN_PORT": 14,
    "TUN_FLAGS": 15,
    "CALLS": 64,
    "SIP": 65,
}

DAEMON_ATTRS = {
    "STATE": 1,
    "MCAST_IFN": 2,
    "SYNC_ID": 3,
    "SYNC_MAXLEN": 4,
    "MCAST_GROUP": 5,
    "MCAST_GROUP6": 6,
    "MCAST_PORT": 7,
    "MCAST_TTL": 8,
}

STATS_ATTRS = {
    "CONNS": 1,
    "INPKTS": 2,
    "OUTPKTS": 3,
    "INBYTES": 4,
    "OUTBYTES": 5,
    "CPS": 6,
    "INPPS": 7,
    "OUTPPS": 8,
    "INBPS": 9,
    "OUTBPS": 10,
}

STATS64_ATTRS = {
    "CONNS": 1,
    "INPKTS": 2,
    "OUTPKTS": 3,
    "INBYTES": 4,
    "OUTBYTES": 5,
    "CPS": 6,
    "INPPS": 7,
    "OUTPPS": 8,
    "INBPS": 9,
    "OUTBPS": 10,
}

SIP_ATTRS = {
    "INVITE": 1,
    "ACK": 2,
    "BYE": 3,
    "CANCEL": 4,
    "REGISTER": 5,
    "OPTIONS": 6,
    "SUBSCRIBE": 7,
    "NOTIFY": 8,
    "PRACK": 9,
    "UPDATE": 10,
    "INFO": 11,
    "MESSAGE": 12,
    "REFER": 13,
    "PUBLISH": 14,
    "OTHER": 15,
    "ANSWERS_1XX": 16,
    "ANSWERS_2XX": 17,
    "ANSWERS_3XX": 18,
    "ANSWERS_4XX": 19,
    "ANSWERS_5XX": 20,
    "ANSWERS_6XX": 21,
}

INFO_ATTRS = {
    "VERSION": 1,
    "CONN_TAB_SIZE": 2,
}

COUNTERS_ATTRS = {
    "COUNTER": 1,
}

COUNTER_ATTRS = {
    "NAME": 1,
    "VALUE": 2,
}

CONN_ATTRS = {
    "KIND": 1,
    "FAMILY": 2,
    "PROTOCOL": 3,
    "CLIENT": 4,
    "CLIENT_PORT": 5,
    "CLIENT_PREFIX": 6,
    "VIRTUAL": 7,
    "VIRTUAL_PORT": 8,
    "SERVER": 9,
    "SERVER_PORT": 10,
    "FWMARK": 11,
    "STATE": 12,
    "ENGINE": 13,
    "KEY": 14,
    "SECONDS": 15,
    "FLAGS": 16,
    "METHOD": 17,
    "PACKETS": 18,
    "ACTIVE": 19,
}

POLICY_ATTRS = {
    "NAME": 1,
    "USERS": 2,
    "TIMEOUT": 3,
}

TIMEOUT_ATTRS = {
    "PROTOCOL": 1,
    "STATE": 2,
    "STATE_INDEX": 3,
    "SECONDS": 4,
}

TABLE_ATTRS = {
    "CONN_MAX": 1,
    "CONNS": 2,
    "BUCKETS": 3,
    "SWEEP": 4,
    "SHARD": 5,
    "HASH_KEY": 6,
}

SWEEP_ATTRS = {
    "VISITED": 1,
    "RECLAIMED": 2,
    "REFILED": 3,
    "SLICES": 4,
    "WAKEUPS": 5,
    "BUSY_NS": 6,
    "MAX_SLICE_NS": 7,
    "MAX_LATE_MS": 8,
}

SHARD_ATTRS = {
    "CPU": 1,
    "FILED": 2,
}

EVENT_ATTRS = {
    "SEQUENCE": 1,
    "TIME": 2,
    "PORTID": 3,
    "LOST": 4,
    "CHANGED": 5,
    "OLD_WEIGHT": 6,
    "LIMIT": 7,
}

EXPLAIN_ATTRS = {
    "FAMILY": 1,
    "PROTOCOL": 2,
    "CLIENT": 3,
    "CLIENT_PORT": 4,
    "VIRTUAL": 5,
    "VIRTUAL_PORT": 6,
    "FWMARK": 7,
    "TCP_FLAGS": 8,
    "SCTP_CHUNK": 9,
    "PAYLOAD": 10,
    "PACKET": 11,
    "FROM_HOST": 12,
    "KEY": 13,
    "LATER": 14,
    "KEYS": 15,
    "CPU": 16,
    "CHANGE": 17,
    "CANDIDATES": 18,
    "WHY": 19,
    "VERDICT": 20,
    "SERVER": 21,
    "OWNER": 22,
    "SLOT": 23,
    "SLOTS": 24,
    "BEGINS": 25,
    "REMEMBERED": 26,
    "TURN": 27,
    "UNSURE": 28,
    "LOCAL": 29,
    "NUM_CANDIDATES": 30,
    "CANDIDATE": 31,
    "CHOICES": 32,
    "WHYS": 33,
}

CHANGE_ATTRS = {
    "KIND": 1,
    "ADDR": 2,
    "PORT": 3,
    "WEIGHT": 4,
}

CANDIDATE_ATTRS = {
    "NUMBER": 1,
    "ADDR": 2,
    "PORT": 3,
    "WEIGHT": 4,
    "AVAILABLE": 5,
    "OVERLOADED": 6,
    "LOAD": 7,
    "ACTIVE_CONNS": 8,
    "INACT_CONNS": 9,
}

CONN_KIND_NAMES = """
ANY CONNECTION TEMPLATE
""".split()

LIMIT_KIND_NAMES = """
EVERYWHERE NETNS SERVICE
""".split()

CHANGED_NAMES = """
SCHEDULER ENGINE FLAGS PERSISTENCE POLICY LIMIT WEIGHT THRESHOLDS METHOD TUNNEL
""".split()

WHY_NAMES = """
UNKNOWN NO_SERVICE NOT_LOCAL OTHER_PROTOCOL FRAGMENT OPENS_NOTHING MALFORMED
DEFENCE LIMIT CLASH REMOVED_SERVER NO_SERVER CONNECTION REPLY TEMPLATE
EXCEPTION OWNER FORMER FALLBACK KEYLESS TURN LEAST WEIGHT RANDOM LOCALITY ONLY
BYPASS
""".split()

CHANGE_KIND_NAMES = """
WITHOUT WITH WEIGHT
""".split()

# Of each attribute: least and most bytes, the set in it, may it be repeated.
SHAPES = {
    "message": {
        1:(0,65535,"service",False), 2:(0,65535,"dest",False),
        3:(0,65535,"daemon",False), 4:(4,4,None,False), 5:(4,4,None,False),
        6:(4,4,None,False), 64:(0,65535,"counters",False),
        65:(0,65535,"conn",False), 66:(0,65535,"policy",False),
        67:(0,65535,"table",False), 68:(4,4,None,False),
        69:(0,65535,"event",False), 70:(0,65535,"explain",False),
    },
    "service": {
        1:(2,2,None,False), 2:(2,2,None,False), 3:(0,16,None,False),
        4:(2,2,None,False), 5:(4,4,None,False), 6:(1,16,None,False),
        7:(8,8,None,False), 8:(4,4,None,False), 9:(4,4,None,False),
        10:(0,65535,"stats",False), 11:(1,17,None,False),
        12:(0,65535,"stats64",False), 64:(1,32,None,False),
        65:(4,4,None,False), 66:(4,4,None,False), 67:(4,4,None,False),
        68:(4,4,None,False), 69:(0,65535,"sip",False),
    },
    "dest": {
        1:(0,16,None,False), 2:(2,2,None,False), 3:(4,4,None,False),
        4:(4,4,None,False), 5:(4,4,None,False), 6:(4,4,None,False),
        7:(4,4,None,False), 8:(4,4,None,False), 9:(4,4,None,False),
        10:(0,65535,"stats",False), 11:(2,2,None,False),
        12:(0,65535,"stats64",False), 13:(1,1,None,False), 14:(2,2,None,False),
        15:(2,2,None,False), 64:(4,4,None,False), 65:(0,65535,"sip",False),
    },
    "daemon": {
        1:(4,4,None,False), 2:(1,16,None,False), 3:(4,4,None,False),
        4:(2,2,None,False), 5:(4,4,None,False), 6:(16,16,None,False),
        7:(2,2,None,False), 8:(1,1,None,False),
    },
    "stats": {
        1:(4,4,None,False), 2:(4,4,None,False), 3:(4,4,None,False),
        4:(8,8,None,False), 5:(8,8,None,False), 6:(4,4,None,False),
        7:(4,4,None,False), 8:(4,4,None,False), 9:(4,4,None,False),
        10:(4,4,None,False), 11:(0,0,None,True),
    },
    "stats64": {
        1:(8,8,None,False), 2:(8,8,None,False), 3:(8,8,None,False),
        4:(8,8,None,False), 5:(8,8,None,False), 6:(8,8,None,False),
        7:(8,8,None,False), 8:(8,8,None,False), 9:(8,8,None,False),
        10:(8,8,None,False), 11:(0,0,None,True),
    },
    "sip": {
        1:(8,8,None,False), 2:(8,8,None,False), 3:(8,8,None,False),
        4:(8,8,None,False), 5:(8,8,None,False), 6:(8,8,None,False),
        7:(8,8,None,False), 8:(8,8,None,False), 9:(8,8,None,False),
        10:(8,8,None,False), 11:(8,8,None,False), 12:(8,8,None,False),
        13:(8,8,None,False), 14:(8,8,None,False), 15:(8,8,None,False),
        16:(8,8,None,False), 17:(8,8,None,False), 18:(8,8,None,False),
        19:(8,8,None,False), 20:(8,8,None,False), 21:(8,8,None,False),
        22:(0,0,None,True),
    },
    "info": {
        1:(4,4,None,False), 2:(4,4,None,False),
    },
    "counters": {
        1:(0,65535,"counter",True),
    },
    "counter": {
        1:(1,65536,None,False), 2:(8,8,None,False), 3:(0,0,None,True),
    },
    "conn": {
        1:(1,1,None,False), 2:(2,2,None,False), 3:(2,2,None,False),
        4:(0,16,None,False), 5:(2,2,None,False), 6:(1,1,None,False),
        7:(0,16,None,False), 8:(2,2,None,False), 9:(0,16,None,False),
        10:(2,2,None,False), 11:(4,4,None,False), 12:(1,16,None,False),
        13:(1,17,None,False), 14:(1,255,None,False), 15:(4,4,None,False),
        16:(4,4,None,False), 17:(4,4,None,False), 18:(4,4,None,False),
        19:(0,0,None,False),
    },
    "policy": {
        1:(1,32,None,False), 2:(4,4,None,False), 3:(0,65535,"timeout",True),
    },
    "timeout": {
        1:(2,2,None,False), 2:(1,16,None,False), 3:(1,1,None,False),
        4:(4,4,None,False),
    },
    "table": {
        1:(4,4,None,False), 2:(4,4,None,False), 3:(4,4,None,False),
        4:(0,65535,"sweep",False), 5:(0,65535,"shard",True),
        6:(16,16,None,False),
    },
    "sweep": {
        1:(8,8,None,False), 2:(8,8,None,False), 3:(8,8,None,False),
        4:(8,8,None,False), 5:(8,8,None,False), 6:(8,8,None,False),
        7:(8,8,None,False), 8:(8,8,None,False), 9:(0,0,None,True),
    },
    "shard": {
        1:(4,4,None,False), 2:(4,4,None,False),
    },
    "event": {
        1:(8,8,None,False), 2:(8,8,None,False), 3:(4,4,None,False),
        4:(4,4,None,False), 5:(4,4,None,False), 6:(4,4,None,False),
        7:(1,1,None,False), 8:(0,0,None,True),
    },
    "explain": {
        1:(2,2,None,False), 2:(2,2,None,False), 3:(0,16,None,False),
        4:(2,2,None,False), 5:(0,16,None,False), 6:(2,2,None,False),
        7:(4,4,None,False), 8:(1,1,None,False), 9:(1,1,None,False),
        10:(0,65507,None,False), 11:(0,65507,None,False), 12:(0,0,None,False),
        13:(1,255,None,False), 14:(0,0,None,False), 15:(0,65507,None,False),
        16:(4,4,None,False), 17:(0,65535,"change",True), 18:(4,4,None,False),
        19:(1,1,None,False), 20:(1,65536,None,False),
        21:(0,65535,"candidate",False), 22:(0,65535,"candidate",False),
        23:(4,4,None,False), 24:(4,4,None,False), 25:(0,0,None,False),
        26:(0,0,None,False), 27:(4,4,None,False), 28:(0,0,None,False),
        29:(0,0,None,False), 30:(4,4,None,False),
        31:(0,65535,"candidate",True), 32:(0,16384,None,False),
        33:(0,4096,None,False),
    },
    "change": {
        1:(1,1,None,False), 2:(0,16,None,False), 3:(2,2,None,False),
        4:(4,4,None,False),
    },
    "candidate": {
        1:(4,4,None,False), 2:(0,16,None,False), 3:(2,2,None,False),
        4:(4,4,None,False), 5:(0,0,None,False), 6:(0,0,None,False),
        7:(8,8,None,False), 8:(4,4,None,False), 9:(4,4,None,False),
        10:(0,0,None,True),
    },
}

# Of each command: the number of its answer, the set, and which attributes of it.
ANSWERS = {
    4: (1, "message", {1}),
    8: (5, "message", {2}),
    11: (9, "message", {3}),
    13: (12, "message", {4, 5, 6}),
    15: (14, "info", {1, 2}),
    64: (64, "message", {64}),
    65: (65, "message", {1, 65}),
    66: (66, "message", {68}),
    67: (67, "message", {68}),
    71: (68, "message", {66}),
    73: (72, "message", {67}),
    74: (74, "message", {1, 70}),
}

# Of each event: its name, the set, and which attributes of it.
EVENTS = {
    128: ("SERVICE_ADDED", "message", {69, 1}),
    129: ("SERVICE_CHANGED", "message", {69, 1}),
    130: ("SERVICE_REMOVED", "message", {69, 1}),
    131: ("DEST_ADDED", "message", {69, 1, 2}),
    132: ("DEST_CHANGED", "message", {69, 1, 2}),
    133: ("DEST_REMOVED", "message", {69, 1, 2}),
    134: ("OVERLOAD_BEGUN", "message", {69, 1, 2}),
    135: ("OVERLOAD_ENDED", "message", {69, 1, 2}),
    136: ("DRAIN_BEGUN", "message", {69, 1}),
    137: ("DRAIN_ENDED", "message", {69, 1}),
    138: ("LIMIT_REACHED", "message", {69, 1, 67}),
    139: ("FLUSHED", "message", {69}),
    140: ("ZEROED", "message", {69, 1}),
    141: ("POLICY_ADDED", "message", {69, 66}),
    142: ("POLICY_CHANGED", "message", {69, 66}),
    143: ("POLICY_REMOVED", "message", {69, 66}),
    144: ("LIMIT_CHANGED", "message", {69, 67}),
    145: ("KEY_CHANGED", "message", {69}),
    146: ("EVENTS_LOST", "message", {69}),
}
