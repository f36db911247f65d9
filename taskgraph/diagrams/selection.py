"""Which subtasks a diagram shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.errors import RenderError
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Status
from taskgraph.model.words import visible

__all__ = ["Selection", "select"]

_AROUND = 2
"""How many edges away from a failed subtask ``around_failed`` reaches."""


class Selection(NamedTuple):
    """The chosen nodes, ascending, and a sentence for each choice that left some out."""

    nodes: tuple[int, ...]
    notes: tuple[str, ...]


def select(analysis: Analysis, options: DiagramOptions) -> Selection:
    """Apply ``focus``, ``around_failed`` and ``critical_only``, all that are asked for.

    Raises
    ------
    RenderError
        If the focus names no subtask, or there is no schedule for ``critical_only``.
    """
    graph = analysis.graph
    chosen = set(range(len(graph)))
    notes = []
    if options.focus is not None:
        node, depth = _parse_focus(graph, options.focus)
        chosen &= _around(graph, [node], depth)
        reach = "" if depth is None else f", at most {depth} edges away"
        name = visible(str(graph.subtasks[node].id))
        notes.append(f"Only what depends on {name} and what it depends on{reach}.")
    if options.around_failed:
        failed = _failed(graph, range(len(graph)))
        chosen &= _around(graph, failed, _AROUND)
        notes.append(
            f"Only the failed subtasks and what is at most {_AROUND} edges away."
            if failed
            else "No subtask failed: there is nothing around a failure to show."
        )
    if options.critical_only:
        if not analysis.is_sound:
            reasons = "; ".join(graph.flaws)
            raise RenderError(f"there is no critical path to draw: {reasons}")
        chosen.intersection_update(analysis.schedule.critical)
        notes.append("Only the subtasks on a critical path.")
    return Selection(tuple(sorted(chosen)), tuple(notes))


def _failed(graph: TaskGraph, nodes: Iterable[int]) -> list[int]:
    return [node for node in nodes if graph.subtasks[node].status == Status.FAILED]


def _parse_focus(graph: TaskGraph, text: str) -> tuple[int, int | None]:
    """Read ``ID`` or ``ID:DEPTH``; an id may hold a colon itself."""
    by_text = {str(subtask.id): node for node, subtask in enumerate(graph.subtasks)}
    if text in by_text:
        return by_text[text], None
    name, colon, depth = text.rpartition(":")
    if colon and name in by_text and depth.isascii() and depth.isdigit():
        return by_text[name], int(depth[:9])
    raise RenderError(f"cannot focus on {visible(text)!r}: no subtask has this id")


def _around(graph: TaskGraph, starts: Iterable[int], depth: int | None) -> set[int]:
    starts = set(starts)
    return (
        starts
        | _within(graph.upstreams, starts, depth)
        | _within(graph.downstreams, starts, depth)
    )


def _within(
    adjacency: Sequence[Sequence[int]], starts: set[int], depth: int | None
) -> set[int]:
    """Give the starts and what lies at most so many edges away in one direction."""
    seen, fringe = set(starts), set(starts)
    while fringe and (depth is None or depth > 0):
        fringe = {other for node in fringe for other in adjacency[node]} - seen
        seen |= fringe
        depth = None if depth is None else depth - 1
    return seen
