"""Timeouts that fit a window: every choice tried on small cases."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest

from taskgraph.analysis.analysis import Analysis
from taskgraph.api import load
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.history import fitting
from taskgraph.history.fitting import changed_task, fit_timeouts
from taskgraph.history.store import RunStore
from taskgraph.settings import Settings
from tests.diagrams.tasks import make_task
from tests.history.conftest import Collect
from tests.history.documents import response, step, write

ANYWHERE = RunStore("nowhere")
Past = dict[str, list[tuple[int, int]]]


def analysed(
    timeouts: list[int], edges: list[tuple[int, int]], settings: Settings | None = None
) -> Analysis:
    rows = {node: {"name": f"s{node}", "timeout": t} for node, t in enumerate(timeouts, 1)}
    return Analysis(build_graph(make_task(rows, edges)), settings or Settings())


def drawn(rng: random.Random, most: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Draw up to five subtasks with short timeouts, and edges from small ids to large."""
    size = rng.randint(2, 5)
    pairs = [(a, b) for b in range(2, size + 1) for a in range(1, b)]
    edges = [pair for pair in pairs if rng.random() < 0.5]
    return [rng.randint(2, most) for _ in range(size)], edges


def worst(analysis: Analysis, timeouts: tuple[int, ...]) -> int:
    graph = analysis.graph
    new = dict(enumerate(timeouts))
    task = changed_task(analysis.task, graph, new)
    return Analysis(build_graph(task), analysis.settings).budget.seconds


SETTINGS = [Settings(), Settings(attempts=2, grace=1), Settings(concurrency=2, overhead=1)]


@pytest.mark.uncovered
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("seed", range(8))
def test_no_fewer_changes_fit(seed: int, settings: Settings) -> None:
    rng = random.Random(seed)
    timeouts, edges = drawn(rng, 9)
    analysis = analysed(timeouts, edges, settings)
    low = worst(analysis, (1,) * len(timeouts))
    window = rng.randint(low, max(low, analysis.budget.seconds - 1))
    found = fit_timeouts(analysis, window)
    assert found.after.seconds <= window
    assert found.is_exact
    # To lower a timeout as far as it goes is at least as good as any other change of it.
    fewest = min(
        sum(chosen)
        for chosen in product((False, True), repeat=len(timeouts))
        if worst(
            analysis,
            tuple(1 if is_low else t for is_low, t in zip(chosen, timeouts, strict=True)),
        )
        <= window
    )
    assert len(found.lowered) == found.cost == fewest


