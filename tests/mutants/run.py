#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the product in one place after another and says which test notices first.

    run.py SUBJECT [MUTANT…]

SUBJECT is a file beside this one: a table of mutants, each what is broken, in which file, the text
there and what it becomes. The tests that are asked, one after another, are those of the subject or,
behind them, of the mutant alone. Works on a copy of the tree in a temporary folder, where what runs
hosted has no sanitizers, which would take most of the time. docs/mutants.md has the last results.
"""
import importlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# What runs hosted loads these. The program that does keeps judging by the tree as it was.
HOSTED = [f"hosted_{name}"
          for name in ("tc_ingress", "tc_egress", "sweep", "explain", "reinject_tc")]
PATIENCE_S = 900
ROOT = pathlib.Path(__file__).resolve().parents[2]


def copy_tree(folder):
    """The tracked files, with their times, so that a build of the copy is incremental."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True,
                           text=True).stdout.split("\0")
    for name in filter(None, names):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    subprocess.run(["cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja",
                    "-DTG_HOSTED_SANITIZERS="], check=True, stdout=subprocess.DEVNULL)


def targets(test, file):
    """What has to be built for the test once the file has changed; no file: all of it."""
    hosted = test.startswith(("hosted_", "sim_tracker"))
    return HOSTED if hosted and file.startswith("bpf/") else [f"test_{test}"]


def build(folder, test, file=""):
    """False: the mutant does not even compile."""
    return subprocess.run(["ninja", "-C", folder / "build", *targets(test, file)],
                          stdout=subprocess.DEVNULL, check=False).returncode == 0


def noticed(folder, test):
    """How many of a program's tests fail; a crash, and having no end, count as one."""
    try:
        result = subprocess.run([folder / "build" / "tests" / f"test_{test}"], capture_output=True,
                                text=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return 1
    failed = {line.split()[3] for line in result.stdout.splitlines()
              if line.startswith("[  FAILED  ] ") and "ms)" in line}
    return len(failed) or int(result.returncode != 0)


def verdict(folder, name, before, after, tests):
    """Applies one mutant, and says which test is the first to notice."""
    path = folder / name
    whole = path.read_text()
    if before not in whole:
        return "the text to break is not there"
    path.write_text(whole.replace(before, after))
    try:
        for test in tests:
            if not build(folder, test, name):
                return "does not compile"
            if count := noticed(folder, test):
                return f"caught: {count} of {test}"
        return "NOT CAUGHT"
    finally:
        path.write_text(whole)


def main():
    """Runs the mutants that were asked for."""
    subject = importlib.import_module(sys.argv[1])
    mutants = [each for each in subject.MUTANTS if not sys.argv[2:] or each[0] in sys.argv[2:]]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.environ.update(CCACHE_BASEDIR=name, CCACHE_NOHASHDIR="1")
        copy_tree(folder)
        for test in subject.TESTS:
            if not build(folder, test) or noticed(folder, test):
                sys.exit(f"{test} does not pass without a mutant")
        for what, file, before, after, *tests in mutants:
            result = verdict(folder, file, before, after, tests[0] if tests else subject.TESTS)
            print(f"| {what} | {result} |", flush=True)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
