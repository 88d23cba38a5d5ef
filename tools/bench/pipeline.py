# SPDX-License-Identifier: Apache-2.0
"""Source, firewall and sink on one core: what a hop costs, ours and nftables' and stateless ones,
to packets of established connections and to packets that each open a connection.

A packet's cost is the CPU time of the core's thread divided by the packets. `gross` is the whole
chain, `net` is that less the wire's: source and sink without a device between.
"""
import json
import pathlib
import shutil
import sys

import figures
import network
import rules
from network import OPENED, Tidegate, check, traffic

SYN, ACK, PSH = 2, 16, 8
HOST_CONNECTIONS = pathlib.Path("/proc/sys/net/netfilter/nf_conntrack_max")
# Removes all connections of its namespace: IPCTNL_MSG_CT_DELETE of nothing in particular.
FLUSH = """import socket, struct, sys
asker = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
asker.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 5, 1, 0, socket.AF_INET, 0, 0))
sys.exit(-struct.unpack_from("=i", asker.recv(4096), 16)[0])
"""
# One hop takes one off the TTL of 64; a bare redirect and the wire take none.
TTL, TTL_FORWARDED = 64, 63


class System:
    """Something between source and sink, or nothing."""

    drops = False  # frames end in it
    public = None  # what answers are sent to, if not the client
    peer = "nftables"
    stateful = False
    ttl = TTL_FORWARDED

    def __init__(self, made, name):
        self.name = name
        self.firewall = made.firewall(name)
        self.samples = {}  # by protocol
        self.sent = 0

    def start(self):
        """Makes it what it is."""

    def describe(self):
        """Prints how it is configured."""

    def counted(self):
        """Packets that came to its end as they should, by its own count; None: it has none."""

    def tracked(self, protocol, established=True):
        """Connections, all or those that have seen both directions; None: it has none."""

    def forget(self):
        """Removes all connections."""

    def open_new(self, protocol, count):
        """As many connections, each by one packet; ns a packet. Counted as established ones are."""
        self.forget()
        cost = self.measure(protocol, count, count, tcp_flags=SYN)
        if self.stateful:
            tracked = self.tracked(protocol, established=False)
            check(tracked == count, f"{self.name}: {tracked} connections after {count} packets")
        return cost

    def measure(self, protocol, flows, count, **more):
        """One run; ns a packet. Ends the bench if a packet is missing."""
        before, counted = self.firewall.arrived("wan"), self.counted()
        cost = self.firewall.send(count, flow_traffic(self.firewall, protocol, flows, **more))
        after = self.firewall.arrived("wan")
        frames, ttl = after[0] - before[0], after[1] - before[1]
        expected = 0 if self.drops else count
        check((frames, ttl) == (expected, expected * self.ttl),
              f"{self.name}: {count} {protocol} frames sent, {frames} arrived with a TTL sum of "
              f"{ttl}; expected {expected} with {self.ttl} each")
        if counted is not None:
            own = self.counted() - counted
            check(own == count, f"{self.name}: counted {own} of {count} {protocol} frames")
        self.sent += count
        return cost["cpu-ns"] / count


class Device(System):
    """A stateless XDP program: `redirect` or `forward`."""

    def start(self):
        self.firewall.network.runner.ask(do="device", netns=self.firewall.netns,
                                         interface="ether2", program=self.program,
                                         target="ether1")
        self.firewall.network.runner.ask(do="device", netns=self.firewall.netns,
                                         interface="ether1", program=self.program,
                                         target="ether2")


class Redirect(Device):
    """A hop that looks at nothing."""
    program, ttl = "redirect", TTL


class Forward(Device):
    """A hop that looks up the route and keeps no state."""
    program = "forward"


class Wire(System):
    """Source and sink on one veth: the LAN end sends to the device, which counts."""
    ttl = TTL

    def start(self):
        self.firewall.network.runner.ask(do="sink", netns=self.firewall.netns, interface="ether2")

    def measure(self, protocol, flows, count, **more):
        before = self.firewall.arrived("lan")
        cost = self.firewall.send(count, flow_traffic(self.firewall, protocol, flows, **more))
        frames = self.firewall.arrived("lan")[0] - before[0]
        check(frames == count, f"wire: {frames} of {count} frames arrived")
        return cost["cpu-ns"] / count


class Ours(System):
    """Tidegate in one mode."""
    stateful, rules, reason = True, rules.SPECIFICATION, "forward"
    menu = "/ip firewall filter"

    def __init__(self, made, name, mode):
        super().__init__(made, name)
        self.tidegate = Tidegate(self.firewall, mode)

    def start(self):
        self.tidegate.up(self.rules)

    def reserve(self, connections):
        """Room for so many."""
        self.tidegate.program("/ip firewall connection tracking set max-connections="
                              f"{connections}")

    def describe(self):
        self.tidegate.describe()

    def forget(self):
        self.tidegate.forget()

    def counted(self):
        return self.tidegate.reasons().get(self.reason, 0)

    def tracked(self, protocol, established=True):
        return self.tidegate.connections(f"protocol={protocol}" +
                                         (" seen-reply=yes assured=yes" if established else ""))

    def show(self):
        """Flows and counters."""
        self.tidegate.show(self.menu)


class OursNat(Ours):
    """… that masquerades. Each flow keeps its port, for the servers are different ones."""
    rules, public, peer = rules.MASQUERADE, network.FW_WAN, "nftables-nat"


class OursRaw(Ours):
    """… that drops everything in raw."""
    peer = "nftables-raw"
    stateful, drops, rules, reason = False, True, rules.RAW, "raw-rule"
    menu = "/ip firewall raw"


class Nftables(System):
    """nftables with nf_conntrack, forwarding by the kernel."""
    stateful, ruleset, comments = True, rules.NFT_SPECIFICATION, ("established", "new")
    chain = ("filter", "forward")

    def start(self):
        self.firewall.inside("nft", "-f", "-", text=self.ruleset)
        self.firewall.set_tracking()

    def describe(self):
        print(f"\n[{self.name}] nft list ruleset (nf_conntrack_checksum=1, nf_conntrack_acct=0)")
        print(self.firewall.inside("nft", "-s", "list", "ruleset"))

    def counted(self):
        listing = json.loads(self.firewall.inside("nft", "-j", "list", "ruleset"))["nftables"]
        wanted = [each["rule"] for each in listing
                  if each.get("rule", {}).get("comment") in self.comments]
        return sum(part["counter"]["packets"] for rule in wanted for part in rule["expr"]
                   if "counter" in part)

    def tracked(self, protocol, established=True):
        lines = self.firewall.inside("cat", "/proc/net/nf_conntrack").splitlines()
        return sum(f" {protocol} " in line and not (established and "[UNREPLIED]" in line)
                   for line in lines)

    def forget(self):
        self.firewall.inside(sys.executable, "-c", FLUSH)

    def show(self):
        """Flows and counters."""
        print(f"\n[{self.name}] nft list chain, nf_conntrack")
        print(self.firewall.inside("nft", "list", "chain", "ip", *self.chain))
        print("\n".join(self.firewall.inside("head", "-n", "4", "/proc/net/nf_conntrack")
                        .splitlines()))


class NftablesNat(Nftables):
    """… that masquerades."""
    ruleset, public, peer = rules.NFT_MASQUERADE, network.FW_WAN, "nftables-nat"


class NftablesRaw(Nftables):
    """… that drops everything at raw priority (-300)."""
    peer = "nftables-raw"
    stateful, drops, ruleset, comments = False, True, rules.NFT_RAW, ("raw",)
    chain = ("raw", "prerouting")


class Plain(System):
    """Kernel forwarding, no netfilter."""


def flow_traffic(firewall, protocol, flows, **more):
    """UDP datagrams, or TCP segments in the middle of a connection."""
    port = 443 if protocol == "tcp" else 4433
    return traffic(firewall, protocol, flows, server_port=port,
                   **({"tcp_flags": ACK | PSH} | more))


