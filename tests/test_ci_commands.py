"""No line of any output is a command to the log of a CI service.

Commands and forms are taken from the command line itself: a new one joins here by itself.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from taskgraph.cli.main import cli
from tests.privacy.documents import DOCUMENTS
from tests.test_secrets_in_outputs import ALL, FRESH, Output, arguments, large, sound_run

pytestmark = pytest.mark.uncovered

HOSTILE = (
    "::error::a", " ::set-env name=a::b", "##[error]a", "##vso[task.complete]a",
    "a\n::error::b", "a\r::error::b", "a\u2028::error::b", "a\n##[error]b",
    "a b\t::error::c", "name ending in :", ":", "# #[error]",
    "long " * 30 + "::error::e " * 30,
)  # fmt: skip
COMMAND = re.compile(r"(?:^|[\n\r])[^\S\n\r]*(?:::|##\[|##vso)[^\n\r]*")
OURS = re.compile(
    r"::(?:error|warning|notice) "
    r"title=(?:TG\d{3} |(?:unreadable|partly-read|misconfigured),)"
)


def commands_in(text: str) -> list[str]:
    found = [match[0].strip() for match in COMMAND.finditer(text)]
    return [each for each in found if not OURS.match(each)]


def told(output: Output, files: tuple[Path, Path], runs: Path | None = None) -> str:
    done = CliRunner().invoke(cli, [*output.command, *arguments(output, files, runs)])
    assert done.exit_code in (0, 1, 2), done.output
    return done.output


@pytest.mark.slow
@pytest.mark.parametrize("file", DOCUMENTS)
def test_no_line_is_a_command(file: str, tmp_path: Path) -> None:
    files = large(tmp_path, file, HOSTILE)
    for output in FRESH:
        assert not commands_in(told(output, files)), output


@pytest.mark.slow
def test_no_line_of_a_history_is_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    runs = []
    for number in range(20):
        run = sound_run(number)
        run["data"]["name"] = HOSTILE[number % 2]
        for place, step in enumerate(run["data"]["subtasks"]):
            step["name"], step["executor"] = HOSTILE[place::5][:2]
        runs.append(json.dumps(run))
    Path("::runs.jsonl").write_text("\n".join([*runs, "{", "::error::"]), "utf-8")
    given = ["history", "collect", "::runs.jsonl", "-o", "store", "-j", "1"]
    assert not commands_in(CliRunner().invoke(cli, given).output)
    files = large(tmp_path, "ocp.json", HOSTILE)
    for output in ALL:
        if output.command[0] == "history" and output.command[1] != "collect":
            assert not commands_in(told(output, files, Path("store"))), output


@pytest.mark.parametrize("file", ["::error::a.json", "##[error]b.json", " ::c.yaml"])
def test_no_line_about_a_file_is_a_command(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = ["{", '{"subtasks": [{"id": "::e::"}]}', "::error::z", "kind: ::d\n::e: ["]
    for content in (*refused, '{"kind": "::error::", "subtasks": [{"::a::": 1}]}'):
        Path(file).write_text(content, "utf-8")
        for output in FRESH:
            assert not commands_in(told(output, (Path(file), Path("::missing")))), output
