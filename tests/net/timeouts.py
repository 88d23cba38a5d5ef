#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Timeouts act when they are due, not before and not later, with and without an agent.

Topology: harness.py. The timeouts are set to two seconds; an answer that comes within them belongs
to its connection, one that comes later is new and dropped.
"""
import time

import harness
import packets
import rulesets
from harness import CONNECTION4, CONNECTION6, LAN4, LAN6, WAN4, WAN6, check, equal
from hosts import echoes

SETTINGS = ("/ip firewall connection tracking set udp-timeout=4s udp-stream-timeout=4s "
            "icmp-timeout=4s generic-timeout=4s tcp-established-timeout=4s")
TIMEOUT = 4
# Seconds into a timeout: a busy machine is late by less than a second. To the tick: tests/cases.
EARLY, LATE = TIMEOUT - 1, TIMEOUT + 0.2


class Question:
    """One UDP datagram from LAN to WAN whose answer waits."""

    def __init__(self, lab, wan, port):
        any_address = "::" if ":" in wan else "0.0.0.0"
        self.client = lab.lan.udp(any_address, port, timeout=0.3)
        self.server = lab.wan.udp(any_address, port, timeout=1)
        self.client.sendto(b"question", (wan, port))
        self.sender = self.server.recvfrom(100)[1]
        self.asked = time.monotonic()

    def answered_after(self, seconds):
        """Whether the client gets the answer that is given so long after the question."""
        time.sleep(max(0.0, self.asked + seconds - time.monotonic()))
        self.server.sendto(b"answer", self.sender)
        try:
            return self.client.recv(100) == b"answer"
        except TimeoutError:
            return False


def _udp_is_exact(lab, first_port):
    early = [Question(lab, wan, first_port) for wan in (WAN4, WAN6)]
    late = [Question(lab, wan, first_port + 1) for wan in (WAN4, WAN6)]
    for question in early:
        check(question.answered_after(EARLY), f"an answer {EARLY} s after the question passes")
    for question in late:
        check(not question.answered_after(LATE), f"an answer {LATE} s after the question is new")
    # The early answers made streams of them, from there on.
    for question in early:
        check(question.answered_after(2 * EARLY), "the stream lives for udp-stream-timeout")
    for question in early:
        check(not question.answered_after(2 * EARLY + LATE), "and is gone after it")


def with_an_agent(lab):
    """UDP, and what print shows of it."""
    rulesets.install(lab)
    lab.cli(SETTINGS)
    question = Question(lab, WAN4, 5999)
    rows = lab.connections(CONNECTION4)
    check(len(rows) == 1 and 1 <= rows[0]["timeout"] <= TIMEOUT, f"timeout counts down: {rows}")
    check(not question.answered_after(LATE), "the answer is late")
    equal(lab.read(f"{CONNECTION4} print count-only where dst-port=5999"), 0, "rows when overdue")
    _udp_is_exact(lab, 6000)
    harness.eventually(lambda: lab.datapath()["connections"] == 0,
                       "the sweep has emptied the table")


def without_an_agent(lab):
    """The same with the agent killed: nothing depends on the sweep."""
    rulesets.install(lab)
    lab.cli(SETTINGS)
    lab.kill_agent()
    _udp_is_exact(lab, 6000)


def _streams_and_strays(lab):
    """TCP at rest, ICMP echo, and a protocol the tracker does not know: one of each family."""
    lab.wan.serve_tcp(80)
    rulesets.install(lab)
    lab.cli(SETTINGS)
    streams = [lab.lan.connect(wan, 80) for wan in (WAN4, WAN6)]
    check(all(streams) and all(map(echoes, streams)), "TCP works")
    frames = lab.lan.packet("eth0")
    for lan, wan in ((LAN4, WAN4), (LAN6, WAN6)):
        check(lab.lan.pings(wan), f"LAN pings {wan}")
        packet = packets.ip(lan, wan, 253, b"experiment")
        frames.send(packets.frame(lab.fw.mac("ether2"), lab.lan.mac("eth0"), packet))
    return streams


def _streams_are_over(streams):
    for stream in streams:
        stream.settimeout(0.5)
        check(not echoes(stream), "an overdue TCP connection is invalid in its middle")


def other_protocols(lab):
    """What print shows of them, and that none outlives its timeout."""
    streams = _streams_and_strays(lab)
    for menu in (CONNECTION4, CONNECTION6):
        rows = {row["protocol"]: row for row in lab.connections(menu)}
        check(len(rows) == 3 and "253" in rows, f"three connections: {sorted(rows)}")
        check(all(row["timeout"] <= TIMEOUT for row in rows.values()), "all with short timeouts")
    time.sleep(LATE)
    for menu in (CONNECTION4, CONNECTION6):
        equal(lab.connections(menu), [], "connections when all are overdue")
    _streams_are_over(streams)


def other_protocols_without_an_agent(lab):
    """The same with the agent killed: that which is started then finds none alive."""
    streams = _streams_and_strays(lab)
    lab.kill_agent()
    time.sleep(LATE)
    _streams_are_over(streams)
    lab.up()
    for menu in (CONNECTION4, CONNECTION6):
        equal(lab.connections(menu), [], "connections when all are overdue")


harness.main(with_an_agent, without_an_agent, other_protocols, other_protocols_without_an_agent,
             variants=(harness.AS_THEY_COME,))
