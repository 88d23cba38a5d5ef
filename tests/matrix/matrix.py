#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Boots one of Debian's kernels in qemu and runs tests of label prog and firewall.py there.

Needs no root: everything happens in the guest. TG_LONG=1 adds the rest of label prog, links.py and
tests of label net. Runs with Debian's own Python, which goes into the guest.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import image
import initramfs

ROOT = pathlib.Path(__file__).resolve().parents[2]
QEMU = "qemu-system-x86_64"
SKIPPED = 77
BOOTS = 2  # an emulated kernel has been seen to crash; its tests then have not begun
GUEST_SECONDS, LONG_GUEST_SECONDS = 500, 2800

MODULES = ("veth", "tun", "sch_ingress", "cls_bpf")
LONG_MODULES = ("8021q", "bonding", "bridge", "e1000", "virtio_net", "virtio_pci", "wireguard")

# Two cards of each driver on one wire.
LONG_CARDS = ("virtio-net-pci", "e1000")

# What the net tests and the loader call.
COMMANDS = ("env", "ethtool", "ip", "ping", "sh", "sleep", "tc")
LONG_COMMANDS = ("bpftool", "cat", "curl", "dnsmasq", "iperf3", "mkdir", "mount", "setpriv",
                 "traceroute", "udhcpc", "unshare", "wg")

# Tests of label prog that do not wait for TG_LONG: every program is loaded, every stage runs.
SHORT_TESTS = ("prog.cases", "prog.verifier")

# Net tests that ask for what an emulated machine does not have, a rate, a chance or a time, or
# (adoption, lab) for more of a host than there is in the guest.
LEFT_OUT = ("net.adoption", "net.agent_death", "net.commit", "net.lab", "net.mtu")

# Emulated, everything is up to ten times as slow: always the bounded sizes, and more time for them.
SLOWER = 4
SHORT = {"TG_LONG": "0", "GTEST_BRIEF": "1", "GTEST_COLOR": "no"}

UP = re.compile(r"^guest: Linux .* up after", re.M)
RESULT = re.compile(r"^guest: (\S+): (passed|skipped|failed.*), [0-9.]+ s$", re.M)
DONE = re.compile(r"^guest: done$", re.M)


def long_run():
    """Whether the full sizes are asked for."""
    return os.environ.get("TG_LONG", "0") not in ("", "0")


def ctest_tests(build, label):
    """Tests of a label, as CTest would run them."""
    answer = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1", "-L",
                             f"^{label}$"], capture_output=True, text=True, check=True).stdout
    tests = []
    for test in json.loads(answer)["tests"]:
        properties = {entry["name"]: entry["value"] for entry in test["properties"]}
        environment = dict(pair.split("=", 1) for pair in properties.get("ENVIRONMENT", ()))
        tests.append({"name": test["name"], "command": test["command"],
                      "environment": environment | SHORT,
                      "timeout": SLOWER * properties.get("TIMEOUT", 120)})
    return tests


def own_test(name, build, environment, seconds):
    """A net test that only runs here."""
    return {"name": "matrix." + name,
            "command": ["/usr/bin/python3", str(ROOT / f"tests/matrix/{name.split('_')[0]}.py")],
            "environment": {"TG_BIN": f"{build}/bin"} | environment, "timeout": seconds}


def plan(build, link):
    """Tests to run in the guest."""
    tests = [test for test in ctest_tests(build, "prog")
             if long_run() or test["name"] in SHORT_TESTS]
    tests.append(own_test("firewall", build, {"TG_LINK": link}, 200))
    if long_run():
        tests += [own_test(f"links_{part}", build, {"TG_LINKS": part}, 600)
                  for part in ("vlans", "others")]
        tests += [test for test in ctest_tests(build, "net") if test["name"] not in LEFT_OUT]
    return tests


