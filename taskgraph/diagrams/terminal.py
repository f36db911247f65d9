"""Texts in columns: a wide (Chinese, Japanese, Korean) character takes two."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

__all__ = ["columns", "fit", "packed"]


def columns(text: str) -> int:
    """Count the columns of a text that ``taskgraph.model.words.visible`` gave."""
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


def packed(parts: Iterable[str], between: str, width: int) -> list[str]:
    """Put parts on lines, as many on each as fit; empty ones are left out."""
    lines: list[str] = []
    for part in filter(None, parts):
        longer = f"{lines[-1]}{between}{part}" if lines else part
        if lines and columns(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines
