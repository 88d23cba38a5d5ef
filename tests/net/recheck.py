#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connections judged once more by rules that have changed since they were opened.

Topology: harness.py.
"""
import socket

import harness
import packets
from harness import (CONNECTION4, CONNECTION6, FILTER4, FW_LAN4, FW_LAN6, FW_WAN4, LAN4, RAW4, WAN4,
                     WAN6, check, equal)
from hosts import echoes

NAT4 = "/ip firewall nat"
FORWARD = ("/{family} firewall filter\n"
           "add chain=forward connection-state=established,related action=accept\n"
           "add chain=forward protocol=tcp dst-port=80 action=accept comment=web\n"
           "add chain=forward protocol=udp dst-port=53 action=accept comment=names\n"
           "add chain=forward protocol=!tcp action=accept comment=other\n"
           "add chain=forward action=drop\n")


def _recheck(lab):
    answer = lab.read("recheck")
    return answer["checked"], answer["removed"], answer["unclear"], answer["causes"]


def _open_all(lab):
    """Through the router, to it and from it, both families, and protocols without ports."""
    lab.wan.serve_tcp(80)
    lab.wan.serve_udp(53)
    lab.fw.serve_tcp(22)
    lab.up()
    lab.rules("".join(FORWARD.format(family=family) for family in ("ip", "ipv6")))
    streams = [lab.lan.connect(address, port) for address, port in
               ((WAN4, 80), (WAN6, 80), (FW_LAN4, 22), (FW_LAN6, 22))]
    streams += [lab.fw.connect(WAN4, 80)]
    check(all(streams) and all(map(echoes, streams)), "TCP")
    for wan in (WAN4, WAN6):
        check(lab.lan.reaches_udp(wan, 53) and lab.lan.pings(wan), f"UDP and ping to {wan}")
    frames = lab.lan.packet("eth0")
    for protocol, data in ((47, bytes(8)), (132, bytes(11) + b"\1" + bytes(20)), (253, b"")):
        frames.send(packets.frame(lab.fw.mac("ether2"), lab.lan.mac("eth0"),
                                  packets.ip(LAN4, WAN4, protocol, data)))
    return streams


def what_holds_stays(lab):
    """The rules are the same, or say the same: nothing is removed."""
    streams = _open_all(lab)
    count = sum(len(lab.connections(menu)) for menu in (CONNECTION4, CONNECTION6))
    equal(_recheck(lab), (count, 0, 0, {}), f"of {count} connections")
    equal(lab.cli("recheck"), f"checked {count} connections, removed 0\n", "said in words")
    lab.cli(f"{FILTER4} add chain=forward action=accept protocol=icmp place-before=0")
    equal(_recheck(lab)[1:], (0, 0, {}), "another rule that lets through what was")
    check(all(map(echoes, streams)), "TCP goes on")


def what_the_filter_drops_falls(lab):
    """A rule that is gone takes its connections along, in one family, each chain."""
    streams = _open_all(lab)
    lab.cli(f"{FILTER4} remove [find comment=web]")
    check(all(map(echoes, streams)), "a commit alone ends nothing")
    equal(_recheck(lab)[1:], (1, 0, {"filter-rule": 1}), "what stood on the removed rule")
    streams[0].settimeout(0.7)
    check(not echoes(streams[0]), "it is cut")
    check(all(map(echoes, streams[1:])), "the others are not")
    lab.cli("--recheck", f"{FILTER4} add chain=input protocol=tcp dst-port=22 action=drop "
            "place-before=0")
    equal(lab.connections(where="dst-port=22"), [], "to the router")
    lab.cli("--recheck", "/ip firewall filter add chain=output protocol=tcp dst-port=80 "
            "action=drop")
    equal(lab.connections(where="dst-port=80"), [], "from the router")
    equal(len(lab.connections(CONNECTION6, "protocol=tcp")), 2, "IPv6 has its own rules")
    lab.cli("--recheck", f"{RAW4} add chain=prerouting protocol=253 action=drop; "
            f"{RAW4} add chain=prerouting protocol=47 action=notrack")
    equal([row["protocol"] for row in lab.connections()
           if row["protocol"] in ("gre", "253", "sctp")], ["sctp"], "raw")


def what_is_translated_otherwise_falls(lab):
    """Rules of nat that would send a connection elsewhere, or by another address."""
    lab.wan.serve_tcp(80)
    lab.lan.serve_tcp(80)
    lab.up()
    lab.rules(f"{NAT4}\nadd chain=srcnat out-interface=ether1 action=masquerade comment=out\n"
              "add chain=dstnat in-interface=ether1 protocol=tcp dst-port=8080 action=dst-nat "
              f"to-addresses={LAN4} to-ports=80 comment=web\n")
    out, web = lab.lan.connect(WAN4, 80), lab.wan.connect(FW_WAN4, 8080)
    check(out and web and echoes(out) and echoes(web), "both ways")
    equal(_recheck(lab)[1:], (0, 0, {}), "nothing has changed")
    lab.cli(f"{NAT4} set [find comment=out] action=src-nat to-addresses={FW_WAN4}")
    equal(_recheck(lab)[1:], (0, 0, {}), "the same by another rule")
    check(echoes(out) and echoes(web), "they go on")
    lab.cli(f"{NAT4} set [find comment=web] to-addresses=192.168.88.11")
    equal(_recheck(lab)[1:], (1, 0, {"nat-rule": 1}), "to another host")
    lab.cli(f"{NAT4} disable [find comment=out]")
    equal(_recheck(lab)[1:], (1, 0, {"nat-rule": 1}), "no longer translated")
    equal(lab.connections(), [], "what is left")


def what_rules_ask_is_forgotten(lab):
    """The DSCP of a first packet is not kept: nothing falls by a rule that asks for it."""
    lab.wan.serve_udp(53)
    lab.up()
    lab.rules("/ip firewall filter\nadd chain=forward dscp=46 action=accept\n"
              "add chain=forward connection-state=established action=accept\n"
              "add chain=forward action=drop\n")
    with lab.lan.udp("0.0.0.0") as client:
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 46 << 2)
        client.connect((WAN4, 53))
        check(echoes(client), "a call is let through by its DSCP")
        equal(_recheck(lab), (1, 0, 1, {}), "and stays")
        check(echoes(client), "it goes on")


def what_was_adopted_is_judged_too(lab):
    """Connections of the router that are older than the firewall: the other end speaks first."""
    lab.fw.serve_tcp(22)
    came = lab.lan.connect(FW_LAN4, 22)
    with lab.wan.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("0.0.0.0", 80))
        listener.listen()
        went = lab.fw.connect(WAN4, 80)
        served = listener.accept()[0]
    check(came and went and echoes(came), "there before")
    lab.up()
    lab.rules(f"{FILTER4}\nadd chain=input in-interface=ether2 action=accept comment=lan\n"
              "add chain=input connection-state=new action=drop\n"
              "add chain=output out-interface=ether1 action=accept comment=wan\n"
              "add chain=output connection-state=new action=drop\n")
    served.send(b"tide")
    equal((went.recv(10), echoes(came)), (b"tide", True), "both go on")
    equal(_recheck(lab), (2, 0, 0, {}), "each is judged on its side")
    for name, port in (("lan", 22), ("wan", 80)):
        lab.cli("--recheck", f"{FILTER4} disable [find comment={name}]")
        equal(lab.connections(where=f"dst-port={port}"), [], f"{name} falls")


def what_cannot_be_judged_stays(lab):
    """Its interface is gone: nobody knows what rules would say."""
    lab.lan.serve_udp(53)
    lab.fw.veth("ether3", lab.wan, "eth3")
    lab.fw.ip("address", "add", "10.3.0.1/24", "dev", "ether3")
    lab.wan.ip("address", "add", "10.3.0.2/24", "dev", "eth3")
    lab.wan.ip("route", "add", "192.168.88.0/24", "via", "10.3.0.1")
    if lab.native("ether3"):
        lab.wan.run("ethtool", "-K", "eth3", "tx", "off", "gro", "on")
    lab.up("ether1", "ether2", "ether3")
    lab.rules(f"{FILTER4} add chain=forward action=accept\n")
    check(lab.wan.reaches_udp(LAN4, 53), "by the third interface")
    lab.fw.ip("link", "del", "ether3")
    equal(_recheck(lab), (1, 0, 1, {}), "it stays")
    equal(lab.cli("recheck"), "checked 1 connections, removed 0; 1 could not be judged\n", "said")


harness.main(what_holds_stays, what_the_filter_drops_falls, what_is_translated_otherwise_falls,
             what_was_adopted_is_judged_too, what_rules_ask_is_forgotten,
             what_cannot_be_judged_stays,
             variants=(harness.AS_THEY_COME, harness.NATIVE),
             together=2)
