#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Up, down, and everything between: programs, pins, folders; topology: harness.py."""
import os
import pathlib
import subprocess
import time

import harness
import leftovers
import rulesets
from harness import FILTER4, LAN4, WAN4, check, equal


def second_agent(lab):
    """One agent an instance; the second is refused and disturbs nothing."""
    rulesets.install(lab)
    agent = lab.agent_pid()
    result = lab.program("tidegated", "--instance", lab.instance, "--netns", lab.fw.name,
                         good=False)
    check(lab.instance in result.stderr + result.stdout, f"a reason: {result.stderr!r}")
    equal(lab.agent_pid(), agent, "the agent")
    check(lab.read(f"{FILTER4} print"), "which still answers")


def two_instances(lab):
    """A second instance in another namespace knows nothing of the first."""
    rulesets.install(lab)
    other = lab.instance + "b"
    try:
        lab.program("tidegate", "up", "--instance", other, "--netns", lab.wan.name, "eth0")
        result = lab.program("tidegate", "--instance", other, "-j", f"{FILTER4} print")
        equal(result.stdout.strip(), "[]", "rules of the second instance")
        check(len(lab.read(f"{FILTER4} print")) == 10, "rules of the first")
    finally:
        lab.program("tidegate", "down", "--instance", other, "--purge")
    equal(leftovers.of_instance(other), [], "left of the second instance")


def down_keeps_the_configuration(lab):
    """down removes what runs; what is saved stays, unless --purge."""
    rulesets.install(lab)
    agent = lab.agent_pid()
    exported = lab.cli("export")
    lab.down()
    check(not leftovers.alive(agent), "the agent has ended")
    equal(leftovers.of_instance(lab.instance)[:1], [f"/etc/tidegate/{lab.instance}"], "first left")
    check(not os.path.exists(f"/run/tidegate/{lab.instance}"), "the run folder is gone")
    for device in ("ether1", "ether2"):
        equal(leftovers.on_device(lab.fw, device), [], f"on {device}")
    saved = pathlib.Path(f"/etc/tidegate/{lab.instance}/config.rsc").read_text("utf-8")
    equal(saved, exported, "config.rsc is what export prints")
    lab.up()
    equal(lab.cli("export"), exported, "the configuration after down and up")


def down_twice(lab):
    """down where nothing runs is no error, nor is purge."""
    lab.up("ether1")
    lab.down()
    lab.down()
    lab.down("--purge")


def up_is_detached(lab):
    """The agent outlives the shell that started it and holds none of its descriptors."""
    shell = lab.lan.spawn("sh", "-c", f"exec {harness.BIN}/tidegate up --instance {lab.instance} "
                          f"--netns {lab.fw.name} ether1 ether2", stdout=subprocess.PIPE)
    shell.communicate(timeout=20)  # ends only when nobody holds the pipe any more
    equal(shell.returncode, 0, "status of up")
    agent = lab.agent_pid()
    check(agent is not None and leftovers.alive(agent), "the agent runs")
    check(os.getsid(agent) != shell.pid, "in a session of its own")
    for number in (0, 1, 2):
        target = os.readlink(f"/proc/{agent}/fd/{number}")
        check("pipe" not in target and "pts" not in target, f"descriptor {number}: {target}")


def up_adds_what_is_missing(lab):
    """On a running instance: an interface, then a dead agent; nothing else changes."""
    lab.wan.serve_udp(53)
    rulesets.install(lab, "ether2")
    equal([row["name"] for row in lab.status()["interfaces"]], ["ether2"], "attached first")
    agent = lab.agent_pid()
    lab.up("ether1")
    equal(sorted(row["name"] for row in lab.status()["interfaces"]), ["ether1", "ether2"],
          "attached then")
    equal(lab.agent_pid(), agent, "the agent")
    check(lab.wan.denied_udp(harness.FW_WAN4, 53), "the added interface is judged")
    check(lab.lan.reaches_udp(WAN4, 53), "traffic passes")
    lab.kill_agent()
    lab.up("ether1", "ether2")
    check(lab.agent_pid() not in (None, agent), "a new agent runs")
    equal(len(lab.read(f"{FILTER4} print")), 10, "rules of the new agent")


def confirmed_in_time(lab):
    """--confirm: without a confirmation the interfaces are given back, with one they stay."""
    for confirm in (False, True):
        lab.loader("attach", "--netns", lab.fw.name, "--confirm", "2", "ether1")
        check(leftovers.on_device(lab.fw, "ether1"), "attached")
        if confirm:
            lab.loader("confirm")
        time.sleep(2.6)
        equal(bool(leftovers.on_device(lab.fw, "ether1")), confirm, f"attached, confirm={confirm}")
    lab.loader("detach")
    equal(leftovers.on_device(lab.fw, "ether1"), [], "after detach")
    equal(leftovers.of_instance(lab.instance), [], "left by the loader")


def loader_alone(lab):
    """attach again reuses what is pinned; status and its JSON name every interface."""
    lab.loader("attach", "--netns", lab.fw.name, "ether1")
    lab.loader("attach", "--netns", lab.fw.name, "ether1", "ether2")
    check(leftovers.on_device(lab.fw, "ether1") in (["tcx ingress", "tcx egress"], ["clsact"]),
          "attached once to ether1, in and out")
    text = lab.loader("status").stdout
    check("ether1" in text and "ether2" in text and "tc" in text, f"status: {text!r}")
    lab.loader("detach", "ether1")
    equal(leftovers.on_device(lab.fw, "ether1"), [], "ether1 after its detach")
    check(leftovers.on_device(lab.fw, "ether2"), "ether2 stays")
    lab.loader("detach")
    equal(leftovers.of_instance(lab.instance), [], "left by the loader")


def vanished_interface(lab):
    """An interface that goes away takes its links with it; the rest works; it can come back."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    lab.fw.ip("link", "delete", "ether2")
    check(lab.wan.denied_udp(harness.FW_WAN4, 53), "ether1 is still judged")
    lab.fw.veth("ether2", lab.lan, "eth0")
    lab.lan.address("eth0", LAN4 + "/24")
    lab.lan.ip("route", "add", "default", "via", harness.FW_LAN4)
    lab.fw.address("ether2", harness.FW_LAN4 + "/24")
    lab.up("ether2")
    check(lab.lan.reaches_udp(WAN4, 53), "LAN to WAN passes by its list on the new interface")
    check(lab.wan.denied_udp(LAN4, 53), "WAN to LAN does not")


harness.main(second_agent, two_instances, down_keeps_the_configuration, down_twice, up_is_detached,
             up_adds_what_is_missing, confirmed_in_time, loader_alone, vanished_interface,
             variants=(harness.AS_THEY_COME,))
