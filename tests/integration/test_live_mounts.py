# SPDX-License-Identifier: Apache-2.0
"""mounts add and remove: what a running container sees, and what the host does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.inside import mapped
from support import leftovers as left
from support.bundle import Bundle
from support.runtime import Runtime

Make = Callable[..., Bundle]
SLEEP = ["/bin/sleep", "1000"]


@pytest.fixture
def change(runtime: Runtime, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """change("add", ID, mount...): each a dict."""

    def call(word: str, name: str, *mounts: Any, **how: Any) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "mounts.json"
        file.write_text(json.dumps(mounts))
        return runtime("mounts", word, name, file, **how)

    return call


Change = Callable[..., subprocess.CompletedProcess[str]]


def bind(source: Path, target: str, *options: str) -> dict[str, Any]:
    return {
        "destination": target,
        "type": "bind",
        "source": str(source),
        "options": ["rbind", *options],
    }


def running(runtime: Runtime, made: Bundle) -> str:
    name = runtime.create(made)
    runtime("start", name)
    return name


def sh(runtime: Runtime, name: str, script: str) -> str:
    return runtime("exec", name, "/bin/sh", "-c", script).stdout


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    made = tmp_path / "volume"
    made.mkdir()
    (made / "file").write_text("of the host\n")
    os.chmod(tmp_path, 0o755)
    return made


@pytest.mark.parametrize("user", [False, True], ids=["plain", "user-namespace"])
def test_add_and_remove(
    runtime: Runtime, bundle: Make, change: Change, volume: Path, user: bool
) -> None:
    root = {"readonly": False}
    made = mapped(bundle, "exec sleep 1000", root=root) if user else bundle(SLEEP, root=root)
    name = running(runtime, made)
    before = left.mounts()
    tmpfs = {"destination": "/t", "type": "tmpfs", "source": "t", "options": ["size=1m", "nodev"]}
    change("add", name, bind(volume, "/new/one"), bind(volume, "/ro", "ro"), tmpfs)
    script = "cat /new/one/file; touch /ro/x 2>&1 | grep -o 'Read-only'; grep ' /t ' /proc/mounts"
    lines = sh(runtime, name, script).splitlines()
    assert lines[:2] == ["of the host", "Read-only"]
    assert "nodev" in lines[2] and "size=1024k" in lines[2]
    assert left.mounts() == before, "the host has none of it"
    change("remove", name, *({"destination": at} for at in ("/new/one", "/ro", "/t")))
    script = "ls /new/one /ro; grep -cE ' /(new/one|ro|t) ' /proc/mounts || true"
    assert "file" not in sh(runtime, name, script)
    assert (volume / "file").read_text() == "of the host\n"


def test_nothing_of_the_init_is_seen(
    runtime: Runtime, bundle: Make, change: Change, volume: Path, tmp_path: Path
) -> None:
    """It is in none of the namespaces in which others could find it."""
    watch = "while :; do for p in /proc/[0-9]*; do echo ${p#/proc/}; done; done | sort -un"
    made = bundle(["/bin/sh", "-c", f"{watch} > /dev/null & exec sleep 1000"])
    name = running(runtime, made)
    for number in range(5):
        change("add", name, bind(volume, f"/dev/shm/{number}"))
    pids = sh(runtime, name, "ls /proc | grep -c '^[0-9]'")
    assert int(pids) < 10


def test_a_link_in_the_way(
    runtime: Runtime, bundle: Make, change: Change, volume: Path, tmp_path: Path
) -> None:
    """It means what it means in the container."""
    canary = tmp_path / "canary"
    canary.mkdir()
    name = running(runtime, bundle(SLEEP, root={"readonly": False}))
    sh(runtime, name, f"ln -s {canary} /out; ln -s / /up; mkdir -p {canary}")
    change("add", name, bind(volume, "/out"))
    assert sh(runtime, name, f"cat {canary}/file") == "of the host\n"
    assert list(canary.iterdir()) == []
    done = change("remove", name, {"destination": "/up"}, check=False)
    assert done.returncode == 1 and "(/up): umount2: Invalid argument" in done.stderr
    change("remove", name, {"destination": str(canary)})


@pytest.mark.parametrize(
    ("mount", "said"),
    [
        ({"destination": "/p", "type": "proc", "source": "proc"}, "/mounts/0/type: proc cannot be"),
        (
            {"destination": "/proc", "type": "tmpfs", "source": "t"},
            "/mounts/0/type: must be proc on /proc",
        ),
        (
            {"destination": "/x", "type": "bind", "source": "/no/such"},
            '"bind" is not a filesystem type',
        ),
        (bind(Path("/no/such"), "/dev/x"), "(/no/such): open bind source: No such file"),
        ({"source": "/"}, "destination"),
        ("text", "/mounts/0"),
    ],
)
def test_refused(runtime: Runtime, bundle: Make, change: Change, mount: Any, said: str) -> None:
    name = running(runtime, bundle(SLEEP))
    done = change("add", name, mount, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_use(
    runtime: Runtime, bundle: Make, change: Change, tmp_path: Path, volume: Path
) -> None:
    name = running(runtime, bundle(SLEEP))
    assert "neither add nor remove" in change("move", name, check=False).stderr
    (tmp_path / "object").write_text("{}")
    done = runtime("mounts", "add", name, tmp_path / "object", check=False)
    assert "must be an array of mounts" in done.stderr
    done = runtime("mounts", "add", "nosuch", tmp_path / "object", check=False)
    assert done.returncode == 1
    done = change("remove", name, {"destination": "/bin"}, check=False)
    assert done.returncode == 1 and "there is no mount at this path" in done.stderr
    runtime("kill", name, "KILL")
    while '"stopped"' not in runtime("state", name).stdout:
        pass
    done = change("add", name, bind(volume, "/dev/x"), check=False)
    assert "container not running or created: stopped" in done.stderr


def test_a_container_without_mounts_of_its_own(
    runtime: Runtime, bundle: Make, change: Change, volume: Path
) -> None:
    made = bundle(SLEEP, hostname=None, linux={"namespaces": [{"type": "pid"}]}, mounts=[])
    made.config["linux"].pop("maskedPaths", None)
    made.config["linux"].pop("readonlyPaths", None)
    made.config["root"]["readonly"] = False
    made.save()
    name = running(runtime, made)
    done = change("add", name, bind(volume, "/x"), check=False)
    assert "the container has the host's mounts" in done.stderr
