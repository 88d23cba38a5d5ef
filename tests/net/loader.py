#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The loader alone: what it attaches, takes away, refuses and survives. Topology: harness.py."""
import contextlib
import json
import os
import pathlib
import subprocess
import time

import harness
import leftovers
from harness import FW_LAN4, check, equal, eventually

DEVICES = ("ether1", "ether2")
LIMIT_ATTACHED = 256  # TG_LIMIT_ATTACHED
LAYOUT = 17  # TG_LAYOUT_VERSION
SLOTS = 1024  # of tg_attached_slots


def attach(lab, *arguments, good=True):
    """tidegate-loader attach in the firewall's namespace."""
    return lab.loader("attach", "--netns", lab.fw.name, *arguments, good=good)


def status(lab):
    """tidegate-loader status -j."""
    return json.loads(lab.loader("status", "-j").stdout)


def states(lab):
    """Name and state of every interface of the status, sorted."""
    return sorted((each["name"], each["state"]) for each in status(lab)["interfaces"])


def pin(lab, *parts):
    """Path of a pin."""
    return str(pathlib.Path("/run/tidegate", lab.instance, "bpf", *parts))


def nothing_left(lab, devices=DEVICES):
    """Fails if a program, qdisc, pin, mount, folder or timer process is left."""
    for device in devices:
        equal(leftovers.on_device(lab.fw, device), [], f"left on {device}")
    equal(leftovers.of_instance(lab.instance), [], "left of the instance")
    equal(timers(lab), [], "timer processes")


def timers(lab):
    """Process ids of this instance's confirmation timers."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if lab.instance.encode() in words and words[0].endswith(b"tidegate-loader"):
                    found.append(int(entry.name))
    return found


def refused(lab, *arguments, says, verb="attach"):
    """Fails unless the loader refuses with status 1, such a message and nothing printed."""
    result = lab.loader(verb, *arguments, good=False)
    equal((result.returncode, result.stdout), (1, ""), f"{verb} {arguments}")
    check(says in result.stderr, f"{verb} {arguments}: {says!r} in {result.stderr!r}")


def both_links(lab):
    """Attach, once more, one away, all away: by tcx and by clsact."""
    for link in ("tcx", "clsact"):
        if link == "tcx" and attach(lab, "--tc-link", "tcx", "ether1", good=None).returncode != 0:
            lab.note("no tcx in this kernel: clsact only")
            continue
        attach(lab, "--tc-link", link, *DEVICES)
        before = status(lab)
        equal([(i["name"], i["state"], i["asked"], i["mode"], i["link"], i["driver"])
               for i in before["interfaces"]],
              [(name, "attached", "auto", "tc", link, "veth") for name in DEVICES], "status")
        equal(before["interfaces"][0]["why"],
              "frames of a veth may carry unfinished checksums", "why")
        check(lab.lan.pings(FW_LAN4), "traffic passes while nothing is committed")
        again = attach(lab, *DEVICES)
        check(again.stdout.count("already attached") == 2, again.stdout)
        equal(status(lab), before, "nothing changed")
        lab.loader("detach", "ether2")
        equal(states(lab), [("ether1", "attached")], "after detaching one")
        equal(leftovers.on_device(lab.fw, "ether2"), [], "on ether2")
        refused(lab, "ether2", verb="detach", says='"ether2" is not attached')
        lab.loader("detach")
        nothing_left(lab)
    lab.loader("detach")
    nothing_left(lab)


def auto_prefers_tcx(lab):
    """Without --tc-link the kernel's tcx is used if it has one; the programs are really there."""
    attach(lab, "ether1")
    link = status(lab)["interfaces"][0]["link"]
    if pathlib.Path("/proc/sys/kernel/osrelease").read_text("ascii").split(".") > ["6", "6"]:
        equal(link, "tcx", "link")
    equal(sorted(leftovers.on_device(lab.fw, "ether1")),
          ["tcx egress", "tcx ingress"] if link == "tcx" else ["clsact"], "on ether1")


