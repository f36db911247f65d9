"""Texts from documents, made safe to show."""

from __future__ import annotations

import unicodedata

__all__ = ["visible"]

_KEPT_FORMATS = frozenset("\u200c\u200d")  # joiners that scripts and emoji need


def visible(text: str) -> str:
    r"""Show a text on one line, with everything invisible spelt out.

    Control characters become their pictures (``␛``), marks that change the direction
    of the text and other invisible characters become ``⟨U+202E⟩``: a name can neither
    steer a terminal nor pass for another name.

    Examples
    --------
    >>> visible("a\nb")
    'a␊b'
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in _KEPT_FORMATS else _spelt(char)
        for char in text
    )


def _spelt(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(char) == "Zs":
        return "\u3000" if char == "\u3000" else " "
    return f"⟨U+{code:04X}⟩"
