# SPDX-License-Identifier: Apache-2.0
"""ns a run of an instance's own pinned programs, by BPF_PROG_TEST_RUN, for each way through them.

Every run has a fresh frame (bpf/bench_replay.bpf.c writes it and tail-calls the program); `net` is
less what that costs with an empty program. In `established` ways the runs go over 1000 connections
opened before, in `new` ways each run opens another connection, in `close` ways each run ends
another one; before each measurement the sweep program removes all connections of the last one.
After it the instance must have counted every run under the reason of the way.

What translation adds to a packet is less than what a machine differs by from one round to the next.
A packet that is translated and one that is not are therefore measured one right after the other,
many times, and the median of their differences is what it costs.
"""
import re
import statistics

import figures
import rules
from network import FW_LAN, FW_WAN, OPENED, Tidegate, check, traffic

SYN, ACK, PSH, FIN, RST = 2, 16, 8, 1, 4
FLOWS = 1000
PAIRS, PAIR_RUNS = 150, 20000


class Instance(Tidegate):
    """One rule set, attached in native mode; its tc programs are measured too."""

    def __init__(self, made, name, text):
        self.made, self.name, self.text = made, name, text

    def start(self):
        """Puts it in force."""
        super().__init__(self.made.firewall(self.name), "native")
        self.up(self.text)

    def replay(self, program, words, count, side="lan", ingress="lan"):
        """Runs a pinned program `count` times; ns a run."""
        hook = "xdp" if "xdp" in program else "tc"
        ifindex = self.firewall.ifindex
        words = words | {"dst-mac": self.firewall.mac(side)}
        answer = self.firewall.network.runner.ask(
            do="replay", hook=hook, program=f"{self.bpffs}/programs/{program}",
            netns=self.firewall.netns, ifindex=ifindex[side],
            ingress_ifindex=ifindex[ingress] if ingress else 0, count=count, traffic=words)
        return answer["ns"]


class Way:
    """One way through the datapath: what is done before, what is measured, what it counts as."""

    def __init__(self, name, instance, program, reason, **words):
        self.name, self.instance, self.program, self.reason = name, instance, program, reason
        self.opens = words.pop("opens", False)
        self.kept = words.pop("kept", 0)  # so many connections, opened once for all rounds
        self.before = words.pop("before", ())
        self.public = words.pop("public", None)  # what answers are sent to, if not the client
        self.side = words.pop("side", "lan")
        self.ingress = None if program == "tc_egress" else self.side
        self.protocol = words.pop("protocol", "tcp")
        self.words = words
        self.samples = figures.Samples()

    def traffic(self, flows, **more):
        """Frames of this way; `more` where a step before differs."""
        words = self.words | more
        if self.public and words.get("from_server"):
            words["client"] = self.public
        return traffic(self.instance.firewall, self.protocol, flows, **words)

    def prepare(self, flows):
        """Opens the connections the measurement needs, each step in both directions' programs."""
        for program, side, flags, from_server in self.before:
            self.instance.replay(program, self.traffic(flows, tcp_flags=flags,
                                                       from_server=from_server, order=OPENED),
                                 flows, side, None if program == "tc_egress" else side)

    def measure(self, runs):
        """One round."""
        flows = self.kept or (runs if self.opens else FLOWS)
        if not self.kept or not self.samples.values:
            self.instance.forget()
            self.prepare(flows)
        before = self.counted()
        self.run(flows, runs)
        self.check(before, runs)

    def run(self, flows, runs):
        """So many runs. Each time they go on with flows no cache has seen lately."""
        words = self.traffic(flows)
        words["first"] = len(self.samples.values) * runs * words["step"] % flows
        self.samples.add(self.instance.replay(self.program, words, runs, self.side, self.ingress))

    def counted(self):
        """How many packets of this instance had the way's end so far."""
        return self.instance.reasons().get(self.reason, 0)

    def check(self, before, runs):
        """So many have had it since then."""
        counted = self.counted() - before
        check(counted == runs, f"{self.name}: {counted} of {runs} runs counted as {self.reason}"
              f" (all: {self.instance.reasons()})")