def load_first(lab):
    """load attaches nothing; attach then uses the same programs, and so does another attach."""
    equal(status(lab)["loaded"], False, "loaded before")
    lab.loader("load", "--netns", lab.fw.name)
    first = status(lab)
    equal((first["loaded"], first["interfaces"], first["problem"]), (True, [], ""), "after load")
    check(first["ticks-per-second"] in (100, 250, 300, 1000), first["ticks-per-second"])
    attach(lab, "ether1")
    attach(lab, "ether2")
    programs = {(i["ingress-program"], i["egress-program"]) for i in status(lab)["interfaces"]}
    equal(len(programs), 1, "programs of two interfaces")
    lab.loader("detach", *DEVICES)
    equal((status(lab)["loaded"], states(lab)), (True, []), "programs and maps stay")
    attach(lab, "ether1")
    device = status(lab)["interfaces"][0]
    equal({(device["ingress-program"], device["egress-program"])}, programs, "same programs")


def all_or_nothing(lab):
    """A failure at the second interface takes the first one back."""
    refused(lab, "--netns", lab.fw.name, "ether1", "ether77", says='no interface "ether77"')
    nothing_left(lab)
    lab.fw.run("tc", "qdisc", "add", "dev", "ether2", "clsact")
    lab.fw.run("tc", "filter", "add", "dev", "ether2", "egress", "pref", "1", "handle", "0x7d1de",
               "protocol", "all", "bpf", "da", "pinned", _foreign_program(lab))
    lab.loader("detach")
    _foreign_program(lab)
    refused(lab, "--netns", lab.fw.name, "--tc-link", "clsact", *DEVICES,
            says="cannot attach to ether2 by clsact")
    equal(states(lab), [], "attached")
    equal(leftovers.on_device(lab.fw, "ether1"), [], "on ether1")
    check("0x7d1de" in lab.fw.run("tc", "filter", "show", "dev", "ether2", "egress").stdout,
          "the filter of somebody else is still there")
    lab.loader("detach")
    equal(leftovers.on_device(lab.fw, "ether2"), ["clsact"], "the administrator's qdisc")
    lab.fw.run("tc", "qdisc", "del", "dev", "ether2", "clsact")
    nothing_left(lab)


def _foreign_program(lab):
    """Some pinned program for a filter that is not the loader's doing."""
    lab.loader("load", "--netns", lab.fw.name)
    return pin(lab, "programs", "tc_egress")


def own_qdisc_only(lab):
    """A clsact qdisc that was there, or that others use by now, is left."""
    lab.fw.run("tc", "qdisc", "add", "dev", "ether1", "clsact")
    attach(lab, "--tc-link", "clsact", *DEVICES)
    lab.fw.run("tc", "filter", "add", "dev", "ether2", "ingress", "pref", "9", "protocol", "all",
               "bpf", "da", "pinned", pin(lab, "programs", "tc_ingress"))
    lab.loader("detach")
    equal(leftovers.of_instance(lab.instance), [], "left of the instance")
    equal(leftovers.on_device(lab.fw, "ether1"), ["clsact"], "on ether1")
    equal(lab.fw.run("tc", "filter", "show", "dev", "ether1", "ingress").stdout, "", "filters")
    check("pref 9" in lab.fw.run("tc", "filter", "show", "dev", "ether2", "ingress").stdout,
          "the other filter stays")
    for device in DEVICES:
        lab.fw.run("tc", "qdisc", "del", "dev", device, "clsact")


