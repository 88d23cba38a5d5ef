#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mangle between real stacks: rules see marks, connections keep them, a new agent knows their
names; a routing mark chooses the way, and what rules change of a packet is what its receiver gets.

Topology: harness.py.
"""
import socket
import struct

import harness
from harness import (CONNECTION4, CONNECTION6, FW_WAN4, FW_WAN6, LAN4, LAN6, WAN4, WAN6, check,
                     equal)
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


FAR4, FAR6 = "192.0.2.1", "2001:db8:2::1"  # of the wan host; only the table of a mark leads there


def _reaches(lab, far, port, data=b"tide"):
    """Whether a datagram, of which the router may make pieces, comes there and back."""
    ipv6 = ":" in far
    with lab.wan.udp(far, port) as server, lab.lan.udp("::" if ipv6 else "0.0.0.0") as client:
        if not ipv6:
            client.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER
        client.sendto(data, (far, port))
        received, sender = server.recvfrom(2000)
        server.sendto(received, sender)
        return received == client.recv(2000) == data


def _denied(lab, far, port):
    """Whether a datagram does not come there."""
    with lab.wan.udp(far, port, timeout=0.3) as server:
        lab.lan.udp("::" if ":" in far else "0.0.0.0").sendto(b"tide", (far, port))
        try:
            return not server.recv(2000)
        except TimeoutError:
            return True


def routes(lab):
    """What has a routing mark goes where its table says, also what the kernel has to send."""
    lab.wan.address("lo", FAR4 + "/32", FAR6 + "/128")
    for device in ("all", "ether1"):
        lab.fw.sysctl(f"net/ipv4/conf/{device}/rp_filter", 0)
    for family, far, via in (("-4", FAR4, WAN4), ("-6", FAR6, WAN6)):
        lab.fw.ip(family, "rule", "add", "fwmark", "7", "table", "7")
        lab.fw.ip(family, "route", "add", far, "via", via, "table", "7")
    for host, device in ((lab.fw, "ether1"), (lab.wan, "eth0")):
        host.ip("link", "set", device, "mtu", "1300")
    lab.up()
    lab.rules("".join(f"{menu} add chain=prerouting in-interface=ether2 protocol=udp dst-port=53 "
                      "action=mark-routing new-routing-mark=7 comment=mark\n"
                      f"{menu} add chain=forward routing-mark=7 action=passthrough comment=seen\n"
                      for menu in (MANGLE4, MANGLE6)))
    for far, menu in ((FAR4, MANGLE4), (FAR6, MANGLE6)):
        check(_reaches(lab, far, 53), f"marked, to {far}")
        check(_denied(lab, far, 54), f"not marked, to {far}")
        equal(lab.counts(menu)["seen"], 1, "one packet was marked")
    check(_reaches(lab, FAR4, 53, b"p" * 1400), "what the kernel takes apart goes the same way")


def _arrives(lab, address, port):
    """TTL, TOS byte and source of a datagram as the wan host gets it; an answer comes back."""
    ipv6 = ":" in address
    level, ttl, tos = (41, 51, 66) if ipv6 else (0, 12, 13)  # IPV6_RECVHOPLIMIT, IP_RECVTTL, …
    receiver = lab.wan.udp("::" if ipv6 else "0.0.0.0", port)
    for option in (ttl, tos):
        receiver.setsockopt(level, option, 1)
    sender = lab.lan.udp("::" if ipv6 else "0.0.0.0")
    sender.sendto(b"tide" * 50, (address, port))
    data, ancillary, _, source = receiver.recvmsg(1000, 256)
    equal(data, b"tide" * 50, "the datagram is whole")
    receiver.sendto(b"gate", source)
    equal(sender.recv(10), b"gate", "the answer")
    values = {kind: int.from_bytes(value[:1], "little") for _, kind, value in ancillary}
    return values[52 if ipv6 else 2], values[67 if ipv6 else 1], source[0]  # IPV6_HOPLIMIT, IP_TTL


def changes(lab):
    """TTL, hop limit and DSCP arrive as rules say; a priority changes nothing of the way."""
    lab.up()
    lines = []
    for menu, action in ((MANGLE4, "change-ttl new-ttl"), (MANGLE6,
                                                           "change-hop-limit new-hop-limit")):
        udp = f"{menu} add chain=forward protocol=udp dst-port="
        lines += [f"{udp}5001 action={action}=set:77", f"{udp}5002 action=change-dscp new-dscp=46",
                  f"{udp}5003 action=set-priority new-priority=5",
                  f"{udp}5003 action=change-dscp new-dscp=from-priority",
                  f"{menu} add chain=prerouting protocol=udp dst-port=5004 action={action}=set:1"]
    lab.rules("\n".join(lines) + "\n")
    for wan in (WAN4, WAN6):
        equal(_arrives(lab, wan, 5001)[:2], (77, 0), f"TTL to {wan}")
        equal(_arrives(lab, wan, 5002)[:2], (63, 46 << 2), f"DSCP to {wan}")
        equal(_arrives(lab, wan, 5003)[:2], (63, 5 << 2), f"priority to {wan}")
        check(not lab.lan.reaches_udp(wan, 5004, timeout=0.3), "the router is as far as it goes")
    check(lab.reason("ttl-exceeded") >= 2, "and says so")


def _offer(tap):
    """The maximum segment size that the next SYN on a packet socket offers."""
    while True:
        frame = tap.recv(2000)
        ipv6 = frame[12:14] == b"\x86\xdd"
        transport = 54 if ipv6 else 34
        if frame[12:14] not in (b"\x08\x00", b"\x86\xdd") or frame[20 if ipv6 else 23] != 6:
            continue
        if frame[transport + 13] != 2:
            continue
        kind, size, offered = struct.unpack_from(">BBH", frame, transport + 20)
        equal((kind, size), (2, 4), "Linux offers it first")
        return offered


def segments(lab):
    """A SYN offers what a rule lets it, both ways, and the stream goes in such segments."""
    for host in (lab.lan, lab.wan):
        host.serve_tcp(80)
        host.serve_tcp(81)
    for host, device in ((lab.fw, "ether1"), (lab.wan, "eth0")):
        host.ip("link", "set", device, "mtu", "1300")
    lab.up()
    lab.rules("".join(f"{menu} add chain=forward protocol=tcp {port}=80 action=change-mss "
                      "new-mss=700\n" for menu in (MANGLE4, MANGLE6)
                      for port in ("dst-port", "src-port")) +
              "".join(f"{menu} add chain=postrouting protocol=tcp action=change-mss "
                      "new-mss=clamp-to-pmtu\n" for menu in (MANGLE4, MANGLE6)))
    for wan, headers in ((WAN4, 40), (WAN6, 60)):
        for port, expected in ((80, 700), (81, 1300 - headers)):
            tap = lab.wan.packet("eth0")
            stream = lab.lan.connect(wan, port)
            equal(_offer(tap), expected, f"offered to {wan}, port {port}")
            check(stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= expected,
                  "so it is to the client")
            check(echoes(stream, b"s" * 30_000), f"30 kB through {wan}, port {port}")


def taken_apart(lab):
    """What came with don't-fragment and without a number is taken apart, and whole again."""
    for host, device in ((lab.fw, "ether1"), (lab.wan, "eth0")):
        host.ip("link", "set", device, "mtu", "1300")
    lab.up()
    lab.rules(f"{MANGLE4} add chain=forward protocol=udp action=clear-df\n"
              "/ip firewall nat add chain=srcnat out-interface=ether1 action=masquerade\n")
    tap, server, client = lab.wan.packet("eth0"), lab.wan.udp(WAN4, 53), lab.lan.udp("0.0.0.0")
    client.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
    sent = [bytes([number]) * 1400 for number in range(3)]
    for data in sent:
        client.sendto(data, (WAN4, 53))
    received = [server.recvfrom(2000) for _ in sent]
    equal([(data, source[0]) for data, source in received], [(data, FW_WAN4) for data in sent],
          "what arrives")
    numbers = []
    while len(numbers) < 2 * len(sent):
        frame = tap.recv(2000)
        if frame[12:14] == b"\x08\x00" and frame[23] == 17:
            numbers.append(frame[18:20])
    equal(sorted(map(numbers.count, set(numbers))), [2, 2, 2], f"pieces of each: {numbers}")
    check(b"\0\0" not in numbers, "each has a number")


