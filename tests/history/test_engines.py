"""Every engine gives the same, byte for byte, and survives the death of a worker."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.history_archive import write_archive
from benchmarks.history_cluster import cluster, worker_processes
from taskgraph.errors import ConfigError, TaskgraphError
from taskgraph.history.advising import advise_timeouts
from taskgraph.history.collecting import CollectionProgress, collect_documents
from taskgraph.history.engines import open_engine
from taskgraph.history.statistics import statistics
from taskgraph.history.store import RunStore
from taskgraph.reports.history_data import plain_data
from tests.history.documents import FLEET


def double(number: int) -> int:
    return 2 * number


def die_once(place: str) -> str:
    """Kill this process the first time that a place is named."""
    mark = Path(place)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return place


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(_: int) -> None:
    raise ValueError("as it should")


def slowly(number: int) -> int:
    time.sleep(0.2)
    return number


def test_one_process_takes_items_as_they_are_needed() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(5):
            taken.append(number)
            yield number

    with open_engine(1) as engine:
        results = engine.map(double, items())
        assert next(results) == 0
        assert taken == [0]
        assert list(results) == [2, 4, 6, 8]


def test_any_number_of_processes_may_be_asked_for() -> None:
    with open_engine(10**30) as engine:
        assert 2 <= engine.workers <= 1024


@pytest.mark.slow
def test_processes_take_few_items_at_a_time() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    with open_engine(2) as engine:
        results = engine.map(double, items())
        first = next(results)
        assert len(taken) <= 6
        assert sorted([first, *results]) == [2 * number for number in range(100)]


@pytest.mark.slow
def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    places = [str(tmp_path / f"{number}") for number in range(3)]  # each may end a pool
    with open_engine(2) as engine:
        assert sorted(engine.map(die_once, places)) == places


@pytest.mark.slow
def test_what_kills_every_process_ends_the_run() -> None:
    with open_engine(2) as engine, pytest.raises(TaskgraphError, match="again and again"):
        list(engine.map(die, range(3)))


@pytest.mark.slow
def test_a_fault_in_the_work_is_raised_here() -> None:
    with open_engine(2) as engine, pytest.raises(ValueError, match="as it should"):
        list(engine.map(fail, range(3)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    [
        "nonsense://x",
        "foo",
        "",
        "foo://x:1",
        "tls://127.0.0.1:9",
        "ucx://127.0.0.1:9",
        pytest.param("tcp://127.0.0.1:9", marks=pytest.mark.slow),
    ],
)
def test_without_a_scheduler_there_is_a_message(address: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # also what is said when a client is collected
        with pytest.raises(ConfigError, match="no Dask scheduler answers"):
            open_engine(1, address)
        gc.collect()


# --- dask ---------------------------------------------------------------------


def as_bytes(store: RunStore, scheduler: str | None = None) -> bytes:
    """Give the statistics and the advice of a store, written out."""
    with open_engine(1, scheduler) as engine:
        results = [statistics(store, engine=engine), advise_timeouts(store, engine=engine)]
    return json.dumps(plain_data(results)).encode()


@pytest.mark.slow
def test_a_scheduler_without_workers_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskgraph.history.engines._PATIENCE", 2)
    with (
        cluster(tmp_path, 0) as address,
        pytest.raises(ConfigError, match="has no workers\n  hint: start some"),
    ):
        open_engine(1, address)


@pytest.mark.slow
def test_dask_gives_the_same_bytes_and_survives_a_killed_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskgraph.history.collecting.BATCH_DOCUMENTS", 20)
    write_archive(tmp_path / "in", 600, kinds=FLEET)
    paths = [str(tmp_path / "in")]
    alone = RunStore(tmp_path / "alone")
    collect_documents(paths, alone)
    together = RunStore(tmp_path / "together")
    killed: list[int] = []
    with cluster(tmp_path, 2) as address:
        with open_engine(1, address) as engine:
            victims = worker_processes(address)

            def kill_one(progress: CollectionProgress) -> None:
                if not killed and progress.collected.documents >= 60:
                    killed.append(victims[0])
                    os.kill(victims[0], signal.SIGKILL)

            done = collect_documents(paths, together, engine=engine, report=kill_one)
        assert done.documents == 600
        assert killed
        assert as_bytes(together, address) == as_bytes(alone)
    assert as_bytes(together) == as_bytes(alone)
    for table in ("documents", "tasks", "subtasks"):
        ours, theirs = (
            {Path(file).name: Path(file).read_bytes() for file in store.files(table)}
            for store in (alone, together)
        )
        assert ours == theirs, table


@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with cluster(tmp_path, 1) as address:
        engine = open_engine(1, address)
        results = engine.map(slowly, range(100))
        next(results)
    with pytest.raises(TaskgraphError, match=r"is gone\n  hint: what is done is kept"):
        list(results)
    with engine:
        pass
    assert "Traceback" not in capfd.readouterr().err
    assert not logging.getLogger("distributed.client").isEnabledFor(logging.ERROR)


@pytest.mark.slow
def test_workers_that_all_go_away_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskgraph.history.engines._ABSENCE", 2)
    with cluster(tmp_path, 1, replaced=False) as address:
        victims = worker_processes(address)
        with open_engine(1, address) as engine:
            results = engine.map(slowly, range(100))
            next(results)
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
            with pytest.raises(TaskgraphError, match="has no workers any more\n  hint"):
                list(results)
