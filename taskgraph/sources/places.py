"""The places of values in a text: from JSON pointers to lines and columns.

Places are computed only when something has to be told, from the text itself: the parts
that no pointer leads into are skipped by the standard library's C scanner, so that a
document of 40 MB costs about as much as one more parse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
_BORDER = re.compile(r"\}[ \t\n\r]*,[ \t\n\r]*\{[ \t\n\r]*\"[A-Za-z_]")
# The values are thrown away, and a number of 5,000 digits must not be converted.
_SKIP = json.JSONDecoder(parse_int=len, parse_float=len, strict=False)
_KEY = "\0"


def key_of(pointer: str) -> str:
    """Point to the key of a value instead of the value, for :func:`locate` alone."""
    return f"{pointer}/{_KEY}"


def escape_token(token: str) -> str:
    """Escape one step of a JSON pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


def split_pointer(pointer: str) -> list[str]:
    """Give the steps of a JSON pointer (RFC 6901), unescaped."""
    steps = pointer.split("/")[1:]
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def locate(
    data: bytes,
    pointers: Iterable[str],
    syntax: str = "json",
    first_line: int = 1,
    *,
    to_end: bool = False,
    item: str = "",
) -> dict[str, tuple[int, int]]:
    """Find lines and columns of values by their JSON pointers, both counted from 1.

    Columns are in characters. A pointer that leads nowhere gets the place of the nearest
    value above it; there are no places where the document cannot be read. In the syntax
    "lines" the pointer ``/0`` is the first line; `first_line` is the number that it has. In
    "none", of a text that stood in another one, nothing has a place. Of equal keys that of
    the last is told if the text is looked at `to_end`. Whoever asks for one item of a list
    after the other names the `item`: what stands before it is then gone over once for all.
    """
    pointers = list(pointers)
    if syntax == "json" and not to_end and item:
        own = _in_item(data, item, pointers, first_line)
        pointers = [pointer for pointer in pointers if pointer not in own]
        if not pointers:
            return own
        return own | locate(data, pointers, syntax, first_line)
    text = data.decode("utf-8", "replace")
    wanted = _as_tree(pointers)
    if syntax == "lines":
        places = {f"/{step}": (int(step) + 1, 1) for step in wanted if step.isdecimal()}
        places[""] = (1, 1)
    elif syntax == "none":
        return {}
    elif syntax == "yaml":
        places = _yaml_places(text, wanted)
    else:
        never = [_KEY] * to_end  # it is no pointer, so that something is always left
        places = _json_places(text, wanted, {*pointers, *never})
    if not places:
        return {}
    located = {}
    for pointer in pointers:
        line, column = _nearest(pointer, places)
        located[pointer] = line + first_line - 1, column
    return located


def _in_item(
    data: bytes, item: str, pointers: Iterable[str], first_line: int
) -> dict[str, tuple[int, int]]:
    """Find the places of those pointers that lead into an item of a list."""
    above, _, number = item.rpartition("/")
    if not number.isdecimal() or not int(number):
        return {}  # before the first one there is nothing to go over
    begins = _items(data, above)
    if int(number) + 1 >= len(begins):
        return {}
    (begin, line, column), (end, *_) = begins[int(number) : int(number) + 2]
    below = {
        pointer.removeprefix(item): pointer
        for pointer in pointers
        if f"{pointer}/".startswith(f"{item}/")
    }
    located = locate(data[begin:end], below)
    return {
        below[pointer]: (at + line + first_line - 2, place + (column - 1) * (at == 1))
        for pointer, (at, place) in located.items()
    }


