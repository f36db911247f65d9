"""Random tasks that a dialect can express, and how that dialect writes them.

The writers are the tests' own: a table of fields here, not the one that is tested.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

from hypothesis import strategies as st

from taskgraph.model.task import ApiError, Envelope, Reference, Subtask, Task

MOMENT = datetime(2025, 1, 16, 11, 43, 38, tzinfo=UTC)
# No letters that could form a word like "token", and every character that is hard.
TEXTS = st.text(alphabet="aeé停止🛑 \"'\\/\n\t\u2028\u202e~{}[],<&-.", max_size=12)
NAMES = TEXTS.filter(bool)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
IDS = st.integers(-5, 30) | INTEGERS | st.text(alphabet="ab0停/~", min_size=1, max_size=6)
FLAGS = st.booleans()
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
TIMES = st.builds(
    lambda after, zone: (MOMENT + after).astimezone(zone),
    st.timedeltas(timedelta(-18000), timedelta(18000)),
    ZONES,
)
JSON = st.recursive(
    st.none() | FLAGS | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet="xy ~/", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
OBJECTS = st.dictionaries(
    st.text(alphabet="xyz ~/", min_size=1, max_size=3), JSON, max_size=3
)
STATUSES = st.sampled_from(["PENDING", "READY", "RUNNING", "FAILED", "SUCCESSFUL", "NEW"])

SUBTASK_KEYS = {
    "id": "id", "name": "name", "description": "description", "status": "status",
    "operation": "operation", "timeout": "timeout", "attempts": "runTime",
    "upstreams": "upstreams", "downstreams": "downstreams",
    "prohibit_rollback": "prohibitRollback", "prohibit_skip": "prohibitSkip",
    "parallel_index": "parallelIdx", "series_id": "seriesId", "task_id": "taskId",
    "node_type": "nodeType", "class_name": "className", "executor": "executor",
    "create_time": "createTime", "start_time": "startTime", "finish_time": "finishTime",
}  # fmt: skip
TASK_KEYS = {
    "id": "id", "name": "name", "status": "status", "operation": "operation",
    "type": "type", "executor": "executor", "create_time": "createTime",
    "start_time": "startTime", "finish_time": "finishTime",
    "prohibit_rollback": "prohibitRollback", "definition_id": "taskDefinitionId",
    "context": "context",
}  # fmt: skip
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": IDS, "name": TEXTS, "timeout": INTEGERS, "attempts": INTEGERS,
    "upstreams": st.lists(IDS, max_size=3).map(tuple),
    "downstreams": st.lists(IDS, max_size=3).map(tuple),
    "prohibit_rollback": FLAGS, "prohibit_skip": FLAGS, "parallel_index": INTEGERS,
    "series_id": INTEGERS, "task_id": IDS, "create_time": TIMES, "start_time": TIMES,
    "finish_time": TIMES, "status": STATUSES, "definition_id": IDS, "context": OBJECTS,
}  # fmt: skip
REFERENCES = st.builds(Reference, st.none() | IDS, TEXTS) | st.builds(Reference, IDS)
ENVELOPES = st.builds(
    Envelope,
    successful=st.none() | FLAGS,
    status=st.none() | st.integers(100, 599),
    timestamp=st.none() | TIMES,
    duration=st.none() | INTEGERS,
    server=st.none() | TEXTS,
    trace_id=st.none() | NAMES,
    error=st.none() | st.builds(ApiError, st.none() | IDS, st.none() | TEXTS),
)


def _some(
    model: Any, attributes: Iterable[str], **more: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """Draw values for some of the attributes."""
    optional = {name: VALUES.get(name, TEXTS) for name in attributes if name != "id"}
    required = {"id": VALUES["id"] if model is Subtask else st.none() | IDS}
    fields = st.fixed_dictionaries(required, optional=optional | more)
    return fields.map(lambda values: model(**values))


_NAMED = dict.fromkeys(("creator", "cluster", "tenant", "host"), REFERENCES)
SUBTASKS = _some(Subtask, SUBTASK_KEYS, extra=OBJECTS)
OCP_TASKS = _some(
    Task,
    TASK_KEYS,
    subtasks=st.lists(SUBTASKS, max_size=4).map(tuple),
    extra=OBJECTS,
    **_NAMED,
)
# With what only taskgraph's own JSON can hold.
OWN_TASKS = _some(
    Task,
    TASK_KEYS,
    subtasks=st.lists(
        _some(
            Subtask,
            SUBTASK_KEYS,
            extra=OBJECTS,
            host=TEXTS,
            logs=st.lists(TEXTS, max_size=3).map(tuple),
        ),
        max_size=4,
    ).map(tuple),
    extra=OBJECTS,
    budget=INTEGERS,
    is_definition=FLAGS,
    is_summary=FLAGS,
    naive_times=st.lists(
        st.tuples(st.none() | st.integers(0, 3), st.sampled_from(["start_time", "x"])),
        max_size=3,
    ).map(tuple),
    assumed_offset=st.sampled_from(["+08:00", "+00:00"]),
    envelope=ENVELOPES,
    **_NAMED,
)


def write_time(time: datetime) -> str:
    """Write a time as servers do: with an offset or Z."""
    text = time.isoformat()
    return text.replace("+00:00", "Z") if time.utcoffset() == timedelta() else text


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_time(value)
    return list(value) if isinstance(value, tuple) else value


def ocp_subtask(subtask: Subtask) -> dict[str, Any]:
    """Write a subtask as OCP does."""
    raw = dict(subtask.extra)
    for attribute, key in SUBTASK_KEYS.items():
        value = getattr(subtask, attribute)
        if value is not None:
            raw[key] = _plain(value)
    return raw


def ocp_task(task: Task) -> dict[str, Any]:
    """Write a task as OCP does."""
    raw = dict(task.extra)
    for attribute, key in TASK_KEYS.items():
        value = getattr(task, attribute)
        if value is not None:
            raw[key] = _plain(value)
    for key in ("creator", "cluster", "tenant", "host"):
        named: Reference | None = getattr(task, key)
        if named is not None and named.id is None:
            raw[key] = named.name
        elif named is not None and named.name is None:
            raw[f"{key}Id"] = named.id
        elif named is not None:
            raw[key] = {"id": named.id, "name": named.name}
    raw["subtasks"] = [ocp_subtask(subtask) for subtask in task.subtasks]
    return raw


def ocp_envelope(envelope: Envelope) -> dict[str, Any]:
    """Write what stands around the data."""
    error = envelope.error
    raw = {
        "successful": envelope.successful,
        "status": envelope.status,
        "timestamp": _plain(envelope.timestamp),
        "duration": envelope.duration,
        "server": envelope.server,
        "traceId": envelope.trace_id,
        "error": None if error is None else {"code": error.code, "message": error.message},
    }
    return {key: value for key, value in raw.items() if value is not None}


class Item(NamedTuple):
    """What obshell says of anything: its state and times."""

    state: str
    operator: str
    start: datetime | None
    end: datetime | None

    def write(self) -> dict[str, Any]:
        zero = "0001-01-01T00:00:00Z"
        return {
            "state": self.state,
            "operator": self.operator,
            "start_time": zero if self.start is None else write_time(self.start),
            "end_time": zero if self.end is None else write_time(self.end),
        }

    def expect(self) -> dict[str, Any]:
        has_started = self.state in ("RUNNING", "FAILED", "SUCCEED")
        has_ended = self.state in ("FAILED", "SUCCEED")
        operators = {"RUN": "EXECUTE", "PASS": "SKIP"}
        return {
            "status": "SUCCESSFUL" if self.state == "SUCCEED" else self.state,
            "operation": operators.get(self.operator, self.operator),
            "start_time": self.start if has_started else None,
            "finish_time": self.end if has_ended else None,
        }


ITEMS = st.builds(
    Item,
    st.sampled_from(["PENDING", "READY", "RUNNING", "FAILED", "SUCCEED"]),
    st.sampled_from(["RUN", "RETRY", "ROLLBACK", "CANCEL", "PASS"]),
    st.none() | TIMES,
    st.none() | TIMES,
)


@st.composite
def obshell_documents(draw: st.DrawFn) -> tuple[dict[str, Any], Task]:
    """Draw a DAG as obshell writes it, and the task that it is."""
    widths = draw(st.lists(st.integers(1, 4), max_size=4))
    own = draw(ITEMS)
    nodes, subtasks, number = [], [], 0
    ids: list[tuple[int, ...]] = [()]
    for width in widths:
        ids.append(tuple(range(number + 1, number + width + 1)))
        number += width
    ids.append(())
    for stage, width in enumerate(widths, 1):
        name, node = draw(TEXTS), draw(ITEMS)
        is_forward = node.operator in ("RUN", "RETRY") and node.state != "SUCCEED"
        rows = []
        for part, identifier in enumerate(ids[stage]):
            item, logs, attempts = draw(ITEMS), draw(st.lists(TEXTS, max_size=2)), part + 1
            rows.append(
                {
                    "id": f"1{identifier}",
                    "task_id": identifier,
                    "name": name,
                    **item.write(),
                    "additional_data": None,
                    "execute_times": attempts,
                    "execute_agent": {"ip": "10.0.0.1", "port": 2886},
                    "task_logs": logs or draw(st.sampled_from([[], None])),
                }
            )
            expected = item.expect()
            if is_forward and (item.state, item.operator) == ("SUCCEED", "ROLLBACK"):
                expected["status"] = "PENDING"
            subtasks.append(
                Subtask(
                    id=identifier,
                    name=name,
                    **expected,
                    attempts=attempts,
                    upstreams=ids[stage - 1],
                    downstreams=ids[stage + 1],
                    parallel_index=part if width > 1 else -1,
                    host="10.0.0.1:2886",
                    logs=tuple(logs),
                    extra={"additional_data": None, "id": f"1{identifier}"},
                )
            )
        nodes.append({"node_id": stage, "name": name, **node.write(), "sub_tasks": rows})
    raw = {"id": "17", "dag_id": 7, "name": "DAG", **own.write(), "nodes": nodes}
    raw |= {"stage": 1, "max_stage": len(nodes)}
    task = Task(
        id="17",
        name="DAG",
        **own.expect(),
        subtasks=tuple(subtasks),
        extra={"stage": 1, "max_stage": len(nodes), "dag_id": 7},
    )
    return raw, task


@st.composite
def diagnosis_archives(draw: st.DrawFn) -> tuple[bytes, Task]:
    """Draw an archive as OCP makes it, and the task that it is."""
    ids = draw(st.lists(st.integers(1, 10**9), min_size=1, max_size=5, unique=True))
    lines, subtasks, logs = [], [], {}
    for identifier in ids:
        ups = tuple(draw(st.lists(st.sampled_from(ids), max_size=2)))
        state = draw(STATUSES)
        runs = draw(st.integers(0, 2))
        kept: list[str] = []
        for run in range(1, runs + 1):
            texts = draw(st.lists(st.text(alphabet="ab停 ", max_size=5), max_size=3))
            name = f"subtask_{identifier}_{run}.log"
            logs[name] = "".join(f"{text}\n" for text in texts)
            kept += [f"{name}:"] * (runs > 1) + texts
        wanted = ", ".join(map(str, ups))
        lines.append(f"Subtask: {identifier}, State: {state}, Dependencies: [{wanted}]\n")
        subtasks.append(
            Subtask(
                id=identifier,
                status=state,
                attempts=runs or None,
                upstreams=ups,
                logs=tuple(kept),
            )
        )
    folder = draw(st.sampled_from(["", "task_1/"]))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{folder}task_info.txt", "".join(lines))
        for name, text in logs.items():
            file.writestr(f"{folder}{name}", text)
    task = Task(id=None, name="diagnosis.zip", subtasks=tuple(subtasks))
    return archive.getvalue(), task


def _write_duration(draw: st.DrawFn, seconds: int) -> int | str:
    hours, minutes = seconds // 3600, seconds // 60 % 60
    whole = f"{hours}h{minutes}m{seconds % 60}s"
    choices: list[int | str] = [seconds, str(seconds), f"{seconds}s", whole]
    return draw(st.sampled_from(choices))


@st.composite
def definitions(draw: st.DrawFn) -> tuple[dict[str, Any], Task]:
    """Draw a definition, and the task that it is."""
    count = draw(st.integers(0, 5))
    with_ids = [draw(FLAGS) for _ in range(count)]
    ids = [100 + n if with_id else f"step {n}" for n, with_id in enumerate(with_ids)]
    side = draw(st.sampled_from(["upstreams", "downstreams"]))
    rows, subtasks = [], []
    for number, identifier in enumerate(ids):
        others = draw(st.lists(st.integers(0, count - 1), max_size=2))
        seconds = draw(st.none() | st.integers(0, 10**6))
        row: dict[str, Any] = {"name": f"step {number}"}
        if with_ids[number]:
            row["id"] = identifier
        if seconds is not None:
            row["timeout"] = _write_duration(draw, seconds)
        named = [draw(st.sampled_from([ids[n], f"step {n}"])) for n in others]
        if others or (number == 0 and draw(FLAGS)):
            row[side] = named
        rows.append(row)
        subtasks.append((identifier, f"step {number}", seconds, [ids[n] for n in others]))
    used = any(side in row for row in rows)
    kept = side if used else "upstreams"
    seconds = draw(st.none() | st.integers(0, 10**6))
    raw: dict[str, Any] = {
        "kind": "task-definition",
        "name": "Définition",
        "subtasks": rows,
    }
    if seconds is not None:
        raw["budget"] = _write_duration(draw, seconds)
    task = Task(
        id=None,
        name="Définition",
        budget=seconds,
        is_definition=True,
        subtasks=tuple(
            Subtask(id=i, name=name, timeout=timeout, **{kept: tuple(edges)})  # type: ignore[arg-type]
            for i, name, timeout, edges in subtasks
        ),
    )
    return raw, task
