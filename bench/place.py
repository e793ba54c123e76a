# SPDX-License-Identifier: Apache-2.0
"""Where a benchmark takes place: its runtimes, its bundles, its rounds, and what it found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from measure import Runtime, reap
from workload import make_bundle, make_rootfs

WARM_UP = 2


class Row:
    """One line of a table: what was measured, and the samples by the runtime's name.

    unit: "ms", samples are seconds; "KiB", samples are bytes. A runtime without samples can't do
    it.
    """

    __slots__ = ("samples", "unit", "what")

    def __init__(self, what: str, unit: str, samples: dict[str, list[float]]) -> None:
        self.what = what
        self.unit = unit
        self.samples = samples


class Sizes:
    """How much is measured. others: how many other containers are alive while one is made, in
    rising order; listed: how many `list` lists; at_once: how many are made together."""

    __slots__ = ("at_once", "listed", "others", "rounds")

    def __init__(self, rounds: int, others: Sequence[int], listed: int, at_once: int) -> None:
        self.rounds = rounds
        self.others = others
        self.listed = listed
        self.at_once = at_once


class Bench:
    """work: an empty directory, where all files go. runtimes: name -> path."""

    def __init__(self, work: Path, runtimes: Mapping[str, str], sizes: Sizes, busybox: str) -> None:
        self.work = work
        self.sizes = sizes
        self.rootfs = work / "rootfs"
        make_rootfs(self.rootfs, busybox)
        self.runtimes = [
            Runtime(name, path, work / f"r{number}")
            for number, (name, path) in enumerate(runtimes.items())
        ]
        self.all = list(self.runtimes)

    def bundle(self, name: str, args: Sequence[str], **how: object) -> Path:
        """A bundle of busybox; how: see workload.make_bundle."""
        return make_bundle(self.work / name, self.rootfs, list(args), **how)  # type: ignore[arg-type]

    def short(self) -> Path:
        """A bundle that ends at once."""
        return self.bundle("short", ["/bin/true"])

    def long(self) -> Path:
        """A bundle that does not end by itself."""
        return self.bundle("long", ["/bin/sleep", "100000"])

    def with_options(self, name: str, *options: str) -> list[Runtime]:
        """The same runtimes with options before every command, and other state directories."""
        made = [
            Runtime(each.name, each.path, each.work.with_name(f"{each.work.name}.{name}"), options)
            for each in self.runtimes
        ]
        self.all += made
        return made

    def in_turns(
        self,
        once: Callable[[Runtime], Mapping[str, float]],
        *,
        runtimes: Sequence[Runtime] = (),
        rounds: int | None = None,
        warm_up: int = WARM_UP,
        unit: str = "ms",
    ) -> list[Row]:
        """Rounds in which each runtime has its turn, each time another one first.

        once measures one round of a runtime; it gives samples by what was measured.
        """
        runtimes = runtimes or self.runtimes
        rows: dict[str, Row] = {}
        for number in range(-warm_up, self.sizes.rounds if rounds is None else rounds):
            turn = number % len(runtimes)
            for runtime in [*runtimes[turn:], *runtimes[:turn]]:
                for what, sample in once(runtime).items():
                    empty: dict[str, list[float]] = {each.name: [] for each in runtimes}
                    row = rows.setdefault(what, Row(what, unit, empty))
                    if number >= 0:
                        row.samples[runtime.name].append(sample)
        return list(rows.values())

    def clear(self) -> None:
        """Delete every container that is left, whoever has left it; say what stays."""
        for runtime in self.all:
            left = runtime.left()
            if len(left) > 20:
                print(f"bench: deleting {len(left)} containers of {runtime.name}", file=sys.stderr)
            runtime.remove(*left)
            if stays := runtime.left():
                names = " ".join(stays)
                print(f"bench: {runtime.name} did not delete {names}", file=sys.stderr)
        reap()
