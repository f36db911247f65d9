"""No output of any command shows a secret, and with --redact no host or person either.

Commands and forms are taken from the command line itself: a new one joins here by itself.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from click.testing import CliRunner

from taskgraph.cli.main import cli
from tests.privacy.documents import DOCUMENTS
from tests.privacy.spellings import LEAK, SECRETS
from tests.privacy.test_masking import DOCUMENT, SECRET

pytestmark = pytest.mark.uncovered

# Pictures of the same scene that SVG writes, made by other programs.
_PICTURES = frozenset({"pdf", "png"})
_NO_FORMS = frozenset({"engine", "fail_on"})
# They say what taskgraph itself knows, whatever documents there are.
_WITHOUT_DOCUMENTS = frozenset({"init", "rules", "schema", "config"})
_REQUIRED = {"window": "2h"}
_REFUSING = ("diff",)  # says that a line to show holds a secret: tests/reports/test_fitting
_PRIVATE = ("jane", "10.9.8", "db-host-seven", "zone-blue")
_RUNS = 24
_TURNS = 3  # of the dialects, two in each


class Output(NamedTuple):
    """One thing that can be written of a document."""

    command: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def is_form(self) -> bool:
        return not self.options or self.options[0] == "--format"

    def __str__(self) -> str:
        return " ".join((*self.command, *self.options))


def commands(
    group: click.Group = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands())


def has_redaction(output: Output) -> bool:
    return any(param.name == "redact" for param in COMMANDS[output.command].params)


def outputs() -> Iterator[Output]:
    for path, command in COMMANDS.items():
        if path[0] in _WITHOUT_DOCUMENTS:
            continue
        yield Output(path)
        for param in command.params:
            if isinstance(param.type, click.Choice) and param.name not in _NO_FORMS:
                choices = list(map(str, param.type.choices))
                default = param.default if param.default in choices else choices[0]
                for choice in choices:
                    if choice not in (default, *_PICTURES, *_REFUSING):
                        yield Output(path, (max(param.opts, key=len), choice))


ALL = list(outputs())
FRESH = [output for output in ALL if output.command[0] != "history"]
FORMS = [output for output in FRESH if output.is_form]
REDACTED = [output for output in ALL if has_redaction(output)]


def document(number: int, **changes: Any) -> dict[str, Any]:
    content = copy.deepcopy(DOCUMENT)
    content["data"] |= {"id": number} | changes
    return content


def sound_run(number: int) -> dict[str, Any]:
    """Give a run that ended well, from which the document departs."""
    content = document(number, status="SUCCESSFUL")
    for step in content["data"]["subtasks"]:
        step["status"], step["runTime"] = "SUCCESSFUL", 1
        step["startTime"] = "2024-06-03T09:00:00Z"
        step["finishTime"] = f"2024-06-03T09:00:0{number % 3 + 1}Z"
    content["data"] |= {key: step[key] for key in ("startTime", "finishTime")}
    return content


def write(path: Path, *contents: dict[str, Any]) -> Path:
    path.write_text("\n".join(map(json.dumps, contents)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collect runs of the task, and what cannot be read."""
    pytest.importorskip("duckdb")
    folder = tmp_path_factory.mktemp("history")
    error = {key: value for key, value in DOCUMENT.items() if key != "data"}
    many = [sound_run(number) for number in range(10, 10 + _RUNS)]
    path = write(folder / "many.jsonl", *many, error)
    done = CliRunner().invoke(
        cli, ["history", "collect", str(path), "-o", str(folder / "runs"), "-j", "1"]
    )
    assert done.exit_code == 2, done.output  # the error response
    assert SECRET not in done.output
    return folder / "runs"


def small(tmp_path: Path) -> tuple[Path, Path]:
    """Write the document, and what it was before."""
    path = write(tmp_path / "saved.json", document(1))
    return path, write(tmp_path / "before.json", document(1, name=f"Was token={SECRET}"))


def large(tmp_path: Path, file: str, secrets: Sequence[str]) -> tuple[Path, Path]:
    """Write a document with secrets in every field, and another with others."""
    path, other = tmp_path / file, tmp_path / f"before.{file}"
    path.write_text(text_of(file, tuple(secrets)), "utf-8")
    other.write_text(text_of(file, tuple(secrets[::-1])), "utf-8")
    return path, other


@cache
def text_of(file: str, secrets: tuple[str, ...]) -> str:
    return DOCUMENTS[file](secrets)


