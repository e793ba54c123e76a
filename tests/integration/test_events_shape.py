# SPDX-License-Identifier: Apache-2.0
"""`events --stats` has what runc's has, in the same shape: programs read one for the other."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET
from support.bundle import Bundle
from support.runtime import Runtime

MIB = 1 << 20
# Of a container that has computed, read and been stopped by its quota.
SCRIPT = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; cat /bin/busybox >/dev/null; sleep 1000"
LIMITS = {
    "memory": {"limit": 64 * MIB, "swap": 128 * MIB},
    "cpu": {"quota": 20_000, "period": 100_000},
    "pids": {"limit": 30},
}
# What is given besides, and why.
MORE = {
    r"\.(cpu|memory|blkio)\.psi\b.*": "pressure of the cgroup2 hierarchy beside v1",
    r"\.hugetlb\.\w+\.\w+": "huge pages are counted there, too",
    r"\.network_interfaces\b.*": "the interfaces of the container's own network namespace",
    r"\.cpuset\.(cpus|mems)\[\]": "left out on cgroup2 by an older runc",
    r"\.memory\.oomKills": "processes killed for lack of memory",
    r"\.pids\.limit": "left out by those who take it for none",
    r"\.memory\.swap\.(failcnt|max|usage|limit)": "on cgroup2 as on v1",
}
# What runc gives and this runtime does not need to.
LESS = {
    r"\.(blkio|hugetlb|network_interfaces)": "empty there",
    r"\.memory\.(kernel|kernelTCP)\.(limit|failcnt)": "limits that cgroup2 has not",
    r"\.memory\.cache": "zeros are left out",
    r"\.(cpu\.throttling(\.\w+)?|blkio\..*|memory\.\w+\.(usage|max))": "zeros are left out",
}


def shape(value: Any, path: str = "") -> dict[str, str]:
    """The type of each leaf by its path; of a list the first entry stands for all."""
    if isinstance(value, list):
        return shape(value[0], f"{path}[]") if value else {f"{path}[]": "empty"}
    if not isinstance(value, dict):
        return {path: "number" if isinstance(value, int | float) else type(value).__name__}
    found: dict[str, str] = {}
    for key, item in value.items():
        found |= shape(item, f"{path}.{key}")
    return found or {path: "empty"}


def unexplained(paths: set[str], table: dict[str, str]) -> list[str]:
    return sorted(path for path in paths if not any(re.fullmatch(each, path) for each in table))


def statistics(runtime: Runtime, made: Bundle) -> dict[str, str]:
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    event = json.loads(runtime("events", "--stats", name).stdout)
    assert (event["type"], event["id"]) == ("stats", name)
    assert set(event) == {"type", "id", "data"}
    return shape(event["data"])


def test_the_shape_is_runc_s(
    runtime: Runtime, bundle: Callable[..., Bundle], prefix: str, only_ours: None
) -> None:
    program = shutil.which(os.environ.get("PYRUNTIME_RUNC", "runc"))
    if program is None:
        pytest.skip("machine: runc is not installed")
    runc = Runtime(Path(program), runtime.root.parent / "runc", prefix + "runc")
    made = bundle(["/bin/sh", "-c", SCRIPT], linux={"resources": LIMITS}, ociVersion="1.0.2")
    # A runc of these days takes the host's options of cgroup2 away by mounting it once more.
    made.change(mounts=[mount for mount in made.config["mounts"] if mount["type"] != "cgroup"])
    ours = statistics(runtime, made)
    made.change(linux={"cgroupsPath": f"/{prefix}runc"})
    try:
        theirs = statistics(runc, made)
    finally:
        runc.cleanup()
    assert unexplained(set(theirs) - set(ours), LESS) == []
    assert unexplained(set(ours) - set(theirs), MORE | LESS) == []
    both = set(ours) & set(theirs)
    assert len(both) > 40
    assert {path: ours[path] for path in both} == {path: theirs[path] for path in both}
