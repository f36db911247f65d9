"""An edge says what a longer path says already.

What it does
------------
Finds edges between subtasks that another path connects too. Off by default.

Why it is bad
-------------
It changes nothing about the order, but makes the graph harder to read and to change.

Example
-------
`1 -> 2 -> 3` and `1 -> 3`: the last edge adds nothing.

What to do
----------
Remove the edge, unless it shall stay when the longer path goes.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import EDGES, SOUND_GRAPH, Fault, Rule
from taskgraph.checks.subject import Subject
from taskgraph.model.words import arrow, ascending
from taskgraph.settings import Severity

__all__ = ["RULE"]

_BLOCK = 4096  # how many targets are looked at in one pass: bounds the memory


def check(subject: Subject) -> Iterator[Fault]:
    """Report each redundant edge, with a subtask that the longer path goes through."""
    for node, through, target in _redundant(subject):
        ids = [subject.at(end).id for end in (node, through, target)]
        edge = (ids[0], ids[2])
        both = len(subject.graph.reported_sides) == 2
        ends = ", from both lists that name it" if both else ""
        yield Fault(
            f"the edge {arrow(edge)} adds nothing to the longer path "
            f"{arrow(ids[:2])} -> ... -> {ids[2]}"
            if target not in subject.graph.downstreams[through]
            else f"the edge {arrow(edge)} adds nothing to the longer path {arrow(ids)}",
            f"remove {arrow(edge)}{ends}",
            subtasks=ascending(edge),
            edges=(edge,),
            pointer=subject.node_pointer(node, "downstreams"),
        )


def _redundant(subject: Subject) -> Iterator[tuple[int, int, int]]:
    """Give redundant edges as (upstream, first node of a longer path, downstream).

    Which nodes reach a target is kept as bits of one integer per node, for a block of
    targets at a time.
    """
    graph = subject.graph
    targets = [node for node, ups in enumerate(graph.upstreams) if len(ups) > 1]
    for begin in range(0, len(targets), _BLOCK):
        bits = {
            node: 1 << place for place, node in enumerate(targets[begin : begin + _BLOCK])
        }
        below = [0] * len(graph)  # the targets of the block that a node reaches
        for node in reversed(graph.order):
            row = graph.downstreams[node]
            further = 0
            for child in row:
                further |= below[child]
            direct = 0
            for child in row:
                bit = bits.get(child, 0)
                direct |= bit
                if bit & further:
                    through = next(other for other in row if below[other] & bit)
                    yield node, through, child
            below[node] = further | direct


RULE = Rule.of(check, Severity.INFO, EDGES, SOUND_GRAPH, enabled=False)
