# SPDX-License-Identifier: Apache-2.0
"""Namespaces, hosts and a firewall for one net test; knows no test.

    lan namespace              fw namespace                 wan namespace
    eth0 ──────────────── ether2 [tidegate] ether1 ──────────────── eth0
    192.168.88.10      192.168.88.1   203.0.113.1           203.0.113.10
    2001:db8:88::10    2001:db8:88::1 2001:db8:113::1   2001:db8:113::10

A script defines cases, functions that take a Lab, and ends with harness.main(case, …). Each case
runs in fresh namespaces, once for each variant: tc mode with the devices as they come; tc mode
with transmit checksum offload off on the firewall's devices, so that every receiver verifies every
checksum; native mode, for which the end hosts send finished checksums and take redirected frames.
Scripts about what the datapath does add generic mode, with the devices as they come.
Where the modes of both interfaces matter, two more: native mode on one side, tc mode as the devices
come on the other.
All names derive from the script, the process and the case, so scripts run side by side.
"""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import traceback

import leftovers
from hosts import Namespace

LAN4, LAN6 = "192.168.88.10", "2001:db8:88::10"
WAN4, WAN6 = "203.0.113.10", "2001:db8:113::10"
FW_LAN4, FW_LAN6 = "192.168.88.1", "2001:db8:88::1"
FW_WAN4, FW_WAN6 = "203.0.113.1", "2001:db8:113::1"

FILTER4, FILTER6 = "/ip firewall filter", "/ipv6 firewall filter"
RAW4, RAW6 = "/ip firewall raw", "/ipv6 firewall raw"
CONNECTION4, CONNECTION6 = "/ip firewall connection", "/ipv6 firewall connection"

BIN = pathlib.Path(os.environ.get("TG_BIN", pathlib.Path(__file__).parents[2] / "build/bin"))
SKIPPED = 77

AS_THEY_COME, TX_OFF, NATIVE, GENERIC = "as they come", "tx off", "native", "generic"
USUAL = (AS_THEY_COME, TX_OFF, NATIVE)
ALL = (*USUAL, GENERIC)
SENDS_BY = {NATIVE: "xdp", GENERIC: "tc"}  # variants that are a --mode
NATIVE_LAN, NATIVE_WAN = "native lan", "native wan"
MIXED = (NATIVE_LAN, NATIVE_WAN)


class Failure(Exception):
    """An expectation that did not hold."""


def check(condition, text):
    """Fails the case with `text` unless `condition` holds."""
    if not condition:
        raise Failure(text)


def equal(found, expected, text):
    """Fails the case unless both are equal."""
    check(found == expected, f"{text}: found {found!r}, expected {expected!r}")


