"""The functions of ``taskgraph.api.history``, which the commands call."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from taskgraph import load
from taskgraph.api import history
from taskgraph.errors import ConfigError, RenderError
from taskgraph.history.advice import AdviceOptions
from taskgraph.history.collecting import Progress
from tests.history.documents import response, step, write

DOCUMENTS = {
    f"{number}.json": response(number, [step(1, "work", 0, 10 + number % 5, timeout=600)])
    for number in range(40)
}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = write(tmp_path / "in", DOCUMENTS)
    steps: list[Progress] = []
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
    assert history.stats(runs, only="other*").kinds == ()
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
        history.compare(tmp_path, since=datetime(2025, 4, 20))  # noqa: DTZ001
    with pytest.raises(ConfigError, match="seed must be 0 or more, not -1"):
        history.odds(load(slow), 10, tmp_path, seed=-1)
    for ask in (history.stats, history.timeouts):
        with pytest.raises(ConfigError, match="workers must be at least 1, not 0"):
            ask(workers=0)
    with pytest.raises(ConfigError, match="workers must be at least 1, not -2"):
        history.collect([slow], tmp_path / "runs", workers=-2)


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
        texts = {form: history.report(result, form) for form in history.FORMS}
        assert all(text.endswith("\n") for text in texts.values())
        assert json.loads(texts["json"])["version"] == 1
        assert texts["text"] == history.report(result)
        with pytest.raises(RenderError, match="choose from text, csv, json"):
            history.report(result, "pdf")
    for form in history.FORMS:
        of_one = history.report(results[-1][0], form)
        assert of_one == history.report(results[-1], form)


@pytest.mark.uncovered
def test_a_patch_is_made_of_the_advice_for_one_task(runs: Path, slow: Path) -> None:
    options = AdviceOptions(share=0.9)
    one = history.timeouts([load(slow)], runs, options)
    assert [change["op"] for change in json.loads(history.report(one, "patch"))] == [
        "test",
        "replace",
    ]
    two = history.timeouts([load(slow), load(slow)], runs, options)
    with pytest.raises(ConfigError, match="holds 2 tasks"):
        history.report(two, "patch")
    for result in (history.timeouts((), runs), history.stats(runs)):
        with pytest.raises(RenderError, match="of one task"):
            history.report(result, "patch")
    with pytest.raises(ConfigError, match="has such a name: x"):
        history.timeouts([load(slow)], runs, only="x")


def test_without_a_history_the_way_to_one_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="history collect"):
        history.stats(tmp_path)
