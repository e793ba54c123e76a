# SPDX-License-Identifier: Apache-2.0
"""The README's two commands on a machine that has nothing but git and a shell."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.debian import Debian
from support.runtime import REPO

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    if not shutil.which("debootstrap"):
        pytest.skip("debootstrap is not installed")
    path = tmp_path_factory.mktemp("fresh") / "debian"
    made = Debian(path)
    bare = path / "srv/pyruntime.git"
    subprocess.run(["git", "clone", "-q", "--bare", REPO, bare], check=True)
    script = """
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends git
    git config --global --add safe.directory '*'
    git clone -q /srv/pyruntime.git
    """
    done = made.run("sh", "-euc", script)
    assert done.returncode == 0, done.stdout + done.stderr
    yield made
    shutil.rmtree(path, ignore_errors=True)


def dev(debian: Debian, *words: str) -> tuple[str, str, float]:
    """Run ./dev in the clone; gives its standard output, standard error and seconds."""
    start = time.monotonic()
    done = debian.run("sh", "-euc", 'cd pyruntime; exec ./dev "$@"', "sh", *words)
    seconds = time.monotonic() - start
    print(f"./dev {' '.join(words)}: {seconds:.1f} s")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, done.stderr, seconds


def test_run_installs_builds_and_says_hello(debian: Debian) -> None:
    assert not (debian.path / "usr/bin/python3").exists()
    out, err, _ = dev(debian, "run")
    assert re.search(r"installing with apt-get: .*\bgcc\b", err)
    assert out.startswith("Hello from a container.\npid 1, ")
    out, err, seconds = dev(debian, "run")
    assert out.startswith("Hello from a container.\n")
    assert err == ""
    assert seconds < 3


def test_test_installs_what_it_needs(debian: Debian) -> None:
    words = ["tests/unit", "-k", "step or errors or json", "-q"]
    out, _, _ = dev(debian, "test", *words)
    assert re.search(r"^\d+ passed", out, re.M)
    out, _, seconds = dev(debian, "test", *words)
    assert re.search(r"^\d+ passed", out, re.M)
    assert seconds < 20


def test_an_ordinary_user_is_told(debian: Debian) -> None:
    nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups"
    done = debian.run("sh", "-euc", f"chmod 755 /root; cd pyruntime; exec {nobody} ./dev run")
    assert done.returncode == 1
    assert done.stderr == "dev: ./dev run needs root for now: run it as root, or with sudo set up\n"


def test_install(debian: Debian) -> None:
    dev(debian, "install", "--prefix", "/opt/runtime")
    program = "/opt/runtime/bin/pyruntime"
    done = debian.run(
        "sh", "-euc", f"{program} --version; {program} run -b pyruntime/bundles/hello x"
    )
    assert done.stdout.startswith("pyruntime version ")
    assert "\nHello from a container.\n" in done.stdout
    assert (debian.path / "opt/runtime/share/man/man8/pyruntime-run.8").exists()


def test_nothing_stays_mounted(debian: Debian) -> None:
    assert str(debian.path) not in Path("/proc/self/mountinfo").read_text()
