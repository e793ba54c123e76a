# SPDX-License-Identifier: Apache-2.0
"""One boot of the guest under qemu's software emulation, which runs one job and ends.

Nothing that the guest does is kept but what the job leaves in /out. There is no network.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from vm.image import Image

QEMU = "qemu-system-x86_64"
MEMORY = "2048"
# la57 and cx16: what qemu 7.2 emulates of them stops the kernel now and then.
CPU = "max,la57=off,cx16=off"
APPEND = "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off nokaslr audit=0"
# A kernel that is emulated panics once in some hundred boots.
BOOTS = 3


class MachineError(Exception):
    """The machine ended without a result, with the reason."""


class Machine:
    """image: to boot from, not changed. source: tar of the tree, laid at `tree` in the guest.
    work: an empty folder for this machine's files. kernel: of image.KERNELS. words: more of its
    command line.
    """

    def __init__(
        self, image: Image, source: Path, tree: Path, work: Path, kernel: str, words: str
    ) -> None:
        self.image = image
        self.source = source
        self.tree = tree
        self.work = work
        self.kernel = kernel
        self.words = words

    def run(self, script: str, limit: float, line: Callable[[str], None]) -> int:
        """The exit status of the bash script, run as root in the tree.

        limit: seconds for everything. line is given each line of output. What is left in the
        guest's /out is in work/out. Raises MachineError.
        """
        self._job(script)
        deadline = time.monotonic() + limit
        for _ in range(BOOTS):
            (self.work / "rc").write_text("")
            said = self._boot(deadline, line)
            result = (self.work / "rc").read_text().split()
            if len(result) == 2:
                out = self.work / "out"
                out.mkdir()
                unpack = ["tar", "--no-same-owner", "-C", str(out), "-xf", f"{self.work}/files"]
                subprocess.run(unpack, check=True)
                return int(result[1])
            if time.monotonic() >= deadline:
                raise MachineError(f"not done after {limit:.0f} s")
            if result:
                break
            line("vm: the machine died while booting; booting again")
        raise MachineError(f"ended without a result: {said}\n{self._console()}")

    def _job(self, script: str) -> None:
        folder = self.work / "job"
        folder.mkdir()
        (folder / "job").write_text(script)
        (folder / "tree").write_text(f"{self.tree}\n")
        with tarfile.open(self.work / "job.tar", "w") as tar:
            tar.add(folder, ".")

    def _boot(self, deadline: float, line: Callable[[str], None]) -> str:
        """One boot to its end or to the deadline; gives qemu's own words."""
        words = self.work / "qemu.log"
        with words.open("w") as log:
            qemu = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | {"TMPDIR": str(self.work)},  # for what is written to the root disk
                text=True,
                errors="replace",
            )
        timer = threading.Timer(max(deadline - time.monotonic(), 0), qemu.kill)
        timer.start()
        try:
            assert qemu.stdout
            for each in qemu.stdout:
                line(each.rstrip("\n"))
            qemu.wait()
        finally:
            timer.cancel()
            with contextlib.suppress(ProcessLookupError):
                qemu.kill()
            qemu.wait()
        return words.read_text()

    def _command(self) -> list[str]:
        work = self.work
        ports = {"rc": f"file,path={work}/rc", "files": f"file,path={work}/files"}
        ports["out"] = "file,path=/dev/stdout"
        disks = {
            "root": f"file={self.image.disk},snapshot=on",
            "job": f"file={work}/job.tar,readonly=on",
            "source": f"file={self.source},readonly=on",
        }
        words = [QEMU, "-M", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", CPU]
        words += ["-smp", "2", "-m", MEMORY, "-nodefaults", "-no-user-config", "-no-reboot"]
        words += ["-display", "none", "-nic", "none"]
        words += ["-append", f"{APPEND} {self.words}"]
        files = self.image.kernel(self.kernel), self.image.initrd(self.kernel)
        words += ["-kernel", str(files[0]), "-initrd", str(files[1])]
        words += ["-serial", f"file:{work}/console", "-device", "virtio-serial-pci"]
        for name, where in disks.items():
            words += ["-drive", f"{where},if=none,id={name},format=raw,cache=unsafe"]
            words += ["-device", f"virtio-blk-pci,drive={name},serial={name}"]
        for name, where in ports.items():
            words += ["-chardev", f"{where},id={name}"]
            words += ["-device", f"virtserialport,chardev={name},name={name}"]
        return words

    def _console(self) -> str:
        console = self.work / "console"
        return console.read_text(errors="replace")[-2000:] if console.exists() else ""
