"""Every assumption that can change an answer, with its default: in this one place.

A document's settings are resolved once (defaults, then the file, then the command line)
and travel with it in its analysis, so that no two answers rest on different assumptions.
The aliases are the keys of the configuration file.
"""

# No annotations from the future: pydantic would read each from its text at every start.
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError, PydanticUndefined

from taskgraph.model.durations import parse_duration

MOST_SECONDS = 100 * 365 * 86400
"""No threshold is longer: a hundred years."""


class Severity(StrEnum):
    """How bad a finding is; they compare by that, the worst is the greatest."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """The place among the severities, from 0."""
        return _RANKS[self]

    def __lt__(self, other: str) -> bool:
        return self.rank < Severity(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Severity(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Severity(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Severity(other).rank


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


def _refuse(expected: str, value: object) -> PydanticCustomError:
    """Say what a value must be: the name of the option is put before it."""
    return PydanticCustomError("option", f"must be {expected}, not {value!r}")


def _is(kinds: Any, expected: str, schema: Any = PydanticUndefined) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not isinstance(value, kinds):
            raise _refuse(expected, value)
        return value

    return BeforeValidator(check, json_schema_input_type=schema)


def _list_of(kinds: Any, expected: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        is_list = isinstance(value, list | tuple)
        if not is_list or not all(isinstance(item, kinds) for item in value):
            raise _refuse(expected, value)
        return tuple(value)

    return BeforeValidator(check)


def _whole(least: int) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise _refuse(f"a whole number from {least} on", value)
        return value

    return BeforeValidator(check, json_schema_input_type=Annotated[int, Field(ge=least)])


def _up_to(most: int, kind: type[float], expected: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | kind):
            raise _refuse(expected, value)
        if not 0 <= value <= most:
            raise _refuse(f"from 0 to {most}", value)
        return value

    schema = Annotated[kind, Field(ge=0, le=most)]  # type: ignore[valid-type]
    return BeforeValidator(check, json_schema_input_type=schema)


def _duration(value: Any) -> int:
    try:
        return parse_duration(value)
    except ValueError:
        raise _refuse("seconds or a duration like '1h30m'", value) from None


def _table_of(schema: Any) -> BeforeValidator:
    """Take a table of the file as pairs, which are as frozen as the rest."""

    def pairs(value: Any) -> Any:
        if isinstance(value, tuple):
            return value
        if not isinstance(value, Mapping):
            raise _refuse("a table", value)
        return tuple(value.items())

    return BeforeValidator(pairs, json_schema_input_type=schema)


def _severity(value: Any) -> Any:
    if not isinstance(value, str) or value.upper() not in Severity.__members__:
        raise _refuse(f"one of {', '.join(reversed(Severity))}", value)
    return Severity[value.upper()]


def _fail_on(value: Any) -> Any:
    if value not in FAIL_ON:
        raise _refuse(f"one of {', '.join(FAIL_ON)}", value)
    return value


def _moment(value: Any) -> Any:
    if value is None:
        return value
    if not isinstance(value, datetime):
        raise _refuse("a moment", value)
    if value.tzinfo is None:
        raise PydanticCustomError("option", "must have a UTC offset")
    return value


FAIL_ON = ("error", "warning", "info", "never")
Duration: TypeAlias = Annotated[
    int, BeforeValidator(_duration, json_schema_input_type=int | str)
]
Attempts: TypeAlias = Annotated[int, _whole(1)]
Seconds: TypeAlias = Annotated[int, _up_to(MOST_SECONDS, int, "whole seconds")]
Share: TypeAlias = Annotated[float, _up_to(1, float, "a share from 0 to 1")]
Selectors: TypeAlias = Annotated[tuple[str, ...], _list_of(str, "a list of texts")]
Text: TypeAlias = Annotated[str, _is(str, "a text")]
Flag: TypeAlias = Annotated[bool, _is(bool, "true or false")]


@dataclass(frozen=True, slots=True)
class Suppression:
    """Accepts findings of some rules about some subtasks.

    Attributes
    ----------
    rule : str
        A selector, as in :class:`Settings`.
    task, subtask : str
        Patterns of names as in a shell. A finding is accepted if the name of its task
        and the names of all its subtasks fit; with a `subtask` other than ``*`` it must
        be about one at least.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    rule: Text
    task: Text = "*"
    subtask: Text = "*"


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,  # most runs need the defaults only, which need no validator
    )


