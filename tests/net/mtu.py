#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packets larger than the next link, and packets of many segments; topology: harness.py.

The WAN link takes 1400 bytes, the LAN link 1500.
"""
import json
import random
import socket

import harness
import rulesets
from harness import CONNECTION4, CONNECTION6, GENERIC, WAN4, WAN6, check, equal
from hosts import echoes

IP_MTU_DISCOVER, IP_PMTUDISC_DONT, IP_PMTUDISC_DO, IP_PMTUDISC_INTERFACE = 10, 0, 2, 4
IP_MTU = 14
IPV6_MTU_DISCOVER, IPV6_MTU = 23, 24


def _narrow(lab):
    lab.fw.ip("link", "set", "ether1", "mtu", "1400")
    lab.wan.ip("link", "set", "eth0", "mtu", "1400")


def _learns(client, data, level, option):
    """Sends until the stack has learnt a path MTU, which is returned."""
    for _ in range(3):
        try:
            client.send(data)
            client.recv(2000)
        except TimeoutError:
            continue
        except OSError:
            break
    return client.getsockopt(level, option)


def too_big(lab):
    """DF and IPv6: the sender is told the MTU. Without DF: delivered in pieces."""
    _narrow(lab)
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    client = lab.lan.udp("0.0.0.0", timeout=2)
    client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
    client.connect((WAN4, 53))
    equal(_learns(client, b"x" * 1472, socket.IPPROTO_IP, IP_MTU), 1400, "path MTU, IPv4")
    client = lab.lan.udp("::", timeout=2)
    client.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_DO)
    client.connect((WAN6, 53))
    equal(_learns(client, b"x" * 1452, socket.IPPROTO_IPV6, IPV6_MTU), 1400, "path MTU, IPv6")
    check(lab.reason("too-big") >= 2, "counted as too-big")

    client = lab.lan.udp("0.0.0.0", 6000, timeout=1)
    # Without DF, and whatever path MTU the host has just learnt.
    client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_INTERFACE)
    client.connect((WAN4, 53))
    before = lab.reason("forward-stack")
    for _ in range(3):
        client.send(b"x" * 1472)
        equal(len(client.recv(2000)), 1472, "bytes of the datagram that went in pieces")
    equal(lab.reason("forward-stack") - before, 3, "datagrams the kernel has cut in pieces")


def in_pieces(lab):
    """What comes in pieces, or as a stream without DF, is cut once more and arrives whole."""
    _narrow(lab)
    lab.wan.serve_udp(53)
    lab.wan.serve_tcp(80)
    rulesets.install(lab)
    data = random.Random(1).randbytes(60000)
    client = lab.lan.udp("0.0.0.0", 6000, timeout=2)
    client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    client.connect((WAN4, 53))
    for size in (1373, 1472, 1473, 2000, 5000, 60000):
        client.send(data[:size])
        check(client.recv(65536) == data[:size], f"{size} bytes come back as they went")
    stream = lab.lan.connect(WAN4, 80)
    stream.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    stream.settimeout(10)
    for _ in range(5):
        check(echoes(stream, data), "a stream without DF comes back as it went")
    equal(lab.reason("fragment-unknown"), 0, "unknown pieces")


def _bulk(lab, wan, *options):
    """Gigabits a second of one second of TCP."""
    # One server a test: to the next client it may still be busy with the last one, and iperf3 ends
    # with status 0 when it is turned away.
    server = lab.wan.spawn("iperf3", "-s", "-1")
    harness.eventually(lambda: lab.wan.listens(5201), "iperf3 listens")
    result = json.loads(lab.lan.run("iperf3", "-J", "-t", "1", "-c", wan, *options,
                                    timeout=20).stdout)
    check("error" not in result, f"iperf3: {result.get('error')}")
    equal(server.wait(10), 0, "status of iperf3's server")
    return result["end"]["sum_received"]["bits_per_second"] / 1e9


def _carries_bulk(lab):
    rulesets.install(lab)
    rates = [_bulk(lab, wan, *options) for wan in (WAN4, WAN6) for options in ((), ("-R",))]
    lab.note("Gbit/s up and down, IPv4 and IPv6: " + " ".join(f"{rate:.1f}" for rate in rates))
    # Lost segments of every GSO packet would leave far less than this. In mixed modes every packet
    # of one way is XDP's and TC's work, one by one.
    least = 0.1 if lab.variant in harness.MIXED else 0.3
    check(min(rates) > least, f"bulk TCP gets through: {rates}")
    # To generic XDP a packet of many segments is one.
    for menu, size in ((CONNECTION4, 1500), (CONNECTION6, 1500)) if lab.variant != GENERIC else ():
        for row in lab.connections(menu, "protocol=tcp dst-port=5201"):
            for way in ("orig", "repl"):
                packets, octets = row[f"{way}-packets"], row[f"{way}-bytes"]
                check(octets <= packets * size, f"{way}: {octets} bytes in {packets} packets")


def bulk(lab):
    """TCP with all offloads: packets of many segments stay whole and count as segments."""
    _carries_bulk(lab)


def bulk_into_a_narrow_link(lab):
    """The same where the path MTU has to be learnt first."""
    _narrow(lab)
    _carries_bulk(lab)


harness.main(too_big, in_pieces, bulk, bulk_into_a_narrow_link, variants=harness.ALL,
             mixed=(too_big, in_pieces, bulk_into_a_narrow_link))
