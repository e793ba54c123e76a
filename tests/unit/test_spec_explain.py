# SPDX-License-Identifier: Apache-2.0
"""What people read when a document is refused."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from support.verdicts import KINDS, generated, places, replaced

from pyruntime.errors import Problem
from pyruntime.spec import explain, schema_walk

BAD = b"""{
  "ociVersion": "1.3.0",
  "root": {"path": "rootfs", "readonley": true},
  "process": {
    "cwd": "tmp",
    "args": null,
    "argz": ["sh"],
    "env": ["SECRET", 5],
    "user": {"uid": -1, "gid": 1.5},
    "rlimits": [{"type": "rlimit_nofile", "soft": 1, "hrad": 2}]
  },
  "hostname": "x",
  "linux": {
    "rootfsPropagation": "shard",
    "resources": {"memory": {"limit": "5m", "swap": 4}, "cpu": {"quota": 1}},
    "seccomp": {"defaultAction": "SCMP_ACT_ALOW", "syscalls": [{"names": [], "action": {}}]}
  }
}"""

EXPECTED = """\
3:30 warning /root/readonley: unknown property "readonley" is ignored [did you mean "readonly"?]
6:5 warning /process/args: null is read as if the property were absent []
7:5 warning /process/argz: unknown property "argz" is ignored [did you mean "args"?]
8:23 error /process/env/1: must be a string, not a number [env: environment as NAME=value]
9:21 error /process/user/uid: must be at least 0, not -1 [uid: user id inside the container]
9:32 error /process/user/gid: must be an integer, not 1.5 [gid: group id inside the container]
10:17 error /process/rlimits/0: needs "hard" ["hrad" is not a known property]
10:26 error /process/rlimits/0/type: "rlimit_nofile" has the wrong form \
[type: resource, such as RLIMIT_NOFILE]
10:54 warning /process/rlimits/0/hrad: unknown property "hrad" is ignored [did you mean "hard"?]
12:15 error /hostname: needs a uts namespace [add {"type": "uts"} to linux.namespaces]
14:26 error /linux/rootfsPropagation: must be "private", "shared", "slave", "unbindable", \
"rprivate", "rshared", "rslave" or "runbindable", not "shard" [did you mean "shared"?]
15:39 error /linux/resources/memory/limit: must be an integer, not "5m" \
[limit: bytes of memory, -1 for no limit]
15:74 error /linux/resources/cpu/quota: must be -1 (no limit) or at least 1000 microseconds []
16:34 error /linux/seccomp/defaultAction: "SCMP_ACT_ALOW" is not a known value \
[did you mean "SCMP_ACT_ALLOW"?]
16:74 error /linux/seccomp/syscalls/0/names: must have at least 1 entry \
[names: names of system calls, at least one]
16:88 error /linux/seccomp/syscalls/0/action: must be a string, not an object \
[action: what happens on the system call]"""


def lines(found: list[Problem]) -> str:
    return "\n".join(
        f"{p.line}:{p.column} {p.severity} {p.pointer}: {p.message} [{p.hint}]" for p in found
    )


def problems(value: Any, kind: str = "config") -> list[Problem]:
    return explain.problems(json.dumps(value).encode(), "x.json", kind)


def test_everything_at_once() -> None:
    """The memory's swap is not judged while its limit is no number; the CPU's quota is."""
    assert lines(explain.problems(BAD, "config.json", "config")) == EXPECTED


def test_good_document() -> None:
    config = {"ociVersion": "1.3.0", "root": {"path": "r"}, "xyzzy": 1}
    assert problems(config) == []


def test_unknown_capability_is_a_warning() -> None:
    process = {"cwd": "/", "args": ["sh"], "capabilities": {"ambient": ["CAP_SMILE"]}}
    config = {"ociVersion": "1.3.0", "root": {"path": "r"}, "process": process}
    for document, kind, pointer in ((config, "config", "/process"), (process, "process", "")):
        (problem,) = problems(document, kind)
        assert (problem.severity, problem.line) == ("warning", 1)
        assert problem.pointer == f"{pointer}/capabilities/ambient/0"


def test_bad_json_is_one_problem() -> None:
    assert lines(explain.problems(b'{"a":1,\n"a":2}', "x", "config")) == (
        "2:1 error /a: duplicate key []"
    )


def test_a_whole_document_of_the_wrong_kind() -> None:
    assert lines(problems([])) == ("1:1 error : must be an object, not an array []")
    assert lines(problems(None)) == ("1:1 error : must be an object, not null []")


def test_rules_are_silent_while_the_namespaces_are_broken() -> None:
    config = {"ociVersion": "1.3.0", "root": {"path": "r"}, "hostname": "h"}
    config["linux"] = {"namespaces": [{"type": "utz"}]}
    assert [p.pointer for p in problems(config)] == ["/linux/namespaces/0/type"]


def test_process_alone() -> None:
    found = problems({"cwd": "tmp", "arg": ["sh"]}, "process")
    assert [(p.severity, p.pointer) for p in found] == [
        ("error", ""),
        ("error", "/cwd"),
        ("warning", "/arg"),
    ]


def test_without_jsonschema_the_first_fault_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    found = problems({"ociVersion": "1.3.0", "hostname": 5, "root": {"path": 5}})
    assert lines(found) == "1:57 error /root/path: must be a string []"


@pytest.mark.parametrize("kind", KINDS)
def test_every_place_has_a_description(kind: str) -> None:
    lacking = [path for path, _ in places(kind) if path and not schema_walk.description(kind, path)]
    assert lacking == []


@pytest.mark.parametrize("kind", ["config", "process"])
def test_a_refused_document_is_explained_with_its_place(kind: str) -> None:
    count = 0
    for path, document in places(kind):
        if not path or path[0] in ("vm", "windows", "solaris", "zos", "freebsd"):
            continue
        bad = replaced(document, path, [{"a": None}])
        fault = generated(kind)(bad)
        if fault is None:
            continue
        found = problems(bad, kind)
        assert fault[0] in [p.pointer for p in found if p.severity == "error"], bad
        assert all(p.line == 1 and p.column >= 1 for p in found), bad
        count += 1
    assert count > 30
