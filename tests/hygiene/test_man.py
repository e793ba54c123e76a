# SPDX-License-Identifier: Apache-2.0
"""Every command has a man page; the page shows its options and is sound roff.

That the parts made from the option table are fresh is test_generated's business.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.runtime import REPO

from pyruntime.cli.options import GLOBAL_OPTIONS, VERBS, Option

PAGES = REPO / "docs/man"
WANTED: dict[str, tuple[Option, ...]] = {"pyruntime": GLOBAL_OPTIONS}
WANTED |= {f"pyruntime-{verb.name}": verb.options for verb in VERBS}


def mandoc(*args: str | Path) -> str:
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    done = subprocess.run(["mandoc", *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return re.sub(r".\x08", "", done.stdout)


def test_a_page_for_every_command_and_no_other() -> None:
    assert {path.stem for path in PAGES.iterdir()} == set(WANTED)


@pytest.mark.parametrize("name", sorted(WANTED))
def test_page_is_sound(name: str) -> None:
    mandoc("-T", "lint", "-W", "warning", PAGES / f"{name}.8")


@pytest.mark.parametrize("name", sorted(WANTED))
def test_page_has_its_own_title_and_parts(name: str) -> None:
    text = (PAGES / f"{name}.8").read_text()
    assert f"\n.Dt {name.upper()} 8\n" in text
    order = re.findall(r"^\.Sh (.+)$", text, re.M)
    wanted = ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO")
    assert [part for part in order if part in wanted] == list(wanted)


@pytest.mark.parametrize("name", sorted(WANTED))
def test_page_shows_every_option(name: str) -> None:
    shown = mandoc("-T", "ascii", PAGES / f"{name}.8")
    for option in WANTED[name]:
        assert (f"--{option.name}" in shown) is not option.hidden


@pytest.mark.parametrize("name", sorted(WANTED))
def test_references_lead_somewhere(name: str) -> None:
    text = (PAGES / f"{name}.8").read_text()
    missing = {
        page
        for page in re.findall(r"^\.(?:It )?Xr (pyruntime\S*) 8", text, re.M)
        if page not in WANTED
    }
    assert not missing
