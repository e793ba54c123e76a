# SPDX-License-Identifier: Apache-2.0
"""What the limits do that are neither of CPU, memory nor disks, on either cgroup version."""

from __future__ import annotations

import errno
import mmap
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.asking import pid
from integration.limits import HOST, MIB, Limited, Make, limited, need, need_v1, until
from integration.members import joiner
from support import guest
from support.runtime import Runtime

from pyruntime.cgroups import driver
from pyruntime.cgroups.base import Cgroup
from pyruntime.plan.resources import compile_resources

pytestmark = pytest.mark.vm


def test_no_process_beyond_the_number(runtime: Runtime, bundle: Make) -> None:
    need("pids")
    script = "for n in 1 2 3 4 5 6 7 8; do sleep 100 & done; echo all"
    done = runtime.run(limited(bundle, script, pids={"limit": 5}), check=False)
    assert done.returncode == 2
    assert "can't fork" in done.stderr
    assert done.stdout == ""
    assert runtime.run(limited(bundle, script, pids={"limit": 20})).stdout == "all\n"


def test_a_bomb_of_processes_is_held_and_removed(runtime: Runtime, bundle: Make) -> None:
    need("pids")
    bomb = "b() { b | b & }; b; sleep 1000"
    container = Limited(runtime, limited(bundle, bomb, pids={"limit": 40}))
    events = container.file("pids", "pids.events")
    until(lambda: "max 0" not in events.read_text(), "a refused fork")
    assert int(container.file("pids", "pids.current").read_text()) <= 40
    assert len(runtime("ps", "--format", "json", container.name).stdout.split(",")) <= 40
    runtime("delete", "--force", container.name)


def test_exec_beyond_the_number_says_what_was_in_the_way(
    runtime: Runtime, bundle: Make, only_ours: None
) -> None:
    need("pids")
    container = Limited(runtime, limited(bundle, "sleep 1000", pids={"limit": 1}))
    refused = runtime("exec", container.name, "/bin/true", check=False)
    assert refused.returncode == 255
    assert "Resource temporarily unavailable" in refused.stderr
    assert "pids.limit" in refused.stderr
    runtime("update", "--pids-limit", "5", container.name)
    runtime("exec", container.name, "/bin/true")


@pytest.fixture
def pages() -> Iterator[None]:
    """Huge pages to be had, in a machine of its own."""
    if guest.user() != "root":
        pytest.skip("virtual machine: the host's huge pages are not the tests' to reserve")
    file = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
    before = file.read_text()
    file.write_text("8")
    if int(file.read_text()) < 8:
        file.write_text(before)
        pytest.skip("machine: not enough memory in one piece for huge pages")
    yield
    file.write_text(before)


# Maps huge pages and uses them: "ok", or the error of the mapping, or the end by SIGBUS.
USE_PAGES = f"""
import mmap, sys
size = int(sys.argv[1])
try:
    found = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
except OSError as err:
    sys.exit(err.errno)
found[:: {mmap.PAGESIZE}] = bytes(size // {mmap.PAGESIZE})
"""


def test_no_huge_page_beyond_the_limit(prefix: str, pages: None) -> None:
    need("hugetlb")
    cgroup: Cgroup = driver.open_cgroup(HOST, f"/{prefix}h", "unused")
    cgroup.create()
    try:
        limits = {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}]}
        settings = compile_resources(limits, HOST)
        cgroup.apply([each for each in settings if each.controller == "hugetlb"])

        def use(size: int) -> int:
            command = [sys.executable, "-I", "-S", "-c", USE_PAGES, str(size)]
            return subprocess.run(command, preexec_fn=joiner(cgroup), check=False).returncode

        assert use(4 * MIB) == 0
        assert use(6 * MIB) == errno.ENOMEM
    finally:
        cgroup.delete()


@pytest.mark.vm_legacy
def test_sockets_have_the_class(runtime: Runtime, bundle: Make) -> None:
    """As the packet scheduler sees it, and `ss`."""
    need_v1("net_cls")
    made = limited(bundle, "exec nc -l -p 7", network={"classID": 0x100001})
    container = Limited(runtime, made)
    assert container.file("net_cls", "net_cls.classid").read_text() == f"{0x100001}\n"
    command = ["nsenter", "--net", f"--target={pid(runtime, container.name)}"]

    def shown() -> str:
        ss = [*command, "ss", "--listening", "--tcp", "--tos"]
        return subprocess.run(ss, capture_output=True, text=True, check=True).stdout

    until(lambda: "class_id:0x100001" in shown(), "the class of the socket")


@pytest.mark.vm_legacy
def test_an_interface_has_the_priority(runtime: Runtime, bundle: Make) -> None:
    need_v1("net_prio")
    network = {"priorities": [{"name": "lo", "priority": 5}]}
    container = Limited(runtime, limited(bundle, "sleep 1000", network=network))
    lines = container.file("net_prio", "net_prio.ifpriomap").read_text().splitlines()
    assert "lo 5" in lines


def test_a_file_of_cgroup2_by_its_name(runtime: Runtime, bundle: Make) -> None:
    """The kernel then makes no cgroup below."""
    if not HOST.v2:
        pytest.skip("kernel: cgroup2 is not mounted")
    container = Limited(
        runtime, limited(bundle, "sleep 1000", unified={"cgroup.max.descendants": "0"})
    )
    for line in Path(f"/proc/{pid(runtime, container.name)}/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            with pytest.raises(OSError) as caught:
                os.mkdir(f"{HOST.v2}{line[3:]}/below")
            assert caught.value.errno == errno.EAGAIN
