"""The configuration: where it is found, what it may say, and how mistakes are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from math import inf
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from taskgraph.cli.main import cli
from taskgraph.config import (
    Configuration,
    UnusedPatterns,
    configuration_schema,
    find_config,
    in_force,
    pattern_use,
    read_config,
)
from taskgraph.errors import ConfigError, InputError, Problem
from taskgraph.model.task import Subtask, Task
from taskgraph.settings import (
    DEFAULTS,
    MOST_SECONDS,
    Settings,
    Severity,
    Suppression,
    Thresholds,
)
from tests.effort import examples

WHOLE = """
select = ["TG1", "TG4"]
extend-select = ["TG107"]
ignore = ["duplicate-edge"]
fail-on = "warning"
concurrency = 4
overhead = 2
assume-timeout = "1h"

[severity]
TG105 = "error"

[thresholds]
grace = 20
near-timeout = 0.5

[budgets]
"Stop *" = "2h30m"
"*" = 600

[attempts]
"Wait *" = 3

[[suppress]]
rule = "TG401"
subtask = "Finish *"

[per-path-ignores]
"legacy/*.json" = ["TG401"]
"draft.json" = ["all"]
"""


def write(folder: Path, text: str, name: str = "taskgraph.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)
    config = read_config(path)
    assert config.file == path
    assert config.settings == Settings(
        select=("TG1", "TG4"),
        extend_select=("TG107",),
        ignore=("duplicate-edge",),
        fail_on="warning",
        severity=(("TG105", Severity.ERROR),),
        suppress=(Suppression("TG401", "*", "Finish *"),),
        thresholds=Thresholds(grace=20, near_timeout=0.5),
        budgets=(("Stop *", 9000), ("*", 600)),
        attempts_by_name=(("Wait *", 3),),
        concurrency=4,
        overhead=2,
        assume_timeout=3600,
        per_path_ignores=(("legacy/*.json", ("TG401",)), ("draft.json", ("all",))),
    )
    assert read_config(write(tmp_path / "a", "attempts = 3")).settings.attempts == 3


def test_a_file_that_says_nothing_changes_nothing(tmp_path: Path) -> None:
    for settings in (read_config(write(tmp_path, "")).settings, Configuration().settings):
        assert settings == DEFAULTS == Settings()


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    marked = "\ufeff"  # as editors on Windows write it
    assert read_config(write(tmp_path, f"{marked}overhead = 7")).settings.overhead == 7
    project = write(
        tmp_path / "a", f"{marked}[tool.taskgraph]\nattempts = 2", "pyproject.toml"
    )
    assert find_config(tmp_path / "a") == project
    assert read_config(project).settings.attempts == 2


def test_the_file_and_the_command_line_take_the_same_values(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, "grace = '12s'\n[budgets]\n'*' = '1h 30m'"))
    assert config.settings == Settings(grace=12, budgets=(("*", 5400),))


def test_the_nearest_file_upwards_is_in_force(tmp_path: Path) -> None:
    outer = write(tmp_path, "", "taskgraph.toml")
    inner = write(tmp_path / "a", "[tool.taskgraph]\noverhead = 1\n", "pyproject.toml")
    write(tmp_path / "a" / "b", "[project]\nname = 'x'\n", "pyproject.toml")
    assert find_config(tmp_path / "a" / "b") == inner
    assert find_config(tmp_path) == outer


def test_per_path_ignores_go_by_the_path_from_the_configuration_on(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, WHOLE))
    assert config.for_path(str(tmp_path / "legacy" / "x.json")).ignore == (
        "duplicate-edge",
        "TG401",
    )
    assert config.for_path(str(tmp_path / "deep" / "draft.json")).ignore[-1] == "all"
    assert config.for_path(str(tmp_path / "x.json")) is config.settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('select = ["TG9"]', "select: no rule is called 'TG9'; `taskgraph rules` lists"),
        ('[severity]\nno-timout = "error"', "did you mean TG401 no-timeout?"),
        ('[per-path-ignores]\n"*" = ["TGX"]', "per-path-ignores.*: no rule"),
        ("[thresholds]\nnear-timeout = 80", "near-timeout must be from 0 to 1, not 80"),
        ("[thresholds]\ngrace = 70000000000", "grace must be from 0 to 3153600000"),
        ("selct = []", "did you mean 'select'?"),
        (
            "[thresholds]\ngrase = 1",
            "no option 'grase' in thresholds: did you mean 'grace'?",
        ),
        ("zzz = 1", "known are select,"),
        ("select = 'TG1'", "select must be a list of texts"),
        ("fail-on = 'errors'", "fail-on must be one of error, warning, info, never"),
        ("[severity]\nTG1 = 'bad'", "severity.TG1 must be one of error, warning, info"),
        ("severity = 1", "severity must be a table"),
        ("thresholds = 1", "thresholds must be a table, not 1"),
        ("suppress = 1", "suppress must be tables [[suppress]]"),
        ("[[suppress]]\ntask = 'x'", "suppress: each table needs a rule"),
        ("[[suppress]]\nrule = 1", "suppress.rule must be a text"),
        ("[[suppress]]\nrul = 'x'", "did you mean 'rule'?"),
        ("[thresholds]\ngrace = 1.5", "thresholds.grace must be whole seconds"),
        ("[thresholds]\nnear-timeout = true", "must be a share from 0 to 1"),
        ("[thresholds]\nnear-timeout = 7", "from 0 to 1"),
        ("[budgets]\n'*' = 'soon'", "budgets.* must be seconds or a duration"),
        ("attempts = 0", "attempts must be a whole number from 1 on"),
        ("concurrency = -2", "concurrency must be a whole number from -1 on"),
        ("overhead = -1", "overhead must be seconds or a duration"),
        ("grace = '1 fortnight'", "grace must be seconds or a duration"),
        ("attempts = true", "attempts must be a whole number from 1 on, not true"),
        ("grace = false", "grace must be seconds or a duration like '1h30m', not false"),
        ("grace = [true, 'a', 1e400]", 'not [true, "a", inf]'),
        ("grace = {a = {\"b c\" = 'd\\e'}}", 'not {a = {"b c" = "d\\\\e"}}'),
        ("fail-on = 2025-01-01T00:00:00Z", "not 2025-01-01T00:00:00+00:00"),
        ("fail-on = 2025-01-01", "never, not 2025-01-01"),
        ("fail-on = 07:32:00", "never, not 07:32:00"),
        ("select = 'TG1'", 'select must be a list of texts, not "TG1"'),
        ("[thresholds]\ngrace = true", "thresholds.grace must be whole seconds, not true"),
        ("[severity]\nTG1 = true", "warning, info, not true"),
        ("[attempts]\n'*' = 0", "attempts.* must be a whole number from 1 on, not 0"),
        ("[attempts-by-name]\n'*' = 2", "no option 'attempts-by-name'"),
        ("attempts_by_name = 2", "no option 'attempts_by_name'"),
        ("fail_on = 'error'", "no option 'fail_on': did you mean 'fail-on'?"),
        ("[thresholds]\nnear_timeout = 0.5", "did you mean 'near-timeout'?"),
        ("per_path_ignores = 1", "did you mean 'per-path-ignores'?"),
        ("as-of = '2025-01-01'", "there is no option 'as-of'"),
        ("per-path-ignores = 1", "per-path-ignores must be a table, not 1"),
        ("[per-path-ignores]\n'x' = 'TG1'", "per-path-ignores.x must be a list of texts"),
        ("[[suppress]]\nrule = 'TG999'", "suppress.rule: no rule is called 'TG999'"),
        ("suppress = ['TG101']", "suppress must be tables [[suppress]]"),
        ("a = [", "is not valid TOML"),
    ],
)
def test_mistakes_name_the_file_and_what_was_meant(
    tmp_path: Path, text: str, said: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


GOOD_AND_BAD: dict[str, tuple[list[Any], list[Any]]] = {
    "select": ([[], ["TG1", "all"]], ["TG1", ["TG1", 1], [["TG1"]], {}, {"TG1": "TG1"}]),
    "extend-select": ([["TG107"]], [1, [True]]),
    "ignore": ([["one-sided-edge"]], ["all", [0]]),
    "fail-on": (["error", "warning", "info", "never"], ["ERROR", "", "error\n", ["error"]]),
    "severity": (
        [{}, {"TG103": "error", "TG1": "info"}, {"TG103": "ERROR"}, {"TG103": "Warning"}],
        ["error", [], {"TG103": "errors"}, {"TG103": "error\n"}, {"TG103": 1}],
    ),
    "suppress": (
        [[], [{"rule": "TG1"}], [{"rule": "TG1", "task": "a", "subtask": "b"}]],
        [{"rule": "TG1"}, ["TG1"], [{}], [{"rule": 1}], [{"rule": "TG1", "file": "x"}]],
    ),
    "thresholds": ([{}, {"grace": 5}], [5, [], {"grase": 5}, {"no_return": 0.5}]),
    "budgets": (
        [{}, {"*": 0, "Stop *": "2h30m"}, {"*": 2**63 - 1}, {"*": 60.0}],
        [5, [], {"*": -1}, {"*": "soon"}, {"*": 2**63}, {"*": 1.5}, {"*": {"a": 1}}],
    ),
    "raise-budgets": ([True, False], [0, 1, "true"]),
    "attempts": (
        [1, 2, 2.0, {}, {"*": 1}, {"Wait *": 10**22}],
        [0, -1, 1.5, True, "2", [1], {"*": 0}, {"*": "2"}, {"*": True}, {"*": {"a": 1}}],
    ),
    "attempts-seen": ([True, False], [0, "no"]),
    "grace": ([0, 12, "12", " 1 h 30 min ", "1d2h3m4s"], [-1, "soon", "", "-1", "1h30"]),
    "overhead": ([0, "2s"], [True, 0.5, "1m1min", "30s1m", "1h\n", "1.5h", "1 fortnight"]),
    "concurrency": ([-1, 0, 10, 4.0], [-2, "4", True, 0.5]),
    "workers": ([0, 16], [-1, "4", False]),
    "assume-timeout": ([0, "1h"], [-1, "never", []]),
    "per-path-ignores": (
        [{}, {"a/*": []}, {"a/*": ["TG1"]}],
        [1, [], {"a": "TG1"}, {"a": [1]}],
    ),
    **{
        f"thresholds.{name}": (
            [0, 1, 2.0, MOST_SECONDS],
            [-1, MOST_SECONDS + 1, 1.5, "1m", True],
        )
        for name in ("tolerance", "grace", "event-delay", "watch-period")
    },
    **{
        f"thresholds.{name}": ([0, 0.25, 1], [-0.1, 1.1, 80, inf, -inf, "0.5", True])
        for name in ("near-timeout", "dominant-timeout", "no-return")
    },
    "thresholds.timeout-multiple": ([1, 10], [0, 1.5, "10"]),
}
ODD_NUMBERS = [*(MOST_SECONDS, MOST_SECONDS + 1, 2**63 - 1, 2**63, 10**22, inf, -inf)]
SCALARS = (
    st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(ODD_NUMBERS)
    | st.integers(-3, 3).map(float)
    | st.floats(-1, 2)
    | st.text(st.sampled_from("0123456789dhms in-.\n"), max_size=8)
    | st.sampled_from(["error", "Warning", "INFO", "Never", "TG1", "all"])
    | st.text(max_size=3)
)


def nested(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["rule", "task", "grace", "TG1", "*"])
    return st.lists(values, max_size=2) | st.dictionaries(names, values, max_size=2)


def in_toml(value: Any) -> str:
    if isinstance(value, dict):
        rows = (f"{in_toml(key)} = {in_toml(item)}" for key, item in value.items())
        return f"{{{', '.join(rows)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(in_toml, value))}]"
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("Infinity", "inf").replace("\x7f", "\\u007f")


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Any], bool]:
    """Tell whether a value of a key is right, about which reader and schema must agree."""
    validator = Draft202012Validator(configuration_schema())
    folder, numbers = tmp_path_factory.mktemp("configurations"), count()

    def judge(key: str, value: Any) -> bool:
        path = write(folder, f"{key} = {in_toml(value)}", f"{next(numbers)}.toml")
        above, _, below = key.rpartition(".")
        by_schema = validator.is_valid({above: {below: value}} if above else {key: value})
        try:
            read_config(path)
        except ConfigError as error:
            lines = str(error).splitlines()
            # Which rules there are is no matter of the form.
            by_reader = all("no rule is called" in line for line in lines)
        else:
            by_reader = True
        assert by_reader is by_schema, f"{key} = {value!r}: the reader says {by_reader}"
        return by_reader

    return judge


@pytest.mark.uncovered
def test_the_schema_takes_what_is_read(fits: Callable[[str, Any], bool]) -> None:
    for key, (good, bad) in GOOD_AND_BAD.items():
        assert [value for value in good if not fits(key, value)] == []
        assert [value for value in bad if fits(key, value)] == []
    schema = configuration_schema()
    keys = set(schema["properties"])
    keys |= {f"thresholds.{key}" for key in schema["$defs"]["Thresholds"]["properties"]}
    assert set(GOOD_AND_BAD) == keys


@pytest.mark.uncovered
@examples(20)
@given(value=st.recursive(SCALARS, nested, max_leaves=4))
@pytest.mark.parametrize("key", GOOD_AND_BAD)
def test_the_schema_takes_any_value_that_is_read(
    fits: Callable[[str, Any], bool], key: str, value: Any
) -> None:
    fits(key, value)


def test_every_default_in_the_schema_is_right() -> None:
    schema = configuration_schema()
    for options in (schema["properties"], schema["$defs"]["Thresholds"]["properties"]):
        for option in options.values():
            whole = {**option, "$defs": schema["$defs"]}
            assert Draft202012Validator(whole).is_valid(option["default"])


VALUES = [
    *("1", "-1", "1.5", "nan", "true", "'x'", "[]", "[1]", "['a']", "[['a']]", "{}"),
    *("{a = 1}", "{a = 'x'}", "{a = {b = 1}}", "{TG1 = true}", "[{}]", "[{rule = 1}]"),
    *("2025-01-01", "2025-01-01T00:00:00Z", "10:00:00", "99999999999999999999999"),
]
KEYS = [str(info.alias) for info in Settings.model_fields.values()]
KEYS += [f"thresholds.{info.alias}" for info in Thresholds.model_fields.values()]


@pytest.mark.uncovered
@pytest.mark.parametrize("key", KEYS)
def test_any_value_is_taken_or_refused_in_our_words(tmp_path: Path, key: str) -> None:
    refused = 0
    for number, value in enumerate(VALUES):
        path = write(tmp_path, f"{key} = {value}", f"{number}.toml")
        try:
            in_force(read_config(path), "x.json")
        except ConfigError as error:
            refused += 1
            for line in str(error).splitlines():
                said = line.removeprefix(f"{path}: ")
                assert said != line
                assert key.partition(".")[0] in said
                assert "nput should" not in said  # as pydantic says it
    assert refused


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
selct = []
overhead = -1
fail-on = "errors"
[thresholds]
grace = 1.5
grase = 1
[budgets]
"a" = "soon"
"b" = 5
"c" = "later"
[attempts]
"x" = 0
""",
    )
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    told = sorted(line.removeprefix(f"{path}: ").split(" must be")[0] for line in lines)
    assert told == [
        "attempts.x",
        "budgets.a",
        "budgets.c",
        "fail-on",
        "overhead",
        "there is no option 'grase' in thresholds: did you mean 'grace'?",
        "there is no option 'selct': did you mean 'select'?",
        "thresholds.grace",
    ]


