# SPDX-License-Identifier: Apache-2.0
"""The hello bundle, which the README's first command runs."""

from __future__ import annotations

import os
import re

import pytest
from support.runtime import REPO, Runtime

pytestmark = pytest.mark.vm

HELLO = REPO / "bundles/hello"
NAMESPACES = {"cgroup", "ipc", "mnt", "net", "pid", "uts"}
SHARED = {"time", "user"}


@pytest.fixture
def said(runtime: Runtime) -> str:
    if not (HELLO / "rootfs/hello").exists():
        pytest.skip("not built: run ./dev build")
    return runtime.run(HELLO).stdout


def test_hello_tells_who_and_where_it_is(said: str) -> None:
    assert said.startswith("Hello from a container.\npid 1, parent 0\nuid 0, gid 0, groups none\n")
    assert "\nhost hello, kernel " in said
    assert "\ndirectory /\n" in said


def test_hello_has_namespaces_of_its_own(said: str) -> None:
    seen = dict(re.findall(r"^  (\w+):\[(\d+)\]$", said, re.M))
    host = {name: os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACES | SHARED}
    own = {name for name in host if host[name] != f"{name}:[{seen[name]}]"}
    assert own == NAMESPACES


def test_hello_has_only_what_it_was_given(said: str) -> None:
    assert re.search(r"^  / +\S+ +ro,", said, re.M)
    assert re.search(r"^  open files +1024$", said, re.M)
    assert re.search(r"CapEff:\s+0000000020000420$", said, re.M)
    assert re.search(r"NoNewPrivs:\s+1$", said, re.M)
