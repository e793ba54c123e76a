# SPDX-License-Identifier: Apache-2.0
"""How options may be written, what a wrong command line is told, and where logs go."""

from __future__ import annotations

import datetime
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.asking import QUIET, pid, status
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import Runtime

Make = Callable[..., Bundle]


@pytest.mark.parametrize("written", ["--bundle=B", "--bundle B", "-b B", "-b=B", "-bundle B"])
def test_bundle_option(written: str, runtime: Runtime, bundle: Make) -> None:
    made = bundle(["/bin/echo", "ran"])
    option = [word.replace("B", str(made)) for word in written.split()]
    assert runtime("run", *option, runtime.new_id()).stdout == "ran\n"


def test_bundle_is_the_working_directory(runtime: Runtime, bundle: Make) -> None:
    made = bundle(["/bin/echo", "ran"])
    assert runtime("run", runtime.new_id(), cwd=made.path).stdout == "ran\n"


def test_options_after_the_id(runtime: Runtime, bundle: Make, only_ours: None) -> None:
    made = bundle(["/bin/echo", "ran"])
    assert runtime("run", runtime.new_id(), "--bundle", made).stdout == "ran\n"


def test_bundle_after_the_id(runtime: Runtime, bundle: Make, only_ours: None) -> None:
    """runtime.md: create <container-id> <path-to-bundle>."""
    made = bundle(["/bin/echo", "ran"])
    assert runtime("run", runtime.new_id(), made).stdout == "ran\n"


def test_global_options_as_engines_write_them(
    runtime: Runtime, bundle: Make, tmp_path: Path
) -> None:
    name = runtime.new_id()
    log = tmp_path / "log.json"
    call = [
        *runtime.command("--log", log, "--log-format", "json", "create", "--bundle", bundle()),
        *("--pid-file", str(tmp_path / "pid"), name),
    ]
    subprocess.run(call, check=True, stdin=subprocess.DEVNULL, **QUIET)
    assert (tmp_path / "pid").read_text() == str(pid(runtime, name))
    assert not log.exists() or log.read_text() == ""


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a b", "ü", "a" * 300, "a\n"], ids=repr
)
@pytest.mark.parametrize("verb", ["create", "run"])
def test_invalid_id(
    name: str, verb: str, runtime: Runtime, bundle: Make, leftovers: Snapshot, ours: bool
) -> None:
    if name.endswith("\n") and not ours:
        pytest.skip("another runtime: a peer takes the newline for a part of a valid id")
    done = runtime(verb, "--bundle", bundle(), name, check=False)
    assert done.returncode == 1
    assert "id" in done.stderr.lower() or (not ours and "long" in done.stderr)
    assert leftovers.compare() == []


@pytest.mark.parametrize("verb", ["state", "start", "kill", "delete", "pause", "resume", "ps"])
def test_absent_container(verb: str, runtime: Runtime) -> None:
    done = runtime(verb, "absent", check=False)
    assert done.returncode == 1
    assert "container does not exist" in done.stderr
    assert done.stdout == ""


def test_exec_in_an_absent_container(runtime: Runtime) -> None:
    done = runtime("exec", "absent", "/bin/true", check=False)
    assert done.returncode == 255
    assert "container does not exist" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["bogus"],
        ["create"],
        ["create", "--bogus", "x"],
        ["create", "a", "b", "c"],
        ["start"],
        ["state"],
        ["state", "a", "b"],
        ["kill"],
        ["kill", "a", "TERM", "c"],
        ["delete"],
        ["create", "--preserve-fds", "many", "x"],
        ["list", "--format", "bogus"],
        ["--log-format", "bogus", "list"],
    ],
    ids=" ".join,
)
def test_wrong_usage(words: list[str], runtime: Runtime) -> None:
    done = runtime(*words, check=False)
    assert done.returncode not in (0, 255)
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_exec_without_command(runtime: Runtime, running: str) -> None:
    done = runtime("exec", running, check=False)
    assert done.returncode in (1, 255)
    assert "exec" in done.stderr


@pytest.mark.parametrize("verb", ["create", "run"])
def test_pid_file_in_a_missing_directory(
    verb: str, runtime: Runtime, bundle: Make, leftovers: Snapshot, tmp_path: Path
) -> None:
    pid_file = tmp_path / "absent/pid"
    done = runtime(
        verb, "--bundle", bundle(), "--pid-file", pid_file, runtime.new_id(), check=False
    )
    assert done.returncode == 1
    assert "absent" in done.stderr
    assert "no such file" in done.stderr.lower()
    assert leftovers.compare() == []


