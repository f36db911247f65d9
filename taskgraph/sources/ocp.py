"""The documents of the OceanBase Cloud Platform (OCP) and of what imitates them.

Both generations of create-style responses, task details, lists of tasks, bare tasks and
bare arrays of tasks have one shape with different fields left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from taskgraph.model import Envelope, Id, Reference, Subtask, Task
from taskgraph.sources.document import MEND, Problems
from taskgraph.sources.envelope import Item, items_of, no_data, read_envelope, unwrap
from taskgraph.sources.kinds import (
    ANY,
    FLAG,
    ID,
    IDS,
    INTEGER,
    OBJECT,
    OBJECTS,
    TEXT,
    TIME,
    describe,
    is_id,
)
from taskgraph.sources.shapes import Field, Shape, rows_of

__all__ = ["SUBTASK_FIELDS", "TASK_FIELDS", "read_ocp", "reference"]

_REFERENCES = ("creator", "cluster", "tenant", "host")
_SUBTASK_MARKS = frozenset(
    {"seriesId", "parallelIdx", "nodeType", "upstreams", "downstreams", "runTime"}
)
_GET_THE_TASK = (
    'save the response of "Query task instance details" instead, '
    "GET /api/v2/tasks/instances/{task id}: it has the whole task"
)

# The documentation's tables spell three fields in another way than the responses.
SUBTASK_FIELDS = {
    "id": Field(ID, "id", required=True),
    "name": Field(TEXT, "name", default=""),
    "description": Field(TEXT, "description"),
    "status": Field(TEXT, "status"),
    "operation": Field(TEXT, "operation"),
    "timeout": Field(INTEGER, "timeout"),
    "attempts": Field(INTEGER, "runTime"),
    "upstreams": Field(IDS, "upstreams", "upstream"),
    "downstreams": Field(IDS, "downstreams", "downstream"),
    "prohibit_rollback": Field(FLAG, "prohibitRollback"),
    "prohibit_skip": Field(FLAG, "prohibitSkip"),
    "parallel_index": Field(INTEGER, "parallelIdx", "paralleIdx"),
    "series_id": Field(INTEGER, "seriesId"),
    "task_id": Field(ID, "taskId"),
    "node_type": Field(TEXT, "nodeType"),
    "class_name": Field(TEXT, "className"),
    "executor": Field(TEXT, "executor"),
    "create_time": Field(TIME, "createTime"),
    "start_time": Field(TIME, "startTime"),
    "finish_time": Field(TIME, "finishTime"),
}
TASK_FIELDS = {
    "id": Field(ID, "id"),
    "name": Field(TEXT, "name", default=""),
    "status": Field(TEXT, "status"),
    "operation": Field(TEXT, "operation"),
    "type": Field(TEXT, "type"),
    "creator": Field(ANY, "creator"),
    "creator_id": Field(ID, "creatorId"),
    "executor": Field(TEXT, "executor"),
    "create_time": Field(TIME, "createTime"),
    "start_time": Field(TIME, "startTime"),
    "finish_time": Field(TIME, "finishTime"),
    "prohibit_rollback": Field(FLAG, "prohibitRollback"),
    "definition_id": Field(ID, "taskDefinitionId"),
    "cluster": Field(ANY, "cluster"),
    "cluster_id": Field(ID, "clusterId"),
    "tenant": Field(ANY, "tenant"),
    "tenant_id": Field(ID, "tenantId"),
    "host": Field(ANY, "host"),
    "host_id": Field(ID, "hostId"),
    "context": Field(OBJECT, "context"),
    "subtasks": Field(OBJECTS, "subtasks"),
}
_SUBTASK, _TASK = Shape(SUBTASK_FIELDS), Shape(TASK_FIELDS)


def read_ocp(root: Any, problems: Problems) -> list[Task]:
    """Read every task of a document.

    Parameters
    ----------
    root : object
        The parsed document.
    problems : Problems
        Gets what is wrong.

    Raises
    ------
    InputError
        If the document holds no task; it then says what it is.
    """
    if isinstance(root, list) and root and all(map(_is_response, root)):
        tasks = []
        for position, response in enumerate(root):
            items, envelope = _items(response, problems, f"/{position}")
            tasks += [_read_task(item, envelope, problems) for item in items]
        return tasks
    items, envelope = _items(root, problems)
    return [_read_task(item, envelope, problems) for item in items]


def _is_response(value: Any) -> bool:
    """Tell whether an item of a list is a whole response, as jq -s puts them together."""
    return isinstance(value, dict) and "data" in value and "subtasks" not in value


def _items(
    root: Any, problems: Problems, above: str = ""
) -> tuple[Iterator[Item], Envelope | None]:
    if isinstance(root, list):
        if not root:
            raise problems.refuse("is a list without tasks", "", _GET_THE_TASK)
        return items_of(root, ""), None
    if not isinstance(root, dict):
        message = f"the document must be an object, not {describe(root)}"
        raise problems.refuse(message, "", MEND)
    if "data" not in root:
        if "subtasks" in root:
            return iter([Item(root, "")]), None
        if _looks_like_subtask(root):
            raise problems.refuse("is one subtask, not a task", "", _GET_THE_TASK)
        raise no_data(root, _GET_THE_TASK, problems)
    items = unwrap(root, _GET_THE_TASK, problems, above)
    return items, read_envelope(root, problems, above)


def _looks_like_subtask(raw: Mapping[str, Any]) -> bool:
    return len(_SUBTASK_MARKS & raw.keys()) >= 2


def _read_task(item: Item, envelope: Envelope | None, problems: Problems) -> Task:
    raw, pointer = item
    if not isinstance(raw, dict):
        field = pointer.rpartition("/")[2]
        what = f"item {field}" if field.isdecimal() else field
        problems.add(f"{what} must be an object, not {describe(raw)}", pointer)
        return Task(id=None)
    if "subtasks" not in raw:
        if _looks_like_subtask(raw):
            raise problems.refuse("is one subtask, not a task", pointer, _GET_THE_TASK)
        hint = f"a task has subtasks: {_GET_THE_TASK}"
        raise problems.refuse("holds no task", pointer, hint)
    found = _TASK.read(raw, pointer, problems)
    subtasks = _SUBTASK.read_all(
        found["subtasks"] or (),
        lambda position: f"{pointer}/subtasks/{position}",
        problems,
        rows_of(Subtask),
    )
    extra = dict(found["extra"])
    for key in _REFERENCES:
        extra |= reference_extra(key, found[key])
    return Task(
        id=found["id"],
        name=found["name"],
        status=found["status"],
        operation=found["operation"],
        type=found["type"],
        subtasks=subtasks,
        creator=reference(found["creator"], found["creator_id"]),
        executor=found["executor"],
        create_time=found["create_time"],
        start_time=found["start_time"],
        finish_time=found["finish_time"],
        prohibit_rollback=found["prohibit_rollback"],
        definition_id=found["definition_id"],
        cluster=reference(found["cluster"], found["cluster_id"]),
        tenant=reference(found["tenant"], found["tenant_id"]),
        host=reference(found["host"], found["host_id"]),
        context=found["context"],
        extra=extra,
        envelope=envelope,
        origin=problems.document.origin("ocp", pointer, None, problems.spellings),
    )


def reference(value: Any, identifier: Id | None) -> Reference | None:
    """Read who or what a task names: a name, an id, or an object with both."""
    if isinstance(value, Mapping):
        own, name = value.get("id"), value.get("name")
        if is_id(own):
            identifier = own
        value = name
    if isinstance(value, str):
        return Reference(identifier, value)
    return None if identifier is None else Reference(identifier)


def reference_extra(key: str, value: Any) -> dict[str, Any]:
    """Give what an object that a task names has beside its id and name."""
    if not isinstance(value, Mapping):
        return {}
    rest = {
        name: item
        for name, item in value.items()
        if not (name == "id" and is_id(item)) and not (name == "name" and type(item) is str)
    }
    return {key: rest} if rest else {}
