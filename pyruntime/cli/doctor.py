# SPDX-License-Identifier: Apache-2.0
"""pyruntime doctor: what this host can do and lacks, each with its consequence.

Exit status 1 when no container can be made here, else 0.
"""

from __future__ import annotations

import os

from pyruntime.host.doctor import judge, verdict
from pyruntime.host.finding import LIMITED, MISSING, OK, Finding
from pyruntime.host.survey import survey
from pyruntime.log import print_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log

WITHOUT_PROCFS = Finding(
    "kernel", "procfs", MISSING, "not mounted on /proc", "nothing can be known of this host"
)
VERDICTS = {
    OK: "everything that this runtime uses is there",
    LIMITED: "containers run; what is limited is said above",
    MISSING: "no container can be made here",
}


def main(invocation: Invocation, _log: Log) -> int:
    findings = judge(survey()) if os.path.exists("/proc/self/ns") else [WITHOUT_PROCFS]
    if invocation.options.text("format") == "json":
        from pyruntime import jsontext

        print_out(jsontext.dumps(as_data(findings), indent=2) + "\n")
    else:
        print_out(as_text(findings))
    return int(verdict(findings) == MISSING)


def as_text(findings: list[Finding]) -> str:
    """A section for each area; what does not work in a line below what was found."""
    lines = []
    area = ""
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        if finding.area != area:
            lines += [*([""] if area else []), finding.area]
            area = finding.area
        lines.append(f"  {finding.status:<8} {finding.name:<{width}}  {finding.text}")
        if finding.consequence:
            lines.append(f"  {'':<8} {'':<{width}}  -> {finding.consequence}")
    lines += ["", VERDICTS[verdict(findings)]]
    return "\n".join(lines) + "\n"


def as_data(findings: list[Finding]) -> dict[str, Any]:
    """Every key is always there."""
    return {
        "status": verdict(findings),
        "findings": [
            {
                "area": finding.area,
                "name": finding.name,
                "status": finding.status,
                "text": finding.text,
                "consequence": finding.consequence,
            }
            for finding in findings
        ],
    }
