# SPDX-License-Identifier: Apache-2.0
"""pyruntime plan [BUNDLE]: what create would do, step by step, without doing it."""

from __future__ import annotations

import os

from pyruntime.cgroups.driver import hierarchy_path, open_cgroup
from pyruntime.host.probe import probe
from pyruntime.log import print_out
from pyruntime.plan import render
from pyruntime.plan.compile import compile_create
from pyruntime.plan.field import mapping, text
from pyruntime.plan.options import Options
from pyruntime.spec.load import load_config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log

# Stands for the container's id wherever the plan has it.
ID = "ID"


def main(invocation: Invocation, log: Log) -> int:
    options = invocation.options
    bundle = invocation.args[0] if invocation.args else options.text("bundle") or "."
    loaded = load_config(bundle)
    for problem in loaded.warnings:
        log.warn(f"{problem.pointer}: {problem.message}")
    facts = probe()
    cgroup = open_cgroup(facts.cgroup, text(mapping(loaded.config, "linux"), "cgroupsPath"), ID)
    plan = compile_create(
        loaded.config,
        bundle=os.path.abspath(bundle),
        container_id=ID,
        facts=facts,
        options=Options(
            no_pivot=options.flag("no_pivot"),
            no_new_keyring=options.flag("no_new_keyring"),
            cgroup_paths=cgroup.join_paths(),
            cgroup_path=hierarchy_path(facts.cgroup, cgroup),
        ),
    )
    if options.text("format") == "json":
        from pyruntime import jsontext

        print_out(jsontext.dumps(render.data(plan), indent=2) + "\n")
    else:
        print_out(render.text(plan))
    return 0