def arguments(output: Output, files: tuple[Path, Path], runs: Path | None) -> list[str]:
    """Give everything that a command needs, by what it asks for."""
    path, other = files
    given = list(output.options)
    for param in COMMANDS[output.command].params:
        if isinstance(param, click.Argument):
            given.append(str(other if param.name == "before" else path))
        elif param.name in ("runs", "base") and runs is not None:
            given += [param.opts[0], str(runs)]
        elif param.name == "attempts_seen" and runs is not None:
            given.append(param.opts[0])
        elif output.command == ("history", "collect") and param.name == "runs":
            given += [param.opts[0], str(path.parent / "runs")]
        elif param.required:
            given += [param.opts[0], _REQUIRED[param.name or ""]]
    return given


def written(
    output: Output, files: tuple[Path, Path], request: pytest.FixtureRequest, *more: str
) -> str:
    is_stored = output.command[0] == "history" or not output.options
    is_stored = is_stored and output.command != ("history", "collect")
    runs = request.getfixturevalue("runs") if is_stored else None
    given = [*output.command, *arguments(output, files, runs), *more]
    done = CliRunner().invoke(cli, given)
    assert done.exit_code in (0, 1), done.output
    assert done.output.strip()
    return done.output


def test_there_are_outputs() -> None:
    names = {output.command[0] for output in ALL}
    assert names == {path[0] for path in COMMANDS} - _WITHOUT_DOCUMENTS
    assert {output.command for output in ALL} >= {("diff",), ("history", "odds")}
    assert names >= {"show", "check", "critical-path", "budget", "render", "report"}


@pytest.mark.parametrize("name", sorted(_WITHOUT_DOCUMENTS))
def test_commands_without_documents_read_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where init writes
    path = tmp_path / "saved.json"
    path.write_text("{")  # who reads it must complain
    given = [name, str(path)] if name == "config" else [name]
    done = CliRunner().invoke(cli, [*given, "check"] if name == "schema" else given)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("output", ALL, ids=str)
def test_no_secret_is_shown(
    output: Output, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    assert SECRET not in written(output, small(tmp_path), request)


@pytest.mark.parametrize("output", FRESH, ids=str)
def test_no_spelling_of_a_secret_is_shown(
    output: Output, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    files = large(tmp_path, "ocp.json", SECRETS[::9])
    assert not LEAK.search(written(output, files, request))


@pytest.mark.slow
@pytest.mark.parametrize("file", DOCUMENTS)
@pytest.mark.parametrize("output", FORMS, ids=str)
def test_no_spelling_of_a_secret_is_shown_of_any_dialect(
    output: Output, file: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Every form meets every spelling, and so does every dialect."""
    turn = (FORMS.index(output) + list(DOCUMENTS).index(file)) % _TURNS
    files = large(tmp_path, file, SECRETS[turn::_TURNS])
    assert not LEAK.search(written(output, files, request))
    if has_redaction(output):
        assert not LEAK.search(written(output, files, request, "--redact"))


@pytest.mark.slow
def test_no_spelling_of_a_secret_is_stored(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    files = [str(large(tmp_path, file, SECRETS[::5])[0]) for file in DOCUMENTS]
    given = ["history", "collect", *files, "-o", str(tmp_path / "runs"), "-j", "1"]
    CliRunner().invoke(cli, given)
    tables = [str(path) for path in (tmp_path / "runs").rglob("*.parquet")]
    assert tables
    for table in tables:
        assert not LEAK.search(repr(duckdb.sql(f"select * from '{table}'").fetchall()))


def test_no_spelling_of_a_secret_is_in_a_baseline(tmp_path: Path) -> None:
    path, other = large(tmp_path, "ocp.json", SECRETS[::5])
    baseline = tmp_path / "baseline.json"
    given = ["check", str(path), str(other), "--write-baseline", str(baseline)]
    done = CliRunner().invoke(cli, given)
    assert not LEAK.search(done.output)
    assert not LEAK.search(baseline.read_text("utf-8"))


@pytest.mark.parametrize("output", REDACTED, ids=str)
def test_nothing_private_is_shown_where_it_is_redacted(
    output: Output, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    text = written(output, small(tmp_path), request, "--redact")
    assert not [word for word in (SECRET, *_PRIVATE) if word in text]


def test_no_secret_is_stored(runs: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    tables = [str(path) for path in runs.rglob("*.parquet")]
    assert tables
    for table in tables:
        assert SECRET not in repr(duckdb.sql(f"select * from '{table}'").fetchall())
    others = [path for path in runs.rglob("*") if path.suffix not in (".parquet", "")]
    assert runs / "rejects.jsonl" in others
    assert not [path for path in others if SECRET.encode() in path.read_bytes()]