def refusals(lab):
    """Bad input: a reason, status 1, nothing changed."""
    netns = ("--netns", lab.fw.name)
    refused(lab, *netns, "--mode", "offload", "ether1", says="is not built yet")
    refused(lab, *netns, "--mode", "fast", "ether1", says="expected auto, native")
    refused(lab, *netns, "lo", says="loopback")
    refused(lab, *netns, "--confirm", "0", "ether1", says="expected 1 to 86400")
    refused(lab, *netns, "--confirm", "86401", "ether1", says="expected 1 to 86400")
    refused(lab, *netns, "--pickup", "0", "ether1", says="expected 1 to 3600")
    refused(lab, *netns, "--pickup", "3601", "ether1", says="expected 1 to 3600")
    refused(lab, "--netns", "no-such-ns", "ether1", says="/run/netns/no-such-ns: No such file")
    refused(lab, verb="confirm", says="waits to be confirmed")
    refused(lab, "ether1", verb="detach", says='"ether1" is not attached')
    for name in ("a/b", "..", "x" * 33):
        result = lab.program("tidegate-loader", "status", "--instance", name, good=False)
        check("instance" in result.stderr, result.stderr)
    nothing_left(lab)


def poor_hosts(lab):
    """No privileges, no BTF, no bpffs, mounts that vanish: told before anything is touched."""
    loader = [str(harness.BIN / "tidegate-loader"), "attach", "--instance", lab.instance]
    named = [*loader, "--netns", lab.fw.name, "ether1"]
    quoted = " ".join(named)
    fake = lab.file("filesystems", "nodev\tproc\n")
    hide_btf = "mount -t tmpfs tmpfs /sys/kernel/btf"
    hide_bpffs = f"mount --bind {fake} /proc/filesystems"
    cases = [
        (["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", *named],
         "CAP_SYS_ADMIN is missing; run it as root"),
        (["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", *loader, "ether1"],
         "CAP_NET_ADMIN is missing; run it as root"),
        (["unshare", "--mount", "sh", "-c", f"{hide_btf} && {quoted}"], "has no BTF"),
        (["unshare", "--mount", "sh", "-c", f"{hide_bpffs} && {quoted}"], "has no bpffs"),
        (["ip", "netns", "exec", lab.fw.name, *loader, "ether1"], "use --netns NAME instead"),
    ]
    for command, says in cases:
        result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        equal((result.returncode, result.stdout), (1, ""), f"{command}: {result.stderr}")
        check(says in result.stderr, f"{command}: {says!r} in {result.stderr!r}")
        nothing_left(lab)


def other_layouts(lab):
    """What another build has pinned is refused with the remedy, which works."""
    attach(lab, "ether1")
    layout = pin(lab, "maps", "tg_layout")
    word = ["bpftool", "map", "update", "pinned", layout, "key", "hex", "00", "00", "00", "00",
            "value", "hex"]
    subprocess.run(word + "45 44 49 54 63 00 00 00".split() + ["00"] * 24, check=True)
    says = f"layout version 99 found, this build reads {LAYOUT}: run `tidegate down --instance " \
           f"{lab.instance}` first"
    refused(lab, "--netns", lab.fw.name, "ether2", says=says)
    refused(lab, "--netns", lab.fw.name, verb="load", says=says)
    now = status(lab)
    equal((now["loaded"], now["problem"], now["layout-version"]), (False, says, 99), "status")
    equal(states(lab), [("ether1", "attached")], "interfaces")
    lab.loader("detach")
    nothing_left(lab)
    attach(lab, "ether1")
    os.unlink(pin(lab, "maps", "tg_fragments"))
    subprocess.run(["bpftool", "map", "create", pin(lab, "maps", "tg_fragments"), "type", "hash",
                    "key", "4", "value", "4", "entries", "8", "name", "tg_fragments"], check=True)
    refused(lab, "--netns", lab.fw.name, "ether2",
            says="map tg_fragments has 8 entries with keys of 4 and values of 4 bytes")
    lab.loader("detach")
    nothing_left(lab)


