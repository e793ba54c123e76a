# SPDX-License-Identifier: Apache-2.0
"""linux.seccomp as a container's process meets it."""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, pid, status
from integration.inside import FIRST, MAPS, give, namespaces
from support import profile
from support.bundle import Bundle
from support.notify import Agent
from support.runtime import Runtime

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="architecture: the numbers are those of x86-64"
)
MKDIR, EXECVE, SENDMSG, SETNS, GETPID_I386 = 83, 59, 46, 308, 20
KILLED = 128 + 31
Make = Callable[..., Bundle]


def rule(action: str, *names: str, **more: Any) -> dict[str, Any]:
    return {"names": list(names), "action": f"SCMP_ACT_{action}", **more}


def section(*syscalls: dict[str, Any], default: str = "ALLOW", **more: Any) -> dict[str, Any]:
    return {"defaultAction": f"SCMP_ACT_{default}", "syscalls": list(syscalls), **more}


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """syscalls.c, built."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "no C compiler"
    built = tmp_path_factory.mktemp("syscalls") / "syscalls"
    source = Path(__file__).parents[1] / "support/syscalls.c"
    subprocess.run([compiler, "-static", "-Os", "-o", built, source], check=True)
    return built


@pytest.fixture
def make(bundle: Make, program: Path) -> Make:
    """make(section, script): a bundle whose shell may call `syscalls`."""

    def made(filtered: dict[str, Any], script: str, **changes: Any) -> Bundle:
        process = {"noNewPrivileges": changes.pop("no_new_privs", True)}
        linux = {"seccomp": filtered}
        found = bundle(["/bin/sh", "-c", script], process=process, linux=linux, **changes)
        shutil.copy(program, found.rootfs / "bin/syscalls")
        return found

    return made


def results(runtime: Runtime, bundle: Bundle) -> list[int]:
    return [int(line) for line in runtime.run(bundle).stdout.split()]


@pytest.mark.parametrize("no_new_privs", [True, False])
@pytest.mark.parametrize("uid", [0, 1000])
def test_a_denied_call(runtime: Runtime, make: Make, no_new_privs: bool, uid: int) -> None:
    made = make(
        section(rule("ERRNO", "mkdir", errnoRet=77)),
        f"syscalls {MKDIR} 0 0; grep -w Seccomp: /proc/self/status | cut -f 2; id -u;"
        "for set in Inh Prm Eff Bnd Amb; do grep Cap$set /proc/self/status | cut -f 2; done",
        no_new_privs=no_new_privs,
    )
    made.change(process={"user": {"uid": uid, "gid": uid}})
    said = runtime.run(made).stdout.split()
    assert said[:3] == ["-77", "2", str(uid)]
    made.change(linux={"seccomp": None})
    assert said[3:] == runtime.run(made).stdout.split()[3:], "capabilities as without a filter"


def test_calls_newer_than_the_profile_do_not_exist(runtime: Runtime, make: Make) -> None:
    filtered = profile.engine_profile() | {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1}
    for entry in filtered["syscalls"]:
        entry["names"] = [name for name in entry["names"] if name != "mkdir"] or ["none"]
    made = make(filtered, f"syscalls {MKDIR} 0 0; syscalls 9999; syscalls 39 | grep -c .")
    assert results(runtime, made) == [-errno.EPERM, -errno.ENOSYS, 1]


@pytest.mark.parametrize("no_new_privs", [True, False])
@pytest.mark.parametrize("uid", [0, 1000])
def test_a_profile_that_names_only_what_the_program_needs(
    runtime: Runtime, make: Make, no_new_privs: bool, uid: int
) -> None:
    """Loaded last of all, the filter need not allow what the runtime does."""
    needs = ["execve", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq"]
    needs += ["prlimit64", "readlink", "getrandom", "mprotect", "newfstatat", "ioctl"]
    needs += ["write", "exit_group"]
    made = make(
        section(rule("ALLOW", *needs), default="KILL_PROCESS"), "", no_new_privs=no_new_privs
    )
    made.change(process={"user": {"uid": uid, "gid": uid}})
    made.change(process={"args": ["/bin/syscalls", str(MKDIR), "0", "0"]})
    assert runtime.run(made, check=False).returncode == KILLED
    made.change(process={"args": ["/bin/syscalls", "16", "99", "0"]})
    assert results(runtime, made) == [-errno.EBADF]


@pytest.mark.parametrize("arches", [["SCMP_ARCH_X86_64"], ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]])
def test_the_32_bit_entry(runtime: Runtime, make: Make, arches: list[str]) -> None:
    made = make({**section(), "architectures": arches}, f"exec syscalls i386 {GETPID_I386}")
    free = make(section(), "")
    free.change(
        process={"args": ["/bin/syscalls", "i386", str(GETPID_I386)]}, linux={"seccomp": None}
    )
    if runtime.run(free, check=False).returncode:
        pytest.skip("kernel: no 32-bit system calls")
    done = runtime.run(made, check=False)
    assert done.returncode == (0 if len(arches) == 2 else KILLED)
    assert done.stdout == ("1\n" if len(arches) == 2 else "")


def test_exec_is_under_the_filter(runtime: Runtime, make: Make) -> None:
    # null means absent, to the key in the cache, too
    made = make(section(rule("ERRNO", "mkdir", errnoRet=77, args=None)), "exec sleep 1000")
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    made.change(linux={"seccomp": None})  # of no effect: the container has its copy
    done = runtime("--debug", "exec", name, "syscalls", str(MKDIR), "0", "0")
    assert done.stdout == "-77\n"
    assert "is in the cache" in done.stderr
    done = runtime("exec", "-u", "1000", "--no-new-privs", name, "syscalls", str(MKDIR), "0", "0")
    assert done.stdout == "-77\n"


def test_start_container_hooks_are_under_the_filter(runtime: Runtime, make: Make) -> None:
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "syscalls 83 0 0; exit 1"]}
    hook["env"] = ["PATH=/bin"]
    filtered = section(rule("ERRNO", "mkdir", errnoRet=77))
    made = make(filtered, "echo started", hooks={"startContainer": [hook]})
    done = runtime.run(made, check=False)
    assert done.returncode == 1
    assert "startContainer hook #0" in done.stderr and "-77" in done.stderr
    assert "started" not in done.stdout


# ---- the cache -----------------------------------------------------------------------------


def opened_library(runtime: Runtime, bundle: Bundle, record: Path) -> bool:
    """Whether `run` opens libseccomp; the program must print what it should."""
    command = runtime.command("run", "--bundle", bundle, runtime.new_id())
    trace = ["strace", "-f", "-qq", "-o", str(record), "-e", "trace=open,openat"]
    done = subprocess.run(
        [*trace, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert done.stdout == "-77\n"
    return "libseccomp.so.2" in record.read_text()


def test_a_filter_is_compiled_once(runtime: Runtime, make: Make, tmp_path: Path) -> None:
    made = make(section(rule("ERRNO", "mkdir", errnoRet=77)), f"syscalls {MKDIR} 0 0")
    record = tmp_path / "trace"
    assert opened_library(runtime, made, record)
    assert not opened_library(runtime, made, record)
    [kept] = (runtime.root / "@seccomp").iterdir()
    good = kept.read_bytes()
    kept.write_bytes(good[:-1])
    assert opened_library(runtime, made, record), "a damaged one is made anew"
    assert kept.read_bytes() == good
    assert not opened_library(runtime, made, record)
    assert runtime("list", "-q").stdout == ""


def test_foreign_architectures_are_refused(runtime: Runtime, make: Make) -> None:
    made = make({**section(), "architectures": ["SCMP_ARCH_S390X"]}, "true")
    done = runtime.run(made, check=False)
    assert done.returncode == 1
    assert "/linux/seccomp/architectures/0: SCMP_ARCH_S390X cannot be filtered" in done.stderr


# ---- the listener --------------------------------------------------------------------------


@pytest.fixture
def agent_path(tmp_path: Path) -> Path:
    """Short enough for a unix address, wherever the tests keep their files."""
    link = Path(f"/tmp/pyrt-agent-{os.getpid()}")
    return link if len(str(tmp_path)) > 80 else tmp_path / "agent"


def notifying(path: Path, *names: str, **more: Any) -> dict[str, Any]:
    rules = [rule("NOTIFY", *(names or ("mkdir",)))]
    return section(*rules, listenerPath=str(path), listenerMetadata="words", **more)


@pytest.mark.parametrize("no_new_privs", [True, False])
def test_an_agent_answers(
    runtime: Runtime, make: Make, agent_path: Path, no_new_privs: bool
) -> None:
    flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_TSYNC"]
    made = make(
        notifying(agent_path, flags=flags),
        f"syscalls {MKDIR} 0 0; exec syscalls {MKDIR} 0 0",
        no_new_privs=no_new_privs,
        annotations={"org.example.key": "value"},
    )
    with Agent(agent_path, errno=55) as agent:
        assert results(runtime, made) == [-55, -55]
    assert agent.calls == [MKDIR, MKDIR]
    assert agent.fds == 1
    container = agent.state.pop("state")
    assert container["annotations"] == {"org.example.key": "value"}
    assert container["status"] == "created"
    assert (container["id"], container["bundle"]) == (runtime.ids[-1], str(made))
    assert container["pid"] == agent.state.pop("pid") > 0
    expected = {"ociVersion": "1.0.2", "fds": ["seccompFd"], "metadata": "words"}
    assert agent.state == expected
    assert container["ociVersion"] == "1.0.2"


@pytest.mark.parametrize("no_new_privs", [True, False])
def test_an_agent_of_a_created_container(
    runtime: Runtime, make: Make, agent_path: Path, no_new_privs: bool
) -> None:
    made = make(
        notifying(agent_path, "mkdir", "execve"),
        f"syscalls {MKDIR} 0 0 && exec sleep 1000",
        no_new_privs=no_new_privs,
    )
    with Agent(agent_path) as agent:
        name = runtime.create(made)
        runtime("start", name)
        assert agent.state["pid"] == pid(runtime, name)
        runtime("delete", "--force", name)
    assert agent.calls[0] == EXECVE


@pytest.mark.parametrize("no_new_privs", [True, False])
def test_an_agent_of_exec(
    runtime: Runtime, make: Make, agent_path: Path, no_new_privs: bool
) -> None:
    made = make(notifying(agent_path), "exec sleep 1000", no_new_privs=no_new_privs)
    name = runtime.new_id()
    with Agent(agent_path):
        runtime("run", "--detach", "--bundle", made, name, **QUIET)
        agent_path.unlink()
        with Agent(agent_path, errno=66) as agent:
            assert runtime("exec", name, "syscalls", str(MKDIR), "0", "0").stdout == "-66\n"
        assert agent.state["pid"] != agent.state["state"]["pid"] == pid(runtime, name)
        assert agent.state["state"]["status"] == "running"
        runtime("delete", "--force", name)


def test_calls_that_the_hand_over_would_need(
    runtime: Runtime, make: Make, agent_path: Path
) -> None:
    names = ["sendmsg", "recvfrom", "close", "execve", "close_range", "futex"]
    made = make(notifying(agent_path, *names), "echo done")
    with Agent(agent_path) as agent:
        assert runtime.run(made).stdout == "done\n"
    assert agent.calls[0] == EXECVE


@pytest.mark.parametrize("no_new_privs", [True, False])
def test_no_agent_no_container(
    runtime: Runtime, make: Make, agent_path: Path, no_new_privs: bool
) -> None:
    made = make(notifying(agent_path), "echo started", no_new_privs=no_new_privs)
    log = runtime.root.parent / "log"
    done = runtime(
        "--log", log, "--log-format", "json", "run", "-b", made, runtime.new_id(), check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    said = json.loads(log.read_text().splitlines()[-1])
    assert said["pointer"] == "/linux/seccomp/listenerPath"
    assert said["msg"] == f"connect to socket {agent_path}: No such file or directory"
    assert not (runtime.root / runtime.ids[-1]).exists()


def test_no_agent_at_start(runtime: Runtime, make: Make, agent_path: Path) -> None:
    name = runtime.create(make(notifying(agent_path), "exec sleep 1000"))
    done = runtime("start", name, check=False)
    assert done.returncode == 1
    assert f"connect to socket {agent_path}: No such file or directory" in done.stderr
    assert status(runtime, name) == "created", "an agent may yet come"
    with Agent(agent_path):
        runtime("start", name)
        assert status(runtime, name) == "running"
        runtime("delete", "--force", name)


WAYS_IN = {
    "user": ("pid", "network", "ipc", "uts", "mount", "user"),
    "time": ("pid", "network", "ipc", "uts", "mount", "time"),
    "user and time": ("pid", "network", "ipc", "uts", "mount", "user", "time"),
    "time alone": ("mount", "uts", "time"),
}


@pytest.mark.parametrize("no_new_privs", [True, False])
@pytest.mark.parametrize("kinds", WAYS_IN.values(), ids=WAYS_IN)
def test_an_agent_of_an_init_that_goes_on_as_a_child(
    kinds: tuple[str, ...], no_new_privs: bool, runtime: Runtime, make: Make, agent_path: Path
) -> None:
    """The way into these namespaces is a fork: the pid that the agent is told is the child's."""
    made = make(notifying(agent_path), "exec sleep 1000", no_new_privs=no_new_privs)
    linux: dict[str, Any] = {"namespaces": namespaces(*kinds)}
    if "user" in kinds:
        linux |= {"uidMappings": MAPS, "gidMappings": MAPS}
        give(made.rootfs, FIRST)
    made.change(linux=linux)
    with Agent(agent_path) as first:
        name = runtime.create(made)
        runtime("start", name)
        agent_path.unlink()
        with Agent(agent_path, errno=66) as added:
            said = runtime("exec", name, "syscalls", str(MKDIR), "0", "0").stdout
        init = pid(runtime, name)
        assert said == "-66\n" and added.calls == [MKDIR]
        assert first.state["pid"] == first.state["state"]["pid"] == init
        assert added.state["state"]["pid"] == init != added.state["pid"]
        runtime("delete", "--force", name)
