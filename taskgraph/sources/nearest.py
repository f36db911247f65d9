"""What somebody probably meant who wrote something else: the nearest right key or value.

A definition is written by hand, by people who know the words of other tools.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, NamedTuple

from taskgraph.model.durations import like_written
from taskgraph.model.words import folded
from taskgraph.sources.fields import is_id

_ELSEWHERE = {
    "upstreams": (
        "after awaits blockedBy depend dependencies dependency depends dependsOn from "
        "needs parent parents precedents predecessor predecessors prerequisites previous "
        "requires runAfter upstreamIds upstreamTasks waitFor waitsFor"
    ),
    "downstreams": (
        "before blocks child children downstreamIds downstreamTasks followedBy followers "
        "next nextSteps successor successors then to triggers"
    ),
    "timeout": (
        "activeDeadlineSeconds deadline duration executionTimeout limit maxDuration "
        "maxTime timeLimit timeoutInSeconds timeoutSec timeoutSeconds timeoutSecs ttl"
    ),
    "budget": (
        "deadline duration executionTimeout limit maxDuration maxTime maximum sla "
        "timeLimit timeout timeoutSeconds totalTimeout window worstCase"
    ),
    "subtasks": "actions activities jobs nodes stages steps subTasks tasks",
    "name": "displayName jobName label step stepName subtaskName task taskName title",
    "description": "comment desc doc docs documentation note notes summary",
    "id": "identifier key uid uuid",
    "prohibitRollback": "forbidRollback irreversible noRollback rollbackProhibited",
    "prohibitSkip": "forbidSkip mandatory noSkip required skipProhibited unskippable",
    "context": "env environment parameters params variables vars with",
    "parallelIdx": "index parallelIndex partition shard",
}
"""The words that other tools, and people, have for the keys of a definition."""
_UNIT_OF_KEY = re.compile(
    r"(?:timeout|budget)(?:in)?(ms|millis\w*|m|mins?|minutes?|h|hours?)"
)
_UNITS: dict[str, int | Decimal] = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400, "w": 604800, "week": 604800, "weeks": 604800,
    "ms": Decimal("0.001"), "millis": Decimal("0.001"), "milliseconds": Decimal("0.001"),
}  # fmt: skip
_PART = re.compile(r"(\d{1,9}(?:[.,]\d{1,3})?)\s*([a-z]*)\.?(?:\s*(?:and|,)?\s*)")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")
_ISO = re.compile(r"p(?:(\d{1,3})d)?(?:t(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,9})s)?)?")
_YES = frozenset({"true", "yes", "on", "y", "1"})
_NO = frozenset({"false", "no", "off", "n", "0"})
_LONGEST = 64
"""Characters: what is longer is no slip of a key, a word or a duration."""


class Meant(NamedTuple):
    """A key that was probably meant, and the value that it then has."""

    key: str
    value: Any
    says: str
    """What to write."""


_MEANING: dict[str, list[str]] = {}
for _usual, _words in _ELSEWHERE.items():
    for _word in _words.split():
        _MEANING.setdefault(folded(_word), []).append(_usual)


def nearest_key(key: str, value: Any, known: Collection[str]) -> Meant | None:
    """Find the key that was meant among those that an object may have.

    Examples
    --------
    >>> nearest_key("depends_on", ["a"], ["name", "upstreams"]).key
    'upstreams'
    >>> nearest_key("timeoutMinutes", 30, ["name", "timeout"]).says
    'did you mean timeout: 30m?'
    """
    if len(key) > _LONGEST:
        return None
    names = {folded(name): name for name in known}
    wanted = folded(key)
    unit = _UNIT_OF_KEY.fullmatch(wanted)
    usual = names.get(wanted)
    if usual is None and unit:
        usual = next((name for name in ("timeout", "budget") if name in known), None)
        word = "ms" if unit[1].startswith(("ms", "milli")) else unit[1][0]
        is_count = type(value) in (int, float) and 0 <= value < 10**9
        seconds = _seconds(f"{value} {word}") if is_count else None
        if usual and seconds is not None:
            return Meant(
                usual, seconds, f"did you mean {usual}: {like_written('1h', seconds)}?"
            )
    if usual is None:
        usual = next((name for name in _MEANING.get(wanted, ()) if name in known), None)
    if usual is None:
        near = get_close_matches(wanted, names, 1, 0.7)
        usual = names[near[0]] if near else None
    return Meant(usual, value, f"did you mean {usual}?") if usual else None


def _seconds(text: str) -> int | None:
    """Read a duration in any notation that is plain; ``None`` where it is none."""
    text = text.strip().lower()
    if len(text) > _LONGEST:
        return None
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = map(int, clock.groups())
        return 3600 * hours + 60 * minutes + seconds
    if len(text) > 1 and (iso := _ISO.fullmatch(text)):
        sizes = (86400, 3600, 60, 1)
        return sum(int(n or 0) * size for n, size in zip(iso.groups(), sizes, strict=True))
    total, end, units = Decimal(0), 0, set[str]()
    while part := _PART.match(text, end):
        number, unit = part.groups()
        if unit not in _UNITS and (unit or part.span() != (0, len(text))):
            return None  # 1h30 could be minutes or seconds
        if unit[:1] in units:
            return None  # 40m, 50m are two
        units.add(unit[:1])
        total += Decimal(number.replace(",", ".")) * _UNITS.get(unit, 1)
        end = part.end()
    whole = int(total)
    return whole if 0 < end == len(text) and whole == total else None


def mended(kind: str, value: Any) -> Any:
    """Give the value that was meant, where that is beyond doubt; else ``None``."""
    if kind == "tuple_type":
        named = [_named(item) for item in _listed(value)]
        return named if None not in named else None
    if kind == "duration" and not isinstance(value, bool):
        return _seconds(str(value)) if isinstance(value, str | float) else None
    if kind == "string_type" and isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "bool_type" and isinstance(value, str | int):
        word = str(value).strip().lower()
        return True if word in _YES else False if word in _NO else None
    if kind == "id" and type(value) in (int, float):
        return str(value)
    if kind in ("int_type", "id") and isinstance(value, str):
        is_number = re.fullmatch(r"\s*-?\d{1,18}\s*", value, re.ASCII)
        return int(value) if is_number else None
    return None


def _listed(value: Any) -> list[Any]:
    """Give what an edge list names that was written as something else than a list."""
    if isinstance(value, str):
        parts = (part.strip("[] \t") for part in re.split("[,;]", value))
        return [part for part in parts if part]
    if isinstance(value, dict) and not value.keys() & {"id", "name"}:
        return [*value]
    items: list[Any] = []
    for item in value if isinstance(value, list) else [value]:
        items += item if isinstance(item, list) else [item]
    return items


def _named(reference: Any) -> Any:
    """Give what an edge names, where it was written as an object of a subtask."""
    if isinstance(reference, dict):
        given = (reference[key] for key in ("id", "name") if key in reference)
        reference = next(given, None)
    return reference if is_id(reference) else None


_TEMPLATE = re.compile(r"\$\{|\{\{|\$\(|<%")
_FORMS = {
    "bool_type": "write true or false",
    "literal_error": "write kind: task-definition, or leave it out of a *.task.yaml file",
    "duration": "write seconds, or a number and its unit: 90s, 30m, 1h30m",
    "dict_type": "write keys and their values",
    "dict_type subtask": (
        "a subtask is written as keys and values: name, timeout, upstreams"
    ),
    "dict_type task": "a task is written as keys and values: name, budget, subtasks",
    "id": "write a whole number or a text",
    "id subtask": "name a subtask by its id or its name",
    "named": "write its name",
}


def nearest_form(
    kind: str, value: Any, *, is_item: bool = False, of: str = "subtask"
) -> str:
    """Say how a wrong value is written right; ``""`` where that is not known.

    An item of a list is one `of` these.
    """
    if isinstance(value, str) and _TEMPLATE.search(value):
        return "fill in the template first"
    if is_item and isinstance(value, dict) and _named(value) is not None:
        return f"write {_named(value)}"
    meant = mended(kind, value)
    if meant is None:
        usual = _FORMS.get(kind, "")
        return _FORMS.get(f"{kind} {of}", usual) if is_item else usual
    if kind == "tuple_type":
        return f"write [{', '.join(map(str, meant))}]"
    if kind == "duration":
        return f"did you mean {like_written('1h', meant)}?"
    if isinstance(meant, str):
        written = "" if isinstance(value, float) else f': "{meant}"'  # 1.10 is read as 1.1
        return f"put it into quotes{written}"
    return f"write {str(meant).lower()}, without quotes"