def test_all_rules_that_do_not_exist_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "select = ['TG9']\nignore = ['TGX']\n[severity]\nnone = 'info'")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    told = [line.removeprefix(f"{path}: ") for line in str(caught.value).splitlines()]
    keys = [line.partition(":")[0] for line in told]
    assert keys == ["select", "ignore", "severity.none"]


def test_a_named_file_must_be_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read_config(tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match=r"no table \[tool\.taskgraph\]"):
        read_config(write(tmp_path, "[project]\n", "pyproject.toml"))


def test_what_is_in_force_tells_where_it_is_from(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)
    config = read_config(path)
    entries = {entry.key: entry for entry in in_force(config, str(tmp_path / "x.json"))}
    assert entries["overhead"].text == "2"
    assert entries["overhead"].origin == str(path)
    assert entries["budgets.Stop *"].value == 9000
    assert entries["budgets.Stop *"].origin == str(path)
    assert entries["attempts"].origin == "default"
    assert (entries["attempts.Wait *"].value, entries["attempts.Wait *"].origin) == (
        3,
        str(path),
    )
    assert entries["suppress"].value == [
        {"rule": "TG401", "task": "*", "subtask": "Finish *"}
    ]
    assert entries["thresholds.tolerance"].origin == "default"
    assert entries["thresholds.grace"].origin == str(path)
    assert entries["per-path-ignores.draft.json"].value == ["all"]
    assert entries["ignore"].value == ["duplicate-edge"]
    legacy = in_force(config, str(tmp_path / "legacy" / "x.json"))
    (ignore,) = [entry for entry in legacy if entry.key == "ignore"]
    assert ignore.value == ["duplicate-edge", "TG401"]
    assert ignore.origin == f"{path} and {path}, per-path-ignores"
    defaults = {entry.key: entry for entry in in_force(Configuration(), "x.json")}
    assert {entry.origin for entry in defaults.values()} == {"default"}
    assert defaults["concurrency"].text == "(not set)"


