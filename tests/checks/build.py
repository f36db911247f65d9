"""Small tasks for the tests of the checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.past import SlowSubtask, TimeoutNeed
from taskgraph.checks.result import CheckResult, Finding
from taskgraph.checks.runner import run_checks
from taskgraph.graph.taskgraph import build_graph
from taskgraph.model.task import Envelope, Id, Subtask, Task
from taskgraph.settings import DEFAULTS, Settings, Thresholds
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import read_source

START = datetime(2025, 3, 4, 9, 30, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Give a moment, in seconds after the start of the task."""
    return START + timedelta(seconds=seconds)


def subtasks(
    edges: Iterable[tuple[Id, Id]], *, ids: Iterable[Id] = (), **common: Any
) -> list[Subtask]:
    """Give subtasks with their edges on both ends, all fields as `common` says."""
    edges = list(edges)
    every = dict.fromkeys([*ids, *(end for edge in edges for end in edge)])
    fields = {"status": "PENDING", "operation": "EXECUTE", "timeout": 60, "attempts": 1}
    return [
        Subtask(
            identifier,
            name=f"step {identifier}",
            upstreams=tuple(a for a, b in edges if b == identifier),
            downstreams=tuple(b for a, b in edges if a == identifier),
            **(fields | common),  # type: ignore[arg-type]
        )
        for identifier in every
    ]


def change(rows: Iterable[Subtask], identifier: Id, **fields: Any) -> list[Subtask]:
    """Give the same subtasks with some fields of one changed."""
    return [row._replace(**fields) if row.id == identifier else row for row in rows]


def task(rows: Iterable[Subtask], **fields: Any) -> Task:
    """Give a task of these subtasks."""
    defaults: dict[str, Any] = {"id": 1, "name": "demo", "status": "RUNNING"}
    defaults |= {"operation": "EXECUTE", "type": "MANUAL", "start_time": START}
    return Task(subtasks=tuple(rows), **(defaults | fields))


def response(seconds: float, **fields: Any) -> Envelope:
    """Give the envelope of a response at a moment."""
    defaults: dict[str, Any] = {"successful": True, "status": 200}
    return Envelope(**(defaults | {"timestamp": at(seconds)} | fields))


def settings(**options: Any) -> Settings:
    """Give settings; a name that a threshold has means the threshold."""
    names = {*options} & {*Thresholds.model_fields}
    thresholds = {name: options.pop(name) for name in names}
    return Settings(thresholds=Thresholds(**thresholds), **options)


class KnownPast:
    """A past that knows of timeouts what it is told."""

    def __init__(self, needs: Mapping[str, Mapping[str, Any]]) -> None:
        self.needs = {name: TimeoutNeed(**need) for name, need in needs.items()}

    def timeout_needs(self, _: Task) -> Mapping[str, TimeoutNeed]:
        return self.needs

    def attempts(self, _: Task) -> Mapping[str, int]:
        return {}

    def forecast(self, _: Analysis) -> None:
        return None

    def slow(self, _: Analysis) -> tuple[SlowSubtask, ...]:
        return ()


def analysis(
    subject: Task,
    settings: Settings = DEFAULTS,
    needs: Mapping[str, Mapping[str, Any]] | None = None,
) -> Analysis:
    """Give what the rules look at, with past runs where these tell of timeouts."""
    past = None if needs is None else KnownPast(needs)
    return Analysis(build_graph(subject), settings, past)


def check(subject: Task, **options: Any) -> CheckResult:
    """Run the checks over a task."""
    return run_checks(analysis(subject, settings(**options)))


def found(subject: Task, code: str, **options: Any) -> list[Finding]:
    """Give the findings of one rule."""
    return [f for f in check(subject, **options).findings if f.code == code]


def codes(subject: Task, **options: Any) -> list[str]:
    """Give the code of each finding."""
    return [finding.code for finding in check(subject, **options).findings]


def skipped(subject: Task, **options: Any) -> dict[str, str]:
    """Give why each skipped rule was skipped."""
    return {entry.code: entry.reason for entry in check(subject, **options).skipped}


def read_for_rules(path: Path) -> tuple[Task, ...]:
    """Read every task of a document, also those with mistakes of form."""
    (reading,) = read_source(Source(str(path), path.read_bytes))
    return reading.tasks + reading.faulty
