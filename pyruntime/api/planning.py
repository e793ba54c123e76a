# SPDX-License-Identifier: Apache-2.0
"""What can be said of a bundle without making a container of it."""

from __future__ import annotations

import os
from typing import Any

from pyruntime.api.bundle import AnyBundle, Bundle, opened
from pyruntime.api.results import Plan, PlannedStep
from pyruntime.cgroups.driver import open_cgroup
from pyruntime.host.check import problems as host_problems
from pyruntime.host.probe import probe
from pyruntime.host.seccomp.flags import supported_flags
from pyruntime.host.survey import survey
from pyruntime.plan import render
from pyruntime.plan.compile import compile_create
from pyruntime.plan.describe import sentence
from pyruntime.plan.features import features as features_of
from pyruntime.plan.options import Options
from pyruntime.plan.resources import cgroup_path
from pyruntime.spec import explain, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.errors import Problem


def problems(bundle: AnyBundle, *, host: bool) -> list[Problem]:
    """Raises ConfigError for a file that can't be read."""
    if isinstance(bundle, Bundle):
        where, path, raw = bundle.path, load.config_path(bundle.path), bundle.raw()
    else:
        where = os.path.abspath(bundle)
        path = load.config_path(where)
        raw = load.read(path)
    found = explain.problems(raw, path, "config")
    if host and not any(problem.severity == "error" for problem in found):
        found += explain.placed(host_problems(load.parse(raw, path), where, survey()), raw)
    if isinstance(bundle, Bundle):
        for problem in found:
            problem.line = problem.column = 0  # nobody has seen that text
    return found


def plan(bundle: AnyBundle, container_id: str) -> Plan:
    """Raises ConfigError, CgroupError."""
    chosen = opened(bundle)
    config = chosen.accepted().config
    facts = probe()
    cgroup = open_cgroup(facts.cgroup, cgroup_path(config, container_id), container_id)
    compiled = compile_create(
        config,
        bundle=chosen.path,
        container_id=container_id,
        facts=facts,
        options=Options(cgroup_paths=cgroup.join_paths()),
    )
    return Plan(
        steps=tuple(PlannedStep(step.op, step.pointer, sentence(step)) for step in compiled.steps),
        warnings=tuple(compiled.warnings),
        text=render.text(compiled),
        data=render.data(compiled),
    )


def features() -> dict[str, Any]:
    return features_of(supported_flags())
