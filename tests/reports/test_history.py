"""Reports of the history: every form says the same and escapes for itself."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.cells import cell_len

from taskgraph.analysis.past import NoForecast
from taskgraph.analysis.progress import Endless
from taskgraph.history.advising import Advice, AdviceOptions, TimeoutVerdict
from taskgraph.history.chances import Bin, Odds, OddsOptions, Quantile, SubtaskOdds
from taskgraph.history.collecting import Collected, Collection
from taskgraph.history.departures import Anomalies, Anomaly, AnomalyKind, AnomalyOptions
from taskgraph.history.pools import OutcomeBasis
from taskgraph.history.reviewing import TaskReview, TimeoutPatch, TimeoutReview
from taskgraph.history.statistics import Distribution, KindStats, Statistics
from taskgraph.history.store import RunStore
from taskgraph.model.durations import format_moment
from taskgraph.model.task import Origin, Task
from taskgraph.reports.history import (
    collection_messages,
    departure,
    table_report,
)
from taskgraph.reports.history_contract import HISTORY_OUTPUTS
from taskgraph.reports.history_data import render_csv, render_json, render_patch
from taskgraph.reports.history_tables import TableReport, cell, render_html, render_markdown
from taskgraph.reports.text.console import Style
from taskgraph.reports.text.history import render_text

HOSTILE = "</script><b>&\"'|`*_#\x1b[31m\u202e\n=1+1\u2028[x](y)"


def task_of(name: str, identifier: int | str = 1) -> Task:
    return Task(id=identifier, name=name, origin=Origin(name, "ocp"))


SPREAD = Distribution(
    12, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000, 6_000_000, 90_000_000
)
NOTHING = Distribution()


def statistics_of(name: str) -> Statistics:
    kind = KindStats(name, None, 20, 12, 1, 2, 3, 4, SPREAD, SPREAD, None, NOTHING)
    used = SPREAD._replace(max=750_000)
    part = kind._replace(subtask=name, timeout=120, used_ppm=used)
    empty = part._replace(subtask="never ran", run_us=NOTHING, wait_us=NOTHING)
    return Statistics(9, 1, 8, 7, (kind, part, empty))


def advice_of(name: str, **changes: Any) -> Advice:
    return Advice(
        task=name,
        subtask=name,
        verdict=TimeoutVerdict.LOWER,
        timeout=3600,
        advised=35,
        runs=300,
        needed=299,
        hung=2,
        limit_us=22_000_000,
        longest_us=23_000_000,
        confidence=0.951,
        would_kill=0,
        frees=3565,
    )._replace(**changes)


def budget_of(seconds: int, *, is_bounded: bool = True) -> Any:
    """Stand in for a budget, of which only the bound is told."""
    return SimpleNamespace(seconds=seconds, is_bounded=is_bounded)


def timeouts_of(name: str) -> TimeoutReview:
    few: dict[str, Any] = dict.fromkeys(("advised", "confidence", "would_kill", "frees"))
    rows = (
        advice_of(name),
        advice_of(name, verdict=TimeoutVerdict.TOO_FEW, runs=3, **few),
        advice_of(name, verdict=TimeoutVerdict.RAISE, is_next_step=True, cut=9, frees=-60),
    )
    change: Any = {"op": "replace", "path": "/subtasks/0/timeout", "value": 35}
    patches = (
        TimeoutPatch((change, change), budget_of(3600), budget_of(70)),
        TimeoutPatch((), None, None),
    )
    reviews = tuple(TaskReview(task_of(name), rows, patch) for patch in patches)
    return TimeoutReview(AdviceOptions(), rows, reviews)


def odds_of(name: str, window: int = 60) -> Odds:
    bases = (OutcomeBasis.OWN, OutcomeBasis.TIMEOUT)
    return Odds(
        task=task_of(name, name),
        options=OddsOptions(window, 1000),
        since=None,
        slots=0,
        runs=40,
        probability=0.5,
        low=0.47,
        high=0.53,
        late=0.3,
        failed=0.2,
        quantiles=(Quantile(0.5, 60_000_000, 58_000_000, 62_000_000),),
        subtasks=tuple(SubtaskOdds(name, name, 0.004, 0.2, basis, 3, 0) for basis in bases),
        bins=(Bin(10_000_000, 50_000_000, 3), Bin(50_000_000, 90_000_000, 400)),
    )


def anomalies_of(name: str) -> list[Anomalies]:
    timed = {AnomalyKind.SLOW, AnomalyKind.FAST, AnomalyKind.WAITED}
    times: dict[str, Any] = {
        "value_us": 9_000_000,
        "usual_us": 1_000_000,
        "high_us": 2_000_000,
    }
    found = tuple(
        Anomaly(
            kind,
            (1, name),
            name,
            40,
            number % 2,
            other_name=name,
            **(times if kind in timed else {"attempts": 3}),
        )
        for number, kind in enumerate(AnomalyKind)
    )
    options = AnomalyOptions()
    task = task_of(name)
    return [Anomalies(task, 40, options, found), Anomalies(task, 3, options, ())]


MAKERS = {
    "statistics": statistics_of,
    "timeouts": timeouts_of,
    "odds": odds_of,
    "anomalies": anomalies_of,
}
every_report = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


class Page(HTMLParser):
    """Notes the elements, the attributes and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


