# SPDX-License-Identifier: Apache-2.0
"""Paths and arguments that are not UTF-8: the kernel gets their bytes as they are, messages
show them as \\xff, and what is printed as JSON is valid UTF-8 all the same.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET
from support.bundle import Bundle, make_bundle
from support.runtime import Runtime

Make = Callable[..., Bundle]
BYTES = b"\xff\xfe"
ODD = os.fsdecode(b"odd" + BYTES)
SHOWN = "odd\\xff\\xfe"
REPLACED = "odd\ufffd\ufffd"

pytestmark = pytest.mark.usefixtures("only_ours")


def call(runtime: Runtime, *args: str | os.PathLike[str], **how: Any) -> tuple[int, bytes, bytes]:
    """Exit status, standard output and error, as bytes."""
    done: Any = runtime(*args, text=False, check=False, **how)
    return done.returncode, done.stdout, done.stderr


def refusal(runtime: Runtime, *args: str | os.PathLike[str], **how: Any) -> str:
    """What is said by a command that fails: valid UTF-8."""
    status, out, said = call(runtime, *args, **how)
    assert status in (1, 3, 255) and out == b""
    text = said.decode()
    assert "internal error" not in text
    return text


@pytest.fixture
def odd(tmp_path: Path, prefix: str) -> Bundle:
    """A bundle whose path is not UTF-8."""
    return make_bundle(tmp_path / ODD, ["/bin/sleep", "1000"], {})


@pytest.fixture
def sleeper(runtime: Runtime, odd: Bundle) -> str:
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", odd, name, **QUIET)
    return name


def test_a_bundle_and_its_state(runtime: Runtime, odd: Bundle, sleeper: str) -> None:
    shown = json.loads(call(runtime, "state", sleeper)[1].decode())
    assert shown["bundle"] == f"{odd.path.parent}/{REPLACED}"
    assert shown["rootfs"] == f"{odd.path.parent}/{REPLACED}/rootfs"
    [listed] = json.loads(call(runtime, "list", "--format", "json")[1].decode())
    assert listed["bundle"] == shown["bundle"]
    # The table's reader is a person or a shell, which can have the path itself.
    assert os.fsencode(odd.path) in call(runtime, "list")[1]
    own = json.loads((runtime.root / sleeper / "state.json").read_text())
    assert own["bundle"] == str(odd)


def test_hooks_run_in_such_a_bundle(runtime: Runtime, odd: Bundle, tmp_path: Path) -> None:
    """Its name is lost in the state that they read, and is their working directory."""
    out = tmp_path / "hooks"
    script = f"cat >>{out}; pwd >>{out}"
    entry = {"path": "/bin/sh", "args": ["sh", "-c", script]}
    kinds = ("createRuntime", "createContainer", "poststart", "poststop")
    odd.change(process={"args": ["/bin/true"]}, hooks={kind: [entry] for kind in kinds})
    assert runtime.run(odd).stderr == ""
    *lines, last = out.read_bytes().split(b"\n")
    assert last == b"" and len(lines) == 4
    for line, below in zip(lines, (b"", b"/rootfs", b"", b""), strict=True):
        state, _, directory = line.rpartition(b"}")
        assert json.loads((state + b"}").decode())["bundle"].endswith(REPLACED)
        assert directory == os.fsencode(odd.path) + below


def test_a_source_below_such_a_bundle(runtime: Runtime, odd: Bundle) -> None:
    entry = {"destination": "/mnt", "source": "here", "options": ["bind"]}
    odd.change(process={"args": ["/bin/ls", "/mnt"]}, mounts=[*odd.config["mounts"], entry])
    (odd.rootfs / "mnt").mkdir()
    text = refusal(runtime, "run", "--bundle", odd, runtime.new_id())
    assert f"open bind source {odd.path.parent}/{SHOWN}/here: No such file" in text
    (odd.path / "here").mkdir()
    (odd.path / "here/file").touch()
    assert runtime.run(odd).stdout == "file\n"


def test_paths_of_options(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """State directory, pid file, console socket, log and trace."""
    made = bundle(["/bin/tty"], process={"terminal": True})
    files = {name: tmp_path / f"{name}-{ODD}" for name in ("pid", "socket", "log", "trace")}
    elsewhere = Runtime(runtime.program, tmp_path / f"state-{ODD}", runtime.prefix)
    name = elsewhere.new_id()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fsencode(files["socket"]))
        listener.listen()
        command = ["--log", files["log"], "--trace", files["trace"], "run", "--detach"]
        command += ["--pid-file", files["pid"], "--console-socket", files["socket"]]
        elsewhere(*command, "--bundle", made, name, **QUIET)
        connection, _ = listener.accept()
        with connection:
            _, [terminal], _, _ = socket.recv_fds(connection, 256, 1)
            os.close(terminal)
    assert (tmp_path / f"state-{ODD}" / name / "state.json").exists()
    assert int(files["pid"].read_text()) > 0
    assert files["log"].read_text() == ""
    assert json.loads(files["trace"].read_text())["traceEvents"]
    elsewhere.cleanup()


def test_paths_of_options_that_are_wrong(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    nowhere = f"{tmp_path}/{ODD}/x"
    shown = f"{tmp_path}/{SHOWN}/x"
    made = bundle()
    for option in ("--log", "--trace"):
        assert f"{shown}: No such file" in refusal(runtime, option, nowhere, "state", "x")
    for option in ("--pid-file", "--console-socket"):
        made.change(process={"terminal": option == "--console-socket"})
        words = ("create", option, nowhere, "--bundle", made, runtime.new_id())
        said = tmp_path / "said"
        with said.open("w") as stream:
            streams = {"stdout": subprocess.DEVNULL, "stderr": stream}
            assert runtime(*words, check=False, **streams).returncode == 1
        assert f"{shown}: No such file" in said.read_text()
    assert f"{shown}/config.json: No such file" in refusal(runtime, "run", "--bundle", nowhere, "x")
    assert f"{shown}/config.json: No such file" in refusal(runtime, "spec", "--bundle", nowhere)


@pytest.mark.parametrize("form", ["text", "json"])
def test_log_lines_are_utf8(form: str, runtime: Runtime, tmp_path: Path) -> None:
    log = tmp_path / f"log-{ODD}"
    words = ("--log", str(log), "--log-format", form, "run", "--bundle", f"/nowhere/{ODD}", "x")
    refusal(runtime, *words)
    line = log.read_bytes().decode()
    if form == "json":
        line = json.loads(line)["msg"]
    assert f"/nowhere/{SHOWN}/config.json" in line.replace("\\\\", "\\")


def test_validate_and_plan(runtime: Runtime, odd: Bundle) -> None:
    for words in (["validate"], ["validate", "--host"], ["plan"]):
        status, out, said = call(runtime, *words, "--format", "json", odd)
        assert (status, said) == (0, b"")
        json.loads(out.decode())
    plan = json.loads(call(runtime, "plan", "--format", "json", odd)[1].decode())
    assert plan["rootfs"].endswith(f"{REPLACED}/rootfs")
    odd.change(hostname=5)
    assert f"{SHOWN}/config.json" in refusal(runtime, "run", "--bundle", odd, "x")
    status, out, _ = call(runtime, "validate", odd)
    assert status == 1 and os.fsencode(odd.path) in out


def test_arguments_and_environment_of_exec(runtime: Runtime, sleeper: str) -> None:
    status, out, said = call(runtime, "exec", sleeper, "/bin/echo", ODD)
    assert (status, out, said) == (0, b"odd" + BYTES + b"\n", b"")
    out = call(runtime, "exec", "--env", f"A={ODD}", sleeper, "/bin/sh", "-c", 'echo "$A"')[1]
    assert out == b"odd" + BYTES + b"\n"
    out = call(runtime, "exec", "--env", f"{ODD}=1", sleeper, "/bin/env")[1]
    assert b"odd" + BYTES + b"=1\n" in out


def test_directory_and_program_of_exec(runtime: Runtime, odd: Bundle, sleeper: str) -> None:
    (odd.rootfs / "home" / ODD).mkdir()
    os.symlink("/bin/busybox", odd.rootfs / "home" / ODD / "echo")
    words = ("exec", "--cwd", f"/home/{ODD}", sleeper)
    assert call(runtime, *words, "/bin/pwd")[1] == b"/home/odd" + BYTES + b"\n"
    assert call(runtime, "exec", sleeper, f"/home/{ODD}/echo", "x")[1] == b"x\n"
    said = refusal(runtime, "exec", "--cwd", f"/{ODD}", sleeper, "/bin/pwd")
    assert f"cwd (/{SHOWN}): open cwd: No such file" in said
    assert f'exec: "{SHOWN}": executable file not found' in refusal(runtime, "exec", sleeper, ODD)
    assert f"stat /bin/{SHOWN}: no such" in refusal(runtime, "exec", sleeper, f"/bin/{ODD}")


def test_a_process_file_of_exec(runtime: Runtime, sleeper: str, tmp_path: Path) -> None:
    path = tmp_path / ODD
    process = path / "process.json"
    process.write_text(json.dumps({"args": ["/bin/echo", "x"], "cwd": "/"}))
    files = ("--pid-file", str(path / "pid"), "--process", str(process))
    assert call(runtime, "exec", *files, sleeper)[1] == b"x\n"
    assert int((path / "pid").read_text()) > 0
    assert f"{SHOWN}/none: No such" in refusal(runtime, "exec", "-p", str(path / "none"), sleeper)


def test_what_ps_says(runtime: Runtime, sleeper: str) -> None:
    """ps(1) repeats its arguments."""
    assert "ps: " in refusal(runtime, "ps", sleeper, "-o", ODD, env=os.environ | {"LC_ALL": "C"})


def test_names_that_nothing_has(runtime: Runtime, sleeper: str) -> None:
    """Ids, commands, options, signals and values: refused as any other wrong one is."""
    for words in (
        (ODD,),
        (f"--{ODD}",),
        ("--log-format", ODD, "list"),
        ("list", "--format", ODD),
        ("state", ODD),
        ("run", ODD),
        ("delete", ODD),
        ("kill", sleeper, ODD),
        ("exec", "--user", ODD, sleeper, "/bin/id"),
        ("exec", "--cgroup", ODD, sleeper, "/bin/id"),
        ("update", "--memory", ODD, sleeper),
        ("update", "--cpuset-cpus", ODD, sleeper),
        ("update", "--l3-cache-schema", ODD, sleeper),
        ("update", "--resources", ODD, sleeper),
        ("events", "--interval", ODD, sleeper),
    ):
        refusal(runtime, *words)


def test_the_environment_of_the_runtime(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """PATH finds helpers, hooks inherit everything."""
    seen = tmp_path / "seen"
    hook = {"path": "/bin/sh", "args": ["sh", "-c", f'cat >/dev/null; printf %s "$ODD" >{seen}']}
    made = bundle(hooks={"createRuntime": [hook]})
    env = os.environ | {"ODD": ODD, "PATH": f"/{ODD}:{os.environ['PATH']}"}
    runtime.run(made, env=env)
    assert seen.read_bytes() == b"odd" + BYTES


def test_a_notify_socket(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    path = tmp_path / ODD
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(os.fsencode(path))
        assert stat.S_ISSOCK(path.stat().st_mode)
        done = runtime.run(bundle(), env=os.environ | {"NOTIFY_SOCKET": str(path)})
    assert (done.returncode, done.stderr) == (0, "")
