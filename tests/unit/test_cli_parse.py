# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from pyruntime.cli.options import GLOBAL_OPTIONS, VERBS
from pyruntime.cli.parse import Values, parse
from pyruntime.errors import UsageError


@pytest.mark.parametrize(
    "words",
    [
        ["create", "--bundle", "/b", "c1"],
        ["create", "--bundle=/b", "c1"],
        ["create", "-b", "/b", "c1"],
        ["create", "-b=/b", "c1"],
        ["create", "-b/b", "c1"],
        ["create", "-bundle", "/b", "c1"],
        ["create", "c1", "--bundle", "/b"],
        ["create", "c1", "-b", "/b"],
    ],
)
def test_every_spelling_of_an_option(words: list[str]) -> None:
    found = parse(words)
    assert found.args == ["c1"]
    assert found.options.text("bundle") == "/b"


def test_global_options_stand_before_the_command() -> None:
    found = parse(["--root", "/r", "--log-format=json", "--debug", "state", "c1"])
    assert found.common.text("root") == "/r"
    assert found.common.text("log_format") == "json"
    assert found.common.flag("debug")
    assert not found.common.flag("systemd_cgroup")
    assert found.common.given("root") and not found.common.given("log")


def test_defaults_are_those_of_the_table() -> None:
    found = parse(["list"])
    assert found.common.text("root") == "/run/pyruntime"
    assert found.options.text("format") == "table"
    assert parse(["create", "c"]).options.number("preserve_fds") == 0


@pytest.mark.parametrize(
    ("words", "args"),
    [
        (["exec", "c1", "ls", "-l", "--color"], ["c1", "ls", "-l", "--color"]),
        (["exec", "c1", "--", "ls", "-l"], ["c1", "ls", "-l"]),
        (["exec", "-t", "c1", "sh", "-t"], ["c1", "sh", "-t"]),
        (["exec", "c1", "sh", "--", "x"], ["c1", "sh", "--", "x"]),
    ],
)
def test_exec_leaves_the_command_alone(words: list[str], args: list[str]) -> None:
    assert parse(words).args == args


def test_a_list_option_adds_up_without_splitting_at_commas() -> None:
    found = parse(["exec", "-e", "A=1,2", "--env=B=3", "c1", "env"])
    assert found.options.items("env") == ["A=1,2", "B=3"]


def test_kill_all_after_the_signal() -> None:
    found = parse(["kill", "c1", "9", "--all"])
    assert (found.args, found.options.flag("all")) == (["c1", "9"], True)


def test_a_flag_can_be_said_no_to() -> None:
    assert not parse(["delete", "--force=false", "c1"]).options.flag("force")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["creat", "c1"], 'unknown command "creat"', "create"),
        (["create", "--bundel", "x", "c1"], '"create" has no option --bundel', "--bundle"),
        (["--rot", "x", "list"], "unknown option --rot", "--root"),
        (["create"], '"create" needs at least 1 argument(s)', "usage: pyruntime create"),
        (["state", "a", "b"], '"state" takes at most 1 argument(s)', "usage"),
        (["create", "c1", "--bundle"], "option --bundle needs a value: DIR", ""),
        (["--log-format", "xml", "list"], "invalid log-format: xml", "text, json"),
        (["list", "-f", "x"], "invalid format option: x", "table, json"),
        (
            ["create", "--preserve-fds", "-1", "c"],
            'option --preserve-fds: "-1" is not a number',
            "",
        ),
        (["delete", "--force=maybe", "c"], 'option --force: "maybe" is neither true nor false', ""),
        (["delete", "-fx", "c"], '"delete" has no option -fx', ""),
        (["run", "-db", "x", "c"], "write -d -b instead of -db", ""),
        (["help", "creat"], 'unknown command "creat"', "create"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(words)
    assert caught.value.message == message
    assert hint in caught.value.hint


def test_help_wins_over_missing_arguments() -> None:
    found = parse(["create", "--help"])
    assert found.verb is not None
    assert found.options.flag("help")
    assert parse(["--version"]).verb is None
    assert parse(["--version", "nonsense"]).verb is None
    assert parse(["help", "run"]).verb is not None
    assert parse([]).common.flag("help")


def test_what_was_given_before_an_error_is_kept() -> None:
    common = Values(GLOBAL_OPTIONS)
    with pytest.raises(UsageError):
        parse(["--log", "file", "create", "--bogus"], common)
    assert common.text("log") == "file"


def test_double_dash_before_the_command() -> None:
    found = parse(["--debug", "--", "state", "c"])
    assert found.verb is not None
    assert (found.verb.name, found.args) == ("state", ["c"])


def test_no_option_is_ambiguous() -> None:
    for options in (GLOBAL_OPTIONS, *(verb.options for verb in VERBS)):
        names = [o.name for o in options] + [o.short for o in options if o.short]
        assert len(names) == len(set(names))
