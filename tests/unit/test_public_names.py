# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pyruntime


def test_every_public_name_is_there_and_typed() -> None:
    stub = Path(pyruntime.__file__).with_suffix(".pyi").read_text()
    homes = {
        alias.asname: (node.module, alias.name)
        for node in ast.parse(stub).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert homes == pyruntime._HOMES
    for name in pyruntime.__all__:
        assert getattr(pyruntime, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        pyruntime.nonsense  # noqa: B018
