"""A graph as an indented list: what runs after what, in lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

from taskgraph.graph.parallel import parallel_groups, splits
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.graph.traverse import immediate_dominators, reverse, topological_order
from taskgraph.reports.results import whole_order

__all__ = ["OutlineRow", "outline"]


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """A line of the list: a subtask, or the parts of one split."""

    nodes: tuple[int, ...]
    depth: int = 0  # in how many branches, one within the other, it lies
    begins: bool = False  # a branch
    waits_for: tuple[int, ...] = ()  # the upstreams, where the list's form does not tell
    bars: tuple[bool, ...] = ()  # by depth, which of the branches around it go on below


def outline(graph: TaskGraph) -> tuple[OutlineRow, ...]:
    """List the subtasks of a graph in an order in which they could run.

    Where several subtasks wait for the same one and for nothing else, each begins a
    branch, indented; what waits for several branches follows them, no longer indented.
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
    rows = []
    stack = _below(upstreams, children.get(-1, []), 0)
    while stack:
        place = stack.pop()
        before = upstreams[place.unit] if place.is_unclear else ()
        waits_for = tuple(sorted(node for unit in before for node in units[unit]))
        row = OutlineRow(units[place.unit], place.depth, place.begins, waits_for)
        rows.append(row)
        stack += _below(upstreams, children.get(place.unit, []), place.depth)
    return tuple(_with_bars(rows))


def _with_bars(rows: list[OutlineRow]) -> list[OutlineRow]:
    """Tell each row which of the branches that it lies within have rows below it."""
    goes_on: list[bool] = []  # by depth, from the rows below
    barred = []
    for row in reversed(rows):
        goes_on += [False] * (row.depth - len(goes_on))
        barred.append(replace(row, bars=tuple(goes_on[: max(row.depth - 1, 0)])))
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


def _below(upstreams: list[list[int]], units: list[int], depth: int) -> list[_Place]:
    """Place what lies directly below a unit; the last comes first."""
    branches = [unit for unit in units if len(upstreams[unit]) <= 1]
    joins = [unit for unit in units if len(upstreams[unit]) > 1]
    nested, unclear = len(branches) > 1, len(joins) > 1
    places = [_Place(unit, depth, is_unclear=unclear) for unit in reversed(joins)]
    return places + [_Place(unit, depth + nested, nested) for unit in reversed(branches)]
