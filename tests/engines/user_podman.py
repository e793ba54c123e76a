# SPDX-License-Identifier: Apache-2.0
"""Podman of an ordinary user, who exists in the tests' commands alone.

His name and his subordinate ids are in files that are bound over the host's, and his
/dev/net/tun over a device node that may be root's alone, in a mount namespace of each command.
In the virtual machine he is the one who runs the tests.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from engines.docker_podman import CONTAINERS_CONF, Engine
from support import guest

NAME, UID, GROUP = "pyrt", 61_235, 61_777
SUBORDINATE = "1300000:65536"
TUN = os.makedev(10, 200)


def user_podman(here: Path, runtime: Path) -> Engine:
    """here: an empty directory that the user can reach; it becomes his."""
    for name in ("home", "run"):
        (here / name).mkdir()
    conf = here / "containers.conf"
    manager = "systemd" if guest.user() else "cgroupfs"
    conf.write_text(f'{CONTAINERS_CONF}cgroup_manager = "{manager}"\n')
    words = [
        "podman",
        "--events-backend=file",
        "--storage-driver=overlay",
        "--runtime",
        str(runtime),
    ]
    environment = {"CONTAINERS_CONF": str(conf), "HOME": str(here / "home")}
    if guest.user():
        return Engine(words, "", environment, uid=os.geteuid())
    environment |= {"PATH": os.environ["PATH"], "USER": NAME, "XDG_RUNTIME_DIR": f"{here}/run"}
    become = ["setpriv", f"--reuid={UID}", f"--regid={UID}", f"--groups={GROUP}", "env", "-i"]
    become += [f"{key}={value}" for key, value in environment.items()]
    binds = [f"mount --bind {here}/{name} /etc/{name}" for name in accounts(here)]
    if os.path.exists("/dev/net/tun"):
        os.mknod(here / "tun", 0o666 | 0o020000, TUN)
        os.chmod(here / "tun", 0o666)
        binds.append(f"mount --bind {here}/tun /dev/net/tun")
    # Some of the environment is each command's own, as NOTIFY_SOCKET.
    enter = here / "enter"
    enter.write_text(
        "#!/bin/sh\nexec unshare -m sh -c '"
        f"{' && '.join(binds)} && cd {here} && exec {shlex.join(become)} "
        'NOTIFY_SOCKET="$NOTIFY_SOCKET" "$@"\' enter "$@"\n'
    )
    enter.chmod(0o755)
    subprocess.run(["chown", "-R", f"{UID}:{UID}", here], check=True)
    return Engine([str(enter), *words], "", {}, uid=UID)


def accounts(here: Path) -> list[str]:
    """Files of /etc in which he is, too."""
    for name, line in {
        "passwd": f"{NAME}:x:{UID}:{UID}::{here}/home:/bin/sh",
        "group": f"{NAME}:x:{UID}:",
    }.items():
        (here / name).write_text(f"{Path('/etc', name).read_text()}{line}\n")
    for name in ("subuid", "subgid"):
        (here / name).write_text(f"{NAME}:{SUBORDINATE}\n")
    return ["passwd", "group", "subuid", "subgid"]


def leave(engine: Engine, here: Path) -> None:
    """Remove everything; none of his processes may be left, by his id or a subordinate one."""
    engine("rm", "-fa", "-t", "0", check=False)
    engine("pod", "rm", "-fa", "-t", "0", check=False)
    engine("system", "migrate", check=False)  # ends the one that keeps his namespaces
    if guest.user():
        engine("unshare", "rm", "-rf", str(here / "home"), check=False)
        engine("system", "migrate", check=False)
    left = processes()
    assert left == [], left
    shutil.rmtree(here)


def processes() -> list[str]:
    """Command lines of those of the user's ids; none in the machine, where he runs the tests."""
    first, count = map(int, SUBORDINATE.split(":"))
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            uid = entry.stat().st_uid
            if uid == UID or first <= uid < first + count:
                words = (entry / "cmdline").read_text().replace("\0", " ")
                found += [words] if words else []  # one that has ended has no words
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
