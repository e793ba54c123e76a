# SPDX-License-Identifier: Apache-2.0
"""Containers of an ordinary user: with his own id alone, and with subordinate ids.

The user is a number; a name it has, where newuidmap(1) wants one, in files that are bound over
the host's in a mount namespace of the command.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.inside import give
from support.bundle import make_rootfs
from support.leftovers import Snapshot, exited

USER = 61_234
QUIET: dict[str, Any] = {"stdin": subprocess.DEVNULL, "timeout": 60, "check": False}


class Account:
    """The user: his bundle, his runtime directory, the programs that he may run."""

    def __init__(self, home: Path, program: Path) -> None:
        self.home = home
        self.bundle = home / "bundle"
        self.program = program
        self.ids: list[str] = []
        self.subordinate = ""

    def command(self, *args: str) -> list[str]:
        words = ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups", *args]
        if not self.subordinate:
            return words
        binds = []
        for name in ("passwd", "group", "subuid", "subgid"):
            content = f"{USER}:{self.subordinate}\n"
            if name in ("passwd", "group"):
                content = Path("/etc", name).read_text() + f"pyrt:x:{USER}:{USER}::/:/bin/sh\n"
            (self.home / name).write_text(content)
            binds.append(f"mount --bind {self.home}/{name} /etc/{name}")
        return ["unshare", "-m", "sh", "-c", f"{' && '.join(binds)} && exec {shlex.join(words)}"]

    def __call__(self, *args: str, capture: bool = True) -> subprocess.CompletedProcess[str]:
        how: dict[str, Any] = dict(QUIET)
        if not capture:
            how |= {"stdout": subprocess.DEVNULL, "stderr": (self.home / "log").open("w")}
        else:
            how["capture_output"] = True
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: PLW1510
            self.command(str(self.program), *args),
            cwd=self.bundle,
            env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(self.home / "run")},
            text=True,
            **how,
        )
        return done

    def configure(self, script: str, **changes: Any) -> dict[str, Any]:
        """As `spec --rootless` has it, with a shell script for the terminal."""
        path = self.bundle / "config.json"
        config: dict[str, Any] = json.loads(path.read_text())
        config["process"] |= {"terminal": False, "args": ["/bin/sh", "-c", script]}
        config["process"] |= changes.pop("process", {})
        config["linux"] |= changes
        path.write_text(json.dumps(config))
        return config

    def run(self, script: str, **changes: Any) -> subprocess.CompletedProcess[str]:
        self.configure(script, **changes)
        return self("run", self.new_id())

    def new_id(self) -> str:
        self.ids.append(f"{self.home.name}-{len(self.ids)}")
        return self.ids[-1]


@pytest.fixture
def account(
    only_ours: None, pyruntime: Path, leftovers: Snapshot, prefix: str
) -> Iterator[Account]:
    home = Path(tempfile.mkdtemp(prefix=prefix))
    home.chmod(0o755)
    made = Account(home, pyruntime)
    make_rootfs(made.bundle / "rootfs")
    (home / "run").mkdir()
    give(home, USER)
    leftovers.roots.append(home / "run/pyruntime")
    try:
        spec = made("spec", "--rootless")
        if spec.returncode in (126, 127):
            pytest.skip("machine: the build is in a directory of root's alone")
        assert spec.returncode == 0, spec.stderr
        yield made
        for name in made.ids:
            if (home / "run/pyruntime" / name).exists():
                made("delete", "--force", name)
    finally:
        shutil.rmtree(home)


def test_one_id_alone(account: Account) -> None:
    script = "id; cat /proc/self/uid_map /proc/self/setgroups; hostname; stat -c %u /bin/sh"
    done = account.run(script)
    name, mapping, *rest = done.stdout.splitlines()
    assert name.startswith("uid=0(root) gid=0(root)"), done.stderr
    assert mapping.split() == ["0", str(USER), "1"]
    assert rest == ["deny", "pyruntime", "0"]
    assert (done.returncode, done.stderr) == (0, "")


def test_the_hosts_cgroups_are_read_only(account: Account) -> None:
    script = """
        mkdir /sys/fs/cgroup/pids/x /sys/fs/cgroup/x
        for dir in $(grep cgroup /proc/self/mounts | cut -d' ' -f2); do
            mkdir $dir/x 2>/dev/null && echo made one in $dir
        done
        echo end
    """
    done = account.run(script)
    assert done.stdout == "end\n"
    assert done.stderr.count("Read-only file system") == 2, done.stderr


def test_a_life(account: Account, leftovers: Snapshot) -> None:
    account.configure("exec sleep 1000")
    name = account.new_id()
    done = account("create", name, capture=False)
    assert done.returncode == 0, (account.home / "log").read_text()
    created = json.loads(account("state", name).stdout)
    assert (created["status"], created["owner"]) == ("created", f"#{USER}")
    early = account("exec", name, "/bin/id")
    assert early.returncode == 255 and "before it is started" in early.stderr
    assert account("start", name).returncode == 0
    shown = account("exec", name, "/bin/sh", "-c", "id -u; cat /proc/1/comm; echo $$")
    assert shown.stdout.splitlines()[:2] == ["0", "sleep"], shown.stderr
    assert account("exec", "-t", name, "/bin/tty").stdout.strip() == "/dev/pts/0"
    listed = account("list", "--quiet").stdout.split()
    assert listed == [name]
    for verb, said in (("pause", "freeze container: "), ("ps", "list processes: ")):
        done = account(verb, name)
        assert done.returncode == 1
        assert f"{said}no permission (create cgroup /sys/fs/cgroup/" in done.stderr
    assert account("kill", name, "KILL").returncode == 0
    assert exited(created["pid"], 10_000)
    assert account("delete", name).returncode == 0
    assert leftovers.compare() == []


def test_kill_says_whom_it_does_not_reach(account: Account) -> None:
    account.configure("exec sleep 1000")
    name = account.new_id()
    assert account("create", name, capture=False).returncode == 0
    assert account("start", name).returncode == 0
    done = account("kill", "--all", name, "TERM")
    assert done.returncode == 0
    assert "the signal goes to the first process alone" in done.stderr


def test_limits_are_asked_for_in_vain(account: Account, leftovers: Snapshot) -> None:
    done = account.run("true", resources={"pids": {"limit": 5}})
    assert done.returncode == 1 and "Permission denied" in done.stderr
    assert "create cgroup /sys/fs/cgroup/" in done.stderr
    assert leftovers.compare() == []


def test_without_pretence(account: Account) -> None:
    """--rootless=false: the cgroup has to be made."""
    account.configure("true")
    done = account("--rootless", "false", "run", account.new_id())
    assert done.returncode == 1 and "create cgroup /sys/fs/cgroup/" in done.stderr
    done = account("--rootless", "true", "run", account.new_id())
    assert (done.returncode, done.stderr) == (0, "")


def test_groups_are_refused(account: Account, leftovers: Snapshot) -> None:
    process = {"user": {"uid": 0, "gid": 0, "additionalGids": [0]}}
    done = account.run("id", process=process)
    assert done.returncode == 1
    assert "/process/user/additionalGids: need more than one mapped group" in done.stderr
    assert leftovers.compare() == []


def test_a_sysfs_and_binds(account: Account) -> None:
    """Without a network namespace; a source of the user's own; attributes that are locked."""
    config = account.configure("cat /s/mine; touch /s/x; echo $?; ls /sys/kernel | wc -l")
    (account.home / "closed").mkdir(mode=0o700)
    (account.home / "closed/mine").write_text("mine\n")
    give(account.home / "closed", USER)
    options = ["rbind", "rw", "dev", "suid", "exec"]
    source = {"destination": "/s", "source": str(account.home / "closed"), "options": options}
    (account.bundle / "rootfs/s").mkdir()
    kept = [entry for entry in config["mounts"] if entry["destination"] != "/sys"]
    sysfs = {"destination": "/sys", "type": "sysfs", "options": ["ro", "nosuid"]}
    at = next(i for i, entry in enumerate(kept) if entry["destination"] == "/sys/fs/cgroup")
    config["mounts"] = [*kept[:at], sysfs, *kept[at:], source]
    (account.bundle / "config.json").write_text(json.dumps(config))
    done = account("run", account.new_id())
    mine, status, count = done.stdout.splitlines()
    assert (mine, status) == ("mine", "0"), done.stderr
    assert int(count) > 3


