"""Whatever is written as JSON is what the published schema of it says, and no more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from taskgraph.checks.baseline import parse_baseline
from taskgraph.cli.main import cli
from taskgraph.cli.schema import published
from taskgraph.errors import ConfigError
from taskgraph.model.task import Task
from taskgraph.reports.check_json import CHECK, CHECK_LINE
from taskgraph.reports.json import document
from taskgraph.reports.task_contract import REPORTS
from tests.diagrams.tasks import tasks
from tests.effort import examples
from tests.sources.strategies import ENVELOPES, OCP_TASKS, ocp_envelope, ocp_task

SCHEMAS = published()
# What is read, whose other keys are left alone.
OPEN = frozenset({"baseline", "definition", "obshell", "ocp"})
CONFIG = """
fail-on = "warning"
concurrency = 2
overhead = 5
assume-timeout = "1h"
ignore = ["TG401"]
[severity]
TG105 = "error"
[thresholds]
near-timeout = 0.5
[budgets]
"*" = "2h"
[attempts]
"*" = 3
[[suppress]]
rule = "TG3"
task = "*"
[per-path-ignores]
"legacy/*.json" = ["all"]
"""


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(SCHEMAS[name].make())


def run(*arguments: str | Path, given: bytes | None = None) -> str:
    done = CliRunner().invoke(cli, list(map(str, arguments)), input=given)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in (0, 1, 2), done.output
    return done.stdout


def documents(text: str) -> Iterator[Any]:
    """Parse documents that stand one after the other."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        place += len(text[place:]) - len(text[place:].lstrip())
        yield value


def hold(name: str, text: str) -> list[Any]:
    """Hold every document of an output against a schema."""
    parsed = list(documents(text))
    assert parsed
    for value in parsed:
        validator(name).validate(value)
    return parsed


def told(command: tuple[str, ...], paths: Iterable[Path]) -> str:
    """Run a command on all files at once, or on each where its form holds one task."""
    if command[0] != "render":
        return run(*command, *paths)
    files = (
        file
        for path in paths
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.is_file()
    )
    texts = []
    for file in files:
        with suppress(ConfigError):  # it holds several
            texts.append(run(*command, file))
    return "".join(texts)


FORMS = {
    "show": ("show", "--format", "json"),
    "check": ("check", "--format", "json"),
    "check-jsonl": ("check", "--format", "jsonl"),
    "critical-path": ("critical-path", "--format", "json"),
    "budget": ("budget", "--format", "json"),
    "explain": ("explain", "--format", "json"),
    "node-link": ("render", "--format", "json"),
}
"""The outputs that tell of any number of documents, by the name of their schema."""

MORE = [
    ("critical-path", (*FORMS["critical-path"], "--by", "actual")),
    ("critical-path", (*FORMS["critical-path"], "--by", "remaining", "--within", "600")),
    ("critical-path", (*FORMS["critical-path"], "--within-window", "1h")),
    ("critical-path", (*FORMS["critical-path"], "--as-of", "2030-01-01T00:00:00Z")),
    ("budget", (*FORMS["budget"], "--attempts", "3", "--concurrency", "1")),
    ("budget", (*FORMS["budget"], "--assume-timeout", "1h", "--concurrency", "0")),
    ("explain", (*FORMS["explain"], "--as-of", "2030-01-01T00:00:00Z")),
    ("check", (*FORMS["check"], "--max-findings", "3")),
]


