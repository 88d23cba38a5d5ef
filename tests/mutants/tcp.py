#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the tracking of TCP in one place after another and says which tests notice.

Works on a copy of the tree in a temporary folder; docs/testing.md has the last results. Takes ten
minutes; names of mutants as arguments run only these. The last two need root and two CPUs.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WINDOW, STEP, EXPIRY = "bpf/core/tcp_window.h", "bpf/core/tcp_step.h", "bpf/core/expiry.h"
OPTIONS, STORE = "bpf/core/tcp_options.h", "bpf/path/store_write.h"
UNIT = ("unit_core_tcp_window", "unit_core_tcp_options", "unit_core_expiry")
HELD = ("hosted_dialogues",)
RACE = ("prog_tcp_race",)
RUNS = 3  # of what depends on two CPUs meeting

# What is broken, where, the text there and what it becomes.
MUTANTS = (
    ("data has no upper bound", WINDOW, "if (tg_after(claim->sequence, sender->max_end)) {",
     "if (0) {"),
    ("data has no lower bound", WINDOW,
     "bool wanted = !tg_before(claim->end, sender->end - receiver->max_window);",
     "bool wanted = true;"),
    ("an ACK has no upper bound", WINDOW, "bool sent = !tg_after(claim->sack, receiver->end);",
     "bool sent = true;"),
    ("an ACK has no lower bound", WINDOW,
     "bool recent = !tg_before(claim->sack, receiver->end - behind);",
     "bool recent = behind != 0;"),
    ("what is sent too far is not remembered", WINDOW,
     "        sender->end = claim->end;\n        return TG_TCP_STRAYS;",
     "        return TG_TCP_STRAYS;"),
    ("windows stay as they began", WINDOW, "if (sender->max_window < reach)", "if (0)"),
    ("the right edge stays where it began", WINDOW,
     "if (!tg_before(allowed, receiver->max_end))", "if (0)"),
    ("a closed window takes no probe", WINDOW, "allowed + (window == 0);", "allowed;"),
    ("what was sent is not noted", WINDOW,
     "if (tg_after(claim->end, sender->end))\n        sender->end = claim->end;", ""),
    ("scaling is ignored", WINDOW,
     "tcp->window : (__u32)tcp->window << view->sender.scale;", "tcp->window : tcp->window;"),
    ("a SYN's window is scaled", WINDOW, "window = flags & TG_TCP_SYN ? ", "window = 0 ? "),
    ("one end's offer is enough to scale", WINDOW,
     "!(sender->flags & receiver->flags & TG_TCP_END_SCALE)", "0"),
    ("SACK is ignored", WINDOW, "? tcp->sack : tcp->acknowledgement",
     "? tcp->acknowledgement : tcp->acknowledgement"),
    ("SACK is believed though not offered", WINDOW, "? tcp->sack : tcp->acknowledgement",
     "? tcp->sack : tcp->sack"),
    ("one SACK block is read", OPTIONS, "i < walk->sack_blocks", "i < 1 && walk->sack_blocks"),
    ("no SYN begins anew", WINDOW, "tg_tcp_begins(state)) {", "0) {"),
    ("liberal changes nothing", WINDOW, "return liberal || ", "return 0 && liberal ? fit : "),
    ("repeats are not counted", WINDOW, "            view->last_repeats++;", "            ;"),
    ("sequence numbers do not wrap", "bpf/core/sequence.h", "(__s32)(b - a) < 0", "a > b"),
    ("resets from before are valid", STEP, "if (reset == TG_TCP_RESET_INVALID) {", "if (0) {"),
    ("inexact resets close", STEP, "if (reset == TG_TCP_RESET_INEXACT)", "if (0)"),
    ("exact resets wait too", STEP, "if (!established || sequence == expected)",
     "if (!established)"),
    ("a reset behind its own data waits", STEP,
     "if (tg_tcp_last_was(view, TG_SEGMENT_ACK, true) && sequence == view->last_end)", "if (0)"),
    ("a reset is judged while closing", STEP,
     "if (tg_tcp_ending(seen->state))\n        return TG_TCP_RESET_CLOSES;", ""),
    ("a reset lowers no timeout", STEP, "reset ? TG_TIMEOUT_TCP_CLOSE : tg_tcp_timeout(seen->next)",
     "tg_tcp_timeout(seen->next)"),
    ("the first reset leaves an entry", STEP, "step->fate = TG_TCP_FATE_FINISHES;", ";"),
    ("challenge ACKs are believed in last-ack", STEP,
     "tg_tcp_last_was(view, TG_SEGMENT_SYN, false) && view->word & TG_TCP_CHALLENGE", "0"),
    ("the reset that answers a challenge is not known", STEP,
     "seen->tcp->sequence == view->last_acknowledgement;", "0;"),
    ("the reset that answers an ignored SYN is not known", STEP,
     "(seen->answered && tg_tcp_last_was(view, TG_SEGMENT_SYN, false))", "0"),
    ("a SYN/ACK that accepts an ignored SYN is not known", STEP,
     "seen->tcp->acknowledgement == view->last_end;\n}", "0;\n}"),
    ("every SYN reopens what is closed", STEP, "tg_tcp_last_was(view, TG_SEGMENT_RST, true)) {",
     "1) {"),
    ("no SYN reopens", STEP, "step->fate = TG_TCP_FATE_REOPENS;", ";"),
    ("a SYN refreshes for ever", STEP, "step->refresh = false;", ";"),
    ("simultaneous open is not remembered", STEP, "view->word |= TG_TCP_SIMULTANEOUS;", ";"),
    ("nobody doubts", STEP, "view->word |= TG_TCP_DOUBTED;", ";"),
    ("data not acknowledged has its state's time", EXPIRY, "tg_tcp_unacked(&conn->tcp) ||", "0 ||"),
    ("repeats have their state's time", EXPIRY, ">= TG_TCP_REPEATS_MAX", ">= 99"),
    ("a closed window has its state's time", EXPIRY, "& 0xffff) == 0;", "& 0xffff) == 1;"),
    ("bounds without compare-and-swap", STORE,
     "if (!tg_after(to, old) || __sync_val_compare_and_swap(bound, old, to) == old)\n"
     "            return;",
     "if (tg_after(to, old))\n            *(volatile __u32 *)bound = to;\n        return;"),
    ("the word without compare-and-swap", STORE,
     "if (__sync_val_compare_and_swap(&tcp->word, old, wanted) == old)\n            return;",
     "*(volatile __u32 *)&tcp->word = wanted;\n        return;"),
)


