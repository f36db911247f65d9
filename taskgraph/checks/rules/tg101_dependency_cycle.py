"""Subtasks wait for each other in a circle.

What it does
------------
Finds the groups of subtasks in which each one is, over some edges, upstream of itself;
also a single subtask that depends on itself. One finding for each group, with a shortest
cycle through its smallest id and the fewest edges whose removal breaks every cycle. That
fewer do not do is proven up to 20 subtasks; beyond, the hint says where it is not.

Why it is bad
-------------
The engine starts a subtask only when every upstream is done. In a cycle none ever is, so
the task can never finish, and neither critical path nor budget exists.

Example
-------
`1 -> 2 -> 3 -> 1`: the downstreams of subtask 3 name 1, from which 3 is reached.

What to do
----------
Remove the edge that does not belong, from each list that names it.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import EDGES, Fault, Rule, Subject
from taskgraph.graph.traverse import Cut
from taskgraph.model.words import arrow, counted, label, listed


def check(subject: Subject) -> Iterator[Fault]:
    """Report each strongly connected component that surely holds a cycle."""
    graph = subject.graph
    for component, cut in zip(graph.cycles, graph.cuts, strict=True):
        yield _fault(subject, component, cut)


def _fault(subject: Subject, component: tuple[int, ...], cut: Cut) -> Fault:
    from taskgraph.graph.traverse import shortest_cycle

    graph = subject.graph
    cycle = shortest_cycle(graph.downstreams, component)
    path = (*cycle, cycle[0])
    ids = {node: graph.subtasks[node].id for node in component}
    edges = tuple((ids[a], ids[b]) for a, b in cut.edges)
    walk = arrow([label(subject.at(node)) for node in path])
    first = label(subject.at(component[0]))
    if len(component) == 1:
        message = f"{first} depends on itself"
    elif len(component) == len(cycle):
        message = (
            f"{counted(len(cycle), 'subtask')} depend on each other in a cycle: {walk}"
        )
    else:
        message = (
            f"{counted(len(component), 'subtask')} depend on each other in cycles; "
            f"a shortest one through {first} is {walk}"
        )
    few = listed(
        [arrow([label(subject.at(a)), label(subject.at(b))]) for a, b in cut.edges]
    )
    if len(edges) == 1:
        hint = f"remove the edge {few}{subject.where_named(*cut.edges[0])}"
    else:
        hint = f"removing {counted(len(edges), 'edge')} breaks every cycle: {few}"
        hint += "" if cut.is_smallest else " (whether fewer would do is not proven)"
    return Fault(
        message,
        hint,
        subtasks=tuple(ids[node] for node in component),
        edges=edges,
        pointer=subject.node_pointer(component[0]),
        path=path,
    )


RULE = Rule(check, "error", EDGES)
