"""Finds and reads configuration files, and says where each value is from.

What a configuration may say, and what its values mean, is declared in
:mod:`taskgraph.settings`.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from pydantic import BaseModel, ValidationError

from taskgraph.checks.registry import require_rules
from taskgraph.errors import ConfigError
from taskgraph.model.declaration import Declaration
from taskgraph.model.words import listed
from taskgraph.privacy.masking import mask_text
from taskgraph.settings import DEFAULTS, Settings, Suppression, Thresholds, complaints

if TYPE_CHECKING:
    from taskgraph.model.task import Task

# Whether pyproject.toml can have a table for taskgraph: parsing it takes milliseconds.
_MENTION = re.compile(
    r"""\btool\b[^\n=]*taskgraph|^[ \t]*["']?taskgraph["']?[ \t]*(\.|=[ \t]*\{)""",
    re.MULTILINE,
)

_BARE = re.compile(r"[A-Za-z0-9_-]+")  # a key that needs no quotes
_BY_NAME = "attempts-by-name"
_ASKED = frozenset({"as-of", "runs"})  # by options alone
_NOT_OF_A_FILE = _ASKED | {_BY_NAME}


@dataclass(frozen=True, eq=False)
class Configuration:
    """What a file says, or the defaults, and what the command line puts on top."""

    settings: Settings = DEFAULTS
    """Before anything that depends on a document's path."""
    file: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each value that is no default came from, by its key in the file."""

    def ignored_in(self, path: str) -> tuple[str, ...]:
        """Give the patterns of ``per-path-ignores`` that fit a document's path."""
        return tuple(
            pattern
            for pattern, _ in self.settings.per_path_ignores
            if self._matches(path, pattern)
        )

    def for_path(self, path: str) -> Settings:
        """Give what is in force for one document."""
        patterns = self.ignored_in(path)
        if not patterns:
            return self.settings
        ignored = [
            selector
            for pattern, selectors in self.settings.per_path_ignores
            if pattern in patterns
            for selector in selectors
        ]
        ignore = (*self.settings.ignore, *ignored)
        return self.settings.model_copy(update={"ignore": ignore})

    def _matches(self, path: str, pattern: str) -> bool:
        """Match a path from the configuration's folder on, or its last part."""
        if fnmatch.fnmatchcase(Path(path).name, pattern):
            return True
        base = self.file.parent if self.file is not None else Path()
        full = Path(path).resolve()
        below = full.relative_to(base) if full.is_relative_to(base) else full
        return fnmatch.fnmatchcase(below.as_posix(), pattern)


def find_config(folder: Path) -> Path | None:
    """Find what is in force for the documents of a folder, up to the root, if anything.

    The path of the folder is absolute.
    """
    return next(filter(None, map(_own_config, (folder, *folder.parents))), None)


@cache
def _own_config(folder: Path) -> Path | None:
    own = folder / "taskgraph.toml"
    if own.is_file():
        return own
    project = folder / "pyproject.toml"
    return project if project.is_file() and _table(project) is not None else None


@cache
def read_config(path: Path) -> Configuration:
    """Read a configuration.

    Raises
    ------
    ConfigError
        If it cannot be read, or has keys or values that do not exist: all of them, each
        with the nearest one that does.
    """
    table = _table(path)
    if table is None:
        raise ConfigError(f"{path}: has no table [tool.taskgraph]")
    declared = _as_declared(table)
    try:
        content = Settings.model_validate(declared, by_alias=True, by_name=False)
    except ValidationError as error:
        said = complaints(error, declared, names=_keys, spelt=as_toml)
        said = [re.sub(f"^{_BY_NAME}", "attempts", mistake) for mistake in said]
    else:
        said = list(_unknown_rules(content))
    if said:
        raise ConfigError("\n".join(f"{path}: {mask_text(mistake)}" for mistake in said))
    return Configuration(
        settings=content,
        file=path.resolve(),
        origins=dict.fromkeys(_keys_of(table), str(path.resolve())),
    )


