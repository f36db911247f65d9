"""What a diagram shows: texts, marks, faults, groups and what is left out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from taskgraph.api import load_all
from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.formats import render
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.scene import ALL_CRITICAL, NodeKind, Scene, SceneNode
from taskgraph.diagrams.svg import render_svg
from taskgraph.diagrams.timeline import build_timeline
from taskgraph.errors import RenderError
from taskgraph.model.task import Id, Task
from tests.diagrams.tasks import (
    analysed,
    chain,
    fan,
    make_task,
    shuffled,
    stages,
)

START = datetime(2025, 3, 4, 10, tzinfo=timezone(timedelta(hours=8)))


def scene_of(task: Task, **options: object) -> Scene:
    chosen = DiagramOptions(**options)  # type: ignore[arg-type]
    return build_scene(analysed(task), chosen)


def node_of(scene: Scene, identifier: Id) -> SceneNode:
    return next(node for node in scene.boxes() if node.ids == (identifier,))


def ends(scene: Scene) -> list[tuple[tuple[Id, ...], tuple[Id, ...]]]:
    """Give the ids behind both ends of each edge."""
    return [(scene.nodes[e.tail].ids, scene.nodes[e.head].ids) for e in scene.edges]


def test_a_box_says_name_id_status_and_timeout() -> None:
    node = node_of(scene_of(make_task({7: {"name": "Stop", "timeout": 90}})), 7)
    assert (node.name, node.id_text, node.state) == ("Stop", "7", "PENDING")
    assert node.facts == ("timeout 1 min 30 s",)
    assert node.description == "Stop · 7 · PENDING · timeout 1 min 30 s"


@pytest.mark.parametrize(
    ("timeout", "facts"), [(None, ()), (0, ("no timeout",)), (60, ("timeout 1 min",))]
)
def test_a_missing_limit_is_no_limit_of_zero(
    timeout: int | None, facts: tuple[str, ...]
) -> None:
    assert scene_of(make_task({1: {"timeout": timeout}})).nodes[0].facts == facts


@pytest.mark.parametrize(
    ("status", "operation", "state"),
    [
        ("SUCCESSFUL", "SKIP", "SUCCESSFUL, skipped"),
        ("SUCCESSFUL", "ROLLBACK", "SUCCESSFUL, waits for rollback"),
        ("RUNNING", "ROLLBACK", "RUNNING, rolling back"),
        ("PENDING", "ROLLBACK", "PENDING, rolled back"),
        ("PENDING", "ROLLBACK_SKIP", "PENDING, rollback skipped"),
        ("FAILED", "CANCEL", "FAILED, cancelled"),
        ("FAILED", "EXECUTE", "FAILED"),
        ("PAUSED", "EXECUTE", "PAUSED"),
        (None, None, "status unknown"),
    ],
)
def test_the_operation_adds_to_the_status(
    status: str | None, operation: str | None, state: str
) -> None:
    task = make_task({1: {"status": status, "operation": operation}})
    assert scene_of(task).nodes[0].state == state


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        ({"status": "SUCCESSFUL", "attempts": 1}, "ran 1 min 5 s"),
        ({"status": "FAILED", "attempts": 3, "operation": "RETRY"}, "all runs 1 min 5 s"),
        (
            {"status": "PENDING", "attempts": 1, "operation": "ROLLBACK"},
            "runs and rollback 1 min 5 s",
        ),
    ],
)
def test_a_measured_time_says_what_it_holds(fields: dict[str, object], fact: str) -> None:
    times = {"start_time": START, "finish_time": START + timedelta(seconds=65)}
    assert scene_of(make_task({1: {**times, **fields}})).nodes[0].facts[0] == fact


def test_a_running_subtask_runs_until_the_as_of_time() -> None:
    task = make_task({1: {"status": "RUNNING", "attempts": 1, "start_time": START}})
    as_of = START + timedelta(milliseconds=1250)
    scene = build_scene(analysed(task, as_of=as_of))
    assert scene.nodes[0].facts[0] == "running for 1.250 s"


def test_what_a_failure_blocks_is_marked() -> None:
    task = make_task(
        {1: {"status": "FAILED"}, 2: {}, 3: {"status": "READY"}, 4: {}}, [(1, 2), (2, 3)]
    )
    blocked = [node.ids[0] for node in scene_of(task).nodes if node.blocked]
    assert blocked == [2]
    assert node_of(scene_of(task), 2).state == "PENDING, blocked"


def test_nothing_is_blocked_while_the_task_rolls_back() -> None:
    rows = {1: {"status": "FAILED"}, 2: {}}
    scene = scene_of(make_task(rows, [(1, 2)], operation="ROLLBACK"))
    assert not any(node.blocked for node in scene.nodes)


def test_the_critical_path_is_marked_on_nodes_and_edges() -> None:
    rows = {1: {}, 2: {"timeout": 600}, 3: {}, 4: {}}
    scene = scene_of(make_task(rows, [(1, 2), (1, 3), (2, 4), (3, 4)]))
    assert [node.ids[0] for node in scene.nodes if node.critical] == [1, 2, 4]
    marked = [ends(scene)[n] for n, edge in enumerate(scene.edges) if edge.critical]
    assert marked == [((1,), (2,)), ((2,), (4,))]


def test_an_edge_between_critical_subtasks_may_be_none_of_the_path() -> None:
    rows: dict[Id, dict[str, object]] = {1: {}, 2: {}, 3: {}, 4: {"timeout": 1}}
    scene = scene_of(make_task(rows, [(1, 2), (2, 3), (1, 3), (1, 4)]))
    assert [edge.critical for edge in scene.edges] == [True, False, False, True]


def test_the_point_of_no_return_is_marked() -> None:
    rows = {1: {}, 2: {"prohibit_rollback": True}, 3: {"prohibit_rollback": True}}
    scene = scene_of(make_task(rows, [(1, 2), (2, 3)]))
    assert [node.gate for node in scene.nodes] == [False, True, False]


def split_gates(parts: int, gates: int) -> Task:
    """Build a split of which the last parts prohibit rollback."""
    task = fan(parts)
    rows = [
        row._replace(prohibit_rollback=1 <= place - parts + gates <= gates)
        for place, row in enumerate(task.subtasks)
    ]
    return replace(task, subtasks=tuple(rows))


@pytest.mark.parametrize("parts", [3, 9])
def test_an_open_frame_is_a_point_of_no_return_only_if_all_its_parts_are(
    parts: int,
) -> None:
    frame = scene_of(split_gates(parts, 1), collapse="none").nodes[1]
    assert frame.kind is NodeKind.FRAME
    assert not frame.gate
    assert [part.gate for part in frame.members] == [False] * (parts - 1) + [True]
    frame = scene_of(split_gates(parts, parts), collapse="none").nodes[1]
    assert frame.gate
    assert not any(part.gate for part in frame.members)


@pytest.mark.parametrize("form", ["svg", "txt", "dot", "mermaid"])
@pytest.mark.parametrize(("parts", "gates"), [(3, 1), (3, 3), (9, 1), (9, 9), (3, 2)])
def test_each_point_of_no_return_of_a_frame_is_told_once(
    form: str, parts: int, gates: int
) -> None:
    options = DiagramOptions(collapse="none")
    text = str(render(analysed(split_gates(parts, gates)), form, options))
    twice = r"""<title>.*?</title>|tooltip="[^"]*"|no return: no roll"""
    text = re.sub(twice, "", text)
    told = len(re.findall("point of no return", text, re.IGNORECASE))
    assert told == (1 if gates == parts else gates)


