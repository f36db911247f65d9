"""The statistics are those of the documents."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.history_archive import KINDS, Truth
from taskgraph.errors import ConfigError
from taskgraph.history.database import Limits
from taskgraph.history.statistics import KindStats, Statistics, statistics
from taskgraph.history.store import RunStore
from tests.history.documents import response, step, write


def of_kind(found: Statistics, task: str, subtask: str | None) -> KindStats:
    (kind,) = (k for k in found.kinds if (k.task, k.subtask) == (task, subtask))
    return kind


@pytest.fixture(scope="module")
def found(store: RunStore) -> Statistics:
    return statistics(store)


def test_what_was_put_into_the_archive_is_counted(
    found: Statistics, archive: tuple[Path, Truth]
) -> None:
    truth = archive[1]
    assert (found.documents, found.rejects) == (truth.documents, truth.broken)
    assert found.responses == truth.documents - truth.broken
    assert found.tasks == truth.tasks
    for (task, subtask, what), count in truth.subtasks.items():
        kind = of_kind(found, task, subtask)
        numbers = kind._asdict() | {"healthy": kind.run_us.size}
        assert numbers[what] == count, (task, subtask, what)
    for (task, status), count in truth.statuses.items():
        if status == "FAILED":
            assert of_kind(found, task, None).failed == count


def test_known_distributions_are_recovered(found: Statistics) -> None:
    for kind in KINDS:
        for planned in kind.steps:
            run_us = of_kind(found, kind.name, planned.name).run_us
            if planned.name == "Start observer":
                continue  # one of ten of its runs is cut at its timeout
            for share, value in ((0.5, run_us.p50), (0.95, run_us.p95)):
                assert value is not None
                rank = _share_below(planned.takes, value / 1e6)
                error = 4 * math.sqrt(share * (1 - share) / run_us.size)
                assert abs(rank - share) < error, (kind.name, planned.name, share)


def _share_below(takes: object, value: float) -> float:
    """Invert the quantile function by bisection."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        below = takes.quantile(middle) if middle else 0.0  # type: ignore[attr-defined]
        low, high = (middle, high) if below < value else (low, middle)
    return low


def test_waits_are_those_that_the_engine_made(found: Statistics) -> None:
    wait = of_kind(found, "Stop obproxy", "Wait node").wait_us
    assert wait.p50 is not None
    assert wait.max is not None
    assert 0.5e6 < wait.p50 < 0.7e6
    assert 1.1e6 < wait.max <= 1.2e6


def test_each_quantile_is_the_smallest_value_that_a_share_does_not_exceed(
    tmp_path: Path, collected: Callable[..., RunStore]
) -> None:
    lengths = random.Random(3).sample(range(1, 1000), 37)
    documents = {
        f"{i}.json": response(i, [step(1, "a", 0, length)])
        for i, length in enumerate(lengths)
    }
    store = collected(write(tmp_path / "in", documents))
    run_us = of_kind(statistics(store), "Stop", "a").run_us
    lengths.sort()
    for name, share in (("p5", 5), ("p25", 25), ("p50", 50), ("p95", 95), ("p99", 99)):
        rank = -(-37 * share // 100)
        assert getattr(run_us, name) == lengths[rank - 1] * 1_000_000
    assert run_us.max == lengths[-1] * 1_000_000


def test_no_wait_is_known_behind_a_skip(
    tmp_path: Path, collected: Callable[..., RunStore]
) -> None:
    def run(start: int, operation: str) -> list[dict[str, Any]]:
        return [
            step(1, "a", 0, 10, downstreams=[3], operation=operation),
            step(2, "other", 0, 12, downstreams=[3]),
            step(3, "b", start, start + 5, upstreams=[1, 2]),
        ]

    documents = {
        "one.json": response(1, run(14, "EXECUTE")),
        "two.json": response(2, run(3600, "SKIP")),
    }
    store = collected(write(tmp_path, documents))
    waits = of_kind(statistics(store), "Stop", "b").wait_us
    assert (waits.size, waits.max) == (1, 2_000_000)


def test_only_what_provably_ran_once_and_well_is_timed(
    tmp_path: Path, collected: Callable[..., RunStore]
) -> None:
    steps = [
        step(1, "a", 0, 10),
        step(2, "a", 0, 500, runTime=2, operation="RETRY"),
        step(3, "a", 0, 500, operation="RETRY"),
        step(4, "a", 0, 500, operation="SKIP"),
        step(5, "a", 0, 500, status="FAILED"),
        step(6, "a", 0, 500, status="PENDING", operation="ROLLBACK"),
        step(7, "a", 0, 500, status="PENDING"),  # the times of another dialect
        step(8, "a", 0, None, status="RUNNING"),
        step(9, "a", 20, 10),
    ]
    store = collected(write(tmp_path, {"one.json": response(1, steps)}))
    kind = of_kind(statistics(store), "Stop", "a")
    assert kind.seen == 9
    assert (kind.run_us.size, kind.run_us.max) == (1, 10_000_000)
    assert (kind.retried, kind.skipped, kind.failed) == (2, 1, 1)
    assert kind.rolled_back == 1


def test_the_timeout_is_the_latest_and_the_share_that_of_each_run(
    tmp_path: Path, collected: Callable[..., RunStore]
) -> None:
    documents = {
        "old.json": response(1, [step(1, "a", 0, 30, timeout=40)], asked=200),
        "new.json": response(2, [step(1, "a", 0, 30, timeout=300)], asked=300),
        "none.json": response(3, [step(1, "a", 0, 30, timeout=0)], asked=250),
    }
    kind = of_kind(statistics(collected(write(tmp_path, documents))), "Stop", "a")
    assert kind.timeout == 300
    assert (kind.used_ppm.size, kind.used_ppm.max) == (2, 750_000)


def test_a_bound_on_memory_and_damage_are_told(
    tmp_path: Path, collected: Callable[..., RunStore]
) -> None:
    store = collected(write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])}))
    with pytest.raises(ConfigError, match="cannot be opened"):
        statistics(store, limits=Limits(memory="much"))
    with pytest.raises(ConfigError, match="must not be negative"):
        Limits(memory="-1GB")
    (file,) = map(Path, store.files("subtasks"))
    content = file.read_bytes()
    for damage in (content[: len(content) // 2], b"", b"PAR1" + bytes(50) + b"PAR1"):
        file.write_bytes(damage)
        with pytest.raises(
            ConfigError, match=f"{file.name}: is damaged.*\n.*collect again"
        ):
            statistics(store)
    file.unlink()
    with pytest.raises(ConfigError, match=f"{file.name}: is missing"):
        statistics(store)


def test_without_a_history_it_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no history"):
        statistics(RunStore(tmp_path))
