"""``taskgraph diff``: two files, two folders, three forms, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunCli

Task = dict[str, Any]


def task(**changes: Any) -> Task:
    """Give a chain a -> b -> c of 10, 20 and 30 seconds."""
    rows = [(1, "a", 10, [], [2]), (2, "b", 20, [1], [3]), (3, "c", 30, [2], [])]
    keys = ("id", "name", "timeout", "upstreams", "downstreams")
    subtasks = [dict(zip(keys, row, strict=True)) for row in rows]
    return {"id": 9, "name": "chain", "subtasks": subtasks} | changes


def write(path: Path, content: Task | list[Task]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return write(tmp_path / "before.json", task())


def slower() -> Task:
    changed = task()
    changed["subtasks"][1]["timeout"] = 80
    return changed


def test_the_same_document_has_not_changed(run_cli: RunCli, before: Path) -> None:
    done = run_cli("diff", before, before, "--fail-on", "any")
    assert done.returncode == 0
    assert done.stdout == "No change: chain\n"


def test_a_budget_that_grew_is_attributed(
    run_cli: RunCli, before: Path, tmp_path: Path
) -> None:
    after = write(tmp_path / "after.json", slower())
    done = run_cli("diff", before, after, "--format", "json", "--fail-on", "budget")
    assert done.returncode == 1
    (pair,) = json.loads(done.stdout)["tasks"]
    assert pair["status"] == "changed"
    budget = pair["budget_seconds"]
    assert (budget["before"], budget["after"]) == (60, 120)
    assert budget["causes"] == [{"id": 2, "name": "b", "change": 60}]
    said = run_cli("diff", before, after).stdout
    assert "worst case: 1 min → 2 min (+1 min)" in said
    assert "  2 'b': timeout 20 s → 1 min 20 s; worst case +1 min\n" in said


def test_subtasks_that_share_an_id_are_compared_too(
    run_cli: RunCli, tmp_path: Path
) -> None:
    def sharing(name: str, **changes: Any) -> Path:
        content = task()
        content["subtasks"].insert(2, {**content["subtasks"][1], "name": "z", **changes})
        return write(tmp_path / name, content)

    before = sharing("before.json", status="FAILED")
    after = sharing("after.json", status="RUNNING", timeout=999)
    alone = write(tmp_path / "alone.json", task())
    for other, told in (
        (after, "timeout and status changed in another one with its id"),
        (alone, "others with its id 1 → 0"),
    ):
        for form in ("text", "markdown", "html", "svg"):
            done = run_cli("diff", before, other, "-f", form, "--fail-on", "structure")
            assert done.returncode == 1
            assert told in done.stdout, form
    (pair,) = json.loads(run_cli("diff", before, after, "-f", "json").stdout)["tasks"]
    assert pair["status"] == "changed"
    assert pair["changed_copies"] == [
        {"id": 2, "name": "b", "before": 1, "after": 1, "fields": ["timeout", "status"]}
    ]
    same = run_cli("diff", before, before, "--fail-on", "any")
    assert (same.returncode, same.stdout) == (0, "No change: chain\n")


def test_subtasks_and_edges_come_and_go(
    run_cli: RunCli, before: Path, tmp_path: Path
) -> None:
    changed = task()
    changed["subtasks"][2] = {"id": 4, "name": "d", "timeout": 5, "upstreams": [1]}
    changed["subtasks"][0]["downstreams"] = [2, 4]
    changed["subtasks"][1]["downstreams"] = []
    after = write(tmp_path / "after.json", changed)
    said = run_cli("diff", before, after, "--fail-on", "structure")
    assert said.returncode == 1
    assert said.stdout.splitlines()[2:] == [
        "  removed 3 'c': worst case -30 s",
        "  added 4 'd': timeout 5 s; after 1",
    ]


def test_a_status_is_no_structure(run_cli: RunCli, before: Path, tmp_path: Path) -> None:
    after = write(tmp_path / "after.json", task(status="FAILED"))
    assert run_cli("diff", before, after, "--fail-on", "structure").returncode == 0
    assert run_cli("diff", before, after, "--fail-on", "budget").returncode == 0
    done = run_cli("diff", before, after, "--fail-on", "any")
    assert done.returncode == 1
    assert "task: status not stated → FAILED" in done.stdout


def test_markdown_keeps_names_as_text(
    run_cli: RunCli, before: Path, tmp_path: Path
) -> None:
    changed = task(name="*chain* <b>|")
    changed["subtasks"][0]["name"] = "`a` </details><script>\n# head"
    after = write(tmp_path / "after.json", changed)
    said = run_cli("diff", before, after, "--format", "markdown").stdout
    assert "### \\*chain\\* \\<b\\>\\|" in said
    assert "\\`a\\` \\</details\\>\\<script\\>␊\\# head" in said


def test_folders_are_matched_by_path(run_cli: RunCli, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    write(old / "x" / "one.json", task())
    write(new / "x" / "one.json", slower())
    write(old / "gone.json", task(id=5, name="gone"))
    write(new / "new.json", task(id=6, name="new"))
    write(old / "bad.json", task())
    (new / "bad.json").write_text("{")
    done = run_cli("diff", old, new, "--format", "json")
    assert done.returncode == 2
    assert "bad.json" in done.stderr
    found = {pair["name"]: pair["status"] for pair in json.loads(done.stdout)["tasks"]}
    assert found == {
        "x/one.json: chain": "changed",
        "gone.json: gone": "removed",
        "new.json: new": "added",
    }


def test_a_broken_side_is_compared_but_for_time(
    run_cli: RunCli, before: Path, tmp_path: Path
) -> None:
    broken = task()
    broken["subtasks"][2]["upstreams"] = [2, 99]
    after = write(tmp_path / "after.json", broken)
    done = run_cli("diff", before, after)
    assert done.returncode == 0
    assert "time cannot be compared: a dependency names an unknown id" in done.stdout
    assert "there is no worst case any more" in done.stdout
    assert "there is a worst case now" in run_cli("diff", after, before).stdout


def test_an_ending_that_no_form_has_is_refused(
    run_cli: RunCli, before: Path, tmp_path: Path
) -> None:
    done = run_cli("diff", before, before, "-o", tmp_path / "changes.png")
    assert done.returncode == 2
    assert "name the form with --format, or end the name in" in done.stderr
    assert not (tmp_path / "changes.png").exists()


def redacted_pair(tmp_path: Path, name: str = "Stop on 10.0.0.9") -> tuple[Path, Path]:
    """Give two runs on other hosts, of which one is on both sides."""
    sides = []
    for side, hosts in (("before", ["b-host", "c-host"]), ("after", ["a-host", "b-host"])):
        content = task(name="Stop on b-host", creator="jane.roe")
        for row, host in zip(content["subtasks"], [*hosts, None], strict=True):
            row.update({"executor": host} if host else {})
        content["subtasks"][0]["name"] = "copy to b-host"
        content["subtasks"][1]["name"] = name if side == "after" else "Stop on 10.0.0.1"
        content["subtasks"][1]["description"] = "as jane.roe"
        sides.append(write(tmp_path / f"{side}.json", content))
    return sides[0], sides[1]


def test_a_host_of_both_sides_is_no_change_where_hosts_are_masked(
    run_cli: RunCli, tmp_path: Path
) -> None:
    before, after = redacted_pair(tmp_path, "Stop on 10.0.0.1")
    plain = run_cli("diff", before, after, "--fail-on", "any")
    done = run_cli("diff", before, after, "--fail-on", "any", "--redact")
    assert (plain.returncode, done.returncode) == (0, 0)
    assert re.fullmatch(r"No change: Stop on host-\d+\n", done.stdout)


def test_what_changed_is_told_where_it_is_masked(run_cli: RunCli, tmp_path: Path) -> None:
    before, after = redacted_pair(tmp_path)
    done = run_cli("diff", before, after, "--redact", "--fail-on", "structure")
    assert done.returncode == 1
    assert "2 'Stop on host-2': named 'Stop on host-1' before" in done.stdout
    found = json.loads(run_cli("diff", before, after, "--redact", "-f", "json").stdout)
    (row,) = found["tasks"][0]["changed"]
    assert row["fields"][0]["before"] == "Stop on host-1"
    folders = tmp_path / "one", tmp_path / "two"
    write(folders[0] / "x.json", task(name="on 10.0.0.9"))
    write(folders[1] / "y.json", {"error": {"message": "not jane@corp.com"}})
    done = run_cli("diff", *folders, "--redact")
    assert (done.returncode, "10.0.0" in done.stdout) == (2, False)
    assert "jane" not in done.stderr


def test_only_growth_and_a_lost_bound_fail_a_budget(
    run_cli: RunCli, before: Path, tmp_path: Path
) -> None:
    unbounded = task()
    unbounded["subtasks"][1]["timeout"] = 0
    grown, lost = slower(), unbounded
    sides = {name: write(tmp_path / f"{name}.json", content) for name, content in
             (("grown", grown), ("lost", lost))}  # fmt: skip
    for ours, theirs, code in (
        (before, sides["grown"], 1),
        (sides["grown"], before, 0),
        (before, sides["lost"], 1),
        (sides["lost"], before, 0),
    ):
        done = run_cli("diff", ours, theirs, "--fail-on", "budget")
        assert done.returncode == code, done.stdout
    said = run_cli("diff", before, sides["lost"]).stdout
    assert "worst case: 1 min → unbounded, else 40 s: the bound is lost" in said
    assert "2 'b': timeout 20 s → none; has no limit now" in said
    assert "worst case -20 s" not in said
    for row in unbounded["subtasks"]:
        row["timeout"] = 0
    none = write(tmp_path / "none.json", unbounded)
    said = run_cli("diff", none, before).stdout
    assert "worst case: unbounded → 1 min: it is bounded now" in said


def test_a_task_of_one_side_is_no_growth(run_cli: RunCli, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    write(old / "gone.json", task(id=5, name="gone"))
    write(new / "new.json", task(id=6, name="new"))
    assert run_cli("diff", old, new, "--fail-on", "budget").returncode == 0
    assert run_cli("diff", old, new, "--fail-on", "structure").returncode == 1


@pytest.mark.parametrize("form", ["text", "json", "markdown", "svg", "html"])
def test_a_task_of_one_side_may_be_empty(
    run_cli: RunCli, tmp_path: Path, form: str
) -> None:
    write(tmp_path / "old" / "a.json", task())
    write(tmp_path / "new" / "a.json", task())
    write(tmp_path / "new" / "b.json", task(subtasks=[], name="Nothing to do"))
    for sides in (("old", "new"), ("new", "old")):
        done = run_cli("diff", *(tmp_path / side for side in sides), "--format", form)
        assert (done.returncode, done.stderr) == (0, "")
        assert "Nothing to do" in done.stdout


def test_a_side_that_cannot_be_read_is_no_task_that_is_gone(
    run_cli: RunCli, before: Path, tmp_path: Path
) -> None:
    folder, empty = tmp_path / "folder", tmp_path / "empty"
    write(folder / "one.json", task())
    empty.mkdir()
    for sides in (
        (folder, empty),
        (empty, folder),
        (folder, tmp_path / "nowhere"),
        (before, folder),
        (folder, before),
    ):
        done = run_cli("diff", *sides)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr


def test_a_comment_says_what_was_not_compared(run_cli: RunCli, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for side in (old, new):
        write(side / "a.json", task())
        write(side / "b.json", task(id=2, name="second"))
    (new / "b.json").write_text("[")
    done = run_cli("diff", old, new, "--format", "markdown")
    assert done.returncode == 2
    assert "### Not compared\n\n- " in done.stdout
    assert "b.json: line 1" in done.stdout


def test_the_good_tasks_of_a_list_are_compared_beside_a_bad_one(
    run_cli: RunCli, tmp_path: Path
) -> None:
    good = [task(id=1), task(id=2, name="second"), task(id=3, name="third")]
    bad = [
        slower() | {"id": 1},
        {**task(id=2, name="second"), "name": 5},
        task(id=4, name="second"),
    ]
    before = write(tmp_path / "before.json", good)
    after = write(tmp_path / "after.json", bad)
    for sides in ((before, after), (after, before)):
        done = run_cli("diff", *sides, "--format", "json")
        assert done.returncode == 2
        assert "name must be a text" in done.stderr
        found = json.loads(done.stdout)
        assert [(row["name"], row["status"]) for row in found["tasks"]] == [
            ("chain", "changed")
        ]
        assert len(found["errors"]) == 1
    done = run_cli("diff", after, after)
    assert done.returncode == 2
    assert done.stdout == "No change: chain and second\n"


def test_a_definition_is_followed_where_it_was_moved(
    run_cli: RunCli, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    write(old / "x.json", task())
    write(new / "deep" / "y.json", slower())
    done = run_cli("diff", old, new, "--fail-on", "budget")
    assert done.returncode == 1
    assert done.stdout.startswith("x.json → deep/y.json: chain\n  worst case: 1 min →")


def test_every_line_of_json_lines_is_compared(run_cli: RunCli, tmp_path: Path) -> None:
    sides = []
    for side, name in (("before", "first"), ("after", "renamed")):
        rows = task(id=1, name=name), task(id=2, name="second")
        sides.append(tmp_path / f"{side}.jsonl")
        sides[-1].write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = run_cli("diff", *sides)
    assert done.stdout == ("renamed\n  task: named 'first' before\n\nNo change: second\n")
