"""A subtask started before its upstream had finished.

What it does
------------
Compares the start of a subtask with the finish of its upstreams, where both provably ran
once (operation EXECUTE, one attempt) and the task was never rolled back: a finish after a
retry says nothing about the first start. Times may differ by `tolerance` (1 s), as they can
come from the clocks of different servers.

One wrong time contradicts all its neighbours; it gives one finding.

Why it is bad
-------------
The engine does not do that. So a time is wrong, or the edge is not one that the engine
knew.

Example
-------
Subtask 1 finished at 09:31:00, and its downstream 2 started at 09:30:30.

What to do
----------
Save the response again. If it says the same, compare the clocks of the servers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from taskgraph.checks.rule import EDGES, SUBTASK_TIMES, Fault, Rule
from taskgraph.checks.subject import Star, Subject, stars
from taskgraph.model.durations import format_measured
from taskgraph.model.engine import ran_once
from taskgraph.model.task import Status
from taskgraph.model.words import ascending, label, labels


def check(subject: Subject) -> Iterator[Fault]:
    """Report the subtasks that started too early."""
    if subject.analysis.is_rolling_back:
        return
    graph = subject.graph
    tolerance = timedelta(seconds=subject.settings.thresholds.tolerance)
    edges = []
    for node, subtask in enumerate(graph.subtasks):
        finish = subtask.finish_time
        if finish is None or subtask.status != Status.SUCCESSFUL or not ran_once(subtask):
            continue
        for target in graph.downstreams[node]:
            below = graph.subtasks[target]
            start = below.start_time
            if start is None or finish - start <= tolerance or not ran_once(below):
                continue
            # What obshell cancels before it starts has a start that is none.
            if not (subject.is_of_obshell and below.status == Status.FAILED):
                edges.append((node, target))
    ambiguous = graph.ambiguous.union(*graph.cyclic_components)
    for star in stars(edge for edge in edges if ambiguous.isdisjoint(edge)):
        yield _fault(subject, star)


def _fault(subject: Subject, star: Star) -> Fault:
    center = subject.at(star.center)
    others = [subject.at(node) for node in star.others]
    if star.is_upstream:
        edges = [(center, other) for other in others]
        what, side, verb, attribute = (
            "finished after",
            "downstream",
            "started",
            "finish_time",
        )
    else:
        edges = [(other, center) for other in others]
        what, side, verb, attribute = "started before", "upstream", "finished", "start_time"
    gap = max(
        up.finish_time - down.start_time
        for up, down in edges
        if up.finish_time is not None and down.start_time is not None
    )
    sides, up_to = (side, "") if len(others) == 1 else (f"{side}s", "up to ")
    return Fault(
        f"{label(center)} {what} its {sides} {labels(others)} {verb}, "
        f"by {up_to}{format_measured(gap)}",
        "save the response again, or compare the clocks of the servers",
        subtasks=ascending([center.id, *(other.id for other in others)]),
        edges=tuple((up.id, down.id) for up, down in edges),
        pointer=subject.node_pointer(star.center, attribute),
    )


RULE = Rule(check, "error", EDGES, SUBTASK_TIMES)
