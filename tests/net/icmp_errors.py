#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ICMP errors about forwarded packets, as real hosts hear of them; topology: harness.py."""
import contextlib
import errno
import socket
import time

import harness
import packets
import rulesets
from harness import (FILTER4, FILTER6, FW_LAN4, FW_LAN6, LAN4, LAN6, WAN4, WAN6, check, equal,
                     eventually)

FAMILIES = ((LAN4, WAN4, FW_LAN4), (LAN6, WAN6, FW_LAN6))
IP_RECVERR, IPV6_RECVERR = 11, 25
DUMMY4 = "192.0.0.8"  # RFC 7600
ROUTES = (("unreachable", "10.67.0.1", "2001:db8:67::1"), ("prohibit", "10.68.0.1",
          "2001:db8:68::1"), ("blackhole", "10.66.0.1", "2001:db8:66::1"),
          (None, "198.51.100.1", "2001:db8:69::1"))


def _errors(lab):
    return lab.datapath()["icmp-errors"]


def _any(address):
    return "::" if ":" in address else "0.0.0.0"


def _sender(lab):
    frames = lab.lan.packet("eth0")
    target, source = lab.fw.mac("ether2"), lab.lan.mac("eth0")
    return lambda packet: frames.send(packets.frame(target, source, packet))


def _listener(lab, six):
    """A raw socket that hears every ICMP error the host is sent, checksums verified."""
    family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (
        socket.AF_INET, socket.IPPROTO_ICMP)
    opened = lab.lan.socket(family, socket.SOCK_RAW, protocol)
    opened.settimeout(1)
    return opened


def _heard(opened, kind):
    """Sources of the errors of this type that have come in."""
    sources = []
    with contextlib.suppress(TimeoutError):
        while True:
            data, sender = opened.recvfrom(2000)
            if (data if ":" in sender[0] else data[20:])[0] == kind:
                sources.append(sender[0])
    return sources


def traceroute(lab):
    """UDP (three probes a hop, all at once), ICMP and TCP: no star, from the right address.

    No more of them than one source is answered: by chance the host's two addresses are one to the
    limiter, which tells sources apart by a hash.
    """
    rulesets.install(lab)
    for _, wan, router in FAMILIES:
        for kind in ((), ("-I", "-q", "1"), ("-T", "-p", "80", "-q", "1")):
            lines = lab.lan.run("traceroute", "-n", "-w", "2", "-m", "2", *kind,
                                wan).stdout.splitlines()[1:]
            check("*" not in lines[0] and lines[0].split()[1] == router, f"the router: {lines}")
            equal(lines[1].split()[1], wan, "the target")
            time.sleep(1)
    errors = _errors(lab)
    equal((errors["sent"], errors["limited"], errors["failed"]), (10, 0, 0), f"{errors}")


def _error_of(lab, target):
    """What a UDP client is told who writes to a target: an errno, 0 for nothing."""
    client = lab.lan.udp(_any(target), timeout=2)
    # Or a socket is told of the graver errors only.
    client.setsockopt(*((socket.IPPROTO_IPV6, IPV6_RECVERR, 1) if ":" in target else
                        (socket.IPPROTO_IP, IP_RECVERR, 1)))
    client.connect((target, 9))
    try:
        client.send(b"tide")
        client.recv(100)
    except TimeoutError:
        return 0
    except OSError as error:
        return error.errno
    return 0


def unreachable(lab):
    """Each type of route is answered as Linux by itself answers it."""
    lab.fw.sysctl("net/ipv4/icmp_ratelimit", 0)  # Linux counts these errors twice
    for kind, *targets in ROUTES:
        for target, size in zip(targets, ("/24", "/64")):
            if kind:
                lab.fw.ip("route", "add", kind, target[:-1] + ("0" if size == "/24" else "")
                          + size)
    targets = [target for _, *both in ROUTES for target in both]
    linux = {target: _error_of(lab, target) for target in targets}
    rulesets.install(lab)
    time.sleep(1)
    equal({target: _error_of(lab, target) for target in targets}, linux,
          "what a client is told with the firewall and without")
    equal([linux[each] for each in ("198.51.100.1", "10.67.0.1", "10.66.0.1", "2001:db8:68::1")],
          [errno.ENETUNREACH, errno.EHOSTUNREACH, 0, errno.EACCES], "and that is what it should")
    for reason in ("no-route", "unreachable-route", "prohibit-route", "blackhole-route"):
        equal(lab.reason(reason), 2, reason)
    equal(_errors(lab)["sent"], 6, "errors that were sent")


def limited(lab):
    """A source is sent six errors at once and one a second; what is not sent is counted.

    No chain judges them.
    """
    rulesets.install(lab)
    for menu in (FILTER4, FILTER6):
        lab.cli(f"{menu} add chain=output action=drop")
    send = _sender(lab)
    for lan, wan, router in FAMILIES:
        six = ":" in lan
        if six:
            time.sleep(6)  # should both addresses be one to the limiter, as above
        listener = _listener(lab, six)
        before, counted = _errors(lab), lab.reason("ttl-exceeded")
        started = time.monotonic()
        for _ in range(50):
            send(packets.ip(lan, wan, 17, packets.udp(lan, wan, 7000, 7001), hop_limit=1))
        heard = _heard(listener, 3 if six else 11)
        took = time.monotonic() - started
        check(6 <= len(heard) <= 7 + took, f"{len(heard)} errors in {took:.1f} s")
        equal(set(heard), {router}, "where they come from")
        equal(lab.reason("ttl-exceeded") - counted, 50, "every packet is counted")
        now = _errors(lab)
        equal(now["sent"] - before["sent"], len(heard), "sent")
        equal(now["limited"] - before["limited"], 50 - len(heard), "not sent")
        time.sleep(1.2)
        send(packets.ip(lan, wan, 17, packets.udp(lan, wan, 7000, 7001), hop_limit=1))
        check(_heard(listener, 3 if six else 11), "one more after a second")


