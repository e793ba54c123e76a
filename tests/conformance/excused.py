# SPDX-License-Identifier: Apache-2.0
"""Validation programs that may fail, each with the reason: a fault of the program itself.

A pass is a plus and stays a pass.
"""

from __future__ import annotations

EXCUSED: dict[str, str] = {}
