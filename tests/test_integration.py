"""What other systems read: the hook, the action, the workflow, the snippet for GitLab."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow


def validate(schema: str, path: Path) -> None:
    """Check a file against a schema that check-jsonschema brings along."""
    program = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    done = subprocess.run(
        [*program, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_is_valid(root: Path) -> None:
    validate("vendor.github-workflows", root / ".github" / "workflows" / "gate.yml")


def test_the_action_is_valid(root: Path) -> None:
    validate("vendor.github-actions", root / "action.yml")


def test_the_snippet_for_gitlab_is_valid(root: Path, tmp_path: Path) -> None:
    text = (root / "README.md").read_text("utf-8")
    (snippet,) = re.findall(
        r"^```yaml\n# \.gitlab-ci\.yml\n(.*?)^```", text, re.DOTALL | re.MULTILINE
    )
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(snippet)
    validate("vendor.gitlab-ci", path)


def test_the_workflow_runs_the_command_of_the_readme(root: Path) -> None:
    workflow = yaml.safe_load((root / ".github/workflows/gate.yml").read_text("utf-8"))
    runs = [step.get("run") for step in workflow["jobs"]["gate"]["steps"]]
    command = re.findall(
        r"^```sh\n(.*?)^```", (root / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert command[1].strip() in runs


def test_the_hook_is_valid_and_chooses_definitions(root: Path) -> None:
    path = root / ".pre-commit-hooks.yaml"
    program = [sys.executable, "-m", "pre_commit", "validate-manifest", str(path)]
    subprocess.run(program, check=True, capture_output=True)
    (hook,) = yaml.safe_load(path.read_text("utf-8"))
    assert hook["entry"] == "taskgraph check"
    for name, chosen in (
        ("ci/stop.task.yaml", True),
        ("stop.taskdef.json", True),
        ("response.json", False),
        ("task.json", False),
    ):
        assert bool(re.search(hook["files"], name)) is chosen, name


def test_the_action_checks_what_it_is_told(root: Path, tmp_path: Path) -> None:
    (_, step) = yaml.safe_load((root / "action.yml").read_text("utf-8"))["runs"]["steps"]
    bin_folder = tmp_path / "taskgraph" / "bin"
    bin_folder.mkdir(parents=True)
    command = bin_folder / "taskgraph"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m taskgraph "$@"\n')
    command.chmod(0o755)
    sarif = tmp_path / "out.sarif"

    def run(paths: str, fail_on: str) -> subprocess.CompletedProcess[str]:
        values = {"RUNNER_TEMP": str(tmp_path), "PYTHONPATH": str(root), "PATHS": paths}
        values |= {"FAIL_ON": fail_on, "ARGUMENTS": "--isolated", "SARIF_FILE": str(sarif)}
        return subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=root,
            env={**os.environ, **values},
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("samples/obproxy_stop.json", "warning").returncode == 0
    broken = run("samples/obproxy_stop.json samples/rules/TG101.json", "error")
    assert broken.returncode == 1
    assert "file=samples/rules/TG101.json,line=" in broken.stdout
    assert sarif.stat().st_size