def never(lab):
    """Sources nobody can be told at, errors, later pieces and groups are not answered."""
    lab.up()
    for menu in (FILTER4, FILTER6):
        lab.cli(f"{menu} add chain=forward action=accept")
    send = _sender(lab)
    listeners = _listener(lab, False), _listener(lab, True)
    for source in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "192.168.88.255",
                   FW_LAN4, "240.0.0.1", "10.99.0.1"):
        send(packets.ip(source, WAN4, 17, packets.udp(source, WAN4, 7000, 7001), hop_limit=1))
    for source in ("::", "::1", "ff02::1", FW_LAN6, "2001:db8:ffff::1", "::ffff:192.0.2.1"):
        send(packets.ip(source, WAN6, 17, packets.udp(source, WAN6, 7000, 7001), hop_limit=1))
    quoted = packets.ip(LAN4, WAN4, 17, packets.udp(LAN4, WAN4, 1, 2))
    error = b"\x03\x01\0\0\0\0\0\0" + quoted
    send(packets.ip(LAN4, WAN4, 1, error[:2] + packets.checksum(error).to_bytes(2) + error[4:],
                    hop_limit=1))
    for piece in packets.pieces(LAN4, WAN4, packets.udp(LAN4, WAN4, 7000, 7001, b"x" * 100), 64,
                                9)[1:]:
        send(piece)
    send(packets.ip(LAN4, "224.0.0.5", 17, packets.udp(LAN4, "224.0.0.5", 7000, 7001),
                    hop_limit=1))
    send(packets.ip(LAN6, "ff0e::5", 17, packets.udp(LAN6, "ff0e::5", 7000, 7001), hop_limit=1))
    equal([_heard(listeners[0], 11), _heard(listeners[1], 3)], [[], []], "errors")
    errors = _errors(lab)
    equal(errors["undue"], 2, f"of the experimental net, and the error: {errors}")
    equal(errors["sent"] + errors["failed"], 2, f"to who is behind no interface: {errors}")


def from_where(lab):
    """Without an IPv4 address errors come from 192.0.0.8; without an IPv6 one there are none."""
    lab.fw.ip("address", "flush", "dev", "ether1")
    lab.fw.ip("address", "flush", "dev", "ether2")
    lab.lan.ip("route", "replace", "default", "via", FW_LAN4, "onlink", "dev", "eth0")
    mac = "02:00:00:00:00:99"
    lab.fw.ip("link", "set", "ether2", "address", mac)
    for host, router in ((LAN4, FW_LAN4), (LAN6, FW_LAN6)):
        lab.lan.ip("neighbour", "replace", router, "lladdr", mac, "dev", "eth0")
        lab.fw.ip("route", "add", host, "dev", "ether2")
        lab.fw.ip("neighbour", "replace", host, "lladdr",
                  ":".join(f"{byte:02x}" for byte in lab.lan.mac("eth0")), "dev", "ether2")
    lab.fw.ip("route", "add", "10.67.0.0/24", "dev", "ether1")
    lab.fw.ip("route", "add", "2001:db8:67::/64", "dev", "ether1")
    lab.up()
    lab.cli(f"{FILTER4} add chain=forward action=accept")
    send = _sender(lab)
    listener = _listener(lab, False)

    def heard():
        send(packets.ip(LAN4, "10.67.0.1", 17, packets.udp(LAN4, "10.67.0.1", 1, 2), hop_limit=1))
        return _heard(listener, 11)

    eventually(lambda: heard() == [DUMMY4], "an error from the address of RFC 7600", 8)
    failed = _errors(lab)["failed"]
    send(packets.ip(LAN6, "2001:db8:67::1", 17, packets.udp(LAN6, "2001:db8:67::1", 1, 2),
                    hop_limit=1))
    equal(_heard(_listener(lab, True), 3), [], "IPv6 errors from nowhere")
    equal(_errors(lab)["failed"], failed + 1, "counted as failed")
    lab.fw.address("ether1", "203.0.113.1/24")
    eventually(lambda: heard() == ["203.0.113.1"], "then from another interface's address", 8)
    lab.fw.address("ether2", "192.168.88.5/24", FW_LAN4 + "/24")
    eventually(lambda: heard() == ["192.168.88.5"], "then from its own first", 8)


def local_networks(lab):
    """Whole networks that are the host's own, and anycast addresses, are not without a route."""
    rulesets.install(lab)
    check(lab.lan.pings("2001:db8:88::"), "the subnet router anycast address answers")
    check(lab.lan.denied_pings("10.9.1.1"), "nobody has this address")
    equal(lab.reason("no-route"), 1, "no route")
    lab.fw.ip("route", "add", "local", "10.9.0.0/16", "dev", "lo")
    eventually(lambda: lab.lan.pings("10.9.1.1"), "the router has all of the network")
    lab.fw.ip("route", "delete", "local", "10.9.0.0/16", "dev", "lo")
    before = lab.reason("no-route")
    eventually(lambda: lab.lan.pings("10.9.1.1") or lab.reason("no-route") > before,
               "no longer")


harness.main(traceroute, unreachable, limited, never, from_where, local_networks,
             variants=harness.ALL, mixed=(traceroute, unreachable), together=4)
