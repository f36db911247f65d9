"""The configuration: where it is found, what it may say, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskgraph.checks import BudgetLimit
from taskgraph.config import Config, find_config, in_force, read_config
from taskgraph.errors import ConfigError
from taskgraph.settings import Severity, Suppression

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
    config = read_config(write(tmp_path, WHOLE))
    assert config.check.select == ("TG1", "TG4")
    assert config.check.extend_select == ("TG107",)
    assert config.check.ignore == ("duplicate-edge",)
    assert config.check.severities == (("TG105", Severity.ERROR),)
    assert config.check.grace == 20
    assert config.check.near_timeout_share == 0.5
    assert config.check.budget_limits == (
        BudgetLimit("Stop *", 9000),
        BudgetLimit("*", 600),
    )
    assert config.fail_on == "warning"
    assert config.check.suppressions == (Suppression("TG401", "*", "Finish *"),)
    options = config.check_options(["Wait node", "Stop"])
    assert options.worst_case == config.budget_options(["Wait node"])
    assert config.attempts_by_name == (("Wait *", 3),)
    assert (config.concurrency, config.overhead, config.assume_timeout) == (4, 2, 3600)


def test_the_nearest_file_upwards_is_in_force(tmp_path: Path) -> None:
    outer = write(tmp_path, "", "taskgraph.toml")
    inner = write(tmp_path / "a", "[tool.taskgraph]\noverhead = 1\n", "pyproject.toml")
    write(tmp_path / "a" / "b", "[project]\nname = 'x'\n", "pyproject.toml")
    assert find_config(tmp_path / "a" / "b") == inner
    assert find_config(tmp_path) == outer


def test_per_path_ignores_go_by_the_path_from_the_configuration_on(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, WHOLE))
    assert config.for_path(str(tmp_path / "legacy" / "x.json")).check.ignore == (
        "duplicate-edge",
        "TG401",
    )
    assert config.for_path(str(tmp_path / "deep" / "draft.json")).check.ignore[-1] == "all"
    assert config.for_path(str(tmp_path / "x.json")) is config


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
        ("suppress = 1", "suppress must be tables [[suppress]]"),
        ("[[suppress]]\ntask = 'x'", "suppress: each table needs a rule"),
        ("[[suppress]]\nrule = 1", "suppress.rule must be a text"),
        ("[[suppress]]\nrul = 'x'", "did you mean 'rule'?"),
        ("[thresholds]\ngrace = 1.5", "thresholds.grace must be whole seconds"),
        ("[thresholds]\nnear-timeout = true", "must be a share from 0 to 1"),
        ("[thresholds]\nnear-timeout = 7", "from 0 to 1"),
        ("[budgets]\n'*' = 'soon'", "budgets.* must be seconds or a duration"),
        ("attempts = 0", "attempts must be a whole number from 1 on"),
        ("concurrency = -1", "concurrency must be a whole number from 0 on"),
        ("overhead = -1", "overhead must be seconds or a duration"),
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


def test_a_named_file_must_be_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match=r"no table \[tool\.taskgraph\]"):
        read_config(write(tmp_path, "[project]\n", "pyproject.toml"))


def test_what_is_in_force_tells_where_it_is_from(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)
    found = {entry.key: entry for entry in in_force(read_config(path))}
    assert found["overhead"].text == "2"
    assert found["overhead"].origin == str(path)
    assert found["budgets.Stop *"].value == 9000
    assert found["thresholds.tolerance"].origin == "default"
    legacy = read_config(path).for_path(str(tmp_path / "legacy" / "x.json"))
    (ignore,) = [entry for entry in in_force(legacy) if entry.key == "ignore"]
    assert ignore.origin == f"{path} and {path}, per-path-ignores"
    defaults = {entry.key: entry for entry in in_force(Config())}
    assert {entry.origin for entry in defaults.values()} == {"default"}
    assert defaults["concurrency"].text == "(not set)"
