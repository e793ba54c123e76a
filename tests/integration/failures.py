# SPDX-License-Identifier: Apache-2.0
"""The table of induced failures: how each is made, and what the user must be told.

A failure is a function that spoils a bundle. `says` holds for every runtime; `ours` is what
pyruntime says beyond that. Both are regular expressions, matched without regard to case,
since runtimes differ in how they spell the kernel's answers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.bundle import Bundle

Spoil = Callable[[Bundle], None]

NO_ENTRY = "no such file or directory"
HOOK_KINDS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart")


class Failure:
    """One row. verb: the command of the create-start pair that fails."""

    def __init__(
        self,
        name: str,
        spoil: Spoil,
        *,
        says: tuple[str, ...] = (),
        ours: tuple[str, ...] = (),
        verb: str = "create",
        peers: bool = True,
    ) -> None:
        self.name = name
        self.spoil = spoil
        self.says = says
        self.ours = ours
        self.verb = verb
        self.peers = peers


def config(**changes: Any) -> Spoil:
    return lambda bundle: bundle.change(**changes)


def args(*words: str) -> Spoil:
    return config(process={"args": list(words)})


def mount(**entry: Any) -> Spoil:
    return lambda bundle: bundle.change(mounts=[*bundle.config["mounts"], entry])


def namespace(kind: str, path: str | None) -> Spoil:
    """Set the path of a namespace, or take the namespace out."""

    def spoil(bundle: Bundle) -> None:
        others = [n for n in bundle.config["linux"]["namespaces"] if n["type"] != kind]
        added = [{"type": kind, "path": path}] if path else []
        bundle.change(linux={"namespaces": others + added})

    return spoil


def hook(kind: str, script: str, **more: Any) -> Spoil:
    entry = {"path": "/bin/sh", "args": ["sh", "-c", script], **more}
    return config(hooks={kind: [entry]})


def all_of(*spoils: Spoil) -> Spoil:
    def spoil(bundle: Bundle) -> None:
        for one in spoils:
            one(bundle)

    return spoil


def in_rootfs(path: str, make: Callable[[Path], object]) -> Spoil:
    """Make something at a path of the root filesystem, whatever is there first."""

    def spoil(bundle: Bundle) -> None:
        where = bundle.rootfs / path.lstrip("/")
        if where.is_dir() and not where.is_symlink():
            where.rmdir()
        where.unlink(missing_ok=True)
        where.parent.mkdir(parents=True, exist_ok=True)
        make(where)

    return spoil


def text(content: str, mode: int = 0o644) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        path.write_text(content)
        path.chmod(mode)

    return make


def link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def without_mount(destination: str) -> Spoil:
    def spoil(bundle: Bundle) -> None:
        kept = [m for m in bundle.config["mounts"] if not m["destination"].startswith(destination)]
        bundle.change(mounts=kept)

    return spoil


def replace_rootfs(make: Callable[[Path], object] | None) -> Spoil:
    def spoil(bundle: Bundle) -> None:
        bundle.rootfs.rename(bundle.path / "elsewhere")
        if make:
            make(bundle.rootfs)

    return spoil


def raw_config(make: Callable[[Path], object] | None) -> Spoil:
    def spoil(bundle: Bundle) -> None:
        (bundle.path / "config.json").unlink()
        if make:
            make(bundle.path / "config.json")

    return spoil


PROGRAM = [
    Failure(
        "missing program",
        args("/bin/absent"),
        says=(r"stat /bin/absent: no such file or directory",),
    ),
    Failure(
        "program not on the PATH",
        args("absent"),
        says=(r'"absent\\?": executable file not found in \$PATH',),
    ),
    Failure("program not executable", args("/etc/passwd"), says=("permission denied",)),
    Failure("program is a directory", args("/etc"), says=("is a directory|permission denied",)),
    Failure(
        "cwd is a file",
        config(process={"cwd": "/etc/passwd"}),
        says=("/etc/passwd", "not a directory"),
        ours=("cwd",),
    ),
    Failure("cwd is relative", config(process={"cwd": "tmp"}), says=("cwd", "absolute")),
    Failure("no arguments", config(process={"args": []}), says=("args",)),
    Failure(
        "rlimit above its hard limit",
        config(process={"rlimits": [{"type": "RLIMIT_CORE", "soft": 9, "hard": 1}]}),
        says=("rlimit", "invalid argument|soft.*hard|above|exceeds"),
    ),
    Failure(
        "unknown rlimit",
        config(process={"rlimits": [{"type": "RLIMIT_BOGUS", "soft": 1, "hard": 1}]}),
        says=("RLIMIT_BOGUS",),
    ),
]

MOUNTS = [
    Failure(
        "missing mount source",
        mount(destination="/mnt", source="/absent/source", type="bind", options=["bind"]),
        says=("/absent/source", NO_ENTRY),
        ours=("/mnt",),
    ),
    Failure(
        "bad mount data",
        mount(destination="/mnt", source="none", type="tmpfs", options=["size=bogus"]),
        says=("/mnt", "invalid argument|bogus"),
    ),
    Failure(
        "unknown mount option",
        mount(destination="/mnt", source="none", type="tmpfs", options=["bogus"]),
        says=("/mnt", "invalid argument|unknown parameter"),
        ours=("bogus",),
    ),
    Failure(
        "unknown filesystem",
        mount(destination="/mnt", source="none", type="nosuchfs"),
        says=("/mnt", "no such device|unknown filesystem"),
        ours=("nosuchfs",),
    ),
    Failure(
        "bind mount with filesystem data",
        mount(destination="/mnt", source="/etc", type="bind", options=["bind", "size=1k"]),
        says=("size=1k",),
        peers=False,
    ),
    Failure(
        "directory mounted on a file",
        mount(destination="/etc/passwd", source="/etc", type="bind", options=["bind"]),
        says=("/etc/passwd", "not a directory"),
    ),
    Failure(
        "proc is a symlink",
        in_rootfs("/proc", link("/etc")),
        says=("/proc", "symlink|symbolic link|directory"),
    ),
    Failure(
        "sys is a symlink",
        in_rootfs("/sys", link("/etc")),
        says=("/sys", "symlink|symbolic link|directory"),
    ),
    Failure(
        "mount below proc",
        mount(destination="/proc/sys", source="/etc", type="bind", options=["bind"]),
        says=("/proc",),
    ),
    Failure(
        "a device's place is taken",
        all_of(
            without_mount("/dev"),
            in_rootfs("/dev/taken", text("file")),
            config(
                linux={"devices": [{"type": "c", "path": "/dev/taken", "major": 1, "minor": 3}]}
            ),
        ),
        says=("/dev/taken",),
        ours=("exists|not a character device|file exists",),
        peers=False,
    ),
]

HOST = [
    Failure(
        "missing namespace path",
        namespace("network", "/absent/netns"),
        says=("/absent/netns", NO_ENTRY),
    ),
    Failure(
        "namespace of another type",
        namespace("network", f"/proc/{os.getpid()}/ns/ipc"),
        says=("invalid argument|is a.? ipc namespace|ns/ipc",),
        ours=("network namespace",),
    ),
    Failure(
        "namespace path is no namespace",
        namespace("network", "/etc/passwd"),
        says=("/etc/passwd|invalid argument",),
        ours=("/etc/passwd", "not a(?: network)? namespace", "network"),
    ),
    Failure(
        "namespace named twice",
        config(linux={"namespaces": [{"type": k} for k in ("mount", "pid", "ipc", "ipc")]}),
        says=("ipc|namespace",),
    ),
    Failure(
        "sysctl of the host",
        config(linux={"sysctl": {"kernel.panic": "7"}}),
        says=("kernel.panic",),
    ),
    Failure(
        "sysctl without its namespace",
        all_of(
            namespace("network", None),
            config(linux={"sysctl": {"net.ipv4.ip_forward": "1"}}),
        ),
        says=("net.ipv4.ip_forward", "namespace"),
    ),
    Failure(
        "sysctl value that the kernel refuses",
        config(linux={"sysctl": {"kernel.msgmax": "bogus"}}),
        says=("kernel.msgmax|kernel/msgmax", "invalid argument"),
    ),
    Failure(
        "sysctl that does not exist",
        config(linux={"sysctl": {"net.ipv4.absent": "1"}}),
        says=("net.ipv4.absent|net/ipv4/absent", NO_ENTRY),
    ),
    Failure(
        "hostname without its namespace", namespace("uts", None), says=("hostname", "uts|host")
    ),
    Failure(
        "CPU period out of range",
        config(linux={"resources": {"cpu": {"period": 1}}}),
        says=("period",),
    ),
    Failure(
        "cgroup limit that the kernel refuses",
        config(linux={"resources": {"cpu": {"cpus": "4000"}}}),
        says=("cpuset.cpus", "invalid argument|out of range"),
    ),
    Failure(
        "memory limit too small for the init",
        config(linux={"resources": {"memory": {"limit": 4096}}}),
        says=("memory",),
    ),
]

BUNDLE = [
    Failure("missing rootfs", replace_rootfs(None), says=("rootfs", "no such file|not exist")),
    Failure(
        "rootfs is a file", replace_rootfs(text("")), says=("not a directory",), ours=("rootfs",)
    ),
    Failure("missing config.json", raw_config(None), says=("config.json",)),
    Failure("config.json is a directory", raw_config(Path.mkdir), says=("is a directory",)),
    Failure(
        "config.json is cut off",
        raw_config(text('{"ociVersion": "1.0.2", "process": {')),
        ours=("config.json",),
    ),
    Failure(
        "config.json has a number for a text",
        raw_config(text('{"ociVersion": "1.0.2", "root": {"path": 7}}')),
        says=("path",),
        ours=("root",),
    ),
    Failure("config.json is empty", raw_config(text("")), ours=("config.json",)),
]

HOOKS = [
    *(
        Failure(
            f"{kind} hook fails",
            hook(kind, "echo its reason >&2; exit 3"),
            says=("3",),
            ours=(kind, r"#?0", "its reason"),
            verb="start" if kind in ("startContainer", "poststart") else "create",
        )
        for kind in HOOK_KINDS
    ),
    *(
        Failure(
            f"{kind} hook takes too long",
            hook(kind, "exec sleep 1000", timeout=1),
            says=("timeout|timed out|hook ran past|still running|ended|out of time",),
            ours=(kind,),
            verb="start" if kind in ("startContainer", "poststart") else "create",
        )
        for kind in ("createRuntime", "createContainer", "startContainer")
    ),
    *(
        Failure(
            f"{kind} hook is missing",
            config(hooks={kind: [{"path": "/absent/hook"}]}),
            says=("/absent/hook", NO_ENTRY),
            ours=(kind,),
            verb="start" if kind in ("startContainer", "poststart") else "create",
        )
        for kind in ("createRuntime", "createContainer", "startContainer", "poststart")
    ),
]

FAILURES = [*PROGRAM, *MOUNTS, *HOST, *BUNDLE, *HOOKS]