PATTERNS = """
[budgets]
"Stop *" = 1
"Stpo *" = 1
[attempts]
"Wait *" = 2
"Wiat *" = 2
[per-path-ignores]
"legacy/*" = ["TG1"]
"legcay/*" = ["TG1"]
"""


def told(config: Configuration, *documents: tuple[str, Task]) -> list[str]:
    """Give the patterns that fit none of the documents, by what is said of them."""
    unused = UnusedPatterns()
    for path, task in documents:
        unused.add(pattern_use(config, path, [task]))
    return list(unused.messages())


def test_patterns_that_fit_nothing_in_a_whole_run_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, PATTERNS)
    config = read_config(path)
    stop = Task(id=1, name="Stop a zone", subtasks=(Subtask(id=1, name="Copy"),))
    wait = Task(id=2, name="Start", subtasks=(Subtask(id=1, name="Wait for it"),))
    in_legacy = str(tmp_path / "legacy" / "a.json")
    fits_nothing = "fits nothing in this run: no"
    misspelt = [
        f"{path}: budgets.Stpo * {fits_nothing} task has such a name",
        f"{path}: attempts.Wiat * {fits_nothing} subtask has such a name",
        f"{path}: per-path-ignores.legcay/* {fits_nothing} document has such a path",
    ]
    elsewhere = str(tmp_path / "b.json")
    assert told(config, (in_legacy, stop), (elsewhere, wait)) == misspelt
    assert told(config, (elsewhere, wait), (in_legacy, stop)) == misspelt
    only = told(config, (elsewhere, stop))
    assert [line.removeprefix(f"{path}: ").partition(" fits")[0] for line in only] == [
        "budgets.Stpo *",
        "attempts.Wait *",
        "attempts.Wiat *",
        "per-path-ignores.legacy/*",
        "per-path-ignores.legcay/*",
    ]
    assert told(config) == []  # nothing was read: nobody knows


