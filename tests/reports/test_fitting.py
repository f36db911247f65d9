"""Timeouts that fit a window, told: the table, and a diff that applies."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from taskgraph import history, report_history
from taskgraph.api import LoadedTask, load, load_all
from taskgraph.errors import ConfigError, RenderError
from taskgraph.settings import Settings

KIND = "kind: task-definition\n"
YAML = """\
kind: task-definition
name: nightly  # 夜间
subtasks:
  - id: 1
    name: a
    timeout: 1h   # long
  - {id: 2, name: b, upstreams: [1], timeout: "30 min"}
  - id: 3
    upstreams: [2]
    timeout: 60
    name: c
"""


def applied(folder: Path, diff: str) -> None:
    """Apply a diff as its readers do."""
    program = shutil.which("git")
    if program is None:
        pytest.skip("there is no git")
    subprocess.run([program, "apply", "-"], input=diff.encode(), cwd=folder, check=True)


def opened(folder: Path, name: str, text: str) -> LoadedTask:
    """Write a file and load it by its name alone, as from its own folder."""
    (folder / name).write_bytes(text.encode())
    return load(folder / name)


@pytest.mark.parametrize("window", [600, 4000, 5000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_diff_of_a_definition_applies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int, end: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("task.yaml").write_bytes(YAML.replace("\n", end).encode())
    loaded = load("task.yaml")
    diff = report_history(history.fit(loaded, window), "diff")
    applied(tmp_path, diff)
    again = load("task.yaml")
    assert again.budget.seconds <= window < loaded.budget.seconds
    assert Path("task.yaml").read_text("utf-8").count("# long") == 1
    assert report_history(history.fit(again, window), "diff") == ""


def test_durations_keep_their_style(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = opened(tmp_path, "task.yaml", YAML)
    added = [
        line
        for line in report_history(history.fit(load("task.yaml"), 600), "diff").splitlines()
        if line.startswith("+ ")
    ]
    assert len(added) == 2
    assert added[0] == "+    timeout: 6m   # long"
    assert '"' in added[1]
    assert loaded.budget.seconds == 5460


@pytest.mark.parametrize("name", ["obproxy_stop.json", "three_hosts_failed.json"])
def test_a_diff_of_a_response_applies(
    tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shutil.copy(samples / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    applied(tmp_path, report_history(history.fit(load(name), 3000), "diff"))
    assert load(name).budget.seconds <= 3000


def test_a_text_without_a_last_line_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    head = '{"kind": "task-definition", "name": "x", "subtasks": '
    text = head + '[{"id": 1, "name": "a", "timeout": "1h"}]}'
    opened(tmp_path, "x.json", text)
    diff = report_history(history.fit(load("x.json"), 90), "diff")
    applied(tmp_path, diff)
    assert Path("x.json").read_text() == text.replace("1h", "1m30s")


SHARED = """name: x
subtasks:
- {id: 1, name: a, timeout: &t 60}
- {id: 2, name: b, timeout: *t, upstreams: [1]}
"""
SECRET = """name: x
subtasks:
- id: 1
  name: a
  description: password=Xk29fQz81
  timeout: 60
"""
FOLDED = """name: x
subtasks:
- id: 1
  name: a
  timeout: >-
    60
"""
SECOND = """name: y
subtasks: [{id: 1, name: a, timeout: 60}]
---
kind: task-definition
name: x
subtasks: [{id: 1, name: a, timeout: 60}]
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SHARED, "cannot be changed by a diff"),
        (SECRET, "holds a secret"),
        (FOLDED, "is not written as 60 seconds where it stands"),
        (SECOND, "no file of its own"),
    ],
)
def test_what_a_diff_cannot_say_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(KIND + text)
    loaded = load_all(path)[-1]
    with pytest.raises(ConfigError, match=reason):
        report_history(history.fit(loaded, 7), "diff")


def test_the_table_says_what_is_proven_and_what_is_not(samples: Path) -> None:
    found = history.fit(load(samples / "obproxy_stop.json"), 3600)
    text = " ".join(report_history(found).split())
    assert "Worst case 2 h 13 min 30 s" in text
    assert "2 timeouts lowered; fewer are not enough" in text
    assert "healthy work may take longer" in text
    none = history.fit(load(samples / "obproxy_stop.json"), 36_000)
    assert "none are needed" in report_history(none)
    with pytest.raises(RenderError, match="timeouts that fit a window"):
        report_history((), "diff")


def test_without_a_history_the_folder_is_named(tmp_path: Path, samples: Path) -> None:
    settings = Settings(runs=str(tmp_path))
    loaded = LoadedTask(load(samples / "obproxy_stop.json").task, settings)
    with pytest.raises(ConfigError, match="holds no history"):
        history.fit(loaded, 3600)
