# SPDX-License-Identifier: Apache-2.0
"""No property of the config is ignored: each is compiled, or refused with its place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from support import everything, plans

from pyruntime.errors import Unsupported
from pyruntime.plan import seccomp, supported

# Read by nothing, for a reason.
WITHOUT_EFFECT = {
    ("ociVersion",): "a rule of the config",
    ("process", "commandLine"): "Windows only",
    ("process", "user", "username"): "Windows only",
    ("linux", "personality", "flags"): "a rule refuses any",
    ("linux", "resources", "memory", "checkBeforeUpdate"): "a new cgroup uses nothing",
}
OTHER_PLATFORMS = ("windows", "solaris", "zos", "freebsd")
# What another field must say for this one to mean something.
COMPANIONS: dict[str, dict[str, Any]] = {
    "consoleSize": {"process": {"terminal": True}},
    "swap": {"linux": {"resources": {"memory": {"limit": 1 << 28}}}},
    "uidMappings": {"linux": {"namespaces": [{"type": "user"}, {"type": "mount"}]}},
    "gidMappings": {"linux": {"namespaces": [{"type": "user"}, {"type": "mount"}]}},
    "timeOffsets": {"linux": {"namespaces": [{"type": "time"}, {"type": "mount"}]}},
    "annotations": {"hooks": {"createContainer": everything.HOOKS}},
}
PROPERTIES = [
    path
    for path in everything.properties()
    if path[0] not in OTHER_PLATFORMS and path not in WITHOUT_EFFECT and path[0] != "vm"
]


class Watched(dict[str, Any]):
    """A section that notes which of its members are read."""

    def __init__(self, value: dict[str, Any], at: tuple[str, ...], reads: set[Any]) -> None:
        super().__init__({key: watched(item, (*at, key), reads) for key, item in value.items()})
        self.at = at
        self.reads = reads

    def get(self, key: str, default: Any = None) -> Any:
        self.reads.add((*self.at, key))
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.reads.add((*self.at, key))
        return super().__getitem__(key)


def watched(value: Any, at: tuple[str, ...], reads: set[Any]) -> Any:
    if isinstance(value, dict):
        return Watched(value, at, reads)
    if isinstance(value, list):
        return [watched(item, (*at, "*"), reads) for item in value]
    return value


def merged(one: Any, two: Any) -> Any:
    if isinstance(one, dict) and isinstance(two, dict):
        return one | {key: merged(one.get(key), item) for key, item in two.items()}
    return two


def document_for(path: tuple[str, ...]) -> dict[str, Any]:
    """The least config, the property, and what gives it a meaning."""
    document: dict[str, Any] = plans.config()
    for name, companion in COMPANIONS.items():
        if name in path:
            document = merged(document, companion)
    document = copy.deepcopy(merged(document, everything.only(path)))
    if "namespaces" in path:
        document["linux"]["namespaces"].append({"type": "mount"})
    if path[0] == "mounts" and path[2:3] in (("uidMappings",), ("gidMappings",)):
        for mount in document["mounts"]:
            mount["options"] = ["bind", "idmap"]
    elif path[0] == "mounts":
        # Elements come whole, and with these only a bind would do.
        for mount in document["mounts"]:
            del mount["uidMappings"], mount["gidMappings"]
    return document


def answer(path: tuple[str, ...], host: Any) -> bool:
    """True when the property was read or refused."""
    reads: set[Any] = set()
    try:
        document = watched(document_for(path), (), reads)
        if "execCPUAffinity" in path:
            plan = plans.add(document["process"], document)
        else:
            plan = plans.create(document, cgroup=host)
    except Unsupported as refused:
        # A list or map is refused at its own place or at a member's.
        return any(_covers(problem.pointer, path) for problem in refused.problems)
    if path[:2] == ("linux", "seccomp"):
        # The other half of what becomes of it: the filter, which a plan gets ready-made.
        seccomp.policy(watched(everything.EVERYTHING["linux"]["seccomp"], path[:2], reads))
    if path[0] == "hooks" and path[1:2] and path[1] in plan.hooks:
        return True  # carried along whole, for the runtime
    names = {tuple("*" if _is_key(path, i) else part for i, part in enumerate(r)) for r in reads}
    return path in names


def _is_key(path: tuple[str, ...], index: int) -> bool:
    return index < len(path) and path[index] == "*"


def _covers(pointer: str, path: tuple[str, ...]) -> bool:
    tokens = pointer.split("/")[1:]
    both = zip(tokens, path, strict=False)
    return all(name in (token, "*") for token, name in both)


@pytest.mark.parametrize("path", PROPERTIES, ids="/".join)
def test_each_property_has_an_example(path: tuple[str, ...]) -> None:
    assert everything.lookup(path) is not None


@pytest.mark.parametrize("path", PROPERTIES, ids="/".join)
def test_each_property_is_compiled_or_refused(path: tuple[str, ...]) -> None:
    hosts = [plans.v1_host(), plans.v2_host()]
    assert any(answer(path, host) for host in hosts), "read by nothing and refused by nothing"


def test_a_property_that_nobody_reads_would_be_found() -> None:
    everything.EVERYTHING["process"]["novelty"] = True
    try:
        assert not answer(("process", "novelty"), plans.v2_host())
    finally:
        del everything.EVERYTHING["process"]["novelty"]


def test_what_is_refused_is_named() -> None:
    document = plans.config(vm={"kernel": {"path": "/boot/kernel"}})
    with pytest.raises(Unsupported) as refused:
        plans.create(document)
    assert [problem.pointer for problem in refused.value.problems] == ["/vm"]
    assert str(refused.value).startswith("/vm: is for runtimes with a hypervisor")


@pytest.mark.parametrize(
    "linux",
    [
        {"seccomp": None, "uidMappings": [], "gidMappings": None, "mountLabel": ""},
        {"timeOffsets": {}, "netDevices": {}, "memoryPolicy": None},
        {"namespaces": None, "devices": None, "resources": None, "sysctl": None},
    ],
)
def test_empty_sections_are_no_request(linux: dict[str, Any]) -> None:
    document = plans.config()
    document["linux"] |= linux
    assert supported.problems(document) == []
    plans.create(document)
