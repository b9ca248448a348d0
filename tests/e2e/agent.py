#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Traffic for the end-to-end tests: servers, clients and captures in any
network namespace, all in one process, because starting processes is what
takes the time on an emulated machine.

Reads one command per line from standard input, quoted as for a shell:
	VERB KEY=VALUE...
and answers each with one line, "ok KEY=VALUE..." or "error TEXT"; blanks and
other odd bytes of values are percent-encoded. The answer comes when packets that
were under way have arrived, whoever sent them. ns= is a name from `ip netns`,
the empty one is the agent's own. addr=, src= and dst= are ADDRESS or
ADDRESS|PORT, so that IPv6 needs no brackets. data= takes Python's escapes.

Servers answer each datagram with their name, a blank and the datagram, or with
mode=brief its length and CRC, or with mode=silent not at all. A datagram that
starts with "answer-to=PORT " is answered to that port.

Connections (proto=tcp, the default, or sctp) are held at both ends: accept
makes a server, dial opens a group of them, id=, which stays open over the
commands that follow until hang or reset.
"""

import selectors
import shlex
import socket
import sys
import time
from collections import Counter
from urllib.parse import quote

import calls
import mass
import native
import stream
from backlog import HOPS, Backlog
from traffic import (Failure, Flow, Namespaces, Server, Sniffer, Stream, digest,
                     family_of, parse_addr, payload_of, send_raw, send_segments,
                     sip_message)

STALL = 4.0		# seconds without progress after which a burst gives up
ROUND = 0.05		# seconds that a round waits for something to happen


def number(args, key, default=0):
    try:
        return int(args.get(key, default), 0) if key in args else default
    except ValueError:
        raise Failure(f"{key} is not a number") from None


class Agent(calls.Verbs):
    """Holds what lives between two commands."""

    def __init__(self):
        super().__init__()
        self.selector = selectors.DefaultSelector()
        self.backlog = Backlog()
        self.spaces = Namespaces()
        self.servers = {}
        self.listeners = {}
        self.sniffers = {}
        self.accepting = {}
        self.lines = {}
        self.maps = {}
        self.stream = None
        self.running = True

    # ---- the loop ----

    def watch(self, holder):
        self.selector.register(holder.sock, selectors.EVENT_READ, holder)

    def unwatch(self, holder):
        if holder.sock.fileno() < 0:
            return
        if holder.sock in self.selector.get_map():
            self.selector.unregister(holder.sock)
        holder.sock.close()

    def ignore(self, holder):
        """Watches no more, but leaves it open."""
        self.selector.unregister(holder.sock)

    def turn(self, timeout):
        """One round; true if something happened."""
        events = self.selector.select(timeout)
        for key, _ in events:
            # A command among them may have closed what comes after it.
            if key.data.sock.fileno() >= 0:
                key.data.readable()
        return bool(events)

    def pump(self, done, timeout):
        """Serves all clients until done() or until nothing moves any more. The
        seconds are those of rounds in which nothing came: a clock goes on where
        the machine does not."""
        idle = 0
        while not done():
            if self.turn(ROUND):
                idle = 0
                continue
            idle += ROUND
            if idle > timeout:
                return False
        return True

    def rest(self):
        """Until all that is under way has arrived, and what it is answered; as
        Backlog.drain()."""
        for _ in range(HOPS):
            still = self.backlog.step()
            if not self.turn(0) and still:
                break

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
        self.pump(lambda: server.error, number(args, "wait", 3000) / 1000)
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
        for _ in range(60):
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
        map=. dst= may name several addresses, used in turn. calm= is how many
        ms to wait for each answer before the next one asks."""
        targets = args["dst"].split(",")
        addr, first = parse_addr(args["src"])
        calm = number(args, "calm")
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
                if calm:
                    self.pump(flow.settled, calm / 1000)
            self.pump(lambda: all(f.settled() for f in flows),
                      calm / 1000 or 1.5)
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
        """One UDP datagram with a chosen checksum, or with proto= what is behind
        the IP header of another one."""
        send_raw(self.spaces, args, payload_of(args))

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

    # ---- commands: connections ----

    def do_accept(self, args):
        """A server of connections; see stream.Listener for mode=."""
        listener = stream.Listener(self, args.get("ns", ""), args["addr"],
                                   args["id"], args.get("proto", "tcp"),
                                   args.get("mode", "echo"))
        self.accepting.setdefault(args["id"], []).append(listener)
        self.watch(listener)

    def do_unaccept(self, args):
        """Closes a server, and first what it has accepted, how=fin or rst."""
        for listener in self.accepting.pop(args["id"]):
            listener.hang_up(args.get("how", "fin") == "rst")
            self.unwatch(listener)

    def do_deaf(self, args):
        """Nothing listens at addr= any more; what was accepted goes on."""
        for listener in [a for many in self.accepting.values() for a in many]:
            if listener.addr == args["addr"] and not listener.deaf:
                listener.deaf = True
                self.unwatch(listener)

    def do_accepted(self, args):
        """What became of all that a server of this name has accepted."""
        self.pump(lambda: False, 0.05)
        total = Counter()
        for listener in self.accepting[args["id"]]:
            total.update(listener.report())
        return dict(total)

    def do_ring_off(self, args):
        """A server ends its connections: how=fin, rst, or half."""
        for listener in self.accepting[args["id"]]:
            if args.get("how", "fin") == "half":
                listener.half_close()
            else:
                listener.hang_up(args.get("how", "fin") == "rst")

    def do_dial(self, args):
        """Opens count connections and asks on each who is there, unless
        mute=1; src= names their first port, if any. Those that had this id
        are closed."""
        addr, first = parse_addr(args["src"]) if "src" in args else ("", 0)
        for line in self.lines.pop(args["id"], []):
            line.close()
        lines = self.lines[args["id"]] = []
        for i in range(number(args, "count", 1)):
            src = f"{addr}|{first + i if first else 0}" if addr else None
            lines.append(stream.Line(self, args.get("ns", ""), src,
                                     args["dst"], args.get("proto", "tcp"),
                                     number(args, "wait", 20000) / 1000))
            self.turn(0)
        if number(args, "mute"):
            return stream.report(lines)
        report = self.exchange(lines, b"hello", STALL)
        served = {i: line.server for i, line in enumerate(lines)}
        if "map" in args:
            self.maps[args["map"]] = served
        return report

    def exchange(self, lines, data, wait):
        for line in lines:
            line.begin()
            line.send(data)
        self.pump(lambda: all(line.settled() for line in lines), wait)
        return stream.report(lines)

    def do_talk(self, args):
        """Says data= on each connection and waits for the answers."""
        return self.exchange(self.lines[args["id"]], payload_of(args),
                             number(args, "wait", 4000) / 1000)

    def do_pour(self, args):
        """Sends size bytes on each connection, and what their CRC is."""
        data = bytes(i % 251 for i in range(number(args, "size")))
        for line in self.lines[args["id"]]:
            done = idle = 0
            while done < len(data) and not line.error:
                part = line.send(data[done:done + (1 << 16)])
                done += part
                self.turn(0 if part else ROUND)
                idle = 0 if part else idle + ROUND
                if idle > STALL:
                    raise Failure(f"stuck after {done} bytes")
        return {"digest": digest(data)}

    def do_half(self, args):
        """The client closes its half of each connection."""
        for line in self.lines[args["id"]]:
            line.sock.shutdown(socket.SHUT_WR)

    def do_hear(self, args):
        """Waits until each connection is over."""
        lines = self.lines[args["id"]]
        self.pump(lambda: all(line.over() for line in lines),
                  number(args, "wait", 4000) / 1000)
        return stream.report(lines)

    def do_hang(self, args):
        """Closes connections, how=fin or rst; the first count= or all."""
        lines = self.lines[args["id"]]
        count = number(args, "count", len(lines))
        for line in lines[:count]:
            line.close(args.get("how", "fin") == "rst")
        self.lines[args["id"]] = lines[count:]
        # Their servers are here, and have to close as well.
        self.pump(lambda: False, 0.05)

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

    def do_mass(self, args):
        """count datagrams as fast as possible, each from another port, or
        with vary=dst to another port; answers are not waited for."""
        return mass.send(self.spaces, args.get("ns", ""),
                         parse_addr(args["src"]), parse_addr(args["dst"]),
                         number(args, "count"), args.get("vary", "src"),
                         self.backlog.drain)

    # ---- commands: the module's own netlink family ----

    def native(self, what, args):
        with self.spaces.inside(args.pop("ns", "")):
            return what(args)

    def do_policy(self, args):
        return self.native(native.policy, args)

    def do_service(self, args):
        return self.native(native.service, args)

    def do_server(self, args):
        return self.native(native.server, args)

    def do_flush(self, args):
        return self.native(native.flush, args)

    def do_expire(self, args):
        return self.native(native.expire, args)

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

    def do_entries(self, args):
        """Lines of /proc/net/ip_vs_conn, below its head, with part= in them;
        how many of them are there twice; and how long reading it took."""
        part = args.get("part", "").encode()
        count, seen = 0, set()
        began = time.monotonic()
        with self.spaces.inside(args.get("ns", "")):
            with open("/proc/thread-self/net/ip_vs_conn", "rb",
                      buffering=1 << 20) as file:
                next(file)
                for line in file:
                    if part in line:
                        count += 1
                        # Without state and time, which go on. IPv4 addresses
                        # have eight digits.
                        cut = 46 if line[12:13] == b" " else 138
                        seen.add(hash(line[:cut] + line[cut + 19:]))
        return {"count": count, "twice": count - len(seen),
                "ms": int((time.monotonic() - began) * 1000)}

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

    def do_rest(self, _args):
        """What every command does before it is answered."""

    def do_reset(self, _args):
        """Closes everything but the namespaces, and goes on elsewhere."""
        self.backlog.move()
        for server in [s for many in self.servers.values() for s in many]:
            self.unwatch(server)
        for listener in self.listeners.values():
            self.unwatch(listener)
        for lines in self.lines.values():
            for line in lines:
                line.close(True)
        for listener in [a for many in self.accepting.values() for a in many]:
            listener.hang_up(True)
            self.unwatch(listener)
        for sniffer in self.sniffers.values():
            sniffer.close()
        if self.stream:
            self.unwatch(self.stream.flow)
        self.sip.close()
        self.servers, self.listeners, self.sniffers = {}, {}, {}
        self.accepting, self.lines = {}, {}
        self.maps, self.stream = {}, None

    def do_quit(self, _args):
        self.running = False


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
            self.agent.rest()
            text = " ".join(f"{k}={quote(v if isinstance(v, bytes) else str(v), safe='/:|,.-_')}"
                            for k, v in answer.items())
            print("ok", text, flush=True)
        except (Failure, OSError, KeyError, ValueError, AttributeError) as err:
            print("error", f"{type(err).__name__}: {err}", flush=True)


if __name__ == "__main__":
    Agent().main()
