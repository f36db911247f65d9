"""What is written on the box of a subtask."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from taskgraph.model import Operation, Status, Subtask, format_duration
from taskgraph.model.text import visible

__all__ = ["format_elapsed", "limit_text", "measured", "state_text", "subtask_facts"]

_ROLLING_BACK: dict[str, str] = {
    Status.SUCCESSFUL: "waits for rollback",
    Status.READY: "to be rolled back",
    Status.RUNNING: "rolling back",
    Status.FAILED: "in rollback",
}


def state_text(subtask: Subtask, *, blocked: bool = False) -> str:
    """Give the status word, and what the operation adds to it: ``PENDING, blocked``."""
    status = visible(subtask.status or "") or "status unknown"
    addition = "blocked" if blocked else _addition(subtask)
    return f"{status}, {addition}" if addition else status


def _addition(subtask: Subtask) -> str:
    status, operation = subtask.status, subtask.operation
    if operation == Operation.SKIP and status == Status.SUCCESSFUL:
        return "skipped"
    if operation == Operation.ROLLBACK_SKIP and status == Status.PENDING:
        return "rollback skipped"
    if operation == Operation.CANCEL and status == Status.FAILED:
        return "cancelled"
    if operation == Operation.ROLLBACK:
        if status == Status.PENDING:
            return "rolled back" if subtask.start_time is not None else ""
        return _ROLLING_BACK.get(status or "", "")
    return ""


def subtask_facts(subtask: Subtask) -> tuple[str, ...]:
    """Give what is known of time and attempts, the most telling first."""
    facts = []
    elapsed = measured(subtask)
    limit = limit_text(subtask.timeout)
    if elapsed is None:
        facts.append(limit)
    else:
        span = format_elapsed(elapsed)
        verb = "ran" if (subtask.attempts or 1) == 1 else "all attempts"
        facts += [f"{verb} {span}", limit]
    if subtask.attempts is not None and subtask.attempts > 1:
        facts.append(f"{subtask.attempts} attempts")
    return tuple(filter(None, facts))


def limit_text(timeout: int | None) -> str:
    """Word a timeout; nothing where the document does not say."""
    if timeout is None:
        return ""
    if timeout == 0:
        return "no time limit"
    return f"timeout {format_duration(timeout)}"


def measured(subtask: Subtask) -> timedelta | None:
    """Give the time from the first start to the last end of a subtask that is done."""
    start, finish = subtask.start_time, subtask.finish_time
    done = subtask.status in (Status.SUCCESSFUL, Status.FAILED)
    if not done or start is None or finish is None or finish < start:
        return None
    return finish - start


def format_elapsed(elapsed: timedelta) -> str:
    """Word a measured time: milliseconds below ten seconds, whole seconds above."""
    if elapsed < timedelta(seconds=10):
        milliseconds = round(elapsed / timedelta(milliseconds=1))
        return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".") + " s"
    return format_duration(round(elapsed.total_seconds()))


def join_words(parts: Iterable[str]) -> str:
    """Join what there is with a middle dot."""
    return " · ".join(filter(None, parts))
