"""Results as data frames, and as notebooks show them."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import taskgraph
from taskgraph.errors import ConfigError
from taskgraph.reports.notebook import ROWS, to_frame
from tests.diagrams.tasks import HOSTILE, make_task


def test_a_row_for_each_subtask(samples: Path) -> None:
    loaded = taskgraph.load(samples / "three_hosts_failed.json")
    frame = loaded.to_frame().set_index("id")
    assert len(frame) == 11
    assert frame.loc[102, "timeout_seconds"] == 3600
    assert frame.loc[102, "measured"] == pd.Timedelta(minutes=20)
    assert frame.loc[108, "failure_cause"] == "within_timeout"
    assert list(frame.index[frame["is_critical"]]) == [101, 102, 103, 111]
    assert frame["share_seconds"].sum() == loaded.schedule.makespan
    failed = loaded.graph.subtasks[loaded.graph.index[108]]
    assert frame.loc[108, "finish"] == failed.finish_time


def test_a_row_for_each_task_and_each_finding(samples: Path) -> None:
    paths = sorted(samples.glob("*.json"))
    tasks = [taskgraph.load(path) for path in paths]
    frame = taskgraph.to_frame(tasks, "tasks")
    assert list(frame["id"]) == [loaded.task.id for loaded in tasks]
    assert list(frame["budget_seconds"]) == [loaded.budget.seconds for loaded in tasks]
    findings = taskgraph.to_frame(tasks, "findings")
    assert list(findings["code"]) == [
        finding.code for loaded in tasks for finding in loaded.checked.findings
    ]


@pytest.mark.parametrize("rows", ROWS)
def test_the_columns_are_the_same_for_any_tasks(samples: Path, rows: str) -> None:
    whole = taskgraph.to_frame(taskgraph.load(samples / "obproxy_stop.json"), rows)
    broken = taskgraph.LoadedTask(make_task({1: {"upstreams": (9,), "timeout": None}}))
    for frame in (to_frame([], rows), taskgraph.to_frame(broken, rows)):
        assert dict(frame.dtypes) == dict(whole.dtypes)


def test_what_is_missing_is_missing_and_large_numbers_stay() -> None:
    rows: dict[Any, dict[str, Any]] = {2**62: {"timeout": None, "status": None}}
    rows["a" * 200] = {"timeout": 2**40}
    frame = taskgraph.LoadedTask(make_task(rows)).to_frame()
    assert list(frame["id"]) == [2**62, "a" * 200]
    assert frame["timeout_seconds"].isna().tolist() == [True, False]
    assert frame["timeout_seconds"][1] == 2**40
    assert frame["start"].isna().all()


def test_other_rows_are_refused() -> None:
    with pytest.raises(ConfigError, match="subtasks, tasks, findings"):
        to_frame([], "edges")


def test_without_pandas_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "pandas":
            raise ModuleNotFoundError(name="pandas")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match="extra 'pandas'"):
        to_frame([])


def test_results_display_themselves(samples: Path) -> None:
    loaded = taskgraph.load(samples / "three_hosts_failed.json")
    assert "What failed" in loaded.account._repr_markdown_()
    for by in ("timeout", "actual"):
        table = loaded.timetable(by)._repr_html_()
        assert table.count("<tr>") == 12
    assert json.dumps(loaded.graph.task.name)[1:-1] in loaded._repr_svg_()


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_in_tables(name: str) -> None:
    hostile, plain = (
        taskgraph.LoadedTask(make_task({1: {"name": text, "status": text}}))
        for text in (name, "x")
    )
    tags = plain.timetable()._repr_html_().count("<")
    assert hostile.timetable()._repr_html_().count("<") == tags


def test_a_timetable_by_what_does_not_exist_is_refused(samples: Path) -> None:
    loaded = taskgraph.load(samples / "three_hosts_failed.json")
    with pytest.raises(ConfigError, match="choose from timeout, actual, remaining"):
        loaded.timetable("measured")  # type: ignore[arg-type]
    within = loaded.timetable(window=3600)
    assert (within.window, within.schedule.makespan) == (3600, 3960)


def test_a_timetable_says_that_it_does_not_count_what_has_no_limit() -> None:
    rows = {1: {"timeout": 60}, 2: {"timeout": 0}}
    table = taskgraph.LoadedTask(make_task(rows, [(1, 2)])).timetable()
    assert "makespan 1 min, not counting what has no limit<" in table._repr_html_()
