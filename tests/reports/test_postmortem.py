"""The postmortem as Markdown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from taskgraph.api import LoadedTask, load, loads, postmortem_of, render, report
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.errors import RenderError
from taskgraph.reports.markdown import escaped
from taskgraph.settings import Settings
from tests.diagrams.tasks import HOSTILE, make_task


def rendered(text: str) -> str:
    """Give the HTML that a renderer of GitHub's dialect makes of Markdown."""
    return str(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))


def test_it_has_the_verdict_the_explanation_and_the_tables(samples: Path) -> None:
    page = rendered(report(load(samples / "three_hosts_failed.json"), "markdown"))
    assert "<h1>Replace binaries on three hosts</h1>" in page
    headings = re.findall("<h2>(.*?)</h2>", page)
    assert headings[:4] == [
        "What it is",
        "How far it is",
        "What failed",
        "Where the time went",
    ]
    assert headings[-2:] == ["Critical path", "Findings"]
    assert page.count("<table>") == 3
    assert page.count('class="language-mermaid"') == 1
    assert "TG501" in page


def test_markdown_has_no_timeline(samples: Path) -> None:
    loaded = load(samples / "three_hosts_failed.json")
    with pytest.raises(RenderError, match="markdown has no timeline: choose html"):
        report(loaded, "markdown", DiagramOptions(view="timeline"))


def test_several_tasks_get_an_index_and_what_could_not_be_read(samples: Path) -> None:
    loaded = load(samples / "three_hosts_failed.json")
    other = LoadedTask(replace(loaded.task, status="RUNNING"))
    found = postmortem_of([loaded.account, other.account], ["no.json: does not exist"])
    page = rendered(report(found, "markdown"))
    assert "no.json: does not exist" in page
    assert page.count("<h1>") == 1  # of two documents of one task the second
    assert "<h2>What changed</h2>" in page
    assert "status" in page.partition("What changed")[2].partition("<h2>")[0]
    assert page.index("<strong>Now:") < page.index("What changed")  # the answers come first
    another = LoadedTask(replace(loaded.task, id=1))
    page = rendered(report(postmortem_of([loaded.account, another.account]), "markdown"))
    assert "<h1>2 tasks</h1>" in page
    assert "What changed" not in page


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(name: str) -> None:
    def page(text: str) -> str:
        rows: dict[int, dict[str, Any]] = {}
        rows[1] = {"name": text, "status": "FAILED", "executor": text, "logs": (text,)}
        rows[2] = {"name": text}
        task = make_task(rows, [(1, 2)], name=text, status="FAILED")
        return rendered(report(LoadedTask(task), "markdown"))

    tags = re.compile(r"<(/?\w+)")
    assert tags.findall(page(name)) == tags.findall(page("x"))


@pytest.mark.parametrize("text", ["1. x", "- x", "+ x", "10.0.0.1", "# x", "a_b_c", "|"])
def test_what_begins_a_list_elsewhere_is_text(text: str) -> None:
    assert rendered(escaped(text)).strip() == f"<p>{text}</p>"


def test_of_two_documents_of_one_task_the_later_one_is_told(samples: Path) -> None:
    before = load(samples / "three_hosts_failed.json")
    later = datetime.fromisoformat("2025-03-04T11:10:00+08:00")
    loaded = load(samples / "three_hosts_failed.json", Settings(as_of=later))
    for order in ([before, loaded], [loaded, before]):
        found = postmortem_of([one.account for one in order])
        assert [account.as_of for account in found.told] == [loaded.analysis.as_of]
    other = load(samples / "obproxy_stop.json")
    found = postmortem_of([loaded.account, other.account])
    assert [account.graph.task.id for account in found.told] == [9100, 13153183]


def test_a_printed_change_is_the_difference_of_what_is_printed(samples: Path) -> None:
    task = load(samples / "obproxy_stop.json").task
    subtasks = task.subtasks
    begin = datetime.fromisoformat("2025-01-16T11:00:00+08:00")

    def run(seconds: float) -> LoadedTask:
        """Give the task with a first subtask that ran so long, and no other times."""
        ends = begin + timedelta(seconds=seconds)
        done = [
            sub._replace(status="SUCCESSFUL", start_time=begin, finish_time=begin)
            for sub in subtasks
        ]
        done[0] = done[0]._replace(finish_time=ends)
        return LoadedTask(replace(task, status="SUCCESSFUL", subtasks=tuple(done)))

    pair = [one.account for one in (run(3794.9), run(4947.1))]
    text = report(postmortem_of(pair), "markdown")
    assert "1 h 3 min 14 s → 1 h 22 min 27 s (+19 min 13 s)" in text


def test_the_table_says_on_what_a_subtask_works_and_names_each_of_a_line(
    samples: Path,
) -> None:
    text = report(load(samples / "three_hosts_failed.json"), "markdown")
    path = text.partition("## Critical path")[2]
    assert "| Subtask | Name | Works on | Status |" in path
    assert "10.0.0." in path
    assert " … " not in path
    assert "Works on" not in report(load(samples / "obproxy_stop.json"), "markdown")


@pytest.mark.slow
def test_at_the_end_of_the_calendar_every_answer_is_given() -> None:
    """With an offset a time may be later than all others that can be written with it."""
    last = ["9999-12-31T23:59:59+14:00", "9999-12-31T23:59:59.999999999Z"]
    last += ["9999-12-31T23:59:58", "9999-12-31T09:00:00Z", "9999-12-30T00:00:00-08:00"]
    latest = datetime.fromisoformat("9999-12-31T23:59:59-14:00")
    for begin, end in permutations(last, 2):
        rows: list[dict[str, object]] = [
            {"id": 1, "status": "SUCCESSFUL", "startTime": last[-1], "finishTime": begin},
            {"id": 2, "status": "FAILED", "startTime": end, "finishTime": end},
            {"id": 3, "status": "RUNNING", "startTime": begin, "timeout": 2**62},
        ]
        rows[1]["upstreams"] = [1]
        task = {"id": 1, "status": "RUNNING", "startTime": begin, "subtasks": rows}
        text = json.dumps({"data": task, "timestamp": begin})
        for settings in (Settings(), Settings(as_of=latest)):
            loaded = loads(text, settings)
            assert report(loaded, "markdown")
            assert render(loaded, "trace")
            loaded.timetable("actual")
