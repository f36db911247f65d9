"""The subtasks fall into parts that no edge connects.

What it does
------------
Counts the weakly connected components of the graph. An id that is no subtask (TG102)
connects those that name it, and the subtask that is named nearly so: what is missing would.
In a definition it may be a wrong name of any subtask, and so connects one part more.

Why it is bad
-------------
The engine would start the parts at once, side by side. In a task with a start and an end
that is almost always a forgotten edge.

Example
-------
Subtasks 1 and 2 with an edge between them, and a subtask 3 without any.

What to do
----------
Add the missing edge. Where the parts are independent on purpose, ignore the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from taskgraph.checks.rule import EDGES, WHOLE_EDGES, Fault, Rule, Subject, need
from taskgraph.graph.traverse import reverse, weak_components
from taskgraph.model.task import Id
from taskgraph.model.words import counted, labels, listed, plural


def check(subject: Subject) -> Iterator[Fault]:
    """Report the parts, if there is more than one."""
    graph = subject.graph
    if graph.is_acyclic and sum(not upstreams for upstreams in graph.upstreams) == 1:
        return  # everything is below the one source
    if len(graph.components) < 2:
        return
    parts, missing = _parts(subject)
    if len(parts) < 2 + missing * subject.task.is_definition:
        return
    parts = sorted(parts, key=lambda part: (-len(part), part[0]))
    outside = sorted(chain.from_iterable(parts[1:]))
    sizes = listed([counted(len(part)) for part in parts])
    subtasks = [subject.at(node) for node in outside]
    yield Fault(
        f"no edge connects {counted(len(parts), 'part')} of the task, of {sizes} subtasks; "
        f"outside the {'first' if len(parts[0]) == len(parts[1]) else 'largest'} "
        f"{plural(len(outside), 'is', 'are')} {labels(subtasks)}",
        "add the missing edges, or ignore the rule where the parts are independent",
        subtasks=tuple(subtask.id for subtask in subtasks),
        pointer=subject.node_pointer(outside[0]),
    )


def _parts(subject: Subject) -> tuple[Sequence[Sequence[int]], int]:
    """Give the components where each unknown id is a node too, without those nodes.

    And how many of these there are.
    """
    graph = subject.graph
    if not graph.unknown:
        return graph.components, 0
    downstreams = [list(row) for row in graph.downstreams]
    nodes = {name: n for n, row in enumerate(graph.subtasks) for name in (row.name, row.id)}
    places: dict[Id, int] = {}
    for (node, _), identifiers in subject.unknown_ids.items():
        for identifier in identifiers:
            place = nodes.get(subject.meant.get(identifier, ""))
            if place is None:
                place = places.setdefault(identifier, len(graph) + len(places))
            downstreams[node].append(place)
    downstreams += [[] for _ in places]
    parts = weak_components(reverse(downstreams), downstreams)
    known = [[node for node in part if node < len(graph)] for part in parts]
    return known, len(places)


RULE = Rule(
    check,
    "warning",
    EDGES,
    WHOLE_EDGES,
    need(
        "edges of its own, not stages",
        "obshell has stages, of which one can hold all subtasks",
        lambda subject: not subject.is_of_obshell,
    ),
    follows=("TG101", "TG102"),
)
