"""A subtask has begun, or was rolled back, before its turn.

What it does
------------
In a task that is not rolling back: finds subtasks that are no longer PENDING although an
upstream is not SUCCESSFUL. In one that is, or was, rolled back: finds subtasks that are no
longer SUCCESSFUL although a downstream is not PENDING yet. SUCCESSFUL with the operation
ROLLBACK only waits for its turn.

One wrong status contradicts all its neighbours; it gives one finding.

Why it is bad
-------------
The engine never does this: it walks downstream to execute and upstream to roll back. So
statuses or edges of the document are wrong, or it was pieced together from several moments.

Example
-------
Subtask 1 is PENDING, and its downstream 2 is RUNNING.

What to do
----------
Save the response again. If it says the same, compare it with the server's log.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import EDGES, KNOWN_ROLLBACK, STATUSES, Fault, Rule
from taskgraph.checks.subject import Star, Subject, stars
from taskgraph.model.task import STATUSES as KNOWN
from taskgraph.model.task import Status
from taskgraph.model.words import ascending, label, labels

_NOT_PENDING = KNOWN - {Status.PENDING}
_NOT_DONE = KNOWN - {Status.SUCCESSFUL}


def check(subject: Subject) -> Iterator[Fault]:
    """Report the subtasks that are out of turn.

    Both directions have one invariant: below a subtask that is not SUCCESSFUL every
    subtask is PENDING.
    """
    if subject.statuses.isdisjoint(_NOT_DONE) or subject.statuses.isdisjoint(_NOT_PENDING):
        return
    graph = subject.graph
    edges = [
        (node, target)
        for target in graph.nodes_of(_NOT_PENDING)
        for node in graph.upstreams[target]
        if graph.subtasks[node].status in _NOT_DONE and target != node
    ]
    ambiguous = subject.graph.ambiguous.union(*subject.graph.cyclic_components)
    clear = (edge for edge in edges if ambiguous.isdisjoint(edge))
    for star in stars(clear, prefer_upstream=subject.analysis.is_rolling_back):
        yield _fault(subject, star)


def _fault(subject: Subject, star: Star) -> Fault:
    center = subject.at(star.center)
    others = [subject.at(node) for node in star.others]
    side = "downstream" if star.is_upstream else "upstream"
    if len(others) == 1:
        rest = f"its {side} {label(others[0])} is {others[0].status}"
    else:
        due = "PENDING" if star.is_upstream else "SUCCESSFUL"
        rest = f"its {side}s {labels(others)} are not {due}"
    if subject.analysis.is_rolling_back:
        hint = (
            "a rollback walks upstream: it comes to a subtask when all below it is PENDING"
        )
    else:
        hint = "the engine starts a subtask when every upstream is SUCCESSFUL"
    pairs = [(node, star.center) for node in star.others]
    edges = [pair[::-1] for pair in pairs] if star.is_upstream else pairs
    return Fault(
        f"{label(center)} is {center.status} although {rest}",
        f"{hint}: save the response again, statuses or edges are not of one moment",
        subtasks=ascending([center.id, *(other.id for other in others)]),
        edges=tuple((subject.at(a).id, subject.at(b).id) for a, b in edges),
        pointer=subject.node_pointer(star.center, "status"),
    )


RULE = Rule(check, "error", EDGES, STATUSES, KNOWN_ROLLBACK)