def test_a_box_of_several_tells_how_many_of_them_are_points_of_no_return() -> None:
    box = scene_of(split_gates(9, 4), collapse="parallel").nodes[1]
    assert box.gate
    assert "4 of them points of no return" in box.facts
    box = scene_of(split_gates(9, 9), collapse="parallel").nodes[1]
    assert box.gate
    assert box.facts == ("timeout 1 min each",)


def test_a_task_without_return_from_its_start_is_captioned_and_marks_no_subtask() -> None:
    rows = {1: {}, 2: {"prohibit_rollback": True}, 3: {"prohibit_rollback": False}}
    own = {"stringMap": {"prohibit_rollback": "true"}}
    scene = scene_of(make_task(rows, [(1, 2), (2, 3)], context=own))
    assert not any(node.gate for node in scene.nodes)
    assert "point of no return: the start" in scene.summary


# Faults -----------------------------------------------------------------------------


def test_the_edges_of_a_cycle_are_marked() -> None:
    rows: dict[Id, dict[str, object]] = {n: {} for n in range(1, 6)}
    scene = scene_of(make_task(rows, [(1, 2), (2, 3), (3, 2), (3, 4), (5, 5)]))
    cyclic = [ends(scene)[n] for n, edge in enumerate(scene.edges) if edge.cyclic]
    assert cyclic == [((2,), (3,)), ((3,), (2,)), ((5,), (5,))]
    assert [node.ids[0] for node in scene.nodes if node.faulty] == [2, 3, 5]


