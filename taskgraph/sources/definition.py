"""Definitions of tasks, written by hand for continuous integration.

Ids may be left out where names are unique, edges may name subtasks, one direction of
them is enough, and durations may have units. What has mistakes is read as far as it can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import GenericAlias
from typing import Any, NamedTuple

from taskgraph.errors import InputError, Problem
from taskgraph.model.task import Id as ModelId
from taskgraph.model.task import Subtask, Task
from taskgraph.model.words import counted, quoted, shorten
from taskgraph.sources.definition_form import (
    EDGES,
    RENAME,
    DefinedSubtask,
    DefinedTask,
    DefinedTasks,
    PartlyRead,
    SubtaskRow,
    TaskRow,
    read_partly,
)
from taskgraph.sources.document import (
    MISSING_KEY,
    SHARED_ID,
    UNKNOWN_KEY,
    Problems,
    shared_name,
)
from taskgraph.sources.envelope import Item, items_of
from taskgraph.sources.fields import describe
from taskgraph.sources.nearest import nearest_key
from taskgraph.sources.ocp import ATTRIBUTES, SPELLINGS, filled, read_references
from taskgraph.sources.places import escape_token
from taskgraph.sources.validating import AT_ONCE, errors_of

_TASK_HAS = "a task has a name and subtasks"
_HINT = "taskgraph schema definition gives the JSON Schema of definitions"
_BESIDE = frozenset({"$schema", "kind"})
_MOST_NAMED = 5
_OF_A_SUBTASK = frozenset({"timeout", *EDGES})
_REFERENCES = ("cluster", "tenant", "host")
_ATTRIBUTES = ATTRIBUTES | {key: ATTRIBUTES[usual] for key, usual in SPELLINGS.items()}


def read_definition(root: Any, problems: Problems) -> list[Task]:
    """Read every task of a definition: one task, a list of them, or ``tasks``.

    One that has mistakes is read as far as it can be, and put into ``problems.faulty``.

    Raises InputError if there is none.
    """
    problems.hint = _HINT
    tasks: list[Task] = []
    try:
        for item in _items(root, problems):
            tasks += _read_task(item, problems)
    except InputError:
        if not problems.is_full:
            raise
        problems.faulty.append(_unread_task("", problems))
    return tasks


def _items(root: Any, problems: Problems) -> Iterator[Item]:
    """Find what should be the tasks of a definition; note where there is none."""
    if isinstance(root, dict):
        inner = _inside(root, problems)
        if inner is not None:
            yield inner
            return
        if "tasks" not in root or _means_subtasks(root):
            yield Item(root, "")
            return
        read = read_partly(DefinedTasks, DefinedTasks, root, "", problems)
        tasks = read.row["tasks"] if read is not None else []
        if root["tasks"] == []:
            problems.add("defines no task", "/tasks", _TASK_HAS, MISSING_KEY)
        if problems.are_around("/tasks/"):
            problems.faulty.append(_unread_task("", problems))
        yield from items_of(tasks, "/tasks")
    elif root == []:
        problems.add("defines no task", "", _TASK_HAS, MISSING_KEY)
        problems.faulty.append(_unread_task("", problems))
    elif isinstance(root, list):
        if any(isinstance(item, dict) and "subtasks" in item for item in root) or not any(
            isinstance(item, dict) and item.keys() & _OF_A_SUBTASK for item in root
        ):
            yield from items_of(root, "")
            return
        hint = "write the name of the task and subtasks: before it, and indent it"
        problems.add("is a list of subtasks, and no task", "", hint, MISSING_KEY)
        problems.faulty.append(_unread_task("", problems))
    else:
        if root is None:
            hint = "taskgraph init writes a definition to start from"
            raise problems.refuse("is empty", "", hint)
        message = f"a definition is a task or a list of tasks, not {describe(root)}"
        raise problems.refuse(message, "", _TASK_HAS)


def _inside(root: dict[str, Any], problems: Problems) -> Item | None:
    """Find the task in what somebody wrote around it."""
    around = [
        key
        for key, inner in root.items()
        if isinstance(inner, dict) and "subtasks" in inner and "subtasks" not in root
    ]
    if len(around) != 1:
        return None
    key, pointer = around[0], f"/{escape_token(around[0])}"
    hint = "write what is in it one level higher, at the top"
    problems.add(f"{key} stands around the definition", pointer, hint, UNKNOWN_KEY)
    beside = {key: root[key] for key in root.keys() & DefinedTask.__annotations__.keys()}
    return Item(beside | root[key], pointer)


def _is_another_thing(raw: dict[str, Any]) -> bool:
    """Tell what has nothing of a task, a file of another tool for example."""
    usual = ("name", "subtasks", "id")
    return bool(raw.keys() - _BESIDE) and not any(
        nearest_key(key, None, usual) for key in raw
    )


def _means_subtasks(root: dict[str, Any]) -> bool:
    """Tell whether what stands in ``tasks`` is what other tools call so."""
    tasks = root["tasks"]
    return (
        "name" in root
        and "subtasks" not in root
        and isinstance(tasks, list)
        and bool(tasks)
        and not any(isinstance(task, dict) and "subtasks" in task for task in tasks)
    )


def _unread_task(pointer: str, problems: Problems) -> Task:
    """Stand in for a task that could not be read at all, to carry what is wrong with it."""
    origin = problems.document.origin("definition", pointer)
    unread = frozenset({(None, "name"), (None, "subtasks")})
    return Task(id=None, is_definition=True, origin=replace(origin, unread=unread))


def _read_task(item: Item, problems: Problems) -> list[Task]:
    raw, pointer = item
    read = None
    if isinstance(raw, dict) and "data" in raw and "subtasks" not in raw:
        message = "is a response, and its file name says that it is a definition"
        problems.add(message, f"{pointer}/data", RENAME, UNKNOWN_KEY)
    elif isinstance(raw, dict) and _is_another_thing(raw):
        has = ", ".join([shorten(key) for key in raw if key not in _BESIDE][:_MOST_NAMED])
        message = f"defines no task: it has {has}, but neither a name nor subtasks"
        problems.add(message, pointer, _TASK_HAS, MISSING_KEY)
    else:
        read = read_partly(TaskRow, DefinedTask, raw, pointer, problems)
    if read is None:
        problems.faulty.append(_unread_task(pointer, problems))
        return []
    row, place = read.row, f"{pointer}/subtasks"
    listed = row["subtasks"] or []
    if isinstance(raw, dict) and raw.get("subtasks") is not row["subtasks"]:
        place = next(
            (f"{pointer}/{escape_token(key)}" for key in raw if raw[key] is listed), place
        )
    spellings: dict[str, str] = {}
    rows = _rows(listed, place, problems, spellings)
    subtasks, unread = _subtasks(rows, place, problems)
    is_whole = len(subtasks) == len(rows) and place == f"{pointer}/subtasks"
    kept = None if is_whole else tuple(f"{place}/{row.position}" for row in subtasks)
    extra = dict(row["own"] or {})
    if row["description"] is not None:
        extra["description"] = row["description"]
    named, beside = read_references(row, _REFERENCES)
    origin = problems.document.origin("definition", pointer, kept, spellings)
    if spellings:
        origin = replace(origin, mistakes=tuple(_spelled(listed, place)))
    task = Task(
        id=row["id"],
        name=row["name"] or "",
        type=row["type"],
        subtasks=tuple(row.subtask for row in subtasks),
        prohibit_rollback=row["prohibitRollback"],
        definition_id=row["taskDefinitionId"],
        context=row["context"],
        budget=row["budget"],
        is_definition=True,
        extra=extra | beside,
        origin=origin,
        **named,
    )
    if not problems.are_below(pointer):
        return [task]
    unread |= {(None, key) for key in read.left_out}
    origin = replace(origin, unread=frozenset(unread))
    problems.faulty.append(replace(task, origin=origin))
    return []


def _spelled(listed: Sequence[Any], place: str) -> Iterator[Problem]:
    """Tell the first use of each key that is spelled as only the API's tables have it."""
    for other, usual in SPELLINGS.items():
        rows = (i for i, row in enumerate(listed) if isinstance(row, dict) and other in row)
        at = next(rows, None)
        if at is not None:
            yield Problem(
                f"{other} is read as {usual}",
                f"{place}/{at}/{other}",
                hint=f"write {usual}",
                rule=UNKNOWN_KEY,
                is_read=True,
            )


