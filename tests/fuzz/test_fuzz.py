# SPDX-License-Identifier: Apache-2.0
"""The fuzz targets: each over its corpus, then some seconds on from there.

Longer by hand, after a build as `fuzzer` does it: ./plan -max_total_time=600 FOUND corpus/plan,
then ./plan -merge=1 -max_len=4096 NEW corpus/plan FOUND.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.runtime import REPO

HERE = Path(__file__).parent
NATIVE = REPO / "pyruntime/_native"
FLAGS = [
    *("-std=gnu11", "-g", "-O1", "-fno-omit-frame-pointer", f"-I{NATIVE}"),
    *("-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"),
]
# Files that a target includes, to reach their static functions; and the init's own entry.
INCLUDED = {"plan": set(), "text": {"home.c", "hostproc.c", "process.c"}}
SECONDS = 10


def fuzzer(target: str, directory: Path) -> Path:
    if not shutil.which("clang"):
        pytest.skip("clang is not installed")
    left_out = INCLUDED[target] | {"main.c", "start.c"}
    parts = [path for path in sorted(NATIVE.glob("init/*.c")) if path.name not in left_out]
    program = directory / target
    command = ["clang", *FLAGS, "-o", program, HERE / f"{target}.c", *parts]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


def run(program: Path, *args: str | Path) -> str:
    done = subprocess.run(
        [program, "-print_final_stats=1", f"-artifact_prefix={program.parent}/", *args],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stderr


@pytest.mark.parametrize("target", INCLUDED)
def test_target(target: str, tmp_path: Path) -> None:
    program = fuzzer(target, tmp_path)
    corpus = HERE / "corpus" / target
    found = tmp_path / "found"
    found.mkdir()
    said = run(program, f"-max_total_time={SECONDS}", "-max_len=4096", found, corpus)
    count = re.search(r"number_of_executed_units: (\d+)", said)
    assert count and int(count[1]) > 10_000, said


def test_a_fault_would_be_found(tmp_path: Path) -> None:
    """The target on a decoder that admits the string one byte too long."""
    decode = (NATIVE / "init/decode.c").read_text()
    check = "s->length >= size - s->offset"
    assert decode.count(check) == 1
    (tmp_path / "faulty.c").write_text(decode.replace(check, "s->length > size - s->offset"))
    others = [NATIVE / f"init/{name}.c" for name in ("run", "report", "trace")]
    stubs = tmp_path / "stubs.c"
    stubs.write_text(
        '#include "init/run.h"\n'
        "#define STUB(name) int op_##name(struct ctx *c, const struct step *s)"
        " { (void)c; return (int)s->op; }\n"
        "PYR_FOR_EACH_OP(STUB)\n"
    )
    program = tmp_path / "plan"
    include = ["-I", NATIVE / "init"]
    command = ["clang", *FLAGS, *include, "-o", program, HERE / "plan.c"]
    subprocess.run([*command, tmp_path / "faulty.c", stubs, *others], check=True)
    found = tmp_path / "found"
    found.mkdir()  # the first directory is written to
    with pytest.raises(AssertionError, match="AddressSanitizer"):
        run(program, "-runs=2000000", "-max_len=4096", found, HERE / "corpus/plan")


def test_corpus_is_small() -> None:
    sizes = [path.stat().st_size for path in (HERE / "corpus").rglob("*") if path.is_file()]
    assert 0 < sum(sizes) < 200_000
