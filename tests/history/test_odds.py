"""The odds agree with closed forms, with brute force, and with what is known for sure."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks import calibration
from benchmarks.calibration import World, calibrate
from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.past import NoForecast
from taskgraph.analysis.progress import Endless
from taskgraph.errors import AnalysisError, ConfigError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.history.chances import Odds, OddsOptions, odds_by_runs, odds_of_pools
from taskgraph.history.pools import (
    MeasuredTimes,
    OutcomeBasis,
    Pool,
    look_ahead,
    places_of,
    read_pools,
)
from taskgraph.history.store import RunStore
from taskgraph.model.task import Subtask, Task
from taskgraph.settings import Settings
from taskgraph.sources.reading import read_bytes
from tests.effort import examples
from tests.history.documents import response, step, write

Collect: TypeAlias = Callable[..., RunStore]

SECOND = 1_000_000


def analysis_of(task: Task, **settings: Any) -> Analysis:
    return Analysis(build_graph(task), Settings(**settings))


def graph_of(
    *upstreams: tuple[int, ...], timeout: int | None = None, **settings: Any
) -> Analysis:
    """Give the analysis in which subtask i, named after i, waits for those listed."""
    subtasks = tuple(
        Subtask(id=i, name=f"{i}", timeout=timeout, upstreams=ups)
        for i, ups in enumerate(upstreams)
    )
    return analysis_of(Task(id=1, subtasks=subtasks), **settings)


def pool(
    seconds: list[float],
    failed: int = 0,
    single: bool = True,
    wait: list[float] | None = None,
    runs: list[int] | None = None,
    places: list[int] | None = None,
) -> Pool:
    """Give a pool of the given times, of which the last ones are failures.

    Nothing is known of their runs unless it is given, by default of one for each time.
    """
    spans = np.array([round(value * SECOND) for value in seconds], np.int64)
    succeeded = np.arange(len(spans)) < len(spans) - failed
    waits = np.array([round(value * SECOND) for value in wait or []], np.int64)
    flags = np.full(len(spans), single)
    known = None if runs is None else np.array(runs, np.int64)
    of_run = None if known is None else np.array(places or [0] * len(spans), np.int64)
    columns = MeasuredTimes(spans, known, of_run), MeasuredTimes(waits, known, of_run)
    return Pool(
        OutcomeBasis.OWN,
        columns[0],
        succeeded,
        flags,
        columns[1] if wait else MeasuredTimes(waits),
    )


def exponential(mean: float, size: int = 4000) -> Pool:
    """Give evenly spread quantiles of an exponential distribution."""
    shares = [(i + 0.5) / size for i in range(size)]
    return pool([-mean * math.log(1 - share) for share in shares])


def within(found: Odds, expected: float) -> bool:
    """Tell whether the probability is as expected, up to four standard errors."""
    assert found.options.samples
    assert found.probability is not None
    error = math.sqrt(max(expected * (1 - expected), 1e-9) / found.options.samples)
    return abs(found.probability - expected) < 4 * error + 1e-3


# --- closed forms -------------------------------------------------------------


@pytest.mark.uncovered
@pytest.mark.parametrize("window", [5, 20, 45, 90])
def test_a_chain_of_two_exponentials(window: int) -> None:
    chain = graph_of((), (0,))
    pools = {"0": exponential(10), "1": exponential(20)}
    found = odds_of_pools(chain, pools, OddsOptions(window, 20_000))
    fast, slow = math.exp(-window / 10), math.exp(-window / 20)
    assert within(found, 1 - (20 * slow - 10 * fast) / 10)
    assert found.failed == 0
    assert all(row.criticality == 1 for row in found.subtasks)


@pytest.mark.uncovered
@pytest.mark.parametrize("window", [10, 30, 60])
def test_exponentials_side_by_side(window: int) -> None:
    found = odds_of_pools(
        graph_of((), (), (), ()),
        {f"{i}": exponential(15) for i in range(4)},
        OddsOptions(window, 20_000),
    )
    assert within(found, (1 - math.exp(-window / 15)) ** 4)
    for row in found.subtasks:
        assert row.criticality == pytest.approx(0.25, abs=0.02)


def test_quantiles_are_those_of_an_erlang_distribution() -> None:
    found = odds_of_pools(
        graph_of((), (0,)),
        {"0": exponential(10), "1": exponential(10)},
        OddsOptions(60, 20_000),
    )
    for quantile in found.quantiles:
        value = quantile.value / SECOND / 10
        assert 1 - math.exp(-value) * (1 + value) == pytest.approx(
            quantile.share, abs=0.015
        )
        assert quantile.low is not None
        assert quantile.high is not None
        assert quantile.low <= quantile.value <= quantile.high


# --- brute force --------------------------------------------------------------


@pytest.mark.uncovered
def test_a_random_dag_agrees_with_a_simulation_one_run_at_a_time() -> None:
    rng = random.Random(11)
    ups = [tuple(u for u in range(node) if rng.random() < 0.3) for node in range(14)]
    times = [[rng.expovariate(1 / 20) for _ in range(30)] for _ in ups]
    waits = [[rng.random() * 5 for _ in range(9)] for _ in ups]
    failed = [rng.choice([0, 0, 1]) for _ in ups]
    limit, attempts, samples = 60, 2, 6000
    done = []
    decisive = [0] * len(ups)
    for _ in range(samples):
        result = _play(ups, times, waits, failed, limit, attempts, rng)
        if result is not None:
            done.append(result[0])
            for node in result[1]:
                decisive[node] += 1
    window = sorted(done)[len(done) // 2]
    pools = {
        f"{node}": pool(times[node], failed[node], wait=waits[node])
        for node in range(len(ups))
    }
    found = odds_of_pools(
        graph_of(*ups, timeout=limit, attempts=attempts),
        pools,
        OddsOptions(round(window), 20_000),
    )
    expected = sum(value <= round(window) for value in done) / samples
    assert found.probability == pytest.approx(expected, abs=0.03)
    assert found.failed == pytest.approx(1 - len(done) / samples, abs=0.03)
    for row, count in zip(found.subtasks, decisive, strict=True):
        assert row.criticality == pytest.approx(count / len(done), abs=0.04)


def _play(
    ups: list[tuple[int, ...]],
    times: list[list[float]],
    waits: list[list[float]],
    failed: list[int],
    limit: int,
    attempts: int,
    rng: random.Random,
) -> tuple[float, set[int]] | None:
    """Play one run event by event; give its makespan and the decisive subtasks."""
    left = [len(row) for row in ups]
    ended: dict[int, float] = {}
    because: dict[int, int] = {}
    queue = [(0.0, node, -1) for node, count in enumerate(left) if not count]
    running: list[tuple[float, int]] = []
    for moment, node, cause in queue:
        because[node] = cause
        end = moment + rng.choice(waits[node])
        well = False
        for _ in range(attempts):
            number = rng.randrange(len(times[node]))
            end += min(times[node][number], limit)
            well = number < len(times[node]) - failed[node] and times[node][number] <= limit
            if well:
                break
        if not well:
            return None
        heapq.heappush(running, (end, node))
        ended[node] = end
        for down, row in enumerate(ups):
            if node in row:
                left[down] -= 1
                if not left[down]:
                    last = max(row, key=ended.__getitem__)
                    queue.append((ended[last], down, last))
    node = max(ended, key=ended.__getitem__)
    makespan = ended[node]
    path = set()
    while node >= 0:
        path.add(node)
        node = because[node]
    return makespan, path


# --- what is known for sure ---------------------------------------------------


def test_a_run_longer_than_the_timeout_is_cut_and_fails() -> None:
    pools = {"0": pool([10, 10, 10, 50])}
    found = odds_of_pools(graph_of((), timeout=20), pools, OddsOptions(100, 8000))
    assert found.failed == pytest.approx(0.25, abs=0.03)
    assert found.subtasks[0].failure == found.failed
    assert found.quantiles[2][1:] == (10 * SECOND, None, None, False)
    assert found.quantiles[-1].value == 20 * SECOND
    assert (found.quantiles[-1].high, found.quantiles[-1].is_least) == (None, True)
    retried = odds_of_pools(
        graph_of((), timeout=20, attempts=2), pools, OddsOptions(100, 8000)
    )
    assert retried.failed == pytest.approx(0.25**2, abs=0.02)
    assert retried.quantiles[5].value == 30 * SECOND


def test_a_span_of_several_attempts_is_not_cut() -> None:
    pools = {"0": pool([50], single=False)}
    found = odds_of_pools(graph_of((), timeout=20), pools, OddsOptions(60, 100))
    assert (found.probability, found.failed) == (1, 0)


def test_where_everything_fails_there_is_no_makespan() -> None:
    found = odds_of_pools(graph_of(()), {"0": pool([1, 1], failed=2)}, OddsOptions(60, 50))
    assert (found.probability, found.failed, found.quantiles, found.bins) == (0, 1, (), ())
    assert found.subtasks[0].criticality == 0
    assert found.high == pytest.approx(0.66, abs=0.01)  # there were two


def test_without_runs_the_timeout_counts_in_full() -> None:
    found = odds_of_pools(graph_of((), (0,), timeout=30), {}, OddsOptions(60, 10))
    assert found.probability == 1
    assert {row.basis for row in found.subtasks} == {OutcomeBasis.TIMEOUT}
    assert odds_of_pools(graph_of((), (0,), timeout=30), {}, OddsOptions(59, 10)).late == 1
    nothing = odds_of_pools(graph_of(()), {}, OddsOptions(0, 10))
    assert (nothing.probability, nothing.subtasks[0].basis) == (1, OutcomeBasis.NOTHING)


def test_an_absurd_timeout_is_longer_than_any_window() -> None:
    found = odds_of_pools(graph_of((), (0,), timeout=2**63 - 1), {}, OddsOptions(10**8, 10))
    assert (found.late, found.probability) == (1, 0)
    pools = {"0": pool([5])}
    found = odds_of_pools(graph_of((), timeout=2**63 - 1), pools, OddsOptions(9, 10))
    assert found.probability == 1


@pytest.mark.parametrize("status", [None, "RUNNING", "SUCCESSFUL"])
def test_of_a_task_without_subtasks_there_is_nothing_to_draw(status: str | None) -> None:
    found = odds_of_pools(analysis_of(Task(id=1, status=status)), {}, OddsOptions(0, 10))
    assert (found.no_forecast, found.probability) == (NoForecast.EMPTY, None)


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    dag = graph_of((), (0,), (0,), (1, 2))
    pools = {f"{i}": exponential(10, 500) for i in range(4)}
    first, second, other = (
        odds_of_pools(dag, pools, OddsOptions(30, 3000, seed=seed)) for seed in (7, 7, 8)
    )
    assert first == second
    assert first.quantiles != other.quantiles


def test_bins_hold_every_makespan_once() -> None:
    found = odds_of_pools(graph_of(()), {"0": exponential(10)}, OddsOptions(30, 5000))
    assert sum(count for _, _, count in found.bins) == 5000
    assert all(a[1] == b[0] for a, b in zip(found.bins, found.bins[1:], strict=False))


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    dag = graph_of((), (0,), (0,), (1, 2))
    pools = {f"{i}": exponential(10, 500) for i in range(4)}
    whole = odds_of_pools(dag, pools, OddsOptions(35, 20_000))
    monkeypatch.setattr("taskgraph.history.simulation._CELLS", 1)
    blocks = odds_of_pools(dag, pools, OddsOptions(35, 20_000))
    assert blocks.probability == pytest.approx(whole.probability, abs=0.02)
    for a, b in zip(whole.subtasks, blocks.subtasks, strict=True):
        assert a.criticality == pytest.approx(b.criticality, abs=0.02)


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"samples": -1}])
def test_nothing_cannot_be_sampled(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        OddsOptions(60, **wrong)


# --- runs that were cut -------------------------------------------------------


def cut(found: Pool, count: int) -> Pool:
    """Let the last runs be those that failed at their timeout."""
    size = len(found.spans.values)
    flags = np.arange(size) >= size - count
    return replace(found, cut=flags)


def test_what_an_old_timeout_cut_is_drawn_from_longer_runs_under_a_longer_one() -> None:
    spans = [10.0] * 60 + [20.0] * 20 + [50.0] * 10
    old = pool([*spans, *[30.0] * 10], failed=10)
    order = np.argsort(old.spans.values, kind="stable")
    flags = ~old.succeeded[order]
    mixed = replace(
        old, spans=MeasuredTimes(old.spans.values[order]), succeeded=~flags, cut=flags
    )
    options = OddsOptions(30, 20_000)
    same = odds_of_pools(graph_of((), timeout=30), {"0": mixed}, options)
    assert same.failed == pytest.approx(0.2, abs=0.02)
    assert same.subtasks[0].cut == 0
    raised = odds_of_pools(graph_of((), timeout=90), {"0": mixed}, options)
    assert (raised.failed, raised.subtasks[0].cut) == (0, 10)
    assert raised.late == pytest.approx(0.2, abs=0.02)
    assert raised.quantiles[-1].value == 50 * SECOND
    between = odds_of_pools(graph_of((), timeout=40), {"0": mixed}, options)
    assert between.failed == pytest.approx(0.2, abs=0.02)


def test_what_was_cut_and_no_run_was_longer_lasts_to_the_timeout_and_fails() -> None:
    pools = {"0": cut(pool([10.0] * 9 + [30.0], failed=1), 1)}
    found = odds_of_pools(graph_of((), timeout=60), pools, OddsOptions(99, 8000))
    assert found.failed == pytest.approx(0.1, abs=0.02)
    assert found.subtasks[0].cut == 1
    again = odds_of_pools(
        graph_of((), timeout=60, attempts=2), pools, OddsOptions(99, 8000)
    )
    assert again.quantiles[-1].value == 70 * SECOND
    endless = odds_of_pools(graph_of(()), pools, OddsOptions(99, 8000))
    assert endless.failed == pytest.approx(0.1, abs=0.02)


# --- whole runs ----


def makespans(found: Odds) -> set[float]:
    """Give the seconds that samples took, to the width of a bin."""
    return {round(start / SECOND) for start, _, samples in found.bins if samples}


@pytest.mark.parametrize("slots", [None, 3])
def test_the_past_played_again_is_the_past(slots: int | None) -> None:
    source = np.random.default_rng(3)
    runs = [World(0.3, slots or 0).run(source) for _ in range(40)]
    past = sorted(run.makespan for run in runs)
    analysis = Analysis(calibration.graph_of(), Settings(concurrency=slots))
    window = past[24] // SECOND + 1
    found = odds_of_pools(analysis, calibration.pools_of(runs), OddsOptions(window, 400))
    assert found.probability == sum(one <= window * SECOND for one in past) / 40
    told = found.quantiles[:-1]
    expected = np.interp([41 * one.share for one in told], np.arange(1, 41), past)
    assert [one.value for one in told] == pytest.approx(expected.tolist(), abs=1)
    assert found.quantiles[-1].value == past[-1]


def test_what_moves_together_stays_together() -> None:
    fast_and_slow = [[10.0, 20.0], [100.0, 200.0]]
    runs = [[0, 1], [0, 1]]
    pools = {f"{i}": pool(fast_and_slow[i], runs=runs[i]) for i in range(2)}
    together = odds_of_pools(graph_of((), (0,)), pools, OddsOptions(115, 1000))
    assert makespans(together) == {110, 217}  # in bins of 3 s
    assert together.probability == 0.5
    pools["1"] = replace(pools["1"], spans=MeasuredTimes(pools["1"].spans.values))
    apart = odds_of_pools(graph_of((), (0,)), pools, OddsOptions(115, 1000))
    assert apart.probability == pytest.approx(0.25, abs=0.05) or len(makespans(apart)) == 4


def test_a_run_gives_each_part_its_own_and_what_it_has_not_is_drawn_from_all() -> None:
    names = ("a", "a", "b")
    subtasks = tuple(
        Subtask(
            id=i,
            name=name,
            parallel_index=1 - i if name == "a" else -1,
            upstreams=() if name == "a" else (0,),
        )
        for i, name in enumerate(names)
    )
    pools = {
        "a": pool([1, 2, 30, 40], runs=[0, 0, 1, 1], places=[1, 0, 1, 0]),
        "b": pool([3], runs=[1]),
    }
    wide = analysis_of(Task(id=1, subtasks=subtasks))
    found = odds_of_pools(wide, pools, OddsOptions(10, 1000))
    assert {one.value // SECOND for one in found.quantiles} == {4, 22, 40}
    assert [row.criticality for row in found.subtasks] == [0.5, 0.5, 0.5]
    assert [row.runs for row in found.subtasks] == [2, 2, 1]
    assert found.runs == 1


def test_the_bounds_are_those_of_the_runs_however_many_samples_there_are() -> None:
    pools = {"0": pool([*[10.0] * 15, *[60.0] * 5], runs=list(range(20)))}
    few, many = (
        odds_of_pools(graph_of(()), pools, OddsOptions(30, samples))
        for samples in (1000, 100_000)
    )
    assert few.runs == many.runs == 20
    assert (few.probability, few.low, few.high) == pytest.approx(
        (0.75, 0.53, 0.89), abs=0.01
    )
    assert (many.low, many.high) == (few.low, few.high)
    median, longest = few.quantiles[2], few.quantiles[-1]
    assert median[1:] == (10 * SECOND, 10 * SECOND, 10 * SECOND, False)
    assert longest[1:] == (60 * SECOND, 60 * SECOND, None, True)
    whole = {"0": replace(pools["0"], basis=OutcomeBasis.OTHERS)}
    assert odds_of_pools(graph_of(()), whole, OddsOptions(30)).runs == 20
    guessed = odds_of_pools(graph_of((), timeout=20), {}, OddsOptions(30, 10))
    assert (guessed.runs, guessed.low, guessed.high) == (0, 0, 1)


@examples(100)
@given(st.integers(1, 200), st.integers(0, 20_000), st.integers(0))
@example(11, 9_989, 0)
@example(200, 150, 0)
def test_the_bounds_are_the_runs_of_binomial_ranks(
    count: int, more: int, seed: int
) -> None:
    values = list(range(1, count + 1))
    if seed:
        random.Random(seed).shuffle(values)
    pools = {"0": pool([float(one) for one in values], runs=list(range(count)))}
    found = odds_of_pools(graph_of(()), pools, OddsOptions(5, count + more))
    for one in found.quantiles:
        part = round(one.share * 100)
        ways = [
            math.comb(count, k) * part**k * (100 - part) ** (count - k)
            for k in range(count + 1)
        ]
        fewer, longer = (
            sum(40 * total <= 100**count for total in accumulate(half))
            for half in (ways, reversed(ways))
        )
        assert one.low == (fewer * SECOND or None)
        assert one.high == ((count + 1 - longer) * SECOND if longer else None)


def test_what_neither_runs_nor_a_timeout_bound_takes_at_least_so_long() -> None:
    found = odds_of_pools(graph_of((), ()), {"0": pool([5] * 999)}, OddsOptions(9, 50))
    assert {(one.value, one.is_least) for one in found.quantiles} == {(5 * SECOND, True)}


# --- under way ----------------------------------------------------------------


def test_a_running_task_goes_on_from_the_moment_of_the_document() -> None:
    steps = [
        step(1, "a", 0, 30, downstreams=[2]),
        step(2, "b", 31, None, status="RUNNING", upstreams=[1], downstreams=[3]),
        step(3, "c", None, None, status="PENDING", upstreams=[2]),
    ]
    (task,) = read_bytes(response(1, steps, status="RUNNING", asked=51))
    pools = {
        "a": pool([1000]),
        "b": pool([5, 10, 15, 30, 40], wait=[500]),
        "c": pool([7], wait=[1]),
    }
    graph = analysis_of(task)
    found = odds_of_pools(graph, pools, OddsOptions(20, 4000))
    assert found.since == task.as_of()
    assert {q.value for q in found.quantiles} == {18 * SECOND, 28 * SECOND}
    assert found.probability == pytest.approx(0.5, abs=0.04)
    bases = [row.basis for row in found.subtasks]
    assert bases == [OutcomeBasis.DONE, OutcomeBasis.OWN, OutcomeBasis.OWN]
    assert [row.runs for row in found.subtasks] == [0, 2, 1]
    fresh = odds_of_pools(
        analysis_of(replace(task, status="READY")), pools, OddsOptions(20, 10)
    )
    assert (fresh.since, fresh.failed) == (None, 1)
    pools["b"] = pool([5, 10])
    stuck = odds_of_pools(graph, pools, OddsOptions(60, 10))
    assert stuck.subtasks[1].basis == OutcomeBasis.REST
    assert stuck.quantiles[0].value == (60 - 20 + 8) * SECOND


def test_what_is_at_work_now_tells_which_runs_are_like_this_one() -> None:
    steps = [
        step(1, "a", 0, None, status="RUNNING", downstreams=[3]),
        step(2, "b", 0, None, status="RUNNING", downstreams=[3]),
        step(3, "c", None, None, status="PENDING", upstreams=[1, 2]),
    ]
    (task,) = read_bytes(response(1, steps, status="RUNNING", asked=15))
    runs = [0, 1, 2]
    pools = {
        "a": pool([10, 20, 30], runs=runs),
        "b": pool([10, 12, 30], runs=runs),
        "c": pool([1, 3, 55], runs=runs),
    }
    found = odds_of_pools(analysis_of(task), pools, OddsOptions(20, 3000))
    assert makespans(found) == {18, 69}  # in bins of 1.3 s
    assert found.probability == pytest.approx(1 / 3, abs=0.01)  # counts half of the other
    assert found.runs == 1
    pools |= {"a": pool([5, 6, 7], runs=runs), "b": pool([5, 6, 7], runs=runs)}
    rest = odds_of_pools(analysis_of(task), pools, OddsOptions(50, 3000))
    assert rest.probability == pytest.approx(2 / 3, abs=0.01)


def test_what_could_have_started_has_waited_some_of_its_wait() -> None:
    steps = [
        step(1, "a", 0, 10, downstreams=[2]),
        step(2, "b", None, None, status="READY", upstreams=[1]),
    ]
    (task,) = read_bytes(response(1, steps, status="RUNNING", asked=14))
    cases: list[tuple[list[float], set[int]]] = [([1, 3, 6], {2}), ([1, 2, 3], {1, 2, 3})]
    for waits, left in cases:
        pools = {"b": pool([40, 40, 40], wait=waits)}
        found = odds_of_pools(analysis_of(task), pools, OddsOptions(60, 300))
        assert {q.value // SECOND - 40 for q in found.quantiles} == left


@pytest.mark.parametrize(
    ("status", "slots", "left"),
    [("READY", 2, [0, 0, 2]), ("READY", 3, [2]), ("CANCELING", 2, [2]), ("READY", 0, [2])],
)
def test_slots_that_others_hold_explain_a_wait(
    status: str, slots: int, left: list[int]
) -> None:
    steps = [
        step(1, "a", 0, 10, downstreams=[3, 4]),
        step(2, "b", 5, None, status="RUNNING"),
        step(3, "c", None, None, status=status, upstreams=[1]),
        step(4, "d", None, None, status="PENDING", upstreams=[1]),
    ]
    (task,) = read_bytes(response(1, steps, status="RUNNING", asked=14))
    pools = {"d": pool([40, 40, 40], wait=[1, 3, 6])}
    *_, last = look_ahead(analysis_of(task), pools, task.as_of(), slots)
    assert [wait // SECOND for wait in last.pool.waits.values.tolist()] == left


@pytest.mark.parametrize(
    ("states", "asked", "operation", "reason"),
    [
        (("SUCCESSFUL", "PENDING"), 7200, "EXECUTE", Endless.STALLED),
        (("SUCCESSFUL", "READY"), 7200, "EXECUTE", Endless.UNCLAIMED),
        (("SUCCESSFUL", "RUNNING"), 7200, "EXECUTE", Endless.OVERDUE),
        (("SUCCESSFUL", "CANCELING"), 60, "EXECUTE", Endless.HANGING),
        (("FAILED", "RUNNING"), 60, "EXECUTE", Endless.WAITING),
        (("SUCCESSFUL", "RESTING"), 60, "EXECUTE", Endless.UNKNOWN),
        (("SUCCESSFUL", "READY"), 60, "ROLLBACK", NoForecast.BACK),
    ],
)
def test_there_are_no_odds_where_past_runs_do_not_tell_when_it_ends(
    states: tuple[str, str], asked: float, operation: str, reason: str
) -> None:
    is_back = operation == "ROLLBACK"
    began = 31 if states[1] in {"RUNNING", "CANCELING"} else None
    steps = [
        step(1, "a", 0, 30, status=states[0], operation=operation, downstreams=[2]),
        step(2, "b", began, None, status=states[1], operation=operation, upstreams=[1]),
    ]
    document = response(1, steps, status="RUNNING", operation=operation, asked=asked)
    (task,) = read_bytes(document)
    analysis = analysis_of(task)
    pools = {"a": pool([30]), "b": pool([40])}
    found = odds_of_pools(analysis, pools, OddsOptions(99, 10))
    assert found == Odds(task, OddsOptions(99), task.as_of(), 0, found.no_forecast)
    assert found.no_forecast is reason
    assert is_back or analysis.progress.endless is reason
    assert (found.probability, found.failed, found.quantiles) == (None, None, ())


@pytest.mark.parametrize("status", ["FAILED", "SUCCESSFUL"])
def test_a_task_that_is_over_is_simulated_from_its_start(status: str) -> None:
    (task,) = read_bytes(response(1, [step(1, "a", 0, 3)], status=status))
    pools = {"a": pool([50])}
    found = odds_of_pools(analysis_of(task), pools, OddsOptions(60, 10))
    assert (found.since, found.quantiles[0].value) == (None, 50 * SECOND)


# --- what is assumed ----------------------------------------------------------


@pytest.mark.parametrize(
    ("slots", "makespan"), [(1, 100), (2, 60), (3, 50), (4, 40), (None, 40)]
)
def test_what_finds_no_slot_waits_for_one(slots: int | None, makespan: int) -> None:
    pools = {"0": pool([10]), "1": pool([20]), "2": pool([30]), "3": pool([40])}
    wide = graph_of((), (), (), (), concurrency=slots)
    found = odds_of_pools(wide, pools, OddsOptions(50, 10))
    assert {one.value for one in found.quantiles} == {makespan * SECOND}
    assert found.slots == (slots or 0)
    decisive = {row.id for row in found.subtasks if row.criticality}
    assert decisive == {1: {0, 1, 2, 3}, 2: {1, 3}, 3: {0, 3}}.get(slots or 0, {3})


def test_workers_are_slots_too() -> None:
    pools = {"0": pool([10]), "1": pool([20])}
    found = odds_of_pools(graph_of((), (), workers=1), pools, OddsOptions(50, 10))
    assert (found.slots, found.quantiles[0].value) == (1, 30 * SECOND)


def test_a_measured_wait_goes_by_while_a_slot_is_waited_for() -> None:
    pools = {"0": pool([10]), "1": pool([10], wait=[8]), "2": pool([5], wait=[3])}
    one = odds_of_pools(graph_of((), (), (0,), concurrency=1), pools, OddsOptions(50, 10))
    assert {found.value for found in one.quantiles} == {25 * SECOND}
    assert all(row.criticality for row in one.subtasks)


def test_slots_that_suffice_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    ups = [tuple(u for u in range(node) if rng.random() < 0.3) for node in range(9)]
    pools = {
        f"{node}": pool(sorted(rng.sample(range(1, 9**6), 20)), 1, wait=[1, 2, 3])
        for node in range(9)
    }
    options = OddsOptions(99, 500)
    free = odds_of_pools(graph_of(*ups), pools, options)
    for slots in (99, 10):  # played one by one, and not
        found = range(slots == 99)
        wide = "taskgraph.history.simulation.wide_antichain"
        monkeypatch.setattr(wide, lambda *_, found=found: found)
        bound = odds_of_pools(graph_of(*ups, concurrency=slots), pools, options)
        assert replace(bound, slots=0) == free


def test_quick_says_the_same_but_what_is_critical(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskgraph.history.simulation._PLAYED", 4 * 150)
    pools = {f"{node}": pool([5, 9, 14], failed=1) for node in range(4)}
    ups = ((), (0,), (0,), (1, 2))
    for slots, drawn in ((None, 10_000), (1, 150)):
        graph = graph_of(*ups, concurrency=slots)
        whole, quick = (
            odds_of_pools(graph, pools, OddsOptions(30), quick=is_quick)
            for is_quick in (False, True)
        )
        assert not any(one.criticality for one in quick.subtasks)
        for field in ("options", "runs", "probability", "failed", "quantiles", "bins"):
            assert getattr(quick, field) == getattr(whole, field)
        assert whole.options.samples == drawn
        asked = odds_of_pools(graph, pools, OddsOptions(30, 600))
        assert asked.options.samples == 600


def test_what_is_done_needs_no_slot_and_what_runs_has_its_own() -> None:
    steps = [
        step(1, "next"),
        step(2, "done", 0, 30, downstreams=[3]),
        step(3, "runs", 31, None, status="RUNNING", upstreams=[2]),
    ]
    steps[0] |= {"status": "PENDING", "startTime": None, "finishTime": None}
    (task,) = read_bytes(response(1, steps, status="RUNNING", asked=41))
    pools = {"runs": pool([30]), "next": pool([7])}
    found = odds_of_pools(analysis_of(task, concurrency=1), pools, OddsOptions(20, 10))
    assert {one.value for one in found.quantiles} == {27 * SECOND}


def test_attempts_are_those_of_each_subtask_and_of_the_rest_of_them() -> None:
    pools = {"0": pool([5, 5], failed=1), "1": pool([5, 5], failed=1)}
    pair = graph_of((), (), attempts_by_name=(("1", 3),))
    found = odds_of_pools(pair, pools, OddsOptions(60, 4000))
    assert [row.attempts for row in found.subtasks] == [1, 3]
    assert [row.failure for row in found.subtasks] == [
        pytest.approx(0.5, abs=0.04),
        pytest.approx(0.125, abs=0.04),
    ]
    running = step(1, "0", 0, None, status="RUNNING", runTime=2)
    (task,) = read_bytes(response(1, [running], status="RUNNING", asked=1))
    for attempts, left in ((1, 1), (2, 1), (5, 4)):
        analysis = analysis_of(task, attempts=attempts)
        found = odds_of_pools(analysis, pools, OddsOptions(60, 10))
        assert found.subtasks[0].attempts == left


def test_what_obshell_does_not_say_is_its_default(samples: Path) -> None:
    (task,) = read_bytes((samples / "formats" / "obshell_dag.json").read_bytes())
    analysis = analysis_of(task)
    found = odds_of_pools(analysis, {}, OddsOptions(60, 10))
    left = analysis.remaining.longest_path
    assert left == 3 * 3600
    assert {one.value for one in found.quantiles} == {left * SECOND}


def test_the_timeout_and_the_moment_are_the_assumed_ones() -> None:
    nothing = graph_of((), assume_timeout=30)
    found = odds_of_pools(nothing, {}, OddsOptions(60, 10))
    assert found.subtasks[0].basis == OutcomeBasis.TIMEOUT
    assert found.quantiles[0].value == 30 * SECOND
    running = step(1, "a", 0, None, status="RUNNING")
    (task,) = read_bytes(response(1, [running], status="RUNNING", asked=5))
    (usual,) = (task.as_of(),)
    assert usual is not None
    later = usual + timedelta(seconds=10)
    found = odds_of_pools(
        analysis_of(task, as_of=later), {"a": pool([40])}, OddsOptions(60, 10)
    )
    assert (found.since, found.quantiles[0].value) == (later, 25 * SECOND)


# --- from a store -------------------------------------------------------------


def test_pools_hold_what_was_measured(tmp_path: Path, collected: Collect) -> None:
    steps = [
        step(1, "a", 1, 11, downstreams=[2]),
        step(2, "b", 13, 23, upstreams=[1], status="FAILED"),
        step(3, "a", 0, 500, operation="RETRY", runTime=2),
        step(4, "a", 0, 30, operation="CANCEL", status="FAILED"),
        step(5, "b", 0, 40, operation="SKIP"),
        step(6, "a", None, None, status="PENDING"),
    ]
    foreign = response(2, [step(1, "a", 0, 99), step(2, "c", 0, 7)], name="Other")
    documents = {"one.json": response(1, steps), "other.json": foreign}
    store = collected(write(tmp_path / "in", documents))
    (task,) = read_bytes(response(3, [step(i, n) for i, n in enumerate("abcd")]))
    pools = read_pools(store, build_graph(task))
    assert set(pools) == {"a", "b", "c"}
    own, fails, others = pools["a"], pools["b"], pools["c"]
    assert own.spans.values.tolist() == [10 * SECOND, 500 * SECOND]
    assert own.single.tolist() == [True, False]
    assert own.succeeded.tolist() == [True, True]
    assert own.waits.values.tolist() == [0, 1 * SECOND]
    assert fails.spans.values.tolist() == [10 * SECOND, 40 * SECOND]
    assert fails.cut is not None
    assert fails.cut.tolist() == [False, False]
    assert fails.succeeded.tolist() == [False, False]
    assert fails.waits.values.tolist()[-1] == 2 * SECOND
    assert (own.basis, others.basis) == (OutcomeBasis.OWN, OutcomeBasis.OTHERS)
    assert others.spans.values.tolist() == [7 * SECOND]


def test_a_failure_at_the_timeout_is_known_as_one(
    tmp_path: Path, collected: Collect
) -> None:
    ends = ((20, "FAILED"), (70, "FAILED"), (71, "SUCCESSFUL"))
    documents = {
        f"{end}.json": response(end, [step(1, "a", 0, end, status=status)])
        for end, status in ends
    }
    store = collected(write(tmp_path / "in", documents))
    (task,) = read_bytes(documents["20.json"])
    found = read_pools(store, build_graph(task))["a"]
    assert found.cut is not None
    assert found.cut.tolist() == [False, True, False]


def test_a_run_knows_its_own_whatever_the_order(tmp_path: Path, collected: Collect) -> None:
    parts = [
        step(7, "a", 5, 12, parallelIdx=0),
        step(3, "a", 5, 13, parallelIdx=1),
        step(1, "b", 30, 34),
        step(2, "b", 20, 25),
    ]
    first, second = response(1, parts, asked=50), response(2, parts[1:][::-1], asked=90)
    seen = []
    for name, order in (("x", (first, second)), ("y", (second, first))):
        for number, document in enumerate(order):
            path = write(tmp_path / name / str(number), {"one.json": document})
            store = collected(path, name=name + "-runs")
        (task,) = read_bytes(first)
        pools = read_pools(store, build_graph(task))
        spans = [pools["a"].spans, pools["b"].spans]
        seen.append([[part.tolist() for part in one if part is not None] for one in spans])
    assert seen[0] == seen[1]
    (a, a_runs, a_places), (b, b_runs, b_places) = seen[0]
    assert [value // SECOND for value in a + b] == [7, 8, 8, 4, 4, 5, 5]
    assert (a_runs, a_places) == ([1, 0, 1], [0, 0, 1])
    assert (b_runs, b_places) == ([0, 1, 0, 1], [1, 1, 0, 0])
    graph = build_graph(task)
    by_id = dict(zip((row.id for row in graph.subtasks), places_of(graph), strict=True))
    assert (by_id[7], by_id[3]) == (0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("common", [0.0, 0.3])
def test_what_is_said_comes_true(common: float) -> None:
    fresh, photos = calibrate(World(common), 50, 80)
    for tally in (fresh, photos):
        for share in (0.5, 0.9):
            told = np.mean(tally.covered[share])
            error = math.sqrt(share * (1 - share) / 80)
            assert told == pytest.approx(share, abs=0.03 + 2 * error)
    assert np.mean(fresh.held) >= 0.9


def test_only_the_latest_outcomes_are_drawn_from(
    tmp_path: Path, collected: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskgraph.history.pools.MOST_OUTCOMES", 3)
    documents = {
        f"{i}.json": response(i, [step(1, "a", 0, 10 + i)], asked=i) for i in range(9)
    }
    store = collected(write(tmp_path / "in", documents))
    (task,) = read_bytes(documents["0.json"])
    spans = read_pools(store, build_graph(task))["a"].spans.values
    assert spans.tolist() == [16 * SECOND, 17 * SECOND, 18 * SECOND]


def test_an_unsound_task_has_no_odds(tmp_path: Path, collected: Collect) -> None:
    store = collected(write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])}))
    loop = graph_of((1,), (0,))
    with pytest.raises(AnalysisError):
        odds_by_runs(loop, store, OddsOptions(60))
