# SPDX-License-Identifier: Apache-2.0
"""Candidates for the connection table, by themselves: ns an operation and bytes a connection.

Every operation is one of many in a run of a program, and the next connection depends on what was
read of the last one. Connections are opened in one scattered order and visited in another, so that
neither slots nor records are next to each other. `find` includes what a packet does with what it
has found: reads state and time, counts.
"""
import pathlib
import time

import figures
from network import FW_WAN, LAN, MEASURED, OPENED, WAN, check, step_for

CANDIDATES = ("buckets", "hash", "hash-small", "hash-grown", "inline", "chains", "chains-wide",
              "chains-small")
MOST = 100000  # operations of one measurement


class Case:
    """A number of connections, of one family, translated or not."""

    def __init__(self, connections, nat, family, room=None):
        self.connections, self.nat, self.family = connections, nat, family
        self.room = room or connections
        self.count = min(MOST, connections)

    def __str__(self):
        room = "" if self.room == self.connections else f" in a table for {self.room}"
        return (f"{self.connections} connections{room}, {self.family}, "
                f"{'translated' if self.nat else 'plain'}")

    def traffic(self, order=MEASURED, **more):
        """The connections in some order."""
        words = {"protocol": "udp", "flows": self.connections,
                 "step": step_for(self.connections, order), "client": LAN, "server": WAN,
                 "client-port": 10000, "server-port": 4433, "family": self.family,
                 "dst-mac": "02:00:00:00:00:01", "src-mac": "02:00:00:00:00:02"}
        if self.nat:
            words |= {"nat-client": FW_WAN, "nat-port": 20000}
        return words | {key.replace("_", "-"): value for key, value in more.items()}

    def answers(self):
        """The same as the answers carry them."""
        if not self.nat:
            return self.traffic(from_server=True)
        return self.traffic(from_server=True, client=FW_WAN, client_port=20000)


class Candidate:
    """One table, filled for one case."""

    def __init__(self, runner, name, case):
        self.runner, self.name, self.case = runner, name, case
        self.label = f"{name} {case}"
        self.samples = {}
        self.bytes = self.real_bytes = 0

    def fill(self, target=0):
        """Makes it and opens all connections; what they take. Its device sends to `target`."""
        time.sleep(0.5)  # what was closed before has to be given back
        before = kernel_memory()
        self.runner.ask(do="table-open", table=self.label, candidate=self.name,
                        connections=self.case.room, nat=self.case.nat, target=target)
        self.run("insert", self.case.connections, self.case.traffic(OPENED))
        answer = self.runner.ask(do="table-memory", table=self.label)
        self.bytes = answer["bytes"] / self.case.connections
        self.real_bytes = (kernel_memory() - before) / self.case.connections

    def run(self, operation, count, traffic, good=None):
        """So many operations, which must all succeed, or as many as said; ns of one."""
        answer = self.runner.ask(do="table-run", table=self.label, operation=operation,
                                 count=count, traffic=traffic)
        expected = count if good is None else good
        check(answer["good"] == expected, f"{self.label}: {operation} succeeded {answer['good']} "
                                          f"times of {count}, not {expected} times")
        return answer["ns"]

    def round(self):
        """Every operation once."""
        case, finds = self.case, max(self.case.count, 20000)
        took = {
            "base": self.run("base", finds, case.traffic()),
            "find": self.run("find", finds, case.traffic()),
            "answer": self.run("find", finds, case.answers()),
            "absent": self.run("find", finds, case.traffic(server_port=4434), 0),
            "delete": self.run("delete", case.count, case.traffic(OPENED)),
            "insert": self.run("insert", case.count, case.traffic(OPENED)),
        }
        for operation, taken in took.items():
            self.samples.setdefault(operation, figures.Samples()).add(taken)

    def close(self):
        """All must still be there; then it is gone."""
        for traffic in (self.case.traffic(), self.case.answers()):
            self.run("find", self.case.connections, traffic)
        self.run("delete", self.case.connections, self.case.traffic(OPENED))
        self.run("find", self.case.connections, self.case.traffic(OPENED), 0)
        self.runner.ask(do="table-close", table=self.label)


def kernel_memory():
    """Bytes in the kernel's pools that BPF maps come from: what the maps take, and noise."""
    lines = pathlib.Path("/proc/meminfo").read_text("ascii").splitlines()
    fields = dict(line.split(":") for line in lines)
    return sum(int(fields[name].split()[0]) for name in ("VmallocUsed", "SUnreclaim")) * 1024


def report(case, candidates):
    """The table of one case."""
    print(f"\n{case}: ns net of {candidates[0].samples['base'].best:.0f}, "
          f"best (median) of {len(candidates[0].samples['find'].values)} rounds")
    rows = []
    for candidate in candidates:
        base = candidate.samples["base"]
        cells = [f"{samples.best - base.best:.0f} ({samples.median - base.median:.0f})"
                 for operation, samples in candidate.samples.items() if operation != "base"]
        rows.append([candidate.name, *cells, f"{candidate.bytes:.0f}",
                     f"{candidate.real_bytes:.0f}" if case.connections >= 100000 else "-"])
    figures.table(["candidate", "find", "find answer", "find none", "delete", "insert",
                   "bytes accounted", "bytes measured"], rows)


def cases(options):
    """What is measured: families differ in their keys only, which is seen without a million."""
    for connections in options.connections:
        for family in options.families:
            if family == "ipv6" and connections > MOST and "ipv4" in options.families:
                continue
            for nat in (False, True) if family == "ipv4" else (False,):
                yield Case(connections, nat, family, max(options.room, connections))


def bench(made, options):
    """The whole part."""
    names = [name for name in CANDIDATES if name in options.candidates] if options.candidates \
        else CANDIDATES
    for case in cases(options):
        candidates = [Candidate(made.runner, name, case) for name in names]
        for candidate in candidates:
            candidate.fill()
        for number in range(options.rounds):
            for candidate in figures.in_turn(candidates, number):
                candidate.round()
        for candidate in candidates:
            candidate.close()
        report(case, candidates)