def confirmation(lab):
    """Unconfirmed, exactly what was attached is taken back; confirmed, it stays."""
    attach(lab, "--confirm", "1", *DEVICES)
    equal(status(lab)["confirm"]["seconds"], 1, "seconds left")
    eventually(lambda: not status(lab)["loaded"], "taken back")
    eventually(lambda: not timers(lab), "the timer has ended")
    nothing_left(lab)

    attach(lab, "ether1")
    attach(lab, "--confirm", "1", "ether1", "ether2")
    eventually(lambda: states(lab) == [("ether1", "attached")], "the second is taken back")
    eventually(lambda: not timers(lab), "the timer has ended")
    equal((status(lab)["loaded"], status(lab)["confirm"]), (True, None), "the first stays")

    attach(lab, "--confirm", "30", "ether2")
    lab.loader("confirm")
    eventually(lambda: not timers(lab), "the timer has ended")
    equal(states(lab), [("ether1", "attached"), ("ether2", "attached")], "confirmed")
    refused(lab, verb="confirm", says="waits to be confirmed")

    lab.loader("detach")
    attach(lab, "--confirm", "30", "ether1")
    lab.loader("detach")
    nothing_left(lab)


def confirmation_by_clsact(lab):
    """The timer finds the way back into the namespace, where the filters are."""
    attach(lab, "--tc-link", "clsact", "--confirm", "1", *DEVICES)
    eventually(lambda: not status(lab)["loaded"], "taken back")
    eventually(lambda: not timers(lab), "the timer has ended")
    nothing_left(lab)


def confirmations_join(lab):
    """A second attach on probation puts both on one new deadline."""
    attach(lab, "--confirm", "30", "ether1")
    attach(lab, "--confirm", "1", "ether2")
    equal(len(timers(lab)), 1, "timers")
    eventually(lambda: not status(lab)["loaded"], "both taken back")
    eventually(lambda: not timers(lab), "the timer has ended")
    nothing_left(lab)


def gone_interface(lab):
    """An interface that is no more is shown as gone, and forgotten by the next attach."""
    attach(lab, *DEVICES)
    lab.fw.ip("link", "delete", "ether2")
    equal(states(lab), [("ether1", "attached"), ("ether2", "gone")], "status")
    lab.wan.ip("link", "set", "lo", "down")
    lab.fw.veth("ether3", lab.lan, "eth3")
    attach(lab, "ether3")
    equal(states(lab), [("ether1", "attached"), ("ether3", "attached")], "after the next attach")
    lab.fw.ip("link", "set", "ether3", "down")
    lab.fw.ip("link", "set", "ether3", "name", "renamed")
    equal(states(lab), [("ether1", "attached"), ("renamed", "attached")], "after renaming")
    lab.loader("detach", "renamed")
    equal(states(lab), [("ether1", "attached")], "after detaching it by its new name")
    lab.loader("detach")
    nothing_left(lab)


def gone_namespace(lab):
    """A deleted namespace breaks neither detach nor a new one of the same name."""
    for link in ("auto", "clsact"):
        attach(lab, "--tc-link", link, *DEVICES)
        lab.fw.delete()
        eventually(lambda: {state for _, state in states(lab)} <= {"gone", "unreachable"}, "gone")
        lab.loader("detach", "--netns", lab.fw.name)
        equal(leftovers.of_instance(lab.instance), [], "left of the instance")
        lab.build()
        attach(lab, "--tc-link", link, *DEVICES)
        lab.build()
        eventually(lambda: {state for _, state in states(lab)} <= {"gone", "unreachable"}, "gone")
        attach(lab, "--tc-link", link, "ether1")
        equal(states(lab), [("ether1", "attached")], "in the new namespace")
        lab.loader("detach")
        nothing_left(lab)


def _second_instance(lab, other, link):
    """What another instance may do while the lab's own holds ether1."""
    result = lab.program("tidegate-loader", "attach", "--instance", other, "--netns",
                         lab.fw.name, "ether1", good=False)
    check(f'is already attached by instance "{lab.instance}"' in result.stderr, result.stderr)
    equal(leftovers.of_instance(other), [], "left of the other instance")
    lab.program("tidegate-loader", "attach", "--instance", other, "--netns", lab.fw.name,
                "--tc-link", link, "ether2")
    result = lab.program("tidegate-loader", "attach", "--instance", other, "--netns",
                         lab.wan.name, "eth0", good=False)
    check(f"belongs to network namespace /run/netns/{lab.fw.name}" in result.stderr,
          result.stderr)
    check(leftovers.on_device(lab.fw, "ether2"), "ether2 stays attached")


