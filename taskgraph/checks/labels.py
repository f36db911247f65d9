"""How messages name subtasks and edges. Nothing is escaped here: each output does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from taskgraph.model import Id, Subtask, id_key

__all__ = ["arrow", "ascending", "count", "enumerate_some", "label", "labels", "shorten"]

_LONGEST_NAME = 60
_SHOWN = 5


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


def enumerate_some(texts: Sequence[str], shown: int = _SHOWN) -> str:
    """Join texts: ``a``, ``a and b``, ``a, b and c``; of many only the first few."""
    if len(texts) == 1:
        return texts[0]
    if len(texts) <= shown:
        return f"{', '.join(texts[:-1])} and {texts[-1]}"
    return f"{', '.join(texts[:shown])} and {len(texts) - shown} more"


def labels(subtasks: Iterable[Subtask], shown: int = _SHOWN) -> str:
    """Name several subtasks, ascending by id; of many only the first few."""
    ordered = sorted(subtasks, key=lambda subtask: (id_key(subtask.id), subtask.name))
    texts = [label(subtask) for subtask in ordered[:shown]]
    return enumerate_some(texts + [""] * (len(ordered) - len(texts)), shown)


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
