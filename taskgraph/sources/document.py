"""One document: its text, the places in it, and what is wrong with it.

Places are computed only when something has to be told, from the text itself: the parts
that no pointer leads into are skipped by the standard library's C scanner, so that a
document of 40 MB costs about as much as one more parse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from taskgraph.errors import InputError, Problem
from taskgraph.model.task import Origin, Task

__all__ = [
    "INVALID_VALUE",
    "MEND",
    "MISSING_KEY",
    "NEGATIVE_TIMEOUT",
    "SHARED_ID",
    "UNKNOWN_KEY",
    "Document",
    "Problems",
    "ReadTasks",
    "escape_token",
    "key_of",
    "locate",
    "place_in",
    "split_pointer",
]

_SPACE = re.compile(r"[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
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
) -> dict[str, tuple[int, int]]:
    """Find lines and columns of values by their JSON pointers, both counted from 1.

    Columns are in characters. A pointer that leads nowhere gets the place of the nearest
    value above it; there are no places where the document cannot be read. In the syntax
    "lines" the pointer ``/0`` is the first line; `first_line` is the number that it has. In
    "none", of a text that stood in another one, nothing has a place. Of equal keys that of
    the last is told if the text is looked at `to_end`.
    """
    pointers = list(pointers)
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
        places = _json_places(text, wanted, {*pointers, *[_KEY] * to_end})
    if not places:
        return {}
    found = {}
    for pointer in pointers:
        line, column = _nearest(pointer, places)
        found[pointer] = line + first_line - 1, column
    return found


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
    """Go over the items of a list up to one of them, or to the end of the list."""
    scan, match_comma = _SKIP.scan_once, _COMMA.match  # type: ignore[attr-defined]
    while position != upcoming:
        index = _end_of_flat(text, index) or scan(text, index)[1]
        position += 1
        comma = match_comma(text, index)
        if comma is None:
            return _skip_space(text, index), position
        index = comma.end()
    return index, position


def _end_of_flat(text: str, index: int) -> int:
    """Find the end of an object that holds no other, without reading its values.

    0 where that cannot be told: of other values, and where a text has a brace or an escape.
    """
    end = text.find("}", index) + 1
    whole = text[index:end]
    is_told = whole.rfind("{") == 0 and "\\" not in whole and whole.count('"') % 2 == 0
    return end if is_told else 0


def _lines_and_columns(text: str, offsets: list[int]) -> list[tuple[int, int]]:
    places = []
    line, start, last = 1, 0, 0
    for offset in offsets:
        line += text.count("\n", last, offset)
        newline = text.rfind("\n", last, offset)
        if newline >= 0:
            start = newline + 1
        places.append((line, offset - start + 1))
        last = offset
    return places


def place_in(text: str, offset: int, first_line: int = 1) -> tuple[int, int]:
    """Give line and column of an offset, as the file counts them."""
    ((line, column),) = _lines_and_columns(text, [offset])
    return line + first_line - 1, column


def _yaml_places(text: str, wanted: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Follow the events of YAML to the wanted values."""
    import yaml
    from yaml import events

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    places: dict[str, tuple[int, int]] = {}
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
                    places[key] = _yaml_place(event)
                continue
            pointer, below = ("", wanted) if top is None else top.step()
            if pointer is not None:
                places[pointer] = _yaml_place(event)
            if isinstance(event, events.CollectionStartEvent):
                is_list = isinstance(event, events.SequenceStartEvent)
                stack.append(_Branch(pointer, below, is_list))
    except yaml.YAMLError:
        return {}
    return places


def _yaml_place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


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


T = TypeVar("T")

