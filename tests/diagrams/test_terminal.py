"""Texts in columns, and the dependencies as text for a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.formats import render
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.scene import NodeKind
from taskgraph.diagrams.terminal import columns, render_tree, to_columns
from taskgraph.model.task import Envelope, Id, Task
from taskgraph.model.words import visible
from tests.diagrams.tasks import (
    analysed,
    chain,
    fan,
    make_task,
    shuffled,
    tasks,
)
from tests.effort import examples


def tree(task: Task, width: int = 100, **options: object) -> str:
    chosen = DiagramOptions(**options)  # type: ignore[arg-type]
    scene = build_scene(analysed(task), chosen)
    drawn = render_tree(scene, width).partition("\n\n")[2]
    return drawn.removesuffix("\n\n* critical path\n")


def shape(text: str) -> list[str]:
    """Give the names with their rails, without anything else."""
    return [re.split(r"(?<=\S)  ", line[2:])[0] for line in text.splitlines()]


def test_a_chain_is_a_list() -> None:
    assert shape(tree(chain(["One", "Two", "Three"]))) == ["○ One", "○ Two", "○ Three"]


def test_branches_are_indented_and_go_on_where_they_meet() -> None:
    edges = [(1, 2), (1, 3), (2, 4), (3, 5), (4, 5), (5, 6)]
    rows = {n: {"name": str(n)} for n in range(1, 7)}
    assert shape(tree(make_task(rows, edges))) == [
        "○ 1",
        "├ ○ 2",
        "│ ○ 4",
        "├ ○ 3",
        "○ 5",
        "○ 6",
    ]


def test_the_last_branch_closes_the_rail() -> None:
    rows = {n: {"name": str(n)} for n in range(1, 5)}
    assert shape(tree(make_task(rows, [(1, 2), (1, 3), (3, 4)]))) == [
        "○ 1",
        "├ ○ 2",
        "└ ○ 3",
        "  ○ 4",
    ]


def test_several_starts_are_branches() -> None:
    rows = {n: {"name": str(n)} for n in range(1, 4)}
    assert shape(tree(make_task(rows, [(1, 3), (2, 3)]))) == ["├ ○ 1", "├ ○ 2", "○ 3"]


def test_what_has_no_room_in_a_line_goes_on_below_it() -> None:
    rows = {n: {"prohibit_rollback": True} for n in range(1, 4)}
    lines = tree(make_task(rows, [(1, 2), (1, 3)]), 60).splitlines()
    assert max(map(columns, lines)) <= 60
    assert " ".join(lines[-2].split()) == "├ ○ Subtask 2 2 · PENDING · timeout 1 min"
    whole = tree(make_task(rows, [(1, 2), (1, 3)]), 200).splitlines()
    assert len(whole) == 3
    assert all(word in " ".join(lines) for word in " ".join(whole).split())


def test_a_line_says_what_it_waits_for_and_what_is_marked() -> None:
    rows = {1: {}, 2: {}, 3: {"prohibit_rollback": True}}
    line = tree(make_task(rows, [(1, 3), (2, 3)])).splitlines()[-1]
    assert line.startswith("  ○ Subtask 3")
    assert line.endswith("timeout 1 min · waits for 1 and 2 · point of no return")


def test_a_line_names_what_is_behind_the_boxes_that_it_waits_for() -> None:
    rows: dict[Id, dict[str, Any]] = {
        part: {"name": "Part", "parallel_index": part - 10} for part in range(10, 70)
    }
    rows |= {2: {}, 90: {}}
    last = tree(make_task(rows, [(node, 90) for node in rows if node != 90])).splitlines()[
        -1
    ]
    assert last.endswith("waits for 2, 10, 11, 12, 13 and 56 more")


def test_the_critical_path_is_marked_where_not_all_is_critical() -> None:
    rows: dict[Id, dict[str, Any]] = {1: {}, 2: {"timeout": 900}, 3: {}}
    task = make_task(rows, [(1, 2), (1, 3)])
    text = render_tree(build_scene(analysed(task)))
    assert [line[:1] for line in text.splitlines()[-5:]] == ["*", "*", " ", "", "*"]
    whole = render_tree(build_scene(analysed(chain("ab"))))
    assert "*" not in whole
    assert "all of it critical" in whole


def test_what_is_collapsed_is_said_above_the_tree() -> None:
    text = render_tree(build_scene(analysed(fan(60))))
    assert "1 collapsed box stands for 60 subtasks." in text
    assert text.startswith("Stop cluster\ntask 1 · RUNNING · EXECUTE · 62 subtasks: ")


def test_a_definition_has_no_signs_of_states() -> None:
    text = render_tree(build_scene(analysed(replace(fan(60), is_definition=True))))
    assert "○" not in text


def test_few_parts_are_listed_and_many_are_counted() -> None:
    assert shape(tree(fan(2)))[1:3] == ["○ Stop observer", "│ ○ Stop observer"]
    text = tree(fan(60))
    assert len(text.splitlines()) == 3
    assert "60 parts · 60 PENDING" in text


def test_failed_parts_are_listed() -> None:
    text = tree(fan(60, status="FAILED"))
    assert text.count("✗") == 13


def test_parts_that_fail_hang_or_run_are_listed_however_many_there_are() -> None:
    start, moment = datetime(2025, 1, 16, tzinfo=UTC), datetime(2025, 1, 16, 1, tzinfo=UTC)
    part = {"name": "Part", "start_time": start, "timeout": 7200, "attempts": 1}
    done = {"status": "SUCCESSFUL", "finish_time": moment}
    rows = {
        n: {**part, **(done if n < 17 else {"status": "RUNNING"}), "parallel_index": n}
        for n in range(20)
    }
    rows[18]["timeout"] = 60
    task = replace(make_task(rows, status="RUNNING"), envelope=Envelope(timestamp=moment))
    text = tree(task)
    assert "20 parts · 3 RUNNING, 17 SUCCESSFUL" in text
    assert re.findall(r"│ ▶ Part +(\d+) ·", text) == ["17", "18", "19"]
    assert "18 · RUNNING, overdue" in text


def crowded(parts: int, *, failed: int, late: int) -> Task:
    """Build a split of which the first parts failed and the last run on past a timeout."""
    start, moment = datetime(2025, 1, 16, tzinfo=UTC), datetime(2025, 1, 16, 1, tzinfo=UTC)
    rows = []
    for row in fan(parts).subtasks:
        part = -1 if row.parallel_index is None else row.parallel_index
        new = row._replace(start_time=start, finish_time=moment, timeout=7200, attempts=1)
        if part >= parts - late:
            new = new._replace(status="RUNNING", finish_time=None, timeout=60)
        else:
            new = new._replace(status="FAILED" if 0 <= part < failed else "SUCCESSFUL")
        rows.append(new)
    task = make_task({}, status="RUNNING")
    return replace(task, subtasks=tuple(rows), envelope=Envelope(timestamp=moment))


def test_what_hangs_has_a_line_beside_any_number_that_failed() -> None:
    listed = re.findall("│ [✗▶] .*", tree(crowded(48, failed=30, late=2)))
    assert len(listed) == 12
    assert sum("RUNNING, overdue" in line for line in listed) == 2
    text = tree(crowded(48, failed=20, late=20))
    listed = re.findall("│ [✗▶] .*", text)
    assert sum("RUNNING, overdue" in line for line in listed) == 6
    assert "48 parts · 20 FAILED, 20 RUNNING, 8 SUCCESSFUL · 20 overdue" in text


@pytest.mark.parametrize("form", ["svg", "txt", "dot", "mermaid"])
def test_what_hangs_is_told_of_what_is_drawn_together(form: str) -> None:
    analysis = analysed(crowded(300, failed=43, late=9))
    scene = build_scene(analysis)
    states = [node.state for node in scene.boxes() if len(node.ids) == 1]
    assert states.count("FAILED") == states.count("RUNNING, overdue") == 6
    (box,) = (node for node in scene.nodes if node.kind is NodeKind.GROUP)
    assert dict(box.counts) == {"FAILED": 37, "RUNNING": 3, "SUCCESSFUL": 248}
    assert "3 overdue" in str(render(analysis, form, DiagramOptions()))


@pytest.mark.parametrize("form", ["svg", "txt"])
def test_a_row_of_several_tells_what_of_it_hangs(form: str) -> None:
    options = DiagramOptions(view="timeline")
    analysis = analysed(crowded(300, failed=43, late=9))
    assert "3 overdue" in str(render(analysis, form, options))


def test_all_with_all_is_told_by_what_it_waits_for() -> None:
    rows: dict[Id, dict[str, Any]] = {node: {} for node in (1, 2, 3, 4, 11, 12, 13)}
    edges = [(up, node) for up in (1, 2, 3) for node in (11, 12, 13)]
    lines = tree(make_task(rows, edges)).splitlines()
    (met,) = (line for line in lines if "●" in line)
    assert re.fullmatch("  ● then: +waits for 1, 2 and 3", met)
    assert "Subtask 4" in lines[lines.index(met) - 1]  # for which nothing waits


def test_a_long_id_is_cut_where_something_waits_for_it() -> None:
    rows: dict[Id, dict[str, Any]] = {"x" * 200: {}, "y": {}, "z": {}}
    last = tree(make_task(rows, [("x" * 200, "z"), ("y", "z")])).splitlines()[-1]
    assert last.endswith(f"waits for {'x' * 59}… and y")


def test_an_empty_task_is_an_empty_text() -> None:
    assert tree(make_task({})) == ""


@examples(40)
@given(tasks(faulty=True))
def test_every_subtask_has_its_line(task: Task) -> None:
    text = tree(task, collapse="none")
    known = {subtask.id for subtask in task.subtasks}
    for identifier in known:
        assert visible(str(identifier)) in text or " parts · " in text
    assert tree(shuffled(task), collapse="none") == text
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [60, 100])
def test_names_leave_room_for_the_rest(width: int) -> None:
    line = tree(chain(["停止" * 100]), width).splitlines()[0]
    assert columns(line.split("  100")[0]) <= width * 11 // 20 + 2


@pytest.mark.uncovered
def test_a_chain_of_many_needs_no_recursion() -> None:
    text = tree(chain(map(str, range(5000))), collapse="none")
    assert len(text.splitlines()) == 5000


@given(st.text(max_size=80).map(visible), st.integers(2, 40))
def test_a_column_of_text_is_as_wide_as_it_should_be(text: str, width: int) -> None:
    assert columns(to_columns(text, width)) == width


def test_wide_characters_take_two_columns() -> None:
    assert columns("停止 ok") == 7
    assert to_columns("停止停止", 5) == "停止…"
