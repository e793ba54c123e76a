# SPDX-License-Identifier: Apache-2.0
"""Link `pyruntime` with the interpreter inside (see pyruntime/_native/embed.c).

Used by setup.py. It takes the static library of the Python that runs it: Debian's python3-dev
has it, and so has every Python that was built from source. What the library needs besides is
linked statically too where that is possible, so that a start has no more libraries to load
than the C library's own.
"""

from __future__ import annotations

import marshal
import os
import runpy
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import add_snapshot
import bind_shim
import build_image

NATIVE = Path("pyruntime/_native")
FLAGS = ["-std=gnu11", "-O2", "-g0", "-fvisibility=hidden", "-no-pie", "-fno-pie"]
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-cast-function-type"]
LINK = ["-Wl,--export-dynamic,--gc-sections,-O1,-z,noexecstack"]
# Never static: they are one with the dynamic linker.
C_LIBRARY = {"-lc", "-lm", "-ldl", "-lpthread", "-lrt", "-lutil"}


def library() -> Path | None:
    """libpython3.N.a of this interpreter, None where there is none or no header."""
    name = f"libpython3.{sys.version_info.minor}{sys.abiflags}.a"
    found = Path(str(sysconfig.get_config_var("LIBPL")), name)
    header = Path(sysconfig.get_path("include"), "Python.h")
    return found if found.exists() and header.exists() else None


def link(target: Path, image: Path, work: Path) -> None:
    """Write the program `target`, mode 755. work: a directory for what lies between.

    Raises subprocess.CalledProcessError when the compiler or the linker fails.
    """
    archive = library()
    if archive is None:
        raise SystemExit("find the interpreter's static library: install python3-dev")
    work.mkdir(parents=True, exist_ok=True)
    (work / "image").write_bytes(image.read_bytes())
    stdlib = sysconfig.get_path("stdlib")
    filled = {"STDLIB": repr(stdlib)}
    freeze(NATIVE / "codecs_start.py", "encodings", filled, work / "codecs_start.code")
    freeze(NATIVE / "os_start.py", "os", filled, work / "os_start.code")
    freeze(Path(stdlib, "encodings/utf_8.py"), "encodings.utf_8", {}, work / "utf_8.code")
    objects = [compile_shim(work)]
    for source in ("embed", "heap", "launcher", "make", "snapshot", "watch"):
        flags = [*FLAGS, *WARNINGS, *definitions(work)]
        objects.append(compile_c(NATIVE / f"{source}.c", work / f"{source}.o", flags))
    fresh = target.with_suffix(".new")
    run(*compiler(), *FLAGS, *LINK, "-o", fresh, *objects, archive, *libraries())
    fresh.chmod(0o755)
    if sys.version_info[:2] in add_snapshot.VERSIONS:
        try:
            add_snapshot.add(fresh, image.parents[2], work)
        except (subprocess.CalledProcessError, OSError) as err:  # as where it can't be executed
            print(f"no snapshot, every start will be a whole one: {err}")
    fresh.replace(target)


def definitions(work: Path) -> list[str]:
    """What embed.c knows of the interpreter that it is a copy of."""
    python = Path(sys.executable).resolve()
    status = python.stat()
    texts = {
        "PYR_BUILT": work.resolve(),
        "PYR_PYTHON": python,
        "PYR_PREFIX": sys.base_prefix,
        "PYR_EXEC_PREFIX": sys.base_exec_prefix,
        "PYR_STDLIB": sysconfig.get_path("stdlib"),
        "PYR_DYNLOAD": sysconfig.get_config_var("DESTSHARED"),
    }
    numbers = {
        "PYR_PYTHON_SIZE": status.st_size,
        "PYR_PYTHON_TIME": int(status.st_mtime),
    }
    defines = [f'-D{name}="{value}"' for name, value in texts.items()]
    defines += [f"-D{name}={value}" for name, value in numbers.items()]
    return [*defines, f"-I{sysconfig.get_path('include')}"]


def freeze(source: Path, name: str, filled: dict[str, str], target: Path) -> None:
    """The marshalled code of a module that is a part of the program."""
    code = build_image.compile_module(source.read_text(), f"<frozen {name}>", filled)
    target.write_bytes(marshal.dumps(code))


def compile_shim(work: Path) -> Path:
    """pyruntime._shim and pyruntime._direct as one object that shows nothing but their init
    functions: the init's own `warn` must not meet the C library's.
    """
    recipe = runpy.run_path(str(NATIVE / "ffi_build.py"))
    generated = work / "shim.gen.c"
    recipe["ffibuilder"].emit_c_code(str(generated))
    direct = work / "direct.gen.c"
    direct.write_text(bind_shim.bind((NATIVE / "shim.cdef.h").read_text()))
    flags = [
        *recipe["FLAGS"],
        "-Wno-unused-parameter",
        "-fno-pie",
        f"-I{NATIVE}",
        f"-I{sysconfig.get_path('include')}",
    ]
    parts = [compile_c(source, source.with_suffix(".o"), flags) for source in (generated, direct)]
    for source in recipe["sources"]:
        parts.append(compile_c(source, work / f"shim-{source.stem}.o", flags))
    whole = work / "shim.o"
    run(*compiler(), "-nostdlib", "-no-pie", "-r", "-o", whole, *parts)
    run("objcopy", "--localize-hidden", whole)
    return whole


def libraries() -> list[str]:
    """What the interpreter's library is linked with, static archives where there are some."""
    names: list[str] = []
    for variable in ("MODLIBS", "LIBS", "SYSLIBS", "LIBM"):
        for word in str(sysconfig.get_config_var(variable) or "").split():
            if word not in names:
                names.append(word)
    return [name if name in C_LIBRARY else static(name) for name in names]


def static(name: str) -> str:
    """The file of -lNAME's static archive, or -lNAME."""
    file = f"lib{name.removeprefix('-l')}.a"
    command = [*compiler(), f"-print-file-name={file}"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return name if found == file else found


def compiler() -> list[str]:
    return shlex.split(os.environ.get("CC", "cc"))


def compile_c(source: Path, target: Path, flags: list[str]) -> Path:
    run(*compiler(), *flags, "-c", "-o", target, source)
    return target


def run(*command: str | Path) -> None:
    words = [str(word) for word in command]
    print(shlex.join(words))
    subprocess.run(words, check=True)
