#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All five connection states, each produced by real packets and counted; topology: harness.py."""
import socket

import harness
import packets
from harness import (CONNECTION4, CONNECTION6, FILTER4, FILTER6, LAN4, LAN6, RAW4, RAW6, WAN4,
                     WAN6, check, equal)
from hosts import echoes

STATES = ("new", "established", "related", "invalid", "untracked")


def _rules(filter_menu, raw_menu):
    lines = [raw_menu]
    for port in ("dst-port", "src-port"):
        lines.append(f"add chain=prerouting protocol=udp {port}=9 action=notrack")
    lines.append(filter_menu)
    lines += [f"add chain=forward connection-state={state} action=accept comment={state}"
              for state in STATES]
    return "\n".join(lines) + "\n"


def _gained(lab, menu, action):
    before = lab.counts(menu)
    action()
    after = lab.counts(menu)
    return {name: after[name] - before[name] for name in STATES if after[name] != before[name]}


def _refused(lab, wan):
    any_address = "::" if ":" in wan else "0.0.0.0"
    with lab.lan.udp(any_address) as opened:
        opened.connect((wan, 7777))
        opened.send(b"tide")
        try:
            opened.recv(10)
        except ConnectionRefusedError:
            return
        except socket.timeout:
            pass
    raise harness.Failure("the ICMP error for a closed port did not arrive")


def every_state(lab):
    """One cause for each state, and exact counts at the rule that matches it."""
    lab.wan.serve_udp(53)
    lab.wan.serve_udp(9)
    lab.up()
    for menu, raw, connection, lan, wan in ((FILTER4, RAW4, CONNECTION4, LAN4, WAN4),
                                            (FILTER6, RAW6, CONNECTION6, LAN6, WAN6)):
        lab.rules(_rules(menu, raw))
        with lab.lan.udp("::" if ":" in wan else "0.0.0.0") as opened:
            opened.connect((wan, 53))
            equal(_gained(lab, menu, lambda o=opened: check(echoes(o), "an answer")),
                  {"new": 1, "established": 1}, "a question and its answer")
            equal(_gained(lab, menu, lambda o=opened: check(echoes(o), "an answer")),
                  {"established": 2}, "the second question and its answer")
        equal(_gained(lab, menu, lambda w=wan: _refused(lab, w)), {"new": 1, "related": 1},
              "a closed port's ICMP error")
        sender = lab.lan.packet("eth0")
        stray = packets.frame(lab.fw.mac("ether2"), lab.lan.mac("eth0"), packets.ip(
            lan, wan, 6, packets.tcp(lan, wan, 4001, 80, packets.TCP_RST)))
        equal(_gained(lab, menu, lambda s=sender, p=stray: s.send(p)), {"invalid": 1},
              "a TCP reset of no connection, which nobody answers")
        tracked = lab.read(f"{connection} print count-only")
        equal(_gained(lab, menu, lambda w=wan: check(lab.lan.reaches_udp(w, 9), "an answer")),
              {"untracked": 2}, "an exchange that raw rules keep from the tracker")
        equal(lab.read(f"{connection} print count-only"), tracked, "connections after notrack")


def two_before_an_answer(lab):
    """Packets of the opening direction are new until the first reply."""
    lab.up()
    for menu, raw, wan in ((FILTER4, RAW4, WAN4), (FILTER6, RAW6, WAN6)):
        lab.rules(_rules(menu, raw))
        server = lab.wan.udp("::" if ":" in wan else "0.0.0.0", 6000)
        client = lab.lan.udp("::" if ":" in wan else "0.0.0.0", 6001)

        def send(count, port=6000, client=client, wan=wan, server=server):
            for _ in range(count):
                client.sendto(b"tide", (wan, port))
                server.recvfrom(10)

        equal(_gained(lab, menu, lambda: send(3)), {"new": 3}, "three without a reply")


harness.main(every_state, two_before_an_answer, variants=harness.ALL)
