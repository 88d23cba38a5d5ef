#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Translated connections between real stacks: masquerade, ports forwarded, both at once.

The wan host knows no way to the lan: what comes back does so because it was translated. Topology:
harness.py.
"""
import contextlib
import errno
import pathlib
import socket
import time

import harness
import packets
from harness import (ALL, CONNECTION4, CONNECTION6, FW_LAN4, FW_LAN6, FW_WAN4, FW_WAN6, LAN4, LAN6,
                     MIXED, WAN4, WAN6, check, equal, eventually)
from hosts import BRIEF, PATIENT, echoes, family_of

NAT4, NAT6 = "/ip firewall nat", "/ipv6 firewall nat"
MASQUERADE = (f"{NAT4} add chain=srcnat out-interface=ether1 action=masquerade",
              f"{NAT6} add chain=srcnat out-interface=ether1 action=masquerade")
FAMILIES = ((LAN4, WAN4, FW_WAN4), (LAN6, WAN6, FW_WAN6))


def _up(lab, *rules):
    """Attached, with these rules; the wan host has no route but to its own network."""
    for family in ("-4", "-6"):
        lab.wan.ip(family, "route", "del", "default")
    lab.up()
    lab.rules("\n".join(rules) + "\n")


def _flags(lab, where, menu=CONNECTION4):
    """srcnat and dstnat of the one connection."""
    rows = lab.connections(menu, where)
    equal(len(rows), 1, f"connections where {where}: {rows}")
    return rows[0]["srcnat"], rows[0]["dstnat"]


def masquerade(lab):
    """TCP, UDP and ping of both families leave with the router's address."""
    lab.wan.serve_tcp(80)
    lab.wan.serve_udp(53)
    _up(lab, *MASQUERADE)
    for lan, wan, public in FAMILIES:
        menu = CONNECTION6 if ":" in lan else CONNECTION4
        stream = lab.lan.connect(wan, 80)
        check(stream and echoes(stream, b"x" * 20_000), f"TCP to {wan}")
        check(lab.lan.reaches_udp(wan, 53), f"UDP to {wan}")
        check(lab.lan.pings(wan, 3), f"ping {wan}")
        rows = lab.connections(menu, "protocol=tcp")
        equal([(row["srcnat"], row["dstnat"], row["reply-dst-address"]) for row in rows],
              [(True, False, public)], f"{rows}")
        equal(rows[0]["src-address"], lan, "who has opened it")
    with lab.wan.udp("0.0.0.0", 7000) as asked:
        lab.lan.udp("0.0.0.0", 7001).sendto(b"who", (WAN4, 7000))
        equal(asked.recvfrom(10)[1], (FW_WAN4, 7001), "the port is kept")
    check(lab.fw.pings(WAN4) and lab.fw.pings(WAN6), "the router itself reaches the wan")


def same_port(lab):
    """Two hosts with one source port get two; replies come to the one that has asked."""
    lab.wan.serve_udp(53)
    lab.lan.address("eth0", "192.168.88.11/24")
    _up(lab, *MASQUERADE)
    clients = []
    for source in (LAN4, "192.168.88.11"):
        clients.append(lab.lan.udp(source, 5000))
        clients[-1].connect((WAN4, 53))
    for number, client in enumerate(clients * 2):
        check(echoes(client, b"%d" % number), f"datagram {number} comes back")
    ports = [row["reply-dst-port"] for row in lab.connections(CONNECTION4, "protocol=udp")]
    equal((len(ports), len(set(ports)), "5000" in map(str, ports)), (2, 2, True), f"{ports}")


