"""The rules of the engine: what a state, an operation and two times prove.

Nobody else decides such a question: what has begun, what ran once, what is being rolled
back, how many subtasks may be in flight, or what the engine accepts. Its documented
requests are told here, and never made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from taskgraph.model.task import STATUSES, Operation, Status, Subtask, Task

MICROSECOND: Final = timedelta(microseconds=1)
SECOND: Final = 1_000_000
"""Microseconds in a second."""

ENGINE_SLOTS: Final = 10
"""How many subtasks of a task the engine keeps in flight by default."""
WORKERS: Final = 16
"""How many workers a server has for all manual tasks together, whatever they are told."""
SCHEDULED_WORKERS: Final = 32
"""How many it has for scheduled tasks."""
OBSHELL_TIMEOUT: Final = 3600
"""The seconds after which obshell ends a node by default; its documents tell no timeout."""
DISPATCH_SECONDS: Final = 2
"""How long the engine, which polls, may take from one subtask to the next."""
DEADLINE_SECONDS: Final = 1
"""A deadline is armed just after the start, so that a run which it ended is up to this much
longer than its timeout by the times of the document."""
POLL_SECONDS: Final = 11
"""So long after its timeout, or later, a poll fails what the deadline did not end.

The engine arms no deadline for a timeout of 0, but versions of it poll such a subtask all
the same.
"""

_NUMBER = re.compile(r"-?[0-9]+")
NOT_BEGUN: Final = frozenset({Status.PENDING, Status.READY})
"""The statuses that prove that nothing was done; one never seen before proves nothing."""
BEGUN: Final = STATUSES - NOT_BEGUN
ENDED: Final = frozenset({Status.FAILED, Status.SUCCESSFUL})
"""The statuses of what has a finish, of a task and of a subtask."""
FORWARD: Final = frozenset({Operation.EXECUTE, Operation.RETRY})
SKIPS: Final = frozenset({Operation.SKIP, Operation.ROLLBACK_SKIP})
"""The operations of what did not do, or undo, its work."""
SECOND_TRIES: Final = SKIPS | {Operation.RETRY}
"""What is asked for after a failure."""
IN_FLIGHT: Final = frozenset({Status.RUNNING, Status.CANCELING})
"""The statuses of what is at work at the moment of the document."""
UNDER_WAY: Final = IN_FLIGHT | {Status.READY}
"""The statuses of what goes on by itself."""
_IN_SLOTS = frozenset({Status.READY, Status.RUNNING})
_ROLLBACK = frozenset({Operation.ROLLBACK, Operation.ROLLBACK_SKIP})


def has_limit(subtask: Subtask) -> bool:
    """Tell whether the definition promises a limit: 0 arms no deadline."""
    return subtask.timeout is not None and subtask.timeout > 0


def timeout_seconds(subtask: Subtask) -> int:
    """Give the subtask's timeout, 0 where it has no limit."""
    return max(subtask.timeout or 0, 0)


def has_begun(subtask: Subtask) -> bool:
    """Tell whether the subtask's prohibition of rollback counts.

    A status never seen before proves nothing.
    """
    return subtask.status in BEGUN


def blocks_rollback(subtask: Subtask) -> bool:
    """Tell whether the engine refuses to roll back because of the subtask."""
    return bool(subtask.prohibit_rollback) and has_begun(subtask)


def prohibits_rollback(task: Task) -> bool:
    """Tell whether the task's own flag is set, which may come from its template.

    Only its context shows that: the field of a response is the engine's verdict.
    """
    texts = (task.context or {}).get("stringMap")
    return isinstance(texts, Mapping) and texts.get("prohibit_rollback") == "true"


def is_in_flight(subtask: Subtask) -> bool:
    """Tell whether the subtask is at work at the moment of the document."""
    return subtask.status in IN_FLIGHT


