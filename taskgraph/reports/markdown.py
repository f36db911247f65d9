"""Pieces of Markdown that no name from a document can break out of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from taskgraph.model.words import visible

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>()#!|&~$^]")
# What hosts turn into links and mentions by themselves, after they have taken escapes
# away, is cut in two by a comment.
_AUTOMATIC = re.compile(r"(?<=[@#])(?=\w)|(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
_AT_THE_START = re.compile(r"^(\d*)([-+=]|\.(?=\s|$))")  # where they would begin a list


def escaped(text: str) -> str:
    r"""Write a text so that Markdown shows it as it is, on one line, also in a table.

    It calls nobody by ``@name``, and links neither to an issue nor to an address.

    Examples
    --------
    >>> print(escaped("*a* <b>"))
    \*a\* \<b\>
    """
    parts = _AUTOMATIC.split(visible(text))
    spelt = "<!-- -->".join(_SPECIAL.sub(r"\\\g<0>", part) for part in parts)
    return _AT_THE_START.sub(r"\1\\\2", spelt)


def code_block(lines: Iterable[str], language: str = "") -> str:
    """Write lines as a fenced block, in a fence that none of them can close."""
    shown = [visible(line) for line in lines]
    fence = "```"
    while any(fence in line for line in shown):
        fence += "`"
    return "\n".join([f"{fence}{language}", *shown, fence])


def table(
    titles: Sequence[str], rows: Iterable[Sequence[str]], numbers: int | Sequence[bool] = 0
) -> str:
    """Write a table of cells that are Markdown already.

    Numbers stand on the right: so many of the last columns, or those that are said to.
    """
    if isinstance(numbers, int):
        numbers = [False] * (len(titles) - numbers) + [True] * numbers
    lines = [titles, ["---:" if number else "---" for number in numbers], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