def establish(system, protocol, flows):
    """Opens every flow: SYN, SYN-ACK, ACK, or a datagram each way and one more."""
    for flags, from_server in ((SYN, False), (SYN | ACK, True), (ACK, False)):
        side = "lan" if from_server else "wan"
        client = {"client": system.public} if from_server and system.public else {}
        before = system.firewall.arrived(side)[0]
        system.firewall.send(flows, flow_traffic(system.firewall, protocol, flows,
                                                 tcp_flags=flags, from_server=from_server,
                                                 order=OPENED, **client))
        arrived = system.firewall.arrived(side)[0] - before
        check(arrived == flows, f"{system.name}: {arrived} of {flows} {protocol} frames arrived "
                                "while connections were opened")
    tracked = system.tracked(protocol)
    check(tracked == flows, f"{system.name}: {tracked} of {flows} {protocol} connections are "
                            "established")


MANY_FLOWS = 400000  # more are opened by one protocol and without translation


def systems_of(made, flows):
    """All that are measured, in the order of the result.

    nf_conntrack has one hash table for all namespaces: two systems with most connections in it
    would make each other slow, so that only one of them is there then.
    """
    translated = [OursNat(made, "tidegate-nat", "native"), NftablesNat(made, "nftables-nat")]
    return [Wire(made, "wire"), Redirect(made, "xdp-redirect"), Forward(made, "xdp-forward"),
            Ours(made, "tidegate-native", "native"), Ours(made, "tidegate-tc", "tc"),
            Plain(made, "kernel"), Nftables(made, "nftables"),
            *(translated if flows <= MANY_FLOWS else []), OursRaw(made, "tidegate-raw", "native"),
            NftablesRaw(made, "nftables-raw")]


def measure_all(systems, protocols, options):
    """Interleaved rounds: each system in turn, another one first each time."""
    counts = {}
    for system in systems:
        for protocol in protocols:
            system.samples[protocol] = figures.Samples()
            first = system.measure(protocol, options.flows, 50000)
            counts[system.name, protocol] = int(min(options.seconds / first * 1e9, 4e6))
    for number in range(options.rounds):
        for system in figures.in_turn(systems, number):
            for protocol in protocols:
                system.samples[protocol].add(
                    system.measure(protocol, options.flows, counts[system.name, protocol]))


# Connections opened in one measurement. Both tables are empty before it.
NEW_CONNECTIONS = 50000


def measure_new(systems, protocols, rounds):
    """Every packet opens a connection."""
    for protocol in protocols:
        for system in systems:
            system.samples[f"new {protocol}"] = figures.Samples()
    for number in range(rounds):
        for system in figures.in_turn(systems, number):
            for protocol in protocols:
                system.samples[f"new {protocol}"].add(
                    system.open_new(protocol, NEW_CONNECTIONS))


def fib_cost(made, firewall, rounds):
    """ns of one bpf_fib_lookup as BPF_PROG_TEST_RUN has it, less an empty program's."""
    costs = {}
    for program in ("empty_xdp", "fib_xdp") * rounds:
        answer = made.runner.ask(do="replay", hook="xdp", program=program, netns=firewall.netns,
                                 ifindex=firewall.ifindex["lan"], count=200000,
                                 traffic=traffic(firewall, "udp", 1000))
        check(answer["answer"] == 1, f"{program} has failed")
        costs.setdefault(program, figures.Samples()).add(answer["ns"])
    return costs["fib_xdp"].median - costs["empty_xdp"].median


