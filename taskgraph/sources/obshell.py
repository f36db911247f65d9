"""The documents of obshell, the agent that deploys and runs OceanBase clusters.

Its DAG is a row of nodes that run one after the other, and the sub-tasks of a node run
side by side: each depends on all sub-tasks of the node before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Any, NamedTuple, TypeAlias

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from taskgraph.model.engine import BEGUN, ENDED, FORWARD
from taskgraph.model.task import Envelope, Operation, Status, Subtask, Task
from taskgraph.model.task import Id as ModelId
from taskgraph.sources.document import Problems
from taskgraph.sources.envelope import Item, OneOrMore, Opened, Response, open_response
from taskgraph.sources.fields import (
    Apart,
    Free,
    Id,
    Maybe,
    Text,
    Texts,
    Time,
    Whole,
    describe,
)
from taskgraph.sources.validating import read_object, read_rows

_GET_THE_DAG = "save the response of GET /api/v1/task/dag/{id}: it has the whole DAG"
_MOST_EDGES = 1_000_000  # two nodes of 1,000 sub-tasks each have as many
_STATES = {"SUCCEED": Status.SUCCESSFUL.value}
_OPERATORS = {"RUN": Operation.EXECUTE.value, "PASS": Operation.SKIP.value}
# What is to run again is set back to the epoch, and what never ran to the year 1.
_NEVER = datetime(1970, 1, 2, tzinfo=UTC)


class _Common(TypedDict, total=False, extra_items=Free):  # type: ignore[call-arg]
    """What DAGs, nodes and sub-tasks share."""

    id: Maybe[Id]
    name: Maybe[Text]
    state: Maybe[Text]
    operator: Maybe[Text]
    start_time: Maybe[Time]
    end_time: Maybe[Time]


class ObshellSubTask(_Common, total=False, extra_items=Free):  # type: ignore[call-arg]
    """One piece of work, which an agent does."""

    task_id: Maybe[Id]
    execute_times: Maybe[Whole]
    execute_agent: Maybe[Free]
    task_logs: Maybe[Texts]


class ObshellNode(_Common, total=False, extra_items=Free):  # type: ignore[call-arg]
    """Sub-tasks that run side by side."""

    node_id: Maybe[Id]
    sub_tasks: Maybe[Annotated[list[Any], Apart(ObshellSubTask)]]


@with_config(
    ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["dag_id"]}, {"required": ["nodes"]}]}
    )
)
class ObshellDag(_Common, total=False, extra_items=Free):  # type: ignore[call-arg]
    """Nodes that run one after the other."""

    dag_id: Maybe[Id]
    nodes: Maybe[Annotated[list[Any], Apart(ObshellNode)]]


_DagOrNode: TypeAlias = (
    ObshellDag
    | Annotated[ObshellNode, Field(json_schema_extra={"required": ["sub_tasks"]})]
)
ObshellDocument: TypeAlias = OneOrMore[Response[_DagOrNode] | _DagOrNode]
_KNOWN = {
    kind: frozenset(kind.__annotations__)
    for kind in (ObshellSubTask, ObshellNode, ObshellDag)
}


def read_obshell(item: Item, problems: Problems) -> list[Task]:
    """Read every DAG of a document, or of an item of a list.

    A node alone is read as a task without edges.

    Raises InputError if the document holds a single sub-task, or a DAG with far too many
    edges.
    """
    if isinstance(item.value, dict) and "data" in item.value:
        opened = open_response(item.value, _GET_THE_DAG, problems, item.pointer)
    else:
        opened = Opened(iter([item]))
    return opened.each(_read_item, problems)


def _read_item(item: Item, envelope: Envelope | None, problems: Problems) -> list[Task]:
    raw, pointer = item
    before = problems.count
    if not isinstance(raw, dict):
        problems.add(f"a DAG must be an object, not {describe(raw)}", pointer)
        return []
    is_dag = "dag_id" in raw or "nodes" in raw
    if not is_dag and "sub_tasks" not in raw:
        what = "is one sub-task of obshell, not a DAG"
        raise problems.refuse(what, pointer, _GET_THE_DAG)
    kind, number = (ObshellDag, "dag_id") if is_dag else (ObshellNode, "node_id")
    row = read_object(kind, raw, pointer, problems)
    if is_dag:
        stages = _read_stages(raw.get("nodes"), f"{pointer}/nodes", problems)
    else:
        stages = [_stage(raw, row, pointer, problems)]
    if problems.count > before:
        return []
    identifier = row[number] if row["id"] is None else row["id"]
    extra = _extra(row, kind)
    if not is_dag or (row[number] is not None and row[number] != identifier):
        extra[number] = row[number]  # of a node alone, so that it is not taken for a DAG
    places = tuple(place for stage in stages for place in stage.pointers)
    return [
        Task(
            id=identifier,
            **_common(row),
            subtasks=tuple(subtask for stage in stages for subtask in stage.subtasks),
            is_summary=is_dag and raw.get("nodes") is None,
            extra=extra,
            envelope=envelope,
            origin=problems.document.origin("obshell", pointer, places),
        )
    ]


class _Stage(NamedTuple):
    """The subtasks of one node, and their pointers."""

    subtasks: list[Subtask]
    pointers: list[str]


def _read_stages(nodes: Any, pointer: str, problems: Problems) -> list[_Stage]:
    """Read the nodes of a DAG, with edges from each to the next that has sub-tasks.

    A node alone has none: what is around it is not known.
    """
    stages = [
        _read_stage(node, f"{pointer}/{place}", problems)
        for place, node in enumerate(nodes if isinstance(nodes, list) else ())
    ]
    stages = [stage for stage in stages if stage.subtasks]
    edges = sum(
        len(before.subtasks) * len(after.subtasks) for before, after in pairwise(stages)
    )
    if edges > _MOST_EDGES:
        message = f"the sub-tasks of neighbouring nodes make {edges:,} edges"
        hint = f"no more than {_MOST_EDGES:,} are read"
        raise problems.refuse(message, pointer, hint)
    ids: list[tuple[ModelId, ...]]
    ids = [(), *(tuple(one.id for one in stage.subtasks) for stage in stages), ()]
    before = [None, *(_last_start(stage) for stage in stages)]
    return [
        stage._replace(
            subtasks=[
                subtask._replace(
                    upstreams=ids[place],
                    downstreams=ids[place + 2],
                    start_time=_proven_start(subtask, before[place]),
                )
                for subtask in stage.subtasks
            ]
        )
        for place, stage in enumerate(stages)
    ]


def _last_start(stage: _Stage) -> datetime | None:
    """Give the last start in a node, as far as it was not undone."""
    starts = (
        _aware(one.start_time)
        for one in stage.subtasks
        if one.start_time and one.operation == Operation.EXECUTE
    )
    return max(starts, default=None)


def _proven_start(subtask: Subtask, before: datetime | None) -> datetime | None:
    """Leave out what is no start: cancelled before it ran, it shows when it was made.

    Nodes run one after the other, so that it lies before a start in the node before.
    """
    start = subtask.start_time
    is_first = (subtask.status, subtask.operation) == (Status.FAILED, Operation.EXECUTE)
    is_made = is_first and start and before and _aware(start) < before
    return None if is_made else start


def _read_stage(raw: Any, pointer: str, problems: Problems) -> _Stage:
    """Read the sub-tasks of a node."""
    if not isinstance(raw, dict):
        problems.add(f"a node must be an object, not {describe(raw)}", pointer)
        return _Stage([], [])
    return _stage(raw, read_object(ObshellNode, raw, pointer, problems), pointer, problems)


def _stage(
    raw: Mapping[str, Any], row: dict[str, Any] | None, pointer: str, problems: Problems
) -> _Stage:
    """Read the sub-tasks of a node; a node that does not list them stands for them.

    ``row`` is what was read of the node itself, nothing where it is wrong.
    """
    listed = raw.get("sub_tasks")
    if not listed or not isinstance(listed, list):
        if row is None:
            return _Stage([], [])
        number = row["node_id"] if row["id"] is None else row["id"]
        extra = _extra(row, ObshellNode)
        node = Subtask(id=f"node {number}", **_common(row), extra=extra)
        return _Stage([node], [pointer])
    place = f"{pointer}/sub_tasks"
    for position, value in enumerate(listed):
        if isinstance(value, dict) and value.get("task_id") is value.get("id") is None:
            problems.add("task_id is missing", f"{place}/{position}")
    rows = read_rows(ObshellSubTask, listed, place, problems)
    is_split = len(rows) > 1 and len({sub_task["name"] for sub_task in rows}) == 1
    subtasks = [
        _subtask(sub_task, position if is_split else -1 if len(rows) == 1 else None)
        for position, sub_task in enumerate(rows)
    ]
    if row is not None:
        own = _common(row)
        if own["operation"] in FORWARD and own["status"] != Status.SUCCESSFUL:
            subtasks = list(map(_before_its_run, subtasks))
    return _Stage(subtasks, [f"{place}/{i}" for i in range(len(subtasks))])


def _before_its_run(subtask: Subtask) -> Subtask:
    """Read what a retry has undone, which SUCCEED means here, as what is yet to run."""
    is_undone = (subtask.status, subtask.operation) == (
        Status.SUCCESSFUL,
        Operation.ROLLBACK,
    )
    return subtask._replace(status=Status.PENDING) if is_undone else subtask


def _extra(row: dict[str, Any], kind: Any) -> dict[str, Any]:
    """Keep the fields that the declaration does not know."""
    known = _KNOWN[kind]
    return {key: value for key, value in row.items() if key not in known}


def _subtask(row: dict[str, Any], index: int | None) -> Subtask:
    extra = _extra(row, ObshellSubTask)
    identifier = row["id"] if row["task_id"] is None else row["task_id"]
    if row["id"] is not None and row["id"] != identifier:
        extra["id"] = row["id"]
    agent = row["execute_agent"]
    host = _host(agent)
    if host is None and agent is not None:
        extra["execute_agent"] = agent
    return Subtask(
        id=identifier,
        **_common(row),
        attempts=row["execute_times"],
        parallel_index=index,
        host=host,
        logs=row["task_logs"] or (),
        extra=extra,
    )


def _common(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give what DAGs and sub-tasks share, with times only where the state allows them."""
    state, operator = row["state"], row["operator"]
    status = _STATES.get(state, state)
    # What is passed before it has run shows times all the same.
    has_run = row.get("execute_times") != 0
    started, ended = (BEGUN, ENDED) if has_run else ((), ())
    return {
        "name": row["name"] or "",
        "status": status,
        "operation": _OPERATORS.get(operator, operator),
        "start_time": _believed(row["start_time"]) if status in started else None,
        "finish_time": _believed(row["end_time"]) if status in ended else None,
    }


def _believed(time: datetime | None) -> datetime | None:
    if time is None:
        return None
    return time if _aware(time) >= _NEVER else None


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _host(agent: Any) -> str | None:
    """Write an agent's address as ``ip:port``."""
    if not isinstance(agent, Mapping) or not isinstance(agent.get("ip"), str):
        return None
    ip, port = str(agent["ip"]), agent.get("port")
    if isinstance(port, bool) or not isinstance(port, int):
        return ip
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
