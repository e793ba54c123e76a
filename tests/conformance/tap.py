# SPDX-License-Identifier: Apache-2.0
"""Read the Test Anything Protocol, as far as the validation programs use it.

Only lines that start in the first column count: a program embeds the output of another one,
indented, in its diagnostics.
"""

from __future__ import annotations

import re

LINE = re.compile(r"(?P<no>not )?ok\b[ \t]*(?P<number>\d*)[ \t]*(?P<text>.*)")
PLAN = re.compile(r"1\.\.(?P<count>\d+)")
ERROR = re.compile(r'\s+"error": "(?P<text>.+)",?$')
EXCUSED = re.compile(r"#\s*(SKIP|TODO)\b", re.IGNORECASE)


class Report:
    """What a program said. planned is 0 when it gave no plan.

    Some programs open with the plan "1..0" and go on to give results: that is no plan. With
    a SKIP directive the same plan means that all is skipped. Others give results only when
    something is wrong, or nothing but a diagnostic with an error: `errors` keeps those.
    """

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: list[str] = []
        self.skipped: list[str] = []
        self.planned: int | None = None
        self.errors: list[str] = []
        self.bailed = ""

    def problems(self) -> list[str]:
        """Everything that speaks against a pass; empty for a pass."""
        found = [f"not ok: {text}" for text in self.failed]
        if self.bailed:
            found.append(self.bailed)
        count = len(self.passed) + len(self.failed) + len(self.skipped)
        if self.planned and count != self.planned:
            found.append(f"planned {self.planned} results, gave {count}")
        if not count:
            found += self.errors
            if self.planned is None:
                found.append("no results")
        return found


def parse(text: str) -> Report:
    report = Report()
    for line in text.splitlines():
        if line.startswith("Bail out!"):
            report.bailed = line
        elif error := ERROR.match(line):
            report.errors.append(error["text"])
        elif plan := PLAN.match(line):
            report.planned = int(plan["count"])
            if EXCUSED.search(line):
                report.skipped.append(line)
                report.planned = len(report.skipped)
        elif result := LINE.match(line):
            if EXCUSED.search(line):
                report.skipped.append(result["text"])
            elif result["no"]:
                report.failed.append(result["text"])
            else:
                report.passed.append(result["text"])
    return report
