#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The style rules that matter, as tests: check.py NAME runs one of CHECKS over the whole tree."""
import ast
import concurrent.futures
import importlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOPS = (".ci", "bpf", "cmake", "control", "include", "loader", "tests", "tools")
COLUMNS, FILE_LINES, FUNCTION_LINES = 100, 500, 70
KERNEL_LICENCE = "GPL-2.0-only OR BSD-2-Clause"
OTHER_LICENCE = "Apache-2.0"
CODE, PYTHON = {".c", ".h", ".cpp"}, {".py"}
LONG = os.environ.get("TG_LONG", "0") == "1"


def tree(*tops):
    """Every text file of ours below the given folders."""
    files = [ROOT / "CMakeLists.txt"] if not tops else []
    for top in tops or TOPS:
        files += [file for file in sorted((ROOT / top).rglob("*"))
                  if file.is_file() and "__pycache__" not in file.parts]
    return files


def is_shell(file):
    """Whether a file is a shell script, by its first line."""
    return file.suffix in ("", ".sh") and file.read_bytes()[:20].startswith((b"#!/bin/bash",
                                                                          b"#!/bin/sh"))


def is_source(file):
    """Whether a file is code or a build script (data of tests is not)."""
    return file.suffix in CODE | PYTHON | {".cmake"} or file.name == "CMakeLists.txt" \
        or is_shell(file)


def sources(*tops):
    """(file, lines) of every source file."""
    return [(file, file.read_text("utf-8").splitlines()) for file in tree(*tops)
            if is_source(file)]


def name(file):
    """Path relative to the tree."""
    return str(file.relative_to(ROOT))


def in_parallel(function, items):
    """Every non-empty result of function(item)."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [result for result in pool.map(function, items) if result]


def run(*command):
    """Runs a command; its output if it failed, else nothing."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return (result.stdout + result.stderr).strip() if result.returncode else ""


# -- one function a check: returns offences as text ------------------------------------------------


def check_format():
    """clang-format-19 would change nothing."""
    files = [str(file) for file in tree() if file.suffix in CODE]
    output = run("clang-format-19", "--dry-run", "-Werror", *files)
    return sorted(set(re.findall(r"^([^:\n]+:\d+):\d+: error", output, re.M))) or \
        ([output] if output else [])


def _functions(file, lines):
    """(line, length) of every function body: braces stand on lines of their own."""
    if file.suffix in PYTHON:
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node.lineno, node.end_lineno - node.lineno + 1
        return
    opening = re.compile(r"^\w+\(\) \{" if is_shell(file) else r"^ *\{$")
    for number, line in enumerate(lines):
        if not opening.match(line):
            continue
        closing = line[:len(line) - len(line.lstrip())] + "}"
        end = next((later for later in range(number + 1, len(lines))
                    if lines[later].startswith(closing)), number)
        yield number + 1, end - number + 1


def check_sizes():
    """Lines, functions and files that fit a screen and a head."""
    bad = []
    for file, lines in sources():
        if len(lines) > FILE_LINES:
            bad.append(f"{name(file)}: {len(lines)} lines, at most {FILE_LINES}")
        bad += [f"{name(file)}:{number}: {len(line)} columns, at most {COLUMNS}"
                for number, line in enumerate(lines, 1) if len(line) > COLUMNS]
        if file.suffix in CODE | PYTHON or is_shell(file):
            bad += [f"{name(file)}:{number}: function of {length} lines, at most {FUNCTION_LINES}"
                    for number, length in _functions(file, lines) if length > FUNCTION_LINES]
    return bad


def check_licences():
    """The first line (after #!) names the licence of the folder."""
    bad = []
    for file, lines in sources():
        first = next((line for line in lines if not line.startswith("#!")), "")
        found = re.search(r"SPDX-License-Identifier: (.*?)( \*/)?$", first)
        kernel = name(file).startswith(("bpf/", "include/", "tools/bench/bpf/")) \
            and file.suffix in CODE
        expected = KERNEL_LICENCE if kernel else OTHER_LICENCE
        if not found or found.group(1) != expected:
            bad.append(f"{name(file)}: expected SPDX-License-Identifier: {expected}")
    return bad


def check_words():
    """No promises without an issue, no copies that must be kept alike, no old names for things."""
    rules = [(re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))"), "name the issue: TODO(#12)"),
             (re.compile(r"\bin[ -]sync\b", re.I), "derive it from one definition instead")]
    return [f"{name(file)}:{number}: {advice}" for file, lines in sources()
            if file != pathlib.Path(__file__).resolve()
            for number, line in enumerate(lines, 1) for pattern, advice in rules
            if pattern.search(line)]


