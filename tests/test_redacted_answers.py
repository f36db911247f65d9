"""What is redacted is told in other words, and changes no answer.

Every command is asked with and without ``--redact`` about documents with hosts and people
in their names, under settings, options and past runs that go by these names. Where each of
the two has one word for what is masked, they must tell the same, to the letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph import history, report_history
from taskgraph.api import LoadedTask, load, read_documents, redacted
from taskgraph.api import compare as compare_tasks
from taskgraph.errors import ConfigError
from taskgraph.reports.fitting import fit_diff
from taskgraph.settings import Settings
from taskgraph.sources.limits import ReadOptions
from tests.effort import examples
from tests.test_consistency import ask as run
from tests.told import report_html

SECOND = timedelta(seconds=1)
BEGIN = datetime(2025, 4, 20, 1, tzinfo=timezone(timedelta(hours=8)))
TASK, COPY = "Upgrade node db7.example.com", "Copy to 10.0.0.1"
SECRET = re.compile(
    r"db\d\.example\.co[mn]|10\.0\.0\.\d+|\b(?:ann|bob)\b(?:@example\.org)?"
)
_MASKED = re.compile(rf"{SECRET.pattern}|host-\d+|\*\*\*")


def alike(text: str) -> str:
    """Give a text with one word for all that is masked, or would be.

    Widths of columns, what is made of names, and the numbers that keep them apart are not
    compared.
    """
    text = re.sub(r'"fingerprint":\s*"\w+"', "", text)
    text = text.replace("#46;", ".").replace("#42;", "*").replace("#64;", "@")
    text = re.sub(r" \(\d\)", "", re.sub(r"\\|<!-- -->", "", text))
    return re.sub(r"[\s─━┄|:-]+", " ", _MASKED.sub("@", text))


def ask(*arguments: object) -> tuple[int, str, str]:
    answer = run(*map(str, arguments))
    assert isinstance(answer.code, int)
    return answer.code, answer.output, answer.errors


@pytest.fixture(scope="module", autouse=True)
def wide() -> Iterator[None]:
    """Let no text be broken or shortened for the width of a terminal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "2000")
        yield


def told(*arguments: object) -> tuple[int, str]:
    """Ask with and without ``--redact``, and give what both say."""
    plain, hidden = ask(*arguments), ask(*arguments, "--redact")
    assert not SECRET.search(hidden[1]), hidden[1]
    assert (hidden[0], *map(alike, hidden[1:])) == (plain[0], *map(alike, plain[1:]))
    return plain[:2]


def row(number: int, name: str, before: list[int], after: list[int], **more: Any) -> Any:
    return {
        "id": number, "name": name, "upstreams": before, "downstreams": after,
        "status": "PENDING", "operation": "EXECUTE", "runTime": 1, "timeout": 60,
        "parallelIdx": -1, "prohibitRollback": False, "prohibitSkip": False,
        "createTime": BEGIN.isoformat(), "executor": "10.0.0.9",
    } | more  # fmt: skip


def times(begin: datetime, end: datetime | None = None) -> dict[str, str]:
    told = {"startTime": begin.isoformat()}
    return told if end is None else told | {"finishTime": end.isoformat()}


def document(
    number: int, begin: datetime, seconds: int | None, timeout: int = 600, **more: Any
) -> dict[str, Any]:
    """Give a run that ended after so many seconds, or that has run for 8."""
    end = None if seconds is None else begin + seconds * SECOND
    status = "RUNNING" if end is None else "SUCCESSFUL"
    first = times(begin + SECOND, begin + 5 * SECOND)
    second = times(begin + 6 * SECOND, end)
    return {
        "successful": True,
        "timestamp": (begin + (seconds or 8) * SECOND).isoformat(),
        "data": {
            "id": number, "name": TASK, "operation": "EXECUTE", "status": status,
            "type": "MANUAL", "prohibitRollback": False, "createTime": begin.isoformat(),
            **times(begin, end),
            "subtasks": [
                row(1, "A", [], [2], status="SUCCESSFUL", **first),
                row(2, COPY, [1], [], status=status, timeout=timeout, **second | more),
            ],
        },
    }  # fmt: skip