def ranges(inside: int, outside: int, size: int) -> dict[str, Any]:
    own = {"containerID": 0, "hostID": USER, "size": 1}
    more = {"containerID": inside, "hostID": outside, "size": size}
    return {"uidMappings": [own, more], "gidMappings": [own, more]}


@pytest.fixture
def newuidmap() -> None:
    if not shutil.which("newuidmap"):
        pytest.skip("newuidmap is not installed")


@pytest.mark.usefixtures("newuidmap")
def test_subordinate_ids(account: Account) -> None:
    account.subordinate = "300000:65536"
    process = {"user": {"uid": 5, "gid": 6, "additionalGids": [7]}}
    script = "id; cat /proc/self/uid_map /proc/self/gid_map; cat /proc/self/setgroups"
    done = account.run(script, process=process, **ranges(1, 300_000, 65_536))
    name, *maps, setgroups = done.stdout.splitlines()
    assert name == "uid=5 gid=6 groups=7", done.stderr
    assert [line.split() for line in maps] == [["0", str(USER), "1"], ["1", "300000", "65536"]] * 2
    assert setgroups == "allow"


@pytest.mark.usefixtures("newuidmap")
def test_more_ids_than_are_the_users(account: Account, leftovers: Snapshot) -> None:
    account.subordinate = "300000:6"
    done = account.run("true", **ranges(1, 300_000, 65_536))
    assert done.returncode == 1
    assert "map gids: newgidmap: gid range [1-65537) -> [300000-365536) not allowed" in done.stderr
    assert "the ranges have to be within those of /etc/subgid" in done.stderr
    assert leftovers.compare() == []


def test_without_newuidmap(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.configure("true", **ranges(1, 300_000, 65_536))
    monkeypatch.setenv("PATH", "/nowhere")
    command = ["/usr/bin/setpriv", *account.command(str(account.program), "run", "x")[1:]]
    monkeypatch.setattr(account, "command", lambda *_: command)
    done = account("run", "x")
    assert done.returncode == 1 and "map gids: newgidmap is not in PATH" in done.stderr
    assert "Debian's package uidmap" in done.stderr
