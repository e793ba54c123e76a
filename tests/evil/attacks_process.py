# SPDX-License-Identifier: Apache-2.0
"""Attacks on the processes of the runtime, and by what a process is given."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from evil.private import PACKAGE, Edit, Private
from evil.scene import SECRET, Scene, Table, mount, without
from integration.gate import Gate
from support import profile
from support.bundle import CAPABILITIES, Bundle
from support.leftovers import exited

TABLE = Table()
CWD, EXEC, SYNC = (f"_native/init/{name}.c" for name in ("cwd", "exec", "sync"))
NOT_DUMPABLE = "sys(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0)"
SPECTATOR = [*CAPABILITIES, "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"]
CLOSED_LATE = Edit("plan/compile.py", "steps = [] if late else [closing]", "steps = []")


def waiting(scene: Scene) -> tuple[str, int]:
    """A container whose init waits for `start`: its id and pid."""
    name = scene.runtime.create(scene.bundle("sleep 600"))
    return name, json.loads(scene.verb("state", name).stdout)["pid"]


def neighbour(scene: Scene, pid: int, script: str, capabilities: list[str]) -> Bundle:
    """A container of the attacker's in the pid namespace of that process, which is 1 there."""
    bundle = scene.bundle(script)
    spaces = [space for space in bundle.config["linux"]["namespaces"] if space["type"] != "pid"]
    spaces.append({"type": "pid", "path": f"/proc/{pid}/ns/pid"})
    sets = dict.fromkeys(("bounding", "effective", "permitted"), capabilities)
    bundle.change(linux={"namespaces": spaces}, process={"capabilities": sets})
    return bundle


@TABLE.attack(
    "CVE-2016-9962", Edit(SYNC, NOT_DUMPABLE, NOT_DUMPABLE.replace("DUMPABLE, 0", "DUMPABLE, 1"))
)
def neighbour_reads_the_waiting_init(scene: Scene) -> str:
    """Same user, same capabilities: only that it is not dumpable protects the init."""
    _, pid = waiting(scene)
    script = "readlink /proc/1/exe; readlink /proc/1/fd/*; head -c 1 /proc/1/environ /proc/1/maps"
    return scene.run(neighbour(scene, pid, script, CAPABILITIES)).stdout


@TABLE.attack(
    "CVE-2019-5736",
    Edit(
        "launch/spawn.py",
        "lib.pyr_init_image(os.fsencode(path)),",
        "os.open(path, os.O_RDONLY | os.O_CLOEXEC),",
    ),
)
def neighbour_overwrites_the_init(scene: Scene) -> str:
    """With CAP_SYS_PTRACE: hold the init's executable until it is none any more, then write."""
    package = scene.runtime.program.parent if scene.weakened else PACKAGE
    files = [package / "libexec/pyruntime-init", package / "_shim.abi3.so", Path(sys.executable)]
    before = [file.read_bytes() for file in files]
    name, pid = waiting(scene)
    gate = Gate(scene.place / "gate")
    hold = "exec 9</proc/1/exe || exit 3"
    bundle = neighbour(
        scene, pid, f"{hold}; {gate.script_at('/gate')}; echo bad >/proc/self/fd/9", SPECTATOR
    )
    bundle.change(process={"noNewPrivileges": False})
    gate_mount = mount("/gate", "bind", str(gate.path), "bind")
    bundle.change(mounts=[*bundle.config["mounts"], gate_mount])
    command = scene.runtime.command("run", "--bundle", bundle, scene.runtime.new_id())
    with contextlib.closing(gate), subprocess.Popen(command) as attacker:
        try:
            gate.reached()
            scene.verb("start", name)
            gate.open()
            attacker.wait(30)
        finally:
            attacker.kill()
    return "" if [file.read_bytes() for file in files] == before else "a file of the host"


@TABLE.attack(
    "CVE-2019-5736",
    Edit(
        "launch/spawn.py",
        "lib.pyr_init_image(os.fsencode(path)),",
        "os.open(path, os.O_RDONLY | os.O_CLOEXEC),",
    ),
)
def host_file_behind_exe(scene: Scene) -> str:
    _, pid = waiting(scene)
    found = os.readlink(f"/proc/{pid}/exe")
    try:
        os.close(os.open(f"/proc/{pid}/exe", os.O_WRONLY))
    except OSError:
        return found if os.path.exists(found) else ""
    return "a writable executable"


@TABLE.attack("", Edit("plan/compile.py", "if not c.kept or", "if True or not c.kept or"))
def right_of_the_waiting_init(scene: Scene) -> str:
    """Whoever may trace it would have CAP_SYS_ADMIN, which is for the filter alone."""
    bundle = scene.bundle("grep -E 'Seccomp:|CapPrm' /proc/self/status")
    bundle.change(process={"noNewPrivileges": False}, linux={"seccomp": profile.engine_profile()})
    pid = json.loads(scene.verb("state", scene.runtime.create(bundle)).stdout)["pid"]
    status = Path(f"/proc/{pid}/status").read_text()
    waiting_has = int(status.partition("CapPrm:")[2].split()[0], 16)
    done = dict(line.split(":\t") for line in scene.run(bundle).stdout.splitlines())
    assert done["Seccomp"] == "2"
    more = waiting_has & ~int(done["CapPrm"], 16)
    return f"capabilities {more:x}" if more else ""


