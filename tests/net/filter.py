#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The specification's input and forward rule sets judge real traffic; topology: harness.py."""
import harness
import rulesets
from harness import (CONNECTION4, CONNECTION6, FILTER4, FILTER6, FW_LAN4, FW_LAN6, FW_WAN4,
                     FW_WAN6, LAN4, LAN6, WAN4, WAN6, check, equal)

FLAGS = ("expected", "seen-reply", "assured", "confirmed", "dying", "fasttrack", "hw-offload",
         "srcnat", "dstnat", "uses-helper")
ADDRESSES = ("src-address", "dst-address", "reply-src-address", "reply-dst-address")
COUNTERS = ("orig-packets", "repl-packets", "orig-bytes", "repl-bytes")


def accepts_and_drops(lab):
    """LAN to anywhere, SSH from LAN, ICMP; nothing else from WAN."""
    for host in lab.namespaces:
        for port in (22, 80):
            host.serve_tcp(port)
            host.serve_udp(port)
    rulesets.install(lab)
    for wan, lan, fw_lan, fw_wan in ((WAN4, LAN4, FW_LAN4, FW_WAN4),
                                     (WAN6, LAN6, FW_LAN6, FW_WAN6)):
        check(lab.lan.reaches_tcp(wan, 80), f"LAN opens TCP to {wan}")
        check(lab.lan.reaches_udp(wan, 80), f"LAN exchanges UDP with {wan}")
        check(lab.lan.pings(wan, count=3), f"LAN pings {wan}")
        check(lab.lan.reaches_tcp(fw_lan, 22), f"LAN opens SSH to {fw_lan}")
        check(lab.lan.pings(fw_lan), f"LAN pings {fw_lan}")
        check(lab.wan.pings(fw_wan), f"WAN pings {fw_wan}")
        check(lab.wan.denied_tcp(fw_wan, 22), f"WAN is refused SSH to {fw_wan}")
        check(lab.wan.denied_udp(fw_wan, 80), f"WAN is refused UDP to {fw_wan}")
        check(lab.wan.denied_tcp(fw_lan, 22), f"WAN is refused SSH to {fw_lan}")
        check(lab.wan.denied_tcp(lan, 80), f"WAN is refused TCP to {lan}")
        check(lab.wan.denied_udp(lan, 80), f"WAN is refused UDP to {lan}")
        check(lab.wan.denied_pings(lan), f"WAN is refused pings to {lan}")
        check(lab.fw.reaches_tcp(wan, 80), f"the router itself opens TCP to {wan}")
        check(lab.fw.reaches_tcp(lan, 80), f"the router itself opens TCP to {lan}")


def rule_statistics(lab):
    """Every packet of one exchange stands at the rule that decided it."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    for menu, wan, lan, size in ((FILTER4, WAN4, LAN4, 32), (FILTER6, WAN6, LAN6, 52)):
        check(lab.lan.reaches_udp(wan, 53), f"LAN asks {wan}")
        check(lab.wan.denied_udp(lan, 53), f"WAN is refused by {lan}")
        found = {rule["comment"]: (rule["packets"], rule["bytes"])
                 for rule in lab.read(f"{menu} print stats") if rule["chain"] == "forward"}
        equal(found, {"Accept established/related forward": (1, size),
                      "Drop invalid forward": (0, 0),
                      "LAN to WAN new": (1, size),
                      "Drop all other forward": (1, size)}, f"{menu} statistics")
        lab.cli(f"{menu} reset-counters [find]")
        equal(sum(lab.counts(menu).values()), 0, "packets after reset-counters")


def _has_every_field(row, numbers):
    for name in (".id", "protocol", "connection-mark", *ADDRESSES):
        check(isinstance(row.get(name), str), f"{name} is text: {row}")
    for name in ("timeout", *COUNTERS, *numbers):
        check(type(row.get(name)) is int, f"{name} is a number: {row}")
    for name in FLAGS:
        check(isinstance(row.get(name), bool), f"{name} is a boolean: {row}")
    check(row[".id"].startswith("*"), f".id is printed as an id: {row}")


def _addresses(row):
    return [row[name] for name in ADDRESSES]


def connection_table(lab):
    """JSON of the connection table: every field the console promises, for every protocol."""
    lab.wan.serve_udp(53)
    lab.wan.serve_tcp(80)
    rulesets.install(lab)
    for menu, wan, lan, header in ((CONNECTION4, WAN4, LAN4, 20), (CONNECTION6, WAN6, LAN6, 40)):
        stream = lab.lan.connect(wan, 80)
        check(stream is not None, f"LAN opens TCP to {wan}")
        check(lab.lan.reaches_udp(wan, 53, source=4000), f"LAN asks {wan}")
        check(lab.lan.pings(wan), f"LAN pings {wan}")
        ports = ("src-port", "dst-port", "reply-src-port", "reply-dst-port")
        rows = {row["protocol"]: row for row in lab.connections(menu)}
        icmp = "icmp" if header == 20 else "icmpv6"
        equal(sorted(rows), sorted([icmp, "tcp", "udp"]), "protocols in the table")

        _has_every_field(rows["udp"], ports)
        equal(_addresses(rows["udp"]), [lan, wan, wan, lan], "UDP addresses")
        equal([rows["udp"][name] for name in ports], [4000, 53, 53, 4000], "UDP ports")
        equal([rows["udp"][name] for name in COUNTERS], [1, 1, header + 12, header + 12],
              "UDP counters")
        check(170 <= rows["udp"]["timeout"] <= 180, "udp-stream-timeout after a reply")

        _has_every_field(rows["tcp"], ports)
        source = stream.getsockname()[1]
        equal([rows["tcp"][name] for name in ports], [source, 80, 80, source], "TCP ports")
        equal((rows["tcp"]["tcp-state"], rows["tcp"]["state"]), ("established", "established"),
              "TCP state and its other name")
        check(86390 <= rows["tcp"]["timeout"] <= 86400, "tcp-established-timeout")

        _has_every_field(rows[icmp], ("icmp-type", "icmp-code", "icmp-id"))
        equal((rows[icmp]["icmp-type"], rows[icmp]["icmp-code"]), (8 if header == 20 else 128, 0),
              "ICMP echo")
        check("src-port" not in rows[icmp] and "tcp-state" not in rows[icmp], "ICMP has no ports")
        for row in rows.values():
            set_flags = {name for name in FLAGS if row[name]}
            equal(set_flags, {"seen-reply", "assured", "confirmed"}, f"flags of {row['protocol']}")
        equal(lab.read(f"{menu} print count-only"), 3, "count-only is one number")
        equal(len(lab.connections(menu, "protocol=tcp state=established")), 1, "where on both")
        shown = f"{lan}:4000" if header == 20 else f"[{lan}]:4000"
        check(shown in lab.cli(f"{menu} print where protocol=udp"), "text shows address:port")
        pattern = shown.replace("[", r"\\[").replace("]", r"\\]")
        equal(len(lab.connections(menu, f'src-address~"{pattern}"')), 1, "regex sees address:port")


harness.main(accepts_and_drops, rule_statistics, connection_table, variants=harness.ALL,
             together=4)
