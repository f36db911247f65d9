"""When a running task is likely done, and what is slow in it, by the runs of a store."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from taskgraph.api import LoadedTask, loads
from taskgraph.cli.main import cli
from taskgraph.history import fit, odds, timeouts
from taskgraph.history.advising import AdviceOptions
from taskgraph.history.store import RunStore
from taskgraph.reports.explaining.explanation import explain
from taskgraph.reports.text.budget import budget_text
from taskgraph.reports.text.console import Style
from taskgraph.reports.text.show import show_text
from taskgraph.settings import Settings
from tests.history.documents import BEGAN, Steps, response, step
from tests.reports.test_explain import assert_proved

pytestmark = pytest.mark.slow  # each collects a store

NOW = 10
"""Seconds after the start at which the running task is looked at."""


def chained(work: float, wait: float, end: float, **changes: Any) -> Steps:
    """Give a run of two subtasks, one after the other."""
    first = work + wait
    return [
        step(1, "work", 0, work, timeout=100, downstreams=[2]) | changes,
        step(2, "end", first, first + end, timeout=100, upstreams=[1]),
    ]


RUNNING: Steps = [
    step(1, "work", 0, None, timeout=100, downstreams=[2], status="RUNNING"),
    step(2, "end", None, None, timeout=100, upstreams=[1], status="PENDING"),
]


def loaded(
    store: RunStore | None, steps: Steps = RUNNING, now: float = NOW, **changes: Any
) -> LoadedTask:
    settings = Settings(runs=None if store is None else str(store.folder))
    states = {"status": "RUNNING", "finishTime": None} | changes
    return loads(response(900, steps, asked=now, **states), settings)


def after(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def drawn(seed: int, count: int) -> list[tuple[float, float, float]]:
    """Give the work, the wait and the end of so many runs, in milliseconds."""
    rng = random.Random(seed)
    return [
        (rng.randint(2000, 60_000) / 1e3, rng.randint(0, 900) / 1e3, rng.randint(1, 9))
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_quantile_of_the_runs_that_took_longer(seed: int, past: Any) -> None:
    runs = drawn(seed, 29)
    analysis = loaded(past([chained(*run) for run in runs])).analysis
    rest = sorted(sum(run) - NOW for run in runs if run[0] > NOW)
    found = analysis.forecast
    assert found is not None
    assert (found.runs, found.failing, found.guessed) == (len(rest), 0, ())
    for told, share in ((found.half, 0.5), (found.most, 0.9)):
        assert told is not None
        place = share * (len(rest) + 1)
        below, above = rest[math.floor(place) - 1], rest[math.ceil(place) - 1]
        assert not told.is_least
        assert after(NOW + below) <= told.moment <= after(NOW + above)


def test_it_is_what_the_odds_say(past: Any) -> None:
    task = loaded(past([chained(*run) for run in drawn(1, 40)]))
    said = {one.share: one for one in odds(task, 60, task.settings.runs or "").quantiles}
    found = task.analysis.forecast
    assert found is not None
    for share, told in ((0.5, found.half), (0.9, found.most)):
        assert told is not None
        since = told.moment - after(NOW)
        assert since == timedelta(microseconds=said[share].value)


def test_a_task_may_have_waited_longer_than_half_of_the_past(past: Any) -> None:
    runs = [(10.0, float(wait), 1.0) for wait in range(1, 20)]
    steps = [RUNNING[0] | {"status": "SUCCESSFUL", "finishTime": after(10).isoformat()}]
    steps += RUNNING[1:]
    found = loaded(past([chained(*run) for run in runs]), steps, 20.5).analysis.forecast
    assert found is not None  # 11 … 19 of the waits are longer than 10.5
    assert found.half is not None
    assert found.half.moment == after(10 + 15 + 1)


def test_taken_slots_explain_a_wait(past: Any) -> None:
    steps = [
        step(1, "work", 0, None, timeout=100, status="RUNNING"),
        step(2, "end", None, None, timeout=100, status="PENDING"),
    ]
    runs = [
        [step(1, "work", 0, 40, timeout=100), step(2, "end", wait, wait + 30, timeout=100)]
        for wait in range(20, 40)
    ]
    store = past(runs)
    for slots, half in ((1, 40 + 30), (None, 35 + 30)):
        settings = Settings(runs=str(store.folder), concurrency=slots)
        task = loads(response(900, steps, asked=30, status="RUNNING"), settings)
        found = task.analysis.forecast
        assert found is not None
        assert found.half is not None
        assert abs(found.half.moment - after(half)) < timedelta(seconds=1)


def test_too_few_runs_are_told_and_give_none(past: Any) -> None:
    task = loaded(past([chained(30, 0, 1)] * 8))
    found = task.analysis.forecast
    assert found is not None
    assert (found.runs, found.needed, found.half, found.most) == (8, 9, None, None)
    assert "8 past runs are like it, and 9 are needed" in explained(task)
    assert "not known (8 past runs alike, 9 are needed)" in shown(task)
    assert_proved(task)


def test_what_was_cut_at_its_timeout_is_that_or_later(past: Any) -> None:
    cut = chained(100, 0, 1, status="FAILED")[:1]
    task = loaded(past([chained(20 + n, 0, 1) for n in range(10)] + [cut] * 10))
    found = task.analysis.forecast
    assert found is not None
    assert found.half is not None
    assert found.most is not None
    assert found.most.is_least
    assert found.failing == pytest.approx(0.5, abs=0.02)
    assert "or later" in explained(task)
    assert "or later" in shown(task)
    assert_proved(task)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "SUCCESSFUL"},
        {"operation": "ROLLBACK"},
        {"status": "FAILED"},
        {"now": 3600},  # overdue: nothing promises an end
    ],
)
def test_nothing_is_said_where_it_does_not_go_on(changes: Any, past: Any) -> None:
    task = loaded(past([chained(30, 0, 1)] * 20), **changes)
    assert task.analysis.forecast is None
    assert "likely" not in explained(task).lower()
    told = odds(task, 60, task.settings.runs or "")
    assert told.no_forecast == task.analysis.no_forecast
    assert (told.no_forecast is None) == (task.task.status != "RUNNING")
    assert (told.probability is None) == (told.no_forecast is not None)


def explained(task: LoadedTask) -> str:
    return " ".join(one.text(task.graph) for one in explain(task.account).sentences())


def shown(task: LoadedTask) -> str:
    return " ".join(show_text(task.account, Style(2000)).split())


# --- what the timeouts should be, and how many attempts there were -----------------------


def healthy(count: int, longest: float) -> list[Steps]:
    """Give so many runs, evenly spread up to the longest."""
    return [chained(longest * (n + 1) / count, 0, 1) for n in range(count)]


def of_rule(task: LoadedTask) -> list[str]:
    return [one.message for one in task.checked.findings if one.code == "TG407"]


@pytest.mark.parametrize(
    ("timeout", "said"),
    [
        (30, "less than healthy runs need: 320 healthy runs took up to"),
        (70, ""),
        (600, ""),
        (900, "15 times what past runs advise"),
        (0, ""),
    ],
)
def test_a_timeout_is_held_against_healthy_runs(timeout: int, said: str, past: Any) -> None:
    steps = [RUNNING[0] | {"timeout": timeout}, *RUNNING[1:]]
    task = loaded(past(healthy(320, 40)), steps, 1)
    found = [one for one in of_rule(task) if one.startswith("1 'work'")]
    assert [said in one for one in found] == ([True] if said else [])
    (advice,) = [
        one for one in timeouts([task], task.settings.runs or "").tasks[0].advice
        if one.subtask == "work"
    ]  # fmt: skip
    assert (advice.verdict == "raise") == (timeout == 30)
    if timeout == 900:
        assert advice.verdict == "lower"


def test_too_small_a_history_finds_no_timeout_wrong(past: Any) -> None:
    steps = [RUNNING[0] | {"timeout": 90_000}, *RUNNING[1:]]
    task = loaded(past(healthy(298, 40)), steps, 1)
    assert of_rule(task) == []
    assert "TG407" not in {one.code for one in task.checked.skipped}
    assert "TG407" in {one.code for one in loaded(None).checked.skipped}


def test_failures_that_were_all_retried_successfully_find_no_timeout_too_short(
    past: Any,
) -> None:
    retried = chained(150, 0, 1, runTime=2, operation="RETRY")
    task = loaded(past(healthy(320, 40) + [retried] * 20))
    assert not any("'work'" in one for one in of_rule(task))


def test_the_budget_counts_as_many_attempts_as_were_seen(past: Any) -> None:
    store = past([chained(5, 0, 1), chained(5, 0, 1, runTime=3), chained(9, 0, 1)])
    settings = Settings(runs=str(store.folder), attempts_seen=True)
    plan = response(9, RUNNING, asked=1)
    seen, asked = loads(plan, settings), loads(plan, Settings(runs=str(store.folder)))
    assert (seen.budget.seconds, asked.budget.seconds) == (3 * 100 + 100, 200)
    assert seen.analysis.attempts == (3, 1)
    more = settings.model_copy(update={"attempts": 2})
    assert loads(plan, more).analysis.attempts == (3, 2)
    assert loads(response(9, RUNNING, name="Other"), settings).budget.seconds == 200
    fitted = fit(seen, 350)
    assert (fitted.before.seconds, fitted.after.seconds) == (400, 3 * 83 + 100)
    patch = timeouts([seen], store.folder, AdviceOptions(0.5, 0.5)).tasks[0].patch
    assert patch.before == seen.budget
    text = budget_text([seen.analysis], Style(200))
    assert "3 each for 1 'work', as past runs had" in text


def test_the_configuration_can_ask_for_the_attempts_that_were_seen(
    past: Any, tmp_path: Path
) -> None:
    runs = past([chained(5, 0, 1, runTime=3)]).folder
    config, path = tmp_path / "x.toml", tmp_path / "a.json"
    path.write_bytes(response(9, RUNNING, asked=1))
    given = ["budget", str(path), "--runs", str(runs)]
    config.write_text("attempts-seen = true\n")
    by_file = CliRunner().invoke(cli, [*given, "--config", str(config)])
    by_flag = CliRunner().invoke(cli, [*given, "--attempts-seen"])
    assert (by_file.exit_code, by_file.stderr) == (0, "")
    assert by_file.stdout == by_flag.stdout
    assert "3 each for 1 'work', as past runs had" in by_file.stdout
    other = tmp_path / "y.toml"
    other.write_text("attempts-seen = false\n")
    refused = CliRunner().invoke(cli, [*given, "--config", str(other)])
    assert "--runs is for --fit DURATION, or for --attempts-seen" in str(refused.exception)


def test_the_runs_are_opened_once_for_all_that_is_asked(
    past: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, opened = past([chained(*run) for run in drawn(3, 30)]), []
    connect = duckdb.connect

    def counting(*args: Any, **options: Any) -> Any:
        opened.append(args)
        return connect(*args, **options)

    monkeypatch.setattr(duckdb, "connect", counting)
    for number in (1, 2):
        settings = Settings(runs=str(store.folder), attempts_seen=True)
        task = loads(response(900 + number, RUNNING, asked=90, status="RUNNING"), settings)
        assert "Likely done" in show_text(task.account, Style(100))
        assert task.analysis.slow
        assert fit(task, 150).by_runs
    assert len(opened) == 1
