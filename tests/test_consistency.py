"""One question, one answer: whoever is asked, in whatever form.

Under configurations that change every default, every command and every form is asked for
the same documents, and whatever two of them tell must be equal.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from taskgraph.api import LoadedTask, load_all
from taskgraph.cli.main import main
from taskgraph.config import read_config
from taskgraph.errors import InputError
from taskgraph.model.durations import format_duration
from taskgraph.settings import Settings, Thresholds
from tests import told
from tests.engine.engine import simulate
from tests.engine.trial import DIALECTS
from tests.told import Told

pytestmark = pytest.mark.uncovered

ROOT = Path(__file__).resolve().parents[1]
MOMENT = "2026-01-02T03:04:05+00:00"
COMMON = """
select = ["all"]
extend-select = ["TG107"]
ignore = ["TG207"]
fail-on = "warning"
grace = 7
overhead = 5
concurrency = 2
workers = 5
assume-timeout = "20m"
raise-budgets = true
attempts-seen = true
{attempts}
[severity]
TG405 = "warning"
TG2 = "info"

[thresholds]
tolerance = 2
grace = 20
event-delay = 30
watch-period = 100000
near-timeout = 0.5
dominant-timeout = 0.2
timeout-multiple = 3
no-return = 0.1

[budgets]
"*" = "1m"

[[suppress]]
rule = "TG406"
subtask = "Wait*"

