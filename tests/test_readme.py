"""The README does what it says: commands, console sessions, Python, the picture."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest

from taskgraph.api import load, render
from taskgraph.checks.registry import make_rule_set
from taskgraph.config import read_config
from taskgraph.diagrams.options import DiagramOptions
from tests.conftest import RunCli


def blocks(root: Path, language: str) -> list[str]:
    """Give the code blocks of the README in one language."""
    text = (root / "README.md").read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_first_command_shows_the_task_and_draws_it(
    root: Path, run_cli: RunCli, tmp_path: Path
) -> None:
    line = blocks(root, "sh")[0].strip()
    assert "\n" not in line
    setup, install, *steps = line.split(" && ")
    assert setup == "python3 -m venv .venv"
    assert install == ".venv/bin/pip install -q ."
    shutil.copytree(root / "samples", tmp_path / "samples")
    for step in steps:
        program, *arguments = shlex.split(step)
        assert program == ".venv/bin/taskgraph"
        assert run_cli(*arguments, cwd=tmp_path).returncode == 0
    assert (tmp_path / "obproxy_stop.svg").read_text("utf-8").startswith("<svg")


def sessions(root: Path) -> list[tuple[str, str]]:
    """Give each command of the console sessions with what it prints."""
    found = []
    for block in blocks(root, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def test_console_sessions_print_what_they_show(root: Path, run_cli: RunCli) -> None:
    assert sessions(root)
    checker = doctest.OutputChecker()
    for command, output in sessions(root):
        program, *arguments = shlex.split(command)
        assert program == "taskgraph"
        done = run_cli(*arguments)
        assert done.returncode == 0, command
        assert checker.check_output(output, done.stdout, doctest.ELLIPSIS), done.stdout


def test_the_python_runs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    said = io.StringIO()
    for block in blocks(root, "python"):
        with contextlib.redirect_stdout(said):
            exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - our own text
    assert "Stop obproxy 11 subtasks, 10 edges" in said.getvalue()
    assert "8010 s at worst" in said.getvalue()


def test_the_configuration_is_one(root: Path, tmp_path: Path) -> None:
    (text,) = blocks(root, "toml")
    path = tmp_path / "taskgraph.toml"
    path.write_text(text, "utf-8")
    settings = read_config(path).settings
    assert settings.fail_on == "warning"
    assert make_rule_set(settings).rules


def test_the_pictures_are_what_the_tool_draws(root: Path) -> None:
    loaded = load(root / "samples" / "three_hosts_failed.json")
    how = "render samples/three_hosts_failed.json again, and with --view timeline"
    for name, options in (
        ("three_hosts_failed.svg", DiagramOptions()),
        ("three_hosts_timeline.svg", DiagramOptions(view="timeline")),
    ):
        assert render(loaded, "svg", options) == (root / "docs" / name).read_text(
            "utf-8"
        ), how


def test_every_file_that_is_named_exists(root: Path) -> None:
    text = (root / "README.md").read_text("utf-8")
    named = re.findall(r"\]\(([^):]+)\)", text)
    named += re.findall(r"`((?:samples|docs|notebooks|benchmarks)/[\w./-]*)`", text)
    assert named
    for name in named:
        assert (root / name).exists(), name
