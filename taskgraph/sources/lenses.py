"""Ways to see JSON in a text that is none: as a part of it, or in another writing.

Each gives what may be a document; that it is one is for the caller to see.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator
from io import StringIO
from itertools import islice, takewhile
from typing import NamedTuple

from taskgraph.model.words import counted
from taskgraph.sources.oddities import BLANKS, COLOUR, CURLY, IN_QUOTES
from taskgraph.sources.places import place_in


class Seen(NamedTuple):
    """A text that stands in another one, or that it stands for."""

    text: str
    how: str
    """Continues ``was read``: ``without the colours of a terminal``."""
    span: tuple[int, int] | None = None
    """Where it stands in the other, if it does so as it is."""
    command: str = ""
    """Writes it to standard output, where only that tells it from others."""


_Lens = Callable[[str], Iterator[Seen]]

_TEXT = json.JSONDecoder(parse_int=len, parse_float=len, strict=False)
_MOST_BEGINNINGS = 20
_MOST_SIGNS = 8
_FEWEST_LINES = 3  # that have the same margin: of one or two it may be chance
_WIDEST_MARGIN = 1000
_BEGINNING = re.compile(r"[{\[]")
_BEGUN = re.compile(r"\s*[\[{]\s*(?:[\"'{\[\]}]|\w+\s*:\s|\Z)")
_FENCE = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n`]*\n(.*?)(?:^ {0,3}\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_PROMPT = re.compile(
    r"(?:\([^()\n]{1,40}\) ?)?(?:\[[^\]\n]{1,80}\]|(?:PS )?[\w.~/@:\\-]{0,80})? ?"
    r"[$#%>❯➜»](?: .*)?"
)
_MEASURED = re.compile(
    r"(?:[a-z_]{1,20}[:=]|HTTP/?)?[\d.]{1,12}s?|HTTP|in|[a-z_]{1,20}[:=]"
)
_VERBOSE = re.compile(r"[*<>{}] |[*<>]$|\s*% Total|\s*Dload|\s*\d+ +\d+[kMG]? ")
_LOG_LINE = re.compile(
    r"\[?\d{4}-\d\d-\d\d[T ]\d|\w{3} +\d+ \d\d:\d\d|\[?\d\d:\d\d:\d\d|"
    r".*\b(?:DEBUG|INFO|WARN|ERROR)\b"
)
_NARROWEST = 40  # columns of a terminal
_LINE_END = re.compile(r"\r\n?|\n")


def end_of(text: str, begin: int) -> int | None:
    """Find the end of the object or list that begins at an offset."""
    try:
        return _TEXT.raw_decode(text, begin)[1]
    except (ValueError, RecursionError, StopIteration):
        return None


def is_json(text: str) -> bool:
    """Tell whether a text is an object or a list of JSON, and nothing else."""
    start = len(text) - len(text.lstrip())
    is_begun = text[start : start + 1] in ("{", "[")
    return is_begun and end_of(text, start) == len(text.rstrip())


def _extent(text: str, begin: int, end: int) -> str:
    """Say where a part of a text is."""
    (line, column), (last, close) = place_in(text, begin), place_in(text, end - 1)
    return f"from line {line}, column {column} to line {last}, column {close}"


def _fenced(text: str) -> Iterator[Seen]:
    """Look into blocks of code, as Markdown and chats have them."""
    for match in islice(_FENCE.finditer(text), _MOST_BEGINNINGS):
        first, last = (place_in(text, offset)[0] for offset in match.span(2))
        last -= text[: match.end(2)].endswith("\n")
        how = f"from the block of code in lines {first} to {last}"
        yield Seen(match[2], how, match.span(2))


def _among(text: str) -> Iterator[Seen]:
    """Look for JSON that other text stands around."""
    for begin, end in _wholes(text, end_of):
        if text[end:].lstrip().startswith(("}", "]")) and not text[:begin].strip():
            return  # a bracket too many: which one is wrong is not known
        if not (text[:begin] + text[end:]).strip():
            return  # it is no part, and yet not read: a line is broken in a text
        around = _around(text[:begin], text[end:])
        how = f"{_extent(text, begin, end)}, without {around}"
        yield Seen(text[begin:end], how, (begin, end))


def _wholes(text: str, ends: Callable[[str, int], int | None]) -> Iterator[tuple[int, int]]:
    """Give the first objects and lists of a text that are whole and hold something.

    In a text that begins as JSON does what is in there is a part of it.
    """
    is_part = begins_as_json(text)
    position = 0
    for _ in range(_MOST_BEGINNINGS):
        match = _BEGINNING.search(text, position)
        if match is None:
            return
        begin = position = match.start()
        end = ends(text, begin)
        if end is not None and any(sign in text[begin:end] for sign in "\"'"):
            yield begin, end
            is_part = False
        elif is_part:
            return
        position = end or begin + 1


def begins_as_json(text: str) -> bool:
    """Tell whether a text begins as JSON does, and not as a line of a log."""
    return _BEGUN.match(text) is not None and not _LOG_LINE.match(text.lstrip())


def _around(before: str, after: str) -> str:
    """Say what stands around JSON."""
    last = before.rstrip().rpartition("\n")[2]
    if last and not before.endswith("\n") and _LOG_LINE.match(last):
        return "the beginning of the line of a log"
    if any(map(_VERBOSE.match, _lines(before))):
        return "what curl -v tells"
    if all(is_prompt(line) for line in _lines(f"{before}\n{after}") if line.strip()):
        return "the prompt of a shell around it"
    if not last and all(_is_measured(line) for line in _lines(after) if line.strip()):
        return "what curl -w wrote after it"
    return "the other text around it"


def _lines(text: str) -> Iterator[str]:
    """Give line after line: all at once take many times the memory of the text."""
    begin = 0
    for end in _LINE_END.finditer(text):
        yield text[begin : end.start()]
        begin = end.end()
    yield text[begin:]


def is_prompt(line: str) -> bool:
    """Tell whether a line is the prompt of a shell, with a command behind it or not."""
    return _PROMPT.fullmatch(line.strip()) is not None


def _is_measured(line: str) -> bool:
    return is_prompt(line) or all(map(_MEASURED.fullmatch, line.split()))


def _behind_margin(text: str) -> Iterator[Seen]:
    """Take away what a logger or a tool wrote before each line, as on the first of them."""
    if begins_as_json(text):
        return
    tried: set[re.Pattern[str]] = set()
    for first, line in enumerate(islice(_lines(text), _MOST_BEGINNINGS)):
        start = line[:_WIDEST_MARGIN]
        signs = (place for place, sign in enumerate(start) if sign in "{[" and place)
        for sign in islice(signs, _MOST_SIGNS):  # a logger writes some of them itself
            margin = _margin(line[:sign])
            if margin in tried:  # it was tried from an earlier line on
                continue
            tried.add(margin)
            matches = map(margin.match, islice(_lines(text), first, None))
            rows = (row.string[row.end() :] for row in takewhile(bool, matches) if row)
            written = StringIO()
            written.writelines(f"{row}\n" for row in rows)
            inner = written.getvalue()
            if inner.count("\n") >= _FEWEST_LINES:
                end = end_of(inner, 0)
                if end is not None:
                    yield Seen(inner[:end], "without what stands before each of its lines")


def _margin(before: str) -> re.Pattern[str]:
    """Tell what is like a margin: with any numbers, padded as it may be."""
    parts = re.split(r"(\s*\d+)", before)
    return re.compile(
        "".join(
            r"\s*\d+" if place % 2 else re.escape(part) for place, part in enumerate(parts)
        )
    )


def _unwrapped(text: str) -> Iterator[Seen]:
    """Join the lines that a terminal broke, each where it ended."""
    lines: list[str] = []
    for line in _lines(text.rstrip("\r\n")):
        if lines and not len(lines[-1]) == len(lines[0]) >= max(len(line), _NARROWEST):
            return
        lines.append(line)
    if len(lines) > 1:
        how = f"with lines joined, broken at {counted(len(lines[0]), 'column')}"
        yield Seen("".join(lines), how)


_STRAIGHT = "with straight quotes for curly ones"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"


def _changed(how: str, change: Callable[[str], str]) -> _Lens:
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
    if _ODD.search(text) is None:
        return
    seen: dict[int, str] = {}

    def ends(whole: str, begin: int) -> int | None:
        seen[begin], end = _as_json(whole, begin)
        return end

    for begin, end in _wholes(text, ends):
        how = f"{_extent(text, begin, end)}, as Python or JavaScript print it"
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


LENSES: tuple[_Lens, ...] = (
    _fenced,
    _changed("without the colours of a terminal", lambda text: COLOUR.sub("", text)),
    _changed("with blanks for no-break and invisible ones", _plain(BLANKS, " ")),
    _among,
    _behind_margin,
    _changed(_STRAIGHT, _plain(CURLY, '"')),
    _changed(_STRAIGHT, lambda text: re.sub(f"[{CURLY}]", '"', text)),
    _changed(_STRAIGHT, _plain("‘’‚‛", '"')),
    _unwrapped,
    _changed("from the inside of a text, with escaped quotes", _unescaped),
    _changed("from a cell of CSV, with doubled quotes", _cell),
    _changed("from base64", from_base64),
    _changed("from the writing of a URL", _from_url),
    _changed("from the writing of HTML", html.unescape),
    _printed,
)
"""How a text may be seen, in this order: what leaves more of it as it is comes first."""
