# SPDX-License-Identifier: Apache-2.0
"""What the cgroup drivers cost: the runtime's own, and systemd's, on a host that has both."""

from __future__ import annotations

from pathlib import Path

from measure import Runtime
from place import Bench, Row

# sd_booted(3)
BOOTED = Path("/run/systemd/system")


def drivers(bench: Bench) -> list[Row]:
    """run, create and delete with each driver, the drivers taking turns as the runtimes do."""
    short, long = bench.short(), bench.long()
    by_systemd = {each.name: each for each in bench.with_options("systemd", "--systemd-cgroup")}

    def once(plain: Runtime) -> dict[str, float]:
        took = {}
        for driver, runtime in (("cgroupfs", plain), ("systemd", by_systemd[plain.name])):
            run = runtime.timed("run", "--bundle", str(short), runtime.new_id("driver"))
            container = runtime.new_id("driver")
            create = runtime.timed(*runtime.making("create", long, container))
            runtime.end(container)
            delete = runtime.timed("delete", container)
            runtime.pid_file(container).unlink()
            for verb, seconds in (("run", run), ("create", create), ("delete", delete)):
                took[f"{verb}, {driver}"] = seconds
        return took

    return sorted(bench.in_turns(once), key=lambda row: row.what.split(", ")[1])
