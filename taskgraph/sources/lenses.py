"""Ways to see a document in a text that is no JSON, or deep in JSON, or in a text in it.

A text may have it as a part of it, or in another writing.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import urllib.parse
from array import array
from collections.abc import Callable, Iterable, Iterator
from shlex import quote
from typing import Any

from taskgraph.sources.excerpts import (
    Seen,
    among,
    behind_margin,
    end_of,
    fenced,
    told,
    unwrapped,
    wholes,
)
from taskgraph.sources.oddities import BLANKS, COLOUR, CURLY, IN_QUOTES
from taskgraph.sources.places import escape_token, locate

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
            lambda match: match[1] or sign * (match[0] not in _INVISIBLE), text
        )

    return change


def _unescaped(text: str) -> str:
    """Read the inside of a text, or what Python prints of one."""
    opening = re.search(r"[\[{]\s*\\", text)
    end = max(text.rfind("}"), text.rfind("]")) + 1
    core = text[opening.start() : end] if opening else ""
    try:
        return str(json.loads(f'"{core}"', strict=False))
    except ValueError:
        return re.sub(r"\\[nrt]", " ", core)


def _from_url(text: str) -> str:
    is_of_form = "%20" not in text and "%7B" in text.upper()
    return (urllib.parse.unquote_plus if is_of_form else urllib.parse.unquote)(text)


def _cell(text: str) -> str:
    """Read a cell of CSV, in which quotes are doubled."""
    quoted = re.search(r'"([{\[].*[}\]])"', text, re.DOTALL)
    return quoted[1].replace('""', '"') if quoted and '""' in quoted[1] else ""


def _from_base64(text: str) -> str:
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
    if _ODD.search(text) is None:
        return
    seen: dict[int, str] = {}

    def ends(whole: str, begin: int) -> int | None:
        seen[begin], end = _as_json(whole, begin)
        return end

    for begin, end in wholes(text, ends):
        how = f"{told(text, begin, end)}, as Python or JavaScript print it"
        yield Seen(seen[begin], how)


_LONGEST_LITERAL = 8 << 20  # characters
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


def _as_json(text: str, begin: int) -> tuple[str, int | None]:
    """Write the object or list that begins at an offset as JSON, and tell its end, if any.

    What is JSON already but for a comma or a comment is none either: it was written by
    hand, and may be wrong elsewhere too.
    """
    out: list[str] = []
    closing: list[str] = []
    is_odd, in_parts, position = False, False, begin
    while position < min(len(text), begin + _LONGEST_LITERAL):
        token = _TOKEN.match(text, position)
        written = None if token is None else _written(token)
        if token is None or written is None:
            return "", None
        position = token.end()
        in_parts = token["sign"] == "(" or (in_parts and token["sign"] != ")")
        if in_parts and token.lastgroup not in ("skip", "text") and token[0] != "(":
            return "", None  # no long text, but a tuple or a call
        is_odd = is_odd or (bool(written) and written != token[0])
        if not written:
            continue
        if written[0] == '"' and out and out[-1][0] == '"':  # a long text, in parts
            written = out.pop()[:-1] + written[1:]
        if written in _CLOSING:
            closing.append(_CLOSING[written])
        elif written in ("}", "]"):
            if closing.pop() != written:
                return "", None
            if out[-1] == ",":
                out.pop()
        out.append(written)
        if not closing:
            return (" ".join(out), position) if is_odd else ("", None)
    return "", None


def _written(token: re.Match[str]) -> str | None:
    """Give a token as JSON has it: nothing for what says nothing, ``None`` if it cannot."""
    kind = token.lastgroup or "skip"
    value = token[kind]
    is_key = _COLON.match(token.string, token.end()) is not None
    if kind == "text":
        if value[0] == '"':
            return value
        return json.dumps(_read_escapes(value[1:-1]), ensure_ascii=False)
    if kind == "word":
        return json.dumps(value) if is_key else _WORDS.get(value)
    if kind == "number":
        return f'"{value}"' if is_key else value
    return "" if kind == "skip" else _SIGNS.get(value, value)


def _read_escapes(text: str) -> str:
    def character(escape: re.Match[str]) -> str:
        code = escape[1] or escape[2]
        return chr(int(code, 16)) if code else _ESCAPED.get(escape[3], escape[3])

    if "\\" not in text:
        return text
    whole = _ESCAPE.sub(character, text)
    return whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


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
    _changed("from base64", _from_base64),
    _changed("from the writing of a URL", _from_url),
    _changed("from the writing of HTML", html.unescape),
    _printed,
)
"""How a text may be seen, in this order: what leaves more of it as it is comes first."""

_OF_A_RESPONSE = ("data", "contents")
_OF_A_SUBTASK = frozenset({"operation", "operator", "status", "timeout", "upstreams"})


def _whole_text(root: Any, _: str) -> Iterator[Seen]:
    if isinstance(root, str):
        yield Seen(root, "from the text that it is")


def _recorded(root: Any, _: str) -> Iterator[Seen]:
    """Give the responses in what a browser recorded."""
    log = root.get("log") if isinstance(root, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        content = entry
        for key in ("response", "content"):
            content = content.get(key) if isinstance(content, dict) else None
        text = content.get("text") if isinstance(content, dict) else None
        if isinstance(text, str):
            is_packed = content.get("encoding") == "base64"
            body = _from_base64(text) if is_packed else text
            how = f"from entry {number} of a HAR file, a browser's record"
            take = f"jq -r '.log.entries[{number}].response.content.text' FILE"
            yield Seen(body, how, None, take + " | base64 -d" * is_packed)


def _below(root: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Give what stands anywhere in JSON, with the steps to it; nothing below a task."""
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), root)]
    while stack:
        steps, value = stack.pop()
        yield steps, value
        if isinstance(value, dict) and not _is_task(value):
            stack += [((*steps, key), below) for key, below in reversed(value.items())]
        elif isinstance(value, list):
            stack += [((*steps, n), below) for n, below in reversed([*enumerate(value)])]


