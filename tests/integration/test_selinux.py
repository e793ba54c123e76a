# SPDX-License-Identifier: Apache-2.0
"""Labels of SELinux, under a policy (Debian's, permissive): what is asked for is what is set.

That the policy is permissive makes no difference for labels, only for what they would forbid:
a container's program has the label that it was given, or is not started.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, pid
from integration.inside import mapped
from support.bundle import Bundle
from support.runtime import Runtime

pytestmark = pytest.mark.vm_selinux

Make = Callable[..., Bundle]
# Of the policy's domains for virtual machines: two that differ in their categories.
PROCESS = "system_u:system_r:svirt_t:s0:c1,c2"
OTHER = "system_u:system_r:svirt_t:s0:c3,c4"
FILES = "system_u:object_r:svirt_image_t:s0:c1,c2"
CURRENT = ["/bin/cat", "/proc/self/attr/current"]
KEYCTL, GET_SECURITY = 250, 17


def xattr(path: str) -> str:
    return os.getxattr(path, "security.selinux").decode().rstrip("\0")


def label_of(process: int) -> str:
    return Path(f"/proc/{process}/attr/current").read_text().rstrip("\0\n")


def test_the_labels_are_ones_of_the_policy() -> None:
    """Else the other tests would fail for no fault of the runtime's."""
    for label in (PROCESS, OTHER, FILES):
        Path("/sys/fs/selinux/context").write_text(label)


def test_a_program_and_those_that_exec_adds(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    made = bundle(CURRENT, process={"selinuxLabel": PROCESS})
    assert runtime.run(made).stdout.rstrip("\0\n") == PROCESS
    made.change(process={"args": ["/bin/sleep", "1000"]})
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    assert label_of(pid(runtime, name)) == PROCESS
    assert runtime("exec", name, *CURRENT).stdout.rstrip("\0\n") == PROCESS
    added = runtime("exec", "--process-label", OTHER, name, *CURRENT).stdout
    assert added.rstrip("\0\n") == OTHER
    document = tmp_path / "process.json"
    process = {**made.config["process"], "args": CURRENT, "selinuxLabel": OTHER}
    document.write_text(json.dumps(process))
    assert runtime("exec", "-p", document, name).stdout.rstrip("\0\n") == OTHER


@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_with_and_without_new_privileges(
    no_new_privileges: bool, runtime: Runtime, bundle: Make
) -> None:
    process = {"selinuxLabel": PROCESS, "noNewPrivileges": no_new_privileges}
    user = {"uid": 1000, "gid": 1000}
    made = bundle(CURRENT, process=process | {"user": user})
    assert runtime.run(made).stdout.rstrip("\0\n") == PROCESS


def test_the_session_keyring(runtime: Runtime, bundle: Make) -> None:
    """A program may not use a keyring of the runtime's label."""
    script = "cat /proc/keys; echo end; exec sleep 1000"
    made = bundle(["/bin/sh", "-c", script], process={"selinuxLabel": PROCESS})
    made.change(linux={"maskedPaths": []})
    name = runtime.new_id()
    command = runtime.command("run", "--bundle", made, name)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as foreground:
        try:
            assert foreground.stdout
            lines = list(itertools.takewhile(lambda line: line != "end\n", foreground.stdout))
            [key] = [line.split()[0] for line in lines if f" _ses.{name}:" in line]
            text = ctypes.create_string_buffer(256)
            libc = ctypes.CDLL(None, use_errno=True)
            length = libc.syscall(KEYCTL, GET_SECURITY, int(key, 16), text, len(text))
            assert length > 0, os.strerror(ctypes.get_errno())
            assert text.value.decode() == PROCESS
        finally:
            runtime("delete", "--force", name)


def test_mounts(runtime: Runtime, bundle: Make) -> None:
    """By an option, once for each superblock; the message queues' root by its attribute."""
    made = bundle(
        ["/bin/sleep", "1000"],
        process={"selinuxLabel": PROCESS},
        linux={"mountLabel": FILES},
    )
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    root = f"/proc/{pid(runtime, name)}/root"
    for path in ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/null", "/sys/firmware"):
        assert xattr(root + path) == FILES, path
    shown = runtime("exec", name, "/bin/cat", "/proc/self/mounts").stdout
    options = {line.split()[1]: line.split()[3] for line in shown.splitlines()}
    for path in ("/dev", "/dev/pts", "/dev/shm"):
        assert f'context="{FILES}"' in options[path] or f"context={FILES}" in options[path]
    for path in ("/proc", "/sys", "/dev/mqueue"):
        assert "context=" not in options[path]
    runtime("exec", name, "/bin/touch", "/dev/shm/file")
    assert xattr(root + "/dev/shm/file") == FILES


def test_in_a_user_namespace(runtime: Runtime, bundle: Make) -> None:
    process = {"selinuxLabel": PROCESS}
    made = mapped(bundle, CURRENT, process=process, linux={"mountLabel": FILES})
    assert runtime.run(made).stdout.rstrip("\0\n") == PROCESS


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"process": {"selinuxLabel": "x:y:z:s0"}}, "process.selinuxLabel"),
        ({"linux": {"mountLabel": "x:y:z:s0"}}, "mounts[1] (/dev)"),
    ],
)
def test_a_label_that_the_policy_does_not_know(
    changes: dict[str, Any], said: str, runtime: Runtime, bundle: Make
) -> None:
    done = runtime.run(bundle(**changes), check=False)
    assert done.returncode == 1
    assert said in done.stderr and "Invalid argument" in done.stderr


def test_apparmor_is_refused_here(runtime: Runtime, bundle: Make) -> None:
    done = runtime.run(bundle(process={"apparmorProfile": "x"}), check=False)
    assert done.returncode == 1
    assert "/process/apparmorProfile: AppArmor is not enabled on this host" in done.stderr


def test_what_is_said_of_it(runtime: Runtime) -> None:
    assert json.loads(runtime("features").stdout)["linux"]["selinux"] == {"enabled": True}
    found = json.loads(runtime("doctor", "--format", "json").stdout)["findings"]
    status = {entry["name"]: entry["status"] for entry in found if entry["area"] == "security"}
    assert status["selinux"] == "ok"
    assert status["apparmor"] == "limited"
