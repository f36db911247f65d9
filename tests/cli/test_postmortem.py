"""The commands that tell of a task: explain, show and report, as processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunCli

FAILED = "samples/three_hosts_failed.json"


def test_explain_in_three_forms(run_cli: RunCli) -> None:
    text = run_cli("explain", FAILED)
    assert text.stdout.startswith("Task 9100 'Replace binaries on three hosts' failed")
    markdown = run_cli("explain", FAILED, "--format", "markdown")
    assert markdown.stdout.startswith("## Replace binaries on three hosts")
    found = json.loads(run_cli("explain", FAILED, "--format", "json").stdout)
    assert found["format"] == "taskgraph/explain"
    assert found["tasks"][0]["brief"][0]["sentences"][0]["values"]["subtasks"] == [108]


def test_a_moment_and_a_configuration_are_honoured(
    run_cli: RunCli, root: Path, tmp_path: Path
) -> None:
    at = "2025-03-04T11:00:00+08:00"
    said = run_cli("explain", FAILED, "--as-of", at).stdout
    assert "This is how it stood at 11:00:00" in " ".join(said.split())
    config = tmp_path / "taskgraph.toml"
    config.write_text("attempts = 2\n")
    done = run_cli("show", root / FAILED, "--config", config)
    assert done.returncode == 0, done.stderr
    assert "2 h 12 min" in done.stdout


@pytest.mark.parametrize(
    ("name", "begin"), [("a.html", "<!doctype html>"), ("a.md", "# Replace binaries")]
)
def test_the_ending_of_the_file_chooses_the_form(
    run_cli: RunCli, tmp_path: Path, name: str, begin: str
) -> None:
    path = tmp_path / name
    done = run_cli("report", FAILED, "-o", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert path.read_text("utf-8").startswith(begin)


def test_what_cannot_be_read_is_told_and_hides_nothing(
    run_cli: RunCli, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    done = run_cli("report", FAILED, "no_such.json", "-o", path)
    assert done.returncode == 2
    assert "no_such.json" in done.stderr
    text = path.read_text("utf-8")
    assert "no_such.json: does not exist" in text
    assert "Replace binaries on three hosts" in text
    path.unlink()
    assert run_cli("report", "no_such.json", "-o", path).returncode == 2
    assert not path.exists()


def test_a_report_collapses_what_is_asked_and_shows_one_view_first(
    run_cli: RunCli,
) -> None:
    def page(*options: str) -> str:
        return run_cli("report", FAILED, *options).stdout

    usual, other = page(), page("--view", "timeline", "--collapse", "parallel")
    assert usual.index(">Diagram</h2>") < usual.index(">Timeline</h2>")
    assert other.index(">Timeline</h2>") < other.index(">Diagram</h2>")
    assert "boxes stand for" not in usual
    assert "boxes stand for" in other
    text = page("--format", "markdown", "--collapse", "parallel")
    assert text.count("Stop host") < page("--format", "markdown").count("Stop host")


def test_what_is_wrong_with_a_definition_is_told_redacted(
    run_cli: RunCli, tmp_path: Path
) -> None:
    path = tmp_path / "a.task.yaml"
    path.write_text("name: x\nsubtasks: [{name: Stop 10.1.2.3, timeout: soon}]\n")
    done = run_cli("report", path, "--redact")
    assert done.returncode == 2
    assert "TG001" in done.stderr
    assert "10.1.2.3" not in done.stderr


def test_several_documents_are_redacted_together(run_cli: RunCli, tmp_path: Path) -> None:
    rows = {"a.json": ["10.1.1.2", "10.1.1.1"], "b.json": ["10.1.1.2"]}
    for name, hosts in rows.items():
        subtasks = [
            {"id": place, "name": "stop", "status": "SUCCESSFUL", "executor": host}
            for place, host in enumerate(hosts)
        ]
        task = {"id": len(hosts), "name": name, "status": "SUCCESSFUL"}
        (tmp_path / name).write_text(json.dumps({"data": task | {"subtasks": subtasks}}))
    text = run_cli("report", tmp_path, "--redact").stdout
    assert '"executor":"host-2"' in text.partition("b.json as it was read")[2]
    assert "10.1.1" not in text