def port_forward(lab):
    """From outside to a server inside, which sees who asks; nothing else gets in."""
    lab.lan.serve_tcp(8080)
    lab.lan.serve_udp(5353)
    _up(lab, f"{NAT4} add chain=dstnat dst-address={FW_WAN4} protocol=tcp dst-port=80 "
             f"action=dst-nat to-addresses={LAN4} to-ports=8080",
        f"{NAT4} add chain=dstnat in-interface=ether1 protocol=udp dst-port=53 "
        f"action=dst-nat to-addresses={LAN4} to-ports=5353",
        f"{NAT6} add chain=dstnat in-interface=ether1 protocol=tcp dst-port=80 "
        f"action=dst-nat to-address={LAN6}/128 to-ports=8080",
        "/ip firewall filter add chain=forward connection-nat-state=!dstnat connection-state=new "
        "in-interface=ether1 action=drop")
    for public, menu in ((FW_WAN4, CONNECTION4), (FW_WAN6, CONNECTION6)):
        stream = lab.wan.connect(public, 80)
        check(stream and echoes(stream, b"x" * 20_000), f"TCP to {public}")
        equal(_flags(lab, "protocol=tcp", menu), (False, True), "flags")
    check(lab.wan.reaches_udp(FW_WAN4, 53), "UDP to another port inside")
    check(lab.wan.denied_tcp(FW_WAN4, 8080), "the inner port is not open outside")


def strangers(lab):
    """Only the remote end that was asked may answer, from the port that was asked."""
    stranger = "203.0.113.77"
    lab.wan.address("eth0", stranger + "/24")
    asked, client = lab.wan.udp(WAN4, 7000), lab.lan.udp(LAN4, 7001)
    others = lab.wan.udp(WAN4, 7002), lab.wan.udp(stranger, 7000), lab.wan.udp(stranger, 53)
    _up(lab, *MASQUERADE)
    client.sendto(b"who", (WAN4, 7000))
    equal(asked.recvfrom(10)[1], (FW_WAN4, 7001), "who asks")
    for other in others:
        other.sendto(b"strange", (FW_WAN4, 7001))
    asked.sendto(b"me", (FW_WAN4, 7001))
    equal(client.recvfrom(10), (b"me", (WAN4, 7000)), "the answer")
    client.settimeout(BRIEF)
    with contextlib.suppress(TimeoutError):
        check(False, f"a stranger gets in: {client.recvfrom(10)}")
    equal(lab.reason("input"), len(others), "what is the router's then")


def hairpin(lab):
    """A host inside reaches a server inside by the public address."""
    lab.lan.serve_tcp(80)
    lab.lan.address("eth0", "192.168.88.11/24")
    _up(lab, f"{NAT4} add chain=dstnat dst-address={FW_WAN4} protocol=tcp dst-port=80 "
             "action=dst-nat to-addresses=192.168.88.11",
        f"{NAT4} add chain=srcnat src-address=192.168.88.0/24 dst-address=192.168.88.11 "
        "action=masquerade")
    stream = lab.lan.connect(FW_WAN4, 80)
    check(stream and echoes(stream), "TCP to the public address")
    equal(stream.getpeername()[0], FW_WAN4, "who answers")
    equal(_flags(lab, "protocol=tcp"), (True, True), "flags")
    equal(lab.connections(CONNECTION4)[0]["reply-dst-address"], FW_LAN4, "whom the server sees")


def redirect(lab):
    """What asks some server outside is answered by the router, in that server's name."""
    lab.fw.serve_udp(5353)
    _up(lab, f"{NAT4} add chain=dstnat in-interface=ether2 protocol=udp dst-port=53 "
             "action=redirect to-ports=5353")
    check(lab.lan.reaches_udp(WAN4, 53), "answered")
    equal(_flags(lab, "protocol=udp"), (False, True), "flags")


