"""JSON that stands among other text: in a block of code, after a prompt, in a log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from taskgraph.sources.document import Document

__all__ = [
    "Paste",
    "among_text",
    "end_of",
    "in_a_fence",
    "is_json",
    "names_task",
    "place_of",
]


class Paste(NamedTuple):
    """What a text is that is no document."""

    what: str
    """Continues the name of the file: ``is what Python prints``."""
    hint: str = ""
    place: tuple[int, int] | None = None
    document: Document | None = None
    """What is meant, where that is beyond doubt."""


_TEXT = json.JSONDecoder(parse_int=len, parse_float=len, strict=False)
_MOST_BEGINNINGS = 20
_MOST_SIGNS = 8
_BEGINNING = re.compile(r"[{\[]")
_FENCE = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n`]*\n(.*?)(?:^ {0,3}\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_PROMPT = re.compile(
    r"(?:\([^()\n]{1,40}\) ?)?(?:\[[^\]\n]{1,80}\]|(?:PS )?[\w.~/@:\\-]{0,80})? ?"
    r"[$#%>❯➜»](?: .*)?"
)
_MEASURED = re.compile(r"(?:[a-z_]{1,20}[:=]|HTTP/?)?[\d.]{1,12}s?|HTTP|[a-z_]{1,20}[:=]")
_VERBOSE = re.compile(r"[*<>{}] |[*<>]$|\s*% Total|\s*Dload|\s*\d+ +\d+[kMG]? ")
_LOG_LINE = re.compile(
    r"\[?\d{4}-\d\d-\d\d[T ]\d|\w{3} +\d+ \d\d:\d\d|\[?\d\d:\d\d:\d\d|"
    r".*\b(?:DEBUG|INFO|WARN|ERROR)\b"
)


def names_task(text: str) -> bool:
    """Tell whether a text, if it is JSON, may hold a task."""
    return '"subtasks"' in text or '"dag_id"' in text


def is_json(text: str) -> bool:
    """Tell whether a text is an object or a list of JSON, and nothing else."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    return end_of(text, len(text) - len(text.lstrip())) == len(text.rstrip())


def end_of(text: str, begin: int) -> int | None:
    """Find the end of the object or list that begins at an offset."""
    try:
        return _TEXT.raw_decode(text, begin)[1]
    except (ValueError, RecursionError, StopIteration):
        return None


def place_of(text: str, offset: int, document: Document) -> tuple[int, int]:
    """Give line and column of an offset, as the file counts them."""
    before = text[:offset]
    line = before.count("\n") + document.first_line
    return line, offset - before.rfind("\n")


def _only(text: str, begin: int, end: int, document: Document) -> Document:
    """Blank out what is around the JSON, so that lines are counted as in the file."""
    before = re.sub(r"[^\n]", " ", text[:begin])
    return replace(document, data=f"{before}{text[begin:end]}".encode())


def in_a_fence(text: str, document: Document) -> Paste | None:
    """Look for blocks of code, as Markdown and chats have them."""
    blocks = [match.span(2) for match in islice(_FENCE.finditer(text), _MOST_BEGINNINGS)]
    whole = [span for span in blocks if is_json(text[slice(*span)])]
    if len(whole) == 1:
        begin, end = whole[0]
        begin += len(text[begin:end]) - len(text[begin:end].lstrip())
        first = place_of(text, begin, document)[0]
        last = place_of(text, begin + len(text[begin:end].rstrip()), document)[0]
        what = f"has JSON in a block of code, lines {first} to {last}, which alone was read"
        return Paste(what, document=_only(text, begin, end, document))
    if len(whole) > 1:
        what = f"has JSON in {len(whole)} blocks of code"
        place = place_of(text, whole[0][0], document)
        return Paste(what, "save each in a file of its own", place)
    return None


