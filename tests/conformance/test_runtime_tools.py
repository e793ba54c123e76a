# SPDX-License-Identifier: Apache-2.0
"""The validation programs of the OCI runtime-tools, run against the runtime.

They are another project's and are built elsewhere: $PYRUNTIME_RUNTIME_TOOLS names the tree
in which `runtimetest` and validation/*/*.t have been built. Several use the same cgroups, so
they run one at a time. Every program gets the runtime through a script that adds a state
root of the test's own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conformance.excused import EXCUSED, SILENT
from conformance.tap import parse
from support.runtime import Runtime

TREE = os.environ.get("PYRUNTIME_RUNTIME_TOOLS", "")
PATIENCE = 180
# Where the programs put their cgroups, below every hierarchy.
CGROUPS = ("cgrouptest", "testdir/cgrouptest", "testdir")


def programs() -> list[object]:
    """One parameter for each program that has been built; one that skips when there is no tree."""
    if not TREE:
        reason = "runtime-tools: PYRUNTIME_RUNTIME_TOOLS names no built tree"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")]
    found = sorted(Path(TREE, "validation").glob("*/*.t"))
    if not found:
        raise AssertionError(f"no validation programs in {TREE}")
    return [pytest.param(path, id=path.stem) for path in found]


def run_program(program: Path, wrapper: Path, scratch: Path) -> tuple[int, str, str]:
    """Exit code, standard output and errors of one program; its group is killed at the end."""
    process = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "slave", program],
        cwd=TREE,
        env={**os.environ, "RUNTIME": str(wrapper), "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        err += f"\nkilled after {PATIENCE} s"
    # Some leave helpers behind.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, out, err


@pytest.fixture
def scratch() -> Iterator[Path]:
    """For the programs' bundles: where the mapped users of a user namespace can go, too."""
    with tempfile.TemporaryDirectory(prefix="pyruntime-validation-") as path:
        Path(path).chmod(0o755)
        yield Path(path)


def remove_cgroups() -> None:
    """Remove what the programs leave of their cgroups' parents; one in use stays."""
    for hierarchy in Path("/sys/fs/cgroup").iterdir():
        for name in CGROUPS:
            with contextlib.suppress(OSError):
                (hierarchy / name).rmdir()


@pytest.mark.parametrize("program", programs())
def test_validation(
    program: Path, runtime: Runtime, tmp_path: Path, scratch: Path, request: pytest.FixtureRequest
) -> None:
    if program.stem in EXCUSED:
        reason = EXCUSED[program.stem]
        request.node.add_marker(pytest.mark.xfail(reason=reason, strict=False))
    wrapper = tmp_path / "runtime"
    wrapper.write_text(f'#!/bin/sh\nexec {runtime.program} --root {runtime.root} "$@"\n')
    wrapper.chmod(0o755)
    try:
        code, out, err = run_program(program, wrapper, scratch)
    finally:
        # A program that fails leaves its containers.
        if runtime.root.is_dir():
            runtime.ids.extend(entry.name for entry in runtime.root.iterdir())
        runtime.cleanup()
        remove_cgroups()
    wanted = SILENT.get(program.stem)
    if wanted is None:
        problems = parse(out).problems()
    else:
        problems = [] if wanted in err else [f"the runtime did not name {wanted}"]
    if code:
        problems.append(f"exit {code}")
    assert not problems, "\n".join([*problems, "", out, err])
