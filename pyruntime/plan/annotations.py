# SPDX-License-Identifier: Apache-2.0
"""Annotations `run.oci.*`, by which engines ask for what config.json has no field for.

Pure, and imported only for a config that has one. Their names and meanings are crun's (crun(1),
"Extensions to OCI"). Each is carried out, refused with its reason or ignored with a warning.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError, Problem
from pyruntime.plan.field import escape, mapping
from pyruntime.plan.plan import Slot, ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyruntime.plan.field import Map

PREFIX = "run.oci."
CONTEXT = f"{PREFIX}mount_context_type"
GROUPS = f"{PREFIX}keep_original_groups"
PIDFD = f"{PREFIX}pidfd_receiver"
RECEIVER = f"{PREFIX}seccomp.receiver"
STRICT = f"{PREFIX}seccomp_fail_unknown_syscall"
STDOUT, STDERR = f"{PREFIX}hooks.stdout", f"{PREFIX}hooks.stderr"

CONTEXTS = ("context", "fscontext", "defcontext", "rootcontext")
CARRIED_OUT = frozenset((CONTEXT, GROUPS, PIDFD, RECEIVER, STRICT, STDOUT, STDERR))
ABSOLUTE = (RECEIVER, PIDFD, STDOUT, STDERR)
# What the container would rely on, and why it is not done.
REFUSED = {
    f"{PREFIX}handler": "a program is run by this kernel and in no other way",
    f"{PREFIX}seccomp.plugins": "no code is loaded into the runtime; an agent that listens at "
    "linux.seccomp.listenerPath can do the same",
    f"{PREFIX}seccomp_bpf_data": "a filter that cannot be read is not loaded; write it as "
    "linux.seccomp",
    f"{PREFIX}systemd.force_cgroup_v1": "the container's cgroup is not in that hierarchy; a mount "
    "of the type bind can show the host's",
}
# What it runs well without.
IGNORED = {
    f"{PREFIX}systemd.subgroup": "the container's processes are in its scope itself",
    f"{PREFIX}delegate-cgroup": "a container with a new cgroup namespace and a writable cgroup "
    "mount is given its own cgroup",
}


class Effects:
    """keep_groups: the process keeps the caller's additional groups. context: the option that
    mountLabel is given by. pidfd_socket: as the option of create. receiver: who answers the
    filter's notifications where listenerPath names nobody. strict: an unknown system call in
    the filter is an error. outputs: files that the hooks' stdout and stderr are appended to,
    "" for none.
    """

    __slots__ = ("context", "keep_groups", "outputs", "pidfd_socket", "receiver", "strict")

    def __init__(self, annotations: Map) -> None:
        self.keep_groups = annotations.get(GROUPS, "0") != "0"
        self.context = str(annotations.get(CONTEXT) or CONTEXTS[0])
        self.pidfd_socket = str(annotations.get(PIDFD) or "")
        self.receiver = str(annotations.get(RECEIVER) or "")
        self.strict = annotations.get(STRICT, "0") != "0"
        self.outputs = outputs_of(annotations)


def read(config: Map) -> Effects:
    """Raises ConfigError for a value that is none."""
    annotations = mapping(config, "annotations")
    context = annotations.get(CONTEXT)
    if context and context not in CONTEXTS:
        wanted = ", ".join(CONTEXTS)
        raise _error(CONTEXT, f"must be one of {wanted}, not {context!r}")
    for key in ABSOLUTE:
        path = annotations.get(key)
        if path and not str(path).startswith("/"):
            raise _error(key, f"must be an absolute path, not {path!r}")
    return Effects(annotations)


def outputs_of(annotations: Mapping[str, str]) -> tuple[str, str]:
    """The files of the hooks' stdout and stderr."""
    return annotations.get(STDOUT) or "", annotations.get(STDERR) or ""


def output_slots(effects: Effects, slots: list[Slot]) -> tuple[int, int]:
    """Files opened for hooks that the init runs, as indices of the descriptors; 0 for none."""
    numbers = []
    for key, path in zip((STDOUT, STDERR), effects.outputs, strict=True):
        numbers.append(Slot.number(slots) if path else 0)
        if path:
            slots.append(Slot("append", path, pointer(key)))
    return numbers[0], numbers[1]


def problems(config: Map) -> list[Problem]:
    """What is refused. An empty value asks for nothing."""
    annotations = mapping(config, "annotations")
    return [
        Problem(f"not carried out: {why}", pointer=pointer(key))
        for key, why in REFUSED.items()
        if annotations.get(key)
    ]


def warnings(config: Map) -> list[Problem]:
    """What has no effect, names that nobody has defined among it."""
    found = []
    for key, value in mapping(config, "annotations").items():
        if not key.startswith(PREFIX) or key in CARRIED_OUT or key in REFUSED:
            continue
        if key not in IGNORED:
            found.append(ignored("has no effect: there is no such annotation", pointer(key)))
        elif value:
            found.append(ignored(f"has no effect: {IGNORED[key]}", pointer(key)))
    return found


def pointer(key: str) -> str:
    return f"/annotations/{escape(key)}"


def _error(key: str, message: str) -> ConfigError:
    return ConfigError(f"{pointer(key)}: {message}", pointer=pointer(key))
