"""Photographs as the JSON that the engine's versions and interfaces write."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.engine.plan import SECOND

if TYPE_CHECKING:
    from tests.engine.photo import Photo

Json: TypeAlias = dict[str, Any]
SAFE_INTEGER = 2**53
_ZONES = (timezone(timedelta(hours=8)), UTC, timezone(timedelta(hours=5, minutes=30)))


def write_time(moment: int, zone: timezone = _ZONES[0]) -> str:
    """Write a moment with its offset, without the zeros that end a fraction."""
    seconds, millis = divmod(moment, SECOND)
    text = datetime.fromtimestamp(seconds, zone).isoformat()
    fraction = f".{millis:03}".rstrip("0") if millis else ""
    offset = "Z" if zone is UTC else text[19:]
    return f"{text[:19]}{fraction}{offset}"


def write_id(number: int) -> int | str:
    """Write an id: a text of digits where JavaScript could not hold the number."""
    return str(number) if number > SAFE_INTEGER else number


class _Writer:
    """The parts that the dialects share, for one photograph."""

    def __init__(self, photo: Photo, rng: Random) -> None:
        self.photo = photo
        self.rng = rng
        self.zone = _ZONES[photo.plan.id % 5 // 2]
        order = list(range(len(photo.rows)))
        rng.shuffle(order)
        self.order = order

    def time(self, moment: int) -> str:
        return write_time(moment, self.zone)

    def created(self) -> str:
        """The database's clock knows whole seconds only."""
        moment = self.photo.plan.submitted + self.photo.plan.id % 40
        return self.time(moment // SECOND * SECOND)

    def ids(self, indexes: tuple[int, ...]) -> list[int | str]:
        ids = self.photo.plan.ids
        chosen = [write_id(ids[index]) for index in indexes]
        self.rng.shuffle(chosen)
        return chosen

    def subtask(self, index: int) -> Json:
        """What every version writes of a subtask, nothing that is not set."""
        plan, row = self.photo.plan, self.photo.rows[index]
        step = plan.steps[index]
        written: Json = {
            "description": step.name,
            "downstreams": self.ids(plan.downstreams[index]),
            "id": write_id(plan.ids[index]),
            "name": step.name,
            "nodeType": "JAVA_TASK",
            "operation": row.operation,
            "parallelIdx": step.parallel_index,
            "prohibitRollback": step.forbids_rollback,
            "runTime": row.attempts,
            "seriesId": plan.series[index],
            "status": row.state,
            "timeout": step.timeout,
            "upstreams": self.ids(step.upstreams),
        }
        if row.executor is not None:
            written["executor"] = row.executor
        if row.start is not None:
            written["startTime"] = self.time(row.start)
        if row.finish is not None:
            written["finishTime"] = self.time(row.finish)
        return written

    def task(self, subtasks: list[Json]) -> Json:
        """What every version writes of a task."""
        plan, row = self.photo.plan, self.photo.task
        written: Json = {
            "creator": "admin",
            "executor": "10.0.0.1",
            "id": write_id(plan.id),
            "name": plan.name,
            "operation": row.operation,
            "startTime": self.time(row.start),
            "status": row.state,
            "subtasks": subtasks,
            "taskDefinitionId": -1 if plan.type == "MANUAL" else 7,
            "type": plan.type,
        }
        if row.finish is not None:
            written["finishTime"] = self.time(row.finish)
        return written

    def wrap(self, data: Json) -> Json:
        return {"data": data, **envelope(self.photo.timestamp, self.zone)}


def envelope(timestamp: int, zone: timezone = _ZONES[0]) -> Json:
    """Write what stands around the data of a response that went well."""
    return {
        "duration": 3 + timestamp % 140,
        "server": "74f95ea2f4",
        "status": 200,
        "successful": True,
        "timestamp": write_time(timestamp, zone),
        "traceId": f"{timestamp:016x}",
    }


def no_data(timestamp: int) -> Json:
    """Write a response that says why there is no task in it."""
    return envelope(timestamp) | {
        "status": 404,
        "successful": False,
        "error": {"code": 2008, "message": "Task does not exist."},
    }


def ocp_2021(photo: Photo, rng: Random) -> Json:
    """Write the response to an operation as versions 3.1 to 4.0 did."""
    writer, plan = _Writer(photo, rng), photo.plan
    tells_flags = rng.random() < 0.8
    subtasks = []
    for index in writer.order:
        subtask = writer.subtask(index)
        subtask["className"] = f"com.example.task.Step{index}Task"
        if not tells_flags:
            del subtask["prohibitRollback"]
        subtasks.append(subtask)
    data = writer.task(subtasks)
    strings = {"cluster_id": "9"}
    if tells_flags:
        strings["prohibit_rollback"] = str(plan.forbids_rollback).lower()
    data["context"] = {
        "listMap": {"host_ids": ["1", "2"]},
        "parallel": False,
        "parallelIdx": -1,
        "stringMap": strings,
    }
    if rng.random() < 0.7:
        data["context"]["concurrency"] = plan.concurrency
    data["clusterId"] = 9
    return writer.wrap(data)


def ocp_2025(photo: Photo, rng: Random) -> Json:
    """Write the response to an operation as versions from 4.2 do."""
    writer, plan = _Writer(photo, rng), photo.plan
    subtasks = []
    for index in writer.order:
        subtask = writer.subtask(index)
        subtask["taskId"] = write_id(plan.id)
        subtask["prohibitSkip"] = plan.steps[index].forbids_skip
        subtasks.append(subtask)
    data = writer.task(subtasks)
    data["prohibitRollback"] = photo.forbids_rollback
    return writer.wrap(data)


def details(photo: Photo, rng: Random) -> Json:
    """Write a task's details."""
    writer = _Writer(photo, rng)
    created = writer.created()
    subtasks = [{"createTime": created, **writer.subtask(index)} for index in writer.order]
    data = writer.task(subtasks)
    data["createTime"] = created
    data["creator"] = {"id": 100, "name": "admin"}
    data["prohibitRollback"] = photo.forbids_rollback
    if rng.random() < 0.5:
        data["cluster"] = {"id": 1, "name": "protoss", "obClusterId": 1, "type": "PRIMARY"}
    return writer.wrap(data)


def lower_case(photo: Photo, rng: Random) -> Json:
    """Write a task's details with the words as the engine's own page also has them."""
    response = details(photo, rng)
    for data in (response["data"], *response["data"]["subtasks"]):
        for key in ("status", "operation"):
            data[key] = data[key].lower()
    return response


def contents(photo: Photo, rng: Random) -> Json:
    """Write one full task in a list, as the response to adding OBProxies."""
    response = ocp_2021(photo, rng)
    response["data"] = {"contents": [response["data"]]}
    return response


def task_list(photos: list[Photo], rng: Random) -> Json:
    """Write a page of the task list; the response is as late as the last photograph."""
    tasks = []
    for photo in photos:
        writer = _Writer(photo, rng)
        task = writer.task([writer.subtask(index) for index in writer.order])
        kept = ("id", "name", "description", "operation", "status")
        task["subtasks"] = [
            {key: subtask[key] for key in kept} for subtask in task["subtasks"]
        ]
        for key in ("operation", "executor", "taskDefinitionId", "type"):
            del task[key]
        task["creator"] = {"id": 100, "name": "admin"}
        tasks.append(task)
    count = len(tasks)
    page = {"number": 1, "size": 10, "totalElements": count, "totalPages": 1}
    last = max(photo.timestamp for photo in photos)
    return {"data": {"contents": tasks, "page": page}, **envelope(last)}


def one_subtask(photo: Photo, rng: Random) -> Json:
    """Write the response to a retry of a subtask, any of the task's."""
    writer = _Writer(photo, rng)
    subtask = writer.subtask(rng.randrange(len(photo.rows)))
    return writer.wrap({"createTime": writer.created(), **subtask})


def diagnosis(photo: Photo) -> bytes:
    """Write the archive of the states, the dependencies and the logs."""
    plan = photo.plan
    lines = []
    for index, row in enumerate(photo.rows):
        ups = ", ".join(str(plan.ids[up]) for up in plan.steps[index].upstreams)
        about = f"Subtask: {plan.ids[index]}, State: {row.state}"
        lines.append(f"{about}, Dependencies: [{ups}]\n")
    logs: dict[tuple[int, int], list[str]] = {}
    for line in photo.journal.log:
        if line.moment <= photo.moment:
            stamp = write_time(line.moment)
            logs.setdefault((line.step, line.attempts), []).append(f"{stamp} {line.text}\n")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("task_info.txt", "".join(lines))
        for (index, attempts), texts in sorted(logs.items()):
            file.writestr(f"subtask_{plan.ids[index]}_{attempts}.log", "".join(texts))
    return archive.getvalue()
