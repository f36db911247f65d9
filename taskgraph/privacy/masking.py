"""Tasks, and what is saved in them, without secrets.

Saved responses carry the engine's own parameters and logs, and those carry passwords. A
value is masked where its key looks like that of a secret, and so is what stands behind
such a key in a line of text. Masking what is masked already changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any

from taskgraph.model.task import Envelope, Reference, Subtask, Task
from taskgraph.privacy.secret_values import MASK
from taskgraph.privacy.secrets import PRIVATE_KEY, is_secret_key, mask_text, role_of

__all__ = ["map_error", "mask_lines", "mask_task", "mask_value"]


def mask_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Mask the secrets in the lines of a log, also a private key over many lines."""
    masked = []
    inside = False
    for line in lines:
        if inside and PRIVATE_KEY not in line:
            masked.append(MASK)
            continue
        begins, ends = line.rfind("-----BEGIN "), line.rfind("-----END ")
        if PRIVATE_KEY in line:
            inside = begins > ends
        masked.append(mask_text(line))
    return tuple(masked)


def mask_value(value: Any) -> Any:
    """Mask the secrets in a JSON value; where there are none, it is given back itself."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, list):
        items = [mask_value(item) for item in value]
        is_same = all(a is b for a, b in zip(items, value, strict=True))
        return value if is_same else items
    if not isinstance(value, dict):
        return value
    secret = _secret_keys(value)
    masked = {
        key: _hidden(item) if key in secret else mask_value(item)
        for key, item in value.items()
    }
    return masked if any(masked[key] is not value[key] for key in value) else value


def _secret_keys(value: dict[str, Any]) -> set[str]:
    """Give the keys of secrets, also of ``{"key": "password", "value": "..."}``."""
    roles = {key: role_of(key) for key in value}
    secret = {key for key, role in roles.items() if role.is_secret}
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


def _hidden(value: Any) -> Any:
    """Mask everything in a value that could tell something."""
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    return value if value in (None, "") or isinstance(value, bool) else MASK


_SIGNS = ("=", " -", "://", "</", "identified", "bearer", "basic", "private key")
_COLONS = (":", "：", "＝")
_LOGS, _EXTRA = attrgetter("logs"), attrgetter("extra")
_REFERENCES = ("creator", "cluster", "tenant", "host")
# By place, which is faster: a document may hold 100,000 subtasks.
_TEXTS = ("name", "executor", "host", "class_name", "description")
_texts_of = itemgetter(*map(Subtask._fields.index, _TEXTS))


def mask_task(task: Task) -> Task:
    """Mask the secrets of a task.

    Values whose keys look like secrets are masked in its context and in the fields that
    the model does not know; what looks like ``password=...`` is masked in logs,
    descriptions, names of every kind and the error of the response. Where there is nothing
    to mask, it is the same task.
    """
    changes: dict[str, Any] = {}
    subtasks = task.subtasks
    texts = _texts(task)
    has_signs = any(map(texts.lower().__contains__, _SIGNS))
    if has_signs:
        changes |= _mask_titles(task)
    for field in ("context", "extra"):
        value = getattr(task, field)
        if value and (masked := mask_value(value)) is not value:
            changes[field] = masked
    if has_signs:
        subtasks = tuple(map(_mask_texts, subtasks))
    elif any(map(texts.__contains__, _COLONS)):
        subtasks = tuple(map(_mask_description, subtasks))
    if any(map(_LOGS, subtasks)) or any(map(_EXTRA, subtasks)):
        subtasks = tuple(map(_mask_details, subtasks))
    if subtasks is not task.subtasks and subtasks != task.subtasks:
        changes["subtasks"] = subtasks
    envelope = map_error(task.envelope, mask_text)
    if envelope is not task.envelope:
        changes["envelope"] = envelope
    return replace(task, **changes) if changes else task


def _texts(task: Task) -> str:
    """Put together every text outside of logs and context, each once."""
    names = {task.name, task.executor, *chain.from_iterable(map(_texts_of, task.subtasks))}
    for known in (task.creator, task.cluster, task.tenant, task.host):
        if known is not None:
            names.add(known.name)
    return "\n".join(filter(None, names))


def _mask_titles(task: Task) -> dict[str, Any]:
    changes: dict[str, Any] = {"name": _mask_title(task.name)}
    if task.executor:
        changes["executor"] = _mask_title(task.executor)
    for field in _REFERENCES:
        known: Reference | None = getattr(task, field)
        if known and known.name:
            changes[field] = known._replace(name=_mask_title(known.name))
    return {key: new for key, new in changes.items() if new != getattr(task, key)}


def _mask_title(text: str) -> str:
    """Mask a name: there a colon is no assignment."""
    is_suspect = any(map(text.lower().__contains__, _SIGNS))
    return mask_text(text) if is_suspect else text


def _mask_texts(subtask: Subtask) -> Subtask:
    name, executor, host, class_name, description = _texts_of(subtask)
    return subtask._replace(
        name=_mask_title(name),
        executor=executor and _mask_title(executor),
        host=host and _mask_title(host),
        class_name=class_name and _mask_title(class_name),
        description=description and mask_text(description),
    )


def _mask_description(subtask: Subtask) -> Subtask:
    description = subtask.description
    if not description or (masked := mask_text(description)) == description:
        return subtask
    return subtask._replace(description=masked)


def _mask_details(subtask: Subtask) -> Subtask:
    if not (subtask.logs or subtask.extra):
        return subtask
    extra = mask_value(subtask.extra) if subtask.extra else subtask.extra
    return subtask._replace(logs=mask_lines(subtask.logs), extra=extra)


def map_error(envelope: Envelope | None, change: Callable[[str], str]) -> Envelope | None:
    """Change the message of an error; where that changes nothing, it is the same one."""
    if envelope is None or envelope.error is None or not envelope.error.message:
        return envelope
    message = change(envelope.error.message)
    if message == envelope.error.message:
        return envelope
    return replace(envelope, error=replace(envelope.error, message=message))
