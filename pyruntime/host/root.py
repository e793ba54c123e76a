# SPDX-License-Identifier: Apache-2.0
"""Where the state of containers is when nobody says so."""

from __future__ import annotations

import os

from pyruntime.cgroups.driver import in_user_namespace


def default_root() -> str:
    """As root /run/pyruntime; an ordinary user's is $XDG_RUNTIME_DIR/pyruntime (an empty
    variable counts as unset, conmon gives one), and so is that of a user namespace's root which
    an engine made of an ordinary user.
    """
    runtime_dir = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.geteuid() != 0:
        return f"{runtime_dir or f'/run/user/{os.geteuid()}'}/pyruntime"
    if runtime_dir and os.environ.get("USER") != "root" and in_user_namespace():
        return f"{runtime_dir}/pyruntime"
    return "/run/pyruntime"
