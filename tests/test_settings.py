"""Every assumption: its default, what it may be, and how it is refused."""

from __future__ import annotations

import pickle
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from taskgraph.errors import ConfigError
from taskgraph.settings import (
    DEFAULTS,
    MOST_SECONDS,
    Settings,
    Severity,
    Suppression,
    Thresholds,
)
from tests.analysis.documents import at

SETTINGS: dict[str, Any] = {
    "select": (),
    "extend_select": (),
    "ignore": (),
    "fail_on": "error",
    "severity": (),
    "suppress": (),
    "thresholds": Thresholds(),
    "budgets": (),
    "raise_budgets": False,
    "attempts": 1,
    "attempts_seen": False,
    "attempts_by_name": (),
    "grace": 0,
    "overhead": 0,
    "concurrency": None,
    "workers": None,
    "assume_timeout": None,
    "per_path_ignores": (),
    "runs": None,
    "as_of": None,
}
THRESHOLDS: dict[str, Any] = {
    "tolerance": 1,
    "grace": 12,
    "event_delay": 60,
    "watch_period": 172_800,
    "near_timeout": 0.8,
    "dominant_timeout": 0.5,
    "timeout_multiple": 10,
    "no_return": None,
}
CHANGED: dict[str, Any] = {
    "select": ("TG1",),
    "extend_select": ("TG107",),
    "ignore": ("TG4",),
    "fail_on": "never",
    "severity": (("TG1", Severity.INFO),),
    "suppress": (Suppression("TG401"),),
    "thresholds": Thresholds(grace=5),
    "budgets": (("*", 60),),
    "raise_budgets": True,
    "attempts": 2,
    "attempts_seen": True,
    "attempts_by_name": (("*", 3),),
    "grace": 12,
    "overhead": 2,
    "concurrency": 0,
    "workers": 4,
    "assume_timeout": 30,
    "per_path_ignores": (("a/*", ("TG1",)),),
    "runs": "runs",
    "as_of": at(0),
}


def test_every_default():
    for settings in (Settings(), DEFAULTS):
        assert dict(settings) == SETTINGS
        assert dict(settings.thresholds) == THRESHOLDS
    assert Settings() == DEFAULTS


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_can_be_changed_and_only_when_made(name: str):
    value = CHANGED[name]
    settings = Settings(**{name: value})
    assert dict(settings) == {**SETTINGS, name: value}
    assert settings != DEFAULTS
    assert Settings(**{name.replace("_", "-"): value}) == settings
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings, name, SETTINGS[name])


@pytest.mark.parametrize("name", THRESHOLDS)
def test_thresholds_are_frozen_too(name: str):
    with pytest.raises(ValidationError, match="frozen"):
        setattr(DEFAULTS.thresholds, name, 1)
    assert dict(Thresholds(**{name: 1})) == {**THRESHOLDS, name: 1}


def test_settings_are_values():
    settings = Settings(**CHANGED)
    assert settings == Settings(**CHANGED)
    assert hash(settings) == hash(Settings(**CHANGED))
    sent = pickle.dumps(settings)  # as to the processes that check
    assert pickle.loads(sent) == settings  # noqa: S301


def test_tables_are_taken_as_the_file_has_them():
    settings = Settings.model_validate(
        {
            "severity": {"TG1": "error", "TG2": "Info"},
            "suppress": [{"rule": "TG401", "task": "Stop *"}],
            "budgets": {"Stop *": "2h30m", "*": 600},
            "attempts-by-name": {"Wait *": 3},
            "thresholds": {"near-timeout": 1},
            "ignore": ["TG9"],
        }
    )
    assert settings.severity == (("TG1", Severity.ERROR), ("TG2", Severity.INFO))
    assert settings.suppress == (Suppression("TG401", "Stop *", "*"),)
    assert settings.budgets == (("Stop *", 9000), ("*", 600))
    assert settings.attempts_by_name == (("Wait *", 3),)
    assert settings.thresholds == Thresholds(near_timeout=1.0)
    assert settings.ignore == ("TG9",)