def eventually(predicate, text, seconds=20.0):
    """Waits until `predicate` holds and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = predicate()
        if value:
            return value
        check(time.monotonic() < end, f"not within {seconds} s: {text}")
        time.sleep(0.02)


class Lab:
    """Three namespaces and one instance of Tidegate for one case."""

    def __init__(self, name, variant):
        self.instance = name
        self.variant = variant
        self.lan = Namespace(f"{name}-lan")
        self.fw = Namespace(f"{name}-fw")
        self.wan = Namespace(f"{name}-wan")
        self.namespaces = (self.lan, self.fw, self.wan)
        self.folder = tempfile.TemporaryDirectory(prefix=f"{name}-")
        self.expected_checksum_errors = 0
        self.notes = []

    def note(self, text):
        """A line of the case's report."""
        self.notes.append(f"      {text}")

    # -- the network -----------------------------------------------------------------------------

    def build(self):
        """Creates the namespaces; what an earlier run of the same name left is removed first."""
        for namespace in self.namespaces:
            namespace.create()
        self.fw.veth("ether2", self.lan, "eth0")
        self.fw.veth("ether1", self.wan, "eth0")
        self.lan.address("eth0", LAN4 + "/24", LAN6 + "/64")
        self.wan.address("eth0", WAN4 + "/24", WAN6 + "/64")
        self.fw.address("ether2", FW_LAN4 + "/24", FW_LAN6 + "/64")
        self.fw.address("ether1", FW_WAN4 + "/24", FW_WAN6 + "/64")
        for host, via4, via6 in ((self.lan, FW_LAN4, FW_LAN6), (self.wan, FW_WAN4, FW_WAN6)):
            host.ip("route", "add", "default", "via", via4)
            host.ip("route", "add", "default", "via", via6)
        self.fw.sysctl("net/ipv4/ip_forward", 1)
        self.fw.sysctl("net/ipv6/conf/all/forwarding", 1)
        if self.variant == TX_OFF:
            for device in ("ether1", "ether2"):
                self.fw.run("ethtool", "-K", device, "tx", "off")
        for device, host in (("ether2", self.lan), ("ether1", self.wan)):
            if self.native(device):
                host.run("ethtool", "-K", "eth0", "tx", "off", "gro", "on")

    def finish(self):
        """Takes everything down and fails if anything is wrong or left."""
        for host in (self.lan, self.wan):
            errors = host.checksum_errors()
            check(errors <= self.expected_checksum_errors,
                  f"{host.name} saw {errors} wrong checksums")
        agent = self.agent_pid()
        self.down("--purge")
        for device in ("ether1", "ether2"):
            left = leftovers.on_device(self.fw, device)
            check(not left, f"left on {device}: {left}")
        left = leftovers.of_instance(self.instance)
        check(not left, f"left behind: {left}")
        check(agent is None or not leftovers.alive(agent), "the agent still runs")

    def clean(self):
        """Removes everything, whatever state it is in."""
        with contextlib.suppress(Exception):
            subprocess.run([BIN / "tidegate", "down", "--instance", self.instance, "--purge"],
                           capture_output=True, timeout=30, check=False)
        for namespace in self.namespaces:
            namespace.delete()
        self.folder.cleanup()

    # -- the firewall ----------------------------------------------------------------------------

    def program(self, name, *arguments, good=True, text=None, timeout=60):
        """Runs one of the three programs; `good`: None to accept any exit status."""
        result = subprocess.run([BIN / name, *arguments], input=text, capture_output=True,
                                text=True, timeout=timeout, check=False)
        line = " ".join([name, *map(str, arguments)])
        if good is not None:
            check((result.returncode == 0) == good,
                  f"{line}: status {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def native(self, device):
        """Whether the variant has this device of the firewall in native mode."""
        return self.variant == NATIVE or device == {NATIVE_LAN: "ether2",
                                                    NATIVE_WAN: "ether1"}.get(self.variant)

    def up(self, *devices, good=True):
        """tidegate up on the firewall's devices, in the variant's mode, which they must get."""
        if self.variant in (NATIVE_LAN, NATIVE_WAN):
            for device in devices or ("ether1", "ether2"):
                mode = ("--mode", "native") if self.native(device) else ()
                result = self.program("tidegate", "up", "--instance", self.instance, "--netns",
                                      self.fw.name, *mode, device, good=good)
            for each in self.status()["interfaces"] if good else ():
                equal(each["mode"], "native" if self.native(each["name"]) else "tc", each["name"])
            return result
        mode = ("--mode", self.variant) if self.variant in SENDS_BY else ()
        result = self.program("tidegate", "up", "--instance", self.instance, "--netns",
                              self.fw.name, *mode, *(devices or ("ether1", "ether2")), good=good)
        if good and self.variant in SENDS_BY:
            for each in self.status()["interfaces"]:
                equal((each["mode"], each["sends-by"]), (self.variant, SENDS_BY[self.variant]),
                      each["name"])
        return result

    def down(self, *arguments):
        """tidegate down."""
        return self.program("tidegate", "down", "--instance", self.instance, *arguments)

    def loader(self, verb, *arguments, good=True):
        """tidegate-loader VERB."""
        return self.program("tidegate-loader", verb, "--instance", self.instance, *arguments,
                            good=good)

    def cli(self, *commands, good=True, text=None):
        """Runs commands; returns what they print (the error message if `good` is False)."""
        result = self.program("tidegate", "--instance", self.instance, *commands, good=good,
                              text=text)
        return result.stdout if good else result.stderr

    def read(self, command):
        """Runs a command with -j and returns the value it prints."""
        return json.loads(self.cli("-j", command))

    def rules(self, text):
        """Imports a script in one commit; lists LAN and WAN are made by lists()."""
        file = self.file("rules.rsc", text)
        self.cli("import", file)

    def lists(self):
        """Interface lists LAN and WAN with one member each."""
        self.rules("/interface list\nadd name=LAN\nadd name=WAN\n/interface list member\n"
                   "add list=LAN interface=ether2\nadd list=WAN interface=ether1\n")

    def file(self, name, text):
        """Writes a file into the case's own folder; returns its path."""
        path = pathlib.Path(self.folder.name) / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def counts(self, menu):
        """Packets of every rule of a menu by comment."""
        return {rule.get("comment", rule[".id"]): rule["packets"]
                for rule in self.read(f"{menu} print stats")}

    def connections(self, menu=CONNECTION4, where=""):
        """The connection table, optionally only where a condition holds."""
        return self.read(f"{menu} print" + (f" where {where}" if where else ""))

    def status(self):
        """tidegate status -j."""
        return json.loads(self.program("tidegate", "status", "--instance", self.instance,
                                       "-j").stdout)

    def datapath(self):
        """What status says of the datapath: armed, revision, connections, reasons."""
        return self.status()["datapath"]

    def reason(self, name):
        """Packets counted under one reason."""
        return {reason["reason"]: reason["packets"]
                for reason in self.datapath()["reasons"]}[name]

    def agent_pid(self):
        """Process id of the agent, None if there is none."""
        try:
            text = pathlib.Path(f"/run/tidegate/{self.instance}/agent.pid").read_text("ascii")
            pid = int(text)
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError):
            return None

    def kill_agent(self):
        """kill -9, and waits until it is gone."""
        pid = self.agent_pid()
        check(pid is not None, "no agent to kill")
        os.kill(pid, 9)
        eventually(lambda: not leftovers.alive(pid), "the agent is gone")


