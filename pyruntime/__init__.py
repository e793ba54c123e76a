# SPDX-License-Identifier: Apache-2.0
"""pyruntime: an OCI container runtime. Names of the public API are imported on first use.

load(bundle)                      a bundle's config.json, read and checked
create(request, log), run(...)    see lifecycle.create.CreateRequest
start, kill, delete, execute, pause, resume, processes
status(root, id)                  the state as `pyruntime state` prints it
Error and its subclasses          everything that is raised
"""

_HOMES = {
    "load": ("pyruntime.spec.load", "load_config"),
    "CreateRequest": ("pyruntime.lifecycle.create", "CreateRequest"),
    "create": ("pyruntime.lifecycle.create", "create"),
    "run": ("pyruntime.lifecycle.run", "run"),
    "start": ("pyruntime.lifecycle.start", "start"),
    "ExecRequest": ("pyruntime.lifecycle.exec", "ExecRequest"),
    "execute": ("pyruntime.lifecycle.exec", "execute"),
    "kill": ("pyruntime.lifecycle.kill", "kill"),
    "delete": ("pyruntime.lifecycle.delete", "delete"),
    "pause": ("pyruntime.lifecycle.freeze", "pause"),
    "resume": ("pyruntime.lifecycle.freeze", "resume"),
    "processes": ("pyruntime.lifecycle.freeze", "processes"),
    "status": ("pyruntime.lifecycle.status", "read"),
    "Log": ("pyruntime.log", "Log"),
    "Error": ("pyruntime.errors", "Error"),
    "ConfigError": ("pyruntime.errors", "ConfigError"),
    "StateError": ("pyruntime.errors", "StateError"),
    "NotFound": ("pyruntime.errors", "NotFound"),
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    try:
        module, attribute = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'pyruntime' has no attribute {name!r}") from None
    return getattr(__import__(module, fromlist=(attribute,)), attribute)
