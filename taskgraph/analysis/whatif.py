"""What the schedule would be if the task were another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from taskgraph.analysis.schedule import Schedule, schedule
from taskgraph.analysis.weights import Weights, custom_weights
from taskgraph.errors import ConfigError
from taskgraph.graph import TaskGraph, build_graph
from taskgraph.model import Id

__all__ = ["Changes", "WhatIf", "what_if"]


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
        The graph without the dropped edges.
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


def what_if(graph: TaskGraph, weights: Weights, changes: Changes) -> WhatIf:
    """Compute the schedule anew with some things changed.

    Parameters
    ----------
    graph : TaskGraph
        Must be sound.
    weights : Weights
        The durations before the change.
    changes : Changes
        A subtask that is skipped takes no time, even where a duration is given for it.

    Raises
    ------
    ConfigError
        Where a change names a subtask or an edge that does not exist.
    AnalysisError
        Where the graph is not sound.
    """
    seconds = {**changes.durations, **dict.fromkeys(changes.skipped, 0)}
    changed = custom_weights(graph, weights, seconds)
    thinner = _without_edges(graph, changes.dropped_edges)
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
    subtasks = tuple(
        subtask._replace(
            upstreams=subtask.upstreams
            and tuple(up for up in subtask.upstreams if (up, subtask.id) not in dropped),
            downstreams=subtask.downstreams
            and tuple(d for d in subtask.downstreams if (subtask.id, d) not in dropped),
        )
        for subtask in graph.task.subtasks
    )
    return build_graph(replace(graph.task, subtasks=subtasks))
