# SPDX-License-Identifier: Apache-2.0
"""Everything that is wrong with a document, in words, with line and column.

Slow and thorough: jsonschema on the whole schema, then the rules on what is left of it, then
what is legal but looks like a slip. The generated validator has the last word on whether a
document is refused; a test holds the two together. Values of `env` are never shown.
"""

from __future__ import annotations

from pyruntime import jsontext
from pyruntime.errors import JsonError, Problem
from pyruntime.jsonfault import line_column, locate, pointer_of
from pyruntime.spec import rules, rules_process, schema_walk
from pyruntime.spec.findings import Findings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.spec.schema_walk import Path

_KINDS = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "integer": "an integer",
    "boolean": "true or false",
}
_FEW = 8  # more words than this are not listed in a message


def problems(raw: bytes, path: str, kind: str) -> list[Problem]:
    """All errors and warnings, in the order of the text; a bad document raises nothing.

    raw is the content of the file at path, which is not read again. kind: as for
    `load.load_document`.
    """
    del path  # a problem's place is in the one text
    try:
        value = jsontext.loads(raw, nulls=False)
        whole = jsontext.loads(raw)
    except JsonError as err:
        return [Problem(err.message, pointer=err.pointer, line=err.line, column=err.column)]
    found = _schema_problems(value, kind)
    faults = [_split(problem.pointer) for problem in found]
    found += _rule_problems(value, kind, faults)
    slips = _slips(value, kind) + _nulls(whole)
    found += slips
    _place(found, raw.decode("utf-8"), {problem.pointer for problem in slips})
    found.sort(key=lambda problem: (problem.line, problem.column))
    return found


def placed(found: list[Problem], raw: bytes) -> list[Problem]:
    """Problems of a valid document with line and column, in the order of the text. A field
    that it leaves out has the place of the nearest one around it."""
    text = raw.decode("utf-8")
    around = {problem.pointer: _prefixes(problem.pointer) for problem in found}
    offsets = locate(text, {pointer for prefixes in around.values() for pointer in prefixes})
    for problem in found:
        known = [offsets[pointer][1] for pointer in around[problem.pointer] if pointer in offsets]
        if known:
            problem.line, problem.column = line_column(text, known[0])
    return sorted(found, key=lambda problem: (problem.line, problem.column))


def _prefixes(pointer: str) -> list[str]:
    """The pointer and those of what is around it, inmost first."""
    parts = pointer.split("/")
    return ["/".join(parts[:end]) for end in range(len(parts), 1, -1)]


def _place(found: list[Problem], text: str, at_key: set[str]) -> None:
    offsets = locate(text, {problem.pointer for problem in found})
    for problem in found:
        key, value = offsets.get(problem.pointer, (-1, -1))
        offset = key if problem.pointer in at_key and key >= 0 else value
        if offset >= 0:
            problem.line, problem.column = line_column(text, offset)


def _schema_problems(value: Any, kind: str) -> list[Problem]:
    """jsonschema's errors in our words. Without jsonschema, the first one only."""
    try:
        errors = schema_walk.validator(kind).iter_errors(value)
    except ImportError:
        fault = schema_walk.first_fault(value, kind)
        return [Problem(fault[2], pointer=fault[0])] if fault else []
    found = []
    for error in errors:
        if error.validator == "enum" and not isinstance(error.instance, str):
            continue  # of the wrong type, which is told already
        path: Path = list(error.absolute_path)
        message, hint = _words(error, path, kind)
        hint = hint or schema_walk.description(kind, path)
        found.append(Problem(message, pointer=pointer_of(path), hint=hint))
    return found


