"""Timelines: what ran when, what waited, and the plan of what did not run."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.api import load
from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.formats import render
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.terminal import columns, render_timeline_text, render_tree
from taskgraph.diagrams.timeline import Timeline, build_timeline, marks
from taskgraph.diagrams.timeline_rows import Row
from taskgraph.diagrams.timeline_svg import render_timeline_svg
from taskgraph.model.engine import DEADLINE_SECONDS
from taskgraph.model.task import Envelope, Id, Status, Task
from taskgraph.model.words import visible
from tests.diagrams.drawing import read_drawing
from tests.diagrams.tasks import (
    HOSTILE,
    analysed,
    chain,
    make_task,
    shuffled,
    stages,
)

BEGIN = datetime(2025, 3, 4, 10, tzinfo=timezone(timedelta(hours=8)))
SECOND = 1_000_000


def ran(start: float, finish: float | None, **fields: Any) -> dict[str, Any]:
    """Give the fields of a subtask that ran from one second of the task to another."""
    times = {"start_time": BEGIN + timedelta(seconds=start)}
    if finish is not None:
        times["finish_time"] = BEGIN + timedelta(seconds=finish)
    return {"status": "SUCCESSFUL", "attempts": 1, **times, **fields}


def run_task() -> Task:
    """Build a run: two branches, one retried, one failed at its limit, one running."""
    rows = {
        1: ran(1, 2, name="Start"),
        2: ran(4, 40, name="Copy", attempts=2, operation="RETRY"),
        3: ran(4, 66, name="Stop", status="FAILED", timeout=60),
        4: ran(45, None, name="Warm up", status="RUNNING", timeout=600),
        5: {"name": "Finish"},
    }
    edges = [(1, 2), (1, 3), (2, 4), (3, 5), (4, 5)]
    return make_task(rows, edges, start_time=BEGIN)


def timeline_of(task: Task, **options: Any) -> Timeline:
    answer = Envelope(timestamp=BEGIN + timedelta(seconds=100))
    analysis = analysed(replace(task, envelope=answer))
    return build_timeline(analysis, DiagramOptions(view="timeline", **options))


def row_of(timeline: Timeline, name: str) -> Row:
    return next(row for row in timeline.rows if row.name == name)


def test_bars_are_measured_times() -> None:
    timeline = timeline_of(run_task())
    assert timeline.begin == BEGIN
    assert timeline.end == timeline.now == 100 * SECOND
    spans = {row.name: (row.start // SECOND, row.finish // SECOND) for row in timeline.rows}
    assert spans == {
        "Start": (1, 2),
        "Copy": (4, 40),
        "Stop": (4, 66),
        "Warm up": (45, 100),
    }


def test_waiting_begins_when_the_last_upstream_finished() -> None:
    timeline = timeline_of(run_task())
    assert row_of(timeline, "Start").ready is None
    assert row_of(timeline, "Copy").ready == 2 * SECOND
    assert row_of(timeline, "Warm up").ready == 40 * SECOND
    assert "waited 5 s" in row_of(timeline, "Warm up").note


def test_a_limit_is_known_for_a_single_run_only() -> None:
    timeline = timeline_of(run_task())
    assert row_of(timeline, "Stop").limit == 64 * SECOND
    assert row_of(timeline, "Copy").limit is None
    assert row_of(timeline, "Copy").several
    assert "2 attempts" in row_of(timeline, "Copy").note


def test_first_and_last_attempt_stand_apart_where_their_timeouts_prove_it() -> None:
    rows = {
        1: ran(0, 1000, name="Long", attempts=3, operation="RETRY", timeout=300),
        2: ran(0, 500, name="Short", attempts=2, operation="RETRY", timeout=300),
        3: ran(0, 1000, name="Free", attempts=2, operation="RETRY", timeout=0),
        # A cancel that hangs may have been asked for at any time.
        4: ran(0, None, name="Hangs", operation="ROLLBACK", status="CANCELING", timeout=5),
        5: ran(0, 601, name="Twice", attempts=2, operation="RETRY", timeout=300),
    }
    timeline = timeline_of(make_task(rows, [], start_time=BEGIN))
    once = analysed(make_task(rows, [])).attempt_seconds[0] + DEADLINE_SECONDS
    row = row_of(timeline, "Long")
    assert row.pause == (once * SECOND, (1000 - once) * SECOND)
    assert row.bars == ((0, row.pause[0]), (row.pause[1], 1000 * SECOND))
    assert "first and last at least" in row.note
    for name in ("Short", "Free", "Hangs", "Twice"):
        assert row_of(timeline, name).pause is None
    assert 'class="pause"' in render_timeline_svg(timeline)
    assert "▒─" in render_timeline_text(timeline)


def test_of_what_is_yet_to_run_again_no_last_attempt_is_drawn() -> None:
    again = {"status": "READY", "operation": "RETRY", "timeout": 300}
    rows = {1: ran(0, None, name="Again", **again), 2: ran(0, 1000, name="Done")}
    task = make_task(rows, [], start_time=BEGIN)
    later = BEGIN + timedelta(seconds=1000)
    analysis = analysed(task, as_of=later)
    timeline = build_timeline(analysis)
    row = row_of(timeline, "Again")
    once = (analysis.attempt_seconds[0] + DEADLINE_SECONDS) * SECOND
    assert row.bars == ((0, once),)
    assert timeline.bars[0] == (0, once)
    assert row.pause == (once, 1000 * SECOND)
    assert "apart" not in row.note
    assert re.search("▒─+░", render_timeline_text(timeline))


def test_a_tooltip_says_once_what_the_state_is() -> None:
    rows = {
        1: ran(0, 9, name="Left", operation="SKIP"),
        2: ran(0, None, name="Late", status="RUNNING", operation="EXECUTE", timeout=10),
    }
    task = make_task(rows, [], start_time=BEGIN)
    timeline = build_timeline(analysed(task, as_of=BEGIN + timedelta(seconds=60)))
    left, late = (row_of(timeline, name).description for name in ("Left", "Late"))
    assert left.startswith("Left · 1 · SUCCESSFUL · skipped · ")
    assert late.startswith("Late · 2 · RUNNING · overdue · ")
    assert (left.count("skipped"), late.count("overdue")) == (1, 1)
    plan = timeline_of(make_task({1: {"status": "SUCCESSFUL", "operation": "SKIP"}}, []))
    assert plan.rows[0].description.count("skipped") == 1


def test_a_bar_is_drawn_of_what_took_no_time_beside_what_is_to_come() -> None:
    rows: dict[Any, dict[str, Any]] = {
        node: {"name": "Part", "parallel_index": node} for node in range(90)
    }
    for node in range(3):
        rows[node] |= ran(5, 5)
    rows[100] = ran(0, None, status="RUNNING", attempts=1, timeout=60)
    task = make_task(rows, [], start_time=BEGIN, status="RUNNING")
    timeline = build_timeline(analysed(task, as_of=BEGIN + timedelta(seconds=20)))
    parts = row_of(timeline, "Part")
    assert parts.ghost is not None
    assert not parts.is_coming
    assert timeline.bars.keys() == {0, 1, 2, 90}
    (line,) = re.findall("Part .*", render_timeline_text(timeline))
    assert re.search("▒ *¦?░", line)
    bars = re.findall('<rect class="bar[^>]* y="5" ', render_timeline_svg(timeline))
    assert len(bars) == 2


def test_rows_that_share_a_name_are_told_apart_by_id() -> None:
    rows = {7: ran(0, 9, name="Wait"), 8: ran(9, 20, name="Wait"), 9: ran(9, 20)}
    timeline = timeline_of(make_task(rows, [], start_time=BEGIN))
    assert timeline.labels == ["Wait · 7", "Wait · 8", "Subtask 9"]
    svg, text = render_timeline_svg(timeline), render_timeline_text(timeline)
    assert ">Wait · 7</text>" in svg
    assert ">Wait · 8</text>" in svg
    assert "✓ Wait · 7" in text


def test_names_of_equal_beginnings_are_cut_in_the_middle() -> None:
    same = "Prepare the very long and detailed environment of the cluster in "
    timeline = timeline_of(chain([same + "Hangzhou", same + "Shanghai", "x" * 99]))
    for drawn in (
        render_timeline_svg(timeline),
        render_timeline_svg(timeline, phone=True),
        render_timeline_text(timeline),
    ):
        assert re.search(r"Prepare.*….*Hangzhou", drawn)
        assert re.search(r"Prepare.*….*Shanghai", drawn)
        assert "xxx…" in drawn


def test_what_did_no_work_is_hatched_and_says_so() -> None:
    rows = {
        1: ran(0, 90, name="Done"),
        2: ran(0, 90, name="Not", operation="SKIP"),
        3: ran(0, 90, name="Back", status="PENDING", operation="ROLLBACK"),
    }
    timeline = timeline_of(make_task(rows, [], start_time=BEGIN, status="SUCCESSFUL"))
    svg = render_timeline_svg(timeline)
    assert sorted(re.findall('<path class="z ([a-z]+)"', svg)) == ["skipped", "undone"]
    assert row_of(timeline, "Not").note.startswith("skipped · ")
    assert row_of(timeline, "Back").note.startswith("rolled back · ")
    assert "skipped" not in row_of(timeline, "Done").note


def test_a_row_of_several_tells_how_many_ran_at_once() -> None:
    """Two run at the start, one of them goes on; all others run at the end."""
    rows: dict[Id, dict[str, Any]] = {
        n: ran(50, 60, name="Part", parallel_index=n) for n in range(2, 100)
    }
    rows[0] = ran(0, 10, name="Part", parallel_index=0)
    rows[1] = ran(0, 50, name="Part", parallel_index=1)
    rows |= {"a": ran(-9, 0, name="Start"), "z": ran(60, 61, name="End")}
    edges: list[tuple[Id, Id]] = [("a", n) for n in range(100)]
    edges += [(n, "z") for n in range(100)]
    timeline = timeline_of(make_task(rows, edges, start_time=BEGIN))
    row = row_of(timeline, "Part")
    assert [count for count, _ in groupby(row.density)] == [2, 1, 98]
    assert row.density.count(2) == row.density.count(98) == len(row.density) // 6
    svg, text = render_timeline_svg(timeline), render_timeline_text(timeline)
    assert svg.count('<path class="d successful"') == 1
    assert "how many at once" in svg
    assert re.search("▁{10,}█{5,}", text)
    assert not row_of(timeline, "Start").density


def test_what_took_no_time_ran_for_a_moment() -> None:
    rows: dict[Id, dict[str, Any]] = {
        n: ran(n % 2 * 10, n % 2 * 10, name="Part", parallel_index=n) for n in range(99)
    }
    rows |= {"a": ran(-9, 0, name="Start"), "z": ran(60, 61, name="End")}
    edges: list[tuple[Id, Id]] = [("a", n) for n in range(99)]
    edges += [(n, "z") for n in range(99)]
    timeline = timeline_of(make_task(rows, edges, start_time=BEGIN))
    density = row_of(timeline, "Part").density
    assert [count for count, _ in groupby(density)] == [50, 0, 49]
    assert density.count(0) == len(density) - 2
    assert "how many at once" in render_timeline_svg(timeline)
    assert "how many at once" in render_timeline_text(timeline)


def test_a_plan_does_not_say_that_nothing_ran_where_times_are_missing() -> None:
    rows: dict[Id, dict[str, Any]] = {1: {"status": "SUCCESSFUL"}, 2: {}}
    (_, told, *_) = timeline_of(make_task(rows, [(1, 2)])).summary
    assert told == "without times of runs: planned by timeouts, 2 min at the longest"


def test_what_has_no_subtasks_has_no_plan() -> None:
    for status in (None, "RUNNING"):
        timeline = timeline_of(make_task({}, status=status))
        assert timeline.summary == ("0 subtasks",)
        assert timeline.notes == ("The task has no subtasks.",)
    listed = timeline_of(make_task({}, is_summary=True))
    assert "no subtasks" not in " ".join((*listed.summary, *listed.notes))


def test_a_plan_without_limits_has_no_longest() -> None:
    rows: dict[Id, dict[str, Any]] = {1: {}, 2: {"timeout": 0}}
    (_, told, *_) = timeline_of(make_task(rows, [(1, 2)])).summary
    assert told.endswith("planned by timeouts, 1 min but for 1 without a timeout")


def test_a_plan_in_which_all_is_critical_says_so_once() -> None:
    timeline = timeline_of(chain(["a", "b"]))
    assert "all of it critical" in timeline.summary
    assert not any(row.marked for row in timeline.rows)
    rows = {1: {}, 2: {"timeout": 600}, 3: {}}
    timeline = timeline_of(make_task(rows, [(1, 2), (1, 3)]))
    assert "all of it critical" not in timeline.summary
    assert [row.marked for row in timeline.rows].count(True) == 2


def test_a_plan_of_a_definition_has_no_states() -> None:
    task = replace(chain(["a", "b"]), is_definition=True)
    drawing = render_timeline_svg(timeline_of(task))
    assert 'class="i ' not in drawing
    assert "○" not in render_timeline_text(timeline_of(task))


def test_where_there_is_nothing_to_draw_there_is_no_axis() -> None:
    timeline = timeline_of(make_task({1: {}, 2: {}}, [(1, 2), (2, 1)]))
    assert 'class="grid"' not in render_timeline_svg(timeline)
    assert "0 s" not in render_timeline_text(timeline)
    assert "█" not in render_timeline_text(timeline)


def test_no_note_is_cut_where_there_is_room_below_or_beside() -> None:
    rows = {
        1: ran(0, 3000, name="Long", attempts=3, operation="RETRY", timeout=300),
        2: ran(3003.25, 3009.5, name="Stop OBServer process", timeout=120),
    }
    timeline = timeline_of(make_task(rows, [(1, 2)], start_time=BEGIN))
    for phone in (False, True):
        drawing = read_drawing(render_timeline_svg(timeline, phone=phone))
        assert not [label.text for label in drawing.labels if "…" in label.text]
        for label in drawing.labels:
            assert drawing.view.holds(label.rect), label.text
    text = render_timeline_text(timeline, 60)
    assert "timeout 2 min\n" in text
    assert "waited 3.250 s\n" in text


def test_the_legend_calls_skipped_what_was_skipped() -> None:
    rows = {1: ran(0, 9), 2: ran(0, 9, operation="SKIP")}
    svg = render_timeline_svg(timeline_of(make_task(rows, [], start_time=BEGIN)))
    assert ">skipped</text>" in svg
    assert svg.count(">SUCCESSFUL</text>") == 1


def test_the_as_run_path_is_marked() -> None:
    timeline = timeline_of(run_task())
    names = [timeline.rows[place].name for place in timeline.path]
    assert names == ["Start", "Copy", "Warm up"]
    assert {row.name for row in timeline.rows if row.marked} == set(names)


def test_what_did_not_run_is_counted() -> None:
    assert timeline_of(run_task()).notes == ("Without times: 1 PENDING.",)
    rows = [
        row._replace(operation="ROLLBACK") if row.start_time is None else row
        for row in run_task().subtasks
    ]
    undone = replace(run_task(), subtasks=tuple(rows))
    assert timeline_of(undone).notes == ("Without times: 1 ROLLED BACK.",)


def test_a_task_that_did_not_run_shows_the_plan() -> None:
    rows = {1: {"timeout": 60}, 2: {"timeout": 300}, 3: {"timeout": 60}, 4: {"timeout": 0}}
    timeline = timeline_of(make_task(rows, [(1, 2), (1, 3), (2, 4), (3, 4)]))
    assert timeline.planned
    assert timeline.end == 360 * SECOND
    slack = row_of(timeline, "Subtask 3")
    assert (slack.start, slack.finish, slack.limit) == (
        60 * SECOND,
        120 * SECOND,
        360 * SECOND,
    )
    assert "may slip 4 min" in slack.note
    assert not slack.marked
    assert "no timeout" in row_of(timeline, "Subtask 4").note


def test_a_faulty_task_that_ran_is_shown_without_a_path() -> None:
    task = make_task({1: ran(0, 5), 2: ran(6, 9)}, [(1, 2), (2, 1)])
    timeline = timeline_of(task)
    assert len(timeline.rows) == 2
    assert timeline.path == ()


def test_a_faulty_task_that_did_not_run_has_no_plan() -> None:
    timeline = timeline_of(make_task({1: {}, 2: {}}, [(1, 2), (2, 1)]))
    assert timeline.rows == ()
    told = "nothing has run, and there is no plan to show: the dependencies form a cycle"
    assert told in timeline.summary
    assert told in render_timeline_svg(timeline)


def test_a_row_has_the_state_that_the_box_has(samples: Path) -> None:
    analysis = load(samples / "three_hosts_failed.json").analysis
    moment = datetime(2025, 3, 4, 10, 0, tzinfo=UTC)
    running = {"status": "RUNNING", "start_time": moment, "attempts": 1, "timeout": 60}
    late = analysed(make_task({1: running}), as_of=moment + timedelta(hours=1))
    for one in (analysis, late):
        boxes = {row.id_text: row.state for row in build_scene(one).boxes()}
        for row in build_timeline(one).rows:
            status, _, more = boxes[row.id_text].partition(", ")
            assert row.status == status
            assert not more or row.note.startswith(more)
    (row,) = build_timeline(late).rows
    assert (row.status, row.note.split(" · ")[0]) == ("RUNNING", "overdue")


def test_a_plan_says_where_it_counts_no_waits_for_slots() -> None:
    told = ["; ".join(build_timeline(analysed(stages(n))).summary) for n in (3, 40)]
    assert ["at the longest" in text for text in told] == [True, False]
    assert ["without waits for slots" in text for text in told] == [False, True]


@pytest.mark.parametrize("form", ["svg", "txt"])
def test_a_plan_names_all_that_its_bars_hold(form: str) -> None:
    rows: dict[Id, dict[str, Any]] = {1: {"timeout": 100}, 2: {"timeout": None}}
    rows[3] = {"timeout": 0}
    analysis = analysed(
        make_task(rows, [(1, 2), (1, 3)]),
        assume_timeout=30,
        attempts=2,
        overhead=5,
        grace=12,
    )
    timeline = build_timeline(analysis, DiagramOptions(view="timeline"))
    assert [row.note for row in timeline.rows] == [
        "timeout 1 min 40 s · 2 attempts",
        "no timeout known, 30 s assumed · 2 attempts",
        "no timeout, 30 s assumed · 2 attempts",
    ]
    assert timeline.summary[1:5] == (
        "not run yet: planned by timeouts, 5 min 28 s at the longest",
        "30 s where there is no timeout",
        "grace 12 s per attempt",
        "overhead 5 s per attempt",
    )
    text = str(render(analysis, form, DiagramOptions(view="timeline")))
    assert "no timeout known, 30 s assumed" in text
    assert "overhead 5 s per attempt" in text


def test_what_is_left_names_all_that_its_bars_hold() -> None:
    rows = {
        1: ran(0, None, name="Now", status="RUNNING", timeout=None),
        2: {"name": "Next", "timeout": None},
        3: ran(0, 9, name="Done", timeout=None),
    }
    task = make_task(rows, [(1, 2), (3, 2)])
    task = replace(task, envelope=Envelope(timestamp=BEGIN + timedelta(seconds=10)))
    timeline = build_timeline(analysed(task, assume_timeout=30, attempts=2))
    notes = {row.name: row.note for row in timeline.rows}
    assert notes == {
        "Now": "running for 10 s · 30 s assumed · up to 2 attempts",
        "Next": "no timeout known, 30 s assumed · 2 attempts",
        "Done": "ran 9 s",
    }


def test_what_is_left_of_a_running_task_has_ghost_bars() -> None:
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    running: dict[str, Any] = {
        "status": "RUNNING",
        "start_time": moment,
        "attempts": 1,
        "timeout": 600,
    }
    rows: dict[Any, dict[str, Any]] = {1: running, 2: {"timeout": 900}, 3: {"timeout": 0}}
    later = moment + timedelta(seconds=240)
    analysis = analysed(make_task(rows, [(1, 2), (2, 3)]), as_of=later)
    timeline = build_timeline(analysis)
    ghosts = {row.id_text: row.ghost for row in timeline.rows}
    second = 1_000_000
    assert ghosts == {"1": (240 * second, 600 * second), "2": (600 * second, 1500 * second)}
    assert timeline.bars.keys() == {0}  # the other has not begun
    assert timeline.end == 1500 * second
    assert "left by the timeouts, without waits for slots" in render_timeline_svg(timeline)
    assert "░" in render_timeline_text(timeline)


def test_a_task_that_waits_for_a_person_has_none() -> None:
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    failed = {
        "status": "FAILED",
        "start_time": moment,
        "finish_time": moment,
        "attempts": 1,
    }
    analysis = analysed(make_task({1: failed, 2: {}}, [(1, 2)]), as_of=moment)
    assert all(row.ghost is None for row in build_timeline(analysis).rows)


def test_rows_are_limited_to_the_most_telling() -> None:
    rows = {n: ran(n, n + n % 7 + 1) for n in range(1, 60)}
    rows[33]["status"] = "FAILED"
    timeline = timeline_of(make_task(rows), max_nodes=10)
    assert len(timeline.rows) == 10
    assert any(row.tone == "failed" for row in timeline.rows)
    assert "49 shorter rows are left out." in timeline.notes


def test_options_choose_the_rows() -> None:
    assert [row.name for row in timeline_of(run_task(), focus="2:0").rows] == ["Copy"]


def test_a_finish_before_the_start_is_said() -> None:
    timeline = timeline_of(make_task({1: ran(10, 5), 2: ran(1, 30)}))
    assert "finish before start" in row_of(timeline, "Subtask 1").note


def test_the_order_of_the_document_does_not_matter() -> None:
    task = run_task()
    other = replace(shuffled(task), start_time=BEGIN)
    assert timeline_of(other) == timeline_of(task)


# SVG and text -----------------------------------------------------------------------


def hostile() -> Task:
    return make_task(
        {n: ran(n, 2 * n + 1, name=name, status=name) for n, name in enumerate(HOSTILE)}
    )


@pytest.mark.parametrize("task", [run_task(), hostile(), chain(["停" * 300, "b"])])
def test_everything_lies_inside_the_picture(task: Task) -> None:
    drawing = read_drawing(render_timeline_svg(timeline_of(task)))
    assert drawing.labels
    for label in drawing.labels:
        assert drawing.view.holds(label.rect), label.text


def test_names_do_not_reach_into_the_chart() -> None:
    svg = render_timeline_svg(timeline_of(chain(["停" * 300, "b"])))
    bars = re.findall(r'<rect class="bar [^"]*" x="([\d.]+)"', svg)
    drawing = read_drawing(svg)
    names = [label for label in drawing.labels if label.text.startswith("停")]
    assert len(names) == 1
    assert names[0].rect.right - 28 <= min(map(float, bars))


def test_hostile_names_are_text() -> None:
    svg = render_timeline_svg(timeline_of(hostile()))
    assert "<script" not in svg
    for name in HOSTILE:
        assert visible(name)[:8].replace("<", "&lt;").replace(">", "&gt;") in svg.replace(
            "&amp;", "&"
        ).replace("&quot;", '"').replace("&#x27;", "'")


@pytest.mark.parametrize("width", [20, 60, 100, 180])
def test_text_keeps_to_the_width(width: int) -> None:
    lines = render_timeline_text(timeline_of(run_task()), width).splitlines()
    assert sum("█" in line or "▒" in line for line in lines) >= 5  # with the key
    assert all(columns(line) <= max(width, 60) for line in lines)


def test_text_shows_bars_waiting_limits_and_the_moment() -> None:
    text = render_timeline_text(timeline_of(run_task()), 100)
    by_name = {line.split()[1]: line for line in text.splitlines() if "¦" in line}
    assert "▒" in by_name["Copy"]
    assert "*" in by_name["Copy"]
    assert "·" in by_name["Warm"]
    assert "█" in by_name["Stop"]
    assert "10:01" in text
    assert "\x1b" not in render_timeline_text(timeline_of(hostile()))


def test_no_count_in_the_heading_is_cut() -> None:
    statuses = [*Status, "PAUSED AND WAITING FOR SOMEBODY"]
    rows = {n: ran(0, 9, status=status) for n, status in enumerate(statuses)}
    timeline = timeline_of(make_task(rows), critical_only=True, focus="1:0")
    for text in (
        render_timeline_text(timeline, 60),
        render_tree(build_scene(analysed(make_task(rows))), 60),
    ):
        heading = text.partition("\n\n")[0]
        assert max(map(columns, heading.splitlines())) <= 60
        for status in statuses:
            assert re.search(rf"\b1 {status}(,|$)", heading, re.MULTILINE), status
    told = " ".join(render_timeline_text(timeline, 60).split())
    assert timeline.notes[0] in told


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_timeout_is_marked_within_a_bar_that_goes_beyond_it(width: int) -> None:
    text = render_timeline_text(
        timeline_of(
            make_task({1: ran(0, None, name="Slow", status="RUNNING", timeout=30)})
        ),
        width,
    )
    bar = next(line for line in text.splitlines() if "Slow" in line).partition("* ")[2]
    assert re.fullmatch("█+[|]█+¦?", bar)
    assert bar.index("|") == pytest.approx(0.3 * len(bar), abs=1)
    assert "| timeout" in text


def test_the_signs_that_are_explained_are_those_that_are_there() -> None:
    rows = {
        1: ran(0, 0.2, timeout=1),
        2: ran(0, 1000, timeout=0),
        3: ran(1.5, 1000, timeout=0),
    }
    text = render_timeline_text(timeline_of(make_task(rows, [(1, 3)])))
    assert "|" not in text
    assert "·" not in text.partition("\n\n")[2].replace(" · ", "")
    assert "█ ran" in text


def test_a_plan_says_that_it_is_one() -> None:
    rows = {1: {}, 2: {"timeout": 600}, 3: {}}
    text = render_timeline_text(timeline_of(make_task(rows, [(1, 2), (1, 3)])))
    assert "not run yet" in text
    assert "| latest finish" in text


@given(st.integers(1, 10**14), st.booleans(), st.integers(2, 12))
def test_marks_are_few_ascending_and_inside(end: int, dated: bool, most: int) -> None:
    found = marks(end, BEGIN if dated else None, most)
    places = [place for place, _ in found]
    assert len(places) <= most + 1
    assert places == sorted(set(places))
    assert all(0 <= place <= end for place in places)


def test_marks_are_round() -> None:
    odd = BEGIN + timedelta(seconds=17)
    assert [label for _, label in marks(600 * SECOND, odd, 6)] == [
        "10:02",
        "10:04",
        "10:06",
        "10:08",
        "10:10",
    ]
    assert marks(7200 * SECOND, None, 5)[1] == (1800 * SECOND, "30 min")
    assert marks(3 * SECOND, None, 4)[1] == (SECOND, "1 s")
    assert marks(900, None, 4)[0] == (0, "0 s")


def test_marks_of_days_are_dates() -> None:
    assert [label for _, label in marks(3 * 86400 * SECOND, BEGIN, 4)] == [
        "03-05",
        "03-06",
        "03-07",
    ]
    assert [label for _, label in marks(4000, BEGIN, 4)] == [
        "10:00:00.000",
        "10:00:00.002",
        "10:00:00.004",
    ]


def test_a_plan_shows_how_far_it_may_slip() -> None:
    rows = {1: {}, 2: {"timeout": 600}, 3: {}, 4: {}}
    plan = timeline_of(make_task(rows, [(1, 2), (1, 3), (2, 4), (3, 4)]))
    svg = render_timeline_svg(plan)
    assert 'class="limit"' in svg
    assert "may slip" in svg
    assert "latest finish" in svg
