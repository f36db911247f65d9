"""The tables of critical path and budget: whole, in any width, whatever the order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from taskgraph.cli.main import cli

SAMPLES = ("three_hosts_failed", "obproxy_stop", "half_rolled_back", "waited_for_a_retry")
QUESTIONS: dict[str, tuple[str, ...]] = {
    "by timeout": ("critical-path",),
    "by what was measured": ("critical-path", "--by", "actual"),
    "by what is left": ("critical-path", "--by", "remaining"),
    "near": ("critical-path", "--within", "600"),
    "in too short a window": ("critical-path", "--within-window", "10m"),
    "in a long window": ("critical-path", "--within-window", "5h"),
    "budget": ("budget",),
    "with retries": ("budget", "--attempts", "3", "--grace", "12", "--overhead", "2"),
    "one at a time": ("budget", "--concurrency", "1"),
    "to fit": ("budget", "--fit", "40m"),
}
_TIME = re.compile(r"-?\d[\d.]* (?:d|h|min|s)\b(?: \d[\d.]* (?:h|min|s)\b)*")


def ask(path: Path, question: str, *more: str, width: int = 160) -> str:
    given = [*QUESTIONS[question], str(path), *more]
    done = CliRunner().invoke(cli, given, env={"COLUMNS": str(width)})
    assert done.exit_code in (0, 1), done.output
    return done.output


def turned(value: Any) -> Any:
    """Turn every list of objects round."""
    if isinstance(value, dict):
        return {key: turned(item) for key, item in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [turned(item) for item in reversed(value)]
    return value


@pytest.mark.uncovered
@pytest.mark.parametrize("width", [50, 60, 80, 100])
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_is_cut_in_any_width(
    sample: str, question: str, width: int, samples: Path
) -> None:
    path = samples / f"{sample}.json"
    wide, text = ask(path, question), ask(path, question, width=width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert not re.search(r"\d mi?\b", text)
    assert {*_TIME.findall(text)} <= {*_TIME.findall(wide)}
    ids = {str(row["id"]) for row in json.loads(path.read_bytes())["data"]["subtasks"]}
    told, shown = (ids & {*re.findall(r"\w+", each)} for each in (wide, text))
    assert told == shown or "…" in text


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_order_of_the_document_means_nothing(
    sample: str, question: str, samples: Path, tmp_path: Path
) -> None:
    path = samples / f"{sample}.json"
    other = tmp_path / path.name
    other.write_text(json.dumps(turned(json.loads(path.read_bytes()))), "utf-8")
    told = [ask(each, question).replace(str(each), "FILE") for each in (path, other)]
    assert told[0] == told[1]


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_path_of_the_table_is_that_of_the_numbers(sample: str, samples: Path) -> None:
    path = samples / f"{sample}.json"
    text = ask(path, "by timeout")
    (task,) = json.loads(ask(path, "by timeout", "--format", "json"))["tasks"]
    table = text.split("\n\n")[1].splitlines()
    named = [line.split()[0] for line in table[1:]]
    assert [name for name in named if name.isdecimal()] == [
        str(row) for row in task["critical_path"]
    ]
