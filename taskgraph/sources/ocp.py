"""The documents of the OceanBase Cloud Platform (OCP) and of what imitates them.

Both generations of create-style responses, task details, lists of tasks, bare tasks and
bare arrays of tasks have one shape with different fields left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Annotated, Any, Required, TypeAlias, TypeVar

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from taskgraph.model.task import (
    Envelope,
    Reference,
    Subtask,
    Subtasks,
    Task,
    known_word,
    known_words,
)
from taskgraph.model.task import Id as ModelId
from taskgraph.sources.document import MEND, Problems
from taskgraph.sources.envelope import (
    Item,
    OneOrMore,
    Opened,
    Response,
    open_response,
)
from taskgraph.sources.fields import (
    Apart,
    Flag,
    Free,
    Id,
    Ids,
    Maybe,
    Object,
    Text,
    Time,
    Whole,
    describe,
    is_id,
)
from taskgraph.sources.validating import AT_ONCE, read_columns, read_object, read_rows

T = TypeVar("T")

_REFERENCES = ("creator", "cluster", "tenant", "host")
_SUBTASK_MARKS = frozenset(
    {"seriesId", "parallelIdx", "nodeType", "upstreams", "downstreams", "runTime"}
)
_GET_THE_TASK = (
    'save the response of "Query task instance details" instead, '
    "GET /api/v2/tasks/instances/{task id}: it has the whole task"
)
_DEFINITION = (
    "a definition says so: kind: task-definition, or a file name like x.task.json; on "
    "standard input --stdin-filename gives it one"
)

SPELLINGS = {
    "upstream": "upstreams",
    "downstream": "downstreams",
    "paralleIdx": "parallelIdx",
}
"""The usual names of fields by their other ones."""


def _said_once(value: Any, info: ValidationInfo) -> Any:
    """Check a field that has another name too: the two may not say two things.

    The usual name comes first. Where only this one is used, it is noted for whoever looks
    for the field.
    """
    usual_name = SPELLINGS[info.field_name or ""]
    usual = info.data.get(usual_name)
    if usual is not None and value is not None and usual != value:
        kind = "spellings"
        raise PydanticCustomError(kind, kind, {"usual": usual_name})
    if usual is None and info.context is not None:
        info.context[ATTRIBUTES[usual_name]] = info.field_name
    return value


Other: TypeAlias = Annotated[T | None, AfterValidator(_said_once)]


class OcpSubtask(TypedDict, total=False, extra_items=Free):  # type: ignore[call-arg]
    """A subtask as OCP writes it.

    The documentation's tables spell three fields in another way than the responses.
    """

    id: Required[Id]
    name: Maybe[Text]
    description: Maybe[Text]
    status: Maybe[Text]
    operation: Maybe[Text]
    timeout: Maybe[Whole]
    runTime: Maybe[Whole]
    upstreams: Maybe[Ids]
    downstreams: Maybe[Ids]
    prohibitRollback: Maybe[Flag]
    prohibitSkip: Maybe[Flag]
    parallelIdx: Maybe[Whole]
    seriesId: Maybe[Whole]
    taskId: Maybe[Id]
    nodeType: Maybe[Text]
    className: Maybe[Text]
    executor: Maybe[Text]
    createTime: Maybe[Time]
    startTime: Maybe[Time]
    finishTime: Maybe[Time]
    upstream: Other[Ids]
    downstream: Other[Ids]
    paralleIdx: Other[Whole]


_KEYS = tuple(key for key in OcpSubtask.__annotations__ if key not in SPELLINGS)
ATTRIBUTES = dict(zip(_KEYS, Subtask._fields, strict=False))
"""The attributes of subtasks by the keys of documents; they have the same order."""
_WORDS = frozenset({"status", "operation", "nodeType"})
"""The fields that hold words of the API, which some versions write in lower case."""
_DEFAULTS = dict.fromkeys(Subtask._fields) | Subtask._field_defaults
_NEW = tuple.__new__  # past the keywords of Subtask: there are 100,000 rows
_MOST_GROUPS = 20  # kinds of rows in a part; where there are more, they are read one by one


def _subtask(row: dict[str, Any]) -> Subtask:
    return Subtask(**filled(row))


def filled(row: dict[str, Any]) -> dict[str, Any]:
    """Turn a row into a subtask's attributes; what the model does not know is ``extra``."""
    for other, usual in SPELLINGS.items():
        value = row.pop(other, None)
        if row.get(usual) is None:
            row[usual] = value
    for key in _WORDS & row.keys():
        row[key] = known_word(row[key])
    extra = {key: value for key, value in row.items() if key not in ATTRIBUTES}
    known = {ATTRIBUTES[key]: row[key] for key in row.keys() - extra.keys()}
    return known | {"name": row["name"] or "", "extra": extra or _DEFAULTS["extra"]}


