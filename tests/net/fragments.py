#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Datagrams in pieces follow the verdict on their first piece; topology: harness.py."""
import socket
import subprocess

import harness
import packets
import rulesets
from harness import CONNECTION4, CONNECTION6, LAN4, LAN6, WAN4, WAN6, check, equal, eventually

FAMILIES = ((LAN4, WAN4, CONNECTION4), (LAN6, WAN6, CONNECTION6))


def _sender(lab):
    frames = lab.lan.packet("eth0")
    target, source = lab.fw.mac("ether2"), lab.lan.mac("eth0")
    return lambda packet: frames.send(packets.frame(target, source, packet))


def _server(lab, wan, port):
    return lab.wan.udp("::" if ":" in wan else "0.0.0.0", port, timeout=1.5)


def _arrives(server):
    try:
        return len(server.recv(65536))
    except TimeoutError:
        return 0


def large_datagrams(lab):
    """Real stacks: both directions, both families, up to the largest datagram there is."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    for _, wan, menu in FAMILIES:
        client = lab.lan.udp("::" if ":" in wan else "0.0.0.0", timeout=2)
        client.connect((wan, 53))
        for size in (1473, 5000, 60000):
            client.send(b"x" * size)
            equal(len(client.recv(65536)), size, f"bytes that came back from {wan}")
        row = lab.connections(menu)[0]
        check(row["orig-packets"] > 40 and row["repl-packets"] > 40,
              f"every piece counts for its connection: {row}")
    equal(lab.reason("fragment-unknown"), 0, "unknown pieces")


def any_order(lab):
    """Pieces that come before their first one wait for it: the datagram arrives whole."""
    rulesets.install(lab)
    send = _sender(lab)
    for number, (lan, wan, menu) in enumerate(FAMILIES):
        server = _server(lab, wan, 7000)
        datagram = packets.udp(lan, wan, 7001, 7000, b"x" * 3000)
        for order in ((2, 1, 0), (1, 0, 2), (0, 2, 1)):
            pieces = packets.pieces(lan, wan, datagram, 1200, 100 * number + 10 * order[0])
            for each in order:
                send(pieces[each])
            equal(_arrives(server), 3000, f"bytes of a datagram whose pieces came as {order}")
        equal(lab.connections(menu)[0]["orig-packets"], 9, "pieces of the connection")
    early = lab.datapath()["early-fragments"]
    equal((early["held"], early["reinjected"], early["given-up"]), (6, 6, 0), "early pieces")
    equal(lab.reason("fragment-held"), 0, "pieces still held")


def pings_in_pieces(lab):
    """An echo of 3000 bytes, backwards, to a host and to the router: the answer comes back."""
    rulesets.install(lab)
    send = _sender(lab)
    for lan, targets in ((LAN4, (WAN4, harness.FW_LAN4)), (LAN6, (WAN6, harness.FW_LAN6))):
        for number, target in enumerate(targets):
            request, protocol = packets.echo(lan, target, 77, b"x" * 3000)
            raw = lab.lan.socket(socket.AF_INET6 if ":" in lan else socket.AF_INET, socket.SOCK_RAW,
                                 protocol)
            raw.settimeout(2)
            for piece in reversed(packets.pieces(lan, target, request, 1200, 50 + number,
                                                 protocol)):
                send(piece)
            answer = raw.recv(65536)[0 if ":" in lan else 20:]
            while answer[0] not in (0, 129):
                answer = raw.recv(65536)[0 if ":" in lan else 20:]
            equal(len(answer), 3008, f"bytes of the answer from {target}")


def first_never_comes(lab):
    """Orphans are held, are too many, and are given up; what else flows does not notice."""
    rulesets.install(lab)
    send = _sender(lab)
    lab.lan.run("ping", "-c", "1", WAN4)
    flood = 3000
    ping = lab.lan.spawn("ping", "-q", "-i", "0.01", "-c", "200", WAN4, stdout=subprocess.PIPE,
                         text=True)
    for number in range(flood):
        send(packets.ipv4_piece(LAN4, WAN4, 17, b"x" * 1000, number, 200))
    said, _ = ping.communicate(timeout=30)
    check(" 0% packet loss" in said, f"pings under a flood of orphans: {said}")
    eventually(lambda: lab.reason("fragment-held") == 0, "no orphan is held any more", 8)
    expired, many = lab.reason("fragment-expired"), lab.reason("fragment-no-room")
    equal(expired + many, flood, "orphans that were dropped")
    check(many > 0, f"some were too many: {expired} expired, {many} had no room")
    pieces = packets.pieces(LAN6, WAN6, packets.udp(LAN6, WAN6, 7001, 7000, b"x" * 2000), 1200, 7)
    server = _server(lab, WAN6, 7000)
    for piece in reversed(pieces):
        send(piece)
    equal(_arrives(server), 2000, "bytes of a datagram after the flood")


def without_agent(lab):
    """What a killed agent held is lost; then nobody holds a piece, and in order they pass."""
    rulesets.install(lab)
    send = _sender(lab)
    server = _server(lab, WAN4, 7000)
    datagram = packets.udp(LAN4, WAN4, 7001, 7000, b"x" * 2000)
    first, second = packets.pieces(LAN4, WAN4, datagram, 1200, 1)
    send(second)
    eventually(lambda: lab.reason("fragment-held") == 1, "the piece is held")
    lab.kill_agent()
    send(first)
    equal(_arrives(server), 0, "bytes of a datagram half of which is lost")
    equal(lab.reason("fragment-held"), 1, "pieces lost")
    eventually(lambda: lab.datapath()["heartbeat-age"] > 10, "the agent counts as dead", 15)
    for number, (lan, wan, _) in enumerate(FAMILIES):
        first, second = packets.pieces(lan, wan, packets.udp(lan, wan, 7001, 7000, b"x" * 2000),
                                       1200, 2)
        send(second)
        equal(lab.reason("fragment-unknown"), 1 + number, "pieces nobody holds")
        server = _server(lab, wan, 7000) if number else server
        first, second = packets.pieces(lan, wan, packets.udp(lan, wan, 7001, 7000, b"x" * 2000),
                                       1200, 3)
        send(first)
        send(second)
        equal(_arrives(server), 2000, "bytes of a datagram in order")


def drop_covers_all(lab):
    """When a rule drops the first piece, the others are dropped too."""
    lab.up()
    lab.lists()
    for family in ("ip", "ipv6"):
        lab.cli(f"/{family} firewall filter add chain=forward protocol=udp dst-port=7000 "
                "action=drop")
    lab.rules(rulesets.STANDARD)
    send = _sender(lab)
    for number, (lan, wan, menu) in enumerate(FAMILIES):
        server = _server(lab, wan, 7000)
        datagram = packets.udp(lan, wan, 7001, 7000, b"x" * 3000)
        for piece in packets.pieces(lan, wan, datagram, 1200, 300 + number):
            send(piece)
        equal(_arrives(server), 0, "bytes of the dropped datagram")
        equal(lab.reason("fragment-dropped"), 2 * (1 + number), "pieces after a dropped first")
        equal(lab.read(f"{menu} print count-only"), 0, "connections of a dropped packet")


def to_the_router(lab):
    """Pieces to and from the router itself."""
    lab.fw.serve_udp(53)
    rulesets.install(lab)
    for router in (harness.FW_LAN4, harness.FW_LAN6):
        client = lab.lan.udp("::" if ":" in router else "0.0.0.0", timeout=2)
        client.connect((router, 53))
        client.send(b"x" * 5000)
        equal(len(client.recv(65536)), 5000, f"bytes that came back from {router}")
    equal(lab.reason("fragment-unknown"), 0, "unknown pieces")


harness.main(large_datagrams, any_order, pings_in_pieces, first_never_comes, without_agent,
             drop_covers_all, to_the_router, variants=harness.ALL, together=4)
