# SPDX-License-Identifier: Apache-2.0
"""What limits of memory do to those who run into them, on either cgroup version."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.asking import QUIET, pid
from integration.limits import HOST, MIB, Limited, Make, field, limited, need, need_v1, until
from support import guest
from support.runtime import Runtime

pytestmark = pytest.mark.vm

# Takes more at once than there is.
TAKE = "echo first; exec dd if=/dev/zero of=/dev/null bs={mib}M count=1"
# By its own faults, on which the kernel lets it wait; on those of a system call it may not.
GROW = "exec awk 'BEGIN { s = \"x\"; while (length(s) < 67108864) s = s s }'"


def test_memory_beyond_the_limit_is_death(runtime: Runtime, bundle: Make) -> None:
    need("memory")
    script = TAKE.format(mib=128)
    done = runtime.run(limited(bundle, script, memory={"limit": 32 * MIB}), check=False)
    assert done.stdout == "first\n"
    assert done.returncode == 137
    enough = limited(bundle, script, memory={"limit": 256 * MIB})
    assert runtime.run(enough).stdout == "first\n"


def test_without_its_killer_one_waits_for_memory(runtime: Runtime, bundle: Make) -> None:
    """Until there is more."""
    need_v1("memory")
    memory = {"limit": 32 * MIB, "swap": 32 * MIB, "disableOOMKiller": True}
    container = Limited(runtime, limited(bundle, GROW, memory=memory))
    control = container.file("memory", "memory.oom_control")
    until(lambda: field(control, "under_oom"), "without memory")
    assert field(control, "oom_kill_disable") == 1
    init = pid(runtime, container.name)
    runtime("update", "--memory", "256m", "--memory-swap", "256m", container.name)
    until(lambda: gone(init), "done")


def gone(process: int) -> bool:
    """Ended, reaped or not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_the_killer_can_be_put_back(runtime: Runtime, bundle: Make) -> None:
    need_v1("memory")
    memory = {"limit": 32 * MIB, "swap": 32 * MIB, "disableOOMKiller": True}
    container = Limited(runtime, limited(bundle, GROW, memory=memory))
    control = container.file("memory", "memory.oom_control")
    until(lambda: field(control, "under_oom"), "without memory")
    init = pid(runtime, container.name)
    document = json.dumps({"memory": {"disableOOMKiller": False}})
    runtime("update", "--resources", "-", container.name, stdin=None, input=document)
    until(lambda: gone(init), "killed")


@pytest.fixture
def swap(tmp_path: Path) -> Iterator[None]:
    """A swap area of the test's own, in a machine of its own."""
    if guest.user() != "root":
        pytest.skip("virtual machine: the host's swap is not the tests' to change")
    area = tmp_path / "swap"
    with area.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 128 * MIB)
    area.chmod(0o600)
    for command in ("mkswap", "swapon"):
        subprocess.run([command, area], check=True, capture_output=True)
    yield
    subprocess.run(["swapoff", area], check=True)


@pytest.mark.vm_legacy
def test_swap_is_for_what_memory_can_t_hold(runtime: Runtime, bundle: Make, swap: None) -> None:
    """`swap` counts both."""
    need("memory")
    script = TAKE.format(mib=48)
    without = limited(bundle, script, memory={"limit": 32 * MIB, "swap": 32 * MIB})
    assert runtime.run(without, check=False).returncode == 137
    enough = limited(bundle, script, memory={"limit": 32 * MIB, "swap": 96 * MIB})
    assert runtime.run(enough).stdout == "first\n"


@pytest.mark.vm_legacy
def test_swappiness_of_nothing_is_no_swap(runtime: Runtime, bundle: Make, swap: None) -> None:
    need_v1("memory")
    memory = {"limit": 32 * MIB, "swap": 96 * MIB}
    willing = limited(bundle, TAKE.format(mib=48), memory=memory | {"swappiness": 80})
    assert runtime.run(willing).stdout == "first\n"
    never = limited(bundle, TAKE.format(mib=48), memory=memory | {"swappiness": 0})
    assert runtime.run(never, check=False).returncode == 137


def test_swappiness_is_the_cgroup_s_own(runtime: Runtime, bundle: Make) -> None:
    need_v1("memory")
    container = Limited(runtime, limited(bundle, "sleep 1000", memory={"swappiness": 17}))
    assert container.file("memory", "memory.swappiness").read_text() == "17\n"


READ = "cat /disk/{name} >/dev/null"


@pytest.mark.parametrize("reservation", [0, 40 * MIB])
def test_a_reservation_stays_while_a_neighbour_reads(
    runtime: Runtime, bundle: Make, tmp_path: Path, prefix: str, reservation: int
) -> None:
    """Cached files of one, while another fills the memory that both have. On v1 the kernel
    takes notice of it only when the whole host lacks memory."""
    if "memory" not in HOST.v2_controllers:
        pytest.skip("kernel: memory is no cgroup2 controller")
    if guest.user() != "root":
        pytest.skip("virtual machine: where temporary files are on a disk")
    parent = Path(HOST.v2, f"{prefix}pair")
    disk = tmp_path / "disk"
    disk.mkdir()
    for name, size in (("small", 32), ("large", 160)):
        (disk / name).write_bytes(bytes(size * MIB))
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("1")
    parent.mkdir()
    try:
        keeper, reader = (
            container(runtime, bundle, disk, f"/{parent.name}/{name}", memory)
            for name, memory in (("keeper", reservation), ("reader", 0))
        )
        (parent / "memory.max").write_text(str(64 * MIB))
        runtime("exec", keeper, "/bin/sh", "-c", READ.format(name="small"))
        stat = parent / "keeper/memory.stat"
        assert field(stat, "file") > 25 * MIB
        for _ in range(2):
            runtime("exec", reader, "/bin/sh", "-c", READ.format(name="large"))
        kept = field(stat, "file") > 25 * MIB
        assert kept is bool(reservation)
        for name in (keeper, reader):
            runtime("delete", "--force", name)
    finally:
        parent.rmdir()


def container(runtime: Runtime, bundle: Make, disk: Path, path: str, reservation: int) -> str:
    memory = {"reservation": reservation} if reservation else {}
    made = limited(bundle, "sleep 1000", memory=memory)
    made.change(
        linux={"cgroupsPath": path},
        mounts=[
            *made.config["mounts"],
            {"destination": "/disk", "source": str(disk), "options": ["rbind", "ro"]},
        ],
    )
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    return name
