# SPDX-License-Identifier: Apache-2.0
"""Run the benchmark in a guest of its own, with runc and crun of Debian: `./dev bench-vm`.

    python -m vm.bench [BENCHMARK ARGUMENT...]

What it measures is built and installed in such a guest (vm.installation). It is the cgroup drivers
unless arguments name something else, since the guest is where systemd is. The guest is emulated,
ten to thirty times slower than its host: ratios count there, times don't. Every sample is left in
.dev/vm/bench. Exit status: the benchmark's.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from support.runtime import REPO

from vm.image import ImageError, image
from vm.installation import KEPT, PREFIX, InstallationError, install
from vm.lane import REPORTS, pack
from vm.machine import Machine, MachineError

WHAT = ["--only=drivers", "--rounds=15"]
LIMIT = 1200.0


def script(words: list[str]) -> str:
    """The job: bash, run as root in the tree."""
    if not any(word.startswith("--only") for word in words):
        words = [*WHAT, *words]
    command = ["python3", "bench/run.py", "--json=/out/bench.json", *words]
    return f"""set -e
tar -xf {KEPT}
export PATH="$PWD/{PREFIX}/bin:$PATH"
exec {shlex.join(command)}
"""


def main(words: list[str]) -> int:
    work = Path(tempfile.mkdtemp(prefix="pyruntime-vm."))
    try:
        where = image("build")
        install(where, work / "build", lambda line: print(line, flush=True))
        pack(work / "source.tar", of_dev=("guest",))
        (work / "machine").mkdir()
        machine = Machine(where, work / "source.tar", REPO, work / "machine", "new", "")
        status = machine.run(script(words), LIMIT, lambda line: print(line, flush=True))
        shutil.rmtree(REPORTS / "bench", ignore_errors=True)
        shutil.copytree(machine.work / "out", REPORTS / "bench")
    except ImageError as err:
        print(f"vm: make the image: {err}", file=sys.stderr)
        return 1
    except (InstallationError, MachineError) as err:
        print(f"vm: {err}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
