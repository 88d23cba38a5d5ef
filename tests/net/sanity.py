#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Frames and sources no rule should have to think of; topology: harness.py."""
import json
import subprocess

import harness
import packets
from harness import FW_LAN4, FW_LAN6, FW_WAN4, LAN4, LAN6, WAN4, WAN6, check, equal, eventually
from hosts import BRIEF

STRANGER = "198.51.100.7"
SLOTS = 1024  # TG_DEVICE_SLOTS


def _send(lab, src, dst, mac=None, count=3):
    """UDP datagrams from the LAN host's wire, whatever source and MAC address they claim."""
    datagram = packets.ip(src, dst, 17, packets.udp(src, dst, 4000, 4001))
    frame = packets.frame(mac or lab.fw.mac("ether2"), lab.lan.mac("eth0"), datagram)
    sender = lab.lan.packet("eth0")
    for _ in range(count):
        sender.send(frame)


def _arrived(lab, address, action, least=0):
    """How many datagrams the WAN host receives of what `action` sends; `least` are waited for."""
    with lab.wan.udp(address, 4001) as server:
        action()
        count = 0
        try:
            while True:
                if count == least:
                    server.settimeout(BRIEF)
                server.recv(100)
                count += 1
        except TimeoutError:
            return count


def other_hosts(lab):
    """A unicast frame for another MAC address is not forwarded, also after the address changed."""
    lab.up()
    lab.rules("/ip firewall filter add chain=forward action=accept\n")
    stranger = b"\2\0\0\0\0\x99"
    check(lab.lan.pings(WAN4), "traffic passes")
    equal(_arrived(lab, "0.0.0.0", lambda: _send(lab, LAN4, WAN4, stranger)), 0, "another MAC")
    eventually(lambda: lab.reason("other-host") >= 3, "counted as other-host")
    equal(_arrived(lab, "0.0.0.0", lambda: _send(lab, LAN4, WAN4), 3), 3, "our MAC")
    former = lab.fw.mac("ether2")
    lab.fw.ip("link", "set", "ether2", "address", "02:00:00:00:00:77")
    lab.lan.ip("neigh", "flush", "dev", "eth0")
    eventually(lambda: lab.lan.pings(WAN4), "traffic passes with the new address")
    equal(_arrived(lab, "0.0.0.0", lambda: _send(lab, LAN4, WAN4, former)), 0, "the former MAC")
    equal(_arrived(lab, "0.0.0.0", lambda: _send(lab, LAN4, WAN4), 3), 3, "the new MAC")


def _dump(lab, name):
    """A map of the instance by key."""
    path = f"/run/tidegate/{lab.instance}/bpf/maps/{name}"
    output = subprocess.run(["bpftool", "-j", "map", "dump", "pinned", path], check=True,
                            capture_output=True, text=True).stdout
    return {entry["formatted"]["key"]: entry["formatted"]["value"] for entry in json.loads(output)}


def slots(lab):
    """Interfaces that share a slot are all known; the slot goes to another one when it is free."""
    lab.up()
    lab.rules("/ip firewall filter add chain=forward action=accept\n")
    first = max(_dump(lab, "tg_devices")) + 100
    second = first + SLOTS
    for index in (first, second):
        lab.fw.ip("link", "add", f"slot{index}", "index", str(index), "type", "veth", "peer",
                  "name", f"peer{index}")

    def owner():
        slot, devices = _dump(lab, "tg_device_slots")[first % SLOTS], _dump(lab, "tg_devices")
        return slot["ifindex"] if slot["device"] == devices.get(slot["ifindex"]) else None

    eventually(lambda: {first, second} <= set(_dump(lab, "tg_devices")), "both are known")
    eventually(lambda: owner() == first, "the first one has the slot")
    equal(_arrived(lab, "0.0.0.0", lambda: _send(lab, LAN4, WAN4), 3), 3, "traffic passes")
    lab.fw.ip("link", "del", f"slot{first}")
    eventually(lambda: owner() == second, "the second one gets it")
    lab.fw.ip("link", "del", f"slot{second}")
    eventually(lambda: not _dump(lab, "tg_device_slots")[first % SLOTS]["ifindex"], "it is free")


def martians(lab):
    """Sources that are the router's own or cannot be are dropped before any rule."""
    lab.up()
    for menu in ("/ip", "/ipv6"):
        lab.rules(f"{menu} firewall filter add chain=forward action=accept\n")
    for src, dst in ((FW_WAN4, WAN4), (FW_LAN4, WAN4), ("127.0.0.1", WAN4), ("224.0.0.1", WAN4),
                     ("192.168.88.255", WAN4), (FW_LAN6, WAN6), ("::1", WAN6)):
        before = lab.reason("martian-source")
        any_address = "::" if ":" in dst else "0.0.0.0"
        equal(_arrived(lab, any_address, lambda s=src, d=dst: _send(lab, s, d)), 0, src)
        eventually(lambda b=before: lab.reason("martian-source") == b + 3, f"{src} is counted")
    equal(_arrived(lab, "::", lambda: _send(lab, LAN6, WAN6), 3), 3, "a good source")
    lab.fw.ip("address", "add", "203.0.113.99/32", "dev", "ether1")
    eventually(lambda: _arrived(lab, "0.0.0.0", lambda: _send(lab, "203.0.113.99", WAN4)) == 0,
               "a new own address is one at once")


def reverse_path(lab):
    """The host's rp_filter holds for what the datapath forwards, and follows the sysctl."""
    lab.fw.ip("route", "add", "198.51.100.0/24", "via", WAN4)
    lab.up()
    lab.rules("/ip firewall filter add chain=forward action=accept\n")

    def spoofed(src=STRANGER, least=0):
        return _arrived(lab, "0.0.0.0", lambda: _send(lab, src, WAN4), least)

    equal(spoofed(least=3), 3, "no filter: a source that is reached by another interface")
    for value, source, count in ((1, STRANGER, 0), (2, STRANGER, 3), (2, "10.9.9.9", 0),
                                 (1, "192.168.88.77", 3), (0, STRANGER, 3)):
        lab.fw.sysctl("net/ipv4/conf/ether2/rp_filter", value)
        eventually(lambda s=source, c=count: spoofed(s) == c, f"rp_filter {value}, {source}")
    check(lab.reason("rp-filter") >= 6, "counted as rp-filter")


harness.main(other_hosts, slots, martians, reverse_path, variants=harness.ALL, together=4)
