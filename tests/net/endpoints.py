#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a client finds out about the NAT it is behind (RFC 5780), as coturn's turnutils_natdiscovery
asks it: which port it has to all the world, and who reaches it there. Topology: harness.py.

The STUN server in the wan namespace has two addresses and two ports.
"""
import contextlib
import os
import re

import harness
from harness import (CONNECTION4, CONNECTION6, FW_WAN4, FW_WAN6, LAN4, LAN6, WAN4, WAN6, check,
                     equal, eventually)
from hosts import BRIEF

NAT4, NAT6 = "/ip firewall nat", "/ipv6 firewall nat"
OTHER4, PORTS = "203.0.113.77", (3478, 3479)
CLIENT_PORT = 5000
MASQUERADE = f"{NAT4} add chain=srcnat out-interface=ether1 action=masquerade"
ACTION = "action=endpoint-independent-nat protocol=udp"
OUT, IN = (f"add chain=srcnat out-interface=ether1 {ACTION}",
           f"add chain=dstnat in-interface=ether1 {ACTION}")
ENDPOINT, ADDRESS_AND_PORT = "Endpoint Independent", "Address and Port Dependent"


def _server(lab):
    """A STUN server; once it hears on all its addresses and ports."""
    lab.wan.address("eth0", OTHER4 + "/24")
    lab.wan.spawn("turnserver", "-n", "--stun-only", "-L", WAN4, "-L", OTHER4, "--no-tls",
                  "--no-dtls", "--no-cli", "--log-file", os.devnull, "--simple-log", "--pidfile",
                  lab.file("turnserver.pid", ""), "--db", lab.file("turnserver.db", ""))
    wanted = [f"{address}:{port}" for address in (WAN4, OTHER4) for port in PORTS]

    def hears():
        bound = lab.wan.run("ss", "-H", "-u", "-l", "-n").stdout.split()
        return all(each in bound for each in wanted)

    eventually(hears, f"the server hears at {wanted}")


def _up(lab, *rules):
    """Attached, with these rules; the wan host has no route but to its own network."""
    for family in ("-4", "-6"):
        lab.wan.ip(family, "route", "del", "default")
    lab.up()
    lab.rules("\n".join(rules) + "\n")


def _discovers(lab, kind, what):
    """What the client calls mapping (-m) or filtering (-f), the last of its verdicts."""
    told = lab.lan.run("turnutils_natdiscovery", kind, "-L", LAN4, "-l", str(CLIENT_PORT),
                       WAN4).stdout
    found = re.findall(rf"NAT with (.*) {what}!", told)
    check(found, f"{kind}: {told}")
    return found[-1]


def _taken(lab):
    """Another host has the client's port already, to the end the client asks second."""
    neighbour = "192.168.88.11"
    lab.lan.address("eth0", neighbour + "/24")
    with lab.lan.udp(neighbour, CLIENT_PORT) as opened:
        opened.sendto(b"no STUN", (OTHER4, PORTS[0]))
    eventually(lambda: lab.connections(CONNECTION4, f"src-address={neighbour}"), "the neighbour's")


def masquerade(lab):
    """A port is kept, but nothing promises it; only who was asked may answer."""
    _server(lab)
    _up(lab, MASQUERADE)
    equal(_discovers(lab, "-m", "Mapping"), ENDPOINT, "while the port is free")
    equal(_discovers(lab, "-f", "Filtering"), ADDRESS_AND_PORT, "filtering")
    lab.cli(f"{CONNECTION4} remove [find]")
    _taken(lab)
    equal(_discovers(lab, "-m", "Mapping"), ADDRESS_AND_PORT, "once another host has it")


def mapped(lab):
    """One port to all the world, whoever else wants it; and all the world reaches it."""
    _server(lab)
    _up(lab, f"{NAT4} {OUT}", f"{NAT4} {IN}")
    _taken(lab)
    equal(_discovers(lab, "-m", "Mapping"), ENDPOINT, "mapping")
    equal(_discovers(lab, "-f", "Filtering"), ENDPOINT, "filtering")
    check(lab.connections(CONNECTION4, f"dst-address={FW_WAN4} dstnat"), "the world came in")


