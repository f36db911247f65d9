"""Tasks, and what is saved in them, without secrets.

Saved responses carry the engine's own parameters and logs, and those carry passwords. A
value is masked where its key looks like that of a secret, and so is what stands behind
such a key in a line of text. Masking what is masked already changes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from functools import lru_cache
from itertools import chain, pairwise
from operator import attrgetter, is_not
from typing import Any

from taskgraph.errors import InputError
from taskgraph.model.task import TASK_WORDS, WORDS, Subtask, Task
from taskgraph.privacy.secret_signs import (
    MASK,
    client_of,
    is_secret_key,
    is_suspect,
    role_of,
)

_OF_A_KEY = re.compile(r"\s*[A-Za-z0-9+/=]{40,}\s*")
_OPTION = re.compile(r"-[A-Za-z]|--(?:proxy-)?user")
_DIGITS = str.maketrans(dict.fromkeys("0123456789"))


def mask_task(task: Task) -> Task:
    """Mask the secrets of a task.

    Values whose keys look like secrets are masked in its context and in the fields that
    the model does not know; what looks like ``password=...`` is masked in every text: logs,
    names of every kind, states, ids, and the error of the response. Ids that differed still
    do. Where there is nothing to mask, it is the same task.
    """
    texts = {text: mask_text(text) for text in _suspects(texts_of(task))}
    ids = renamed(ids_of(task), lambda text: texts.get(text, text)) if texts else {}
    changed = {text: new for text, new in (texts | ids).items() if text != new}
    return change_texts(task, changed, mask_value, mask_lines)


def _suspects(texts: Collection[str]) -> list[str]:
    """Sieve out the texts that may hold secrets; most differ only in their numbers."""
    joined = "\n".join(texts)
    if joined.count("\n") >= len(texts) > 0:
        # Lines are not parted here: of a long text they take many times its memory.
        shapes = [text.translate(_DIGITS) for text in texts]
    else:
        shapes = joined.translate(_DIGITS).split("\n")
    suspect = set(filter(is_suspect, set(shapes)))
    if not suspect:
        return []
    return [text for text, shape in zip(texts, shapes, strict=False) if shape in suspect]


def mask_text(text: str) -> str:
    """Mask the secrets in a text, ``password=...`` for example.

    What is found only when escapes are read is masked in the text without them.

    Examples
    --------
    >>> mask_text("connect with user=root password='a b' to 10.0.0.1")
    'connect with user=root password=*** to 10.0.0.1'
    """
    if not is_suspect(text):
        return text
    from taskgraph.privacy.secrets import masked

    return masked(text)


_masked_key = lru_cache(maxsize=4096)(mask_text)


def mask_value(value: Any) -> Any:
    """Mask the secrets in a JSON value; where there are none, it is given back itself."""
    if isinstance(value, str):
        return mask_text(value)
    if not value or not isinstance(value, list | Mapping):
        return value
    if isinstance(value, list):
        items = _masked_items(value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if _are_plain(tuple(value)):
        pairs = ((key, item, mask_value(item)) for key, item in value.items())
        changed = {key: new for key, item, new in pairs if new is not item}
        return {**value, **changed} if changed else value
    secret = _secret_keys(value)
    masked = {
        key: hidden(item) if key in secret else mask_value(item)
        for key, item in value.items()
    }
    if any(_masked_key(key) != key for key in value):
        names = renamed(value, _masked_key)
        return {names[key]: item for key, item in masked.items()}
    return value if all(masked[key] is item for key, item in value.items()) else masked


@lru_cache(maxsize=256)  # of many objects most have the same keys
def _are_plain(keys: tuple[str, ...]) -> bool:
    """Tell whether keys hide nothing, and neither may what stands behind one of them."""
    roles = map(role_of, keys)
    return not any(role.is_secret or role.is_value for role in roles) and all(
        _masked_key(key) == key for key in keys
    )


def _secret_keys(value: Mapping[str, Any]) -> set[str]:
    """Give the keys of secrets, also of ``{"key": "password", "value": "..."}``."""
    roles = {key: role_of(_masked_key(key)) for key in value}
    secret = {k for k, role in roles.items() if role.is_secret or is_secret_key(k)}
    values = {key for key, role in roles.items() if role.is_value}
    if values:
        names = {
            key
            for key, role in roles.items()
            if role.is_name and isinstance(value[key], str)
        }
        secret -= names
        if any(is_secret_key(value[name]) for name in names):
            secret |= values
    return secret


def hidden(value: Any) -> Any:
    """Mask everything in a value that could tell something."""
    if isinstance(value, Mapping):
        return {key: hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hidden(item) for item in value]
    return value if value in (None, "") or isinstance(value, bool) else MASK


def _masked_items(items: list[Any]) -> list[Any]:
    """Mask the items of a list, of which the texts may be lines, or words of a command."""
    texts = iter(mask_lines([item for item in items if isinstance(item, str)]))
    masked = [next(texts) if isinstance(item, str) else mask_value(item) for item in items]
    for place, (name, item) in enumerate(pairwise(items), 1):
        key = name.rstrip(" :=：") if isinstance(name, str) else ""
        if not key.replace("-", "").isidentifier():
            continue
        if key.startswith("-"):
            is_value = not (isinstance(item, str) and item.startswith("-"))
        else:
            is_value = len(items) == 2 and not role_of(key).is_weak
        if is_secret_key(key) and (is_value or _is_opaque(item)):
            masked[place] = hidden(item)
    return masked


def _is_opaque(value: Any) -> bool:
    from taskgraph.privacy.secret_values import is_opaque

    return isinstance(value, str) and is_opaque(value, 0)


def mask_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Mask the secrets in lines, or in the words of a command.

    A private key may go over many lines, and its begin may be missing. What is behind an
    option of one letter depends on the program, which comes before.
    """
    masked: list[str] = []
    is_inside, client, option = False, "", ""
    for line in lines:
        edges = _edges_of_keys(line)
        if is_inside and not edges:
            masked.append(MASK)
            continue
        if edges:
            if edges[0] == "END" and not is_inside:
                _mask_before(masked)
            is_inside = edges[-1] == "BEGIN"
        client = (" " not in line and client_of(line)) or client
        is_word = not edges and (option or (client and line.startswith("-")))
        if is_word and (client or option == "-p "):
            masked.append(_masked_word(f"{client or 'mysql'} {option}", line))
        else:
            masked.append(mask_text(line))
        option = f"{line} " if _OPTION.fullmatch(line) else ""
    return tuple(masked)


