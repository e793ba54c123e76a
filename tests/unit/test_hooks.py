# SPDX-License-Identifier: Apache-2.0
"""Runtime hooks: real programs, no container."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pyruntime.errors import HookError
from pyruntime.host.hooks import run_hooks


def sh(script: str, **more: Any) -> dict[str, Any]:
    return {"path": "/bin/sh", "args": ["sh", "-c", script], **more}


def run(tmp_path: Path, *hooks: dict[str, Any], state: str = '{"id":"c1"}') -> None:
    run_hooks("createRuntime", hooks, state, cwd=str(tmp_path))


def test_state_cwd_and_environment(tmp_path: Path) -> None:
    run(tmp_path, sh("cat > state; pwd > cwd; env > env", env=["A=1=2", "B="]))
    assert (tmp_path / "state").read_text() == '{"id":"c1"}'
    assert (tmp_path / "cwd").read_text().strip() == str(tmp_path)
    env = (tmp_path / "env").read_text().splitlines()
    assert "A=1=2" in env and "B=" in env
    assert not any(line.startswith("HOME=") for line in env)


def test_without_env_the_runtimes_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRT_SEEN", "yes")
    run(tmp_path, sh("echo $PYRT_SEEN > seen"))
    assert (tmp_path / "seen").read_text() == "yes\n"


def test_hooks_run_in_their_order_and_stop_at_a_failure(tmp_path: Path) -> None:
    with pytest.raises(HookError) as caught:
        run(tmp_path, sh("echo 1 >> log"), sh("echo no more >&2; exit 3"), sh("echo 3 >> log"))
    assert (tmp_path / "log").read_text() == "1\n"
    assert caught.value.message == (
        "createRuntime hook #1 (/bin/sh): exit status 3, output: no more"
    )
    assert caught.value.pointer == "/hooks/createRuntime/1"


def test_poststop_goes_on_after_a_failure(tmp_path: Path) -> None:
    told: list[HookError] = []
    hooks = [sh("exit 1"), sh("touch ran")]
    run_hooks("poststop", hooks, "{}", cwd=str(tmp_path), on_failure=told.append)
    assert len(told) == 1 and (tmp_path / "ran").exists()


def test_a_missing_hook_names_its_path(tmp_path: Path) -> None:
    with pytest.raises(HookError, match=r"#0 \(/no/such\): No such file or directory"):
        run(tmp_path, {"path": "/no/such"})


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(HookError, match=r"#0 \(/bin/sh\): No such file or directory"):
        run(tmp_path / "missing", sh("exit 0"))


def test_hooks_have_no_descriptor_but_their_streams(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.set_inheritable(write, True)
    run(tmp_path, sh("ls /proc/self/fd > fds"))
    os.close(read)
    os.close(write)
    assert (tmp_path / "fds").read_text().split() == ["0", "1", "2", "3"]  # 3 is ls's own


WATCH = """
import os, sys
print(flush=True)
places = set()
while os.getppid() == int(sys.argv[1]) and not os.path.exists(sys.argv[2]):
    places.add(os.readlink(f"/proc/{sys.argv[1]}/cwd"))
print(*places)
"""


def test_the_process_keeps_its_directory(tmp_path: Path) -> None:
    """At every instant: it is that of all its threads."""
    end = tmp_path / "end"
    command = [sys.executable, "-c", WATCH, str(os.getpid()), str(end)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        watch.stdout.readline()
        for _ in range(50):
            run(tmp_path, sh("exit 0"))
        end.touch()
        assert watch.stdout.read().split() == [os.getcwd()]


def test_a_hook_that_does_not_read_its_state_is_no_error(tmp_path: Path) -> None:
    run(tmp_path, sh("exec 0<&-; exit 0"), state="x" * 1_000_000)


def test_a_long_state_arrives_whole(tmp_path: Path) -> None:
    run(tmp_path, sh("wc -c > count"), state="x" * 300_000)
    assert (tmp_path / "count").read_text().strip() == "300000"


def test_a_timeout_kills(tmp_path: Path) -> None:
    with pytest.raises(HookError, match="still running after 1 s, killed"):
        run(tmp_path, sh("echo $$ > pid; exec sleep 60", timeout=1))
    assert not os.path.exists(f"/proc/{(tmp_path / 'pid').read_text().strip()}")


def test_a_signal_is_named(tmp_path: Path) -> None:
    with pytest.raises(HookError, match="ended by signal 9"):
        run(tmp_path, sh("kill -9 $$"))


def test_a_daemon_left_behind_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "end")
    run(tmp_path, sh("(read x < end) & exit 0"))
    (tmp_path / "end").write_text("x\n")  # lets the daemon end


def test_only_the_end_of_the_output_is_kept(tmp_path: Path) -> None:
    with pytest.raises(HookError) as caught:
        run(tmp_path, sh("seq 1 100000; exit 1"))
    assert caught.value.message.endswith("100000")
    assert len(caught.value.message) < 1200


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    run(tmp_path, sh("true"))
    with pytest.raises(HookError):
        run(tmp_path, {"path": "/no/such"})
    assert sorted(os.listdir("/proc/self/fd")) == before


def failure_of(tmp_path: Path, hook: dict[str, Any]) -> HookError:
    with pytest.raises(HookError) as caught:
        run(tmp_path, hook)
    return caught.value


def test_facts_of_a_failure(tmp_path: Path) -> None:
    found = failure_of(tmp_path, sh("echo no more >&2; exit 3")).details()
    assert 0 <= float(found.pop("seconds")) < 60
    assert found == {
        "code": "hook-failed",
        "pointer": "/hooks/createRuntime/0",
        "op": "hook",
        "path": "/bin/sh",
        "hook": "createRuntime",
        "index": 0,
        "status": 3,
        "output": "no more",
    }


def test_codes_and_ends(tmp_path: Path) -> None:
    killed = failure_of(tmp_path, sh("kill -9 $$")).details()
    assert (killed["code"], killed["signal"]) == ("hook-failed", 9)
    late = failure_of(tmp_path, sh("exec sleep 60", timeout=1)).details()
    assert (late["code"], late["errno"]) == ("hook-timeout", "ETIMEDOUT")
    assert 1 <= float(late["seconds"]) < 60
    assert "status" not in late and "signal" not in late
    missing = failure_of(tmp_path, {"path": "/no/such"}).details()
    assert (missing["code"], missing["errno"]) == ("hook-not-started", "ENOENT")
    assert "seconds" not in missing
