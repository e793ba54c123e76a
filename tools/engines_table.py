# SPDX-License-Identifier: Apache-2.0
"""Try runtimes under the container engines, and write what came of it into docs/engines.md.

    .dev/venv/bin/python tools/engines_table.py [NAME=PROGRAM...]

as root. Runs tests/engines with each runtime that is named (pyruntime=.dev/bin/pyruntime,
runc=/usr/sbin/runc, crun=/usr/bin/crun), keeps the results in .dev/engines, and makes the table
of all that are kept. Where the version 2 hierarchy beside version 1 has a controller, crun
refuses to work; there it is run below a cgroup without controllers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
PAGE = REPO / "docs/engines.md"
KEPT = REPO / ".dev/engines"
BEGIN, END = "<!-- results -->\n", "<!-- end of results -->\n"
RUNTIMES = ("pyruntime", "runc", "crun")
# test module -> the engine's name; "" is for a parameter of the test to say
ENGINES = {
    "test_ctr": "containerd (ctr)",
    "test_cri": "containerd (CRI)",
    "test_docker_podman": "",
    "test_users": "",
    "test_podman": "",
}
OF_PARAMETER = {
    "podman-user": "Podman, an ordinary user's",
    "podman": "Podman, root's",
    "docker": "Docker",
}
UNIFIED = Path("/sys/fs/cgroup/unified")
APART = 'mount --bind "$0" /sys/fs/cgroup/unified && exec "$@"'

Results = dict[tuple[str, str], list[str]]  # (engine, what) -> outcomes


def try_runtime(name: str, program: str) -> None:
    """Run the tests; their results are kept."""
    KEPT.mkdir(parents=True, exist_ok=True)
    report = KEPT / f"{name}.xml"
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/engines"]
    pytest += [f"--junitxml={report}", "-o", "junit_family=xunit1"]
    environment = os.environ | {"PYRUNTIME": str(Path(program).resolve())}
    if name == "crun" and UNIFIED.is_dir():
        below = Path(tempfile.mkdtemp(prefix="without-controllers", dir=UNIFIED)) / "inner"
        below.mkdir()
        try:
            subprocess.run(apart(below, pytest), cwd=REPO, env=environment, check=False)
        finally:
            for path, _, _ in os.walk(below.parent, topdown=False):
                os.rmdir(path)
    else:
        subprocess.run(pytest, cwd=REPO, env=environment, check=False)


def apart(cgroup: Path, command: list[str]) -> list[str]:
    """The command where this cgroup is the root of version 2."""
    roots = [path / "cgroup.procs" for path in UNIFIED.parent.iterdir() if path != UNIFIED]
    join = "".join(f"echo $$ > {path}; " for path in (*roots, cgroup / "cgroup.procs"))
    unshare = ["unshare", "-m", "-C", "--propagation", "private"]
    return [
        "sh",
        "-c",
        f'{join} exec "$@"',
        "sh",
        *unshare,
        "sh",
        "-c",
        APART,
        str(cgroup),
        *command,
    ]


def read(report: Path) -> Results:
    """Of a JUnit file: "passed", "failed" or "skipped" for each test by engine and name."""
    found: Results = {}
    for case in ElementTree.parse(report).iter("testcase"):
        module = str(case.get("classname")).rpartition(".")[2]
        if module not in ENGINES:
            continue
        name, _, parameters = str(case.get("name")).partition("[")
        engine = ENGINES[module] or engine_of(parameters)
        kinds = {child.tag for child in case}
        outcome = "skipped" if "skipped" in kinds else "passed"
        if kinds & {"failure", "error"}:
            outcome = "failed"
        what = name.removeprefix("test_").replace("_s_", "'s_").replace("_", " ")
        found.setdefault((engine, what), []).append(outcome)
    return found


def engine_of(parameters: str) -> str:
    for name, engine in OF_PARAMETER.items():
        if name in parameters.split("]")[0]:
            return engine
    raise ValueError(f"no engine in {parameters!r}")


def cell(outcomes: list[str]) -> str:
    tried = [outcome for outcome in outcomes if outcome != "skipped"]
    if not tried:
        return "–"
    passed = tried.count("passed")
    if passed in (0, len(tried)):
        return "yes" if passed else "no"
    return f"{passed} of {len(tried)}"


def table(results: dict[str, Results]) -> str:
    """Of each engine one, in words that the tests' names give."""
    rows = {key: None for found in results.values() for key in found}
    engines = sorted({engine for engine, _ in rows})
    text = ""
    for engine in engines:
        lines = ""
        for key in sorted(key for key in rows if key[0] == engine):
            cells = [cell(found.get(key, [])) for found in results.values()]
            if set(cells) != {"–"}:
                lines += f"| {key[1]} | {' | '.join(cells)} |\n"
        head = f"\n### {engine}\n\n| | {' | '.join(results)} |\n|---|{'---|' * len(results)}\n"
        text += head + lines if lines else ""
    return text + "\n"


def main(words: list[str]) -> None:
    for word in words:
        name, _, program = word.partition("=")
        if name not in RUNTIMES or not program:
            sys.exit(f"not NAME=PROGRAM with a name of {', '.join(RUNTIMES)}: {word}")
        try_runtime(name, program)
    kept = {name: KEPT / f"{name}.xml" for name in RUNTIMES}
    results = {name: read(report) for name, report in kept.items() if report.exists()}
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    PAGE.write_text(before + BEGIN + table(results) + END + rest.split(END)[1])


if __name__ == "__main__":
    main(sys.argv[1:])