@TABLE.attack("", CLOSED_LATE)
def neighbour_borrows_the_inits_procfs(scene: Scene) -> str:
    """The waiting init's own, in which nothing is masked or read-only."""
    _, pid = waiting(scene)
    script = "ls -d /proc/1/fd/*/sys/kernel 2>/dev/null; ls -l /proc/1/fd | grep -c socket"
    done = scene.run(neighbour(scene, pid, script, ["CAP_SYS_PTRACE"]))
    *found, sockets = done.stdout.split()
    assert sockets == "1", "the one that start calls is there to be seen"
    return " ".join(found)


@TABLE.attack(
    "CVE-2024-21626",
    Edit(CWD, "#define CWD_RESOLVE RESOLVE_NO_MAGICLINKS", "#define CWD_RESOLVE 0"),
    Edit(CWD, "return where[0] == '/' ? 0 :", "return 1 ? 0 :"),
)
def working_directory_is_a_descriptor(scene: Scene) -> str:
    """Whatever is open in the init, or was leaked by the caller, in 3 to 40."""
    bundle = scene.bundle()
    with contextlib.ExitStack() as stack:
        fds = [os.open(place, os.O_RDONLY) for place in ("/", "/sys/fs/cgroup", scene.canary) * 6]
        for fd in fds:
            stack.callback(os.close, fd)
        for number in range(3, 41):
            bundle.change(process={"cwd": f"/proc/self/fd/{number}"})
            if scene.run(bundle, pass_fds=fds).returncode == 0:
                return f"a working directory at descriptor {number}"
    return ""


@TABLE.attack(
    "CVE-2024-21626",
    Edit(
        "_native/spawn.c",
        "long ret = sys(close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);",
        "long ret = 0;",
    ),
    Edit(
        "_native/init/main.c",
        "long ret = sys(close_range, c->base, ~0U, CLOSE_RANGE_CLOEXEC);",
        "long ret = 0;",
    ),
    Edit(EXEC, "  long ret = 0;\n  for (int i", "  long ret = 0;\n  return 0;\n  for (int i"),
)
def leaked_descriptors(scene: Scene) -> str:
    fds = [os.open("/", os.O_RDONLY) for _ in range(18)]
    try:
        found = scene.run(scene.bundle("ls /proc/self/fd"), pass_fds=fds).stdout.split()
    finally:
        for fd in fds:
            os.close(fd)
    assert len(found) >= 4, "0 to 2, and the directory that is listed"
    return " ".join(found[4:])


@TABLE.attack("", Edit("_native/init/pivot.c", "  FD_AUTO old = ", "  int old = "), CLOSED_LATE)
def descriptor_of_the_old_root(scene: Scene) -> str:
    _, pid = waiting(scene)
    host = os.stat("/")
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        st = fd.stat()
        if (st.st_dev, st.st_ino) == (host.st_dev, host.st_ino):
            return f"descriptor {fd.name} is the host's root"
    return ""


@TABLE.attack(
    "CVE-2022-29162",
    Edit(
        "lifecycle/added.py",
        'if sets.get("inheritable"):',
        'if True:\n        kinds += ["inheritable"]',
    ),
)
def added_capability_is_inheritable(scene: Scene) -> str:
    name, _ = waiting(scene)
    done = scene.verb(
        "exec", "--cap", "CAP_SYS_TIME", name, "grep", "-E", "Cap(Inh|Prm)", "/proc/self/status"
    )
    sets = dict(line.split(":\t") for line in done.stdout.splitlines())
    assert int(sets["CapPrm"], 16) & 1 << 25, "CAP_SYS_TIME was added"
    return sets["CapInh"] if int(sets["CapInh"], 16) else ""


USERS = [
    "1:",
    ":1",
    "-1",
    "4294967295",
    "4294967296",
    "1x",
    "x",
    " 0",
    "٠",
    "1:x",
    "1:-1",
    "9" * 5000,
]


@TABLE.attack(
    "CVE-2026-30892",
    Edit(
        "lifecycle/added.py",
        "    plain = text.isascii()",
        "    import re\n\n    found = re.match('[0-9]*', text)\n    return int((found and found[0])[:9] or 0)\n    plain = text.isascii()",
    ),
)
def user_that_is_no_number(scene: Scene) -> str:
    """Refused, and never root instead."""
    name, _ = waiting(scene)
    for user in USERS:
        done = scene.verb("exec", "--user", user, name, "id", "-u")
        assert "Traceback" not in done.stderr and "internal" not in done.stderr, done.stderr
        if done.returncode == 0:
            return f"user {user[:20]!r} is {done.stdout}"
    assert scene.verb("exec", "--user", "1", name, "id", "-u").stdout == "1\n"
    return ""