def _edges_of_keys(line: str) -> list[str]:
    """Tell where private keys begin and end in a line: ``BEGIN`` and ``END``."""
    if "----" not in line:
        return []  # before the patterns of secrets are made
    from taskgraph.privacy.secret_values import PRIVATE_KEY

    return [edge["edge"] for edge in PRIVATE_KEY.finditer(line)]


def _masked_word(before: str, word: str) -> str:
    """Mask a word of a command, by the words before it."""
    whole = before + word.replace(" ", "_")  # it is one word, whatever is in it
    masked = mask_text(whole)
    return word if masked == whole else masked[len(before) :]


def _mask_before(masked: list[str]) -> None:
    """Mask the lines of a private key whose begin was cut off."""
    place = len(masked) - 1
    while place >= 0 and _OF_A_KEY.fullmatch(masked[place]):
        masked[place] = MASK
        place -= 1


def mask_error(error: InputError) -> InputError:
    """Mask the secrets in what is said of a document, in its places too."""
    return map_error(error, mask_text)


def map_error(error: InputError, change: Callable[[str], str]) -> InputError:
    """Change what is said of a document; its name stays as the user gave it."""

    def step(token: str) -> str:
        plain = change(token.replace("~1", "/").replace("~0", "~"))
        return plain.replace("~", "~0").replace("/", "~1")

    problems = [
        replace(
            problem,
            message=change(problem.message),
            pointer=problem.pointer and "/".join(map(step, problem.pointer.split("/"))),
            hint=change(problem.hint),
        )
        for problem in error.problems
    ]
    return InputError(error.file, problems, change(error.hint))