[per-path-ignores]
"*.yaml" = ["TG5"]
"""
BY_NAME = COMMON.format(attempts='[attempts]\n"*" = 2\n"St*" = 3\n')
FOR_ALL = COMMON.format(attempts="attempts = 3")
UNLIMITED = FOR_ALL.replace('assume-timeout = "20m"\n', "").replace(
    "concurrency = 2", "concurrency = 0"
)


OTHER = [pytest.param(text, marks=pytest.mark.slow) for text in (FOR_ALL, UNLIMITED)]


@pytest.fixture(scope="module", params=[BY_NAME, *OTHER])
def configuration(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return _written(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def by_name(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(BY_NAME, tmp_path_factory)


def _written(text: str, folders: pytest.TempPathFactory) -> Path:
    path = folders.mktemp("configuration") / "taskgraph.toml"
    path.write_text(text, "utf-8")
    return path


class Answer(NamedTuple):
    """What a command ended with and wrote."""

    code: object
    output: str
    errors: str


def ask(*arguments: str | Path) -> Answer:
    """Run the command line in this process."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2)]
    thresholds = gc.get_threshold()
    with (
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
        pytest.raises(SystemExit) as ended,
    ):
        main(list(map(str, arguments)))
    gc.set_threshold(*thresholds)
    texts = []
    for stream in streams:
        stream.seek(0)
        texts.append(stream.read())
    assert ended.value.code in {0, 1, 2}, texts[1]
    return Answer(ended.value.code, *texts)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no text be broken or shortened for the width of a terminal."""
    monkeypatch.setenv("COLUMNS", "2000")


def written(*arguments: str | Path) -> str:
    answer = ask(*arguments)
    assert answer.code in {0, 1}, (arguments, answer.errors)
    return answer.output


def rows(*arguments: str | Path) -> list[dict[str, Any]]:
    """Give the tasks of a JSON output; there are none where a document is not sound."""
    content = json.loads(ask(*arguments, "--format", "json").output)
    tasks: list[dict[str, Any]] = content["tasks"]
    return tasks


READERS: dict[str, tuple[str, Callable[[str], Told]]] = {
    "check as jsonl": ("check --format jsonl", told.check_jsonl),
    "check as sarif": ("check --format sarif", told.check_sarif),
    "check as junit": ("check --format junit", told.check_junit),
    "check as github": ("check --format github", told.check_github),
    "check as gitlab": ("check --format gitlab", told.check_gitlab),
    "check as markdown": ("check --format markdown", told.check_markdown),
    "check as text": ("check --format text", told.check_text),
    "show as text": ("show", told.show_text),
    "report as markdown": ("report --format markdown", told.report_markdown),
    "report as html": ("report --format html", told.report_html),
    "render as json": ("render --format json", told.node_link),
    "render as svg": ("render --collapse none", told.svg),
    "render as txt": ("render --format txt --collapse none", told.tree),
    "render as dot": ("render --format dot --collapse none", told.dot),
    "render as mermaid": ("render --format mermaid --collapse none", told.mermaid),
    "render as graphml": ("render --format graphml", told.graphml),
    "render as gexf": ("render --format gexf", told.gexf),
}
SOUND_READERS: dict[str, tuple[str, Callable[[str], Told]]] = {
    "budget as text": ("budget", told.budget_text),
    "critical-path as text": ("critical-path", told.critical_path_text),
    "render as trace": ("render --format trace", told.trace),
    "render as a timeline": ("render --view timeline --collapse none", told.timeline),
}
JSON_READERS: dict[str, Callable[[dict[str, Any]], Told]] = {
    "show": told.show_json,
    "check": told.check_json,
    "explain": told.explain_json,
}


def outputs(path: Path, configuration: Path) -> Iterator[tuple[int, str, Told]]:
    """Ask everybody about the tasks of a document: which task, who, and what is told."""
    base = read_config(configuration).for_path(str(path))
    settings = base.model_copy(update={"as_of": datetime.fromisoformat(MOMENT)})
    every = load_all(path, settings)
    common = (path, "--config", configuration, "--as-of", MOMENT)
    for place, loaded in enumerate(every):
        yield place, "the library", told.library(loaded)
        yield place, "the data frames", told.frames(loaded)
        if loaded.analysis.is_sound and loaded.graph.subtasks:
            table = loaded.timetable()._repr_html_()
            yield place, "the notebook's table", told.notebook_table(table)
    for command, reader in JSON_READERS.items():
        tasks = rows(command, *common)
        assert len(tasks) == len(every), command
        for place, row in enumerate(tasks):
            yield place, f"{command} as json", reader(row)
    sound = [place for place, loaded in enumerate(every) if loaded.analysis.is_sound]
    for command, reader in (
        ("budget", told.budget_json),
        ("critical-path", told.critical_path_json),
    ):
        tasks = rows(command, *common)
        assert len(tasks) == len(sound), command
        for place, row in zip(sound, tasks, strict=True):
            yield place, f"{command} as json", reader(row)
    ids = [loaded.task.id for loaded in every]
    for place, loaded in enumerate(every):
        if len(every) == 1:
            yield from _of_one(place, loaded, common)
        elif ids.count(loaded.task.id) == 1 and loaded.task.id is not None:
            yield from _of_one(place, loaded, (*common, "--task", str(loaded.task.id)))


def _of_one(
    place: int, loaded: LoadedTask, common: tuple[Any, ...]
) -> Iterator[tuple[int, str, Told]]:
    readers = dict(READERS)
    if loaded.analysis.is_sound:
        readers |= SOUND_READERS
    for name, (arguments, read) in readers.items():
        command, *options = arguments.split()
        yield place, name, read(written(command, *common, *options))


def contradictions(answers: list[tuple[int, str, Told]]) -> list[str]:
    """Find the figures that two outputs tell differently."""
    first: dict[tuple[int, Any], tuple[str, Any]] = {}
    differing = []
    for place, who, figures in answers:
        for figure, value in figures.items():
            if figure in _OWN:
                continue
            other, known = first.setdefault((place, figure), (who, value))
            if known != value:
                differing.append(
                    f"task {place}, {figure}: {other} says {known!r}, {who} says {value!r}"
                )
    return differing


_OWN = frozenset({"messages", "findings told"})
"""What each output words in its own way: held against the findings one by one."""


def assert_consistent(path: Path, configuration: Path) -> None:
    answers = list(outputs(path, configuration))
    differing = contradictions(answers)
    assert not differing, "\n".join(differing)
    known = {
        place: figures["findings"]
        for place, who, figures in answers
        if who == "the library"
    }
    for place, who, figures in answers:
        findings = known[place]
        for text in figures.get("messages", ()):
            begins = [text.startswith(message.lower()) for _, _, message in findings]
            assert any(begins), f"only {who} says {text!r}"
        told_of = figures.get("findings told")
        if told_of is not None:
            every = {(code, message.rstrip(".")) for code, _, message in findings}
            assert every >= {*told_of}, f"{who} says what the library does not"
            limits = {row for row in every if row[0] == "TG405"}
            assert limits <= {*told_of}, f"{who} does not tell of TG405"


@cache
def readable() -> tuple[Path, ...]:
    """Give every sample that is one document or several."""
    paths = sorted(path for path in (ROOT / "samples").rglob("*") if path.is_file())
    return tuple(path for path in paths if path.suffix != ".expected" and _is_read(path))


def _is_read(path: Path) -> bool:
    try:
        return bool(load_all(path))
    except InputError:
        return False


STORIES = [path for path in readable() if path.parent.name == "samples"]
OTHERS = [path for path in readable() if path.parent.name != "samples"]


def _name(path: Path) -> str:
    return path.relative_to(ROOT / "samples").as_posix()


def test_the_configurations_change_every_default(tmp_path: Path) -> None:
    changed: set[str] = set()
    for text in (BY_NAME, FOR_ALL):
        path = tmp_path / "taskgraph.toml"
        path.write_text(text, "utf-8")
        read_config.cache_clear()
        settings = read_config(path).settings
        changed |= {
            name
            for name in Settings.model_fields
            if getattr(settings, name) != getattr(Settings(), name)
        }
        numbers = settings.thresholds
        for name in Thresholds.model_fields:
            assert getattr(numbers, name) != getattr(Thresholds(), name), name
    assert changed == {*Settings.model_fields} - {"as_of", "runs"}  # options alone


@pytest.mark.parametrize("path", STORIES, ids=_name)
def test_everybody_tells_the_same_of_a_story(path: Path, configuration: Path) -> None:
    assert_consistent(path, configuration)


def _changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write a story with something changed in its task."""
    text = (ROOT / "samples" / "three_hosts_failed.json").read_text("utf-8")
    document = json.loads(text)
    change(document["data"])
    path = folder / "task.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_everybody_tells_the_same_of_a_task_that_prohibits_rollback_itself(
    configuration: Path, tmp_path: Path
) -> None:
    own = {"stringMap": {"prohibit_rollback": "true"}}
    path = _changed(tmp_path, lambda task: task["context"].update(own))
    assert_consistent(path, configuration)


