#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enabled=no and enabled=auto: what the tracker knew is gone at once, what needs it is invalid.

Topology: harness.py.
"""
import harness
import rulesets
from harness import CONNECTION4, CONNECTION6, FILTER4, FILTER6, WAN4, WAN6, check, equal, eventually
from hosts import echoes

SETTINGS = "/ip firewall connection tracking set"
# Counts every forwarded packet, whatever the tracker says, and lets it pass.
ALL = "".join(f"/{family} firewall filter add chain=forward action=accept comment=all\n"
              f"/{family} firewall filter move [find comment=all] 0\n" for family in ("ip", "ipv6"))


def _rows(lab):
    """How many connections print shows and count-only counts, of both families."""
    return [(len(lab.connections(menu)), lab.read(f"{menu} print count-only"))
            for menu in (CONNECTION4, CONNECTION6)]


def _stateful(lab):
    """What print says of the rules with connection-state: (how many, how many of them invalid)."""
    rules = [rule for menu in (FILTER4, FILTER6) for rule in lab.read(f"{menu} print")
             if "connection-state" in rule]
    return len(rules), sum(rule["invalid"] for rule in rules)


def switched_off(lab):
    """No connection is left, stateful rules stay, show I and match nothing; then all over again."""
    lab.wan.serve_tcp(80)
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    streams = [lab.lan.connect(wan, 80) for wan in (WAN4, WAN6)]
    check(all(streams) and all(map(echoes, streams)), "TCP works")
    check(all(lab.lan.reaches_udp(wan, 53) for wan in (WAN4, WAN6)), "UDP works")
    number, invalid = _stateful(lab)
    check(number > 0 and invalid == 0, f"stateful rules: {number}, invalid: {invalid}")
    equal(_rows(lab), [(2, 2), (2, 2)], "connections before")

    lab.cli(f"{SETTINGS} enabled=no")
    equal(_rows(lab), [(0, 0), (0, 0)], "connections when tracking is off")
    equal(lab.datapath()["tracking"], False, "tracking")
    equal(_stateful(lab), (number, number), "stateful rules, and those that show I")
    before = lab.counts(FILTER4)
    for stream in streams:
        stream.settimeout(0.3)
        check(not echoes(stream), "the accept rules for established and new match nothing")
    after = lab.counts(FILTER4)
    equal({rule for rule, count in after.items() if count != before[rule]},
          {"Drop all other forward"}, "rules that have counted")
    lab.cli(f"{FILTER4} add chain=forward connection-state=new action=accept comment=added")
    equal(lab.read(f"{FILTER4} print where comment=added")[0]["invalid"], True, "an added one")
    lab.rules(ALL)
    check(all(lab.lan.reaches_udp(wan, 53) for wan in (WAN4, WAN6)), "other rules hold")
    equal(_rows(lab), [(0, 0), (0, 0)], "connections after more packets")

    lab.cli(f"{SETTINGS} enabled=yes")
    equal(_stateful(lab)[1], 0, "stateful rules that show I when tracking is on")
    check(all(lab.lan.reaches_udp(wan, 53) for wan in (WAN4, WAN6)), "UDP works again")
    equal(_rows(lab), [(1, 1), (1, 1)], "connections: the new ones, none of the old")


def as_rules_ask(lab):
    """auto: on while an enabled, valid rule of either family needs it, from the commit on."""
    lab.wan.serve_udp(53)
    lab.up()
    lab.cli(f"{SETTINGS} enabled=auto")
    lab.rules(ALL)

    def tracks(expected, text):
        equal(lab.datapath()["tracking"], expected, f"tracking {text}")
        check(all(lab.lan.reaches_udp(wan, 53) for wan in (WAN4, WAN6)), f"UDP {text}")
        equal([bool(rows) for rows, _ in _rows(lab)], [expected] * 2, f"connections {text}")

    tracks(False, "without a rule that needs it")
    lab.cli(f"{FILTER6} add chain=input connection-state=new action=accept comment=needs")
    tracks(True, "with one, of the other family too")
    lab.cli(f"{FILTER6} disable [find comment=needs]")
    tracks(False, "when it is disabled")
    lab.cli(f"{FILTER6} enable [find comment=needs]")
    tracks(True, "when it is enabled")
    lab.fw.ip("link", "add", "passing", "type", "veth", "peer", "name", "by")
    lab.cli(f"{FILTER6} set [find comment=needs] in-interface=passing")
    tracks(True, "when it names an interface")
    lab.fw.ip("link", "delete", "passing")
    eventually(lambda: lab.read(f"{FILTER6} print where comment=needs")[0]["invalid"],
               "the rule is invalid when the interface has gone")
    tracks(False, "when it is invalid")
    lab.cli(f"{FILTER6} remove [find comment=needs]")
    tracks(False, "when it is gone")
    lab.cli(f"{FILTER4} add chain=forward action=fasttrack-connection place-before=0")
    tracks(True, "with fasttrack-connection")
    lab.kill_agent()
    lab.up()
    tracks(True, "with a new agent")


harness.main(switched_off, as_rules_ask, variants=(harness.AS_THEY_COME, harness.NATIVE))
