"""Ways to see the JSON in a text that is none: as a part of it, or in another writing."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator

from taskgraph.sources.excerpts import (
    Seen,
    among,
    behind_margin,
    fenced,
    told,
    unwrapped,
    wholes,
)
from taskgraph.sources.literals import as_json, may_be_literal
from taskgraph.sources.oddities import BLANKS, COLOUR, CURLY, IN_QUOTES

__all__ = ["LENSES", "from_base64"]

Lens = Callable[[str], Iterator[Seen]]

_STRAIGHT = "with straight quotes for curly ones"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"


def _changed(how: str, change: Callable[[str], str]) -> Lens:
    """See a text as what a change makes of it."""

    def see(text: str) -> Iterator[Seen]:
        try:
            changed = change(text)
        except (ValueError, RecursionError):
            return
        if changed and changed != text:
            yield Seen(changed, how)

    return see


def _plain(signs: str, sign: str) -> Callable[[str], str]:
    """Write a plain sign for others outside of quotes, and nothing for invisible ones."""
    any_of = re.compile(f"[{signs}]")
    outside = re.compile(f"({IN_QUOTES})|{any_of.pattern}")

    def change(text: str) -> str:
        if any_of.search(text) is None:  # of a long text its quotes need not be looked at
            return ""
        return outside.sub(
            lambda found: found[1] or sign * (found[0] not in _INVISIBLE), text
        )

    return change


def _unescaped(text: str) -> str:
    """Read the inside of a text, or what Python prints of one."""
    found = re.search(r"[\[{]\s*\\", text)
    end = max(text.rfind("}"), text.rfind("]")) + 1
    core = text[found.start() : end] if found else ""
    try:
        return str(json.loads(f'"{core}"', strict=False))
    except ValueError:
        return re.sub(r"\\[nrt]", " ", core)


def _from_url(text: str) -> str:
    is_of_form = "%20" not in text and "%7B" in text.upper()
    return (urllib.parse.unquote_plus if is_of_form else urllib.parse.unquote)(text)


def _cell(text: str) -> str:
    """Read a cell of CSV, in which quotes are doubled."""
    found = re.search(r'"([{\[].*[}\]])"', text, re.DOTALL)
    return found[1].replace('""', '"') if found and '""' in found[1] else ""


def from_base64(text: str) -> str:
    """Read what begins as JSON does in base64; nothing for what does not."""
    start = re.match(r"\s*(?:data:[^,]{0,99},)?(?=eyJ|ewo|ewg|W3s|Wwo|77u/)", text)
    if start is None:
        return ""
    core = re.sub(r"\s", "", text[start.end() :])
    try:
        return base64.b64decode(core).decode("utf-8-sig")
    except (binascii.Error, ValueError):
        return ""


def _printed(text: str) -> Iterator[Seen]:
    """Read what Python and JavaScript print, which is nearly JSON."""
    if not may_be_literal(text):
        return
    found: dict[int, str] = {}

    def ends(whole: str, begin: int) -> int | None:
        read = as_json(whole, begin)
        if read is not None:
            found[begin] = read.text
        return None if read is None else read.end

    for begin, end in wholes(text, ends):
        how = f"{told(text, begin, end)}, as Python or JavaScript print it"
        yield Seen(found[begin], how)


LENSES: tuple[Lens, ...] = (
    fenced,
    _changed("without the colours of a terminal", lambda text: COLOUR.sub("", text)),
    _changed("with blanks for no-break and invisible ones", _plain(BLANKS, " ")),
    among,
    behind_margin,
    _changed(_STRAIGHT, _plain(CURLY, '"')),
    _changed(_STRAIGHT, lambda text: re.sub(f"[{CURLY}]", '"', text)),
    _changed(_STRAIGHT, _plain("‘’‚‛", '"')),
    unwrapped,
    _changed("from the inside of a text, with escaped quotes", _unescaped),
    _changed("from a cell of CSV, with doubled quotes", _cell),
    _changed("from base64", from_base64),
    _changed("from the writing of a URL", _from_url),
    _changed("from the writing of HTML", html.unescape),
    _printed,
)
"""How a text may be seen, in this order: what leaves more of it as it is comes first."""