@every_report
def test_pages_hold_hostile_names_as_text(make: Any) -> None:
    page = Page(render_html(table_report(make(HOSTILE))))
    assert page.open == []
    assert "</script><b>&\"'|`*_#␛[31m⟨U+202E⟩␊=1+1⟨U+2028⟩[x](y)" in page.text
    assert not page.tags & {"script", "b", "a", "img"}


@every_report
def test_terminal_text_holds_no_controls(make: Any) -> None:
    for style in (Style(80), Style(40), Style(200, color=True)):
        text = render_text(table_report(make(HOSTILE)), style)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text) if style.color else text
        assert plain.replace("\n", "").isprintable()
        assert "\x1b[31mx" not in text


@every_report
def test_markdown_escapes_what_it_would_take_for_markup(make: Any) -> None:
    text = render_markdown(table_report(make(HOSTILE)))
    assert not re.search(r"(?<!\\)[<`*\[]", text.replace("| ---", ""))
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert tables
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


@pytest.mark.parametrize("name", ["\r=1", "a\rb", "\uff1d1", " \u3000@x"])
def test_csv_quotes_ends_of_lines_and_knows_wide_formulas(name: str) -> None:
    told = render_csv(anomalies_of(name))
    assert "\r" not in re.sub('"[^"]*"', "", told)
    rows = csv.DictReader(io.StringIO(told, newline=""))
    shown = name if name == "a\rb" else f"'{name}"
    assert shown in {value for row in rows for value in row.values()}


@every_report
def test_csv_is_read_back_and_starts_no_formula(make: Any) -> None:
    text = render_csv(make("=HYPERLINK(1)"))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows
    assert not any(
        (value or "").startswith(("=", "+", "@")) for row in rows for value in row.values()
    )
    assert len({len(row) for row in rows}) == 1


@every_report
def test_json_is_versioned_and_whole(make: Any) -> None:
    text = render_json(make(HOSTILE))
    content = json.loads(text)
    assert content["format"].startswith("taskgraph/history-")
    assert content["version"] == 1
    assert HOSTILE in _texts(content)
    assert text == render_json(make(HOSTILE))


@every_report
def test_json_is_as_declared(make: Any) -> None:
    content = json.loads(render_json(make("a")))
    declared = HISTORY_OUTPUTS[content["format"].removeprefix("taskgraph/")]
    schema = declared.schema()
    Draft202012Validator(schema).validate(content)
    errors = Draft202012Validator(schema).iter_errors(content | {"more": 1})
    assert [error.validator for error in errors] == ["additionalProperties"]


def test_a_patch_is_as_declared() -> None:
    patch = json.loads(render_patch(timeouts_of("a").tasks[0]))
    schema = HISTORY_OUTPUTS["history-patch"].schema()
    Draft202012Validator(schema).validate(patch)
    assert [operation["value"] for operation in patch] == [35, 35]