def holds_slot(subtask: Subtask) -> bool:
    """Tell whether the subtask counts against the concurrency of its task.

    What is READY does, though it waits for a worker; what is being cancelled does not.
    """
    return subtask.status in _IN_SLOTS


def is_being_cancelled(subtask: Subtask) -> bool:
    """Tell whether a cancel was asked for: it ends FAILED within seconds, or hangs."""
    if subtask.status not in IN_FLIGHT:
        return False
    return subtask.status == Status.CANCELING or subtask.operation == Operation.CANCEL


def is_rolling_back(task: Task) -> bool:
    """Tell whether the task walks, or walked, upstream.

    Where the task does not say, its subtasks do: a list of tasks leaves it out, and the
    documentation knows operations of a task that mean neither.
    """
    operation = task.operation
    if operation in FORWARD:
        return False
    if operation == Operation.ROLLBACK:
        return True
    return any(subtask.operation in _ROLLBACK for subtask in task.subtasks)


def runs_forward(task: Task) -> bool:
    """Tell whether a task is under way and not back, so that what it has done is done."""
    return task.status == Status.RUNNING and not is_rolling_back(task)


def has_ended(task: Task) -> bool:
    """Tell whether the task is over, as its state says: one never seen before does not."""
    return task.status in ENDED


def tells_direction(task: Task) -> bool:
    """Tell whether operations say if the task goes forward: a diagnosis has none."""
    operations = (task.operation, *(subtask.operation for subtask in task.subtasks))
    return task.is_definition or any(word is not None for word in operations)


def tells_progress(task: Task) -> bool:
    """Tell whether what is SUCCESSFUL is known to be done.

    A list leaves the operation of a task out: forward, or not yet seen to go back.
    """
    known = tells_direction(task) and bool(task.operation or task.is_definition)
    return known or is_rolling_back(task)


def has_never_failed(task: Task) -> bool:
    """Tell whether the document proves that nothing in the task ever failed."""
    once = task.operation == Operation.EXECUTE and task.finish_time is None
    once = once or (task.status == Status.SUCCESSFUL and not is_rolling_back(task))
    began = task.start_time
    return once and all(
        ran_once(subtask)
        and subtask.status in STATUSES - {Status.FAILED}
        # A DAG of obshell that is retried begins anew, and what is done does not.
        and not (began and subtask.start_time and subtask.start_time < began)
        for subtask in task.subtasks
    )


def done_status(task: Task) -> Status:
    """Give the status of what is done: PENDING is undone, where the task rolls back."""
    return Status.PENDING if is_rolling_back(task) else Status.SUCCESSFUL


def stated_slots(task: Task) -> int | None:
    """Give how many subtasks may be in flight, where the task's context says it.

    Returns
    -------
    int or None
        0 is unlimited. A negative number, which tasks carry unless told otherwise, is the
        default again.
    """
    stated = (task.context or {}).get("concurrency")
    if isinstance(stated, str) and _NUMBER.fullmatch(stated):
        stated = int(stated[:18])
    if isinstance(stated, int) and not isinstance(stated, bool):
        return known_slots(stated)
    return None


def known_slots(stated: int) -> int:
    """Give what a stated concurrency means: negative is the default again."""
    return ENGINE_SLOTS if stated < 0 else stated


def slots(task: Task) -> int:
    """Give how many subtasks the engine keeps in flight, 0 for any number.

    The sub-tasks of obshell run on as many machines, all at once.
    """
    if task.origin.dialect == "obshell":
        return 0
    stated = stated_slots(task)
    return ENGINE_SLOTS if stated is None else stated


def workers(task: Task) -> int:
    """Give how many workers the server has for such a task, 0 for any number.

    All tasks of its kind share them. Where the kind is not known they are the fewer.
    """
    if task.origin.dialect == "obshell":
        return 0
    is_scheduled = (task.type or "").endswith("SCHEDULED")
    return SCHEDULED_WORKERS if is_scheduled else WORKERS


