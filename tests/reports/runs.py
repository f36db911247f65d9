"""Runs of the checks for the tests of their outputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from taskgraph.checks.result import AnyRun, CheckResult, CheckRun, Finding, Skipped, Step
from taskgraph.checks.runner import check_document
from taskgraph.errors import InputError, Problem
from taskgraph.reports.check_formats import check_streamer
from taskgraph.settings import Severity
from tests.checks.build import analysis, read_for_rules

RULES = Path(__file__).resolve().parents[2] / "samples" / "rules"
HOSTILE = (
    "]]></failure><script>alert(1)</script>",
    "a\r\n::error file=x::y%0A",
    "\x1b[31m red \x00 \u202e rtl \ufffe",
    "| cell | [link](http://evil.example/) <b>`code`</b> @somebody #1 www.evil.example",
    "half \ud83d pair, 停止, {0} {{1}}",
)


def check_renderer(name: str) -> Callable[[AnyRun], str]:
    """Give what writes a run as a whole, in the form of this name."""
    stream = check_streamer(name)
    return lambda run: "".join(stream(run))


@cache
def broken() -> CheckRun:
    """Give everything that breaks a rule, and a document that cannot be read."""
    results: list[CheckResult] = []
    for path in sorted(RULES.glob("TG???.json")):
        results += check_document([analysis(task) for task in read_for_rules(path)])
    unreadable = InputError(
        "x/bad file.json", [Problem("is empty"), Problem("is bad", "/a", 3, 2)], "mend it"
    )
    return CheckRun(tuple(results), (unreadable,), "1.2.3")


def finding(severity: Severity = Severity.ERROR, **fields: object) -> Finding:
    """Give a finding with some fields of its own."""
    plain = Finding(
        code="TG101",
        name="dependency-cycle",
        severity=severity,
        message="1 'a' depends on itself: 1 -> 1",
        hint="remove the edge",
        file="a.json",
        task_id=7,
        task_name="demo",
        subtasks=(1,),
        subtask_names=("a",),
        pointer="/data/subtasks/0",
        line=12,
        column=9,
    )
    return plain._replace(**fields)  # type: ignore[arg-type]


@cache
def hostile() -> CheckRun:
    """Give findings whose every text tries to break out of the output."""
    results = []
    for text in HOSTILE:
        step = Step(text, text, 3, 4)
        found = finding(
            message=text, hint=text, file=text, task_name=text, task_id=text,
            subtasks=(text,), subtask_names=(text,), pointer=f"/{text}", path=(step, step),
        )  # fmt: skip
        skipped = (Skipped("TG401", "no-timeout", text),)
        results.append(CheckResult(text, text, text, (found,), skipped))
    unreadable = tuple(InputError(text, [Problem(text)], text) for text in HOSTILE)
    return CheckRun(tuple(results), unreadable, "1.2.3")


EMPTY = CheckRun(())