def _run_case(case, number, variant):
    script = pathlib.Path(sys.argv[0]).stem
    lab = Lab(f"t{os.getpid()}{script[:12]}{number}", variant)
    started = time.monotonic()
    title = f"{script}.{case.__name__} ({variant})"
    report = [f"FAIL  {title}"]
    try:
        lab.build()
        case(lab)
        lab.finish()
        report = [*lab.notes, f"ok    {title} {time.monotonic() - started:.1f} s"]
        return True
    except (Failure, subprocess.SubprocessError, OSError, AssertionError, KeyError, ValueError):
        report += [*lab.notes, traceback.format_exc(), *_explanation(lab)]
        return False
    finally:
        lab.clean()
        sys.stdout.write("\n".join(report) + "\n")
        sys.stdout.flush()


def _explanation(lab):
    lines = []
    with contextlib.suppress(Exception):
        lines.append(lab.program("tidegate", "status", "--instance", lab.instance,
                                 good=None).stdout)
        for menu in (FILTER4, FILTER6, CONNECTION4, CONNECTION6):
            lines.append(lab.program("tidegate", "--instance", lab.instance, f"{menu} print"
                                     + (" stats" if "filter" in menu else ""), good=None).stdout)
    with contextlib.suppress(OSError):
        log = pathlib.Path(f"/var/log/tidegate/{lab.instance}.log").read_text("utf-8")
        lines += ["log of the agent:", *log.splitlines()[-30:]]
    return lines


def main(*cases, variants=USUAL, mixed=(), together=1):
    """Runs every case in every variant (or only cases named as arguments) and exits.

    Cases in `mixed` run in the mixed variants too. `together` is how many run at the same time,
    where there is more than one CPU: for scripts that mostly wait, and measure no rate.
    """
    if os.geteuid() != 0:
        print("skipped: needs root for network namespaces")
        sys.exit(SKIPPED)
    chosen = [case for case in cases if len(sys.argv) < 2 or case.__name__ in sys.argv[1:]]
    runs = [(case, number, variant) for number, (case, variant) in enumerate(
        (case, variant) for case in chosen
        for variant in (*variants, *(MIXED if case in mixed else ())))]
    with concurrent.futures.ThreadPoolExecutor(together if os.cpu_count() > 1 else 1) as pool:
        results = list(pool.map(lambda run: _run_case(*run), runs))
    sys.exit(0 if results and all(results) else 1)
