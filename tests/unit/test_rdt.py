# SPDX-License-Identifier: Apache-2.0
"""resctrl groups on a tree of ordinary files.

Few machines have resctrl, and kernels for virtual ones seldom: so the tree is a stand-in, with
the rules that the kernel's documentation gives, and the files of a new group are made by the
test. What the kernel makes of a schema is not seen here.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError, HostError
from pyruntime.host import rdt
from pyruntime.plan import render
from pyruntime.plan.resctrl import ResctrlPlan, allocations


def make_group(path: str) -> None:
    """What the kernel puts into a new group."""
    os.mkdir(path)
    for name in ("schemata", "tasks"):
        Path(path, name).write_text("")
    if "mon_groups" not in path:
        Path(path, "mon_groups").mkdir()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(rdt, "make_group", make_group)
    monkeypatch.setattr(rdt, "remove_group", shutil.rmtree)
    make_group(str(tmp_path / "resctrl"))
    (tmp_path / "resctrl/schemata").write_text("    L3:0=00fff;1=00fff\n    MB:0= 100;1= 100\n")
    (tmp_path / "resctrl/info").mkdir()
    (tmp_path / "resctrl/info/last_cmd_status").write_text("Mask out of range\n")
    return tmp_path / "resctrl"


def plan(**section: Any) -> ResctrlPlan:
    document = plans.config()
    document["linux"]["intelRdt"] = section
    found = plans.create(document).resctrl
    assert found is not None
    return found


def create(wanted: ResctrlPlan, root: Path) -> dict[str, Any]:
    record = rdt.claim(wanted, str(root))
    rdt.create(wanted, record)
    return record


def test_where_resctrl_is_mounted(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "36 1 0:29 / /sys/fs/re\\040sctrl rw,relatime shared:9 - resctrl resctrl rw\n"
    )
    assert rdt.find_root(str(table)) == "/sys/fs/re sctrl"
    table.write_text("1 0 8:1 / /resctrl rw - ext4 resctrl rw\n")
    with pytest.raises(ConfigError) as refused:
        rdt.find_root(str(table))
    assert refused.value.pointer == "/linux/intelRdt"


def test_a_group_of_the_container_alone(root: Path) -> None:
    record = create(plan(l3CacheSchema="L3:0=f", memBwSchema="MB:0=20", schemata=["L2:0=1"]), root)
    assert (root / "web/schemata").read_text() == "L3:0=f\nMB:0=20\nL2:0=1\n"
    rdt.join(record, 77)
    assert (root / "web/tasks").read_text() == "77"
    assert record == {"group": str(root / "web"), "monitor": "", "made": True}
    rdt.delete(record)
    assert not (root / "web").exists()
    rdt.delete(record)


def test_a_group_without_anything_to_say(root: Path) -> None:
    record = create(plan(), root)
    assert record["made"] and (root / "web/schemata").read_text() == ""


def test_a_group_that_was_there_stays(root: Path) -> None:
    make_group(str(root / "web"))
    record = create(plan(schemata=["L3:0=f"]), root)
    assert (root / "web/schemata").read_text() == "L3:0=f\n"
    rdt.delete(record)
    assert (root / "web").is_dir()


def test_a_class_is_made_when_it_comes_with_a_schema(root: Path) -> None:
    record = create(plan(closID="gold", memBwSchema="MB:0=20"), root)
    assert (root / "gold/schemata").read_text() == "MB:0=20\n"
    rdt.delete(record)
    assert (root / "gold").is_dir()


def test_a_class_that_exists_must_agree(root: Path) -> None:
    make_group(str(root / "gold"))
    present = "    L3:0=0000f;1=fffff\n    MB:0=  20;1= 100\n"
    (root / "gold/schemata").write_text(present)
    create(plan(closID="gold", l3CacheSchema="L3:0=0F;1=fffff", memBwSchema="MB:0=20"), root)
    create(plan(closID="gold", schemata=["L3:0=f"]), root)
    for other in ("L3:0=f;1=f", "L3:2=f", "L2:0=f"):
        with pytest.raises(ConfigError) as refused:
            create(plan(closID="gold", schemata=[other]), root)
        assert other in str(refused.value)
    assert (root / "gold/schemata").read_text() == present


def test_a_class_without_schema_must_exist(root: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        rdt.claim(plan(closID="gold"), str(root))
    assert refused.value.pointer == "/linux/intelRdt/closID"
    make_group(str(root / "gold"))
    record = create(plan(closID="gold"), root)
    assert (record["group"], record["made"]) == (str(root / "gold"), False)


def test_the_root_group(root: Path) -> None:
    record = create(plan(closID="/", l3CacheSchema="L3:1=fff"), root)
    rdt.join(record, 5)
    assert (root / "tasks").read_text() == "5"
    rdt.delete(record)
    assert root.is_dir()
    with pytest.raises(ConfigError):
        create(plan(closID="/", l3CacheSchema="L3:1=f"), root)


@pytest.mark.parametrize("section", [{}, {"closID": "gold", "schemata": ["MB:0=20"]}])
def test_monitoring(root: Path, section: dict[str, Any]) -> None:
    record = create(plan(enableMonitoring=True, **section), root)
    group = root / (section.get("closID") or "web")
    assert record["monitor"] == str(group / "mon_groups/web")
    rdt.join(record, 9)
    for tasks in (group / "tasks", group / "mon_groups/web/tasks"):
        assert tasks.read_text() == "9"
    rdt.delete(record)
    assert not (group / "mon_groups/web").exists()
    assert group.exists() == ("closID" in section)


def test_no_monitoring_group_to_be_had(root: Path) -> None:
    (root / "mon_groups/web").mkdir()
    with pytest.raises(HostError) as failed:
        create(plan(closID="/", enableMonitoring=True), root)
    assert failed.value.pointer == "/linux/intelRdt/enableMonitoring"


def test_a_schema_that_is_refused_has_the_kernels_words(root: Path) -> None:
    wanted = plan(schemata=["L3:0=f"])
    record = rdt.claim(wanted, str(root))
    make_group(record["group"])
    (root / "web/schemata").unlink()
    with pytest.raises(HostError) as failed:
        rdt.create(wanted, record)
    assert failed.value.hint == "Mask out of range"


def test_lines_are_compared_as_numbers() -> None:
    assert allocations("  L3:0=00F; 1=0\n") == {"L3": {"0": "f", "1": "0"}}
    assert allocations("nonsense") == {"nonsense": {}}


def test_what_a_plan_shows_of_it() -> None:
    document = plans.config()
    assert "resctrl" not in render.text(plans.create(document))
    document["linux"]["intelRdt"] = {"memBwSchema": "MB:0=50", "enableMonitoring": True}
    text = render.text(plans.create(document))
    assert "resctrl group\n  web, made for this container\n  schemata: MB:0=50\n" in text
    shown = render.data(plans.create(document))["resctrl"]
    assert shown == {"group": "web", "schemata": ["MB:0=50"], "monitor": "web"}


def test_schemata_of_a_live_group_change(root: Path) -> None:
    record = create(plan(closID="gold", l3CacheSchema="L3:0=f"), root)
    assert rdt.change(record, ["L3:0=3", "MB:0=20"]) == ["L3:0=f"]
    assert (root / "gold/schemata").read_text().startswith("L3:0=3\nMB:0=20\n")
