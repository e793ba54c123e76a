# SPDX-License-Identifier: Apache-2.0
"""The way in: where containers are kept and how they are made."""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, overload

from pyruntime import state
from pyruntime.api import planning
from pyruntime.api.bundle import AnyBundle, Bundle, accepted
from pyruntime.api.children import Children
from pyruntime.api.container import Container
from pyruntime.api.ending import Ending
from pyruntime.api.executing import of_the_host, streams_of, with_pipes
from pyruntime.api.log import Relay
from pyruntime.api.results import Completed
from pyruntime.api.stdio import Stream, Terminal
from pyruntime.api.talk import Streams, decoded, status_unknown
from pyruntime.errors import HostError, NotFound, StateError, UsageError, host_error
from pyruntime.host.root import default_root
from pyruntime.lifecycle.create import Created, CreateRequest, create
from pyruntime.lifecycle.start import poststart

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence
    from typing import Unpack

    from pyruntime.api.results import Plan
    from pyruntime.errors import Problem

Containers: TypeAlias = "list[Container]"
Problems: TypeAlias = "list[Problem]"
REAP_SECONDS = 10.0


class CreateOptions(TypedDict, total=False):
    """What Runtime.create, launch and run take besides id and bundle.

    args: instead of config.json's process.args. stdin, stdout, stderr, pass_fds: as in
    ExecOptions, of the first process. pid_file: to write its pid to. no_pivot, no_new_keyring:
    as `pyruntime create` has them.
    """

    args: Sequence[str]
    stdin: Stream
    stdout: Stream
    stderr: Stream
    pass_fds: Sequence[int]
    pid_file: str | os.PathLike[str]
    no_pivot: bool
    no_new_keyring: bool