def filtered(lab):
    """Without the rule of dstnat only who was asked may answer; the mapping is one all the same."""
    _server(lab)
    _up(lab, f"{NAT4} {OUT}")
    _taken(lab)
    equal(_discovers(lab, "-m", "Mapping"), ENDPOINT, "mapping")
    equal(_discovers(lab, "-f", "Filtering"), ADDRESS_AND_PORT, "filtering")


def shown(lab):
    """A mapping is a row of connection print, counts in status, and ends when it is removed."""
    asked, stranger = lab.wan.udp(WAN4, 7000), lab.wan.udp(WAN4, 7001)
    asked6, stranger6 = lab.wan.udp(WAN6, 7000), lab.wan.udp(WAN6, 7001)
    _up(lab, f"{NAT4} {OUT} to-ports=6000-6009", f"{NAT4} {IN}", f"{NAT6} {OUT}", f"{NAT6} {IN}")
    for source, public, port, ends, menu in (
            (LAN4, FW_WAN4, None, (asked, stranger), CONNECTION4),
            (LAN6, FW_WAN6, CLIENT_PORT, (asked6, stranger6), CONNECTION6)):
        client = lab.lan.udp(source, CLIENT_PORT)
        client.sendto(b"who", ends[0].getsockname()[:2])
        outside = ends[0].recvfrom(10)[1][:2]
        equal(outside[0], public, "the external address")
        check(outside[1] == port if port else 6000 <= outside[1] <= 6009, f"the port: {outside}")
        ends[1].sendto(b"strange", outside)
        equal(client.recvfrom(10), (b"strange", ends[1].getsockname()), "a stranger gets in")
        client.sendto(b"hello", ends[1].getsockname()[:2])
        equal(ends[1].recvfrom(10)[1][:2], outside, "the same port for everybody")
        mapping, = lab.connections(menu, "dst-port=0")
        equal([mapping[name] for name in ("src-address", "src-port", "dst-address",
                                          "reply-dst-address", "reply-dst-port")],
              [source, CLIENT_PORT, public, *outside], f"{mapping}")
        if menu == CONNECTION4:
            eventually(lambda: lab.status()["agent"]["nat"] == [
                {"address": public, "protocol": "udp", "range": "6000-6009", "connections": 1,
                 "ports": 1, "of": 10, "alarm": False}], "status counts its port")
        lab.cli(f"{menu} remove [find dst-port=0]")
        ends[1].close()
        client.settimeout(BRIEF)
        other = lab.wan.udp(ends[0].getsockname()[0], 7002)
        other.sendto(b"late", outside)
        with contextlib.suppress(TimeoutError):
            check(False, f"who was removed is reached: {client.recvfrom(10)}")


def agent_dies(lab):
    """A mapping needs no agent, and the next one knows it; it ends with its address."""
    asked, stranger = lab.wan.udp(WAN4, 7000), lab.wan.udp(WAN4, 7001)
    _up(lab, f"{NAT4} {OUT}", f"{NAT4} {IN}")
    client = lab.lan.udp(LAN4, CLIENT_PORT)
    client.sendto(b"who", (WAN4, 7000))
    outside = asked.recvfrom(10)[1]
    lab.kill_agent()
    stranger.sendto(b"strange", outside)
    equal(client.recvfrom(10), (b"strange", (WAN4, 7001)), "a stranger gets in")
    lab.up()
    equal(len(lab.connections(CONNECTION4, "dst-port=0")), 1, "the mapping is there")
    lab.fw.ip("address", "add", "203.0.113.7/24", "dev", "ether1")
    lab.fw.ip("address", "del", FW_WAN4 + "/24", "dev", "ether1")
    eventually(lambda: not lab.connections(CONNECTION4, "dst-port=0"), "its address is gone")


if __name__ == "__main__":
    harness.main(masquerade, mapped, filtered, shown, agent_dies, together=2)