def test_an_unknown_id_is_a_ghost() -> None:
    task = make_task({1: {"downstreams": ("x",)}, 2: {"upstreams": ("x", 9)}})
    scene = scene_of(task)
    ghosts = {node.ids[0] for node in scene.nodes if node.kind is NodeKind.GHOST}
    assert ghosts == {"x", 9}
    assert set(ends(scene)) == {((1,), ("x",)), (("x",), (2,)), ((9,), (2,))}
    assert all(edge.ghostly for edge in scene.edges)


def test_very_many_unknown_ids_are_a_few_ghosts_and_one_for_the_others() -> None:
    task = make_task(
        {
            1: {"upstreams": tuple(range(100, 700)), "downstreams": (2, "x", "y")},
            2: {"upstreams": (1, *range(650, 800)), "downstreams": tuple(range(103, 153))},
        }
    )
    scene = scene_of(task)
    ghosts = [node for node in scene.nodes if node.kind is NodeKind.GHOST]
    assert [node.ids for node in ghosts] == [*((n,) for n in range(100, 112)), (), ()]
    assert [(node.name, node.id_text) for node in ghosts[12:]] == [
        ("Unknown upstreams", "and 688 more ids"),
        ("Unknown downstreams", "and 43 more ids"),
    ]
    first = scene.nodes.index(ghosts[12])
    edges = [tuple(edge[:2]) for edge in scene.edges if max(edge[:2]) >= first]
    assert edges == [(0, first + 1), (1, first + 1), (first, 0), (first, 1)]
    assert scene_of(shuffled(task)) == scene
    source = render(analysed(task), "dot")
    assert isinstance(source, str)
    assert source.count("and 688 more ids") == 2  # the label and the tooltip


def test_only_what_is_shown_names_the_ids_that_are_counted() -> None:
    rows: dict[Id, dict[str, object]] = {
        1: {"upstreams": tuple(range(100, 200))},
        2: {"upstreams": tuple(range(150, 300))},
    }
    scene = scene_of(make_task(rows), focus="1")
    ghosts = [node for node in scene.nodes if node.kind is NodeKind.GHOST]
    assert len(ghosts) == 13
    assert ghosts[-1].id_text == "and 88 more ids"


def test_an_edge_that_one_end_names_is_marked() -> None:
    task = make_task({1: {}, 2: {}, 3: {}}, [(1, 2), (2, 3)])
    rows = list(task.subtasks)
    rows[2] = rows[2]._replace(upstreams=())
    scene = scene_of(replace(task, subtasks=tuple(rows)))
    assert [edge.one_sided for edge in scene.edges] == [False, True]