def test_a_suppression_that_fits_nothing_is_told(tmp_path: Path) -> None:
    rows = (
        {"rule": "TG4"},
        {"rule": "all", "task": "Stop *"},
        {"rule": "all", "task": "Stpo *"},
        {"rule": "no-timeout", "subtask": "Cop?"},
        {"rule": "no-timeout", "subtask": "102"},
        {"rule": "TG401", "task": "Stop *", "subtask": "Copy"},
        {"rule": "TG401", "task": "Start", "subtask": "Copy"},
    )
    tables = ("".join(f"{key} = {json.dumps(row[key])}\n" for key in row) for row in rows)
    path = write(tmp_path, "".join(f"[[suppress]]\n{table}" for table in tables))
    stop = Task(id=1, name="Stop a zone", subtasks=(Subtask(id=102, name="Copy"),))
    start = Task(id=2, name="Start", subtasks=(Subtask(id=1, name="Wait for it"),))
    config = read_config(path)
    both = told(config, ("a.json", stop), ("b.json", start))
    fits_nothing = "fits nothing in this run: no task or no subtask has such a name"
    assert both == [
        f'{path}: suppress.all (task = "Stpo *") {fits_nothing}',
        f'{path}: suppress.no-timeout (subtask = "102") {fits_nothing}',
        f'{path}: suppress.TG401 (task = "Start", subtask = "Copy") {fits_nothing}',
    ]
    assert len(told(config, ("b.json", start))) == 6
    assert told(config) == []


