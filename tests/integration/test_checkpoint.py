# SPDX-License-Identifier: Apache-2.0
"""checkpoint and restore with the criu that is there: what goes on, and as what."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, await_end, pid, status
from integration.checkpoints import COUNT, Cell, Make, bind, has, unusable
from integration.terminal import Receiver, Seat, read_until
from support import guest
from support.runtime import Runtime

pytestmark = pytest.mark.usefixtures("leftovers", "criu")


@pytest.fixture(scope="module")
def criu() -> None:
    if reason := unusable():
        pytest.skip(reason)


@pytest.fixture
def cell(runtime: Runtime, bundle: Make, tmp_path: Path) -> Callable[..., Cell]:
    def make(args: list[str] | None = None, **changes: Any) -> Cell:
        args = args or ["/bin/sh", "-c", COUNT]
        (tmp_path / "counter").mkdir()
        made = bundle(args, **changes)
        bind(made, tmp_path / "counter", "/tmp", "rw")
        return Cell(runtime, made, tmp_path / "images")

    return make


def mounts(cell: Cell) -> list[str]:
    """What is mounted where, and how, in no order."""
    return sorted(cell.inside("cat", "/proc/mounts").splitlines())


@pytest.mark.vm
def test_goes_on(cell: Callable[..., Cell], runtime: Runtime, tmp_path: Path) -> None:
    """Ended by the dump; then there again, with its mounts, cgroup, limits and count."""
    made = cell(linux={"resources": {"pids": {"limit": 77}}})
    made.run()
    made.await_count(2)
    before = mounts(made)
    init = pid(runtime, made.name)
    made.checkpoint()
    await_end(init)
    assert runtime("state", made.name, check=False).returncode == 1
    assert made.images.stat().st_mode & 0o777 == 0o700
    pid_file = tmp_path / "pid"
    made.restore("--pid-file", str(pid_file))
    assert status(runtime, made.name) == "running"
    init = pid(runtime, made.name)
    assert pid_file.read_text() == str(init)
    assert made.count() >= 2
    made.await_more()
    assert mounts(made) == before
    found = made.inside("sh", "-c", "cat /dev/shm/kept; ip addr show dev lo")
    assert found.startswith("kept\n") and "127.0.0.1" in found and "LOOPBACK,UP" in found
    members = runtime("ps", "--format", "json", made.name).stdout
    assert init in json.loads(members)
    assert runtime.prefix in Path(f"/proc/{init}/cgroup").read_text()
    runtime("pause", made.name)
    assert status(runtime, made.name) == "paused"
    runtime("resume", made.name)
    runtime("delete", "--force", made.name)
    await_end(init)


@pytest.mark.vm
def test_again_and_again(cell: Callable[..., Cell], runtime: Runtime) -> None:
    """A restored container is one like any other, with what exec brought into it."""
    made = cell()
    made.run()
    asleep = made.inside("sh", "-c", "sleep 1000 < /dev/null > /dev/null 2>&1 & echo $!").strip()
    for _ in range(2):
        made.checkpoint()
        made.restore()
        assert made.inside("cat", f"/proc/{asleep}/comm") == "sleep\n"
        # criu restores into a time namespace, for the clocks to go on.
        clocks = os.readlink(f"/proc/{pid(runtime, made.name)}/ns/time")
        assert made.inside("readlink", "/proc/self/ns/time").strip() == clocks
    assert status(runtime, made.name) == "running"


def test_leave_running(cell: Callable[..., Cell], runtime: Runtime) -> None:
    made = cell()
    made.run()
    init = pid(runtime, made.name)
    work = made.images.parent / "work"
    made.checkpoint("--leave-running", "--work-path", str(work))
    assert (work / "dump.log").exists() and not (made.images / "dump.log").exists()
    assert (status(runtime, made.name), pid(runtime, made.name)) == ("running", init)
    made.await_more()


@pytest.mark.vm
def test_paused(cell: Callable[..., Cell], runtime: Runtime) -> None:
    made = cell()
    made.run()
    made.await_more()
    runtime("pause", made.name)
    made.checkpoint()
    made.restore()
    made.await_more()


@pytest.mark.vm
def test_foreground(cell: Callable[..., Cell], runtime: Runtime) -> None:
    """The pipes of the caller are the container's; the exit status is the caller's."""
    script = "read word; echo $word again; echo oops >&2; exit 7"
    made = cell(["/bin/sh", "-c", script])
    ends = [os.pipe() for _ in range(3)]
    try:
        runtime(
            *("run", "--detach", "--bundle", made.bundle, made.name),
            stdin=ends[0][0],
            stdout=ends[1][1],
            stderr=ends[2][1],
        )
        made.checkpoint()
    finally:
        for pair in ends:
            os.close(pair[0])
            os.close(pair[1])
    done = runtime(
        *("restore", "--bundle", made.bundle, "--image-path", made.images, made.name),
        stdin=None,
        input="word\n",
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("word again\n", "oops\n", 7)
    assert not (runtime.root / made.name).exists()


@pytest.mark.vm
def test_terminal(cell: Callable[..., Cell], runtime: Runtime, tmp_path: Path) -> None:
    """The other end of the container's terminal goes to the console socket anew."""
    script = "while read word; do echo got $word; done"
    made = cell(["/bin/sh", "-c", script], process={"terminal": True})
    for turn in range(2):
        receiver = Receiver(tmp_path / f"console{turn}")
        try:
            if turn == 0:
                made.run("--console-socket", str(receiver.path))
            else:
                made.restore("--console-socket", str(receiver.path))
            master = receiver.descriptor()
        finally:
            receiver.close()
        try:
            os.write(master, b"word%d\n" % turn)
            read_until(master, b"got word%d" % turn)
            assert made.inside("sh", "-c", "test -c /dev/console && echo there") == "there\n"
            if turn == 0:
                made.checkpoint()
        finally:
            os.close(master)