DURATION = "must be seconds or a duration like '1h30m'"
TEXTS = "must be a list of texts"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("select", "TG1", TEXTS),
        ("select", None, TEXTS),
        ("extend_select", ["TG1", 1], TEXTS),
        ("ignore", 1, TEXTS),
        ("fail_on", "errors", "must be one of error, warning, info, never, not 'errors'"),
        ("fail_on", None, "must be one of"),
        ("severity", 1, "must be a table, not 1"),
        ("severity", {"TG1": "bad"}, "must be one of error, warning, info, not 'bad'"),
        ("severity", {"TG1": 1}, "must be one of error, warning, info, not 1"),
        ("suppress", {"rule": "TG1"}, r"must be tables \[\[suppress\]\]"),
        ("suppress", ["TG1"], r"must be tables \[\[suppress\]\]"),
        ("suppress", [{"rule": 1}], "must be a text, not 1"),
        ("suppress", [{"task": "x"}], "rule"),
        ("suppress", [{"rule": "x", "file": "x"}], "file"),
        ("thresholds", 5, "must be a table, not 5"),
        ("thresholds", {"grase": 5}, "grase"),
        ("budgets", 5, "must be a table, not 5"),
        ("budgets", {"*": "soon"}, DURATION),
        ("budgets", {"*": -1}, DURATION),
        ("budgets", {"*": 1.5}, DURATION),
        ("attempts", 0, "must be a whole number from 1 on, not 0"),
        ("attempts", True, "must be a whole number from 1 on, not True"),
        ("attempts", "2", "must be a whole number from 1 on, not '2'"),
        ("attempts", 1.5, "must be a whole number from 1 on"),
        ("attempts", None, "must be a whole number from 1 on"),
        ("attempts_by_name", {"*": 0}, "must be a whole number from 1 on, not 0"),
        ("attempts_by_name", 3, "must be a table, not 3"),
        ("grace", -1, DURATION),
        ("grace", "soon", DURATION),
        ("grace", True, DURATION),
        ("overhead", -1, DURATION),
        ("overhead", 0.5, DURATION),
        ("concurrency", -2, "must be a whole number from -1 on, not -2"),
        ("concurrency", True, "must be a whole number from -1 on, not True"),
        ("concurrency", "4", "must be a whole number from -1 on, not '4'"),
        ("assume_timeout", -1, DURATION),
        ("assume_timeout", [], DURATION),
        ("as_of", datetime(2025, 1, 1), "must have a UTC offset"),  # noqa: DTZ001
        ("as_of", "2025-01-01T00:00:00Z", "must be a moment"),
        ("as_of", 1_737_000_000, "must be a moment"),
        ("nosuch", 0, r"there is no option 'nosuch': known are select, "),
        ("fail_onn", 0, r"there is no option 'fail_onn': did you mean 'fail_on'\?"),
        ("thresholds", {"near_timeouts": 1}, r"in thresholds: did you mean 'near_timeout'"),
    ],
)
def test_what_is_no_value_is_refused(name: str, value: Any, said: str):
    with pytest.raises(ConfigError, match=said):
        Settings(**{name: value})


def test_all_mistakes_are_told_by_their_names():
    wrong: dict[str, Any] = {"attempts": True, "nosuch": 0, "budgets": {"*": "soon"}}
    with pytest.raises(ConfigError) as caught:
        Settings(**wrong, thresholds={"grace": -1})  # type: ignore[arg-type]
    assert str(caught.value).split("\n") == [
        f"thresholds.grace must be from 0 to {MOST_SECONDS}, not -1",
        f"budgets.* {DURATION}, not 'soon'",
        "attempts must be a whole number from 1 on, not True",
        f"there is no option 'nosuch': known are {', '.join(SETTINGS)}",
    ]
    assert caught.value.__suppress_context__
    with pytest.raises(
        ConfigError, match="there is no option 'grase': did you mean 'grace'"
    ):
        threshold("grase", 1)


def threshold(name: str, value: Any) -> Any:
    """Make thresholds with one that is no default, and give it."""
    return getattr(Thresholds(**{name: value}), name)


@pytest.mark.parametrize("name", ["tolerance", "grace", "event_delay", "watch_period"])
def test_thresholds_in_seconds(name: str):
    for value in (0, 1, MOST_SECONDS):
        assert threshold(name, value) == value
    for value in (-1, MOST_SECONDS + 1):
        with pytest.raises(ConfigError, match=f"must be from 0 to {MOST_SECONDS}"):
            threshold(name, value)
    for wrong in (1.5, True, "1", "1m", None, float("nan")):
        with pytest.raises(ConfigError, match="must be whole seconds"):
            threshold(name, wrong)


@pytest.mark.parametrize("name", ["near_timeout", "dominant_timeout", "no_return"])
def test_thresholds_that_are_shares(name: str):
    for value in (0, 0.25, 1):
        assert threshold(name, value) == value
    for value in (-0.1, 1.1, 80, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="must be from 0 to 1"):
            threshold(name, value)
    for wrong in (True, "0.5", (), ""):
        with pytest.raises(ConfigError, match="must be a share from 0 to 1"):
            threshold(name, wrong)


def test_each_of_the_two_graces_names_the_other():
    worst_case, of_rules = Settings.model_fields["grace"], Thresholds.model_fields["grace"]
    assert "`thresholds.grace`" in str(worst_case.description)
    assert "`grace` outside of `thresholds`" in str(of_rules.description)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("attempts", 2.0, 2),
        ("grace", 12.0, 12),
        ("thresholds", {"grace": 5.0}, Thresholds(grace=5)),
        ("attempts_by_name", {"*": 3.0}, (("*", 3),)),
    ],
)
def test_a_whole_number_may_have_a_point(name: str, value: Any, read: Any):
    got = getattr(Settings(**{name: value}), name)
    assert (got, repr(got)) == (read, repr(read))


def test_severities_compare_by_how_bad_they_are():
    assert Severity.INFO < Severity.WARNING < Severity.ERROR
    assert max(Severity) is Severity.ERROR
    assert min(["warning", *Severity], key=Severity) == "info"