def ways_in(program, spec, raw, linear):
    """The same ways in XDP and in TC ingress."""
    handshake = ((program, "lan", SYN, False), (program, "wan", SYN | ACK, True),
                 (program, "lan", ACK, False))
    to_router = ((program, "lan", SYN, False), ("tc_egress", "lan", SYN | ACK, True),
                 (program, "lan", ACK, False))
    plain = {"tcp_flags": ACK | PSH}
    yield Way("drop in raw", raw, program, "raw-rule", protocol="udp")
    yield Way("established forward, tcp", spec, program, "forward", before=handshake, **plain)
    yield Way("established forward, udp", spec, program, "forward", before=handshake,
              protocol="udp", server_port=4433)
    for count, instance in linear.items():
        yield Way(f"new forward, {count} rules", instance, program, "forward", opens=True,
                  protocol="udp")
    yield Way("new forward, spec's rules", spec, program, "forward", opens=True, protocol="udp")
    yield Way("input, established", spec, program, "input", before=to_router, server=FW_LAN,
              server_port=22, **plain)
    yield Way("invalid, dropped", spec, program, "filter-rule", server_port=81, **plain)
    yield Way("close by FIN", spec, program, "forward", opens=True, before=handshake,
              server_port=82, tcp_flags=FIN | ACK)
    yield Way("close by RST", spec, program, "forward", opens=True, before=handshake,
              server_port=83, tcp_flags=RST)


def pairs(program, some):
    """By name: an established packet as it is, and translated, of one instance; their connections
    stay."""
    handshake = ((program, "lan", SYN, False), (program, "wan", SYN | ACK, True),
                 (program, "lan", ACK, False))
    kinds = {"tcp": {"tcp_flags": ACK | PSH}, "udp": {"protocol": "udp"}}
    answers = {"side": "wan", "from_server": True}
    for kind, words in kinds.items():
        for name, more in (("packet", {}), ("answer", answers)):
            words = words | more | {"before": handshake, "kept": FLOWS}
            yield (f"{program} translation, {name}, {kind}",
                   (Way(name, some, program, "forward", server_port=rules.PLAIN_PORT, **words),
                    Way(name, some, program, "forward", public=FW_WAN, **words)))


def differences(pair):
    """What the second of a pair takes longer, ns, once for each time."""
    for way in pair:
        way.prepare(FLOWS)
    before = pair[0].counted()
    for number in range(PAIRS):
        for way in figures.in_turn(pair, number):
            way.run(FLOWS, PAIR_RUNS)
    pair[0].check(before, len(pair) * PAIRS * PAIR_RUNS)
    plain, translated = (way.samples.values for way in pair)
    return [after - before for before, after in zip(plain, translated)]


def ways_translated(program, nat):
    """Masqueraded: what goes out, what comes back, what is new. Each flow keeps its port, for the
    servers are different ones."""
    handshake = ((program, "lan", SYN, False), (program, "wan", SYN | ACK, True),
                 (program, "lan", ACK, False))
    kept = {"before": handshake, "public": FW_WAN}
    udp = kept | {"protocol": "udp", "server_port": 4433}
    yield Way("translated forward, tcp", nat, program, "forward", tcp_flags=ACK | PSH, **kept)
    yield Way("translated forward, udp", nat, program, "forward", **udp)
    yield Way("translated answer, udp", nat, program, "forward", side="wan", from_server=True,
              **udp)
    yield Way("new forward, spec's rules, translated", nat, program, "forward", opens=True,
              protocol="udp")


def ways_out(spec):
    """The router's own packets."""
    program, own = "tc_egress", {"client": FW_WAN, "side": "wan"}
    answered = ((program, "wan", SYN, False), ("xdp_ingress", "wan", SYN | ACK, True))
    yield Way("new output", spec, program, "output", opens=True, protocol="udp", **own)
    yield Way("established output", spec, program, "output", before=answered,
              tcp_flags=ACK | PSH, server_port=84, **own)


def ways_with_many(instances):
    """An established packet among more connections, which are visited in no foreseeable order."""
    program = "xdp_ingress"
    before = ((program, "lan", SYN, False), (program, "wan", SYN | ACK, True),
              (program, "lan", ACK, False))
    for count, instance in instances.items():
        yield Way(f"established forward, udp, {count} flows", instance, program, "forward",
                  before=before, protocol="udp", server_port=4433, kept=count)


