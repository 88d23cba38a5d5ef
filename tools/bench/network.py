# SPDX-License-Identifier: Apache-2.0
"""What the bench works in: two end namespaces, a namespace a firewall, and the runner.

    lan namespace               firewall namespace               wan namespace
    cN ────────────────────── ether2 [firewall N] ether1 ────────────────────── sN
    sends and counts by XDP     192.168.88.1  203.0.113.1       sends and counts by XDP
    198.18.0.0/16 behind it                                     198.19.0.0/16 behind it

Nothing answers at the ends: neighbours are entered by hand. Names derive from the process, and
clean() removes everything, whatever state it is in.
"""
import contextlib
import json
import math
import os
import pathlib
import subprocess

BUILD = pathlib.Path(os.environ.get("TG_BUILD", pathlib.Path(__file__).parents[2] / "build"))
LAN, WAN = "198.18.0.0/16", "198.19.0.0/16"
FW_LAN, FW_WAN = "192.168.88.1", "203.0.113.1"


class Trouble(Exception):
    """The bench cannot go on, or its figures would be worth nothing."""


def check(condition, text):
    """Ends the bench with `text` unless `condition` holds."""
    if not condition:
        raise Trouble(text)


def run(*command, text=None):
    """Runs a command; returns what it prints."""
    words = [str(word) for word in command]
    try:
        result = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Trouble(f"{words[0]}: {error}") from error
    check(result.returncode == 0,
          f"{' '.join(words)}: status {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


class Runner:
    """The program that sends frames and runs BPF programs, on one CPU of its own."""

    def __init__(self):
        program = BUILD / "tools/bench-runner"
        check(program.exists(), f"{program} is not built: ninja -C {BUILD} bench-runner")
        self.cpu = max(os.sched_getaffinity(0))
        self._process = subprocess.Popen([program, str(self.cpu)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        """Sends one request and returns the answer."""
        words = {key.replace("_", "-"): value for key, value in request.items()}
        try:
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        check(line, "bench-runner has ended")
        answer = json.loads(line)
        check("error" not in answer, f"{words}: {answer.get('error')}")
        return answer

    def close(self):
        """Ends it, and with it everything it has attached."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()


# Flows are opened in one order and visited in another, both scattered: what was allocated one after
# another is then not visited one after another.
OPENED, MEASURED = 0.57, 0.755


def step_for(flows, share):
    """A stride near that share of all flows that visits them all before one again."""
    step = max(1, round(flows * share))
    while math.gcd(step, flows) != 1:
        step += 1
    return step


def traffic(firewall, protocol, flows, **more):
    """What a run sends to a firewall: see tools/bench/traffic.h. `order`: see above."""
    from_server, order = more.pop("from_server", False), more.pop("order", MEASURED)
    side = "wan" if from_server else "lan"
    words = {"protocol": protocol, "flows": flows, "step": step_for(flows, order), "client": LAN,
             "server": WAN, "client-port": 10000, "server-port": 443, "from-server": from_server,
             "dst-mac": firewall.mac(side), "src-mac": "02:00:00:00:00:99"}
    return words | {key.replace("_", "-"): value for key, value in more.items()}


class Firewall:
    """One namespace between the ends, not yet a firewall."""

    def __init__(self, network, name, number):
        self.network, self.name, self.number = network, name, number
        self.netns = f"{network.name}-{name}"
        self.lan_end, self.wan_end = f"c{number}", f"s{number}"
        self.ifindex = {"lan": 1000 + number, "wan": 2000 + number}
        self.end_ifindex = {"lan": 1000 + number, "wan": 2000 + number}

    def mac(self, side):
        """Address of the firewall's interface on that side."""
        return f"02:00:00:0{1 if side == 'lan' else 2}:00:{self.number:02x}"

    def build(self):
        """Interfaces, routes and neighbours; the ends count and drop what reaches them."""
        run("ip", "netns", "add", self.netns)
        self._setting("net/ipv6/conf/all/disable_ipv6", 1)
        self._setting("net/ipv6/conf/default/disable_ipv6", 1)
        self._setting("net/ipv4/ip_forward", 1)
        for side, device, end, own, hosts, router in (
                ("lan", "ether2", self.lan_end, FW_LAN, LAN, "192.168.88.10"),
                ("wan", "ether1", self.wan_end, FW_WAN, WAN, "203.0.113.10")):
            there = self.network.ends[side]
            run("ip", "-n", self.netns, "link", "add", device, "index", self.ifindex[side],
                "address", self.mac(side), "type", "veth", "peer", "name", end,
                "index", self.end_ifindex[side], "netns", there)
            run("ip", "netns", "exec", there, "ethtool", "-K", end, "tx", "off", "gro", "on")
            # Without a program of its own a device takes redirected frames by GRO only.
            run("ip", "netns", "exec", self.netns, "ethtool", "-K", device, "gro", "on")
            run("ip", "-n", there, "link", "set", end, "up")
            self.network.runner.ask(do="sink", netns=there, interface=end)
            run("ip", "-n", self.netns, "-batch", "-", text=f"""link set {device} up
address add {own}/24 dev {device}
neighbour add {router} lladdr 02:00:00:00:01:{self.number:02x} dev {device} nud permanent
route add {hosts} via {router}
""")

    def _setting(self, name, value):
        run("ip", "netns", "exec", self.netns, "sh", "-c", f"echo {value} >/proc/sys/{name}")

    def set_tracking(self):
        """nf_conntrack with timeouts that no run outlasts; it verifies checksums, as we do."""
        for timeout in ("udp_timeout_stream", "tcp_timeout_established"):
            self._setting(f"net/netfilter/nf_conntrack_{timeout}", 3600)

    def inside(self, *command, text=None):
        """Runs a command in the namespace."""
        return run("ip", "netns", "exec", self.netns, *command, text=text)

    def send(self, count, words):
        """Sends frames from the side they come from; the cost."""
        side = "wan" if words["from-server"] else "lan"
        cost = self.network.runner.ask(
            do="send", netns=self.network.ends[side],
            interface=self.wan_end if side == "wan" else self.lan_end, count=count, traffic=words)
        check(cost["sent"] == count, f"{self.name}: {cost['sent']} frames sent, not {count}")
        return cost

    def arrived(self, side):
        """(frames, sum of their TTLs) counted at an end so far."""
        answer = self.network.runner.ask(do="arrived", ifindex=self.end_ifindex[side])
        return answer["frames"], answer["ttl"]


class Tidegate:
    """An instance of Tidegate on a firewall."""

    def __init__(self, firewall, mode):
        self.firewall, self.mode = firewall, mode
        self.instance = firewall.netns

    def program(self, *words, text=None):
        """Runs tidegate for this instance."""
        return run(BUILD / "bin/tidegate", "--instance", self.instance, *words, text=text)

    def up(self, rules):
        """Attaches both interfaces in the mode, which they must get, and puts rules in force."""
        self.firewall.network.instances.append(self)
        run(BUILD / "bin/tidegate", "up", "--instance", self.instance, "--netns",
            self.firewall.netns, "--mode", self.mode, "ether1", "ether2")
        for each in self.status()["interfaces"]:
            sends = "xdp" if self.mode == "native" else each["sends-by"]
            check((each["mode"], each["sends-by"]) == (self.mode, sends),
                  f"{each['name']} is in mode {each['mode']}, not {self.mode}")
        self.program(text=rules)

    def down(self):
        """Takes it away with all it has kept."""
        run(BUILD / "bin/tidegate", "down", "--instance", self.instance, "--purge")

    def status(self):
        """tidegate status -j."""
        return json.loads(run(BUILD / "bin/tidegate", "status", "--instance", self.instance, "-j"))

    def reasons(self):
        """Packets by reason, those that are not 0."""
        return {each["reason"]: each["packets"] for each in self.status()["datapath"]["reasons"]
                if each["packets"]}

    def describe(self):
        """Prints its configuration."""
        lines = self.program("export").splitlines()
        print(f"\n[{self.instance}] export")
        print("\n".join(lines if len(lines) <= 60 else
                        [*lines[:20], f"… {len(lines) - 40} lines more …", *lines[-20:]]))

    def show(self, menu="/ip firewall filter"):
        """Prints flows and counters."""
        print(f"\n[{self.instance}] tidegate status")
        print(run(BUILD / "bin/tidegate", "status", "--instance", self.instance))
        for command in ("/ip firewall connection print without-paging", f"{menu} print stats"):
            print("\n".join(self.program(command).splitlines()[:20]))

    def forget(self):
        """Removes all connections."""
        self.firewall.network.runner.ask(do="forget", bpffs=self.bpffs)

    def connections(self, where=""):
        """How many connections there are."""
        return int(self.program("/ip firewall connection print count-only" +
                                (f" where {where}" if where else "")))

    @property
    def bpffs(self):
        """Where its programs and maps are pinned."""
        return f"/run/tidegate/{self.instance}/bpf"


class Network:
    """Everything the bench makes; use as a context."""

    def __init__(self):
        self.name = f"bench{os.getpid()}"
        self.ends = {"lan": f"{self.name}-lan", "wan": f"{self.name}-wan"}
        self.firewalls, self.instances = [], []
        self.runner = None

    def __enter__(self):
        try:
            for netns in self.ends.values():
                run("ip", "netns", "add", netns)
                run("ip", "netns", "exec", netns, "sh", "-c",
                    "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6")
            self.runner = Runner()
        except BaseException:
            self.clean()
            raise
        return self

    def __exit__(self, *_):
        self.clean()

    def firewall(self, name):
        """A new one, built."""
        made = Firewall(self, name, len(self.firewalls) + 1)
        self.firewalls.append(made)
        made.build()
        return made

    def clean(self):
        """Takes everything down."""
        for instance in self.instances:
            with contextlib.suppress(Trouble):
                instance.down()
        if self.runner:
            self.runner.close()
        for netns in [firewall.netns for firewall in self.firewalls] + list(self.ends.values()):
            if pathlib.Path("/run/netns", netns).exists():
                with contextlib.suppress(Trouble):
                    run("ip", "netns", "delete", netns)
