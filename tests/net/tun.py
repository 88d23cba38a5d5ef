#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A tun and a tap device of the router, in tc mode, with a real host at the other end of them:

    lan eth0 ── ether2 [tidegate] far0 ⇐ this script carries packets ⇒ far0 of the wan namespace
                          10.99.0.1                                    10.99.0.2
                          2001:db8:99::1                               2001:db8:99::2
"""
import contextlib
import fcntl
import os
import select
import struct
import sys
import threading

import harness
from harness import FILTER4, FILTER6, FW_LAN4, FW_LAN6, LAN4, LAN6, check, equal
from hosts import echoes

TUN_DEVICE = "/dev/net/tun"
TUNSETIFF, IFF_TUN, IFF_TAP, IFF_NO_PI = 0x400454CA, 1, 2, 0x1000
FW_FAR4, FW_FAR6 = "10.99.0.1", "2001:db8:99::1"
FAR4, FAR6 = "10.99.0.2", "2001:db8:99::2"
SMALL_MTU = 1300
LIMIT = 65536


class Wire:
    """Two devices of one kind in two namespaces, what leaves one comes in by the other."""

    def __init__(self, kind, *namespaces):
        self._ends = []
        for namespace in namespaces:
            with namespace.inside():
                end = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK)
                fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", b"far0", kind | IFF_NO_PI))
            namespace.ip("link", "set", "far0", "up")
            self._ends.append(end)
        self._stop, self._stopping = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self):
        others = dict(zip(self._ends, reversed(self._ends)))
        while True:
            ready, _, _ = select.select([*self._ends, self._stop], [], [])
            if self._stop in ready:
                return
            for end in ready:
                with contextlib.suppress(OSError):
                    os.write(others[end], os.read(end, LIMIT))

    def cut(self):
        """The devices go with their descriptors."""
        os.write(self._stopping, b"x")
        self._thread.join()
        for descriptor in (*self._ends, self._stop, self._stopping):
            os.close(descriptor)


@contextlib.contextmanager
def _far(lab, kind):
    """The wire, the firewall attached to both sides, and a rule for each direction."""
    wire = Wire(kind, lab.fw, lab.wan)
    try:
        lab.fw.address("far0", FW_FAR4 + "/24", FW_FAR6 + "/64")
        lab.wan.address("far0", FAR4 + "/24", FAR6 + "/64")
        lab.wan.ip("route", "add", "192.168.88.0/24", "via", FW_FAR4)
        lab.wan.ip("route", "add", "2001:db8:88::/64", "via", FW_FAR6)
        lab.up("ether2")
        lab.program("tidegate", "up", "--instance", lab.instance, "--netns", lab.fw.name, "--mode",
                    "tc", "far0")
        for menu in (FILTER4, FILTER6):
            lab.rules(f"{menu}\n"
                      "add chain=forward in-interface=ether2 out-interface=far0 comment=out\n"
                      "add chain=forward in-interface=far0 out-interface=ether2 comment=in\n"
                      "add chain=forward action=drop comment=rest\n"
                      "add chain=input in-interface=far0 action=passthrough comment=input\n"
                      "add chain=output out-interface=far0 action=passthrough comment=output\n")
        yield
        for menu in (FILTER4, FILTER6):
            equal(lab.counts(menu)["rest"], 0, "forwarded packets that named other interfaces")
    finally:
        wire.cut()


def _stays_up(stream):
    return all(echoes(stream, bytes(range(256)) * 32) for _ in range(20))


def _both_ways(lab, kind):
    with _far(lab, kind):
        lab.wan.serve_tcp(80)
        lab.wan.serve_udp(53)
        lab.lan.serve_tcp(80)
        lab.lan.serve_udp(53)
        for lan, far in ((LAN4, FAR4), (LAN6, FAR6)):
            check(lab.lan.pings(far), f"LAN pings {far}")
            check(lab.lan.reaches_udp(far, 53), f"UDP to {far}")
            check(lab.wan.reaches_udp(lan, 53), f"UDP from there to {lan}")
            check(lab.wan.reaches_tcp(lan, 80), f"TCP from there to {lan}")
            stream = lab.lan.connect(far, 80)
            check(stream is not None and _stays_up(stream), f"TCP to {far}")
        for menu in (FILTER4, FILTER6):
            counts = lab.counts(menu)
            check(counts["out"] > 50 and counts["in"] > 50, f"{menu}: {counts}")
        equal(lab.reason("forward-stack"), 0, "packets the kernel had to forward")


def tun(lab):
    """A layer 3 device: forwarded both ways, both families, by the datapath alone."""
    _both_ways(lab, IFF_TUN)


def tap(lab):
    """The same with link headers."""
    _both_ways(lab, IFF_TAP)


def router_itself(lab):
    """Input from and output to a layer 3 device meet their chains."""
    with _far(lab, IFF_TUN):
        for menu, far, own in ((FILTER4, FAR4, FW_FAR4), (FILTER6, FAR6, FW_FAR6)):
            check(lab.wan.pings(own), f"{own} answers")
            check(lab.fw.pings(far), f"the router pings {far}")
            counts = lab.counts(menu)
            check(counts["input"] >= 2 and counts["output"] >= 2, f"{menu}: {counts}")
            lab.cli(f"{menu} add chain=input in-interface=far0 action=drop")
            check(lab.wan.denied_pings(own), f"{own} is silent when the rule drops")


def errors(lab):
    """The router is a hop on both sides of a layer 3 device, and says what it cannot send."""
    with _far(lab, IFF_TUN):
        for host, target, router in ((lab.lan, FAR4, FW_LAN4), (lab.lan, FAR6, FW_LAN6),
                                     (lab.wan, LAN4, FW_FAR4), (lab.wan, LAN6, FW_FAR6)):
            output = host.run("ping", "-n", "-c", "1", "-t", "1", "-W", "1", target,
                              good=False).stdout
            check("exceeded" in output and router in output, f"{router} answers: {output}")
            output = host.run("ping", "-n", "-c", "1", "-t", "2", "-W", "1", target).stdout
            check("ttl=63" in output, f"one hop was taken off the answer's TTL: {output}")


def small_mtu(lab):
    """A smaller MTU behind the router: pieces where they may be made, else the sender is told."""
    with _far(lab, IFF_TUN):
        lab.wan.serve_tcp(80)
        for host in (lab.fw, lab.wan):
            host.ip("link", "set", "far0", "mtu", str(SMALL_MTU))
        output = lab.lan.run("ping", "-n", "-c", "1", "-W", "1", "-M", "do", "-s", "1400", FAR4,
                             good=False).stdout
        check(f"mtu = {SMALL_MTU}" in output or f"mtu={SMALL_MTU}" in output, output)
        lab.lan.ip("route", "flush", "cache")
        output = lab.lan.run("ping", "-n", "-c", "1", "-W", "1", "-M", "dont", "-s", "1400",
                             FAR4).stdout
        check(" 0% packet loss" in output, f"in pieces: {output}")
        for far in (FAR4, FAR6):
            stream = lab.lan.connect(far, 80)
            check(stream is not None, f"TCP to {far}")
            stream.settimeout(5)
            check(_stays_up(stream), f"large segments of TCP to {far} and back")


if __name__ == "__main__":
    if os.geteuid() == 0 and not os.access(TUN_DEVICE, os.R_OK | os.W_OK):
        print(f"skipped: there is no {TUN_DEVICE} here")
        sys.exit(harness.SKIPPED)
    harness.main(tun, tap, router_itself, errors, small_mtu, variants=harness.ALL, together=4)
