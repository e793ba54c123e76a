# SPDX-License-Identifier: Apache-2.0
"""Ask a runtime for a container's state, and wait for its end."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from support.leftovers import exited
from support.runtime import Runtime

# What runs detached keeps the stdio that it is given, so nothing is captured there.
QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def state(runtime: Runtime, name: str) -> dict[str, Any]:
    """The spec's state, as `state` prints it."""
    found: dict[str, Any] = json.loads(runtime("state", name).stdout)
    return found


def status(runtime: Runtime, name: str) -> str:
    found: str = state(runtime, name)["status"]
    return found


def pid(runtime: Runtime, name: str) -> int:
    found: int = state(runtime, name)["pid"]
    return found


def kill(runtime: Runtime, name: str, *signal: str) -> None:
    """kill, and wait until the init is gone."""
    init = pid(runtime, name)
    runtime("kill", name, *signal)
    assert exited(init, 10_000), "the init has not ended"


def await_end(init: int) -> None:
    assert exited(init, 10_000), "the init has not ended"
