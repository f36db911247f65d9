"""An archive of task responses whose distributions are known.

    python benchmarks/history_archive.py FOLDER --documents 10000 [--form files|jsonl|zip]

A small fleet runs four kinds of tasks again and again, by the rules of the engine: a
subtask starts up to 1.2 s after its last upstream, takes a time drawn from a known
distribution, fails with a known chance or at its deadline, and is then retried, skipped
or left. Besides the responses there are, at known rates, earlier responses about the same
task, copies of documents, and documents that are cut off.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from statistics import NormalDist
from typing import Any, Literal, NamedTuple, TypeAlias

Form: TypeAlias = Literal["files", "jsonl", "zip"]

SECOND = 1_000_000
FIRST_DAY = datetime(2023, 1, 1, tzinfo=timezone(timedelta(hours=8)))
FOLDER_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Seconds whose logarithm is normal."""

    median: float
    sigma: float

    def draw(self, rng: random.Random) -> float:
        """Draw one."""
        return self.median * math.exp(rng.gauss(0.0, self.sigma))

    def quantile(self, share: float) -> float:
        """Give what a share of all draws does not exceed."""
        return self.median * math.exp(NormalDist().inv_cdf(share) * self.sigma)


@dataclass(frozen=True, slots=True)
class Exponential:
    """Seconds that end with the same chance at every moment."""

    mean: float

    def draw(self, rng: random.Random) -> float:
        """Draw one."""
        return rng.expovariate(1 / self.mean)

    def quantile(self, share: float) -> float:
        """Give what a share of all draws does not exceed."""
        return -self.mean * math.log(1 - share)


