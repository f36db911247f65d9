"""Whether the engine can have written a document, judged without the checker.

What always holds follows from the state machine. The strongest fact: whatever has left
PENDING has only SUCCESSFUL upstreams, going forward (a step waits for them) and going back
(a step waits until every downstream is PENDING again).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

Json: TypeAlias = dict[str, Any]
SECOND = 1000
SKEW = 100  # milliseconds by which the clocks of the engine's servers may differ
GRACE = 12_100 + SKEW  # milliseconds after a deadline in which the poll has seen it
STATES = {"PENDING", "READY", "RUNNING", "CANCELING", "FAILED", "SUCCESSFUL"}
BACK = {"ROLLBACK", "ROLLBACK_SKIP"}
OPERATIONS = {"EXECUTE", "RETRY", "SKIP", "CANCEL"} | BACK
TASK_TYPES = {"MANUAL", "SCHEDULED", "SYS_SCHEDULED", "SYS_ONCE", "SYS_ONECE"}
# Which states a step may be in under each operation.
ALLOWED = {
    "EXECUTE": STATES,
    "RETRY": STATES - {"PENDING"},
    "SKIP": STATES - {"PENDING"},
    "CANCEL": STATES - {"PENDING", "SUCCESSFUL"},  # READY in a rollback only
    "ROLLBACK": STATES,
    "ROLLBACK_SKIP": STATES - {"SUCCESSFUL"},
}


class Judgement(NamedTuple):
    """What the engine can never write, and what it writes only after an accident.

    An accident is a fault inside the coordinator, or a time in which no poll looked.
    """

    impossible: tuple[str, ...]
    accidents: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Everything because of which it is no ordinary document."""
        return (*self.impossible, *self.accidents)


@dataclass(slots=True)
class _Step:
    id: Any
    data: Json
    state: Any
    operation: Any
    attempts: int
    start: int | None
    finish: int | None
    ups: list[Any]
    downs: list[Any]

    @property
    def ran_once(self) -> bool:
        return self.operation == "EXECUTE" and self.attempts == 1


class _Task:
    """One task of a document, read as plainly as possible."""

    def __init__(self, document: Json) -> None:
        data: Json = document["data"]
        data = data["contents"][0] if "contents" in data else data
        self.document, self.data = document, data
        self.steps = [_read_step(subtask) for subtask in data["subtasks"]]
        self.by_id = {step.id: step for step in self.steps}
        self.state = data.get("status")
        self.operation = data.get("operation")
        self.start = _moment(data.get("startTime"))
        self.finish = _moment(data.get("finishTime"))
        self.timestamp = _moment(document.get("timestamp"))
        self.has_edges = any("upstreams" in step.data for step in self.steps)
        self.has_times = any("timeout" in step.data for step in self.steps)
        self.rolls_back = self.operation == "ROLLBACK" or (
            self.operation is None and any(step.operation in BACK for step in self.steps)
        )


def _read_step(data: Json) -> _Step:
    return _Step(
        id=data.get("id"),
        data=data,
        state=data.get("status"),
        operation=data.get("operation"),
        attempts=data.get("runTime", 1),
        start=_moment(data.get("startTime")),
        finish=_moment(data.get("finishTime")),
        ups=data.get("upstreams", []),
        downs=data.get("downstreams", []),
    )


