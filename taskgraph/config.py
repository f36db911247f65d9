"""The configuration: options as frozen values, read from TOML, and where each came from.

``taskgraph.toml``, or the table ``[tool.taskgraph]`` of ``pyproject.toml``, is looked for
from the folder of a document upwards; the first one found is in force.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from taskgraph.analysis import BudgetOptions
from taskgraph.checks import (
    MOST_SECONDS,
    BudgetLimit,
    CheckOptions,
    Severity,
    Suppression,
    require_rules,
)
from taskgraph.errors import ConfigError
from taskgraph.model import parse_duration

__all__ = ["Config", "Entry", "find_config", "in_force", "read_config"]

# Whether pyproject.toml can have a table for taskgraph: parsing it takes milliseconds.
_MENTION = re.compile(
    r"""\btool\b[^\n=]*taskgraph|^[ \t]*["']?taskgraph["']?[ \t]*(\.|=[ \t]*\{)""",
    re.MULTILINE,
)
FAIL_ON = ("error", "warning", "info", "never")


@dataclass(frozen=True)
class Config:
    """What is in force for a document.

    Attributes
    ----------
    check : CheckOptions
        What the rules go by.
    fail_on : str
        The severity from which on the exit code is 1; ``never`` for none.
    per_path_ignores : tuple of (str, tuple of str)
        Rules not to use, by the pattern of the document's path.
    attempts : int or None
        Attempts per subtask in the budget; ``None`` is one, or as many as were started.
    attempts_by_name : tuple of (str, int)
        The same by the pattern of the subtask's name; the last match decides.
    concurrency : int or None
        Subtasks in flight at once; 0 is unlimited, ``None`` what the document says.
    overhead : int
        Seconds that each hop from a subtask to the next one costs.
    assume_timeout : int or None
        Seconds for subtasks without a limit.
    file : Path or None
        The file that it was read from.
    origins : mapping of str to str
        Where each value that is no default came from, by its key in the file.
    """

    check: CheckOptions = field(default_factory=CheckOptions)
    fail_on: str = "error"
    per_path_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    attempts: int | None = None
    attempts_by_name: tuple[tuple[str, int], ...] = ()
    concurrency: int | None = None
    overhead: int = 0
    assume_timeout: int | None = None
    file: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict)

    def for_path(self, path: str) -> Config:
        """Give what is in force for one document: its per-path ignores are applied."""
        ignored = [
            selector
            for pattern, selectors in self.per_path_ignores
            if self._matches(path, pattern)
            for selector in selectors
        ]
        if not ignored:
            return self
        check = replace(self.check, ignore=(*self.check.ignore, *ignored))
        places = [self.origins.get("ignore"), f"{self.file}, per-path-ignores"]
        origin = " and ".join(filter(None, places))
        return replace(self, check=check, origins={**self.origins, "ignore": origin})

    def check_options(self, names: Iterable[str]) -> CheckOptions:
        """Give what the rules go by, for subtasks of these names."""
        if not self.attempts_by_name:
            return self._options_of_any
        return replace(self.check, worst_case=self.budget_options(names))

    @cached_property
    def _options_of_any(self) -> CheckOptions:
        """What the rules go by where the names of the subtasks have no say."""
        return replace(self.check, worst_case=self.budget_options(()))

    def budget_options(self, names: Iterable[str]) -> BudgetOptions:
        """Give what the worst case assumes, for subtasks of these names."""
        by_name = {
            name: count
            for name in dict.fromkeys(names)
            for pattern, count in self.attempts_by_name
            if fnmatch.fnmatchcase(name, pattern)
        }
        return BudgetOptions(
            attempts=self.attempts or 1,
            attempts_by_name=by_name,
            overhead=self.overhead,
            concurrency=self.concurrency,
            assume_timeout=self.assume_timeout,
        )

    def _matches(self, path: str, pattern: str) -> bool:
        """Match a path from the configuration's folder on, or its last part."""
        if fnmatch.fnmatchcase(Path(path).name, pattern):
            return True
        base = self.file.parent if self.file is not None else Path()
        full = Path(path).resolve()
        below = full.relative_to(base) if full.is_relative_to(base) else full
        return fnmatch.fnmatchcase(below.as_posix(), pattern)