def test_help_and_version(runtime: Runtime) -> None:
    assert "create" in runtime("--help").stdout
    assert "--bundle" in runtime("create", "--help").stdout
    lines = runtime("--version").stdout.splitlines()
    assert lines[0].split()[1:2] == ["version"]
    assert any(line.startswith("spec: ") for line in lines)


def test_spec_makes_a_bundle_that_runs(runtime: Runtime, bundle: Make) -> None:
    made = bundle()
    config = made.path / "config.json"
    config.unlink()
    runtime("spec", "--bundle", made)
    written = json.loads(config.read_text())
    written["process"] |= {"terminal": False, "args": ["/bin/echo", "ran"]}
    config.write_text(json.dumps(written))
    assert runtime.run(made).stdout == "ran\n"
    refused = runtime("spec", "--bundle", made, check=False)
    assert refused.returncode == 1
    assert "exists" in refused.stderr
    assert json.loads(config.read_text()) == written


def test_features(runtime: Runtime) -> None:
    found = json.loads(runtime("features").stdout)
    assert found["ociVersionMin"].startswith("1.0.")
    assert "bind" in found["mountOptions"]
    assert set(found["hooks"]) >= {"prestart", "createRuntime", "poststop"}


def test_json_log(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """The last line with level error is what an engine shows: RFC 3339 time, one object a line."""
    log = tmp_path / "log.json"
    log.write_text("")
    made = bundle(["/bin/absent"])
    name = runtime.new_id()
    done = runtime("--log", log, "--log-format=json", "create", "--bundle", made, name, check=False)
    assert done.returncode == 1
    last = json.loads(log.read_text().splitlines()[-1])
    assert last["level"] == "error"
    assert "no such file or directory" in last["msg"]
    assert datetime.datetime.fromisoformat(last["time"].partition(".")[0].removesuffix("Z"))


def test_debug_log_is_json_throughout(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    runtime("--debug", "--log", log, "--log-format=json", "run", "-b", bundle(), runtime.new_id())
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line["level"] for line in lines} <= {"debug", "info", "warning"}
    assert lines


def test_text_log_goes_to_the_file(runtime: Runtime, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert runtime("--log", log, "start", "absent", check=False).returncode == 1
    assert "container does not exist" in log.read_text()
    assert "level=error" in log.read_text()


def test_log_in_a_missing_directory(runtime: Runtime, tmp_path: Path) -> None:
    done = runtime("--log", tmp_path / "absent/log", "list", check=False)
    assert done.returncode != 0
    assert "absent" in done.stderr


@pytest.mark.parametrize(
    ("options", "terminal"),
    [
        (["--console-socket", "/absent/socket"], False),
        ([], True),
        (["--console-socket", "/absent/socket"], True),
    ],
    ids=["socket without terminal", "terminal without socket", "no such socket"],
)
def test_console_socket_and_terminal_go_together(
    options: list[str],
    terminal: bool,
    runtime: Runtime,
    bundle: Make,
    leftovers: Snapshot,
) -> None:
    made = bundle(process={"terminal": terminal})
    done = runtime("create", "--bundle", made, *options, runtime.new_id(), check=False)
    assert done.returncode == 1
    assert any(word in done.stderr for word in ("console", "terminal", "tty", "/absent/socket"))
    assert leftovers.compare() == []


def test_root_of_another_name_is_another_world(
    runtime: Runtime, running: str, tmp_path: Path
) -> None:
    other = Runtime(runtime.program, tmp_path / "other", runtime.prefix)
    assert other("state", running, check=False).returncode == 1
    assert status(runtime, running) == "running"


def test_doctor(runtime: Runtime) -> None:
    found = json.loads(runtime("doctor", "--format", "json").stdout)
    assert found["status"] in ("ok", "limited")
    names = {(entry["area"], entry["name"]) for entry in found["findings"]}
    assert {("kernel", "openat2"), ("cgroups", "memory"), ("rights", "user")} <= names
    assert runtime("doctor").stdout.startswith("kernel\n  ok       version ")


def test_validate_host_tells_what_create_refuses(runtime: Runtime, bundle: Make) -> None:
    """What it calls an error makes create fail, at the same field; else create succeeds."""
    made = bundle(["/bin/true"])
    assert runtime("validate", "--host", made).returncode == 0
    made.config["mounts"].append({"destination": "/x", "type": "nofs", "source": "x"})
    made.save()
    told = runtime("validate", "--host", "--format", "json", made, check=False)
    (problem,) = json.loads(told.stdout)
    assert (told.returncode, problem["severity"]) == (1, "error")
    assert problem["line"] > 0 and problem["pointer"].startswith("/mounts/")
    refused = runtime.run(made, check=False)
    assert refused.returncode == 1 and "unknown filesystem" in refused.stderr


def traced(runtime: Runtime, tmp_path: Path, *words: str | Path, check: bool = True) -> list[str]:
    """Names of the spans of one invocation, by their beginning."""
    path = tmp_path / "trace.json"
    null = subprocess.DEVNULL
    runtime("--trace", path, *words, stdout=null, stderr=null, check=check)
    found = json.loads(path.read_text())
    assert found["otherData"]["command"] == words[0]
    return [event["name"] for event in found["traceEvents"] if event["ph"] == "X"]


def test_trace_of_a_life(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    made = bundle(["/bin/sleep", "1000"])
    name = runtime.new_id()
    created = traced(runtime, tmp_path, "create", "--bundle", made.path, name)
    wanted = ["start the interpreter", "compile the plan", "clone the init", "mount proc on /proc"]
    assert [span.partition(" (")[0] for span in created if span.startswith(tuple(wanted))] == wanted
    assert created.index("write the state") < created.index("finish")
    started = traced(runtime, tmp_path, "start", name)
    assert "wait for the program's start" in started
    assert "execute /bin/sleep with 2 environment variables" in started
    entered = traced(runtime, tmp_path, "exec", name, "/bin/true")
    assert any(span.startswith("execute /bin/true") for span in entered)
    assert "remove the cgroup" in traced(runtime, tmp_path, "delete", "--force", name)


def test_trace_of_a_failure(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """It ends with the step that failed; and the picture is drawn of it."""
    made = bundle(["/no/such"])
    words = ("run", "--bundle", made.path, runtime.new_id())
    found = traced(runtime, tmp_path, *words, check=False)
    assert any(span.startswith("look up /no/such") for span in found)
    text = runtime("trace", "--all", tmp_path / "trace.json").stdout
    assert len(text.splitlines()) == len(found) + 2
    assert runtime("trace", made.path / "config.json", check=False).returncode == 1


def test_as_runc(runtime: Runtime, tmp_path: Path) -> None:
    """By its name or by an option: for callers that look for runc's first line."""
    (tmp_path / "runc").symlink_to(runtime.program)
    for command in ([tmp_path / "runc", "--version"], [runtime.program, "--as", "runc", "-v"]):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        first, second = done.stdout.splitlines()[:2]
        assert first.startswith("runc version 1.") and "+pyruntime." in first
        assert second.startswith("spec: ")
    assert runtime("--version").stdout.startswith("pyruntime version ")


def test_other_config(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    made = bundle(["/bin/echo", "of the bundle"])
    other = json.loads((made.path / "config.json").read_text())
    other["process"]["args"] = ["/bin/echo", "of the file"]
    (tmp_path / "other.json").write_text(json.dumps(other))
    done = runtime.run(made, "--config", "other.json", cwd=tmp_path)
    assert done.stdout == "of the file\n"


def test_spec_by_another_name(runtime: Runtime, tmp_path: Path) -> None:
    runtime("spec", "--bundle", tmp_path, "-f", "other.json")
    assert json.loads((tmp_path / "other.json").read_text())["root"]["path"] == "rootfs"
    done = runtime("spec", "--file", tmp_path / "other.json", check=False)
    assert f"File {tmp_path}/other.json exists" in done.stderr
    assert [path.name for path in tmp_path.glob("*.json")] == ["other.json"]


def test_regex(runtime: Runtime, bundle: Make) -> None:
    made = bundle(["/bin/sleep", "1000"])
    names = [runtime.create(made) for _ in range(3)]
    for name in names:
        runtime("start", name)
    first_two = f"^{runtime.prefix}[01]$"
    runtime("kill", "--regex", first_two, "KILL")
    runtime("delete", "--force", "--regex", first_two)
    assert runtime("list", "--quiet").stdout.split() == names[2:]
    done = runtime("delete", "--regex", runtime.prefix, check=False)
    assert done.returncode == 1 and f"container {names[2]}: cannot delete" in done.stderr
    assert runtime("kill", "--regex", "[", check=False).returncode == 1


def test_no_cgroup(runtime: Runtime, bundle: Make) -> None:
    made = bundle(["/bin/cat", "/proc/self/cgroup"])
    made.config["linux"].pop("resources", None)
    made.config["linux"]["namespaces"] = [
        entry for entry in made.config["linux"]["namespaces"] if entry["type"] != "cgroup"
    ]
    made.save()
    done = runtime("--cgroup-manager", "disabled", "run", "--bundle", made.path, runtime.new_id())
    assert done.stdout == Path("/proc/self/cgroup").read_text()
    made.config["linux"]["resources"] = {"memory": {"limit": 1 << 30}}
    made.save()
    words = ("--cgroup-manager", "disabled", "run", "--bundle", made.path, runtime.new_id())
    done = runtime(*words, check=False)
    assert done.returncode == 1 and "disabled by --cgroup-manager" in done.stderr
