"""Subtasks wait for each other in a circle.

What it does
------------
Finds the groups of subtasks in which each one is, over some edges, upstream of itself;
also a single subtask that depends on itself. One finding for each group, with a shortest
cycle through its smallest id and a small set of edges whose removal breaks every cycle.

Why it is bad
-------------
The engine starts a subtask only when every upstream is done. In a cycle none ever is, so
the task can never finish, and neither critical path nor budget exists.

Example
-------
`1 -> 2 -> 3 -> 1`: the downstreams of subtask 3 name 1, from which 3 is reached.

What to do
----------
Remove the edge that does not belong, on both its ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import EDGES, Fault, Rule
from taskgraph.checks.subject import Subject
from taskgraph.model.words import arrow, counted, label, listed
from taskgraph.settings import Severity

__all__ = ["RULE"]


def check(subject: Subject) -> Iterator[Fault]:
    """Report each strongly connected component that holds a cycle."""
    for component in subject.graph.cycles:
        if subject.ambiguous.isdisjoint(component):
            yield _fault(subject, component)


def _fault(subject: Subject, component: tuple[int, ...]) -> Fault:
    from taskgraph.graph.traverse import feedback_edges, shortest_cycle

    graph = subject.graph
    cycle = shortest_cycle(graph.downstreams, component)
    path = (*cycle, cycle[0])
    ids = [subtask.id for subtask in graph.subtasks]
    edges = tuple((ids[a], ids[b]) for a, b in feedback_edges(graph.downstreams, component))
    walk = arrow([ids[node] for node in path])
    first = label(subject.at(component[0]))
    if len(component) == 1:
        message = f"{first} depends on itself: {walk}"
    elif len(component) == len(cycle):
        message = (
            f"{counted(len(cycle), 'subtask')} depend on each other in a cycle: {walk}"
        )
    else:
        message = (
            f"{counted(len(component), 'subtask')} depend on each other in cycles; "
            f"a shortest one through {first} is {walk}"
        )
    if len(edges) == 1:
        hint = f"remove the edge {arrow(edges[0])}, on both its ends"
    else:
        few = listed([arrow(edge) for edge in edges])
        hint = f"removing {len(edges)} edges breaks every cycle: {few}"
    return Fault(
        message,
        hint,
        subtasks=tuple(ids[node] for node in component),
        edges=edges,
        pointer=subject.node_pointer(component[0]),
        path=path,
    )


RULE = Rule.of(check, Severity.ERROR, EDGES)
