"""The functions of ``taskgraph.history``, which the commands call."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import taskgraph
from taskgraph import history, load, report_history
from taskgraph.api import HISTORY_FORMS
from taskgraph.errors import ConfigError, RenderError
from taskgraph.history.advising import AdviceOptions
from taskgraph.history.collecting import CollectionProgress
from tests.history.documents import response, step, write

DOCUMENTS = {
    f"{number}.json": response(number, [step(1, "work", 0, 10 + number % 5, timeout=600)])
    for number in range(40)
}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = write(tmp_path / "in", DOCUMENTS)
    steps: list[CollectionProgress] = []
    done = history.collect([folder], tmp_path / "runs", progress=steps.append)
    assert (done.collected.tasks, done.listed) == (40, 0)
    assert steps[-1].done == steps[-1].total
    return done.store.folder


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    steps = [step(1, "work", 0, 300, timeout=600)]
    return write(tmp_path, {"slow.json": response(99, steps)}) / "slow.json"


@pytest.mark.uncovered
def test_each_question_has_a_typed_answer(runs: Path, slow: Path) -> None:
    task, kind = history.stats(runs).kinds
    assert (task.subtask, kind.subtask, kind.run_us.p50) == (None, "work", 12_000_000)
    options = AdviceOptions(share=0.9)
    review = history.timeouts([load(slow)], runs, options)
    (of_task,) = review.tasks
    assert of_task.patch.changes == 1
    assert history.timeouts((), runs, options).advice == review.advice
    odds = history.odds(load(slow), 60, runs, samples=100)
    assert (odds.probability, odds.task.id) == (1.0, 99)
    departures = history.anomalies(load(slow), runs)
    assert [one.name for one in departures.found] == ["work"]


def test_a_question_without_sense_is_refused(tmp_path: Path, slow: Path) -> None:
    with pytest.raises(ConfigError, match="0 seconds or more, not -5"):
        history.odds(load(slow), -5, tmp_path)
    with pytest.raises(ConfigError, match="2025-04-20T00:00:00 has no offset from UTC"):
        history.compare_runs(tmp_path, since=datetime(2025, 4, 20))  # noqa: DTZ001
    with pytest.raises(ConfigError, match="seed must be 0 or more, not -1"):
        history.odds(load(slow), 10, tmp_path, seed=-1)
    for ask in (history.stats, history.timeouts):
        with pytest.raises(ConfigError, match="workers must be at least 1, not 0"):
            ask(workers=0)
    with pytest.raises(ConfigError, match="workers must be at least 1, not -2"):
        history.collect([slow], tmp_path / "runs", workers=-2)


@pytest.mark.uncovered
def test_a_name_of_which_nothing_is_told_is_refused(runs: Path) -> None:
    for ask in (history.stats, history.trends, history.timeouts):
        with pytest.raises(ConfigError, match="no task of the history has a name like 'x'"):
            ask(runs=runs, only="x")
    together = AdviceOptions(across_tasks=True)
    with pytest.raises(ConfigError, match="chooses among kinds of tasks"):
        history.timeouts((), runs, together, only="task")


@pytest.mark.uncovered
def test_every_answer_is_written_in_every_form(runs: Path, slow: Path) -> None:
    loaded = load(slow)
    results: list[Any] = [
        history.stats(runs),
        history.timeouts([loaded], runs),
        history.odds(loaded, 60, runs, samples=100),
        [history.anomalies(loaded, runs)],
    ]
    for result in results:
        texts = {form: report_history(result, form) for form in HISTORY_FORMS}
        assert all(text.endswith("\n") for text in texts.values())
        assert json.loads(texts["json"])["version"] == 1
        assert texts["text"] == report_history(result)
        with pytest.raises(RenderError, match="choose from text, csv, json"):
            report_history(result, "pdf")
    for form in HISTORY_FORMS:
        of_one = report_history(results[-1][0], form)
        assert of_one == report_history(results[-1], form)


@pytest.mark.uncovered
def test_a_patch_is_made_of_the_advice_for_one_task(runs: Path, slow: Path) -> None:
    options = AdviceOptions(share=0.9)
    one = history.timeouts([load(slow)], runs, options)
    assert [change["op"] for change in json.loads(report_history(one, "patch"))] == [
        "test",
        "replace",
    ]
    two = history.timeouts([load(slow), load(slow)], runs, options)
    with pytest.raises(ConfigError, match="holds 2 tasks"):
        report_history(two, "patch")
    for result in (history.timeouts((), runs), history.stats(runs)):
        with pytest.raises(RenderError, match="of one task"):
            report_history(result, "patch")
    with pytest.raises(ConfigError, match="has such a name: x"):
        history.timeouts([load(slow)], runs, only="x")


def test_without_a_history_the_way_to_one_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="history collect"):
        history.stats(tmp_path)


def test_the_functions_are_the_same_whatever_was_imported() -> None:
    before = {name: getattr(history, name) for name in history.__all__}
    for module in pkgutil.iter_modules(history.__path__):
        import_module(f"taskgraph.history.{module.name}")
    assert {name: getattr(taskgraph.history, name) for name in history.__all__} == before
    assert callable(before["stats"])
    assert set(history.__all__) <= set(dir(history))
    with pytest.raises(AttributeError, match="has no attribute 'nosuch'"):
        history.nosuch  # noqa: B018


def test_to_import_a_history_costs_next_to_nothing() -> None:
    script = (
        "import sys, taskgraph; taskgraph.history.RUNS;"
        "print(*(name for name in sys.modules if name.startswith('taskgraph')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True
    )
    assert set(done.stdout.split()) == {
        "taskgraph",
        "taskgraph.version",
        "taskgraph.history",
        "taskgraph.history.defaults",
    }
