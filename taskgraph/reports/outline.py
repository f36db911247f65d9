"""A graph as an indented list: what runs side by side is indented, what follows is not."""

from __future__ import annotations

from dataclasses import dataclass

from taskgraph.graph import (
    TaskGraph,
    immediate_dominators,
    parallel_groups,
    reverse,
    topological_order,
)

__all__ = ["OutlineRow", "outline"]


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """A line of the list.

    Attributes
    ----------
    nodes : tuple of int
        The subtask, or the parts of one split.
    depth : int
        How far it is indented: in how many branches, one within the other, it lies.
    begins : bool
        Whether a branch begins with it.
    waits_for : tuple of int
        The upstreams, where the list does not show them by its form.
    """

    nodes: tuple[int, ...]
    depth: int = 0
    begins: bool = False
    waits_for: tuple[int, ...] = ()


def outline(graph: TaskGraph) -> tuple[OutlineRow, ...]:
    """List the subtasks of a graph in an order in which they could run.

    Where several subtasks wait for the same one and for nothing else, each begins a
    branch, indented; what waits for several branches follows them, no longer indented.
    The parts of a split are one line.

    Parameters
    ----------
    graph : TaskGraph
        Where it has a cycle, nothing is indented and no parts are put together.

    Returns
    -------
    tuple of OutlineRow
        Near-linear in nodes and edges.
    """
    if not graph.is_acyclic:
        ordered = set(graph.order)
        rest = [node for node in range(len(graph)) if node not in ordered]
        return tuple(OutlineRow((node,)) for node in (*graph.order, *rest))
    units = _units(graph)
    upstreams = _between(graph, units)
    order = topological_order(upstreams, reverse(upstreams))
    children: dict[int, list[int]] = {}
    above = immediate_dominators(upstreams, order)
    for unit in order:
        children.setdefault(above[unit], []).append(unit)
    rows = []
    stack = _below(upstreams, children.get(-1, []), 0)
    while stack:
        place = stack.pop()
        rows.append(_row(units, place, upstreams[place.unit]))
        stack += _below(upstreams, children.get(place.unit, []), place.depth)
    return tuple(rows)


def _units(graph: TaskGraph) -> list[tuple[int, ...]]:
    """Give the parts of each split together and every other node alone."""
    groups = [group for group in parallel_groups(graph) if len(group) > 1]
    grouped = {node for group in groups for node in group}
    alone = [(node,) for node in range(len(graph)) if node not in grouped]
    return sorted([*alone, *groups], key=min)


def _between(graph: TaskGraph, units: list[tuple[int, ...]]) -> list[list[int]]:
    """Give the units that each one waits for."""
    unit_of = {node: number for number, unit in enumerate(units) for node in unit}
    rows = []
    for number, unit in enumerate(units):
        before = {unit_of[up] for node in unit for up in graph.upstreams[node]}
        rows.append(sorted(before - {number}))
    return rows


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


def _row(units: list[tuple[int, ...]], place: _Place, before: list[int]) -> OutlineRow:
    waits_for: tuple[int, ...] = ()
    if place.is_unclear:
        waits_for = tuple(sorted(node for unit in before for node in units[unit]))
    return OutlineRow(units[place.unit], place.depth, place.begins, waits_for)