def write(path: Path, *contents: dict[str, Any] | str) -> Path:
    path.parent.mkdir(exist_ok=True)
    lines = (one if isinstance(one, str) else json.dumps(one) for one in contents)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collect enough runs for an advice on timeouts."""
    pytest.importorskip("duckdb")
    folder = tmp_path_factory.mktemp("history")
    many = [
        document(n, BEGIN - n * timedelta(hours=1), 400 + n % 50, runTime=1 + 2 * (n == 45))
        for n in range(40, 440)
    ]
    given = ["history", "collect", write(folder / "many.jsonl", *many), "-j", "1"]
    assert ask(*given, "-o", folder / "runs")[0] == 0
    return folder / "runs"


@pytest.fixture
def running(tmp_path: Path) -> Path:
    return write(tmp_path / "running.json", document(900, BEGIN, None))


def configured(path: Path, text: str) -> list[object]:
    write(path.parent / "own.toml", text)
    return ["--config", path.parent / "own.toml"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "known"),
    [
        ("explain --brief", "Going by 400 past runs"),
        ("explain", "past runs"),
        ("explain --format json", "likely"),
        ("show", "past runs"),
        ("show --format json", '"runs": 400'),
        ("report --format markdown", "past runs"),
    ],
)
def test_past_runs_are_known_by_the_names_of_the_document(
    command: str, known: str, running: Path, runs: Path
) -> None:
    assert known in told(*command.split(), running, "--runs", runs)[1]


@pytest.mark.slow
def test_a_page_tells_the_same(running: Path, runs: Path) -> None:
    given = ["report", running, "--runs", runs, *configured(running, LIMITS)]
    plain, hidden = ask(*given)[1], ask(*given, "--redact")[1]
    assert "past runs" in hidden
    assert not SECRET.search(hidden)
    figures = [alike(repr(report_html(page))) for page in (plain, hidden)]
    assert figures[0] == figures[1]


@pytest.mark.slow
def test_what_is_slow_is_told(tmp_path: Path, runs: Path) -> None:
    content = document(900, BEGIN, None)
    content["timestamp"] = (BEGIN + 3000 * SECOND).isoformat()
    content["data"]["subtasks"][1]["timeout"] = 9000
    path = write(tmp_path / "slow.json", content)
    assert "Slow" in told("show", path, "--runs", runs)[1]


@pytest.mark.slow
def test_timeouts_are_judged_by_past_runs(tmp_path: Path, runs: Path) -> None:
    path = write(tmp_path / "short.json", document(900, BEGIN, None, timeout=30))
    given = [path, "--runs", runs]
    assert "TG407" in told("check", *given)[1]
    assert told("check", *given, "--format", "json", "--fail-on", "warning")[0] == 1
    for command in ("budget", "check"):
        told(command, *given, "--attempts-seen")
    assert "2 min 30 s" in told("budget", *given, "--attempts-seen")[1]


@pytest.mark.slow
def test_timeouts_are_fitted_by_past_runs(running: Path, runs: Path) -> None:
    pytest.importorskip("scipy")
    given = ["budget", running, "--fit", "9m", "--runs", runs]
    output = told(*given)[1]
    assert "No past runs are asked" not in output
    assert re.search(r"8 min +399 +0", output)
    told(*given, "--format", "json")


def test_lines_of_a_document_are_not_shown_where_it_is_redacted(running: Path) -> None:
    pytest.importorskip("scipy")
    given = ["budget", running, "--fit", "9m", "--format", "diff"]
    assert COPY in ask(*given)[1]
    code, output, errors = ask(*given, "--redact")
    assert (code, output) == (2, "")
    assert "is redacted" in errors
    assert not SECRET.search(errors)


LIMITS = '[budgets]\n"*db7*" = "5m"\n[attempts]\n"Copy to 10.*" = 3\n'
ACCEPTED = '[[suppress]]\nrule = "all"\ntask = "*db7*"\nsubtask = "Copy to 10.*"\n'


@pytest.mark.parametrize(
    "command",
    ["check", "check --format json", "budget", "budget --format json", "show", "explain",
     "report --format markdown", "critical-path", "render --format json"],
)  # fmt: skip
def test_patterns_fit_the_names_of_the_document(command: str, running: Path) -> None:
    told(*command.split(), running, *configured(running, LIMITS))


def test_a_limit_is_held_against_the_worst_case(running: Path) -> None:
    given = [running, *configured(running, LIMITS)]
    code, output = told("check", *given)
    assert code == 1
    assert "TG405" in output
    assert "31 min" in told("budget", *given)[1]


def test_two_commands_tell_one_worst_case_of_a_redacted_document(running: Path) -> None:
    other = document(900, BEGIN, None)
    other["data"]["subtasks"][0]["timeout"] = 360
    after = write(running.parent / "after.json", other)
    given = configured(running, LIMITS)
    code, output = told("diff", running, after, *given)
    assert "31 min" in output
    assert "31 min" in told("budget", running, *given)[1]
    assert code == told("diff", running, after, *given, "--format", "json")[0]
    assert "31 min" in told("report", running, after, "--format", "markdown", *given)[1]


def test_findings_are_accepted_by_the_names_of_the_document(running: Path) -> None:
    content = document(900, BEGIN, None, timeout=0)
    path = write(running.parent / "endless.json", content)
    assert "TG4" in told("check", path, "--select", "TG4")[1]
    given = ["--select", "TG4", *configured(path, ACCEPTED)]
    assert "accepted" in told("check", path, *given)[1]
    told("show", path, *given[2:])


def test_options_know_the_names_of_the_document_and_those_that_are_shown(
    running: Path,
) -> None:
    given = ["critical-path", running, "--set"]
    output = told(*given, f"{COPY}=9m")[1]
    assert "9 min" in output
    shown = ask(*given, "Copy to host-1=9m", "--redact")
    assert (shown[0], alike(shown[1])) == (0, alike(output))
    told("critical-path", running, "--drop-edge", f"A:{COPY}", "--skip", COPY)
    write(running.parent / "all.csv", f"{COPY},540")
    told("critical-path", running, "--durations", running.parent / "all.csv")
    code, _, errors = ask(*given, "Copy to 10.0.0.11=9m", "--redact")
    assert (code, "did you mean Copy to host-1?" in errors) == (2, True)


def test_a_duration_that_is_given_twice_is_refused(running: Path) -> None:
    path = write(running.parent / "twice.json", json.dumps({"2": 5, COPY: 6}))
    given = ["critical-path", running, "--durations", path]
    assert told(*given)[0] == 2
    assert "Copy to host-1" in ask(*given, "--redact")[2]


def test_tasks_of_other_hosts_have_other_names(tmp_path: Path) -> None:
    for number in (7, 8):
        name = f"Upgrade db{number}.example.com"
        content = {"name": name, "subtasks": [{"name": "A", "timeout": "1m"}]}
        write(tmp_path / f"{number}.task.json", content)
    assert told("check", tmp_path, "--format", "json")[0] == 0


def test_ids_that_are_texts_keep_their_order_and_can_be_named(tmp_path: Path) -> None:
    subtasks: list[dict[str, Any]] = [
        {"name": "Export", "timeout": "5m"},
        {"name": "db7.example.com", "timeout": "5m"},
        {"name": "End", "timeout": "1m", "upstreams": ["Export", "db7.example.com"]},
    ]
    path = tmp_path / "a.task.json"
    content = {"name": "t", "subtasks": subtasks}
    other = write(tmp_path / "b.task.json", content)
    subtasks[1]["timeout"] = "4m"
    write(path, content)
    told("critical-path", path, "--set", "db7.example.com=9m")
    told("budget", path, "--format", "json")
    assert "db7" in told("diff", other, path)[1]
    subtasks[2]["upstreams"] = ["Export", "db7.example.con"]
    write(path, content)
    told("check", path)


def test_names_that_differ_are_no_parts_of_one_split(tmp_path: Path) -> None:
    content = document(900, BEGIN, None)
    content["data"]["subtasks"] = [
        row(1, "Ask ann@example.org", [], [], parallelIdx=0),
        row(2, "Ask bob@example.org", [], [], parallelIdx=1),
    ]
    path = write(tmp_path / "people.json", content)
    for command in ("show", "explain", "check", "render --format json"):
        told(*command.split(), path)


def test_the_library_answers_the_same(running: Path) -> None:
    other = document(901, BEGIN, None)
    other["data"]["subtasks"][1]["name"] = "Copy to 10.0.0.2"
    after = write(running.parent / "after.json", other)
    plain = [load(path) for path in (running, after)]
    hidden = redacted(plain)
    again = redacted(hidden)
    found = [compare_tasks(*pair) for pair in (plain, hidden, again)]
    assert [len(one.pairs) for one in found] == [1, 1, 1]
    assert [one.is_structure_changed for one in found] == [True] * 3
    assert not SECRET.search(repr((hidden, again, found[1:], hidden[0].task)))


@pytest.mark.slow
def test_the_history_answers_the_same(running: Path, runs: Path) -> None:
    settings = Settings(runs=str(runs))
    content = document(900, BEGIN, None, timeout=30, runTime=3)
    path = write(running.parent / "odd.json", content)
    plain = load(path, settings)
    hidden = load(path, settings, ReadOptions(redact=True))

    def answers(loaded: LoadedTask) -> list[str]:
        advice = history.timeouts([loaded], runs).tasks[0]
        return [
            *(
                report_history(history.odds(loaded, 500, runs), form)
                for form in ("text", "json")
            ),
            report_history([history.anomalies(loaded, runs)], "json"),
            report_history(history.fit(loaded, 3600), "json"),
            repr(advice.advice),
            repr(advice.patch.operations),
        ]

    for one, other in zip(answers(plain), answers(hidden), strict=True):
        assert alike(other) == alike(one)
        assert not SECRET.search(other)


def test_a_diff_of_a_redacted_task_is_refused(running: Path) -> None:
    pytest.importorskip("scipy")
    loaded = load(running, options=ReadOptions(redact=True))
    with pytest.raises(ConfigError, match="is redacted"):
        fit_diff(history.fit(loaded, 540))


# --- any document ------------------------------------------------------------------------

# What is shown of them has the same order, by which a sentence lists them.
NAMES = st.sampled_from([
    "A", "Zip", COPY, "Copy to 10.0.0.2", "db7.example.com", "db8.example.com stop",
    "Ask ann@example.org", "Ask bob@example.org", "Copy to host-1", "start", "***",
])  # fmt: skip
PATTERNS = st.sampled_from(
    ["*", "Copy to 10.*", "*db7*", "db?.example.com", "*ann@*", "Copy to host-*", "A"]
)
TIMEOUTS = st.sampled_from([0, 60, 60, 600, 900])
STATUSES = st.sampled_from(["PENDING", "READY", "RUNNING", "FAILED", "SUCCESSFUL"])
RULES = st.sampled_from(["all", "TG2", "TG4", "TG406"])


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a response, or a definition, whose subtasks may be named by hosts and people."""
    is_definition = draw(st.booleans())
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=is_definition))
    ids: list[Any] = list(names) if is_definition else [*range(1, len(names) + 1)]
    order = draw(st.permutations(range(len(names))))
    edges = {
        (a, b)
        for at, b in enumerate(order)
        for a in draw(st.lists(st.sampled_from(order[: at + 1]), max_size=2))
        if a != b
    }
    rows = []
    for place, name in enumerate(names):
        above = [ids[a] for a, b in sorted(edges) if b == place]
        below = [ids[b] for a, b in sorted(edges) if a == place]
        if is_definition:
            rows.append({"name": name, "timeout": draw(TIMEOUTS), "upstreams": above})
            continue
        status = draw(STATUSES)
        more: dict[str, Any] = {"status": status, "timeout": draw(TIMEOUTS)}
        more["runTime"] = draw(st.integers(1, 3))
        more["prohibitRollback"] = draw(st.booleans())
        if draw(st.booleans()):
            more["parallelIdx"] = draw(st.integers(0, 1))
        if status in ("RUNNING", "FAILED", "SUCCESSFUL"):
            begin = BEGIN + draw(st.integers(1, 90)) * SECOND
            is_over = status != "RUNNING"
            more |= times(begin, begin + 80 * SECOND if is_over else None)
        rows.append(row(ids[place], name, above, below, **more))
    if is_definition:
        return {"kind": "task-definition", "name": draw(NAMES), "subtasks": rows}
    content = document(900, BEGIN, draw(st.sampled_from([None, 200])))
    content["data"] |= {"name": draw(NAMES), "subtasks": rows}
    return content


