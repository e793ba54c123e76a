# SPDX-License-Identifier: Apache-2.0
"""Read a document, bounded, and accept it only if the schema and the rules do.

The generated validator and the rules decide; only when they refuse is `explain` imported, to
say it well. It reads the one file that it is given.
"""

from __future__ import annotations

import os
from errno import ENOENT

from pyruntime import jsontext
from pyruntime.errors import ConfigError, JsonError, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Fault = tuple[str, str, str]

_REGULAR = 0o100000
# A caller waits: what is larger is refused with the first problem and without its line.
EXPLAINED = 1 << 20


class Loaded:
    """An accepted document.

    config: the value, members that are null left out. raw: the bytes of the file. path: the
    file. warnings: what is legal, yet probably not meant.
    """

    __slots__ = ("config", "path", "raw", "warnings")

    def __init__(
        self, config: dict[str, Any], raw: bytes, path: str, warnings: list[Problem]
    ) -> None:
        self.config = config
        self.raw = raw
        self.path = path
        self.warnings = warnings


def load_config(bundle: str) -> Loaded:
    """config.json of a bundle. Raises ConfigError."""
    return load_document(config_path(bundle), "config")


def config_path(bundle: str) -> str:
    """Where a bundle's configuration is, spelt as people would."""
    directory = bundle.rstrip("/")
    if directory in ("", "."):
        return "/config.json" if bundle[:1] == "/" else "config.json"
    return f"{directory}/config.json"


def load_document(path: str, kind: str) -> Loaded:
    """A file with a document of a kind: "config", "process", "state" or "features".

    Raises ConfigError, with every problem found in `problems`.
    """
    return accept(read(path), path, kind)


def accept(raw: bytes, path: str, kind: str) -> Loaded:
    """The text of a document; path is for messages. Raises ConfigError as load_document."""
    value = parse(raw, path)
    fault, problems = check(value, kind)
    if fault or any(problem.severity == "error" for problem in problems):
        raise _refusal(raw, path, kind, fault, problems)
    return Loaded(value, raw, path, problems)


def read(path: str) -> bytes:
    """The content of a file, at most jsontext.MAX_SIZE. Raises ConfigError.

    It may be a pipe: `exec --process` is given /dev/stdin or a process substitution.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            status = os.fstat(fd)
            chunks: list[bytes] = []
            left = jsontext.MAX_SIZE + 1
            if status.st_mode & 0o170000 == _REGULAR and status.st_size >= left:
                left = 0  # no need to read it to know
            while left > 0:
                chunk = os.read(fd, min(left, 1 << 15))
                if not chunk:
                    return b"".join(chunks)
                chunks.append(chunk)
                left -= len(chunk)
        finally:
            os.close(fd)
    except OSError as err:
        missing = err.errno == ENOENT and path.rpartition("/")[2] == "config.json"
        hint = "--bundle names a bundle's directory; `pyruntime spec` writes a config.json"
        raise ConfigError(
            f"open {path}: {err.strerror}",
            path=path,
            hint=hint if missing else "",
            code="config-unreadable",
        ) from None
    except ValueError:  # a NUL in the path
        raise ConfigError(
            f"open {path!r}: not a path", path=path, code="config-unreadable"
        ) from None
    limit = jsontext.MAX_SIZE >> 20
    raise ConfigError(f"read {path}: larger than {limit} MiB", path=path, code="config-unreadable")


def parse(raw: bytes, path: str) -> Any:
    """Strict JSON, without the members of objects that are null. Raises ConfigError."""
    try:
        return jsontext.loads(raw, nulls=False)
    except JsonError as err:
        problem = Problem(err.message, pointer=err.pointer, line=err.line, column=err.column)
        raise refused(path, [problem], code="config-json") from None


def check(value: Any, kind: str) -> tuple[Fault | None, list[Problem]]:
    """The schema's first fault, or what the rules find. Pure."""
    # Only the modules of this kind are imported.
    fault: Fault | None
    if kind == "config":
        from pyruntime.spec import rules
        from pyruntime.spec.compiled.config import validate as validate_config

        fault = validate_config(value)
        return fault, [] if fault else rules.check(value)
    if kind == "process":
        from pyruntime.spec import rules_process
        from pyruntime.spec.compiled.process import validate as validate_process

        fault = validate_process(value)
        return fault, [] if fault else rules_process.check_document(value)
    if kind == "state":
        from pyruntime.spec.compiled.state import validate as validate_state

        return validate_state(value), []
    from pyruntime.spec.compiled.features import validate as validate_features

    return validate_features(value), []


def refused(path: str, problems: list[Problem], *, code: str) -> ConfigError:
    """The error that stands for these problems: the first error among them, with its place."""
    first = next((p for p in problems if p.severity == "error"), problems[0])
    place = f":{first.line}:{first.column}" if first.line else ""
    where = f" {first.pointer}:" if first.pointer else ""
    message = f"{path}{place}:{where} {first.message}"
    others = sum(p.severity == "error" for p in problems) - 1
    if others > 0:
        message += f" (and {others} more)"
    return ConfigError(
        message, pointer=first.pointer, path=path, hint=first.hint, code=code, problems=problems
    )


def _refusal(
    raw: bytes, path: str, kind: str, fault: Fault | None, problems: list[Problem]
) -> ConfigError:
    explained: list[Problem] = []
    if len(raw) <= EXPLAINED:
        from pyruntime.spec import explain

        explained = explain.problems(raw, path, kind)
    if not any(problem.severity == "error" for problem in explained):
        # Too large; or explain finds nothing, which was never seen: the refusal stands.
        own = [Problem(fault[2], pointer=fault[0])] if fault else problems
        explained = [*own, *explained]
    return refused(path, explained, code="config-invalid")
