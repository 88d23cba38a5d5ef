#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Importing a file: all of it in one commit, or nothing; topology: harness.py."""
import harness
import rulesets
from harness import FILTER4, check, equal

# (what, text, line, column, part of the message)
MISTAKES = [
    ("an unknown property", "/ip firewall filter\nadd chain=input action=accept\n"
     "add chain=input actoin=drop\n", 3, 17, "actoin"),
    ("an unknown value", "/ip firewall filter\nadd chain=input action=droop\n", 2, 24, "action"),
    ("a missing chain", "/ip firewall filter\nadd action=drop\n", 2, None, "chain"),
    ("an unknown menu", "/ip firewall filter\nadd chain=input\n/ip firewal filtr\n", 3, None, ""),
    ("an unknown verb", "/ip firewall filter\nfrobnicate\n", 2, 1, "frobnicate"),
    ("an open quote", '/ip firewall filter\nadd chain=input comment="open\n', None, None, ""),
    ("ports without a protocol", "/ip firewall filter\nadd chain=input dst-port=22 action=drop\n",
     2, None, "port"),
    ("an unknown interface", "/ip firewall filter\nadd chain=input in-interface=ether77\n",
     2, None, "ether77"),
    ("a menu of the host", "/ip firewall filter\nadd chain=input\n/ip address\n"
     "add address=192.0.2.1/24 interface=ether1\n", None, None, ""),
    ("a continued line", "/ip firewall filter\nadd chain=input \\\n  action=accept \\\n  nope=1\n",
     4, 3, "nope"),
]


def nothing_on_error(lab):
    """The first mistake, with file, line and column, leaves everything as it was."""
    rulesets.install(lab)
    before = lab.cli("export")
    revision = lab.datapath()["revision"]
    for what, text, line, column, part in MISTAKES:
        file = lab.file("mistake.rsc", text)
        result = lab.program("tidegate", "--instance", lab.instance, "import", file, good=False)
        equal(result.returncode, 1, f"{what}: exit status")
        equal(result.stdout, "", f"{what}: standard output")
        place = f"{file}:{line or ''}" + (f":{column}:" if column else "")
        check(place in result.stderr and part in result.stderr,
              f"{what}: expected {place} and {part!r} in {result.stderr!r}")
        equal(lab.cli("export"), before, f"{what}: the configuration afterwards")
    equal(lab.datapath()["revision"], revision, "the revision after all mistakes")


def adds_in_one_commit(lab):
    """A whole file is one revision and adds to what is there."""
    rulesets.install(lab)
    revision = lab.datapath()["revision"]
    rules = len(lab.read(f"{FILTER4} print"))
    lab.rules("/ip firewall filter\n" + "add chain=output action=accept\n" * 50)
    equal(len(lab.read(f"{FILTER4} print")), rules + 50, "rules after the import")
    equal(lab.datapath()["revision"], revision + 1, "revisions made by the import")
    missing = lab.program("tidegate", "--instance", lab.instance, "import", "/nowhere/x.rsc",
                          good=False)
    check("/nowhere/x.rsc" in missing.stderr, "a missing file is named")


harness.main(nothing_on_error, adds_in_one_commit, variants=(harness.AS_THEY_COME,))
