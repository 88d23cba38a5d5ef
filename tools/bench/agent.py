# SPDX-License-Identifier: Apache-2.0
"""What a full connection table costs the agent: CPU of the sweep, time and memory of a listing.

A million UDP connections that do not expire are opened by the pinned program; the agent's CPU time
is read from /proc, its memory too. Nothing else runs on the instance meanwhile.
"""
import os
import pathlib
import subprocess
import time

import figures
import rules
from network import BUILD, check, traffic
from prog import Instance

FLOWS = 1_000_000
LASTING = ("/ip firewall connection tracking set max-connections=1048576 udp-timeout=1h"
           " udp-stream-timeout=1h\n")
PRINT = "/ip firewall connection print"


def cpu_seconds(pid):
    """User and system time of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")


def resident(pid, which):
    """VmRSS or VmHWM of a process in MiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(which + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(which)


def listed(instance, command):
    """(seconds, lines) of a command whose output is counted as it comes."""
    started = time.monotonic()
    with subprocess.Popen([BUILD / "bin/tidegate", "--instance", instance.instance,
                           *command.split()], stdout=subprocess.PIPE) as process:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: process.stdout.read(1 << 20), b""))
    check(process.returncode == 0, f"{command} ended with {process.returncode}")
    return time.monotonic() - started, lines


def bench(made, options):
    """The whole part."""
    instance = Instance(made.firewall("full"), "native").start(rules.SPECIFICATION + LASTING)
    words = traffic(instance.firewall, "udp", FLOWS)
    instance.replay("xdp_ingress", words, FLOWS)
    while instance.status()["datapath"]["table-moving"]:
        time.sleep(1)
    status = instance.status()
    pid, table = status["agent"]["pid"], status["datapath"]
    check(table["connections"] == FLOWS, f"{table['connections']} connections are open")
    before, started = cpu_seconds(pid), time.monotonic()
    time.sleep(options.seconds)
    busy = (cpu_seconds(pid) - before) / (time.monotonic() - started)
    counted, _ = listed(instance, f"{PRINT} count-only")
    memory = resident(pid, "VmRSS")
    printed, lines = listed(instance, f"{PRINT} detail")
    figures.table(["a million connections", "figure"], [
        ["agent at rest, of one core", f"{busy:.1%}"],
        ["print count-only, s", f"{counted:.3f}"],
        [f"print detail, {lines} lines, s", f"{printed:.1f}"],
        ["agent's memory before and at most, MiB",
         f"{memory:.0f}, {resident(pid, 'VmHWM'):.0f}"],
        ["table, MiB", f"{table['table-bytes'] >> 20}"],
        ["table, bytes a connection admitted",
         f"{table['table-bytes'] / table['max-connections']:.0f}"]])
