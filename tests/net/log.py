#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules log real traffic through chains of one's own; topology: harness.py."""
import pathlib
import re
import time

import harness
from harness import FW_WAN4, LAN4, LAN6, WAN4, WAN6, check, equal, eventually

RULES = """/ip firewall filter
add chain=bad_tcp protocol=tcp dst-port=23 action=drop log=yes log-prefix=telnet
add chain=bad_tcp action=return
add action=jump chain=forward jump-target=bad_tcp protocol=tcp
add action=log chain=forward protocol=tcp dst-port=80 connection-state=new log-prefix="web:"
add action=drop chain=forward protocol=udp dst-port=9 log=yes log-prefix=flood
add action=drop chain=input in-interface=ether1 protocol=udp dst-port=99 log=yes
/ipv6 firewall filter
add action=jump chain=forward jump-target=checks
add chain=checks protocol=udp dst-port=53 action=accept log=yes log-prefix=dns
"""
PACKETS = 3000  # of a flood


def _log(lab):
    path = pathlib.Path(f"/var/log/tidegate/{lab.instance}.log")
    return path.read_text("utf-8").splitlines()


def _lines(lab, prefix):
    return [line.split("firewall,info ", 1)[1] for line in _log(lab)
            if f"firewall,info {prefix}" in line]


def _written(lab, prefix, count=1):
    eventually(lambda: len(_lines(lab, prefix)) >= count, f"{count} lines of {prefix}")
    return _lines(lab, prefix)


def lines_of_real_traffic(lab):
    """Each logged connection leaves one line that names its chain, interfaces, MAC and ports."""
    lab.wan.serve_tcp(80)
    lab.wan.serve_udp(53)
    lab.up()
    lab.rules(RULES)
    mac = lab.lan.mac("eth0").hex(":")
    check(lab.lan.reaches_tcp(WAN4, 80), "LAN opens TCP to WAN")
    check(lab.lan.denied_tcp(WAN4, 23), "telnet is refused")
    check(lab.lan.reaches_udp(WAN6, 53), "LAN asks by IPv6")
    check(lab.wan.denied_udp(FW_WAN4, 99), "WAN is refused by the router")
    known = f"in:ether2 out:ether1, connection-state:new src-mac {mac}, proto"
    line = _written(lab, "web: ")[0]
    check(re.fullmatch(rf"web: forward: {known} TCP \(SYN\), {LAN4}:\d+->{WAN4}:80, len 60", line),
          line)
    equal(len(_lines(lab, "web: ")), 1, "only the first packet is new")
    line = _written(lab, "telnet ")[0]
    check(re.fullmatch(rf"telnet bad_tcp: {known} TCP \(SYN\), {LAN4}:\d+->{WAN4}:23, "
                       "len 60", line), line)
    line = _written(lab, "dns ")[0]
    check(re.fullmatch(rf"dns checks: {known} UDP, \[{LAN6}\]:\d+->\[{WAN6}\]:53, len 5\d", line),
          line)
    router = rf"{lab.wan.mac('eth0').hex(':')}, proto UDP, {WAN4}:\d+->{FW_WAN4}:99, len 3\d"
    line = _written(lab, "input: ")[0]
    check(re.fullmatch(rf"input: in:ether1 out:\(unknown 0\), connection-state:new src-mac "
                       rf"{router}", line), line)


def flood(lab):
    """A flood writes some lines and says how many it did not; another rule still has its own."""
    lab.wan.serve_tcp(80)
    lab.up()
    lab.rules(RULES)
    with lab.lan.udp("0.0.0.0") as sender:
        for _ in range(PACKETS):
            sender.sendto(b"x", (WAN4, 9))
    check(lab.lan.reaches_tcp(WAN4, 80), "LAN opens TCP to WAN")
    _written(lab, "web: ")

    def told():
        lost = [int(found[1]) for line in _log(lab)
                if (found := re.search(r"firewall,warning (\d+) lines of rules not written", line))]
        return sum(lost) + len(_lines(lab, "flood ")) == PACKETS
    eventually(told, "every packet is a line or counted as none")
    check(len(_lines(lab, "flood ")) >= 100, "the first hundred are written")
    check(len(_lines(lab, "flood ")) < PACKETS / 2, "most are not")
    check(lab.status()["datapath"]["tallies"]["log-lines-lost"] > 0, "status counts them")


def no_agent(lab):
    """A dead agent costs no packet; the next writes what came at first, the rest is counted."""
    lab.wan.serve_tcp(80)
    lab.up()
    lab.rules(RULES)
    lab.kill_agent()
    check(lab.lan.denied_tcp(WAN4, 23), "telnet is refused")
    lab.up()
    equal(_written(lab, "telnet ")[0][:15], "telnet bad_tcp:", "what came meanwhile is written")
    lines = len(_lines(lab, "telnet "))
    lab.kill_agent()
    time.sleep(11)
    check(lab.lan.reaches_tcp(WAN4, 80), "LAN opens TCP to WAN")
    check(lab.lan.denied_tcp(WAN4, 23), "telnet is refused")
    lab.up()
    check(lab.lan.denied_tcp(WAN4, 23), "telnet is refused")
    _written(lab, "telnet ", lines + 1)
    equal(len(_lines(lab, "telnet ")), lines + 1, "lines")


if __name__ == "__main__":
    harness.main(lines_of_real_traffic, flood, no_agent)