def test_an_id_that_comes_twice_is_marked() -> None:
    task = make_task({1: {}, 2: {}})
    twice = replace(task, subtasks=(*task.subtasks, task.subtasks[0]))
    assert [node.faulty for node in scene_of(twice).nodes] == [True, False]


# Groups -----------------------------------------------------------------------------


def test_parts_side_by_side_stand_in_a_frame() -> None:
    scene = scene_of(fan(3))
    frame = next(node for node in scene.nodes if node.kind is NodeKind.FRAME)
    assert [member.ids for member in frame.members] == [(10,), (11,), (12,)]
    assert frame.counts == (("PENDING", 3),)
    assert ends(scene) == [((1,), (10, 11, 12)), ((10, 11, 12), (9000,))]


def test_a_part_with_a_fault_keeps_its_own_edges() -> None:
    task = fan(2)
    rows = list(task.subtasks)
    rows[1] = rows[1]._replace(upstreams=(1, 999))
    scene = scene_of(replace(task, subtasks=tuple(rows)))
    assert NodeKind.FRAME not in {node.kind for node in scene.nodes}


def test_collapsed_parts_count_their_statuses_the_worst_first() -> None:
    task = fan(9)
    statuses = ["SUCCESSFUL"] * 6 + ["RUNNING"] * 2 + ["ODD"]
    rows = [
        row._replace(status=statuses[row.parallel_index])
        if row.parallel_index is not None
        else row
        for row in task.subtasks
    ]
    scene = scene_of(replace(task, subtasks=tuple(rows)), collapse="parallel")
    group = next(node for node in scene.nodes if node.kind is NodeKind.GROUP)
    assert group.counts == (("ODD", 1), ("SUCCESSFUL", 6))  # what runs is beside it
    assert group.facts == ("timeout 1 min each",)
    assert "1 collapsed box stands for 7 subtasks." in scene.notes


def test_failures_stay_visible_outside_the_group() -> None:
    task = fan(20)
    rows = [
        row._replace(status="FAILED") if row.parallel_index in (3, 7) else row
        for row in task.subtasks
    ]
    scene = scene_of(replace(task, subtasks=tuple(rows)), collapse="parallel")
    assert node_of(scene, 13).state == node_of(scene, 17).state == "FAILED"
    group = next(node for node in scene.nodes if node.kind is NodeKind.GROUP)
    assert len(group.ids) == 18


def test_many_failures_are_counted() -> None:
    scene = scene_of(fan(50, status="FAILED"), collapse="parallel")
    group = next(node for node in scene.nodes if node.kind is NodeKind.GROUP)
    assert group.tone == "failed"
    assert len(scene.nodes) < 20


def test_chains_collapse_between_branches() -> None:
    rows: dict[Id, dict[str, object]] = {n: {"name": f"S{n}"} for n in range(1, 8)}
    edges: list[tuple[Id, Id]] = [(1, 2), (2, 3), (3, 4), (3, 5), (4, 6), (5, 6), (6, 7)]
    scene = scene_of(make_task(rows, edges), collapse="chains")
    assert [node.ids for node in scene.nodes] == [(1, 2, 3), (4,), (5,), (6, 7)]
    assert scene.nodes[0].name == "S1 … S3"


def test_a_failure_parts_a_chain() -> None:
    task = chain(["a", "b", "c", "d", "e"])
    rows = list(task.subtasks)
    rows[2] = rows[2]._replace(status="FAILED")
    scene = scene_of(replace(task, subtasks=tuple(rows)), collapse="chains")
    assert [len(node.ids) for node in scene.nodes] == [2, 1, 2]


def test_names_collapse_stage_by_stage() -> None:
    scene = scene_of(chain(["Wait", "Stop", "Wait"]), collapse="name")
    assert len(scene.nodes) == 3  # the two that wait are at different stages
    wide = stages(1, 6, 1, parallel=True)
    assert [len(node.ids) for node in scene_of(wide, collapse="name").nodes] == [1, 6, 1]


