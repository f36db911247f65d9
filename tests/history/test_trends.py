"""How runs changed over time: known answers, and what may not matter."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from taskgraph.history.trending import (
    FAILED,
    RETRIED,
    SKIPPED,
    Change,
    Period,
    TaskTrends,
    read_trends,
)
from tests.history.conftest import Collect
from tests.history.documents import at, response, step, write

DAY = 86_400
SECOND = 1_000_000


def run(number: int, took: float, **changes: Any) -> bytes:
    """Give a run of one day, whose second subtask took so long."""
    begin = number * DAY
    steps = [
        step(1, "Prepare", begin, begin + 2, downstreams=[2]),
        step(2, "Copy", begin + 3, begin + 3 + took, upstreams=[1], **changes),
    ]
    times = {"startTime": at(begin), "finishTime": at(begin + 4 + took)}
    return response(number, steps, asked=begin + 3600, **times)


def slower() -> dict[str, bytes]:
    """Give 20 runs of ten seconds, then 20 of twenty."""
    rng = random.Random(1)
    return {
        f"{day}.json": run(day, (10 if day < 20 else 20) + rng.random())
        for day in range(40)
    }


def only(found: Iterable[TaskTrends]) -> TaskTrends:
    (one,) = found
    return one


def test_it_tells_since_when_a_step_is_slower(tmp_path: Path, collected: Collect) -> None:
    task = only(read_trends(collected(write(tmp_path / "in", slower()))).tasks)
    assert (task.task, task.seen, len(task.runs)) == ("Stop", 40, 40)
    assert [kind.subtask for kind in task.kinds] == [None, "Prepare", "Copy"]
    assert [run.id for run in task.runs] == [str(day) for day in range(40)]
    assert task.runs[20].file.endswith("20.json/data")
    whole, prepare, copy = task.kinds
    assert prepare.change is None
    assert set(prepare.spans_us) == {2 * SECOND}
    for kind in (whole, copy):
        change = kind.change
        assert isinstance(change, Change)
        assert change.run == 20
        assert change.before_us < change.after_us - 8 * SECOND
        assert change.confidence > 0.999
    assert copy.overall.size == 40


def test_weeks_begin_on_mondays_and_have_their_own_figures(
    tmp_path: Path, collected: Collect
) -> None:
    task = only(read_trends(collected(write(tmp_path / "in", slower()))).tasks)
    assert task.days == 7
    assert {start.weekday() for start in task.starts} == {0}
    assert [period.size for period in task.kinds[1].periods] == [4, 7, 7, 7, 7, 7, 1]
    assert task.kinds[1].periods[0] == Period(4, 2 * SECOND, 2 * SECOND)
    last = task.kinds[2]
    assert last.periods[-1].p50 == last.spans_us[-1]


def test_what_did_not_run_well_once_is_a_mark_and_no_time(
    tmp_path: Path, collected: Collect
) -> None:
    documents = {
        "a.json": run(0, 5, status="FAILED"),
        "b.json": run(1, 5, operation="RETRY", runTime=2),
        "c.json": run(2, 5, operation="SKIP"),
        "d.json": run(3, 5, executor="10.0.0.1"),
    }
    task = only(read_trends(collected(write(tmp_path / "in", documents))).tasks)
    copy = task.kinds[2]
    assert copy.marks == (FAILED, RETRIED, SKIPPED, 0)
    assert copy.spans_us == (None, None, None, 5 * SECOND)
    assert copy.overall == Period(1, 5 * SECOND, 5 * SECOND)
    (host,) = task.hosts
    assert (host.host, host.is_target, host.seen, host.pace_ppm) == (
        "10.0.0.1",
        False,
        1,
        1_000_000,
    )


def test_the_parts_of_a_split_are_one_row_with_the_longest(
    tmp_path: Path, collected: Collect
) -> None:
    steps = [
        step(1, "Copy", 0, 5, parallelIdx=0),
        step(2, "Copy", 0, 9, parallelIdx=1, status="FAILED"),
        step(3, "Copy", 0, 7, parallelIdx=2),
    ]
    lists = {"listMap": {"host_ids": ["10.0.0.7", "10.0.0.8", "10.0.0.9"]}}
    folder = write(tmp_path / "in", {"a.json": response(1, steps, context=lists)})
    task = only(read_trends(collected(folder)).tasks)
    assert task.kinds[1].spans_us == (7 * SECOND,)
    assert task.kinds[1].marks == (FAILED,)
    assert [(one.host, one.is_target, one.failed) for one in task.hosts] == [
        ("10.0.0.9", True, 0),
        ("10.0.0.7", True, 0),
        ("10.0.0.8", True, 1),
    ]


@pytest.mark.slow
def test_the_order_of_collecting_does_not_matter(
    tmp_path: Path, collected: Collect
) -> None:
    write(tmp_path / "in", slower())
    files = sorted((tmp_path / "in").iterdir())
    random.Random(3).shuffle(files)
    first = read_trends(collected(tmp_path / "in"))
    assert read_trends(collected(*files, name="other")) == first


@pytest.mark.slow
def test_the_time_zone_of_the_machine_does_not_matter(
    tmp_path: Path, collected: Collect, run_cli: Any
) -> None:
    store = collected(write(tmp_path / "in", {"a.json": run(0, 5)}))
    utc, local = (
        run_cli("history", "report", "-r", store.folder, env={"TZ": zone}).stdout
        for zone in ("UTC", "Asia/Shanghai")
    )
    assert "2025-01-16 03:00:00+00:00" in utc
    assert local == utc


def test_a_store_of_an_older_version_lacks_only_what_it_never_held(
    tmp_path: Path, collected: Collect
) -> None:
    store = collected(write(tmp_path / "in", {"a.json": run(0, 5, executor="10.0.0.1")}))
    later = ["executor", "target", "path_us", "path_wait_us"]
    for file in store.files("subtasks"):
        pq.write_table(pq.read_table(file).drop_columns(later), file)
    task = only(read_trends(store).tasks)
    assert task.kinds[2].spans_us == (5 * SECOND,)
    assert task.hosts == ()
    more = write(tmp_path / "more", {"b.json": run(1, 6, executor="10.0.0.2")})
    hosts = only(read_trends(collected(more)).tasks).hosts
    assert [host.host for host in hosts] == ["10.0.0.2"]
