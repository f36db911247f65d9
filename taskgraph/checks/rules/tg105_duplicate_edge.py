"""A list of upstreams or downstreams names the same id twice.

What it does
------------
Finds ids that stand more than once in one list. One finding for each edge.

Why it is bad
-------------
An edge is there or it is not: the engine stores it once. A repeated id points to a
document that was put together by hand, in which another id may have been meant.

Example
-------
`"downstreams": [2, 2]`

What to do
----------
Remove the repetition, or correct it to the id that was meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import EDGES, Fault, Rule
from taskgraph.checks.subject import Subject
from taskgraph.graph.taskgraph import RepeatedReference
from taskgraph.model.task import Id
from taskgraph.model.words import arrow, ascending
from taskgraph.settings import Severity

__all__ = ["RULE"]


def check(subject: Subject) -> Iterator[Fault]:
    """Report each edge that a list repeats."""
    subtasks = subject.task.subtasks
    by_edge: dict[tuple[Id, Id], list[RepeatedReference]] = {}
    for reference in subject.graph.repeated:
        owner, other = subtasks[reference.position].id, reference.id
        if other in subject.graph.index:
            edge = (other, owner) if reference.side == "upstreams" else (owner, other)
            by_edge.setdefault(edge, []).append(reference)
    for edge, mentions in by_edge.items():
        first = mentions[0]
        sides = " and in ".join(sorted({reference.side for reference in mentions}))
        yield Fault(
            f"the edge {arrow(edge)} stands more than once in {sides}",
            "name each id once in a list",
            subtasks=ascending(edge),
            edges=(edge,),
            pointer=subject.subtask_pointer(first.position, first.side, first.id),
        )


RULE = Rule.of(check, Severity.WARNING, EDGES)