def errors(lab):
    """Closed ports, traceroute and path MTU, as the host inside hears of them."""
    _up(lab, *MASQUERADE)
    for lan, wan, public in FAMILIES:
        with lab.lan.udp("::" if ":" in lan else "0.0.0.0") as client:
            client.connect((wan, 9))
            client.send(b"tide")
            try:
                client.recv(10)
                refused = None
            except OSError as error:
                refused = error.errno
            equal(refused, errno.ECONNREFUSED, f"a closed port of {wan}")
        lines = lab.lan.run("traceroute", "-n", "-q", "1", "-w", "2", "-m", "2",
                            wan).stdout.splitlines()[1:]
        equal([line.split()[1] for line in lines][1:], [wan], f"the way to {wan}: {lines}")
        check("*" not in lines[0], f"the way to {wan}: {lines}")
        check(lab.wan.run("ping", "-c", "1", "-W", "1", public, good=None).returncode == 0,
              f"{public} itself is reached")
        time.sleep(1)


def _mtu_told(host, target, port, data):
    """The path MTU that a UDP socket which forbids fragments is told for `data` to the target."""
    six = ":" in target
    with host.udp("::" if six else "0.0.0.0") as client:
        if six:
            client.setsockopt(socket.IPPROTO_IPV6, 23, 2)  # IPV6_MTU_DISCOVER: IPV6_PMTUDISC_DO
        else:
            client.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER: IP_PMTUDISC_DO
        client.connect((target, port))
        level, option = (socket.IPPROTO_IPV6, 24) if six else (socket.IPPROTO_IP, 14)

        def told():
            with contextlib.suppress(OSError):
                client.send(data)
            return client.getsockopt(level, option) == 1280

        eventually(told, f"{target}: the path MTU is told")


def errors_of_forwards(lab):
    """Who reaches a host inside by the public address is told of the way to it in that name."""
    _up(lab, *(f"{menu} add chain=dstnat in-interface=ether1 protocol={protocol} dst-port=80,53 "
               f"action=dst-nat {to}" for menu, to in ((NAT4, f"to-addresses={LAN4}"),
                                                       (NAT6, f"to-address={LAN6}/128"))
        for protocol in ("tcp", "udp")))
    lab.lan.serve_tcp(80)
    lab.lan.serve_udp(53)
    for public in (FW_WAN4, FW_WAN6):
        for kind in (("-T", "-p", "80"), ("-U", "-p", "53")):
            lines = lab.wan.run("traceroute", "-n", "-q", "1", "-w", "5", "-m", "2", *kind,
                                public).stdout.splitlines()[1:]
            equal([line.split()[1] for line in lines], [public] * 2, f"the way: {lines}")
    # The narrow link's host says nothing of it: segments of either direction are too large once.
    vias = (WAN4, "via", FW_LAN4), (WAN6, "via", FW_LAN6)
    for host, device, ways in ((lab.lan, "ether2", vias),
                               (lab.wan, "ether1", ((FW_WAN4,), (FW_WAN6,)))):
        lab.fw.ip("link", "set", device, "mtu", "1280")
        host.ip("link", "set", "eth0", "mtu", "1280")
        for way in ways:
            host.ip("route", "add", *way, "dev", "eth0", "advmss", "1440")
        for public in (FW_WAN4, FW_WAN6):
            if host is lab.lan:
                _mtu_told(lab.wan, public, 53, b"x" * 1400)
            told = lab.reason("too-big")
            stream = lab.wan.connect(public, 80)
            check(stream and echoes(stream, b"x" * 20_000), f"much of it, to {public} and back")
            check(host is lab.lan or lab.reason("too-big") > told, "segments were too large")
        lab.fw.ip("link", "set", device, "mtu", "1500")
        host.ip("link", "set", "eth0", "mtu", "1500")


def refused(lab):
    """A closed port is told, outside and inside; the next attempt is a new connection."""
    _up(lab, *MASQUERADE, f"{NAT4} add chain=dstnat in-interface=ether1 protocol=tcp dst-port=80 "
        f"action=dst-nat to-addresses={LAN4}",
        f"{NAT6} add chain=dstnat in-interface=ether1 protocol=tcp dst-port=80 "
        f"action=dst-nat to-address={LAN6}/128")
    for host, target in ((lab.lan, WAN4), (lab.lan, WAN6), (lab.wan, FW_WAN4), (lab.wan, FW_WAN6)):
        for _ in range(2):
            with host.socket(family_of(target), socket.SOCK_STREAM) as client:
                client.settimeout(PATIENT)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                client.bind(("", 40000))
                equal(client.connect_ex((target, 80)), errno.ECONNREFUSED, f"port 80 of {target}")
    lab.wan.serve_tcp(80)
    for target in (WAN4, WAN6):
        stream = lab.lan.connect(target, 80, source=40000)
        check(stream and echoes(stream), f"{target} from the same port, now that it listens")


