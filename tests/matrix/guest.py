#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The first process of a guest: makes a system of it, runs the plan, reports and turns it off.

The plan is /plan.json: {"modules": [path], "tests": [{name, command, environment, timeout}]}.
Each test's end is reported by a line that matrix.py reads.
"""
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import traceback

FINIT_MODULE = 313  # on x86_64
POWER_OFF = 0x4321fedc
SKIPPED = 77

MOUNTS = (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/run"),
          ("tmpfs", "/tmp"))

_libc = ctypes.CDLL(None, use_errno=True)


def _must(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), what)


def prepare(modules):
    """Mounts what every system has and loads the modules."""
    for kind, place in MOUNTS:
        os.makedirs(place, exist_ok=True)
        _must(_libc.mount(kind.encode(), place.encode(), kind.encode(), 0, None), place)
    for module in modules:
        with open(module, "rb") as opened:
            _must(_libc.syscall(FINIT_MODULE, opened.fileno(), b"", 0), module)
    os.environ.update(PATH="/usr/bin:/usr/sbin", HOME="/", PYTHONDONTWRITEBYTECODE="1")


def run(test):
    """Runs one test; returns its exit status."""
    with subprocess.Popen(test["command"], env=os.environ | test["environment"],
                          stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                          start_new_session=True) as process:
        try:
            return process.wait(test["timeout"])
        except subprocess.TimeoutExpired:
            print(f"not finished after {test['timeout']} s")
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait()


def main():
    """All tests in turn, each with a line of its own."""
    plan = json.loads(pathlib.Path("/plan.json").read_text("utf-8"))
    prepare(plan["modules"])
    uptime = float(pathlib.Path("/proc/uptime").read_text("ascii").split()[0])
    print(f"guest: Linux {os.uname().release}, up after {uptime:.1f} s", flush=True)
    for test in plan["tests"]:
        started = time.monotonic()
        status = run(test)
        word = {0: "passed", SKIPPED: "skipped"}.get(status, f"failed ({status})")
        print(f"guest: {test['name']}: {word}, {time.monotonic() - started:.1f} s", flush=True)
    print("guest: done", flush=True)


try:
    main()
except BaseException:  # whatever it is: the first process must not end
    traceback.print_exc(file=sys.stdout)
sys.stdout.flush()
_libc.reboot(POWER_OFF)