def floor(made, firewall, program, runs, bare=False):
    """ns of a yardstick program."""
    hook = "tc" if program.endswith("tc") else "xdp"
    return made.runner.ask(do="replay", hook=hook, program=program, netns=firewall.netns,
                           ifindex=firewall.ifindex["lan"], count=runs, bare=bare,
                           traffic=traffic(firewall, "udp", FLOWS))["ns"]


YARDSTICKS = (("empty program, XDP", "empty_xdp", True), ("empty program, TC", "empty_tc", True),
              ("frame and tail call, XDP", "empty_xdp", False),
              ("frame and tail call, TC", "empty_tc", False),
              ("bpf_fib_lookup", "fib_xdp", False))


def report(groups, yardsticks):
    """The tables."""
    medians = {name: samples.median for name, samples in yardsticks.items()}
    rows = [[name, f"{samples.median:.0f}", f"{samples.best:.0f}..{samples.worst:.0f}"]
            for name, samples in yardsticks.items()]
    figures.table(["yardstick", "ns", "range"], rows)
    for program, ways in groups.items():
        base = medians["frame and tail call, " + ("XDP" if "xdp" in program else "TC")]
        print()
        figures.table([program, "ns gross", "range", "ns net", "best net"],
                      [[way.name, f"{way.samples.median:.0f}",
                        f"{way.samples.best:.0f}..{way.samples.worst:.0f}",
                        f"{way.samples.median - base:.0f}", f"{way.samples.best - base:.0f}"]
                       for way in ways])


def report_pairs(costs):
    """The table of differences; the quartiles say how far the machine was to be trusted."""
    print()
    rows = [[name, f"{middle:.0f}", f"{low:.0f}..{high:.0f}"]
            for name, (low, middle, high) in ((name, statistics.quantiles(values, n=4))
                                              for name, values in costs.items())]
    if rows:
        figures.table([f"in {PAIRS} pairs of {PAIR_RUNS} runs", "ns", "half of them"], rows)


def bench(made, options):
    """The whole part."""
    spec, raw = (Instance(made, "spec", rules.SPECIFICATION), Instance(made, "raw", rules.RAW))
    nat = Instance(made, "nat", rules.MASQUERADE)
    some = Instance(made, "some", rules.MASQUERADE_SOME)
    linear = {count: Instance(made, f"r{count}", rules.linear(count))
              for count in (0, 10, 100, 1000)}
    many = {count: Instance(made, f"e{count}", rules.SPECIFICATION + rules.MOST_CONNECTIONS)
            for count in (100000, 1000000)}
    groups = {program: [*ways_in(program, spec, raw, linear), *ways_translated(program, nat)]
              for program in ("xdp_ingress", "tc_ingress")}
    groups["xdp_ingress"] += ways_with_many(many)
    groups["tc_egress"] = list(ways_out(spec))
    groups = {program: [way for way in ways if re.search(options.only, f"{program} {way.name}")]
              for program, ways in groups.items()}
    every = [way for ways in groups.values() for way in ways]
    paired = {name: pair for program in ("xdp_ingress", "tc_ingress")
              for name, pair in pairs(program, some) if re.search(options.only, name)}
    yardsticks = {name: figures.Samples() for name, _, _ in YARDSTICKS}
    used = list(dict.fromkeys(way.instance for way in [*every, *sum(paired.values(), ())]))
    check(used, f"no way's name matches {options.only}")
    for each in used:
        each.start()
        each.describe()
        each.show()
    for number in range(options.rounds):
        for name, program, bare in YARDSTICKS:
            yardsticks[name].add(floor(made, used[0].firewall, program, options.runs * 5, bare))
        for way in figures.in_turn(every, number):
            way.measure(options.runs)
    costs = {name: differences(pair) for name, pair in paired.items()}
    for each in used:
        each.show()
    print("\nCounters add up: every run was counted once, under its reason.\n")
    print(f"BPF_PROG_TEST_RUN, {options.runs} runs a round, {options.rounds} rounds interleaved, "
          "medians; net: less frame and tail call\n")
    report({program: ways for program, ways in groups.items() if ways}, yardsticks)
    report_pairs(costs)