@pytest.mark.uncovered
def test_a_large_task_collapses_by_itself() -> None:
    scene = scene_of(chain([f"Step {n}" for n in range(1000)]))
    assert [len(node.ids) for node in scene.nodes] == [1000]
    wide = stages(*[40] * 20)
    assert len(scene_of(wide).nodes) <= 2 * 300  # with junctions
    assert len(scene_of(wide, max_nodes=5).nodes) <= 5


def test_stages_that_share_a_box_say_which() -> None:
    scene = scene_of(stages(*[3] * 12), max_nodes=4)
    assert [node.name for node in scene.nodes][:2] == ["Stages 1 to 3", "Stages 4 to 6"]


def test_too_many_boxes_are_refused_where_nothing_may_collapse() -> None:
    with pytest.raises(RenderError, match="6 boxes, which is more than 5"):
        scene_of(chain("abcdef"), collapse="none", max_nodes=5)


def test_all_with_all_goes_through_a_junction() -> None:
    scene = scene_of(stages(5, 5))
    assert len(scene.edges) == 10
    assert [node.kind for node in scene.nodes].count(NodeKind.JUNCTION) == 1


# What is shown ----------------------------------------------------------------------


def test_focus_shows_what_is_connected() -> None:
    rows: dict[Id, dict[str, object]] = {n: {} for n in range(1, 8)}
    task = make_task(rows, [(1, 2), (2, 3), (3, 4), (4, 5), (1, 6), (6, 4)])
    assert [n.ids[0] for n in scene_of(task, focus="3").nodes] == [1, 2, 3, 4, 5]
    near = scene_of(task, focus="3:1")
    assert "at most 1 edge away." in near.notes[0]
    assert [node.ids[0] for node in near.nodes] == [2, 3, 4]
    assert "4 of 7 subtasks not drawn." in near.notes


def test_an_id_may_hold_a_colon() -> None:
    task = make_task({"a:1": {}, "b": {}}, [("a:1", "b")])
    assert len(scene_of(task, focus="a:1").nodes) == 2
    assert [n.ids for n in scene_of(task, focus="a:1:0").nodes] == [("a:1",)]


@pytest.mark.parametrize("focus", ["99", "1:x", "1:-1", ":", ""])
def test_a_focus_on_nothing_is_refused(focus: str) -> None:
    with pytest.raises(RenderError, match="no subtask has this id"):
        scene_of(make_task({1: {}}), focus=focus)


def test_around_failed_shows_two_edges_in_both_directions() -> None:
    task = chain("abcdefg")
    rows = [row._replace(status="SUCCESSFUL") for row in task.subtasks]
    rows[3] = rows[3]._replace(status="FAILED")
    failed = replace(task, subtasks=tuple(rows))
    shown = scene_of(failed, around_failed=True)
    assert [node.name for node in shown.nodes] == list("bcdef")
    healthy = scene_of(task, around_failed=True)
    assert healthy.nodes == ()
    assert "No subtask failed" in healthy.notes[0]


@pytest.mark.parametrize("operation", ["EXECUTE", "ROLLBACK"])
def test_around_failed_shows_all_that_is_blocked(operation: str) -> None:
    task = chain("abcdefghi")
    rows = [row._replace(status="PENDING") for row in task.subtasks]
    rows[0] = rows[0]._replace(status="SUCCESSFUL")
    rows[3] = rows[3]._replace(status="FAILED", operation=operation)
    failed = replace(task, subtasks=tuple(rows), status="FAILED", operation=operation)
    shown = scene_of(failed, around_failed=True, collapse="none")
    is_back = operation == "ROLLBACK"  # where nothing is blocked
    assert [node.name for node in shown.nodes] == list("bcdef" if is_back else "bcdefghi")
    assert ("what they block" in " ".join(shown.notes)) != is_back


