#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The router as a hop: traceroute, TTL, neighbours; topology: harness.py."""
import time

import harness
import rulesets
from harness import (FILTER4, FILTER6, FW_LAN4, FW_LAN6, LAN4, LAN6, WAN4, WAN6, check, equal)
from hosts import echoes


def _hops(lab, wan):
    output = lab.lan.run("traceroute", "-n", "-q", "1", "-w", "2", "-m", "4", wan).stdout
    return [line.split()[1] for line in output.splitlines()[1:]]


def traceroute(lab):
    """The router is the first hop, the target the second."""
    rulesets.install(lab)
    for wan, router in ((WAN4, FW_LAN4), (WAN6, FW_LAN6)):
        equal(_hops(lab, wan), [router, wan], f"hops to {wan}")
        output = lab.lan.run("ping", "-n", "-c", "1", "-t", "1", "-W", "1", wan, good=False).stdout
        check("exceeded" in output and router in output, f"the router answers: {output}")
        output = lab.lan.run("ping", "-n", "-c", "1", "-t", "2", "-W", "1", wan).stdout
        check("ttl=63" in output, f"one hop was taken off the answer's TTL: {output}")


def unreachable(lab):
    """Where the router has no route it says so, also behind the firewall."""
    rulesets.install(lab)
    for target in ("198.51.100.1", "2001:db8:dead::1"):
        output = lab.lan.run("ping", "-n", "-c", "1", "-W", "1", target, good=False).stdout
        check("nreachable" in output or "No route" in output, f"an answer: {output!r}")


def _flush(lab):
    for namespace in lab.namespaces:
        namespace.ip("neigh", "flush", "all")


def neighbours(lab):
    """ARP and neighbour discovery work behind an input chain that drops everything."""
    lab.wan.serve_udp(53)
    lab.up()
    for menu in (FILTER4, FILTER6):
        lab.rules(f"{menu}\nadd chain=input action=drop\n")
    for _ in range(2):
        _flush(lab)
        for wan, router in ((WAN4, FW_LAN4), (WAN6, FW_LAN6)):
            check(lab.lan.reaches_udp(wan, 53, timeout=3), f"LAN exchanges UDP with {wan}")
            check(lab.lan.denied_pings(router), f"while {router} answers nothing")
    check(lab.reason("neighbour-discovery") > 0, "counted as neighbour-discovery")
    check(lab.reason("not-ip") > 0, "ARP is counted as not-ip")
    lab.cli("/ipv6 settings set accept-neighbour-discovery=no")
    _flush(lab)
    check(lab.lan.denied_udp(WAN6, 53), "switched off, neighbour discovery meets the drop")
    check(lab.lan.reaches_udp(WAN4, 53, timeout=3), "ARP has no such switch")


def first_packet(lab):
    """The first packet to a neighbour nobody has asked for is delivered, once."""
    rulesets.install(lab)
    for wan, lan in ((WAN4, LAN4), (WAN6, LAN6)):
        any_address = "::" if ":" in wan else "0.0.0.0"
        server = lab.wan.udp(any_address, 6000, timeout=3)
        client = lab.lan.udp(any_address, 6000, timeout=3)
        for number in range(3):
            _flush(lab)
            client.sendto(b"only one", (wan, 6000))
            data, sender = server.recvfrom(100)
            equal((data, sender[0]), (b"only one", lan), f"the first packet, try {number}")
            lab.fw.ip("neigh", "flush", "all")
            server.sendto(b"answer", sender)
            equal(client.recv(100), b"answer", "the answer")
        server.settimeout(0.5)
        try:
            raise harness.Failure(f"delivered twice: {server.recv(100)!r}")
        except TimeoutError:
            pass


def counted_once(lab):
    """A packet meets each chain once, whichever programs of the router it passes."""
    rulesets.install(lab)
    check(lab.lan.pings(WAN4) and lab.lan.pings(WAN6), "neighbours are known")
    before = lab.reason("forward")
    for menu, wan in ((FILTER4, WAN4), (FILTER6, WAN6)):
        lab.cli(f"{menu} add chain=forward place-before=0 action=passthrough comment=seen")
        check(lab.lan.pings(wan, count=5), f"LAN pings {wan}")
        equal(lab.counts(menu)["seen"], 10, f"{menu}: packets seen of 5 requests and 5 answers")
    equal(lab.reason("forward") - before, 20, "packets forwarded")
    handed = sum(each["handed-over"] for each in lab.status()["interfaces"])
    if lab.variant == harness.GENERIC:
        check(handed >= 20, f"XDP has judged them and TC sent them: {handed}")


def long_lived(lab):
    """A connection goes on when the neighbour behind it is forgotten."""
    lab.wan.serve_tcp(80)
    rulesets.install(lab)
    for wan in (WAN4, WAN6):
        stream = lab.lan.connect(wan, 80)
        check(stream is not None and echoes(stream), f"TCP to {wan}")
        _flush(lab)
        stream.settimeout(5)
        started = time.monotonic()
        check(echoes(stream), "TCP after the neighbours were forgotten")
        check(time.monotonic() - started < 3, "without waiting long")


harness.main(traceroute, unreachable, neighbours, first_packet, counted_once, long_lived,
             variants=harness.ALL, together=4)
