"""Tasks without what must not be shown: secrets always, more where it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any

from taskgraph.model.secrets import MASK, mask_lines, mask_text, mask_value
from taskgraph.model.task import Envelope, Reference, Subtask, Task

__all__ = ["mask_task", "redact_task"]

_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\d.]*\d)")
_SIGNS = ("=", " -p", "://", "identified", "bearer", "basic", "private key")
_LOGS, _EXTRA = attrgetter("logs"), attrgetter("extra")
_PORT = re.compile(r":\d{1,5}\Z")
# What rules and analyses go by: an answer must not depend on redaction.
_KEPT_NUMBERS = frozenset({"concurrency", "parallelIdx"})
_KEPT_TEXTS = frozenset({"", "true", "false", MASK})


def mask_task(task: Task) -> Task:
    """Mask the secrets of a task.

    Values whose keys look like secrets are masked in its context and in the fields that
    the model does not know; what looks like ``password=...`` is masked in logs,
    descriptions, names and the error of the response.

    Returns
    -------
    Task
        The same one where there is nothing to mask.
    """
    changes: dict[str, Any] = {}
    name = _mask_title(task.name)
    if name != task.name:
        changes["name"] = name
    for field in ("context", "extra"):
        value = getattr(task, field)
        if value and (masked := mask_value(value)) is not value:
            changes[field] = masked
    subtasks = _mask_subtasks(task.subtasks)
    if subtasks is not task.subtasks:
        changes["subtasks"] = subtasks
    envelope = _map_error(task.envelope, mask_text)
    if envelope is not task.envelope:
        changes["envelope"] = envelope
    return replace(task, **changes) if changes else task


def _mask_title(text: str) -> str:
    """Mask a name: there a colon is no assignment."""
    return mask_text(text) if _has_any(text, _SIGNS) else text


def _has_any(text: str, signs: Iterable[str]) -> bool:
    """Look for what every secret in a text has near it, fast enough for a large text."""
    lower = text.lower()
    return any(sign in lower for sign in signs)


def _mask_subtasks(subtasks: tuple[Subtask, ...]) -> tuple[Subtask, ...]:
    masked = subtasks
    if _has_any("\n".join([subtask.name for subtask in subtasks]), _SIGNS):
        masked = tuple(s._replace(name=_mask_title(s.name)) for s in masked)
    texts = "\n".join([subtask.description or "" for subtask in subtasks])
    if ":" in texts or _has_any(texts, _SIGNS):
        masked = tuple(
            s._replace(description=mask_text(s.description)) if s.description else s
            for s in masked
        )
    if any(map(_LOGS, subtasks)) or any(map(_EXTRA, subtasks)):
        masked = tuple(map(_mask_details, masked))
    return masked


def _mask_details(subtask: Subtask) -> Subtask:
    if not (subtask.logs or subtask.extra):
        return subtask
    extra = mask_value(subtask.extra) if subtask.extra else subtask.extra
    return subtask._replace(logs=mask_lines(subtask.logs), extra=extra)


def _map_error(envelope: Envelope | None, change: Callable[[str], str]) -> Envelope | None:
    if envelope is None or envelope.error is None or not envelope.error.message:
        return envelope
    message = change(envelope.error.message)
    if message == envelope.error.message:
        return envelope
    return replace(envelope, error=replace(envelope.error, message=message))


def redact_task(task: Task) -> Task:
    """Mask hosts, people, values of the context and of unknown fields, and logs.

    Hosts become ``host-1``, ``host-2``, ... in the order of their names, so that it can
    still be told which subtasks ran on one host. What rules and analyses go by stays.

    Returns
    -------
    Task
        With the secrets masked too.
    """
    task = mask_task(task)
    hosts = _Hosts(_named_hosts(task))
    envelope = _map_error(task.envelope, hosts.scrub)
    if envelope is not None and envelope.server is not None:
        envelope = replace(envelope, server=MASK)
    creator = task.creator
    return replace(
        task,
        name=hosts.scrub(task.name),
        subtasks=tuple(_redact_subtask(subtask, hosts) for subtask in task.subtasks),
        creator=None if creator is None else Reference(name="person-1"),
        executor=hosts.pseudonym(task.executor),
        host=None if task.host is None else Reference(name=hosts.pseudonym(str(task.host))),
        context=None if task.context is None else _redact(task.context),
        extra=_redact(task.extra),
        envelope=envelope,
    )


def _named_hosts(task: Task) -> Iterable[str]:
    if task.executor is not None:
        yield task.executor
    if task.host is not None:
        yield str(task.host)
    for subtask in task.subtasks:
        yield from filter(None, (subtask.executor, subtask.host))


class _Hosts:
    """The hosts that a task names, and what to call them."""

    def __init__(self, names: Iterable[str]) -> None:
        found = sorted({_PORT.sub("", name) for name in names} - {""})
        self.names = {name: f"host-{number}" for number, name in enumerate(found, 1)}
        longest_first = sorted(found, key=lambda name: (-len(name), name))
        inside = "|".join(re.escape(name) for name in longest_first if len(name) > 3)
        self.known = re.compile(rf"(?<!\w)(?:{inside})(?!\w)") if inside else None

    def pseudonym(self, name: str | None) -> str | None:
        return None if name is None else self.names.get(_PORT.sub("", name), MASK)

    def scrub(self, text: str) -> str:
        """Take the hosts out of a text, and every other network address."""
        if self.known is not None:
            text = self.known.sub(lambda match: self.names[match[0]], text)
        return _ADDRESS.sub(MASK, text)


def _redact_subtask(subtask: Subtask, hosts: _Hosts) -> Subtask:
    count = len(subtask.logs)
    return subtask._replace(
        name=hosts.scrub(subtask.name),
        description=None
        if subtask.description is None
        else hosts.scrub(subtask.description),
        executor=hosts.pseudonym(subtask.executor),
        host=hosts.pseudonym(subtask.host),
        logs=(f"{MASK} ({count} lines)",) if count else (),
        extra=_redact(subtask.extra),
    )


def _redact(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _redact(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_redact(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if value in _KEPT_TEXTS else MASK
    return value if key in _KEPT_NUMBERS else MASK