def _rows(
    listed: Sequence[Any], place: str, problems: Problems, spellings: dict[str, str]
) -> list[PartlyRead | None]:
    """Read the subtasks of a list; ``None`` for one that is no object."""
    rows: list[PartlyRead | None] = []
    for start in range(0, len(listed), AT_ONCE):
        part = listed[start : start + AT_ONCE]
        read, wrong = errors_of(GenericAlias(list, (SubtaskRow,)), part, spellings)
        rows += (
            (
                read_partly(
                    SubtaskRow, DefinedSubtask, row, f"{place}/{at}", problems, spellings
                )
                for at, row in enumerate(part, start)
            )
            if wrong or problems.repeated
            else map(PartlyRead, read)
        )
    return rows


class _Placed(NamedTuple):
    """A subtask, and where in the list it stands."""

    position: int
    subtask: Subtask


def _attributes(row: dict[str, Any]) -> dict[str, Any]:
    """Turn what was read of a subtask into its attributes."""
    own = row.pop("own")
    return filled(row) | {"extra": own or {}}


def _subtasks(
    rows: list[PartlyRead | None], prefix: str, problems: Problems
) -> tuple[list[_Placed], set[tuple[int | None, str]]]:
    """Make the subtasks that can be named, and say what of them could not be read."""
    unread: set[tuple[int | None, str]] = set()
    named: list[tuple[int, dict[str, Any]]] = []
    unsure: set[int] = set()
    for position, read in enumerate(rows):
        if read is None or not _is_named(read, f"{prefix}/{position}", problems):
            unread.add((None, "subtasks"))
            continue
        if not read.left_out.isdisjoint({"id", "name"}):
            unread.add((None, "subtasks"))  # others may name it by what was not read
            unsure.add(position)
        known = read.left_out & _ATTRIBUTES.keys()
        unread |= {(len(named), _ATTRIBUTES[key]) for key in known}
        named.append((position, _attributes(read.row)))
    sure = [(position, row) for position, row in named if position not in unsure]
    names = Counter(row["name"] for _, row in sure)
    if _note_shared(sure, names, prefix, problems):
        unread.add((None, "subtasks"))  # which one of them an edge means
    ids = {row["id"] for _, row in named if row["id"] is not None}
    by_name = _identified(named, names)
    used = [side for side in EDGES if any(row[side] is not None for _, row in named)]
    for at, (position, row) in enumerate(named):
        for side in used or ["upstreams"]:
            if problems.is_noted(f"{prefix}/{position}/{side}"):  # it is told already
                every = row[side] or ()
                row[side] = [item for item in every if item in ids or item in by_name]
                if len(row[side]) < len(every):
                    unread.add((at, side))
            meant = [
                _resolved(
                    item, ids, by_name, names, f"{prefix}/{position}/{side}/{i}", problems
                )
                for i, item in enumerate(row[side] or ())
            ]
            row[side] = tuple(item for item in meant if item is not None)
            if len(row[side]) < len(meant):
                unread.add((at, side))
    return [_Placed(position, Subtask(**row)) for position, row in named], unread


