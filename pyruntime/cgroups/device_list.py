# SPDX-License-Identifier: Apache-2.0
"""The device lists of cgroup v1: ordered rules to writes of devices.deny and devices.allow.

Pure. Rules are those of device_program. The kernel keeps one default and exceptions from
it, and can't hold an exception from an exception: a rule that would need one ("all of
c 10 but not 10:200") is an error here, where the kernel would silently do something else.
Source: the kernel's Documentation/admin-guide/cgroup-v1/devices.rst.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyruntime.cgroups.device_program import Rule

    Key = tuple[str, int, int]

ALL = frozenset("rwm")


class Inexpressible(ValueError):
    """str(error): the rule that cgroup v1 can't express, in words."""


def lists(rules: Iterable[Rule]) -> tuple[bool, list[str]]:
    """(allowed by default, exceptions as "c 1:3 rwm"). Raises Inexpressible."""
    rules = list(rules)
    try:
        return _lists(rules)
    except Inexpressible:
        # What a later rule decides anyway may be all that was in the way.
        return _lists(
            [
                rule
                for index, rule in enumerate(rules)
                if not any(_shadows(later, rule) for later in rules[index + 1 :])
            ]
        )


def _lists(rules: list[Rule]) -> tuple[bool, list[str]]:
    default = False
    exceptions: dict[Key, set[str]] = {}
    for allow, kind, major, minor, access in rules:
        letters = set(access) or set(ALL)
        if kind == "a" and major < 0 and minor < 0 and letters == ALL:
            default, exceptions = allow, {}
            continue
        for each in "cb" if kind == "a" else kind:
            key = (each, major, minor)
            if allow != default:
                exceptions.setdefault(key, set()).update(letters)
            else:
                _take_back(exceptions, key, letters, allow)
    return default, [_text(key, found) for key, found in exceptions.items() if found]


def difference(present: str, exceptions: list[str]) -> list[tuple[str, str]] | None:
    """The fewest writes that lead from a denying list to another: ("allow" or "deny", line),
    what is added first, so that a device that both allow is never denied in between.

    present: the content of devices.list. None when it is no denying list: the kernel does not
    show the exceptions of an allowing one.
    """
    before = _parsed(present.splitlines())
    if ("a", "*:*") in before:
        return None
    after = _parsed(exceptions)
    changed = [("allow", _missing(after, before)), ("deny", _missing(before, after))]
    return [(verb, line) for verb, lines in changed for line in lines]


def _parsed(lines: Iterable[str]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        kind, numbers, access = line.split()
        found.setdefault((kind, numbers), set()).update(access)
    return found


def _missing(
    wanted: dict[tuple[str, str], set[str]], there: dict[tuple[str, str], set[str]]
) -> Iterator[str]:
    for key, letters in wanted.items():
        rest = letters - there.get(key, set())
        if rest:
            yield f"{key[0]} {key[1]} {''.join(c for c in 'rwm' if c in rest)}"


def _shadows(later: Rule, rule: Rule) -> bool:
    return (
        later[1] in ("a", rule[1])
        and _covers(later[1:4], rule[1:4])
        and set(later[4] or ALL) >= set(rule[4] or ALL)
    )


def _take_back(exceptions: dict[Key, set[str]], key: Key, letters: set[str], allow: bool) -> None:
    for other, held in exceptions.items():
        if not held & letters or not _overlap(key, other):
            continue
        if not _covers(key, other):
            verb = "allow" if allow else "deny"
            raise Inexpressible(f"{verb} {_text(key, letters)} within {_text(other, held)}")
        held -= letters


def _overlap(one: Key, two: Key) -> bool:
    return one[0] == two[0] and all(
        a < 0 or b < 0 or a == b for a, b in zip(one[1:], two[1:], strict=True)
    )


def _covers(wide: Key, narrow: Key) -> bool:
    return all(a < 0 or a == b for a, b in zip(wide[1:], narrow[1:], strict=True))


def _text(key: Key, letters: set[str]) -> str:
    kind, major, minor = key
    first = "*" if major < 0 else str(major)
    second = "*" if minor < 0 else str(minor)
    return f"{kind} {first}:{second} {''.join(c for c in 'rwm' if c in letters)}"
