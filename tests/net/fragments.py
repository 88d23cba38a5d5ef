#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Datagrams in pieces follow the verdict on their first piece; topology: harness.py."""
import harness
import packets
import rulesets
from harness import CONNECTION4, CONNECTION6, LAN4, LAN6, WAN4, WAN6, check, equal

FAMILIES = ((LAN4, WAN4, CONNECTION4), (LAN6, WAN6, CONNECTION6))


def _sender(lab):
    frames = lab.lan.packet("eth0")
    target, source = lab.fw.mac("ether2"), lab.lan.mac("eth0")
    return lambda packet: frames.send(packets.frame(target, source, packet))


def _server(lab, wan, port):
    return lab.wan.udp("::" if ":" in wan else "0.0.0.0", port, timeout=0.4)


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


def order_matters(lab):
    """A piece before its first is dropped under its own reason; in order they pass."""
    rulesets.install(lab)
    send = _sender(lab)
    for number, (lan, wan, _) in enumerate(FAMILIES):
        server = _server(lab, wan, 7000)
        datagram = packets.udp(lan, wan, 7001, 7000, b"x" * 2000)
        first, second = packets.pieces(lan, wan, datagram, 1200, 100 + number)
        send(second)
        send(first)
        equal(_arrives(server), 0, "bytes of a datagram whose second piece came first")
        equal(lab.reason("fragment-unknown"), 1 + number, "unknown pieces")
        first, second = packets.pieces(lan, wan, datagram, 1200, 200 + number)
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


harness.main(large_datagrams, order_matters, drop_covers_all, to_the_router, variants=harness.ALL,
             together=4)
