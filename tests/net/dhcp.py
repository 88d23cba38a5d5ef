#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The router's DHCP client works behind the default drop; topology: harness.py.

ether1 has no address: dnsmasq in the wan namespace gives one, udhcpc on ether1 takes and renews it.
"""
import os
import pathlib
import shutil
import signal

import harness
import rulesets
from harness import check

SCRIPT = """#!/bin/sh
case $1 in
bound | renew)
    ip address replace "$ip/24" dev "$interface"
    echo "$1 $ip" >>{log}
    ;;
esac
"""
LEASED = "203.0.113.77"


def _start(lab):
    log = lab.file("leases", "")
    script = lab.file("script", SCRIPT.format(log=log))
    os.chmod(script, 0o755)
    lab.fw.ip("address", "flush", "dev", "ether1", "scope", "global")
    lab.wan.spawn("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
                  "--interface=eth0", "--bind-interfaces", "--no-ping", "--pid-file=",
                  "--user=root", f"--dhcp-range={LEASED},{LEASED},255.255.255.0,2m",
                  f"--dhcp-leasefile={log}.server")
    return log, script


def _client(lab, script):
    return lab.fw.spawn(shutil.which("udhcpc"), "-f", "-i", "ether1", "-s", script, "-t", "10",
                        "-T", "1")


def _events(log):
    return pathlib.Path(log).read_text("ascii").splitlines()


def lease_and_renewal(lab):
    """A lease behind the default drop, renewed by a direct question to the server."""
    log, script = _start(lab)
    rulesets.install(lab)
    for family in ("ip", "ipv6"):
        lab.cli(f"/{family} firewall filter add chain=input action=drop comment=default")
    client = _client(lab, script)
    harness.eventually(lambda: f"bound {LEASED}" in _events(log), "a lease", seconds=8)
    check(lab.reason("dhcp-client") > 0, "the answers are counted as dhcp-client")
    lab.wan.ip("route", "replace", "default", "via", LEASED)
    check(lab.lan.pings(harness.WAN4), "the leased address is in use")
    client.send_signal(signal.SIGUSR1)
    harness.eventually(lambda: f"renew {LEASED}" in _events(log), "a renewal", seconds=8)
    client.send_signal(signal.SIGTERM)


def switched_off(lab):
    """With the exception off, the default drop meets the answers too."""
    log, script = _start(lab)
    rulesets.install(lab)
    lab.cli("/ip settings set accept-dhcp-client=no")
    _client(lab, script)
    harness.eventually(lambda: lab.counts(harness.FILTER4)["Drop all other WAN input"] >= 2,
                       "the answers are dropped", seconds=8)
    check(not _events(log), "no lease")


def not_for_everyone(lab):
    """An interface with an address and no client gets no such exception."""
    rulesets.install(lab)
    with lab.wan.udp("0.0.0.0", 67) as server:
        server.sendto(b"\2" + b"\0" * 300, (harness.FW_WAN4, 68))
    harness.eventually(lambda: lab.counts(harness.FILTER4)["Drop all other WAN input"] == 1,
                       "the unasked answer is dropped")


harness.main(lease_and_renewal, switched_off, not_for_everyone, together=4)