def test_critical_only_shows_the_critical_path() -> None:
    rows: dict[Id, dict[str, object]] = {1: {}, 2: {"timeout": 600}, 3: {}}
    shown = scene_of(make_task(rows, [(1, 2), (1, 3)]), critical_only=True)
    assert [node.ids[0] for node in shown.nodes] == [1, 2]


def test_critical_only_needs_a_sound_task() -> None:
    with pytest.raises(RenderError, match="the dependencies form a cycle"):
        scene_of(make_task({1: {}}, [(1, 1)]), critical_only=True)


def test_the_summary_counts() -> None:
    rows: dict[Id, dict[str, object]] = {1: {"status": "FAILED"}, 2: {"timeout": 0}, 3: {}}
    scene = scene_of(make_task(rows, [(1, 2), (2, 3)]))
    assert scene.summary == (
        "3 subtasks: 1 FAILED, 2 PENDING",
        "2 edges",
        "worst case unbounded (1 without a timeout), else 2 min",
        "all of it critical",
    )
    assert scene.subtitle == "task 1 · RUNNING · EXECUTE"


def test_an_empty_task_says_so() -> None:
    scene = scene_of(make_task({}))
    assert scene.notes == ("The task has no subtasks.",)
    assert scene.description.startswith("task 1")


def test_the_order_of_the_document_does_not_matter() -> None:
    task = stages(3, 4, 2)
    assert scene_of(shuffled(task)) == scene_of(task)


def test_what_the_document_leaves_out_is_said_with_the_request(samples: Path) -> None:
    listed = load_all(samples / "formats" / "ocp_task_list.json")
    scene = build_scene(next(iter(listed)).analysis)
    said = "The document leaves out what depends on what: GET /api/v2/tasks/instances/5100"
    assert any(note.startswith(said) for note in scene.notes)
    (dag,) = load_all(samples / "formats" / "obshell_dag_without_nodes.json")
    notes = " ".join(build_scene(dag.analysis).notes)
    assert f"GET /api/v1/task/dag/{dag.task.id} gives it" in notes
    assert "It is at stage" in notes


def test_the_legend_has_the_words_of_the_tag() -> None:
    task = make_task({1: {}, 2: {"prohibit_rollback": True}, 3: {}}, [(1, 2), (2, 3)])
    assert render_svg(scene_of(task)).count(">Point of no return") == 2


def test_what_took_longer_than_its_timeout_has_a_mark() -> None:
    times = {"start_time": START, "finish_time": START + timedelta(seconds=120)}
    late = make_task({1: {"status": "FAILED", "attempts": 1, "timeout": 60, **times}})
    svg = render_svg(scene_of(late))
    bar = re.search(
        r'class="q v w" d="M(\d+) \d+h(\d+)"/><path class="q t" d="M(\d+) ', svg
    )
    assert bar
    start, whole, mark = map(int, bar.groups())
    assert abs(mark - start - whole / 2) < 1
    assert "its timeout</text>" in svg
    soon = make_task({1: {"status": "FAILED", "attempts": 1, "timeout": 180, **times}})
    assert "q t" not in render_svg(scene_of(soon)).partition("</style>")[2]


def test_what_was_undone_is_hatched_as_what_was_skipped() -> None:
    rows = {
        1: {"status": "PENDING", "operation": "ROLLBACK", "start_time": START},
        2: {"status": "SUCCESSFUL", "operation": "SKIP", "start_time": START},
        3: {"status": "SUCCESSFUL", "start_time": START},
    }
    svg = render_svg(scene_of(make_task(rows)))
    assert sorted(re.findall('<path class="z ([a-z]+)"', svg)) == ["skipped", "undone"]


def test_a_mark_of_a_fault_is_explained_where_no_edge_shows_it() -> None:
    task = make_task({1: {}, 2: {}}, [(1, 2)])
    twice = replace(task, subtasks=(*task.subtasks, task.subtasks[0]))
    assert "part of a fault</text>" in render_svg(scene_of(twice))


