# SPDX-License-Identifier: Apache-2.0
"""The one table of commands and options.

The parser, --help, the man pages' check and (later) the completions read it; nothing else
knows an option's name. Help texts are written for people, without a final full stop.
"""

from __future__ import annotations


class Option:
    """An option: --name, perhaps -short; takes a value when metavar is given.

    kind: "flag" (bool), "text" (str), "number" (int), "list" (list[str], repeatable).
    choices: the accepted values, empty for any. hidden: accepted, not shown.
    """

    __slots__ = ("choices", "default", "help", "hidden", "kind", "metavar", "name", "short")

    def __init__(
        self,
        name: str,
        help: str,
        *,
        short: str = "",
        metavar: str = "",
        kind: str = "",
        default: str = "",
        choices: tuple[str, ...] = (),
        hidden: bool = False,
    ) -> None:
        self.name = name
        self.help = help
        self.short = short
        self.metavar = metavar
        self.kind = kind or ("text" if metavar else "flag")
        self.default = default
        self.choices = choices
        self.hidden = hidden

    @property
    def key(self) -> str:
        """The name as a Python identifier."""
        return self.name.replace("-", "_")


class Verb:
    """A command: its positional arguments, its options, the module that runs it.

    arguments: as shown in usage, "ID [SIGNAL]". count: least and most positionals
    (most -1: any number). raw_after: positionals from this index on are taken as they
    are, options among them too (-1: never).
    """

    __slots__ = ("arguments", "count", "module", "name", "options", "raw_after", "summary", "text")

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        arguments: str = "",
        count: tuple[int, int] = (0, 0),
        options: tuple[Option, ...] = (),
        text: str = "",
        raw_after: int = -1,
        module: str = "",
    ) -> None:
        self.name = name
        self.summary = summary
        self.arguments = arguments
        self.count = count
        self.options = options
        self.text = text
        self.raw_after = raw_after
        self.module = module or name


GLOBAL_OPTIONS = (
    Option(
        "root", "directory for the state of containers", metavar="DIR", default="/run/pyruntime"
    ),
    Option(
        "log",
        "write log lines to FILE (or file:FILE, journald:NAME, syslog:NAME), not standard error",
        metavar="FILE",
    ),
    Option(
        "log-format",
        "form of log lines",
        metavar="FORMAT",
        default="text",
        choices=("text", "json"),
    ),
    Option(
        "log-level",
        "the least that is logged",
        metavar="LEVEL",
        default="warning",
        choices=("debug", "warning", "error"),
    ),
    Option("debug", "log the steps before they run"),
    Option("trace", "write where the time went to FILE, as Trace Event JSON", metavar="FILE"),
    Option("systemd-cgroup", "let systemd make the cgroup of a new container, as a scope"),
    Option(
        "cgroup-manager",
        "who makes the cgroup of a new container; systemd is the same as --systemd-cgroup",
        metavar="MANAGER",
        default="cgroupfs",
        choices=("cgroupfs", "systemd", "disabled"),
    ),
    Option(
        "rootless",
        "ignore cgroup permission errors",
        metavar="MODE",
        default="auto",
        choices=("true", "false", "auto"),
    ),
    Option("help", "show help", short="h"),
    Option(
        "as",
        "answer --version as NAME does, for callers that look at it",
        metavar="NAME",
        choices=("runc",),
    ),
    Option("version", "print the version", short="v"),
)

HELP = Option("help", "show help", short="h")