def policy_route(lab):
    """Which way a connection goes out is decided by who has opened it, not by its new source."""
    far = "198.51.100.7"
    lab.wan.address("lo", far + "/32")
    lab.wan.serve_tcp(80)
    lab.fw.ip("route", "add", "default", "via", WAN4, "table", "100")
    lab.fw.ip("rule", "add", "from", "192.168.88.0/24", "lookup", "100")
    _up(lab, *MASQUERADE)
    lab.fw.ip("neighbour", "flush", "dev", "ether1")  # the first packet goes by TC in any case
    check(lab.lan.pings(far, 3), "pings")
    stream = lab.lan.connect(far, 80)
    check(stream and echoes(stream, b"x" * 20_000), "TCP")
    equal(lab.reason("forward-stack"), 0, "packets the kernel has sent")


def large(lab):
    """Datagrams in fragments, both ways, and streams in bulk."""
    lab.wan.serve_udp(53)
    _up(lab, *MASQUERADE)
    for _, wan, _ in FAMILIES:
        check(lab.lan.pings(wan, 2), f"ping {wan}")
        result = lab.lan.run("ping", "-n", "-q", "-c", "3", "-i", "0.2", "-s", "4000", "-W", "2",
                             wan, good=None)
        check(" 0% packet loss" in result.stdout, f"large pings to {wan}: {result.stdout}")
    lab.wan.spawn("iperf3", "-s", "-1")
    eventually(lambda: lab.wan.listens(5201), "iperf3 listens")
    result = lab.lan.run("iperf3", "-c", WAN4, "-t", "1", "-J")
    check('"bits_per_second"' in result.stdout, result.stdout)


def early_pieces(lab):
    """Pieces that come before the first one leave with the address and port that it was given."""
    frames = lab.lan.packet("eth0")
    macs = lab.fw.mac("ether2"), lab.lan.mac("eth0")
    _up(lab, *(f"{menu} add chain=srcnat out-interface=ether1 protocol=udp action=masquerade "
               "to-ports=9000" for menu in (NAT4, NAT6)))
    for lan, wan, public in FAMILIES:
        server = lab.wan.udp("::" if ":" in wan else "0.0.0.0", 7000)
        check(lab.fw.pings(wan), f"ping {wan}")  # the neighbour is known: nothing overtakes
        datagram = packets.udp(lan, wan, 7001, 7000, b"x" * 3000)
        pieces = packets.pieces(lan, wan, datagram, 1200, 7)
        for piece in (pieces[2], pieces[0], pieces[1]):
            frames.send(packets.frame(*macs, piece))
        data, source = server.recvfrom(4000)
        equal((len(data), source[:2]), (3000, (public, 9000)), f"what came to {wan}")
    early = lab.datapath()["early-fragments"]
    equal((early["held"], early["reinjected"]), (2, 2), f"early pieces: {early}")


