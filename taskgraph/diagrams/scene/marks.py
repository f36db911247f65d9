"""Which subtasks stand out, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from taskgraph.graph import TaskGraph
from taskgraph.model import Operation, Status

if TYPE_CHECKING:
    from taskgraph.analysis.recovery import PointOfNoReturn
    from taskgraph.analysis.schedule import Schedule

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
    def of(
        cls,
        graph: TaskGraph,
        schedule: Schedule | None,
        no_return: PointOfNoReturn | None,
        as_of: datetime | None,
    ) -> Marks:
        """Collect the marks; the results may be missing, and then mark nothing."""
        cycle_of = {n: part[0] for part in graph.cycles for n in part}
        twice = {graph.task.subtasks[same[0]].id for same in graph.duplicates}
        faulty = {*cycle_of, *(graph.index[identifier] for identifier in twice)}
        return cls(
            critical=frozenset(schedule.critical if schedule is not None else ()),
            gates=frozenset(no_return.nodes if no_return is not None else ()),
            blocked=_blocked(graph),
            faulty=frozenset(faulty),
            as_of=as_of or graph.task.as_of(),
            cycle_of=cycle_of,
        )


def _blocked(graph: TaskGraph) -> frozenset[int]:
    """Give what has not started and cannot, because something before it failed."""
    if graph.task.operation == Operation.ROLLBACK:
        return frozenset()
    failed = [n for n, s in enumerate(graph.subtasks) if s.status == Status.FAILED]
    return frozenset(
        node
        for node in (graph.descendants(failed) if failed else ())
        if graph.subtasks[node].status == Status.PENDING
    )