def among_text(text: str, document: Document) -> Paste | None:
    """Look for JSON that other text stands around."""
    wholes = list(islice(_wholes(text), _MOST_BEGINNINGS))
    if wholes and not text[: wholes[0][0]].strip():
        return _with_more_after(text, *wholes[0], document)
    wholes = [span for span in wholes if names_task(text[slice(*span)])] or wholes
    if not wholes:
        return _with_margin(text, document)
    begin, end = wholes[0]
    first, last = place_of(text, begin, document), place_of(text, end - 1, document)
    if len(wholes) > 1:
        what = f"has JSON in {len(wholes)} places, and other text between"
        return Paste(what, "save each in a file of its own", first)
    what, hint = _around(text[:begin])
    span = f"JSON begins at line {first[0]}, column {first[1]}"
    span += f", and ends at line {last[0]}, column {last[1]}"
    if not _are_trailers(text[end:]):
        hint = "remove what is around it"
    if hint == _CUT and "\n" in text[begin:end]:  # the other lines stay as they are
        hint = "sed '{line}s/^.\\{{{before}\\}}//' FILE > task.json"
    column = len(text[:begin].encode()) + 1
    hint = hint.format(line=first[0], before=first[1] - 1, column=column)
    return Paste(f"is not JSON alone: {what} stands before it", f"{span}: {hint}", first)


def _with_margin(text: str, document: Document) -> Paste | None:
    """Know JSON of which every line has the same number of characters before it."""
    lines = text.rstrip().splitlines() or [""]
    signs = [place for place, sign in enumerate(lines[0]) if sign in "{[" and place]
    begins = signs[:_MOST_SIGNS]  # a logger writes some of them itself
    begin = next((b for b in begins if is_json("\n".join(ln[b:] for ln in lines))), None)
    if begin is None:
        return None
    what = f"is not JSON alone: {begin} characters stand before each line of it"
    hint = f"cut -c{begin + 1}- FILE > task.json"
    return Paste(what, hint, (document.first_line, begin + 1))


def _wholes(text: str) -> Iterator[tuple[int, int]]:
    """Give the first objects and lists of a text that are whole and hold something.

    In a text that begins as JSON does, only what begins there: the rest is a part of it.
    """
    start = len(text) - len(text.lstrip())
    begins_so = text[start : start + 1] in ("{", "[") and not _LOG_LINE.match(text, start)
    position = 0
    for _ in range(_MOST_BEGINNINGS):
        match = _BEGINNING.search(text, position)
        if match is None:
            return
        begin = position = match.start()
        end = end_of(text, begin)
        if end is not None and '"' in text[begin:end]:
            yield begin, end
        if begins_so:
            return
        position = end or begin + 1


def _with_more_after(text: str, begin: int, end: int, document: Document) -> Paste | None:
    after = text[end:].strip()
    if not after:
        return None  # it is whole, and something in it is wrong
    place = place_of(text, end + len(text[end:]) - len(text[end:].lstrip()), document)
    if _are_trailers(after):
        is_prompt = any(_PROMPT.fullmatch(line.strip()) for line in after.splitlines())
        kind = "the prompt of a shell" if is_prompt else "what curl -w writes"
        what = (
            f"ends at line {place_of(text, end - 1, document)[0]}: {kind} after it was left"
        )
        return Paste(f"{what} out", document=_only(text, begin, end, document))
    if after[0] in '{[}]",' and after != ",":
        return None  # another document, or a bracket too many: the parser's words are right
    last = place_of(text, end - 1, document)
    what = "is not JSON alone: other text stands after it"
    return Paste(
        what, f"JSON ends at line {last[0]}, column {last[1]}: remove the rest", place
    )


def _are_trailers(text: str) -> bool:
    """Tell what a terminal puts after a document: a prompt, or what ``curl -w`` writes."""
    return all(
        _PROMPT.fullmatch(line.strip()) or all(map(_MEASURED.fullmatch, line.split()))
        for line in text.splitlines()
    )


_CUT = "cut -c{column}- FILE > task.json"


def _around(before: str) -> tuple[str, str]:
    """Say what stands before JSON, and what takes it away."""
    lines = [line for line in before.splitlines() if line.strip()]
    is_on_its_line = not before.endswith("\n") and bool(before.rpartition("\n")[2].strip())
    cut = _CUT if len(lines) == 1 else "remove what is before it"
    if is_on_its_line and _LOG_LINE.match(lines[-1]):
        return "the beginning of a line of a log", cut
    if is_on_its_line:
        return "other text", cut
    tail = "tail -n +{line} FILE > task.json"
    if any(_VERBOSE.match(line) for line in lines):
        return "what curl -v tells", f"use curl -s without -v, or {tail}"
    if all(_PROMPT.fullmatch(line.strip()) for line in lines):
        return "the prompt of a shell", tail
    return "other text", tail
