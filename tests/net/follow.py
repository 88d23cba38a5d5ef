#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""print follow and interval=: connections as they come, change and go; topology: harness.py."""
import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import time

import harness
import rulesets
from harness import CONNECTION4, CONNECTION6, LAN4, LAN6, WAN4, WAN6, check, equal, eventually
from hosts import echoes


class Follower:
    """A tidegate that follows; its output line by line."""

    def __init__(self, lab, command, *options):
        self.process = subprocess.Popen(
            [harness.BIN / "tidegate", "--instance", lab.instance, *options, command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self, seconds=3.0):
        """The next line; None if there is none in time, or no more."""
        end = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        max(0.0, end - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                return None
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def event(self, seconds=3.0):
        """The next line as JSON."""
        line = self.line(seconds)
        return json.loads(line) if line is not None else {"event": "none"}

    def until(self, kind, seconds=3.0):
        """All events up to the first of this kind."""
        events = [self.event(seconds)]
        while events[-1]["event"] not in (kind, "none"):
            events.append(self.event(seconds))
        check(events[-1]["event"] == kind, f"no {kind} after {events[:-1]}")
        return events


def _listening(lab):
    return lab.datapath()["listening"]


def _follow(lab, command, *options):
    """A follower that is known to hear: the datapath tells from then on."""
    follower = Follower(lab, command, *options)
    eventually(lambda: _listening(lab), "the datapath is listened to")
    return follower


def a_transfer(lab):
    """One TCP connection: new, its states in order, destroyed; both families."""
    lab.wan.serve_tcp(80)
    rulesets.install(lab)
    for menu, lan, wan in ((CONNECTION4, LAN4, WAN4), (CONNECTION6, LAN6, WAN6)):
        with _follow(lab, f"{menu} print follow-only where dst-port=80", "-j") as follower:
            opened = lab.lan.connect(wan, 80)
            check(opened and echoes(opened, b"x" * 1000), "the echo answers")
            opened.close()
            first = follower.event()
            equal((first["event"], first["tcp-state"], first["src-address"], first["dst-address"],
                   first["orig-packets"], first["repl-packets"], first["seen-reply"]),
                  ("new", "syn-sent", lan, wan, 1, 0, False), "the first event")
            lab_time = time.monotonic()
            events = follower.until("destroy", 15)
            check(time.monotonic() - lab_time < 15, "the end comes in time")
            states = [first["tcp-state"]] + [each["tcp-state"] for each in events]
            order = ["syn-sent", "syn-recv", "established", "fin-wait", "close-wait", "last-ack",
                     "time-wait"]
            places = [order.index(state) for state in states]
            equal(places, sorted(places), f"states in order: {states}")
            check({"syn-recv", "established", "time-wait"} <= set(states), f"states: {states}")
            equal({each["event"] for each in events[:-1]}, {"update"}, "between both ends")
            equal({each[".id"] for each in events}, {first[".id"]}, "one connection")
            last = events[-1]
            check(last["dying"] and last["assured"] and last["orig-bytes"] > 1000,
                  f"the last word: {last}")


def the_table_first(lab):
    """follow lists what there is, then what comes, under numbers that remove understands."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    check(lab.lan.reaches_udp(WAN4, 53, source=4001), "LAN asks WAN")
    with _follow(lab, f"{CONNECTION4} print follow where dst-port=53") as follower:
        check(follower.line().startswith("Flags: E - expected; S - seen-reply;"), "the flags")
        check("TCP-STATE, TIMEOUT, ORIG-RATE" in follower.line(), "the columns")
        check(follower.line().startswith("#"), "the heading")
        listed = follower.line().split()
        equal((listed[0], listed[1], listed[3]), ("0", "SAC", f"{LAN4}:4001"), "what there is")
        check(lab.lan.reaches_udp(WAN4, 53, source=4002), "LAN asks again")
        new, answered = follower.line().split(), follower.line().split()
        equal((new[0], new[1], new[3]), ("1", "C", f"{LAN4}:4002"), "what comes")
        equal((answered[0], answered[1]), ("1", "SAC"), "what changes")
        lab.cli(f"{CONNECTION4} remove [find src-port=4001]")
        gone = follower.line().split()
        equal((gone[0], gone[1]), ("0", "SACD"), "what goes")


def ends(lab):
    """A follower ends with its reader, its agent, or itself; then nobody is listened to."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    command = f"{CONNECTION4} print follow-only"
    follower = _follow(lab, command)
    follower.process.send_signal(signal.SIGINT)
    equal(follower.process.wait(5), -signal.SIGINT, "ctrl-C ends it")
    eventually(lambda: not _listening(lab), "nobody is listened to")
    follower = _follow(lab, command)
    follower.process.stdout.close()
    equal(follower.process.wait(5), 0, "it ends when nobody reads, though nothing happens")
    eventually(lambda: not _listening(lab), "nobody is listened to")
    check(lab.lan.reaches_udp(WAN4, 53), "and traffic goes on")
    with _follow(lab, command) as follower:
        lab.kill_agent()
        equal(follower.process.wait(5), 1, "it ends with the agent")
        check(b"closed the connection" in follower.process.stderr.read(), "and says so")
    check(lab.lan.reaches_udp(WAN4, 53), "traffic goes on")
    lab.up()
    eventually(lambda: not _listening(lab), "the next agent listens to nobody")
    with _follow(lab, command, "-j") as follower:
        check(lab.lan.reaches_udp(WAN4, 53), "LAN asks WAN")
        follower.until("new")
    equal(lab.cli(f"{command}\n/ip firewall filter add chain=input comment=x", good=False),
          "follow is only possible in the last command of a run that changes nothing "
          "(line 1 column 25)\n", "not while something is changed")


def on_a_terminal(lab):
    """In the console the next Enter ends it, and its numbers name what it has shown."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    own, its = pty.openpty()
    with subprocess.Popen([harness.BIN / "tidegate", "--instance", lab.instance], stdin=its,
                          stdout=its, stderr=its, start_new_session=True) as console, \
            contextlib.ExitStack() as ending:
        ending.callback(console.kill)  # a failed check must not wait for it
        shown = ""

        def wait_for(text, seconds=5.0):
            nonlocal shown
            end = time.monotonic() + seconds
            while text not in shown:
                ready, _, _ = select.select([own], [], [], max(0.0, end - time.monotonic()))
                check(ready, f"not shown: {text!r} in {shown!r}")
                shown += os.read(own, 65536).decode()
            shown = shown.split(text, 1)[1]

        def enter(text):
            os.write(own, f"{text}\n".encode())

        wait_for("/> ")
        enter(f"{CONNECTION4} print follow-only where dst-port=53")
        eventually(lambda: _listening(lab), "the datapath is listened to")
        check(lab.lan.reaches_udp(WAN4, 53), "LAN asks WAN")
        wait_for("SAC")
        enter("")
        wait_for("/> ")
        eventually(lambda: not _listening(lab), "nobody is listened to")
        enter(f"{CONNECTION4} remove 0")
        # A prompt may be drawn twice, so it does not tell that the command is done.
        eventually(lambda: lab.read(f"{CONNECTION4} print count-only") == 0, "the number was its")
        enter("/quit")
        equal(console.wait(5), 0, "the console ends")
    os.close(own)
    os.close(its)


def two_at_once(lab):
    """Followers hear the same, each by its own condition."""
    lab.wan.serve_udp(53)
    lab.wan.serve_udp(54)
    rulesets.install(lab)
    with _follow(lab, f"{CONNECTION4} print follow-only where dst-port=53", "-j") as first, \
            _follow(lab, f"{CONNECTION4} print follow-only where assured", "-j") as second:
        time.sleep(0.3)
        for port in (53, 54):
            check(lab.lan.reaches_udp(WAN4, port), "LAN asks WAN")
        equal([(each["event"], each["dst-port"]) for each in (first.event(), first.event())],
              [("new", 53), ("update", 53)], "the first")
        equal([(each["event"], each["dst-port"]) for each in (second.event(), second.event())],
              [("update", 53), ("update", 54)], "the second")
        equal(first.event(0.5)["event"], "none", "the first hears no more")


def a_flood(lab):
    """More connections than a stopped follower can hear of: it is told how many it has lost."""
    lab.wan.serve_tcp(80)
    rulesets.install(lab)
    kept = lab.lan.connect(WAN4, 80)
    check(kept and echoes(kept), "a connection from before")
    # The last rule drops what is not allowed: these are accepted.
    sender = lab.lan.udp("0.0.0.0")
    with _follow(lab, f"{CONNECTION4} print follow-only where protocol=udp", "-j") as follower:
        follower.process.send_signal(signal.SIGSTOP)
        for port in range(10000, 30000):
            sender.sendto(b"x", (WAN4, port))
        check(echoes(kept), "the flood harms no traffic")
        opened = lab.read(f"{CONNECTION4} print count-only where protocol=udp")
        follower.process.send_signal(signal.SIGCONT)
        heard, lost, end = 0, 0, time.monotonic() + 10
        while heard + lost < opened and time.monotonic() < end:
            event = follower.event()
            heard += event["event"] == "new"
            lost += event["count"] if event["event"] == "lost" else 0
        lab.note(f"{opened} opened, {heard} heard of, {lost} lost; the ring lost "
                 f"{lab.datapath()['events-lost']}")
        check(opened > 10000, f"only {opened} connections were opened")
        check(lost > 0, "some were lost")
        # Every connection was told or counted as lost; those gone since make it more, not less.
        check(heard + lost >= opened, f"{heard} heard and {lost} lost of {opened}")


def repaints(lab):
    """interval= repeats the listing, with its condition, until nobody reads."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    with Follower(lab, f"{CONNECTION4} print interval=200ms count-only where dst-port=53") as each:
        equal(each.line(), "0", "before")
        check(lab.lan.reaches_udp(WAN4, 53), "LAN asks WAN")
        eventually(lambda: each.line() == "1", "it is seen to change")
        each.process.send_signal(signal.SIGINT)
        equal(each.process.wait(5), -signal.SIGINT, "ctrl-C ends it")
    result = subprocess.run(
        ["sh", "-c", f"{harness.BIN / 'tidegate'} --instance {lab.instance} "
                     f"'{CONNECTION4} print interval=200ms count-only' | head -3"],
        capture_output=True, text=True, timeout=10, check=False)
    equal(result.stdout.split(), ["1", "1", "1"], "a pipe that closes ends it")


def rates(lab):
    """orig-rate and repl-rate are what the last second brought, and 0 after it."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    with lab.lan.udp("0.0.0.0") as opened:
        opened.connect((WAN4, 53))
        for _ in range(30):
            check(echoes(opened, b"x" * 972), "LAN asks WAN")
            time.sleep(0.1)
        row = lab.connections(where="dst-port=53")[0]
    for name in ("orig-rate", "repl-rate"):  # 1000 bytes, up to ten times a second
        check(8_000 < row[name] < 84_000, f"{name}: {row[name]}")
    text = lab.cli(f"{CONNECTION4} print detail where dst-port=53 orig-rate>1k")
    check("orig-rate=" in text and "kbps" in text, text)
    eventually(lambda: lab.connections(where="dst-port=53")[0]["orig-rate"] == 0, "silence")
    check("repl-rate=0bps" in lab.cli(f"{CONNECTION4} print detail"), "as text")


harness.main(a_transfer, the_table_first, ends, on_a_terminal, two_at_once, a_flood, repaints,
             rates, variants=(harness.AS_THEY_COME, harness.NATIVE), together=2)
