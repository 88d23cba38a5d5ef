#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wrong input of every kind: a clear message, a status, and nothing changed. Topology: harness.py.
"""
import pathlib
import shutil
import socket

import harness
import packets
import rulesets
from harness import FILTER4, LAN4, WAN4, check, equal

# (command, part of the message, which holds a position unless it starts with "!")
COMMANDS = [
    ("/ip fierwall filter add chain=input", "fierwall"),
    ("/ip firewall filter frobnicate", "frobnicate"),
    ("/ip firewall filter add chain=input no-such=1", "no-such"),
    ("/ip firewall filter add chain=input action=masquarade", "action"),
    ("/ip firewall filter add action=drop", "!chain"),
    ("/ip firewall filter add chain=input protocol=nosuch", "protocol"),
    ("/ip firewall filter add chain=input dst-port=22", "!port"),
    ("/ip firewall filter add chain=input protocol=tcp dst-port=65536", "dst-port"),
    ("/ip firewall filter add chain=input protocol=tcp dst-port=9-8", "dst-port"),
    ("/ip firewall filter add chain=input connection-state=fresh", "connection-state"),
    ("/ip firewall filter add chain=input src-address=10.0.0.0/33", "src-address"),
    ("/ip firewall filter add chain=input src-address=2001:db8::1", "src-address"),
    ("/ipv6 firewall filter add chain=input src-address=10.0.0.1", "src-address"),
    ("/ip firewall filter add chain=input in-interface=ether77", "ether77"),
    ("/ip firewall filter add chain=input in-interface-list=NOLIST", "NOLIST"),
    ("/ip firewall filter set 99 action=drop", "!"),
    ("/ip firewall filter remove *FFFF", "!"),
    ('/ip firewall filter add chain=input comment="open', ""),
    ("/ip firewall connection tracking set udp-timeout=soon", "udp-timeout"),
    ("/ip firewall connection tracking set max-connections=1048577", "max-connections"),
    ("/ip firewall connection add protocol=tcp", "add"),
    ("/ip firewall service-port set nosuch disabled=yes", "!nosuch"),
    ("/interface list member add list=LAN interface=ether77", "ether77"),
    ("/ip address print", ""),
]


def commands(lab):
    """Each mistake: status 1, a message with its place, nothing on standard output or changed."""
    rulesets.install(lab)
    before, revision = lab.cli("export"), lab.datapath()["revision"]
    for command, part in COMMANDS:
        for options in ((), ("-j",)):
            result = lab.program("tidegate", "--instance", lab.instance, *options, command,
                                 good=False)
            equal(result.returncode, 1, f"{command}: status")
            equal(result.stdout, "", f"{command}: standard output")
            check(part.lstrip("!") in result.stderr, f"{command}: {part!r} in {result.stderr!r}")
            if not part.startswith("!"):
                check("line 1 column" in result.stderr or ":1:" in result.stderr,
                      f"{command}: a position in {result.stderr!r}")
            equal(len(result.stderr.strip().splitlines()), 1, f"{command}: {result.stderr!r}")
    equal((lab.cli("export"), lab.datapath()["revision"]), (before, revision), "what is in force")


def socket_garbage(lab):
    """Noise on the control socket is answered or ignored; the agent goes on."""
    rulesets.install(lab)
    agent = lab.agent_pid()
    path = next(str(file) for file in pathlib.Path(f"/run/tidegate/{lab.instance}").iterdir()
                if file.is_socket())
    for noise in (b"\0\xff\xfe\n", b"{\n", b"[]\n", b'{"jsonrpc":"2.0"}\n', b"null\n" * 100,
                  b'{"jsonrpc":"2.0","id":1,"method":"no-such"}\n',
                  b'{"jsonrpc":"2.0","id":1,"method":7,"params":"x"}\n', b"[" * 100000 + b"\n",
                  b"x" * 3000000):
        with socket.socket(socket.AF_UNIX) as opened:
            opened.settimeout(2)
            opened.connect(path)
            try:
                opened.sendall(noise)
                opened.shutdown(socket.SHUT_WR)
                while opened.recv(65536):
                    pass
            except (BrokenPipeError, ConnectionResetError):
                pass
    equal(lab.agent_pid(), agent, "the agent")
    check(len(lab.read(f"{FILTER4} print")) == 10, "it still answers")


def saved_configuration(lab):
    """A config.rsc cut short refuses the start by its position; nothing is attached."""
    rulesets.install(lab)
    lab.down()
    saved = pathlib.Path(f"/etc/tidegate/{lab.instance}/config.rsc")
    text = saved.read_text("utf-8")
    cut = text[:text.rindex('comment="') + 12]
    saved.write_text(cut, "utf-8")
    result = lab.up(good=False)
    check("config.rsc" in result.stderr, f"the file is named: {result.stderr!r}")
    for device in ("ether1", "ether2"):
        equal(harness.leftovers.on_device(lab.fw, device), [], f"what is on {device}")
    equal(saved.read_text("utf-8"), cut, "the file is left alone")
    saved.write_text(text, "utf-8")
    lab.up()
    equal(len(lab.read(f"{FILTER4} print")), 10, "rules once the file is whole")


def missing_interface(lab):
    """A saved rule on an interface that is gone is kept, marked invalid, and comes back with it."""
    lab.up()
    lab.fw.ip("link", "add", "ether9", "type", "veth", "peer", "name", "peer9")
    harness.eventually(lambda: lab.program(
        "tidegate", "--instance", lab.instance,
        f"{FILTER4} add chain=input in-interface=ether9 action=drop", good=None).returncode == 0,
        "the new interface is known")
    lab.down()
    lab.fw.ip("link", "delete", "ether9")
    lab.up()
    rule = lab.read(f"{FILTER4} print")[0]
    check(rule["invalid"] and rule["in-interface"] == "ether9", f"kept and invalid: {rule}")
    lab.fw.ip("link", "add", "ether9", "type", "veth", "peer", "name", "peer9")
    harness.eventually(lambda: not lab.read(f"{FILTER4} print")[0]["invalid"], "valid again")


def devices_and_modes(lab):
    """Interfaces and modes that cannot be."""
    for arguments, part in ((("ether77",), "ether77"), (("--mode", "offload", "ether1"), "offload"),
                            (("--mode", "warp", "ether1"), "warp")):
        result = lab.program("tidegate", "up", "--instance", lab.instance, "--netns", lab.fw.name,
                             *arguments, good=False)
        check(part in result.stderr, f"{arguments}: {result.stderr!r}")
        equal(harness.leftovers.on_device(lab.fw, "ether1"), [], f"{arguments}: what is attached")
    result = lab.program("tidegate", "up", "--instance", lab.instance, "--netns", "no-such-netns",
                         "ether1", good=False)
    check("no-such-netns" in result.stderr, f"the namespace is named: {result.stderr!r}")
    result = lab.program("tidegate", "up", "--instance", "../evil", "ether1", good=False)
    check("instance" in result.stderr, f"an instance is a name, not a path: {result.stderr!r}")
    result = lab.program("tidegate", "--instance", lab.instance, f"{FILTER4} print", good=False)
    check(lab.instance in result.stderr, f"no agent: {result.stderr!r}")


def no_privileges(lab):
    """Without root: refused with the reason."""
    lab.up()
    copies = pathlib.Path(lab.folder.name)
    copies.chmod(0o755)
    for name, arguments in (("tidegate-loader", ["attach", "--instance", "nobody", "ether1"]),
                            ("tidegated", ["--instance", "nobody"]),
                            ("tidegate", ["up", "--instance", "nobody", "ether1"]),
                            ("tidegate", ["--instance", lab.instance, f"{FILTER4} print"])):
        copy = shutil.copy(harness.BIN / name, copies / name)
        result = lab.fw.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy,
                            *arguments, good=False)
        check(result.stderr.strip(), f"{name}: a reason")
        check(any(word in result.stderr.lower() for word in ("root", "permission", "privilege",
                                                             "not permitted", "allowed")),
              f"{name} says what is missing: {result.stderr!r}")
    equal(harness.leftovers.of_instance("nobody"), [], "left by the refused programs")


def malformed_packets(lab):
    """Bad IP headers are dropped before any rule; bad L4 headers are invalid and meet the rules."""
    rulesets.install(lab)
    lab.rules("/ip firewall filter\nadd chain=output action=accept\n")
    frames = lab.lan.packet("eth0")
    target, source = lab.fw.mac("ether2"), lab.lan.mac("eth0")
    good = packets.ip(LAN4, WAN4, 17, packets.udp(LAN4, WAN4, 1000, 2000))
    for number, bad in enumerate((b"\x44" + good[1:], b"\x55" + good[1:],
                                  good[:2] + b"\x00\x10" + good[4:],
                                  good[:2] + b"\x05\xdc" + good[4:], good[:19])):
        frames.send(packets.frame(target, source, bad))
        harness.eventually(lambda n=number: lab.reason("malformed") == n + 1, f"malformed {number}")
    rule = "Drop invalid forward"
    short = packets.ip(LAN4, WAN4, 17, b"\x03\xe8\x07\xd0")
    flags = packets.TCP_SYN | packets.TCP_FIN
    both = packets.ip(LAN4, WAN4, 6, packets.tcp(LAN4, WAN4, 1, 2, flags))
    long = packets.udp(LAN4, WAN4, 1000, 2000)
    long = packets.ip(LAN4, WAN4, 17, long[:4] + b"\x7f\xff" + long[6:])
    for number, bad in enumerate((short, both, long)):
        frames.send(packets.frame(target, source, bad))
        harness.eventually(lambda n=number: lab.counts(FILTER4)[rule] == n + 1, f"invalid {number}")


harness.main(commands, socket_garbage, saved_configuration, missing_interface, devices_and_modes,
             no_privileges, malformed_packets, variants=(harness.AS_THEY_COME,))
