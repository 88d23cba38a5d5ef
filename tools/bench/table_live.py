# SPDX-License-Identifier: Apache-2.0
"""Candidates for the connection table in the pipeline: devices that find and count each frame's
connection and redirect it, beside a bare redirect and the stateless forwarder.

Translated connections are measured by their answers, the direction that is harder to find.
"""
import figures
import pipeline
import table
from network import FW_WAN, check, traffic


class Device(pipeline.System):
    """A candidate between source and sink."""
    ttl = pipeline.TTL

    def __init__(self, made, candidate, case, number):
        super().__init__(made, f"table{number}")
        self.name = candidate
        self.case, self.runner = case, made.runner

    def start(self):
        """Opens the connections in another order than that of the frames."""
        filled = table.Candidate(self.runner, self.name, self.case)
        come, go = ("wan", "lan") if self.case.nat else ("lan", "wan")
        filled.fill(target=self.firewall.ifindex[go])
        device = {"lan": "ether2", "wan": "ether1"}
        self.runner.ask(do="table-device", table=filled.label, netns=self.firewall.netns,
                        interface=device[come])
        self.runner.ask(do="table-close", table=filled.label)

    def measure(self, protocol, flows, count):
        more = {"from_server": True, "client": FW_WAN, "client_port": 20000} if self.case.nat \
            else {}
        words = traffic(self.firewall, protocol, flows, server_port=4433, **more)
        side = "lan" if self.case.nat else "wan"
        before = self.firewall.arrived(side)[0]
        cost = self.firewall.send(count, words)
        frames = self.firewall.arrived(side)[0] - before
        check(frames == count, f"{self.name}: {frames} of {count} frames found their connection")
        return cost["cpu-ns"] / count


def report(systems, case):
    """The table of one case."""
    samples = {system.name: system.samples["udp"] for system in systems}
    print(f"\n{case}: frames of 60 bytes, one core; {len(samples['wire'].values)} rounds "
          "interleaved")
    bare = samples["xdp-redirect"]
    rows = [[name, f"{1e3 / own.best:.2f}", f"{own.best:.0f}", f"{own.median:.0f}",
             f"{own.best - samples['wire'].best:.0f}", f"{own.best - bare.best:.0f}",
             f"{samples['xdp-forward'].best / own.best:.2f}"]
            for name, own in samples.items()]
    figures.table(["device", "Mpps best", "ns gross best", "ns gross median", "ns net best",
                   "above redirect", "x forwarder"], rows)


def bench(made, options):
    """The whole part."""
    stateless = [pipeline.Wire(made, "wire"), pipeline.Redirect(made, "xdp-redirect"),
                 pipeline.Forward(made, "xdp-forward")]
    for system in stateless:
        system.start()
    number = 0
    for case in [table.Case(flows, nat, "ipv4") for flows in options.connections
                 for nat in (False, True)]:
        systems = list(stateless)
        for name in options.candidates or table.CANDIDATES:
            number += 1
            systems.append(Device(made, name, case, number))
            systems[-1].start()
        options.flows = case.connections
        pipeline.measure_all(systems, ["udp"], options)
        fib = pipeline.fib_cost(made, stateless[2].firewall, options.rounds)
        report(systems, case)
        pipeline.judge_yardstick(systems, ["udp"], fib)
