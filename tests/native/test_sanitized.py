# SPDX-License-Identifier: Apache-2.0
"""The init's sources under AddressSanitizer and UndefinedBehaviorSanitizer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.initproc import REPO

from pyruntime.plan import ops
from pyruntime.plan.encode import encode_steps

NATIVE = REPO / "pyruntime/_native"
FLAGS = [
    *("-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fno-omit-frame-pointer"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{NATIVE}"),
]
EVERYTHING = [
    ops.groups("", gids=[1, 2, 3]),
    ops.device("", mode=1, major=2, minor=3, path="/dev/x"),
    ops.hook("", timeout_ms=5, path="/bin/x", args=["x", "y"], env=["A=b"], state_head="{"),
    ops.execve("", args=["a", "", "c"], env=["PATH=/bin"]),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("sanitized") / "sanitized"
    parts = [path for path in NATIVE.glob("init/*.c") if path.name not in ("main.c", "start.c")]
    subprocess.run(
        ["gcc", *FLAGS, "-o", target, Path(__file__).with_name("sanitized.c"), *parts], check=True
    )
    return target


def run(program: Path, mode: str, plan: Path, *args: str) -> str:
    done = subprocess.run(
        [program, mode, plan, *args], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("seed", ["1", "77", "4711"])
def test_decoder_over_mutated_plans(program: Path, tmp_path: Path, seed: str) -> None:
    plan = tmp_path / "plan"
    plan.write_bytes(encode_steps(EVERYTHING))
    assert "of 200000 taken" in run(program, "mutate", plan, "200000", seed)


def test_handlers_that_parse(program: Path, tmp_path: Path) -> None:
    """Those with buffers of their own: paths, lists, output, numbers, passwd lines."""
    long = "x" * 5000
    plan = tmp_path / "plan"
    noisy = "head -c 300000 /dev/zero | tr '\\0' 'x'; cat >/dev/null"
    steps = [
        ops.umask("", mask=0o22),
        ops.affinity_reset(""),
        ops.hook("", path="/bin/sh", args=["sh", "-c", noisy], state_head=long, state_tail=long),
        ops.home("", uid=0),
        ops.home("", uid=4000000000),
        ops.cwd("", flags=ops.CWD_CREATE, path=f"{tmp_path}/{'a/' * 20}b"),
        ops.exec_lookup("", file="true", path=f"{long}::/nope:/bin"),
        ops.stdio_owner("", uid=0),
        ops.execve("", args=["true"], env=[long, "HOME="]),
    ]
    plan.write_bytes(encode_steps(steps))
    run(program, "run", plan)
