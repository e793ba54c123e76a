# SPDX-License-Identifier: Apache-2.0
"""Measure container runtimes side by side and print a Markdown report.

The runtimes take turns in every round, so that what the machine does meanwhile meets all
of them alike. Needs root, and a static busybox for the container's root filesystem. Told to
stop (Ctrl-C), it deletes what it has made and prints what it has got.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from figures import medians_table, sizes_table, times_table
from hugetlb import hugetlb_on_v1
from measure import Failed, adopt_orphans
from place import Bench, Row, Sizes
from registry import MEASURES, chosen
from stopping import STOP, Stopped

KNOWN = ("pyruntime", "runc", "crun")
TABLES = {"ms": times_table, "KiB": sizes_table}


def find_runtimes(given: Sequence[str]) -> dict[str, str]:
    """Name -> path of the runtimes: those given as NAME=PATH, or those that are installed."""
    if given:
        pairs = [item.partition("=") for item in given]
        return {name: os.path.abspath(path) if path else found(name) for name, _, path in pairs}
    return {name: path for name in KNOWN if (path := found(name))}


def found(name: str) -> str:
    """The path of a program on the PATH, or beside this interpreter; "" when there is none."""
    beside = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{Path(sys.executable).parent}"
    return shutil.which(name, path=beside) or ""


def measure(bench: Bench, names: Sequence[str], rows: dict[str, list[Row]]) -> None:
    """Fill rows, measure by measure. Raises Failed, Stopped."""
    for name in names:
        print(f"bench: {name}", file=sys.stderr)
        try:
            rows[name] = MEASURES[name](bench)
        except Failed:
            raise
        except Exception as err:  # a library under measurement has errors of its own
            raise Failed(f"{name}: {err}") from err


def report(rows: dict[str, list[Row]], names: Sequence[str], *, medians: bool) -> None:
    tables = TABLES | ({"ms": medians_table} if medians else {})
    for unit, table in tables.items():
        got = {row.what: row.samples for each in rows.values() for row in each if row.unit == unit}
        if got:
            print(table(got, names), end="\n\n", flush=True)


def data(rows: dict[str, list[Row]], head: dict[str, object]) -> dict[str, object]:
    """Everything for --json: samples in seconds or bytes."""
    units = {"ms": "s", "KiB": "B"}
    found = [
        {"measure": name, "what": row.what, "unit": units[row.unit], "samples": row.samples}
        for name, each in rows.items()
        for row in each
    ]
    return {**head, "rows": found}


def machine() -> dict[str, object]:
    """What the numbers depend on."""
    return {
        "kernel": platform.release(),
        "processor": platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
    }


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--runtime", action="append", default=[], metavar="NAME[=PATH]")
    parser.add_argument("--rounds", type=int, default=50, help="rounds of each timing")
    parser.add_argument(
        "--only", action="append", choices=MEASURES, help="only this measure; may be repeated"
    )
    parser.add_argument(
        "--others",
        type=lambda text: sorted(map(int, text.split(","))),
        default=[0, 100, 1000],
        metavar="N,N...",
        help="how many other containers of each runtime are alive (0,100,1000)",
    )
    parser.add_argument("--listed", type=int, default=100, help="how many containers list lists")
    parser.add_argument("--at-once", type=int, default=64, help="how many are made together")
    parser.add_argument(
        "--medians", action="store_true", help="the table of times as README.md has it"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there, too")
    parser.add_argument("--busybox", default="/bin/busybox", help="a static busybox")
    parser.add_argument(
        "--crun-hugetlb",
        action="store_true",
        help="move the hugetlb controller to cgroup v1 meanwhile, as crun needs on a hybrid host",
    )
    return parser.parse_args(argv)


@contextlib.contextmanager
def place(options: argparse.Namespace, runtimes: dict[str, str]) -> Iterator[Bench]:
    """A directory for everything, gone at the end with all containers. Raises Failed, OSError."""
    with contextlib.ExitStack() as stack:
        # /run is where a state directory usually is: a tmpfs.
        folder = tempfile.TemporaryDirectory(prefix=f"pyruntime-bench{os.getpid()}-", dir="/run")
        work = Path(stack.enter_context(folder))
        if options.crun_hugetlb and any(Path(path).name == "crun" for path in runtimes.values()):
            try:
                stack.enter_context(hugetlb_on_v1())
            except OSError as err:
                why = f"move hugetlb to cgroup v1, as crun needs it: {err.strerror}"
                raise Failed(f"{why}; without crun: --runtime pyruntime --runtime runc") from err
        sizes = Sizes(options.rounds, options.others, options.listed, options.at_once)
        bench = Bench(work, runtimes, sizes, options.busybox)
        stack.callback(bench.clear)
        yield bench


def main(argv: Sequence[str]) -> int:
    options = arguments(argv)
    if options.json:
        try:
            options.json.touch()  # better now than after ten minutes
        except OSError as err:
            print(f"bench: {err}", file=sys.stderr)
            return 1
    runtimes = find_runtimes(options.runtime)
    if not runtimes or not all(runtimes.values()):
        missing = [name for name, path in runtimes.items() if not path]
        print(f"bench: no runtime found: {', '.join(missing or KNOWN)}", file=sys.stderr)
        return 1
    head = {**machine(), "rounds": options.rounds}
    print(", ".join(f"{name} {value}" for name, value in head.items()), end="\n\n", flush=True)
    STOP.listen()
    adopt_orphans()
    rows: dict[str, list[Row]] = {}
    status = 0
    try:
        with place(options, runtimes) as bench:
            measure(bench, chosen(options.only), rows)
    except (Failed, OSError) as failure:
        print(f"bench: {failure}", file=sys.stderr)
        status = 1
    except Stopped as stopped:
        status = 128 + stopped.number
    report(rows, list(runtimes), medians=options.medians)
    if options.json:
        options.json.write_text(json.dumps(data(rows, head), indent=1) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
