# SPDX-License-Identifier: Apache-2.0
"""Append the started interpreter to `pyruntime` (see pyruntime/_native/snapshot.c).

Used by link_embedded.py. The program makes the snapshot itself: once to rehearse in, which
tells what of the heap a run touches, and once to be kept, with that lying together.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import select
import signal
import struct
import subprocess
import sysconfig
import tempfile
from pathlib import Path

import elf

# The layout of an interpreter's state is its version's own affair: only those that were tried.
VERSIONS = ((3, 11),)
PAGE = os.sysconf("SC_PAGESIZE")
ALIGNMENT = 65536  # the largest page of any system that the program may run on
MAGIC = b"pyruntime place\0"
KEPT_MAX = 16
SIZES = struct.Struct("<2Q")
REHEARSAL_SECONDS = 120.0  # it takes one; where programs are emulated, it takes longer
# What an engine has to say, and a person.
ENGINE = "--root {stage}/state --log {stage}/log --log-format json"
PERSON = "--root {stage}/state"
LINES = (
    f"{ENGINE} create --bundle {{stage}}/bundle --pid-file {{stage}}/pid a",
    f"{ENGINE} state a",
    f"{ENGINE} exec --process {{stage}}/bundle/process.json --detach --pid-file {{stage}}/pid2 a",
    f"{ENGINE} update --resources {{stage}}/bundle/resources.json a",
    f"{ENGINE} start a",
    f"{ENGINE} delete a",
    f"{PERSON} create --bundle {{stage}}/bundle b",
    f"{PERSON} exec b true",
    f"{PERSON} kill b KILL",
    f"{PERSON} delete --force b",
    f"{PERSON} run --bundle {{stage}}/bundle c",
)


def add(program: Path, site: Path, work: Path) -> None:
    """site: the directory that holds the package. work: one for what lies between.

    Nothing of the build's environment may get in. Raises subprocess.CalledProcessError, OSError.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would take each status away
    jeepney = importlib.util.find_spec("jeepney")
    places = [sysconfig.get_path("stdlib")]
    if jeepney is not None and jeepney.origin is not None:
        places.append(str(Path(jeepney.origin).parents[1]))
    # The same hashes of strings for both: 0 would be others each time.
    common = [":".join(places), str(secrets.randbelow(0xFFFFFFFF) + 1)]
    here, snapshot, log = str(program.resolve()), work / "snapshot", work / "rehearsal"
    command = [here, "--write-snapshot", str(snapshot), *common]
    if rehearse([here, "--rehearse", str(log), *common, str(site.resolve())]):
        command.append(str(log))
    subprocess.run(command, env={}, check=True)
    append(program, snapshot.read_bytes())


def rehearse(command: list[str]) -> bool:
    """Whether LINES went well, which are added to `command`. Where a block of memory gets a page
    of its own, and that is a large one, the memory may not be there.
    """
    if PAGE > 4096:
        return False
    with tempfile.TemporaryDirectory(prefix="pyruntime-rehearsal-") as directory:
        for version in ("v1", "v2"):
            stage = f"{directory}/{version}"
            for line in LINES:
                command += ["--", *(word.format(stage=stage) for word in line.split())]
        try:
            why = run_alone(command)
        except OSError as err:
            why = str(err)
    if why:
        print(f"no rehearsal, starts will be a little slower: {why}")
    return not why


def run_alone(command: list[str]) -> str:
    """What went wrong, "" for nothing. All that it has started and left ends with it."""
    process = subprocess.Popen(command, env={}, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        pidfd = os.pidfd_open(process.pid)
        try:
            ended = select.select([pidfd], [], [], REHEARSAL_SECONDS)[0]
        finally:
            os.close(pidfd)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # not waited for yet, so the number is its own
        status = process.wait()
    if not ended:
        return f"it takes more than {REHEARSAL_SECONDS:g} seconds"
    return f"it ended with status {status}" if status else ""


def append(program: Path, saved: bytes) -> None:
    """saved: as snapshot_write leaves it."""
    hot_size, cold_size = SIZES.unpack(saved[-SIZES.size :])
    content = bytearray(program.read_bytes())
    content += bytes(-len(content) % ALIGNMENT)
    data = len(content)
    sections = elf.sections(content)
    # from the start of the first variable's page to the end of the last's
    start = sections[".data"].address // PAGE * PAGE
    end = sections[".bss"].address + sections[".bss"].size
    hot = data + -(-(end - start) // PAGE) * PAGE
    cold = hot + hot_size
    kept = elf.copied(content)
    if len(kept) > KEPT_MAX:
        raise SystemExit(f"a snapshot keeps at most {KEPT_MAX} variables of the C library: {kept}")
    place = struct.pack("<5Q", PAGE, data, hot, cold, cold + cold_size)
    place += b"".join(struct.pack("<2Q", *variable) for variable in kept)
    at = content.index(MAGIC) + len(MAGIC)
    content[at : at + len(place)] = place
    program.write_bytes(content + saved[: -SIZES.size])
