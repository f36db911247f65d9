"""The graph of a task as an indented list: what runs after what, in lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from taskgraph.graph.parallel import parallel_groups, splits
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.graph.traverse import immediate_dominators, reverse, topological_order
from taskgraph.reports.results import whole_order

MOST_LEVELS = 64
"""So many branches one within the other have lines."""


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """A line of the list: a subtask, or the parts of one split."""

    nodes: tuple[int, ...]
    depth: int = 0  # in how many branches, one within the other, it lies
    begins: bool = False  # a branch
    waits_for: tuple[int, ...] = ()  # the upstreams, where the list's form does not tell
    bars: tuple[bool, ...] = ()  # by depth, which of the outermost around it go on below


def outline(graph: TaskGraph) -> tuple[OutlineRow, ...]:
    """List the subtasks of a graph in an order in which they could run.

    Where several subtasks wait for the same one and for nothing else, each begins a
    branch, indented; what waits for several branches follows them, no longer indented, and
    names what it waits for where that is not all of them.
    The parts of a split are one line. Where there is a cycle, nothing is indented and no
    parts are put together. Near-linear in nodes and edges.
    """
    if not graph.is_acyclic:
        return tuple(OutlineRow((node,)) for node in whole_order(graph))
    for find in (splits, parallel_groups):
        units = _units(graph, find(graph))
        upstreams = _between(graph, units)
        order = topological_order(upstreams, reverse(upstreams))
        if len(order) == len(units) and _is_plain(graph, units, upstreams):
            break  # else parts that go on one by one form a knot, or only some of them wait
    children: dict[int, list[int]] = {}
    above = immediate_dominators(upstreams, order)
    for unit in order:
        children.setdefault(above[unit], []).append(unit)
    loose = _loose(upstreams, order, above)
    rows = []
    stack = _below(upstreams, children.get(-1, []), 0, is_loose=-1 in loose)
    while stack:
        place = stack.pop()
        nodes = units[place.unit]
        named = nodes if place.is_unclear else ()
        before = {up for node in named for up in graph.upstreams[node]}.difference(nodes)
        waits_for = tuple(sorted(before))
        row = OutlineRow(nodes, place.depth, place.begins, waits_for)
        rows.append(row)
        below, is_loose = children.get(place.unit, []), place.unit in loose
        stack += _below(upstreams, below, place.depth, is_loose=is_loose)
    return tuple(_with_bars(rows))


def _with_bars(rows: list[OutlineRow]) -> list[OutlineRow]:
    """Tell each row which of the branches that it lies within have rows below it."""
    goes_on: list[bool] = []  # by depth, from the rows below
    barred = []
    for row in reversed(rows):
        goes_on += [False] * (row.depth - len(goes_on))
        barred.append(
            replace(row, bars=tuple(goes_on[: min(max(row.depth - 1, 0), MOST_LEVELS)]))
        )
        del goes_on[max(row.depth - 1, 0) :]
        goes_on += [True] * (row.depth > 0)
    return barred[::-1]


def _units(graph: TaskGraph, parts: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    """Give the parts of each split together and every other node alone."""
    groups = [group for group in parts if len(group) > 1]
    grouped = {node for group in groups for node in group}
    alone = [(node,) for node in range(len(graph)) if node not in grouped]
    return sorted([*alone, *groups], key=min)


def _between(graph: TaskGraph, units: list[tuple[int, ...]]) -> list[list[int]]:
    """Give the units that each one waits for."""
    unit_of = {node: number for number, unit in enumerate(units) for node in unit}
    return [
        sorted({unit_of[up] for node in unit for up in graph.upstreams[node]} - {number})
        for number, unit in enumerate(units)
    ]


def _is_plain(
    graph: TaskGraph, units: list[tuple[int, ...]], upstreams: list[list[int]]
) -> bool:
    """Tell whether each unit waits for all of those that it waits for."""
    return all(
        len({up for node in unit for up in graph.upstreams[node]}.difference(unit))
        == sum(len(units[before]) for before in upstreams[number])
        for number, unit in enumerate(units)
    )


@dataclass(frozen=True, slots=True)
class _Place:
    unit: int
    depth: int
    begins: bool = False
    is_unclear: bool = False


def _loose(
    upstreams: list[list[int]], order: Sequence[int], above: Sequence[int]
) -> set[int]:
    """Give the units, -1 for none, below which a branch does not end in the join."""
    depth = {-1: 0}
    leads = dict.fromkeys(order, -1)  # to what hangs how deep: the least below each unit
    for unit in order:
        depth[unit] = depth[above[unit]] + 1
        for before in upstreams[unit]:
            leads[before] = max(leads[before], depth[above[unit]])
    loose = set()
    for unit in reversed(order):
        parent = above[unit]
        if len(upstreams[unit]) <= 1 and leads[unit] < depth[parent]:
            loose.add(parent)
        if parent >= 0:
            leads[parent] = min(leads[parent], leads[unit])
    return loose


def _below(
    upstreams: list[list[int]], units: list[int], depth: int, *, is_loose: bool
) -> list[_Place]:
    """Place what lies directly below a unit; the last comes first."""
    branches = [unit for unit in units if len(upstreams[unit]) <= 1]
    joins = [unit for unit in units if len(upstreams[unit]) > 1]
    nested, unclear = len(branches) > 1, is_loose or len(joins) > 1
    places = [_Place(unit, depth, is_unclear=unclear) for unit in reversed(joins)]
    return places + [_Place(unit, depth + nested, nested) for unit in reversed(branches)]