def line(past: list[tuple[int, int]], timeout: int) -> dict[int, Fraction]:
    """Give the risk of each timeout: the lowest convex line through the points."""
    runs = sum(count for _, count in past)
    times = [seconds for seconds, count in past for _ in range(count)]
    floor = sorted(times)[(runs + 1) // 2 - 1]
    points = [
        (s, Fraction(1 + sum(other > s for other in times), 1 + runs))
        for s in sorted({t for t in times if floor <= t < timeout})
    ]
    points.append((timeout, Fraction(0)))
    risks = {}
    for at in range(points[0][0], timeout + 1):
        over = [
            a[1] + (b[1] - a[1]) * Fraction(at - a[0], b[0] - a[0]) if a != b else a[1]
            for a, b in product(points, repeat=2)
            if a[0] <= at <= b[0] and (a == b or a[0] < b[0])
        ]
        risks[at] = min(over)
    return risks


@pytest.mark.slow
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("seed", range(8))
def test_no_other_timeouts_risk_less(
    seed: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(100 + seed)
    timeouts, edges = drawn(rng, 8)
    past: Past = {
        f"s{node}": sorted({rng.randint(1, t): rng.randint(1, 3) for _ in range(4)}.items())
        for node, t in enumerate(timeouts, 1)
        if t > 2 or node == 1
    }
    monkeypatch.setattr(fitting, "_past", lambda *_: past)
    analysis = analysed(timeouts, edges, settings)
    lines = [
        line(past[f"s{node}"], t) if f"s{node}" in past else {t: Fraction(0)}
        for node, t in enumerate(timeouts, 1)
    ]
    low = worst(analysis, tuple(min(one) for one in lines))
    window = rng.randint(low, max(low, analysis.budget.seconds - 1))
    found = fit_timeouts(analysis, window, ANYWHERE)
    assert found.after.seconds <= window
    least = min(
        sum(one[at] for one, at in zip(lines, choice, strict=True))
        for choice in product(*lines)
        if worst(analysis, choice) <= window
    )
    assert found.cost == pytest.approx(float(least), abs=1e-6)
    assert found.is_exact


def test_the_cheapest_second_is_cut_first(monkeypatch: pytest.MonkeyPatch) -> None:
    past = {"s1": [(10, 99)], "s2": [(50, 9)]}
    monkeypatch.setattr(fitting, "_past", lambda *_: past)
    found = fit_timeouts(analysed([100, 100], pairwise_edges(2)), 150, ANYWHERE)
    (one,) = found.lowered
    assert (one.name, one.before, one.after, one.runs, one.longer) == ("s1", 100, 50, 99, 0)
    assert found.cost == pytest.approx(0.01 * 50 / 90)


def pairwise_edges(size: int) -> list[tuple[int, int]]:
    return list(pairwise(range(1, size + 1)))


def test_many_timeouts_are_fitted_too_and_the_bound_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timeouts = [10 + node % 7 for node in range(300)]
    edges = [(a, a + 2) for a in range(1, 299)]
    analysis = analysed(timeouts, edges)
    found = fit_timeouts(analysis, 1000)
    assert found.after.seconds <= 1000
    assert 0 < found.proven <= len(found.lowered) == found.cost <= 1.1 * found.proven
    past = {f"s{node}": [(4, 5), (6, 1)] for node in range(1, 301)}
    monkeypatch.setattr(fitting, "_past", lambda *_: past)
    found = fit_timeouts(analysis, 1500, ANYWHERE)
    assert found.after.seconds <= 1500
    assert found.proven <= found.cost <= 1.01 * found.proven


def test_what_cannot_be_fitted_is_said() -> None:
    analysis = analysed([10, 0], [])
    with pytest.raises(ConfigError, match="without a timeout"):
        fit_timeouts(analysis, 5)
    with pytest.raises(ConfigError, match="with every one at one second"):
        fit_timeouts(analysed([10, 4], [(1, 2)]), 1)
    assumed = analysed([10, 0], [(1, 2)], Settings(assume_timeout=7))
    assert [one.after for one in fit_timeouts(assumed, 9).lowered] == [2]


def test_what_fits_is_left_alone() -> None:
    found = fit_timeouts(analysed([10, 4], []), 10)
    assert found.lowered == ()
    assert found.is_exact
    assert found.before == found.after


def test_past_runs_of_the_same_kind_count(tmp_path: Any, collected: Collect) -> None:
    documents = {
        f"{n}.json": response(
            n, [step(1, "s1", 0, 10 + n), step(2, "s2", 0, 1, status="FAILED")]
        )
        for n in range(5)
    }
    documents["other.json"] = response(9, [step(1, "s1", 0, 59)], name="Other")
    store = collected(write(tmp_path / "in", documents))
    task = make_task(
        {1: {"name": "s1", "timeout": 100}, 2: {"name": "s2", "timeout": 40}},
        [],
        name="Stop",
    )
    analysis = Analysis(build_graph(task))
    (one,) = fit_timeouts(analysis, 50, store).lowered
    assert (one.name, one.after, one.runs, one.longer) == ("s1", 50, 5, 0)
    with pytest.raises(ConfigError, match="the least that past runs allow"):
        fit_timeouts(analysis, 30, store)


def test_without_timeouts_there_is_nothing_to_lower(samples: Path) -> None:
    analysis = load(samples / "formats" / "obshell_dag.json").analysis
    with pytest.raises(ConfigError, match="no timeouts to lower: with the 1 h that each"):
        fit_timeouts(analysis, 3 * 3600)
