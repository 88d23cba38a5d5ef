#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Marks between real stacks: rules see them, connections keep them, a new agent knows their names.

Topology: harness.py.
"""
import harness
from harness import CONNECTION4, CONNECTION6, LAN4, LAN6, WAN4, WAN6, check, equal
from hosts import echoes

MANGLE4, MANGLE6 = "/ip firewall mangle", "/ipv6 firewall mangle"


def _up(lab):
    """Attached; what the lan opens is marked, and what is not marked goes no further."""
    for host in (lab.lan, lab.wan):
        host.serve_tcp(80)
        host.serve_udp(53)
    lab.up()
    lines = []
    for menu, filters in ((MANGLE4, "/ip firewall filter"), (MANGLE6, "/ipv6 firewall filter")):
        lines += [f"{menu} add chain=prerouting in-interface=ether2 connection-mark=no-mark "
                  "protocol=tcp action=mark-connection new-connection-mark=\"from lan\" "
                  "comment=set",
                  f"{menu} add chain=prerouting connection-mark=\"from lan\" action=mark-packet "
                  "new-packet-mark=pass passthrough=no",
                  f"{filters} add chain=forward packet-mark=!pass protocol=tcp action=drop"]
    lab.rules("\n".join(lines) + "\n")


def marks(lab):
    """A connection is marked once, its packets both ways; others are dropped for want of a mark."""
    _up(lab)
    for lan, wan, menu, mangle in ((LAN4, WAN4, CONNECTION4, MANGLE4),
                                   (LAN6, WAN6, CONNECTION6, MANGLE6)):
        stream = lab.lan.connect(wan, 80)
        check(stream and echoes(stream, b"x" * 20_000), f"TCP to {wan}")
        check(lab.wan.denied_tcp(lan, 80), f"TCP to {lan}")
        check(lab.lan.reaches_udp(wan, 53), f"UDP to {wan}")
        rows = lab.connections(menu, 'connection-mark="from lan"')
        equal([(row["protocol"], row["src-address"]) for row in rows], [("tcp", lan)], f"{rows}")
        unmarked = lab.connections(menu, "protocol=udp")
        equal({row["connection-mark"] for row in unmarked}, {""}, f"{unmarked}")
        equal(lab.counts(mangle)["set"], 1, "marked once")


def keep_their_names(lab):
    """What is marked stays marked, through commits and another agent, by the name it had."""
    _up(lab)
    stream = lab.lan.connect(WAN4, 80)
    check(stream and echoes(stream), "TCP works")
    lab.rules(f"{MANGLE4} add chain=input action=mark-packet new-packet-mark=a place-before=0\n"
              f"{MANGLE4} remove [find comment=set]\n")
    check(echoes(stream), "the rule is gone, the mark is not")
    check(lab.lan.denied_tcp(WAN4, 80), "nobody is marked any more")
    lab.kill_agent()
    check(echoes(stream), "nor is it without an agent")
    lab.up()
    lab.rules(f"{MANGLE4} add chain=input action=mark-packet new-packet-mark=b\n")
    rows = lab.connections(CONNECTION4, 'connection-mark="from lan"')
    equal([row["src-address"] for row in rows], [LAN4], f"{rows}")
    check(echoes(stream), "the numbers are the same")


harness.main(marks, keep_their_names, mixed=(marks,))
