"""Definitions of tasks, written by hand for continuous integration.

A definition has the shape of a task as OCP returns it, without what only a run can have.
Ids may be left out where names are unique, edges may name subtasks, one direction of
them is enough, and durations may have units.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from functools import partial
from typing import Any

from taskgraph.model import Id, Subtask, Task, parse_duration
from taskgraph.sources.document import Problems
from taskgraph.sources.kinds import (
    ID,
    IDS,
    INTEGER,
    OBJECTS,
    TEXT,
    Column,
    Kind,
    WrongValueError,
    describe,
    list_kind,
)
from taskgraph.sources.ocp import SUBTASK_FIELDS, TASK_FIELDS, reference, reference_extra
from taskgraph.sources.shapes import Field, Shape

__all__ = ["KIND", "read_definition"]

KIND = "task-definition"
_RENAME = (
    "remove what only a run can have; a saved response needs another file name, "
    "without .task or .taskdef in it"
)
_HINT = "taskgraph schema definition gives the JSON Schema of definitions"
_REFERENCES = ("cluster", "tenant", "host")


def _duration(value: int | str) -> int:
    try:
        return parse_duration(value)
    except ValueError:
        message = f"must be a duration like 30, 30s, 30m or 1h30m, not {describe(value)}"
        raise WrongValueError(message) from None


def _kind(value: str) -> str:
    if value != KIND:
        raise WrongValueError(f"must be {KIND}, not {describe(value)}")
    return value


def _from_float(kind: Kind, value: Any) -> Any:
    """Read 30.0 as 30: to JSON Schema, and to many programs, both are whole numbers."""
    if isinstance(value, float):
        if not value.is_integer():
            raise WrongValueError(f"must be {kind.expected}, not {describe(value)}")
        value = int(value)
    return value if kind.convert is None else kind.convert(value)


def _without_floats(convert: Callable[[Column], Column], column: Column) -> Column:
    if float in set(map(type, column)):
        raise ValueError  # they are read one by one
    return convert(column)


def _by_hand(kind: Kind) -> Kind:
    convert = kind.convert_column
    return kind._replace(
        types=kind.types | {float},
        convert=partial(_from_float, kind),
        convert_column=convert and partial(_without_floats, convert),
    )


_DURATION = _by_hand(Kind("a duration", frozenset({int, str}), _duration))
_ID, _INTEGER = _by_hand(ID), _by_hand(INTEGER)
_KINDS = {ID.expected: _ID, INTEGER.expected: _INTEGER, IDS.expected: list_kind(_ID)}
_NAMED = Kind("a name, or an object with id and name", frozenset({str, dict}), is_free=True)

_OF_A_RESPONSE = frozenset(
    {"data", "error", "server", "successful", "timestamp", "traceId"}
)
_NOT_OF_A_TASK = frozenset(
    {"create_time", "creator", "creator_id", "executor", "finish_time", "operation"}
    | {"start_time", "status"}
)
_NOT_OF_A_SUBTASK = frozenset(
    {"attempts", "create_time", "executor", "finish_time", "operation", "start_time"}
    | {"status", "task_id"}
)
_OF_A_RUN = frozenset(
    key
    for fields, names in (
        (TASK_FIELDS, _NOT_OF_A_TASK),
        (SUBTASK_FIELDS, _NOT_OF_A_SUBTASK),
    )
    for name in names
    for key in fields[name].keys
)


def _fields(fields: Mapping[str, Field], others: Container[str]) -> dict[str, Field]:
    return {
        name: Field(_KINDS.get(field.kind.expected, field.kind), *field.keys)
        if field.default is None
        else field
        for name, field in fields.items()
        if name not in others
    }


_TASK = Shape(
    _fields(TASK_FIELDS, _NOT_OF_A_TASK)
    | {name: Field(_NAMED, name) for name in _REFERENCES}
    | {
        "schema": Field(TEXT, "$schema"),
        "kind": Field(Kind("a text", frozenset({str}), _kind), "kind"),
        "description": Field(TEXT, "description"),
        "budget": Field(_DURATION, "budget"),
        "subtasks": Field(OBJECTS, "subtasks"),
    }
)
_SEVERAL = Shape(
    {key: _TASK.fields[key] for key in ("schema", "kind")}
    | {"tasks": Field(OBJECTS, "tasks", required=True)}
)
_SUBTASK = Shape(
    _fields(SUBTASK_FIELDS, _NOT_OF_A_SUBTASK)
    | {"id": Field(_ID, "id"), "timeout": Field(_DURATION, "timeout")}
)


def read_definition(root: Any, problems: Problems) -> list[Task]:
    """Read every task of a definition: one task, a list of them, or ``tasks``.

    Raises
    ------
    InputError
        If it defines no task.
    """
    problems.hint = _HINT
    pointer = ""
    if isinstance(root, dict) and "tasks" in root:
        for key in sorted(root.keys() - _SEVERAL.keys):
            problems.add(f"{key} has no place beside tasks", f"/{key}")
        _SEVERAL.read(root, "", problems)
        root, pointer = root["tasks"], "/tasks"
    if isinstance(root, dict):
        return [_read_task(root, pointer, problems)]
    if not isinstance(root, list) or not root:
        message = f"a definition is a task or a list of tasks, not {describe(root)}"
        if root == []:
            message = "defines no task"
        hint = "a task has a name and subtasks"
        raise problems.refuse(message, pointer, hint)
    tasks = []
    for position, item in enumerate(root):
        place = f"{pointer}/{position}"
        if isinstance(item, dict):
            tasks.append(_read_task(item, place, problems))
        else:
            problems.add(f"item {position} must be an object, not {describe(item)}", place)
    return tasks


def _read_task(raw: dict[str, Any], pointer: str, problems: Problems) -> Task:
    if "subtasks" not in raw:
        problems.add("subtasks is missing", f"{pointer}/subtasks")
    found = _TASK.read(raw, pointer, problems)
    extra = _own_fields(found["extra"], _TASK, pointer, problems)
    if found["description"] is not None:
        extra["description"] = found["description"]
    for key in _REFERENCES:
        extra |= reference_extra(key, found[key])
    prefix = f"{pointer}/subtasks"
    rows = _SUBTASK.read_all(
        found["subtasks"] or (),
        lambda position: f"{prefix}/{position}",
        problems,
        lambda columns, count: [
            {name: column[i] for name, column in columns.items()} for i in range(count)
        ],
    )
    for position, row in enumerate(rows):
        place = f"{prefix}/{position}"
        row["extra"] = _own_fields(row["extra"], _SUBTASK, place, problems)
    return Task(
        id=found["id"],
        name=found["name"],
        type=found["type"],
        subtasks=_subtasks(rows, prefix, problems),
        prohibit_rollback=found["prohibit_rollback"],
        definition_id=found["definition_id"],
        cluster=reference(found["cluster"], found["cluster_id"]),
        tenant=reference(found["tenant"], found["tenant_id"]),
        host=reference(found["host"], found["host_id"]),
        context=found["context"],
        budget=found["budget"],
        is_definition=True,
        extra=extra,
        origin=problems.document.origin("definition", pointer, None, problems.spellings),
    )


def _own_fields(
    extra: Mapping[str, Any], shape: Shape, pointer: str, problems: Problems
) -> dict[str, Any]:
    """Keep the fields that begin with ``x-``, and name those that do not belong here."""
    kept = {}
    for key, value in extra.items():
        if key.startswith("x-"):
            kept[key] = value
        elif key in _OF_A_RESPONSE and shape is _TASK:
            message = f"{key} belongs to a response: {_RENAME}"
            problems.add(message, f"{pointer}/{key}")
        elif key in _OF_A_RUN:
            problems.add(f"{key} belongs to a run: {_RENAME}", f"{pointer}/{key}")
        else:
            near = difflib.get_close_matches(key, sorted(shape.keys), 1)
            meant = f": did you mean {near[0]}?" if near else "; own fields begin with x-"
            problems.add(f"{key} is no field of a definition{meant}", f"{pointer}/{key}")
    return kept


def _subtasks(
    rows: Iterable[dict[str, Any]], prefix: str, problems: Problems
) -> tuple[Subtask, ...]:
    rows = list(rows)
    names = Counter(row["name"] for row in rows if row["name"])
    for position, row in enumerate(rows):
        if row["id"] is None:
            row["id"] = row["name"]
            if not row["name"]:
                problems.add("a subtask needs a name or an id", f"{prefix}/{position}")
            elif names[row["name"]] > 1:
                message = f"{names[row['name']]} subtasks have this name: give them ids"
                problems.add(message, f"{prefix}/{position}/name")
    ids = {row["id"] for row in rows}
    by_name = {row["name"]: row["id"] for row in rows if row["name"]}
    used = [
        side
        for side in ("upstreams", "downstreams")
        if any(row[side] is not None for row in rows)
    ]
    for position, row in enumerate(rows):
        for side in used or ["upstreams"]:
            row[side] = tuple(
                _resolved(
                    item, ids, by_name, names, f"{prefix}/{position}/{side}/{i}", problems
                )
                for i, item in enumerate(row[side] or ())
            )
    return tuple(Subtask(**row) for row in rows)


def _resolved(
    item: Id,
    ids: set[Id],
    by_name: Mapping[str, Id],
    names: Counter[str],
    pointer: str,
    problems: Problems,
) -> Id:
    """Give the id of the subtask that an edge means; what nothing is called stays."""
    if item in ids or not isinstance(item, str) or item not in by_name:
        return item
    if names[item] > 1:
        problems.add(f"{names[item]} subtasks have this name: use an id", pointer)
    return by_name[item]
