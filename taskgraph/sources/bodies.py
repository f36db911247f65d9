"""JSON that holds a document as a text, or deeper than in a response."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from shlex import quote
from typing import Any

from taskgraph.sources.excerpts import Seen, end_of
from taskgraph.sources.lenses import from_base64
from taskgraph.sources.places import escape_token, locate

__all__ = ["BODIES"]

_OF_A_RESPONSE = ("data", "contents")
_OF_A_SUBTASK = frozenset({"operation", "operator", "status", "timeout", "upstreams"})


def _whole_text(root: Any, _: str) -> Iterator[Seen]:
    if isinstance(root, str):
        yield Seen(root, "from the text that it is")


def _recorded(root: Any, _: str) -> Iterator[Seen]:
    """Give the responses in what a browser recorded."""
    log = root.get("log") if isinstance(root, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        content = entry
        for key in ("response", "content"):
            content = content.get(key) if isinstance(content, dict) else None
        text = content.get("text") if isinstance(content, dict) else None
        if isinstance(text, str):
            is_packed = content.get("encoding") == "base64"
            body = from_base64(text) if is_packed else text
            how = f"from entry {number} of a HAR file, a browser's record"
            take = f"jq -r '.log.entries[{number}].response.content.text' FILE"
            yield Seen(body, how, None, take + " | base64 -d" * is_packed)


def _below(root: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Give what stands anywhere in JSON, with the steps to it; nothing below a task."""
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), root)]
    while stack:
        steps, value = stack.pop()
        yield steps, value
        if isinstance(value, dict) and not _is_task(value):
            stack += [((*steps, key), below) for key, below in reversed(value.items())]
        elif isinstance(value, list):
            stack += [((*steps, n), below) for n, below in reversed([*enumerate(value)])]


def _is_task(value: dict[str, Any]) -> bool:
    rows = value.get("subtasks", value.get("nodes"))
    return isinstance(rows, list) and any(
        isinstance(row, dict) and row.keys() & _OF_A_SUBTASK for row in rows
    )


def _pointer(steps: Iterable[str | int]) -> str:
    return "".join(f"/{escape_token(str(step))}" for step in steps)


def _texts(root: Any, _: str) -> Iterator[Seen]:
    """Give the texts anywhere in JSON that may hold a task, and where they are."""
    for steps, value in _below(root):
        if isinstance(value, str) and ("subtasks" in value or "dag_id" in value):
            take = f"jq -r {quote(f'getpath({json.dumps(steps)})')} FILE"
            yield Seen(value, f"from the text in {_pointer(steps)}", None, take)


def _nested(root: Any, text: str) -> Iterator[Seen]:
    """Give the tasks that stand deeper in JSON than in a response."""
    found: dict[str, tuple[str | int, ...]] = {}
    for steps, value in _below(root):
        is_deep = any(isinstance(s, str) and s not in _OF_A_RESPONSE for s in steps)
        if is_deep and isinstance(value, dict) and _is_task(value):
            around = steps[:-1] if steps[-1] == "data" else steps
            found[_pointer(around)] = around
    starts = array("q", [0])  # a list of numbers would take many times the text
    starts.extend(match.end() for match in re.finditer("\n", text if found else ""))
    for pointer, (line, column) in locate(text.encode(), found).items():
        begin = starts[line - 1] + column - 1
        end = end_of(text, begin)
        take = f"jq {quote(f'getpath({json.dumps(found[pointer])})')} FILE"
        if end is not None:
            yield Seen(text[begin:end], f"from the object in {pointer}", (begin, end), take)


BODIES: tuple[Callable[[Any, str], Iterator[Seen]], ...] = (
    _whole_text,
    _recorded,
    _texts,
    _nested,
)
"""Where in parsed JSON a document may stand as a text, or deeper than in a response."""
