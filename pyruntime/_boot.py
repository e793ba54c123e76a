# SPDX-License-Identifier: Apache-2.0
"""The start of an installed runtime: every module of the hot path from one file.

tools/build_image.py writes libexec/pyruntime-3N.image: the marshalled code of this file with
MODULES filled in, then that of the modules. The launcher has the interpreter read and run it
instead of __main__.py, so that an import costs no search, no stat and no read. What is not in
the image (the cold modules, the standard library) is imported as ever.
"""

import sys

# name -> (is it a package, start and end of its code, counted from the image's end)
MODULES: dict[str, tuple[bool, int, int]] = {}
# hot command -> the modules that it always needs, each after those it imports itself
ALWAYS: dict[str, tuple[str, ...]] = {}

SITE = __file__.rpartition("/pyruntime/")[0]  # the directory that holds the package


class Image:
    """Finder and loader of the modules in MODULES, and of the extensions that are used.

    The extensions' places are known too: looking for them would list the directories of
    the whole path first.
    """

    def __init__(self, data: bytes) -> None:
        bootstrap = sys.modules["_frozen_importlib"]
        external = sys.modules["_frozen_importlib_external"]
        self.spec = bootstrap.ModuleSpec
        self.extension = external.ExtensionFileLoader
        self.loads = sys.modules["marshal"].loads
        self.view = memoryview(data)
        self.size = len(data)
        tag = sys.modules["_imp"].extension_suffixes()[0]
        dynamic = next((path for path in sys.path if path.endswith("/lib-dynload")), "")
        self.extensions = {
            "pyruntime._shim": f"{SITE}/pyruntime/_shim.abi3.so",
            "_cffi_backend": f"{SITE}/_cffi_backend{tag}",
            "_json": f"{dynamic}/_json{tag}",
        }

    def code(self, name: str):  # type: ignore[no-untyped-def]
        _, start, end = MODULES[name]
        return self.loads(self.view[self.size - start : self.size - end])

    def load(self, names: tuple[str, ...]) -> None:
        """Make the modules without the import system, whose care for locks, specs and
        parents costs as much as the modules. Their order makes every import a look-up.
        """
        modules, new = sys.modules, type(sys)
        for name in names:
            module = new(name)
            parent, _, child = name.rpartition(".")
            stem = f"{SITE}/{name.replace('.', '/')}"
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
            stem = f"{SITE}/{name.replace('.', '/')}"
            spec.origin = f"{stem}/__init__.py" if found[0] else f"{stem}.py"
            spec.has_location = True
            if found[0]:
                spec.submodule_search_locations.append(stem)
            return spec
        place = self.extensions.get(name)
        if place is None:
            return None
        try:
            sys.modules["posix"].stat(place)
        except OSError:
            return None  # built in, or kept elsewhere: the ordinary search finds it
        return self.spec(name, self.extension(name, place), origin=place)

    def create_module(self, spec):  # type: ignore[no-untyped-def]
        return None

    def exec_module(self, module):  # type: ignore[no-untyped-def]
        exec(self.code(module.__name__), module.__dict__)  # noqa: S102


def start() -> None:
    # IMAGE is the whole file, given by the launcher's command
    image = Image(IMAGE)  # type: ignore[name-defined]  # noqa: F821
    sys.path.insert(0, SITE)
    sys.meta_path.insert(0, image)
    # An option's value can look like a command: then more is loaded than is needed.
    command = next((word for word in sys.argv[1:] if word in ALWAYS), "")
    if command:
        image.load(ALWAYS[command])
    from pyruntime.cli.main import main

    main(sys.argv)


if MODULES:
    start()
