"""What the script of the page needs to know, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from taskgraph.graph import TaskGraph
from taskgraph.model import Subtask, visible
from taskgraph.model.durations import format_moment
from taskgraph.reports.html.pictures import Picture

__all__ = ["subtask_data"]

_SHOWN_ELSEWHERE = {"id", "name", "status", "timeout", "attempts"}
_SHOWN_ELSEWHERE |= {"upstreams", "downstreams", "logs", "extra"}
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def subtask_data(graph: TaskGraph, picture: Picture) -> str:
    """Give neighbours, logs and all other fields of every subtask.

    Returns
    -------
    str
        JSON in which nothing can end the script element around it: ``nodes`` has for
        each subtask the nodes before and after it, its other fields in the order of
        ``names``, and the lines of its log; ``boxes`` says which subtasks are behind
        each box of the diagram.
    """
    from markupsafe import Markup

    fields = [_fields(subtask) for subtask in graph.subtasks]
    names = list(dict.fromkeys(name for row in fields for name in row))
    rows = []
    for node, subtask in enumerate(graph.subtasks):
        values = [fields[node].get(name, 0) for name in names]
        row: list[Any] = [graph.upstreams[node], graph.downstreams[node], values]
        if subtask.logs:
            row.append([visible(line) for line in subtask.logs])
        rows.append(row)
    boxes = [[graph.index[i] for i in ids if i in graph.index] for ids in picture.boxes]
    content = {"names": names, "nodes": rows, "boxes": boxes}
    text = json.dumps(content, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))


def _fields(subtask: Subtask) -> dict[str, str]:
    """Give the fields that no column of the table shows, as texts."""
    texts = {}
    for name, value in subtask._asdict().items():
        if name not in _SHOWN_ELSEWHERE and value is not None:
            texts[name.replace("_", " ")] = _text(value)
    for name, value in subtask.extra.items():
        texts[visible(name)] = _text(value)
    return texts


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        value = dict(value)
    return visible(json.dumps(value, ensure_ascii=False, default=str))
