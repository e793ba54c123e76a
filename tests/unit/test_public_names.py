# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from pathlib import Path

import pytest

import pyruntime


def test_every_public_name_is_there_and_typed() -> None:
    stub = Path(pyruntime.__file__).with_suffix(".pyi").read_text()
    typed = re.findall(r"^from (\S+) import (\w+) as (\w+)$", stub, re.M)
    homes = {name: (module, attribute) for module, attribute, name in typed}
    assert homes == pyruntime._HOMES
    for name in pyruntime.__all__:
        assert getattr(pyruntime, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        pyruntime.nonsense  # noqa: B018