def test_where_something_was_not_read_nobody_knows_what_fits(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, PATTERNS))
    unused = UnusedPatterns()
    use = pattern_use(config, "b.json", [Task(id=1, name="Start")])
    unused.add(use)
    assert len(list(unused.messages())) == 6
    unused.add(use, InputError("c.json", [Problem("is empty")]))
    assert list(unused.messages()) == []


@pytest.mark.parametrize("command", ["check", "show", "diff"])
def test_no_command_says_that_nothing_fits_where_it_read_not_all(
    command: str, samples: Path, tmp_path: Path
) -> None:
    config, broken = write(tmp_path, PATTERNS), tmp_path / "a.json"
    good = str(samples / "obproxy_stop.json")
    broken.write_text("{")
    for other in (str(broken), good):
        done = CliRunner().invoke(cli, [command, good, other, "--config", str(config)])
        assert ("fits nothing" in done.stderr) is (other == good)


def test_no_pattern_no_word(tmp_path: Path) -> None:
    task = Task(id=1, name="Stop")
    assert told(Configuration(), ("a.json", task)) == []
    assert told(read_config(write(tmp_path, "attempts = 3")), ("a.json", task)) == []
    every = read_config(write(tmp_path / "a", "[budgets]\n'*' = 5\n"))
    assert told(every, ("a.json", task)) == []
    assert told(every, ("a.json", replace(task, name=""))) == []


def test_the_same_pattern_in_two_files_is_told_of_each(tmp_path: Path) -> None:
    task = Task(id=1, name="Stop")
    unused = UnusedPatterns()
    paths = [write(tmp_path / name, "[budgets]\n'Go*' = 5\n") for name in ("a", "b")]
    for path in paths:
        unused.add(pattern_use(read_config(path), str(path.with_name("x.json")), [task]))
    assert [line.partition(": ")[0] for line in unused.messages()] == list(map(str, paths))
