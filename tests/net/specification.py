#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of the specification through the real command line; topology: harness.py."""
import pathlib
import subprocess
import time

import harness
import rulesets
from harness import CONNECTION4, FILTER4, WAN4, check, equal, eventually
from hosts import echoes

# In the specification's order. What a later version builds (helpers, FastTrack) is accepted, kept
# and printed.
COMMANDS = pathlib.Path(__file__).with_suffix(".rsc").read_text("utf-8")

TRACKING = ("enabled=yes max-connections=200000 tcp-syn-sent-timeout=5s "
            "tcp-syn-received-timeout=5s tcp-established-timeout=1d tcp-fin-wait-timeout=10s "
            "tcp-close-wait-timeout=1m "
            "tcp-last-ack-timeout=30s tcp-time-wait-timeout=10s tcp-close-timeout=10s "
            "tcp-unacked-timeout=5m udp-timeout=30s udp-stream-timeout=3m icmp-timeout=30s "
            "generic-timeout=10m").split()

HELPERS = [("0", "ftp", "21"), ("1", "tftp", "69"), ("2", "irc", "6667"), ("3", "h323", ""),
           ("4", "sip", "5060,5061"), ("5", "pptp", "")]


def _single_commands():
    commands, command = [], ""
    for line in COMMANDS.strip().splitlines():
        command += line + "\n"
        if not line.endswith("\\"):
            commands.append(command)
            command = ""
    return commands


def _expected_effect(lab):
    row = lab.read("/ip firewall connection tracking print")[0]
    equal([row[name] for name in ("enabled", "max-connections", "tcp-established-timeout",
                                  "udp-timeout", "udp-stream-timeout")],
          ["no", 500000, "2d", "10s", "10m"], "tracking settings")
    rules = [(rule["chain"], rule["action"], rule.get("connection-state"), rule["comment"])
             for rule in lab.read(f"{FILTER4} print")]
    both = "established,related"
    equal(rules, [("input", "drop", "invalid", "drop invalid"),
                  ("forward", "drop", "invalid", "drop invalid forward"),
                  ("forward", "fasttrack-connection", both, "FastTrack established/related"),
                  ("forward", "accept", both, "Accept established/related")], "filter rules")
    raw = lab.read("/ip firewall raw print")
    equal([(rule["src-address"], rule["action"]) for rule in raw],
          [("10.0.0.0/8", "notrack")], "raw rules")
    helpers = {row["name"]: row["disabled"] for row in lab.read("/ip firewall service-port print")}
    equal(helpers, {"ftp": True, "tftp": False, "irc": True, "h323": True, "sip": False,
                    "pptp": True}, "service ports")


def one_by_one(lab):
    """Each command as an argument of its own call."""
    lab.up()
    for command in _single_commands():
        lab.cli(command)
    _expected_effect(lab)


def as_a_pipe(lab):
    """All of them on standard input; export gives the same configuration again."""
    lab.up()
    lab.cli(text=COMMANDS)
    _expected_effect(lab)
    exported = lab.cli("export")
    for path in ("/ip firewall filter", "/ip firewall raw", "/ip firewall connection tracking"):
        lab.cli(f"{path} export")
    for menu in ("filter", "raw"):
        lab.cli(f"/ip firewall {menu} remove [find]")
    lab.rules(exported)
    equal(lab.cli("export"), exported, "the export after its own import")


def rule_sets_as_printed(lab):
    """The complete rule sets: a path followed by verbs, continued lines."""
    lab.up()
    lab.lists()
    script = rulesets.both(rulesets.INPUT, rulesets.FASTTRACK, rulesets.FORWARD)
    lab.cli(script)
    lab.wan.serve_tcp(80)
    check(lab.lan.reaches_tcp(WAN4, 80), "LAN reaches WAN through the rules")
    counts = lab.counts(FILTER4)
    equal(counts["FastTrack established/related"], counts["Accept established/related forward"],
          "fasttrack-connection counts and goes on to the next rule")
    check(counts["FastTrack established/related"] > 0, "established packets were counted")
    check("hw-offload=yes" in lab.cli(f"{FILTER4} print"), "hw-offload is printed")


def default_listings(lab):
    """The listings whose content the specification shows."""
    lab.up()
    words = lab.cli("/ip firewall connection tracking print").split()
    equal(words, "Flags: X - disabled 0".split() + TRACKING, "tracking print")
    lines = [line.split() for line in lab.cli("/ip firewall service-port print").splitlines()]
    rows = [(line[0], line[1], "".join(line[2:])) for line in lines if line and line[0].isdigit()]
    equal(rows, HELPERS, "service-port print")


def connection_examples(lab):
    """What the specification says of the connection table, on real connections."""
    lab.up()
    lab.fw.address("ether2", "10.0.0.1/24")
    lab.lan.address("eth0", "192.168.88.100/24", "10.0.0.5/24")
    lab.wan.address("eth0", "203.0.113.50/24", "203.0.113.42/24")
    lab.wan.serve_tcp(80)
    opened = lab.lan.connect("203.0.113.50", 80)
    check(opened and echoes(opened), "LAN opens a connection")
    for host, source, target in ((lab.lan, "10.0.0.5", "203.0.113.42"),
                                 (lab.wan, "203.0.113.42", "192.168.88.100")):
        asked = host.udp(source)
        asked.sendto(b"x", (target, 53))
    shown = [
        ("print", {"203.0.113.50", "203.0.113.42", "192.168.88.100"}),
        ('print where dst-address~"192.168.88.100"', {"192.168.88.100"}),
        ("print where protocol=tcp", {"203.0.113.50"}),
        ('print where src-address~"10.0.0"', {"203.0.113.42"}),
        ('print where src-address~"203.0.113.42"', {"192.168.88.100"}),
        ("print where protocol=tcp state=established", {"203.0.113.50"}),
    ]
    for command, expected in shown:
        rows = eventually(lambda command=command: lab.read(f"{CONNECTION4} {command}"), command)
        equal({row["dst-address"] for row in rows}, expected, command)
        text = lab.cli(f"{CONNECTION4} {command}")
        equal(len(text.splitlines()), 3 + len(rows), f"{command}:\n{text}")
    equal(lab.cli(f"{CONNECTION4} print count-only"), "3\n", "count-only")
    lab.cli(f'{CONNECTION4} remove [find dst-address~"203.0.113.50"]')
    equal({row["dst-address"] for row in lab.connections()}, {"203.0.113.42", "192.168.88.100"},
          "after remove")
    lab.cli(f"{CONNECTION4} remove [find]")
    equal(lab.cli(f"{CONNECTION4} print count-only"), "0\n", "after removing all")


def watched(lab):
    """print interval=1 shows the table again and again until it is interrupted."""
    lab.up()
    lab.wan.serve_udp(53)
    check(lab.lan.reaches_udp(WAN4, 53), "LAN asks WAN")
    command = [harness.BIN / "tidegate", "--instance", lab.instance,
               f"{CONNECTION4} print interval=1 without-paging"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        time.sleep(2.5)
        check(process.poll() is None, "still watching")
        process.terminate()
        shown = process.communicate()[0]
    check(shown.count(f"{WAN4}:53") >= 2, f"the row appears in each listing:\n{shown}")


harness.main(one_by_one, as_a_pipe, rule_sets_as_printed, default_listings, connection_examples,
             watched,
             variants=(harness.AS_THEY_COME,))
