"""Counts that people read have their thousands apart: ``2,500``, wherever they stand.

Documents are made in which so much is counted, every command is asked about them in every
form that people read, and no number of four digits or more may be left that is not a
name, a moment or a place.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from itertools import chain, count
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.history.documents import at as moment
from tests.history.documents import response as past
from tests.history.documents import step
from tests.test_consistency import ask

Row: TypeAlias = dict[str, Any]

FIRST = 7_000_000  # ids have seven digits, so that no number of fewer is one
MANY = 1_010
WHOLE = 1_100
CONFIGURATION = """
select = ["all"]
grace = 7
concurrency = 1200
workers = 1300
attempts = 1400
[thresholds]
watch-period = 100000
"""
_NO_COUNT = re.compile(
    r"""\d{4}-\d\d-\d\d                 # a day
      | [Ll]ine\ \d+(,\ column\ \d+)?   # a place
      | (?<=[\w.]):\d+(:\d+)?           # the same behind the name of a file
      | (/\w+)*/\d+[\w/]*               # a pointer
      | \d+\s+d\b                     # days, of a duration
      | part\ \d+                     # the name of a part that has no other
      | Stages?\ \d+(\ to\ \d+)?
      | (line|col)=\d+
      | \#L\d+""",
    re.VERBOSE,
)
_LONG = re.compile(r"(?<![\w,.])\d{4,6}(?!\w)")
_AROUND = 40  # characters


def plain_counts(text: str) -> list[str]:
    """Find what looks like a count without separators, with what stands around it."""
    counts = _NO_COUNT.sub("", text)
    return [
        counts[max(0, found.start() - _AROUND) : found.end() + _AROUND]
        for found in _LONG.finditer(counts)
    ]


class _Shown(HTMLParser):
    """Collects what a page or a picture shows, or has read out."""

    _UNSEEN = frozenset({"script", "style", "pre"})  # data, and the document itself

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._within = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within += tag in self._UNSEEN
        told = ("title", "aria-label", "placeholder")
        self.texts += [value or "" for name, value in attrs if name in told]

    def handle_endtag(self, tag: str) -> None:
        self._within -= tag in self._UNSEEN

    def handle_data(self, data: str) -> None:
        if not self._within:
            self.texts.append(data)


def shown(markup: str) -> str:
    """Give the texts of a page or a picture, a line each."""
    reader = _Shown()
    reader.feed(markup)
    reader.close()
    return "\n".join(reader.texts)


def in_quotes(text: str) -> str:
    """Give the labels of a drawing that is written as text."""
    return "\n".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text))


def messages(text: str) -> str:
    """Give the texts for people in JSON for a machine."""
    found: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(inner, str) and key in {"text", "description", "message"}:
                    found.append(inner)
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    content = json.loads(text)
    look(content["runs"][0]["results"] if "runs" in content else content)
    return "\n".join(found)


def at(second: int) -> str:
    return f"2025-01-16T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}+08:00"


def row(number: int, upstreams: Iterable[int] = (), **changes: Any) -> Row:
    """Give a subtask that waits; :func:`joined` fills in its downstreams."""
    own = {
        "nodeType": "JAVA_TASK",
        "parallelIdx": -1,
        "prohibitRollback": False,
        "prohibitSkip": False,
        "seriesId": FIRST + number,
        "status": "PENDING",
        "taskId": FIRST,
        "upstreams": [FIRST + upstream for upstream in upstreams],
    }
    return step(FIRST + number, "Step", None, None) | own | changes


def joined(rows: list[Row]) -> list[Row]:
    """Let every edge stand at both of its ends."""
    known = {one["id"]: one for one in rows}
    for one in rows:
        for upstream in one["upstreams"]:
            known[upstream]["downstreams"].append(one["id"])
    return rows


def task(rows: list[Row], **changes: Any) -> Row:
    return {
        "id": FIRST,
        "name": "Large",
        "operation": "EXECUTE",
        "prohibitRollback": False,
        "startTime": at(0),
        "status": "RUNNING",
        "subtasks": rows,
    } | changes