def by_the_kernel(lab):
    """What only the kernel can cut into pieces is translated all the same."""
    lab.fw.ip("link", "set", "ether1", "mtu", "1280")
    _up(lab, *MASQUERADE)
    server, client = lab.wan.udp("0.0.0.0", 53), lab.lan.udp(LAN4, 7000)
    client.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: IP_PMTUDISC_DONT
    for data in (b"x" * 1400, b"y" * 1300):
        client.sendto(data, (WAN4, 53))
        equal(server.recvfrom(2000), (data, (FW_WAN4, 7000)), "a datagram without DF")
        server.sendto(data[:9], (FW_WAN4, 7000))
        equal(client.recvfrom(10), (data[:9], (WAN4, 53)), "its answer")
    equal(lab.reason("forward-stack"), 2, "packets the kernel has sent")
    stuck = lab.lan.udp(LAN4)
    stuck.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_PMTUDISC_DO
    stuck.connect((WAN4, 53))
    stuck.send(b"x" * 1400)
    eventually(lambda: stuck.getsockopt(socket.IPPROTO_IP, 14) == 1280, "the path MTU is told")


def _uses(lab):
    return lab.status()["agent"]["nat"]


def exactly(lab):
    """A range of ports is searched whole: so many connections, and no more."""
    wanted = 20
    _up(lab, f"{NAT4} add chain=srcnat out-interface=ether1 protocol=udp action=masquerade "
             f"to-ports=7000-{7000 + wanted - 1}")
    seen = set()
    receiver = lab.wan.udp("0.0.0.0", 53)
    for number in range(wanted + 5):
        if number == wanted:
            receiver.settimeout(BRIEF)
        with lab.lan.udp("0.0.0.0", 20000 + number) as client:
            client.sendto(b"tide", (WAN4, 53))
            with contextlib.suppress(TimeoutError):
                seen.add(receiver.recvfrom(10)[1])
    equal(seen, {(FW_WAN4, 7000 + i) for i in range(wanted)}, "who the wan host heard")
    equal(lab.reason("nat-port-exhausted"), 5, "refused")
    eventually(lambda: _uses(lab) == [{"address": FW_WAN4, "protocol": "udp", "of": wanted,
                                       "range": f"7000-{7000 + wanted - 1}", "alarm": True,
                                       "connections": wanted, "ports": wanted}],
               "status tells of it")
    text = lab.program("tidegate", "status", "--instance", lab.instance).stdout
    check(f"nat: {FW_WAN4} udp 7000-7019: 20 connections, 20 of 20 ports to one remote end, ALARM"
          in text, text)
    log = pathlib.Path(f"/var/log/tidegate/{lab.instance}.log").read_text("utf-8")
    equal(log.count(f"nat: {FW_WAN4} udp: "), 1, "lines of alarm")
    lab.cli(f"{CONNECTION4} remove [find]")
    eventually(lambda: not _uses(lab), "all of it is over")


def purged(lab):
    """Masqueraded connections end with the address and with the link; src-nat's do not."""
    lab.wan.serve_udp(53)
    _up(lab, f"{NAT4} add chain=srcnat out-interface=ether1 protocol=udp action=masquerade",
        f"{NAT4} add chain=srcnat out-interface=ether1 protocol=icmp action=src-nat "
        f"to-addresses={FW_WAN4}")

    def left():
        return sorted(row["protocol"] for row in lab.connections(CONNECTION4))

    def fill():
        check(lab.lan.reaches_udp(WAN4, 53) and lab.lan.pings(WAN4), "both work")
        check("udp" in left() and "icmp" in left(), f"both are there: {left()}")

    fill()
    lab.wan.ip("link", "set", "eth0", "down")
    eventually(lambda: left() == ["icmp"], "the link is down")
    lab.wan.ip("link", "set", "eth0", "up")
    eventually(lambda: lab.lan.reaches_udp(WAN4, 53), "the link is up again")
    lab.fw.ip("address", "add", "203.0.113.7/24", "dev", "ether1")
    lab.fw.ip("address", "del", FW_WAN4 + "/24", "dev", "ether1")
    eventually(lambda: "udp" not in left(), "the address is another one")


if __name__ == "__main__":
    harness.main(masquerade, same_port, port_forward, strangers, hairpin, redirect, errors,
                 errors_of_forwards, refused, policy_route, large, early_pieces, by_the_kernel,
                 exactly, purged, variants=ALL,
                 mixed=(masquerade, port_forward, policy_route), together=2)
