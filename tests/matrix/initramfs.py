# SPDX-License-Identifier: Apache-2.0
"""Collects a guest's files, programs with their libraries and Python, as a cpio archive."""
import modulefinder
import pathlib
import py_compile
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile

_STDLIB = pathlib.Path(sysconfig.get_path("stdlib"))

# Imported by the interpreter itself or by name.
_ALWAYS = ("site", "encodings.utf_8", "encodings.ascii", "encodings.latin_1", "encodings.idna")


class Initramfs:
    """Files by their path in the guest."""

    def __init__(self):
        self._entries = {}

    def folder(self, path):
        """An empty folder, and those above it."""
        for parent in reversed(pathlib.PurePosixPath(path).parents):
            self._entries.setdefault(str(parent), (stat.S_IFDIR | 0o755, b""))
        self._entries.setdefault(str(path), (stat.S_IFDIR | 0o755, b""))

    def text(self, path, content, mode=0o644):
        """A file with this content."""
        self.folder(pathlib.PurePosixPath(path).parent)
        data = content.encode() if isinstance(content, str) else content
        self._entries[str(path)] = (stat.S_IFREG | mode, data)

    def file(self, path, target=None):
        """A file of the host under the same path, or another."""
        path = pathlib.Path(path)
        self.text(target or path, path.read_bytes(), stat.S_IMODE(path.stat().st_mode))

    def tree(self, path):
        """A folder of the host with all its files."""
        for found in pathlib.Path(path).rglob("*"):
            if found.is_file() and "__pycache__" not in found.parts:
                self.file(found)

    def link(self, path, target):
        """A symbolic link."""
        self.folder(pathlib.PurePosixPath(path).parent)
        self._entries[str(path)] = (stat.S_IFLNK | 0o777, str(target).encode())

    def program(self, path):
        """A program or shared object with the libraries it needs."""
        self.file(path)
        answer = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        for library in re.findall(r"(/\S+) \(0x", answer):
            if library not in self._entries:
                self.file(library)

    def command(self, name):
        """A program of the host by its name; False: there is none."""
        path = shutil.which(name, path="/usr/sbin:/usr/bin")
        if path:
            self.program(path)
        return path is not None

    def python(self, scripts):
        """The interpreter, and of its library what the scripts import, compiled."""
        self.program("/usr/bin/python3")
        finder = modulefinder.ModuleFinder([str(pathlib.Path(script).parent)
                                            for script in scripts] + sys.path)
        for script in scripts:
            finder.load_file(str(script))
        for name in _ALWAYS:
            finder.import_hook(name)
        with tempfile.TemporaryDirectory() as scratch:
            for module in finder.modules.values():
                self._python_module(module.__file__, pathlib.Path(scratch, "module.pyc"))

    def _python_module(self, name, compiled):
        path = pathlib.Path(name or "/")
        if not path.is_relative_to(_STDLIB):
            return  # built into the interpreter, or one of the scripts
        if path.suffix == ".so":
            self.program(path)
            return
        py_compile.compile(str(path), str(compiled), doraise=True,
                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        self.text(path.with_suffix(".pyc"), compiled.read_bytes())

    def write(self, target):
        """Writes the archive in the format the kernel reads (newc)."""
        with open(target, "wb") as out:
            for inode, path in enumerate(sorted(self._entries), 1):
                mode, data = self._entries[path]
                _member(out, inode, path.lstrip("/") or ".", mode, data)
            _member(out, 0, "TRAILER!!!", 0, b"")


def _member(out, inode, name, mode, data):
    links = 2 if stat.S_ISDIR(mode) else 1
    encoded = name.encode() + b"\0"
    numbers = (inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + encoded
    out.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))
