#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The specification's rules on one kernel, short; topology: tests/net/harness.py.

TG_LINK names how the programs must be attached there: tcx or clsact.
"""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "net"))

# pylint: disable=wrong-import-position
import harness
import leftovers
import packets
import rulesets
from harness import FW_WAN4, LAN4, LAN6, WAN4, WAN6, check, equal

HTTP, SSH = 80, 22

# What tells the two ways apart from outside, on one device.
SEEN = {"tcx": ["tcx ingress", "tcx egress"], "clsact": ["clsact"]}


def _backwards(lab, lan, wan, number):
    """A datagram whose pieces come in the wrong order arrives, by live frames of this kernel."""
    server = lab.wan.udp("::" if ":" in wan else "0.0.0.0", 7000, timeout=5)
    frames = lab.lan.packet("eth0")
    datagram = packets.udp(lan, wan, 7001, 7000, b"x" * 3000)
    for piece in reversed(packets.pieces(lan, wan, datagram, 1200, 7)):
        frames.send(packets.frame(lab.fw.mac("ether2"), lab.lan.mac("eth0"), piece))
    equal(len(server.recv(65536)), 3000, f"bytes of a datagram to {wan} in the wrong order")
    equal(lab.datapath()["early-fragments"]["reinjected"], 2 * (number + 1), "pieces brought back")


def specification(lab):
    """Attached as this kernel can; what the rules let through passes, the rest does not."""
    link = os.environ["TG_LINK"]
    for port in (HTTP, SSH):
        lab.wan.serve_tcp(port)
        lab.lan.serve_tcp(port)
        lab.fw.serve_tcp(port)
    rulesets.install(lab)
    equal({row["name"]: row["link"] for row in lab.status()["interfaces"]},
          {"ether1": link, "ether2": link}, "links by status")
    for device in ("ether1", "ether2"):
        equal(leftovers.on_device(lab.fw, device), SEEN[link], f"attached to {device}")

    for address in (WAN4, WAN6):
        check(lab.lan.pings(address, count=2, seconds=3), f"LAN pings {address}")
        check(lab.lan.reaches_tcp(address, HTTP, timeout=5), f"LAN reaches {address}")
    # At once: it is closed, and gone in ten seconds.
    check(lab.connections(where=f"dst-address~\"{WAN4}:{HTTP}\""), "the connection is listed")
    check(lab.lan.reaches_tcp(harness.FW_LAN4, SSH, timeout=5), "LAN reaches the firewall's SSH")
    check(lab.wan.denied_tcp(LAN4, HTTP), "WAN to LAN is refused")
    check(lab.wan.denied_tcp(FW_WAN4, SSH), "WAN to the firewall is refused")

    for number, (lan, wan) in enumerate(((LAN4, WAN4), (LAN6, WAN6))):
        _backwards(lab, lan, wan, number)

    counts = lab.counts(harness.FILTER4)
    for rule in ("LAN to WAN new", "Accept established/related forward", "SSH from LAN",
                 "Drop all other forward", "Drop all other WAN input"):
        check(counts[rule] > 0, f"rule \"{rule}\" has counted packets: {counts}")

harness.main(specification)
