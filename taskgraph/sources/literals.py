"""Values as Python, JavaScript and those who write by hand have them, turned into JSON."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

__all__ = ["Literal", "as_json", "may_be_literal"]

_MOST = 8 << 20  # characters
_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/|#[^\n]*)"
    r"|[rbu]?(?P<text>\"[^\"\\\n]*+(?:\\.[^\"\\\n]*+)*+\"|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'"
    r"|`[^`\\]*+(?:\\.[^`\\]*+)*+`)"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)[nL]?"
    r"|(?P<word>[A-Za-z_$][\w$]*)"
    r"|(?P<sign>[{}\[\]():,，：])",
    re.DOTALL,
)
_ODD = re.compile(
    r"['`，：]|\b(?:True|False|None|undefined)\b|[{,]\s{0,99}[A-Za-z_$][\w$]{0,99}\s{0,9}:"
)
"""What may make a literal something else than JSON; most that was cut off has none."""
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "\n": ""}
_WORDS = {word: word for word in ("true", "false", "null")}
_WORDS |= {"True": "true", "False": "false", "None": "null", "undefined": "null"}
_SIGNS = {"，": ",", "：": ":", "(": "", ")": ""}  # those are around a long text
_COLON = re.compile(r"\s*[:：]")
_CLOSING = {"{": "}", "[": "]"}


class Literal(NamedTuple):
    """JSON that means what a literal of another language means, and where that ends."""

    text: str
    end: int


def may_be_literal(text: str) -> bool:
    """Tell whether there is anything in a text that JSON does not have."""
    return _ODD.search(text) is not None


def as_json(text: str, begin: int) -> Literal | None:
    """Read the object or list that begins at an offset; ``None`` where it is none.

    What is JSON already but for a comma or a comment is none either: it was written by
    hand, and may be wrong elsewhere too.
    """
    out: list[str] = []
    closing: list[str] = []
    is_odd, in_parts, position = False, False, begin
    while position < min(len(text), begin + _MOST):
        token = _TOKEN.match(text, position)
        written = None if token is None else _written(token)
        if token is None or written is None:
            return None
        position = token.end()
        in_parts = token["sign"] == "(" or (in_parts and token["sign"] != ")")
        if in_parts and token.lastgroup not in ("skip", "text") and token[0] != "(":
            return None  # no long text, but a tuple or a call
        is_odd = is_odd or (bool(written) and written != token[0])
        if not written:
            continue
        if written[0] == '"' and out and out[-1][0] == '"':  # a long text, in parts
            written = out.pop()[:-1] + written[1:]
        if written in _CLOSING:
            closing.append(_CLOSING[written])
        elif written in ("}", "]"):
            if closing.pop() != written:
                return None
            if out[-1] == ",":
                out.pop()
        out.append(written)
        if not closing:
            return Literal(" ".join(out), position) if is_odd else None
    return None


def _written(token: re.Match[str]) -> str | None:
    """Give a token as JSON has it: nothing for what says nothing, ``None`` if it cannot."""
    kind = token.lastgroup or "skip"
    value = token[kind]
    is_key = _COLON.match(token.string, token.end()) is not None
    if kind == "text":
        if value[0] == '"':
            return value
        return json.dumps(_unescaped(value[1:-1]), ensure_ascii=False)
    if kind == "word":
        return json.dumps(value) if is_key else _WORDS.get(value)
    if kind == "number":
        return f'"{value}"' if is_key else value
    return "" if kind == "skip" else _SIGNS.get(value, value)


def _unescaped(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _ESCAPED.get(found[3], found[3])

    if "\\" not in text:
        return text
    whole = _ESCAPE.sub(character, text)
    return whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
