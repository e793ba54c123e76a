# SPDX-License-Identifier: Apache-2.0
"""What device rules do to those who run into them, on whichever cgroup version the host has."""

from __future__ import annotations

import os
import stat

import pytest
from integration.limits import Make, limited
from support.runtime import Runtime

pytestmark = pytest.mark.vm


def test_a_device_that_was_not_given(runtime: Runtime, bundle: Make) -> None:
    """The node is in the image; only the cgroup is in the way."""
    script = "cat /zero | head -c 3 | wc -c; exec 3>/kmsg"
    made = limited(bundle, script, devices=[{"allow": False, "access": "rwm"}])
    for name, minor in (("zero", 5), ("kmsg", 11)):
        os.mknod(made.rootfs / name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
    done = runtime.run(made, check=False)
    assert done.stdout.strip() == "3"
    assert done.returncode
    assert "Operation not permitted" in done.stderr
    made.change(
        process={"args": ["/bin/sh", "-c", "exec 3>/kmsg; echo open"]},
        linux={
            "resources": {
                "devices": [
                    {"allow": False, "access": "rwm"},
                    {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "w"},
                ]
            }
        },
    )
    assert runtime.run(made).stdout == "open\n"