def _moment(text: Any) -> int | None:
    """Read a time as milliseconds; one without an offset as if it were UTC."""
    if not isinstance(text, str):
        return None
    time = datetime.fromisoformat(text)
    offset = time.utcoffset()
    seconds = (time.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001
    return round((seconds - (offset.total_seconds() if offset else 0)) * SECOND)


def judge(document: Json) -> Judgement:
    """Judge a document with one task in any of the engine's JSON dialects.

    Parameters
    ----------
    document : dict
        The whole response.
    """
    task = _Task(document)
    if not task.steps:
        return Judgement(("no subtask",), ())
    broken = [*_envelope(document), *_identity(task), *_values(task)]
    if task.has_edges:
        broken += _edges(task)
    if broken:
        return Judgement(tuple(broken), ())
    broken += [*_states(task), *_flags(task)]
    if task.has_edges:
        broken += [*_order(task), *_parts(task)]
    if task.has_times:
        broken += [*_times(task), *_windows(task)]
    return Judgement(tuple(broken), tuple(_accidents(task)))


# --- the frame -------------------------------------------------------------------


def _envelope(document: Json) -> Iterator[str]:
    if document.get("successful") is not True or document.get("status") != 200:
        yield "a response with data says that it failed"
    if "error" in document:
        yield "a response with data has an error"


def _identity(task: _Task) -> Iterator[str]:
    ids = [step.id for step in task.steps]
    if len(set(ids)) < len(ids):
        yield "an id comes twice"
    series = [step.data["seriesId"] for step in task.steps if "seriesId" in step.data]
    if series and sorted(series) != list(range(len(ids))):
        yield "the series numbers are not 0, 1, 2, ..."
    for step in task.steps:
        if "taskId" in step.data and step.data["taskId"] != task.data.get("id"):
            yield f"{step.id} belongs to another task"
        if not str(step.data.get("name", "")).strip():
            yield f"{step.id} has no name"


def _values(task: _Task) -> Iterator[str]:
    """The values, the forms of the times, and which state goes with which operation."""
    if task.state not in ("RUNNING", "FAILED", "SUCCESSFUL"):
        yield f"the task is {task.state}"
    if task.operation not in (None, "EXECUTE", "RETRY", "ROLLBACK"):
        yield f"the task's operation is {task.operation}"
    if task.data.get("type", "MANUAL") not in TASK_TYPES:
        yield f"the task's type is {task.data['type']}"
    for step in task.steps:
        if step.state not in ALLOWED.get(step.operation, set()):
            yield f"{step.id} is {step.state} under {step.operation}"
        if step.data.get("nodeType", "JAVA_TASK") != "JAVA_TASK":
            yield f"{step.id} is a {step.data['nodeType']}"
        timeout = step.data.get("timeout", 0 if not task.has_times else None)
        if timeout is None or timeout < 0:
            yield f"{step.id} has the timeout {timeout}"
    for data in (task.data, *(step.data for step in task.steps)):
        for key in ("createTime", "startTime", "finishTime"):
            if key in data and datetime.fromisoformat(data[key]).tzinfo is None:
                yield f"a {key} without an offset"


def _edges(task: _Task) -> Iterator[str]:
    """Both ends name every edge once, and nothing waits for itself."""
    for step in task.steps:
        for side in ("upstreams", "downstreams"):
            if side not in step.data:
                yield f"{step.id} has no {side}"
        for near, far in ((step.ups, "downs"), (step.downs, "ups")):
            if len(set(near)) < len(near):
                yield f"{step.id} names an edge twice"
            for other in near:
                if other not in task.by_id:
                    yield f"{step.id} names {other}, which does not exist"
                elif step.id not in getattr(task.by_id[other], far):
                    yield f"{step.id} names {other}, which does not name it"
    if _has_cycle(task):
        yield "the edges form a cycle"


def _has_cycle(task: _Task) -> bool:
    waiting = {step.id: len(step.ups) for step in task.steps}
    free = [step.id for step in task.steps if not step.ups]
    for identifier in free:
        for down in task.by_id[identifier].downs:
            waiting[down] = waiting.get(down, 0) - 1
            if waiting[down] == 0 and down in task.by_id:
                free.append(down)
    return len(free) < len(task.steps)


# --- the states ------------------------------------------------------------------


def _states(task: _Task) -> Iterator[str]:
    goal = "PENDING" if task.rolls_back else "SUCCESSFUL"
    if task.state == "SUCCESSFUL" and any(step.state != goal for step in task.steps):
        yield f"the task is SUCCESSFUL and not every step is {goal}"
    for step in task.steps:
        if step.operation == "EXECUTE" and step.attempts != 1:
            yield f"{step.id} was retried under EXECUTE"
        if step.attempts < 1:
            yield f"{step.id} has had {step.attempts} attempts"
        if task.operation is None:
            continue
        if task.rolls_back:
            started = step.state != "PENDING"
            if started and step.operation not in BACK | {"CANCEL", "RETRY"}:
                yield f"{step.id} is {step.operation} in a rollback"
        elif step.operation in BACK or (step.operation, step.state) == ("CANCEL", "READY"):
            yield f"{step.id} is {step.operation} though nothing is rolled back"


def _order(task: _Task) -> Iterator[str]:
    for step in task.steps:
        if step.state != "PENDING":
            for up in step.ups:
                if task.by_id[up].state != "SUCCESSFUL":
                    yield f"{step.id} is {step.state} before {up} is SUCCESSFUL"


def _flags(task: _Task) -> Iterator[str]:
    strings = task.data.get("context", {}).get("stringMap", {})
    own = strings.get("prohibit_rollback")
    if own == "true" and task.operation == "ROLLBACK":
        yield "what forbids to be rolled back is rolled back"
    blocked = False
    for step in task.steps:
        if step.data.get("prohibitRollback"):
            blocked |= step.state not in ("PENDING", "READY")
            if task.operation == "ROLLBACK" and (
                step.state == "SUCCESSFUL" and step.operation == "ROLLBACK"
            ):
                yield f"{step.id} forbids the rollback that waits for it"
        if step.data.get("prohibitSkip") and step.operation in ("SKIP", "ROLLBACK_SKIP"):
            yield f"{step.id} forbids to be skipped, and was"
    verdict = task.data.get("prohibitRollback")
    if verdict is False and blocked:
        yield "a step forbids the rollback, the task does not"


def _parts(task: _Task) -> Iterator[str]:
    """The parts of every split are numbered 0, 1, 2, ... without a gap."""
    chained = set()
    for step in task.steps:
        index = step.data.get("parallelIdx", -1)
        if index < -1:
            yield f"{step.id} is part {index}"
        if index > 0 and len(step.ups) == 1:
            before = task.by_id[step.ups[0]]
            follows = before.data.get("parallelIdx") == index - 1
            alike = before.data.get("name") == step.data.get("name")
            if follows and alike and before.downs == [step.id]:
                chained |= {step.id, before.id}
    groups: dict[object, Counter[int]] = {}
    for step in task.steps:
        index = step.data.get("parallelIdx", -1)
        if index >= 0 and step.id not in chained:
            key = (step.data.get("name"), frozenset(step.ups), frozenset(step.downs))
            groups.setdefault(key, Counter())[index] += 1
    for counts in groups.values():
        numbers = [counts[index] for index in range(max(counts) + 1)]
        if sorted(numbers, reverse=True) != numbers:
            yield f"the parts {sorted(counts)} leave a gap"


# --- the times -------------------------------------------------------------------


def _times(task: _Task) -> Iterator[str]:
    """Which times are there, and in which order."""
    if task.start is None:
        yield "the task never started"
    if task.state != "RUNNING" and task.finish is None:
        yield f"the task is {task.state} and never finished"
    if task.state == "RUNNING" and task.finish is not None and not _was_touched(task):
        yield "the task runs, has finished, and nobody asked for more"
    for step in task.steps:
        has = (step.start is not None, step.finish is not None)
        if step.state in ("FAILED", "SUCCESSFUL"):
            allowed = {(True, True)}
        elif step.state in ("RUNNING", "CANCELING"):
            allowed = {(True, False)}
        elif step.operation == "EXECUTE":
            allowed = {(False, False)}
        elif step.state == "PENDING" or step.operation in ("SKIP", "ROLLBACK_SKIP"):
            allowed = {(True, True)}
        elif step.operation == "RETRY":
            # Only a retry that nobody asked for forgets the end, and it counts.
            forgets = step.attempts > 1 or task.rolls_back
            allowed = {(True, True), (True, not forgets)}
        else:
            allowed = {(False, False), (True, False), (True, True)}
        if has not in allowed:
            yield f"{step.id} is {step.state} under {step.operation} with times {has}"


def _was_touched(task: _Task) -> bool:
    """Whether anything tells of a retry, a skip or a rollback; a cancel may hide it."""
    touched = any(step.operation != "EXECUTE" for step in task.steps)
    return touched or task.operation in ("RETRY", "ROLLBACK")


def _windows(task: _Task) -> Iterator[str]:
    known = [step for step in task.steps if step.start is not None]
    for step in known:
        if _is_later(step.start, step.finish, skew=0):
            yield f"{step.id} finished before it started"
        if _is_later(task.start, step.start):
            yield f"{step.id} started before the task"
        if task.state == "SUCCESSFUL" and _is_later(step.finish, task.finish):
            yield f"{step.id} finished after the task"
        for up in step.ups:
            yield from _edge_times(task, task.by_id[up], step)
    moments = [task.start, task.finish]
    moments += [moment for step in task.steps for moment in (step.start, step.finish)]
    if _is_later(max(filter(None, moments)), task.timestamp):
        yield "a time after the response"
    if _is_later(task.start, task.finish):
        yield "the task finished before it started"


def _is_later(one: int | None, other: int | None, skew: int = SKEW) -> bool:
    return one is not None and other is not None and one > other + skew


def _edge_times(task: _Task, up: _Step, down: _Step) -> Iterator[str]:
    """A step starts after the ends above it, and is rolled back before those."""
    forward = up.state == "SUCCESSFUL" and (
        task.operation != "ROLLBACK" or up.operation == "ROLLBACK"
    )
    if forward and _is_later(up.finish, down.start):
        yield f"{down.id} started before {up.id} finished"
    both_back = all(
        step.state == "PENDING" and step.operation in BACK for step in (up, down)
    )
    if both_back and _is_later(down.finish, up.finish):
        yield f"{up.id} was rolled back before {down.id}"


def _accidents(task: _Task) -> Iterator[str]:
    failed = any(step.state == "FAILED" for step in task.steps)
    if task.state == "FAILED" and not failed and not _was_touched(task):
        yield "the task is FAILED and nothing ever failed"
    for step in task.steps:
        timeout = step.data.get("timeout", 0)
        if not (step.ran_once and timeout) or step.start is None:
            continue
        if step.state == "CANCELING":
            continue  # a cancel may hang, and the poll does not look at it
        end = task.timestamp if step.state == "RUNNING" else step.finish
        if end is not None and end - step.start > timeout * SECOND + GRACE:
            yield f"{step.id} ran long after its deadline"
