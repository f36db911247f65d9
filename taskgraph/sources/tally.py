"""Counting what was read, to tell that nothing of a document was lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Tally"]

_ONLY_TEXTS = {str}
_WITHOUT_TEXTS = frozenset({bool, float, int, type(None)})


class Tally:
    """Counts the keys and the texts that were read: two quotes each in the document.

    Where an object has a key twice, a parser keeps one of the two, and so finds fewer
    keys than the document has.

    Attributes
    ----------
    texts : int
        Keys and texts.
    """

    def __init__(self) -> None:
        self.texts = 0

    def add_values(self, column: Sequence[Any], types: set[type]) -> None:
        """Count the texts in values of these types, and the keys and texts below them."""
        if types == _ONLY_TEXTS:
            self.texts += len(column)
        elif not types <= _WITHOUT_TEXTS:
            self.texts += sum(map(_count_texts, column))


def _count_texts(value: Any) -> int:
    count, stack = 0, [value]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            count += 1
        elif isinstance(value, dict):
            count += len(value)
            stack += value.values()
        elif isinstance(value, list):
            stack += value
    return count