def _words(error: Any, path: Path, kind: str) -> tuple[str, str]:
    """Message and hint ("" for none better than the description)."""
    keyword, wanted, value = error.validator, error.validator_value, error.instance
    if keyword == "type":
        return f"must be {_KINDS[wanted]}, not {_seen(value, path)}", ""
    if keyword == "required":
        name = next(name for name in wanted if repr(name) == error.message.split(" is ")[0])
        near = _near(name, schema_walk.unknown_keys(value, kind, path))
        hint = f"{_quote(near)} is not a known property" if near else ""
        return f"needs {_quote(name)}", hint or schema_walk.description(kind, [*path, name])
    if keyword == "enum":
        near = _near(value, wanted)
        hint = f"did you mean {_quote(near)}?" if near else ""
        if len(wanted) > _FEW:
            return f"{_seen(value, path)} is not a known value", hint
        words = [_quote(word) for word in wanted]
        known = ", ".join(words[:-1]) + " or " + words[-1] if len(words) > 1 else words[0]
        return f"must be {known}, not {_seen(value, path)}", hint
    if keyword == "minimum":
        return f"must be at least {wanted}, not {_seen(value, path)}", ""
    if keyword == "maximum":
        return f"must be at most {wanted}, not {_seen(value, path)}", ""
    if keyword == "minItems":
        return f"must have at least {wanted} entry", ""
    return f"{_seen(value, path)} has the wrong form", ""


def _seen(value: Any, path: Path) -> str:
    """What stands there, short; only its kind if it may be a secret or is not a scalar."""
    kind = {dict: "an object", list: "an array", str: "a string", type(None): "null"}
    if isinstance(value, dict | list) or value is None:
        return kind[type(value)]
    if "env" in path:
        return kind.get(type(value), "a number" if not isinstance(value, bool) else "a boolean")
    text = jsontext.dumps(value)
    return text if len(text) <= 60 else text[:56] + "..." + ('"' if text[0] == '"' else "")


def _quote(text: str) -> str:
    return jsontext.dumps(text)


def _near(word: str, words: list[str]) -> str:
    """The one of the words that `word` may be a misspelling of, or ""."""
    from difflib import get_close_matches

    lower = {candidate.lower(): candidate for candidate in words}
    close = get_close_matches(word.lower(), list(lower), n=1, cutoff=0.7)
    return lower[close[0]] if close else ""


def _split(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _rule_problems(value: Any, kind: str, faults: list[list[str]]) -> list[Problem]:
    """The rules need a valid document: what is at fault is left out, if the rest can do so."""
    if kind not in ("config", "process") or [] in faults:
        return []
    if any(path[:2] == ["linux", "namespaces"] or path == ["linux"] for path in faults):
        return []  # nearly every rule asks for them
    for path in faults:
        value = _without(value, _unit(path))
    if schema_walk.first_fault(value, kind):
        return []
    found = Findings()
    process, pointer = (value, "") if kind == "process" else (value.get("process", {}), "/process")
    sets = process.get("capabilities", {})
    rules_process.check_capabilities(sets, f"{pointer}/capabilities", found)
    found += rules.check(value) if kind == "config" else rules_process.check_document(value)
    return found


def _unit(path: list[str]) -> list[str]:
    """The part of a document that goes with a fault: rules compare what is next to it."""
    if path[0] == "process" or (path[:2] == ["linux", "resources"] and len(path) > 2):
        return path[:3] if path[0] == "linux" else path[:1]
    return path[:2] if path[0] == "linux" else path[:1]


def _without(value: Any, path: list[str]) -> Any:
    """A copy without the member at path; what is shared is not changed."""
    if not path or not isinstance(value, dict) or path[0] not in value:
        return value
    rest = dict(value)
    if len(path) == 1:
        del rest[path[0]]
    else:
        rest[path[0]] = _without(rest[path[0]], path[1:])
    return rest


def _slips(value: Any, kind: str) -> list[Problem]:
    """Properties that are ignored, being unknown, but look like one that is not."""
    found = []
    for path, unknown, absent in schema_walk.unknown_properties(value, kind):
        for name in unknown:
            near = _near(name, absent)
            if near:
                found.append(
                    Problem(
                        f"unknown property {_quote(name)} is ignored",
                        pointer=pointer_of([*path, name]),
                        hint=f"did you mean {_quote(near)}?",
                        severity="warning",
                    )
                )
    return found


def _nulls(value: Any, path: Path | None = None) -> list[Problem]:
    path = path or []
    if not isinstance(value, dict | list):
        return []  # the document as a whole
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in items:
        here: Path = [*path, key]
        if item is None and isinstance(value, dict):
            found.append(
                Problem(
                    "null is read as if the property were absent",
                    pointer=pointer_of(here),
                    severity="warning",
                )
            )
        elif isinstance(item, dict | list):
            found += _nulls(item, here)
    return found