def _translate_and_change(menu, nat, action):
    """Rules that translate all of what passes and change each of its packets."""
    inside = LAN6 + "/128" if "v6" in menu else LAN4
    to = "to-address" if "v6" in menu else "to-addresses"
    forward = f"{menu} add chain=forward"
    return [f"{nat} add chain=srcnat out-interface=ether1 action=masquerade",
            f"{nat} add chain=dstnat in-interface=ether1 protocol=tcp dst-port=8081 "
            f"action=dst-nat {to}={inside} to-ports=81",
            f"{menu} add chain=prerouting protocol=tcp action=change-dscp new-dscp=10",
            f"{menu} add chain=postrouting protocol=tcp action=change-mss new-mss=clamp-to-pmtu",
            f"{forward} action=change-dscp new-dscp=46 protocol=udp",
            f"{forward} {action}=set:77 protocol=udp out-interface=ether1",
            f"{forward} {action}=set:255 protocol=udp dst-port=5002",
            f"{forward} action=set-priority new-priority=5 protocol=udp dst-port=5002",
            *(f"{forward} action=set-priority new-priority=5 protocol=tcp {port}=81"
              for port in ("src-port", "dst-port"))]


def translated(lab):
    """What is translated is changed as well, both ways and by whoever of XDP and TC sends it."""
    for family in ("-4", "-6"):
        lab.wan.ip(family, "route", "del", "default")
    for host, device in ((lab.fw, "ether1"), (lab.wan, "eth0")):
        host.ip("link", "set", device, "mtu", "1300")
    for host in (lab.lan, lab.wan):
        host.serve_tcp(80)
        host.serve_tcp(81)
    lab.up()
    lab.rules("\n".join([*_translate_and_change(MANGLE4, "/ip firewall nat",
                                                "action=change-ttl new-ttl"),
                         *_translate_and_change(MANGLE6, "/ipv6 firewall nat",
                                                "action=change-hop-limit new-hop-limit")]) + "\n")
    for wan, public, headers in ((WAN4, FW_WAN4, 40), (WAN6, FW_WAN6, 60)):
        equal(_arrives(lab, wan, 5001), (77, 46 << 2, public), f"to {wan}")
        equal(_arrives(lab, wan, 5002), (255, 46 << 2, public), f"to {wan}, with a priority")
        for client, address, port in ((lab.lan, wan, 80), (lab.lan, wan, 81),
                                      (lab.wan, public, 8081)):
            tap = (lab.wan if client is lab.lan else lab.lan).packet("eth0")
            stream = client.connect(address, port)
            check(stream, f"TCP to {address}, port {port}")
            equal(_offer(tap), 1300 - headers, f"offered to {address}, port {port}")
            check(stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= 1300 - headers,
                  "so it is to the client")
            check(echoes(stream, b"t" * 30_000), f"30 kB through {address}, port {port}")


harness.main(marks, keep_their_names, routes, changes, segments, taken_apart, translated,
             variants=harness.ALL, mixed=(marks, routes, changes, translated))
