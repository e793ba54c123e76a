# SPDX-License-Identifier: Apache-2.0
"""Containers of an ordinary user: with his own id alone, and with subordinate ids."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from integration.account import USER, Account, ranges
from integration.inside import give
from support.leftovers import Snapshot, exited


def test_one_id_alone(account: Account) -> None:
    script = "id; cat /proc/self/uid_map /proc/self/setgroups; hostname; stat -c %u /bin/sh"
    done = account.run(script)
    name, mapping, *rest = done.stdout.splitlines()
    assert name.startswith("uid=0(root) gid=0(root)"), done.stderr
    assert mapping.split() == ["0", str(USER), "1"]
    assert rest == ["deny", "pyruntime", "0"]
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.vm
def test_the_hosts_cgroups_are_read_only(account: Account) -> None:
    script = """
        mkdir /sys/fs/cgroup/x
        for dir in $(grep cgroup /proc/self/mounts | cut -d' ' -f2); do
            mkdir $dir/x 2>/dev/null && echo made one in $dir
        done
        echo end
    """
    done = account.run(script)
    assert done.stdout == "end\n"
    assert "/sys/fs/cgroup/x': Read-only file system" in done.stderr


INSIDE = "id -u; hostname; cat /proc/1/comm; cd /proc/self/ns; for n in *; do readlink $n; done"


@pytest.mark.vm
def test_a_life(account: Account, leftovers: Snapshot) -> None:
    account.configure("exec sleep 1000")
    name = account.new_id()
    done = account("create", name, capture=False)
    assert done.returncode == 0, (account.home / "log").read_text()
    created = json.loads(account("state", name).stdout)
    assert (created["status"], created["owner"]) == ("created", f"#{USER}")
    shown = account("exec", name, "/bin/sh", "-c", INSIDE)
    assert shown.stderr == ""
    early = shown.stdout.splitlines()
    assert early[:3] == ["0", "pyruntime", "memfd:pyruntime"]
    assert account("start", name).returncode == 0
    later = account("exec", name, "/bin/sh", "-c", INSIDE).stdout.splitlines()
    assert later == [*early[:2], "sleep", *early[3:]] and len(later) > 8
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


@pytest.fixture
def newuidmap() -> None:
    if not shutil.which("newuidmap"):
        pytest.skip("newuidmap is not installed")


@pytest.mark.vm
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


@pytest.mark.usefixtures("newuidmap")
def test_a_newuidmap_without_its_rights(account: Account, leftovers: Snapshot) -> None:
    """A copy that somebody has made is no setuid program any more."""
    account.subordinate = "300000:65536"
    for name in ("newuidmap", "newgidmap"):
        found = shutil.which(name)
        assert found
        shutil.copy(found, account.home / name)  # the mode, without setuid
        (account.home / name).chmod(0o755)
    account.configure("true", **ranges(1, 300_000, 65_536))
    path = f"PATH={account.home}:/usr/bin:/bin"
    words = account.command("env", path, f"XDG_RUNTIME_DIR={account.home}/run")
    command = [*words, str(account.program), "run", "-b", str(account.bundle), account.new_id()]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 1 and "map gids: newgidmap: " in done.stderr
    assert "setuid root or with file capabilities: see `pyruntime doctor`" in done.stderr
    assert leftovers.compare() == []
