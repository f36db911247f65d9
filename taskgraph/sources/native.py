"""taskgraph's own JSON: a task as the model has it, whatever it was read from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from taskgraph.model import ApiError, Envelope, Reference, Subtask, Task
from taskgraph.sources.document import Problems
from taskgraph.sources.kinds import (
    FLAG,
    ID,
    IDS,
    INTEGER,
    LIST,
    OBJECT,
    OBJECTS,
    TEXT,
    TEXTS,
    TIME,
    Kind,
)
from taskgraph.sources.shapes import Field, Shape, rows_of

__all__ = ["FORMAT", "read_native", "write_task"]

FORMAT = "taskgraph/task"
_VERSION = 1

_KINDS = {
    "id": ID, "name": TEXT, "description": TEXT, "status": TEXT, "operation": TEXT,
    "type": TEXT, "timeout": INTEGER, "attempts": INTEGER, "upstreams": IDS,
    "downstreams": IDS, "prohibit_rollback": FLAG, "prohibit_skip": FLAG,
    "parallel_index": INTEGER, "series_id": INTEGER, "task_id": ID, "node_type": TEXT,
    "class_name": TEXT, "executor": TEXT, "create_time": TIME, "start_time": TIME,
    "finish_time": TIME, "host": TEXT, "logs": TEXTS, "definition_id": ID,
    "budget": INTEGER, "is_definition": FLAG, "is_summary": FLAG, "assumed_offset": TEXT,
    "context": OBJECT, "naive_times": LIST,
}  # fmt: skip
_PART = OBJECT._replace(is_free=False, is_read_apart=True)  # read field by field
_REFERENCES = ("creator", "cluster", "tenant", "host")
_DEFAULTS = {"name": "", "logs": (), "is_definition": False, "is_summary": False}
_APART = frozenset({"subtasks", "envelope", "extra", "origin", *_REFERENCES})


def _field(attribute: str, kind: Kind | None = None) -> Field:
    chosen = kind or _KINDS[attribute]
    return Field(chosen, attribute, default=_DEFAULTS.get(attribute))


_SUBTASK = Shape(
    {name: _field(name) for name in Subtask._fields if name not in ("id", "extra")}
    | {"id": Field(ID, "id", required=True), "fields": Field(OBJECT, "extra")}
)
_TASK = Shape(
    {field.name: _field(field.name) for field in fields(Task) if field.name not in _APART}
    | {name: Field(_PART, name) for name in (*_REFERENCES, "envelope")}
    | {"subtasks": Field(OBJECTS, "subtasks"), "fields": Field(OBJECT, "extra")}
)
_REFERENCE = Shape({"id": Field(ID, "id"), "name": Field(TEXT, "name")})
_ENVELOPE = Shape(
    {
        "successful": Field(FLAG, "successful"),
        "status": Field(INTEGER, "status"),
        "timestamp": Field(TIME, "timestamp"),
        "duration": Field(INTEGER, "duration"),
        "server": Field(TEXT, "server"),
        "trace_id": Field(TEXT, "trace_id"),
        "error": Field(_PART, "error"),
    }
)
_ERROR = Shape({"code": Field(ID, "code"), "message": Field(TEXT, "message")})
_ROOT = Shape(
    {
        "format": Field(TEXT, "format"),
        "version": Field(INTEGER, "version"),
        "dialect": Field(TEXT, "dialect"),
        "task": Field(_PART, "task", required=True),
    }
)


def write_task(task: Task) -> str:
    """Write a task so that reading it again gives an equal one.

    Fields without a value are left out; where it was read from is no part of it, apart
    from the dialect.
    """
    own = {
        field.name: _plain(value)
        for field in fields(task)
        if field.name not in ("subtasks", "origin")
        and not _is_absent(value := getattr(task, field.name), field.name)
    }
    own["subtasks"] = [
        {
            name: _plain(value)
            for name, value in zip(Subtask._fields, subtask, strict=True)
            if not _is_absent(value, name)
        }
        for subtask in task.subtasks
    ]
    content = {"format": FORMAT, "version": _VERSION, "dialect": task.origin.dialect}
    return json.dumps(content | {"task": own}, ensure_ascii=False, indent=2) + "\n"


def _is_absent(value: Any, name: str) -> bool:
    if value is None or value is False:
        return value is None or name in _DEFAULTS
    return name in ("name", "logs", "extra", "naive_times") and not value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Reference):
        return _without_none(value._asdict())
    if isinstance(value, Envelope | ApiError):
        return _without_none(
            {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        )
    if isinstance(value, Mapping):
        return dict(value)
    return value


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def read_native(root: Mapping[str, Any], problems: Problems) -> list[Task]:
    """Read the task of a document in taskgraph's own JSON.

    Raises
    ------
    InputError
        If a later version wrote it.
    """
    top = _read(_ROOT, root, "", problems)
    if (top["version"] or 0) > _VERSION:
        message = f"is written in version {top['version']} of {FORMAT}"
        hint = f"this taskgraph reads version {_VERSION}: use the one that wrote it"
        raise problems.refuse(message, "/version", hint)
    problems.finish()
    return [_read_task(top["task"], top["dialect"] or "ocp", problems)]


def _read(
    shape: Shape, raw: Mapping[str, Any], pointer: str, problems: Problems
) -> dict[str, Any]:
    """Read an object that may have no other fields."""
    found = shape.read(raw, pointer, problems)
    _refuse_unknown(found.pop("extra"), pointer, problems)
    return found


def _refuse_unknown(extra: Mapping[str, Any], pointer: str, problems: Problems) -> None:
    for key in extra:
        problems.add(f"{key} is no field of {FORMAT}", f"{pointer}/{key}")


def _read_task(raw: Mapping[str, Any], dialect: str, problems: Problems) -> Task:
    pointer = "/task"
    found = _read(_TASK, raw, pointer, problems)
    rows = found.pop("subtasks") or ()
    subtasks = _SUBTASK.read_all(
        rows, lambda position: f"{pointer}/subtasks/{position}", problems, _make_subtasks
    )
    for position, row in enumerate(rows):
        if isinstance(row, dict) and (unknown := row.keys() - _SUBTASK.keys):
            place = f"{pointer}/subtasks/{position}"
            _refuse_unknown(dict.fromkeys(sorted(unknown)), place, problems)
    for name in _REFERENCES:
        if found[name] is not None:
            found[name] = Reference(
                **_read(_REFERENCE, found[name], f"{pointer}/{name}", problems)
            )
    if found["envelope"] is not None:
        found["envelope"] = _read_envelope(
            found["envelope"], f"{pointer}/envelope", problems
        )
    extra = found.pop("fields") or {}
    found["naive_times"] = _naive_times(found["naive_times"] or (), problems)
    return Task(
        **found,
        subtasks=subtasks,
        extra=extra,
        origin=problems.document.origin(dialect, pointer),
    )


def _make_subtasks(columns: dict[str, Any], count: int) -> Iterable[Subtask]:
    columns["extra"] = [fields or {} for fields in columns.pop("fields")]
    return rows_of(Subtask)(columns, count)


def _read_envelope(raw: Mapping[str, Any], pointer: str, problems: Problems) -> Envelope:
    found = _read(_ENVELOPE, raw, pointer, problems)
    if found["error"] is not None:
        found["error"] = ApiError(
            **_read(_ERROR, found["error"], f"{pointer}/error", problems)
        )
    return Envelope(**found)


def _naive_times(
    items: Iterable[Any], problems: Problems
) -> tuple[tuple[int | None, str], ...]:
    found = []
    for position, item in enumerate(items):
        match item:
            case [int() | None as place, str() as attribute]:
                found.append((place, attribute))
            case _:
                problems.add(
                    f"item {position} must be a position and an attribute",
                    f"/task/naive_times/{position}",
                )
    return tuple(found)
