"""A task on one screen, wide and narrow, coloured and not, in any script."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from taskgraph.api import LoadedTask, load
from taskgraph.reports.text.console import Style
from taskgraph.reports.text.show import show_text
from tests.diagrams.tasks import CHINESE, HOSTILE, chain, make_task, stages


def shown(loaded: LoadedTask, width: int = 100, *, color: bool = False) -> str:
    return show_text(loaded.account, Style(width, color))


def test_the_failed_task(samples: Path) -> None:
    lines = shown(load(samples / "three_hosts_failed.json")).splitlines()
    assert lines[0] == "Replace binaries on three hosts  9100  ✗ FAILED  EXECUTE"
    assert lines[1].startswith("Task 9100 'Replace binaries on three hosts' failed: 108")
    tree = lines[lines.index(next(line for line in lines if "subtask " in line)) + 1 :][:7]
    assert [line[:28].rstrip() for line in tree] == [
        "●   Start node",
        "●   ├─ Archive logs",
        "●   │  Verify archive",
        "    ├─ Stop host ×3",
        " ◆  │  Replace binaries ×3",
        "    │  Start hosts",
        "●   Finish node",
    ]
    assert "1 ✗ FAILED, 2 ✓ SUCCESSFUL" in tree[4]
    assert any(line.startswith("warning TG501") for line in lines)


def test_the_seed_fits_a_screen(samples: Path) -> None:
    text = shown(load(samples / "obproxy_stop.json"))
    assert len(text.splitlines()) <= 40
    for words in (
        "8010 s (2 h 13 min 30 s)",
        "11 of 11: 13175720 →",
        "1 ready, 10 pending",
    ):
        assert words in text


@pytest.mark.parametrize("width", [40, 50, 64, 70, 100])
def test_names_are_cut_and_nothing_else(samples: Path, width: int) -> None:
    loaded = load(samples / "obproxy_stop.json")
    lines = shown(loaded, width).splitlines()
    for subtask in loaded.graph.subtasks:
        row = next(line for line in lines if str(subtask.id) in line and line[0] == "●")
        if width >= 64:
            assert row.split()[-3:] == [subtask.status, str(subtask.timeout), "s"]


@pytest.mark.parametrize("width", [40, 63, 64, 80, 200])
@pytest.mark.parametrize("name", [CHINESE, "Stop " * 30, "x" * 300])
def test_no_line_is_wider_than_the_terminal(width: int, name: str) -> None:
    text = shown(LoadedTask(chain([name, "short", name])), width)
    assert max(map(cell_len, text.splitlines())) <= width


def test_a_narrow_terminal_has_the_words_for_the_signs(samples: Path) -> None:
    text = shown(load(samples / "three_hosts_failed.json"), 50)
    assert "✗ Replace binaries ×3" in text
    assert "✗ FAILED" in text.replace("\n", " ")
    assert "timeout\n" not in text


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
    assert "2 of 2 done, 1 skipped" in text
    assert "» SKIPPED" in text
