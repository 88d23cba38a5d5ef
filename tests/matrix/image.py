# SPDX-License-Identifier: Apache-2.0
"""Debian's kernel images: downloaded once into the build folder, unpacked, never installed."""
import lzma
import os
import pathlib
import re
import shutil
import subprocess

MIRROR = "http://deb.debian.org/debian"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
PACKAGE = "linux-image-amd64"
SECONDS = 600  # for one call of apt

# What of the package is kept: 400 MB of modules are not.
KEPT = ("./boot/vmlinuz-*",) + tuple(f"./lib/modules/*/kernel/{folder}/*" for folder in (
    "arch", "crypto", "drivers/net", "drivers/virtio", "lib", "net"))


class Unavailable(Exception):
    """The package cannot be had: no reason to fail, but one to say so."""


class Image:
    """One unpacked kernel package."""

    def __init__(self, folder):
        self._folder = folder

    @property
    def kernel(self):
        """Path of the bootable kernel."""
        return next((self._folder / "boot").glob("vmlinuz-*"))

    def modules(self, names):
        """Contents of the named modules and all they need, in the order to load them."""
        files = {path.name.split(".")[0].replace("-", "_"): path
                 for path in (self._folder / "lib/modules").rglob("*.ko*")}
        loaded = {}

        def load(name):
            if name in loaded or name not in files:
                return  # loaded already, or built into the kernel
            content = files[name].read_bytes()
            if files[name].suffix == ".xz":
                content = lzma.decompress(content)
            needed = re.search(rb"\0depends=([^\0]*)\0", content)
            for other in needed.group(1).decode().split(",") if needed else ():
                load(other.replace("-", "_"))
            loaded[name] = content

        for name in names:
            load(name)
        return loaded


def _apt(folder, suite):
    """Options that let apt see that one suite and leave the host's own configuration alone."""
    (folder / "lists/partial").mkdir(parents=True, exist_ok=True)
    (folder / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(f"deb [arch=amd64 signed-by={KEYS}] {MIRROR} {suite} main\n", "ascii")
    options = {"Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "/dev/null",
               "Dir::State::lists": folder / "lists", "Dir::Cache": folder / "cache",
               "Acquire::Languages": "none", "Acquire::Retries": 1,
               "Acquire::http::Timeout": 20, "APT::Update::Error-Mode": "any"}
    if os.geteuid() == 0:
        options["APT::Sandbox::User"] = "root"  # the folder need not be open to others
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def _run(*command, cwd=None):
    words = " ".join(word for word in map(str, command) if "=" not in word and word != "-o")
    try:
        result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False,
                                timeout=SECONDS)
    except (FileNotFoundError, subprocess.TimeoutExpired) as reason:
        raise Unavailable(f"{words}: {reason}") from reason
    if result.returncode != 0:
        raise Unavailable(f"{words}: {(result.stderr or result.stdout).strip()}")
    return result.stdout


def _download(folder, suite):
    """The suite's kernel package, as a file in `folder`."""
    options = _apt(folder, suite)
    _run("apt-get", *options, "update", "-q")
    depends = _run("apt-cache", *options, "depends", f"{PACKAGE}/{suite}")
    package = re.search(r"Depends: (linux-image-[0-9]\S*)", depends)
    if not package:
        raise Unavailable(f"{PACKAGE} of {suite} depends on no kernel:\n{depends}")
    _run("apt-get", *options, "download", "-q", package.group(1), cwd=folder)
    return next(folder.glob("linux-image-*.deb"))


def _unpack(package, target):
    target.mkdir()
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package],
                          stdout=subprocess.PIPE) as content:
        subprocess.run(["tar", "-x", "-C", target, "--no-same-owner", "--wildcards",
                        *KEPT], stdin=content.stdout, check=True)
    if content.returncode != 0:
        raise Unavailable(f"{package.name} cannot be unpacked")


def get(folder, suite):
    """The kernel of a Debian suite; needs the network only the first time. May raise Unavailable.

    The folder appears when it is complete, so an interrupted run leaves nothing half done.
    """
    kept = "\n".join(KEPT)
    if not (folder / "kept").exists() or (folder / "kept").read_text("ascii") != kept:
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        making.mkdir(parents=True)
        try:
            _unpack(_download(making, suite), making / "unpacked")
            (making / "unpacked/kept").write_text(kept, "ascii")
            (making / "unpacked").rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return Image(pathlib.Path(folder))
