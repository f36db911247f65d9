"""What ran when, before anyone draws it.

For a task that ran, rows of measured times; for one that did not, the planned schedule
by timeouts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from taskgraph.analysis import Analysis
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.scene.words import sizes, status_counts, subtitle
from taskgraph.diagrams.selection import select
from taskgraph.diagrams.timeline_rows import Draft, Row, measured_rows, planned_rows
from taskgraph.errors import RenderError
from taskgraph.graph import TaskGraph
from taskgraph.model import Status
from taskgraph.model.engine import Span, measured_span
from taskgraph.model.statuses import count_statuses
from taskgraph.model.words import title_of

__all__ = ["Row", "Timeline", "build_timeline"]

ROWS = 400
"""The rows of a timeline unless the user wants another number."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a timeline shows.

    Attributes
    ----------
    title, subtitle : str
    summary, notes : tuple of str
    rows : tuple of Row
        By start, then by finish, then by id.
    begin : datetime or None
        The moment of time 0; ``None`` for a plan.
    end : int
        The length of the timeline in microseconds.
    now : int or None
        The as-of moment, where it lies within the timeline of a task that runs.
    path : tuple of int
        The rows of the as-run path in order; empty for a plan.
    """

    title: str
    subtitle: str
    summary: tuple[str, ...]
    notes: tuple[str, ...]
    rows: tuple[Row, ...]
    begin: datetime | None
    end: int
    now: int | None
    path: tuple[int, ...] = ()

    @property
    def planned(self) -> bool:
        """Whether nothing has run yet."""
        return self.begin is None

    @property
    def description(self) -> str:
        """The timeline in words."""
        return ". ".join((self.subtitle, *self.summary)) + "."


def build_timeline(analysis: Analysis, options: DiagramOptions | None = None) -> Timeline:
    """Decide what a timeline of a task shows.

    Parameters
    ----------
    analysis : Analysis
        Of a faulty task too, if anything has run. Its schedule by timeouts is the plan of
        a task that has not run.
    options : DiagramOptions, optional
        ``focus``, ``around_failed``, ``critical_only`` and ``max_nodes`` choose the rows.

    Raises
    ------
    RenderError
        If nothing has run and there is no schedule.
    """
    options = options or DiagramOptions()
    graph, moment = analysis.graph, analysis.as_of
    schedule = analysis.schedule if analysis.is_sound else None
    spans = [measured_span(subtask, moment) for subtask in graph.subtasks]
    critical = None if schedule is None else frozenset(schedule.critical)
    selection = select(graph, options, critical)
    if any(spans):
        draft = measured_rows(analysis, spans)
    elif schedule is not None:
        draft = planned_rows(graph, schedule)
    else:
        reasons = "; ".join(graph.flaws) or "no schedule was computed"
        raise RenderError(f"nothing has run, and there is no plan to show: {reasons}")
    chosen = [node for node in selection.nodes if node in draft.rows]
    limit = ROWS if options.max_nodes is None else options.max_nodes
    kept = _most_telling(graph, draft, chosen, limit)
    ordered = sorted(kept, key=lambda n: (draft.rows[n].start, draft.rows[n].finish, n))
    place = {node: number for number, node in enumerate(ordered)}
    return Timeline(
        title=title_of(graph.task),
        subtitle=subtitle(graph),
        summary=(sizes(graph), *draft.summary),
        notes=(*selection.notes, *_notes(graph, spans, draft, len(chosen) - len(kept))),
        rows=tuple(draft.rows[node] for node in ordered),
        begin=draft.begin,
        end=max(draft.end, 1),
        now=draft.now,
        path=tuple(place[node] for node in draft.path if node in place),
    )


def _most_telling(
    graph: TaskGraph, draft: Draft, chosen: Iterable[int], limit: int
) -> list[int]:
    """Choose rows: what failed, runs or is on the path first, then what took longest."""

    def rank(node: int) -> tuple[bool, bool, int, int]:
        row = draft.rows[node]
        status = graph.subtasks[node].status
        dull = status not in (Status.FAILED, Status.RUNNING, Status.CANCELING)
        return (not row.marked, dull, row.start - row.finish, node)

    return sorted(chosen, key=rank)[:limit]


def _notes(
    graph: TaskGraph, spans: Sequence[Span | None], draft: Draft, left_out: int
) -> Iterable[str]:
    if left_out:
        yield f"{left_out} shorter rows are left out."
    if draft.begin is not None:
        without = [s for s, span in zip(graph.subtasks, spans, strict=True) if not span]
        if without:
            yield f"Without times: {status_counts(count_statuses(without))}."
