# SPDX-License-Identifier: Apache-2.0
"""Every option of crun(1) and of its --help is taken, with the meaning that it has there."""

from __future__ import annotations

import pytest

from pyruntime.cli.parse import parse

# command -> its options there, with a value where one is taken
UPDATE = "kernel-memory kernel-memory-tcp memory memory-reservation memory-swap pids-limit"
UPDATE += " blkio-weight cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-share cpuset-cpus"
UPDATE += " cpuset-mems l3-cache-schema mem-bw-schema resources"
CREATE = "--bundle=b -b=b --config=f -f=f --console-socket=s --no-new-keyring --no-pivot"
CREATE += " --preserve-fds=2 --pid-file=p --no-subreaper"
OPTIONS = {
    "create": CREATE,
    "run": f"{CREATE} --detach -d --keep",
    "delete": "--force -f --regex -r",
    "exec": "--apparmor=p --console-socket=s --cwd=/ --cap=c -c=c --detach -d --cgroup=/x --env=A=b "
    "-e=A=b --no-new-privs --preserve-fds=1 --process=f -p=f --process-label=l --pid-file=p --tty "
    "-t --user=1 -u=1:2",
    "kill": "--all -a --regex -r",
    "list": "--quiet -q --format=json -f=table",
    "ps": "--format=json -f=table",
    "spec": "--bundle=b -b=b --file=f -f=f --rootless",
    "update": " ".join(f"--{name}=1" for name in UPDATE.split()) + " -r=f",
    "start": "",
    "state": "",
    "pause": "",
    "resume": "",
}
COMMON = "--debug --log=file:x --log-format=json --log-level=error --root=/r --systemd-cgroup"
COMMON += " --cgroup-manager=disabled --rootless=true"
COUNT = {"list": 0, "spec": 0}


def values(option: str) -> tuple[str, str]:
    name, _, value = option.lstrip("-").partition("=")
    return name, value


@pytest.mark.parametrize(
    ("verb", "option"), [(verb, word) for verb, text in OPTIONS.items() for word in text.split()]
)
def test_option_of_a_command(verb: str, option: str) -> None:
    name, value = values(option)
    words = [f"-{name}" if option[1] != "-" else f"--{name}", *([value] if value else [])]
    found = parse([verb, *words, *["c"] * COUNT.get(verb, 1)])
    assert found.verb is not None
    table = {one.short: one for one in found.verb.options} | {o.name: o for o in found.verb.options}
    taken = table[name]
    if taken.kind == "flag":
        assert found.options.flag(taken.key)
    elif taken.kind == "list":
        assert found.options.items(taken.key) == [value]
    else:
        assert found.options.text(taken.key) == value


@pytest.mark.parametrize("option", COMMON.split())
def test_option_of_all_commands(option: str) -> None:
    name, value = values(option)
    found = parse([option, "list"])
    key = name.replace("-", "_")
    assert found.common.text(key) == value if value else found.common.flag(key)


@pytest.mark.parametrize("word", ["-?", "--help", "--usage"])
def test_help(word: str) -> None:
    assert parse([word]).common.flag("help")
    assert parse(["run", word]).options.flag("help")


@pytest.mark.parametrize("word", ["-V", "--version"])
def test_version(word: str) -> None:
    assert parse([word]).common.flag("version")


def test_commands() -> None:
    for verb in OPTIONS:
        assert parse([verb, *["c"] * COUNT.get(verb, 1)]).verb is not None
