"""Small responses about tasks, written by hand or by the generator of archives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.history_archive import Exponential, Kind, Lognormal, Step

Steps: TypeAlias = Sequence[dict[str, Any]]
"""The subtasks of one run."""
BEGAN = datetime(2025, 1, 16, 11, 0, tzinfo=timezone(timedelta(hours=8)))

FLEET = (
    Kind(
        "Stop obproxy",
        2,
        (
            Step("Prepare", Lognormal(1.5, 0.4), 30),
            Step("Stop obproxy", Lognormal(12, 0.5), 1800, (0,), 0.05, 0.0, 0),
            Step("Stop obproxy", Lognormal(12, 0.5), 1800, (0,), 0.05, 0.0, 1),
            Step("Finish", Exponential(2.0), 300, (1, 2)),
        ),
    ),
    Kind("重启", 1, (Step("重启 OBProxy", Lognormal(30, 0.4), 600, (), 0.1),)),
)
"""Two kinds of tasks with failures, retries and skips."""


def at(seconds: float) -> str:
    """Write a moment so many seconds after `BEGAN`."""
    return (BEGAN + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def step(
    number: int,
    name: str,
    start: float | None = 0,
    end: float | None = 1,
    **changes: Any,
) -> dict[str, Any]:
    """Give a subtask that ran once from one second to another of its task."""
    row: dict[str, Any] = {
        "id": number,
        "name": name,
        "operation": "EXECUTE",
        "runTime": 1,
        "status": "SUCCESSFUL",
        "timeout": 60,
        "upstreams": [],
        "downstreams": [],
    }
    if start is not None:
        row["startTime"] = at(start)
    if end is not None:
        row["finishTime"] = at(end)
    return row | changes


def response(
    number: int,
    steps: Iterable[Mapping[str, Any]],
    *,
    name: str = "Stop",
    asked: float = 3600,
    **changes: Any,
) -> bytes:
    """Give a response about a task that ran well."""
    task = {
        "id": number,
        "name": name,
        "operation": "EXECUTE",
        "status": "SUCCESSFUL",
        "startTime": at(0),
        "finishTime": at(100),
        "subtasks": list(steps),
    }
    content = {"data": task | changes, "successful": True, "timestamp": at(asked)}
    return json.dumps(content, ensure_ascii=False).encode()


def write(folder: Path, documents: Mapping[str, bytes]) -> Path:
    """Write documents by their names; give the folder."""
    for name, content in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