_ROW: TypeAlias = Annotated[OcpSubtask, AfterValidator(_subtask)]


def read_subtasks(
    rows: list[Any], pointer: str, problems: Problems
) -> tuple[Subtasks, dict[str, str]]:
    """Read the subtasks of a list, and take them out of it.

    Where many rows have the same keys, pydantic is three times as fast by columns. Rows
    that are spelled in another way, or have something wrong, are read one by one; the wrong
    ones are left out. Beside the subtasks come the keys that are not spelled as usual, by
    attribute.
    """
    made: list[Subtask] = []
    spellings: dict[str, str] = {}
    columns: dict[str, list[Any]] | None = {}
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        rows[start : start + AT_ONCE] = repeat(None, len(part))  # memory is free sooner
        are_objects = set(map(type, part)) == {dict}
        values = _alike(part, spellings) if are_objects else None
        if values is not None:
            made += _made(values, len(part))
            if columns is not None:
                columns = _with_part(columns, values, start, len(rows))
            continue
        columns = None  # they would have to be made of the rows
        usual = _grouped(part, spellings) if are_objects else None
        if usual is None:
            usual = read_rows(_ROW, part, pointer, problems, start=start, context=spellings)
        made += usual
    subtasks = Subtasks(made)
    if columns:
        subtasks.keep(columns)
    return subtasks, spellings


def _with_part(
    columns: dict[str, list[Any]], values: dict[str, list[Any]], start: int, count: int
) -> dict[str, list[Any]]:
    """Put the values of some rows into the columns of all of so many rows."""
    if count <= AT_ONCE:
        return values
    for name, some in values.items():
        if name not in columns:
            columns[name] = [_DEFAULTS[name]] * count
        columns[name][start : start + AT_ONCE] = some
    return columns