class Entry(NamedTuple):
    """One line of what is in force: a key, its value, and where it is from."""

    key: str
    value: Any
    origin: str

    @property
    def text(self) -> str:
        """The value as TOML has it."""
        if self.value is None:
            return "(not set)"
        return json.dumps(self.value, ensure_ascii=False)


@cache
def find_config(folder: Path) -> Path | None:
    """Find the configuration that is in force for the documents of a folder.

    Parameters
    ----------
    folder : Path
        Absolute.

    Returns
    -------
    Path or None
        ``None`` where there is none up to the root.
    """
    own = folder / "taskgraph.toml"
    if own.is_file():
        return own
    project = folder / "pyproject.toml"
    if project.is_file() and _table(project) is not None:
        return project
    return find_config(folder.parent) if folder != folder.parent else None


@cache
def read_config(path: Path) -> Config:
    """Read a configuration.

    Raises
    ------
    ConfigError
        If it cannot be read, or has a key or a value that does not exist; the message
        names the nearest one that does.
    """
    table = _table(path)
    if table is None:
        raise ConfigError(f"{path}: has no table [tool.taskgraph]")
    try:
        return _Reader(table, path.resolve()).config()
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _table(path: Path) -> dict[str, Any] | None:
    """Give the options of a file, or nothing where it has no table for them."""
    try:
        text = path.read_text("utf-8")
        if path.name == "pyproject.toml" and not _MENTION.search(text):
            return None
        content = _parse(text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None
    if path.name != "pyproject.toml":
        return content
    tool = content.get("tool")
    table = tool.get("taskgraph") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _parse(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


_CHECK_KEYS: Mapping[str, str] = {
    "select": "select",
    "extend-select": "extend_select",
    "ignore": "ignore",
}
_THRESHOLDS: Mapping[str, str] = {
    "tolerance": "tolerance",
    "grace": "grace",
    "event-delay": "event_delay",
    "watch-period": "watch_period",
    "near-timeout": "near_timeout_share",
    "dominant-timeout": "dominant_share",
    "no-return": "no_return_share",
}
_SHARES = frozenset({"near-timeout", "dominant-timeout", "no-return"})


class _Reader:
    """Turns a table of TOML into a :class:`Config`, key by key."""

    def __init__(self, table: dict[str, Any], file: Path) -> None:
        self.table = table
        self.file = file
        self.check: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}

    def config(self) -> Config:
        readers: dict[str, Callable[[str, Any], None]] = {
            **dict.fromkeys(_CHECK_KEYS, self._selectors),
            "fail-on": self._fail_on,
            "severity": self._severities,
            "suppress": self._suppressions,
            "thresholds": self._thresholds,
            "budgets": self._budgets,
            "per-path-ignores": self._per_path_ignores,
            "attempts": self._attempts,
            "concurrency": self._count,
            "overhead": self._seconds,
            "assume-timeout": self._seconds,
        }
        for key, value in self.table.items():
            _known(key, readers)
            readers[key](key, value)
            if isinstance(value, dict):
                self.origins.update({f"{key}.{name}": str(self.file) for name in value})
            else:
                self.origins[key] = str(self.file)
        return Config(
            check=CheckOptions(**self.check),
            file=self.file,
            origins=self.origins,
            **self.values,
        )

    def _selectors(self, key: str, value: Any) -> None:
        self.check[_CHECK_KEYS[key]] = _rules(key, value)

    def _fail_on(self, key: str, value: Any) -> None:
        if value not in FAIL_ON:
            raise ConfigError(f"{key} must be one of {', '.join(FAIL_ON)}, not {value!r}")
        self.values["fail_on"] = value

    def _severities(self, key: str, value: Any) -> None:
        pairs = []
        for selector, name in _pairs(key, value):
            _rules(f"{key}.{selector}", [selector])
            if not isinstance(name, str) or name.upper() not in Severity.__members__:
                known = ", ".join(map(str, reversed(Severity)))
                raise ConfigError(f"{key}.{selector} must be one of {known}, not {name!r}")
            pairs.append((selector, Severity[name.upper()]))
        self.check["severities"] = tuple(pairs)

    def _suppressions(self, key: str, value: Any) -> None:
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise ConfigError(f"{key} must be tables [[{key}]], not {value!r}")
        found = []
        for row in value:
            for name, text in row.items():
                _known(name, Suppression._field_defaults | {"rule": ""}, key)
                if not isinstance(text, str):
                    raise ConfigError(f"{key}.{name} must be a text, not {text!r}")
            if "rule" not in row:
                raise ConfigError(f"{key}: each table needs a rule")
            _rules(f"{key}.rule", [row["rule"]])
            found.append(Suppression(**row))
        self.check["suppressions"] = tuple(found)

    def _thresholds(self, key: str, value: Any) -> None:
        for name, number in _pairs(key, value):
            _known(name, _THRESHOLDS, key)
            full = f"{key}.{name}"
            kinds = (int, float) if name in _SHARES else (int,)
            if isinstance(number, bool) or not isinstance(number, kinds):
                what = "a share from 0 to 1" if name in _SHARES else "whole seconds"
                raise ConfigError(f"{full} must be {what}, not {number!r}")
            most = 1 if name in _SHARES else MOST_SECONDS
            if not 0 <= number <= most:
                raise ConfigError(f"{full} must be from 0 to {most}, not {number!r}")
            self.check[_THRESHOLDS[name]] = number

    def _budgets(self, key: str, value: Any) -> None:
        self.check["budget_limits"] = tuple(
            BudgetLimit(pattern, _duration(f"{key}.{pattern}", limit))
            for pattern, limit in _pairs(key, value)
        )

    def _per_path_ignores(self, key: str, value: Any) -> None:
        self.values["per_path_ignores"] = tuple(
            (pattern, _rules(f"{key}.{pattern}", selectors))
            for pattern, selectors in _pairs(key, value)
        )

    def _attempts(self, key: str, value: Any) -> None:
        if not isinstance(value, dict):
            self.values["attempts"] = _whole(key, value, least=1)
            return
        self.values["attempts_by_name"] = tuple(
            (pattern, _whole(f"{key}.{pattern}", count, least=1))
            for pattern, count in value.items()
        )

    def _count(self, key: str, value: Any) -> None:
        self.values[key] = _whole(key, value, least=0)

    def _seconds(self, key: str, value: Any) -> None:
        self.values[key.replace("-", "_")] = _duration(key, value)


def _known(key: str, known: Mapping[str, Any], table: str = "") -> None:
    if key in known:
        return
    import difflib

    near = difflib.get_close_matches(key, known, 1)
    where = f" in {table}" if table else ""
    meant = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    raise ConfigError(f"there is no option {key!r}{where}: {meant}")


def _pairs(key: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise ConfigError(f"{key} must be a table, not {value!r}")
    return list(value.items())


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{key} must be a list of texts, not {value!r}")
    return tuple(value)


def _rules(key: str, value: Any) -> tuple[str, ...]:
    """Read names of rules, of which each must fit one."""
    selectors = _texts(key, value)
    try:
        require_rules(selectors)
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}") from None
    return selectors


def _whole(key: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigError(f"{key} must be a whole number from {least} on, not {value!r}")
    return value


def _duration(key: str, value: Any) -> int:
    try:
        return parse_duration(value)
    except ValueError:
        raise ConfigError(
            f"{key} must be seconds or a duration like '1h30m', not {value!r}"
        ) from None


def in_force(config: Config) -> tuple[Entry, ...]:
    """List every option with its value and where that is from.

    Parameters
    ----------
    config : Config

    Returns
    -------
    tuple of Entry
        In the order of the documentation; a value that nobody set is from ``default``.
    """
    check = config.check
    values: dict[str, Any] = {
        key: list(getattr(check, name)) for key, name in _CHECK_KEYS.items()
    }
    values["fail-on"] = config.fail_on
    values |= {
        f"severity.{selector}": str(severity) for selector, severity in check.severities
    }
    values["suppress"] = [row._asdict() for row in check.suppressions]
    values |= {f"thresholds.{key}": getattr(check, n) for key, n in _THRESHOLDS.items()}
    values |= {f"budgets.{limit.pattern}": limit.seconds for limit in check.budget_limits}
    values |= {
        f"per-path-ignores.{pattern}": list(selectors)
        for pattern, selectors in config.per_path_ignores
    }
    values["attempts"] = config.attempts
    values |= {f"attempts.{name}": count for name, count in config.attempts_by_name}
    values["concurrency"] = config.concurrency
    values["overhead"] = config.overhead
    values["assume-timeout"] = config.assume_timeout
    return tuple(
        Entry(key, value, config.origins.get(key, "default"))
        for key, value in values.items()
    )
