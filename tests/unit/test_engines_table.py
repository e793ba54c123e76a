# SPDX-License-Identifier: Apache-2.0
"""The table of docs/engines.md, from reports of the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import engines_table

REPORT = """<testsuites><testsuite>
<testcase classname="tests.engines.test_ctr" name="test_the_daemon_restarts"/>
<testcase classname="tests.engines.test_ctr" name="test_signals[15]"/>
<testcase classname="tests.engines.test_ctr" name="test_signals[2]"><failure/></testcase>
<testcase classname="tests.engines.test_users" name="test_copy[docker]"><error/></testcase>
<testcase classname="tests.engines.test_users" name="test_copy[podman]"><skipped/></testcase>
<testcase classname="tests.engines.test_podman" name="test_pod[podman-user]"/>
<testcase classname="tests.engines.test_systemd_driver" name="test_x"/>
</testsuite></testsuites>"""
TABLE = """
### Docker

| | pyruntime | runc |
|---|---|---|
| copy | no | – |

### Podman, an ordinary user's

| | pyruntime | runc |
|---|---|---|
| pod | yes | – |

### containerd (ctr)

| | pyruntime | runc |
|---|---|---|
| signals | 1 of 2 | – |
| the daemon restarts | yes | – |

"""


def test_table(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    found = engines_table.read(tmp_path / "report.xml")
    assert engines_table.table({"pyruntime": found, "runc": {}}) == TABLE


def test_of_no_engine() -> None:
    with pytest.raises(ValueError, match="no engine in"):
        engines_table.engine_of("nothing]")
