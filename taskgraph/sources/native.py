"""taskgraph's own JSON: a task as the model has it, whatever it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from functools import partial
from operator import itemgetter
from types import MappingProxyType
from typing import Annotated, Any, Literal, Required, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from taskgraph.model.declaration import FirstVersion
from taskgraph.model.task import ApiError, Envelope, Reference, Subtask, Task
from taskgraph.sources.document import Problems
from taskgraph.sources.fields import (
    Apart,
    Flag,
    Id,
    Ids,
    Maybe,
    Object,
    Text,
    Texts,
    Time,
    Told,
    Whole,
)
from taskgraph.sources.validating import Keys, read_object, read_rows

FORMAT = "taskgraph/task"
_VERSION = 1
_CLOSED = ConfigDict(extra="forbid")
_DEFAULTS = {"name": "", "logs": (), "is_definition": False, "is_summary": False}


@with_config(_CLOSED)
class OwnSubtask(TypedDict, total=False):
    """A subtask as the model has it."""

    id: Required[Id]
    name: Maybe[Text]
    description: Maybe[Text]
    status: Maybe[Text]
    operation: Maybe[Text]
    timeout: Maybe[Whole]
    attempts: Maybe[Whole]
    upstreams: Maybe[Ids]
    downstreams: Maybe[Ids]
    prohibit_rollback: Maybe[Flag]
    prohibit_skip: Maybe[Flag]
    parallel_index: Maybe[Whole]
    series_id: Maybe[Whole]
    task_id: Maybe[Id]
    node_type: Maybe[Text]
    class_name: Maybe[Text]
    executor: Maybe[Text]
    create_time: Maybe[Time]
    start_time: Maybe[Time]
    finish_time: Maybe[Time]
    host: Maybe[Text]
    logs: Maybe[Texts]
    extra: Maybe[Object]


@with_config(_CLOSED)
class _Reference(TypedDict, total=False):
    id: Maybe[Id]
    name: Maybe[Text]


@with_config(_CLOSED)
class _Error(TypedDict, total=False):
    code: Maybe[Id]
    message: Maybe[Text]


def _made(model: Any, row: dict[str, Any]) -> Any:
    """Make what the model has from a row, with its defaults for what is not there."""
    return model(**{key: value for key, value in row.items() if value is not None})


_NAMED: TypeAlias = Annotated[_Reference, AfterValidator(partial(_made, Reference))]
_FAULT: TypeAlias = Annotated[_Error, AfterValidator(partial(_made, ApiError))]


@with_config(_CLOSED)
class _Envelope(TypedDict, total=False):
    successful: Maybe[Flag]
    status: Maybe[Whole]
    timestamp: Maybe[Time]
    duration: Maybe[Whole]
    server: Maybe[Text]
    trace_id: Maybe[Text]
    error: Maybe[_FAULT]


_AROUND: TypeAlias = Annotated[_Envelope, AfterValidator(partial(_made, Envelope))]
_PLACE: TypeAlias = Annotated[tuple[Whole | None, Text], Told("position")]


@with_config(_CLOSED)
class OwnTask(TypedDict, total=False):
    """A task as the model has it."""

    id: Maybe[Id]
    name: Maybe[Text]
    status: Maybe[Text]
    operation: Maybe[Text]
    type: Maybe[Text]
    subtasks: Maybe[Annotated[list[Any], Apart(OwnSubtask)]]
    creator: Maybe[_NAMED]
    executor: Maybe[Text]
    create_time: Maybe[Time]
    start_time: Maybe[Time]
    finish_time: Maybe[Time]
    prohibit_rollback: Maybe[Flag]
    definition_id: Maybe[Id]
    cluster: Maybe[_NAMED]
    tenant: Maybe[_NAMED]
    host: Maybe[_NAMED]
    context: Maybe[Object]
    budget: Maybe[Whole]
    is_definition: Maybe[Flag]
    is_summary: Maybe[Flag]
    naive_times: Maybe[
        Annotated[list[_PLACE], Field(fail_fast=True), AfterValidator(tuple)]
    ]
    assumed_offset: Maybe[Text]
    unusual_times: Maybe[Texts]
    extra: Maybe[Object]
    envelope: Maybe[_AROUND]


@with_config(_CLOSED)
class OwnDocument(TypedDict, total=False):
    """A document in taskgraph's own JSON."""

    format: Required[Literal["taskgraph/task"]]
    version: Maybe[FirstVersion]
    dialect: Maybe[Text]
    task: Required[OwnTask]


_EMPTY = frozenset({"name", "logs", "extra", "naive_times", "unusual_times"})
"""What is left out where it is empty."""
_KEYS = Keys("{} is no field of taskgraph/task".format)
_FIELDS = itemgetter(*Subtask._fields)
_NEW = tuple.__new__
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _subtask(row: dict[str, Any]) -> Subtask:
    """Make a subtask; there may be many, so it is made in the quickest way."""
    row["name"] = row["name"] or ""
    row["logs"] = row["logs"] or ()
    row["extra"] = row["extra"] or _NOTHING
    return _NEW(Subtask, _FIELDS(row))


_ROW: TypeAlias = Annotated[OwnSubtask, AfterValidator(_subtask)]


def own_content(task: Task) -> dict[str, Any]:
    """Write a task as our own JSON has it, but for its subtasks and what is absent."""
    own = {
        field.name: _plain(value)
        for field in fields(task)
        if field.name not in ("subtasks", "origin")
        and not _is_absent(value := getattr(task, field.name), field.name)
    }
    dialect = task.origin.dialect
    return {"format": FORMAT, "version": _VERSION, "dialect": dialect, "task": own}


def own_row(subtask: Subtask) -> dict[str, Any]:
    """Write a subtask as our own JSON has it, without what is absent."""
    return {
        name: _plain(value)
        for name, value in zip(Subtask._fields, subtask, strict=True)
        if not _is_absent(value, name)
    }


def _is_absent(value: Any, name: str) -> bool:
    if value is None or value is False:
        return value is None or name in _DEFAULTS
    return name in _EMPTY and not value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Reference | Envelope | ApiError):
        parts = value._asdict().items()
        return {name: _plain(part) for name, part in parts if part is not None}
    return dict(value) if isinstance(value, Mapping) else value


def read_native(root: Mapping[str, Any], problems: Problems) -> list[Task]:
    """Read the task of a document in taskgraph's own JSON.

    Raises InputError if a later version wrote it.
    """
    version = root.get("version")
    if type(version) is int and version > _VERSION:
        message = f"is written in version {version} of {FORMAT}"
        hint = f"this taskgraph reads version {_VERSION}: use the one that wrote it"
        raise problems.refuse(message, "/version", hint)
    top = read_object(OwnDocument, root, "", problems, _KEYS)
    raw = root.get("task")
    rows = raw.get("subtasks") if isinstance(raw, dict) else None
    subtasks = []
    if isinstance(rows, list):
        subtasks = read_rows(_ROW, rows, "/task/subtasks", problems, _KEYS)
    if problems.count:
        return []
    fields = top["task"] | {
        "subtasks": tuple(subtasks),
        "origin": problems.document.origin(top["dialect"] or "ocp", "/task"),
    }
    return [_made(partial(Task, id=None), fields)]
