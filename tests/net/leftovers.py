# SPDX-License-Identifier: Apache-2.0
"""Finds what an instance left behind, without asking the instance's own programs."""
import ctypes
import os
import pathlib
import platform
import socket
import struct

_BPF_PROG_QUERY = 16
_ATTACH_TYPES = {"tcx ingress": 46, "tcx egress": 47}
_SYS_BPF = {"x86_64": 321, "aarch64": 280}
_libc = ctypes.CDLL(None, use_errno=True)


def _programs(ifindex, attach_type):
    """Number of BPF programs attached to a device's hook; 0 where the kernel has no such hook."""
    ids = (ctypes.c_uint32 * 16)()
    attributes = ctypes.create_string_buffer(
        struct.pack("=IIIIQI", ifindex, attach_type, 0, 0, ctypes.addressof(ids), len(ids)), 64)
    result = _libc.syscall(_SYS_BPF[platform.machine()], _BPF_PROG_QUERY, attributes, 64)
    return struct.unpack_from("=I", attributes, 24)[0] if result == 0 else 0


def on_device(namespace, device):
    """Programs and qdiscs left on a device, as a list of words."""
    found = []
    with namespace.inside():
        try:
            ifindex = socket.if_nametoindex(device)
        except OSError:
            return found
        for name, number in _ATTACH_TYPES.items():
            found += [name] * _programs(ifindex, number)
    qdiscs = namespace.run("tc", "qdisc", "show", "dev", device).stdout
    return found + [word for word in ("clsact", "ingress") if word in qdiscs]


def of_instance(instance):
    """Folders, logs and mounts of an instance that still exist."""
    paths = [f"/run/tidegate/{instance}", f"/etc/tidegate/{instance}",
             f"/var/lib/tidegate/{instance}", f"/var/log/tidegate/{instance}.log"]
    found = [path for path in paths if os.path.lexists(path)]
    mounts = pathlib.Path("/proc/self/mounts").read_text("utf-8").splitlines()
    return found + [line for line in mounts if f"/run/tidegate/{instance}/" in line]


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"