def _grouped(rows: list[Any], spellings: dict[str, str]) -> list[Subtask] | None:
    """Make subtasks of rows that have few sets of keys; ``None`` if one is not as usual."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for position, row in enumerate(rows):
        groups.setdefault(tuple(row), []).append(position)
    if not 1 < len(groups) <= _MOST_GROUPS:
        return None
    by_position: dict[int, Subtask] = {}
    for positions in groups.values():
        values = _alike([rows[position] for position in positions], spellings)
        if values is None:
            return None
        by_position.update(zip(positions, _made(values, len(positions)), strict=True))
    return [by_position[position] for position in range(len(rows))]


def _made(values: Mapping[str, list[Any]], count: int) -> list[Subtask]:
    columns = [
        values.get(name) or repeat(default, count) for name, default in _DEFAULTS.items()
    ]
    return list(map(_NEW, repeat(Subtask), zip(*columns, strict=True)))


def _alike(
    rows: list[dict[str, Any]], spellings: dict[str, str]
) -> dict[str, list[Any]] | None:
    """Read rows that all have the same keys as columns of attributes; else ``None``."""
    first = rows[0]
    unusual = {other: usual for other, usual in SPELLINGS.items() if other in first}
    if any(usual in first for usual in unusual.values()):
        return None
    columns = read_columns(OcpSubtask, _KEYS, rows, unusual)
    if columns is None or None in columns.get("name", ()):
        return None
    spellings |= {ATTRIBUTES[usual]: other for other, usual in unusual.items()}
    for key in _WORDS & columns.keys():
        columns[key] = known_words(columns[key])
    values = {ATTRIBUTES[key]: columns.pop(key) for key in _KEYS if key in columns}
    if columns:
        others = zip(*columns.values(), strict=True)
        values["extra"] = [dict(zip(columns, row, strict=True)) for row in others]
    return values


class OcpTask(TypedDict, total=False, extra_items=Free):  # type: ignore[call-arg]
    """A task as OCP writes it."""

    id: Maybe[Id]
    name: Maybe[Text]
    status: Maybe[Text]
    operation: Maybe[Text]
    type: Maybe[Text]
    creator: Maybe[Free]
    creatorId: Maybe[Id]
    executor: Maybe[Text]
    createTime: Maybe[Time]
    startTime: Maybe[Time]
    finishTime: Maybe[Time]
    prohibitRollback: Maybe[Flag]
    taskDefinitionId: Maybe[Id]
    cluster: Maybe[Free]
    clusterId: Maybe[Id]
    tenant: Maybe[Free]
    tenantId: Maybe[Id]
    host: Maybe[Free]
    hostId: Maybe[Id]
    context: Maybe[Object]
    subtasks: Required[Annotated[list[Any], Apart(OcpSubtask)] | None]


_TASK_KEYS = frozenset(OcpTask.__annotations__)
OcpDocument: TypeAlias = OneOrMore[Response[OcpTask] | OcpTask]


def read_ocp(item: Item, problems: Problems) -> list[Task]:
    """Read every task of a document, or of an item of a list.

    Raises InputError if there is none; it then says what the document is.
    """
    return _opened(item, problems).each(_read_task, problems)


def _opened(item: Item, problems: Problems) -> Opened:
    root, pointer = item
    if root == []:
        raise problems.refuse("is a list without tasks", pointer, _GET_THE_TASK)
    if not isinstance(root, dict) and not pointer:
        message = f"the document must be an object, not {describe(root)}"
        raise problems.refuse(message, pointer, MEND)
    if not isinstance(root, dict) or ("subtasks" in root and "data" not in root):
        return Opened(iter([item]))
    if "data" not in root and _looks_like_subtask(root):
        raise problems.refuse("is one subtask, not a task", pointer, _GET_THE_TASK)
    return open_response(root, _GET_THE_TASK, problems, pointer)


def _looks_like_subtask(raw: Mapping[str, Any]) -> bool:
    return len(_SUBTASK_MARKS & raw.keys()) >= 2


def _read_task(item: Item, envelope: Envelope | None, problems: Problems) -> list[Task]:
    raw, pointer = item
    if isinstance(raw, dict) and "subtasks" not in raw:
        if _looks_like_subtask(raw):
            raise problems.refuse("is one subtask, not a task", pointer, _GET_THE_TASK)
        hint = f"a task has subtasks: {_GET_THE_TASK}"
        raise problems.refuse("holds no task", pointer, hint)
    before = problems.count
    row = read_object(OcpTask, raw, pointer, problems)
    rows = raw["subtasks"] if isinstance(raw, dict) else None
    listed = rows if isinstance(rows, list) else []
    is_defined = isinstance(raw, dict) and _looks_defined(raw, listed[:3])
    subtasks, spellings = read_subtasks(listed, f"{pointer}/subtasks", problems)
    if problems.count > before:
        if problems.hint == MEND and is_defined:
            problems.hint = _DEFINITION
        return []
    extra = {key: value for key, value in row.items() if key not in _TASK_KEYS}
    named, beside = read_references(row, _REFERENCES)
    return [
        Task(
            id=row["id"],
            name=row["name"] or "",
            status=known_word(row["status"]),
            operation=known_word(row["operation"]),
            type=known_word(row["type"]),
            subtasks=subtasks,
            executor=row["executor"],
            create_time=row["createTime"],
            start_time=row["startTime"],
            finish_time=row["finishTime"],
            prohibit_rollback=row["prohibitRollback"],
            definition_id=row["taskDefinitionId"],
            context=row["context"],
            extra=extra | beside,
            envelope=envelope,
            origin=problems.document.origin("ocp", pointer, None, spellings),
            **named,
        )
    ]


def _looks_defined(raw: Mapping[str, Any], rows: list[Any]) -> bool:
    """Tell whether it may be a definition: written by hand, with names and no ids."""
    return (
        bool(rows)
        and raw.keys().isdisjoint({"status", "operation", "startTime"})
        and all(isinstance(row, dict) and "id" not in row and "name" in row for row in rows)
    )


def read_references(
    row: Mapping[str, Any], keys: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read who and what a task names, and what such objects have beside id and name."""
    named = {key: _reference(row[key], row[f"{key}Id"]) for key in keys}
    beside = {key: rest for key in keys if (rest := _beside(row[key]))}
    return named, beside


def _reference(value: Any, identifier: ModelId | None) -> Reference | None:
    """Read who or what a task names: a name, an id, or an object with both."""
    if isinstance(value, Mapping):
        own, name = value.get("id"), value.get("name")
        if is_id(own):
            identifier = own
        value = name
    if isinstance(value, str):
        return Reference(identifier, value)
    return None if identifier is None else Reference(identifier)


def _beside(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {}
    return {
        name: item
        for name, item in value.items()
        if not (name == "id" and is_id(item)) and not (name == "name" and type(item) is str)
    }
