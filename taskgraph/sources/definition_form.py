"""What a definition of a task may hold: the declarations for pydantic, and for the schema.

It has the shape of a task as OCP returns it, without what only a run can have. An object of
it is read as far as it is sound, with what is wrong noted.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, Required, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from taskgraph.model.declaration import rounded
from taskgraph.model.words import folded
from taskgraph.sources import fields
from taskgraph.sources.document import UNKNOWN_KEY, Problems
from taskgraph.sources.fields import (
    Apart,
    Duration,
    Flag,
    Free,
    Maybe,
    Object,
    Text,
)
from taskgraph.sources.nearest import Meant, mended, nearest_form, nearest_key
from taskgraph.sources.ocp import SPELLINGS, OcpSubtask, OcpTask, Other
from taskgraph.sources.places import escape_token
from taskgraph.sources.validating import Keys, errors_of, negative, note

KIND = "task-definition"
_OWN = "x-*"
"""The field of pydantic's that holds those whose names begin with ``x-``."""


def _name_or_object(value: Any) -> Any:
    if type(value) not in (str, dict):
        raise PydanticCustomError("named", "named")
    return value


def _own_apart(value: Any) -> Any:
    """Put the fields whose names begin with ``x-`` into one, so that others are none."""
    if type(value) is not dict or not any(key.startswith("x-") for key in value):
        return value
    own = {key: item for key, item in value.items() if key.startswith("x-")}
    return {key: item for key, item in value.items() if key not in own} | {_OWN: own}


def _own_allowed(schema: dict[str, Any]) -> None:
    del schema["properties"][_OWN]
    schema["patternProperties"] = {"^x-": True}


def _id_or_name(schema: dict[str, Any]) -> None:
    _own_allowed(schema)
    one, other = (schema["properties"][key]["anyOf"][0] for key in ("id", "name"))
    schema["anyOf"] = [
        {"required": ["id"], "properties": {"id": one}},
        {"required": ["name"], "properties": {"name": other | {"minLength": 1}}},
    ]


Whole: TypeAlias = Annotated[fields.Whole, BeforeValidator(rounded)]
Id: TypeAlias = Annotated[fields.Id, BeforeValidator(rounded)]
Ids: TypeAlias = Annotated[tuple[Id, ...], Field(fail_fast=True)]
Named: TypeAlias = Annotated[
    Free,
    BeforeValidator(_name_or_object),
    WithJsonSchema(
        {
            "description": "A name, or an object with id and name.",
            "type": ["string", "object"],
        }
    ),
]
Own: TypeAlias = Annotated[Object | None, Field(default=None, alias=_OWN)]


@with_config(ConfigDict(extra="forbid", json_schema_extra=_id_or_name))
class DefinedSubtask(TypedDict, total=False):
    """One step of a task; edges may name others, and one direction is enough."""

    id: Annotated[
        Id | None, Field(default=None, description="The name, where it is left out.")
    ]
    name: Maybe[Text]
    description: Maybe[Text]
    timeout: Maybe[Duration]
    upstreams: Annotated[
        Ids | None,
        Field(default=None, description="The ids or names of what must end before."),
    ]
    downstreams: Annotated[
        Ids | None,
        Field(default=None, description="The ids or names of what waits for this."),
    ]
    prohibitRollback: Annotated[
        Flag | None,
        Field(default=None, description="Once it starts, there is no way back."),
    ]
    prohibitSkip: Annotated[
        Flag | None, Field(default=None, description="It cannot be skipped where it fails.")
    ]
    parallelIdx: Annotated[
        Whole | None,
        Field(default=None, description="0..k-1 for the k parts of a split one."),
    ]
    seriesId: Maybe[Whole]
    nodeType: Maybe[Text]
    className: Maybe[Text]
    upstream: Other[Ids]
    downstream: Other[Ids]
    paralleIdx: Other[Whole]
    own: Own


SubtaskRow: TypeAlias = Annotated[DefinedSubtask, BeforeValidator(_own_apart)]