_BUNDLE = Option("bundle", "the bundle's directory (default: here)", short="b", metavar="DIR")
_CONSOLE = Option(
    "console-socket", "unix socket that receives the terminal's master end", metavar="SOCKET"
)
_PIDFD = Option(
    "pidfd-socket", "unix socket that receives a pidfd of the process", metavar="SOCKET"
)
_PID_FILE = Option("pid-file", "write the process's pid to FILE", metavar="FILE")
_PRESERVE = Option(
    "preserve-fds",
    "hand N more descriptors to the container, from 3 on",
    metavar="N",
    kind="number",
    default="0",
)
_CRIU = (
    Option("image-path", "directory of criu's images (default: ./checkpoint)", metavar="DIR"),
    Option("work-path", "directory of criu's log (default: that of the images)", metavar="DIR"),
    Option("tcp-established", "allow open TCP connections"),
    Option("ext-unix-sk", "allow unix sockets whose other end is outside"),
    Option("shell-job", "allow a terminal or session of the caller's"),
    Option("file-locks", "allow file locks"),
    Option(
        "manage-cgroups-mode",
        "what criu does with the cgroups; soft unless given",
        metavar="MODE",
        choices=("soft", "full", "strict", "ignore"),
    ),
    Option(
        "empty-ns", "leave this namespace's content to others: network", metavar="TYPE", kind="list"
    ),
    Option("auto-dedup", "drop from older images what newer ones hold"),
)
_REGEX = Option(
    "regex", "ID is a regular expression: all containers whose id it matches", short="r"
)
_CREATE = (
    _BUNDLE,
    Option("config", "read FILE instead of the bundle's config.json", short="f", metavar="FILE"),
    _CONSOLE,
    _PIDFD,
    _PID_FILE,
    Option("no-pivot", "move the root mount instead of pivot_root (rootfs on a ramdisk)"),
    Option("no-new-keyring", "keep the caller's session keyring"),
    _PRESERVE,
)

