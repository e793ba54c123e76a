# SPDX-License-Identifier: Apache-2.0
"""Each attack fails, and succeeds as soon as the defence against it is taken out.

The rows are those of the table in SECURITY.md, which a test of its own holds to be whole.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from evil import attacks_host, attacks_paths, attacks_process
from evil.private import Builder, Private
from evil.scene import Attack, Scene
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import Runtime

ATTACKS = [
    row for module in (attacks_paths, attacks_process, attacks_host) for row in module.TABLE.rows
]
every_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)


@every_attack
def test_attack_fails(
    attack: Attack, runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path
) -> None:
    scene = Scene(runtime, bundle, tmp_path, weakened=False)
    assert attack.act(scene) == "", scene.said
    assert attack.says in scene.said
    assert "Traceback" not in scene.said
    assert scene.changed() == ""


@every_attack
def test_without_the_defence_it_succeeds(
    attack: Attack,
    leftovers: Snapshot,
    builder: Builder,
    state_root: Path,
    prefix: str,
    bundle: Callable[..., Bundle],
    tmp_path: Path,
) -> None:
    private = Private(builder.build(attack.edits), state_root, prefix)
    scene = Scene(private, bundle, tmp_path, weakened=True)
    try:
        assert attack.act(scene) != "", f"the test would not notice: {scene.said}"
    finally:
        private.cleanup()
