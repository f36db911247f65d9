"""A list of upstreams or downstreams names the same id twice.

What it does
------------
Finds ids that stand more than once in one list. One finding for each edge; where one list
repeats more than 20 ids, or all lists over 1,000, the first have one each, and one more for
each list counts the rest.

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
from taskgraph.checks.subject import Subject, told
from taskgraph.model.words import arrow, ascending, counted

_HINT = "name each id once in a list"


def check(subject: Subject) -> Iterator[Fault]:
    """Report each edge that a list repeats, but of very many in a list their number."""
    index = subject.graph.index
    known = [reference for reference in subject.graph.repeated if reference.id in index]
    by_edge, rests = told(subject, known, subject.edge)
    for edge, mentions in by_edge.items():
        first = mentions[0]
        sides = " and in ".join(sorted({reference.side for reference in mentions}))
        yield Fault(
            f"the edge {arrow(edge)} stands more than once in {sides}",
            _HINT,
            subtasks=ascending(edge),
            edges=(edge,),
            pointer=subject.subtask_pointer(first.position, first.side, first.id),
        )
    for rest in rests:
        ids = f"{counted(rest.number, 'id')} more than once in {rest.first.side}"
        what = f"{ids}, beside those told one by one"
        yield Fault.of_rest(subject, rest, what, _HINT)


RULE = Rule(check, "warning", EDGES)
