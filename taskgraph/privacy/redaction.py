"""Tasks and messages without hosts, people, values of the context, and logs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from taskgraph.errors import InputError
from taskgraph.model.task import Reference, Subtask, Task
from taskgraph.privacy.masking import map_error, mask_task
from taskgraph.privacy.secret_values import MASK

__all__ = ["redact_error", "redact_task", "redact_tasks"]

_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\d.]*\d)")
_ADDRESS_6 = re.compile(
    r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,35}(?:(?:\.\d{1,3}){3})?(?![\w:])(?:%\w{1,16})?"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}+(?:\.[\w-]{1,63}+)+")
# In a message also what is cut off, or has no dots behind the @.
_ACCOUNT = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+@[\w.-]{1,255}+")
_CUT = re.compile(r"(?<![\w.+@:-])[\w+-]{0,64}[.@:][\w.+@:-]{0,64}…")
_HOST = re.compile(
    r"(?<![\w.-])[A-Za-z0-9][A-Za-z0-9-]{0,62}+"
    r"(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62}+)*\.(?P<last>[A-Za-z][A-Za-z0-9-]{1,62}+)(?![\w-])"
)
_CLASS = re.compile(r"[A-Z]\w*[a-z]\w*[A-Z]")
_HOST_AND_PORT = re.compile(r"([^:]*|\[[^\]]*\]):\d{1,5}")
# Lists of a context whose names say that they hold machines: host_ips, obServers.
_HOSTS = re.compile(
    r"(?i:(?:^|[^a-z])(?:host|server|machine|node|addr|ip|agent))"
    r"|Host|Server|Machine|Node|Addr|Ip|Agent"
)
# Accounts that stand for no person, and are words of other names.
_NOBODY = frozenset({"admin", "administrator", "ocp", "oceanbase", "root", "sys", "system"})
# What rules and analyses go by: an answer must not depend on redaction.
_KEPT_NUMBERS = frozenset({"concurrency", "parallelIdx"})
_KEPT_TEXTS = frozenset({"", "true", "false", MASK})


def redact_task(task: Task) -> Task:
    """Mask hosts, people, values of the context and of unknown fields, and logs.

    Hosts become ``host-1``, ``host-2``, ... in the order of their names, so that it can
    still be told which subtasks ran on one host. What rules and analyses go by stays.
    The secrets are masked too.
    """
    return redact_tasks([task])[0]


def redact_tasks(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """Redact tasks so that a host of several has the same name in all; so has a person."""
    masked = tuple(map(mask_task, tasks))
    creators = (task.creator.name for task in masked if task.creator is not None)
    known = _Known(
        (host for task in masked for host in _named_hosts(task)),
        filter(None, creators),
    )
    return tuple(_redact_task(task, known) for task in masked)


def redact_error(error: InputError) -> InputError:
    """Take accounts, network addresses and host names with dots out of an error.

    The name of the document stays as the user gave it.
    """
    problems = [
        replace(
            problem,
            message=_scrub_message(problem.message),
            pointer=None if problem.pointer is None else _scrub_message(problem.pointer),
            hint=_scrub_message(problem.hint),
        )
        for problem in error.problems
    ]
    return InputError(error.file, problems, error.hint)


def _scrub_message(text: str) -> str:
    text = _ACCOUNT.sub(MASK, text)
    text = _CUT.sub(f"{MASK}…", _scrub_addresses(text))
    return _HOST.sub(lambda match: match[0] if _CLASS.match(match["last"]) else MASK, text)


def _scrub_addresses(text: str) -> str:
    if ":" in text:
        text = _ADDRESS_6.sub(_masked_address_6, text)
    return _ADDRESS.sub(MASK, text)


def _masked_address_6(match: re.Match[str]) -> str:
    """Mask an address of IPv6, and leave a time such as 17:37:58."""
    address = match[0].partition("%")[0]
    for end in ("", ":"):  # a colon may follow an address
        if address.endswith(end) and _is_address_6(address.removesuffix(end)):
            return MASK + end
    return match[0]


def _is_address_6(text: str) -> bool:
    from ipaddress import IPv6Address

    if text == "::":
        return False
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _named_hosts(task: Task) -> Iterator[str]:
    if task.executor is not None:
        yield task.executor
    if task.host is not None:
        yield str(task.host)
    for subtask in task.subtasks:
        yield from filter(None, (subtask.executor, subtask.host))
    for value in (task.context, task.extra, *(s.extra for s in task.subtasks)):
        yield from filter(_is_address, _keys(value))
    lists = (task.context or {}).get("listMap")
    if isinstance(lists, Mapping):
        yield from _listed_hosts(lists)


def _listed_hosts(lists: Mapping[str, Any]) -> Iterator[str]:
    """Give what a task works on, where that is machines: by the list's name or its own."""
    for name, values in lists.items():
        are_hosts = _HOSTS.search(name) is not None
        for value in values if isinstance(values, list | tuple) else ():
            if not isinstance(value, str) or value.isdecimal():
                continue
            if are_hosts or _is_address(_without_port(value)) or _HOST.fullmatch(value):
                yield value


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None or _is_address_6(text)


