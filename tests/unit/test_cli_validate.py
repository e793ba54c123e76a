# SPDX-License-Identifier: Apache-2.0
"""`pyruntime validate`: text for people and editors, JSON for programs, the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.runtime import REPO

from pyruntime.cli import validate
from pyruntime.cli.parse import parse
from pyruntime.errors import ConfigError
from pyruntime.log import Log

GOOD = '{"ociVersion": "1.3.0", "root": {"path": "rootfs"}'


def run(*words: str) -> int:
    return validate.main(parse(["validate", *words]), Log())


def test_good(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text(GOOD + "}")
    assert run(str(tmp_path)) == 0
    assert capfd.readouterr().out == f"{tmp_path}/config.json: valid\n"


def test_warnings_alone_are_a_success(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text(GOOD + ', "hostnam": "h"}')
    assert run("--bundle", str(tmp_path)) == 0
    assert capfd.readouterr().out == (
        f'{tmp_path}/config.json:1:53: warning: /hostnam: unknown property "hostnam" is ignored\n'
        '    hint: did you mean "hostname"?\n'
    )


def test_errors(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text(GOOD + ',\n "hostname": "h", "annotations": {"": ""}}')
    assert run() == 1
    assert capfd.readouterr().out == (
        "config.json:2:14: error: /hostname: needs a uts namespace\n"
        '    hint: add {"type": "uts"} to linux.namespaces\n'
        "config.json:2:34: error: /annotations: has an empty key\n"
        "    hint: name annotations like com.example.key\n"
    )
    assert run("--format", "json") == 1
    assert json.loads(capfd.readouterr().out)[0] == {
        "severity": "error",
        "pointer": "/hostname",
        "line": 2,
        "column": 14,
        "message": "needs a uts namespace",
        "hint": 'add {"type": "uts"} to linux.namespaces',
    }


def test_json_of_a_good_one_is_an_empty_array(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(GOOD + "}")
    assert run(str(tmp_path), "-f", "json") == 0
    assert json.loads(capfd.readouterr().out) == []


def test_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        run(str(tmp_path))


@pytest.mark.parametrize("config", sorted(REPO.glob("bundles/*/config.json")), ids=str)
def test_the_bundles_of_the_project(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(str(config.parent)) == 0
    assert capfd.readouterr().out == f"{config}: valid\n"
