# SPDX-License-Identifier: Apache-2.0
"""What `features` claims is what the compiler does."""

from __future__ import annotations

from typing import Any

import pytest
from support import everything, plans

from pyruntime.plan import mount_options, placement
from pyruntime.plan.features import features

FOUND = features(())
LINUX: dict[str, Any] = FOUND["linux"]


def words(*path: str) -> set[str]:
    """The enumeration that the schema has at a property of `linux`."""
    section: Any = everything._load("linux.json")["properties"]
    for name in path:
        section = section[name]
    while "$ref" in section:
        file, _, pointer = section["$ref"].partition("#")
        section = everything._load(file or "linux.json")
        for token in pointer.split("/")[1:]:
            section = section[token]
    return set(section["enum"])


def test_words_are_those_of_the_specification() -> None:
    policy = ("memoryPolicy", "properties")
    assert set(LINUX["memoryPolicy"]["modes"]) == words(*policy, "mode")
    assert set(LINUX["memoryPolicy"]["flags"]) == words(*policy, "flags", "items")
    assert set(FOUND["hooks"]) == set(everything.EVERYTHING["hooks"])


@pytest.mark.parametrize("mode", LINUX["memoryPolicy"]["modes"])
@pytest.mark.parametrize("flag", LINUX["memoryPolicy"]["flags"])
def test_each_memory_policy_is_one_of_its_own(mode: str, flag: str) -> None:
    document = plans.config()
    document["linux"]["memoryPolicy"] = {"mode": mode, "nodes": "0", "flags": [flag]}
    (step,) = plans.named(plans.create(document), "memory_policy")
    number = int(str(step.args["mode"]))
    assert placement.MODES[mode] == number & 7
    assert (number >> 13) == 1 << LINUX["memoryPolicy"]["flags"].index(flag)


@pytest.mark.parametrize("option", FOUND["mountOptions"])
def test_each_mount_option_is_understood(option: str) -> None:
    """None is handed to a filesystem as its own."""
    assert mount_options.parse([option]).data == []


# config.md, "Linux mount options": what a runtime must, may and should understand.
SPECIFIED = """
async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime
noexec noiversion nolazytime norelatime nostrictatime nosuid private rbind relatime remount ro
rprivate rshared rslave runbindable rw shared silent slave strictatime suid sync unbindable
mand nomand tmpcopyup nosymfollow symfollow ratime rdev rdiratime rexec rnoatime rnodev rnodiratime
rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow rrelatime rro rrw rstrictatime rsuid
rsymfollow idmap ridmap
"""


def test_every_option_of_the_specification_is_listed() -> None:
    assert set(SPECIFIED.split()) <= set(FOUND["mountOptions"])


def test_an_option_that_is_not_listed_is_a_filesystems() -> None:
    assert mount_options.parse(["novelty"]).data == ["novelty"]


@pytest.mark.parametrize("kind", LINUX["namespaces"])
def test_each_namespace_can_be_made(kind: str) -> None:
    document = plans.config()
    document["linux"]["namespaces"] = [{"type": kind}]
    if kind == "user":
        ids = [{"containerID": 0, "hostID": 1000, "size": 10}]
        document["linux"] |= {"uidMappings": ids, "gidMappings": ids}
    plans.create(document)


@pytest.mark.parametrize(
    ("feature", "process", "linux"),
    [
        ("apparmor", {"apparmorProfile": "strict"}, {}),
        ("selinux", {"selinuxLabel": "a:b:c:s0"}, {"mountLabel": "a:b:c:s0"}),
        ("intelRdt", {}, {"intelRdt": {"schemata": ["MB:0=9"], "enableMonitoring": True}}),
        ("netDevices", {}, {"netDevices": {"eth0": {}}}),
    ],
)
def test_what_is_enabled_is_compiled(
    feature: str, process: dict[str, Any], linux: dict[str, Any]
) -> None:
    assert LINUX[feature]["enabled"]
    document = plans.config()
    document["process"] |= process
    document["linux"] |= linux
    plans.create(document)
