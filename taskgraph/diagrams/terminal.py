"""Texts in columns: a wide (Chinese, Japanese, Korean) character takes two."""

from __future__ import annotations

import unicodedata

__all__ = ["columns", "fit"]


def columns(text: str) -> int:
    """Count the columns of a text that ``taskgraph.model.text.visible`` gave."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fit(text: str, width: int) -> str:
    """Cut a text to so many columns, with an ellipsis, or fill it up with spaces."""
    taken = columns(text)
    if taken <= width:
        return text + " " * (width - taken)
    kept, taken = [], 0
    for char in text:
        taken += _columns(char)
        if taken > width - 1:
            taken -= _columns(char)
            break
        kept.append(char)
    return "".join(kept) + "…" + " " * (width - taken - 1)
