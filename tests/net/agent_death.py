#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the agent under traffic: nothing is lost, nothing is forgotten.

Topology: harness.py; numbered UDP datagrams and TCP echoes flow between LAN and WAN all the time.
"""
import struct
import threading
import time

import harness
import rulesets
from harness import CONNECTION4, FILTER4, FILTER6, LAN4, LAN6, WAN4, WAN6, check, equal
from hosts import echoes


class Stream:
    """Numbered datagrams that an echo server returns; counts those that did not come back."""

    def __init__(self, lab, wan):
        any_address = "::" if ":" in wan else "0.0.0.0"
        self.client = lab.lan.udp(any_address, timeout=2)
        self.client.connect((wan, 53))
        self.sent = 0
        self.returned = set()
        self.running = True
        self.threads = [threading.Thread(target=self._send), threading.Thread(target=self._take)]
        for thread in self.threads:
            thread.start()

    def _send(self):
        while self.running:
            self.client.send(struct.pack("!I", self.sent))
            self.sent += 1
            time.sleep(0.001)

    def _take(self):
        while True:
            try:
                self.returned.add(struct.unpack("!I", self.client.recv(10))[0])
            except TimeoutError:
                return

    def lost(self):
        """Ends the stream; how many of how many did not return."""
        self.running = False
        for thread in self.threads:
            thread.join()
        return self.sent - len(self.returned), self.sent


def _facts(lab):
    """What a new agent must take over: revision, rules, ids, counters."""
    rules = {menu: [(rule[".id"], rule["comment"], rule["packets"])
                    for rule in lab.read(f"{menu} print stats")] for menu in (FILTER4, FILTER6)}
    return lab.datapath()["revision"], rules


def under_traffic(lab):
    """Established traffic loses no packet, new traffic is judged, a new agent knows everything."""
    for host in (lab.lan, lab.wan):
        host.serve_udp(53)
        host.serve_tcp(80)
    rulesets.install(lab)
    streams = [Stream(lab, wan) for wan in (WAN4, WAN6)]
    tcp = [lab.lan.connect(wan, 80) for wan in (WAN4, WAN6)]
    check(all(tcp) and all(map(echoes, tcp)), "TCP works before")
    time.sleep(0.5)
    revision, rules = _facts(lab)

    lab.kill_agent()
    for _ in range(3):
        check(all(map(echoes, tcp)), "TCP works without an agent")
        for lan, wan in ((LAN4, WAN4), (LAN6, WAN6)):
            check(lab.lan.reaches_tcp(wan, 80), f"a new connection to {wan} is accepted")
            check(lab.wan.denied_tcp(lan, 80), f"one to {lan} is dropped")

    lab.up()
    new_revision, new_rules = _facts(lab)
    equal(new_revision, revision, "the revision the new agent reports")
    for menu, old in rules.items():
        equal([rule[:2] for rule in new_rules[menu]], [rule[:2] for rule in old], "rules and ids")
        check(all(new[2] >= before[2] for new, before in zip(new_rules[menu], old)),
              f"counters went on: {old} then {new_rules[menu]}")
    check(all(map(echoes, tcp)), "TCP works after")
    ports = {row["src-port"] for row in lab.connections(CONNECTION4)}
    check({tcp[0].getsockname()[1], streams[0].client.getsockname()[1]} <= ports,
          "the new agent shows the old connections")
    for stream in streams:
        equal(stream.lost()[0], 0, f"datagrams lost of {stream.sent}")
        check(stream.sent > 1000, "the stream was busy")


harness.main(under_traffic)