_APART = frozenset({"subtasks", "context", "extra", "origin"})
_AROUND = tuple(field.name for field in fields(Task) if field.name not in _APART)
_around = attrgetter(*_AROUND)
_TEXTS = (
    "name", "description", "status", "operation", "node_type", "class_name", "executor",
    "host",
)  # fmt: skip
_FREE = Subtask._fields.index("logs")  # and what follows it


def ids_of(task: Task) -> set[str]:
    """Give the ids that are texts: the task's, of subtasks, and those that edges name."""
    if str in {*map(type, _every_id(task))}:  # which is quickly told, and seldom so
        return _texts_among(_every_id(task))
    return set()


def _every_id(task: Task) -> Iterator[Any]:
    edges = (filter(None, task.column(side)) for side in ("upstreams", "downstreams"))
    named = chain.from_iterable(map(chain.from_iterable, edges))
    return chain([task.id], task.column("id"), named)


def words_of(task: Task) -> set[str]:
    """Give the texts of a task by which answers go: ids, names, statuses and the like."""
    words = {getattr(task, name) for name in TASK_WORDS}
    words.update(*map(task.column, WORDS))
    return _texts_among(words) | ids_of(task)


def _texts_among(values: Iterable[Any]) -> set[str]:
    return {value for value in values if isinstance(value, str)}


def texts_of(task: Task) -> set[str]:
    """Give every text of a task, ids too, but for logs, context and unknown fields."""
    texts: set[Any] = {task.origin.dialect}
    texts.update(*map(task.column, _TEXTS))
    stack = [*_around(task), *{*task.column("task_id")}]
    for value in stack:  # grows while it is walked
        if isinstance(value, tuple):
            stack += value
    texts.update(_texts_among(stack), ids_of(task))
    texts.discard(None)
    return texts


def change_texts(
    task: Task,
    texts: Mapping[str, str],
    change_value: Callable[[Any], Any],
    change_logs: Callable[[tuple[str, ...]], tuple[str, ...]],
) -> Task:
    """Change the texts of a task that a mapping has, its logs, and its free values.

    Where that changes nothing, it is the same task.
    """
    changes: dict[str, Any] = {}
    subtasks = task.subtasks
    if texts:
        changes = {name: _changed(getattr(task, name), texts) for name in _AROUND}
        origin = task.origin
        changes["origin"] = replace(origin, dialect=_changed(origin.dialect, texts))
        subtasks = tuple(
            Subtask(*(_changed(part, texts) for part in row[:_FREE]), *row[_FREE:])
            for row in subtasks
        )
    if any(map(any, map(task.column, ("logs", "extra")))):
        rows = [_with_free(row, change_value, change_logs) for row in subtasks]
        if any(map(is_not, rows, subtasks)):
            subtasks = tuple(rows)
    for name in ("context", "extra"):
        value = getattr(task, name)
        if value and (new := change_value(value)) != value:
            changes[name] = new
    if subtasks is not task.subtasks:
        changes["subtasks"] = subtasks
    changed = replace(task, **changes) if changes else task
    return task if changed == task and changed.origin == task.origin else changed


def _with_free(
    row: Subtask,
    change_value: Callable[[Any], Any],
    change_logs: Callable[[tuple[str, ...]], tuple[str, ...]],
) -> Subtask:
    logs = change_logs(row.logs) if row.logs else row.logs
    extra = change_value(row.extra) if row.extra else row.extra
    if extra is row.extra and logs == row.logs:
        return row
    return row._replace(logs=logs, extra=extra)


def _changed(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, tuple):
        parts = [_changed(part, texts) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def renamed(names: Iterable[str], change: Callable[[str], str]) -> dict[str, str]:
    """Change names so that those which differ still do, whatever order they come in."""
    new = {name: change(name) for name in sorted(names)}
    taken = {name for name, other in new.items() if name == other}
    counts: Counter[str] = Counter()
    for name, plain in new.items():
        if name == plain:
            continue
        other = plain
        while other in taken:
            counts[plain] += 1
            other = f"{plain} ({counts[plain] + 1})"
        taken.add(other)
        new[name] = other
    return new
