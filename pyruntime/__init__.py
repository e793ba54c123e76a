# SPDX-License-Identifier: Apache-2.0
"""pyruntime: an OCI container runtime, as a library. docs/python.md shows its use.

    runtime = pyruntime.Runtime()
    done = runtime.run("hello", "box", args=["echo", "hello"], capture_output=True)

Runtime          makes and finds containers: load, validate, plan, create, launch, run
Container        start, exec, run, wait, signal, pause, stats, events, update, delete
Process          of an exec, like subprocess.Popen
Bundle           a directory and a configuration
Error            the tree of everything that is raised: see pyruntime.errors

Names are imported on first use: the command line pays nothing for them.
"""

_HOMES = {
    "Bundle": ("pyruntime.api.bundle", "Bundle"),
    "CgroupError": ("pyruntime.errors", "CgroupError"),
    "CommandFailed": ("pyruntime.errors", "CommandFailed"),
    "Completed": ("pyruntime.api.results", "Completed"),
    "ConfigError": ("pyruntime.errors", "ConfigError"),
    "Container": ("pyruntime.api.container", "Container"),
    "CpuStats": ("pyruntime.api.stats", "CpuStats"),
    "CreateOptions": ("pyruntime.api.runtime", "CreateOptions"),
    "DEVNULL": ("pyruntime.api.stdio", "DEVNULL"),
    "Error": ("pyruntime.errors", "Error"),
    "Event": ("pyruntime.api.events", "Event"),
    "EventStream": ("pyruntime.api.events", "EventStream"),
    "ExecOptions": ("pyruntime.api.executing", "ExecOptions"),
    "Exists": ("pyruntime.errors", "Exists"),
    "ExitEvent": ("pyruntime.api.events", "ExitEvent"),
    "HookError": ("pyruntime.errors", "HookError"),
    "HostError": ("pyruntime.errors", "HostError"),
    "IoStats": ("pyruntime.api.stats", "IoStats"),
    "JsonError": ("pyruntime.errors", "JsonError"),
    "MemoryStats": ("pyruntime.api.stats", "MemoryStats"),
    "NetworkStats": ("pyruntime.api.stats", "NetworkStats"),
    "NotFound": ("pyruntime.errors", "NotFound"),
    "NotRunning": ("pyruntime.errors", "NotRunning"),
    "OomEvent": ("pyruntime.api.events", "OomEvent"),
    "PIPE": ("pyruntime.api.stdio", "PIPE"),
    "PidsStats": ("pyruntime.api.stats", "PidsStats"),
    "Plan": ("pyruntime.api.results", "Plan"),
    "PlannedStep": ("pyruntime.api.results", "PlannedStep"),
    "Pressure": ("pyruntime.api.stats", "Pressure"),
    "Problem": ("pyruntime.errors", "Problem"),
    "Process": ("pyruntime.api.process", "Process"),
    "Runtime": ("pyruntime.api.runtime", "Runtime"),
    "STDOUT": ("pyruntime.api.stdio", "STDOUT"),
    "State": ("pyruntime.api.results", "State"),
    "StateError": ("pyruntime.errors", "StateError"),
    "Stats": ("pyruntime.api.stats", "Stats"),
    "StatsEvent": ("pyruntime.api.events", "StatsEvent"),
    "Status": ("pyruntime.api.results", "Status"),
    "StepError": ("pyruntime.errors", "StepError"),
    "Terminal": ("pyruntime.api.stdio", "Terminal"),
    "TimeoutExpired": ("pyruntime.errors", "TimeoutExpired"),
    "Unsupported": ("pyruntime.errors", "Unsupported"),
    "UsageError": ("pyruntime.errors", "UsageError"),
    "__version__": ("pyruntime._version", "VERSION"),
    "default_config": ("pyruntime.host.template", "default_config"),
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    try:
        module, attribute = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'pyruntime' has no attribute {name!r}") from None
    return getattr(__import__(module, fromlist=(attribute,)), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
