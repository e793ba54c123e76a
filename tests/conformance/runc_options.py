# SPDX-License-Identifier: Apache-2.0
"""The options of runc 1.5.1's commands: names, short names, whether they take a value.

What a `--help` of an older or newer runc shows is held against ours, too, where one is there.
"""

from __future__ import annotations

import re

# A name with = takes a value; "bundle=b" has the short name b.
CREATE = "bundle=b console-socket= pidfd-socket= pid-file= no-pivot no-new-keyring preserve-fds="
FACTS = {
    "": "debug log= log-format= root= systemd-cgroup rootless= help:h version:v",
    "create": CREATE,
    "run": f"{CREATE} detach:d keep no-subreaper",
    "start": "",
    "exec": (
        "console-socket= pidfd-socket= cwd= env=e tty:t user=u additional-gids=g process=p "
        "detach:d pid-file= process-label= apparmor= no-new-privs cap=c preserve-fds= cgroup= "
        "ignore-paused"
    ),
    "kill": "all:a",
    "delete": "force:f",
    "state": "",
    "list": "format=f quiet:q",
    "ps": "format=f",
    "pause": "",
    "resume": "",
    "update": (
        "resources=r blkio-weight= cpu-period= cpu-quota= cpu-burst= cpu-share= cpu-idle= "
        "cpu-rt-period= cpu-rt-runtime= cpuset-cpus= cpuset-mems= memory= memory-reservation= "
        "memory-swap= pids-limit= l3-cache-schema= mem-bw-schema= kernel-memory= "
        "kernel-memory-tcp="
    ),
    "events": "interval= stats",
    "spec": "bundle=b rootless",
    "features": "",
    "checkpoint": (
        "image-path= work-path= parent-path= leave-running tcp-established tcp-skip-in-flight "
        "link-remap ext-unix-sk shell-job lazy-pages status-fd= page-server= file-locks pre-dump "
        "manage-cgroups-mode= empty-ns= auto-dedup"
    ),
    "restore": (
        "console-socket= image-path= work-path= tcp-established ext-unix-sk shell-job file-locks "
        "manage-cgroups-mode= bundle=b detach:d pid-file= no-subreaper no-pivot empty-ns= "
        "auto-dedup lazy-pages lsm-profile= lsm-mount-context="
    ),
}

Options = set[tuple[str, str, bool]]  # name, short name, takes a value


def facts(verb: str) -> Options:
    found: Options = set()
    for word in FACTS[verb].split():
        name, kind, short = re.fullmatch(r"([a-z0-9-]+)([=:]?)(\w?)", word).groups()  # type: ignore[union-attr]
        found.add((name, short, kind == "="))
    return found


def shown(text: str, verb: str) -> Options:
    """Those in a --help of runc, of the old form ("--bundle value, -b value") or the new."""
    head = "GLOBAL OPTIONS:" if not verb else "\nOPTIONS:"
    section = text.partition(head)[2].partition("\nGLOBAL OPTIONS:")[0]
    found: Options = set()
    line = re.compile(r"^   --([\w-]+)( (?!-)\w+)?(?:, -(\w)(?: \w+)?)?(?: \[.*?\])?(?:  |$)", re.M)
    for name, value, short in line.findall(section):
        found.add((name, short, bool(value)))
    return found
