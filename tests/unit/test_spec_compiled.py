# SPDX-License-Identifier: Apache-2.0
"""The generated validators, jsonschema on our schemas and the official schemas agree."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.verdicts import (
    DIFFERENCES,
    KINDS,
    Official,
    generated,
    places,
    replaced,
    samples,
    without_differences,
)

from pyruntime.jsonfault import pointer_of
from pyruntime.spec import rules, rules_process, schema_walk

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import gen_validators
import validator_code

OFFICIAL = Official()
OURS = {kind: schema_walk.validator(kind) for kind in KINDS}
VALUES: list[Any] = [
    *(None, True, 0, 1, -1, -2, 7.0, 1.5, 1e300, 256, 512, 1 << 16, 1 << 31, 1 << 32),
    *((1 << 63), -(1 << 63) - 1, 1 << 64, "", "x", "1", "RLIMIT_CPU", "MB:1", "64KB", "1KB\n"),
    *("MB:\n", "0-3,7\n", "paused", [], {}, [[]], ["a"], [1], {"a": 1}, {"": 1}, {"\n": "x"}),
]


def agree(kind: str, value: Any) -> bool:
    """Whether the document is valid, once all three say the same."""
    fault = generated(kind)(value)
    errors = list(OURS[kind].iter_errors(value))
    assert (fault is None) == (not errors), (value, fault, errors)
    if fault:
        seen = {(pointer_of(list(e.absolute_path)), e.validator) for e in errors}
        assert fault[:2] in seen
    if OFFICIAL.accepts(kind, value) != (fault is None):
        other = without_differences(kind, value)
        assert OFFICIAL.accepts(kind, other) == (generated(kind)(other) is None), value
        assert repr(other) != repr(value)  # 1.0 == 1
    return fault is None


@pytest.mark.parametrize("kind", ["config", "state", "features"])
@pytest.mark.parametrize("quality", ["good", "bad"])
def test_official_samples(kind: str, quality: str) -> None:
    found = samples(kind, quality)
    assert found
    for path in found:
        try:
            value = json.loads(path.read_bytes())
        except ValueError:
            continue  # test_spec_load has those
        assert agree(kind, value) == (quality == "good"), path


def changed(kind: str) -> Iterator[Any]:
    for path, document in places(kind):
        for value in VALUES:
            yield replaced(document, path, value)
        holder = document
        for part in path[:-1]:
            holder = holder[part]
        if path and isinstance(holder, dict):
            lacking = copy.deepcopy(document)
            holder = lacking
            for part in path[:-1]:
                holder = holder[part]
            del holder[path[-1]]
            yield lacking


@pytest.mark.parametrize("kind", KINDS)
def test_every_place_accepts_a_valid_value(kind: str) -> None:
    count = 0
    for _, document in places(kind, words=True):
        assert agree(kind, document), document
        count += 1
    assert count > 5


@pytest.mark.parametrize("kind", KINDS)
def test_every_place_with_every_odd_value(kind: str) -> None:
    """Each known place in turn holds each odd value, or is left out."""
    valid = invalid = 0
    for document in changed(kind):
        if agree(kind, document):
            valid += 1
            run_rules(kind, document)
        else:
            invalid += 1
    assert valid > 10 and invalid > 100


def run_rules(kind: str, document: Any) -> None:
    """Whatever is schema-valid, the rules can take; their pointers are pointers."""
    found = []
    if kind == "config":
        found = rules.check(document)
    elif kind == "process":
        found = rules_process.check_document(document)
    assert all(p.pointer == "" or p.pointer[0] == "/" for p in found)


GOOD = {
    kind: [json.loads(path.read_text()) for path in samples(kind, "good")]
    for kind in ("config", "state", "features")
}
NAMES = sorted({str(part) for kind in KINDS for path, _ in places(kind) for part in path})


def spots(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from spots(item, (*path, key))


def mutate(draw: st.DrawFn, value: Any) -> Any:
    path = draw(st.sampled_from(sorted(spots(value), key=str)))
    odd = st.sampled_from(VALUES)
    if not path:
        return draw(odd) if draw(st.integers(0, 19)) == 0 else value
    value = copy.deepcopy(value)
    holder = value
    for part in path[:-1]:
        holder = holder[part]
    old = holder[path[-1]]
    how = draw(st.sampled_from(["delete", "replace", "rename", "insert", "swap", "number"]))
    if how == "delete":
        del holder[path[-1]]
    elif how == "replace":
        holder[path[-1]] = draw(odd)
    elif how == "rename" and isinstance(holder, dict):
        holder[draw(st.sampled_from(NAMES))] = holder.pop(path[-1])
    elif how == "insert" and isinstance(old, dict):
        old[draw(st.sampled_from(NAMES))] = draw(odd)
    elif how == "insert" and isinstance(old, list):
        old.append(draw(odd))
    elif how == "swap":
        holder[path[-1]] = draw(st.sampled_from([str(old), [old], {"a": old}, bool(old)]))
    elif isinstance(old, int):
        holder[path[-1]] = draw(st.integers(-(1 << 65), 1 << 65))
    return value


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, Any]:
    kind = draw(st.sampled_from(["config", "config", "config", "state", "features"]))
    value = draw(st.sampled_from(GOOD[kind]))
    for _ in range(draw(st.integers(1, 3))):
        value = mutate(draw, value)
    return kind, value


@settings(
    max_examples=1500,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(mutants())
def test_mutated_samples(mutant: tuple[str, Any]) -> None:
    if agree(*mutant):
        run_rules(*mutant)


def test_no_row_of_differences_is_idle() -> None:
    """A row that no longer makes a difference goes."""
    cases: list[tuple[str, Any]] = [
        ("state", {"ociVersion": "", "id": "", "status": "paused", "bundle": ""}),
        ("state", {"ociVersion": "", "id": "", "status": "running", "bundle": "", "pid": 1.0}),
        ("config", {"ociVersion": "", "annotations": {"": 1}}),
        ("process", {"cwd": "/", "execCPUAffinity": {"final": "1\n"}}),
        ("config", vm(iomems=[{"firstMFN": 1, "nrMFNs": 1}, {}])),
        ("config", vm(irqs=[1])),
        ("config", device(fileMode=0o20644)),
        ("config", {"ociVersion": "", "linux": {"rootfsPropagation": "rslave"}}),
        ("features", features(memoryPolicy={"modes": 1})),
        ("features", features(intelRdt={"schemata": 1})),
        ("features", features(intelRdt={"monitoring": 1})),
    ]
    for kind, value in cases:
        assert OFFICIAL.accepts(kind, value) != (generated(kind)(value) is None), value
        agree(kind, value)
    assert len(cases) == len(DIFFERENCES)


def device(**more: Any) -> Any:
    return {"ociVersion": "", "linux": {"devices": [{"type": "c", "path": "", **more}]}}


def vm(**hardware: Any) -> Any:
    return {"ociVersion": "", "vm": {"kernel": {"path": ""}, "hwConfig": hardware}}


def features(**linux: Any) -> Any:
    return {"ociVersionMin": "", "ociVersionMax": "", "linux": linux}


@pytest.mark.parametrize("pattern", validator_code.PATTERNS)
def test_patterns_are_spelt_right(pattern: str) -> None:
    """The string methods that stand for a pattern accept what it accepts."""
    predicate = validator_code.PATTERNS[pattern]
    near = [
        *("", "\n", "RLIMIT_", "RLIMIT_A", "RLIMIT_A\n", "RLIMIT_a", "xRLIMIT_A", "RLIMIT_A1"),
        *("CAP_", "CAP_A_B", "CAP_a", "0-3, 7", "0-3\n", "x", "MB:", "MB:\n", "MB:1\n", "xMB:1"),
        *("1KB", "0KB", "KB", "12MB", "1kB", "1KB\n", "1aGB", " 1GB", "1B", "9GB", "01GB"),
        *("1\u0663KB", "RLIMIT_\u00c9"),
    ]
    verdicts = {text: bool(predicate(text)) for text in near}
    assert verdicts == {text: bool(re.fullmatch(pattern.strip("^$"), text)) for text in near}
    assert len(set(verdicts.values())) == 2


@pytest.mark.parametrize(
    ("schema", "part"),
    [
        ({"type": "string", "maxLength": 3}, "maxLength"),
        ({"type": "number"}, "number"),
        ({"type": "string", "pattern": "^a+$"}, "not in validator_code.py"),
        ({"type": "object", "properties": {}, "additionalProperties": {}}, "properties and"),
        ({"$ref": "#/x", "minimum": 1}, "beside"),
    ],
)
def test_generator_refuses_what_it_does_not_know(schema: dict[str, Any], part: str) -> None:
    with pytest.raises(SystemExit, match=re.escape(part)):
        gen_validators.Compiler({"x.json": schema}, "x.json").node("x.json", schema)