class Thresholds(_Frozen):
    """The numbers that rules go by, in seconds, or as shares from 0 to 1."""

    tolerance: Seconds = Field(
        default=1,
        description="By how much times of different clocks may contradict each other.",
    )
    grace: Seconds = Field(
        default=12, description="How long after a timeout the engine may notice it."
    )
    event_delay: Seconds = Field(
        default=60,
        description="How long nothing may happen before a task counts as stalled.",
    )
    watch_period: Seconds = Field(
        default=2 * 86400,
        description="How long after its creation the engine looks at a task's timeouts.",
    )
    near_timeout: Share = Field(
        default=0.8,
        description="The share of its timeout from which on a run counts as near it.",
    )
    dominant_timeout: Share = Field(
        default=0.5,
        description="The share of the budget from which on one subtask dominates it.",
    )
    timeout_multiple: Attempts = Field(
        default=10,
        description=(
            "How many times the timeout that past runs advise one may be before it counts "
            "as much too long."
        ),
    )
    no_return: Share | None = Field(
        default=None,
        description=(
            "The share of the budget after the point of no return that makes it a warning."
        ),
    )


class Settings(_Frozen):
    """What is in force for one document; a file says all but the moment and the runs.

    A selector of rules is a code (``TG103``), the beginning of one (``TG1``), a name
    (``one-sided-edge``) or ``all``. Where several select and ignore the same rule, the
    most specific one decides, and `ignore` wins a tie.
    """

    select: Selectors = Field(
        default=(),
        description="The rules to use; empty means those that are on by default.",
    )
    extend_select: Selectors = Field(default=(), description="Rules to use besides those.")
    ignore: Selectors = Field(default=(), description="Rules not to use.")
    fail_on: Annotated[
        Literal["error", "warning", "info", "never"], BeforeValidator(_fail_on)
    ] = Field(default="error", description="The severity from which on the exit code is 1.")
    severity: Annotated[
        tuple[tuple[str, Annotated[Severity, BeforeValidator(_severity)]], ...],
        _table_of(dict[str, Severity]),
    ] = Field(
        default=(),
        description=(
            "Other severities by selector; the most specific decides, the later of equals."
        ),
    )
    suppress: Annotated[
        tuple[Suppression, ...], _list_of(dict | Suppression, "tables [[suppress]]")
    ] = Field(
        default=(),
        description="Findings to leave out, by rule, task and subtask; they are counted.",
    )
    thresholds: Annotated[Thresholds, _is(Mapping | Thresholds, "a table", Thresholds)] = (
        Field(
            default=Thresholds.model_construct(),
            description="The numbers that rules go by.",
        )
    )
    budgets: Annotated[
        tuple[tuple[str, Duration], ...], _table_of(dict[str, int | str])
    ] = Field(
        default=(),
        description=(
            "How many seconds tasks may take at worst, by the pattern of their name; the "
            "last that fits decides. A definition's own `budget` can only be lower."
        ),
    )
    raise_budgets: Flag = Field(
        default=False,
        description="Whether a definition's own `budget` may also be above `budgets`.",
    )
    attempts: Attempts = Field(
        default=1,
        description="How often each subtask may be started; never less than its counter.",
    )
    attempts_seen: Flag = Field(
        default=False,
        description=(
            "With past runs: whether each may be started as often as any of its kind was."
        ),
    )
    attempts_by_name: Annotated[
        tuple[tuple[str, Attempts], ...], _table_of(dict[str, int])
    ] = Field(
        default=(),
        description=(
            "The same by the pattern of the subtask's name, before `attempts`; the last "
            "that fits decides."
        ),
    )
    grace: Duration = Field(
        default=0,
        description=(
            "Seconds that the engine may take to notice a missed deadline, per attempt; "
            "it polls, so that is up to 12."
        ),
    )
    overhead: Duration = Field(
        default=0,
        description=(
            "Seconds that the engine may take to get to a subtask, for each attempt; it "
            "polls twice, so that is up to 2."
        ),
    )
    concurrency: Annotated[int, _whole(-1)] | None = Field(
        default=None,
        description=(
            "How many subtasks may be in flight, 0 for any number, -1 for the engine's 10; "
            "by default what the document says, else those 10."
        ),
    )
    workers: Annotated[int, _whole(0)] | None = Field(
        default=None,
        description=(
            "How many workers the server has for tasks of this kind, which all of them "
            "share, 0 for any number; by default the engine's 16, for scheduled tasks 32."
        ),
    )
    assume_timeout: Duration | None = Field(
        default=None, description="The timeout in seconds of the subtasks that have none."
    )
    per_path_ignores: Annotated[
        tuple[tuple[str, Selectors], ...], _table_of(dict[str, list[str]])
    ] = Field(
        default=(), description="Rules not to use, by the pattern of the document's path."
    )
    runs: Text | None = Field(
        default=None,
        description="The folder of past runs to judge by; nothing is said by any without.",
    )
    as_of: Annotated[datetime | None, BeforeValidator(_moment)] = Field(
        default=None,
        description=(
            "The moment that it is judged at, with its offset; by default what the "
            "document says: the response's own timestamp, else its latest time."
        ),
    )


DEFAULTS = Settings.model_construct()
