"""Text in boxes: how wide it is, and how it is broken or shortened."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from taskgraph.model.words import JOINERS

# Advance widths of the characters from U+0020 to U+007E in thousandths of an em: the
# larger of regular and bold in the usual sans-serif faces (Arial and those made to match).
_ASCII = (
    (278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278)
    + (556,) * 10
    + (333, 333, 584, 584, 584, 611, 1015)
    + (722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833)
    + (722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611)
    + (333, 278, 333, 584, 556, 333)
    + (556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889)
    + (611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500)
    + (389, 280, 389, 584)
)
_WIDTHS = dict(zip(map(chr, range(0x20, 0x7F)), _ASCII, strict=True))
_WIDTHS |= {"…": 1000, "·": 300}
# Letters of other alphabets, on the average of a bold face: up to which character, small
# letters and others. A text of these is told its width, so that it cannot be too wide.
_LETTERS = (
    (0x0400, 640, 740),  # Greek
    (0x0530, 680, 800),  # Cyrillic
    (0x0590, 660, 800),  # Armenian
    (0x0600, 600, 600),  # Hebrew
    (0x0700, 700, 700),  # Arabic
)
# A face that is not at hand is replaced by a wider one: leave that much room.
_SLACK = 1.05

_ELLIPSIS = "…"


@cache
def _char_width(char: str) -> int:
    """Give a width in thousandths of an em; of a rare script one hardly exceeded."""
    if char in _WIDTHS:
        return _WIDTHS[char]
    code = ord(char)
    if unicodedata.category(char) in ("Mn", "Me") or char in JOINERS:
        return 0
    if code >= 0x1F000:
        return 1300  # emoji
    for end, small, other in _LETTERS:
        if 0x0370 <= code < end:
            return small if char.islower() else other
    if unicodedata.east_asian_width(char) in "WFA":
        return 1000
    if code < 0x0250:  # accented Latin letters are as wide as plain ones
        base = unicodedata.normalize("NFD", char)[0]
        return _WIDTHS.get(base, 750)
    return 750 if code < 0x0370 else 900


def is_measured(text: str) -> bool:
    """Tell whether the width is known well: Latin letters and full-width characters."""
    return text.isascii() or all(
        char < "\u0250" or char in "…⟨⟩" or unicodedata.east_asian_width(char) in "WF"
        for char in text
    )


@lru_cache(maxsize=65536)
def text_width(text: str, size: float) -> float:
    """Estimate the width of a text in the font of the diagrams.

    The text is one line, as ``taskgraph.model.words.visible`` gives it; the width and the
    size of the font are in pixels. A wide (Chinese, Japanese, Korean) character takes one
    em.
    """
    return sum(map(_char_width, text)) * size * _SLACK / 1000


def ellipsize(text: str, room: float, size: float, *, middle: bool = False) -> str:
    """Shorten a text to a width; a shortened one has an ellipsis at its end or middle."""
    if text_width(text, size) <= room:
        return text
    room -= text_width(_ELLIPSIS, size)
    if not middle:
        return text[: _fitting(text, room, size)].rstrip() + _ELLIPSIS
    head = text[: _fitting(text, room / 2, size)]
    room -= text_width(head, size)
    tail = _fitting(text[::-1], room, size)
    return head + _ELLIPSIS + text[len(text) - tail :]


def _fitting(text: str, room: float, size: float) -> int:
    return fitting(text, room * 1000 / (size * _SLACK), _char_width)


def fitting(text: str, room: float, width: Callable[[str], float]) -> int:
    """Count the leading characters that fit, by the width of each."""
    total = 0.0
    for count, char in enumerate(text):
        total += width(char)
        if total > room:
            return count
    return len(text)


@lru_cache(maxsize=65536)
def wrap(text: str, room: float, size: float, lines: int) -> tuple[str, ...]:
    """Break a text into so many lines at most, the room of each in pixels.

    It is broken after a space or a separator where there is one, between any two
    characters otherwise (Chinese has no spaces). The last line ends in an ellipsis where
    the text goes on.
    """
    rows: list[str] = []
    rest = text.strip()
    while rest and len(rows) < lines - 1 and text_width(rest, size) > room:
        count = max(1, _fitting(rest, room, size))
        cut = _break_before(rest, count)
        rows.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest or not rows:
        rows.append(ellipsize(rest, room, size))
    return tuple(rows)


def alike(texts: Iterable[str], shown: Callable[[str], object]) -> frozenset[str]:
    """Give the texts that would look like another one, as they are shown."""
    looks: dict[object, set[str]] = {}
    for text in texts:
        looks.setdefault(shown(text), set()).add(text)
    return frozenset(text for same in looks.values() if len(same) > 1 for text in same)


def joined(parts: Iterable[str], room: float, size: float) -> list[str]:
    """Join parts by middle dots, as many on a line as fit; empty ones are left out."""
    return packed(parts, " · ", room, lambda text: text_width(text, size))


def packed(
    parts: Iterable[str], between: str, room: float, width: Callable[[str], float]
) -> list[str]:
    """Put parts on lines, as many on each as fit; empty ones are left out."""
    lines: list[str] = []
    for part in filter(None, parts):
        longer = f"{lines[-1]}{between}{part}" if lines else part
        if lines and width(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def _break_before(text: str, count: int) -> int:
    """Find where to break a text of which so many characters fit."""
    if count < len(text) and text[count] == " ":
        return count
    for cut in range(count, max(count // 2, 1), -1):
        before = text[cut - 1]
        if before in " -_/.:,;" or unicodedata.east_asian_width(before) in "WF":
            return cut
    return count
