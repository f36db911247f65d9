"""How the rules are run: sorting, skipping, severities, places."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskgraph.checks.registry import RULES
from taskgraph.checks.result import Finding
from taskgraph.checks.runner import check_document, run_checks
from taskgraph.model.task import Id, Origin, Subtask
from taskgraph.settings import Severity
from taskgraph.sources.reading import read_bytes
from tests.checks.build import (
    analysis,
    change,
    check,
    codes,
    found,
    settings,
    skipped,
    subtasks,
    task,
)

FAULTY = change(
    change(subtasks([(2, 3), (3, 2), (4, 5), ("a", "b"), (1, 7)]), 4, timeout=-5),
    1,
    name="",
)


def test_findings_come_worst_first_then_by_rule_and_ids() -> None:
    result = check(task([*FAULTY, FAULTY[-1]]))
    keys = [
        (-f.severity.rank, f.code, [str(i) for i in f.subtasks]) for f in result.findings
    ]
    assert keys == sorted(keys)
    assert {f.severity for f in result.findings} == {Severity.ERROR, Severity.WARNING}
    assert result.worst is Severity.ERROR


@given(st.permutations(FAULTY))
def test_the_order_of_the_subtasks_has_no_say(rows: list[Subtask]) -> None:
    placeless: dict[str, Any] = {"pointer": "", "path": ()}
    findings = [finding._replace(**placeless) for finding in check(task(rows)).findings]
    assert findings == [f._replace(**placeless) for f in check(task(FAULTY)).findings]


Lists = tuple[Id, tuple[Id, ...], tuple[Id, ...]]
LISTS = st.lists(st.integers(1, 5), max_size=3).map(tuple)


@given(
    st.lists(st.tuples(st.integers(1, 4), LISTS, LISTS), max_size=6),
    st.randoms(use_true_random=False),
)
@example([(1, (), (2, 3)), (1, (), (2, 3)), (2, (), ())], Random(1))
def test_the_order_of_edge_lists_has_no_say(rows: list[Lists], random: Random) -> None:
    def shuffled(ids: tuple[Id, ...]) -> tuple[Id, ...]:
        return tuple(random.sample(ids, len(ids)))

    def findings(rows: list[Lists]) -> list[Finding]:
        made = [Subtask(i, "A", upstreams=ups, downstreams=downs) for i, ups, downs in rows]
        placeless: dict[str, Any] = {"pointer": "", "path": ()}
        return [each._replace(**placeless) for each in check(task(made)).findings]

    others = [(i, shuffled(ups), shuffled(downs)) for i, ups, downs in rows]
    assert findings(others) == findings(rows)


def test_a_rule_is_skipped_or_run_never_both() -> None:
    rows = [row._replace(upstreams=None, downstreams=None) for row in FAULTY]
    result = check(task(rows))
    assert not {f.code for f in result.findings} & {s.code for s in result.skipped}
    assert [s.code for s in result.skipped] == sorted(s.code for s in result.skipped)
    assert all(s.reason for s in result.skipped)


def test_every_fault_points_into_its_task() -> None:
    shape = task(FAULTY, origin=Origin("x.json", pointer="/data"))
    for finding in check(shape).findings:
        assert finding.pointer.startswith("/data")
        assert finding.file == "x.json"
        assert (finding.task_id, finding.task_name) == (1, "demo")


def test_other_dialects_are_pointed_to_by_subtask() -> None:
    origin = Origin(
        dialect="other", pointer="/t", subtask_pointers=tuple(f"/n/{i}" for i in range(9))
    )
    shape = task(FAULTY, origin=origin, status="ODD")
    pointers = {f.code: f.pointer for f in check(shape).findings}
    assert pointers["TG201"] == "/t"
    position = [row.id for row in FAULTY].index(4)
    assert pointers["TG402"] == f"/n/{position}"


# --- severities and selection ----------------------------------------------------


def test_severities_can_be_changed_and_the_most_specific_decides() -> None:
    shape = task(change(subtasks([(1, 2)]), 1, name=""))
    assert found(shape, "TG603")[0].severity is Severity.WARNING
    for severities in (
        (("TG603", Severity.ERROR), ("TG6", Severity.INFO), ("all", Severity.INFO)),
        (("blank-name", Severity.ERROR), ("TG60", Severity.INFO)),
        (("TG603", Severity.INFO), ("TG603", Severity.ERROR)),
    ):
        assert found(shape, "TG603", severity=severities)[0].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"TG101", "TG402", "TG603"}),
        ({"select": ("TG1",)}, {"TG101"}),
        ({"select": ("tg101", "Blank_Name")}, {"TG101", "TG603"}),
        ({"ignore": ("TG1",)}, {"TG402", "TG603"}),
        ({"ignore": ("TG",)}, set()),
        ({"ignore": ("all",)}, set()),
        ({"select": ("TG1",), "ignore": ("TG101",)}, {"TG106"}),
        ({"select": ("TG101",), "ignore": ("TG1",)}, {"TG101"}),
        ({"select": ("TG101",), "ignore": ("TG101",)}, set()),
        ({"select": ("TG101",), "extend_select": ("TG6",)}, {"TG101", "TG603"}),
        ({"select": ("all",), "ignore": ("TG1", "TG4")}, {"TG603"}),
    ],
)
def test_the_most_specific_selector_decides(options: Any, expected: set[str]) -> None:
    rows = [row for row in FAULTY if row.id != "a"]
    rows = change(rows, "b", upstreams=())
    assert set(codes(task(rows), **options)) == expected


def test_rules_that_are_not_selected_are_not_skipped() -> None:
    rows = [row._replace(upstreams=None, downstreams=None) for row in FAULTY]
    assert set(skipped(task(rows), select=("TG10",))) < {rule.code for rule in RULES[:10]}
    assert skipped(task(rows), ignore=("all",)) == {}


def test_a_name_that_is_the_id_is_said_once() -> None:
    rows = [row._replace(id="copy", name="copy") for row in subtasks([], ids=[1])]
    assert found(task(change(rows, "copy", timeout=-1)), "TG402")[0].message == (
        "'copy' has a timeout of -1 s"
    )


# --- places ----------------------------------------------------------------------


def located(text: str) -> list[Finding]:
    (shape,) = read_bytes(text.encode(), "x.json")
    return list(run_checks(analysis(shape)).findings)


def test_lines_and_columns_are_those_of_the_text() -> None:
    text = """{"id": 1, "name": "停止 task", "subtasks": [
  {"id": 1, "name": "a", "upstreams": [], "downstreams": [2]},
  {"id": 2, "name": "b", "upstreams": [1,
                                       3], "downstreams": []}]}"""
    (finding,) = located(text)
    assert (finding.code, finding.line, finding.column) == ("TG102", 4, 40)
    assert finding.pointer == "/subtasks/1/upstreams/1"


def test_a_text_that_is_not_at_hand_gives_no_places() -> None:
    rows = change(subtasks([(1, 2)]), 1, timeout=-1)
    for data in (b"", b"{"):
        (finding,) = found(task(rows, origin=Origin(data=data)), "TG402")
        assert (finding.line, finding.column) == (None, None)
        assert finding.pointer == "/subtasks/0/timeout"


def test_every_step_of_a_path_has_its_place() -> None:
    text = """{"name": "t", "subtasks": [
  {"id": 2, "name": "a", "upstreams": [1], "downstreams": [1]},
  {"id": 1, "name": "b", "upstreams": [2], "downstreams": [2]}]}"""
    (finding,) = located(text)
    assert [(step.id, step.line) for step in finding.path] == [(1, 3), (2, 2), (1, 3)]


def test_a_document_of_many_tasks_is_looked_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from taskgraph.sources import places

    calls = []
    real = places.locate

    def locate(data: bytes, *arguments: Any, **options: Any) -> Any:
        calls.append(data)
        return real(data, *arguments, **options)

    monkeypatch.setattr(places, "locate", locate)
    tasks = [{"id": i, "name": "t", "subtasks": []} for i in range(5)]
    shapes = read_bytes(json.dumps({"data": {"contents": tasks}}).encode(), "x.json")
    results = check_document([analysis(shape) for shape in shapes])
    assert [result.findings[0].pointer for result in results] == [
        f"/data/contents/{i}/subtasks" for i in range(5)
    ]
    assert len(calls) == 1
    quiet = settings(ignore=("all",))
    assert check_document([analysis(shape, quiet) for shape in shapes])
    assert len(calls) == 1
