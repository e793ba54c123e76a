# SPDX-License-Identifier: Apache-2.0
"""Write the parts of the man pages that the option table knows: NAME, SYNOPSIS, OPTIONS.

    python3 tools/gen_man.py           rewrite those parts in docs/man/*.8
    python3 tools/gen_man.py --check   exit 1 when a page is missing or stale

The rest of a page is written by hand and left as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pyruntime.cli.options import GLOBAL_OPTIONS, HELP, VERBS, Option, Verb  # noqa: E402

PAGES = ROOT / "docs/man"
BEGIN = '.\\" BEGIN {} (written by tools/gen_man.py)'
END = '.\\" END {}'


def escape(text: str) -> str:
    """Text as it stands in a line of roff that no macro begins."""
    text = text.replace("\\", "\\e")
    return f"\\&{text}" if text[:1] in {".", "'"} else text


def option_lines(options: tuple[Option, ...]) -> list[str]:
    lines = [".Sh OPTIONS", ".Bl -tag -width Ds"]
    for option in options:
        if option.hidden:
            continue
        short = f"Fl {option.short} , " if option.short else ""
        value = f" Ar {option.metavar}" if option.metavar else ""
        lines.append(f".It {short}Fl -{option.name}{value}")
        text = option.help[0].upper() + option.help[1:]
        if option.choices:
            text += f": {', '.join(option.choices)}"
        if option.default and option.default != "0":
            text += f" (default: {option.default})"
        if option.kind == "list":
            text += "; may be given more than once"
        lines.append(escape(f"{text}."))
    return [*lines, ".El"]


def name_lines(name: str, summary: str) -> list[str]:
    return [".Sh NAME", f".Nm {name}", f".Nd {summary}"]


def verb_parts(verb: Verb) -> dict[str, list[str]]:
    synopsis = [".Sh SYNOPSIS", f".Nm pyruntime {verb.name}", ".Op Ar OPTION ..."]
    if verb.arguments:
        synopsis += [f".Li {verb.arguments}"]
    return {
        "NAME": name_lines(f"pyruntime-{verb.name}", verb.summary),
        "SYNOPSIS": synopsis,
        "OPTIONS": option_lines((*verb.options, HELP)),
    }


def main_parts() -> dict[str, list[str]]:
    commands = [".Sh COMMANDS", ".Bl -tag -width features"]
    for verb in VERBS:
        commands += [f".It Xr pyruntime-{verb.name} 8", f"{escape(verb.summary)}"]
    return {
        "NAME": name_lines("pyruntime", "run containers from OCI bundles"),
        "SYNOPSIS": [
            ".Sh SYNOPSIS",
            ".Nm",
            ".Op Ar OPTION ...",
            ".Ar COMMAND",
            ".Op Ar ARGUMENT ...",
        ],
        "COMMANDS": [*commands, ".El"],
        "OPTIONS": option_lines(GLOBAL_OPTIONS),
    }


def rewrite(text: str, parts: dict[str, list[str]]) -> str:
    """The page with its marked parts replaced. Raises ValueError when a mark is missing."""
    for part, lines in parts.items():
        begin, end = BEGIN.format(part), END.format(part)
        head, mark, rest = text.partition(f"{begin}\n")
        _, found, tail = rest.partition(f"{end}\n")
        if not mark or not found:
            raise ValueError(f"no marks for {part}")
        text = "".join([head, f"{begin}\n", *(f"{line}\n" for line in lines), f"{end}\n", tail])
    return text


def main() -> int:
    wanted = {"pyruntime.8": main_parts()}
    wanted |= {f"pyruntime-{verb.name}.8": verb_parts(verb) for verb in VERBS}
    status = 0
    for name, parts in wanted.items():
        path = PAGES / name
        try:
            old = path.read_text()
            new = rewrite(old, parts)
        except (FileNotFoundError, ValueError) as err:
            print(f"docs/man/{name}: {err}")
            status = 1
            continue
        if "--check" not in sys.argv:
            path.write_text(new)
        elif new != old:
            print(f"docs/man/{name}: stale; run python3 tools/gen_man.py")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
