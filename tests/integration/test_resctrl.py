# SPDX-License-Identifier: Apache-2.0
"""resctrl groups in the life of a container.

The kernels that this runs on have no resctrl: but for the refusal, a tree of ordinary files
stands in for it, and the runtime is told of that in its own process.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.asking import QUIET, pid
from support.bundle import Bundle
from support.runtime import REPO, Runtime

STAND_IN = """
import os, shutil, sys
root, main = sys.argv[1:3]
sys.argv = [main, *sys.argv[3:]]
sys.path[0:0] = [os.path.dirname(os.path.dirname(main))]
from pyruntime.host import rdt
def make(path):
    os.mkdir(path)
    for name in ("schemata", "tasks"):
        open(f"{path}/{name}", "w").close()
    if "mon_groups" not in path:
        os.mkdir(f"{path}/mon_groups")
rdt.make_group, rdt.remove_group, rdt.find_root = make, shutil.rmtree, lambda: root
exec(compile(open(main).read(), main, "exec"), {"__name__": "__main__", "__file__": main})
"""


class StandIn(Runtime):
    resctrl: Path

    def command(self, *args: str | os.PathLike[str]) -> list[str]:
        main = REPO / "pyruntime/__main__.py"
        python = [sys.executable, "-B", "-c", STAND_IN, str(self.resctrl), str(main)]
        return [*python, "--root", str(self.root), *map(str, args)]


@pytest.fixture
def stand_in(runtime: Runtime, tmp_path: Path) -> StandIn:
    made = StandIn(runtime.program, runtime.root, runtime.prefix)
    made.ids = runtime.ids
    made.resctrl = tmp_path / "resctrl"
    (made.resctrl / "mon_groups").mkdir(parents=True)
    return made


def test_no_resctrl(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    if " - resctrl " in Path("/proc/self/mountinfo").read_text():
        pytest.skip("kernel: resctrl is mounted")
    failed = runtime.run(bundle(linux={"intelRdt": {}}), check=False)
    assert failed.returncode == 1
    assert "/linux/intelRdt: no resctrl filesystem is mounted" in failed.stderr


def test_a_life_in_a_group(stand_in: StandIn, bundle: Callable[..., Bundle]) -> None:
    section = {"l3CacheSchema": "L3:0=f", "enableMonitoring": True}
    name = stand_in.new_id()
    made = bundle(["/bin/sleep", "1000"], linux={"intelRdt": section})
    stand_in("run", "--detach", "--bundle", made, name, **QUIET)
    group = stand_in.resctrl / name
    monitor = group / "mon_groups" / name
    init = str(pid(stand_in, name))
    assert (group / "schemata").read_text() == "L3:0=f\n"
    assert (group / "tasks").read_text() == (monitor / "tasks").read_text() == init
    event = json.loads(stand_in("events", "--stats", name).stdout)
    assert event["data"]["intel_rdt"] == {"schemata": ["L3:0=f"]}
    # An added process writes over it in a file, where the kernel would add it.
    stand_in("exec", name, "/bin/true")
    assert (group / "tasks").read_text() not in ("", init)
    stand_in("delete", "--force", name)
    assert not group.exists()


def test_a_failed_create_leaves_no_group(stand_in: StandIn, bundle: Callable[..., Bundle]) -> None:
    made = bundle(["/no/such"], linux={"intelRdt": {"enableMonitoring": True}})
    failed = stand_in.run(made, check=False)
    assert failed.returncode == 1 and "no such file" in failed.stderr
    assert os.listdir(stand_in.resctrl) == ["mon_groups"]
