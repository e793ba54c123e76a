# SPDX-License-Identifier: Apache-2.0
"""Id-mapped mounts: whom the files of a bind belong to, inside and outside."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.asking import kill, pid
from integration.inside import FIRST, KINDS, MAPS, mapped
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import Runtime

Make = Callable[..., Bundle]
OTHER = [
    {"containerID": 1000, "hostID": 0, "size": 1},
    {"containerID": 5, "hostID": 77, "size": 1},
]


@pytest.fixture(params=["tmpfs", "ext4"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file system with a file of 1000, and another one mounted in it with a file of 5."""
    made = tmp_path / "source"
    made.mkdir()
    if request.param == "tmpfs":
        mounted = subprocess.run(["mount", "-t", "tmpfs", "none", made], check=False)
    else:
        image = tmp_path / "image"
        with image.open("wb") as file:
            file.truncate(8 << 20)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        mounted = subprocess.run(["mount", "-o", "loop", image, made], check=False)
    if mounted.returncode:
        pytest.skip(f"machine: no {request.param} can be mounted here")
    try:
        (made / "below").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", made / "below"], check=True)
        for name, owner in (("file", 1000), ("below/file", 5)):
            (made / name).touch()
            os.chown(made / name, owner, owner)
        yield made
    finally:
        subprocess.run(["umount", "-R", made], check=True)


def owners(
    runtime: Runtime, made: Bundle, source: Path, options: str, maps: Any = None
) -> list[str]:
    entry: dict[str, Any] = {"destination": "/m", "source": str(source)}
    entry["options"] = options.split(",")
    if maps:
        entry |= {"uidMappings": maps, "gidMappings": maps}
    made.change(mounts=[*made.config["mounts"], entry])
    os.mkdir(made.rootfs / "m")
    return runtime.run(made).stdout.splitlines()


SHOW = "stat -c %u:%g /m/file; stat -c %u:%g /m/below/file"


@pytest.mark.vm
def test_the_containers_own_mapping(runtime: Runtime, bundle: Make, source: Path) -> None:
    script = f"{SHOW}; touch /m/new && stat -c %u /m/new"
    made = mapped(bundle, script)
    assert owners(runtime, made, source, "rbind,idmap") == ["1000:1000", "65534:65534", "0"]
    assert os.stat(source / "new").st_uid == 0


@pytest.mark.vm
def test_all_that_is_mounted_below(runtime: Runtime, bundle: Make, source: Path) -> None:
    found = owners(runtime, mapped(bundle, SHOW), source, "rbind,ridmap", MAPS)
    assert found == ["1000:1000", "5:5"]


def test_a_mapping_of_its_own(runtime: Runtime, bundle: Make, source: Path) -> None:
    """Without a user namespace of the container's."""
    made = bundle(["/bin/sh", "-c", SHOW])
    assert owners(runtime, made, source, "rbind,ridmap", OTHER) == ["0:0", "77:77"]


@pytest.mark.vm
def test_the_mapping_of_a_joined_namespace(runtime: Runtime, bundle: Make, source: Path) -> None:
    name = runtime.create(mapped(bundle, "true"))
    path = f"/proc/{pid(runtime, name)}/ns/user"
    kinds = [f"user={path}", *(kind for kind in KINDS if kind != "user")]
    found = owners(runtime, mapped(bundle, SHOW, kinds), source, "rbind,ridmap")
    assert found == ["1000:1000", "5:5"]
    kill(runtime, name, "KILL")


def test_others_see_the_files_as_ever(runtime: Runtime, bundle: Make, source: Path) -> None:
    made = mapped(bundle, SHOW)
    assert owners(runtime, made, source, "rbind") == ["65534:65534", "65534:65534"]
    assert os.stat(source / "file").st_uid == 1000 != FIRST


@pytest.mark.usefixtures("only_ours")
def test_a_filesystem_without_them(runtime: Runtime, bundle: Make, leftovers: Snapshot) -> None:
    made = mapped(bundle, "true")
    entry = {"destination": "/m", "source": "/proc/fs", "options": ["bind", "idmap"]}
    made.change(mounts=[*made.config["mounts"], entry])
    done = runtime.run(made, check=False)
    assert done.returncode == 1
    assert "(/proc/fs): map the ids of the mount: Invalid argument" in done.stderr
    assert "the filesystem may not support id-mapped mounts" in done.stderr
    assert leftovers.compare() == []
