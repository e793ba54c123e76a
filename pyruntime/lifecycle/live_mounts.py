# SPDX-License-Identifier: Apache-2.0
"""mounts: add mounts to a container that runs, or take them away."""

from __future__ import annotations

from pyruntime import jsontext, state
from pyruntime.errors import ConfigError, StateError
from pyruntime.host.probe import probe
from pyruntime.lifecycle.launching import Launch, LaunchRequest
from pyruntime.lifecycle.status import status_of
from pyruntime.lifecycle.undo import Undo
from pyruntime.plan import live_mounts, ops
from pyruntime.spec.load import accept, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.log import Log


def add(root: str, container_id: str, path: str, log: Log) -> None:
    """path: of a JSON array like the config's `mounts`. All of them, or those before the one
    that fails. Raises an error of the tree.
    """
    _change(root, container_id, path, log, remove=False)


def remove(root: str, container_id: str, path: str, log: Log) -> None:
    """path: as for add; the destinations count. Raises an error of the tree."""
    _change(root, container_id, path, log, remove=True)


def read_mounts(path: str, *, destinations: bool = False) -> list[dict[str, Any]]:
    """destinations: nothing else counts. Raises ConfigError for what is no array of mounts."""
    raw = read(path)
    found = jsontext.loads(raw, nulls=False)
    if not isinstance(found, list):
        raise ConfigError(f"{path}: must be an array of mounts", path=path)
    if destinations:
        others = {"source": "/", "options": ["bind"]}
        found = [
            {"destination": mount.get("destination"), **others}
            if isinstance(mount, dict)
            else mount
            for mount in found
        ]
    # The rules of a configuration hold for its mounts alone, too.
    whole = {"ociVersion": "1.3.0", "root": {"path": "/"}, "mounts": found}
    loaded = accept(jsontext.dumps(whole).encode(), path, "config")
    mounts: list[dict[str, Any]] = loaded.config["mounts"]
    return mounts


def _change(root: str, container_id: str, path: str, log: Log, *, remove: bool) -> None:
    wanted = read_mounts(path, destinations=remove)
    with state.open_dir(root, container_id) as directory:
        directory.lock()
        record = directory.read()
        status = status_of(directory, record)
        if status not in (state.RUNNING, state.CREATED, state.PAUSED):
            raise StateError(f"container not running or created: {status}", code="not-running")
        config: dict[str, Any] = jsontext.loads(
            state.read_file("config.json", directory.fd), nulls=False
        )
        facts = probe()
        if remove:
            plan = live_mounts.compile_remove(wanted, config=config, pid=record.pid, facts=facts)
        else:
            plan = live_mounts.compile_add(
                wanted, config=config, pid=record.pid, facts=facts, bundle=record.bundle
            )
        request = LaunchRequest(
            root,
            container_id,
            detach=True,
            pid_file="",
            console_socket="",
            pidfd_socket="",
            preserve_fds=0,
            given=None,
        )
        undo = Undo()
        launch = Launch(request, status, undo, log)
        launch.record = record
        try:
            launch.take(plan)
            launch.child = launch.spawn()
            undo.push(launch.kill)
            launch.converse({ops.PHASE_READY: _nothing}, until_exec=True)
        except BaseException:
            undo.run(log.warn)
            raise
        launch.child.wait()
        launch.child.close()


def _nothing() -> None:
    """All is done by then."""
