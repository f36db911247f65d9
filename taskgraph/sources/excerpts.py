"""JSON that is a part of a text: what stands around it, and what was cut off.

Each way to see it gives what may be a document; that it is one is for the caller to see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from io import StringIO
from itertools import islice, takewhile
from typing import NamedTuple

from taskgraph.model.words import counted
from taskgraph.sources.oddities import COLOUR, IN_QUOTES
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
_FIELD = re.compile(r'"\w+"\s*:')
_FEWEST_FIELDS = 3  # in what is a part of JSON
_NARROWEST = 40  # columns of a terminal
_BRACKET_OUTSIDE = re.compile(rf"{IN_QUOTES}|{COLOUR.pattern}|(?P<bracket>[{{}}\[\]])")
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


def told(text: str, begin: int, end: int) -> str:
    """Say where a part of a text is."""
    (line, column), (last, close) = place_in(text, begin), place_in(text, end - 1)
    return f"from line {line}, column {column} to line {last}, column {close}"


def fenced(text: str) -> Iterator[Seen]:
    """Look into blocks of code, as Markdown and chats have them."""
    for match in islice(_FENCE.finditer(text), _MOST_BEGINNINGS):
        first, last = (place_in(text, offset)[0] for offset in match.span(2))
        last -= text[: match.end(2)].endswith("\n")
        how = f"from the block of code in lines {first} to {last}"
        yield Seen(match[2], how, match.span(2))


def among(text: str) -> Iterator[Seen]:
    """Look for JSON that other text stands around."""
    for begin, end in wholes(text, end_of):
        if text[end:].lstrip().startswith(("}", "]")) and not text[:begin].strip():
            return  # a bracket too many: which one is wrong is not known
        if not (text[:begin] + text[end:]).strip():
            return  # it is no part, and yet not read: a line is broken in a text
        around = _around(text[:begin], text[end:])
        how = f"{told(text, begin, end)}, without {around}"
        yield Seen(text[begin:end], how, (begin, end))


def wholes(text: str, ends: Callable[[str, int], int | None]) -> Iterator[tuple[int, int]]:
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


def behind_margin(text: str) -> Iterator[Seen]:
    """Take away what a logger or a tool wrote before each line, as on the first of them."""
    if _begins_so(text):
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


class Cut(NamedTuple):
    """A part of JSON that was cut off."""

    begin: int
    """The offset of what is there of it."""
    has_no_beginning: bool
    has_no_end: bool


def cut_in(text: str) -> Cut | None:
    """Find JSON that lacks its beginning, or begins behind other text and lacks its end."""
    fields = islice(_FIELD.finditer(text), _FEWEST_FIELDS)
    if _begins_so(text) or sum(1 for _ in fields) < _FEWEST_FIELDS:
        return None
    before = max("", '"', key=lambda quote: sum(1 for _ in _brackets(f"{quote}{text}")))
    opened = depth = 0
    has_no_beginning = False
    for bracket in _brackets(f"{before}{text}"):
        if bracket[0] in "{[":
            if not depth:
                opened = bracket.start() - len(before)
            depth += 1
        elif depth:
            depth -= 1
        else:
            has_no_beginning = True
    if not depth and not has_no_beginning:
        return None
    if depth and not has_no_beginning:
        has_no_beginning = _FIELD.search(text, 0, opened) is not None
    begin = 0 if has_no_beginning else opened
    return Cut(begin, has_no_beginning, depth > 0)


def _brackets(text: str) -> Iterator[re.Match[str]]:
    """Find the brackets that do not stand in quotes, where they are none."""
    brackets = _BRACKET_OUTSIDE.finditer(text)
    return (match for match in brackets if match["bracket"])


def unwrapped(text: str) -> Iterator[Seen]:
    """Join the lines that a terminal broke, each where it ended."""
    lines: list[str] = []
    for line in _lines(text.rstrip("\r\n")):
        if lines and not len(lines[-1]) == len(lines[0]) >= max(len(line), _NARROWEST):
            return
        lines.append(line)
    if len(lines) > 1:
        how = f"with lines joined, broken at {counted(len(lines[0]), 'column')}"
        yield Seen("".join(lines), how)
