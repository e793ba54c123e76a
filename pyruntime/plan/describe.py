# SPDX-License-Identifier: Apache-2.0
"""A step in words, and what it means when it failed.

Imported only when something is to be shown.
"""

from __future__ import annotations

from errno import EACCES, ECHILD, ENOENT, ETIMEDOUT, errorcode
from os import strerror

from pyruntime.errors import StepError
from pyruntime.plan.capabilities import names
from pyruntime.plan.codes import code
from pyruntime.plan.hints import hint
from pyruntime.plan.sentences import SENTENCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.errors import Fact
    from pyruntime.plan.step import Step


def sentence(step: Step) -> str:
    """One line, lower case, no full stop: "mount proc on /proc (nosuid, noexec, nodev)"."""
    return SENTENCES[step.op](step.args)


def dotted(pointer: str) -> str:
    """A JSON pointer as people write the field: "mounts[3]", "process.user.uid",
    'linux.sysctl["net.core.somaxconn"]'."""
    out = ""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if name.isdigit():
            out += f"[{name}]"
        elif name.replace("_", "").isalnum():
            out += f".{name}" if out else name
        else:
            out += f'["{name}"]'
    return out


def step_error(step: Step, errno: int, what: str, path: str, text: str) -> StepError:
    """The error of a step that failed.

    errno is positive; what: the system call or check; path: what it was about; text: words of
    the kernel or of a program.
    """
    message = _message(step, errno, what, path, text)
    if step.op == "hook" and errno == ECHILD:
        errno = 0  # the kernel was not asked: the program itself failed
    return StepError(
        message,
        pointer=step.pointer,
        op=what,
        errno=errno,
        path=path,
        hint=hint(step, errno, what),
        code=code(step.op, errno, what),
        facts=_hook_facts(step, errno, what, text) if step.op == "hook" else None,
    )


def _message(step: Step, errno: int, what: str, path: str, text: str) -> str:
    if step.op == "exec_lookup":
        return _lookup(errno, what, path or str(step.args["file"]))
    if step.op == "execve" and what == "execve":
        return f"exec {path}: {_cause(errno).lower()}"
    if step.op == "hook":
        return _hook(step, errno, what, path, text)
    where = dotted(step.pointer) or sentence(step)
    if step.op.startswith("caps_"):
        path = _capability_names(path)
    target = str(step.args["target"]) if step.op.startswith("mount_") else path
    if target:
        where += f" ({target})"
    if step.op == "mount_fs" and what == "fsopen":
        what = f"fsopen {step.args['fstype']!s}"
    elif path and path != target:
        what += f" {path}"
    parts = [where, what, _cause(errno) if errno else "", text]
    return ": ".join(part for part in parts if part)


def _capability_names(mask: str) -> str:
    """The init reports capabilities as a mask, "0x1000000"."""
    try:
        return ", ".join(names(int(mask, 16))) or mask
    except ValueError:
        return mask


def _cause(errno: int) -> str:
    return strerror(errno) if errno in errorcode else f"error {errno}"


def _lookup(errno: int, what: str, file: str) -> str:
    """Words that engines look for: they choose the exit code 126 or 127 by them."""
    if what == "lookup" and errno == ENOENT:
        return f'exec: "{file}": executable file not found in $PATH'
    if what == "access" or errno == EACCES:
        return f'exec: "{file}": {_cause(errno).lower()}'
    return f'exec: "{file}": {what} {file}: {_cause(errno).lower()}'


def _hook(step: Step, errno: int, what: str, path: str, text: str) -> str:
    """As for the hooks that the runtime runs. text: how it ended, the milliseconds that it took,
    the end of its output; a line each."""
    _, _, kind, index = step.pointer.split("/")
    ended, _, output = _hook_parts(text)
    if ended == "timed out":
        ended = f"still running after {int(str(step.args['timeout_ms'])) // 1000} s, killed"
    if what != "hook":
        ended = f"{what}: {_cause(errno)}"
    said = f", output: {output.strip()}" if output.strip() else ""
    return f"{kind} hook #{index} ({path or step.args['path']}): {ended}{said}"


def _hook_parts(text: str) -> tuple[str, str, str]:
    ended, _, rest = text.partition("\n")
    milliseconds, _, output = rest.partition("\n")
    return ended, milliseconds, output


def _hook_facts(step: Step, errno: int, what: str, text: str) -> dict[str, Fact]:
    """The same keys as those of host.hooks."""
    _, _, kind, index = step.pointer.split("/")
    facts: dict[str, Fact] = {"hook": kind, "index": int(index)}
    if what != "hook":
        return facts
    ended, milliseconds, output = _hook_parts(text)
    for start, key in (("exit status ", "status"), ("signal ", "signal")):
        if ended.startswith(start) and errno != ETIMEDOUT:
            facts[key] = int(ended.removeprefix(start))
    if milliseconds.isdigit():
        facts["seconds"] = int(milliseconds) / 1000
    if output.strip():
        facts["output"] = output.strip()
    return facts
