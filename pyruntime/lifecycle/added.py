# SPDX-License-Identifier: Apache-2.0
"""The process that exec adds when no file describes it: the container's own with changes."""

from __future__ import annotations

from pyruntime.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyruntime.lifecycle.exec import ExecRequest

ID_LIMIT = 4294967294  # (uid_t) -1 means "no change" to the kernel
DIGITS_LIMIT = 20  # int() refuses thousands of digits by an error of its own


def process_of(request: ExecRequest, base: dict[str, Any]) -> dict[str, Any]:
    """The container's process with what the request changes. Pure. Raises UsageError."""
    if not request.args:
        raise UsageError(
            "exec args cannot be empty",
            hint="name a command, or use --process",
            code="argument-count",
        )
    process = dict(base)
    process["args"] = request.args
    process["terminal"] = request.tty
    process["env"] = [*(base.get("env") or ()), *map(_variable, request.env)]
    process.setdefault("cwd", "/")
    if request.cwd:
        if not request.cwd.startswith("/"):
            raise UsageError("Cwd must be an absolute path", path=request.cwd, code="bad-value")
        process["cwd"] = request.cwd
    if request.no_new_privs is not None:
        process["noNewPrivileges"] = request.no_new_privs
    if request.apparmor:
        process["apparmorProfile"] = request.apparmor
    if request.process_label:
        process["selinuxLabel"] = request.process_label
    process["user"] = _user(request, dict(base.get("user") or {"uid": 0, "gid": 0}))
    if request.caps:
        process["capabilities"] = _capabilities(request.caps, base.get("capabilities") or {})
    return process


def _variable(text: str) -> str:
    """A value may be a secret: no message shows it."""
    if text.find("=") < 1:
        lacks = "a name before the =" if "=" in text else "NAME=VALUE"
        hint = "an empty value is NAME="
        raise UsageError(f"option --env: must have {lacks}", hint=hint, code="bad-value")
    return text


def _user(request: ExecRequest, user: dict[str, Any]) -> dict[str, Any]:
    if request.user is not None:
        uid, colon, gid = request.user.partition(":")
        user["uid"] = _number(uid, "--user", request.user)
        if colon:
            user["gid"] = _number(gid, "--user", request.user)
    if request.additional_gids:
        more = [_number(gid, "--additional-gids", gid) for gid in request.additional_gids]
        user["additionalGids"] = [*(user.get("additionalGids") or ()), *more]
    return user


def _number(text: str, option: str, given: str) -> int:
    """An id in decimal and nothing else: a lax parser once gave root instead."""
    plain = text.isascii() and text.isdigit() and len(text) <= DIGITS_LIMIT
    if not plain or int(text) > ID_LIMIT:
        raise UsageError(
            f"option {option}: {given!r} is not a numeric id",
            hint="UID or UID:GID, as decimal numbers; names are not looked up",
            code="bad-value",
        )
    return int(text)


def _capabilities(added: Sequence[str], base: dict[str, Any]) -> dict[str, Any]:
    """Added to bounding, effective and permitted; ambient only beside inheritable ones:
    a file with inheritable capabilities must not gain from `exec --cap`.
    """
    sets = {kind: list(names or ()) for kind, names in base.items()}
    kinds = ["bounding", "effective", "permitted"]
    if sets.get("inheritable"):
        kinds.append("ambient")
    for kind in kinds:
        sets[kind] = [*sets.get(kind, ()), *added]
    return sets
