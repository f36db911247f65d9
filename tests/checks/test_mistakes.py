"""A mistake in a definition is a finding: one for each, with what was meant."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import taskgraph
from taskgraph.api import check_files
from taskgraph.api.loading import ConfigurationFor
from taskgraph.checks.baseline import fingerprints
from taskgraph.checks.result import CheckRun, Finding
from taskgraph.checks.runner import check_document
from taskgraph.cli.main import cli
from taskgraph.config import Configuration
from taskgraph.errors import InputError
from taskgraph.model.task import Task
from taskgraph.settings import Settings, Thresholds
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import read_source
from tests.checks.build import analysis, settings
from tests.effort import examples
from tests.reports.runs import check_renderer
from tests.sources.strategies import definitions
from tests.sources.test_definition import ODD, PLACES

SOUND = """\
name: Upgrade OBServer
budget: 2h
subtasks:
  - name: Check the cluster
    timeout: 5m
  - name: Stop OBServer
    timeout: 30m
    upstreams: [Check the cluster]
    prohibitRollback: true
  - name: Upgrade packages
    timeout: 40m
    upstreams: [Stop OBServer]
  - name: Start OBServer
    timeout: 15m
    upstreams: [Upgrade packages]
"""
_REST = SOUND[SOUND.index("subtasks:") :]
# Code, line and column, what is replaced, by what, and a part of the message or the hint.
_TABLE = r"""
TG001 | 11:14 | 40m | 40 minutes | did you mean 40m?
TG001 | 11:14 | 40m | 1.5h | did you mean 1h30m?
TG001 | 11:14 | 40m | 00:40:00 | did you mean 40m?
TG001 | 11:14 | 40m | PT40M | did you mean 40m?
TG001 | 11:14 | 40m | 90000ms | did you mean 1m30s?
TG001 | 11:14 | 40m | 30m1h | did you mean 1h30m?
TG001 | 11:14 | 40m | 40m, 50m | a number and its unit
TG001 | 12:16 | [Stop OBServer] | all | write [all]
TG002 | 9:5 | prohibitRollback: true | allowRollback: false | prohibitRollback: true
TG002 | 9:5 | prohibitRollback: true | skippable: false | prohibitSkip: true
TG001 | 11:14 | 40m | 1h30 | a number and its unit
TG001 | 11:14 | 40m | soon | a number and its unit
TG402 | 11:14 | 40m | -5m | more than 0
TG001 | 11:14 | 40m | 0.5 | a number and its unit
TG001 | 11:14 | 40m | true | a number and its unit
TG001 | 11:14 | 40m | [40m] | a number and its unit
TG001 | 11:14 | 40m | .inf | a number and its unit
TG001 | 2:9 | budget: 2h | budget: two hours | a number and its unit
TG001 | 2:9 | budget: 2h | budget: -1 | a number and its unit
TG001 | 15:16 | [Upgrade packages] | Upgrade packages | [Upgrade packages]
TG001 | 12:16 | [Stop OBServer] | {name: Stop OBServer} | [Stop OBServer]
TG001 | 12:17 | [Stop OBServer] | [{name: Stop OBServer}] | write Stop OBServer
TG001 | 12:32 | [Stop OBServer] | [Stop OBServer, null] | id or its name
TG001 | 12:32 | [Stop OBServer] | [Stop OBServer, ~] | not null
TG001 | 12:16 | [Stop OBServer] | 5.5 | must be a list of ids
TG001 | 9:23 | prohibitRollback: true | prohibitRollback: yes | write true
TG001 | 9:23 | prohibitRollback: true | prohibitRollback: 1 | write true
TG001 | 9:23 | prohibitRollback: true | prohibitRollback: maybe | true or false
TG001 | 9:18 | prohibitRollback: true | parallelIdx: '0' | write 0, without
TG001 | 9:15 | prohibitRollback: true | seriesId: first | a whole number
TG001 | 9:18 | prohibitRollback: true | description: 5 | quotes: "5"
TG001 | 9:9 | prohibitRollback: true | id: 1.5 | a whole number or a text
TG001 | 1:7 | name: Upgrade OBServer | name: 2024 | quotes: "2024"
TG001 | 1:7 | name: Upgrade OBServer | name: [a] | name must be a text
TG001 | 2:7 | budget: 2h | kind: task | must be task-definition
TG001 | 2:10 | budget: 2h | context: [] | context must be an object
TG001 | 2:10 | budget: 2h | cluster: 5 | an object with id and name
TG001 | 4:5 | - name: Check the cluster\n    timeout: 5m | - Check | keys and values
TG002 | 15:5 | upstreams: [Upgrade packages] | depends_on: [Upgrade packages] | upstreams?
TG002 | 15:5 | upstreams: [Upgrade packages] | dependsOn: Upgrade packages | upstreams?
TG002 | 15:5 | upstreams: [Upgrade packages] | needs: [Upgrade packages] | upstreams?
TG002 | 15:5 | upstreams: [Upgrade packages] | after:\n      - Upgrade packages | upstreams?
TG002 | 15:5 | upstreams: [Upgrade packages] | upstraems: [Upgrade packages] | upstreams?
TG002 | 15:5 | upstreams: [Upgrade packages] | Upstreams: [Upgrade packages] | upstreams?
TG002 | 15:5 | upstreams: [Upgrade packages] | upstream: [Upgrade packages] | write
TG002 | 11:5 | timeout: 40m | timeoutSeconds: 2400 | timeout?
TG002 | 11:5 | timeout: 40m | timeout_minutes: 40 | timeout: 40m?
TG002 | 11:5 | timeout: 40m | timout: 40m | timeout?
TG002 | 9:5 | prohibitRollback | prohibitRolback | prohibitRollback?
TG002 | 9:5 | prohibitRollback | prohibit_rollback | prohibitRollback?
TG002 | 9:5 | prohibitRollback: true | retries: 3 | attempts in the config
TG001 | 12:16 | [Stop OBServer] | Stop OBServer] | write [Stop OBServer]
TG001 | 12:16 | [Stop OBServer] | ${STOP} | fill in the template
TG001 | 11:14 | 40m | 40 m | did you mean 40m?
TG102 | 12:17 | [Stop OBServer] | [Stop OBServer] | did you mean 'Stop OBServer'?
TG002 | 9:5 | prohibitRollback: true | max_attempts: 3 | attempts in the config
TG002 | 9:5 | prohibitRollback: true | allow_failure: true | retried or skipped
TG002 | 9:5 | prohibitRollback: true | continue-on-error: true | retried or skipped
TG002 | 9:5 | prohibitRollback: true | script: echo | not what is run
TG002 | 10:5 | name: Upgrade packages | task: Upgrade packages | name?
TG002 | 9:5 | prohibitRollback: true | owner: dba | begin with x-
TG002 | 9:5 | prohibitRollback: true | status: PENDING | belongs to a run
TG002 | 2:1 | budget: 2h | deadline: 2h | budget?
TG002 | 2:1 | budget: 2h | creator: admin | belongs to a run
TG002 | 3:1 | subtasks: | steps: | subtasks?
TG002 | 3:1 | subtasks: | tasks: | subtasks?
TG002 | 3:1 | subtasks: | data: | another file name
TG001 | 9:14 | prohibitRollback: true | timeout: 40m | the key timeout stands twice
TG001 | 12:16 | [Stop OBServer] | Check the cluster, Stop OBServer | Check the cluster, Stop
TG001 | 12:16 | [Stop OBServer] | {Stop OBServer: true} | write [Stop OBServer]
TG001 | 12:17 | [Stop OBServer] | [[Stop OBServer]] | not a list
TG001 | 9:9 | prohibitRollback: true | id: 13175719131757191317 | quotes: "13175719
TG001 | 10:11 | name: Upgrade packages | name: “Upgrade packages” | write straight ones
TG001 | 2:7 | budget: 2h | kind: task-defintion | write kind: task-definition
TG001 | 2:10 | budget: 2h | context: [] | write keys and their values
TG002 | 9:5 | prohibitRollback: true | parallelism: 3 | concurrency in the config
TG002 | 1:1 | <all> | <wrapped> | one level higher
TG003 | 1:1 | <all> | - {name: a, timeout: 5m}\n- {name: b, upstreams: [a]}\n | a list of
TG003 | 1:1 | <all> | apiVersion: v1\nkind: Job\nspec: {}\n | neither a name nor subtasks
TG102 | 15:17 | [Upgrade packages] | [Something else] | add the missing subtask
TG003 | 10:5 |   - name: Upgrade packages\n    timeout |   - timeout | 'Upgrade packages'
TG003 | 1:1 | <rest> | <nothing> | subtasks is missing
TG003 | 1:8 | <all> | tasks: []\n | defines no task
TG003 | 1:1 | <all> | []\n | defines no task
TG001 | 1:3 | <all> | - 3\n | a task is written as keys and values
TG001 | 2:5 | <all> | tasks:\n  - 3\n | a task is written as keys and values
TG402 | 11:14 | 40m | -5 | more than 0
TG405 | 10:5 |     timeout: 40m\n | <nothing> | give every subtask a timeout
TG405 | 1:1 | 40m | 4h | the limit is 2 h
TG102 | 15:17 | [Upgrade packages] | [Upgrade package] | 'Upgrade packages'?
TG102 | 15:17 | [Upgrade packages] | [upgrade  Packages] | 'Upgrade packages'?
TG101 | 13:5 | [Upgrade packages] | [Start OBServer] | remove the edge
TG101 | 4:5 | timeout: 5m | upstreams: [Start OBServer]\n    timeout: 5m | remove
TG104 | 13:11 | name: Start OBServer | name: Stop OBServer | and no id
TG105 | 12:17 | [Stop OBServer] | [Stop OBServer, Stop OBServer] | once
TG106 | 13:5 |     upstreams: [Upgrade packages]\n | <nothing> | add the missing edges
TG603 | 1:1 | name: Upgrade OBServer\n | <nothing> | a name that says
TG109 | 3:11 | <rest> | subtasks: []\n | definition
"""


class Mistake(NamedTuple):
    """A change of the sound definition, and the one finding that it gives."""

    code: str
    place: str
    before: str
    after: str
    told: str

    @property
    def text(self) -> str:
        """The definition with the mistake."""
        assert self.before in SOUND
        return SOUND.replace(self.before, self.after, 1)


def _mistake(row: str) -> Mistake:
    code, place, before, after, told = row.split(" | ")
    before = {"<all>": SOUND, "<rest>": _REST}.get(before, before)
    wrapped = "task:\n" + "".join(f"  {line}\n" for line in SOUND.splitlines())
    after = after.replace("<wrapped>", wrapped)
    before, after = (text.replace("\\n", "\n") for text in (before, after))
    return Mistake(code, place, before, after.replace("<nothing>", ""), told)


TABLE = list(map(_mistake, _TABLE.strip().splitlines()))
every_mistake = pytest.mark.parametrize(
    "mistake", TABLE, ids=lambda m: f"{m.code} {m.after.strip()[:24]}"
)


def checked(folder: Path, text: str, name: str = "upgrade.task.yaml") -> CheckRun:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return check_files([str(folder)]).run


def constant(chosen: Settings) -> ConfigurationFor:
    configuration = Configuration(chosen)
    return lambda _: configuration


def findings(run: CheckRun) -> list[Finding]:
    assert not run.unreadable
    return [finding for result in run.results for finding in result.findings]


_STOP = "{id: 1, name: Stop}"
TWINS = (
    (_STOP, "{id: 2, name: Stop, upstreams: [Stop]}"),
    (_STOP, "{id: 2, name: Stop, upstreams: [3]}", "{id: 3, name: Go, upstreams: [Stop]}"),
    (_STOP, "{id: 2, name: Stop}", "{id: 3, name: Go, upstreams: [Stop]}"),
    (_STOP, "{id: 2, name: Stop}", "{id: 3, name: Go, downstreams: [Stop]}"),
    (_STOP, "{name: Stop, upstreams: [Stop]}"),
    ("{name: Stop}", "{name: Stop, upstreams: [Stop]}"),
    (_STOP, "{id: [2], name: Stop, upstreams: [Stop]}"),
)


@pytest.mark.parametrize("rows", TWINS)
@pytest.mark.parametrize("step", [1, -1])
def test_an_edge_to_a_name_that_several_have_is_not_guessed(
    tmp_path: Path, rows: tuple[str, ...], step: int
) -> None:
    lines = "".join(f"  - {row[:-1]}, timeout: 60}}\n" for row in rows[::step])
    run = checked(tmp_path, f"name: W\nsubtasks:\n{lines}")
    (finding,) = findings(run)
    assert finding.code in {"TG001", "TG104"}
    (result,) = run.results
    assert "some edges cannot be read" in {rule.reason for rule in result.skipped}


def test_an_id_beside_what_could_not_be_read_is_placed_by_its_list(
    tmp_path: Path,
) -> None:
    text = """{"name": "I", "subtasks": [
        {"name": "a", "timeout": 5, "upstreams": ["b", "zz"]},
        {"name": "b", "timeout": 5, "upstreams": [true, "q"]}
    ]}"""
    found = findings(checked(tmp_path, text, "a.task.json"))
    places = {f.message: f.pointer for f in found if f.code == "TG102"}
    assert [*places.values()] == ["/subtasks/0/upstreams/1", "/subtasks/1/upstreams"]


def _letters(text: str) -> str:
    """Leave out what a form escapes."""
    return re.sub("[^a-z0-9]", "", text.lower())


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 60


def test_a_sound_folder_gives_one_line(tmp_path: Path) -> None:
    assert checked(tmp_path, SOUND).totals.severities.values()
    told = CliRunner().invoke(cli, ["check", str(tmp_path)])
    assert (told.exit_code, told.output) == (0, "no findings: 1 task in 1 file\n")


@every_mistake
def test_a_mistake_is_one_finding_with_its_place_and_what_was_meant(
    tmp_path: Path, mistake: Mistake
) -> None:
    (finding,) = findings(checked(tmp_path, mistake.text))
    assert finding.code == mistake.code
    assert mistake.told in f"{finding.message}; {finding.hint}"
    assert f"{finding.line}:{finding.column}" == mistake.place


@pytest.mark.uncovered
@pytest.mark.parametrize("form", ["text", "sarif", "junit", "github", "gitlab", "markdown"])
def test_every_form_tells_rule_place_and_remedy(tmp_path: Path, form: str) -> None:
    for number, mistake in enumerate(TABLE):
        (tmp_path / f"{number:02}.task.yaml").write_text(mistake.text, "utf-8")
    settings = Configuration(Settings(ignore=("TG605",)))  # they are copies of one
    run = check_files([str(tmp_path)], lambda _: settings).run
    told = check_renderer(form)(run)
    found = findings(run)
    assert len(found) == len(TABLE)
    if form == "sarif":
        (sarif,) = json.loads(told)["runs"]
        assert len(sarif["results"]) == len(TABLE)
        assert sarif["invocations"] == [{"executionSuccessful": True}]
    elif form == "gitlab":
        assert len({issue["fingerprint"] for issue in json.loads(told)}) == len(TABLE)
    elif form == "junit":
        suites = ET.fromstring(told.encode())
        assert suites.get("errors") == "0"
        assert not suites.findall(".//skipped")
        assert int(suites.get("tests", "")) == 2 * len(TABLE)  # and every other rule
    letters = _letters(told)
    for finding in found:
        assert finding.code in told
        assert Path(finding.file).name in told
        assert _letters(finding.hint)[:20] in letters


@pytest.mark.uncovered
@every_mistake
def test_the_fingerprint_stays_where_lines_and_folders_move(
    tmp_path: Path, mistake: Mistake
) -> None:
    moved = f"# a note\n\n{mistake.text}"
    here = findings(checked(tmp_path / "a", mistake.text))
    there = findings(checked(tmp_path / "b", moved, "deep/er/upgrade.task.yaml"))
    assert fingerprints(here) == fingerprints(there)
    gitlab = [
        json.loads(check_renderer("gitlab")(check_files([str(tmp_path / name)]).run))
        for name in "ab"
    ]
    assert gitlab[0][0]["fingerprint"] == gitlab[1][0]["fingerprint"]


def test_mistakes_are_all_told_beside_what_can_still_be_judged(tmp_path: Path) -> None:
    text = SOUND.replace(": 5m", ": soon").replace("30m", "-1").replace("15m", "0")
    text = text.replace("budget", "bugdet").replace("[Upgrade packages]", "[Upgrade]")
    found = findings(checked(tmp_path, text))
    assert [finding.code for finding in found] == [
        "TG001", "TG002", "TG102", "TG402", "TG401",
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["subtask", "Subtasks", "sub_tasks"])
def test_below_a_misspelled_key_mistakes_have_their_own_places(
    tmp_path: Path, key: str
) -> None:
    text = SOUND.replace("subtasks:", f"{key}:").replace("40m", "soon")
    found = {
        finding.code: (finding.line, finding.column)
        for finding in findings(checked(tmp_path, text))
    }
    assert found == {"TG001": (11, 14), "TG002": (3, 1)}


def test_many_mistakes_are_told_up_to_a_bound(tmp_path: Path) -> None:
    rows = "".join(f"  - {{name: s{n}, timeout: soon}}\n" for n in range(1500))
    found = findings(checked(tmp_path, f"name: t\nsubtasks:\n{rows}"))
    assert len(found) == 1000
    assert {finding.code for finding in found} == {"TG001"}


@examples(150)
@given(definitions(), st.lists(st.tuples(PLACES, st.sampled_from(ODD)), max_size=4))
def test_whatever_is_wrong_is_told_once_with_its_place(
    pair: tuple[dict[str, Any], Task], changes: list[tuple[tuple[Any, ...], Any]]
) -> None:
    document: Any = deepcopy(pair[0])
    for place, value in changes:
        where = document
        with suppress(IndexError, KeyError, TypeError):
            for step in place[:-1]:
                where = where[step]
            where[place[-1]] = value
    (read,) = read_source(Source("a.task.json", json.dumps(document).encode))
    chosen = settings(select=("all",))
    results = check_document([analysis(t, chosen) for t in read.tasks + read.faulty])
    told = Counter(finding.code for result in results for finding in result.findings)
    problems = read.error.problems if read.error is not None else ()
    wrong = Counter(problem.rule for problem in problems)
    assert read.untold is None
    assert set(wrong) <= set(told)
    for code in ("TG001", "TG003"):
        assert told[code] == wrong[code]
    assert all(finding.line for result in results for finding in result.findings)


def test_other_commands_do_not_take_half_a_definition(tmp_path: Path) -> None:
    text = SOUND.replace("40m", "40 minutes").replace("budget", "bugdet")
    checked(tmp_path, text)
    with pytest.raises(InputError) as told:
        taskgraph.load(tmp_path / "upgrade.task.yaml")
    assert [problem.line for problem in told.value.problems] == [2, 11]
    assert "did you mean 40m?" in str(told.value)


@pytest.mark.uncovered
@every_mistake
def test_other_commands_refuse_it_in_the_words_of_the_finding(
    tmp_path: Path, mistake: Mistake
) -> None:
    (finding,) = findings(checked(tmp_path, mistake.text))
    with suppress(InputError):
        taskgraph.load(tmp_path / "upgrade.task.yaml")
        return  # there is nothing wrong with its form
    with pytest.raises(InputError) as told:
        taskgraph.load(tmp_path / "upgrade.task.yaml")
    (problem,) = told.value.problems
    assert problem.message == f"{finding.code} {finding.message}"
    assert (problem.line, problem.column) == (finding.line, finding.column)
    if not finding.code.startswith("TG0"):
        assert problem.hint == finding.hint
    assert "taskgraph check" in told.value.hint


@pytest.mark.parametrize("command", ["show", "budget", "explain", "critical-path", "diff"])
def test_the_commands_end_with_2_and_tell_every_mistake(
    tmp_path: Path, command: str
) -> None:
    checked(tmp_path, SOUND.replace("40m", "soon").replace("budget", "bugdet"))
    given = [command, *[str(tmp_path / "upgrade.task.yaml")] * (1 + (command == "diff"))]
    told = CliRunner().invoke(cli, given)
    assert told.exit_code == 2
    assert "TG002 bugdet is no field of a definition; did you mean budget?" in told.stderr
    assert "TG001 'Upgrade packages': timeout must be a duration" in told.stderr


_TWO_FLAGS = "prohibitRollback: false, prohibitRollback: true"


@pytest.mark.parametrize(
    "rows",
    [
        "{name: c, upstreams: [a], upstream: [b]}",
        "{name: c, downstreams: [a], downstream: [b]}",
        "{name: c, upstreams: [a], upstreams: [b]}",
        "{name: d, name: c, upstreams: [a, b]}, {name: e, upstreams: [d]}",
        "{name: c, name: d, upstreams: [a, b]}, {name: d, upstreams: [d]}",
        "{id: 1, name: c}, {name: c, upstreams: [a]}, {name: d, upstreams: [b, c]}",
        "{name: c, timeout: 9h, timeout: 8h, upstreams: [a, b]}",
        f"{{name: c, {_TWO_FLAGS}, upstreams: [a, b]}}, {{name: d, upstreams: [c]}}",
    ],
)
def test_a_value_that_was_not_read_makes_no_other_finding(
    tmp_path: Path, rows: str
) -> None:
    named = "{name: a, timeout: 1}, {name: b, timeout: 1}"
    rows = re.sub(r"\{((?:(?!timeout)[^{}])*)\}", r"{\1, timeout: 1}", rows)
    checked(tmp_path, f"name: t\nbudget: 2h\nsubtasks: [{named}, {rows}]\n")
    chosen = Settings(thresholds=Thresholds(no_return=0.1))
    run = check_files([str(tmp_path)], constant(chosen)).run
    assert [finding.code for finding in findings(run)] == ["TG001"]


def test_a_limit_that_was_not_read_is_not_exceeded(tmp_path: Path) -> None:
    for text in ("name: t\nbudget: 9h\nbudget: 1s", "name: s\nname: t"):
        checked(tmp_path, f"{text}\nsubtasks: [{{name: a, timeout: 5m}}]\n")
        chosen = Settings(budgets=(("t", 7),))
        run = check_files([str(tmp_path)], constant(chosen)).run
        assert [finding.code for finding in findings(run)] == ["TG001"]


def test_the_names_are_those_of_the_finding_where_they_are_redacted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.task.yaml"
    path.write_text("name: t\nsubtasks: [{name: Stop 10.1.2.3}, {name: Stop 10.1.2.3}]\n")
    told = [
        CliRunner().invoke(cli, [command, str(path), "--redact"])
        for command in ("check", "show")
    ]
    assert "have the name 'Stop host-1', and no id" in told[0].stdout
    assert "have the name 'Stop host-1', and no id" in told[1].stderr


def test_a_good_task_of_several_is_judged_beside_a_bad_one(tmp_path: Path) -> None:
    two = "tasks:\n  - name: a\n    subtasks: []\n  - 5\n"
    run = checked(tmp_path, two)
    assert [result.task_name for result in run.results] == ["a", ""]
    assert [finding.code for finding in findings(run)] == ["TG109", "TG001"]


def test_what_is_no_definition_at_all_stays_unreadable(tmp_path: Path) -> None:
    for number, text in enumerate(("5", "name: [", "")):
        run = checked(tmp_path / str(number), text)
        assert (len(run.unreadable), run.results) == (1, ())


def test_a_mistake_ends_with_1_and_what_is_unreadable_with_2(tmp_path: Path) -> None:
    bad, worse = tmp_path / "a.task.yaml", tmp_path / "b.task.yaml"
    bad.write_text(SOUND.replace("40m", "soon"), "utf-8")
    worse.write_text("name: [", "utf-8")
    ends = [CliRunner().invoke(cli, ["check", str(path)]) for path in (bad, worse)]
    assert [end.exit_code for end in ends] == [1, 2]
    ignoring = ["check", str(bad), "--ignore", "invalid-value"]
    assert CliRunner().invoke(cli, ignoring).exit_code == 0


def test_paths_are_told_from_the_root_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    checked(tmp_path / "ci" / "tasks", SOUND.replace("40m", "soon"))
    monkeypatch.chdir(tmp_path / "ci")
    for folder in ("tasks", str(tmp_path / "ci" / "tasks")):
        told = CliRunner().invoke(cli, ["check", folder, "-f", "gitlab"])
        (issue,) = json.loads(told.stdout)
        assert issue["location"]["path"] == "ci/tasks/upgrade.task.yaml"
        told = CliRunner().invoke(cli, ["check", folder, "-f", "github"])
        assert "file=ci/tasks/upgrade.task.yaml,line=11,col=14" in told.stdout
    monkeypatch.chdir("/")  # it is the root of the file's repository that counts
    told = CliRunner().invoke(cli, ["check", folder, "-f", "gitlab"])
    (issue,) = json.loads(told.stdout)
    assert issue["location"]["path"] == "ci/tasks/upgrade.task.yaml"


def test_a_number_is_not_put_into_quotes_as_it_was_read(tmp_path: Path) -> None:
    (finding,) = findings(checked(tmp_path, SOUND.replace("Upgrade OBServer", "1.10", 1)))
    assert finding.hint == "put it into quotes"
