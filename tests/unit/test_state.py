# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyruntime import state
from pyruntime.errors import Exists, NotFound, StateError, UsageError


def record(**changes: Any) -> state.Record:
    fields: dict[str, Any] = {
        "id": "c1",
        "bundle": "/b",
        "rootfs": "/b/rootfs",
        "oci_version": "1.3.0",
        "created": "2026-01-01T00:00:00.000000000Z",
        "owner": 0,
        "annotations": {"a": "b"},
        "pid": os.getpid(),
        "pid_start": state.start_time(os.getpid()),
        "cgroup": None,
        "resctrl": None,
        "hooks": {},
        "own_pid_namespace": True,
        "no_process": False,
        "start_socket": True,
        "late": {},
    }
    return state.Record(**(fields | changes))


@pytest.mark.parametrize("good", ["a", "A.b-c_d+9", "x" * 255, "..."])
def test_good_ids(good: str) -> None:
    state.check_id(good)


@pytest.mark.parametrize("bad", ["", ".", "..", "../x", "a/b", "a b", "ä", "x" * 256, "a\n", "a\0"])
def test_bad_ids(bad: str) -> None:
    with pytest.raises(UsageError):
        state.check_id(bad)


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    with state.create_dir(str(tmp_path / "root"), "c1") as directory:
        directory.write(record(annotations={"k": "ü\n"}))
        found = directory.read()
    assert found.annotations == {"k": "ü\n"}
    assert found.pid == os.getpid()
    assert os.listdir(tmp_path / "root" / "c1") == ["state.json"]


def test_a_staged_record_counts_once_it_is_committed(tmp_path: Path) -> None:
    with state.create_dir(str(tmp_path), "c1") as directory:
        directory.write(record())
        directory.stage(record(pid=1234))
        assert directory.read().pid == record().pid
        directory.commit()
        assert directory.read().pid == 1234
        directory.remove()
    assert list(tmp_path.iterdir()) == []


def test_one_of_two_creates_wins(tmp_path: Path) -> None:
    with state.create_dir(str(tmp_path), "c1"), pytest.raises(Exists) as caught:
        state.create_dir(str(tmp_path), "c1")
    assert caught.value.message == "container with given ID already exists"


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="container does not exist"):
        state.open_dir(str(tmp_path), "c1")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotFound):
        state.open_dir(str(tmp_path), "file")
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(NotFound):
        state.open_dir(str(tmp_path), "link")


def test_a_directory_without_a_record_is_not_a_container(tmp_path: Path) -> None:
    with state.create_dir(str(tmp_path), "c1") as directory, pytest.raises(NotFound):
        directory.read()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"id": "c1"}'])
def test_a_damaged_record_says_so(tmp_path: Path, text: str) -> None:
    with state.create_dir(str(tmp_path), "c1") as directory:
        (tmp_path / "c1" / "state.json").write_text(text)
        with pytest.raises(StateError, match="damaged") as caught:
            directory.read()
        assert "delete --force" in caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"pid": "1"},
        {"pid": -5},
        {"pid": 1 << 40},
        {"pid_start": -1},
        {"cgroup": "x"},
        {"hooks": []},
        {"late": 3},
        {"annotations": None},
        {"start_socket": 1},
        {"id": "c2"},
    ],
    ids=str,
)
def test_a_member_that_nobody_wrote_is_damage(tmp_path: Path, changes: dict[str, Any]) -> None:
    with state.create_dir(str(tmp_path), "c1") as directory:
        directory.write(record(**changes))
        with pytest.raises(StateError, match="damaged"):
            directory.read()


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["directory", "fifo"])
def test_a_record_that_is_no_file_is_damage(tmp_path: Path, make: Callable[[Path], None]) -> None:
    with state.create_dir(str(tmp_path), "c1") as directory:
        make(tmp_path / "c1/state.json")
        with pytest.raises(StateError, match="damaged"):
            directory.read()
        directory.remove()
    assert list(tmp_path.iterdir()) == []


def test_the_configuration_as_it_was(tmp_path: Path) -> None:
    with state.create_dir(str(tmp_path), "c1") as directory:
        directory.save_config(b'{"a": null, "b": 1}')
        assert directory.config() == {"b": 1}
        for text in ("", "{"):
            (tmp_path / "c1/config.json").write_text(text)
            with pytest.raises(StateError, match=r"config\.json of container c1 is damaged"):
                directory.config()


def test_the_lock_is_seen_and_released(tmp_path: Path) -> None:
    directory = state.create_dir(str(tmp_path), "c1")
    with state.open_dir(str(tmp_path), "c1") as other:
        assert other.locked()
        directory.close()
        assert not other.locked()


def test_the_lock_of_a_deleted_container_is_not_given(tmp_path: Path) -> None:
    directory = state.create_dir(str(tmp_path), "c1")
    with state.open_dir(str(tmp_path), "c1") as late:
        directory.remove()
        directory.close()
        with pytest.raises(NotFound):
            late.lock()


def test_a_recycled_pid_is_not_the_init() -> None:
    assert state.alive(record())
    assert not state.alive(record(pid_start=1))
    assert not state.alive(record(pid=0))


def test_a_zombie_is_not_alive() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert state.start_time(pid) == 0
    os.waitpid(pid, 0)


def test_the_spec_state(tmp_path: Path) -> None:
    shown = record(pid=7).oci_state("running")
    assert shown == {
        "ociVersion": "1.3.0",
        "id": "c1",
        "status": "running",
        "pid": 7,
        "bundle": "/b",
        "annotations": {"a": "b"},
    }
    assert record(pid=7).oci_state("stopped")["pid"] == 0


def test_a_directory_is_removed_without_a_descriptor_to_spare(tmp_path: Path) -> None:
    with state.create_dir(str(tmp_path), "c1") as directory:
        directory.save_config(b"{}")
        (tmp_path / "c1/state.json").touch()
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
        try:
            directory.remove()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert not (tmp_path / "c1").exists()


def test_a_directory_is_removed_with_what_a_killed_runtime_left(tmp_path: Path) -> None:
    with state.create_dir(str(tmp_path), "c1") as directory:
        (tmp_path / "c1/.state.json.77").touch()
        (tmp_path / "c1/notify").mkdir()
        (tmp_path / "c1/notify/notify.sock").touch()
        directory.remove()
    assert not (tmp_path / "c1").exists()
