"""Which subtasks stand out, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from taskgraph.analysis import Analysis
from taskgraph.model import Status

__all__ = ["Marks"]


@dataclass(frozen=True, slots=True)
class Marks:
    """The nodes that are marked, and what marks them."""

    critical: frozenset[int]
    gates: frozenset[int]
    blocked: frozenset[int]
    faulty: frozenset[int]
    as_of: datetime | None
    cycle_of: dict[int, int]

    @classmethod
    def of(cls, analysis: Analysis) -> Marks:
        """Collect the marks; where an answer does not apply it marks nothing."""
        graph, is_sound = analysis.graph, analysis.is_sound
        cycle_of = {n: part[0] for part in graph.cycles for n in part}
        twice = {graph.task.subtasks[same[0]].id for same in graph.duplicates}
        faulty = {*cycle_of, *(graph.index[identifier] for identifier in twice)}
        gate = analysis.no_return if is_sound else None
        return cls(
            critical=frozenset(analysis.schedule.critical if is_sound else ()),
            gates=frozenset(gate.nodes if gate is not None else ()),
            blocked=_blocked(analysis),
            faulty=frozenset(faulty),
            as_of=analysis.as_of,
            cycle_of=cycle_of,
        )


def _blocked(analysis: Analysis) -> frozenset[int]:
    """Give what has not started and cannot, because something before it failed."""
    if analysis.is_rolling_back:
        return frozenset()
    if analysis.is_sound:
        return frozenset(analysis.failure.blocked if analysis.failure else ())
    graph = analysis.graph
    failed = [n for n, s in enumerate(graph.subtasks) if s.status == Status.FAILED]
    return frozenset(
        node
        for node in (graph.descendants(failed) if failed else ())
        if graph.subtasks[node].status == Status.PENDING
    )
