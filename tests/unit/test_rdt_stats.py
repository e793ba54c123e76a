# SPDX-License-Identifier: Apache-2.0
"""Statistics of resctrl groups, on a tree of ordinary files with the kernel's forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pyruntime.host.rdt_stats import collect

FILES = {
    "schemata": "    L3:0=fff;1=fff\n    MB:0=100;1=100\n",
    "info/L3/cbm_mask": "fff\n",
    "info/L3/min_cbm_bits": "2\n",
    "info/L3/num_closids": "16\n",
    "info/MB/bandwidth_gran": "10\n",
    "info/MB/delay_linear": "1\n",
    "info/MB/min_bandwidth": "10\n",
    "info/MB/num_closids": "8\n",
    "info/L3_MON/mon_features": "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n",
    "box/schemata": "    L3:0=00f;1=fff\n    MB:0= 50;1=100\n",
    "box/mon_data/mon_L3_00/llc_occupancy": "4096\n",
    "box/mon_data/mon_L3_00/mbm_total_bytes": "30\n",
    "box/mon_data/mon_L3_00/mbm_local_bytes": "20\n",
    "box/mon_data/mon_L3_01/llc_occupancy": "0\n",
    "box/mon_data/mon_L3_01/mbm_total_bytes": "Unavailable\n",
    "box/mon_data/mon_L3_01/mbm_local_bytes": "7\n",
    "box/mon_groups/own/mon_data/mon_L3_00/llc_occupancy": "11\n",
    "box/mon_groups/own/mon_data/mon_L3_00/mbm_total_bytes": "12\n",
    "box/mon_groups/own/mon_data/mon_L3_00/mbm_local_bytes": "13\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


def statistics(root: Path, monitor: str = "") -> dict[str, Any]:
    where = f"{root}/box/mon_groups/{monitor}" if monitor else ""
    return collect({"group": f"{root}/box", "monitor": where, "made": True}, str(root))


def test_all_that_a_machine_has(root: Path) -> None:
    assert statistics(root) == {
        "l3_cache_info": {"cbm_mask": "fff", "min_cbm_bits": 2, "num_closids": 16},
        "l3_cache_schema_root": "L3:0=fff;1=fff",
        "l3_cache_schema": "L3:0=00f;1=fff",
        "mem_bw_info": {
            "bandwidth_gran": 10,
            "delay_linear": 1,
            "min_bandwidth": 10,
            "num_closids": 8,
        },
        "mem_bw_schema_root": "MB:0=100;1=100",
        "mem_bw_schema": "MB:0= 50;1=100",
        "schemata": ["L3:0=00f;1=fff", "MB:0= 50;1=100"],
        "mbm_stats": [
            {"mbm_total_bytes": 30, "mbm_local_bytes": 20},
            {"mbm_total_bytes": 0, "mbm_local_bytes": 7},
        ],
        "cmt_stats": [{"llc_occupancy": 4096}, {"llc_occupancy": 0}],
    }


def test_the_container_s_own_monitoring_group(root: Path) -> None:
    found = statistics(root, "own")
    assert found["mbm_stats"] == [{"mbm_total_bytes": 12, "mbm_local_bytes": 13}]
    assert found["cmt_stats"] == [{"llc_occupancy": 11}]


def test_what_the_machine_lacks_is_left_out(root: Path) -> None:
    (root / "info/L3_MON/mon_features").write_text("llc_occupancy\n")
    (root / "info/MB").rename(root / "info/other")
    assert set(statistics(root)) == {
        "schemata",
        "l3_cache_info",
        "l3_cache_schema_root",
        "l3_cache_schema",
        "cmt_stats",
    }