@st.composite
def configurations(draw: st.DrawFn) -> str:
    def table(values: st.SearchStrategy[Any]) -> str:
        pairs = draw(st.dictionaries(PATTERNS, values, max_size=2))
        return "".join(f"{json.dumps(key)} = {value}\n" for key, value in pairs.items())

    text = f"[budgets]\n{table(st.sampled_from([5, 100, 1000]))}"
    text += f"[attempts]\n{table(st.integers(1, 3))}"
    for _ in range(draw(st.integers(0, 2))):
        rule, task, subtask = draw(RULES), draw(PATTERNS), draw(PATTERNS)
        text += "[[suppress]]\n" + "".join(
            f"{key} = {json.dumps(value)}\n"
            for key, value in (("rule", rule), ("task", task), ("subtask", subtask))
        )
    return text


ASKED = [
    "check --format json", "check", "show --format json", "explain --brief", "budget",
    "explain --format json", "critical-path --format json", "report --format markdown",
    "render --format json",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@pytest.mark.uncovered
@examples(15)
@given(
    documents(),
    configurations(),
    NAMES.filter(lambda name: name != "Copy to host-1"),  # as others may be shown
    st.lists(st.sampled_from(ASKED), min_size=3, max_size=3),
)
def test_no_answer_depends_on_redaction(
    folder: Path, content: dict[str, Any], configuration: str, name: str, asked: list[str]
) -> None:
    path = write(folder / "saved.task.json", content)
    given = [path, *configured(path, configuration)]
    for command in asked:
        told(*command.split(), *given)
    told("critical-path", *given, "--set", f"{name}=9m")


@pytest.mark.uncovered
@examples(10)
@given(documents(), documents(), configurations())
def test_no_difference_depends_on_redaction(
    folder: Path, before: dict[str, Any], after: dict[str, Any], configuration: str
) -> None:
    paths = [write(folder / f"{n}.task.json", one) for n, one in enumerate((before, after))]
    told("diff", *paths, *configured(paths[0], configuration), "--format", "json")
    told("diff", *paths, *configured(paths[0], configuration))
    told("report", *paths, *configured(paths[0], configuration), "--format", "markdown")


@pytest.mark.slow
def test_no_finding_of_a_sample_depends_on_redaction(samples: Path) -> None:
    for document in read_documents([str(samples)]):
        for loaded in document.tasks:
            (hidden,) = redacted([loaded])
            rows = [
                [(found.code, found.pointer) for found in one.checked.findings]
                for one in (loaded, hidden)
            ]
            assert rows[0] == rows[1], document.name


ASKING = {
    "model/task.py", "graph/taskgraph.py", "analysis/premises.py", "analysis/analysis.py",
    "analysis/matching.py", "analysis/compare.py", "privacy/redaction.py", "config.py",
    "checks/registry.py", "checks/result.py", "checks/runner.py", "checks/subject.py",
    "checks/rules/tg407_timeout_against_history.py", "history/past.py", "history/pools.py",
    "history/reviewing.py", "history/departures.py", "history/fitting.py", "api/writing.py",
    "cli/critical_path.py", "cli/tasks.py",
}  # fmt: skip
"""Who may see what the document calls things, to look something up by it."""


def test_nobody_else_sees_what_is_redacted(root: Path) -> None:
    package = root / "taskgraph"
    seen = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"\bunredacted|origin\.redacted\b", path.read_text("utf-8"))
    }
    refusing = {"reports/fitting.py"}  # asks only whether anything is redacted
    assert seen == ASKING | refusing
