# SPDX-License-Identifier: Apache-2.0
"""What the calls give: plain values, that do not change with the container."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, AnyStr, Generic

from pyruntime.api.talk import failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyruntime.errors import Problem
    from pyruntime.state import Record


class Status(StrEnum):
    """runtime.md, "State", and paused."""

    CREATING = "creating"
    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class State:
    """A container at one moment. pid: 0 when it has stopped. owner: the user who created it."""

    id: str
    status: Status
    pid: int
    bundle: str
    rootfs: str
    created: datetime
    owner: int
    annotations: Mapping[str, str]
    oci_version: str


def state_of(record: Record, status: str) -> State:
    return State(
        id=record.id,
        status=Status(status),
        pid=0 if status == Status.STOPPED else record.pid,
        bundle=record.bundle,
        rootfs=record.rootfs,
        created=datetime.fromisoformat(record.created),
        owner=record.owner,
        annotations=record.annotations,
        oci_version=record.oci_version,
    )


@dataclass(frozen=True, slots=True)
class Completed(Generic[AnyStr]):
    """A program that has ended. returncode: its exit status, or minus the signal that ended it.
    stdout, stderr: empty when they were not captured.
    """

    args: tuple[str, ...]
    returncode: int
    stdout: AnyStr
    stderr: AnyStr

    def check(self) -> None:
        """Raises CommandFailed unless it ended with 0."""
        if self.returncode:
            raise failed(self.args, self.returncode, self.stdout, self.stderr)


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """op: the operation. pointer: the field of config.json it comes from, "" for the whole.
    text: what it does, in words.
    """

    op: str
    pointer: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What create would do. text: all of it, as `pyruntime plan` prints it; data: the same for
    programs (its JSON).
    """

    steps: tuple[PlannedStep, ...]
    warnings: tuple[Problem, ...]
    text: str
    data: Mapping[str, Any]

    def __str__(self) -> str:
        return self.text