def retry_undoes_apart(task: Task) -> bool:
    """Tell whether what a retry first undoes has a deadline of its own, as in obshell."""
    return task.origin.dialect == "obshell"


def is_undone_for_retry(subtask: Subtask, task: Task) -> bool:
    """Tell whether a retry is undoing the subtask, or is to, and then runs it."""
    is_undone = subtask.operation == Operation.ROLLBACK and subtask.status in _IN_SLOTS
    return is_undone and retry_undoes_apart(task) and not is_rolling_back(task)


def is_rolled_back(subtask: Subtask) -> bool:
    """Tell whether the subtask's work was undone, or given up undoing."""
    return subtask.status == Status.PENDING and subtask.operation in _ROLLBACK


def ran_once(subtask: Subtask) -> bool:
    """Tell whether the document proves that the subtask was started once only.

    A manual retry does not raise the counter of attempts, but it changes the operation.
    """
    return subtask.operation == Operation.EXECUTE and subtask.attempts == 1


class _Attempted(Protocol):
    """What tells how often it was started: a subtask, or what a history keeps of one."""

    @property
    def operation(self) -> str | None: ...
    @property
    def attempts(self) -> int | None: ...


def is_untouched(subtask: Subtask) -> bool:
    """Tell whether nothing shows a second attempt or a hand; some dialects count none."""
    return subtask.operation in {Operation.EXECUTE, None} and (subtask.attempts or 1) == 1


def was_retried(subtask: _Attempted) -> bool:
    """Tell whether the document proves that the subtask failed and was started again."""
    return subtask.operation == Operation.RETRY or (subtask.attempts or 1) > 1


def was_asked_again(subtask: Subtask) -> bool:
    """Tell whether the document proves that the times of the subtask hold more than a run.

    They then hold a pause at least. What is SUCCESSFUL only waits to be rolled back.
    """
    if subtask.operation == Operation.ROLLBACK:
        return subtask.status != Status.SUCCESSFUL or was_retried(subtask)
    return subtask.operation in SECOND_TRIES or was_retried(subtask)


def accepts_retry(subtask: Subtask) -> bool:
    """Tell whether the engine would retry a subtask that is FAILED."""
    return subtask.operation != Operation.ROLLBACK


def least_attempts(subtask: Subtask) -> int:
    """Give how often the subtask was started at least.

    A manual retry does not raise the counter of attempts.
    """
    return max(subtask.attempts or 1, 2 if subtask.operation == Operation.RETRY else 1)


def is_part(subtask: Subtask) -> bool:
    """Tell whether a subtask is a part of a split one."""
    return is_number_of_part(subtask.parallel_index)


def is_number_of_part(parallel_index: int | None) -> bool:
    """Tell whether a parallel index is that of a part of a split subtask."""
    return parallel_index is not None and parallel_index >= 0


def is_repeating(subtask: Subtask, *, back: bool) -> bool:
    """Tell whether the subtask is run again and again, in a task that rolls back or not.

    What is retried within a rollback ends SUCCESSFUL, is marked to be undone as a RETRY,
    and so runs again: only to skip it once it is FAILED ends that.
    """
    alive = {Status.READY, Status.RUNNING, Status.SUCCESSFUL}
    return back and subtask.operation == Operation.RETRY and subtask.status in alive


class SpanKind(StrEnum):
    """What lies between the two times of a subtask."""

    ONE_RUN = "one run"
    RUNNING = "one run, not over"
    SEVERAL_RUNS = "several runs, split unknown"
    ROLLED_BACK = "runs and rollback, split unknown"


class Span(NamedTuple):
    """From the first start of a subtask to its last end, or to the as-of time.

    Attributes
    ----------
    start, finish : datetime
    kind : SpanKind
    """

    start: datetime
    finish: datetime
    kind: SpanKind

    @property
    def microseconds(self) -> int:
        """The length, negative where the finish is before the start."""
        return (self.finish - self.start) // MICROSECOND


