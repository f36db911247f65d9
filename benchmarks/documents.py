"""Documents of any size, like those that the engine writes."""

from __future__ import annotations

import json
import random
from pathlib import Path

SEED = 7


def chain(size: int) -> list[list[int]]:
    """Give the upstreams of each subtask: one after the other."""
    return [[node - 1] if node else [] for node in range(size)]


def layered(size: int, width: int = 100) -> list[list[int]]:
    """Give the upstreams of each subtask: one to three of the layer before."""
    choose = random.Random(SEED)
    rows: list[list[int]] = []
    for node in range(size):
        first = node - node % width - width
        count = choose.randint(1, min(3, width)) if first >= 0 else 0
        rows.append(sorted(first + place for place in choose.sample(range(width), count)))
    return rows


def star(size: int) -> list[list[int]]:
    """Give the upstreams of each subtask: the first one, of all others."""
    return [[], *([0] for _ in range(size - 1))]


def ladder(size: int) -> list[list[int]]:
    """Give the upstreams of each subtask of two chains with rungs between them."""
    return [
        [a for a in (node - 2, node - node % 2) if 0 <= a < node] for node in range(size)
    ]


def document(
    upstreams: list[list[int]], *, task: int = 1, naming: str = "Step {}"
) -> bytes:
    """Write a response with one task that has just been created.

    Ids begin at a thousand times that of the task.
    """
    choose = random.Random(SEED)
    downstreams: list[list[int]] = [[] for _ in upstreams]
    for node, row in enumerate(upstreams):
        for upstream in row:
            downstreams[upstream].append(node)
    first = 1000 * task
    subtasks = [
        {
            "description": f"Step {node}",
            "downstreams": [first + other for other in downstreams[node]],
            "id": first + node,
            "name": naming.format(node),
            "nodeType": "JAVA_TASK",
            "operation": "EXECUTE",
            "parallelIdx": -1,
            "prohibitRollback": False,
            "prohibitSkip": False,
            "runTime": 1,
            "seriesId": node,
            "status": "PENDING" if row else "READY",
            "taskId": task,
            "timeout": choose.choice((30, 60, 300, 1800)),
            "upstreams": [first + other for other in row],
        }
        for node, row in enumerate(upstreams)
    ]
    choose.shuffle(subtasks)
    data = {"id": task, "name": "Large", "operation": "EXECUTE", "prohibitRollback": False}
    data |= {"startTime": "2025-01-16T11:43:38.273+08:00", "status": "RUNNING"}
    data |= {"subtasks": subtasks, "type": "MANUAL"}
    response = {"data": data, "duration": 59, "status": 200, "successful": True}
    response["timestamp"] = "2025-01-16T11:43:38.311+08:00"
    return json.dumps(response).encode()


SHAPES = {"chain": chain, "layered": layered}


def write(folder: Path, shape: str, size: int) -> Path:
    """Write a document of a shape and give its path."""
    path = folder / f"{shape}_{size}.json"
    path.write_bytes(document(SHAPES[shape](size)))
    return path
