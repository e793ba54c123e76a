# SPDX-License-Identifier: Apache-2.0
"""pyruntime update [OPTION...] ID: options, or a JSON object, to linux.resources."""

from __future__ import annotations

import os

from pyruntime import jsontext
from pyruntime.cli.main import state_root
from pyruntime.cli.sizes import bytes_of
from pyruntime.errors import ConfigError, UsageError, host_error
from pyruntime.lifecycle.update import update
from pyruntime.spec import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.cli.parse import Invocation, Values
    from pyruntime.log import Log

# option -> where its value goes, and how it is read
FIELDS = {
    "blkio-weight": ("blockIO", "weight", "number"),
    "cpu-period": ("cpu", "period", "number"),
    "cpu-quota": ("cpu", "quota", "number"),
    "cpu-burst": ("cpu", "burst", "number"),
    "cpu-share": ("cpu", "shares", "number"),
    "cpu-idle": ("cpu", "idle", "number"),
    "cpu-rt-period": ("cpu", "realtimePeriod", "number"),
    "cpu-rt-runtime": ("cpu", "realtimeRuntime", "number"),
    "cpuset-cpus": ("cpu", "cpus", "text"),
    "cpuset-mems": ("cpu", "mems", "text"),
    "memory": ("memory", "limit", "bytes"),
    "memory-reservation": ("memory", "reservation", "bytes"),
    "memory-swap": ("memory", "swap", "bytes"),
    "kernel-memory": ("memory", "kernel", "bytes"),
    "kernel-memory-tcp": ("memory", "kernelTCP", "bytes"),
    "pids-limit": ("pids", "limit", "number"),
}
RESCTRL = ("l3-cache-schema", "mem-bw-schema")


def main(invocation: Invocation, log: Log) -> int:
    options = invocation.options
    schemata = [options.text(name.replace("-", "_")) for name in RESCTRL]
    given = [name for name in FIELDS if options.text(name.replace("-", "_"))]
    if source := options.text("resources"):
        if given:
            log.warn(f"options besides --resources are ignored: --{', --'.join(given)}")
        resources = read_resources(source)
    else:
        resources = from_options(options, given)
    update(
        state_root(invocation.common),
        invocation.args[0],
        resources,
        log,
        schemata=[line for line in schemata if line],
    )
    return 0


def from_options(options: Values, given: list[str]) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for name in given:
        section, field, kind = FIELDS[name]
        text = options.text(name.replace("-", "_"))
        value: int | str = text
        if kind == "bytes":
            value = bytes_of(text, name)
        elif kind == "number":
            value = _number(text, name)
        resources.setdefault(section, {})[field] = value
    return resources


def read_resources(source: str) -> dict[str, Any]:
    """The object in a file, or on standard input for "-". Raises ConfigError."""
    path = "standard input" if source == "-" else source
    value = load.parse(_standard_input() if source == "-" else load.read(source), path)
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: not an object", path=path, code="config-invalid")
    return value


def _standard_input() -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        while part := os.read(0, 1 << 20):
            parts.append(part)
            size += len(part)
            if size > jsontext.MAX_SIZE:
                raise ConfigError("read standard input: too large", code="config-unreadable")
    except OSError as err:
        raise host_error(err, "read", "standard input") from None
    return b"".join(parts)


def _number(text: str, option: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 20:
        raise UsageError(f'option --{option}: "{text}" is not a number', code="bad-value")
    return int(text)
