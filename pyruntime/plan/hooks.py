# SPDX-License-Identifier: Apache-2.0
"""`hooks` of the config (config.md, "POSIX-platform Hooks").

createContainer and startContainer run in the container's namespaces, so they are steps; the
others are the runtime's and only carried along.
"""

from __future__ import annotations

from pyruntime.plan import ops
from pyruntime.plan.field import mapping, number, sequence, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.plan.field import Map
    from pyruntime.plan.step import Step

# The version of the specification that the state given to hooks complies with.
STATE_VERSION = "1.3.0"
RUNTIME_KINDS = ("prestart", "createRuntime", "poststart", "poststop")


def runtime_hooks(config: Map) -> dict[str, list[dict[str, Any]]]:
    """Those that the runtime runs, by kind; kinds without hooks are left out."""
    hooks = mapping(config, "hooks")
    if not hooks:
        return {}
    return {kind: found for kind in RUNTIME_KINDS if (found := sequence(hooks, kind, "/hooks"))}


def steps(
    config: Map,
    kind: str,
    *,
    container_id: str,
    bundle: str,
    status: str,
    env: list[str],
    cwd: str,
    outputs: tuple[int, int] = (0, 0),
) -> list[Step]:
    """One step per hook of the kind.

    status: of the state on stdin. env: used when the hook has none. cwd: of the hook.
    outputs: numbers of the slots that its stdout and stderr go to, 0 for the runtime's.
    The pid in the state is the init's as it sees itself: the init fills it in.
    """
    hooks = mapping(config, "hooks")
    entries = sequence(hooks, kind, "/hooks") if hooks else []
    if not entries:
        return []
    head, tail = state_parts(config, container_id, bundle, status)
    return [
        ops.hook(
            f"/hooks/{kind}/{index}",
            timeout_ms=(number(entry, "timeout") or 0) * 1000,
            stdout=outputs[0],
            stderr=outputs[1],
            path=text(entry, "path"),
            # Without args the program still gets its own name.
            args=sequence(entry, "args") or [text(entry, "path")],
            env=sequence(entry, "env") or env,
            cwd=cwd,
            state_head=head,
            state_tail=tail,
        )
        for index, entry in enumerate(entries)
    ]


def state_parts(config: Map, container_id: str, bundle: str, status: str) -> tuple[str, str]:
    """The state as JSON, cut where the pid belongs."""
    # Only configurations with such hooks pay for the import.
    from pyruntime.jsontext import dumps

    state: dict[str, Any] = {"ociVersion": STATE_VERSION, "id": container_id, "status": status}
    head = dumps(state)[:-1] + ',"pid":'
    rest: dict[str, Any] = {"bundle": bundle}
    if annotations := mapping(config, "annotations"):
        rest["annotations"] = annotations
    return head, "," + dumps(rest)[1:]
