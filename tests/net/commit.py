#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A commit under traffic is all or nothing for every packet; so is one whose agent dies.

Topology: harness.py. Two rule sets accept port 5001 and drop port 5002, each in its own way: a
packet judged by a mixture of both would be lost on 5001 or leak on 5002.
"""
import os
import random
import subprocess
import time

import harness
from floods import Flood
from harness import FILTER4, WAN4, check, equal, eventually

PADDING = "".join(f"add chain=forward protocol=udp dst-port={port} action=drop\n"
                  for port in range(6000, 6040))
RENEW = "/ip firewall filter remove [find]\n/ip firewall filter\n"
# drop 5002, then accept everything
OPEN = (RENEW + "add chain=forward protocol=udp dst-port=5002 action=drop comment=open\n" + PADDING
        + "add chain=forward action=accept\n")
# accept 5001, then drop everything
CLOSED = (RENEW + "add chain=forward protocol=udp dst-port=5001 action=accept comment=closed\n"
          + PADDING + "add chain=forward action=drop\n")
LONG = os.environ.get("TG_LONG", "0") == "1"
COMMITS = 400 if LONG else 60
DEATHS = 200 if LONG else 20


def never_a_mixture(lab):
    """Two rule sets in turn under load: no packet is lost, none leaks."""
    lab.up()
    lab.rules(OPEN)
    files = [lab.file("closed.rsc", CLOSED), lab.file("open.rsc", OPEN)]
    wanted, unwanted = Flood(lab, 5001), Flood(lab, 5002)
    for number in range(COMMITS):
        lab.cli("import", files[number % 2])
    sent, arrived = wanted.finish()
    leaked = unwanted.finish()[1]
    check(sent > 5000, f"only {sent} packets were sent")
    equal(arrived, sent, "packets to the accepted port that arrived")
    equal(leaked, 0, "packets to the dropped port that arrived")


def death_at_any_moment(lab):
    """kill -9 at random moments of a commit: the whole old or the whole new revision is left."""
    lab.up()
    scripts = {"open": OPEN, "closed": CLOSED}
    files = {name: lab.file(f"{name}.rsc", text) for name, text in scripts.items()}
    exports, outcomes = {}, {"old": 0, "new": 0}
    for name, file in files.items():
        lab.cli("import", file)
        exports[name] = lab.cli("export")
    current = "closed"
    dice = random.Random(2026)
    started = time.monotonic()
    lab.cli("import", files[current])
    usual = time.monotonic() - started
    wanted, unwanted = Flood(lab, 5001), Flood(lab, 5002)
    for _ in range(DEATHS):
        following = "open" if current == "closed" else "closed"
        command = [harness.BIN / "tidegate", "--instance", lab.instance, "import",
                   files[following]]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            time.sleep(dice.uniform(0, 1.2 * usual))
            lab.kill_agent()
            process.wait(timeout=10)
        lab.up()
        found = lab.read(f"{FILTER4} print")[0]["comment"]
        equal(lab.cli("export"), exports[found], "the configuration is whole")
        outcomes["new" if found == following else "old"] += 1
        current = found
    sent, arrived = wanted.finish()
    equal((arrived, unwanted.finish()[1]), (sent, 0), "packets accepted and leaked")
    lab.note(f"outcomes of {DEATHS} deaths: {outcomes}")
    check(all(outcomes.values()), f"both outcomes were seen: {outcomes}")


def table(lab, connections):
    """MiB of the connection table once it has the size for so many."""
    lab.cli(f"/ip firewall connection tracking set max-connections={connections}")
    equal(lab.datapath()["max-connections"], connections, "the limit in force")
    sizes = [0]

    def settled():
        time.sleep(1.2)  # longer than a round of the agent's
        now = lab.datapath()
        sizes.append(now["table-bytes"])
        return not now["table-moving"] and sizes[-1] == sizes[-2]
    eventually(settled, "the table has its size", seconds=40)
    return sizes[-1] >> 20


def resized_under_traffic(lab):
    """max-connections up and down: the memory follows, no packet and no connection is lost."""
    lab.up()
    lab.cli("/ip firewall filter add chain=forward connection-state=invalid action=drop")
    floods = [Flood(lab, port) for port in (5001, 5002)]
    sizes = [table(lab, connections) for connections in (20000, 300000, 5000)]
    for flood in floods:
        sent, arrived = flood.finish()
        equal(arrived, sent, "packets that arrived")
    check(sizes[2] < sizes[0] < sizes[1], f"the table's MiB follow the setting: {sizes}")
    equal(len(lab.connections(where=f"protocol=udp dst-address~{WAN4}")), 2, "one connection each")
    equal(int(lab.cli("/ip firewall connection print count-only")), len(lab.connections()),
          "count-only")
    lab.note(f"MiB of tables for 20000, 300000 and 5000 connections: {sizes}")


harness.main(never_a_mixture, death_at_any_moment, resized_under_traffic,
             variants=(harness.AS_THEY_COME,))
