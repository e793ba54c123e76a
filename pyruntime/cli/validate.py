# SPDX-License-Identifier: Apache-2.0
"""pyruntime validate [BUNDLE]: everything that is wrong with its config.json, at once.

Exit status 1 when there is an error, 0 when there are warnings only. It runs nothing, and
asks something of the host only with --host.
"""

from __future__ import annotations

import os

from pyruntime.log import print_out
from pyruntime.spec import explain, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.errors import Problem
    from pyruntime.log import Log


def main(invocation: Invocation, _log: Log) -> int:
    """Raises ConfigError if the file can't be read; what is wrong in it is the output."""
    options = invocation.options
    bundle = invocation.args[0] if invocation.args else options.text("bundle") or "."
    path = load.config_path(bundle)
    raw = load.read(path)
    problems = explain.problems(raw, path, "config")
    if options.flag("host"):
        problems += _of_host(raw, path, bundle, problems)
    if options.text("format") == "json":
        from pyruntime import jsontext

        print_out(jsontext.dumps([as_data(problem) for problem in problems], indent=2) + "\n")
    else:
        print_out("".join(as_text(problem, path) for problem in problems) or f"{path}: valid\n")
    return int(any(problem.severity == "error" for problem in problems))


def _of_host(raw: bytes, path: str, bundle: str, problems: list[Problem]) -> list[Problem]:
    """What the host adds, in the order of the text; nothing for what is not valid."""
    from pyruntime.host.check import problems as host_problems  # cold, and only with --host
    from pyruntime.host.survey import survey

    if any(problem.severity == "error" for problem in problems):
        return []
    config = load.parse(raw, path)
    said = {problem.pointer for problem in problems}  # of unknown capabilities both warn
    found = [
        problem
        for problem in host_problems(config, os.path.abspath(bundle), survey())
        if problem.severity == "error" or problem.pointer not in said
    ]
    return explain.placed(found, raw)


def as_text(problem: Problem, path: str) -> str:
    """One line as compilers write it, so that editors find the place; a hint below."""
    place = f"{path}:{problem.line}:{problem.column}" if problem.line else path
    where = f" {problem.pointer}:" if problem.pointer else ""
    hint = f"    hint: {problem.hint}\n" if problem.hint else ""
    return f"{place}: {problem.severity}:{where} {problem.message}\n{hint}"


def as_data(problem: Problem) -> dict[str, str | int]:
    """Every key is always there."""
    return {
        "severity": problem.severity,
        "pointer": problem.pointer,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    }