def response(rows: list[Row], **changes: Any) -> bytes:
    content = {"data": task(rows, **changes), "successful": True, "timestamp": at(80_000)}
    return json.dumps(content).encode()


DONE = {"status": "SUCCESSFUL", "startTime": at(1), "finishTime": at(31)}
FAILED = {"status": "FAILED", "startTime": at(1), "finishTime": at(31)}
RUNNING = {"status": "RUNNING", "startTime": at(1)}


def line(size: int, **changes: Any) -> list[Row]:
    return joined([row(n, [n - 1] if n else [], **changes) for n in range(size)])


def waiting() -> bytes:
    return response(line(WHOLE))


def half_done() -> bytes:
    rows = line(WHOLE)
    for place, one in enumerate(rows[: MANY + 1]):
        changes = FAILED if place == MANY else DONE
        times = {"startTime": at(30 * place), "finishTime": at(30 * place + 30)}
        one.update(changes | times)
    rows[5]["runTime"] = 1_500
    return response(rows, status="FAILED", finishTime=at(40_000))


def parts(*kinds: Row, **changes: Any) -> bytes:
    """Give a task with so many parts of a split in each state."""
    of = chain.from_iterable([kind] * MANY for kind in kinds)
    middle = [
        row(n, [0], name="Copy", parallelIdx=n - 1) | kind for n, kind in enumerate(of, 1)
    ]
    last = row(len(middle) + 1, range(1, len(middle) + 1), name="Finish")
    return response(joined([row(0, name="Begin") | DONE, *middle, last]), **changes)


def split() -> bytes:
    return parts(DONE, FAILED | {"runTime": 3}, status="FAILED")


def in_flight() -> bytes:
    return parts(RUNNING, {"status": "READY"})


def skipped() -> bytes:
    stuck = FAILED | {"prohibitSkip": True, "prohibitRollback": True}
    return parts(DONE | {"operation": "SKIP"}, stuck, {"timeout": 0}, status="FAILED")


def undone() -> bytes:
    undoing = {"operation": "ROLLBACK"}
    skip = {"operation": "SKIP"}
    return parts(DONE | undoing, DONE | skip, RUNNING | undoing, operation="ROLLBACK")


def names() -> bytes:
    """Give as many subtasks beside each other, each with a name of its own."""
    rows = [row(0)]
    rows += [row(n, [0], name=f"Copy {n:b}x") | FAILED for n in range(1, WHOLE)]
    return response(joined(rows), status="FAILED", finishTime=at(40_000))


def without_timeouts() -> bytes:
    return response(line(WHOLE, timeout=0))


def some_without_timeouts() -> bytes:
    rows = line(WHOLE)
    for one in rows[:MANY]:
        one["timeout"] = 0
    return response(rows)


def hub() -> bytes:
    """Give one cycle for each of many that all go through one subtask."""
    rows = [row(0, range(1, WHOLE)), *(row(n, [0]) for n in range(1, WHOLE))]
    return response(joined(rows))


def ring() -> bytes:
    return response(joined([row(n, [(n - 1) % WHOLE]) for n in range(WHOLE)]))


def cycles() -> bytes:
    return response(joined([row(n, [n ^ 1]) for n in range(2 * MANY)]))


def faults() -> bytes:
    """Give many of every fault that a list of upstreams and downstreams can have."""
    rows = [row(n, [n ^ 1]) for n in range(2 * MANY)]
    number = count(len(rows))
    joined(rows)
    unknown = range(900_000, 900_000 + MANY)
    rows.append(row(next(number), unknown))
    rows += [row(next(number), [900_000]) for _ in range(MANY)]
    hub = len(rows)
    rows.append(row(next(number)))
    rows += [row(next(number), [hub]) for _ in range(MANY)]
    rows.append(row(next(number), [hub] * MANY))
    rows += [row(next(number), id=FIRST + 999_999) for _ in range(MANY)]
    return response(rows)


def odd_values() -> bytes:
    odd = {"status": "MELTED", "operation": "TWIST", "taskId": FIRST + 1, "timeout": -1}
    return response(line(MANY, **odd, seriesId=FIRST, name=" "))


