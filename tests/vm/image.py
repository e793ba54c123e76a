# SPDX-License-Identifier: Apache-2.0
"""The guest's disk image: Debian 12 with systemd, cgroup2 alone and AppArmor.

It is made once for each state of this folder, by debootstrap and without booting, and kept in
$XDG_CACHE_HOME/pyruntime-vm. The kernel is only unpacked: qemu is given it by name, with an
initrd that holds the few modules that find the disk.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.debian import SUITE, sources

GUEST = Path(__file__).parent / "guest"
KERNEL = "linux-image-cloud-amd64"
BACKPORTS = f"{SUITE}-backports"
# By name, from the first suite that has one: backports know more system calls than the release's
# own, which in turn still has all controllers of cgroup v1.
KERNELS = {"new": (BACKPORTS, SUITE), "old": (SUITE,)}
PACKAGES = (
    "apparmor,busybox-static,criu,crun,dbus,dbus-user-session,iproute2,kmod,libpam-systemd,"
    "procps,python3,runc,selinux-policy-default,strace,systemd,systemd-sysv,udev,uidmap"
)
# Of images besides the usual one, by their name.
MORE_PACKAGES = {
    "build": "ca-certificates,gcc,libc6-dev,libseccomp2,python3-dev,python3-venv",
    "engines": (
        "catatonit,conmon,containerd,containernetworking-plugins,docker.io,"
        "golang-github-containers-common,iptables,podman"
    ),
}
MODULES = ("virtio_pci", "virtio_blk", "virtio_console", "ext4")
USER, UID = "tester", "1000"
# What is in nobody's way at run time.
SUPERFLUOUS = (
    "tmp/*",
    "var/cache/apt/*",
    "var/lib/apt/lists/*",
    "usr/share/doc/*",
    "usr/share/info/*",
    "usr/share/locale/*",
    "usr/share/man/*",
    # AppArmor is on, but these would cost a second of every boot.
    "etc/apparmor.d/lsb_release",
    "etc/apparmor.d/nvidia_modprobe",
)
TOOLS = ("cpio", "debootstrap", "depmod", "dpkg-deb", "mkfs.ext4", "modprobe", "xz")
KEPT = 4


class ImageError(Exception):
    """The image can't be made, with the reason."""


