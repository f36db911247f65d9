"""Baselines and suppressions: what is accepted is told apart from what is new."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.checks.baseline import (
    Acceptance,
    Baseline,
    fingerprints,
    parse_baseline,
    render_baseline,
)
from taskgraph.checks.result import AcceptedEntry, CheckResult
from taskgraph.errors import ConfigError
from taskgraph.model.task import Id, Origin, Subtask, Task
from taskgraph.settings import Suppression
from tests.checks.build import change, check, found, response, subtasks, task

EDGES = [(1, 2), (2, 3), (3, 4), (4, 3), (5, 6), (1, 7)]
FAULTY = change(
    change(change(subtasks(EDGES, series_id=0), 7, timeout=0), 6, timeout=-5),
    2,
    downstreams=(),
)
FAULTY = [row._replace(name=f"part {int(row.id) // 2}") for row in FAULTY]


def renumbered(rows: list[Subtask], order: list[int]) -> list[Subtask]:
    """Give every subtask another id."""
    new: dict[Id, Id] = {i + 1: 100 + 7 * place for i, place in enumerate(order)}
    return [
        row._replace(
            id=new[row.id],
            upstreams=tuple(new[i] for i in row.upstreams or ()),
            downstreams=tuple(new[i] for i in row.downstreams or ()),
        )
        for row in rows
    ]


def prints(result: CheckResult) -> set[tuple[str, str]]:
    marks = fingerprints(result.findings)
    return set(zip([f.code for f in result.findings], marks, strict=True))


def accept(
    result: CheckResult, baseline: Baseline
) -> tuple[CheckResult, tuple[AcceptedEntry, ...]]:
    acceptance = Acceptance(baseline)
    return acceptance.apply(result), acceptance.stale


@given(st.permutations(FAULTY), st.permutations(range(7)))
def test_fingerprints_survive_another_order_and_other_ids(
    rows: list[Subtask], order: list[int]
) -> None:
    before = prints(check(task(FAULTY)))
    assert len(before) == len(check(task(FAULTY)).findings) > 4
    assert prints(check(task(rows))) == before
    assert prints(check(task(renumbered(rows, order), id=99))) == before


def test_one_more_of_the_same_is_new() -> None:
    rows = [row._replace(name="Wait node", timeout=0) for row in subtasks([(1, 2)])]
    one = check(task([rows[0]._replace(downstreams=())]))
    two = check(task(rows))
    baseline = parse_baseline(render_baseline([one]), "b.json")
    assert len(one.findings) == 1
    kept, stale = accept(two, baseline)
    assert [f.code for f in kept.findings] == ["TG401"]
    assert kept.suppressed == 1
    assert stale == ()


def test_different_faults_have_different_fingerprints() -> None:
    for side in ("upstreams", "downstreams"):
        fields: dict[str, Any] = {side: ()}
        other = "downstreams" if side == "upstreams" else "upstreams"
        one = prints(
            check(
                task(change(subtasks([(1, 2)]), 2 if side == "upstreams" else 1, **fields))
            )
        )
        rest: dict[str, Any] = {other: ()}
        two = prints(
            check(task(change(subtasks([(1, 2)]), 1 if side == "upstreams" else 2, **rest)))
        )
        assert len(one) == len(two) == 1
        assert one != two


def test_another_unknown_name_at_the_same_place_is_new() -> None:
    def of(name: str) -> CheckResult:
        rows = [
            Subtask("a", "a", timeout=5),
            Subtask("b", "b", timeout=5, upstreams=(name,)),
        ]
        return check(Task(None, "demo", subtasks=tuple(rows), is_definition=True))

    baseline = parse_baseline(render_baseline([of("packagez")]), "b.json")
    assert "TG102" not in {f.code for f in accept(of("packagez"), baseline)[0].findings}
    kept, stale = accept(of("schemas"), baseline)
    assert "TG102" in {finding.code for finding in kept.findings}
    assert [entry.code for entry in stale] == ["TG102"]


def test_everything_that_was_found_is_accepted() -> None:
    result = check(task(FAULTY))
    text = render_baseline([result])
    kept, stale = accept(result, parse_baseline(text, "b.json"))
    assert kept.findings == ()
    assert kept.suppressed == len(result.findings)
    assert stale == ()
    assert text == render_baseline([check(task(FAULTY[::-1])), result])


def test_what_is_not_found_any_more_is_stale() -> None:
    baseline = parse_baseline(render_baseline([check(task(FAULTY))]), "b.json")
    rows = [row._replace(series_id=int(row.id)) for row in subtasks([(1, 2)])]
    sound = check(task(rows))
    kept, stale = accept(sound, baseline)
    assert kept is sound
    assert stale == baseline.entries
    assert {entry.task for entry in stale} == {"demo"}


def stale_after(*results: CheckResult) -> tuple[str, ...]:
    """Accept all that FAULTY gives; tell the rules of what other results lack of it."""
    baseline = parse_baseline(render_baseline([check(task(FAULTY))]), "b.json")
    acceptance = Acceptance(baseline)
    for result in results:
        acceptance.apply(result)
    return tuple(dict.fromkeys(entry.code for entry in acceptance.stale))


def test_only_what_was_looked_for_can_be_stale() -> None:
    sound = subtasks([(1, 2)])
    every = stale_after(check(task(sound)))
    assert len(every) > 3
    assert "TG401" in every
    assert stale_after() == ()
    assert stale_after(check(task(sound, name="another"))) == ()
    assert stale_after(check(task(sound), select=("TG401",))) == ("TG401",)
    assert "TG401" not in stale_after(check(task(sound), ignore=("no-timeout",)))
    without = change(sound, 1, timeout=None)
    skipping = check(task(change(without, 2, timeout=None)))
    assert "TG401" in {skipped.code for skipped in skipping.skipped}
    assert "TG401" not in stale_after(skipping)
    # of two tasks with this name, who knows which one it was found in
    assert "TG401" not in stale_after(skipping, check(task(sound)))
    assert "TG401" not in stale_after(check(task(sound)), skipping)


def test_what_is_found_but_left_out_is_not_stale() -> None:
    everywhere = (Suppression("all"),)
    assert stale_after(check(task(FAULTY), suppress=everywhere)) == ()
    assert stale_after(check(task(FAULTY), suppress=(Suppression("TG4"),))) == ()
    rows = [Subtask("a", "a", timeout=0), Subtask("b", "b", timeout=5, upstreams=("a",))]
    plan = Task(None, "demo", subtasks=tuple(rows), is_definition=True)
    baseline = parse_baseline(render_baseline([check(plan)]), "b.json")
    assert "TG401" in {entry.code for entry in baseline.entries}
    stands_in = check(plan, budgets=(("*", 5),))
    assert "TG401" not in {finding.code for finding in stands_in.findings}
    assert accept(stands_in, baseline)[1] == ()


def test_where_a_value_could_not_be_read_nothing_is_stale() -> None:
    origin = Origin(unread=frozenset({(0, "timeout")}))
    sound = task(subtasks([(1, 2)]))
    assert stale_after(check(replace(sound, origin=origin))) == ()


def test_an_entry_that_names_no_task_is_never_stale() -> None:
    entry = {"fingerprint": "0" * 32, "code": "TG401"}
    of_nothing = parse_baseline(whole(findings=[entry]), "b.json")
    of_document = parse_baseline(whole(findings=[entry | {"task": None}]), "b.json")
    of_task = parse_baseline(whole(findings=[entry | {"task": "demo"}]), "b.json")
    sound = check(task(subtasks([(1, 2)])))
    assert accept(sound, of_nothing)[1] == accept(sound, of_document)[1] == ()
    assert accept(sound, of_task)[1] == of_task.entries


def test_a_finding_about_the_document_can_be_accepted() -> None:
    result = check(task(subtasks([(1, 2)]), envelope=response(1, status=500)))
    kept, _ = accept(result, parse_baseline(render_baseline([result]), "b.json"))
    assert kept.findings == ()


def test_an_empty_baseline_accepts_nothing() -> None:
    result = check(task(FAULTY))
    assert accept(result, Baseline()) == (result, ())


def test_names_of_any_kind_can_be_accepted() -> None:
    rows = change(subtasks([(1, 2)]), 1, name="\ud83d 停止", timeout=0)
    result = check(task(rows))
    text = render_baseline([result])
    text.encode()
    kept, _ = accept(result, parse_baseline(text, "b.json"))
    assert kept.findings == ()


def whole(**changes: Any) -> str:
    head = {"format": "taskgraph/baseline", "version": 1, "findings": []}
    return json.dumps(head | changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("x", "line 1, column 1: is not valid JSON"),
        ("[" * 200_000, "not valid JSON: nested"),
        ("[]", "the document must be an object, not a list"),
        ("{}", "format is missing"),
        ('{"format": "x"}', "format must be taskgraph/baseline, not the text"),
        (whole(version=2), "/version at line 1, column 45: version must be 1, not the num"),
        (whole(version=True), "version must be 1, not true"),
        (whole(version=None), "version must be 1, not null"),
        (whole(findings=float("nan")), "findings must be a finite number, not NaN"),
        (
            whole(notes=[float("nan")]),
            "/notes/0 at line 1, column .*: item 0 of notes must be a fin",
        ),
        (whole().replace('"version": 1', '"findings": 1'), "key findings stands twice"),
        (
            '{"format": "taskgraph/baseline",\n"findings": [], "findings": []}',
            "/findings at line 2, column 29: the key findings stands twice",
        ),
        (
            json.dumps({"format": "taskgraph/baseline", "version": 1, "findings": [{}]}),
            "/findings/0/fingerprint at line 1, column .*: fingerprint is missing",
        ),
    ],
)
def test_a_broken_baseline_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^b.json: (.|\\n)*{message}") as told:
        parse_baseline(text, "b.json")
    assert "--write-baseline writes one" in str(told.value)
    assert "response" not in str(told.value)


# --- suppressions ----------------------------------------------------------------


def accepted(*suppressions: Suppression) -> tuple[int, int]:
    """Give how many findings about timeouts are left and how many were left out."""
    rows = [
        row._replace(timeout=0, name=f"Wait {row.id}") for row in subtasks([(1, 2), (2, 3)])
    ]
    rows[2] = rows[2]._replace(name="Finish node")
    shape = task(rows, name="Stop obproxy")
    result = check(shape, suppress=suppressions)
    assert len(found(task(rows), "TG401")) == 3
    return len([f for f in result.findings if f.code == "TG401"]), result.suppressed


def test_findings_are_left_out_by_rule_task_and_subtask() -> None:
    assert accepted() == (3, 0)
    assert accepted(Suppression("TG401")) == (0, 3)
    assert accepted(Suppression("no-timeout", subtask="Finish node")) == (2, 1)
    assert accepted(Suppression("TG4", subtask="Wait *")) == (1, 2)
    assert accepted(Suppression("all", task="Stop *")) == (0, 3)
    assert accepted(Suppression("all", task="Start *")) == (3, 0)
    assert accepted(Suppression("TG402")) == (3, 0)


def test_a_subtask_pattern_fits_only_what_is_about_such_subtasks() -> None:
    edges = [(1, 2), (2, 1)]
    rows = change(subtasks(edges), 1, name="Finish node")
    options: dict[str, Any] = {"suppress": (Suppression("all", subtask="Finish *"),)}
    assert [f.code for f in check(task(rows), **options).findings] == ["TG101"]
    assert check(task([], name="Finish"), **options).suppressed == 0


def test_a_suppression_of_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ConfigError, match="TG999"):
        accepted(Suppression("TG999"))