@pytest.fixture(scope="module")
def everything(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All samples, and documents that cannot be read."""
    broken = tmp_path_factory.mktemp("broken")
    (broken / "empty.json").write_text("")
    (broken / "wrong.json").write_text('{"data": {"id": 1, "subtasks": [{"id": []}, 7]}}')
    files = (path for path in samples.rglob("*") if path.suffix != ".expected")
    return [*sorted(path for path in files if path.is_file()), broken, broken / "no.json"]


# --- the schemas -------------------------------------------------------------------


def test_every_json_form_of_every_command_has_a_schema() -> None:
    special = {("render", "json"): "node-link", ("check", "jsonl"): "check-jsonl"}
    names = set()
    for command, module in cli.to_info_dict(click.Context(cli))["commands"].items():
        for param in module["params"]:
            if param["name"] == "form":
                forms = set(param["type"]["choices"]) & {"json", "jsonl"}
                names |= {special.get((command, form), command) for form in forms}
    assert names <= set(SCHEMAS)
    assert names == {*FORMS, "config", "diff"}


@pytest.mark.uncovered
@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_valid_and_printed_by_its_name(name: str) -> None:
    schema = json.loads(run("schema", name))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == SCHEMAS[name].make()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]


def test_schemas_are_listed_with_what_they_are_of() -> None:
    lines = run("schema").splitlines()
    assert [line.split()[0] for line in lines] == list(SCHEMAS)
    assert all(
        line.split(maxsplit=1)[1] == SCHEMAS[line.split()[0]].summary for line in lines
    )


def test_an_unknown_schema_is_refused() -> None:
    with pytest.raises(ConfigError, match="no schema checks: choose from"):
        run("schema", "checks")


def objects(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Give every schema of an object with declared keys."""
    if isinstance(schema, list):
        for item in schema:
            yield from objects(item)
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for item in schema.values():
            yield from objects(item)


@pytest.mark.parametrize("name", sorted(SCHEMAS.keys() - OPEN))
def test_schemas_of_what_is_written_know_every_key(name: str) -> None:
    declared = list(objects(SCHEMAS[name].make()))
    assert declared
    for schema in declared:
        assert schema["additionalProperties"] is False, schema


# --- what is written ---------------------------------------------------------------


@pytest.mark.uncovered
@pytest.mark.parametrize("name", FORMS)
def test_every_output_on_every_sample_is_as_declared(
    everything: list[Path], name: str
) -> None:
    hold(name, told(FORMS[name], everything))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "command"), MORE, ids=str)
def test_what_options_add_is_as_declared(
    everything: list[Path], name: str, command: tuple[str, ...]
) -> None:
    hold(name, run(*command, *everything))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "command"), [*FORMS.items(), *MORE], ids=str)
def test_what_is_redacted_is_as_declared(
    everything: list[Path], name: str, command: tuple[str, ...]
) -> None:
    hold(name, told((*command, "--redact"), everything))


@pytest.mark.uncovered
@pytest.mark.parametrize("name", FORMS)
def test_every_output_on_real_documents_is_as_declared(corpus: Path, name: str) -> None:
    hold(name, told(FORMS[name], [corpus]))


@pytest.mark.uncovered
def test_unreadable_and_unsound_documents_are_among_them(everything: list[Path]) -> None:
    (budget,) = documents(run(*FORMS["budget"], *everything))
    assert len(budget["errors"]) > 5
    (check,) = documents(run(*FORMS["check"], *everything))
    assert len(check["unreadable"]) > 5
    assert any(len(row["problems"]) > 1 for row in check["unreadable"])
    assert any(
        row["flaws"] for row in json.loads(run(*FORMS["show"], *everything))["tasks"]
    )


@pytest.mark.slow
def test_a_configuration_and_a_baseline_change_no_form(
    everything: list[Path], tmp_path: Path
) -> None:
    config, baseline = tmp_path / "taskgraph.toml", tmp_path / "accepted.json"
    config.write_text(CONFIG)
    for name in ("show", "check", "check-jsonl", "budget", "explain"):
        hold(name, run(*FORMS[name], *everything, "--config", config))
    run("check", *everything, "--write-baseline", baseline)
    (content,) = hold("baseline", baseline.read_text())
    by_hand = {"fingerprint": "0" * 32, "note": "by hand"}
    gone = by_hand | {"code": "TG002", "task": "Stop obproxy"}
    content["findings"] += [by_hand, gone]
    validator("baseline").validate(content)
    baseline.write_text(json.dumps(content))
    (run_,) = hold("check", run(*FORMS["check"], *everything, "--baseline", baseline))
    assert run_["summary"]["suppressed"] > 50
    assert run_["stale_baseline"] == []  # some documents cannot be read
    sound = [path for path in everything if path.name == "obproxy_stop.json"]
    (run_,) = hold("check", run(*FORMS["check"], *sound, "--baseline", baseline))
    assert [entry["code"] for entry in run_["stale_baseline"]] == ["TG002"]


def test_the_configuration_in_force_is_as_declared(tmp_path: Path) -> None:
    (tmp_path / "taskgraph.toml").write_text(CONFIG)
    hold("config", run("config", tmp_path, "--format", "json"))
    hold("config", run("config", tmp_path, "--isolated", "--format", "json"))


