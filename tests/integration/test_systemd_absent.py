# SPDX-License-Identifier: Apache-2.0
"""--systemd-cgroup on a host without systemd."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from support.bundle import Bundle
from support.runtime import Runtime


@pytest.mark.skipif(os.path.isdir("/run/systemd/system"), reason="machine: systemd runs here")
def test_it_is_said_that_there_is_none(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    asked = Runtime(runtime.program, runtime.root, runtime.prefix, "--systemd-cgroup")
    failed = asked.run(bundle(), check=False)
    assert failed.returncode == 1
    assert "systemd not running on this host" in failed.stderr
    assert not runtime.root.exists()