def odd_times() -> bytes:
    later, now = "2031-01-16T01:00:00", "2030-01-16T02:00:00"
    rows = line(2 * MANY, status="SUCCESSFUL", startTime=later, finishTime=now)
    for one in rows[::2]:
        del one["startTime"], one["finishTime"]
    return response(rows, status="SUCCESSFUL", finishTime=at(100))


def apart() -> bytes:
    rows = [row(n, [n - 1] if n % 2 else []) for n in range(2 * MANY)]
    begin = len(rows)
    rows += [row(n, [n - 1] if n > begin else []) for n in range(begin, begin + MANY)]
    return response(joined(rows))


def without_edges() -> bytes:
    rows = [row(n) for n in range(WHOLE)]
    for one in rows:
        del one["upstreams"], one["downstreams"]
    return response(rows)


def redundant() -> bytes:
    rows = [row(n, sorted({0, n - 1}) if n else []) for n in range(WHOLE)]
    return response(joined(rows))


def tasks() -> bytes:
    every = [task(line(2), id=FIRST + n) for n in range(MANY)]
    return json.dumps({"data": {"contents": every}, "successful": True}).encode()


def definition() -> bytes:
    steps = [f"Step {n:b}x" for n in range(WHOLE)]
    rows: list[Row] = [{"name": steps[0], "timeout": "1m"}]
    rows += [
        {"name": name, "timeout": "1m", "upstreams": [steps[n]]}
        for n, name in enumerate(steps[1:])
    ]
    return json.dumps({"name": "Large", "budget": "2h", "subtasks": rows}).encode()


def mistakes() -> bytes:
    rows = [{"name": f"Step {n:b}x", "timeout": "never", "x": 1} for n in range(WHOLE)]
    return json.dumps({"name": "Large", "subtasks": rows}).encode()


def unreadable() -> bytes:
    return response([row(n, timeout="never") for n in range(WHOLE)])


DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "waiting.json": waiting,
    "half_done.json": half_done,
    "split.json": split,
    "in_flight.json": in_flight,
    "skipped.json": skipped,
    "undone.json": undone,
    "names.json": names,
    "without_timeouts.json": without_timeouts,
    "some_without_timeouts.json": some_without_timeouts,
    "hub.json": hub,
    "ring.json": ring,
    "cycles.json": cycles,
    "faults.json": faults,
    "odd_values.json": odd_values,
    "odd_times.json": odd_times,
    "apart.json": apart,
    "without_edges.json": without_edges,
    "redundant.json": redundant,
    "tasks.json": tasks,
    "definition.task.json": definition,
    "mistakes.task.json": mistakes,
    "unreadable.json": unreadable,
}

