"""A task on one screen, wide and narrow, coloured and not, in any script."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from taskgraph.api import LoadedTask, load, render, report
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.model.durations import format_duration
from taskgraph.model.statuses import look, shown_status
from taskgraph.model.task import Envelope, Status
from taskgraph.reports.text.console import Style, facts, to_text
from taskgraph.reports.text.show import show_text
from tests.diagrams.tasks import CHINESE, HOSTILE, chain, make_task, stages
from tests.effort import examples


def shown(loaded: LoadedTask, width: int = 100, *, color: bool = False) -> str:
    return show_text(loaded.account, Style(width, color))


def test_the_failed_task(samples: Path) -> None:
    lines = shown(load(samples / "three_hosts_failed.json")).splitlines()
    assert lines[0] == "Replace binaries on three hosts  9100  ✗ FAILED  EXECUTE"
    assert lines[1].startswith("Task 9100 'Replace binaries on three hosts' failed. 108")
    tree = lines[lines.index(next(line for line in lines if "subtask " in line)) + 1 :][:8]
    assert [line[:28].rstrip() for line in tree] == [
        "●   Start node",
        "●   ├─ Archive logs",
        "●   │  Verify archive",
        "    ├─ 3 × Stop host",
        " ◆  │  3 × Replace binaries",
        "    │    10.0.0.2",
        "    │  Start hosts",
        "●   Finish node",
    ]
    assert "1 ✗ FAILED, 2 ✓ SUCCESSFUL" in tree[4]
    assert tree[5].split()[1:] == [
        "10.0.0.2",
        "108",
        "✗",
        "FAILED",
        "5",
        "min",
        "15",
        "min",
    ]
    assert "○ PENDING, blocked" in tree[6]
    assert any(line.startswith("warning TG501") for line in lines)
    assert "Started     10:00:00 by admin" in lines  # the date has just been told


def test_the_seed_fits_a_screen(samples: Path) -> None:
    text = shown(load(samples / "obproxy_stop.json"))
    assert len(text.splitlines()) <= 40
    for words in (
        "Worst case  2 h 13 min 30 s",
        "Left        2 h 13 min 30 s",
        "11 of 11: 13175720 →",
        "1 ready, 10 pending",
    ):
        assert words in text


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("name", [CHINESE, "Stop " * 60, "x" * 300])
def test_id_status_and_times_are_never_cut(width: int, name: str) -> None:
    start = datetime(2025, 1, 16, 10, tzinfo=UTC)
    end = start + timedelta(hours=1, minutes=1, seconds=2)
    times = {"start_time": start, "finish_time": end}
    row = {"name": name, "timeout": 7200}
    rows = {
        13175719: {**row, **times, "status": "SUCCESSFUL"},
        13175720: {**row, **times, "status": "FAILED"},
        13175721: {**row, "status": "PENDING"},
    }
    edges = [(13175719, 13175720), (13175720, 13175721)]
    rows[13175719]["operation"] = "RETRY"
    lines = shown(LoadedTask(make_task(rows, edges, status="FAILED")), width).splitlines()
    below = lines[lines.index(next(line for line in lines if "subtask " in line)) :]
    table = {key: next(row for row in below if f" {key} " in row) for key in rows}
    for key, sign in zip(rows, "✓✗○", strict=True):
        assert sign in table[key]
        assert table[key].endswith("2 h")
    assert "1 h 1 min 2 s" in table[13175720]
    assert max(map(cell_len, lines)) <= width


def test_the_odd_parts_of_a_split_stand_under_it_with_what_they_work_on() -> None:
    part = {"name": "Stop", "status": "SUCCESSFUL", "timeout": 60}
    rows = {n: {**part, "parallel_index": n - 1} for n in range(1, 41)}
    rows[7]["status"] = "FAILED"
    context = {"listMap": {"hosts": [f"10.0.0.{n}" for n in range(1, 41)]}}
    task = make_task(rows, [], status="FAILED", context=context)
    text = shown(LoadedTask(task))
    (whole,) = [line for line in text.splitlines() if "40 × Stop" in line]
    assert "1 ✗ FAILED, 39 ✓ SUCCESSFUL" in whole
    (odd,) = [line for line in text.splitlines() if line.lstrip().startswith("10.0.0.7 ")]
    assert odd.split() == ["10.0.0.7", "7", "✗", "FAILED", "1", "min"]


def split_rows(*states: str, width: int = 100, **fields: Any) -> list[str]:
    """Give the lines under that of a split whose parts have such states, and the legend."""
    part = {"name": "Stop", "timeout": 60, **fields}
    rows = {
        n: {**part, "status": state, "parallel_index": n} for n, state in enumerate(states)
    }
    context = {"listMap": {"hosts": [f"10.0.0.{n}" for n in range(len(states))]}}
    task = make_task(rows, [], status="RUNNING", context=context)
    lines = shown(LoadedTask(task), width).splitlines()
    first = next(at for at, line in enumerate(lines) if "Stop" in line and "●" in line)
    return lines[first + 1 :]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_which_part_failed_is_told_where_no_other_is_as_it_should_be(width: int) -> None:
    failed, running, again, *_ = split_rows("RUNNING", "FAILED", "RUNNING", width=width)
    assert "10.0.0.1 " in failed
    assert "10.0.0.0 " in running
    assert "10.0.0.2 " in again


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (["FAILED"] * 7, 5),
        (["FAILED"] * 9 + ["SUCCESSFUL"] * 20, 5),
        (["RUNNING"] * 3 + ["FAILED"] * 4, 5),
        (["FAILED"] * 3 + ["PENDING"], 3),
        (["RUNNING"] * 200, 0),
        (["SUCCESSFUL"] * 200, 0),
        (["SKIPPED"] * 3, 0),
    ],
)
def test_few_parts_are_told_and_how_many_more_there_are(
    states: list[str], told: int
) -> None:
    lines = split_rows(*states)
    assert sum(line.startswith("      10.0.0.") for line in lines) == told
    odd = sum(state in ("FAILED", "RUNNING") for state in states)
    more = [line for line in lines if line.endswith(f"… and {odd - told} more")]
    assert len(more) == (0 < told < odd)
    worst = min(states.count("FAILED"), told)
    assert all("✗ FAILED" in line for line in lines[:worst])


@examples(30)
@given(
    states=st.lists(st.sampled_from([*Status]), min_size=2, max_size=9),
    cancelled=st.booleans(),
    first=st.sampled_from([1, 10, 13175719, 10**15]),
    name=st.sampled_from(["Part", "Replace binaries on the hosts", CHINESE]),
    timeout=st.sampled_from([1, 600, 5401, 90061]),
    width=st.integers(60, 200),
)
def test_the_row_of_a_split_is_whole_whatever_its_states_and_the_width(
    states: list[Status], cancelled: bool, first: int, name: str, timeout: int, width: int
) -> None:
    start = datetime(2025, 1, 16, 10, tzinfo=UTC)
    operation = "CANCEL" if cancelled else "EXECUTE"
    part = {"name": name, "timeout": timeout, "operation": operation}
    rows = {
        first + n: {**part, "status": str(state), "parallel_index": n}
        for n, state in enumerate(states)
    }
    begun = [row for row in rows.values() if row["status"] not in ("PENDING", "READY")]
    for row in begun:
        row["start_time"] = start
        row["finish_time"] = start + timedelta(hours=1, minutes=1, seconds=2)
    task = make_task(rows, status="RUNNING")
    lines = shown(LoadedTask(task), width).splitlines()
    assert max(map(cell_len, lines)) <= width
    at = next(n for n, line in enumerate(lines) if re.match(" +subtask +id", line))
    titles, table = lines[at], lines[at + 1 : lines.index("", at)]
    whole = next(line for line in table if line[0] in "● ")
    assert f" {first}, " in whole or f" {first} " in whole
    for state, count in Counter(map(shown_status, task.subtasks)).items():
        assert f"{count} {look(state).sign}" in whole
    if begun and width >= 80:
        assert titles.endswith(("took", "timeout"))
        assert "1 h 1 min 2 s" in whole
    if width >= 140 and len({*states}) <= 4:
        assert titles.endswith("timeout")
    if "timeout" in titles:
        assert whole.endswith(format_duration(timeout))


@examples(30)
@given(
    deep=st.integers(1, 90),
    states=st.lists(st.sampled_from([*Status]), min_size=1, max_size=4),
    parts=st.integers(0, 3),
    first=st.sampled_from([1, 13175719]),
    name=st.sampled_from(["Deep", "Replace binaries on the hosts", CHINESE]),
    timed=st.booleans(),
    width=st.integers(60, 200),
)
def test_sign_and_name_are_told_however_deep_branches_nest(
    *,
    deep: int,
    states: list[Status],
    parts: int,
    first: int,
    name: str,
    timed: bool,
    width: int,
) -> None:
    start = datetime(2025, 1, 16, 10, tzinfo=UTC)
    times = {"start_time": start, "finish_time": start + timedelta(seconds=3725)}
    rows: dict[int, dict[str, Any]] = {first: {"name": name, "status": "PENDING"}}
    edges = []
    for level in range(deep):  # each goes on in one of two branches, the last in a split
        at = first + 2 * level
        status = str(states[level % len(states)])
        rows[at + 1] = {"name": f"Side {level}", "status": "PENDING"}
        rows[at + 2] = {"name": name, "status": status, "timeout": 600}
        rows[at + 2] |= times if timed and status in ("FAILED", "SUCCESSFUL") else {}
        edges += [(at, at + 1), (at, at + 2)]
    last = first + 2 * deep
    for part in range(1, parts + 1):
        rows[last + part] = {"name": name, "status": "PENDING", "parallel_index": part}
        edges.append((last, last + part))
    rows[last]["status"] = "FAILED"
    lines = shown(LoadedTask(make_task(rows, edges, status="FAILED")), width).splitlines()
    assert max(map(cell_len, lines)) <= width
    at = next(n for n, line in enumerate(lines) if re.match(" +subtask +id", line))
    table = lines[at + 1 : lines.index("", at)]
    (failed,) = [line for line in table if f" {last} " in line]
    assert "✗" in failed
    assert name[:3] in failed
    assert f"…{deep}├─ " in failed or failed.index("├─ ") == 4 + 3 * (deep - 1)
    is_cut = any(re.search("…[0-9]+[├│]. ", line) for line in table)
    assert ("branches\u00a0deep" in " ".join(table)) == is_cut


def test_the_lines_of_deep_branches_are_cut_and_counted() -> None:
    rows: dict[int, dict[str, Any]] = {n: {"name": f"Step {n}"} for n in range(1, 26)}
    edges = [(1, 2), (1, 3), *((n, n + more) for n in range(2, 24, 2) for more in (2, 3))]
    lines = shown(LoadedTask(make_task(rows, edges)), 60).splitlines()
    (deepest,) = [line for line in lines if "Step 24 " in line]
    assert re.match(r".   (│  )+…12├─ ○ Step 24 ", deepest)
    assert "…9├\u00a09\u00a0branches\u00a0deep" in "".join(lines).replace(" ", "\u00a0")


def test_signs_stand_for_states_before_the_timeouts_give_way() -> None:
    start = datetime(2025, 1, 16, tzinfo=UTC)
    times = {"start_time": start, "finish_time": start + timedelta(seconds=258)}
    part = {"name": "Part", "timeout": 600, **times}
    states = ("SUCCESSFUL", "FAILED", "RUNNING", "READY", "PENDING")
    rows = {
        n: {**part, "status": state, "parallel_index": n} for n, state in enumerate(states)
    }
    for width, words in ((80, False), (100, False), (160, True)):
        text = shown(LoadedTask(make_task(rows, status="RUNNING")), width)
        assert re.search("subtask +id +status +took +timeout", text)
        assert ("1 ✗ FAILED, 1" in text) is words
        assert "✗\u00a0FAILED" in text.replace(" ", "\u00a0")


@pytest.mark.parametrize("width", [60, 80])
def test_what_a_part_works_on_has_room_before_timeouts(width: int) -> None:
    start = datetime(2025, 1, 16, 10, tzinfo=UTC)
    times = {"start_time": start, "finish_time": start + timedelta(seconds=1325)}
    part = {"name": "Stop", "operation": "RETRY", "attempts": 2, **times}
    rows = {
        n: {**part, "status": status, "parallel_index": n, "timeout": 10**5 + 4000 * n}
        for n, status in enumerate(("FAILED", "FAILED", "SUCCESSFUL"))
    }
    context = {"listMap": {"hosts": ["10.0.0.0", "10.0.0.1", "10.0.0.2"]}}
    task = make_task(rows, [], status="FAILED", start_time=start, context=context)
    lines = shown(LoadedTask(task), width).splitlines()
    table = lines[next(n for n, line in enumerate(lines) if "subtask " in line) :]
    for host in ("10.0.0.0", "10.0.0.1"):
        assert any(f" {host} " in line for line in table)


@pytest.mark.parametrize(
    ("fields", "mark"),
    [
        ({"status": "RUNNING", "attempts": 1}, "+"),
        ({"status": "RUNNING", "attempts": 3}, "+*"),
        ({"status": "RUNNING", "operation": "ROLLBACK"}, "+*"),
        ({"status": "CANCELING", "attempts": 2}, "+*"),
        ({"status": "READY", "operation": "RETRY"}, "+*"),
        ({"status": "FAILED", "attempts": 3}, "*"),
        ({"status": "FAILED", "attempts": 1}, ""),
    ],
)
@pytest.mark.parametrize("parts", [1, 2])
def test_what_goes_on_took_its_time_so_far(
    fields: dict[str, Any], mark: str, parts: int
) -> None:
    start = datetime(2025, 1, 16, 10, tzinfo=UTC)
    end = start + timedelta(seconds=80)
    finish = end if fields["status"] == "FAILED" else None
    row = {"name": "Stop", "start_time": start, "finish_time": finish, **fields}
    rows = {n: {**row, "parallel_index": n} for n in range(parts)}
    envelope = Envelope(timestamp=end)
    operation = fields.get("operation", "EXECUTE")
    task = make_task(
        rows, [], status="RUNNING", start_time=start, envelope=envelope, operation=operation
    )
    loaded = LoadedTask(task)
    text = shown(loaded, 200)
    line = next(line for line in text.splitlines() if "Stop" in line and "●" in line)
    assert re.search("1 min 20 s([+*]*)", line)[1] == mark  # type: ignore[index]
    assert ("+\u00a0so\u00a0far" in text.replace(" ", "\u00a0")) == ("+" in mark)
    drawn = str(render(loaded, "txt", DiagramOptions(collapse="none")))
    assert ("so far 1 min 20 s" in drawn) == (mark == "+*")


def test_how_long_it_ran_is_told_with_since_when_where_that_is_not_its_start() -> None:
    began = datetime(2025, 1, 16, 10, tzinfo=UTC)
    first = {"status": "SUCCESSFUL", "finish_time": began + timedelta(minutes=9)}
    for before, note in ((60, r" \(since 09:59:00\)"), (0, "")):
        row = {**first, "start_time": began - timedelta(seconds=before)}
        task = make_task({1: row}, status="SUCCESSFUL", start_time=began)
        spent = 9 + before // 60
        assert re.search(rf"(?m)^Ran +{spent} min{note}$", shown(LoadedTask(task)))


def test_the_headline_names_what_runs_past_its_timeout() -> None:
    begun = datetime(2025, 1, 16, 10, tzinfo=UTC)
    row = {"status": "RUNNING", "attempts": 1, "timeout": 600, "start_time": begun}
    moment = Envelope(timestamp=begun + timedelta(minutes=40))
    task = make_task({1: row}, status="RUNNING", start_time=begun, envelope=moment)
    assert "has run 40 min of 10 min" in " ".join(shown(LoadedTask(task)).split())


def test_parts_that_are_all_overdue_are_told() -> None:
    start = datetime(2025, 1, 16, 10, tzinfo=UTC)
    rows = {
        n: {"name": "Stop", "parallel_index": n, "status": "RUNNING", "attempts": 1}
        | {"start_time": start}
        for n in range(3)
    }
    envelope = Envelope(timestamp=start + timedelta(hours=1))
    task = make_task(rows, [], status="RUNNING", start_time=start, envelope=envelope)
    text = shown(LoadedTask(task))
    assert text.count("▶ RUNNING, overdue") == 3


def test_the_legend_has_only_marks_that_stand_there() -> None:
    running = split_rows("RUNNING", "RUNNING", operation="RETRY", attempts=2)
    assert "started twice" not in " ".join(running)
    mixed = split_rows("RUNNING", "FAILED", operation="RETRY", attempts=2)
    assert any("×2" in line for line in mixed[:2])
    assert "started twice" in " ".join(mixed).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("ids", "width", "told"),
    [
        ((107, 109), 60, "107 and 109"),
        ((104, 106, 107), 60, "104, …"),
        ((104, 106, 107), 100, "104, 106 and 107"),
        (tuple(range(10, 50)), 100, "10, …"),
        (tuple(range(10, 50)), 140, "10, 11, 12, 13, 14 and 35 more"),
    ],
)
def test_the_ids_of_parts_are_no_range(ids: tuple[int, ...], width: int, told: str) -> None:
    rows = {n: {"name": "Stop", "parallel_index": place} for place, n in enumerate(ids)}
    rows[108] = {"name": "Start"}
    lines = shown(LoadedTask(make_task(rows)), width).splitlines()
    (split,) = [line for line in lines if told in line]
    assert "Stop" in split


def test_a_definition_has_no_states(samples: Path) -> None:
    text = shown(load(samples / "formats" / "definition.task.yaml"))
    assert "status" not in text
    assert "Progress" not in text


def test_a_cycle_is_a_list_of_names() -> None:
    edges = [(1, 2), (2, 3), (3, 2)]
    rows = {n: {"name": f"step {n}"} for n in (1, 2, 3)}
    text = shown(LoadedTask(make_task(rows, edges)))
    assert "Cycle       2 'step 2' -> 3 'step 3' -> 2 'step 2'" in text


@pytest.mark.parametrize("width", [40, 63, 64, 80, 200])
@pytest.mark.parametrize("name", [CHINESE, "Stop " * 30, "x" * 300])
def test_no_line_is_wider_than_the_terminal(width: int, name: str) -> None:
    text = shown(LoadedTask(chain([name, "short", name])), width)
    assert max(map(cell_len, text.splitlines())) <= width


def test_a_narrow_terminal_has_the_words_for_the_signs(samples: Path) -> None:
    text = shown(load(samples / "three_hosts_failed.json"), 50)
    assert "1 ✗, 2 ✓ Repl" in text
    assert "✗ FAILED" in text.replace("\n", " ")
    assert "status\n" not in text


def test_what_is_blocked_is_told_at_any_width(samples: Path) -> None:
    failed = load(samples / "three_hosts_failed.json")
    assert shown(failed, 140).count(", blocked") == 2
    assert shown(failed, 80).count(", blocked") == 2
    narrow = shown(failed, 60)
    assert narrow.count("○‖ ") == 2
    assert "‖\u00a0blocked" in narrow
    for width in (60, 80):  # where a split has signs for words
        assert "✓\u00a0SUCCESSFUL" in shown(failed, width).replace("\n", "\u00a0")
        assert "≤\u00a0the\u00a0longest" in shown(failed, width).replace("\n", "\u00a0")


@pytest.mark.parametrize("width", [60, 80, 140])
def test_what_is_rolled_back_is_told_at_any_width(samples: Path, width: int) -> None:
    text = shown(load(samples / "half_rolled_back.json"), width)
    for identifier, sign, words in (
        ("201", "✓", "waits for rollback"),
        ("204", "▶", "rolling back"),
    ):
        (line,) = [line for line in text.splitlines() if f" {identifier} " in line][-1:]
        assert sign in line
        assert words in line or "↶" in line
        assert words in line or f"{sign}↶ {words}" in " ".join(text.split())
    assert "Register" in text


def test_colour_only_where_it_is_asked_for(samples: Path) -> None:
    loaded = load(samples / "three_hosts_failed.json")
    assert "\x1b[" not in shown(loaded)
    assert "\x1b[" in shown(loaded, color=True)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_cannot_steer_the_terminal(name: str) -> None:
    task = make_task({name: {"name": name, "status": name}}, name=name, status=name)
    text = shown(LoadedTask(task))
    assert not {"\x1b", "\x07", "\x00", "\r", "\u202e", "\u2066"} & set(text)


def test_of_many_subtasks_the_worst_are_shown() -> None:
    task = stages(*[4] * 30)
    rows = (*task.subtasks[:-1], task.subtasks[-1]._replace(status="FAILED"))
    text = shown(LoadedTask(make_task({row.id: row._asdict() for row in rows})))
    assert "✗ FAILED" in text
    assert "… and 80 more subtasks" in text


@pytest.mark.parametrize("rows", [{}, {1: {"upstreams": (1,)}}])
def test_a_task_without_a_graph(rows: dict[int, dict[str, object]]) -> None:
    assert "Findings" in shown(LoadedTask(make_task(rows)))


def test_what_was_skipped_is_told_beside_what_is_done() -> None:
    rows = {1: {"status": "SUCCESSFUL"}, 2: {"status": "SUCCESSFUL", "operation": "SKIP"}}
    account = LoadedTask(make_task(rows, [(1, 2)], status="SUCCESSFUL")).account
    text = show_text(account, Style(width=120))
    assert "2 of 2 done, 1 of them skipped" in text
    assert "» SKIPPED" in text


@pytest.mark.parametrize(
    ("states", "operation", "beyond", "found"),
    [
        (("FAILED", "PENDING", "PENDING"), "EXECUTE", (), {2, 3}),
        (("FAILED", "PENDING", "PENDING"), "EXECUTE", (9,), {2, 3}),  # that is no id
        (("SUCCESSFUL", "FAILED", "PENDING"), "ROLLBACK", (), set()),
    ],
    ids=["forward", "faulty", "back"],
)
def test_what_is_blocked_is_the_same_here_in_the_page_and_in_the_picture(
    states: tuple[str, ...], operation: str, beyond: tuple[int, ...], found: set[int]
) -> None:
    rows: dict[int, dict[str, Any]] = {
        n: {"status": state, "operation": operation, "name": f"s{n}"}
        for n, state in enumerate(states, 1)
    }
    rows[3]["downstreams"] = beyond
    task = make_task(rows, [(1, 2), (2, 3)], status="FAILED", operation=operation)
    loaded = LoadedTask(task)
    page, drawn = report(loaded), str(render(loaded, "txt"))

    def marked(pattern: str, text: str) -> set[int]:
        return {n for n in rows if re.search(pattern.format(n=n), text)}

    assert marked(r"(?m)\bs{n} +{n} .*, blocked", shown(loaded)) == found
    assert marked(r"(?m)^<tr [^>]*><th[^>]*>{n}\b.*</span> blocked</td>", page) == found
    assert marked(r"(?m)\bs{n}\b.*, blocked", drawn) == found


@pytest.mark.parametrize("width", range(40, 100, 7))
def test_no_duration_is_broken_over_two_lines(width: int) -> None:
    time = "1 d 1 h 37 min 30 s"
    row = facts([("label", f"some words before {time} and some {time} after")])
    for part in (Text(f"as long as {time}, or {time}: {time}"), row):
        text = to_text([part], Style(width))
        assert text.count(time) == " ".join(text.split()).count(time) > 1