def test_what_if_is_as_declared(samples: Path) -> None:
    changes = ("--set", "13175721=10m", "--skip", "13175719", "--drop-edge")
    path = samples / "obproxy_stop.json"
    command = (*FORMS["critical-path"], path, *changes, "13175720:13175728")
    (content,) = hold("critical-path", run(*command))
    assert list(content["tasks"][0])[-2:] == ["before", "subtasks"]


def test_changes_are_as_declared(samples: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for path in sorted((samples / "rules").glob("*.ok.json")):
        name = path.name.replace(".ok", "")
        for folder, source in ((before, path), (after, path.with_name(name))):
            folder.mkdir(exist_ok=True)
            shutil.copy(source, folder / name)
    shutil.copy(samples / "half_rolled_back.json", before)
    shutil.copy(samples / "three_hosts_failed.json", after)
    shutil.copy(samples / "obproxy_stop.json", before / "same.json")
    shutil.copy(samples / "obproxy_stop.json", after / "same.json")
    (after / "TG101.json").write_text("{")
    for more in ((), ("--redact",)):
        (content,) = hold("diff", run("diff", before, after, "--format", "json", *more))
        assert content["errors"]
        statuses = {pair["status"] for pair in content["tasks"]}
        assert statuses == {"added", "changed", "removed", "same"}


@pytest.mark.parametrize("name", FORMS)
@examples(15)
@given(
    task=st.one_of(OCP_TASKS, tasks(), tasks(faulty=True)),
    envelope=ENVELOPES.map(ocp_envelope),
)
def test_outputs_on_any_document_are_as_declared(
    name: str, task: Task, envelope: dict[str, Any]
) -> None:
    given = json.dumps({"data": ocp_task(task), **envelope}).encode()
    text = run(*FORMS[name], "-", given=given)
    if text:  # a refused document has no graph
        hold(name, text)


@examples(25)
@given(before=tasks(), after=tasks(faulty=True))
def test_changes_between_any_two_documents_are_as_declared(
    tmp_path_factory: pytest.TempPathFactory, before: Task, after: Task
) -> None:
    folder = tmp_path_factory.mktemp("pair")
    for name, task in (("a.json", before), ("b.json", after)):
        (folder / name).write_text(json.dumps({"data": ocp_task(task)}))
    text = run("diff", folder / "a.json", folder / "b.json", "--format", "json")
    if text:
        hold("diff", text)


# --- what is not as declared -------------------------------------------------------


def test_what_is_not_declared_is_not_written(samples: Path) -> None:
    path = samples / "obproxy_stop.json"
    for name, declared in (*REPORTS.items(), ("check", CHECK), ("check-jsonl", CHECK_LINE)):
        if name == "diff":
            content = json.loads(run("diff", path, path, "--format", "json"))
        else:
            content = next(documents(run(*FORMS[name], path)))
        assert declared.checked(content) == content
        for key in content:
            rest = {other: value for other, value in content.items() if other != key}
            with pytest.raises(ValidationError):
                declared.checked(rest)
        with pytest.raises(ValidationError):
            declared.checked(content | {"more": 1})
    with pytest.raises(ValidationError, match="more"):
        document("show", [{"more": 1}], [])


def test_everything_wrong_with_a_baseline_is_told_at_once() -> None:
    row = {"fingerprint": "0", "code": 1, "task": 2, "subtasks": [None]}
    rows = [row, 7, {"code": "TG101"}, {"fingerprint": None}]
    content = {"format": "taskgraph/baseline", "version": 1, "findings": rows}
    with pytest.raises(ConfigError) as told:
        parse_baseline(json.dumps(content), "b.json")
    heads = [line.partition(" at ")[0] for line in str(told.value).split("\n")]
    assert heads == [
        "b.json: 6 problems:",
        "  /findings/0/code",
        "  /findings/0/task",
        "  /findings/0/subtasks/0",
        "  /findings/1",
        "  /findings/2/fingerprint",
        "  /findings/3/fingerprint",
        "  hint: --write-baseline writes one",
    ]
    content["findings"] = [7] * 1000
    with pytest.raises(ConfigError, match=r"1,000 problems:(.|\n)*… and 980 more"):
        parse_baseline(json.dumps(content), "b.json")
