"""The parts into which the engine split a subtask, and what each of them works on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.graph.traverse import runs
from taskgraph.model.engine import is_number_of_part, is_part
from taskgraph.model.words import visible
from taskgraph.privacy.secret_signs import MASK

_ADDRESS = re.compile(r"[\w\-\[\]]*[.:][\w.:\-\[\]]*|host-\d+")  # or a redacted one


def parallel_groups(graph: TaskGraph) -> tuple[tuple[int, ...], ...]:
    """Group the parts of each split.

    The parts of a split share a name and have a parallel index of 0 or more. Parts that
    run side by side have the same neighbours; parts that run one after the other form a
    chain without branches along which the index rises.

    Returns
    -------
    tuple of tuple of int
        Every node with a parallel index of 0 or more is in exactly one group, also where
        it is the only one. Within a group by parallel index, then by node; the groups by
        their smallest node. Two splits that share name and neighbours cannot be told
        apart and come as one group.
    """
    if not any(map(is_number_of_part, {*graph.values("parallel_index")})):
        return ()
    siblings: dict[tuple[str, tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for node, subtask in enumerate(graph.subtasks):
        if is_part(subtask):
            key = (subtask.name, graph.upstreams[node], graph.downstreams[node])
            siblings.setdefault(key, []).append(node)
    groups = [group for group in siblings.values() if len(group) > 1]
    alone = {group[0] for group in siblings.values() if len(group) == 1}
    groups += _chains(graph, alone)
    ordered = [
        tuple(sorted(group, key=lambda n: (_index(graph, n), n))) for group in groups
    ]
    return tuple(sorted(ordered, key=min))


def splits(graph: TaskGraph) -> tuple[tuple[int, ...], ...]:
    """Group as :func:`parallel_groups` does, and also parts with other neighbours.

    Where each part of one split is followed by the part of the next with its number, no two
    of them have the same neighbours; and an edge may be missing, or be one too many. Parts
    that are alone, or lack some, are a split if they share a name and their numbers are 0,
    1, 2, ..., each once.
    """
    groups = parallel_groups(graph)
    named: dict[str, list[int]] = {}
    for group in groups:
        if len(group) == 1 or not _is_whole(graph, group):
            named.setdefault(graph.subtasks[group[0]].name, []).extend(group)
    joined = [
        tuple(sorted(nodes, key=lambda node: _index(graph, node)))
        for nodes in named.values()
        if _is_whole(graph, nodes)
    ]
    owned = set(chain.from_iterable(joined))
    rest = [group for group in groups if group[0] not in owned]
    return tuple(sorted([*rest, *joined], key=min))


def _is_whole(graph: TaskGraph, nodes: Iterable[int]) -> bool:
    numbers = sorted(_index(graph, node) for node in nodes)
    return numbers == list(range(len(numbers)))


def _index(graph: TaskGraph, node: int) -> int:
    index = graph.subtasks[node].parallel_index
    return -1 if index is None else index


def _chains(graph: TaskGraph, alone: set[int]) -> list[list[int]]:
    """Put together the parts of serial splits; what belongs to none is a chain of one."""
    after = {
        node: target
        for node in alone
        if (target := _next_part(graph, node, alone)) is not None
    }
    chains = runs(after)
    return chains + [[node] for node in alone.difference(*chains)]


def _next_part(graph: TaskGraph, node: int, alone: set[int]) -> int | None:
    """Give the part that follows in a serial split, if there is one."""
    if len(graph.downstreams[node]) != 1:
        return None
    target = graph.downstreams[node][0]
    follows = (
        target in alone
        and graph.upstreams[target] == (node,)
        and graph.subtasks[target].name == graph.subtasks[node].name
        and _index(graph, target) > _index(graph, node)
    )
    return target if follows else None


def targets(graph: TaskGraph) -> dict[int, str]:
    """Say what the parts of splits work on, by node, as far as the document tells.

    A part takes its target from the element with its index of a list in the task's
    context. Which list is not told, so all count that have as many elements as the split
    has parts, each by its name; one of addresses needs none. The executor is the
    orchestrator's own server and never a target; obshell's agents are.
    """
    texts = {n: visible(sub.host) for n, sub in enumerate(graph.subtasks) if sub.host}
    lists = (graph.task.context or {}).get("listMap")
    if not isinstance(lists, Mapping):
        return texts
    for group in splits(graph):
        indices = [graph.subtasks[node].parallel_index for node in group]
        fitting = {
            str(name): values
            for name, values in sorted(lists.items(), key=lambda item: str(item[0]))
            if isinstance(values, list | tuple) and len(values) == len(group)
        }
        if fitting and indices == list(range(len(group))):
            for place, node in enumerate(group):
                words = [_named(name, values[place]) for name, values in fitting.items()]
                texts.setdefault(node, ", ".join(filter(None, words)))
    return {node: text for node, text in texts.items() if text}


def _named(name: str, value: Any) -> str:
    """Write an element by its list's name; nothing where it is no plain value."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if value in {"", MASK}:
        return ""
    text = visible(str(value))
    return text if _ADDRESS.fullmatch(text) else f"{visible(name)} {text}"
