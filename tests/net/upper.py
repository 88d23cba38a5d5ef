#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Interfaces on top of others are judged as what they are; topology: harness.py, and

    lan eth0 ── ether2 ── macvlan mac0 192.168.88.2      or ether2 as the only port of bridge br0

VLANs, bonds and WireGuard need modules and are in tests/matrix/links.py.
"""
import harness
from harness import FILTER4, FW_LAN4, FW_LAN6, NATIVE, WAN4, WAN6, check, equal, eventually

MACVLAN4 = "192.168.88.2"


def _attach(lab, device):
    lab.program("tidegate", "up", "--instance", lab.instance, "--netns", lab.fw.name, "--mode",
                "tc", device)


def macvlan(lab):
    """What passes the interface below as another host's frame is judged on the macvlan."""
    lab.fw.ip("link", "add", "mac0", "link", "ether2", "type", "macvlan", "mode", "bridge")
    lab.fw.ip("link", "set", "mac0", "up")
    lab.fw.address("mac0", MACVLAN4 + "/32")
    # Or the kernel would answer and ask by ARP on one interface for the other's address.
    lab.fw.sysctl("net/ipv4/conf/all/arp_ignore", 1)
    lab.fw.sysctl("net/ipv4/conf/all/arp_announce", 2)
    lab.up()
    _attach(lab, "mac0")
    lab.rules(f"{FILTER4}\nadd chain=input in-interface=mac0 action=passthrough comment=mac0\n"
              "add chain=input in-interface=ether2 action=passthrough comment=ether2\n")
    check(lab.lan.pings(MACVLAN4), "the macvlan answers")
    check(lab.counts(FILTER4)["mac0"] > 0, "counted by the macvlan's rule")
    lab.cli(f"{FILTER4} add chain=input in-interface=mac0 action=drop comment=drop")
    check(lab.lan.denied_pings(MACVLAN4), "dropped by the macvlan's rule")
    check(lab.counts(FILTER4)["drop"] > 0, "and counted there")
    equal(lab.counts(FILTER4)["ether2"], 0, "packets of the interface below")
    check(lab.lan.pings(FW_LAN4), "the interface below answers for itself")


def _make_bridge(lab):
    lab.fw.ip("link", "add", "br0", "type", "bridge")
    lab.fw.ip("address", "flush", "dev", "ether2")
    lab.fw.ip("link", "set", "ether2", "master", "br0")
    lab.fw.ip("link", "set", "br0", "up")
    lab.fw.address("br0", FW_LAN4 + "/24", FW_LAN6 + "/64")


def _advice(lab, device):
    return {row["name"]: row["advice"] for row in lab.status()["interfaces"]}[device]


def bridge(lab):
    """A bridge in tc mode is the interface rules name; its port is not attached."""
    _make_bridge(lab)
    lab.wan.serve_tcp(80)
    lab.up("ether1")
    _attach(lab, "br0")
    for family in ("ip", "ipv6"):
        lab.rules(f"/{family} firewall filter\n"
                  "add chain=forward connection-state=established action=accept\n"
                  "add chain=forward in-interface=br0 out-interface=ether1 action=accept "
                  "comment=out\nadd chain=forward action=drop comment=rest\n")
    for wan in (WAN4, WAN6):
        eventually(lambda w=wan: lab.lan.reaches_tcp(w, 80), f"LAN reaches {wan} through br0")
    check(lab.counts(FILTER4)["out"] > 0, "counted as coming in by br0")
    check(lab.wan.denied_pings("192.168.88.10"), "WAN does not reach the LAN")
    check(lab.counts(FILTER4)["rest"] > 0, "and the drop is counted")


def bridge_and_port(lab):
    """Both attached: what the port carries is judged on the bridge, and only there."""
    _make_bridge(lab)
    lab.wan.serve_tcp(80)
    lab.up()
    check("br0" in _advice(lab, "ether2"), "a port is told to attach its bridge")
    _attach(lab, "br0")
    equal(_advice(lab, "ether2"), "", "advice for the port of an attached bridge")
    lab.rules(f"{FILTER4}\nadd chain=forward in-interface=br0 action=passthrough comment=br0\n"
              "add chain=forward in-interface=ether2 action=passthrough comment=ether2\n"
              "add chain=input in-interface=br0 action=passthrough comment=input\n"
              "add chain=output out-interface=br0 action=passthrough comment=output\n"
              "add chain=output out-interface=ether2 action=passthrough comment=\"port out\"\n")
    check(lab.lan.pings(WAN4, count=3), "LAN reaches WAN through the bridge")
    check(lab.lan.pings(FW_LAN4, count=2), "the bridge answers")
    counts = lab.counts(FILTER4)
    equal((counts["br0"], counts["ether2"]), (3, 0), "forwarded packets by incoming interface")
    equal((counts["input"], counts["output"], counts["port out"]), (2, 2, 0),
          "packets of the router itself")
    check(lab.reason("upper-interface") >= 7, "what the port has passed on is counted there")
    forwarded = lab.connections(where="protocol=icmp and dst-address=" + WAN4)
    check(forwarded, "the connection is there")
    equal([row["orig-packets"] for row in forwarded], [3], "packets of the connection")
    lab.cli(f"{FILTER4} add chain=forward in-interface=br0 action=drop comment=drop")
    check(lab.lan.denied_pings(WAN4), "dropped by the rule on the bridge")


def port_alone(lab):
    """Only the port is attached: it judges, and says that it is a port."""
    _make_bridge(lab)
    said = lab.up().stderr
    check("warning: ether2 is a port of br0: attach br0" in said, f"attach warns: {said}")
    lab.rules(f"{FILTER4}\nadd chain=forward in-interface=ether2 action=passthrough comment=in\n"
              "add chain=input in-interface=ether2 protocol=icmp action=drop comment=drop\n")
    check(lab.lan.pings(WAN4, count=2), "LAN reaches WAN through the bridge")
    check(lab.counts(FILTER4)["in"] > 0, "judged on the port")
    check(lab.lan.denied_pings(FW_LAN4), "the rule on the port holds")
    equal(lab.reason("upper-interface"), 0, "packets passed to an attached bridge")
    lab.fw.ip("link", "set", "ether2", "nomaster")
    eventually(lambda: _advice(lab, "ether2") == "", "no advice for what is no port any more")


harness.main(macvlan, bridge, bridge_and_port, port_alone,
             variants=(harness.AS_THEY_COME, NATIVE, harness.GENERIC), together=4)
