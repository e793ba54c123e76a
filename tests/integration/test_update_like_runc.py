# SPDX-License-Identifier: Apache-2.0
"""`update`: after the same options the cgroup's files hold what they hold with runc."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.limits import HOST, MIB, Limited
from support.bundle import Bundle
from support.runtime import Runtime

RESOURCES = {
    "memory": {"limit": 64 * MIB, "swap": 128 * MIB},
    "cpu": {"quota": 50_000, "period": 100_000, "shares": 512},
    "pids": {"limit": 30},
}
# (controller, what its files begin with)
FILES = (
    ("memory", ("memory.limit", "memory.memsw.limit", "memory.soft")),
    ("memory", ("memory.max", "memory.low", "memory.swap.max")),
    # No cpu.weight: older ones have another curve.
    ("cpu", ("cpu.shares", "cpu.cfs", "cpu.idle", "cpu.max")),
    ("cpuset", ("cpuset.cpus", "cpuset.mems")),
    ("pids", ("pids.max",)),
    ("blkio", ("blkio.bfq.weight", "io.bfq.weight", "io.weight")),
)
# One after the other, each on what the last has left.
UPDATES = (
    "--memory 96m",
    "--memory 200m --memory-swap 300m",
    "--memory-reservation 20m",
    "--memory 32m --memory-swap 32m",
    "--memory-swap -1",
    "--memory -1 --memory-swap -1",
    "--kernel-memory 20m",
    "--pids-limit 20",
    "--pids-limit -1",
    "--cpu-share 700",
    "--cpu-quota 20000",
    "--cpu-period 50000",
    "--cpu-burst 1000",
    "--cpu-burst 0",
    "--cpu-period 10000 --cpu-quota 3000",
    "--cpu-quota -1",
    "--cpuset-cpus 0",
    "--cpuset-mems 0",
    "--blkio-weight 500",
    "--cpu-idle 1",
    "--cpu-idle 0",
)
DOCUMENTS = (
    {"memory": {"limit": 80 * MIB, "swap": 160 * MIB, "reservation": 0}, "pids": {"limit": 7}},
    {"cpu": {"shares": 204, "quota": 20_000, "period": 100_000, "cpus": "0", "mems": "0"}},
    {},
)


def held(container: Limited) -> dict[str, str]:
    found = {}
    for controller, names in FILES:
        if controller in HOST.v1 or HOST.mode == "v2":
            where = container.file(controller, "")
            for path in sorted(where.iterdir()):
                if path.name.startswith(names) and "usage" not in path.name:
                    found[path.name] = path.read_text()
    return found


@pytest.fixture
def pair(
    runtime: Runtime, bundle: Callable[..., Bundle], prefix: str, only_ours: None
) -> Iterator[tuple[Limited, Limited]]:
    """Ours and runc's, with the same limits."""
    program = shutil.which(os.environ.get("PYRUNTIME_RUNC", "runc"))
    if program is None:
        pytest.skip("machine: runc is not installed")
    runc = Runtime(Path(program), runtime.root.parent / "runc", prefix + "runc")
    made = bundle(["/bin/sleep", "1000"], linux={"resources": RESOURCES}, ociVersion="1.0.2")
    # A runc of these days takes the host's options of cgroup2 away by mounting it once more.
    made.change(mounts=[mount for mount in made.config["mounts"] if mount["type"] != "cgroup"])
    ours = Limited(runtime, made)
    made.change(linux={"cgroupsPath": f"/{prefix}runc"})
    try:
        yield ours, Limited(runc, made)
    finally:
        runc.cleanup()


def test_each_option_has_runc_s_effect(pair: tuple[Limited, Limited]) -> None:
    ours, theirs = pair
    known = theirs.runtime("update", "--help").stdout
    assert held(ours) == held(theirs)
    compared = 0
    for options in UPDATES:
        words = options.split()
        if not all(word in known for word in words if word.startswith("--")):
            continue
        said = [update(each, words).returncode for each in pair]
        assert said == [0, 0], options
        assert held(ours) == held(theirs), options
        compared += 1
    assert compared > 15


def test_documents_on_standard_input_have_runc_s_effect(pair: tuple[Limited, Limited]) -> None:
    ours, theirs = pair
    for document in DOCUMENTS:
        for each in pair:
            update(each, ["--resources", "-"], json.dumps(document), check=True)
        assert held(ours) == held(theirs), document


def update(
    container: Limited, words: list[str], text: str = "", *, check: bool = False
) -> subprocess.CompletedProcess[str]:
    runtime, name = container.runtime, container.name
    return runtime("update", *words, name, stdin=None, input=text, check=check)
