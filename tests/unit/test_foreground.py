# SPDX-License-Identifier: Apache-2.0
"""host.foreground: signals as a descriptor of a process of their own."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from support.runtime import REPO

PREPARE = "from pyruntime.host.foreground import Signals; import ctypes, os; s = Signals(); "
FAULTS = {
    signal.SIGSEGV: "ctypes.string_at(0)",
    # The page of a file that has become shorter.
    signal.SIGBUS: "import mmap; f = os.memfd_create('f'); os.truncate(f, 4096); "
    "m = mmap.mmap(f, 4096); os.truncate(f, 0); m[0]",
}


def ended(code: str) -> int:
    """The status of an interpreter that runs this, without a core file."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); "
    command = [sys.executable, "-c", limit + PREPARE + code]
    return subprocess.run(command, cwd=REPO, timeout=20, check=False).returncode


@pytest.mark.parametrize("number", FAULTS)
def test_a_fault_of_its_own_ends_it(number: signal.Signals) -> None:
    """Also while one that somebody sent waits to be read."""
    assert ended(f"os.kill(os.getpid(), {number}); {FAULTS[number]}") == -number


def test_those_of_others_are_read() -> None:
    send = "sent = (1, 11, 7, 64); [os.kill(os.getpid(), n) for n in sent]; "
    assert ended(f"{send} os._exit(sorted(s.take()) != sorted(sent) or s.take() != b'')") == 0


def test_children_can_be_waited_for_though_the_caller_ignores_them() -> None:
    ignored = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); Signals(); "
    assert (
        ended(f"{ignored} pid = os.fork() or os._exit(3); os._exit(os.waitpid(pid, 0)[1] >> 8)")
        == 3
    )