def _without_timeouts(task: dict[str, Any]) -> None:
    for subtask in task["subtasks"]:
        del subtask["timeout"]


@pytest.mark.parametrize("status", ["RUNNING", "FAILED", "SUCCESSFUL"])
@pytest.mark.parametrize(
    "change", [_without_timeouts, lambda task: task.update(subtasks=[])]
)
def test_everybody_tells_the_same_where_there_is_no_worst_case(
    change: Callable[[dict[str, Any]], None], status: str, tmp_path: Path
) -> None:
    def both(task: dict[str, Any]) -> None:
        change(task)
        task["status"] = status

    path = _changed(tmp_path, both)
    configuration = tmp_path / "taskgraph.toml"
    configuration.write_text("", "utf-8")
    assert_consistent(path, configuration)
    for command in ("show", "budget", "explain"):
        assert not re.search(r"at most 0 s|\b0 s (from|in sum)", written(command, path))
    for by in ("timeout", "remaining"):
        assert "length not known: the" in written("critical-path", path, "--by", by)


def test_everybody_tells_the_same_where_not_all_that_is_left_has_a_limit(
    tmp_path: Path,
) -> None:
    def last_without(task: dict[str, Any]) -> None:
        task["status"] = "RUNNING"
        for row in task["subtasks"]:
            if row["status"] == "FAILED":
                row |= {"status": "RUNNING", "timeout": 10**8}
                del row["finishTime"]
            if row["name"] == "Finish node":
                row["timeout"] = 0

    path = _changed(tmp_path, last_without)
    configuration = tmp_path / "taskgraph.toml"
    configuration.write_text('attempts = 3\noverhead = 5\n[budgets]\n"*" = "2h"\n', "utf-8")
    assert "not counting 111 'Finish node'" in told.plain(written("show", path))
    assert_consistent(path, configuration)


@pytest.mark.parametrize(
    "asked",
    [
        ("show",),
        ("budget",),
        ("critical-path",),
        ("critical-path", "--by", "remaining"),
        ("explain",),
        ("explain", "--brief"),
        ("report", "--format", "markdown"),
        ("report",),
        ("render", "--format", "txt"),
        ("render", "--format", "svg"),
    ],
)
def test_what_stands_for_timeouts_is_named_beside_every_bound(asked: tuple[str]) -> None:
    text = written(asked[0], ROOT / "samples/formats/obshell_dag.json", *asked[1:])
    assert "obshell's default of 1 h" in told.plain(text)


