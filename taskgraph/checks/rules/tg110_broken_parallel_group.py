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

from taskgraph.checks.rule import EDGES, SOUND_GRAPH, Fault, Rule, Subject, need, reported
from taskgraph.graph.parallel import splits
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.graph.traverse import reverse, weak_components
from taskgraph.model.words import NAMED, labels, listed, plural

_NUMBER = "number the parts from 0 without a gap"


def check(subject: Subject) -> Iterator[Fault]:
    """Report each group of parts whose numbers leave a gap."""
    for nodes in _groups(subject.graph):
        parts = [subject.at(node) for node in nodes]
        numbers = {part.parallel_index for part in parts if part.parallel_index is not None}
        absent = max(numbers) + 1 - len(numbers)
        if absent:
            gaps = (str(n) for n in range(max(numbers)) if n not in numbers)
            missing = list(islice(gaps, NAMED))
            what = f"parallelIdx {{}} {plural(absent, 'is', 'are')}"
            yield Fault(
                f"{what.format(listed(missing, absent))} missing among "
                f"{labels(parts)}, which are numbered up to {max(numbers)}",
                _NUMBER if subject.task.is_definition else "save the response again",
                subtasks=tuple(part.id for part in parts),
                pointer=subject.node_pointer(nodes[0], "parallel_index"),
            )


def _groups(graph: TaskGraph) -> Iterator[list[int]]:
    """Give the parts of each split, or of splits that cannot be told apart.

    The parts of a chain belong together in whatever order they are numbered.
    """
    groups = splits(graph)
    if not groups:
        return
    owner = {node: place for place, group in enumerate(groups) for node in group}
    after: list[list[int]] = [[] for _ in groups]
    for node, place in owner.items():
        for following in graph.downstreams[node]:
            if following in owner and _is_next_part(graph, node, following):
                after[place].append(owner[following])
    for places in weak_components(reverse(after), after):
        yield sorted(node for place in places for node in groups[place])


def _is_next_part(graph: TaskGraph, node: int, following: int) -> bool:
    """Tell whether a part comes after another one in a serial split."""
    is_alone = graph.downstreams[node] == (following,)
    is_alone = is_alone and graph.upstreams[following] == (node,)
    return is_alone and graph.subtasks[node].name == graph.subtasks[following].name


_NUMBERED = reported("parallel_index")
RULE = Rule(
    check,
    "warning",
    EDGES,
    SOUND_GRAPH,
    need(
        "numbers of parts",
        "the document does not number the parts of split subtasks",
        lambda subject: _NUMBERED(subject) and not subject.unread("parallel_index"),
        of_run=True,
    ),
)