def _identified(
    named: list[tuple[int, dict[str, Any]]], names: Counter[str]
) -> dict[str, ModelId | None]:
    """Let names stand for ids, and give what each means: ``None`` where several have it.

    Where one of these has no id, that is told already, and the name is not counted.
    """
    by_name: dict[str, ModelId | None] = {}
    for _, row in named:
        name = row["name"]
        if row["id"] is None:
            row["id"] = name
            if names[name] > 1:
                del names[name]
        if name:
            by_name[name] = None if name in by_name else row["id"]
    return by_name


def _is_named(read: PartlyRead, pointer: str, problems: Problems) -> bool:
    """Tell whether a subtask has an id, or a name that stands for it."""
    if read.row["id"] is not None or read.row["name"]:
        return True
    if read.left_out.isdisjoint({"id", "name"}):
        message, hint = "a subtask needs a name or an id", "give it a name"
        problems.add(message, pointer, hint, MISSING_KEY)
    return False


def _note_shared(
    rows: list[tuple[int, dict[str, Any]]],
    names: Counter[str],
    prefix: str,
    problems: Problems,
) -> bool:
    """Note the subtasks without an id whose names are not unique.

    And tell whether another one that has an id has such a name.
    """
    if len(names) == len(rows):
        return False
    is_mixed = False
    alike: dict[str, list[int]] = {}
    for position, row in rows:
        if row["id"] in (None, row["name"]):
            alike.setdefault(row["name"], []).append(position)
    lacking = {row["name"]: position for position, row in rows if row["id"] is None}
    for name, position in lacking.items():
        places = alike[name]
        if len(places) > 1:
            message, hint = shared_name(len(places), quoted(name))
            problems.add(message, f"{prefix}/{places[-1]}/name", hint, SHARED_ID)
        elif names[name] > 1:
            message = "another subtask has this name, and this one has no id"
            hint = "give it an id, or a name of its own"
            problems.add(message, f"{prefix}/{position}/name", hint)
            is_mixed = True
    return is_mixed


def _resolved(
    reference: ModelId,
    ids: set[ModelId],
    by_name: Mapping[str, ModelId | None],
    names: Counter[str],
    pointer: str,
    problems: Problems,
) -> ModelId | None:
    """Give the id of the subtask that an edge means; what nothing is called stays.

    ``None`` where several have the name: which of them is meant, nothing tells.
    """
    if reference in ids or not isinstance(reference, str) or reference not in by_name:
        return reference
    if names[reference] > 1:
        message = f"{counted(names[reference], 'subtask')} have the name {reference}"
        problems.add(message, pointer, "use an id")
    return by_name[reference]
