"""What departs from its kind is named, and what does not is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from benchmarks.history_archive import KINDS, Truth, documents, write_archive
from taskgraph.analysis.analysis import Analysis
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.history.departures import (
    Anomalies,
    AnomalyKind,
    AnomalyOptions,
    find_anomalies,
)
from taskgraph.history.store import RunStore
from taskgraph.reports.history import departure
from taskgraph.settings import Settings
from taskgraph.sources.reading import read_bytes
from tests.history.documents import response, step, write

Collect: TypeAlias = Callable[..., RunStore]
Compare: TypeAlias = Callable[..., Anomalies]


def usual(number: int) -> list[dict[str, Any]]:
    """Give the subtasks of an ordinary run, a little different each time."""
    end = 10 + number % 7
    return [
        step(1, "prepare", 0, end, downstreams=[2]),
        step(2, "work", end + 1, end + 31 + number % 5, upstreams=[1], downstreams=[3]),
        step(3, "finish", end + 60, end + 62, upstreams=[2]),
    ]


@pytest.fixture
def compare(tmp_path: Path, collected: Collect) -> Compare:
    """Compare a run with forty ordinary ones."""
    documents = {f"{i}.json": response(i, usual(i)) for i in range(40)}
    store = collected(write(tmp_path / "in", documents))

    def run(
        steps: list[dict[str, Any]],
        number: int = 99,
        status: str = "SUCCESSFUL",
        asked: float = 3600,
        **options: Any,
    ) -> Anomalies:
        (task,) = read_bytes(response(number, steps, status=status, asked=asked))
        return find_anomalies(Analysis(build_graph(task)), store, AnomalyOptions(**options))

    return run


def changed(place: int, **changes: Any) -> list[dict[str, Any]]:
    steps = usual(3)
    steps[place] |= changes
    return steps


def test_an_ordinary_run_departs_in_nothing(compare: Compare) -> None:
    found = compare(usual(3))
    assert (found.others, found.found, found.is_known) == (40, (), True)


def test_the_run_itself_is_not_among_the_others(compare: Compare) -> None:
    assert compare(usual(3), number=3).others == 39


@pytest.mark.parametrize(
    ("steps", "kind", "alike"),
    [
        (changed(1, **step(2, "work", 14, 300, upstreams=[1])), AnomalyKind.SLOW, 0),
        (changed(1, **step(2, "work", 14, 15, upstreams=[1])), AnomalyKind.FAST, 0),
        (changed(0, **step(1, "prepare", 40, 50)), AnomalyKind.WAITED, 0),
        (changed(1, status="FAILED"), AnomalyKind.FAILED, 0),
        (changed(1, operation="RETRY", runTime=3), AnomalyKind.RETRIED, 0),
        (changed(1, operation="SKIP"), AnomalyKind.SKIPPED, 0),
    ],
)
def test_each_departure_is_named(
    compare: Compare, steps: list[dict[str, Any]], kind: AnomalyKind, alike: int
) -> None:
    found = [one for one in compare(steps).found if one.kind is kind]
    assert [(one.others, one.alike) for one in found] == [(40, alike)]


def test_a_slow_run_is_told_with_what_is_usual(compare: Compare) -> None:
    steps = [*usual(3)[:1], step(2, "work", 14, 314, upstreams=[1]), usual(3)[2]]
    (slow,) = (one for one in compare(steps).found if one.kind is AnomalyKind.SLOW)
    assert (slow.ids, slow.name, slow.value_us) == ((2,), "work", 300_000_000)
    assert (slow.usual_us, slow.high_us) == (32_000_000, 34_000_000)


def test_what_starts_before_what_always_came_first_is_out_of_order(
    compare: Compare,
) -> None:
    steps = changed(2, **step(3, "finish", 5, 7))
    found = compare(steps).found
    (one,) = (one for one in found if one.kind is AnomalyKind.OUT_OF_ORDER)
    assert (one.name, one.other_name, one.others, one.alike) == ("finish", "work", 40, 0)


def test_what_is_new_and_what_is_missing(compare: Compare) -> None:
    steps = [*usual(3)[:2], step(7, "extra", 80, 90)]
    found = {(one.kind, one.name, one.ids) for one in compare(steps).found}
    assert found == {(AnomalyKind.NEW, "extra", (7,)), (AnomalyKind.MISSING, "finish", ())}


def test_times_that_prove_nothing_are_not_slow(compare: Compare) -> None:
    steps = changed(1, **step(2, "work", 14, 3000, operation="RETRY", runTime=2))
    kinds = {one.kind for one in compare(steps).found}
    assert kinds == {AnomalyKind.RETRIED}


def test_a_small_difference_is_none(compare: Compare) -> None:
    steps = changed(1, **step(2, "work", 14, 64, upstreams=[1]))  # 50 s, usual are 32 s
    assert compare(steps).found == ()
    assert [one.kind for one in compare(steps, factor=1.5).found] == [AnomalyKind.SLOW]


def test_what_runs_is_said_to_be_running(compare: Compare) -> None:
    steps = changed(1, **step(2, "work", 14, None, upstreams=[1], status="RUNNING"))
    found = compare(steps, status="RUNNING", asked=900).found
    (slow,) = (one for one in found if one.kind is AnomalyKind.SLOW)
    assert (slow.is_running, slow.value_us) == (True, 886_000_000)
    assert "has been running for 14 min 46 s" in departure(slow)


def test_what_runs_has_run_until_the_moment_that_is_assumed(
    tmp_path: Path, collected: Collect
) -> None:
    documents = {f"{i}.json": response(i, usual(i)) for i in range(20)}
    store = collected(write(tmp_path / "in", documents))
    steps = [step(2, "work", 14, None, status="RUNNING")]
    (task,) = read_bytes(response(99, steps, status="RUNNING", asked=20))
    usual_moment = task.as_of()
    assert usual_moment is not None
    for later, times in ((0, []), (900, [906_000_000])):
        moment = usual_moment + timedelta(seconds=later)
        analysis = Analysis(build_graph(task), Settings(as_of=moment))
        found = find_anomalies(analysis, store).found
        assert [one.value_us for one in found if one.is_running] == times


@pytest.mark.slow
def test_clean_runs_are_hardly_ever_flagged(tmp_path: Path, collected: Collect) -> None:
    steps = tuple(one._replace(fails=0, hangs=0) for one in KINDS[0].steps)
    kinds = (replace(KINDS[0], steps=steps),)
    write_archive(tmp_path / "in", 300, kinds=kinds, form="jsonl", clean=True)
    store = collected(tmp_path / "in")
    flagged = 0
    for content in documents(Truth(), 100, seed=77, kinds=kinds, clean=True):
        (task,) = read_bytes(content)
        new = build_graph(replace(task, id="new"))
        flagged += bool(find_anomalies(Analysis(new), store).found)
    assert flagged < 2


def test_with_few_others_nothing_is_said(compare: Compare) -> None:
    found = compare(changed(1, status="FAILED"), least_runs=41)
    assert (found.found, found.is_known) == ((), False)


def test_the_order_of_the_subtasks_has_no_say(compare: Compare) -> None:
    steps = [*changed(1, status="FAILED", operation="RETRY", runTime=2), step(9, "extra")]
    assert compare(steps) == compare(steps[::-1])


@pytest.mark.parametrize("wrong", [{"share": 0.4}, {"rare": 0.6}, {"factor": 0.5}])
def test_meaningless_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        AnomalyOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("work", [30, 300])
@pytest.mark.parametrize(("others", "share"), [(1, 0.99), (1, 0.5), (4, 0.5)])
def test_what_shows_no_tail_is_compared_by_the_factor(
    tmp_path: Path, collected: Collect, others: int, share: float, work: int
) -> None:
    steps = [step(1, "work", 0, 30)]
    documents = {f"{i}.json": response(i, steps) for i in range(others)}
    store = collected(write(tmp_path / "in", documents))
    (task,) = read_bytes(response(99, [step(1, "work", 0, work)]))
    options = AnomalyOptions(share=share, least_runs=1)
    found = find_anomalies(Analysis(build_graph(task)), store, options).found
    assert [one.kind for one in found] == [AnomalyKind.SLOW] * (work == 300)


def test_times_of_no_microsecond_and_of_hours_overflow_nothing(
    tmp_path: Path, collected: Collect
) -> None:
    documents = {f"{i}.json": response(i, [step(1, "a", 0, 9000 * i)]) for i in range(2)}
    store = collected(write(tmp_path / "in", documents))
    (task,) = read_bytes(response(99, [step(1, "a", 0, 20_000)]))
    options = AnomalyOptions(share=0.9999999, least_runs=1)
    assert find_anomalies(Analysis(build_graph(task)), store, options).found == ()
