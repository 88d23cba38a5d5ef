#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""VLANs, a bond, WireGuard and emulated cards: what the kernel of this machine may not have.

Topology: tests/net/harness.py. On ether2 is VLAN 30 with the LAN's host in it, on ether1 VLAN 40
with the WAN's; for the cards both VLANs are on one of them:

    lan eth0.30 10.30.0.10 ── ether2.30 10.30.0.1 [tidegate] ether1.40 10.40.0.1 ── 10.40.0.10 wan
"""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "net"))

# pylint: disable=wrong-import-position
import harness
from harness import FILTER4, FILTER6, NATIVE, WAN4, check, equal, eventually

LAN_V4, LAN_V6 = "10.30.0.10", "2001:db8:30::10"
WAN_V4, WAN_V6 = "10.40.0.10", "2001:db8:40::10"
FW_LAN_V4, FW_WAN_V4 = "10.30.0.1", "10.40.0.1"
PORT = 80
PATIENCE = 5  # seconds; an emulated machine is slow

# What is counted on the way out, on the way back, to the router, and from it.
RULES = """
add chain=forward in-interface={lan} out-interface={wan} action=passthrough comment=out
add chain=forward in-interface={wan} out-interface={lan} action=passthrough comment=back
add chain=forward connection-state=established action=accept comment=established
add chain=forward in-interface={lan} out-interface={wan} action=accept comment=new
add chain=forward action=drop comment=drop
add chain=input in-interface={lan} action=passthrough comment=input
add chain=output out-interface={lan} action=passthrough comment=output
"""


def _address(host, device, number, network):
    host.ip("link", "set", device, "up")
    host.address(device, f"10.{network}.0.{number}/24", f"2001:db8:{network}::{number}/64")


def _vlan(host, lower, network, number):
    """VLAN interface LOWER.NETWORK with addresses of the VLAN's network."""
    device = f"{lower}.{network}"
    host.ip("link", "add", "link", lower, "name", device, "type", "vlan", "id", str(network))
    _address(host, device, number, network)
    return device


def _routes(lab):
    for host, network in ((lab.lan, 30), (lab.wan, 40)):
        host.ip("route", "replace", "default", "via", f"10.{network}.0.1")
        host.ip("route", "replace", "default", "via", f"2001:db8:{network}::1")


def _make_vlans(lab):
    _vlan(lab.lan, "eth0", 30, 10)
    _vlan(lab.wan, "eth0", 40, 10)
    names = _vlan(lab.fw, "ether2", 30, 1), _vlan(lab.fw, "ether1", 40, 1)
    _routes(lab)
    if lab.variant == NATIVE:
        for host in (lab.lan, lab.wan):
            host.run("ethtool", "-K", "eth0", "txvlan", "off")  # or the tag stays beside the frame
    return names


def _attach_tc(lab, *devices):
    lab.program("tidegate", "up", "--instance", lab.instance, "--netns", lab.fw.name, "--mode",
                "tc", *devices)


def _rules(lab, lan, wan):
    text = RULES.format(lan=lan, wan=wan)
    lab.rules(f"{FILTER4}{text}{FILTER6}{text}")


def _forwards(lab, target4, target6=None):
    """Both families pass, are counted by the interfaces' names, and once."""
    if not lab.wan.listens(PORT):
        lab.wan.serve_tcp(PORT)
    for address in filter(None, (target4, target6)):
        eventually(lambda a=address: lab.lan.pings(a, seconds=PATIENCE), f"LAN pings {address}", 30)
        check(lab.lan.reaches_tcp(address, PORT, timeout=PATIENCE), f"LAN reaches {address}")
    before = lab.counts(FILTER4)
    check(lab.lan.pings(target4, count=5, seconds=PATIENCE), f"LAN pings {target4} five times")
    after = lab.counts(FILTER4)
    equal((after["out"] - before["out"], after["back"] - before["back"]), (5, 5),
          "packets counted for five echoes and their answers")
    equal(after["new"] - before["new"], 1, "packets that opened a connection")


def _router(lab, address):
    """The router answers; its packets are counted by the interface's name, and once."""
    before = lab.counts(FILTER4)
    check(lab.lan.pings(address, count=3, seconds=PATIENCE), f"the router answers on {address}")
    after = lab.counts(FILTER4)
    equal([after[name] - before[name] for name in ("input", "output")], [3, 3],
          "packets to and from the router")


def _drops(lab, address):
    check(lab.wan.denied_pings(address), "WAN does not reach the LAN")
    check(lab.counts(FILTER4)["drop"] > 0, "the drop is counted")