INVALID_VALUE, UNKNOWN_KEY, MISSING_KEY = "TG001", "TG002", "TG003"
SHARED_ID, NEGATIVE_TIMEOUT = "TG104", "TG402"
"""The rules that tell of mistakes of form."""
MEND = "mend what is named here, or save the response of the API again"
_MOST_PROBLEMS = 1000  # 100,000 bad rows would make 300,000


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one document and where it stands."""

    file: str
    """The name for messages."""
    data: bytes
    """The text in UTF-8, without a byte order mark."""
    first_line: int = 1
    """The line of the file in which the text begins, from 1."""
    syntax: str = "json"
    """What pointers into the text mean; see :func:`~taskgraph.sources.document.locate`."""

    def origin(
        self,
        dialect: str,
        pointer: str = "",
        rows: tuple[str, ...] | None = None,
        spellings: Mapping[str, str] | None = None,
    ) -> Origin:
        """Say where a task was read from; ``rows`` are the pointers of its subtasks."""
        return Origin(
            file=self.file,
            dialect=dialect,
            pointer=pointer,
            data=self.data,
            subtask_pointers=rows,
            syntax=self.syntax,
            first_line=self.first_line,
            spellings=spellings or {},
        )

    def error(self, problems: Iterable[Problem], hint: str = MEND) -> InputError:
        """Make the error that names every problem with its line and column, in order.

        Problems that have a line already keep it.
        """
        problems = list(problems)
        wanted = [_target(p) for p in problems if p.pointer is not None and p.line is None]
        places: dict[str, tuple[int, int]] = {}
        if wanted:
            places = locate(self.data, wanted, self.syntax, self.first_line, to_end=True)
        placed = [
            replace(
                problem,
                line=line,
                column=column,
            )
            for problem in problems
            for line, column in [
                places.get(_target(problem), (problem.line, problem.column))
            ]
        ]
        placed.sort(key=lambda problem: (problem.line or 0, problem.column or 0))
        return InputError(self.file, placed, hint)


def _target(problem: Problem) -> str:
    """Give the pointer of what a problem is about: a key where that is wrong."""
    pointer = problem.pointer or ""
    return key_of(pointer) if problem.rule == UNKNOWN_KEY else pointer


class ReadTasks(NamedTuple):
    """What one document gave: its good tasks, and what is wrong with the others."""

    tasks: list[Task]
    error: InputError | None = None
    faulty: tuple[Task, ...] = ()
    """Those that have mistakes of form, as far as they could be read."""
    note: str = ""
    """What was done to read it, where it is not quite what it should be."""
    is_foreign: bool = False
    """Whether it is evidently something else than a task, and was not asked for."""


class Problems:
    """What is wrong with a document, gathered while it is read, and what to do about it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.hint = MEND
        self.faulty: list[Task] = []
        self.repeated: set[str] = set()
        """The pointers of keys that stand twice in a definition."""
        self._noted: list[Problem] = []
        self._pointers: set[str] = set()

    @property
    def count(self) -> int:
        """How many were noted so far."""
        return len(self._noted)

    def add(
        self, message: str, pointer: str, hint: str = "", rule: str = INVALID_VALUE
    ) -> None:
        """Note a problem and go on, unless there are far too many.

        Raises InputError at the 1000th problem.
        """
        self._noted.append(Problem(message, pointer, hint=hint, rule=rule))
        self._pointers.add(pointer)
        if self.is_full:
            raise InputError(self.document.file, self._noted, self._last_hint)

    def repeat(self, pointer: str) -> None:
        """Note a key that stands twice; which of its values is meant is not known."""
        if pointer not in self.repeated:
            self.repeated.add(pointer)
            key = split_pointer(pointer)[-1]
            self.add(f"the key {key} stands twice", pointer, "remove one of the two")

    def repeated_error(self) -> InputError:
        """Make the error of the keys that stand twice in what is no definition."""
        told = [replace(problem, hint="") for problem in self._noted]
        return self.document.error(told, self._noted[0].hint)

    def is_noted(self, pointer: str) -> bool:
        """Tell whether there is a problem with a value itself."""
        return pointer in self._pointers

    def are_around(self, pointer: str) -> bool:
        """Tell whether any problem is about something else than what is below a value."""
        return not all(
            (problem.pointer or "").startswith(pointer) for problem in self._noted
        )

    def are_below(self, pointer: str) -> bool:
        """Tell whether any problem is about a value or what is in it."""
        return any(
            f"{problem.pointer}/".startswith(f"{pointer}/") for problem in self._noted
        )

    @property
    def is_full(self) -> bool:
        """Whether there are so many that reading stops."""
        return len(self._noted) >= _MOST_PROBLEMS

    @property
    def _last_hint(self) -> str:
        if self.is_full:
            return f"reading stopped after {_MOST_PROBLEMS} problems: {self.hint}"
        return self.hint

    def refuse(self, message: str, pointer: str, hint: str) -> InputError:
        """Make the error of what is no task at all; its place is found when it is told."""
        return InputError(self.document.file, [Problem(message, pointer)], hint)

    def each(self, items: Iterable[T], read: Callable[[T], list[Task]]) -> list[Task]:
        """Read the items of a list; one that holds no task does not stop the others.

        `read` gives the tasks of an item: none, where it notes problems. If every item is
        refused, the InputError of the first is raised.
        """
        tasks: list[Task] = []
        refused: list[InputError] = []
        before = self.count
        for item in items:
            try:
                tasks += read(item)
            except InputError as error:
                if self.is_full or len(refused) == _MOST_PROBLEMS:
                    break
                refused.append(error)
        if refused and not tasks and self.count == before:
            raise refused[0]
        if refused and self.hint == MEND:
            self.hint = refused[0].hint
        self._noted += [problem for error in refused for problem in error.problems]
        del self._noted[_MOST_PROBLEMS:]
        return tasks

    def error(self) -> InputError | None:
        """Make the error of what was noted, if there is anything."""
        if not self._noted:
            return None
        return self.document.error(self._noted, self._last_hint)
