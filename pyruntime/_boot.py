# SPDX-License-Identifier: Apache-2.0
"""The start of an installed runtime: every module of the hot path from one file.

tools/build_image.py writes libexec/pyruntime-3N.image: the marshalled code of this file with
its tables filled in, then that of the modules. The launcher has the interpreter read and run it
instead of __main__.py, or has it inside (_native/embed.c), so that an import costs no search,
no stat and no read. What is not in the image (the cold modules, the standard library) is
imported as ever.

Modules that the same commands need are one group, unmarshalled at once: they share their
names and constants.
"""

import _imp
import builtins
import gc
import marshal
import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# name -> (is it a package, its group, its place in the group)
MODULES: dict[str, tuple[bool, int, int]] = {}
# start and end of each group's code, counted from the image's end
GROUPS: tuple[tuple[int, int], ...] = ()
# hot command -> the modules that it always needs, each after those it imports itself
ALWAYS: dict[str, tuple[str, ...]] = {}

# The second is the part of the first that needs no cffi, in the embedding program.
SHIM, DIRECT = "pyruntime._shim", "pyruntime._direct"
SITE = __file__.rpartition("/pyruntime/")[0]  # the directory that holds the package


class Image:
    """Finder and loader of the modules in MODULES, and of the extensions that are used.

    The extensions' places are known too: looking for them would list the directories of
    the whole path first.
    """

    def __init__(self, data: bytes | memoryview, dynload: str) -> None:
        """dynload: directory of the standard library's extensions."""
        self.spec: Any = type(sys.__spec__)
        self.view = memoryview(data)
        self.size = len(data)
        self.groups: dict[int, tuple] = {}  # type: ignore[type-arg]
        self.packages: list[tuple[str, Any]] = []  # that a snapshot comes back with
        self.tag = _imp.extension_suffixes()[0]
        self.extensions = {"_json": f"{dynload}/_json{self.tag}"}
        self.place(SITE)

    def place(self, site: str) -> None:
        """The extensions and the packages are in the directory `site`."""
        self.site = site
        self.extensions[SHIM] = f"{site}/pyruntime/_shim.abi3.so"
        self.extensions["_cffi_backend"] = f"{site}/_cffi_backend{self.tag}"
        for name in (SHIM, DIRECT):
            if _imp.is_builtin(name):  # the embedding program holds it
                self.extensions[name] = "built-in"

    def place_packages(self) -> None:
        """In place, since somebody who is about to search them holds their paths."""
        packages, self.packages = self.packages, []
        for name, module in packages:
            module.__path__[:] = [f"{self.site}/{name.replace('.', '/')}"]

    def code(self, name: str):  # type: ignore[no-untyped-def]
        _, number, place = MODULES[name]
        if number not in self.groups:
            start, end = GROUPS[number]
            body = self.view[self.size - start : self.size - end]
            self.groups[number] = marshal.loads(body)  # noqa: S302
        return self.groups[number][place]

    def load(self, names: tuple[str, ...]) -> None:
        """Make the modules without the import system, whose care for locks, specs and
        parents costs as much as the modules. Their order makes every import a look-up.
        """
        modules, new = sys.modules, type(sys)
        for name in names:
            module = new(name)
            parent, _, child = name.rpartition(".")
            stem = f"{self.site}/{name.replace('.', '/')}"
            if MODULES[name][0]:
                module.__path__ = [stem]
                module.__package__ = name
            else:
                module.__file__ = f"{stem}.py"
                module.__package__ = parent
            modules[name] = module
            exec(self.code(name), module.__dict__)  # noqa: S102
            if parent:
                setattr(modules[parent], child, module)

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        found = MODULES.get(name)
        if found is not None:
            spec = self.spec(name, self, is_package=found[0])
            if found[0]:
                spec.submodule_search_locations.append(f"{self.site}/{name.replace('.', '/')}")
            return spec
        place = self.extensions.get(name)
        if place is None:
            self.place_packages()
            return None
        if place != "built-in" and not posix.access(place, posix.F_OK):
            return None  # built in, or kept elsewhere: the ordinary search finds it
        return self.spec(name, self, origin=place)

    def create_module(self, spec):  # type: ignore[no-untyped-def]
        if spec.name not in self.extensions:
            return None
        builtin = spec.origin == "built-in"
        return _imp.create_builtin(spec) if builtin else _imp.create_dynamic(spec)

    def exec_module(self, module):  # type: ignore[no-untyped-def]
        if module.__name__ in self.extensions:
            _imp.exec_dynamic(module)  # the same for one that is built in
            return
        if not MODULES[module.__name__][0]:
            module.__file__ = f"{self.site}/{module.__name__.replace('.', '/')}.py"
        exec(self.code(module.__name__), module.__dict__)  # noqa: S102


class Rest:
    """The other half of the interpreter, of which the embedding program has started one
    (embed.c). As the last finder it is asked for what is in no image, and starts it; the
    path's own finder then comes behind it.
    """

    def __init__(self, complete) -> None:  # type: ignore[no-untyped-def]
        self.complete = complete
        builtins.open = self.open

    def find_spec(self, name, path=None, target=None) -> None:  # type: ignore[no-untyped-def]
        if self.complete is not None:
            complete, self.complete = self.complete, None
            site = sys.path[0]
            complete()
            sys.path.insert(0, site)

    def open(self, *args, **named):  # type: ignore[no-untyped-def]
        self.find_spec("io")
        return open(*args, **named)  # by now the real one


def resume(
    image: Image,
    argv: list[str],
    site: str,
    raw: dict[bytes, bytes],
    environ: dict[str, str],
    ignored: list[int],
) -> None:
    """What a snapshot is told of the process that it comes back in. raw: the environment, too."""
    import _signal
    import os

    import pyruntime

    image.place(site)
    pyruntime.__path__[:] = [f"{site}/pyruntime"]
    sys.path[:] = [site]
    sys.argv = argv
    posix.environ.update(raw)
    os.environ.update(environ)
    for number in ignored:
        _signal.signal(number, _signal.SIG_IGN)
    if _signal.SIGINT not in ignored:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    run()


def start() -> None:
    gc.disable()  # a run is over before a collection could pay
    directories = None
    if "EMBEDDED" in globals():
        sys.argv, dynload, complete, directories = EMBEDDED  # type: ignore[name-defined]  # noqa: F821
        sys.path = []
        sys.meta_path.append(Rest(complete))
    else:
        dynload = next((path for path in sys.path if path.endswith("/lib-dynload")), "")
    sys.path.insert(0, SITE)
    # IMAGE is the whole file, given by the launcher's command
    image = Image(IMAGE, dynload)  # type: ignore[name-defined]  # noqa: F821
    sys.meta_path.insert(0, image)
    if directories is not None:
        from pyruntime._snapshot import prepare

        globals()["arrange"] = prepare(image, MODULES, ALWAYS, directories.split(":"))
        globals()["continue_"] = lambda *of_process: resume(image, *of_process)
        return
    # An option's value can look like a command: then more is loaded than is needed.
    command = next((word for word in sys.argv[1:] if word in ALWAYS), "")
    if command:
        image.load(ALWAYS[command])
    run()


def run() -> None:
    from pyruntime.cli.main import main

    main(sys.argv)


if MODULES:
    start()