def vlans_judged_below(lab):
    """Only the interfaces below are attached: all is judged by the VLANs' names."""
    lan, wan = _make_vlans(lab)
    lab.up()
    _rules(lab, lan, wan)
    _forwards(lab, WAN_V4, WAN_V6)
    _router(lab, FW_LAN_V4)
    _drops(lab, LAN_V4)
    equal(lab.reason("upper-interface"), 0, "packets left to an interface above")
    if lab.variant == NATIVE:
        _sent_by_xdp(lab)
    lab.fw.ip("link", "delete", wan)
    wan = _vlan(lab.fw, "ether1", 41, 1)
    lab.wan.ip("link", "delete", "eth0.40")
    _vlan(lab.wan, "eth0", 41, 10)
    lab.wan.ip("route", "replace", "default", "via", "10.41.0.1")
    lab.cli(f"{FILTER4} add chain=forward out-interface={wan} action=accept place-before=0")
    eventually(lambda: lab.lan.pings("10.41.0.10", seconds=PATIENCE), "by a VLAN made later", 30)


def _sent_by_xdp(lab):
    """Frames that are established leave in XDP, with the tag of their way out."""
    handed = [row["handed-over"] for row in lab.status()["interfaces"]]
    sent = lab.reason("forward")
    check(lab.lan.pings(WAN_V4, count=5, seconds=PATIENCE), "LAN pings WAN")
    equal([row["handed-over"] for row in lab.status()["interfaces"]], handed,
          "packets handed over to TC")
    check(lab.reason("forward") >= sent + 10, "sent by XDP")


def vlans_attached(lab):
    """Only the VLANs are attached."""
    lan, wan = _make_vlans(lab)
    _attach_tc(lab, lan, wan)
    _rules(lab, lan, wan)
    _forwards(lab, WAN_V4, WAN_V6)
    _router(lab, FW_LAN_V4)
    _drops(lab, LAN_V4)


def vlans_and_below(lab):
    """Both are attached: the interfaces below pass what the VLANs judge."""
    lan, wan = _make_vlans(lab)
    lab.up()
    _attach_tc(lab, lan, wan)
    _rules(lab, lan, wan)
    _forwards(lab, WAN_V4, WAN_V6)
    _router(lab, FW_LAN_V4)
    _drops(lab, LAN_V4)
    check(lab.reason("upper-interface") > 10, "counted below as what it is")
    lab.loader("detach", lan, wan)
    _forwards(lab, WAN_V4, WAN_V6)


def bond(lab):
    """A bond is attached with one of its ports; a VLAN on the bond is not."""
    for host, first, second in ((lab.fw, "ether2", "ether3"), (lab.lan, "eth0", "eth1")):
        host.ip("link", "add", "bond0", "type", "bond", "mode", "active-backup", "miimon", "100")
        if host is lab.fw:
            host.veth("ether3", lab.lan, "eth1")
        for port in (first, second):
            host.ip("address", "flush", "dev", port)
            host.ip("link", "set", port, "down")
            host.ip("link", "set", port, "master", "bond0")
        _address(host, "bond0", 1 if host is lab.fw else 10, 30)
    for host, first in ((lab.fw, "ether2"), (lab.lan, "eth0")):
        host.ip("link", "set", "bond0", "type", "bond", "active_slave", first)
    _address(lab.wan, "eth0", 10, 40)
    _address(lab.fw, "ether1", 1, 40)
    _routes(lab)
    _attach_tc(lab, "bond0", "ether1")
    said = lab.program("tidegate-loader", "attach", "--instance", lab.instance, "--netns",
                       lab.fw.name, "--mode", "tc", "ether2").stderr
    check("warning" not in said, f"no warning for a port of an attached bond: {said}")
    _rules(lab, "bond0", "ether1")
    _forwards(lab, WAN_V4, WAN_V6)
    _router(lab, FW_LAN_V4)
    _drops(lab, LAN_V4)
    check(lab.reason("upper-interface") > 0, "the port has passed it on")
    _vlan(lab.lan, "bond0", 50, 10)
    lan = _vlan(lab.fw, "bond0", 50, 1)
    lab.cli(f"{FILTER4} add chain=input in-interface={lan} action=passthrough comment=vlan")
    check(lab.lan.pings("10.50.0.1", count=3, seconds=PATIENCE), "the VLAN on the bond answers")
    equal(lab.counts(FILTER4)["vlan"], 3, "packets judged on the bond by the VLAN's name")
    lab.loader("detach", "ether2", "ether1", "bond0")