def _is_task(value: dict[str, Any]) -> bool:
    rows = value.get("subtasks", value.get("nodes"))
    return isinstance(rows, list) and any(
        isinstance(row, dict) and row.keys() & _OF_A_SUBTASK for row in rows
    )


def _pointer(steps: Iterable[str | int]) -> str:
    return "".join(f"/{escape_token(str(step))}" for step in steps)


def _texts(root: Any, _: str) -> Iterator[Seen]:
    """Give the texts anywhere in JSON that may hold a task, and where they are."""
    for steps, value in _below(root):
        if isinstance(value, str) and ("subtasks" in value or "dag_id" in value):
            take = f"jq -r {quote(f'getpath({json.dumps(steps)})')} FILE"
            yield Seen(value, f"from the text in {_pointer(steps)}", None, take)


def _nested(root: Any, text: str) -> Iterator[Seen]:
    """Give the tasks that stand deeper in JSON than in a response."""
    paths: dict[str, tuple[str | int, ...]] = {}
    for steps, value in _below(root):
        is_deep = any(isinstance(s, str) and s not in _OF_A_RESPONSE for s in steps)
        if is_deep and isinstance(value, dict) and _is_task(value):
            around = steps[:-1] if steps[-1] == "data" else steps
            paths[_pointer(around)] = around
    starts = array("q", [0])  # a list of numbers would take many times the text
    starts.extend(match.end() for match in re.finditer("\n", text if paths else ""))
    for pointer, (line, column) in locate(text.encode(), paths).items():
        begin = starts[line - 1] + column - 1
        end = end_of(text, begin)
        take = f"jq {quote(f'getpath({json.dumps(paths[pointer])})')} FILE"
        if end is not None:
            yield Seen(text[begin:end], f"from the object in {pointer}", (begin, end), take)


BODIES: tuple[Callable[[Any, str], Iterator[Seen]], ...] = (
    _whole_text,
    _recorded,
    _texts,
    _nested,
)
"""Where in parsed JSON a document may stand as a text, or deeper than in a response."""