@with_config(ConfigDict(extra="forbid", json_schema_extra=_own_allowed))
class DefinedTask(TypedDict, total=False):
    """A task that is to be run."""

    schema: Annotated[Text | None, Field(default=None, alias="$schema")]
    kind: Maybe[Literal["task-definition"]]
    id: Maybe[Id]
    name: Maybe[Text]
    description: Maybe[Text]
    type: Maybe[Text]
    budget: Maybe[Duration]
    prohibitRollback: Maybe[Flag]
    taskDefinitionId: Maybe[Id]
    context: Annotated[
        Object | None, Field(default=None, description="Parameters of the engine.")
    ]
    cluster: Maybe[Named]
    clusterId: Maybe[Id]
    tenant: Maybe[Named]
    tenantId: Maybe[Id]
    host: Maybe[Named]
    hostId: Maybe[Id]
    subtasks: Required[Annotated[list[Any], Apart(DefinedSubtask)] | None]
    own: Own


TaskRow: TypeAlias = Annotated[DefinedTask, BeforeValidator(_own_apart)]


@with_config(ConfigDict(extra="forbid"))
class DefinedTasks(TypedDict, total=False):
    """Several tasks in one document."""

    schema: Annotated[Text | None, Field(default=None, alias="$schema")]
    kind: Maybe[Literal["task-definition"]]
    tasks: Required[Annotated[list[Any], Apart(DefinedTask, at_least=1)]]


DefinitionDocument: TypeAlias = (
    DefinedTask | DefinedTasks | Annotated[list[DefinedTask], Field(min_length=1)]
)

RENAME = (
    "remove what only a run can have; a saved response needs another file name, "
    "without .task or .taskdef in it"
)
_OF_A_RESPONSE = frozenset(
    {"data", "error", "server", "successful", "timestamp", "traceId"}
)
_KNOWN = {
    DefinedSubtask: sorted(DefinedSubtask.__annotations__.keys() - {"own", *SPELLINGS}),
    DefinedTask: sorted({"$schema", *DefinedTask.__annotations__} - {"own", "schema"}),
}
_OF_A_RUN = {*OcpSubtask.__annotations__, *OcpTask.__annotations__}.difference(
    *_KNOWN.values(), SPELLINGS
)
_ELSEWHERE = {
    folded(key): hint
    for hint, keys in {
        "attempts in the configuration says how often a subtask may run": (
            "attempts maxAttempts maxRetries maxRetry retries retry retryCount"
        ),
        "concurrency in the configuration says how many may run side by side": (
            "concurrency maxConcurrency maxParallel parallel parallelism slots workers"
        ),
        "prohibitRollback: true says that there is no way back once it starts": (
            "allowRollback canRollback rollback rollbackable"
        ),
        "prohibitSkip: true says that it cannot be skipped": (
            "allowSkip canSkip skip skippable"
        ),
        "what fails holds up what comes after it until it is retried or skipped; "
        "prohibitSkip: true says that it cannot be skipped": (
            "allowFailure continueOnError continueOnFail failFast ignoreErrors onError "
            "onFailure"
        ),
        "a definition says how long and after what, not what is run; own fields begin "
        "with x-": "action args cmd command commands exec image run script shell uses",
    }.items()
    for key in keys.split()
}
_KEYS = Keys(own=_OWN, near=nearest_form)
_TASK_KEYS = Keys(own=_OWN, near=partial(nearest_form, of="task"))
EDGES = ("upstreams", "downstreams")


class PartlyRead(NamedTuple):
    """An object as far as it could be read."""

    row: dict[str, Any]
    left_out: frozenset[str] = frozenset()
    """The keys whose values could not be read, or are missing."""


