"""Where a value ends that stands in a line of text.

Logs and parameters hold values as people, shells, SQL and JSON write them, often in
several layers of escapes, and cut off in the middle. If in doubt, more belongs to the
value: here it is a secret. What is scanned is masked then, or is short, so that a text
takes no more than its length.
"""

from __future__ import annotations

import re

__all__ = ["MASK", "value_end"]

MASK = "***"

_STOP = re.compile(r"""[\s,;&})\]"']|\Z""")
_RUN = re.compile(r"""(?:[^\s,;&})\]"'<]|<(?!/))+""")
_MORE = r"""(?=[^\s,;&(){}\[\]"'\\<])"""
# After a comma and the like a value goes on, unless the next field begins there.
_GOES_ON = re.compile(rf"[,;&}})\]](?![\w.-]{{1,64}}\s{{0,4}}[=:]){_MORE}")
_QUOTE_INSIDE = re.compile(rf"""["']{_MORE}""")
_OPENING_QUOTE = re.compile(r"""(\\{0,15})(["'])""")
_OPENING = re.compile(r"[\w.$]{0,64}[\[({]")
_NESTING = re.compile(r"""[\[({\])}]|\\{0,15}["']""")
_BEFORE_QUOTES = frozenset(" \t,:=[({")
_LONGEST_CALL, _LONGEST_STRUCTURE = 100, 20_000
_NOTHING = re.compile(r"true|false|null|none|nil", re.IGNORECASE)


def value_end(text: str, begin: int) -> int:
    """Tell where the value ends that begins behind a sign of assignment and spaces.

    It ends where it begins if there is none, and none are ``true``, ``null`` and an empty
    pair of quotes.
    """
    if text.startswith(MASK, begin) and _STOP.match(text, begin + len(MASK)):
        return begin + len(MASK)
    end = _structure_end(text, begin)
    quote = _OPENING_QUOTE.match(text, begin)
    if quote is not None:
        end = _quoted_end(text, quote, _line_end(text, begin))
        if end == quote.end() + len(quote[0]) and _STOP.match(text, end):
            return begin
    end = _plain_end(text, begin, end)
    return begin if _NOTHING.fullmatch(text, begin, end) else end


def _line_end(text: str, begin: int) -> int:
    end = text.find("\n", begin)
    return len(text) if end < 0 else end


def _quoted_end(text: str, opening: re.Match[str], limit: int) -> int:
    """Tell where a text in quotes ends: behind them, or where they must end."""
    escapes, quote, at = len(opening[1]), opening[2], opening.end()
    while (at := text.find(quote, at, limit)) >= 0:
        before = at
        while text[before - 1] == "\\":
            before -= 1
        count = at - before
        if count < escapes:
            return before  # what is around this text ends here
        # A layer of escapes doubles the backslashes and adds one to the quote.
        layers, rest = divmod(count + 1, escapes + 1)
        at += 1
        if layers % 2 and not rest:
            is_doubled = text.startswith(quote, at) and not _STOP.match(text, at + 1)
            if escapes or not is_doubled:
                return at
            at += 1
    return limit


def _structure_end(text: str, begin: int) -> int:
    """Tell where an object, a list, or a call like ``Login{a=b}`` ends."""
    opening = _OPENING.match(text, begin)
    if opening is None:
        return begin
    at = opening.end()
    is_call = at - begin > 1
    limit = _line_end(text, at)
    if is_call:
        limit = min(limit, at + _LONGEST_CALL)
    elif not text[at:limit].strip():
        limit = min(len(text), at + _LONGEST_STRUCTURE)  # a line for each item
    depth = 1
    while sign := _NESTING.search(text, at, limit):
        at = sign.end()
        if sign[0] in "[({":
            depth += 1
        elif sign[0] in "])}":
            depth -= 1
            if not depth:
                return at
        elif text[sign.start() - 1] in _BEFORE_QUOTES and (
            quote := _OPENING_QUOTE.match(text, sign.start())
        ):
            at = _quoted_end(text, quote, limit)
    return begin if is_call else limit


def _plain_end(text: str, begin: int, end: int) -> int:
    """Tell where a value ends, of which a part in quotes or brackets ends somewhere."""
    while True:
        is_plain = False
        if run := _RUN.match(text, end):
            start, end = end, run.end()
            if text.startswith(("'", '"'), end):
                while end > start and text[end - 1] == "\\":
                    end -= 1  # they escape the quote, which ends more than this value
            is_plain = end > start
        following = _QUOTE_INSIDE.match(text, end)
        if following is None and is_plain:
            following = _GOES_ON.match(text, end)
        if following is None or end == begin:
            return end
        end = following.end()
