# SPDX-License-Identifier: Apache-2.0
"""A directory with a root file system, and a configuration that need not be a file."""

from __future__ import annotations

import os
from typing import Any

from pyruntime import jsontext
from pyruntime.errors import ConfigError
from pyruntime.spec import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.errors import Problem
    from pyruntime.spec.load import Loaded


class Bundle:
    """config is an ordinary dictionary in the form of config.json: change it as you like. It is
    checked when a container is made of it. path: of the directory, where relative paths in the
    configuration begin.
    """

    __slots__ = ("config", "path", "warnings")

    def __init__(self, path: str | os.PathLike[str], config: dict[str, Any]) -> None:
        self.path = os.path.abspath(path)
        self.config = config
        self.warnings: tuple[Problem, ...] = ()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Bundle:
        """From its config.json, checked; warnings has what is legal, yet probably not meant.

        Raises ConfigError, whose `problems` are all that is wrong.
        """
        loaded = load.load_config(os.fspath(path))
        bundle = cls(path, loaded.config)
        bundle.warnings = tuple(loaded.warnings)
        return bundle

    def __repr__(self) -> str:
        return f"<Bundle {self.path}>"

    def save(self) -> None:
        """Write config.json, as it is. Raises OSError, ConfigError."""
        raw = self.raw(indent=2) + b"\n"
        with open(load.config_path(self.path), "wb") as file:
            file.write(raw)

    def raw(self, *, indent: int | None = None) -> bytes:
        """The configuration as JSON. Raises ConfigError for what is none."""
        return _json(self.config, self._name(), indent)

    def accepted(self, args: Sequence[str] | None = None) -> Loaded:
        """The configuration once checked; args: instead of its process's. Raises ConfigError."""
        config = self.config
        if args is not None:
            config = {**config, "process": {**(config.get("process") or {}), "args": list(args)}}
        return load.accept(_json(config, self._name(), None), self._name(), "config")

    def _name(self) -> str:
        return load.config_path(self.path)


AnyBundle = str | os.PathLike[str] | Bundle


def opened(bundle: AnyBundle) -> Bundle:
    """A path's bundle, read and checked. Raises ConfigError."""
    return bundle if isinstance(bundle, Bundle) else Bundle.load(bundle)


def accepted(bundle: AnyBundle, args: Sequence[str] | None) -> tuple[str, Loaded]:
    """The directory, absolute, and its checked configuration, as Bundle.accepted."""
    if isinstance(bundle, Bundle):
        return bundle.path, bundle.accepted(args)
    name = load.config_path(os.fspath(bundle))
    if args is not None:
        config = load.parse(load.read(name), name)
        if isinstance(config, dict) and isinstance(config.get("process"), dict):
            return os.path.abspath(bundle), Bundle(bundle, config).accepted(args)
    return os.path.abspath(bundle), load.load_document(name, "config")


def process_document(process: dict[str, Any]) -> dict[str, Any]:
    """A `process` of one's own, once checked. Raises ConfigError."""
    found: dict[str, Any] = load.accept(
        _json(process, "process", None), "process", "process"
    ).config
    return found


def _json(value: dict[str, Any], name: str, indent: int | None) -> bytes:
    try:
        return jsontext.dumps(value, indent=indent).encode()
    except (TypeError, ValueError) as err:
        raise ConfigError(f"{name}: {err}", path=name, code="config-json") from None