@pytest.mark.vm
def test_terminal_in_the_foreground(
    cell: Callable[..., Cell], runtime: Runtime, tmp_path: Path
) -> None:
    script = "read word; echo got $word; exit 5"
    made = cell(["/bin/sh", "-c", script], process={"terminal": True})
    receiver = Receiver(tmp_path / "console")
    made.run("--console-socket", str(receiver.path))
    master = receiver.descriptor()
    receiver.close()
    made.checkpoint()
    os.close(master)
    command = ["restore", "--bundle", str(made.bundle), "--image-path", str(made.images)]
    seat = Seat(runtime.command(*command, made.name))
    try:
        os.write(seat.master, b"word\n")
        read_until(seat.master, b"got word")
        assert seat.finish() == 5
    finally:
        seat.close()


def test_console_socket_that_is_not_there(cell: Callable[..., Cell], tmp_path: Path) -> None:
    made = cell(["/bin/sleep", "1000"], process={"terminal": True})
    receiver = Receiver(tmp_path / "console")
    made.run("--console-socket", str(receiver.path))
    master = receiver.descriptor()
    receiver.close()
    made.checkpoint()
    os.close(master)
    done = made.restore("--console-socket", str(tmp_path / "nobody"), check=False)
    assert done.returncode == 1
    assert f"connect to socket {tmp_path}/nobody: No such file or directory" in done.stderr
    assert not (made.runtime.root / made.name).exists()


@pytest.mark.vm
def test_few_namespaces(cell: Callable[..., Cell], runtime: Runtime) -> None:
    """The host's network, names and IPC; of the rare ones a cgroup namespace."""
    few = [{"type": kind} for kind in ("mount", "pid", "cgroup")]
    made = cell(hostname=None, linux={"namespaces": few})
    made.run()
    before = mounts(made)
    made.checkpoint()
    made.restore()
    assert mounts(made) == before
    made.await_more()


@pytest.mark.skipif(bool(unusable()) or not has("mem_dirty_track"), reason="kernel: no soft-dirty")
@pytest.mark.vm
def test_pre_dump(cell: Callable[..., Cell], runtime: Runtime) -> None:
    made = cell()
    made.run()
    images = made.images
    made.images = images.parent / "before"
    made.checkpoint("--pre-dump")
    assert status(runtime, made.name) == "running"
    made.images = images
    made.checkpoint("--parent-path", "../before")
    assert (images / "parent").exists()
    made.restore()
    made.await_more()


@pytest.mark.vm
def test_mounts_from_outside(cell: Callable[..., Cell], tmp_path: Path) -> None:
    """Bind mounts: by a link of the image, one in another, a file, read-only, twice the same."""
    made = cell()
    rootfs = made.bundle.rootfs
    (rootfs / "real").mkdir()
    (rootfs / "link").symlink_to("real")
    data, more = tmp_path / "da ta", tmp_path / "more"
    for path in (data, more):
        path.mkdir()
        (path / "file").write_text(path.name)
    bind(made.bundle, data, "/link/conf", "ro")
    bind(made.bundle, more, "/more", "rbind", "rw")
    bind(made.bundle, data, "/more/nested", "rw", "nosuid")
    bind(made.bundle, more / "file", "/etc/hosts", "ro")
    made.run()
    before = mounts(made)
    made.checkpoint()
    shutil.rmtree(more / "nested")
    (more / "file").unlink()
    (more / "file").write_text("another")
    made.restore()
    assert mounts(made) == before
    assert made.inside("cat", "/real/conf/file", "/more/nested/file", "/etc/hosts") == (
        "da tada taanother"
    )
    assert made.runtime("exec", made.name, "touch", "/real/conf/x", check=False).returncode
    assert not (data / "x").exists()


