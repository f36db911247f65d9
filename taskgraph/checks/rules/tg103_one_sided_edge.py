"""An edge is named by one of its ends only.

What it does
------------
Every edge stands twice in a document: in the `downstreams` of one subtask and in the
`upstreams` of the other. This rule finds lists that lack an id which names their owner on
its side. One finding for each such list.

A document in which no subtask at all has one of the two lists declares its edges on one
side on purpose; so does a definition with every list that names nothing. An edge whose
other end names an unknown id instead is left to TG102, and an edge from a subtask to
itself to TG101.

Why it is bad
-------------
The engine stores an edge once and writes both ends, so they can differ only if the
document was edited or pieced together. Which end is right decides what runs when; the
console's own page draws the union of both and hides it.

Example
-------
Subtask 1 has `"downstreams": [2]`, and subtask 2 has `"upstreams": []`.

What to do
----------
Add the id to the list that lacks it, or remove it from the other one.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import EDGES, WHOLE_EDGES, Fault, Need, Rule, Subject
from taskgraph.graph.taskgraph import Side
from taskgraph.model.words import arrow, ascending, label, labels, listed, plural


def check(subject: Subject) -> Iterator[Fault]:
    """Report each list that lacks an id."""
    if not subject.graph.one_sided:
        return
    ambiguous = subject.graph.ambiguous
    for (owner, side), others in subject.silent_lists.items():
        missing = [node for node in others if node != owner and node not in ambiguous]
        explained = len(subject.unknown_ids.get((owner, side), ()))
        # In a definition one end is enough: what names nothing leaves it to the other.
        unsaid = subject.task.is_definition and not getattr(subject.at(owner), side)
        if owner not in ambiguous and len(missing) > explained and not unsaid:
            yield _fault(subject, owner, side, missing)


def _fault(subject: Subject, owner: int, side: Side, missing: list[int]) -> Fault:
    subtask = subject.at(owner)
    others = [subject.at(node) for node in missing]
    here, there = (
        ("downstream", "upstream") if side == "downstreams" else ("upstream", "downstream")
    )
    verb = plural(len(others), "names", "name")
    edges = tuple(
        (subtask.id, other.id) if side == "downstreams" else (other.id, subtask.id)
        for other in others
    )
    walks = listed([arrow(edge) for edge in edges])
    return Fault(
        f"{labels(others)} {verb} {label(subtask)} {there}, "
        f"but {label(subtask)} does not name {plural(len(others), 'it', 'them')} {here}",
        f"write {walks} on both ends, or on neither",
        subtasks=ascending([subtask.id, *(other.id for other in others)]),
        edges=edges,
        pointer=subject.node_pointer(owner, side),
        detail=f"{side} of {subtask.name}",
    )


def _both_sides(subject: Subject) -> str:
    if len(subject.graph.reported_sides) == 1:
        (side,) = subject.graph.reported_sides
        return f"the document declares its edges in {side} only"
    return ""


RULE = Rule(
    check,
    "error",
    EDGES,
    WHOLE_EDGES,
    Need("both upstreams and downstreams", _both_sides, of_run=True),
)
