#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connections taken out of the table by hand, and kept out by notrack; topology: harness.py."""
import threading

import harness
import rulesets
from harness import CONNECTION4, CONNECTION6, RAW4, RAW6, WAN4, WAN6, check, equal, eventually
from hosts import echoes


def removed(lab):
    """A removed TCP connection is unknown from then on; others live."""
    lab.wan.serve_tcp(80)
    lab.fw.serve_tcp(22)
    rulesets.install(lab)
    for menu, wan, router in ((CONNECTION4, WAN4, harness.FW_LAN4),
                              (CONNECTION6, WAN6, harness.FW_LAN6)):
        doomed, kept = lab.lan.connect(wan, 80), lab.lan.connect(router, 22)
        check(doomed and kept and echoes(doomed) and echoes(kept), "both connections work")
        equal(lab.read(f"{menu} print count-only"), 2, "connections before")
        lab.cli(f'{menu} remove [find dst-address~"{wan}"]')
        equal([row["dst-address"] for row in lab.connections(menu)], [router], "what is left")
        doomed.settimeout(0.7)
        check(not echoes(doomed), "the removed connection is cut")
        check(echoes(kept), "the other one is not")
        check(lab.lan.reaches_tcp(wan, 80), "a new one is judged anew")
        lab.cli(f"{menu} remove [find]")
        equal(lab.read(f"{menu} print count-only"), 0, "connections after removing all")


def not_tracked(lab):
    """Traffic that raw excludes leaves no trace in the table and needs its own rules."""
    lab.wan.serve_udp(9)
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    for raw, family, menu, wan in ((RAW4, "ip", CONNECTION4, WAN4),
                                   (RAW6, "ipv6", CONNECTION6, WAN6)):
        lab.rules(f"{raw}\nadd chain=prerouting protocol=udp dst-port=9 action=notrack\n"
                  f"add chain=prerouting protocol=udp src-port=9 action=notrack\n")
        check(lab.lan.denied_udp(wan, 9), "untracked is not new: the last rule drops it")
        lab.cli(f"/{family} firewall filter add chain=forward connection-state=untracked "
                "action=accept comment=untracked")
        number = len(lab.read(f"/{family} firewall filter print")) - 1
        lab.cli(f"/{family} firewall filter move [find comment=untracked] 6")
        check(number > 6, "the rule was the last one")
        check(lab.lan.reaches_udp(wan, 9), "untracked packets pass by their own rule")
        check(lab.lan.reaches_udp(wan, 53), "others are tracked as ever")
        equal([row["dst-port"] for row in lab.connections(menu)], [53], "tracked connections")


FLOWS, ROUNDS = 12, 3


class Talkers:
    """Flows that ask an echo server again and again, each on a port of its own."""

    def __init__(self, host, address, port, count):
        own = "::" if ":" in address else "0.0.0.0"
        self.sockets = [host.udp(own, timeout=3.0) for _ in range(count)]
        for each in self.sockets:
            each.connect((address, port))
        self.going, self.missed = True, 0
        self.thread = threading.Thread(target=self._talk, daemon=True)
        self.thread.start()

    def _talk(self):
        while self.going:
            for each in self.sockets:
                self.missed += not echoes(each)

    def end(self):
        """How many questions had no answer."""
        self.going = False
        self.thread.join()
        return self.missed


def under_traffic(lab):
    """All that matches when remove looks is gone, nothing else, and what comes again is new."""
    lab.wan.serve_udp(53)
    lab.wan.serve_udp(54)
    rulesets.install(lab)
    for menu, wan in ((CONNECTION4, WAN4), (CONNECTION6, WAN6)):
        talkers = [Talkers(lab.lan, wan, port, FLOWS) for port in (53, 54)]
        ids = {}
        for port in (53, 54):
            rows = eventually(lambda port=port: lab.connections(menu, f"dst-port={port} assured"),
                              "the flows are there", 60)
            eventually(lambda port=port: len(lab.connections(menu, f"dst-port={port}")) == FLOWS,
                       "all of them", 60)
            rows = lab.connections(menu, f"dst-port={port}")
            ids[port] = {row[".id"] for row in rows}
        for _ in range(ROUNDS):
            lab.cli(f"{menu} remove [find dst-port=53]")
            eventually(lambda: len(lab.connections(menu, "dst-port=53")) == FLOWS,
                       "they come again", 60)
            again = {row[".id"] for row in lab.connections(menu, "dst-port=53")}
            check(not again & ids[53], f"removed, and there: {again & ids[53]}")
            ids[53] = again
        equal({row[".id"] for row in lab.connections(menu, "dst-port=54")}, ids[54],
              "those that did not match")
        # An answer on its way while its connection is removed belongs to none.
        check(talkers[0].end() <= ROUNDS, "they lose no more than the answer on its way")
        equal(talkers[1].end(), 0, "questions of the others without an answer")


def named(lab):
    """By number, by id, as a list; what is gone is named, and nothing is removed then."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    for source in (4001, 4002, 4003, 4004):
        check(lab.lan.reaches_udp(WAN4, 53, source=source), "LAN asks WAN")
    ids = {row["src-port"]: row[".id"] for row in lab.connections()}
    lab.cli(f"{CONNECTION4} remove {ids[4001]}")
    equal(lab.cli(f"{CONNECTION4} remove {ids[4002]},{ids[4001]}", good=False),
          f"no such item: {ids[4001]} (line 1 column {33 + len(ids[4002])})\n", "what is gone")
    equal({row["src-port"] for row in lab.connections()}, {4002, 4003, 4004}, "nothing is removed")
    lab.cli(f"{CONNECTION4} remove {ids[4002]},{ids[4003]}")
    equal(lab.cli(f"{CONNECTION4} get [find] src-port"), "4004\n", "what is left")
    lab.cli(text=f"{CONNECTION4}\nprint\nremove 0\n")
    equal(lab.read(f"{CONNECTION4} print count-only"), 0, "by number")


harness.main(removed, not_tracked, under_traffic, named, together=4)
