# SPDX-License-Identifier: Apache-2.0
"""What the runtime has to say, passed on to a logger of the standard library."""

from __future__ import annotations

import logging

from pyruntime.log import Log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyruntime.errors import Error, Fact

LOGGER = "pyruntime"


class Relay(Log):
    """Records have the attribute `pyruntime`: what is known besides the message, as in the
    JSON log (docs/errors.md). Errors are raised, and not logged as well.
    """

    __slots__ = ("_logger",)

    def __init__(self, logger: logging.Logger | None) -> None:
        self.path = ""
        self.tracer = None
        self._logger = logger or logging.getLogger(LOGGER)

    @property
    def to_file(self) -> bool:
        return False

    @property
    def debugging(self) -> bool:
        return self._logger.isEnabledFor(logging.DEBUG)

    def debug(self, message: str) -> None:
        self._logger.debug("%s", message)

    def warn(self, message: str, extra: Mapping[str, Fact] | None = None) -> None:
        self._logger.warning("%s", message, extra={"pyruntime": dict(extra or {})})

    def error(self, err: Error) -> None:
        self._logger.error("%s", err.message, extra={"pyruntime": err.details()})
