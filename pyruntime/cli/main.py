# SPDX-License-Identifier: Apache-2.0
"""From argv to an exit status: parse, import the one verb, report what it raises.

Exit status: 0, or 1 for an error (255 for exec's own errors, 3 for a command that there is
not, as runc); `run` and `exec` give the program's. No traceback reaches the user: an error outside the tree is a bug and
says so, with the traceback only under --debug.
"""

from __future__ import annotations

import gc
import os
from _signal import SIGPIPE
from errno import EPIPE

from pyruntime.cli.interrupt import Interrupted
from pyruntime.cli.options import GLOBAL_OPTIONS
from pyruntime.cli.parse import Invocation, Values, parse
from pyruntime.errors import Error, UsageError, host_error
from pyruntime.log import Log, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

EXEC_FAILED = 255


def main(argv: Sequence[str]) -> NoReturn:
    """Never returns: leaves by os._exit, since there is nothing left to tear down."""
    gc.disable()  # a run is over before a collection could pay
    try:
        status = _run(arguments(argv))
    except Interrupted as stop:
        status = 128 + stop.number
    except KeyboardInterrupt:
        status = 130
    os._exit(status)


def arguments(argv: Sequence[str]) -> list[str]:
    """Those after the name; a link named runc asks for --as=runc. (The launcher that executes
    an interpreter says that itself, since the name is another's then.)"""
    if argv[0].rpartition("/")[2] == "runc":
        return ["--as=runc", *argv[1:]]
    return list(argv[1:])


def _run(args: Sequence[str]) -> int:
    log = Log()
    verb = ""
    common = Values(GLOBAL_OPTIONS)
    try:
        try:
            invocation = parse(args, common)
        except UsageError:
            log = _log(common)  # an engine looks there for this, too
            raise
        verb = invocation.verb.name if invocation.verb else ""
        if common.flag("version"):
            return _version(common.text("as"))
        if invocation.verb is None or _help_wanted(invocation):
            return _help(invocation)
        log = _log(common)
        if common.text("trace"):
            return _traced(invocation, log)
        return _dispatch(invocation, log)
    except Error as err:
        if err.code == "output" and err.errno == EPIPE:
            return 128 + SIGPIPE  # `list | head -1`: who does not read on needs no words
        _report(log, err)
        return EXEC_FAILED if verb == "exec" else err.exit_code
    except OSError as err:
        _report(log, _unforeseen(err, verb))
        return EXEC_FAILED if verb == "exec" else 1
    except RecursionError:
        _report(log, Error("document is nested too deeply", code="json"))
        return 1
    except MemoryError:
        _report(log, Error("out of memory", code="out-of-memory"))
        return 1
    except Exception as err:
        _report_bug(log, err)
        return EXEC_FAILED if verb == "exec" else 1


def _dispatch(invocation: Invocation, log: Log) -> int:
    assert invocation.verb is not None
    module = __import__(f"pyruntime.cli.{invocation.verb.module}", fromlist=("main",))
    log.mark("import the command")
    status: int = module.main(invocation, log)
    return status


def _traced(invocation: Invocation, log: Log) -> int:
    """The same; a trace that cannot be written in the end does not undo what was done."""
    from pyruntime.trace import Tracer

    assert invocation.verb is not None
    log.tracer = tracer = Tracer(invocation.common.text("trace"))
    status = 1
    try:
        status = _dispatch(invocation, log)
        return status
    finally:
        tracer.mark("finish")
        try:
            tracer.write(invocation.verb.name, status)
        except Error as err:
            log.warn(err.message, err.details())


def _help_wanted(invocation: Invocation) -> bool:
    if invocation.common.flag("help"):
        return True
    return bool(invocation.verb) and invocation.options.flag("help")


def _help(invocation: Invocation) -> int:
    from pyruntime.cli.help import print_help

    return print_help(invocation.verb)


def _log(common: Values) -> Log:
    level = "debug" if common.flag("debug") else common.text("log_level")
    return Log(common.text("log"), form=common.text("log_format"), level=level)


def _version(name: str) -> int:
    from pyruntime.cli.version import print_version

    return print_version(name)


def _unforeseen(err: OSError, verb: str) -> Error:
    """One that no place in particular has expected."""
    try:
        os.getcwd()
    except OSError as gone:
        hint = "has it been removed? paths are relative to it"
        return host_error(gone, "find the working directory", hint=hint)
    return host_error(err, verb or "start", str(err.filename or ""))


def _report(log: Log, err: Error) -> None:
    """Once to the log; once more to standard error when the log is a file, as runc does."""
    log.error(err)
    if log.to_file:
        write_all(2, f"{err.message}\n")


def _report_bug(log: Log, err: Exception) -> None:
    message = f"internal error: {type(err).__name__}: {err}"
    _report(log, Error(message, hint="this is a bug; --debug shows where", code="internal"))
    if log.debugging:
        import traceback

        log.debug("".join(traceback.format_exception(err)).rstrip())


def state_root(common: Values) -> str:
    """The directory of all containers' state, absolute. Raises UsageError for "/"."""
    root = common.text("root")
    if not common.given("root") and (os.geteuid() != 0 or os.environ.get("XDG_RUNTIME_DIR")):
        from pyruntime.host.root import default_root  # root itself has the option's default

        root = default_root()
    root = os.path.abspath(root)
    if root == "/":
        raise UsageError("option --root must not be /")
    return root
