# SPDX-License-Identifier: Apache-2.0
"""Print the Python packages that the project needs, one requirement a line.

    python3 tools/requirements.py build run test

build: what pyproject.toml names for the build. run: install_requires of setup.cfg.
Any other word: that extra of setup.cfg. It installs nothing.
"""

from __future__ import annotations

import configparser
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def requirements(kind: str) -> list[str]:
    """Raises KeyError when setup.cfg has no such extra."""
    if kind == "build":
        with (ROOT / "pyproject.toml").open("rb") as file:
            needed: list[str] = tomllib.load(file)["build-system"]["requires"]
        return needed
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    if kind == "run":
        listed = config["options"]["install_requires"]
    else:
        listed = config["options.extras_require"][kind]
    return [line.strip() for line in listed.splitlines() if line.strip()]


if __name__ == "__main__":
    for word in sys.argv[1:]:
        print("\n".join(requirements(word)))
