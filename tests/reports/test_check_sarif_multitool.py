"""SARIF, judged by the format's own tool (npm: @microsoft/sarif-multitool)."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from taskgraph.api import check_files
from taskgraph.checks.result import CheckResult
from tests.reports.runs import check_renderer, finding

pytestmark = pytest.mark.slow

_PROGRAM = "@microsoft/sarif-multitool-linux/Sarif.Multitool"


@pytest.fixture(scope="module")
def multitool() -> Path:
    folder = os.environ.get("TASKGRAPH_NODE_MODULES")
    program = Path(folder or "", _PROGRAM)
    if folder is None or not program.is_file():
        pytest.skip("TASKGRAPH_NODE_MODULES names no folder with the SARIF multitool")
    return program


def test_the_multitool_finds_no_error(
    multitool: Path, samples: Path, tmp_path: Path
) -> None:
    run = check_files([str(samples / "rules")]).run
    braces = finding(message="'a{0}b' waits", hint="see {1} and }{", file="a.json")
    run = replace(run, results=(*run.results, CheckResult("a.json", 7, "d", (braces,))))
    written, verdict = tmp_path / "out.sarif", tmp_path / "verdict.sarif"
    written.write_text(check_renderer("sarif")(run), "utf-8")
    subprocess.run(
        [multitool, "validate", written, "--rule-kind", "Sarif;Ghas", "--output", verdict],
        # The program needs no library for languages.
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        check=True,
    )
    (judged,) = json.loads(verdict.read_text("utf-8-sig"))["runs"]
    rules = judged["tool"]["driver"].get("rules", [])
    defaults = {
        rule["id"]: rule.get("defaultConfiguration", {}).get("level", "warning")
        for rule in rules
    }
    errors = [
        result
        for result in judged.get("results", [])
        if result.get("level", defaults.get(result["ruleId"])) == "error"
    ]
    assert not errors
    assert len(run.results) > 30