def goes_on(subtask: Subtask) -> bool:
    """Tell whether the time of a subtask counts on: at work, or to run again, unended."""
    is_cleared = subtask.status == Status.READY and subtask.finish_time is None
    return is_in_flight(subtask) or is_cleared


def measured_span(subtask: Subtask, as_of: datetime | None) -> Span | None:
    """Give the times of a subtask that count.

    A time counts only where the state says that it happened: PENDING and READY subtasks
    count where they were rolled back or are to run again, and what runs has no end yet,
    whatever the document shows: it counts until the as-of time, if it began before. So
    does what is to run again and whose last end was cleared.

    Returns
    -------
    Span or None
        ``None`` where the subtask did not run or the document does not say when.
    """
    start, finish = subtask.start_time, subtask.finish_time
    if goes_on(subtask):
        finish = as_of
        if start and finish and finish < start:
            return None
    kind = _span_kind(subtask)
    if start is None or finish is None or kind is None:
        return None
    return Span(start, finish, kind)


def has_run(subtask: Subtask) -> bool:
    """Tell whether the times of a subtask are those of runs, and of no rollback."""
    return _span_kind(subtask) not in {None, SpanKind.ROLLED_BACK}


def _span_kind(subtask: Subtask) -> SpanKind | None:
    """Tell what the times of a subtask hold, ``None`` where they mean nothing."""
    once = ran_once(subtask)
    if is_in_flight(subtask) and once:
        return SpanKind.RUNNING
    if is_rolled_back(subtask):
        return SpanKind.ROLLED_BACK
    if subtask.status in {None, Status.PENDING}:
        return None
    if once:
        return None if subtask.status == Status.READY else SpanKind.ONE_RUN
    return SpanKind.SEVERAL_RUNS


def outlasts_poll(subtask: Subtask, microseconds: int, grace: int) -> bool:
    """Tell by whole seconds whether even the poll missed the end of a single run."""
    return microseconds // SECOND > timeout_seconds(subtask) + grace


class Ending(StrEnum):
    """What a single run that FAILED was ended by, as its length tells."""

    WITHIN = "it ended before its timeout"
    DEADLINE = "its deadline ended it"
    LATE = "its deadline was missed, and it ended by itself"
    POLLED = "its deadline was missed, and a poll ended it"


def ending(subtask: Subtask, microseconds: int) -> Ending:
    """Tell from the length of its only run what ended a subtask; one without limit too."""
    over = microseconds - timeout_seconds(subtask) * SECOND
    if over >= POLL_SECONDS * SECOND:
        return Ending.POLLED
    if over < 0 or not has_limit(subtask):
        return Ending.WITHIN
    return Ending.DEADLINE if over < DEADLINE_SECONDS * SECOND else Ending.LATE


def was_ended(subtask: Subtask, microseconds: int) -> bool:
    """Tell whether the engine ended the only run of a subtask, for its timeout."""
    if subtask.status != Status.FAILED or not has_limit(subtask):
        return False
    return ending(subtask, microseconds) in {Ending.DEADLINE, Ending.POLLED}


def task_path(task: Task) -> str:
    """Give the path of a task of OCP."""
    return f"/api/v2/tasks/instances/{task.id}"


def whole_dag(task: Task) -> str:
    """Give the request for the DAG of a node of obshell, whose id the node does not tell.

    Empty for everything else.
    """
    return "GET /api/v1/task/dag/{id}" if "node_id" in task.extra else ""


def whole_task(task: Task) -> str:
    """Give the request whose response has all of a task.

    Empty where it has no id, or, as a node of obshell, only its own and not its DAG's.
    """
    if task.id is None or whole_dag(task):
        return ""
    is_dag = task.origin.dialect == "obshell"
    return f"GET /api/v1/task/dag/{task.id}" if is_dag else f"GET {task_path(task)}"