def copy_tree(folder):
    """The tracked files, with their times, so that a build of the copy is incremental."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True,
                           text=True).stdout.split("\0")
    for name in filter(None, names):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    subprocess.run(["cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja"], check=True,
                   stdout=subprocess.DEVNULL)


def build(folder, tests):
    """False: the mutant does not even compile."""
    return subprocess.run(["ninja", "-C", folder / "build", *(f"test_{name}" for name in tests)],
                          stdout=subprocess.DEVNULL, check=False).returncode == 0


def noticed(folder, test):
    """How many of a program's tests fail; a crash counts as one."""
    result = subprocess.run([folder / "build" / "tests" / f"test_{test}"], capture_output=True,
                            text=True, check=False)
    failed = {line.split()[3] for line in result.stdout.splitlines()
              if line.startswith("[  FAILED  ] ") and "ms)" in line}
    return len(failed) or int(result.returncode != 0)


def verdict(folder, mutant):
    """Applies one mutant, and says what came of it."""
    _, name, before, after = mutant
    path = folder / name
    whole = path.read_text()
    if whole.count(before) < 1:
        return "the text to break is not there"
    path.write_text(whole.replace(before, after))
    tests = RACE if name == STORE else UNIT + HELD
    try:
        if not build(folder, tests):
            return "does not compile"
        counts = {}
        for _ in range(RUNS if tests == RACE else 1):
            counts = {test: noticed(folder, test) for test in tests}
            if any(counts.values()):
                break
        said = [f"{count} of {test}" for test, count in counts.items() if count]
        return "caught: " + ", ".join(said) if said else "NOT CAUGHT"
    finally:
        path.write_text(whole)


def main():
    """Runs the mutants that were asked for."""
    chosen = [each for each in MUTANTS if not sys.argv[1:] or each[0] in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        copy_tree(folder)
        if not build(folder, UNIT + HELD):
            sys.exit("the tree as it is does not build")
        for mutant in chosen:
            print(f"| {mutant[0]} | {verdict(folder, mutant)} |", flush=True)


if __name__ == "__main__":
    main()