@pytest.mark.vm
def test_mount_point_with_a_bracket(cell: Callable[..., Cell], tmp_path: Path) -> None:
    """A link of the image that would make criu mistake one mount for another."""
    made = cell()
    (made.bundle.rootfs / "a]:b").mkdir()
    (made.bundle.rootfs / "link").symlink_to("a]:b")
    (tmp_path / "data").mkdir()
    bind(made.bundle, tmp_path / "data", "/link", "ro")
    made.run()
    done = made.checkpoint(check=False)
    assert done.returncode == 1
    assert "criu can't be told of the mount on '/a]:b'" in done.stderr
    assert status(made.runtime, made.name) == "running"


def test_mount_that_the_config_has_not(cell: Callable[..., Cell], tmp_path: Path) -> None:
    made = cell()
    (tmp_path / "data").mkdir()
    bind(made.bundle, tmp_path / "data", "/data")
    made.run()
    made.checkpoint()
    made.bundle.config["mounts"].pop()
    made.bundle.save()
    done = made.restore(check=False)
    assert done.returncode == 1
    assert "config.json has no mount on '/data', the images have" in done.stderr


@pytest.mark.vm
def test_read_only_source_stays_so(cell: Callable[..., Cell], tmp_path: Path) -> None:
    """No mount point is made in what is mounted read-only: as in a create, that is an error."""
    made = cell()
    for name in ("outer", "inner"):
        (tmp_path / name).mkdir()
    (tmp_path / "outer/point").mkdir()
    bind(made.bundle, tmp_path / "outer", "/outer", "ro")
    bind(made.bundle, tmp_path / "inner", "/outer/point")
    made.run()
    made.checkpoint()
    (tmp_path / "outer/point").rmdir()
    done = made.restore(check=False)
    assert done.returncode == 1
    assert "/outer/point" in done.stderr
    assert not list((tmp_path / "outer").iterdir())


@pytest.fixture
def somebody() -> Iterator[str]:
    """The directory of another process's own namespaces: network, IPC and names."""
    script = "echo there; exec sleep 1000"
    command = ["unshare", "--net", "--ipc", "--uts", "sh", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "there\n"
        yield f"/proc/{holder.pid}/ns"
        holder.kill()


@pytest.mark.parametrize("kinds", [{"network": "net"}, {"ipc": "ipc", "uts": "uts"}], ids=str)
@pytest.mark.vm
def test_joined(
    kinds: dict[str, str], cell: Callable[..., Cell], runtime: Runtime, somebody: str
) -> None:
    """The namespaces are those at the paths, as they were."""
    made = cell(hostname=None)
    for entry in made.bundle.config["linux"]["namespaces"]:
        if entry["type"] in kinds:
            entry["path"] = f"{somebody}/{kinds[entry['type']]}"
    made.bundle.save()
    made.run()
    made.checkpoint()
    made.restore()
    init = pid(runtime, made.name)
    for entry in kinds.values():
        assert os.stat(f"/proc/{init}/ns/{entry}").st_ino == os.stat(f"{somebody}/{entry}").st_ino


def hook(where: Path, word: str, more: str = ":") -> dict[str, Any]:
    script = f"cat > {where}/{word}.json; echo {word} >> {where}/order; {more}"
    return {"path": "/bin/sh", "args": ["sh", "-c", script]}


@pytest.mark.vm
def test_hooks(cell: Callable[..., Cell], runtime: Runtime, tmp_path: Path) -> None:
    """Those of the runtime's namespaces that make a container, and when that fails its end."""
    made = cell()
    made.run()
    made.checkpoint()
    kinds = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
    made.bundle.config["hooks"] = {kind: [hook(tmp_path, kind)] for kind in kinds}
    made.bundle.save()
    made.restore()
    order = tmp_path / "order"
    assert order.read_text().split() == ["prestart", "createRuntime"]
    told = json.loads((tmp_path / "prestart.json").read_text())
    assert (told["id"], told["status"]) == (made.name, "creating")
    assert told["pid"] == pid(runtime, made.name)
    runtime("delete", "--force", made.name)
    assert order.read_text().split()[2:] == ["poststop"]
    order.unlink()
    made.bundle.config["hooks"]["createRuntime"] = [hook(tmp_path, "createRuntime", "exit 3")]
    made.bundle.save()
    done = made.restore(check=False)
    assert "createRuntime hook #0 (/bin/sh): exit status 3" in done.stderr
    assert order.read_text().split() == ["prestart", "createRuntime", "poststop"]
    assert not (runtime.root / made.name).exists()


def test_without_the_service_manager(
    cell: Callable[..., Cell], runtime: Runtime, tmp_path: Path
) -> None:
    """Created under one, restored without: the mount is there, and nobody listens."""
    made = cell()
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "manager"))
    with manager:
        environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "manager")}
        command = runtime.command("create", "--bundle", made.bundle, made.name)
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=True, **QUIET)
    runtime("start", made.name)
    made.await_count(1)
    before = mounts(made)
    assert any(" /run/notify " in line for line in before)
    made.checkpoint()
    made.restore()
    assert mounts(made) == before
    made.await_more()


