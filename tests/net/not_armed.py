#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Before the first commit packets are tracked and never dropped; topology: harness.py."""
import harness
import packets
from harness import (CONNECTION4, CONNECTION6, FW_WAN4, FW_WAN6, LAN4, LAN6, WAN4, WAN6, check,
                     equal)


def tracks_and_drops_nothing(lab):
    """Without a saved configuration everything passes until something is committed."""
    for host in lab.namespaces:
        host.serve_tcp(80)
        host.serve_udp(53)
    lab.up()
    equal(lab.datapath()["armed"], False, "armed")
    check("not armed" in lab.program("tidegate", "status", "--instance", lab.instance).stdout,
          "status says so in words")
    for lan, wan, router in ((LAN4, WAN4, FW_WAN4), (LAN6, WAN6, FW_WAN6)):
        check(lab.lan.reaches_tcp(wan, 80) and lab.lan.reaches_udp(wan, 53), f"LAN reaches {wan}")
        check(lab.wan.reaches_tcp(lan, 80) and lab.wan.reaches_udp(lan, 53), f"WAN reaches {lan}")
        check(lab.wan.reaches_tcp(router, 80) and lab.wan.pings(router), f"WAN reaches {router}")
    for menu in (CONNECTION4, CONNECTION6):
        check(lab.read(f"{menu} print count-only") >= 6, f"{menu} holds what passed")
    bad = packets.ip(LAN4, WAN4, 17, packets.udp(LAN4, WAN4, 1, 2))
    bad = bad[:2] + b"\xff\xff" + bad[4:]  # longer than the frame
    lab.lan.packet("eth0").send(packets.frame(lab.fw.mac("ether2"), lab.lan.mac("eth0"), bad))
    harness.eventually(lambda: lab.reason("not-armed") == 1, "what would be dropped is counted")

    lab.cli("/ip firewall filter add chain=forward action=drop")
    equal(lab.datapath()["armed"], True, "armed after the first commit")
    check(lab.lan.denied_tcp(WAN4, 80), "and the rule drops")


def armed_at_once(lab):
    """With a saved configuration the first attached interface is judged from its first packet."""
    lab.wan.serve_udp(53)
    lab.up()
    lab.cli("/ip firewall filter add chain=forward action=drop")
    check(lab.lan.denied_udp(WAN4, 53), "dropped")
    lab.down()
    check(lab.lan.reaches_udp(WAN4, 53), "down: the kernel forwards as before")
    lab.up()
    equal(lab.datapath()["armed"], True, "armed by the saved configuration")
    check(lab.lan.denied_udp(WAN4, 53), "dropped again")
    equal(len(lab.read("/ip firewall filter print")), 1, "rules after down and up")


harness.main(tracks_and_drops_nothing, armed_at_once, together=4)
