"""What the schedule would be if the task were another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from taskgraph.analysis.schedule import Schedule, schedule
from taskgraph.analysis.weights import Weights, custom_weights
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.graph.traverse import reverse
from taskgraph.model.task import Id


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change.

    Attributes
    ----------
    durations : mapping of id to int
        New durations, in seconds.
    dropped_edges : tuple of (id, id)
        Edges to leave out, as (upstream, downstream).
    skipped : tuple of ids
        Subtasks whose work is not done: they take no time, and what comes after them
        still comes after what comes before them.
    """

    durations: Mapping[Id, int] = field(default_factory=dict)
    dropped_edges: tuple[tuple[Id, Id], ...] = ()
    skipped: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A schedule beside the one that it would become; the nodes are the same in both.

    Attributes
    ----------
    before, after : Schedule
    graph : TaskGraph
        The graph without the dropped edges, turned round for a rollback.
    weights : Weights
        The durations after the change.
    """

    before: Schedule
    after: Schedule
    graph: TaskGraph
    weights: Weights

    @property
    def change(self) -> int:
        """By how much the makespan grows, in the unit of the weights."""
        return self.after.makespan - self.before.makespan


def what_if(
    graph: TaskGraph, weights: Weights, changes: Changes, *, backwards: bool = False
) -> WhatIf:
    """Compute the schedule anew with some things changed.

    Parameters
    ----------
    graph : TaskGraph
    weights : Weights
        The durations before the change.
    changes : Changes
        A subtask that is skipped takes no time, even where a duration is given for it.
    backwards : bool
        Whether the schedules are of a rollback, which walks upstream; the changes are in
        the terms of the document all the same.

    Raises
    ------
    ConfigError
        Where a change names a subtask or an edge that does not exist.
    AnalysisError
        Where the graph is not sound.
    """
    seconds = {**changes.durations, **dict.fromkeys(changes.skipped, 0)}
    changed = custom_weights(graph, weights, seconds) if seconds else weights
    thinner = _without_edges(graph, changes.dropped_edges)
    if backwards:
        graph, thinner = graph.reversed(), thinner.reversed()
    return WhatIf(
        before=schedule(graph, weights.durations),
        after=schedule(thinner, changed.durations),
        graph=thinner,
        weights=changed,
    )


def _without_edges(graph: TaskGraph, edges: Iterable[tuple[Id, Id]]) -> TaskGraph:
    """Build the graph of the task without some of its edges."""
    dropped = set(edges)
    if not dropped:
        return graph
    index = graph.index
    for upstream, downstream in edges:
        ends = index.get(upstream), index.get(downstream)
        if None in ends or ends[1] not in graph.downstreams[index[upstream]]:
            raise ConfigError(f"there is no edge from {upstream} to {downstream}")
    ids = graph.ids
    downstreams = tuple(
        tuple(target for target in targets if (ids[node], ids[target]) not in dropped)
        for node, targets in enumerate(graph.downstreams)
    )
    upstreams = tuple(map(tuple, reverse(downstreams)))
    return replace(graph, upstreams=upstreams, downstreams=downstreams)
