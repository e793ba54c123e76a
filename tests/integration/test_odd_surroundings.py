# SPDX-License-Identifier: Apache-2.0
"""A command where something that every system has is missing: an answer, and no traceback."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bundle import Bundle
from support.runtime import Runtime

Make = Callable[..., Bundle]

# An installed program finds its package by /proc; one built in place knows where it is.
NOT_FOUND = 127
# Done in a mount namespace of its own, before the command.
LACKS = {
    "procfs": "mount -t tmpfs none /proc",
    "sysfs": "umount -l /sys",
    "cgroups": "umount --recursive --lazy /sys/fs/cgroup",
    "covered cgroups": "mount -t tmpfs none /sys/fs/cgroup",
    "an empty sysfs": "mount -t tmpfs none /sys",
}


def without(what: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    script = f'{LACKS[what]} && exec "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    return done


@pytest.mark.parametrize("what", LACKS)
def test_doctor(what: str, runtime: Runtime) -> None:
    done = without(what, runtime.command("doctor", "--format", "json"))
    if done.returncode == NOT_FOUND and what == "procfs":
        assert "is /proc mounted?" in done.stderr
        return
    found = json.loads(done.stdout)
    assert done.stderr == ""
    assert done.returncode == int(found["status"] == "missing")
    assert (found["status"] == "missing") == (what == "procfs")
    if what == "cgroups":
        mode = next(entry for entry in found["findings"] if entry["name"] == "mode")
        assert mode["status"] == "limited"


@pytest.mark.parametrize("what", LACKS)
def test_run(what: str, runtime: Runtime, bundle: Make) -> None:
    """It works or says in one line what it lacks."""
    done = without(what, runtime.command("run", "--bundle", bundle(), runtime.new_id()))
    assert done.returncode in (0, 1, *([NOT_FOUND] if what == "procfs" else []))
    lines = [line for line in done.stderr.splitlines() if not line.startswith("  hint: ")]
    assert len(lines) == int(done.returncode != 0)


@pytest.mark.usefixtures("only_ours")
def test_no_more_network_namespaces(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """The init makes them, so that the report of it has to come that far."""
    log = tmp_path / "log"
    options = ("--cgroup-manager", "disabled", "--log", log, "--log-format", "json")
    command = runtime.command(*options, "run", "--bundle", bundle(), runtime.new_id())
    script = 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh", *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    said = json.loads(log.read_text())
    assert (said["code"], said["errno"]) == ("namespace", "ENOSPC"), said
    assert said["pointer"] == "/linux/namespaces"
    assert "/proc/sys/user/" in said["hint"]


def test_no_capability(runtime: Runtime) -> None:
    limits = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]
    done = subprocess.run(
        [*limits, *runtime.command("doctor")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.endswith("no container can be made here\n")


def test_the_working_directory_is_gone(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    gone = tmp_path / "gone"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        gone.mkdir()
        command = shlex.join(runtime.command("run", *words, runtime.new_id()))
        script = f"rmdir {gone}; exec {command}"
        return subprocess.run(
            ["sh", "-c", script], cwd=gone, capture_output=True, text=True, check=False
        )

    assert run("--bundle", str(bundle(["/bin/true"]))).returncode == 0
    refused = run()
    assert refused.returncode == 1
    assert "find the working directory: No such file or directory" in refused.stderr


@pytest.mark.parametrize(("where", "status"), [("a pipe without a reader", 141), ("/dev/full", 1)])
def test_nobody_takes_the_output(where: str, status: int, runtime: Runtime) -> None:
    """A pipe that is no longer read is the reader's wish; a full disk is an error."""
    if where == "/dev/full":
        out = os.open(where, os.O_WRONLY)
    else:
        reading, out = os.pipe()
        os.close(reading)
    done = subprocess.run(
        runtime.command("features"), stdout=out, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(out)
    assert done.returncode == status
    assert ("No space left" in done.stderr) == (status == 1)
    assert (done.stderr == "") == (status == 141)