VERBS = (
    Verb(
        "create",
        "create a container",
        arguments="ID [BUNDLE]",
        count=(1, 2),
        options=(*_CREATE, Option("no-subreaper", "ignored: create adopts nobody", hidden=True)),
        text="Sets up everything up to the user's program, which waits for `start`.",
    ),
    Verb(
        "start",
        "run the user's program in a created container",
        arguments="ID",
        count=(1, 1),
    ),
    Verb(
        "run",
        "create and start a container",
        arguments="ID [BUNDLE]",
        count=(1, 2),
        options=(
            *_CREATE,
            Option("detach", "do not wait for the program's end", short="d"),
            Option("keep", "do not delete the container when its program ends"),
            Option("no-subreaper", "do not adopt orphans of the container"),
        ),
        text="Ends with the program's exit status, or 128 + signal.",
    ),
    Verb("state", "print a container's state as JSON", arguments="ID", count=(1, 1)),
    Verb(
        "kill",
        "send a signal to a container's init process",
        arguments="ID [SIGNAL]",
        count=(1, 2),
        options=(
            Option("all", "send it to every process of the container", short="a", hidden=True),
            _REGEX,
        ),
        text="SIGNAL is a name with or without SIG, or a number; TERM unless given.",
    ),
    Verb(
        "delete",
        "delete what a container holds",
        arguments="ID",
        count=(1, 1),
        options=(Option("force", "kill the container first if it runs", short="f"), _REGEX),
    ),
    Verb(
        "exec",
        "run another process in a running container",
        arguments="ID [--] COMMAND [ARG...]",
        count=(1, -1),
        raw_after=1,
        options=(
            _CONSOLE,
            _PIDFD,
            Option("cwd", "working directory in the container", metavar="DIR"),
            Option("env", "set a variable", short="e", metavar="NAME=VALUE", kind="list"),
            Option("tty", "give it a terminal", short="t"),
            Option("user", "run as UID, or UID:GID (numbers)", short="u", metavar="UID[:GID]"),
            Option("additional-gids", "one more group", short="g", metavar="GID", kind="list"),
            Option("process", "take the process from a JSON file", short="p", metavar="FILE"),
            Option("detach", "do not wait for the process's end", short="d"),
            _PID_FILE,
            Option("process-label", "SELinux label of the process", metavar="LABEL"),
            Option("apparmor", "AppArmor profile of the process", metavar="PROFILE"),
            Option("no-new-privs", "set no_new_privs"),
            Option("cap", "add a capability", short="c", metavar="CAP", kind="list"),
            _PRESERVE,
            Option(
                "cgroup",
                "run in an existing sub-cgroup of the container",
                metavar="[CONTROLLER:]PATH",
                kind="list",
            ),
            Option("ignore-paused", "allow it in a paused container"),
        ),
        text="The process is COMMAND with the container's own settings, or what --process holds.",
    ),
    Verb(
        "list",
        "list the containers of this root",
        options=(
            Option(
                "format",
                "form of the output",
                short="f",
                metavar="FORMAT",
                default="table",
                choices=("table", "json"),
            ),
            Option("quiet", "print ids only", short="q"),
        ),
    ),
    Verb(
        "ps",
        "show the processes of a container",
        arguments="ID [PS-OPTION...]",
        count=(1, -1),
        raw_after=1,
        options=(
            Option(
                "format",
                "form of the output",
                short="f",
                metavar="FORMAT",
                default="table",
                choices=("table", "json"),
            ),
        ),
    ),
    Verb("pause", "freeze a container's processes", arguments="ID", count=(1, 1)),
    Verb("resume", "thaw a container's processes", arguments="ID", count=(1, 1)),
    Verb(
        "mounts",
        "add mounts to a container that runs, or remove some",
        arguments="add|remove ID FILE",
        count=(3, 3),
        text="FILE holds a JSON array like the configuration's mounts. To remove them takes their "
        "destination only.",
    ),
    Verb(
        "update",
        "change the limits of a container",
        arguments="ID",
        count=(1, 1),
        options=(
            Option(
                "resources",
                "take them from a JSON file like linux.resources, - for standard input",
                short="r",
                metavar="FILE",
            ),
            Option("blkio-weight", "share of block I/O, 10 to 1000", metavar="WEIGHT"),
            Option("cpu-period", "period of the CPU quota in microseconds", metavar="US"),
            Option("cpu-quota", "CPU time in a period in microseconds, -1 for all", metavar="US"),
            Option("cpu-burst", "quota that may be saved up in microseconds", metavar="US"),
            Option("cpu-share", "share of CPU time beside other cgroups", metavar="SHARES"),
            Option(
                "cpu-idle", "1 for CPU time that nobody else wants, 0 for normal", metavar="0|1"
            ),
            Option("cpu-rt-period", "period of real-time tasks in microseconds", metavar="US"),
            Option("cpu-rt-runtime", "CPU time of real-time tasks in a period", metavar="US"),
            Option("cpuset-cpus", "CPUs to run on, as 0-3,7", metavar="LIST"),
            Option("cpuset-mems", "memory nodes to use, as 0-1", metavar="LIST"),
            Option("memory", "limit of memory, -1 for none", metavar="SIZE"),
            Option("memory-reservation", "memory to be left to it", metavar="SIZE"),
            Option("memory-swap", "limit of memory and swap together, -1 for none", metavar="SIZE"),
            Option("kernel-memory", "ignored", metavar="SIZE", hidden=True),
            Option("kernel-memory-tcp", "ignored", metavar="SIZE", hidden=True),
            Option("pids-limit", "how many processes and threads, -1 for any", metavar="N"),
            Option("l3-cache-schema", "resctrl line of the L3 cache, as L3:0=f", metavar="SCHEMA"),
            Option("mem-bw-schema", "resctrl line of the memory bandwidth", metavar="SCHEMA"),
        ),
        text="What is not given stays. SIZE is in bytes, or a number with k, m, g or t.",
    ),
    Verb(
        "events",
        "print a container's statistics and its lack of memory as JSON lines",
        arguments="ID",
        count=(1, 1),
        options=(
            Option("stats", "print the statistics once and end"),
            Option("interval", "time between statistics", metavar="SPAN", default="5s"),
        ),
        text="Ends when the container does.",
    ),
    Verb(
        "top",
        "show what containers use, as a table that renews itself",
        arguments="[ID...]",
        count=(0, -1),
        options=(
            Option("interval", "time between two looks", metavar="SPAN", default="2s"),
            Option("once", "print the table once and end"),
        ),
        text="All that run, unless some are named. Away from a terminal the table is printed once.",
    ),
    Verb(
        "checkpoint",
        "write a running container to images, with criu",
        arguments="ID",
        count=(1, 1),
        options=(
            *_CRIU,
            Option(
                "parent-path",
                "images of the pre-dump before, relative to --image-path",
                metavar="DIR",
            ),
            Option("leave-running", "let the container go on"),
            Option("pre-dump", "write the memory alone, and let the container go on"),
            Option("tcp-skip-in-flight", "leave out TCP connections that are being made"),
            Option("link-remap", "allow files whose name is gone, by a new link"),
            Option("lazy-pages", "keep the memory, and serve it while the restored one runs"),
            Option(
                "page-server",
                "send the memory there, or with --lazy-pages serve it there",
                metavar="ADDRESS:PORT",
            ),
            Option(
                "status-fd",
                "write a NUL to this descriptor when --lazy-pages serves",
                metavar="FD",
                kind="number",
            ),
        ),
        text="The container is deleted then, unless it is to go on. See restore.",
    ),
    Verb(
        "restore",
        "make a container from the images of a checkpoint",
        arguments="ID",
        count=(1, 1),
        options=(
            _BUNDLE,
            *_CRIU,
            _CONSOLE,
            _PID_FILE,
            Option("detach", "do not wait for the program's end", short="d"),
            Option("no-subreaper", "do not adopt orphans of the container"),
            Option("no-pivot", "as for create"),
            Option("lazy-pages", "get the memory from `criu lazy-pages` when it is used"),
            Option(
                "lsm-profile",
                "label of the processes, other than the checkpoint's",
                metavar="TYPE:NAME",
            ),
            Option(
                "lsm-mount-context",
                "SELinux context of mounts, other than the checkpoint's",
                metavar="CONTEXT",
            ),
        ),
        text="Ends with the program's exit status, or 128 + signal.",
    ),
    Verb(
        "spec",
        "write a config.json to start from",
        options=(
            _BUNDLE,
            Option(
                "file",
                "write FILE in the bundle's directory",
                short="f",
                metavar="FILE",
                default="config.json",
            ),
            Option("rootless", "write one for an ordinary user"),
        ),
    ),
    Verb("features", "print what this runtime can do as JSON"),
    Verb(
        "plan",
        "show the steps that create would run, without running them",
        arguments="[BUNDLE]",
        count=(0, 1),
        options=(
            _BUNDLE,
            Option(
                "format",
                "form of the output",
                short="f",
                metavar="FORMAT",
                default="text",
                choices=("text", "json"),
            ),
            Option("no-pivot", "as for create"),
            Option("no-new-keyring", "as for create"),
        ),
    ),
    Verb(
        "validate",
        "report everything that is wrong with a bundle's config.json",
        arguments="[BUNDLE]",
        count=(0, 1),
        options=(
            _BUNDLE,
            Option(
                "format",
                "form of the output",
                short="f",
                metavar="FORMAT",
                default="text",
                choices=("text", "json"),
            ),
            Option("host", "add what this host will refuse or ignore"),
        ),
    ),
    Verb(
        "doctor",
        "tell what this host can do and lacks",
        options=(
            Option(
                "format",
                "form of the output",
                short="f",
                metavar="FORMAT",
                default="text",
                choices=("text", "json"),
            ),
        ),
        text="Each thing that is missing is shown with its consequence. Nothing is changed.",
    ),
    Verb(
        "trace",
        "show a file of --trace as a waterfall",
        arguments="FILE",
        count=(1, 1),
        options=(Option("all", "show short spans too", short="a"),),
        text="Perfetto and chrome://tracing open the same file.",
    ),
)


def find_verb(name: str) -> Verb | None:
    for verb in VERBS:
        if verb.name == name:
            return verb
    return None
