# SPDX-License-Identifier: Apache-2.0
"""Loading: bounds, and one clear error with its place for whatever is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from support.verdicts import OCI

from pyruntime.errors import ConfigError
from pyruntime.spec import load

GOOD: dict[str, Any] = {
    "ociVersion": "1.3.0",
    "root": {"path": "rootfs"},
    "process": {"cwd": "/", "args": ["sh"]},
}


def write(directory: Path, config: Any) -> str:
    (directory / "config.json").write_text(json.dumps(config))
    return str(directory)


def refused(bundle: Path | str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load.load_config(str(bundle))
    return caught.value


def test_gives_value_bytes_path_and_warnings(tmp_path: Path) -> None:
    config = {**GOOD, "mounts": [{"destination": "tmp", "type": "tmpfs"}]}
    loaded = load.load_config(write(tmp_path, config) + "/")
    assert loaded.config == config
    assert loaded.raw == json.dumps(config).encode()
    assert loaded.path == f"{tmp_path}/config.json"
    assert [p.pointer for p in loaded.warnings] == ["/mounts/0/destination"]


def test_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)
    assert load.load_config(".").path == load.load_config("").path == "config.json"


@pytest.mark.parametrize(
    ("bundle", "path"),
    [
        ("", "config.json"),
        (".", "config.json"),
        ("./", "config.json"),
        ("/", "/config.json"),
        ("/b//", "/b/config.json"),
        ("../b", "../b/config.json"),
    ],
)
def test_path_of_the_configuration(bundle: str, path: str) -> None:
    assert load.config_path(bundle) == path


def test_null_is_absent_but_raw_is_untouched(tmp_path: Path) -> None:
    config = {**GOOD, "process": None, "hooks": {"prestart": None}}
    loaded = load.load_config(write(tmp_path, config))
    assert "process" not in loaded.config
    assert loaded.config["hooks"] == {}
    assert json.loads(loaded.raw) == config


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"cwd": "/", "args": ["sh"]}, "process"),
        ({"ociVersion": "1", "id": "a", "status": "paused", "bundle": "/b"}, "state"),
        ({"ociVersionMin": "1.0.0", "ociVersionMax": "1.3.0"}, "features"),
    ],
)
def test_other_kinds(tmp_path: Path, document: dict[str, Any], kind: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    assert load.load_document(str(path), kind).config == document
    path.write_text(json.dumps(document).replace('":', 'x":'))
    with pytest.raises(ConfigError, match=r"x\.json:1:1: needs "):
        load.load_document(str(path), kind)


def test_error_is_one_line_with_place_pointer_and_hint(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        '{\n "ociVersion": "1.0.2-dev",\n "root": {"path": "r"},\n'
        ' "process": {"cwd": "tmp", "args": ["sh"], "oomScoreAdj": 5000}}'
    )
    error = refused(tmp_path)
    assert error.message == (
        f"{tmp_path}/config.json:4:21: /process/cwd: "
        'must be an absolute path, not "tmp" (and 1 more)'
    )
    assert (error.pointer, error.hint) == ("/process/cwd", 'write "/tmp"')
    assert error.path == f"{tmp_path}/config.json"
    assert [p.pointer for p in error.problems] == ["/process/cwd", "/process/oomScoreAdj"]


def test_a_refusal_that_explain_can_not_explain_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyruntime.spec import explain

    monkeypatch.setattr(explain, "problems", lambda raw, path, kind: [])
    assert refused(write(tmp_path, {**GOOD, "hostname": 1})).pointer == "/hostname"
    assert refused(write(tmp_path, {**GOOD, "hostname": "h"})).pointer == "/hostname"


def test_a_huge_document_is_refused_without_its_place(tmp_path: Path) -> None:
    process = {"cwd": "x", "args": ["sh", "x" * load.EXPLAINED]}
    error = refused(write(tmp_path, {**GOOD, "process": process}))
    assert error.message == (
        f'{tmp_path}/config.json: /process/cwd: must be an absolute path, not "x"'
    )


@pytest.mark.parametrize("name", ["config/bad/invalid-json.json", "state/bad/invalid-json.json"])
def test_official_samples_that_are_not_json(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").write_bytes((OCI / "test" / name).read_bytes())
    assert refused(tmp_path).message.endswith("config.json:1:2: expected a key in double quotes")


def test_missing_file(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert error.message == f"open {tmp_path}/config.json: No such file or directory"
    assert "`pyruntime spec`" in error.hint


def test_directory_and_nul(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    assert refused(tmp_path).message.endswith("config.json: Is a directory")
    assert "not a path" in refused("a\0b").message


def test_pipe(tmp_path: Path) -> None:
    """A process substitution of the shell is a pipe."""
    read_end, write_end = os.pipe()
    text = json.dumps({"cwd": "/", "args": ["x" * 200_000]}).encode()
    writer = threading.Thread(target=lambda: os.fdopen(write_end, "wb").write(text) and None)
    writer.start()
    try:
        loaded = load.load_document(f"/proc/self/fd/{read_end}", "process")
    finally:
        os.close(read_end)
        writer.join()
    assert loaded.raw == text


BOUNDED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]) << 20,) * 2)
from pyruntime.errors import ConfigError
from pyruntime.spec import load
try:
    load.load_document(sys.argv[1], "config")
except ConfigError as err:
    print(err.message[-60:])
"""


def bounded(path: str | Path, mebibytes: int) -> str:
    """The end of the message, from a process whose memory is limited."""
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(path), str(mebibytes)],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert not done.stderr
    return done.stdout.strip()


def test_memory_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    assert bounded(path, 64).endswith("larger than 16 MiB")
    assert bounded("/dev/zero", 96).endswith("larger than 16 MiB")
    path.write_bytes(b"[" * (16 << 20))
    assert bounded(path, 256).endswith("nested deeper than 64 levels")
    path.write_bytes(b"[" + b"[]," * (5 << 20) + b"1]")
    assert bounded(path, 128).endswith("takes more memory than there is")


def test_a_large_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate(100 << 20)
    monkeypatch.setattr(os, "read", None)
    assert refused(tmp_path).message.endswith("config.json: larger than 16 MiB")


def test_bad_json_without_the_json_package(tmp_path: Path) -> None:
    """The scanner of CPython 3.11 takes its error's class from json, if that is imported."""
    (tmp_path / "config.json").write_text("{")
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pyruntime import errors;"
        "from pyruntime.spec import load; assert 'json' not in sys.modules\n"
        "try: load.load_config(sys.argv[1])\n"
        "except errors.ConfigError as err: print(err)"
    )
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-I", "-S", "-c", code, str(tmp_path), root]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("config.json:1:2: ends where a key in double quotes is expected\n")


def test_errors_leave_no_descriptor_open(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    before = os.listdir("/proc/self/fd")
    refused(tmp_path)
    refused("/dev/null/x")
    assert os.listdir("/proc/self/fd") == before


def test_a_good_document_imports_little(tmp_path: Path) -> None:
    """What a create pays for. -S: a site may import anything."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pyruntime.spec import load;"
        "load.load_config(sys.argv[1]); print(*sorted(sys.modules))"
    )
    bundle = write(tmp_path, {**GOOD, "linux": {"resources": {"pids": {"limit": 5}}}})
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-I", "-S", "-c", code, bundle, root]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "pyruntime.spec.rules_resources" in loaded
    heavy = {"re", "json", "enum", "typing", "jsonschema", "difflib", "pyruntime.spec.explain"}
    assert not loaded & (heavy | {"pyruntime.spec.compiled.platforms", "pyruntime.jsonfault"})
