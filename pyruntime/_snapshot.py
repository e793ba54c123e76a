# SPDX-License-Identifier: Apache-2.0
"""What the interpreter does before it is saved (_native/snapshot.c): load, warm up, tidy.

Runs in the build only, in the program that embeds the interpreter, of which one half is
started. What comes back in every run is _boot.py's resume.
"""

from __future__ import annotations

import gc
import marshal
import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


SHIM, DIRECT = "pyruntime._shim", "pyruntime._direct"


class Later:
    """Stands in a snapshot for something of an extension module, which no snapshot can hold:
    the first use of an attribute loads it, and puts it where its stand-ins are.
    """

    def __init__(self, module: str, name: str = "") -> None:
        self.module = module
        self.name = name
        self.holders: list[tuple[dict, str]] = []  # type: ignore[type-arg]

    def __getattr__(self, wanted: str) -> object:
        if wanted.startswith("__"):
            raise AttributeError(wanted)  # the import system is looking at it
        real: Any = __import__(self.module, fromlist=("",))
        if self.name:
            real = getattr(real, self.name)
        for holder, name in self.holders:
            holder[name] = real
        return getattr(real, wanted)


class Lib:
    """The shim's functions that are bound without cffi; the others when one is wanted."""

    def __init__(self) -> None:
        direct = __import__(DIRECT, fromlist=("",))
        self.__dict__.update((k, v) for k, v in vars(direct).items() if k.startswith("pyr_"))
        self.rest = Later(SHIM, "lib")

    def __getattr__(self, wanted: str) -> object:
        return getattr(self.rest, wanted)


class Extension:
    """A stand-in for a module whose names are to be imported from it."""

    def __init__(self, **members: object) -> None:
        self.__dict__.update(members)


class Sources:
    """Finder and loader of modules from their sources, while a snapshot is made."""

    def __init__(self, directories: list[str]) -> None:
        self.directories = directories

    def find_spec(self, name: str, path: Any = None, target: object = None) -> Any:
        tail = name.rpartition(".")[2]
        for directory in path or self.directories:
            for end, is_package in ((f"{tail}/__init__.py", True), (f"{tail}.py", False)):
                if posix.access(f"{directory}/{end}", posix.F_OK):
                    origin = f"{directory}/{end}"
                    make: Any = type(sys.__spec__)
                    spec = make(name, self, origin=origin, is_package=is_package)
                    if is_package:
                        spec.submodule_search_locations.append(f"{directory}/{tail}")
                    return spec
        return None

    def create_module(self, _spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        exec(self.code(module.__spec__.origin), module.__dict__)  # noqa: S102

    def code(self, origin: str) -> Any:
        """From the cache, where it is of this source (PEP 552): compiling leaves the heap full
        of holes."""
        directory, _, file = origin.rpartition("/")
        tag = sys.implementation.cache_tag
        cached = f"{directory}/__pycache__/{file.removesuffix('.py')}.{tag}.pyc"
        status = posix.stat(origin)
        if posix.access(cached, posix.F_OK):
            data = self.read(cached)
            wanted = [int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF]
            if [int.from_bytes(data[at : at + 4], "little") for at in (4, 8, 12)] == [0, *wanted]:
                return marshal.loads(data[16:])  # noqa: S302
        return compile(self.read(origin), file, "exec", dont_inherit=True)

    def read(self, path: str) -> bytes:
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            return posix.read(fd, posix.fstat(fd).st_size)
        finally:
            posix.close(fd)


def load_more(modules: Iterable[str], directories: list[str]) -> None:
    """All other modules of the image that need no extension, and for systemd's sake what is
    behind systemd_bus: jeepney and the standard library's socket, from their sources.
    """
    rest = sys.meta_path.pop()  # nothing may start the interpreter's other half
    sys.warnoptions = []  # the other half would set it
    sources = Sources(directories)
    sys.meta_path.append(sources)
    for name in ("pyruntime.cgroups.systemd_bus", *modules):
        before = set(sys.modules)
        try:
            __import__(name)
        except ImportError:
            for other in set(sys.modules) - before:
                del sys.modules[other]
        if sources in sys.meta_path:
            sys.meta_path.remove(sources)
    sys.meta_path.append(rest)


def prepare(
    image: Any,
    modules: dict[str, tuple[bool, int, int]],
    always: dict[str, tuple[str, ...]],
    directories: list[str],
) -> Callable[[list[str]], None]:
    """Load what a run may need, and make the heap ready to be saved.

    modules, always: _boot.py's. directories: where the standard library and jeepney are. Gives
    what a rehearsal starts with.
    """
    stand_ins = {
        SHIM: Extension(ffi=Later(SHIM, "ffi"), lib=Lib()),
        "_json": Later("_json"),
    }
    sys.modules.update(stand_ins)  # type: ignore[arg-type]
    loaded: list[str] = []
    for names in always.values():
        image.load(tuple(name for name in names if name not in loaded))
        loaded += [name for name in names if name not in loaded]
    load_more(modules, directories)
    from pyruntime.cli.rehearsal import arrange
    from pyruntime.cli.warm import warm

    warm()
    for name in [name for name in modules if name in sys.modules]:
        members = vars(sys.modules[name])
        for key, value in members.items():
            if type(value) is Later:
                value.holders.append((members, key))
    for name in stand_ins:
        del sys.modules[name]
    image.groups.clear()
    image.packages = [
        (name, module)
        for name, module in sys.modules.items()
        if name == "jeepney" or (name in modules and modules[name][0])
    ]
    gc.collect()
    return arrange
