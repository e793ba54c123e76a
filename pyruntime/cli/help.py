# SPDX-License-Identifier: Apache-2.0
"""--help, from the option table."""

from __future__ import annotations

from pyruntime.cli.options import GLOBAL_OPTIONS, HELP, VERBS
from pyruntime.log import print_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyruntime.cli.options import Option, Verb

WIDTH = 32


def print_help(verb: Verb | None) -> int:
    print_out(verb_help(verb) if verb else general_help())
    return 0


def general_help() -> str:
    lines = [
        "usage: pyruntime [OPTION...] COMMAND [ARGUMENT...]",
        "",
        "Runs containers from OCI bundles, as runc does, and says why when it can't.",
        "",
        "commands:",
        *(f"  {verb.name:<12}{verb.summary}" for verb in VERBS),
        "",
        "options:",
        *_options(GLOBAL_OPTIONS),
        "",
        "`pyruntime COMMAND --help` shows a command's options.",
        "",
    ]
    return "\n".join(lines)


def verb_help(verb: Verb) -> str:
    usage = f"usage: pyruntime {verb.name} [OPTION...] {verb.arguments}".rstrip()
    lines = [usage, "", _sentence(verb.summary)]
    if verb.text:
        lines += [verb.text]
    lines += ["", "options:", *_options((*verb.options, HELP)), ""]
    return "\n".join(lines)


def _options(options: Iterable[Option]) -> list[str]:
    lines = []
    for option in options:
        if option.hidden:
            continue
        left = f"-{option.short}, " if option.short else "    "
        left += f"--{option.name}" + (f" {option.metavar}" if option.metavar else "")
        right = option.help
        if option.choices:
            right += f": {', '.join(option.choices)}"
        if option.default and option.default != "0":
            right += f" (default: {option.default})"
        if len(left) + 2 >= WIDTH:
            lines += [f"  {left}", f"  {'':<{WIDTH}}{right}"]
        else:
            lines.append(f"  {left:<{WIDTH}}{right}")
    return lines


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