def _table(path: Path) -> dict[str, Any] | None:
    """Give the options of a file, or nothing where it has no table for them."""
    import tomllib

    from taskgraph.sources.opening import read_text

    text = read_text(str(path))
    if path.name == "pyproject.toml" and not _MENTION.search(text):
        return None
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {mask_text(str(error))}") from None
    if path.name != "pyproject.toml":
        return content
    tool = content.get("tool")
    table = tool.get("taskgraph") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _as_declared(table: Mapping[str, Any]) -> dict[str, Any]:
    """Take ``attempts`` for what it is: a number for all subtasks, or a table by name."""
    content = {
        f"{key} " if key in _NOT_OF_A_FILE else key: value for key, value in table.items()
    }
    if isinstance(content.get("attempts"), dict):
        content[_BY_NAME] = content.pop("attempts")
    return content


def _keys_of(table: Mapping[str, Any]) -> Iterator[str]:
    """Give the keys as :func:`in_force` has them."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from (f"{key}.{name}" for name in value)
        else:
            yield key


def _keys(model: type[BaseModel]) -> list[str]:
    """Give the keys of a table of a file."""
    known = (str(info.alias) for info in model.model_fields.values())
    return [key for key in known if key not in _NOT_OF_A_FILE]


def as_toml(value: Any) -> str:
    """Write a value as TOML has it."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, Mapping):
        pairs = (f"{_toml_key(key)} = {as_toml(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)  # which has inf and nan as TOML has them
    return json.dumps(value, ensure_ascii=False)


def _toml_key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _unknown_rules(content: Settings) -> Iterator[str]:
    """Find the selectors that fit no rule."""
    named: list[tuple[str, Iterable[str]]] = [
        ("select", content.select),
        ("extend-select", content.extend_select),
        ("ignore", content.ignore),
        *((f"severity.{selector}", [selector]) for selector, _ in content.severity),
        *(("suppress.rule", [row.rule]) for row in content.suppress),
        *((f"per-path-ignores.{path}", rules) for path, rules in content.per_path_ignores),
    ]
    for key, selectors in named:
        try:
            require_rules(selectors)
        except ConfigError as error:
            yield f"{key}: {error}"


def configuration_schema() -> dict[str, Any]:
    """Give the JSON Schema of a configuration file."""
    schema = Declaration("configuration", Settings, "A configuration file").schema()
    options = schema["properties"]
    for option in options.values():
        if option.get("type") == "object":
            option["default"] = {}  # a table, which is kept as pairs
    by_name = options.pop(_BY_NAME)
    options["attempts"] = {
        "anyOf": [options["attempts"], by_name],
        "default": options["attempts"].pop("default"),
        "description": options["attempts"].pop("description"),
    }
    for key in _NOT_OF_A_FILE:
        options.pop(key, None)
    return schema


class OptionInForce(NamedTuple):
    """One line of what is in force: a key, its value, and where it is from."""

    key: str
    value: Any
    origin: str

    @property
    def text(self) -> str:
        """The value as TOML has it."""
        if self.value is None:
            return "(not set)"
        return as_toml(self.value)


def in_force(configuration: Configuration, path: str) -> tuple[OptionInForce, ...]:
    """List every option in force for a document, with its value and where that is from.

    They are in the order of the declaration; a value that nobody set is from ``default``.
    """
    values: dict[str, Any] = {}
    settings = configuration.for_path(path)
    for name, info in Settings.model_fields.items():
        value, key = getattr(settings, name), str(info.alias)
        if key in _ASKED:
            continue
        if key == _BY_NAME:
            key = "attempts"
        if isinstance(value, Thresholds):
            thresholds = Thresholds.model_fields.items()
            values |= {f"{key}.{one.alias}": getattr(value, own) for own, one in thresholds}
        elif key == "suppress":
            values[key] = list(map(asdict, value))
        elif isinstance(value, tuple) and key not in _LISTS:
            values |= {
                f"{key}.{pattern}": list(limit) if isinstance(limit, tuple) else limit
                for pattern, limit in value
            }
        else:
            values[key] = list(value) if isinstance(value, tuple) else value
    origins = dict(configuration.origins)
    if configuration.ignored_in(path):
        by_path = f"{configuration.file}, per-path-ignores"
        origins["ignore"] = listed(filter(None, [origins.get("ignore"), by_path]))
    return tuple(
        OptionInForce(key, value, origins.get(key, "default"))
        for key, value in values.items()
    )


_LISTS = frozenset({"select", "extend-select", "ignore"})


PatternUse: TypeAlias = dict[tuple[Path, str, str], bool]
"""The patterns of a configuration, as (file, table, pattern), and whether each fits."""


def pattern_use(
    configuration: Configuration, path: str, tasks: Iterable[Task]
) -> PatternUse:
    """Tell which patterns of a configuration fit a document and its tasks."""
    file, settings, tasks = configuration.file, configuration.settings, list(tasks)
    if file is None:
        return {}
    use: PatternUse = {}
    names = {task.unredacted(task.name) for task in tasks}
    for pattern, _ in settings.budgets:
        use[file, "budgets", pattern] = bool(fnmatch.filter(names, pattern))
    if settings.attempts_by_name:
        names = set[str]().union(*map(_subtask_names, tasks))
    for pattern, _ in settings.attempts_by_name:
        use[file, "attempts", pattern] = bool(fnmatch.filter(names, pattern))
    ignored = configuration.ignored_in(path)
    for pattern, _ in settings.per_path_ignores:
        use[file, "per-path-ignores", pattern] = pattern in ignored
    for row in settings.suppress:
        if {row.task, row.subtask} != {"*"}:
            told = (file, "suppress", _suppress(row))
            use[told] = use.get(told, False) or _has_names(row, tasks)
    return use


def _suppress(row: Suppression) -> str:
    """Tell a suppression by its rule, and by its patterns as they stand in the file."""
    patterns = {"task": row.task, "subtask": row.subtask}
    told = [
        f"{key} = {json.dumps(pattern, ensure_ascii=False)}"
        for key, pattern in patterns.items()
        if pattern != "*"
    ]
    return f"{row.rule} ({', '.join(told)})"


def _subtask_names(task: Task) -> set[str]:
    return {*map(task.unredacted, {*task.column("name")})}


def _has_names(row: Suppression, tasks: Iterable[Task]) -> bool:
    """Tell whether a task has the name that is meant, and a subtask in it has its own."""
    return any(
        fnmatch.fnmatchcase(task.unredacted(task.name), row.task)
        and (
            row.subtask == "*"
            or any(fnmatch.fnmatchcase(name, row.subtask) for name in _subtask_names(task))
        )
        for task in tasks
    )


class UnusedPatterns:
    """Finds the patterns of configurations that fit nothing in a whole run.

    Such a pattern is most likely misspelt, and what it should change stays as it is.
    """

    def __init__(self) -> None:
        self._fits: PatternUse = {}
        self._is_whole = True

    def add(self, use: PatternUse, error: Exception | None = None) -> None:
        """Take note of what fits one document, or that not all of it could be read."""
        self._is_whole = self._is_whole and error is None
        for pattern, fits in use.items():
            self._fits[pattern] = self._fits.get(pattern, False) or fits

    def messages(self) -> Iterator[str]:
        """Say of each pattern that fits nothing where it stands.

        Where something could not be read, nobody knows.
        """
        if not self._is_whole:
            return
        what = {
            "budgets": "no task has such a name",
            "attempts": "no subtask has such a name",
            "per-path-ignores": "no document has such a path",
            "suppress": "no task or no subtask has such a name",
        }
        for (file, table, pattern), fits in self._fits.items():
            if not fits:
                yield f"{file}: {table}.{pattern} fits nothing in this run: {what[table]}"