def test_a_collection_says_what_it_did(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    done = Collected(documents=2, rejects=1, skipped=1, tasks=1, subtasks=3)
    (told,) = collection_messages(Collection(store, done, 0))
    seen, _, added = told.partition(" unchanged, ")
    assert seen == "2 documents looked at, 1 file"
    assert added == f"1 task and 3 subtasks added to {tmp_path}"
    _, listed = collection_messages(Collection(store, done, 4))
    assert listed.startswith(
        "4 documents cannot be read, or in part only, 1 of them looked at now\n  hint: "
    )


def _texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        return _texts(list(value.values()))
    if isinstance(value, list):
        return set().union(*map(_texts, value))
    return {value} if isinstance(value, str) else set()


def test_too_few_runs_are_said() -> None:
    text = render_text(table_report(timeouts_of("a")), Style(120))
    assert "too few runs" in text
    assert "needs at least 299 runs" in text
    assert "9 runs may have been killed though healthy" in " ".join(text.split())
    assert "2 changes; worst case: 1 h → 1 min 10 s" in text


def review_of(patch: TimeoutPatch, *advice: Advice) -> TimeoutReview:
    return TimeoutReview(AdviceOptions(), (), (TaskReview(task_of("a"), advice, patch),))


def test_a_worst_case_without_a_bound_is_told_as_one_in_every_form() -> None:
    patch = TimeoutPatch((), budget_of(2100, is_bounded=False), budget_of(1800))
    review = review_of(patch)
    report = table_report(review)
    said = "0 changes; worst case: unbounded, else 35 min → 30 min"
    for render in (lambda one: render_text(one, Style(200)), render_markdown):
        assert said in render(report)
    assert said in Page(render_html(report)).text
    (told,) = json.loads(render_json(review))["definitions"]
    assert (told["before"], told["was_bounded"]) == (2100, False)
    assert (told["after"], told["is_bounded"]) == (1800, True)


@pytest.mark.parametrize(
    ("is_sound", "why"),
    [(False, "the graph is not sound"), (True, "the document has no timeouts")],
)
def test_why_a_worst_case_is_not_known_is_said(is_sound: bool, why: str) -> None:
    review = review_of(TimeoutPatch((), None, None, is_sound=is_sound))
    said = f"0 changes; worst case not known: {why}"
    assert said in render_text(table_report(review), Style(200))
    (told,) = json.loads(render_json(review))["definitions"]
    assert (told["before"], told["was_bounded"]) == (None, None)


def test_what_is_freed_is_the_sum_of_its_column() -> None:
    raised = advice_of("b", verdict=TimeoutVerdict.RAISE, frees=-100)
    lowered = [advice_of(name, frees=250) for name in "ac"]
    facts = dict(table_report(review_of(TimeoutPatch((), None, None), *lowered)).facts)
    assert facts["Frees"] == "8 min 20 s of an attempt of each, in sum"
    patch = TimeoutPatch((), None, None)
    facts = dict(table_report(review_of(patch, raised, *lowered)).facts)
    assert facts["Frees"] == (
        "6 min 40 s of an attempt of each, in sum: "
        "8 min 20 s by lowering, less 1 min 40 s by raising"
    )


def notes_of(**changes: Any) -> str:
    review = TimeoutReview(AdviceOptions(), (advice_of("a", **changes),))
    return " ".join(table_report(review).notes)


def test_what_fails_at_its_timeout_is_said() -> None:
    assert "look into it" not in notes_of()
    often = notes_of(verdict=TimeoutVerdict.KEEP, runs=780, hung=220)
    assert "'a': 22 % of its runs (220) failed at the timeout" in often
    every = notes_of(verdict=TimeoutVerdict.LOOK, runs=0, hung=0, cut=30)
    assert "'a': no healthy run is known, and 30 runs ended at the timeout" in every
    assert "every healthy run was over" not in every
    assert "'a': 16 were retried or skipped" in notes_of(unknown=16)
    assert "'a': 1 was retried or skipped" in notes_of(unknown=1)


def test_the_odds_say_where_the_window_ends() -> None:
    assert " ^ the window ends here" in render_text(table_report(odds_of("a")), Style(100))
    assert "the window ends beyond" in render_text(
        table_report(odds_of("a", 900)), Style(100)
    )
    assert 'class="limit"' in render_html(table_report(odds_of("a")))
    assert 'class="limit"' not in render_html(table_report(odds_of("a", 900)))


@pytest.mark.parametrize("width", [40, 60, 80])
@every_report
def test_no_number_is_cut_where_there_is_little_room(make: Any, width: int) -> None:
    report = table_report(make("Sync the cluster's information"))
    text = render_text(report, Style(width))
    assert max(map(cell_len, text.splitlines())) <= width
    words = " ".join(text.split())
    for section in report.sections:
        for row in section.rows:
            for column in section.columns:
                value = cell(column.value(row), column.unit)
                if column.is_number and value != "–":
                    assert re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.])", words)


def test_statistics_show_more_where_there_is_room() -> None:
    report = table_report(statistics_of("a"))
    narrow, wide = (render_text(report, Style(width)) for width in (115, 200))
    for label in ("rolled back", "wait p50", "wait p99", "longest wait"):
        assert label in wide
        assert label not in narrow
        assert label in render_markdown(report)
        assert label in render_html(report)


def test_the_table_of_the_odds_holds_the_answer() -> None:
    rows = list(csv.DictReader(io.StringIO(render_csv(odds_of("a")))))
    assert [row["row"] for row in rows] == ["odds", "quantile", "subtask", "subtask"]
    answer = {key: rows[0][key] for key in ("probability", "window", "late", "failed")}
    assert answer == {"probability": "0.5", "window": "60", "late": "0.3", "failed": "0.2"}
    assert rows[1]["value_us"] == "60000000"


