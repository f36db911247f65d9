"""The findings as text."""

from __future__ import annotations

import pytest

from taskgraph.api.checking import CheckedDocument, CheckStream
from taskgraph.checks.result import AcceptedEntry, CheckResult, CheckRun, Finding, Skipped
from taskgraph.errors import InputError, Problem
from taskgraph.reports.check_formats import ansi, stream_check_text
from taskgraph.settings import Severity
from tests.reports.runs import check_renderer

as_text = check_renderer("text")

CYCLE = Finding(
    code="TG101",
    name="dependency-cycle",
    severity=Severity.ERROR,
    message="1 'a' depends on itself: 1 -> 1",
    hint="remove the edge",
    file="a.json",
    task_id=7,
    task_name="demo",
    pointer="/data/subtasks/0",
    line=12,
    column=9,
)
WARNING = CYCLE._replace(
    code="TG105", name="duplicate-edge", severity=Severity.WARNING, line=None, column=None
)


def result(*findings: Finding, file: str = "a.json", skipped: int = 0) -> CheckResult:
    reasons = (
        Skipped("TG101", "dependency-cycle", "no edges"),
        Skipped("TG401", "no-timeout", "no timeouts"),
        Skipped("TG402", "invalid-timeout", "no timeouts"),
    )
    return CheckResult(file, 7, "demo", findings, reasons[3 - skipped :])


def test_findings_are_grouped_by_file_with_a_line_and_a_hint_each() -> None:
    run = CheckRun((result(CYCLE, WARNING), result(file="b.json")))
    assert as_text(run).splitlines() == [
        "a.json: task 7 'demo'",
        "  12:9              error TG101 dependency-cycle: 1 'a' depends on itself: 1 -> 1",
        "                    hint: remove the edge",
        "  /data/subtasks/0  warning TG105 duplicate-edge: 1 'a' depends on itself: 1 -> 1",
        "                    hint: remove the edge",
        "",
        "1 error, 1 warning: 2 tasks in 2 files",
    ]


def test_a_sound_run_says_so() -> None:
    assert as_text(CheckRun((result(),))) == "no findings: 1 task in 1 file\n"


def test_skipped_rules_are_counted_by_reason() -> None:
    run = CheckRun((result(skipped=2), result(file="b.json", skipped=3)))
    assert as_text(run).splitlines()[1:] == [
        "skipped 3 rules for lack of what they look at: --verbose says which"
    ]
    told = "".join(stream_check_text(run, verbose=True))
    assert told.splitlines()[1:] == [
        "skipped 2 rules for 2 of 2 tasks: no timeouts (TG401, TG402)",
        "skipped 1 rule for 1 of 2 tasks: no edges (TG101)",
    ]


def test_unreadable_documents_are_counted() -> None:
    run = CheckRun((), (InputError("x.json", [Problem("is empty")]),))
    assert "1 file could not be read" in as_text(run)


@pytest.mark.parametrize("after", [False, True])
def test_a_file_that_was_read_in_part_is_counted_once(after: bool) -> None:
    bad = [InputError(name, [Problem("is empty")]) for name in ("a.json", "b.json")] * 2
    run = CheckRun((result(),), tuple(bad))
    documents = [CheckedDocument((result(),)), *(CheckedDocument((), one) for one in bad)]
    stream = CheckStream(documents[::-1] if after else documents)
    for text in (as_text(run), as_text(stream.collect())):
        assert "1 file could not be read\n1 file could be read in part only\n" in text


def test_what_was_accepted_and_what_is_stale_is_told() -> None:
    stale = (AcceptedEntry("0" * 32, "TG401", "no-timeout", "demo", ("a", "b\n")),)
    accepted = CheckResult("a.json", 7, "demo", suppressed=2)
    assert as_text(CheckRun((accepted,), stale=stale)).splitlines() == [
        "no findings: 1 task in 1 file",
        "2 findings left out as accepted",
        "1 entry stands in the baseline, but nothing is found for it:",
        "  TG401 no-timeout: demo, a, b␊",
    ]


def test_names_cannot_steer_a_terminal() -> None:
    hostile = CYCLE._replace(message="\x1b[2J\n\u202e", hint="\r", file="\x07")
    task = CheckResult("\x07", "\x1b]0;x\x07", "\x1b[31m\n", (hostile,))
    text = as_text(CheckRun((task,)))
    assert text.replace("\n", "").isprintable()
    assert text.count("\n") == 5


def test_colours_are_added_and_take_nothing_away() -> None:
    run = CheckRun((result(CYCLE, WARNING, skipped=1),))
    colored = "".join(stream_check_text(run, style=ansi))
    assert "\x1b[1;31merror\x1b[0m" in colored
    plain = colored
    for code in ("1", "2", "1;31", "33", "36", "0"):
        plain = plain.replace(f"\x1b[{code}m", "")
    assert plain == as_text(run)