def _without_port(name: str) -> str:
    match = _HOST_AND_PORT.fullmatch(name)
    return (match[1] if match else name).strip("[]")


class _Known:
    """The hosts and people that tasks name, and what to call them."""

    def __init__(self, hosts: Iterable[str], people: Iterable[str]) -> None:
        known = sorted(set(map(_without_port, hosts)) - {""})
        self.hosts = {name: f"host-{number}" for number, name in enumerate(known, 1)}
        persons = sorted(set(people))
        self.people = {name: f"person-{number}" for number, name in enumerate(persons, 1)}
        named = {name: new for name, new in self.people.items() if _is_telling(name)}
        named |= {name: new for name, new in self.hosts.items() if len(name) > 3}
        self.names = {name.lower(): new for name, new in reversed(named.items())} | named
        longest_first = sorted(named, key=lambda name: (-len(name), name))
        inside = "|".join(map(re.escape, longest_first))
        pattern = rf"(?<![^\W_])(?:{inside})(?![^\W_])"
        self.known = re.compile(pattern, re.IGNORECASE) if inside else None

    def host(self, name: str | None) -> str | None:
        return None if name is None else self.hosts.get(_without_port(name), MASK)

    def person(self, creator: Reference | None) -> Reference | None:
        if creator is None:
            return None
        return Reference(name=self.people.get(creator.name or "", "person-1"))

    def scrub(self, text: str) -> str:
        """Take hosts and people out of a text, and every other network address."""
        if self.known is not None:
            text = self.known.sub(self._pseudonym, text)
        return _scrub_addresses(_MAIL.sub(MASK, text))

    def _pseudonym(self, match: re.Match[str]) -> str:
        return self.names.get(match[0]) or self.names.get(match[0].lower(), MASK)


def _is_telling(name: str) -> bool:
    wide = any(char > "\u2e7f" for char in name)
    return len(name) > (1 if wide else 2) and name.lower() not in _NOBODY


def _redact_task(task: Task, known: _Known) -> Task:
    envelope = map_error(task.envelope, known.scrub)
    if envelope is not None and envelope.server is not None:
        envelope = replace(envelope, server=MASK)
    return replace(
        task,
        name=known.scrub(task.name),
        subtasks=tuple(_redact_subtask(subtask, known) for subtask in task.subtasks),
        creator=known.person(task.creator),
        executor=known.host(task.executor),
        host=None if task.host is None else Reference(name=known.host(str(task.host))),
        context=None if task.context is None else _redact(task.context, known),
        extra=_redact(task.extra, known),
        envelope=envelope,
    )


def _redact_subtask(subtask: Subtask, known: _Known) -> Subtask:
    count = len(subtask.logs)
    return subtask._replace(
        name=known.scrub(subtask.name),
        description=subtask.description and known.scrub(subtask.description),
        executor=known.host(subtask.executor),
        host=known.host(subtask.host),
        logs=(f"{MASK} ({count} lines)",) if count else (),
        extra=_redact(subtask.extra, known) if subtask.extra else subtask.extra,
    )


def _redact(value: Any, known: _Known, key: str = "") -> Any:
    if isinstance(value, Mapping):
        redacted: dict[str, Any] = {}
        for name, item in value.items():
            new = plain = known.scrub(name)
            number = 1
            while new in redacted:  # no value may take the place of another
                number += 1
                new = f"{plain}-{number}"
            redacted[new] = _redact(item, known, name)
        return redacted
    if isinstance(value, list):
        return [_redact(item, known) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        kept = value in _KEPT_TEXTS
        return value if kept else known.hosts.get(_without_port(value), MASK)
    return value if key in _KEPT_NUMBERS else MASK
