#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What XDP redirects arrives, or is counted as lost and goes by tc from then on; topology:
harness.py."""
import contextlib
import json
import pathlib
import struct
import subprocess
import threading

import harness
import rulesets
from harness import NATIVE, WAN4, WAN6, check, equal

SLOTS = 1024  # of tg_attached_slots
LARGE = 8000  # more than one buffer holds


def _interface(lab, name):
    return {each["name"]: each for each in lab.status()["interfaces"]}[name]


def _target(lab, name):
    """Where the datapath has what the interface takes: path of the map, key, ifindex and value."""
    path = f"/run/tidegate/{lab.instance}/bpf/maps/tg_attached_slots"
    ifindex = _interface(lab, name)["ifindex"]
    key = [f"{byte:02x}" for byte in struct.pack("=I", ifindex % SLOTS)]
    output = subprocess.run(["bpftool", "-j", "map", "lookup", "pinned", path, "key", "hex", *key],
                            check=True, capture_output=True, text=True).stdout
    value = bytes(int(byte, 16) for byte in json.loads(output)["value"])
    return path, key, ifindex, struct.unpack("=IHH", value)


def refused(lab):
    """A veth whose other end switches GRO off takes no more frames: few are lost, all counted."""
    lab.wan.serve_udp(53)
    rulesets.install(lab)
    for wan in (WAN4, WAN6):
        check(lab.lan.reaches_udp(wan, 53), f"LAN reaches {wan}")
    lab.wan.run("ethtool", "-K", "eth0", "gro", "off")
    sender = lab.lan.udp("0.0.0.0")
    receiver = lab.wan.udp("0.0.0.0", 6000, timeout=1)
    sent, received = 50, 0
    for number in range(sent):
        sender.sendto(bytes([number]), (WAN4, 6000))
        try:
            received += len(receiver.recv(10))
        except TimeoutError:
            pass
    after = _interface(lab, "ether1")
    equal((after["sends-by"], _interface(lab, "ether2")["sends-by"]), ("tc", "xdp"), "ways out")
    check("refused frames: " in after["sends-by-why"], after["sends-by-why"])
    check(1 <= sent - received <= 2, f"{received} of {sent} received")
    equal(after["redirect-lost"], sent - received, "frames counted as lost")
    text = lab.program("tidegate", "status", "--instance", lab.instance).stdout
    check(f"lost as XDP redirected them to it: {sent - received} frames" in text, text)

    lab.loader("attach", "--netns", lab.fw.name, "ether1")
    equal(_interface(lab, "ether1")["sends-by"], "tc", "tried again while GRO is off")
    lab.wan.run("ethtool", "-K", "eth0", "gro", "on")
    lab.loader("attach", "--netns", lab.fw.name, "ether1")
    now = _interface(lab, "ether1")
    equal((now["sends-by"], now["redirect-lost"]), ("xdp", sent - received), "tried once more")
    for wan in (WAN4, WAN6):
        check(lab.lan.reaches_udp(wan, 53), f"LAN reaches {wan} again")
    equal(_interface(lab, "ether1")["redirect-lost"], sent - received, "frames lost since")


def many_buffers(lab):
    """A frame of many buffers is redirected only to an interface that says it takes such."""
    for namespace, device in ((lab.lan, "eth0"), (lab.wan, "eth0"), (lab.fw, "ether1"),
                              (lab.fw, "ether2")):
        namespace.ip("link", "set", device, "mtu", "9000")
    rulesets.install(lab)
    sender, receiver = lab.lan.udp("0.0.0.0"), lab.wan.udp("0.0.0.0", 6000)

    def handed_over(count=5):
        before = _interface(lab, "ether2")["handed-over"]
        for _ in range(count):
            sender.sendto(b"x" * LARGE, (WAN4, 6000))
            equal(len(receiver.recv(2 * LARGE)), LARGE, "bytes received")
        return _interface(lab, "ether2")["handed-over"] - before

    check(lab.lan.pings(WAN4), "the neighbour is known")
    handed_over(1)  # opens the connection
    equal(_interface(lab, "ether2")["frames"], "of many buffers", "frames XDP takes")
    path, key, ifindex, (owner, header, takes) = _target(lab, "ether1")
    equal((owner, header), (ifindex, 14), "its slot")
    if takes == 3:
        equal(handed_over(), 0, "sent by tc while the interface takes them")
    else:
        lab.note("the kernel does not say that a veth takes frames of many buffers")
    value = [f"{byte:02x}" for byte in struct.pack("=IHH", ifindex, header, 1)]
    subprocess.run(["bpftool", "map", "update", "pinned", path, "key", "hex", *key,
                    "value", "hex", *value], check=True)
    equal(handed_over(), 5, "sent by tc once it does not")
    equal(_interface(lab, "ether1")["redirect-lost"], 0, "frames lost")


def not_watched(lab):
    """An interface whose losses nobody hears is shown as broken, and repaired by attaching it."""
    lab.up()
    links = pathlib.Path("/run/tidegate", lab.instance, "bpf", "links")
    (links / "redirect_sent").unlink()
    equal(_interface(lab, "ether1")["state"], "broken", "without a listener")
    lab.loader("attach", "--netns", lab.fw.name, "--mode", "native", "ether1", "ether2")
    equal((_interface(lab, "ether1")["state"], _interface(lab, "ether1")["sends-by"]),
          ("attached", "xdp"), "repaired")
    lab.loader("detach", "ether1")
    check((links / "redirect_sent").exists(), "one interface in native mode is left")
    lab.loader("detach", "ether2")
    check(not (links / "redirect_sent").exists(), "no interface in native mode is left")


@contextlib.contextmanager
def _traffic(sender, target):
    """Datagrams to the target all the time, as fast as they go."""
    over = threading.Event()

    def flood():
        while not over.is_set():
            sender.sendto(b"tide", target)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def tried_under_traffic(lab):
    """The frames that try an interface are told from those that others send to it meanwhile."""
    rulesets.install(lab)
    receiver = lab.wan.udp("0.0.0.0", 6000)
    sender = lab.lan.udp("0.0.0.0")
    sender.sendto(b"tide", (WAN4, 6000))
    equal(receiver.recv(10), b"tide", "what arrives")
    with _traffic(sender, (WAN4, 6000)):
        for _ in range(20):
            lab.loader("attach", "--netns", lab.fw.name, "ether1")
            now = _interface(lab, "ether1")
            equal(now["sends-by"], "xdp", now["sends-by-why"])


harness.main(refused, many_buffers, not_watched, tried_under_traffic, variants=(NATIVE,))
