# SPDX-License-Identifier: Apache-2.0
"""A fresh minimal Debian 12 to run commands in, as one finds it on a new machine.

It is a debootstrap tree, entered in a mount namespace of its own, so that whatever is
mounted in it is gone with the last process. The archive, the package index and the
certificates are those that the host is configured for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SUITE = "bookworm"
COPIED = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/pip.conf",
    "/etc/xdg/pip",
    "/root/.config/pip",
    "/usr/local/share/ca-certificates",
    "/etc/apt/apt.conf.d",
]
# $1 is the tree, the rest the command. The old root goes, so that only the tree is left.
ENTER = """
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mkdir -p run/host
pivot_root . run/host
shift
exec chroot . sh -euc 'umount -l /run/host; cd /root; exec "$@"' sh "$@"
"""


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "pyruntime-tests", f"{SUITE}-minbase.tar")


def sources() -> list[str]:
    """The host's own lines for this suite, without those of other vendors."""
    form = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = sorted(set(done.stdout.splitlines()))
    return [line for line in lines if line.split()[2].startswith(SUITE)]


def make_archive(archive: Path) -> None:
    """debootstrap into a tar file, once for each machine."""
    tree = archive.with_suffix(f".{os.getpid()}")
    tree.mkdir(parents=True)
    try:
        (line, *_) = [line for line in sources() if line.split()[2] == SUITE]
        bootstrap = ["debootstrap", "--variant=minbase", SUITE, str(tree), line.split()[1]]
        done = subprocess.run(bootstrap, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        part = archive.with_suffix(f".tar.{os.getpid()}")
        subprocess.run(["tar", "-C", tree, "-cf", part, "--one-file-system", "."], check=True)
        part.rename(archive)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


class Debian:
    """The tree at `path`, and the way to run a command in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not cache().exists():
            make_archive(cache())
        path.mkdir()
        subprocess.run(["tar", "-C", path, "-xf", cache()], check=True)
        self.configure()

    def configure(self) -> None:
        for name in COPIED:
            here, there = Path(name), self.path / name.lstrip("/")
            if here.is_dir():
                shutil.copytree(here, there, dirs_exist_ok=True)
            elif here.exists():
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(here, there)
        (self.path / "etc/apt/sources.list").write_text("\n".join([*sources(), ""]))

    def run(self, *command: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
        """Output is text; a failure is the caller's to see."""
        enter = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", ENTER, "sh"]
        kept = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
        kept |= {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            [*enter, str(self.path), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=kept,
        )
