"""What other systems read: the hook, the action, the workflow, the snippet for GitLab."""

from __future__ import annotations

import json
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
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(snippet(root, r"\.gitlab-ci\.yml"))
    validate("vendor.gitlab-ci", path)


def snippet(root: Path, name: str) -> str:
    """Give a file of the README."""
    text = (root / "README.md").read_text("utf-8")
    (found,) = re.findall(rf"^```yaml\n# {name}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return str(found)


def command_in(folder: Path) -> Path:
    """Put the command into a folder, as an installation would."""
    folder.mkdir(parents=True)
    command = folder / "taskgraph"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m taskgraph "$@"\n')
    command.chmod(0o755)
    return folder


def test_the_hook_of_the_readme_works_as_pasted(root: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    config = repository / ".pre-commit-config.yaml"
    config.write_text(snippet(root, r"\.pre-commit-config\.yaml"))
    definition = repository / "stop.task.yaml"
    definition.write_text("name: Stop\nsubtasks:\n  - {name: a, timeout: 5m}\n")
    (repository / "other.json").write_text("{}")
    path = f"{command_in(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(root)}
    environment["PRE_COMMIT_HOME"] = str(tmp_path / "home")

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=repository,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("git", "init", "-q").returncode == 0
    hook = (sys.executable, "-m", "pre_commit", "run", "--all-files")
    run("git", "add", ".")
    done = run(*hook)
    assert done.returncode == 0, done.stdout + done.stderr
    definition.write_text("name: Stop\nsubtasks:\n  - {name: a, upstreams: [b]}\n")
    run("git", "add", ".")
    done = run(*hook)
    assert done.returncode == 1
    assert "TG102" in done.stdout


def test_the_hook_of_the_readme_is_the_one_of_the_repository(root: Path) -> None:
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text("utf-8"))
    content = yaml.safe_load(snippet(root, r"\.pre-commit-config\.yaml"))
    (pasted,) = content["repos"][0]["hooks"]
    for key in ("id", "name", "entry", "files", "require_serial"):
        assert pasted[key] == hook[key], key


def test_the_include_for_gitlab_checks_what_it_is_told(root: Path, tmp_path: Path) -> None:
    head, _, text = (root / "gitlab.yml").read_text("utf-8").partition("\n---\n")
    known = yaml.safe_load(head)["spec"]["inputs"]
    assert [name for name in known if "default" not in known[name]] == ["package"]
    values = {name: known[name].get("default", "./x.whl") for name in known}
    values["paths"] = f"{root}/samples/rules/TG101.json"
    for name, value in values.items():
        text = text.replace(f"$[[ inputs.{name} ]]", value)
    assert "$[[" not in text
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(text)
    validate("vendor.gitlab-ci", path)
    command_in(tmp_path / ".taskgraph" / "bin")
    *_, script = yaml.safe_load(text)["task definitions"]["script"]
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "TG101" in done.stdout
    assert json.loads((tmp_path / "quality.json").read_text())


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
    command_in(tmp_path / "taskgraph" / "bin")
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
