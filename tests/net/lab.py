#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/lab: its promises hold, the README shows what it prints, Ctrl-C leaves nothing."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = [str(ROOT / "tools/lab"), "--built"]
SECONDS = 60


def shape(line):
    """A line without what differs from run to run: numbers, and the blanks that align them."""
    line = re.sub(r"\d+(\.\d)?[kMG]?bps", "Nbps", line)
    return re.sub(r"\s+", " ", re.sub(r"\d+( \d{3})*", "N", line)).strip()


def shown():
    """The lines of README's example of the lab; a line … stands for any lines left out."""
    block = re.search(r"^\$ sudo tools/lab\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"),
                      re.M | re.S)
    return block.group(1).splitlines()


def not_found(expected, lines):
    """The first expected line that does not follow the one before; None if all do."""
    lines, skipping = iter(lines), True
    for line in expected:
        if line.strip() == "…":
            skipping = True
            continue
        for real in lines:
            if shape(real) == shape(line):
                break
            if not skipping:
                return line
        else:
            return line
        skipping = False
    return None


def left_behind(pid):
    """Namespaces and folders of the lab with this process id."""
    found = [entry for entry in os.listdir("/run/netns") if entry.startswith(f"lab-{pid}-")]
    places = ("/run/tidegate", "/etc/tidegate", "/var/lib/tidegate", "/var/log/tidegate")
    return found + [str(path) for place in places
                    for path in pathlib.Path(place).glob(f"lab-{pid}*")]


def run_whole(*options, example=()):
    """All expectations hold, and the lines of the example are among what is printed."""
    started = time.monotonic()
    with subprocess.Popen([*LAB, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as lab:
        output, _ = lab.communicate(timeout=SECONDS)
    print(output)
    missing = not_found(example, output.splitlines())
    seconds = time.monotonic() - started
    return [text for bad, text in (
        (lab.returncode != 0, f"the lab ended with status {lab.returncode}"),
        (missing is not None, f"README shows a line that was not printed there: {missing}"),
        (seconds > 30, f"the lab took {seconds:.0f} s, at most 30"),
        (left_behind(lab.pid), f"left behind: {left_behind(lab.pid)}")) if bad]


def run_interrupted():
    """Ctrl-C while rules are in force: status 130 and nothing left."""
    with subprocess.Popen(LAB, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          start_new_session=True) as lab:
        for line in lab.stdout:
            if "tidegate import" in line:
                break
        os.killpg(lab.pid, signal.SIGINT)
        lab.communicate(timeout=SECONDS)
    return [text for bad, text in (
        (lab.returncode != 130, f"interrupted, the lab ended with status {lab.returncode}"),
        (left_behind(lab.pid), f"left behind: {left_behind(lab.pid)}")) if bad]


def main():
    """All runs, one after the other."""
    if os.geteuid() != 0:
        print("skipped: needs root for network namespaces")
        return 77
    bad = run_whole(example=shown())
    for mode in ("native", "generic"):
        bad += run_whole("--mode", mode)
    bad += run_interrupted()
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
