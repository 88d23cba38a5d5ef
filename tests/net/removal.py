#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connections taken out of the table by hand, and kept out by notrack; topology: harness.py."""
import harness
import rulesets
from harness import CONNECTION4, CONNECTION6, RAW4, RAW6, WAN4, WAN6, check, equal
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
        check(not lab.lan.reaches_udp(wan, 9), "untracked is not new: the last rule drops it")
        lab.cli(f"/{family} firewall filter add chain=forward connection-state=untracked "
                "action=accept comment=untracked")
        number = len(lab.read(f"/{family} firewall filter print")) - 1
        lab.cli(f"/{family} firewall filter move [find comment=untracked] 6")
        check(number > 6, "the rule was the last one")
        check(lab.lan.reaches_udp(wan, 9), "untracked packets pass by their own rule")
        check(lab.lan.reaches_udp(wan, 53), "others are tracked as ever")
        equal([row["dst-port"] for row in lab.connections(menu)], [53], "tracked connections")


harness.main(removed, not_tracked, together=4)