def other_instances(lab):
    """One interface, one instance; one instance, one namespace."""
    other = lab.instance + "b"
    attach(lab, "ether1")
    for link in ("auto", "clsact"):
        try:
            _second_instance(lab, other, link)
        finally:
            lab.program("tidegate-loader", "detach", "--instance", other)
        equal(leftovers.of_instance(other), [], "left of the other instance")
    equal(states(lab), [("ether1", "attached")], "the first one is untouched")


def repairs(lab):
    """What somebody took away shows as broken, and attaching again repairs it."""
    attach(lab, "ether1")
    if status(lab)["interfaces"][0]["link"] == "tcx":
        for entry in pathlib.Path(pin(lab, "links")).glob("tcx_egress_*"):
            entry.unlink()
        equal(states(lab), [("ether1", "broken")], "status")
        attach(lab, "ether1")
        equal(states(lab), [("ether1", "attached")], "repaired")
        lab.loader("detach")
    attach(lab, "--tc-link", "clsact", "ether1")
    lab.fw.run("tc", "filter", "del", "dev", "ether1", "ingress")
    equal(states(lab), [("ether1", "broken")], "status")
    attach(lab, "ether1")
    equal(states(lab), [("ether1", "attached")], "repaired")
    lab.loader("detach")
    nothing_left(lab)


def at_once(lab):
    """Loaders of one instance wait for each other."""
    command = [harness.BIN / "tidegate-loader", "attach", "--instance", lab.instance, "--netns",
               lab.fw.name]
    running = [subprocess.Popen([*command, device], stdout=subprocess.DEVNULL)
               for device in DEVICES * 3]
    equal([process.wait(timeout=60) for process in running], [0] * 6, "exit statuses")
    equal(states(lab), [("ether1", "attached"), ("ether2", "attached")], "status")
    lab.loader("detach")
    nothing_left(lab)


def killed(lab):
    """A loader killed at any moment leaves nothing that attach and detach cannot deal with."""
    command = [harness.BIN / "tidegate-loader", "attach", "--instance", lab.instance, "--netns",
               lab.fw.name, *DEVICES]
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    whole = time.monotonic() - started
    lab.loader("detach")
    for step in range(12):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            time.sleep(whole * step / 11)
            process.kill()
        if step % 2:
            attach(lab, *DEVICES)
            equal(states(lab), [("ether1", "attached"), ("ether2", "attached")], f"step {step}")
        lab.loader("detach")
        nothing_left(lab)


def entries(lab, name):
    """A map of the datapath: key → value."""
    output = subprocess.run(["bpftool", "-j", "map", "dump", "pinned", pin(lab, "maps", name)],
                            check=True, capture_output=True, text=True).stdout
    return {entry["formatted"]["key"]: entry["formatted"]["value"] for entry in json.loads(output)}


def without_link_header(lab):
    """On a layer 3 device the IP header comes first, and the datapath is told so."""
    lab.fw.ip("tuntap", "add", "tun0", "mode", "tun")
    attach(lab, "ether1", "tun0")
    found = {key: (value["mode"], value["link_header"])
             for key, value in entries(lab, "tg_attached").items()}
    index = {each["name"]: each["ifindex"] for each in status(lab)["interfaces"]}
    equal(found, {index["ether1"]: (1, 14), index["tun0"]: (1, 0)}, "maps/tg_attached")
    lab.loader("detach", "tun0")
    lab.loader("detach")
    nothing_left(lab, (*DEVICES, "tun0"))


