"""How messages name subtasks and edges. Nothing is escaped here: each output does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from taskgraph.model import Id, Subtask, format_duration, id_key

__all__ = [
    "SHOWN",
    "arrow",
    "ascending",
    "count",
    "enumerate_some",
    "label",
    "labels",
    "shorten",
    "span",
]

_LONGEST_NAME = 60
SHOWN = 5
"""How many of many are named."""


def shorten(text: str, length: int = _LONGEST_NAME) -> str:
    """Cut a text that is longer than so many characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def label(subtask: Subtask) -> str:
    """Name a subtask by id and name: ``13175719 'Stop obproxy'``."""
    name = subtask.name.strip()
    if not name:
        return shorten(str(subtask.id))
    if name == subtask.id:
        return f"'{shorten(name)}'"
    return f"{shorten(str(subtask.id))} '{shorten(name)}'"


def enumerate_some(texts: Sequence[str], total: int | None = None) -> str:
    """Join texts: ``a``, ``a and b``, ``a, b and c``; of many only the first few.

    Parameters
    ----------
    texts : sequence of str
        At least the first few.
    total : int, optional
        How many there are.
    """
    total = len(texts) if total is None else total
    if total > SHOWN:
        return f"{', '.join(texts[:SHOWN])} and {total - SHOWN} more"
    if total == 1:
        return texts[0]
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def labels(subtasks: Iterable[Subtask]) -> str:
    """Name several subtasks, ascending by id; of many only the first few."""
    ordered = sorted(subtasks, key=lambda subtask: (id_key(subtask.id), subtask.name))
    return enumerate_some([label(sub) for sub in ordered[:SHOWN]], len(ordered))


def count(number: int, noun: str) -> str:
    """Write a number with its noun: ``1 subtask``, ``2 subtasks``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def ascending(ids: Iterable[Id]) -> tuple[Id, ...]:
    """Sort ids, without repetition."""
    return tuple(sorted(set(ids), key=id_key))


def arrow(ids: Sequence[Id], shown: int = 8) -> str:
    """Write a walk: ``a -> b -> c``; of a long one the beginning and the end."""
    texts = [shorten(str(identifier)) for identifier in ids]
    if len(texts) > shown + 1:
        hidden = len(texts) - shown
        texts = [*texts[: shown - 1], f"({hidden} more)", texts[-1]]
    return " -> ".join(texts)


def span(time: timedelta) -> str:
    """Write a measured time: below ten seconds to the millisecond."""
    milliseconds = round(time / timedelta(milliseconds=1))
    if milliseconds >= 10_000:
        return format_duration(milliseconds // 1000)
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".") + " s"
