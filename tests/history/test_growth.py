"""What the growth of the wall clock comes from: known answers, and sums."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from statistics import mean
from typing import Any

import pyarrow.parquet as pq
import pytest

from taskgraph.errors import ConfigError
from taskgraph.history.growth import Growth, growths
from tests.history.conftest import Collect
from tests.history.documents import BEGAN, at, response, step, write

DAY = 86_400
SECOND = 1_000_000
LATER = BEGAN + timedelta(days=10)


def run(number: int, left: float, right: float, **changes: Any) -> bytes:
    """Give a run of one day: a start, two branches of such lengths, and an end."""
    begin = number * DAY
    joined = begin + 2 + max(left, right)
    steps = [
        step(1, "Start", begin, begin + 1, downstreams=[2, 3]),
        step(2, "Left", begin + 2, begin + 2 + left, upstreams=[1], downstreams=[4]),
        step(3, "Right", begin + 2, begin + 2 + right, upstreams=[1], downstreams=[4]),
        step(4, "End", joined + 3, joined + 4, upstreams=[2, 3]),
    ]
    times = {"startTime": at(begin), "finishTime": at(joined + 5)}
    return response(number, steps, asked=begin + 3600, **times | changes)


def only(store: Any, **options: Any) -> Growth:
    (one,) = growths(store, LATER, **options).tasks
    return one


def test_what_is_not_on_the_path_makes_nothing_slower(
    tmp_path: Path, collected: Collect
) -> None:
    documents = {
        f"{day}.json": run(day, 10 if day < 10 else 40, 20 if day < 10 else 25)
        for day in range(20)
    }
    one = only(collected(write(tmp_path / "in", documents)))
    assert (one.before, one.after, one.unknown) == (10, 10, 0)
    assert one.after_us - one.before_us == 20 * SECOND
    found = {step.subtask: (step.run_us, step.wait_us) for step in one.steps}
    assert found == {
        "Left": (40 * SECOND, SECOND),
        "Right": (-20 * SECOND, -SECOND),
        "Start": (0, 0),
        "End": (0, 0),
    }
    assert one.rest_us == 0
    # All ten lie above the other ten: 2 of the 184,756 ways to part them.
    assert one.test.p == pytest.approx(2 / 184_756)
    assert one.steps[0].p == pytest.approx(4 * 2 / 184_756)
    assert [step.p for step in one.steps[2:]] == [1, 1]
    assert all(step.is_exact for step in one.steps)


@pytest.mark.parametrize("seed", range(3))
def test_the_parts_sum_to_the_whole(tmp_path: Path, collected: Collect, seed: int) -> None:
    rng = random.Random(seed)
    lengths = [(rng.uniform(1, 30), rng.uniform(1, 30)) for _ in range(13)]
    documents = {f"{day}.json": run(day, *pair) for day, pair in enumerate(lengths)}
    one = only(collected(write(tmp_path / "in", documents)))
    parts = sum(step.growth_us for step in one.steps) + one.rest_us
    assert parts == one.after_us - one.before_us
    walls = [7 + max(pair) for pair in lengths]
    assert one.before_us == pytest.approx(mean(walls[:10]) * SECOND, abs=2000)
    assert one.after_us == pytest.approx(mean(walls[10:]) * SECOND, abs=2000)
    assert abs(one.rest_us) < 10


def test_another_history_is_what_was_before(tmp_path: Path, collected: Collect) -> None:
    old = collected(write(tmp_path / "a", {"a.json": run(0, 10, 5)}), name="old")
    new = collected(write(tmp_path / "b", {"b.json": run(1, 15, 5)}), name="new")
    found = growths(new, None, old)
    assert found.since is None
    assert found.tasks[0].after_us - found.tasks[0].before_us == 5 * SECOND
    assert found.tasks[0].test.p == 1


def test_what_failed_is_not_compared_and_what_is_alone_is_named(
    tmp_path: Path, collected: Collect
) -> None:
    documents = {
        "a.json": run(0, 1, 1),
        "b.json": run(1, 9, 9, status="FAILED"),
        "c.json": run(12, 1, 1),
        "d.json": run(13, 1, 1, name="Other"),
    }
    store = collected(write(tmp_path / "in", documents))
    found = growths(store, LATER)
    assert [(one.task, one.before, one.after) for one in found.tasks] == [("Stop", 1, 1)]
    assert found.lonely == ("Other",)
    with pytest.raises(ConfigError, match="no kind of task has successful runs"):
        growths(store, LATER, choose=lambda name: name == "Other")
    for since, base in ((None, None), (LATER, store)):
        with pytest.raises(ConfigError, match="give the moment that parts the runs"):
            growths(store, since, base)


def test_runs_of_an_older_version_are_counted_and_left_out(
    tmp_path: Path, collected: Collect
) -> None:
    store = collected(write(tmp_path / "a", {"a.json": run(0, 1, 1)}))
    for file in store.files("subtasks"):
        pq.write_table(pq.read_table(file).drop_columns(["path_us", "path_wait_us"]), file)
    more = {f"{day}.json": run(day, 1, 1) for day in (1, 11)}
    one = only(collected(write(tmp_path / "b", more)))
    assert (one.before, one.after, one.unknown) == (1, 1, 1)
