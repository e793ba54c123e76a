# SPDX-License-Identifier: Apache-2.0
"""AppArmor profiles and SELinux labels: carried out where the host has the module, else refused.

No machine has both, so each test is for one kind of host.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET
from support.bundle import Bundle
from support.runtime import Runtime

from pyruntime.host import lsm

pytestmark = pytest.mark.vm

with_apparmor = pytest.mark.skipif(
    not lsm.apparmor_enabled(), reason="kernel: AppArmor is not enabled"
)
without_apparmor = pytest.mark.skipif(lsm.apparmor_enabled(), reason="kernel: AppArmor is enabled")
without_selinux = pytest.mark.skipif(lsm.selinux_enabled(), reason="kernel: SELinux is enabled")

PROFILE = """
profile pyrt-test flags=(attach_disconnected) {
  file,
  signal,
  deny /etc/passwd r,
}
"""
CURRENT = ["/bin/sh", "-c", "cat /proc/self/attr/current; cat /etc/passwd || true"]


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "profile"
    path.write_text(PROFILE)
    subprocess.run(["apparmor_parser", "-Kr", path], check=True)
    yield "pyrt-test"
    subprocess.run(["apparmor_parser", "-R", path], check=True)


@with_apparmor
def test_apparmor(
    runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path, profile: str
) -> None:
    made = bundle(CURRENT, process={"apparmorProfile": profile})
    done = runtime.run(made)
    assert done.stdout == "pyrt-test (enforce)\n" and "Permission denied" in done.stderr
    made.change(process={"args": ["/bin/sleep", "1000"]})
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    # The container's profile, another one by option, another one by document.
    assert runtime("exec", name, *CURRENT).stdout == "pyrt-test (enforce)\n"
    other = runtime("exec", "--apparmor", "unconfined", name, *CURRENT)
    assert other.stdout.startswith("unconfined\n") and "root:" in other.stdout
    document = tmp_path / "process.json"
    process = {**made.config["process"], "args": CURRENT, "apparmorProfile": None}
    document.write_text(json.dumps(process))
    assert runtime("exec", "-p", document, name).stdout.startswith("unconfined\n")


@with_apparmor
def test_apparmor_for_an_ordinary_user(
    runtime: Runtime, bundle: Callable[..., Bundle], profile: str
) -> None:
    user = {"uid": 1000, "gid": 1000}
    made = bundle(CURRENT, process={"apparmorProfile": profile, "user": user})
    assert runtime.run(made).stdout == "pyrt-test (enforce)\n"


@with_apparmor
def test_a_profile_that_is_not_loaded(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    made = bundle(CURRENT, process={"apparmorProfile": "pyrt-none"})
    failed = runtime.run(made, check=False)
    assert failed.returncode == 1
    assert "process.apparmorProfile" in failed.stderr and "profile loaded" in failed.stderr


LABEL = "system_u:system_r:container_t:s0"


@pytest.mark.parametrize(
    ("changes", "pointer", "module"),
    [
        pytest.param(
            {"process": {"apparmorProfile": "strict"}},
            "/process/apparmorProfile",
            "AppArmor",
            marks=without_apparmor,
        ),
        pytest.param(
            {"process": {"selinuxLabel": LABEL}},
            "/process/selinuxLabel",
            "SELinux",
            marks=without_selinux,
        ),
        pytest.param(
            {"linux": {"mountLabel": LABEL}}, "/linux/mountLabel", "SELinux", marks=without_selinux
        ),
    ],
)
def test_a_label_that_nothing_would_enforce(
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    changes: dict[str, Any],
    pointer: str,
    module: str,
) -> None:
    failed = runtime.run(bundle(**changes), check=False)
    assert failed.returncode == 1
    assert f"{pointer}: {module} is not enabled on this host" in failed.stderr


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        pytest.param("--apparmor", "strict", "AppArmor is not", marks=without_apparmor),
        pytest.param("--process-label", LABEL, "SELinux is not", marks=without_selinux),
    ],
)
def test_the_same_by_exec(
    runtime: Runtime, running: str, option: str, value: str, words: str
) -> None:
    failed = runtime("exec", option, value, running, "/bin/true", check=False)
    assert failed.returncode == 255
    assert words in failed.stderr


def test_unconfined_is_no_request_of_a_host_without_apparmor(
    runtime: Runtime, bundle: Callable[..., Bundle]
) -> None:
    runtime.run(bundle(process={"apparmorProfile": "unconfined"}))
