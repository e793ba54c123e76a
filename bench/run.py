# SPDX-License-Identifier: Apache-2.0
"""Measure container runtimes side by side and print a Markdown report.

The runtimes take turns in every round, so that what the machine does meanwhile meets all
of them alike. Needs root, and a static busybox for the container's root filesystem.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from figures import sizes_table, times_table
from hugetlb import hugetlb_on_v1
from lifetimes import exec_once, life_once, run_once
from measure import Failed, Runtime, adopt_orphans
from memory import least_limit, waiting_init
from workload import engine_profile, make_bundle, make_rootfs

KNOWN = ("pyruntime", "runc", "crun")
PARTS = ("run", "seccomp", "life", "exec", "memory", "limit")

Samples = dict[str, dict[str, list[float]]]


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


def rounds(
    runtimes: Sequence[Runtime], count: int, once: Callable[[Runtime, int], dict[str, float]]
) -> Samples:
    """`count` rounds in which each runtime has its turn, each time another one first."""
    samples: Samples = {}
    for number in range(-2, count):
        turn = number % len(runtimes)
        for runtime in [*runtimes[turn:], *runtimes[:turn]]:
            for what, took in once(runtime, number).items():
                by_runtime = samples.setdefault(what, {each.name: [] for each in runtimes})
                # Rounds below 0 warm caches up.
                if number >= 0:
                    by_runtime[runtime.name].append(took)
    return samples


def time_exec(runtimes: Sequence[Runtime], count: int, bundle: Path) -> Samples:
    """exec in containers that run, one of each runtime."""
    name = "bench-exec-{}".format
    try:
        for runtime in runtimes:
            runtime.timed("run", "--detach", "--bundle", str(bundle), name(runtime.name))
        return rounds(runtimes, count, lambda runtime, _: exec_once(runtime, name(runtime.name)))
    finally:
        for runtime in runtimes:
            runtime.remove(name(runtime.name))


def measure(runtimes: Sequence[Runtime], work: Path, parts: Sequence[str], count: int) -> None:
    """Measure the parts asked for and print their tables."""
    rootfs = work / "rootfs"
    short = make_bundle(work / "short", rootfs, ["/bin/true"])
    long = make_bundle(work / "long", rootfs, ["/bin/sleep", "100000"])
    samples: Samples = {}
    if "run" in parts:
        samples |= rounds(
            runtimes, count, lambda runtime, n: run_once(runtime, short, f"bench-run-{n + 2}")
        )
    filtered = engine_profile() if "seccomp" in parts else None
    if filtered:
        bundle = make_bundle(work / "filtered", rootfs, ["/bin/true"], seccomp=filtered)
        what = "run, filtered"  # by what the rounds before the first one have compiled and kept
        samples |= rounds(
            runtimes,
            count,
            lambda runtime, n: run_once(runtime, bundle, f"bench-sec-{n + 2}", what),
        )
    if "life" in parts:
        samples |= rounds(
            runtimes, count, lambda runtime, n: life_once(runtime, long, f"bench-life-{n + 2}")
        )
    if "exec" in parts:
        samples |= time_exec(runtimes, count, long)
    if samples:
        print(times_table(samples, runtimes[0].name), end="\n\n", flush=True)
    sizes: dict[str, dict[str, int]] = {}
    for runtime in runtimes:
        taken: dict[str, int] = {}
        if "memory" in parts:
            taken |= waiting_init(runtime, long, f"bench-memory-{runtime.name}")
        if "limit" in parts:
            taken |= least_limit(runtime, rootfs, work)
        for what, size in taken.items():
            sizes.setdefault(what, {each.name: -1 for each in runtimes})[runtime.name] = size
    if sizes:
        print(sizes_table(sizes))


def machine(rounds_wanted: int) -> str:
    """The machine in one line: what the numbers depend on."""
    cpus = len(os.sched_getaffinity(0))
    return (
        f"Linux {platform.release()}, {platform.machine()}, {cpus} CPUs, "
        f"load {os.getloadavg()[0]:.1f}, {rounds_wanted} rounds"
    )


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", action="append", default=[], metavar="NAME[=PATH]")
    parser.add_argument("--rounds", type=int, default=50, help="rounds of each timing")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part")
    parser.add_argument("--busybox", default="/bin/busybox", help="a static busybox")
    parser.add_argument(
        "--crun-hugetlb",
        action="store_true",
        help="move the hugetlb controller to cgroup v1 meanwhile, as crun needs on a hybrid host",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    options = arguments(argv)
    chosen = find_runtimes(options.runtime)
    if not chosen or not all(chosen.values()):
        missing = [name for name, path in chosen.items() if not path]
        print(f"bench: no runtime found: {', '.join(missing or KNOWN)}", file=sys.stderr)
        return 1
    adopt_orphans()
    with contextlib.ExitStack() as stack:
        # /run is where a state directory usually is: a tmpfs.
        work = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="pyruntime-bench-", dir="/run"))
        )
        if options.crun_hugetlb:
            try:
                stack.enter_context(hugetlb_on_v1())
            except OSError as err:
                print(f"bench: move hugetlb to cgroup v1: {err.strerror}", file=sys.stderr)
                return 1
        make_rootfs(work / "rootfs", options.busybox)
        runtimes = [Runtime(name, path, work) for name, path in chosen.items()]
        print(machine(options.rounds), end="\n\n", flush=True)
        try:
            measure(runtimes, work, options.part or PARTS, options.rounds)
        except Failed as failure:
            print(f"bench: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
