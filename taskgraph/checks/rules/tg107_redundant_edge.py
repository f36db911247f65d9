"""An edge says what a longer path says already.

What it does
------------
Finds edges between subtasks that another path connects too. One finding for each edge;
where more than five of them leave one subtask, one for that subtask, with their number, the
first five, and the edges that are needed. Off by default.

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

from bisect import bisect_left
from collections.abc import Iterator

from taskgraph.checks.rule import EDGES, SOUND_GRAPH, Fault, Rule, Subject
from taskgraph.model.words import NAMED, arrow, ascending, label, listed, plural

_BLOCK = 4096  # how many targets are looked at in one pass: bounds the memory


def check(subject: Subject) -> Iterator[Fault]:
    """Report redundant edges, with a subtask that the longer path goes through."""
    redundant, through = _redundant(subject)
    for node, targets in redundant.items():
        if len(targets) > NAMED:
            yield _together(subject, node, targets)
        else:
            for target in targets:
                yield _fault(subject, node, through[node, target], target)


def _fault(subject: Subject, node: int, through: int, target: int) -> Fault:
    ids = [subject.at(end).id for end in (node, through, target)]
    edge = (ids[0], ids[2])
    row = subject.graph.downstreams[through]
    place = bisect_left(row, target)  # many edges may go through a subtask with many
    is_direct = target in row[place : place + 1]
    walk = arrow(ids) if is_direct else f"{arrow(ids[:2])} -> ... -> {ids[2]}"
    return Fault(
        f"the edge {arrow(edge)} adds nothing to the longer path {walk}",
        f"remove {arrow(edge)}{subject.where_named(node, target)}",
        subtasks=ascending(edge),
        edges=(edge,),
        pointer=_pointer(subject, node, target),
    )


def _together(subject: Subject, node: int, targets: list[int]) -> Fault:
    """Say of many edges of a subtask how many there are; a document may be full of them."""
    owner, row = subject.at(node), subject.graph.downstreams[node]
    count = len(targets)
    few = tuple((owner.id, subject.at(target).id) for target in targets[:NAMED])
    needed = set(row).difference(targets)
    kept = [arrow((owner.id, subject.at(target).id)) for target in sorted(needed)]
    return Fault(
        f"{count:,} of the {len(row):,} edges from {label(owner)} add nothing to longer "
        f"paths: {listed(map(arrow, few), count)}",
        f"remove each{_ends(subject, node, targets)}; "
        f"needed {plural(len(kept), 'is', 'are')} {listed(kept)}",
        subtasks=(owner.id,),
        edges=few,
        pointer=_pointer(subject, node, targets[0]),
        detail=f"{count} edges",
    )


def _pointer(subject: Subject, node: int, target: int) -> str:
    """Point to a list that holds the edge."""
    if "downstreams" in subject.naming(node, target):
        return subject.node_pointer(node, "downstreams")
    return subject.node_pointer(target, "upstreams")


def _ends(subject: Subject, node: int, targets: list[int]) -> str:
    counts = {len(subject.naming(node, target)) for target in targets}
    if counts == {1}:
        return ""
    both = "both lists that name it" if counts == {2} else "each list that names it"
    return f", from {both}"


def _redundant(subject: Subject) -> tuple[dict[int, list[int]], dict[tuple[int, int], int]]:
    """Give the redundant edges as downstreams by their upstream, ascending.

    And for the first few of each the first node of a longer path. Which nodes reach a
    target is kept as bits of one integer per node, for a block of targets at a time.
    """
    graph = subject.graph
    targets = [node for node, ups in enumerate(graph.upstreams) if len(ups) > 1]
    longer: dict[int, list[int]] = {}
    through: dict[tuple[int, int], int] = {}
    for begin in range(0, len(targets), _BLOCK):
        bits = {
            node: 1 << place for place, node in enumerate(targets[begin : begin + _BLOCK])
        }
        below = [0] * len(graph)  # the targets of the block that a node reaches
        for node in reversed(graph.order):
            row = graph.downstreams[node]
            further = direct = 0
            for child in row:
                further |= below[child]
                direct |= bits.get(child, 0)
            if direct & further:
                some = longer.setdefault(node, [])
                for child in row:
                    bit = bits.get(child, 0) & further
                    if bit and len(some) < NAMED:
                        through[node, child] = next(up for up in row if below[up] & bit)
                    if bit:
                        some.append(child)
            below[node] = further | direct
    return longer, through


RULE = Rule(check, "info", EDGES, SOUND_GRAPH, enabled=False)