def test_everybody_is_understood(by_name: Path) -> None:
    """A reader that finds nothing would contradict nobody."""
    path = ROOT / "samples" / "three_hosts_failed.json"
    answers = {who: figures for _, who, figures in outputs(path, by_name)}
    assert answers.keys() >= {*READERS, *SOUND_READERS}
    assert [who for who, figures in answers.items() if not any(figures.values())] == []
    for form in ("svg", "txt", "dot", "mermaid", "graphml", "gexf", "json"):
        marks = [name for name in answers[f"render as {form}"] if name[0] == "critical"]
        assert len(marks) == 11, form


@pytest.mark.slow
@pytest.mark.parametrize("path", OTHERS, ids=_name)
def test_everybody_tells_the_same_of_a_sample(path: Path, by_name: Path) -> None:
    assert_consistent(path, by_name)


def _failed(operation: str | None, own: str | None, *, stays: bool) -> dict[str, Any]:
    """Give a FAILED task: 1, behind it 2 and 3, which are FAILED, and behind these 4.

    ``operation`` is that of the task, ``own`` that of its subtasks; one of those that are
    FAILED cannot be skipped if it ``stays``.
    """
    states = ("SUCCESSFUL", "FAILED", "FAILED", "PENDING")
    ups: list[list[int]] = [[], [1], [1], [2, 3]]
    downs = [[2, 3], [4], [4], []]
    times = {"startTime": "2026-01-02T03:00:00Z", "finishTime": "2026-01-02T03:01:00Z"}
    rows = [
        {
            "id": place + 1,
            "name": name,
            "status": states[place],
            "upstreams": ups[place],
            "downstreams": downs[place],
            "timeout": 600,
            "prohibitSkip": stays and name == "B",
            "prohibitRollback": False,
            **({"operation": own} if own else {}),
            **(times if own == "ROLLBACK" or name != "D" else {}),
        }
        for place, name in enumerate("ABCD")
    ]
    task = {"id": 1, "name": "Failed", "status": "FAILED", "subtasks": rows, **times}
    return {"data": task | ({"operation": operation} if operation else {})}


@pytest.mark.parametrize("stays", [False, True])
@pytest.mark.parametrize(
    ("operation", "own", "premise"),
    [
        ("EXECUTE", "EXECUTE", "retry"),
        ("ROLLBACK", "ROLLBACK", "skip"),
        ("ROLLBACK", "RETRY", "skip"),
        ("EXECUTE", "ROLLBACK", ""),
        (None, "EXECUTE", "retry"),
        (None, None, ""),
    ],
)
def test_everybody_tells_the_same_of_what_may_be_done(
    operation: str | None,
    own: str | None,
    premise: str,
    stays: bool,
    by_name: Path,
    tmp_path: Path,
) -> None:
    path = tmp_path / "task.json"
    path.write_text(json.dumps(_failed(operation, own, stays=stays)), "utf-8")
    assert_consistent(path, by_name)
    if premise == "skip" and stays:
        premise = ""
    (row,) = rows("explain", path, *_common(by_name))
    assert told.explain_json(row)["premise"] == (premise or "nothing")


def _random(seed: int) -> dict[str, Any]:
    photo = simulate(seed).random_photo(Random(seed))
    names = [name for name in DIALECTS if name != "list"]
    document: dict[str, Any] = DIALECTS[names[seed % len(names)]](photo, Random(seed))
    return document


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(n, marks=pytest.mark.slow) for n in range(6, 30))]
)
def test_everybody_tells_the_same_of_a_random_task(
    seed: int, configuration: Path, tmp_path: Path
) -> None:
    path = tmp_path / "task.json"
    path.write_text(json.dumps(_random(seed)), "utf-8")
    assert_consistent(path, configuration)


def test_everybody_tells_the_same_of_a_name_that_two_definitions_have(
    by_name: Path, tmp_path: Path
) -> None:
    text = "name: {}\nsubtasks:\n  - {{name: a, timeout: 5m}}\n"
    paths = [tmp_path / f"{name}.task.yaml" for name in "abcd"]
    for path, name in zip(paths, ("Same", "Other", "Same", "Other"), strict=True):
        path.write_text(text.format(name), "utf-8")
    paths[1].write_text(text.format("Other").replace("5m", "often"), "utf-8")  # is faulty
    common = (*paths, *_common(by_name))
    checked = rows("check", *common)
    twins = [
        (finding["file"], finding["message"])
        for row in checked
        for finding in row["findings"]
        if finding["code"] == "TG605"
    ]
    assert twins == [
        (str(paths[twin]), f"a task of {paths[first]} has the same name")
        for twin, first in ((2, 0), (3, 1))
    ]
    del checked[1]  # which the others cannot read
    severities = [Counter(each["severity"] for each in row["findings"]) for row in checked]
    assert [row["findings"] for row in rows("show", *common)] == severities
    for form in (("show",), ("report", "--format", "markdown"), ("report",)):
        text = ask(form[0], *common, *form[1:]).output
        assert text.count("TG605") == len(twins), form