def test_the_odds_are_no_surer_than_what_they_rest_on() -> None:
    text = " ".join(render_text(table_report(odds_of("a")), Style(200)).split())
    assert "50 % (from 47 % to 53 %); 1 of 2 subtasks without such runs" in text
    assert "Rests on 40 past runs" in text
    assert "The bounds are those of 40 past runs, with 95 % confidence" in text
    assert ">=" not in text
    few = replace(
        odds_of("a"), runs=3, quantiles=(Quantile(0.99, 9_000_000, 1, None, True),)
    )
    text = " ".join(render_text(table_report(few), Style(200)).split())
    assert "99 % >= 9.00 s" in text
    assert ">=: as long ones were cut at a timeout" in text
    assert "1 min, from its start, as if it began now" in text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Endless.STALLED, "nothing promises an end: nothing in it moves any more"),
        (NoForecast.EMPTY, "it has no subtasks"),
    ],
)
def test_why_there_are_no_odds_is_said_in_every_form(
    reason: Endless | NoForecast, said: str
) -> None:
    since = datetime(2025, 1, 16, 11, 43, 38, tzinfo=UTC)
    odds = Odds(task_of("a"), OddsOptions(60), since, 0, reason)
    report = table_report(odds)
    for text in (
        render_text(report, Style(200)),
        render_markdown(report),
        Page(render_html(report)).text,
    ):
        assert f"not known: {said}" in text
        assert "%" not in text
        assert "0 of 0" not in text
    content = json.loads(render_json(odds))
    (row,) = csv.DictReader(io.StringIO(render_csv(odds)))
    assert content["no_forecast"] == row["no_forecast"] == reason
    assert (content["probability"], row["probability"]) == (None, "")
    assert content["options"]["samples"] is None


def test_departures_name_their_file() -> None:
    report = anomalies_of("a.json")
    rows = list(csv.DictReader(io.StringIO(render_csv(report))))
    assert {(row["file"], row["task_id"], row["task"]) for row in rows} == {
        ("a.json", "1", "a.json")
    }
    assert "(a.json)" in render_html(table_report(report))
    assert "\\(a.json\\)" in render_markdown(table_report(report))


def test_each_row_of_the_statistics_has_its_plot() -> None:
    page = render_html(table_report(statistics_of("a")))
    assert page.count("<svg") == 2  # nothing ran in the third row
    assert "timeout 2 min" in page


def test_departures_are_sentences() -> None:
    text = " ".join(render_text(table_report(anomalies_of("work")), Style(200)).split())
    assert "'work' took 9 s; usual are 1 s, at most 2 s with few exceptions" in text
    assert "none of 40 other runs of its name took as long" in text
    assert "'work' started before 'work'" in text
    one = Anomaly(AnomalyKind.RETRIED, (1,), "work", 117, 3, attempts=2)
    told = "1 'work' was started 2 times; 3 of 117 other runs of its name were retried"
    assert departure(one) == told
    one = Anomaly(AnomalyKind.NEW, (1,), "work", 39, 0)
    assert departure(one) == "1 'work' is new: none of 39 other runs have it"
    assert "only 3 other runs to compare with; 20 are needed" in text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "us", "–"),
        (0, "us", "0 s"),
        (1, "us", "0.000 s"),
        (59_940_000, "us", "59.9 s"),
        (60_000_000, "us", "1 min"),
        (90_061_000_000, "us", "1 d 1 h 1 min 1 s"),
        (-5_000_000, "us", "-5.00 s"),
        (3600, "seconds", "1 h"),
        (-90, "seconds", "-1 min 30 s"),
        (0, "seconds", "0 s"),
        (750_000, "ppm", "75 %"),
        (0.004, "share", "0.4 %"),
        (0.9953, "share", "99.53 %"),
        (0.99, "share", "99 %"),
        (0.999, "share", "99.9 %"),
        (0.999999, "share", "99.9999 %"),
        (1 - 1e-16, "share", "100 %"),
        (1e-17, "share", "0 %"),
        (1.5, "share", "150 %"),
        (0.0, "share", "0 %"),
        (12, "count", "12"),
        ("a\nb", "text", "a␊b"),
    ],
)
def test_values_are_short(value: Any, unit: Any, text: str) -> None:
    assert cell(value, unit) == text


@pytest.mark.parametrize(
    "render", [render_markdown, lambda one: render_text(one, Style(200))]
)
def test_a_moment_is_written_as_everywhere(render: Callable[[TableReport], str]) -> None:
    since = datetime(2025, 1, 16, 11, 43, 38, 311_000, tzinfo=UTC)
    text = render(table_report(replace(odds_of("a"), since=since)))
    assert format_moment(since) in text.replace("\\", "")
    assert "38+00:00" in text.replace("\\", "")
    assert since.isoformat() not in text


@pytest.mark.parametrize(
    ("ppm", "shown"),
    [
        (799_999, "79 %"),
        (99_999, "9.9 %"),
        (999_999, "99.9999 %"),
        (995_399, "99.53 %"),
        (1_000_000, "100 %"),
        (1_009_999, "100 %"),
        (0, "0 %"),
    ],
)
def test_what_was_used_is_cut(ppm: int, shown: str) -> None:
    assert cell(ppm, "ppm") == shown
