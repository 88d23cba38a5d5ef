#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An SSH session to the router outlives the firewall's start; topology: harness.py.

A real sshd runs in the fw namespace, a real ssh client on the LAN host.
"""
import json
import os
import pathlib
import select
import subprocess

import harness
import rulesets
from harness import FW_LAN4, FW_LAN6, check
from hosts import echoes

CONFIG = """HostKey {folder}/host_key
AuthorizedKeysFile {folder}/id.pub
PidFile none
PermitRootLogin yes
PasswordAuthentication no
StrictModes no
UsePAM yes
"""


class Session:
    """A login whose remote end repeats every line."""

    def __init__(self, lab, folder, address):
        options = [f"-o{name}" for name in (
            "BatchMode=yes", "ConnectTimeout=5", "LogLevel=ERROR", "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null")]
        self.process = lab.lan.spawn("ssh", "-F", "none", "-i", f"{folder}/id", *options,
                                     f"root@{address}", "cat",
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def answers(self, seconds=5):
        """Whether a line sent to the far end comes back."""
        self.process.stdin.write(b"tide\n")
        self.process.stdin.flush()
        ready = select.select([self.process.stdout], [], [], seconds)[0]
        return bool(ready) and os.read(self.process.stdout.fileno(), 100) == b"tide\n"


def _start_sshd(lab):
    folder = pathlib.Path(lab.folder.name)
    for name in ("host_key", "id"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name],
                       check=True)
    config = lab.file("sshd_config", CONFIG.format(folder=folder))
    # A mount namespace with an own /run: sshd wants /run/sshd, the host may have none.
    lab.fw.spawn("unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /run && "
                 f"mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f {config}",
                 stderr=(folder / "sshd.log").open("wb"))
    harness.eventually(lambda: lab.lan.connect(FW_LAN4, 22), "sshd listens")
    return folder


def _survives(lab, start):
    folder = _start_sshd(lab)
    sessions = [Session(lab, folder, address) for address in (FW_LAN4, FW_LAN6)]
    check(all(session.answers() for session in sessions), "the sessions work before")
    start()
    check(all(session.answers() for session in sessions), "the sessions work with the firewall")
    check(all(session.answers() for session in sessions), "and go on working")
    check(lab.wan.denied_tcp(harness.FW_WAN4, 22), "while WAN is refused")
    for session in sessions:
        session.process.stdin.close()
        check(session.process.wait(timeout=5) == 0, "the sessions end in order")


def rules_come_later(lab):
    """tidegate up, then the specification's rules."""
    _survives(lab, lambda: rulesets.install(lab))


def rules_are_saved(lab):
    """tidegate up with a saved configuration: judged from the first packet on."""
    rulesets.install(lab)
    lab.down()
    _survives(lab, lab.up)


def a_stray_is_not_adopted(lab):
    """Only an established socket of the host is adopted, nothing else in mid-stream."""
    lab.wan.serve_tcp(80)
    forwarded = lab.lan.connect(harness.WAN4, 80)
    check(forwarded is not None and echoes(forwarded), "a forwarded connection before")
    rulesets.install(lab)
    forwarded.settimeout(0.7)
    check(not echoes(forwarded), "a forwarded connection in mid-stream is invalid")


def _attach_picking_up(lab, seconds):
    mode = ("--mode", "native") if lab.variant == harness.NATIVE else ()
    lab.loader("attach", "--netns", lab.fw.name, "--pickup", seconds, *mode, "ether1", "ether2")


def forwarded_connections_are_picked_up(lab):
    """attach --pickup joins for its seconds what goes through the router already, no longer."""
    lab.wan.serve_tcp(80)
    rulesets.install(lab)
    lab.down()
    talking, idle = (lab.lan.connect(harness.WAN4, 80) for _ in range(2))
    sixth = lab.lan.connect(harness.WAN6, 80)
    check(all(echoes(each) for each in (talking, idle, sixth)), "before")
    _attach_picking_up(lab, "6")
    left = json.loads(lab.loader("status", "-j").stdout)["pickup-seconds"]
    check(1 <= left <= 6, f"{left} seconds left")
    lab.up()
    check(echoes(talking) and echoes(sixth), "during the time")
    state = [row["tcp-state"] for row in lab.connections(where="protocol=tcp")]
    check("established" in state, f"established, not {state}")
    harness.eventually(lambda: json.loads(lab.loader("status", "-j").stdout)["pickup-seconds"] == 0,
                       "the time is over", 8)
    check(echoes(talking) and echoes(sixth), "what was joined goes on")
    idle.settimeout(0.7)
    check(not echoes(idle), "what was idle is invalid")
    check(lab.lan.reaches_tcp(harness.WAN4, 80), "new connections open as ever")


harness.main(rules_come_later, rules_are_saved, a_stray_is_not_adopted,
             forwarded_connections_are_picked_up, together=4)
