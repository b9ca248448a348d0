#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Throws random packets at a director with services of every kind, in a test
machine, and compares the books; then its devices go, its namespace ends, and the
module leaves, each under traffic and within seconds. Speaks TAP.

usage: scripts/vm [--kernel LANE] [--time SECONDS]
           tests/e2e/fuzz/run.py [--seconds N] [--seed N] [--packets N]
                              [--ends WHAT,...]

  --seconds N   how long (default 60); time of the machine's set-up comes on top
  --seed N      start of the random numbers (default: a new one, which is told)
  --packets N   in a round, after which the books are compared (default 1500)
  --ends WHAT   what goes in turn: devices, namespace, module, by default all
"""

import argparse
import contextlib
import os
import select
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import books                                        # noqa: E402
from grammar import Grammar                         # noqa: E402
from world import World, enter, run, seeded         # noqa: E402
import abi                                          # noqa: E402
import genl                                         # noqa: E402

LIMIT = 30              # seconds for anything that has to end
LAP = 20                # seconds of rounds before something goes
ENDS = ("devices", "namespace", "module")
HASH_KEY = "6f7076732d74657374732d6b65792d31"


class Pump(threading.Thread):
    """Traffic without judgement while things go away."""

    def __init__(self, home, devices, shots):
        super().__init__(daemon=True)
        self.home = home
        self.devices, self.shots = devices, shots
        self.done = False
        self.dead = set()
        self.laps = 0

    def run(self):
        # A thread, too, would keep the namespace that it is in.
        enter(self.home)
        while not self.done:
            for shot in self.shots:
                self.throw(shot)
                if self.done:
                    break
            self.laps += 1
            time.sleep(0.001)

    def throw(self, shot):
        if shot.device in self.dead:
            return
        device = self.devices[shot.device]
        for packet in shot.packets:
            if device.write(packet, shot.vnet) is None:
                self.dead.add(shot.device)
                return
        for name, device in self.devices.items():
            if name not in self.dead:
                for _ in device.read():
                    pass

    def stop(self):
        self.done = True
        self.join(LIMIT)


def waiting():
    """What all tasks wait for, for the one who has to find out."""
    lines = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/stack") as file:
                stack = file.read().split("\n")
            with open(f"/proc/{pid}/comm") as file:
                comm = file.read().strip()
            with open(f"/proc/{pid}/stat") as file:
                state = file.read().rpartition(")")[2].split()[0]
            if state == "D" or comm in ("rmmod", "ip"):
                lines += [f"{comm} ({pid}) {state}"] + stack[:12]
    lines += subprocess.run(("dmesg",), capture_output=True,
                            text=True).stdout.split("\n")[-25:]
    return lines


class Fuzz:
    def __init__(self, seed, seconds, packets, ends):
        self.seed, self.packets, self.ends = seed, packets, ends
        self.end = time.monotonic() + seconds
        self.tap = genl.Tap()
        self.total = self.rounds = 0
        self.world = self.judge = None
        # The namespace that this process began in, whichever it is in now.
        self.home = f"/run/netns/opvs-home-{os.getpid()}"
        run("ip", "netns", "attach", os.path.basename(self.home),
            str(os.getpid()))

    # ---- packets ----

    def fire(self, shot):
        device = self.world.devices[shot.device]
        self.judge.sent(shot)
        self.total += 1
        for packet in shot.packets:
            if not device.write(packet, shot.vnet):
                shot.plain = False
        self.collect()

    def collect(self):
        """Judges what has come out; answers some of it."""
        for _ in range(8):
            ready = [self.named[fd] for fd, _ in self.poll.poll(0)]
            if not ready:
                return
            for device in ready:
                for data, partial in device.read():
                    self.came(device, data, partial)

    def came(self, device, data, partial):
        packet, known = self.judge.came(device.name, data, partial)
        if packet is None or not known or partial or \
                len(self.later) > 50:
            return
        draft = self.answers.answer(data, self.answers.rng)
        if draft:
            # What reached a server by direct routing is answered past us.
            self.later.append((draft, device.name))

    def play(self, lap, number):
        """A round: some packets, some changes, then the books."""
        rng = seeded(self.seed, lap, number)
        self.grammar.rng = rng
        self.answers.rng = seeded(self.seed, lap, number, "answers")
        self.judge.forget()
        before, wrong = books.at_rest()
        lost = books.lost_behind(self.world.devices)
        steady = rng.random() < 0.5
        change_at = set() if steady else {
            rng.randrange(self.packets) for _ in range(3)}
        for n in range(self.packets):
            if n in change_at:
                self.change(rng)
            self.fire(self.grammar.shot())
            while self.later:
                draft, name = self.later.pop(0)
                self.fire(self.answers.shot(draft, name))
        self.collect()
        after, wrong = books.at_rest()
        if wrong:
            self.judge.fault(wrong)
        lost = books.lost_behind(self.world.devices) - lost
        rise = self.judge.compare(before, after, lost, steady)
        if self.judge.faults:
            self.judge.faults.append(f"  in lap {lap}, round {number}")
        self.rounds += 1
        return rise

    def change(self, rng):
        lines = [line for _ in range(rng.choice((1, 3, 6)))
                 for line in self.world.change(rng)]
        run("ipvsadm", "-R", text="\n".join(lines) + "\n")

    # ---- a lap: a director from its making to its end ----

    def begin(self, lap):
        self.world = World(f"opvs-f{lap % 1000}-{os.getpid()}", self.home)
        self.world.make()
        with open("/proc/sys/net/opvs/hash_key", "w") as file:
            file.write(HASH_KEY)
        self.world.configure(seeded(self.seed, lap))
        self.judge = books.Judge(self.world)
        self.later = []
        self.grammar = Grammar(None, self.world, 1, 0x7fff)
        self.answers = Grammar(None, self.world, 0x8000, 0xffff)
        self.watch()

    def watch(self):
        self.poll = select.poll()
        self.named = {}
        for device in self.world.devices.values():
            self.poll.register(device.fd, select.POLLIN)
            self.named[device.fd] = device

    def lap(self, lap, seconds):
        start = time.monotonic()
        self.begin(lap)
        until = time.monotonic() + seconds
        rise, number = {}, 0
        while number < 2 or time.monotonic() < until:
            for name, value in self.play(lap, number).items():
                rise[name] = rise.get(name, 0) + value
            number += 1
        judge = self.judge
        self.tap.ok(not judge.count, f"lap {lap}: {number} rounds of "
                    f"{self.packets} packets: {judge.count} faults",
                    *judge.faults)
        print(f"# {time.monotonic() - start:.0f} s;", " ".join(f"{name}={value}" for name, value in
                            sorted(rise.items()) if value))
        self.flush(lap)
        end = self.ends[lap % len(self.ends)]
        getattr(self, "end_by_" + end)(lap)
        sys.stdout.flush()

    def flush(self, lap):
        """A template goes when the last of its connections does, so what is left
        is told to go again."""
        family = genl.Family("opvs")
        with family.sock:
            for _ in range(20):
                family.ask(abi.FLUSH_CONN)
                now, wrong = books.at_rest()
                if wrong or not now["conns"]:
                    break
                time.sleep(0.2)
        self.tap.ok(not wrong and not now["conns"],
                    f"lap {lap}: flushed, {now['conns']} entries are left",
                    wrong)

    # ---- ends, under traffic ----

    def pump(self):
        self.grammar.rng = seeded(self.seed, "pump")
        pump = Pump(self.home, dict(self.world.devices),
                    [self.grammar.shot() for _ in range(300)])
        pump.start()
        while not pump.laps and pump.is_alive():
            time.sleep(0.02)
        return pump

    def bounded(self, name, *words):
        """The command comes back within seconds."""
        start = time.monotonic()
        process = subprocess.Popen(words, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        while process.poll() is None and time.monotonic() - start < LIMIT:
            time.sleep(0.02)
        took = time.monotonic() - start
        if process.poll() is None:
            self.tap.ok(False, f"{name}: still waiting", *waiting())
            raise TimeoutError(name)
        self.tap.ok(process.returncode == 0, name, process.stdout.read())
        print(f"# {took:.1f} s")

    def close(self):
        for name in list(self.world.devices):
            self.world.close_device(name)

    def end_by_devices(self, lap):
        pump = self.pump()
        for name in ("s1", "s4", "c1", "s2", "c0", "s3"):
            self.bounded(f"lap {lap}: device {name} goes under traffic",
                         "ip", "link", "del", name)
        pump.stop()
        self.close()
        self.leave(lap)

    def end_by_namespace(self, lap):
        pump = self.pump()
        self.leave(lap)
        start = time.monotonic()
        while len(pump.dead) < len(self.world.devices) and \
                time.monotonic() - start < LIMIT:
            time.sleep(0.02)
        gone = len(pump.dead) == len(self.world.devices)
        self.tap.ok(gone, f"lap {lap}: the namespace ends under traffic",
                    *(() if gone else waiting()))
        pump.stop()
        self.close()

    def end_by_module(self, lap):
        pump = self.pump()
        self.bounded(f"lap {lap}: the module leaves under traffic",
                     "rmmod", "opvs")
        pump.stop()
        run("modprobe", "opvs")
        self.close()
        self.leave(lap)

    def leave(self, lap):
        enter(self.home)
        self.bounded(f"lap {lap}: the namespace is let go",
                     "ip", "netns", "del", self.world.name)

    # ---- all ----

    def main(self):
        lap = 0
        try:
            while lap < len(self.ends) or time.monotonic() < self.end:
                left = max(0, self.end - time.monotonic())
                self.lap(lap, min(LAP, left / max(1, len(self.ends) - lap)))
                lap += 1
        except TimeoutError as error:
            print(f"Bail out! {error}")
        finally:
            enter(self.home)
            run("ip", "netns", "del", os.path.basename(self.home))
        print(f"# {self.total} packets and more in {self.rounds} rounds, "
              f"seed {self.seed}")
        return self.tap.end()


def main():
    parser = argparse.ArgumentParser(usage=__doc__.partition("usage: ")[2])
    parser.add_argument("--seconds", type=int, default=60)
    # Not of the kernel's random numbers: a machine has none for minutes.
    parser.add_argument("--seed", type=int,
                        default=time.time_ns() // 1000 % (1 << 31))
    parser.add_argument("--packets", type=int, default=1500)
    parser.add_argument("--ends", type=lambda text: text.split(","),
                        default=ENDS)
    args = parser.parse_args()
    if not os.environ.get("OPVS_KERNEL"):
        sys.exit("this loads modules; run it by scripts/vm")
    print(f"# seed {args.seed}", flush=True)
    run("modprobe", "-a", "opvs", "tun")
    return Fuzz(args.seed, args.seconds, args.packets, args.ends).main()


if __name__ == "__main__":
    sys.exit(main())