class Runtime:
    """Containers whose state is below one directory. Threads may share it. It knows the processes
    that it has started: use the same one for all that is done to a container.

    root: that directory; the command line's default when it is None. cgroup_manager: as the
    option of this name. rootless: whether a refusal of the cgroups is no error, None for "as the
    kernel sees the caller". logger: for warnings and, at level DEBUG, for every step; the one
    named "pyruntime" when it is None.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        cgroup_manager: Literal["cgroupfs", "systemd", "disabled"] = "cgroupfs",
        rootless: bool | None = None,
        logger: logging.Logger | None = None,
    ) -> None:
        """Raises UsageError."""
        self.root = os.path.abspath(default_root() if root is None else root)
        if self.root == "/":
            raise UsageError("root must not be /", code="bad-value")
        if cgroup_manager not in ("cgroupfs", "systemd", "disabled"):
            raise UsageError(f"cgroup manager {cgroup_manager!r} is none", code="bad-value")
        self.cgroup_manager = cgroup_manager
        self.rootless = rootless
        self.log = Relay(logger)
        self.children = Children()

    def __repr__(self) -> str:
        return f"<Runtime {self.root}>"

    # Bundles

    def load(self, bundle: str | os.PathLike[str]) -> Bundle:
        """Read and check its config.json. Raises ConfigError."""
        return Bundle.load(bundle)

    def validate(self, bundle: str | os.PathLike[str] | Bundle, *, host: bool = False) -> Problems:
        """All that is wrong with its configuration, errors and warnings, with line and column
        when it is a file. host: also what this host will refuse or ignore.

        Raises ConfigError when there is none to read.
        """
        return planning.problems(bundle, host=host)

    def plan(self, bundle: str | os.PathLike[str] | Bundle, id: str = "ID") -> Plan:
        """What create would do, without doing it. Raises ConfigError, CgroupError."""
        return planning.plan(bundle, id)

    def features(self) -> dict[str, Any]:
        """features.md of the runtime specification."""
        return planning.features()

    # Containers

    def create(
        self,
        id: str,
        bundle: str | os.PathLike[str] | Bundle,
        **options: Unpack[CreateOptions],
    ) -> Container:
        """A container whose program waits for Container.start. CreateOptions has what can be
        given. It stays when this process ends, unless `with` deletes it before.

        Raises an error of the tree (docs/errors.md); then nothing is left of it.
        """
        return self._make(id, bundle, options, to_exec=False)

    def launch(
        self,
        id: str,
        bundle: str | os.PathLike[str] | Bundle,
        **options: Unpack[CreateOptions],
    ) -> Container:
        """create and start in one: its program runs."""
        return self._make(id, bundle, options, to_exec=True)

    @overload
    def run(
        self,
        id: str,
        bundle: str | os.PathLike[str] | Bundle,
        *,
        input: bytes | None = None,
        capture_output: bool = False,
        check: bool = False,
        timeout: float | None = None,
        text: Literal[False] = False,
        **options: Unpack[CreateOptions],
    ) -> Completed[bytes]: ...

    @overload
    def run(
        self,
        id: str,
        bundle: str | os.PathLike[str] | Bundle,
        *,
        input: str | None = None,
        capture_output: bool = False,
        check: bool = False,
        timeout: float | None = None,
        text: Literal[True],
        **options: Unpack[CreateOptions],
    ) -> Completed[str]: ...

    def run(
        self,
        id: str,
        bundle: str | os.PathLike[str] | Bundle,
        *,
        input: Any = None,
        capture_output: bool = False,
        check: bool = False,
        timeout: float | None = None,
        text: bool = False,
        **options: Unpack[CreateOptions],
    ) -> Completed[Any]:
        """A container from its beginning to its end: nothing is left of it. The parameters are
        those of subprocess.run; text is UTF-8.

        Raises CommandFailed with check, TimeoutExpired, and what create does.
        """
        piped: CreateOptions = with_pipes(options, input is not None, capture_output)
        with self.launch(id, bundle, **piped) as container:
            args = tuple((container.config.get("process") or {}).get("args") or ())
            data = input.encode() if isinstance(input, str) else input
            out: Any
            err: Any
            out, err = container.communicate(data, timeout)
            returncode = container.wait()
        if returncode is None:
            raise status_unknown(id)
        if text:
            out, err = decoded(out, "utf-8", "strict"), decoded(err, "utf-8", "strict")
        completed: Completed[Any] = Completed(args, returncode, out, err)
        if check:
            completed.check()
        return completed

    def get(self, id: str) -> Container:
        """One that exists, whoever made it. Raises NotFound, UsageError."""
        with state.open_dir(self.root, id) as directory:
            directory.read()
        return Container(self, id)

    def delete(self, id: str, *, force: bool = False) -> None:
        """As Container.delete; with force it also removes what an interrupted create has left."""
        Container(self, id).delete(force=force)

    def list(self) -> Containers:
        """All of them, by id. Raises HostError."""
        try:
            ids = state.list_ids(self.root)
        except FileNotFoundError:
            return []
        except OSError as err:
            raise host_error(err, "list", self.root) from None
        found = []
        for container_id in ids:
            try:
                found.append(self.get(container_id))
            except NotFound:
                continue  # deleted in between, or a create that has only begun
            except StateError:
                found.append(Container(self, container_id))  # its record is damaged
            except HostError as err:
                self.log.warn(f"container {container_id}: {err.message}", err.details())
        return found

    def _make(
        self, container_id: str, bundle: AnyBundle, options: CreateOptions, *, to_exec: bool
    ) -> Container:
        for name in options:
            if name not in CreateOptions.__annotations__:
                raise TypeError(f"unexpected keyword argument {name!r}")
        path, loaded = accepted(bundle, options.get("args"))
        process = loaded.config.get("process") or {}
        with streams_of(
            options.get("stdin"),
            options.get("stdout"),
            options.get("stderr"),
            options.get("pass_fds", ()),
            terminal=bool(process.get("terminal")),
        ) as stdio:
            request = CreateRequest(
                self.root,
                container_id,
                path,
                to_exec=to_exec,
                pid_file=os.fspath(options.get("pid_file", "")),
                no_pivot=options.get("no_pivot", False),
                no_new_keyring=options.get("no_new_keyring", False),
                rootless={None: "auto", True: "true", False: "false"}[self.rootless],
                systemd_cgroup=self.cgroup_manager == "systemd",
                no_cgroup=self.cgroup_manager == "disabled",
                given=stdio.given,
            )
            created = of_the_host("create container", lambda: create(request, self.log, loaded))
            ending = self._begun(created, to_exec=to_exec)
        streams: Streams[bytes] = Streams(stdio.ends, None, None)
        terminal = Terminal(created.master) if created.master >= 0 else None
        return Container(self, container_id, ending, streams, terminal)

    def _begun(self, created: Created, *, to_exec: bool) -> Ending:
        """The end of the init, which is a child of ours. Raises HookError."""
        ending = Ending(created.record.id, created.child.release(), own=True)
        self.children.add_first(ending, created.record)
        try:
            if to_exec:
                poststart(created.directory, created.record, self.log)
        except BaseException:
            self.children.wait(ending, monotonic() + REAP_SECONDS)
            if created.master >= 0:
                os.close(created.master)
            raise
        finally:
            created.close()
        return ending