@lru_cache(maxsize=1)
def _items(data: bytes, pointer: str) -> list[tuple[int, int, int]]:
    """Find where each item of a list begins, and where the last one ends.

    As offset in bytes, line and column.
    """
    text = data.decode("utf-8", "surrogateescape")  # which can be turned back
    offsets: dict[str, int] = {}
    begins = []
    try:
        with suppress(_AllFoundError):
            _walk(text, _skip_space(text, 0), _as_tree([pointer]), "", offsets, {pointer})
        index, position = offsets[pointer], 0
        if text[index] == "[":
            index = _skip_space(text, index + 1)
            while text[index] != "]":
                begins.append(index)
                index, position = _skip_items(text, index, position, position + 1)
    except (KeyError, ValueError, IndexError, RecursionError, StopIteration):
        return []
    begins.append(index)
    sizes = [
        len(text[a:b].encode(errors="surrogateescape")) for a, b in pairwise([0, *begins])
    ]
    return [
        (begin, line, column)
        for begin, (line, column) in zip(
            accumulate(sizes), _lines_and_columns(text, begins), strict=True
        )
    ]


def _as_tree(pointers: Iterable[str]) -> dict[str, Any]:
    """Lay pointers on top of each other: each step leads to the steps below it."""
    tree: dict[str, Any] = {}
    for pointer in pointers:
        branch = tree
        for step in split_pointer(pointer):
            branch = branch.setdefault(step, {})
    return tree