def check_checksums():
    """No direct store to an L4 checksum in the datapath: TC must use the kernel's helper."""
    store = re.compile(r"(\w+)(?:->|\.)(?:check|checksum|icmp6_cksum)\s*[-+^|&]?=(?!=)")
    ours = {"hop", "ip"}  # the IPv4 header's own checksum, which is always complete
    # Makes packets of its own, before they are one; is of XDP, where checksums are finished.
    apart = {"bpf/core/icmp_error.h", "bpf/path/rewrite_xdp.h"}
    return [f"{name(file)}:{number}: store to a checksum: {line.strip()}"
            for file, lines in sources("bpf") if name(file) not in apart
            for number, line in enumerate(lines, 1)
            for found in store.finditer(line) if found.group(1) not in ours]


def check_comments():
    """Every header says in its first lines what it owns."""
    return [f"{name(file)}: no comment on what it owns" for file, lines in sources()
            if file.suffix == ".h" and not re.match(r"\s*(//|/\*)", (lines + ["", ""])[1])]


def _compiles(command):
    header, *rest = command
    with tempfile.NamedTemporaryFile("w", suffix=".c") as unit:
        unit.write(f'#include "{header}"\n')
        unit.flush()
        output = run(*rest, unit.name)
    return f"{name(header)} ({rest[0]}): {output}" if output else ""


def check_headers():
    """Every header compiles alone, in every language it is for; bounded: those of the ABI and the
    datapath, where the languages meet, everything with TG_LONG=1."""
    machine = run_output("gcc", "-dumpmachine")
    include = [f"-I{ROOT}", f"-I{ROOT}/include", f"-I{ROOT}/bpf"]
    plain_c = ["gcc", "-std=gnu11", "-fsyntax-only", "-Wall", "-Werror",
               "-Wno-unused-function", *include, "-x", "c"]
    cpp = ["g++", "-std=c++23", "-fsyntax-only", "-Wall", "-Werror", "-Wno-unused-function",
           *include, "-x", "c++"]
    bpf = ["clang-19", "-target", "bpf", "-mcpu=v3", "-O2", "-fsyntax-only", "-Wall", "-Werror",
           "-Wno-unused-function", *include, f"-I/usr/include/{machine}", "-x", "c"]
    wanted = []
    for file in tree("include", "bpf", *(("control", "loader") if LONG else ())):
        if file.suffix == ".h":
            top = name(file).split("/")[0]
            languages = {"include": (plain_c, cpp, bpf), "bpf": (bpf,)}.get(top, (cpp,))
            if name(file).startswith("bpf/core/"):
                languages = (plain_c, cpp, bpf)
            hook = ["-DTG_XDP"] if file.stem.endswith("_xdp") else []
            wanted += [(file, *language, *hook) for language in languages]
    return in_parallel(_compiles, wanted)


def run_output(*command):
    """What a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def check_shell():
    """shellcheck has nothing to say."""
    output = run("shellcheck", *[str(file) for file in tree() if is_shell(file)])
    return [output] if output else []


def check_python():
    """Every Python file compiles and says what it is for."""
    return [f"{name(file)}: no docstring" for file, lines in sources() if file.suffix in PYTHON
            and not ast.get_docstring(ast.parse("\n".join(lines)))]


def check_mutants():
    """Every mutant finds the text that it breaks."""
    folder = ROOT / "tests/mutants"
    subjects = [file.stem for file in folder.glob("*.py") if file.stem != "run"]
    sys.path.insert(0, str(folder))
    return [f"tests/mutants/{subject}.py: {mutant[0]}: {mutant[1]} has no such text"
            for subject in sorted(subjects) for mutant in importlib.import_module(subject).MUTANTS
            if mutant[2] not in (ROOT / mutant[1]).read_text()]


def check_layers():
    """Every include keeps to the table of layers."""
    output = run(sys.executable, str(ROOT / "tools/check_layers.py"))
    return output.splitlines()


def check_tidy():
    """clang-tidy-19 finds nothing; bounded: the pure folders only, everything with TG_LONG=1."""
    build = pathlib.Path(os.environ["TG_BUILD"])
    tops = ("control/", "loader/", "tools/") if LONG else ("control/base/", "control/compile/")
    units = [entry["file"] for entry in json.loads((build / "compile_commands.json").read_text())]
    files = sorted({unit for unit in units
                    if pathlib.Path(unit).is_relative_to(ROOT)
                    and name(pathlib.Path(unit)).startswith(tops)})
    if not files:
        return ["no file to check"]
    # Both compilers stay green, but g++'s own warning options are unknown to clang.
    return in_parallel(lambda file: run("clang-tidy-19", "--quiet", "-p", str(build),
                                        "--extra-arg=-Wno-unknown-warning-option", file), files)


CHECKS = {check.__name__.removeprefix("check_"): check for check in (
    check_format, check_sizes, check_licences, check_words, check_checksums, check_comments,
    check_headers, check_shell, check_python, check_layers, check_mutants, check_tidy)}


def main():
    """Runs the check named on the command line."""
    chosen = CHECKS[sys.argv[1]]
    bad = chosen()
    print("\n".join(bad) if bad else f"{sys.argv[1]}: {chosen.__doc__}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
