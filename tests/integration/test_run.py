# SPDX-License-Identifier: Apache-2.0
"""`run` in the foreground and detached: exit codes, stdio, descriptors, what is removed when."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.asking import QUIET, await_end, pid, status
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import Runtime

Make = Callable[..., Bundle]


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def redirected(redirections: str, command: list[str]) -> list[str]:
    """The command as a shell runs it, with redirections; $LISTEN_PID is its pid."""
    script = f'export LISTEN_PID=$$; exec "$@" {redirections}'
    return ["/bin/sh", "-c", script, "sh", *command]


def test_the_null_device_is_the_containers_own(runtime: Runtime, bundle: Make) -> None:
    """The caller's would be a file of the host in the container's hands."""
    script = "stat -L -c %d:%i /dev/null /proc/self/fd/0 /proc/self/fd/2"
    found = runtime.run(bundle(shell(script)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL)  # fmt: skip
    own, first, last = found.stdout.split()
    assert own == first == last
    assert own != "{0.st_dev}:{0.st_ino}".format(os.stat(os.devnull))


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 42", 42), ("exit 255", 255), ("ulimit -c 0; kill -9 $$", 137)],
)
def test_exit_code(
    script: str, code: int, runtime: Runtime, bundle: Make, leftovers: Snapshot
) -> None:
    # In a pid namespace of its own the program could not kill itself.
    made = bundle(shell(script))
    others = [n for n in made.config["linux"]["namespaces"] if n["type"] != "pid"]
    made.change(linux={"namespaces": others})
    done = runtime.run(made, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
    assert leftovers.compare() == []


def test_stdio_is_the_callers(runtime: Runtime, bundle: Make) -> None:
    made = bundle(shell("cat; echo to stderr >&2"))
    done = runtime.run(made, stdin=None, input="through\n")
    assert (done.stdout, done.stderr) == ("through\n", "to stderr\n")


def test_much_output_arrives_whole(runtime: Runtime, bundle: Make) -> None:
    done = runtime.run(bundle(shell("seq 1 100000")))
    assert done.stdout.splitlines() == [str(n) for n in range(1, 100_001)]


def test_orphans_do_not_hold_run_up(runtime: Runtime, bundle: Make, leftovers: Snapshot) -> None:
    done = runtime.run(bundle(shell("(sleep 1000 >/dev/null 2>&1 &) ; exit 5")), check=False)
    assert done.returncode == 5
    assert leftovers.compare() == []


def test_only_stdio_is_open(runtime: Runtime, bundle: Make) -> None:
    """Whatever the caller has open, the container gets 0 to 2."""
    held = [os.open("/", os.O_RDONLY) for _ in range(3)]
    try:
        done = runtime.run(bundle(shell("echo /proc/self/fd/*")), pass_fds=held)
    finally:
        for fd in held:
            os.close(fd)
    # The last one is the shell's own, of the directory that it lists.
    assert done.stdout.split()[:3] == [f"/proc/self/fd/{fd}" for fd in range(3)]
    assert len(done.stdout.split()) == 4


def test_detach(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    name = runtime.new_id()
    pid_file = tmp_path / "pid"
    made = bundle(["/bin/sleep", "1000"])
    runtime("run", "-d", "--pid-file", pid_file, "--bundle", made, name, **QUIET)
    assert status(runtime, name) == "running"
    assert pid_file.read_text() == str(pid(runtime, name))


def test_a_detached_container_stays_until_delete(runtime: Runtime, bundle: Make) -> None:
    name = runtime.new_id()
    runtime("run", "-d", "--bundle", bundle(["/bin/sleep", "1000"]), name, **QUIET)
    init = pid(runtime, name)
    runtime("kill", name, "KILL")
    await_end(init)
    assert status(runtime, name) == "stopped"


def test_keep(runtime: Runtime, bundle: Make) -> None:
    done = runtime.run(bundle(shell("exit 3")), "--keep", check=False)
    assert done.returncode == 3
    assert status(runtime, runtime.ids[-1]) == "stopped"


def test_pid_file_of_create(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """Written when the init is there: the pid alone, no newline; absolute or relative."""
    pid_file = tmp_path / "pid file"
    pid_file.write_text("old content, and longer than a pid")
    name = runtime.create(bundle(), "--pid-file", str(pid_file))
    assert pid_file.read_text() == str(pid(runtime, name))
    assert stat.S_ISREG(pid_file.lstat().st_mode)


def test_relative_paths_are_the_callers(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    made = bundle()
    name = runtime.new_id()
    runtime(
        "create", "--pid-file", "here.pid", "--bundle", made.path.name, name, cwd=tmp_path, **QUIET
    )
    assert (tmp_path / "here.pid").read_text() == str(pid(runtime, name))


def test_preserve_fds(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """N descriptors from 3 on, and not one more."""
    made = bundle(shell("cat <&3; cat <&4; (: <&5) 2>/dev/null || echo no 5"))
    for number in (3, 4, 5):
        (tmp_path / str(number)).write_text(f"file {number}\n")
    done = subprocess.run(
        redirected("3<3 4<4 5<5", runtime.command("run", "--preserve-fds", "2", "--bundle", str(made), runtime.new_id())),
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("file 3\nfile 4\nno 5\n", "")


def test_preserve_fds_of_a_closed_one(
    runtime: Runtime, bundle: Make, leftovers: Snapshot, only_ours: None
) -> None:
    """A peer takes a descriptor of its own for the caller's."""
    done = subprocess.run(
        redirected("3</dev/null 4<&-", runtime.command("run", "--preserve-fds", "2", "--bundle", bundle(), runtime.new_id())),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "preserve" in done.stderr
    assert "4" in done.stderr
    assert leftovers.compare() == []


def test_listen_fds(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """sd_listen_fds(3): $LISTEN_FDS come first, then --preserve-fds; LISTEN_PID is the init's."""
    made = bundle(shell("cat <&3; cat <&4; echo $LISTEN_FDS $LISTEN_PID"))
    for number in (3, 4):
        (tmp_path / str(number)).write_text(f"file {number}\n")
    done = subprocess.run(
        redirected("3<3 4<4", runtime.command("run", "--preserve-fds", "1", "--bundle", str(made), runtime.new_id())),
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        env={**os.environ, "LISTEN_FDS": "1"},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("file 3\nfile 4\n1 1\n", "")


def test_closed_stdio(runtime: Runtime, bundle: Make) -> None:
    """A caller without standard descriptors: the container still gets three."""
    made = bundle(shell("exit 7"))
    done = subprocess.run(
        redirected("<&- >&- 2>&-", runtime.command("run", "--bundle", made, runtime.new_id())),
        check=False,
    )
    assert done.returncode == 7


def test_the_file_systems_that_programs_expect(
    runtime: Runtime, bundle: Callable[..., Bundle]
) -> None:
    """config-linux, "Default Filesystems", each where a bundle asks for it."""
    shown = runtime.run(bundle(["/bin/cat", "/proc/self/mounts"])).stdout
    kinds = {line.split()[1]: line.split()[2] for line in shown.splitlines()}
    expected = {"/proc": "proc", "/sys": "sysfs", "/dev/pts": "devpts", "/dev/shm": "tmpfs"}
    assert {place: kinds.get(place) for place in expected} == expected