@pytest.mark.vm
def test_root_is_as_read_only_as_the_config_says(cell: Callable[..., Cell]) -> None:
    """Whatever the images say."""
    made = cell(root={"readonly": False})
    made.run()
    assert " rw," in root_of(mounts(made))
    made.checkpoint()
    made.bundle.change(root={"readonly": True})
    made.restore()
    assert " ro," in root_of(mounts(made))


def root_of(found: list[str]) -> str:
    return next(line for line in found if line.split()[1] == "/")


@pytest.mark.vm
def test_dump_that_fails(cell: Callable[..., Cell], runtime: Runtime, tmp_path: Path) -> None:
    """A file of the host in its hands: criu's words are in the error, and it goes on."""
    made = cell()
    with (tmp_path / "out").open("w") as out:
        runtime("run", "--detach", "--bundle", made.bundle, made.name, stdout=out, stderr=out)
    done = made.checkpoint(check=False)
    assert done.returncode == 1
    assert "checkpoint container: criu: " in done.stderr and "/out" in done.stderr
    assert f"hint: all that criu says is in {made.images}/dump.log" in done.stderr
    assert status(runtime, made.name) == "running"
    made.await_more()


@pytest.mark.vm
def test_restore_that_fails(cell: Callable[..., Cell], runtime: Runtime) -> None:
    made = cell()
    made.run()
    made.checkpoint()
    os.truncate(made.images / "core-1.img", 20)
    done = made.restore(check=False)
    assert done.returncode == 1
    assert "restore container: criu: " in done.stderr
    assert not (runtime.root / made.name).exists()


def test_other_cgroup(cell: Callable[..., Cell], runtime: Runtime) -> None:
    """criu leaves the cgroups alone: the restored container has that of its new name."""
    made = cell()
    made.run()
    made.checkpoint("--manage-cgroups-mode", "ignore")
    made.name = runtime.new_id()
    made.bundle.config["linux"]["cgroupsPath"] = f"/{made.name}-other"
    made.bundle.save()
    made.restore("--manage-cgroups-mode", "ignore")
    text = Path(f"/proc/{pid(runtime, made.name)}/cgroup").read_text()
    assert f"/{made.name}-other" in text


def test_user_namespace(cell: Callable[..., Cell]) -> None:
    ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    made = cell(
        ["/bin/sleep", "1000"],
        linux={"uidMappings": ids, "gidMappings": ids},
        root={"readonly": True},
    )
    made.bundle.config["linux"]["namespaces"] += [{"type": "user"}, {"type": "cgroup"}]
    made.bundle.config["mounts"].pop()  # criu 3.17 can't have one from outside as well
    made.bundle.save()
    subprocess.run(["chown", "-R", "100000:100000", made.bundle.rootfs], check=True)
    made.run()
    before = mounts(made)
    made.checkpoint()
    for path in (made.images, *made.images.parents):
        if path.stat().st_mode & 0o777 == 0o700:
            path.chmod(0o711)
    made.restore()
    assert mounts(made) == before
    assert made.inside("cat", "/proc/1/uid_map").split() == ["0", "100000", "65536"]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.mark.skipif(not guest.user(), reason="virtual machine: criu can serve pages there")
@pytest.mark.vm
def test_lazy_pages(cell: Callable[..., Cell], runtime: Runtime, tmp_path: Path) -> None:
    """The memory is fetched from where the container was, while the restored one runs."""
    made = cell()
    made.run()
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    port = free_port()
    dump = subprocess.Popen(
        runtime.command(
            *("checkpoint", "--image-path", str(made.images), "--lazy-pages"),
            *("--page-server", f"127.0.0.1:{port}", "--status-fd", str(writer)),
            *("--manage-cgroups-mode", "ignore", made.name),
        ),
        pass_fds=[writer],
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as ready:
        assert ready.read(1) == b"\0"
    serve = subprocess.Popen(
        [
            *("criu", "lazy-pages", "--page-server", "--address", "127.0.0.1"),
            *("--port", str(port), "-D", str(made.images), "-W", str(tmp_path)),
        ],
        **QUIET,
    )
    source, made.name = made.name, runtime.new_id()
    work = tmp_path  # where the daemon's socket is
    while not (work / "lazy-pages.socket").exists():
        assert serve.poll() is None
    made.restore("--lazy-pages", "--work-path", str(work), "--manage-cgroups-mode", "ignore")
    assert dump.wait(60) == 0
    assert serve.wait(60) == 0
    assert not (runtime.root / source).exists()
    made.await_more()