class Step(NamedTuple):
    """One subtask of a kind.

    Attributes
    ----------
    upstreams : tuple of int
        Positions among the steps of the kind.
    fails : float
        The chance that a run fails by itself.
    hangs : float
        The chance that a run would never end.
    """

    name: str
    takes: Lognormal | Exponential
    timeout: int
    upstreams: tuple[int, ...] = ()
    fails: float = 0.0
    hangs: float = 0.0
    part: int = -1


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of task; ``weight`` is how often it is run."""

    name: str
    weight: int
    steps: tuple[Step, ...]
    retried: float = 0.5
    """The chance that an operator retries what failed."""
    skipped: float = 0.2
    """The chance that an operator skips it instead; else it is left."""
    wait: float = 1.2
    """The most seconds between the end of the upstreams and a start."""


KINDS = (
    Kind(
        "Stop obproxy",
        5,
        (
            Step("Start node", Lognormal(0.2, 0.3), 30),
            Step("Prepare stop obproxy", Lognormal(1.5, 0.4), 30, (0,)),
            *(
                Step("Stop obproxy", Lognormal(12, 0.5), 1800, (1,), 0.01, 0.002, part)
                for part in range(3)
            ),
            Step("Wait node", Lognormal(0.2, 0.3), 30, (2, 3, 4)),
            Step("Update obproxy status", Exponential(2.0), 300, (5,)),
            Step("Finish node", Lognormal(0.2, 0.3), 30, (6,)),
        ),
    ),
    Kind(
        "Restart observer",
        3,
        (
            Step("Prepare restart", Lognormal(3, 0.3), 60),
            Step("Stop observer", Lognormal(20, 0.4), 3600, (0,), 0.02),
            Step("Start observer", Exponential(60), 140, (1,)),
            Step("Wait for sync", Lognormal(90, 0.6), 7200, (2,)),
            Step("Sync cluster info", Exponential(5), 600, (3,)),
        ),
    ),
    Kind(
        "Back up tenant",
        2,
        (
            Step("Check space", Lognormal(2, 0.2), 60),
            Step("Dump", Lognormal(900, 0.3), 86_400, (0,), 0.01),
            Step("Copy", Lognormal(300, 0.5), 7200, (1,)),
            Step("Verify", Lognormal(120, 0.2), 7200, (1,)),
            Step("Sync cluster info", Exponential(5), 600, (2, 3)),
        ),
    ),
    Kind(
        "重启 OBProxy 集群",
        1,
        (
            Step("准备", Lognormal(1, 0.2), 30),
            Step("重启", Lognormal(30, 0.4), 600, (0,), 0.01),
        ),
    ),
)
"""The fleet: in 'Restart observer', one start of ten is cut at its timeout."""


@dataclass
class Truth:
    """What was put into an archive.

    Attributes
    ----------
    documents, tasks, copies, earlier, broken : int
        Documents in all; distinct tasks; documents that are there twice; earlier
        responses about a task; documents that cannot be read.
    statuses : counter of (kind, status)
        Of the last response about each task.
    subtasks : counter of (kind, step, what)
        ``healthy``, ``failed``, ``retried``, ``skipped`` and ``seen``.
    """

    documents: int = 0
    tasks: int = 0
    copies: int = 0
    earlier: int = 0
    broken: int = 0
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    subtasks: Counter[tuple[str, str, str]] = field(default_factory=Counter)


class Run(NamedTuple):
    """How one subtask went; times in microseconds from the start of the task."""

    status: str = "PENDING"
    operation: str = "EXECUTE"
    attempts: int = 1
    start: int | None = None
    finish: int | None = None


def play(kind: Kind, rng: random.Random) -> list[Run]:
    """Let the engine run a task to its end."""
    runs: list[Run] = []
    failed_at = math.inf
    for step in kind.steps:
        ups = [runs[up] for up in step.upstreams]
        if any(up.status != "SUCCESSFUL" for up in ups):
            runs.append(Run())
            continue
        ready = max((up.finish or 0 for up in ups), default=0)
        if ready > failed_at:  # nothing starts while something is failed
            runs.append(Run())
            continue
        run = _attempt(kind, step, ready + _micro(rng.uniform(0, kind.wait)), rng)
        if run.status == "FAILED":
            failed_at = min(failed_at, run.finish or 0)
        runs.append(run)
    return runs


def _attempt(kind: Kind, step: Step, start: int, rng: random.Random) -> Run:
    length, status = _work(step, rng)
    run = Run(status, "EXECUTE", 1, start, start + length)
    if status == "SUCCESSFUL":
        return run
    fate = rng.random()
    later = start + length + _micro(rng.uniform(30, 600))
    if fate < kind.retried:
        length, status = _work(step._replace(hangs=0), rng)
        return Run(status, "RETRY", 2, start, later + length)
    if fate < kind.retried + kind.skipped:
        return Run("SUCCESSFUL", "SKIP", 1, start, later)
    return run


def _work(step: Step, rng: random.Random) -> tuple[int, str]:
    """Give how long a run takes and how it ends; a deadline is noticed a little late."""
    length = _micro(step.takes.draw(rng))
    if rng.random() < step.hangs or (step.timeout and length > step.timeout * SECOND):
        return step.timeout * SECOND + _micro(rng.uniform(0, 0.03)), "FAILED"
    if rng.random() < step.fails:
        return int(length * rng.random()), "FAILED"
    return length, "SUCCESSFUL"


def _micro(seconds: float) -> int:
    return int(seconds * 1000) * 1000  # the engine writes milliseconds


def documents(
    truth: Truth,
    count: int,
    seed: int = 1,
    kinds: tuple[Kind, ...] = KINDS,
    *,
    clean: bool = False,
) -> Iterator[bytes]:
    """Give documents.

    Parameters
    ----------
    truth : Truth
        Told what is true of all documents so far.
    count : int
    seed : int
    kinds : tuple of Kind
    clean : bool
        Without earlier responses, copies and broken documents.
    """
    rng = random.Random(seed)
    weights = [kind.weight for kind in kinds]
    began = FIRST_DAY
    while truth.documents < count:
        kind = rng.choices(kinds, weights)[0]
        began += timedelta(milliseconds=rng.randrange(1000, 600_000))
        runs = play(kind, rng)
        number = 1_000_000 + 100 * truth.tasks
        texts = [_document(kind, runs, number, began, rng)]
        if not clean:
            texts = _disturb(texts[0], (kind, number, began), truth, rng)
        _count(truth, kind, runs)
        for text in texts[: count - truth.documents]:
            truth.documents += 1
            yield text


def _disturb(
    text: bytes, task: tuple[Kind, int, datetime], truth: Truth, rng: random.Random
) -> list[bytes]:
    """Seldom, add a broken document, an earlier response before, or a copy behind."""
    chance = rng.random()
    if chance < 0.002:
        truth.broken += 1
        return [text[: len(text) // 2], text]
    if chance < 0.02:
        kind, number, began = task
        truth.earlier += 1
        idle = [Run("READY" if not step.upstreams else "PENDING") for step in kind.steps]
        return [_document(kind, idle, number, began, rng), text]
    if chance < 0.03:
        truth.copies += 1
        return [text, text]
    return [text]


def _count(truth: Truth, kind: Kind, runs: list[Run]) -> None:
    truth.tasks += 1
    truth.statuses[kind.name, _status(runs)] += 1
    for step, run in zip(kind.steps, runs, strict=True):
        key = (kind.name, step.name)
        truth.subtasks[*key, "seen"] += 1
        truth.subtasks[*key, "retried"] += run.operation == "RETRY"
        truth.subtasks[*key, "skipped"] += run.operation == "SKIP"
        truth.subtasks[*key, "failed"] += run.status == "FAILED"
        once = run.operation == "EXECUTE" and run.status == "SUCCESSFUL"
        truth.subtasks[*key, "healthy"] += once


def _status(runs: list[Run]) -> str:
    states = {run.status for run in runs}
    if "FAILED" in states:
        return "FAILED"
    return "SUCCESSFUL" if states == {"SUCCESSFUL"} else "RUNNING"


def _document(
    kind: Kind, runs: list[Run], number: int, began: datetime, rng: random.Random
) -> bytes:
    ends = [run.finish for run in runs if run.finish is not None]
    status = _status(runs)
    finish = max(ends, default=0) + 500_000
    rows = [
        _subtask(kind, position, run, number, began) for position, run in enumerate(runs)
    ]
    rng.shuffle(rows)
    task: dict[str, Any] = {
        "id": number,
        "name": kind.name,
        "creator": {"id": 100, "name": "admin"},
        "createTime": _time(began, 0),
        "startTime": _time(began, 0),
        "operation": "RETRY"
        if any(run.operation == "RETRY" for run in runs)
        else "EXECUTE",
        "prohibitRollback": False,
        "status": status,
        "subtasks": rows,
        "taskDefinitionId": -1,
        "type": "MANUAL",
    }
    if status != "RUNNING":
        task["finishTime"] = _time(began, finish)
    response = {
        "data": task,
        "duration": 36,
        "server": "ocp-1",
        "status": 200,
        "successful": True,
        "timestamp": _time(began, finish + 3_600_000_000),
        "traceId": f"{number:016x}",
    }
    return json.dumps(response, ensure_ascii=False).encode()


def _subtask(
    kind: Kind, position: int, run: Run, number: int, began: datetime
) -> dict[str, Any]:
    step = kind.steps[position]
    first = number + 1
    below = [first + i for i, s in enumerate(kind.steps) if position in s.upstreams]
    row: dict[str, Any] = {
        "id": first + position,
        "name": step.name,
        "description": step.name,
        "createTime": _time(began, 0),
        "nodeType": "JAVA_TASK",
        "operation": run.operation,
        "parallelIdx": step.part,
        "prohibitRollback": False,
        "prohibitSkip": False,
        "runTime": run.attempts,
        "seriesId": position,
        "status": run.status,
        "taskId": number,
        "timeout": step.timeout,
        "upstreams": [first + up for up in step.upstreams],
        "downstreams": below,
    }
    if run.start is not None:
        row["startTime"] = _time(began, run.start)
    if run.finish is not None:
        row["finishTime"] = _time(began, run.finish)
    return row


def _time(began: datetime, micros: int) -> str:
    return (began + timedelta(microseconds=micros)).isoformat(timespec="milliseconds")


def write_archive(
    folder: Path,
    count: int,
    seed: int = 1,
    kinds: tuple[Kind, ...] = KINDS,
    *,
    form: Form = "files",
    clean: bool = False,
) -> Truth:
    """Write an archive; give what is in it.

    Parameters
    ----------
    folder : Path
        Made where it does not exist.
    count : int
    seed : int
    kinds : tuple of Kind
    form : {"files", "jsonl", "zip"}
        A file for each document in folders of 1000, or one file for all.
    clean : bool
        Without earlier responses, copies and broken documents.
    """
    folder.mkdir(parents=True, exist_ok=True)
    truth = Truth()
    texts = documents(truth, count, seed, kinds, clean=clean)
    if form == "jsonl":
        with (folder / "archive.jsonl").open("wb") as lines:
            for text in texts:
                lines.write(text + b"\n")
    elif form == "zip":
        with zipfile.ZipFile(folder / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for number, text in enumerate(texts):
                archive.writestr(f"{number:07}.json", text)
    else:
        for number, text in enumerate(texts):
            place = folder / f"{number // FOLDER_SIZE:05}"
            if number % FOLDER_SIZE == 0:
                place.mkdir(exist_ok=True)
            (place / f"{number:07}.json").write_bytes(text)
    return truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--form", choices=["files", "jsonl", "zip"], default="files")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = datetime.now(UTC)
    truth = write_archive(
        options.folder, options.documents, options.seed, form=options.form
    )
    took = (datetime.now(UTC) - began).total_seconds()
    print(f"{truth.documents} documents about {truth.tasks} tasks in {took:.1f} s")


if __name__ == "__main__":
    main()