def shared_slot(lab):
    """Of interfaces with one slot the first has it, and the next one after it."""
    first = 300
    for index, name in ((first, "first"), (first + SLOTS, "second")):
        lab.fw.ip("link", "add", name, "index", str(index), "type", "veth", "peer", "name",
                  f"peer{index}")

    def owner():
        return entries(lab, "tg_attached_slots")[first % SLOTS]["ifindex"]

    attach(lab, "first", "second")
    equal(owner(), first, "whose slot it is")
    lab.loader("detach", "second")
    equal(owner(), first, "another one is detached")
    attach(lab, "second")
    equal(owner(), first, "nor does it get it anew")
    lab.loader("detach", "first")
    equal(owner(), first + SLOTS, "now it does")
    check(set(entries(lab, "tg_attached")) == {first + SLOTS}, "what is attached")
    lab.loader("detach")
    nothing_left(lab, (*DEVICES, "first", "second"))


def features(lab, device):
    """The features that take VLAN tags off received frames: name → on or off."""
    lines = lab.fw.run("ethtool", "-k", device).stdout.splitlines()
    words = [line.split() for line in lines]
    return {word[0]: word[1] for word in words
            if word[0] in ("rx-vlan-offload:", "rx-vlan-stag-hw-parse:")}


def tag_stripping(lab):
    """Off while XDP judges, as it was before and after; told by status."""
    for host in (lab.lan, lab.wan):
        host.run("ethtool", "-K", "eth0", "tx", "off", "gro", "on")
    lab.fw.run("ethtool", "-K", "ether2", "rx-vlan-stag-hw-parse", "off")
    before = {device: features(lab, device) for device in DEVICES}
    equal(set(before["ether1"].values()), {"on"}, "a veth strips tags by itself")
    attach(lab, "--mode", "native", *DEVICES)
    for device in DEVICES:
        equal(set(features(lab, device).values()), {"off"}, f"{device} in native mode")
    equal({row["name"]: row["switched-off"] for row in status(lab)["interfaces"]},
          {"ether1": ["rx-vlan-hw-parse", "rx-vlan-stag-hw-parse"],
           "ether2": ["rx-vlan-hw-parse"]}, "switched off by status")
    lab.loader("detach", "ether1")
    equal(features(lab, "ether1"), before["ether1"], "ether1 is as it was")
    equal(set(features(lab, "ether2").values()), {"off"}, "ether2 is still attached")
    lab.loader("detach")
    equal({device: features(lab, device) for device in DEVICES}, before, "as it was")
    attach(lab, "--mode", "tc", *DEVICES)
    equal({device: features(lab, device) for device in DEVICES}, before, "tc changes nothing")
    lab.loader("detach")
    nothing_left(lab)


def as_many_as_allowed(lab):
    """TG_LIMIT_ATTACHED interfaces can be attached, one more cannot."""
    names = [f"v{number}" for number in range(LIMIT_ATTACHED)]
    batch = lab.file("batch", "".join(
        f"link add {one} type veth peer name {two}\n" for one, two in zip(names[::2], names[1::2])))
    lab.fw.ip("-batch", batch)
    attach(lab, *names)
    equal({state for _, state in states(lab)}, {"attached"}, "states")
    refused(lab, "--netns", lab.fw.name, "ether1",
            says=f"attached to {LIMIT_ATTACHED} interfaces, that would be {LIMIT_ATTACHED + 1}")
    equal(len(states(lab)), LIMIT_ATTACHED, "interfaces")
    lab.loader("detach")
    nothing_left(lab, (names[0], names[-1]))


if __name__ == "__main__":
    harness.main(both_links, auto_prefers_tcx, load_first, all_or_nothing, own_qdisc_only,
                 refusals, poor_hosts, other_layouts, confirmation, confirmation_by_clsact,
                 confirmations_join, gone_interface, gone_namespace, other_instances, repairs,
                 at_once, killed, without_link_header, shared_slot, tag_stripping,
                 as_many_as_allowed,
                 variants=(harness.AS_THEY_COME,))
