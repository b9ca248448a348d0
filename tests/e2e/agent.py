#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Traffic for the end-to-end tests: servers, clients and captures in any
network namespace, all in one process, because starting processes is what
takes the time on an emulated machine.

Reads one command per line from standard input, quoted as for a shell:
	VERB KEY=VALUE...
and answers each with one line, "ok KEY=VALUE..." or "error TEXT"; blanks and
other odd bytes of values are percent-encoded. ns= is a name from `ip netns`,
the empty one is the agent's own. addr=, src= and dst= are ADDRESS or
ADDRESS|PORT, so that IPv6 needs no brackets. data= takes Python's escapes.

Servers answer each datagram with their name, a blank and the datagram, or with
mode=brief its length and CRC, or with mode=silent not at all. A datagram that
starts with "answer-to=PORT " is answered to that port.
"""

import selectors
import shlex
import sys
import time
from collections import Counter
from urllib.parse import quote

from traffic import (Failure, Flow, Namespaces, Server, Sniffer, digest,
                     family_of, parse_addr, payload_of, raw_udp, send_segments,
                     sip_message)

STALL = 4.0		# seconds without progress after which a burst gives up


def number(args, key, default=0):
    try:
        return int(args.get(key, default), 0) if key in args else default
    except ValueError:
        raise Failure(f"{key} is not a number") from None


class Agent:
    """Holds what lives between two commands."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.spaces = Namespaces()
        self.servers = {}
        self.listeners = {}
        self.sniffers = {}
        self.maps = {}
        self.stream = None
        self.running = True

    # ---- the loop ----

    def watch(self, holder):
        self.selector.register(holder.sock, selectors.EVENT_READ, holder)

    def unwatch(self, holder):
        self.selector.unregister(holder.sock)
        holder.sock.close()

    def turn(self, timeout):
        """One round; true if something happened."""
        events = self.selector.select(timeout)
        for key, _ in events:
            # A command among them may have closed what comes after it.
            if key.data.sock.fileno() >= 0:
                key.data.readable()
        return bool(events)

    def pump(self, done, timeout):
        """Serves everybody until done() or until nothing moves any more."""
        last = time.monotonic()
        while not done():
            now = time.monotonic()
            if self.turn(0.05):
                last = now
            elif now - last > timeout:
                return False
        return True

    def main(self):
        commands = Commands(self)
        self.watch(commands)
        while self.running:
            self.turn(self.stream.tick() if self.stream else None)

    # ---- sockets ----

    def flow(self, args, **extra):
        return Flow(self.spaces, args.get("ns", ""), args.get("src"),
                    args["dst"], nocheck=bool(number(args, "nocheck")),
                    df=number(args, "df", -1), ttl=number(args, "ttl"),
                    **extra)

    def talk(self, flow, messages, window):
        """Sends all messages, at most window of them unanswered."""
        self.watch(flow)
        try:
            messages = iter(messages)
            more = True
            while more:
                for message in messages:
                    flow.send(message)
                    if flow.sent - flow.settled() >= window:
                        break
                else:
                    more = False
                target = flow.sent - (window // 2 if more else 0)
                if not self.pump(lambda: flow.settled() >= target, STALL):
                    break
        finally:
            self.unwatch(flow)

    # ---- commands: servers ----

    def do_serve(self, args):
        server = Server(self.spaces, args.get("ns", ""), args["addr"],
                        args["id"], args.get("mode", "echo"))
        self.servers.setdefault(args["id"], []).append(server)
        self.watch(server)

    def do_unserve(self, args):
        for server in self.servers.pop(args["id"]):
            self.unwatch(server)

    def do_got(self, args):
        """What the servers of this name received since the last time."""
        total, peers, last = 0, Counter(), b""
        for server in self.servers[args["id"]]:
            total += server.count
            peers.update(server.peers)
            last = server.last or last
            server.forget()
        return {"count": total, "peers": len(peers), "last": last,
                "peer": "|".join(map(str, next(iter(peers), ("", ""))))}

    def server_of(self, args):
        """The server of this name and of the family of dst=."""
        family = family_of(args["dst"])
        return next(s for s in self.servers[args["id"]]
                    if s.sock.family == family)

    def do_say(self, args):
        """A server sends on its own account, from its service port."""
        self.server_of(args).sock.sendto(payload_of(args),
                                         parse_addr(args["dst"]))

    def do_errors(self, args):
        """The error that a server's socket got from the network."""
        server = self.server_of(args)
        self.pump(lambda: server.error, 1.0)
        error, server.error = server.error, None
        return error or {"errno": "none"}

    # ---- commands: clients ----

    def do_burst(self, args):
        """count datagrams from one socket, numbered, window at a time."""
        count = number(args, "count", 1)
        size = number(args, "size", 32)
        flow = self.flow(args)
        self.talk(flow, (f"{i} ".encode().ljust(size, b".")
                         for i in range(count)), number(args, "window", 32))
        return flow.report()

    def do_ask(self, args):
        """One datagram; who answered, from where, and was it intact."""
        flow = self.flow(args, connect=bool(number(args, "connect")))
        data = payload_of(args)
        self.watch(flow)
        try:
            flow.send(data)
            self.pump(flow.settled, number(args, "wait", 3000) / 1000)
        finally:
            self.unwatch(flow)
        report = flow.report()
        report["intact"] = int(flow.last.partition(b" ")[2] in
                               (data, digest(data)))
        return report

    def do_reach(self, args):
        """Asks until there is an answer: links and neighbours are up then."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            flow = self.flow(args)
            try:
                self.watch(flow)
                flow.send(b"hello")
                self.pump(lambda: flow.seen, 0.3)
            except OSError:
                time.sleep(0.05)
            finally:
                self.unwatch(flow)
            if flow.seen:
                return None
        raise Failure("no answer from " + args["dst"])

    def do_clients(self, args):
        """One datagram each from count ports; who served which is kept as
        map=. dst= may name several addresses, used in turn."""
        targets = args["dst"].split(",")
        addr, first = parse_addr(args["src"])
        flows = []
        for i in range(number(args, "count", 1)):
            one = dict(args, src=f"{addr}|{first + i}",
                       dst=targets[i % len(targets)])
            flows.append(self.flow(one))
            self.watch(flows[-1])
        try:
            for flow in flows:
                flow.send(b"client")
                self.turn(0)
            self.pump(lambda: all(f.settled() for f in flows), 1.5)
        finally:
            for flow in flows:
                self.unwatch(flow)
        served = {i: next(iter(f.servers), "")
                  for i, f in enumerate(flows)}
        return self.account(args, served, {
            "got": sum(bool(f.seen) for f in flows),
            "foreign": sum(f.foreign for f in flows)})

    def do_calls(self, args):
        """count SIP calls from one socket, each of several messages."""
        prefix = args.get("prefix", "call")
        methods = args.get("methods", "INVITE,ACK,BYE").split(",")
        flow = self.flow(args)
        calls = [f"{prefix}-{i}@client" for i in range(number(args, "count"))]
        flow.by_call = {}
        self.talk(flow, (sip_message(method, call, number(args, "size"))
                         for method in methods for call in calls),
                  number(args, "window", 32))
        report = flow.report()
        report["split"] = sum(len(s) > 1 for s in flow.by_call.values())
        served = {call: next(iter(flow.by_call.get(call, ())), "")
                  for call in calls}
        return self.account(args, served, report)

    def account(self, args, served, report):
        if "map" in args:
            self.maps[args["map"]] = served
        counts = Counter(served.values())
        report["each"] = ",".join(f"{k}:{counts[k]}" for k in sorted(counts))
        for name, count in counts.items():
            report["on_" + (name or "none")] = count
        return report

    def do_moved(self, args):
        """Compares two maps: how many clients or calls changed server."""
        a, b = self.maps[args["a"]], self.maps[args["b"]]
        gone = args.get("gone")
        return {"kept": sum(a[k] == b[k] for k in a),
                "moved": sum(a[k] != b[k] and a[k] != gone for k in a),
                "fled": sum(a[k] == gone and b[k] != gone for k in a),
                "stuck": sum(b[k] == gone for k in a),
                "all": len(a)}

    def do_segments(self, args):
        """One UDP_SEGMENT send of count datagrams."""
        flow = self.flow(args)
        self.watch(flow)
        try:
            wanted = send_segments(flow, number(args, "count"),
                                   number(args, "size"))
            self.pump(lambda: flow.seen >= len(wanted), 2.0)
        finally:
            self.unwatch(flow)
        report = flow.report()
        report["intact"] = sum(part in flow.bodies or
                               digest(part) in flow.bodies for part in wanted)
        return report

    def do_raw(self, args):
        """One UDP datagram with a chosen checksum."""
        raw_udp(self.spaces, args.get("ns", ""), parse_addr(args["src"]),
                parse_addr(args["dst"]), payload_of(args),
                args.get("csum", "good"))

    def do_listen(self, args):
        server = Server(self.spaces, args.get("ns", ""), args["addr"],
                        args["id"], "silent")
        self.listeners[args["id"]] = server
        self.watch(server)

    def do_heard(self, args):
        """What a listener heard, and from whom; closes it."""
        server = self.listeners.pop(args["id"])
        self.pump(lambda: server.count, number(args, "wait", 2000) / 1000)
        self.unwatch(server)
        peer = next(iter(server.peers), ("", ""))
        return {"count": server.count, "last": server.last,
                "peer": f"{peer[0]}|{peer[1]}"}

    # ---- commands: traffic beside other things ----

    def do_stream(self, args):
        """From now on, rate SIP messages per second until unstream."""
        self.stream = Stream(self.flow(args), number(args, "rate", 100))
        self.watch(self.stream.flow)

    def do_unstream(self, _args):
        stream, self.stream = self.stream, None
        self.unwatch(stream.flow)
        return stream.flow.report()

    def do_streamed(self, _args):
        return self.stream.flow.report()

    # ---- commands: captures ----

    def do_sniff(self, args):
        self.sniffers[args["id"]] = Sniffer(self.spaces, args.get("ns", ""),
                                            args["dev"])

    def do_sniffed(self, args):
        """Ends a capture and writes what it saw for tcpdump -r."""
        return {"count": self.sniffers.pop(args["id"]).save(args["file"])}

    # ---- commands: housekeeping ----

    def do_sysctl(self, args):
        with self.spaces.inside(args.pop("ns", "")):
            for key, value in args.items():
                path = "/proc/sys/" + key.replace(".", "/")
                with open(path, "w", encoding="ascii") as file:
                    file.write(value)

    def do_read(self, args):
        """First line of a file, as a process of the namespace sees it."""
        with self.spaces.inside(args.get("ns", "")):
            with open(args["file"], encoding="ascii") as file:
                return {"value": file.readline().strip()}

    def do_snmp(self, args):
        """A UDP counter of a namespace (/proc/net/snmp, snmp6)."""
        with self.spaces.inside(args.get("ns", "")):
            with open("/proc/thread-self/net/snmp", encoding="ascii") as file:
                names, values = [line.split() for line in file
                                 if line.startswith("Udp:")]
            v4 = int(values[names.index(args["name"])])
            with open("/proc/thread-self/net/snmp6", encoding="ascii") as file:
                v6 = next(int(line.split()[1]) for line in file
                          if line.split()[0] == "Udp6" + args["name"])
        return {"value": v4 + v6}

    def do_forget(self, args):
        self.spaces.forget(args["ns"])

    def do_reset(self, _args):
        """Closes everything but the namespaces."""
        for server in [s for many in self.servers.values() for s in many]:
            self.unwatch(server)
        for listener in self.listeners.values():
            self.unwatch(listener)
        for sniffer in self.sniffers.values():
            sniffer.close()
        if self.stream:
            self.unwatch(self.stream.flow)
        self.servers, self.listeners, self.sniffers = {}, {}, {}
        self.maps, self.stream = {}, None

    def do_quit(self, _args):
        self.running = False


class Stream:
    """Messages at a steady rate, whatever becomes of them."""

    def __init__(self, flow, rate):
        self.flow = flow
        self.gap = 1.0 / rate
        self.next = time.monotonic()

    def tick(self):
        """Sends what is due; seconds until the next message is."""
        now = time.monotonic()
        for _ in range(16):
            if self.next > now:
                break
            call = f"stream-{self.flow.sent % 97}@client"
            self.flow.send(sip_message("INVITE", call, 0))
            self.next += self.gap
        self.next = max(self.next, now - 1)
        return max(0.0, self.next - now)


class Commands:
    """Standard input as one more thing that can become readable."""

    def __init__(self, agent):
        self.agent = agent
        self.sock = sys.stdin

    def readable(self):
        line = sys.stdin.readline()
        if not line:
            self.agent.running = False
            return
        try:
            verb, *words = shlex.split(line)
            args = dict(word.split("=", 1) for word in words)
            answer = getattr(self.agent, "do_" + verb)(args) or {}
            text = " ".join(f"{k}={quote(v if isinstance(v, bytes) else str(v), safe='/:|,.-_')}"
                            for k, v in answer.items())
            print("ok", text, flush=True)
        except (Failure, OSError, KeyError, ValueError, AttributeError) as err:
            print("error", f"{type(err).__name__}: {err}", flush=True)


if __name__ == "__main__":
    Agent().main()
