# SPDX-License-Identifier: Apache-2.0
"""What checkpoint and restore ask of criu, and what they refuse to ask."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyruntime.cli import checkpoint as cli
from pyruntime.cli.parse import parse
from pyruntime.errors import Error
from pyruntime.host.criu import options
from pyruntime.host.criu import protocol as p
from pyruntime.host.criu.options import DumpAsked, parse_page_server


def asked(*words: str) -> DumpAsked:
    return cli.asked_of(parse(["checkpoint", *words, "id"]).options)


def test_nothing_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = asked()
    assert found.image_path == str(tmp_path / "checkpoint")
    fields = dict(found.fields(5, -1, "dump.log"))
    assert fields[p.IMAGES_DIR_FD] == 5 and p.WORK_DIR_FD not in fields
    assert fields[p.EMPTY_NS] == options.CLONE_NEWNET
    assert fields[p.MANAGE_CGROUPS_MODE] == 6
    for key in (p.TCP_ESTABLISHED, p.EXT_UNIX_SK, p.SHELL_JOB, p.FILE_LOCKS, p.LAZY_PAGES):
        assert fields[key] is False
    assert found.log_path("dump.log") == f"{tmp_path}/checkpoint/dump.log"
    assert (found.features(), found.status_fd) == ([], -1)


def test_all_asked(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    found = asked(
        *("--image-path", str(tmp_path / "i"), "--work-path", str(tmp_path / "w")),
        *("--tcp-established", "--ext-unix-sk", "--shell-job", "--file-locks", "--lazy-pages"),
        *("--manage-cgroups-mode", "strict", "--empty-ns", "network", "--auto-dedup"),
        *("--parent-path", "../before", "--leave-running", "--pre-dump", "--link-remap"),
        *("--tcp-skip-in-flight", "--page-server", "[::1]:77", "--status-fd", "2"),
    )
    found.check()
    fields = dict([*found.fields(5, 6, "x"), *found.dump_fields()])
    for key in (
        *(p.TCP_ESTABLISHED, p.EXT_UNIX_SK, p.SHELL_JOB, p.FILE_LOCKS, p.LAZY_PAGES),
        *(p.AUTO_DEDUP, p.LEAVE_RUNNING, p.LINK_REMAP, p.TCP_SKIP_IN_FLIGHT, p.TRACK_MEM),
    ):
        assert fields[key] is True
    assert (fields[p.WORK_DIR_FD], fields[p.MANAGE_CGROUPS_MODE]) == (6, 5)
    assert fields[p.PARENT_IMAGES] == "../before"
    assert fields[p.PAGE_SERVER] == p.page_server("::1", 77)
    assert found.features() == [p.MEM_TRACK, p.LAZY]
    assert found.log_path("x") == f"{tmp_path}/w/x"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--parent-path", "/abs"], "--parent-path must be relative"),
        (["--parent-path", "../missing"], "invalid --parent-path: .*missing is no directory"),
        (["--status-fd", "999"], "use --status-fd 999: Bad file descriptor"),
        (["--empty-ns", "ipc"], 'namespace "ipc" is not supported'),
        (["--page-server", "host"], '"host" is not ADDRESS:PORT'),
        (["--manage-cgroups-mode", "hard"], '"hard" is not one of soft, full, strict, ignore'),
    ],
)
def test_refused(words: list[str], message: str) -> None:
    with pytest.raises(Error, match=message):
        asked(*words).check()


def test_a_status_descriptor_that_can_only_be_read() -> None:
    fd = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(Error, match="not open for writing"):
        asked("--status-fd", str(fd)).check()
    os.close(fd)


@pytest.mark.parametrize("text", ["1.2.3.4", ":80", "host:", "host:0", "host:65536", "h:-1", "h:x"])
def test_no_page_server(text: str) -> None:
    with pytest.raises(Error):
        parse_page_server(text)


def test_the_file_of_options() -> None:
    assert options.config_file({}) == [(p.CONFIG_FILE, "/etc/criu/runc.conf")]
    assert options.config_file({"org.criu.config": "/x"}) == [(p.CONFIG_FILE, "/x")]
    assert options.config_file({"org.criu.config": ""}) == []


def test_the_lock_of_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By nftables, which criu speaks itself, where the program for iptables is not there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert dict(asked().fields(0, -1, "x"))[p.NETWORK_LOCK] == p.NFTABLES
    (tmp_path / "iptables-restore").touch(0o755)
    assert p.NETWORK_LOCK not in dict(asked().fields(0, -1, "x"))
