"""Ways to see the JSON in a text that is none: as a part of it, or in another writing.

Each gives what may be a document; whether it is one is for the caller to see.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, islice, takewhile
from shlex import quote
from typing import Any, NamedTuple

from taskgraph.sources.document import escape_token, locate, place_in
from taskgraph.sources.literals import as_json, may_be_literal
from taskgraph.sources.oddities import BLANKS, CURLY, IN_QUOTES

__all__ = [
    "BODIES",
    "LENSES",
    "Seen",
    "cut_in",
    "is_json",
    "is_prompt",
    "names_task",
]


class Seen(NamedTuple):
    """A text that stands in another one, or that it stands for."""

    text: str
    how: str
    """Continues ``was read``: ``without the colours of a terminal``."""
    span: tuple[int, int] | None = None
    """Where it stands in the other, if it does so as it is."""
    command: str = ""
    """Writes it to standard output, where only that tells it from others."""


Lens = Callable[[str], Iterator[Seen]]

_TEXT = json.JSONDecoder(parse_int=len, parse_float=len, strict=False)
_OF_A_RESPONSE = ("data", "contents")
_OF_A_SUBTASK = frozenset({"operation", "operator", "status", "timeout", "upstreams"})
_MOST_BEGINNINGS = 20
_MOST_SIGNS = 8
_FEWEST_LINES = 3  # that have the same margin: of one or two it may be chance
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
_FIELD = re.compile(r'"\w+"\s*:')
_FEWEST_FIELDS = 3  # in what is a part of JSON
_NARROWEST = 40  # columns of a terminal
_BRACKET = re.compile(r"[{}\[\]]")
_ANSI = re.compile(
    r"\^\[\[[0-9;]*[mK]|\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()].|.)"
)
_TEXT_OR_COLOUR = re.compile(f"{IN_QUOTES}|{_ANSI.pattern}")
_STRAIGHT = "with straight quotes for curly ones"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_LINE_END = re.compile(r"\r\n?|\n")


def names_task(text: str) -> bool:
    """Tell whether a text, if it is JSON, may hold a task."""
    return '"subtasks"' in text or '"dag_id"' in text


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


def _told(text: str, begin: int, end: int) -> str:
    (line, column), (last, close) = place_in(text, begin), place_in(text, end - 1)
    return f"from line {line}, column {column} to line {last}, column {close}"


# --- parts of a text ---------------------------------------------------------------------


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
        how = f"{_told(text, begin, end)}, without {around}"
        yield Seen(text[begin:end], how, (begin, end))


def _wholes(text: str, ends: Callable[[str, int], int | None]) -> Iterator[tuple[int, int]]:
    """Give the first objects and lists of a text that are whole and hold something.

    In a text that begins as JSON does what is in there is a part of it.
    """
    is_part = _begins_so(text)
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


def _begins_so(text: str) -> bool:
    """Tell whether a text begins as JSON does, and not as a line of a log."""
    return _BEGUN.match(text) is not None and not _LOG_LINE.match(text.lstrip())


def _around(before: str, after: str) -> str:
    """Say what stands around JSON."""
    lines = [line for line in before.splitlines() if line.strip()]
    trailers = [line for line in after.splitlines() if line.strip()]
    if not before.endswith("\n") and lines and _LOG_LINE.match(lines[-1]):
        return "the beginning of the line of a log"
    if any(_VERBOSE.match(line) for line in lines):
        return "what curl -v tells"
    if all(map(is_prompt, (*lines, *trailers))):
        return "the prompt of a shell around it"
    if not lines and all(_is_measured(line) for line in trailers):
        return "what curl -w wrote after it"
    return "the other text around it"


def is_prompt(line: str) -> bool:
    """Tell whether a line is the prompt of a shell, with a command behind it or not."""
    return _PROMPT.fullmatch(line.strip()) is not None


def _is_measured(line: str) -> bool:
    return is_prompt(line) or all(map(_MEASURED.fullmatch, line.split()))


def _behind_margin(text: str) -> Iterator[Seen]:
    """Take away what a logger or a tool wrote before each line, as on the first of them."""
    lines = [] if _begins_so(text) else _LINE_END.split(text)
    tried: set[re.Pattern[str]] = set()
    for first, line in enumerate(lines[:_MOST_BEGINNINGS]):
        signs = [place for place, sign in enumerate(line) if sign in "{[" and place]
        for sign in signs[:_MOST_SIGNS]:  # a logger writes some of them itself
            margin = _margin(line[:sign])
            if margin in tried:  # it was tried from an earlier line on
                continue
            tried.add(margin)
            matches = map(margin.match, islice(lines, first, None))
            rows = [row.string[row.end() :] for row in takewhile(bool, matches) if row]
            if len(rows) >= _FEWEST_LINES:
                inner = "\n".join(rows)
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


class Cut(NamedTuple):
    """A part of JSON that was cut off."""

    begin: int
    """The offset of what is there of it."""
    has_no_beginning: bool
    has_no_end: bool


def cut_in(text: str) -> Cut | None:
    """Find JSON that lacks its beginning, or begins behind other text and lacks its end."""
    if _begins_so(text) or len(_FIELD.findall(text)) < _FEWEST_FIELDS:
        return None
    bare = max(
        _bare(text), _bare(f'"{text}')[1:], key=lambda seen: len(_BRACKET.findall(seen))
    )
    opened: list[int] = []
    has_no_beginning = False
    for found in _BRACKET.finditer(bare):
        if found[0] in "{[":
            opened.append(found.start())
        elif opened:
            opened.pop()
        else:
            has_no_beginning = True
    if not opened and not has_no_beginning:
        return None
    if opened and not has_no_beginning:
        has_no_beginning = _FIELD.search(text[: opened[0]]) is not None
    begin = 0 if has_no_beginning else opened[0]
    return Cut(begin, has_no_beginning, bool(opened))


def _bare(text: str) -> str:
    """Blank out what stands in quotes, in which a bracket is none."""
    return _TEXT_OR_COLOUR.sub(lambda found: " " * len(found[0]), text)


def _unwrapped(text: str) -> Iterator[Seen]:
    """Join the lines that a terminal broke, each where it ended."""
    *lines, last = text.rstrip("\r\n").splitlines() or [""]
    widths = {len(line) for line in lines}
    if len(widths) == 1 and len(last) <= (width := widths.pop()) >= _NARROWEST:
        yield Seen("".join((*lines, last)), f"with lines joined, broken at {width} columns")


# --- other writings ----------------------------------------------------------------------


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


def _from_base64(text: str) -> str:
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

    for begin, end in _wholes(text, ends):
        how = f"{_told(text, begin, end)}, as Python or JavaScript print it"
        yield Seen(found[begin], how)


LENSES: tuple[Lens, ...] = (
    _fenced,
    _changed("without the colours of a terminal", lambda text: _ANSI.sub("", text)),
    _changed("with blanks for no-break and invisible ones", _plain(BLANKS, " ")),
    _among,
    _behind_margin,
    _changed(_STRAIGHT, _plain(CURLY, '"')),
    _changed(_STRAIGHT, lambda text: re.sub(f"[{CURLY}]", '"', text)),
    _changed(_STRAIGHT, _plain("‘’‚‛", '"')),
    _unwrapped,
    _changed("from the inside of a text, with escaped quotes", _unescaped),
    _changed("from a cell of CSV, with doubled quotes", _cell),
    _changed("from base64", _from_base64),
    _changed("from the writing of a URL", _from_url),
    _changed("from the writing of HTML", html.unescape),
    _printed,
)
"""How a text may be seen, in this order: what leaves more of it as it is comes first."""


# --- JSON that holds the document --------------------------------------------------------


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
    found: dict[str, tuple[str | int, ...]] = {}
    for steps, value in _below(root):
        is_deep = any(isinstance(s, str) and s not in _OF_A_RESPONSE for s in steps)
        if is_deep and isinstance(value, dict) and _is_task(value):
            around = steps[:-1] if steps[-1] == "data" else steps
            found[_pointer(around)] = around
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))] if found else []
    for pointer, (line, column) in locate(text.encode(), found).items():
        begin = starts[line - 1] + column - 1
        end = end_of(text, begin)
        take = f"jq {quote(f'getpath({json.dumps(found[pointer])})')} FILE"
        if end is not None:
            yield Seen(text[begin:end], f"from the object in {pointer}", (begin, end), take)


BODIES: tuple[Callable[[Any, str], Iterator[Seen]], ...] = (
    _whole_text,
    _recorded,
    _texts,
    _nested,
)
"""Where in parsed JSON a document may stand as a text, or deeper than in a response."""