def _nearest(pointer: str, places: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    while pointer and pointer not in places:
        pointer = pointer.rpartition("/")[0]
    return places[pointer]


def _json_places(
    text: str, wanted: dict[str, Any], left: set[str]
) -> dict[str, tuple[int, int]]:
    offsets: dict[str, int] = {}
    try:
        _walk(text, _skip_space(text, 0), wanted, "", offsets, left)
    except _AllFoundError:
        pass
    except (ValueError, IndexError, RecursionError, StopIteration):
        return {}
    return _at(text, offsets)


def _at(text: str, offsets: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    ordered = sorted(set(offsets.values()))
    places = dict(zip(ordered, _lines_and_columns(text, ordered), strict=True))
    return {pointer: places[offset] for pointer, offset in offsets.items()}


class _AllFoundError(Exception):
    """The rest of the text need not be looked at."""


def _skip_space(text: str, index: int) -> int:
    if text[index] not in " \t\n\r":
        return index
    match = _SPACE.match(text, index)
    assert match is not None  # the pattern matches the empty text
    return match.end()


def _walk(
    text: str,
    index: int,
    wanted: dict[str, Any],
    pointer: str,
    offsets: dict[str, int],
    left: set[str],
) -> int:
    """Note the offsets of the wanted values from one value on; give its end.

    It goes as deep as the pointers do, no deeper, and no further than the last of them.
    """
    offsets[pointer] = index
    left.discard(pointer)
    if not left:
        raise _AllFoundError
    if not wanted or text[index] not in "{[":
        return _SKIP.raw_decode(text, index)[1]
    is_object = text[index] == "{"
    index = _skip_space(text, index + 1)
    position = 0
    places = sorted((int(key) for key in wanted if key.isdecimal()), reverse=True)
    while text[index] not in "}]":
        start = index
        if is_object:
            key, index = _SKIP.raw_decode(text, index)
            index = _skip_space(text, _skip_space(text, index) + 1)  # past the colon
        else:
            upcoming = places.pop() if places else None
            index, position = _skip_items(text, index, position, upcoming)
            if text[index] == "]":
                break
            if position != upcoming:
                raise ValueError(index)  # something other than a comma
            key = str(position)
            position += 1
        below = wanted.get(key)
        if below is None:
            index = _SKIP.raw_decode(text, index)[1]
        else:
            step = f"{pointer}/{escape_token(key)}"
            if _KEY in below:
                offsets[key_of(step)] = start
                left.discard(key_of(step))
            index = _walk(text, index, below, step, offsets, left)
        index = _skip_space(text, index)
        if text[index] == ",":
            index = _skip_space(text, index + 1)
    return index + 1


def _skip_items(
    text: str, index: int, position: int, upcoming: int | None
) -> tuple[int, int]:
    """Go over the items of a list up to one of them, or to the end of the list.

    Most are objects that hold no others, and are alike: the next one begins at the next
    brace, if the border before it is as usual. That cannot be a part of a text: a quote
    behind a brace is not escaped, so that it begins or ends a text, and behind one that
    ends it there is no letter.
    """
    scan, match_comma = _SKIP.scan_once, _COMMA.match  # type: ignore[attr-defined]
    border, before = "", 0
    while position != upcoming:
        position += 1
        if border:
            brace = text.find("{", index + 1)
            if text.startswith(border, brace - before):
                index = brace
                continue
        index = scan(text, index)[1]
        between = _BORDER.match(text, index - 1)
        if between is not None:
            border = between.group()
            before = border.index("{")
            index += before - 1
            continue
        border = ""
        comma = match_comma(text, index)
        if comma is None:
            return _skip_space(text, index), position
        index = comma.end()
    return index, position


def _lines_and_columns(text: str, offsets: list[int]) -> list[tuple[int, int]]:
    """Give line and column of ascending offsets; only LF, also after CR, ends a line.

    So have it the parser of JSON, Git, and SARIF where nothing else is said.
    """
    places = []
    line, start, last = 1, 0, 0
    for offset in offsets:
        newline = text.rfind("\n", last, offset)
        if newline >= 0:  # else to count them would take several times as long
            line += text.count("\n", last, offset)
            start = newline + 1
        places.append((line, offset - start + 1))
        last = offset
    return places


def place_in(text: str, offset: int, first_line: int = 1) -> tuple[int, int]:
    """Give line and column of an offset, as the file counts them."""
    ((line, column),) = _lines_and_columns(text, [offset])
    return line + first_line - 1, column


def line_begin(data: bytes, line: int) -> int:
    """Find the offset at which a line begins, counted from 1; at most the end."""
    begin = 0
    for _ in range(line - 1):  # to split the text would take many times its memory
        begin = data.find(b"\n", begin) + 1
        if not begin:
            return len(data)
    return begin


def _yaml_places(text: str, wanted: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Follow the events of YAML to the wanted values.

    YAML's own lines are others: for its parser U+2028 ends one, and a lone CR.
    """
    import yaml
    from yaml import events

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    offsets: dict[str, int] = {}
    stack: list[_Branch] = []
    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, events.CollectionEndEvent):
                stack.pop()
                continue
            if not isinstance(event, events.NodeEvent):
                continue
            top = stack[-1] if stack else None
            if top is not None and top.takes_key():
                top.key = event.value if isinstance(event, events.ScalarEvent) else None
                if _KEY in top.below.get(top.key or "", ()):
                    key = key_of(f"{top.pointer}/{escape_token(top.key or '')}")
                    offsets[key] = _offset(event)
                continue
            pointer, below = ("", wanted) if top is None else top.step()
            if pointer is not None:
                offsets[pointer] = _offset(event)
            if isinstance(event, events.CollectionStartEvent):
                is_list = isinstance(event, events.SequenceStartEvent)
                stack.append(_Branch(pointer, below, is_list))
    except yaml.YAMLError:
        return {}
    return _at(text, offsets)


def _offset(event: Any) -> int:
    offset: int = event.start_mark.index
    return offset


class _Branch:
    """A sequence or mapping on the way to the wanted values, or beside it."""

    __slots__ = ("below", "is_list", "key", "pointer", "position")

    def __init__(self, pointer: str | None, below: dict[str, Any], is_list: bool) -> None:
        self.pointer = pointer
        self.below = below
        self.is_list = is_list
        self.key: str | None = None
        self.position = 0

    def takes_key(self) -> bool:
        """Tell whether a key comes next."""
        return not self.is_list and self.key is None

    def step(self) -> tuple[str | None, dict[str, Any]]:
        """Give the pointer of the next value, ``None`` off the way, and what is below."""
        if self.is_list:
            step = str(self.position)
            self.position += 1
        else:
            step, self.key = self.key or "", None
        if self.pointer is None or step not in self.below:
            return None, {}
        return f"{self.pointer}/{escape_token(step)}", self.below[step]
