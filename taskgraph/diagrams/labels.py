"""The words of a picture: what is said above it, and on the box of a subtask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from taskgraph.analysis.analysis import Analysis
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_duration, format_measured
from taskgraph.model.engine import Span, SpanKind, least_attempts, whole_task
from taskgraph.model.statuses import count_shown
from taskgraph.model.task import Subtask
from taskgraph.model.words import counted, visible

__all__ = [
    "ALL_CRITICAL",
    "Caption",
    "join_words",
    "limit_text",
    "missing",
    "sizes",
    "status_counts",
    "subtask_facts",
    "subtitle",
    "summary",
]

_SPANS = {
    SpanKind.ONE_RUN: "ran",
    SpanKind.RUNNING: "running for",
    SpanKind.SEVERAL_RUNS: "all runs",
    SpanKind.ROLLED_BACK: "runs and rollback",
}


def join_words(parts: Iterable[str]) -> str:
    """Join what there is with a middle dot."""
    return " · ".join(filter(None, parts))


def subtask_facts(
    subtask: Subtask, span: Span | None, planned: int | None = None
) -> tuple[str, ...]:
    """Give what is known of time and attempts, the most telling first.

    ``planned`` is how often a subtask of a definition may be started.
    """
    attempts = planned or least_attempts(subtask)
    gate = planned is not None and subtask.prohibit_rollback
    facts = (
        "" if span is None else _span_text(span),
        limit_text(subtask.timeout),
        f"{attempts} attempts" if attempts > 1 else "",
        "prohibits rollback" if gate else "",
    )
    return tuple(filter(None, facts))


def _span_text(span: Span) -> str:
    """Word what was measured; more than one run is never passed off as one."""
    if span.microseconds < 0:
        return "finish before start"
    return f"{_SPANS[span.kind]} {format_measured(span.microseconds)}"


def limit_text(timeout: int | None) -> str:
    """Word a timeout; nothing where the document does not say."""
    if timeout is None:
        return ""
    if timeout == 0:
        return "no timeout"
    return f"timeout {format_duration(timeout)}"


ALL_CRITICAL = "all of it critical"


# Above a picture ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Caption:
    """What a picture says around the drawing.

    Attributes
    ----------
    title, subtitle : str
    summary : tuple of str
        What the picture shows as a whole, a few words each.
    notes : tuple of str
        What is left out or collapsed, a sentence each.
    """

    title: str
    subtitle: str
    summary: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def description(self) -> str:
        """The picture in words, for those who cannot see it."""
        return ". ".join(filter(None, (self.subtitle, *self.summary))) + "."


def subtitle(graph: TaskGraph) -> str:
    """Give the task's id, status and operation."""
    task = graph.task
    identifier = "" if task.id is None else f"task {visible(str(task.id))}"
    operation = visible(task.operation or "")
    return join_words((identifier, visible(task.status or ""), operation))


def sizes(graph: TaskGraph) -> str:
    """Count the subtasks, by status; nothing where the document leaves them out."""
    if graph.task.is_summary and not len(graph):
        return ""
    counts = status_counts(count_shown(graph.subtasks))
    if graph.task.is_definition:
        counts = ""
    subtasks = counted(len(graph), "subtask")
    return f"{subtasks}: {counts}" if counts else subtasks


def missing(graph: TaskGraph) -> Iterable[str]:
    """Say what of a task the document leaves out, and which request gives it."""
    task, extra = graph.task, graph.task.extra
    if not task.is_summary and (len(graph) < 2 or graph.reported_sides):
        return
    stage, of = extra.get("stage"), extra.get("max_stage")
    if task.is_summary and isinstance(stage, int) and isinstance(of, int):
        yield f"It is at stage {stage} of {of}."
    what = "what depends on what" if len(graph) else "its subtasks"
    request = whole_task(task)
    yield f"The document leaves out {what}" + (f": {request} gives it." if request else ".")


def status_counts(counts: Iterable[tuple[str, int]]) -> str:
    """Tell how many have which status: ``2 FAILED, 1,003 PENDING``."""
    return ", ".join(f"{count:,} {name}" for name, count in counts)


def summary(analysis: Analysis) -> Iterable[str]:
    """Count subtasks and edges; give the worst case, and what is wrong with the graph."""
    graph = analysis.graph
    yield sizes(graph)
    if not list(missing(graph)):
        yield counted(graph.edge_count, "edge")
    if analysis.is_sound and len(graph):
        budget = analysis.budget
        length = format_duration(budget.seconds)
        if not budget.seconds:
            yield "no timeouts"
        elif budget.unlimited:
            count = len(budget.unlimited)
            yield f"worst case unbounded ({count} without a timeout), else {length}"
        else:
            yield f"worst case {length}"
    yield from graph.flaws
