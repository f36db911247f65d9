"""The gate and the settings of the tests do what they promise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gate


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program to run as a step: speaks, and ends with the code that it is given."""
    path = tmp_path / "program"
    path.write_text('#!/bin/sh\necho "it says $1"\necho "it errs" >&2\nexit "$1"\n')
    path.chmod(0o755)
    monkeypatch.setattr(gate, "SCRIPTS", tmp_path)
    return path


def test_a_step_that_passes_takes_one_line(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate.run(gate.Step("name", (program.name, "0")))
    (line,) = capsys.readouterr().out.splitlines()
    assert line.split()[:2] == ["ok", "name"]


def test_a_step_keeps_what_it_compiles(program: Path) -> None:
    program.write_text('#!/bin/sh\nexit "${PYTHONDONTWRITEBYTECODE:-0}"\n')
    forbidden = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    code = f"import gate; exit(not gate.run(gate.Step('', ({str(program)!r},))))"
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=gate.ROOT, env=forbidden, check=True)


def test_a_step_that_fails_shows_all_that_it_said(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not gate.run(gate.Step("name", (program.name, "3")))
    line, *said = capsys.readouterr().out.splitlines()
    assert line.split()[:2] == ["FAIL", "name"]
    assert said == ["it says 3", "it errs"]


@pytest.mark.parametrize(("codes", "verdict"), [("00", 0), ("010", 1)])
def test_every_step_runs_and_one_failure_is_enough(
    codes: str,
    verdict: int,
    program: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = [gate.Step(f"step{n}", (program.name, code)) for n, code in enumerate(codes)]
    monkeypatch.setattr(gate, "FAST", steps)
    monkeypatch.setattr(sys, "argv", ["gate.py", "--fast"])
    assert gate.main() == verdict
    out = capsys.readouterr().out
    assert all(step.name in out for step in steps)
    assert ("failed: step1" in out) == bool(verdict)


@pytest.mark.slow
@pytest.mark.parametrize(("no_skip", "code"), [("", 0), ("1", 1)])
@pytest.mark.parametrize(
    "skipping",
    [
        "import pytest\ndef test_it():\n    pytest.skip('why')",
        "import pytest\npytest.importorskip('no_such_module', reason='why')",
    ],
    ids=["test", "module"],
)
def test_a_skip_fails_where_none_is_allowed(
    root: Path, tmp_path: Path, skipping: str, no_skip: str, code: int
) -> None:
    (tmp_path / "conftest.py").write_bytes((root / "tests" / "conftest.py").read_bytes())
    (tmp_path / "test_it.py").write_text(skipping)
    (tmp_path / "test_other.py").write_text("def test_other():\n    pass")
    (tmp_path / "pytest.ini").touch()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        env=os.environ | {"TASKGRAPH_NO_SKIP": no_skip},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode > 0) == bool(code), done.stdout
    assert ("forbids to skip" in done.stdout) == bool(code)
    if code:
        assert "why" in done.stdout
