"""Every assumption that can change an answer, with its default: in this one place.

A document's settings are resolved once (defaults, then the file, then the command line)
and travel with it in its analysis, so that no two answers rest on different assumptions.
The aliases are the keys of the configuration file.
"""

# No annotations from the future: pydantic would read each from its text at every start.
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    Strict,
    ValidationError,
    ValidatorFunctionWrapHandler,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from taskgraph.errors import ConfigError
from taskgraph.model import declaration
from taskgraph.model.declaration import END, rounded
from taskgraph.model.words import nearest_text

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


def _refuse(must: str, value: object) -> PydanticCustomError:
    """Say what a value must do: the name of the option is put before it."""
    said = {"must": must, "shown": repr(value), "value": value}
    return PydanticCustomError("option", "must {must}, not {shown}", said)


class _Told:
    """Lets pydantic judge a value, and says in our words what it must be.

    Parameters
    ----------
    expected : str
        What the value must do.
    declared : callable, optional
        Gives the type that is read, where that is not the one beside it: at once would
        cost every start, and few need a validator.
    limits : str
        The same as `expected` for a value of the right kind.
    """

    def __init__(
        self, expected: str, declared: Callable[[], Any] | None = None, limits: str = ""
    ) -> None:
        self._expected, self._limits = expected, limits or expected
        self._declared = declared

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        declared = self._declared and handler.generate_schema(self._declared())
        return self._wrapped(declared or handler(source))

    def _wrapped(self, schema: CoreSchema) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._judged, schema)

    def _judged(self, value: Any, judge: ValidatorFunctionWrapHandler) -> Any:
        try:
            return judge(value)
        except ValidationError as error:
            kinds = {detail["type"] for detail in error.errors(include_url=False)}
            if kinds <= _TOLD:
                raise
            must = self._limits if kinds <= _OF_LIMITS else self._expected
            raise _refuse(must, value) from None


# What is wrong with a part has been told, or is told by its key.
_TOLD = {"option", "missing", "extra_forbidden", "unexpected_keyword_argument"}
_OF_LIMITS = {"greater_than_equal", "less_than_equal", "finite_number", "timezone_aware"}


