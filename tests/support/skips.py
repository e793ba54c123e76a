# SPDX-License-Identifier: Apache-2.0
"""Skips under `--must-work` (and with CI=true): only those with a known reason are allowed.

A test that skips since its surroundings are not set up is a hole in a green run. So there a
skip counts as a failure unless its reason starts like one of ALLOWED.
"""

from __future__ import annotations

import os
import re

import pytest

from support import guest

# start of a reason -> why it may stay unrun in a complete run
ALLOWED = {
    "runtime-tools:": "the validation programs are another project's, built elsewhere",
    "kernel:": "this kernel has not got the feature",
    "machine:": "this machine has not got the device, the mount or the permission",
    "architecture:": "the test is about another processor",
    "virtual machine:": "runs in the guest of the machine test, not on the host",
    "slow:": "only with --slow",
}


def must_work(config: pytest.Config) -> bool:
    """Whether every skip without a known reason is a failure."""
    return bool(config.getoption("--must-work")) or os.environ.get("CI") == "true"


def allowed(reason: str) -> bool:
    text = re.sub(r"^Skipped: ", "", reason)
    if guest.user() == "root" and text.startswith("virtual machine:"):
        return False  # where else, if not here
    return any(text.startswith(start) for start in ALLOWED)


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The reason of a skipped report, "" when it is no skip (an xfail is none)."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return str(report.longrepr)


def judge(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip without a known reason into a failure, in place."""
    reason = reason_of(report)
    if reason and not allowed(reason):
        report.outcome = "failed"
        report.longrepr = f"skipped where everything must work: {reason}"