def report(systems, samples, what):
    """The table of one kind of samples."""
    by_name = {system.name: system.samples[samples] for system in systems}
    wire = by_name["wire"]
    print(f"\n{what}, 60-byte frames, one core; {len(wire.values)} rounds interleaved")
    rows = []
    for system in systems:
        own = by_name[system.name]
        peer = by_name[system.peer]
        ratio = [f"{peer.best / own.best:.2f}", f"{peer.median / own.median:.2f}"]
        rows.append([system.name, f"{1e3 / own.median:.2f}", f"{own.median:.0f}",
                     f"{own.best:.0f}..{own.worst:.0f}", f"{own.best - wire.best:.0f}", *ratio])
    figures.table(["system", "Mpps", "ns gross", "range", "ns net best", "x nft best",
                   "x nft median"], rows)


# What the project aims at: best round against nftables' best round, more is better.
AIMS = {"tidegate-native": 2.0, "tidegate-raw": 2.5}


def against_aims(systems, protocol, flows):
    """How far the aims are reached; they are set for 1000 flows."""
    by_name = {system.name: system for system in systems}
    for name, aim in AIMS.items():
        peer = by_name[by_name[name].peer].samples[protocol]
        ratio = peer.best / by_name[name].samples[protocol].best
        print(f"{protocol}: {name} is {ratio:.2f} times nftables at {flows} flows; "
              f"the aim at 1000 is {aim}: {'reached' if ratio >= aim else 'not reached'}")


def judge_yardstick(systems, protocols, fib):
    """The forwarder must cost what its route lookup costs, or the device is not what it seems."""
    by_name = {system.name: system for system in systems}
    for protocol in protocols:
        hop = (by_name["xdp-forward"].samples[protocol].best -
               by_name["xdp-redirect"].samples[protocol].best)
        good = abs(hop - fib) <= 0.25 * fib
        print(f"{protocol}: the stateless forwarder costs {hop:.0f} ns above a bare redirect; "
              f"bpf_fib_lookup alone {fib:.0f} ns: {'good' if good else 'VOID'}")
        check(good, "the stateless forwarder's cost is more than 25 % off its route lookup's")


def host_room(connections):
    """Lets nf_conntrack hold so many on this host; returns what to write back, or None."""
    if not HOST_CONNECTIONS.exists():
        network.run("modprobe", "nf_conntrack")
    before = HOST_CONNECTIONS.read_text("ascii")
    if int(before) >= connections:
        return None
    HOST_CONNECTIONS.write_text(str(connections), "ascii")
    return before


def bench(made, options):
    """The whole part."""
    check(shutil.which("nft"), "nft is missing: tools/bench/setup installs it")
    both = options.protocol == "both" or (not options.protocol and options.flows <= MANY_FLOWS)
    protocols = ["udp", "tcp"] if both else [options.protocol or "udp"]
    systems = systems_of(made, options.flows)
    before = host_room(options.flows * len(protocols) + 65536)
    try:
        for system in systems:
            system.start()
            system.describe()
            if system.stateful:
                if isinstance(system, Ours):
                    system.reserve(min(1048576, max(200000, options.flows * len(protocols))))
                for protocol in protocols:
                    establish(system, protocol, options.flows)
        shown = [system for system in systems if hasattr(system, "show")]
        print("\n== before ==")
        for system in shown:
            system.show()
        measure_all(systems, protocols, options)
        print("\n== after ==")
        for system in shown:
            system.show()
        opening = [system for system in systems if not system.drops]
        measure_new(opening, protocols, options.rounds // 2 + 1)
        for system in opening:
            if hasattr(system, "show"):
                system.show()
        fib = fib_cost(made, systems[2].firewall, options.rounds)
        for protocol in protocols:
            report(systems, protocol, f"{protocol.upper()}, {options.flows} flows")
            against_aims(systems, protocol, options.flows)
        for protocol in protocols:
            report(opening, f"new {protocol}", f"A new {protocol.upper()} connection every packet")
        print("\nCounters add up: every frame sent was counted by the system and by the sink, "
              + ", ".join(f"{system.name} {system.sent}" for system in shown))
        judge_yardstick(systems, protocols, fib)
    finally:
        if before is not None:
            HOST_CONNECTIONS.write_text(before, "ascii")
