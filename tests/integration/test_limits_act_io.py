# SPDX-License-Identifier: Apache-2.0
"""What limits of disks do: a read or write past the page cache takes the time that its limit
says, on either cgroup version.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.limits import HOST, MIB, Limited, Make, disk_of, limited, need
from support.runtime import Runtime

pytestmark = pytest.mark.vm

READ = "dd if=/disk/data of=/dev/null bs={size} count={count} iflag=direct 2>&1"
WRITE = "dd if=/dev/zero of=/disk/data bs={size} count={count} oflag=direct conv=notrunc 2>&1"
# what -> (field, rate, command): each of these moves 1 MiB, or makes 20 requests
THROTTLES: dict[str, tuple[str, int, str]] = {
    "bytes read": ("throttleReadBpsDevice", MIB, READ.format(size="64k", count=16)),
    "bytes written": ("throttleWriteBpsDevice", MIB, WRITE.format(size="64k", count=16)),
    "reads": ("throttleReadIOPSDevice", 20, READ.format(size="4k", count=20)),
    "writes": ("throttleWriteIOPSDevice", 20, WRITE.format(size="4k", count=20)),
}


def need_io() -> None:
    if "blkio" not in HOST.v1 and "io" not in HOST.v2_controllers:
        pytest.skip("kernel: neither a blkio nor an io controller")


@pytest.fixture
def disk(tmp_path: Path) -> tuple[Path, int, int]:
    """A directory with a file of a MiB, and the numbers of the disk that it is on."""
    need_io()
    major, minor = disk_of(tmp_path)
    path = tmp_path / "disk"
    path.mkdir()
    (path / "data").write_bytes(bytes(MIB))
    return path, major, minor


@pytest.mark.parametrize(("what", "rate", "command"), THROTTLES.values(), ids=THROTTLES)
def test_a_rate_takes_its_time(
    runtime: Runtime,
    bundle: Make,
    disk: tuple[Path, int, int],
    what: str,
    rate: int,
    command: str,
) -> None:
    path, major, minor = disk
    made = limited(bundle, "true")
    mount = {"destination": "/disk", "source": str(path), "options": ["rbind", "rw"]}
    made.change(mounts=[*made.config["mounts"], mount])

    def seconds(*throttles: dict[str, int]) -> float:
        """Of the command alone."""
        made.change(
            process={"args": ["/bin/sh", "-c", f"time {command}"]},
            linux={"resources": {"blockIO": {what: list(throttles)}}},
        )
        done = runtime.run(made)
        said = re.search(r"real\s+(\d+)m ([\d.]+)s", done.stdout + done.stderr)
        assert said and "records out" in done.stdout
        return int(said[1]) * 60 + float(said[2])

    without = seconds()
    throttled = seconds({"major": major, "minor": minor, "rate": rate})
    # The kernel counts in slices of a tenth of a second, and gives the first one at once.
    assert 0.7 < throttled < 3
    assert without < throttled / 2


def test_an_update_takes_a_rate_back(
    runtime: Runtime, bundle: Make, disk: tuple[Path, int, int]
) -> None:
    path, major, minor = disk
    throttle = {"major": major, "minor": minor, "rate": 1000}
    made = limited(bundle, "sleep 1000", blockIO={"throttleReadBpsDevice": [throttle]})
    mount = {"destination": "/disk", "source": str(path), "options": ["rbind", "rw"]}
    made.change(mounts=[*made.config["mounts"], mount])
    container = Limited(runtime, made)
    file = container.file("blkio", "blkio.throttle.read_bps_device", "io.max")
    assert f"{major}:{minor}" in file.read_text()
    document = tmp_document(path, {"blockIO": {"throttleReadBpsDevice": [throttle | {"rate": 0}]}})
    runtime("update", "--resources", str(document), container.name)
    assert f"{major}:{minor}" not in file.read_text()
    read = READ.format(size="64k", count=16)
    assert "records out" in runtime("exec", container.name, "/bin/sh", "-c", read).stdout


def tmp_document(where: Path, value: Any) -> Path:
    path = where / "resources.json"
    path.write_text(json.dumps(value))
    return path


@pytest.fixture
def bfq_disk(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The numbers of a loop device of the test's own, under the scheduler that has weights."""
    need_io()
    if not Path("/dev/loop-control").exists() or not shutil.which("losetup"):
        pytest.skip("machine: no loop devices")
    file = tmp_path / "disk.img"
    file.write_bytes(bytes(MIB))
    done = subprocess.run(
        ["losetup", "--find", "--show", file], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"machine: losetup: {done.stderr}")
    name = done.stdout.strip()
    try:
        queue = Path("/sys/block", Path(name).name, "queue/scheduler")
        try:
            queue.write_text("bfq")
        except OSError:
            pytest.skip("kernel: no BFQ scheduler")
        major, minor = Path("/sys/block", Path(name).name, "dev").read_text().split(":")
        yield int(major), int(minor)
    finally:
        subprocess.run(["losetup", "--detach", name], check=True)


def test_weights_reach_the_scheduler(
    runtime: Runtime, bundle: Make, tmp_path: Path, bfq_disk: tuple[int, int]
) -> None:
    major, minor = bfq_disk
    device = {"major": major, "minor": minor, "weight": 700}
    made = limited(bundle, "sleep 1000", blockIO={"weight": 300, "weightDevice": [device]})
    container = Limited(runtime, made)
    file = container.file("blkio", "blkio.bfq.weight_device", "io.bfq.weight")
    assert file.read_text().splitlines() == ["default 300", f"{major}:{minor} 700"]
    runtime("update", "--blkio-weight", "400", container.name)
    weights = file.read_text()
    assert weights.splitlines() == ["default 400", f"{major}:{minor} 700"]
    need("hugetlb")
    failing = {"blockIO": {"weight": 500}, "hugepageLimits": [{"pageSize": "3MB", "limit": 0}]}
    document = tmp_document(tmp_path, failing)
    refused = runtime("update", "-r", str(document), container.name, check=False)
    assert "hugepageLimits/0" in refused.stderr
    assert file.read_text() == weights
