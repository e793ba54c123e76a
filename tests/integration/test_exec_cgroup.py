# SPDX-License-Identifier: Apache-2.0
"""`exec --cgroup`: into a sub-cgroup of the container, and into no other cgroup."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.asking import QUIET
from support.bundle import Bundle
from support.runtime import Runtime

from pyruntime.cgroups.detect import detect, parse_own


class Tree:
    """A running container with the sub-cgroup "sub" in each hierarchy, and a neighbour."""

    def __init__(self, runtime: Runtime, name: str, path: str) -> None:
        self.runtime = runtime
        self.name = name
        self.path = path
        facts = detect()
        tops = dict.fromkeys([*facts.v1.values(), *([facts.v2] if facts.v2 else [])])
        self.leaves = [Path(top + path) for top in tops]
        self.v1 = dict(facts.v1)
        self.made: list[Path] = []
        for leaf in self.leaves:
            for directory in (leaf / "sub", leaf.with_name(leaf.name + "-evil")):
                directory.mkdir()
                self.made.append(directory)
                self.fill_cpuset(directory)

    def fill_cpuset(self, directory: Path) -> None:
        """Nobody can join a v1 cpuset without CPUs."""
        for name in ("cpuset.cpus", "cpuset.mems") if "cpuset" in self.v1 else ():
            if (directory / name).exists() and not (directory / name).read_text().strip():
                (directory / name).write_text((directory.parent / name).read_text())

    def exec(self, *options: str, check: bool = True) -> tuple[int, str, dict[str, str]]:
        """(exit status, what was said, the process's cgroup by controller)"""
        done = self.runtime(
            "exec", *options, self.name, "/bin/cat", "/proc/self/cgroup", check=check
        )
        found = {}
        for controllers, path in parse_own(done.stdout):
            found |= dict.fromkeys(controllers or ("",), path)
        return done.returncode, done.stderr, found

    def close(self) -> None:
        for directory in self.made:
            directory.rmdir()


@pytest.fixture
def tree(runtime: Runtime, bundle: Callable[..., Bundle], prefix: str) -> Iterator[Tree]:
    name = runtime.new_id()
    path = f"/{prefix}x"
    made = bundle(["/bin/sleep", "1000"], linux={"cgroupsPath": path})
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    found = Tree(runtime, name, path)
    yield found
    found.close()


def mine(found: dict[str, str], tree: Tree) -> dict[str, str]:
    """Of the hierarchies that the container has a cgroup in."""
    return {name: path for name, path in found.items() if name in tree.v1 or name == ""}


@pytest.mark.vm
def test_a_path_alone_is_for_every_hierarchy(tree: Tree) -> None:
    _, _, found = tree.exec("--cgroup", "sub")
    assert set(mine(found, tree).values()) == {f"{tree.path}/sub"}
    _, _, found = tree.exec("--cgroup", "/")
    assert set(mine(found, tree).values()) == {tree.path}


def test_controllers_each_with_a_path(tree: Tree) -> None:
    if "cpu" not in tree.v1:
        refused, said, _ = tree.exec("--cgroup", "cpu:sub", check=False)
        assert refused == 255
        assert "cgroup2 has one hierarchy" in said
        return
    _, _, found = tree.exec("--cgroup", "memory,pids:sub", "--cgroup", "cpu:/")
    assert found["memory"] == found["pids"] == f"{tree.path}/sub"
    assert found["cpu"] == found["freezer"] == tree.path


@pytest.mark.vm
def test_no_way_leads_out(tree: Tree) -> None:
    name = tree.path.lstrip("/")
    for path in (f"../{name}-evil", f"sub/../../{name}-evil", "-evil", "missing", ".."):
        status, said, found = tree.exec("--cgroup", path, check=False)
        assert status == 255
        assert found == {}
        if tree.runtime.program.name == "pyruntime":
            assert "join sub-cgroup" in said
