"""The documents of obshell, the agent that deploys and runs OceanBase clusters.

Its DAG is a row of nodes that run one after the other, and the sub-tasks of a node run
side by side: each depends on all sub-tasks of the node before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from taskgraph.model import Envelope, Id, Operation, Status, Subtask, Task
from taskgraph.sources.document import Problems
from taskgraph.sources.envelope import Item, items_of, read_envelope, unwrap
from taskgraph.sources.kinds import (
    ANY,
    ID,
    INTEGER,
    OBJECTS,
    TEXT,
    TEXTS,
    TIME,
    describe,
)
from taskgraph.sources.shapes import Field, Shape

__all__ = ["read_obshell"]

_GET_THE_DAG = "save the response of GET /api/v1/task/dag/{id}: it has the whole DAG"
_MOST_EDGES = 1_000_000
_STATES = {"SUCCEED": Status.SUCCESSFUL.value}
_OPERATORS = {"RUN": Operation.EXECUTE.value, "PASS": Operation.SKIP.value}
_STARTED = frozenset({Status.RUNNING, Status.FAILED, Status.SUCCESSFUL})
_ENDED = frozenset({Status.FAILED, Status.SUCCESSFUL})
# What is to run again is set back to the epoch, and what never ran to the year 1.
_NEVER = datetime(1970, 1, 2, tzinfo=UTC)

_COMMON = {
    "generic_id": Field(ID, "id"),
    "name": Field(TEXT, "name", default=""),
    "state": Field(TEXT, "state"),
    "operator": Field(TEXT, "operator"),
    "start_time": Field(TIME, "start_time"),
    "end_time": Field(TIME, "end_time"),
}
_DAG = Shape(_COMMON | {"dag_id": Field(ID, "dag_id"), "nodes": Field(OBJECTS, "nodes")})
_NODE = Shape(
    _COMMON | {"node_id": Field(ID, "node_id"), "sub_tasks": Field(OBJECTS, "sub_tasks")}
)
_SUB_TASK = Shape(
    _COMMON
    | {
        "task_id": Field(ID, "task_id"),
        "attempts": Field(INTEGER, "execute_times"),
        "agent": Field(ANY, "execute_agent"),
        "logs": Field(TEXTS, "task_logs", default=()),
    }
)


def read_obshell(root: Any, problems: Problems) -> list[Task]:
    """Read every DAG of a document; a node alone is read as a task without edges.

    Raises
    ------
    InputError
        If the document holds a single sub-task, or a DAG with far too many edges.
    """
    envelope = None
    if isinstance(root, list):
        items = items_of(root, "")
    elif "data" in root:
        items = unwrap(root, _GET_THE_DAG, problems)
        envelope = read_envelope(root, problems)
    else:
        items = iter([Item(root, "")])
    return [_read_item(item, envelope, problems) for item in items]


def _read_item(item: Item, envelope: Envelope | None, problems: Problems) -> Task:
    raw, pointer = item
    if not isinstance(raw, dict):
        problems.add(f"a DAG must be an object, not {describe(raw)}", pointer)
        return Task(id=None)
    if "dag_id" in raw or "nodes" in raw:
        return _read_dag(raw, pointer, envelope, problems)
    if "sub_tasks" in raw:
        return _read_node(raw, pointer, envelope, problems)
    what = "is one sub-task of obshell, not a DAG"
    raise problems.refuse(what, pointer, _GET_THE_DAG)


class _Stage(NamedTuple):
    """The subtasks of one node, and their pointers."""

    subtasks: list[Subtask]
    pointers: list[str]

    @property
    def ids(self) -> tuple[Id, ...]:
        return tuple(subtask.id for subtask in self.subtasks)


def _read_dag(
    raw: Mapping[str, Any], pointer: str, envelope: Envelope | None, problems: Problems
) -> Task:
    found = _DAG.read(raw, pointer, problems)
    nodes = found["nodes"]
    stages = [
        _read_stage(node, f"{pointer}/nodes/{i}", problems)
        for i, node in enumerate(nodes or ())
    ]
    stages = [stage for stage in stages if stage.subtasks]
    edges = sum(
        len(before.subtasks) * len(after.subtasks) for before, after in pairwise(stages)
    )
    if edges > _MOST_EDGES:
        message = f"the sub-tasks of neighbouring nodes make {edges:,} edges"
        hint = f"no more than {_MOST_EDGES:,} are read"
        raise problems.refuse(message, f"{pointer}/nodes", hint)
    ids = [(), *(stage.ids for stage in stages), ()]
    subtasks = tuple(
        subtask._replace(upstreams=ids[place], downstreams=ids[place + 2])
        for place, stage in enumerate(stages)
        for subtask in stage.subtasks
    )
    identifier = found["dag_id"] if found["generic_id"] is None else found["generic_id"]
    extra = dict(found["extra"])
    if found["dag_id"] is not None and found["dag_id"] != identifier:
        extra["dag_id"] = found["dag_id"]
    return Task(
        id=identifier,
        **_common(found),
        subtasks=subtasks,
        is_summary=nodes is None,
        extra=extra,
        envelope=envelope,
        origin=problems.document.origin(
            "obshell", pointer, tuple(place for stage in stages for place in stage.pointers)
        ),
    )


def _read_node(
    raw: Mapping[str, Any], pointer: str, envelope: Envelope | None, problems: Problems
) -> Task:
    """Read the details of one node: what is around it is not known."""
    found = _NODE.read(raw, pointer, problems)
    stage = _stage(found, pointer, problems)
    return Task(
        id=found["node_id"] if found["generic_id"] is None else found["generic_id"],
        **_common(found),
        subtasks=tuple(stage.subtasks),
        extra=found["extra"],
        envelope=envelope,
        origin=problems.document.origin("obshell", pointer, tuple(stage.pointers)),
    )


def _read_stage(raw: Any, pointer: str, problems: Problems) -> _Stage:
    """Read the sub-tasks of a node."""
    if not isinstance(raw, dict):
        problems.add(f"a node must be an object, not {describe(raw)}", pointer)
        return _Stage([], [])
    return _stage(_NODE.read(raw, pointer, problems), pointer, problems)


def _stage(found: Mapping[str, Any], pointer: str, problems: Problems) -> _Stage:
    """Read the sub-tasks of a node; a node that does not list them stands for them."""
    rows = found["sub_tasks"]
    if not rows:
        number = found["node_id"] if found["generic_id"] is None else found["generic_id"]
        node = Subtask(id=f"node {number}", **_common(found), extra=found["extra"])
        return _Stage([node], [pointer])
    columns = _SUB_TASK.read_all(
        rows, lambda position: f"{pointer}/sub_tasks/{position}", problems, _as_mappings
    )
    is_split = len(columns) > 1 and len({row["name"] for row in columns}) == 1
    for position, value in enumerate(rows):
        if isinstance(value, dict) and value.get("task_id") is value.get("id") is None:
            problems.add("task_id is missing", f"{pointer}/sub_tasks/{position}")
    subtasks = []
    for position, row in enumerate(columns):
        index = position if is_split else -1 if len(columns) == 1 else None
        subtasks.append(_subtask(row, index))
    return _Stage(subtasks, [f"{pointer}/sub_tasks/{i}" for i in range(len(subtasks))])


def _as_mappings(columns: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    return [{name: column[i] for name, column in columns.items()} for i in range(count)]


def _subtask(row: Mapping[str, Any], index: int | None) -> Subtask:
    extra = dict(row["extra"])
    identifier = row["generic_id"] if row["task_id"] is None else row["task_id"]
    if row["generic_id"] is not None and row["generic_id"] != identifier:
        extra["id"] = row["generic_id"]
    host = _host(row["agent"])
    if host is None and row["agent"] is not None:
        extra["execute_agent"] = row["agent"]
    return Subtask(
        id=identifier,
        **_common(row),
        attempts=row["attempts"],
        parallel_index=index,
        host=host,
        logs=row["logs"],
        extra=extra,
    )


def _common(found: Mapping[str, Any]) -> dict[str, Any]:
    """Give what DAGs and sub-tasks share, with times only where the state allows them."""
    state, operator = found["state"], found["operator"]
    status = _STATES.get(state, state)
    return {
        "name": found["name"],
        "status": status,
        "operation": _OPERATORS.get(operator, operator),
        "start_time": _believed(found["start_time"]) if status in _STARTED else None,
        "finish_time": _believed(found["end_time"]) if status in _ENDED else None,
    }


def _believed(time: datetime | None) -> datetime | None:
    if time is None:
        return None
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return time if aware >= _NEVER else None


def _host(agent: Any) -> str | None:
    """Write an agent's address as ``ip:port``."""
    if not isinstance(agent, Mapping) or not isinstance(agent.get("ip"), str):
        return None
    ip, port = str(agent["ip"]), agent.get("port")
    if isinstance(port, bool) or not isinstance(port, int):
        return ip
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