def test_what_the_document_leaves_out_is_not_counted_as_none(samples: Path) -> None:
    (dag,) = load_all(samples / "formats/obshell_dag_without_nodes.json")
    for drawn in (build_scene(dag.analysis), build_timeline(dag.analysis)):
        assert "0 " not in drawn.description
        assert ".." not in drawn.description
    listed = load_all(samples / "formats/ocp_task_list.json")[0]
    summary = build_scene(listed.analysis).summary
    assert "0 edges" not in summary
    assert "the document has no edges" in summary
    told = build_timeline(listed.analysis).summary[-1]
    assert told.startswith("the document has no times of runs, and there is no plan")


def test_all_of_it_is_critical_only_where_every_subtask_is() -> None:
    said = "all of it critical"
    mixed = stages(1, 40, 40, 1)
    rows = [
        row._replace(timeout=9) if n % 7 == 3 else row
        for n, row in enumerate(mixed.subtasks)
    ]
    collapsed = scene_of(replace(mixed, subtasks=tuple(rows)))
    assert len(collapsed.nodes) < 40
    assert said not in collapsed.summary
    joined = scene_of(stages(1, 8, 8, 1))  # with a junction, which is no subtask
    assert any(node.kind is NodeKind.JUNCTION for node in joined.nodes)
    assert said in joined.summary
    assert 'class="e c"' not in render_svg(joined).partition('class="l"')[0]


def test_a_bar_tells_what_may_be_taken_of_the_longest_path() -> None:
    rows: dict[Id, dict[str, Any]] = {
        "a": {"timeout": 100},
        "b": {"timeout": 50},
        "c": {"timeout": 200},
        "d": {"timeout": None},
        "e": {"timeout": 10},
    }
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "e"), ("d", "e")]
    task = make_task(rows, edges)
    counted = {"attempts": 2, "overhead": 5, "concurrency": 1}
    analysis = analysed(task, **counted, assume_timeout=30)
    scene, budget = build_scene(analysis), analysis.budget
    shares = {node.ids[0]: node.share for node in scene.nodes}
    whole = budget.schedule.makespan
    assert whole == 2 * (105 + 205 + 15) < budget.seconds
    assert shares == {
        "a": 210 / 650,
        "b": 110 / 650,
        "c": 410 / 650,
        "d": 70 / 650,
        "e": 30 / 650,
    }
    for subtask, seconds in zip(analysis.graph.subtasks, budget.shares, strict=True):
        assert not seconds or shares[subtask.id] == seconds / whole
    told = "takes at most, of the longest path (10 min 50 s)"
    assert told in render_svg(scene)
    scene = build_scene(analysed(task, **counted))
    assert node_of(scene, "d").share is None
    told = "takes at most, of the finite part of the longest path (10 min 50 s)"
    assert told in render_svg(scene)


@pytest.mark.parametrize("chosen", [{"critical_only": True}, {"focus": "3:0"}])
def test_that_all_is_critical_is_said_of_the_whole_task_only(
    chosen: dict[str, object],
) -> None:
    rows: dict[Id, dict[str, Any]] = {1: {}, 2: {"timeout": 30}, 3: {}, 4: {}}
    analysis = analysed(make_task(rows, [(1, 2), (1, 3), (2, 4), (3, 4)]))
    options = DiagramOptions(**chosen)  # type: ignore[arg-type]
    scene = build_scene(analysis, options)
    assert ALL_CRITICAL not in scene.summary
    assert all(node.critical for node in scene.nodes)
    for at_most in (None, 1):
        timeline = build_timeline(analysis, replace(options, max_nodes=at_most))
        assert ALL_CRITICAL not in timeline.summary
        assert all(row.marked for row in timeline.rows)
    scene = build_scene(analysed(chain("abcd")), replace(options, focus="101:0"))
    assert ALL_CRITICAL in scene.summary
    assert not any(node.critical for node in scene.nodes)