@TABLE.attack(
    "CVE-2016-3697",
    Edit("_native/init/home.c", "field_find(line, 2, &end)", "field_find(line, 0, &end)"),
)
def user_name_is_a_number(scene: Scene) -> str:
    user = {"uid": 1000, "gid": 1000}
    bundle = scene.bundle("id -u", "echo $HOME", process={"user": user})
    (bundle.rootfs / "etc/passwd").write_text("1000:x:0:0::/evil:/bin/sh\n")
    found = scene.run(bundle).stdout
    return "" if found == "1000\n/\n" else found or "nothing ran"


@TABLE.attack("", Edit(EXEC, "int err = signals_reset();", "int err = 0;"))
def signals_stay_ignored(scene: Scene) -> str:
    def ignore() -> None:
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR2})

    bundle = scene.bundle("grep -E 'Sig(Ign|Blk)' /proc/1/status; exit 0")
    bundle.change(process={"args": ["/bin/grep", "-E", "Sig(Ign|Blk)", "/proc/1/status"]})
    found = scene.run(bundle, preexec_fn=ignore).stdout
    assert found
    return "" if set(found.split()) == {"SigBlk:", "SigIgn:", "0" * 16} else found


@TABLE.attack("")
def environment_chooses_the_code(scene: Scene) -> str:
    """PYTHONPATH, and a working directory full of modules; without -I they count."""
    evil = scene.place / "evil"
    evil.mkdir()
    text = f"open({str(scene.canary / 'file')!r}, 'w').write('run as root')\n"
    for name in (
        "_cffi_backend",
        "fcntl",
        "os",
        "sitecustomize",
        "usercustomize",
        "json",
        "select",
    ):
        (evil / f"{name}.py").write_text(text)
    if isinstance(scene.runtime, Private):
        scene.runtime.flags = ["-S", "-B"]
    env = os.environ | dict.fromkeys(("PYTHONPATH", "PYTHONUSERBASE"), str(evil))
    scene.run(scene.bundle(), cwd=evil, env=env | {"PYTHONINSPECT": "1", "PYTHONVERBOSE": ""})
    return scene.changed()


@TABLE.attack(
    "",
    Edit("plan/sentences.py", 'count = len(args["env"])', "count = args['env']  # type: ignore"),
)
def secret_of_the_environment_is_told(scene: Scene) -> str:
    env = ["PATH=/bin", f"PASSWORD={SECRET}"]
    hook = {"path": "/bin/false", "args": ["false"], "env": env}
    bundle = scene.bundle(process={"env": env, "args": ["/missing"]})
    log = scene.place / "log"
    options = ["--debug", "--log", str(log), "--log-format", "json"]
    for changes in ({}, {"hooks": {"createContainer": [hook]}}, {"hooks": {"prestart": [hook]}}):
        bundle.change(**changes, process={"args": ["/bin/true" if changes else "/missing"]})
        command = scene.runtime.command("run", "--bundle", bundle, scene.runtime.new_id())
        at = command.index("--root")
        done = scene.call([*command[:at], *options, *command[at:]])
        assert done.returncode
    told = scene.said + log.read_text()
    return told if SECRET in told else ""


@TABLE.attack(
    "",
    Edit(
        "state.py",
        "record.pid != 0 and start_time(record.pid) == record.pid_start",
        "record.pid != 0",
    ),
)
def signal_to_a_recycled_pid(scene: Scene) -> str:
    name, pid = waiting(scene)
    os.kill(pid, signal.SIGKILL)
    assert exited(pid)
    with subprocess.Popen(["sleep", "600"]) as victim:
        file = scene.runtime.root / name / "state.json"
        record: dict[str, Any] = json.loads(file.read_text())
        file.write_text(json.dumps(record | {"pid": victim.pid}))
        scene.verb("kill", name, "KILL")
        scene.verb("delete", "--force", name)
        status = victim.poll()
        victim.kill()
    return "" if status is None else "another process was killed"


@TABLE.attack(
    "CVE-2025-52565, CVE-2026-88264",
    Edit(
        "_native/init/console.c",
        "O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY",
        "O_CREAT | O_WRONLY",
    ),
    Edit(
        "_native/init/console.c",
        "path_openat2(AT_FDCWD, CONSOLE, O_PATH | O_NOFOLLOW,",
        "path_openat2(AT_FDCWD, CONSOLE, O_PATH,",
    ),
    says="not a plain file or device",
)
def console_is_a_link(scene: Scene) -> str:
    """Nothing is mounted on /dev; a file would be made where the link leads."""
    bundle = scene.bundle(process={"terminal": True})
    (bundle.rootfs / "dev/pts").mkdir()
    (bundle.rootfs / "dev/console").symlink_to("/made")
    kept = [mount for mount in bundle.config["mounts"] if mount["destination"] == "/dev/pts"]
    bundle.change(mounts=[*without(bundle, "/dev"), *kept])
    scene.run(bundle)
    return "a file" if (bundle.rootfs / "made").exists() else ""
