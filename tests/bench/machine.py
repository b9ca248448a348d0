# SPDX-License-Identifier: GPL-2.0-only
"""The test machine: its modules, its network namespaces, and what the two
balancers have in memory."""

import contextlib
import ctypes
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))
import abi  # noqa: E402
import genl  # noqa: E402
from replay import FOLDER, Mismatch  # noqa: E402

# Families of generic netlink; the names of the modules' caches.
MODULES = ("IPVS", "opvs")
CACHES = {"IPVS": "ip_vs_conn", "opvs": "opvs_conn"}

# Free objects in the CPU's own slabs count as used.
SLACK = 600

LIBC = ctypes.CDLL(None, use_errno=True)


def run(*words):
    subprocess.run(words, check=True)


# ---- modules ----------------------------------------------------------------

def load():
    """opvs beside ip_vs, so that both are measured in one boot."""
    load_ip_vs()
    run("insmod", os.environ["OPVS_KO"], "compat=0")
    run("insmod", os.environ["OPVS_BENCH_DIR"] + "/opvs_replay.ko")


def load_ip_vs(*options):
    run("modprobe", "ip_vs", *options)
    run("modprobe", "-a", "ip_vs_rr", "ip_vs_pe_sip")


def unload_ip_vs():
    run("modprobe", "-r", "ip_vs_rr", "ip_vs_pe_sip", "ip_vs")


@contextlib.contextmanager
def ip_vs_with(*options):
    """The kernel's module is loaded anew with options, and afterwards as it
    is shipped."""
    unload_ip_vs()
    load_ip_vs(*options)
    try:
        yield
    finally:
        unload_ip_vs()
        load_ip_vs()


# ---- network namespaces -----------------------------------------------------

def write(name, value):
    with open(name, "w", encoding="ascii") as file:
        file.write(str(value))


def read(name):
    with open(name, encoding="ascii") as file:
        return file.read()


def prepare():
    """The director's two devices, in the present network namespace."""
    for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        write("/proc/sys/net/" + name, 1)
    for command in (
            "link add in0 type replay", "link add out0 type replay",
            "link set lo up", "link set in0 up", "link set out0 up",
            "addr add 10.1.0.1/16 dev in0", "addr add 10.2.0.1/24 dev out0",
            "addr add 10.9.9.9/32 dev in0",
            "addr add fd01::1/64 dev in0 nodad",
            "addr add fd02::1/64 dev out0 nodad",
            "addr add fd09::9/128 dev in0 nodad"):
        run("ip", *command.split())


def start_master():
    """opvs of the present network namespace tells a partner that is not there of
    its connections."""
    run("ip", "link", "add", "sync0", "type", "dummy")
    run("ip", "link", "set", "sync0", "up")
    family = genl.Family("opvs")
    with family.sock:
        answer = family.ask(abi.NEW_DAEMON, genl.nest(
            abi.DAEMON, abi.DAEMON_ATTRS, {
                "STATE": genl.u32(1), "MCAST_IFN": genl.string("sync0"),
                "SYNC_ID": genl.u32(1)}))
    if answer.errno:
        raise OSError(answer.errno, answer.text)


class Namespace:
    """A network namespace with the two devices."""

    def __init__(self, name):
        run("ip", "netns", "add", name)
        self.name = name
        self.handle = os.open("/run/netns/" + name, os.O_RDONLY)
        with self.inside():
            prepare()

    @contextlib.contextmanager
    def inside(self):
        back = os.open("/proc/self/ns/net", os.O_RDONLY)
        enter(self.handle)
        try:
            yield
        finally:
            enter(back)
            os.close(back)

    def remove(self):
        os.close(self.handle)
        run("ip", "netns", "del", self.name)


