# SPDX-License-Identifier: Apache-2.0
"""Traffic that must arrive whole while something happens to the firewall."""
import socket
import struct
import threading
import time

from harness import WAN4

SO_RCVBUFFORCE = 33


class Flood:
    """Numbered datagrams to a port of WAN, as fast as Python sends them; counts what arrives."""

    def __init__(self, lab, port):
        self.server = lab.wan.udp("0.0.0.0", port, timeout=1)
        self.server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26)
        self.client = lab.lan.udp("0.0.0.0")
        self.client.connect((WAN4, port))
        self.sent = self.arrived = 0
        self.running = True
        self.threads = [threading.Thread(target=self._send), threading.Thread(target=self._take)]
        for thread in self.threads:
            thread.start()

    def _send(self):
        while self.running:
            self.client.send(struct.pack("!I", self.sent))
            self.sent += 1
            if self.sent % 16 == 0:
                time.sleep(0.001)

    def _take(self):
        while True:
            try:
                self.server.recv(10)
                self.arrived += 1
            except TimeoutError:
                if not self.running:
                    return

    def finish(self):
        """Ends it; (sent, arrived)."""
        self.running = False
        for thread in self.threads:
            thread.join()
        return self.sent, self.arrived