def read_partly(
    declared: Any,
    kind: Any,
    raw: Any,
    pointer: str,
    problems: Problems,
    context: dict[str, str] | None = None,
) -> PartlyRead | None:
    """Read an object as far as it is sound, and note what is not.

    A key that is misspelt, and a value of which it is plain what it means, is read as what
    was meant, so that rules do not speak of what only follows from the mistake. ``None``
    if it is no object, or has not even what it must.
    """
    row, wrong = errors_of(declared, raw, context)
    repeated = frozenset(
        key
        for key in (raw if problems.repeated and isinstance(raw, dict) else ())
        if f"{pointer}/{escape_token(key)}" in problems.repeated
    )
    if not wrong:
        return PartlyRead(row, repeated)
    if not isinstance(raw, dict):
        keys = _KEYS if kind is DefinedSubtask else _TASK_KEYS
        note(wrong[0], (), pointer, problems, keys)
        return None
    mending = dict(raw)
    unknown = [str(e["loc"][0]) for e in wrong if e["type"] == "extra_forbidden"]
    left_out = _mend_keys(kind, mending, unknown, pointer, problems)
    for detail in wrong:
        key = str(detail["loc"][0])
        if detail["type"] == "missing" and key not in mending:
            note(detail, detail["loc"], pointer, problems, _KEYS)
            mending[key] = None
            left_out.add(key)
        elif detail["type"] not in ("missing", "extra_forbidden"):
            note(detail, detail["loc"], pointer, problems, _KEYS)
            left_out |= _mend(mending, key, detail["type"])
    row, wrong = errors_of(declared, mending, context)
    for key in {str(detail["loc"][0]) for detail in wrong}:
        left_out.add(key)
        mending[key] = None
    row = errors_of(declared, mending, context)[0] if wrong else row
    if row is None:
        return None
    if "timeout" in left_out and negative(raw.get("timeout")):
        row["timeout"] = negative(raw["timeout"])  # a rule tells of it
    return PartlyRead(row, repeated | left_out)


def _mend_keys(
    kind: Any, mending: dict[str, Any], unknown: list[str], pointer: str, problems: Problems
) -> set[str]:
    """Rename the keys that others have for ours; give those that then stand twice."""
    twice = set()
    for key in unknown:
        meant = _note_key(kind, key, mending.pop(key), pointer, problems)
        if meant is not None and meant.key in mending:
            twice.add(meant.key)
        elif meant is not None:
            mending[meant.key] = meant.value
    return twice


def _mend(mending: dict[str, Any], key: str, kind: str) -> set[str]:
    """Put what was meant for a wrong value; give the key if it could not be read."""
    if key == _OWN:
        for own in [name for name in mending if name.startswith("x-")]:
            del mending[own]
        return set()
    value = mending.get(key)
    if kind == "spellings":
        mending.pop(key, None)
        return {SPELLINGS.get(key, key)}
    if key in EDGES or key in SPELLINGS:
        kind = "tuple_type"
    if kind == "duration":  # a guess is good for a hint, and not for a bound
        mending[key] = None
        return {key}
    meant = mended(kind, value)
    if meant is None and kind == "tuple_type" and isinstance(value, list):
        items = [mended(kind, [item]) for item in value]
        mending[key] = [item for one in items for item in one or ()]
        return {key}
    mending[key] = meant
    return {key} if meant is None else set()


def _note_key(
    kind: Any, key: str, value: Any, pointer: str, problems: Problems
) -> Meant | None:
    """Note a key that does not belong into such an object; give what was meant."""
    meant = None
    message, hint = f"{key} is no field of a definition", "own fields begin with x-"
    if kind is DefinedTasks:
        message, hint = f"{key} has no place beside tasks", "write it into a task"
    elif key in _OF_A_RESPONSE and kind is DefinedTask:
        message, hint = f"{key} belongs to a response", RENAME
    elif key in _OF_A_RUN:
        message, hint = f"{key} belongs to a run", RENAME
    elif folded(key) in _ELSEWHERE:
        hint = _ELSEWHERE[folded(key)]
    else:
        meant = nearest_key(key, value, _KNOWN[kind])
        hint = hint if meant is None else meant.says
    problems.add(message, f"{pointer}/{escape_token(key)}", hint, UNKNOWN_KEY)
    return meant