Reader: TypeAlias = Callable[[str], str]
FORMS: dict[str, Reader] = {
    "show": str,
    "check": str,
    "check -v --statistics": str,
    "check -f markdown": str,
    "check -f junit": shown,
    "check -f github": str,
    "check -f gitlab": messages,
    "check -f sarif": messages,
    "check --max-findings 1 -f junit": shown,
    "check --max-findings 1": str,
    "critical-path": str,
    "critical-path --by actual": str,
    "critical-path --by remaining": str,
    "critical-path --within-window 1h": str,
    "critical-path --within 60": str,
    "budget": str,
    "budget --concurrency 0": str,
    "explain": str,
    "explain --brief": str,
    "explain -f markdown": str,
    "render": shown,
    "render --view timeline": shown,
    "render --collapse none --max-nodes 4": shown,
    "render --collapse name": shown,
    "render --around-failed": shown,
    "render --critical-only": shown,
    "render -f txt": str,
    "render -f txt --collapse none": str,
    "render -f txt --view timeline": str,
    "render -f dot": in_quotes,
    "render -f mermaid": in_quotes,
    "report": shown,
    "report -f markdown": str,
}
OF_MANY = {"check", "check -v --statistics", "check -f markdown", "report -f markdown"}
TOLD: dict[str, Reader] = {"text": str, "markdown": str, "html": shown}
"""The forms that changes and histories have."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    (folder / "taskgraph.toml").write_text(CONFIGURATION, "utf-8")
    for name, write in DOCUMENTS.items():
        (folder / name).write_bytes(write())
    return folder


def test_what_is_no_count_is_left_alone() -> None:
    assert plain_counts("0 of 2500 done, 2,500 pending") == [
        "0 of 2500 done, 2,500 pending"
    ]
    assert plain_counts("all 2500.")
    assert plain_counts("(2500 more)")
    assert not plain_counts("7000001 began on 2025-01-16, 2500 d, f.json:2500:7, line 2500")
    assert shown('<p title="a">b<script>2500</script></p><pre>2500</pre>c') == "a\nb\nc"
    assert in_quotes('n2500 [label="2500 \\"x\\""]') == '2500 \\"x\\"'


def assert_apart(told: Iterable[tuple[str, str]]) -> None:
    wrong = [f"{who}: {found}" for who, text in told for found in plain_counts(text)]
    assert not wrong, "\n".join(list(dict.fromkeys(wrong))[:50])


def answers(form: str, read: Reader, *paths: str | Path) -> Iterator[tuple[str, str]]:
    """Give what a command tells of documents, and what it complains about."""
    answer = ask(*form.split(), *paths)
    yield form, read(answer.output) if answer.output.strip() else ""
    yield form, answer.errors


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.slow
@pytest.mark.uncovered
@pytest.mark.parametrize("name", DOCUMENTS)
def test_counts_have_their_thousands(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every form meets every third document: all of them take minutes."""
    monkeypatch.chdir(folder)
    of_many = name == "tasks.json"  # one after the other: a few forms say how many
    for turn, (form, read) in enumerate(FORMS.items(), list(DOCUMENTS).index(name)):
        if form in OF_MANY if of_many else turn % 3 == 0:
            assert_apart(answers(form, read, name))


@pytest.mark.slow
@pytest.mark.uncovered
def test_changes_have_their_thousands(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    for before, after in (
        ("waiting.json", "half_done.json"),
        ("waiting.json", "names.json"),
        ("names.json", "some_without_timeouts.json"),
        ("tasks.json", "tasks.json"),
    ):
        for form, read in (TOLD | {"svg": shown}).items():
            assert_apart(answers(f"diff -f {form}", read, before, after))
    assert_apart(answers("report", shown, "waiting.json", "half_done.json"))


def runs() -> bytes:
    """Give the runs of one kind: of every second one a step was tried again."""
    texts = []
    for number in range(2 * MANY):
        begin, first = 600 * number, FIRST + 10 * number
        rows = [
            step(first, "Begin", begin + 1, begin + 2, downstreams=[first + 1]),
            step(
                first + 1,
                "Copy",
                begin + 3,
                begin + 30 + number % 7,
                runTime=1 + number % 2,
                upstreams=[first],
            ),
        ]
        times = {"startTime": moment(begin), "finishTime": moment(begin + 60)}
        texts.append(past(first + 5, rows, asked=begin + 90, **times))
    return b"\n".join(texts)


@pytest.mark.slow
@pytest.mark.uncovered
def test_histories_have_their_thousands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = runs()
    Path("runs.jsonl").write_bytes(text)
    Path("last.json").write_bytes(text.rpartition(b"\n")[2])
    assert_apart(answers("history collect -j1 -o runs", str, "runs.jsonl"))
    commands: dict[str, tuple[str, ...]] = {
        "stats": (),
        "report": (),
        "timeouts": (),
        "timeouts --share 99.9": (),
        "compare --since 2025-01-20T00:00:00+08:00": (),
        "odds --window 1m": ("last.json",),
        "anomalies": ("last.json",),
    }
    for command, paths in commands.items():
        for form, read in TOLD.items():
            assert_apart(answers(f"history {command} -f {form}", read, *paths))
    assert_apart(answers("show -r runs", str, "last.json"))
    assert_apart(answers("explain -r runs", str, "last.json"))
    table = ask("history", "stats", "-f", "csv").output
    cells = {cell for cells in csv.reader(io.StringIO(table)) for cell in cells}
    assert str(2 * MANY) in cells
    assert f"{2 * MANY:,}" not in cells