# --- what only some of them show -----------------------------------------------------


def _common(configuration: Path) -> tuple[str | Path, ...]:
    return ("--config", configuration, "--as-of", MOMENT)


def _loaded(path: Path, configuration: Path) -> LoadedTask:
    base = read_config(configuration).for_path(str(path))
    settings = base.model_copy(update={"as_of": datetime.fromisoformat(MOMENT)})
    (loaded,) = load_all(path, settings)
    return loaded


@pytest.mark.parametrize("path", STORIES, ids=_name)
def test_every_explanation_has_the_same_sentences(path: Path, configuration: Path) -> None:
    common = (path, *_common(configuration))
    (row,) = rows("explain", *common)
    texts = {
        "explain as text": written("explain", *common),
        "explain as markdown": written("explain", *common, "--format", "markdown"),
        "report as markdown": written("report", *common, "--format", "markdown"),
        "report as html": written("report", *common),
        "the notebook": _loaded(path, configuration).account._repr_markdown_(),
    }
    for who, text in texts.items():
        for sentence in told.sentences(row):
            assert sentence in told.plain(text), f"explain as json, but not {who}"


@pytest.mark.parametrize("path", STORIES, ids=_name)
def test_a_notebook_shows_what_the_commands_write(path: Path, configuration: Path) -> None:
    loaded = _loaded(path, configuration)
    common = (path, *_common(configuration))
    assert loaded._repr_svg_() == written("render", *common)
    shown = loaded.account._repr_markdown_()
    assert shown == written("explain", *common, "--format", "markdown")


@pytest.mark.parametrize("by", ["actual", "remaining"])
@pytest.mark.parametrize("path", STORIES, ids=_name)
def test_other_durations_are_told_alike(path: Path, by: str, configuration: Path) -> None:
    common = (path, *_common(configuration), "--by", by)
    (row,) = rows("critical-path", *common)
    length = row["makespan"] // (1_000_000 if row["unit"] == "microseconds" else 1)
    head = written("critical-path", *common).splitlines()[1]
    assert told.spoken(head.partition(" subtasks, ")[2].partition(", as of")[0]) == length
    table: Any = _loaded(path, configuration).timetable(by)  # type: ignore[arg-type]
    assert table.schedule.makespan == row["makespan"]
    if by == "remaining":
        assert datetime.fromisoformat(row["as_of"]) == datetime.fromisoformat(MOMENT)
        analysis = _loaded(path, configuration).analysis
        assert row["makespan"] <= analysis.remaining.seconds


def test_a_history_has_the_times_of_the_critical_path(
    by_name: Path, tmp_path: Path
) -> None:
    pytest.importorskip("duckdb")
    measured: dict[tuple[str, str], set[int]] = {}
    limits: dict[tuple[str, str], set[int | None]] = {}
    for path in STORIES:
        (row,) = rows("critical-path", path, *_common(by_name), "--by", "actual")
        assert row["unit"] == "microseconds"
        took = {subtask["id"]: subtask["duration"] for subtask in row["subtasks"]}
        loaded = _loaded(path, by_name)
        for subtask in loaded.graph.subtasks:
            kind = (loaded.task.name, subtask.name)
            measured.setdefault(kind, set()).add(took[subtask.id])
            limits.setdefault(kind, set()).add(subtask.timeout)
    written("history", "collect", "-j1", "-o", tmp_path / "runs", *STORIES)
    stats = written("history", "stats", "-r", tmp_path / "runs", "--format", "json")
    kinds = [kind for kind in json.loads(stats)["kinds"] if kind["subtask"] is not None]
    assert {(kind["task"], kind["subtask"]) for kind in kinds} == measured.keys()
    timed = [kind for kind in kinds if kind["run_us"]["size"]]
    assert len(timed) > 5
    for kind in timed:
        name = kind["task"], kind["subtask"]
        assert {kind["run_us"][mark] for mark in ("p5", "p50", "max")} <= measured[name]
        assert kind["timeout"] in limits[name]