class Image:
    """The files in a folder that qemu is started with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.disk = folder / "root.img"

    def kernel(self, name: str) -> Path:
        """name: of KERNELS."""
        return self.folder / f"vmlinuz.{name}"

    def initrd(self, name: str) -> Path:
        return self.folder / f"initrd.{name}"


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "pyruntime-vm")


def image(variant: str = "") -> Image:
    """The image of this state of the folder, made if need be. Raises ImageError.

    variant: "", or a name of MORE_PACKAGES for an image that has these, too.
    """
    found = Image(cache() / _key(variant))
    if not found.disk.exists():
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            raise ImageError(f"not installed: {', '.join(missing)}")
        if os.geteuid() != 0:
            raise ImageError("making the image needs root")
        # In a mount namespace of its own, so that no mount outlives it.
        apart = ["unshare", "--mount", "--propagation", "private"]
        make = [*apart, sys.executable, "-m", "vm.image", variant]
        if subprocess.run(make, check=False).returncode:
            raise ImageError("it said above why")
    os.utime(found.folder)
    return found


def _key(variant: str) -> str:
    digest = hashlib.sha256(variant.encode())
    for path in (Path(__file__), *sorted(GUEST.rglob("*"))):
        if path.is_file():
            digest.update(f"{path.relative_to(GUEST.parent)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _make(folder: Path, packages: str) -> None:
    start = time.monotonic()
    print(f"vm: making the guest's image in {folder}, some two minutes", flush=True)
    debs = cache() / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="making.", dir=cache()))
    try:
        work.chmod(0o755)
        _Making(work, debs, packages).run()
        try:
            work.rename(folder)
        except OSError:
            if not Image(folder).disk.exists():  # or another was faster
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    others = [path for path in cache().iterdir() if (path / "root.img").exists()]
    for path in sorted(others, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)
    print(f"vm: made in {time.monotonic() - start:.0f} s", flush=True)


class _Making:
    """The steps to an image, in a folder that is thrown away when one fails."""

    def __init__(self, work: Path, debs: Path, packages: str) -> None:
        self.work = work
        self.debs = debs
        self.packages = packages
        self.root = work / "root"

    def run(self) -> None:
        mirrors = {line.split()[2]: line.split()[1] for line in sources()}
        if SUITE not in mirrors:
            raise ImageError(f"apt-get knows no archive of {SUITE}")
        self.root.mkdir()
        # dpkg waits for the disk after each file, which memory does not make it do.
        self._do("mount", "-t", "tmpfs", "-o", "size=3G,mode=755", "tmpfs", str(self.root))
        bootstrap = ["debootstrap", "--variant=minbase", f"--cache-dir={self.debs}"]
        self._do(*bootstrap, f"--include={self.packages}", SUITE, str(self.root), mirrors[SUITE])
        self._sources(mirrors[SUITE])
        versions = {name: self._kernel(name) for name in KERNELS}
        self._configure()
        for name, version in versions.items():
            self._initrd(name, version)
        for pattern in SUPERFLUOUS:
            for path in self.root.glob(pattern):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        image = Image(self.work)
        make = ["mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-E", "lazy_itable_init=0"]
        self._do(*make, "-d", str(self.root), str(image.disk), "4G")
        self._do("umount", str(self.root))
        self.root.rmdir()

    def _do(self, *command: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ImageError(f"{' '.join(command)}: {done.stdout[-3000:]}")
        return done.stdout

    def _sources(self, mirror: str) -> None:
        lines = [f"deb {mirror} {suite} main" for suite in (SUITE, BACKPORTS)]
        (self.root / "etc/apt/sources.list").write_text("\n".join([*lines, ""]))
        self._do("chroot", str(self.root), "apt-get", "-qq", "update")

    def _kernel(self, name: str) -> str:
        """Unpack the kernel and its modules; gives the version."""
        inside = ["chroot", str(self.root)]
        package = self._kernel_package(inside, KERNELS[name])
        script = f"cd /tmp && apt-get -qq -o APT::Sandbox::User=root download {package}"
        self._do(*inside, "sh", "-c", script)
        (deb,) = (self.root / "tmp").glob("linux-image-*.deb")
        unpacked = self.work / "kernel"
        self._do("dpkg-deb", "-x", str(deb), str(unpacked))
        deb.unlink()
        (modules,) = (unpacked / "lib/modules").iterdir()
        version = modules.name
        there = self.root / "usr/lib/modules"
        there.mkdir(parents=True, exist_ok=True)
        if not (there / version).exists():  # the archive may have one kernel for both names
            shutil.move(modules, there)
        self._do("depmod", "-b", str(self.root), version)
        shutil.move(unpacked / "boot" / f"vmlinuz-{version}", Image(self.work).kernel(name))
        shutil.rmtree(unpacked)
        return version

    def _kernel_package(self, inside: list[str], suites: tuple[str, ...]) -> str:
        """The package that the metapackage stands for, of the first suite that has it."""
        for suite in suites:
            show = ["apt-cache", "-t", suite, "show", "--no-all-versions", KERNEL]
            try:
                said = self._do(*inside, *show)
            except ImageError:
                continue
            for line in said.splitlines():
                if line.startswith("Depends:"):
                    return line.split()[1].rstrip(",")
        raise ImageError(f"the archive has no {KERNEL}")

    def _configure(self) -> None:
        shutil.copytree(GUEST / "root", self.root, dirs_exist_ok=True)
        etc = self.root / "etc"
        (etc / "hostname").write_text("vm\n")
        (etc / "hosts").write_text("127.0.0.1 localhost vm\n::1 localhost\n")
        (etc / "fstab").write_text("")
        (etc / "machine-id").write_text("0123456789abcdef" * 2 + "\n")
        inside = ["chroot", str(self.root)]
        self._do(*inside, "useradd", "-m", "-u", UID, "-s", "/bin/bash", USER)  # and subuids
        units = etc / "systemd/system"
        for line in (GUEST / "masked-units").read_text().splitlines():
            if not line.startswith("#"):
                (units / line).symlink_to("/dev/null")
        (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
        wants = units / "multi-user.target.wants"
        wants.mkdir(exist_ok=True)
        (wants / "pyruntime-job.service").symlink_to("../pyruntime-job.service")

    def _initrd(self, name: str, version: str) -> None:
        tree = self.work / "initrd.tree"
        for place in ("bin", "dev", "proc", "sys", "root", "modules"):
            (tree / place).mkdir(parents=True)
        shutil.copy(self.root / "bin/busybox", tree / "bin")
        shutil.copy(GUEST / "init", tree / "init")
        files: list[str] = []
        for module in MODULES:
            show = ["modprobe", "-d", str(self.root), "-S", version, "--show-depends", module]
            for line in self._do(*show).splitlines():
                kind, _, path = line.strip().partition(" ")
                file = Path(path.strip()).name
                if kind == "insmod" and file not in files:
                    files.append(file)
                    shutil.copy(path.strip(), tree / "modules")
        packed = [file for file in files if file.endswith(".xz")]
        if packed:
            self._do("xz", "-d", *packed, cwd=tree / "modules")
        files = [file.removesuffix(".xz") for file in files]
        (tree / "modules/list").write_text("\n".join([*files, ""]))
        pack = f"find . | cpio -o -H newc --quiet >'{Image(self.work).initrd(name)}'"
        self._do("sh", "-c", pack, cwd=tree)
        shutil.rmtree(tree)


if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    more = MORE_PACKAGES.get(wanted, "")
    try:
        _make(cache() / _key(wanted), f"{PACKAGES},{more}".rstrip(","))
    except ImageError as err:
        sys.exit(f"vm: {err}")