class _Table(_Told):
    """Takes a table of a file as pairs, which are as frozen as the rest."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        (pair, _) = get_args(source)
        table = handler.generate_schema(GenericAlias(dict, get_args(pair)))
        pairs = core_schema.no_info_before_validator_function(
            lambda value: tuple(value.items()) if isinstance(value, Mapping) else value,
            handler.generate_schema(Annotated[source, Strict()]),
            json_schema_input_schema=table,
        )
        return self._wrapped(pairs)


def _whole(least: int, most: int | None = None) -> Any:
    return Annotated[int, Field(strict=True, ge=least, le=most), BeforeValidator(rounded)]


def _from(least: int) -> _Told:
    return _Told(f"be a whole number from {least} on", lambda: _whole(least))


def _list_of(declared: Any) -> Any:
    def as_tuple(value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    return Annotated[
        GenericAlias(tuple, (declared, ...)), Strict(), BeforeValidator(as_tuple)
    ]


def _any_case() -> Any:
    """Declare how a severity may be spelt; what tools offer comes first."""
    spelt = "|".join(
        "".join(f"[{letter.upper()}{letter}]" for letter in severity)
        for severity in Severity
    )
    text = Field(strict=True, pattern=f"^({spelt}){END}")
    lower = AfterValidator(lambda text: Severity(text.lower()))
    return Severity | Annotated[str, text, lower]


FailOn: TypeAlias = Literal["error", "warning", "info", "never"]
FAIL_ON: tuple[str, ...] = get_args(FailOn)
Level: TypeAlias = Annotated[
    Severity, _Told(f"be one of {', '.join(reversed(Severity))}", _any_case)
]
Duration: TypeAlias = Annotated[
    int,
    _Told(
        "be seconds or a duration like '1h30m'",
        lambda: Annotated[declaration.Duration, BeforeValidator(rounded)],
    ),
]
Attempts: TypeAlias = Annotated[int, _from(1)]
Seconds: TypeAlias = Annotated[
    int,
    _Told(
        "be whole seconds",
        lambda: _whole(0, MOST_SECONDS),
        limits=f"be from 0 to {MOST_SECONDS}",
    ),
]
Share: TypeAlias = Annotated[
    float,
    _Told(
        "be a share from 0 to 1",
        lambda: Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)],
        limits="be from 0 to 1",
    ),
]
Text: TypeAlias = Annotated[str, _Told("be a text", lambda: Annotated[str, Strict()])]
Flag: TypeAlias = Annotated[
    bool, _Told("be true or false", lambda: Annotated[bool, Strict()])
]
Selectors: TypeAlias = Annotated[
    tuple[str, ...],
    _Told("be a list of texts", lambda: _list_of(Annotated[str, Strict()])),
]
Moment: TypeAlias = Annotated[
    datetime,
    _Told(
        "be a moment",
        lambda: Annotated[AwareDatetime, Strict()],
        limits="have a UTC offset",
    ),
]
_TABLE = _Table("be a table")


def _named_values(value: Any) -> Any:
    # In pydantic 2.12, what _Told wraps does not know that a file has no names but aliases.
    if not isinstance(value, dict | Thresholds):
        raise _refuse("be a table", value)
    return value


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
    if not TYPE_CHECKING:  # which knows what each takes by its fields

        def __init__(self, /, **values: Any) -> None:
            try:
                super().__init__(**values)
            except ValidationError as error:
                said = complaints(error, values, type(self))
                raise ConfigError("\n".join(said)) from None

        # A file is not validated by it: there each mistake is told by its keys.
        __init__.__pydantic_base_init__ = True

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
        validate_by_alias=True,
        regex_engine="python-re",  # the other does not know END
        defer_build=True,  # most runs need the defaults only, which need no validator
    )


class Thresholds(_Frozen):
    """The numbers that rules go by, in seconds, or as shares from 0 to 1."""

    tolerance: Seconds = Field(
        default=1,
        description="By how much times of different clocks may contradict each other.",
    )
    grace: Seconds = Field(
        default=12,
        description=(
            "How much longer than its timeout a run may be before rules say that the "
            "engine missed the deadline; it polls, and is up to 12 s late. Only rules go "
            "by it: what the worst case adds to each timeout is `grace` outside of "
            "`thresholds`."
        ),
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
    fail_on: Annotated[FailOn, _Told(f"be one of {', '.join(FAIL_ON)}")] = Field(
        default="error", description="The severity from which on the exit code is 1."
    )
    severity: Annotated[tuple[tuple[str, Level], ...], _TABLE] = Field(
        default=(),
        description=(
            "Other severities by selector; the most specific decides, the later of equals."
        ),
    )
    suppress: Annotated[
        tuple[Suppression, ...],
        _Told("be tables [[suppress]]", lambda: _list_of(Suppression)),
    ] = Field(
        default=(),
        description="Findings to leave out, by rule, task and subtask; they are counted.",
    )
    thresholds: Annotated[Thresholds, BeforeValidator(_named_values)] = Field(
        default=Thresholds.model_construct(),
        description="The numbers that rules go by.",
    )
    budgets: Annotated[tuple[tuple[str, Duration], ...], _TABLE] = Field(
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
    attempts_by_name: Annotated[tuple[tuple[str, Attempts], ...], _TABLE] = Field(
        default=(),
        description=(
            "The same by the pattern of the subtask's name, before `attempts`; the last "
            "that fits decides."
        ),
    )
    grace: Duration = Field(
        default=0,
        description=(
            "Seconds that the worst case adds to each timeout, per attempt, for the engine "
            "to notice a missed deadline; it polls, so that is up to 12. Rules that judge "
            "how long a run took go by `thresholds.grace` instead."
        ),
    )
    overhead: Duration = Field(
        default=0,
        description=(
            "Seconds that the engine may take to get to a subtask, for each attempt; it "
            "polls twice, so that is up to 2."
        ),
    )
    concurrency: Annotated[int, _from(-1)] | None = Field(
        default=None,
        description=(
            "How many subtasks may be in flight, 0 for any number, -1 for the engine's 10; "
            "by default what the document says, else those 10."
        ),
    )
    workers: Annotated[int, _from(0)] | None = Field(
        default=None,
        description=(
            "How many workers the server has for tasks of this kind, which all of them "
            "share, 0 for any number; by default the engine's 16, for scheduled tasks 32."
        ),
    )
    assume_timeout: Duration | None = Field(
        default=None, description="The timeout in seconds of the subtasks that have none."
    )
    per_path_ignores: Annotated[tuple[tuple[str, Selectors], ...], _TABLE] = Field(
        default=(), description="Rules not to use, by the pattern of the document's path."
    )
    runs: Text | None = Field(
        default=None,
        description="The folder of past runs to judge by; nothing is said by any without.",
    )
    as_of: Moment | None = Field(
        default=None,
        description=(
            "The moment that it is judged at, with its offset; by default what the "
            "document says: the response's own timestamp, else its latest time."
        ),
    )


DEFAULTS = Settings.model_construct()


def complaints(
    error: ValidationError,
    given: Mapping[str, Any],
    model: type[BaseModel] = Settings,
    *,
    names: Callable[[type[BaseModel]], list[str]] = lambda model: [*model.model_fields],
    spelt: Callable[[Any], str] = repr,
) -> list[str]:
    """Say in words what is wrong with settings, by the keys that lead to it.

    Parameters
    ----------
    error : pydantic.ValidationError
    given : mapping
        The settings as they were given.
    model : type
        Of what they should be.
    names : callable
        Gives how the settings of a model are called there.
    spelt : callable
        Writes a value as it stands there.
    """
    said = (
        _in_words(row, given, model, names, spelt)
        for row in error.errors(include_url=False)
    )
    return list(dict.fromkeys(said))


def _in_words(
    error: ErrorDetails,
    given: Mapping[str, Any],
    model: type[BaseModel],
    names: Callable[[type[BaseModel]], list[str]],
    spelt: Callable[[Any], str],
) -> str:
    top, *steps = error["loc"]
    key, last = str(top), str(error["loc"][-1])
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        if key == "suppress":
            known = [option.name for option in fields(Suppression)]
        else:
            known = names(Thresholds if steps else model)
        return _unknown(last.strip(), key if steps else "", known)
    if error["type"] == "missing":
        return f"{key}: each table needs a {last}"
    if steps and isinstance(given[key], Mapping) and isinstance(steps[0], int):
        steps = [list(given[key])[steps[0]]]  # pairs are counted, and known by name
    place = ".".join([key, *(str(step) for step in steps if not isinstance(step, int))])
    if error["type"] != "option":
        return f"{place} {error['msg']}"
    return f"{place} must {error['ctx']['must']}, not {spelt(error['ctx']['value'])}"


def _unknown(key: str, table: str, known: list[str]) -> str:
    near = nearest_text(key, known, 0.6)
    where = f" in {table}" if table else ""
    meant = f"did you mean {near!r}?" if near else f"known are {', '.join(known)}"
    return f"there is no option {key!r}{where}: {meant}"
