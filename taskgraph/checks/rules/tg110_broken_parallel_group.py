"""A part of a split subtask is missing.

What it does
------------
The engine numbers the parts of a split subtask `parallelIdx` 0, 1, 2, ... without a gap.
Parts of one name that have the same neighbours, or form a chain, are taken together; this
rule finds numbers that are missing among them. A number that comes twice proves
nothing: two splits may share a name and neighbours.

Why it is bad
-------------
Work for one host, one zone or one server is not in the document: it was left out, or the
number was changed.

Example
-------
Three subtasks 'Stop node' side by side, with `parallelIdx` 0, 1 and 3.

What to do
----------
Save the response again. In a definition, number the parts from 0 without a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from taskgraph.checks.rule import EDGES, SOUND_GRAPH, Fault, Rule, need, reported
from taskgraph.checks.subject import Subject
from taskgraph.graph import TaskGraph
from taskgraph.model.words import NAMED, labels, listed
from taskgraph.settings import Severity

__all__ = ["RULE"]


def check(subject: Subject) -> Iterator[Fault]:
    """Report each group of parts whose numbers leave a gap."""
    for nodes in _groups(subject.graph):
        parts = [subject.at(node) for node in nodes]
        numbers = {part.parallel_index for part in parts if part.parallel_index is not None}
        absent = max(numbers) + 1 - len(numbers)
        if absent:
            gaps = (str(n) for n in range(max(numbers)) if n not in numbers)
            missing = list(islice(gaps, NAMED))
            what = "part {} is" if absent == 1 else "parts {} are"
            yield Fault(
                f"{what.format(listed(missing, absent))} missing among "
                f"{labels(parts)}, which are numbered up to {max(numbers)}",
                "save the response again; in a definition, number the parts without a gap",
                subtasks=tuple(part.id for part in parts),
                pointer=subject.node_pointer(nodes[0], "parallel_index"),
            )


def _groups(graph: TaskGraph) -> Iterator[list[int]]:
    """Give the parts of each split, or of splits that cannot be told apart."""
    parts = [
        node
        for node, subtask in enumerate(graph.subtasks)
        if subtask.parallel_index is not None and subtask.parallel_index >= 0
    ]
    leader = {node: node for node in parts}

    def find(node: int) -> int:
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    siblings: dict[tuple[str, tuple[int, ...], tuple[int, ...]], int] = {}
    for node in parts:
        name = graph.subtasks[node].name
        key = (name, graph.upstreams[node], graph.downstreams[node])
        joined = [siblings.setdefault(key, node), *_next_part(graph, node)]
        for other in joined:
            a, b = find(node), find(other)
            leader[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = {}
    for node in parts:
        groups.setdefault(find(node), []).append(node)
    yield from groups.values()


def _next_part(graph: TaskGraph, node: int) -> tuple[int, ...]:
    """Give the part that follows in a serial split, if there is one."""
    below = graph.downstreams[node]
    if len(below) != 1 or graph.upstreams[below[0]] != (node,):
        return ()
    part, following = graph.subtasks[node], graph.subtasks[below[0]]
    number = following.parallel_index
    is_part = number is not None and number >= 0 and following.name == part.name
    return below if is_part else ()


RULE = Rule.of(
    check,
    Severity.WARNING,
    EDGES,
    SOUND_GRAPH,
    need(
        "numbers of parts",
        "the document does not number the parts of split subtasks",
        reported("parallel_index"),
    ),
)
