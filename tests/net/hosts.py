# SPDX-License-Identifier: Apache-2.0
"""A network namespace as a host: devices, processes, sockets, echo servers and clients."""
import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import threading

CLONE_NEWNET = 0x40000000
# Seconds: what must come is waited for longer than a busy machine delays it.
PATIENT, BRIEF = 5.0, 0.6
_libc = ctypes.CDLL(None, use_errno=True)


def _setns(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def family_of(address):
    """Address family of a textual address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Namespace:
    """One namespace. Everything started or opened through it ends with delete()."""

    def __init__(self, name):
        self.name = name
        self._processes = []
        self._sockets = []

    # -- life ------------------------------------------------------------------------------------

    def create(self):
        """Makes the namespace anew."""
        self.delete()
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.ip("link", "set", "lo", "up")
        self.sysctl("net/ipv6/conf/default/accept_dad", 0)  # addresses are usable at once

    def delete(self):
        """Ends its processes and sockets and removes it."""
        for process in self._processes:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for opened in self._sockets:
            # Wakes a thread that waits in it; one left there could wait on, by its number, in a
            # socket of the next case.
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()
        self._processes, self._sockets = [], []
        if pathlib.Path("/run/netns", self.name).exists():
            subprocess.run(["ip", "netns", "delete", self.name], check=False)

    @contextlib.contextmanager
    def inside(self):
        """The calling thread is in the namespace; sockets and processes made there stay in it."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            _setns(there)
            yield self
        finally:
            _setns(home)
            os.close(there)
            os.close(home)

    # -- configuration ---------------------------------------------------------------------------

    def ip(self, *arguments):
        """iproute2's ip inside; returns what it prints."""
        return subprocess.run(["ip", "-n", self.name, *arguments], check=True,
                              capture_output=True, text=True).stdout

    def veth(self, device, other, other_device):
        """A veth pair from here to another namespace, both ends up."""
        self.ip("link", "add", device, "type", "veth", "peer", "name", other_device, "netns",
                other.name)
        self.ip("link", "set", device, "up")
        other.ip("link", "set", other_device, "up")

    def address(self, device, *addresses):
        """Adds addresses."""
        for address in addresses:
            self.ip("address", "add", address, "dev", device)

    def mac(self, device):
        """MAC address of a device as bytes."""
        with self.inside(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as opened:
            opened.bind((device, 0))
            return opened.getsockname()[4]

    def sysctl(self, name, value):
        """Sets net/… in this namespace."""
        with self.inside():
            pathlib.Path("/proc/sys", name).write_text(str(value), "ascii")

    def listens(self, port):
        """Whether a TCP socket listens on the port; a connection to ask would be a client to it."""
        with self.inside():
            lines = [line.split() for table in ("tcp", "tcp6") for line in
                     pathlib.Path("/proc/thread-self/net", table).read_text("ascii").splitlines()]
        return any(line[1].endswith(f":{port:04X}") and line[3] == "0A" for line in lines)

    def checksum_errors(self):
        """How many packets its stack threw away for a wrong checksum."""
        total = 0
        with self.inside():
            net = pathlib.Path("/proc/thread-self/net")
            for table in ("snmp", "netstat"):
                lines = (net / table).read_text("ascii").splitlines()
                for names, values in zip(lines[::2], lines[1::2]):
                    total += sum(int(value) for key, value in zip(names.split(), values.split())
                                 if "CsumError" in key)
            for line in (net / "snmp6").read_text("ascii").splitlines():
                key, value = line.split()
                total += int(value) if "CsumError" in key else 0
        return total

    # -- processes -------------------------------------------------------------------------------

    def run(self, *command, good=True, timeout=60, text=None):
        """Runs a command to its end; `good`: None to accept any exit status."""
        with self.inside():
            result = subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                                    check=False, input=text)
        if good is not None and (result.returncode == 0) != good:
            raise subprocess.CalledProcessError(result.returncode, command, result.stdout,
                                                result.stderr + result.stdout)
        return result

    def spawn(self, *command, **options):
        """Starts a command in a process group of its own."""
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        options.setdefault("stdin", subprocess.DEVNULL)
        with self.inside():
            process = subprocess.Popen(command, start_new_session=True, **options)
        self._processes.append(process)
        return process

    def pings(self, address, count=1, seconds=PATIENT):
        """Whether every one of `count` pings is answered."""
        result = self.run("ping", "-n", "-q", "-c", str(count), "-i", "0.1", "-W", str(seconds),
                          address, good=None)
        return result.returncode == 0 and " 0% packet loss" in result.stdout

    def denied_pings(self, address):
        """Whether a ping has no answer for a while."""
        return not self.pings(address, seconds=1)

    # -- sockets ---------------------------------------------------------------------------------

    def socket(self, family, kind, protocol=0):
        """A socket of this namespace, closed with it."""
        with self.inside():
            opened = socket.socket(family, kind, protocol)
        self._sockets.append(opened)
        return opened

    def udp(self, address, port=0, timeout=PATIENT):
        """A bound UDP socket. A port that is not named is nobody else's: sockets that may share one
        get the same now and then."""
        opened = self.socket(family_of(address), socket.SOCK_DGRAM)
        if port:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address, port))
        opened.settimeout(timeout)
        return opened

    def packet(self, device, timeout=PATIENT, protocol=3):
        """A raw socket on a device: sends and receives whole frames."""
        opened = self.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
        opened.bind((device, protocol))
        opened.settimeout(timeout)
        return opened

    def serve_tcp(self, port):
        """Echoes every TCP connection to the port, both families."""
        listener = self.socket(socket.AF_INET6, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("::", port))
        listener.listen(64)
        _background(lambda: _accept(listener))

    def serve_udp(self, port):
        """Echoes every datagram to the port, both families."""
        server = self.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        server.bind(("::", port))
        _background(lambda: _echo_datagrams(server))

    def connect(self, address, port, timeout=PATIENT, source=0):
        """A connected TCP socket; None if the connection could not be made in time."""
        opened = self.socket(family_of(address), socket.SOCK_STREAM)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(timeout)
        try:
            if source:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                opened.bind(("", source))
            opened.connect((address, port))
        except OSError:
            opened.close()
            return None
        return opened

    def reaches_tcp(self, address, port, timeout=PATIENT):
        """Whether an echo server answers on a new connection, which is closed again."""
        opened = self.connect(address, port, timeout)
        if opened is None:
            return False
        with opened:
            return echoes(opened)

    def reaches_udp(self, address, port, timeout=PATIENT, source=0):
        """Whether an echo server answers a datagram from a new (or given) port."""
        any_address = "::" if ":" in address else "0.0.0.0"
        with self.udp(any_address, source, timeout) as opened:
            opened.connect((address, port))
            return echoes(opened)

    def denied_tcp(self, address, port):
        """Whether a new connection has no answer for a while."""
        return not self.reaches_tcp(address, port, BRIEF)

    def denied_udp(self, address, port, source=0):
        """Whether a datagram from a new (or given) port has no answer for a while."""
        return not self.reaches_udp(address, port, BRIEF, source)


def echoes(opened, data=b"tide"):
    """Whether what is sent comes back."""
    try:
        opened.send(data)
        received = b""
        while len(received) < len(data):
            piece = opened.recv(len(data) - len(received))
            if not piece:
                return False
            received += piece
        return received == data
    except OSError:
        return False


def _background(function):
    def guarded():
        with contextlib.suppress(OSError):
            function()

    threading.Thread(target=guarded, daemon=True).start()


def _accept(listener):
    while True:
        opened, _ = listener.accept()
        _background(lambda opened=opened: _echo_stream(opened))


def _echo_stream(opened):
    with opened:
        while data := opened.recv(65536):
            opened.sendall(data)


def _echo_datagrams(server):
    while True:
        data, sender = server.recvfrom(65536)
        if sender is None:  # shut down
            return
        with contextlib.suppress(OSError):  # an answer that cannot be sent is one that is lost
            server.sendto(data, sender)