def pack(target, kernel, build, tests):
    """Writes the guest's file system."""
    files = initramfs.Initramfs()
    files.link("/bin", "/usr/bin")
    files.file(ROOT / "tests/matrix/guest.py", "/init")
    for script in ("firewall.py", "links.py"):
        files.file(ROOT / "tests/matrix" / script)
    modules = kernel.modules(MODULES + (LONG_MODULES if long_run() else ()))
    for name, content in modules.items():
        files.text(f"/modules/{name}.ko", content)
    files.text("/plan.json", json.dumps(
        {"modules": [f"/modules/{name}.ko" for name in modules], "tests": tests}))
    for folder in ("tests/cases", "tests/dialogues", "tests/net", "tests/prog"):
        files.tree(ROOT / folder)
    files.file("/etc/passwd")
    for folder in ("bpf", "tests/harness"):
        for compiled in pathlib.Path(build, folder).glob("*.bpf.o"):
            files.file(compiled)
    for program in pathlib.Path(build, "bin").iterdir():
        files.program(program)
    for test in tests:
        if pathlib.Path(test["command"][0]).is_relative_to(build):
            files.program(test["command"][0])
    for command in COMMANDS + (LONG_COMMANDS if long_run() else ()):
        if not files.command(command):
            sys.exit(f"no program {command} on this host: run tools/setup")
    files.python([ROOT / "tests/matrix/guest.py", *(ROOT / "tests/net").glob("*.py")])
    files.write(target)


def cards():
    """Options for the guest's network cards; there is no way out of the guest."""
    words = []
    for wire, driver in enumerate(LONG_CARDS if long_run() else ()):
        for number in range(2):
            name = f"card{wire}{number}"
            words += ["-netdev", f"hubport,id={name},hubid={wire}",
                      "-device", f"{driver},netdev={name}"]
    return words or ["-nic", "none"]


def boot(kernel, archive):
    """Runs a guest to its end, or as long as it may; returns what it wrote to its console."""
    command = [QEMU, "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", "1024", "-smp", "1",
               "-display", "none", "-monitor", "none", "-serial", "stdio", *cards(),
               "-no-reboot", "-kernel", kernel.kernel, "-initrd", archive,
               "-append", "console=ttyS0 quiet panic=-1 mitigations=off"]
    seconds = LONG_GUEST_SECONDS if long_run() else GUEST_SECONDS
    lines = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as guest:
        limit = threading.Timer(seconds, guest.kill)
        limit.start()
        for line in guest.stdout:
            lines.append(line)
            print(line, end="", flush=True)
        limit.cancel()
    return "".join(lines)


def judge(output, tests):
    """What is wrong with a guest's report, as lines."""
    results = dict(RESULT.findall(output))
    bad = [f"{test['name']}: {results.get(test['name'], 'no result')}" for test in tests
           if results.get(test["name"]) != "passed"]
    return bad + ([] if DONE.search(output) else ["the guest did not come to its end"])


def run(arguments):
    """One kernel, one guest; returns the exit status."""
    if shutil.which(QEMU) is None:
        raise image.Unavailable(f"no {QEMU}: run tools/setup")
    name = f"linux_{arguments.kernel.replace('.', '_')}"
    kernel = image.get(pathlib.Path(arguments.build, "matrix", name), arguments.suite)
    tests = [test for test in plan(arguments.build, arguments.link)
             if re.search(arguments.tests, test["name"])]
    output = ""
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        archive = pathlib.Path(folder, "initramfs")
        pack(archive, kernel, arguments.build, tests)
        print(f"{kernel.kernel.name}, {len(tests)} tests, {archive.stat().st_size >> 20} MB",
              flush=True)
        for _ in range(BOOTS):
            started = time.monotonic()
            output = boot(kernel, archive)
            print(f"boot to end: {time.monotonic() - started:.1f} s", flush=True)
            if UP.search(output):
                break
    bad = judge(output, tests)
    if f"guest: Linux {arguments.kernel}." not in output:
        bad.append(f"the guest did not run Linux {arguments.kernel}")
    print("\n".join(bad) or "all passed")
    return 1 if bad else 0


def main():
    """Reads the arguments, runs, and says why if it cannot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", required=True, help="version it must have, such as 6.1")
    parser.add_argument("--suite", required=True, help="suite of Debian that has it")
    parser.add_argument("--link", required=True, help="how TC programs are attached there")
    parser.add_argument("--build", required=True, help="build folder")
    parser.add_argument("--tests", default="", help="only tests whose name has this pattern")
    try:
        return run(parser.parse_args())
    except image.Unavailable as reason:
        print(f"skipped: {reason}")
        return SKIPPED


if __name__ == "__main__":
    sys.exit(main())
