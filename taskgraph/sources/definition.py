"""Definitions of tasks, written by hand for continuous integration.

A definition has the shape of a task as OCP returns it, without what only a run can have.
Ids may be left out where names are unique, edges may name subtasks, one direction of
them is enough, and durations may have units.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Literal, Required, TypeAlias

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    with_config,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from taskgraph.model.task import Id as ModelId
from taskgraph.model.task import Subtask, Task
from taskgraph.sources import fields
from taskgraph.sources.document import Problems
from taskgraph.sources.envelope import Item, items_of
from taskgraph.sources.fields import (
    Apart,
    Duration,
    Flag,
    Free,
    Maybe,
    Object,
    Text,
    describe,
    rounded,
)
from taskgraph.sources.ocp import OcpSubtask, OcpTask, Other, filled, read_references
from taskgraph.sources.validating import Keys, read_object, read_rows

__all__ = ["KIND", "DefinitionDocument", "read_definition"]

KIND = "task-definition"
_RENAME = (
    "remove what only a run can have; a saved response needs another file name, "
    "without .task or .taskdef in it"
)
_HINT = "taskgraph schema definition gives the JSON Schema of definitions"
_REFERENCES = ("cluster", "tenant", "host")
_OF_A_RESPONSE = frozenset(
    {"data", "error", "server", "successful", "timestamp", "traceId"}
)
_OWN = "x-*"


def _name_or_object(value: Any) -> Any:
    if type(value) not in (str, dict):
        raise PydanticCustomError("named", "named")
    return value


def _own_apart(value: Any) -> Any:
    """Put the fields whose names begin with ``x-`` into one, so that others are none."""
    if type(value) is not dict or not any(key.startswith("x-") for key in value):
        return value
    own = {key: item for key, item in value.items() if key.startswith("x-")}
    return {key: item for key, item in value.items() if key not in own} | {_OWN: own}


def _own_allowed(schema: dict[str, Any]) -> None:
    del schema["properties"][_OWN]
    schema["patternProperties"] = {"^x-": True}


def _id_or_name(schema: dict[str, Any]) -> None:
    _own_allowed(schema)
    one, other = (schema["properties"][key]["anyOf"][0] for key in ("id", "name"))
    schema["anyOf"] = [
        {"required": ["id"], "properties": {"id": one}},
        {"required": ["name"], "properties": {"name": other | {"minLength": 1}}},
    ]


Whole: TypeAlias = Annotated[fields.Whole, BeforeValidator(rounded)]
Id: TypeAlias = Annotated[fields.Id, BeforeValidator(rounded)]
Ids: TypeAlias = Annotated[tuple[Id, ...], Field(fail_fast=True)]
Named: TypeAlias = Annotated[
    Free,
    BeforeValidator(_name_or_object),
    WithJsonSchema(
        {
            "description": "A name, or an object with id and name.",
            "type": ["string", "object"],
        }
    ),
]
Own: TypeAlias = Annotated[Object | None, Field(default=None, alias=_OWN)]


@with_config(ConfigDict(extra="forbid", json_schema_extra=_id_or_name))
class DefinedSubtask(TypedDict, total=False):
    """One step of a task; edges may name others, and one direction is enough."""

    id: Annotated[
        Id | None, Field(default=None, description="The name, where it is left out.")
    ]
    name: Maybe[Text]
    description: Maybe[Text]
    timeout: Maybe[Duration]
    upstreams: Annotated[
        Ids | None,
        Field(default=None, description="The ids or names of what must end before."),
    ]
    downstreams: Annotated[
        Ids | None,
        Field(default=None, description="The ids or names of what waits for this."),
    ]
    prohibitRollback: Annotated[
        Flag | None,
        Field(default=None, description="Once it starts, there is no way back."),
    ]
    prohibitSkip: Annotated[
        Flag | None,
        Field(default=None, description="It cannot be skipped where it fails."),
    ]
    parallelIdx: Annotated[
        Whole | None,
        Field(default=None, description="0..k-1 for the k parts of a split one."),
    ]
    seriesId: Maybe[Whole]
    nodeType: Maybe[Text]
    className: Maybe[Text]
    upstream: Other[Ids]
    downstream: Other[Ids]
    paralleIdx: Other[Whole]
    own: Own


_SUBTASK: TypeAlias = Annotated[DefinedSubtask, BeforeValidator(_own_apart)]


@with_config(ConfigDict(extra="forbid", json_schema_extra=_own_allowed))
class DefinedTask(TypedDict, total=False):
    """A task that is to be run."""

    schema: Annotated[Text | None, Field(default=None, alias="$schema")]
    kind: Maybe[Literal["task-definition"]]
    id: Maybe[Id]
    name: Maybe[Text]
    description: Maybe[Text]
    type: Maybe[Text]
    budget: Maybe[Duration]
    prohibitRollback: Maybe[Flag]
    taskDefinitionId: Maybe[Id]
    context: Annotated[
        Object | None, Field(default=None, description="Parameters of the engine.")
    ]
    cluster: Maybe[Named]
    clusterId: Maybe[Id]
    tenant: Maybe[Named]
    tenantId: Maybe[Id]
    host: Maybe[Named]
    hostId: Maybe[Id]
    subtasks: Required[Annotated[list[Any], Apart(DefinedSubtask)] | None]
    own: Own


_TASK: TypeAlias = Annotated[DefinedTask, BeforeValidator(_own_apart)]


@with_config(ConfigDict(extra="forbid"))
class DefinedTasks(TypedDict, total=False):
    """Several tasks in one document."""

    schema: Annotated[Text | None, Field(default=None, alias="$schema")]
    kind: Maybe[Literal["task-definition"]]
    tasks: Required[Annotated[list[Any], Apart(DefinedTask, at_least=1)]]


DefinitionDocument: TypeAlias = (
    DefinedTask | DefinedTasks | Annotated[list[DefinedTask], Field(min_length=1)]
)
_KNOWN = {
    DefinedSubtask: sorted(DefinedSubtask.__annotations__.keys() - {"own"}),
    DefinedTask: sorted({"$schema", *DefinedTask.__annotations__} - {"own", "schema"}),
}
_OF_A_RUN = {*OcpSubtask.__annotations__, *OcpTask.__annotations__}.difference(
    *_KNOWN.values()
)


def read_definition(root: Any, problems: Problems) -> list[Task]:
    """Read every task of a definition: one task, a list of them, or ``tasks``.

    Raises InputError if it defines no task.
    """
    problems.hint = _HINT
    pointer, is_sound = "", True
    if isinstance(root, dict) and "tasks" in root:
        is_sound = read_object(DefinedTasks, root, "", problems, _BESIDE) is not None
        root, pointer = root["tasks"], "/tasks"
        if not isinstance(root, list):
            return []
    if isinstance(root, dict):
        return _read_task(Item(root, pointer), problems)
    if not isinstance(root, list) or not root:
        message = f"a definition is a task or a list of tasks, not {describe(root)}"
        if root == []:
            message = "defines no task"
        hint = "a task has a name and subtasks"
        raise problems.refuse(message, pointer, hint)
    tasks = problems.each(items_of(root, pointer), partial(_read_task, problems=problems))
    return tasks if is_sound else []


def _unknown(kind: Any, key: str) -> str:
    """Say that a key does not belong into such an object."""
    if key in _OF_A_RESPONSE and kind is DefinedTask:
        return f"{key} belongs to a response: {_RENAME}"
    if key in _OF_A_RUN:
        return f"{key} belongs to a run: {_RENAME}"
    near = difflib.get_close_matches(key, _KNOWN[kind], 1)
    meant = f": did you mean {near[0]}?" if near else "; own fields begin with x-"
    return f"{key} is no field of a definition{meant}"


_BESIDE = Keys("{} has no place beside tasks".format)
_IN_TASKS = Keys(partial(_unknown, DefinedTask), _OWN)
_IN_SUBTASKS = Keys(partial(_unknown, DefinedSubtask), _OWN)


def _read_task(item: Item, problems: Problems) -> list[Task]:
    raw, pointer = item
    before = problems.count
    spellings: dict[str, str] = {}
    row = read_object(_TASK, raw, pointer, problems, _IN_TASKS)
    listed = raw.get("subtasks") if isinstance(raw, dict) else None
    subtasks: tuple[Subtask, ...] = ()
    if isinstance(listed, list):
        place = f"{pointer}/subtasks"
        names = _check_names(listed, place, problems)
        rows = read_rows(_SUBTASK, listed, place, problems, _IN_SUBTASKS, context=spellings)
        if len(rows) == len(listed):
            subtasks = _subtasks(map(_attributes, rows), names, place, problems)
    if problems.count > before:
        return []
    extra = dict(row["own"] or {})
    if row["description"] is not None:
        extra["description"] = row["description"]
    named, beside = read_references(row, _REFERENCES)
    return [
        Task(
            id=row["id"],
            name=row["name"] or "",
            type=row["type"],
            subtasks=subtasks,
            prohibit_rollback=row["prohibitRollback"],
            definition_id=row["taskDefinitionId"],
            context=row["context"],
            budget=row["budget"],
            is_definition=True,
            extra=extra | beside,
            origin=problems.document.origin("definition", pointer, None, spellings),
            **named,
        )
    ]


def _attributes(row: dict[str, Any]) -> dict[str, Any]:
    """Give what a subtask has of what was read of it."""
    own = row.pop("own")
    return filled(row) | {"extra": own or {}}


def _check_names(listed: list[Any], place: str, problems: Problems) -> Counter[str]:
    """Count the names of subtasks; they must be unique where they stand for ids."""
    rows = [row if isinstance(row, dict) else {} for row in listed]
    names = Counter(
        row["name"] for row in rows if row.get("name") and isinstance(row["name"], str)
    )
    for position, row in enumerate(listed):
        if not isinstance(row, dict) or row.get("id") is not None:
            continue
        name = row.get("name")
        if not name:
            problems.add("a subtask needs a name or an id", f"{place}/{position}")
        elif isinstance(name, str) and names[name] > 1:
            message = f"{names[name]} subtasks have this name: give them ids"
            problems.add(message, f"{place}/{position}/name")
    return names


def _subtasks(
    rows: Iterable[dict[str, Any]], names: Counter[str], prefix: str, problems: Problems
) -> tuple[Subtask, ...]:
    rows = list(rows)
    for row in rows:
        row["id"] = row["name"] if row["id"] is None else row["id"]
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
    item: ModelId,
    ids: set[ModelId],
    by_name: Mapping[str, ModelId],
    names: Counter[str],
    pointer: str,
    problems: Problems,
) -> ModelId:
    """Give the id of the subtask that an edge means; what nothing is called stays."""
    if item in ids or not isinstance(item, str) or item not in by_name:
        return item
    if names[item] > 1:
        problems.add(f"{names[item]} subtasks have this name: use an id", pointer)
    return by_name[item]
