"""What each part of a split works on: the machine, the tenant, the zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from taskgraph.graph.parallel import splits
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.words import visible
from taskgraph.privacy.secret_signs import MASK

_ADDRESS = re.compile(r"[\w\-\[\]]*[.:][\w.:\-\[\]]*|host-\d+")  # or a redacted one


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
