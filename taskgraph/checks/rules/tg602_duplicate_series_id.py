"""Several subtasks have the same series id.

What it does
------------
Finds subtasks of different ids that share a `seriesId`. One finding for each value.

Why it is bad
-------------
The engine numbers the subtasks of a task without repetition, so the document was pieced
together, or a subtask was copied and only its id changed.

Example
-------
Subtasks 1 and 2 both have `"seriesId": 0`.

What to do
----------
Save the response again; in a document written by hand, remove the copy.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Rule, Subject, need, reported
from taskgraph.model.words import ascending, labels


def check(subject: Subject) -> Iterator[Fault]:
    """Report each series id that several subtasks have."""
    series = subject.task.column("series_id")
    if len(set(series)) == len(series):
        return
    nodes: dict[int, list[int]] = {}
    for node, value in enumerate(subject.graph.values("series_id")):
        if value is not None:
            nodes.setdefault(value, []).append(node)
    for value, group in nodes.items():
        if len(group) > 1:
            owners = [subject.at(node) for node in group]
            yield Fault(
                f"{labels(owners)} have the same series id {value}",
                "remove the copy"
                if subject.task.is_definition
                else "save the response again, or remove the copy",
                subtasks=ascending(owner.id for owner in owners),
                pointer=subject.node_pointer(group[-1], "series_id"),
            )


RULE = Rule(
    check,
    "warning",
    need(
        "series ids", "the document has no series ids", reported("series_id"), of_run=True
    ),
)
