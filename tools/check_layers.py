#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every #include between this tree's folders against the layers: who may see whom.

The table is docs/architecture.md's, one row a folder. A folder may always include itself.
Prints each offence as FILE:LINE and exits 1 if there is one.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]

ABI = {"include"}
BASE = ABI | {"control/base"}
COMMAND = BASE | {"control/command"}
CONFIG = COMMAND | {"control/config"}
COMPILE = CONFIG | {"control/compile"}
MAPS = BASE | {"control/maps"}
COMMIT = COMPILE | MAPS | {"control/commit"}
# config/runtime.h is the seam between the menus and the running datapath.
CONNTRACK = MAPS | CONFIG | {"bpf/core", "control/conntrack"}
RPC = BASE | {"control/rpc"}
AGENT = COMMIT | CONNTRACK | RPC | {"control/agent"}
BPF = ABI | {"bpf/core", "bpf/path"}

# The longest matching folder counts.
MAY_INCLUDE = {
    "include": ABI,
    "bpf/core": ABI | {"bpf/core"},
    "bpf/path": BPF,
    "bpf": BPF | {"bpf"},
    "control/base": BASE,
    "control/command": COMMAND,
    "control/config": CONFIG,
    "control/compile": COMPILE,
    "control/maps": MAPS,
    "control/commit": COMMIT,
    "control/conntrack": CONNTRACK,
    "control/rpc": RPC,
    "control/agent": AGENT,
    "loader": MAPS | {"bpf", "loader"},
    "tools": AGENT | {"loader", "tools"},
    "tools/bench": AGENT | {"bpf", "loader", "tools/bench"},
    "tests": AGENT | {"loader", "tools", "tests", "bpf", "bpf/core", "bpf/path"},
}

# Libraries that only some folders may see.
LIBRARIES = {
    r"bpf/(libbpf|bpf)\.h": ("control/maps", "control/commit", "control/conntrack", "loader",
                             "tools/bench", "tests"),
    r"CLI/.*": ("control/agent", "loader", "tools", "tests"),
    r"spdlog/.*": ("control/base",),
    r"re2/.*": ("control/command",),
    r"netlink/.*": ("control/agent", "loader", "tests"),
}

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^">]+)[">]')
SUFFIXES = {".c", ".h", ".cpp"}


def folder_of(path):
    """The row of the table a file belongs to; None if it is not ours."""
    rows = [row for row in MAY_INCLUDE if path == row or path.startswith(row + "/")]
    return max(rows, key=len) if rows else None


def target_of(name, file):
    """The folder an include names; None for the system's and third parties' headers."""
    if name.startswith("tidegate/"):
        return "include"
    if name.endswith(".skel.h"):
        return "bpf"
    for candidate in (ROOT / name, ROOT / "bpf" / name, file.parent / name):
        if candidate.exists() and candidate.resolve().is_relative_to(ROOT):
            return folder_of(str(candidate.resolve().relative_to(ROOT)))
    return None


def offences(file):
    """Yields (line number, text) for everything a file must not include."""
    own = folder_of(str(file.relative_to(ROOT)))
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        name = found.group(1)
        target = target_of(name, file)
        if target is not None and target != own and target not in MAY_INCLUDE[own]:
            yield number, f"{own} must not include {target} ({name})"
        for pattern, allowed in LIBRARIES.items():
            if re.fullmatch(pattern, name) and not any(
                    own == row or own.startswith(row + "/") for row in allowed):
                yield number, f"{own} must not include {name}"


def main():
    """Checks the whole tree."""
    files = [file for top in ("include", "bpf", "control", "loader", "tools", "tests")
             for file in sorted((ROOT / top).rglob("*")) if file.suffix in SUFFIXES]
    bad = [f"{file.relative_to(ROOT)}:{number}: {text}"
           for file in files for number, text in offences(file)]
    print("\n".join(bad) if bad else f"{len(files)} files keep to the layers")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