def enter(handle):
    if LIBC.setns(handle, genl.CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def namespaces(*names):
    """{name: namespace}"""
    found = {name: Namespace(name) for name in names}
    try:
        yield found
    finally:
        for one in found.values():
            one.remove()


# ---- connections ------------------------------------------------------------

def ask(link, cmd, payload=b"", dump=False):
    answer = link.ask(cmd, payload, dump)
    if answer.errno:
        raise OSError(answer.errno, f"{os.strerror(answer.errno)}: "
                      f"{answer.text}")
    return answer


def set_udp_timeout(module, seconds):
    """Of connections from now on."""
    link = genl.Family(module)
    with link.sock:
        ask(link, abi.SET_CONFIG, genl.attr(abi.TIMEOUT_UDP,
                                             genl.u32(seconds)))


def conn_count(module, service):
    """Connections and templates of a service. opvs tells those of its
    namespace, and shows as a server's connections what is its load."""
    link = genl.Family(module)
    with link.sock:
        if module == "opvs":
            return number(table_of(link)["CONNS"])
        answer = ask(link, abi.GET_DEST, service, dump=True)
    count = 0
    for _, _, data in answer.messages:
        dest = genl.named(genl.attrs(data)[0][1], abi.DEST_ATTRS)
        count += sum(number(dest[name])
                     for name in ("ACTIVE_CONNS", "INACT_CONNS",
                                  "PERSIST_CONNS"))
    return count


def number(payload):
    return int.from_bytes(payload, sys.byteorder)


def table_of(link):
    """What opvs tells of its table."""
    answer = ask(link, abi.GET_TABLE)
    return genl.named(genl.attrs(answer.messages[0][2])[0][1], abi.TABLE_ATTRS)


def sweeper_ns():
    """What the sweeper of this namespace has spent, by its own account."""
    link = genl.Family("opvs")
    with link.sock:
        sweep = genl.named(table_of(link)["SWEEP"], abi.SWEEP_ATTRS)
    return number(sweep["BUSY_NS"])


def conns_made(module, service):
    """Connections that a service has had."""
    link = genl.Family(module)
    with link.sock:
        answer = ask(link, abi.GET_SERVICE, service)
    data = answer.messages[0][2]
    stats = genl.named(genl.attrs(data)[0][1], abi.SERVICE_ATTRS)["STATS64"]
    return number(dict(genl.attrs(stats))[1])


def objects(module):
    """Connection entries that have memory, in all namespaces. Kernels from 6.18
    on keep freed ones in sheaves of each CPU, which shrinking empties."""
    cache = f"/sys/kernel/slab/{CACHES[module]}/"
    write(cache + "shrink", 1)
    return int(read(cache + "objects").split()[0])


def slab_bytes(module):
    """Of the slabs that hold connection entries."""
    for line in read("/proc/slabinfo").splitlines():
        words = line.split()
        if words[0] == CACHES[module]:
            return int(words[14]) * int(words[5]) * os.sysconf("SC_PAGE_SIZE")
    raise Mismatch(f"no cache {CACHES[module]}")


def free_bytes():
    """Of the machine, when nothing waits to be freed."""
    for line in read("/proc/meminfo").splitlines():
        name, value, *_ = line.split()
        if name == "MemAvailable:":
            return int(value) * 1024
    raise Mismatch("no MemAvailable")


def work_ns():
    """How long the kernel has worked since some moment, on one CPU. On User
    Mode Linux without what programs do in it by themselves, and without the
    time that the host gave to others."""
    return int(read(FOLDER + "work"))


def touch_memory():
    """All free memory is used once: a machine that is a process gets it from
    its host only then, which is not to be measured."""
    size = free_bytes() * 7 // 10
    run("mount", "-t", "tmpfs", "-o", f"size={size}", "touch", "/mnt")
    with open("/mnt/all", "wb", buffering=0) as file:
        block = bytes(1 << 20)
        for _ in range(size >> 20):
            file.write(block)
    run("umount", "/mnt")


def until(done, seconds, what):
    """Polls; a deadline that passes fails the run."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise Mismatch(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def end_all(module):
    """All services and connections go. opvs flushes connections; ip_vs has
    no words for that and is told to end those whose server was removed."""
    link = genl.Family(module)
    with link.sock:
        link.sock.settimeout(120)
        if module == "IPVS":
            write("/proc/sys/net/ipv4/vs/expire_nodest_conn", 1)
        else:
            ask(link, abi.FLUSH_CONN)
        ask(link, abi.FLUSH)


def gone(module, before):
    """All memory of connections is back."""
    until(lambda: objects(module) <= before + SLACK, 60,
          f"{module} has the memory of {objects(module) - before} "
          "connections still")