def wireguard(lab):
    """An interface without a link header: forwarded both ways, counted on it and on ether1."""
    keys = {}
    for host, number in ((lab.fw, 1), (lab.lan, 10)):
        private = subprocess.run(["wg", "genkey"], check=True, capture_output=True,
                                 text=True).stdout
        public = subprocess.run(["wg", "pubkey"], input=private, check=True, capture_output=True,
                                text=True).stdout
        keys[host.name] = lab.file(f"key{number}", private), public.strip()
        host.ip("link", "add", "wg0", "type", "wireguard")
        _address(host, "wg0", number, 30)
    for host, other, endpoint in ((lab.fw, lab.lan, harness.LAN4), (lab.lan, lab.fw,
                                                                    harness.FW_LAN4)):
        host.run("wg", "set", "wg0", "listen-port", "51820", "private-key", keys[host.name][0],
                 "peer", keys[other.name][1], "allowed-ips", "0.0.0.0/0,::/0", "endpoint",
                 f"{endpoint}:51820")
    lab.lan.ip("route", "replace", "default", "via", "10.30.0.1")
    lab.lan.ip("route", "replace", "default", "via", "2001:db8:30::1")
    _attach_tc(lab, "wg0", "ether1")
    equal({row["name"]: row["mode"] for row in lab.status()["interfaces"]},
          {"wg0": "tc", "ether1": "tc"}, "modes")
    _rules(lab, "wg0", "ether1")
    _forwards(lab, WAN4, harness.WAN6)
    _router(lab, FW_LAN_V4)
    _drops(lab, LAN_V4)


def _cards(driver):
    """The machine's own cards of a driver, by name."""
    found = []
    for path in sorted(pathlib.Path("/sys/class/net").iterdir()):
        answer = subprocess.run(["ethtool", "-i", path.name], capture_output=True, text=True,
                                check=False).stdout
        if f"driver: {driver}\n" in answer:
            found.append(path.name)
    return found


def _move(card, namespace, name):
    subprocess.run(["ip", "link", "set", card, "netns", namespace.name, "name", name], check=True)
    namespace.ip("link", "set", name, "up")


def _on_a_stick(lab, driver):
    """Both VLANs on one card of the firewall; the hosts share the other one, on the same wire."""
    ours, theirs = _cards(driver)[:2]
    _move(ours, lab.fw, "card")
    _move(theirs, lab.lan, "card")
    lab.lan.ip("link", "add", "link", "card", "name", "card.40", "netns", lab.wan.name, "type",
               "vlan", "id", "40")
    _address(lab.wan, "card.40", 10, 40)
    _vlan(lab.lan, "card", 30, 10)
    lan, wan = _vlan(lab.fw, "card", 30, 1), _vlan(lab.fw, "card", 40, 1)
    _routes(lab)
    lab.program("tidegate", "up", "--instance", lab.instance, "--netns", lab.fw.name, "card")
    _rules(lab, lan, wan)


def card_with_xdp(lab):
    """virtio_net: native by itself, and VLANs on it are routed in XDP."""
    _on_a_stick(lab, "virtio_net")
    row = lab.status()["interfaces"][0]
    equal((row["mode"], row["sends-by"]), ("native", "xdp"), f"mode: {row['why']}")
    _forwards(lab, WAN_V4, WAN_V6)
    _sent_by_xdp(lab)
    _router(lab, FW_LAN_V4)
    _drops(lab, LAN_V4)


def card_without_xdp(lab):
    """e1000: tc, since its driver has no XDP; tags are stripped as before."""
    def stripping():
        lines = lab.fw.run("ethtool", "-k", "card").stdout.splitlines()
        return [line for line in lines if line.startswith("rx-vlan-offload")]

    _on_a_stick(lab, "e1000")
    row = lab.status()["interfaces"][0]
    equal((row["mode"], row["switched-off"]), ("tc", []), f"mode: {row['why']}")
    check("native XDP" in row["why"], f"the reason: {row['why']}")
    equal(stripping(), ["rx-vlan-offload: on"], "the driver strips tags")
    _forwards(lab, WAN_V4, WAN_V6)
    _router(lab, FW_LAN_V4)
    _drops(lab, LAN_V4)


TESTS = {
    "vlans": ((vlans_judged_below, vlans_attached, vlans_and_below),
              (harness.AS_THEY_COME, NATIVE)),
    "others": ((bond, wireguard, card_with_xdp, card_without_xdp), (harness.AS_THEY_COME,)),
}

if __name__ == "__main__":
    cases, variants = TESTS[os.environ.get("TG_LINKS", "vlans")]
    harness.main(*cases, variants=variants)
