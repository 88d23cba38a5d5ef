#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SYN floods at a full table: what is established loses nothing, and the router can be reached.

Topology: harness.py. The flood comes from WAN, each SYN from another source and port, to an open
and to a closed port of the LAN host.
"""
import ipaddress
import os
import random
import threading
import time

import harness
import packets
import rulesets
from floods import Flood
from harness import CONNECTION4, FW_LAN4, FW_LAN6, LAN4, LAN6, WAN4, check, equal
from hosts import echoes

LIMIT, RESERVE = 256, 16
OPEN, CLOSED = 80, 81
SECONDS = 3
SOURCES = {LAN4: "203.0.113.0/24", LAN6: "2001:db8:113::/64"}
SERVICES = "".join(f"/{family} firewall filter add chain=forward in-interface-list=WAN "
                   f"protocol=tcp dst-port={OPEN},{CLOSED} action=accept place-before=0\n"
                   for family in ("ip", "ipv6"))


def _syn(dice, target):
    """A packet with a SYN from somewhere in WAN."""
    # A few hosts and all their ports: the kernel's table of neighbours is one for all namespaces.
    source = str(ipaddress.ip_network(SOURCES[target])[dice.randrange(16, 48)])
    segment = packets.tcp(source, target, dice.randrange(1024, 65536), dice.choice((OPEN, CLOSED)),
                          packets.TCP_SYN, sequence=dice.randrange(1 << 32))
    return packets.ip(source, target, 6, segment)


class SynFlood:
    """Some thousand SYNs a second from WAN, over and over the same ones."""

    def __init__(self, lab):
        dice = random.Random(2026)
        macs = lab.fw.mac("ether1"), lab.wan.mac("eth0")
        self.frames = [packets.frame(*macs, _syn(dice, target))
                       for target in (LAN4, LAN6) for _ in range(2000)]
        dice.shuffle(self.frames)
        self.device = lab.wan.packet("eth0")
        self.sent = 0
        self.running = True
        self.thread = threading.Thread(target=self._send)
        self.thread.start()

    def _send(self):
        while self.running:
            self.device.send(self.frames[self.sent % len(self.frames)])
            self.sent += 1
            if self.sent % 16 == 0:
                time.sleep(0.002)  # the other threads want to run too

    def finish(self):
        """Ends it; how many were sent."""
        self.running = False
        self.thread.join()
        return self.sent


def _opens(lab, router):
    """Whether a client gets through to the router, which is free to try again, as clients do.

    A table this small turns over in some 25 ms of the flood: a handshake that a busy machine takes
    longer for is one of the unfinished that give way.
    """
    return any(lab.lan.reaches_tcp(router, 22, timeout=1) for _ in range(3))


def syn_floods_at_a_full_table(lab):
    """Unfinished handshakes give way to each other and to others, and nothing else does."""
    lab.lan.serve_tcp(OPEN)
    lab.wan.serve_tcp(OPEN)
    lab.fw.serve_tcp(22)
    rulesets.install(lab)
    lab.rules(SERVICES)
    lab.cli(f"/ip firewall connection tracking set max-connections={LIMIT}")
    streams = [lab.lan.connect(WAN4, OPEN) for _ in range(20)]
    check(all(streams) and all(map(echoes, streams)), "TCP connections before the flood")
    established = Flood(lab, 5001)
    syns = SynFlood(lab)
    highest = reached = asked = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        highest = max(highest, lab.datapath()["connections"])
        for router in (FW_LAN4, FW_LAN6):
            asked += 1
            reached += _opens(lab, router)
        check(all(map(echoes, streams)), "TCP connections during the flood")
    flooded = syns.finish()
    sent, arrived = established.finish()
    datapath = lab.datapath()
    lab.note(f"{flooded} SYNs, {datapath['early-drops']} early drops, {lab.reason('table-full')} "
             f"dropped as table-full, at most {highest} connections; {sent} established packets")
    check(flooded > 20 * LIMIT, f"a flood: {flooded}")
    # Each CPU may have counted one that it finds to be too many.
    check(LIMIT <= highest <= LIMIT + RESERVE + os.cpu_count(), f"connections at most: {highest}")
    check(datapath["early-drops"] > LIMIT, f"early drops: {datapath['early-drops']}")
    equal(arrived, sent, "packets of an established connection that arrived")
    equal(reached, asked, "connections to the router that opened")
    equal(len(lab.connections(where="tcp-state=established dst-port=80 src-address~" + LAN4)),
          len(streams), "established connections afterwards")


def answered_connections_are_spared(lab):
    """A table full of them takes no new ones, however many come; the router has its reserve."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    lab.cli(f"/ip firewall connection tracking set max-connections={RESERVE} early-drop=all")
    for port in range(2000, 2000 + RESERVE):
        check(lab.lan.reaches_udp(WAN4, 53, source=port), f"connection from port {port}")
    before = {row["src-port"]: row["orig-packets"] for row in lab.connections(CONNECTION4)}
    equal(len(before), RESERVE, "connections")
    check(lab.lan.denied_udp(WAN4, 53, source=3000), "one more is dropped")
    check(lab.reason("table-full") > 0, "as table-full")
    for port in range(RESERVE):
        check(lab.fw.reaches_udp(WAN4, 53, source=4000 + port), f"the router's own number {port}")
    check(lab.fw.denied_udp(WAN4, 53, source=5000), "one past its reserve")
    rows = lab.connections(CONNECTION4)
    equal(len(rows), 2 * RESERVE, "connections and reserve")
    equal({row["src-port"]: row["orig-packets"] for row in rows if row["src-port"] < 4000}, before,
          "the connections that were there")


harness.main(syn_floods_at_a_full_table, answered_connections_are_spared,
             variants=(harness.AS_THEY_COME, harness.NATIVE))
