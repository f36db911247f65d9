"""The documents of the OceanBase Cloud Platform (OCP) and of what imitates them.

Both generations of create-style responses, task details, lists of tasks, bare tasks and
bare arrays of tasks have one shape with different fields left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from taskgraph.errors import InputError, Problem
from taskgraph.model import ApiError, Envelope, Id, Origin, Reference, Subtask, Task
from taskgraph.sources import shapes
from taskgraph.sources.parsing import (
    MEND,
    count_keys,
    describe,
    input_error,
    non_finite,
    parse,
    refuse_repeated_keys,
)
from taskgraph.sources.times import parse_time, with_offsets

__all__ = ["read_ocp"]

_REFERENCES = ("creator", "cluster", "tenant", "host")
_TIMES = ("createTime", "startTime", "finishTime")
_SUBTASK_KEYS = frozenset(shapes.SUBTASK_FIELDS)
_TASK_KEYS = frozenset(shapes.TASK_FIELDS)
_ENVELOPE_KEYS = frozenset({*shapes.ENVELOPE_FIELDS, "data"})
_SUBTASK_MARKS = frozenset(
    {"seriesId", "parallelIdx", "nodeType", "upstreams", "downstreams", "runTime"}
)
_NO_EXTRA: Mapping[str, Any] = MappingProxyType({})
_LOOK_UP = "look the trace id up in OCP's log"
_GET_THE_TASK = (
    'save the response of "Query task instance details" instead, '
    "GET /api/v2/tasks/instances/{task id}: it has the whole task"
)


def read_ocp(data: bytes, file: str) -> tuple[Task, ...]:
    """Read every task of a document.

    Parameters
    ----------
    data : bytes
        JSON in UTF-8.
    file : str
        The name for messages.

    Raises
    ------
    InputError
        If the document is not valid, or holds no task; it then says what it is.
    """
    is_array = data[:1000].lstrip().startswith(b"[")
    shape = shapes.array_of_tasks if is_array else shapes.envelope_of_task
    root = parse(shape, data, file, data_is_list=shapes.envelope_of_tasks)
    reader = _Reader(data, file)
    if isinstance(root, list):
        tasks = reader.tasks(root, "", None)
    else:
        tasks = reader.response(root)
    refuse_repeated_keys(data, reader.keys, file)
    if reader.problems:
        raise input_error(file, reader.problems, data, MEND)
    return tuple(tasks)


class _Reader:
    """Turns validated raw values into the model and notes what is wrong with them."""

    def __init__(self, data: bytes, file: str) -> None:
        self.data = data
        self.file = file
        self.problems: list[Problem] = []
        self.keys = 0

    def refuse(self, message: str, pointer: str, hint: str) -> InputError:
        return input_error(self.file, [Problem(message, pointer)], self.data, hint)

    def response(self, root: Mapping[str, Any]) -> list[Task]:
        """Read the object at the top: a response or a bare task."""
        if "data" not in root and "subtasks" in root:
            status = root.get("status")
            if not isinstance(status, str | None):
                message = f"status must be a text, not {describe(status)}"
                raise self.refuse(message, "/status", MEND)
            return [self.task(root, "", None)]
        payload = root.get("data")
        self.keys += len(root) + sum(count_keys(v) for k, v in root.items() if k != "data")
        envelope = self.envelope(root)
        if payload is None:
            raise self._no_data(root, envelope)
        if isinstance(payload, list):
            return self.tasks(payload, "/data", envelope)
        contents = payload.get("contents")
        if contents is None:
            return [self.task(payload, "/data", envelope)]
        page = {key: value for key, value in payload.items() if key != "contents"}
        self.keys += 1 + count_keys(page)
        return self.tasks(contents, "/data/contents", envelope)

    def _no_data(self, root: Mapping[str, Any], envelope: Envelope) -> InputError:
        if _looks_like_subtask(root):
            return self.refuse("is one subtask, not a task", "", _GET_THE_TASK)
        error = envelope.error
        trace = f" (trace id {envelope.trace_id})" if envelope.trace_id else ""
        if error is not None:
            code = "" if error.code is None else f" {error.code}"
            message = f": {error.message}" if error.message else ""
            return self.refuse(
                f"is an error response{code}{message}{trace}",
                "/error",
                f"the request failed, so there is no task: {_LOOK_UP}",
            )
        if envelope.successful is False:
            text = f"says that the request failed, and not why{trace}"
            return self.refuse(text, "/successful", _LOOK_UP)
        if not _ENVELOPE_KEYS & root.keys():
            return self.refuse(
                "holds no task", "", "a task has subtasks, at the top or in data"
            )
        return self.refuse(
            f"is a response without data{trace}", "", f"it holds no task: {_GET_THE_TASK}"
        )

    def tasks(
        self, items: list[Any], pointer: str, envelope: Envelope | None
    ) -> list[Task]:
        """Read every task of a list."""
        if not items:
            raise self.refuse("is a list without tasks", pointer, _GET_THE_TASK)
        return [self.task(raw, f"{pointer}/{i}", envelope) for i, raw in enumerate(items)]

    def envelope(self, root: Mapping[str, Any]) -> Envelope:
        """Read what a response says about itself."""
        raw = root.get("error")
        error = None
        if isinstance(raw, Mapping):
            code, message = raw.get("code"), raw.get("message")
            error = ApiError(
                code if isinstance(code, int | str) else None,
                message if isinstance(message, str) else None,
            )
        elif raw is not None:
            error = ApiError(message=str(raw))
        status = root.get("status")
        return Envelope(
            successful=root.get("successful"),
            status=status if isinstance(status, int) else None,
            timestamp=self._time(root, "timestamp", ""),
            duration=root.get("duration"),
            server=root.get("server"),
            trace_id=root.get("traceId"),
            error=error,
        )

    def task(self, raw: Mapping[str, Any], pointer: str, envelope: Envelope | None) -> Task:
        """Read one task."""
        if "subtasks" not in raw:
            if _looks_like_subtask(raw):
                raise self.refuse("is one subtask, not a task", pointer, _GET_THE_TASK)
            raise self.refuse(
                "holds no task", pointer, f"a task has subtasks: {_GET_THE_TASK}"
            )
        self.keys += len(raw)
        prefix = f"{pointer}/subtasks"
        rows = raw["subtasks"] or ()
        subtasks = [self._subtask(row, prefix, i) for i, row in enumerate(rows)]
        self.keys += sum(map(len, rows))
        rest = {key: value for key, value in raw.items() if key != "subtasks"}
        self.keys += sum(map(count_keys, rest.values()))
        self.problems += non_finite(rest, pointer)
        create_time, start_time, finish_time = (
            self._time(raw, key, pointer) for key in _TIMES
        )
        creator, cluster, tenant, host = (
            _reference(raw.get(key), raw.get(f"{key}Id")) for key in _REFERENCES
        )
        return with_offsets(
            Task(
                id=raw.get("id"),
                name=raw.get("name") or "",
                status=raw.get("status"),
                operation=raw.get("operation"),
                type=raw.get("type"),
                subtasks=tuple(subtasks),
                executor=raw.get("executor"),
                create_time=create_time,
                start_time=start_time,
                finish_time=finish_time,
                prohibit_rollback=raw.get("prohibitRollback"),
                definition_id=raw.get("taskDefinitionId"),
                context=raw.get("context"),
                extra=_extra(raw),
                envelope=envelope,
                origin=Origin(self.file, "ocp", pointer, self.data),
                creator=creator,
                cluster=cluster,
                tenant=tenant,
                host=host,
            )
        )

    def _subtask(self, raw: Mapping[str, Any], prefix: str, position: int) -> Subtask:
        get = raw.get
        upstreams = get("upstreams")
        if upstreams is None:
            upstreams = get("upstream")
        downstreams = get("downstreams")
        if downstreams is None:
            downstreams = get("downstream")
        parallel_index = get("parallelIdx")
        create_time, start_time, finish_time = (
            self._time(raw, key, f"{prefix}/{position}") if key in raw else None
            for key in _TIMES
        )
        return Subtask(
            raw["id"],
            get("name") or "",
            get("description"),
            get("status"),
            get("operation"),
            get("timeout"),
            get("runTime"),
            None if upstreams is None else tuple(upstreams),
            None if downstreams is None else tuple(downstreams),
            get("prohibitRollback"),
            get("prohibitSkip"),
            get("paralleIdx") if parallel_index is None else parallel_index,
            get("seriesId"),
            get("taskId"),
            get("nodeType"),
            get("className"),
            get("executor"),
            create_time,
            start_time,
            finish_time,
            extra=(
                _NO_EXTRA
                if raw.keys() <= _SUBTASK_KEYS
                else self._subtask_extra(raw, f"{prefix}/{position}")
            ),
        )

    def _subtask_extra(self, raw: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
        extra = {key: value for key, value in raw.items() if key not in _SUBTASK_KEYS}
        self.keys += sum(map(count_keys, extra.values()))
        self.problems += non_finite(extra, pointer)
        return extra

    def _time(self, raw: Mapping[str, Any], key: str, pointer: str) -> datetime | None:
        text = raw.get(key)
        if text is None:
            return None
        try:
            return parse_time(text)
        except ValueError:
            message = f"{key} must be a time like 2025-01-16T11:43:38.273+08:00, not "
            self.problems.append(Problem(message + describe(text), f"{pointer}/{key}"))
            return None


def _looks_like_subtask(raw: Mapping[str, Any]) -> bool:
    return len(_SUBTASK_MARKS & raw.keys()) >= 2


def _reference(value: Any, identifier: Id | None) -> Reference | None:
    """Read who or what a task names: a name, an id, or an object with both."""
    if isinstance(value, Mapping):
        own, name = value.get("id"), value.get("name")
        if isinstance(own, int | str) and not isinstance(own, bool):
            identifier = own
        value = name
    if isinstance(value, str):
        return Reference(identifier, value)
    return None if identifier is None else Reference(identifier)


def _extra(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the model has no attribute for."""
    extra = {key: value for key, value in raw.items() if key not in _TASK_KEYS}
    for key in _REFERENCES:
        value = raw.get(key)
        if isinstance(value, Mapping):
            rest = {name: v for name, v in value.items() if name not in ("id", "name")}
            if rest:
                extra[key] = rest
    return extra
