# SPDX-License-Identifier: Apache-2.0
"""Private builds, made once a session for all that take the same defence out."""

from __future__ import annotations

import pytest
from evil.private import Builder


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "racer: hundreds of rounds against another process")


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("private"))