@pytest.mark.parametrize("before", STORIES, ids=_name)
@pytest.mark.parametrize("after", STORIES, ids=_name)
def test_a_comparison_has_the_worst_case_of_both(
    before: Path, after: Path, configuration: Path
) -> None:
    both = (before, after, "--config", configuration)
    (row,) = rows("diff", *both)
    if before == after:
        assert row["status"] == "same"
        assert "No change" in written("diff", *both)
        return
    known = [_loaded(path, configuration).budget for path in (before, after)]
    budget = row["budget_seconds"]
    assert [budget["before"], budget["after"]] == [found.seconds for found in known]
    bounded = [budget["was_bounded"], budget["is_bounded"]]
    assert bounded == [found.is_bounded for found in known]
    words = [format_duration(found.seconds) for found in known]
    for form in ("text", "markdown"):
        text = told.plain(written("diff", *both, "--format", form))
        for found, word in zip(known, words, strict=True):
            assert word in text or not found.is_bounded, f"diff as {form} says {text}"


@pytest.mark.parametrize("form", ["svg", "txt"])
def test_a_timeline_runs_until_the_moment(form: str, by_name: Path) -> None:
    path = ROOT / "samples" / "half_rolled_back.json"
    common = (path, *_common(by_name), "--view", "timeline", "--format", form)
    wall = _loaded(path, by_name).analysis.as_run
    assert wall is not None
    assert format_duration(wall.wall // 1_000_000) in told.plain(written("render", *common))


COMMANDS = ("show", "check", "budget", "critical-path", "explain", "render", "report")


@pytest.mark.parametrize("command", [*COMMANDS, "diff"])
@pytest.mark.parametrize(
    "text", ["attempts = 0", "[budgets]\n'*' = 'soon'", "x = 1", "ignore = ['TG999']", "["]
)
def test_a_broken_configuration_is_an_error_everywhere(
    command: str, text: str, tmp_path: Path
) -> None:
    config = tmp_path / "taskgraph.toml"
    config.write_text(text, "utf-8")
    path = ROOT / "samples" / "obproxy_stop.json"
    for form in _forms(command):
        files = (path, path) if command == "diff" else (path,)
        answer = ask(command, *files, "--config", config, *form)
        assert answer.code == 2, (command, form)
        assert str(config) in answer.errors


def _forms(command: str) -> list[tuple[str, ...]]:
    if command in {"render", "report"}:
        return [()]
    return [(), ("--format", "json")]


@pytest.mark.parametrize(
    ("command", "form"),
    [
        *((command, form) for command in ("show", "explain") for form in ("text", "json")),
        ("critical-path", "json"),
        ("critical-path", "text"),
        ("report", "html"),
        ("report", "markdown"),
        ("check", "json"),
        ("render", "svg"),
        ("render", "txt"),
    ],
)
def test_the_moment_has_a_say_everywhere(command: str, form: str) -> None:
    path = ROOT / "samples" / "half_rolled_back.json"
    if command == "check":
        path = ROOT / "samples" / "rules" / "TG204.ok.json"  # not stalled yet
    extra = {"critical-path": ("--by", "actual"), "render": ("--view", "timeline")}
    common = (command, path, "--isolated", "--format", form, *extra.get(command, ()))
    assert written(*common) != written(*common, "--as-of", MOMENT)


def test_every_table_has_the_same_word_for_a_status(tmp_path: Path) -> None:
    states = [("SUCCESSFUL", "SKIP"), ("PENDING", "ROLLBACK"), ("FAILED", "EXECUTE")]
    subtasks = [
        {"id": n, "name": f"step {n}", "status": status, "operation": operation}
        | {"timeout": 60, "upstreams": [n - 1] * (n > 0), "downstreams": [n + 1] * (n < 2)}
        for n, (status, operation) in enumerate(states)
    ]
    task = {"id": 9, "name": "x", "status": "FAILED", "operation": "EXECUTE"}
    path = tmp_path / "task.json"
    path.write_text(json.dumps({"data": task | {"subtasks": subtasks}}), "utf-8")
    for command, form in (
        ("show", "text"),
        ("critical-path", "text"),
        ("report", "markdown"),
    ):
        text = written(command, path, "--isolated", "--format", form)
        words = "SUCCESSFUL|SKIPPED|PENDING|ROLLED BACK|FAILED"
        found = re.findall(rf"step \d(?:  | \|).*?({words})", text)
        assert found == ["SKIPPED", "ROLLED BACK", "FAILED"], command


def test_a_definition_has_no_status_anywhere_in_text() -> None:
    path = ROOT / "samples" / "formats" / "definition.task.yaml"
    for command in ("show", "critical-path", "report", "render", "budget", "explain"):
        form = {"report": "markdown", "render": "txt"}.get(command, "text")
        text = written(command, path, "--isolated", "--format", form)
        assert "status" not in text.lower(), command
        assert "0 of 4" not in text, command


def test_a_definition_has_no_status_on_a_page_or_in_json(tmp_path: Path) -> None:
    folder = ROOT / "samples" / "formats"
    path, other = folder / "definition.task.yaml", folder / "obshell_dag.json"
    assert "status unknown" not in written("report", path, "--isolated")
    for ending in ("html", "md"):
        out = tmp_path / f"both.{ending}"
        written("report", path, other, "--isolated", "-o", out)
        text = out.read_text("utf-8")
        assert "status unknown" not in text
        assert re.search(r"\| definition +\||>definition</span></td>", text)
    assert rows("show", path, "--isolated")[0]["statuses"] == {}
    assert "status unknown" not in written("render", path, "--isolated", "-f", "trace")


def test_a_page_counts_the_attempts_of_a_definition_as_its_diagram_does(
    tmp_path: Path,
) -> None:
    config = tmp_path / "taskgraph.toml"
    config.write_text("attempts = 2", "utf-8")
    path = ROOT / "samples" / "formats" / "definition.task.yaml"
    page = written("report", path, "--config", config)
    lines = re.findall(r'<tr id="[^"]*-n\d+".*', page)
    assert [re.findall("<td>(.*?)</td>", line)[2] for line in lines] == ["2"] * 4
    assert "2 attempts" in page
    trace = json.loads(written("render", path, "--config", config, "-f", "trace"))
    slices = [event["args"] for event in trace["traceEvents"] if event["ph"] == "X"]
    assert [row["attempts"] for row in slices] == [2] * 4


def test_an_assumed_timeout_is_told_wherever_a_bound_rests_on_it(tmp_path: Path) -> None:
    config = tmp_path / "taskgraph.toml"
    config.write_text('assume-timeout = "10m"', "utf-8")
    path = ROOT / "samples" / "rules" / "TG401.json"
    texts = {
        "show": written("show", path, "--config", config),
        "explain": written("explain", path, "--config", config),
        "brief": written("explain", path, "--config", config, "--brief"),
        "report": written("report", path, "--config", config, "--format", "markdown"),
        "budget": written("budget", path, "--config", config),
        "check": written("check", path, "--config", config),
    }
    for who, text in texts.items():
        assert "10 min" in text, who
        assert "unbounded" not in text, who


def test_copies_of_an_id_are_counted_alike_on_a_screen(tmp_path: Path) -> None:
    row = {"name": "a", "status": "PENDING", "upstreams": [], "downstreams": []}
    subtasks = [{"id": n, **row} for n in (1, 1, 2)]
    path = tmp_path / "task.json"
    task = {"id": 9, "name": "x", "status": "RUNNING", "subtasks": subtasks}
    path.write_text(json.dumps({"data": task}), "utf-8")
    assert "0 of 2 successful, 2 pending" in written("show", path, "--isolated")


def test_nothing_in_a_list_is_called_done() -> None:
    path = ROOT / "samples" / "formats" / "ocp_task_list.json"
    common = (path, "--isolated", "--task", "5100")
    assert "Of its 5 subtasks: 3 SUCCESSFUL" in told.plain(written("explain", *common))
    assert "3 of 5 successful" in written("show", *common)


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("obshell_dag_without_nodes.json", "GET /api/v1/task/dag/117"),
        ("ocp_task_list.json", "GET /api/v2/tasks/instances/5100"),
    ],
)
def test_every_command_names_the_request_for_a_whole_task(name: str, request_: str) -> None:
    path = ROOT / "samples" / "formats" / name
    for command in ("budget", "critical-path", "explain", "render"):
        form = ("--format", "txt") if command == "render" else ()
        answer = ask(command, path, "--isolated", *form)
        assert request_ in told.plain(answer.output + answer.errors), command
