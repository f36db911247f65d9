"""What is tried: reading bytes, and whatever every command then does with the tasks."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from taskgraph.analysis.analysis import Analysis
from taskgraph.checks.runner import check_document
from taskgraph.errors import InputError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.privacy.redaction import redact_task
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import read_bytes, read_source
from tests.sources.native import write_task

MEMORY = 1 << 30


class HangError(Exception):
    """It took far too long."""


def bounded_memory() -> None:
    """Let this process have no more than 1 GiB; what asks for more fails."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Raise :class:`HangError` in what takes longer."""

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise HangError(f"over {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def try_bytes(data: bytes, file: str) -> int:
    """Read bytes and go on with what was read; give the number of tasks.

    Nothing but an :class:`~taskgraph.errors.InputError` with a message, a place inside
    the text and a hint may come of it.
    """
    count = 0
    for reading in read_source(Source(file, lambda: data)):
        if reading.error is not None:
            _try_error(reading.error)
        count += len(reading.tasks)
        check_document([Analysis(build_graph(task)) for task in reading.tasks])
        for task in reading.tasks[:10]:
            text = write_task(task)
            assert read_bytes(text.encode()) == (task,)
            redact_task(task)
    return count


def _try_error(error: InputError) -> None:
    assert error.problems
    assert error.hint
    assert str(error)
    for problem in error.problems:
        assert problem.message
        assert problem.line is None or (problem.line > 0 and (problem.column or 0) > 0)
