"""Tasks and messages without hosts, people, values of the context, and logs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from taskgraph.errors import InputError
from taskgraph.model.task import Reference, Task, is_known
from taskgraph.privacy.masking import (
    change_texts,
    ids_of,
    map_error,
    mask_task,
    renamed,
    texts_of,
    words_of,
)
from taskgraph.privacy.secret_signs import MASK, words

_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\d.]*\d)")
_ADDRESS_6 = re.compile(
    r"(?<![A-Za-z0-9_.])(?<![0-9A-Fa-f]:)[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,35}(?:(?:\.\d{1,3}){3})?(?![\w:])(?:%\w{1,16})?"
)
# Before an address of mail may stand whose it is.
_NAME = r"[A-Z\u4e00-\u9fff][\w.'-]{0,31}+(?:\\{0,4}\")? "
_ACCOUNT = re.compile(
    rf"(?P<named>(?<!\w)(?:\\{{0,4}}\")?(?:{_NAME}){{1,3}}<)?"
    r"(?<![\w.+-])[\w.+-]{1,64}+@[\w.-]{1,255}+(?(named)>?)"
)
# In a message also what is cut off.
_CUT = re.compile(
    r"(?<![\w.+@:-])[\w+-]{0,64}[.@:][\w.+@:-]{0,64}…"
    rf"|(?<!\w)(?:{_NAME}){{2,3}}…"
)
_HOST = re.compile(
    r"(?<![\w.-])(?P<first>[A-Za-z0-9][A-Za-z0-9-]{0,62}+)"
    r"(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62}+)*\.(?P<last>[A-Za-z][A-Za-z0-9-]{1,62}+)(?![\w-])"
)
# One without dots is told by what stands before it, or behind it. Words that often have
# something else behind them need a name with a number.
_SIGN = r"""["'\\]{0,8} ?(?:[:=：]|->) ?["'\\\[]{0,8}"""
_ANYWHERE = r"://(?:[^\s/@]{0,64}+@)?|['\"`]@['\"`]|主机[：:]?"
_BEFORE_HOST = (
    r"-h ?[\"']?|--host(?:name)?[ =][\"']?|tcp6?\("
    r"|(?:ssh|scp|ping|telnet) (?:[\w.-]{1,64}@)?"
    rf"|(?i:host(?:_?name|s)?|ip){_SIGN}"
)
_BEFORE_NUMBERED = (
    r"(?i:(?:host|server|machine|node|agent|endpoint|observer|addr(?:ess)?)s?)"
    rf"(?: |{_SIGN})|UnknownHostException: "
    r"|(?:ENOTFOUND|resolve|nslookup|dig|nc) |ping -\w \w{1,5} "
)
_UNKNOWN = r"[A-Za-z][\w-]{2,62}+: Name\b"
_NUMBERED = r"[A-Za-z][A-Za-z_]{0,31}+[\d-][\w-]{0,62}+"
_AND_PORT = r"::?(?:\d{4,5}(?!\d)|/(?!/))"  # or a path, as scp has it
_TELLING = rf"{_UNKNOWN}|{_NUMBERED}{_AND_PORT}|ip(?:-\d{{1,3}}){{4}}"
_NOTHING = r"(?!(?i:false|no|none|null|true|yes)\b)"
_HAS_NUMBER = r"(?=[\w-]{0,64}\d)(?!v\d)"
_NAMED = re.compile(
    rf"(?:{_ANYWHERE}|(?:主机|服务器|节点|机器)[：: ]?{_HAS_NUMBER}"
    rf"|(?<![A-Za-z0-9-])(?:{_BEFORE_HOST}|(?:{_BEFORE_NUMBERED}){_HAS_NUMBER}"
    rf"|(?<![.:_])(?={_TELLING})))"
    rf"{_NOTHING}(?P<host>[A-Za-z][\w.-]{{2,255}}+)"
)
# People are told by the keys of texts, as those of values.
_PERSON = re.compile(
    r"(?:(?<![A-Za-z])(?i:(?:creator|owner|modifier|submitter|applicant|approver|operator"
    rf"|user)(?:_?name)?)(?:{_SIGN}| ['\"])"
    rf"|(?:操作|创建|申请|审批|提交|负责|修改)[人者][：: ]{{0,2}}){_NOTHING}"
    r"(?P<person>[^\W\d][\w.-]{1,63}+)"
)
_CLASS = re.compile(r"[A-Z]\w*[a-z]\w*[A-Z]")
_PACKAGES = frozenset({"cn", "com", "io", "java", "javax", "jdk", "net", "org", "sun"})
_FILES = words(
    "bin bz2 cfg class cnf conf cpp crt csv css dat db deb dll exe gif go gz html ini jar "
    "java jpg js json jsonl key lock log md out pdf pem pid png properties py rpm rs "
    "service sh so sock sql svg tar tgz tmp toml txt war whl xml xz yaml yml zip zst"
)
_TRACE = re.compile(
    r"""(?P<key>(?:trace|request)[_ -]?id["'\\]{0,4}(?:\s?[:=]\s?|\s)["'\\]{0,4})"""
    r"(?P<id>(?!(?:trace|request)[_ -]?id)[\w.:-]{4,256}+)",
    re.IGNORECASE,
)
# Those of OceanBase hold the address of a server.
_OB_TRACE = re.compile(r"(?<![A-Za-z0-9])Y[0-9A-F]{4,24}-[0-9A-F]{12,16}(?:-\d{1,5}){0,2}")
_HOST_AND_PORT = re.compile(r"([^:]*|\[[^\]]*\]):\d{1,5}")
# Lists of a context whose names say that they hold machines: host_ips, obServers.
_HOSTS = re.compile(
    r"(?i:(?:^|[^a-z])(?:host|server|machine|node|addr|ip|agent))"
    r"|Host|Server|Machine|Node|Addr|Ip|Agent"
)
_HOST_KEY = re.compile(
    r"(?i:(?:host|server|machine|address|addr|agent|endpoint)(?:_?name|s|es)?$)"
    r"|(?:^|_|[a-z])(?:ip|Ip|IP)s?$"
)
_PERSON_KEY = re.compile(
    r"(?i:(?:creator|owner|modifier|submitter|applicant|approver|user|operator)(?:_?name)?$)"
)
# Accounts that stand for no person, and are words of other names.
_NOBODY = frozenset({"admin", "administrator", "ocp", "oceanbase", "root", "sys", "system"})
# What rules and analyses go by: an answer must not depend on redaction.
_KEPT_NUMBERS = frozenset({"concurrency", "parallelIdx"})
_KEPT_TEXTS = frozenset({"", "true", "false", MASK})


def redact_task(task: Task) -> Task:
    """Mask hosts, people, values of the context and of unknown fields, and logs.

    Hosts become ``host-1``, ``host-2``, ... in the order of their names, so that it can
    still be told which subtasks ran on one host. What rules and analyses go by stays, and
    names that differ still do; what they stand for is kept in :attr:`Origin.redacted`, by
    which they are asked for. The secrets are masked too.
    """
    return redact_tasks([task])[0]


def redact_tasks(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """Redact tasks so that a host of several has the same name in all; so has a person."""
    masked = tuple(map(mask_task, tasks))
    known = _Known(
        (host for task in masked for host in _named_hosts(task)),
        (person for task in masked for person in _named_people(task)),
    )
    return tuple(_redact_task(task, known) for task in masked)


def redact_error(error: InputError) -> InputError:
    """Take accounts, network addresses, host names and trace ids out of an error.

    The name of the document stays as the user gave it.
    """
    return map_error(error, redact_text)


def redact_text(text: str) -> str:
    """Take the same out of a text about a document."""
    text = _NAMED.sub(_without_host, _PERSON.sub(_without_person, _ACCOUNT.sub(MASK, text)))
    text = _CUT.sub(f"{MASK}…", _scrub_addresses(text))
    return _HOST.sub(lambda match: MASK if _is_host(match) else match[0], text)


def _without_host(match: re.Match[str]) -> str:
    return f"{match[0].removesuffix(match['host'])}{MASK}"


def _without_person(match: re.Match[str]) -> str:
    name = match["person"]
    return match[0] if name.lower() in _NOBODY else f"{match[0].removesuffix(name)}{MASK}"


def _scrub_addresses(text: str) -> str:
    """Mask addresses, and ids by which a request is found in a log."""
    if ":" in text:
        text = _ADDRESS_6.sub(_masked_address_6, text)
    text = _OB_TRACE.sub(MASK, _ADDRESS.sub(MASK, text))
    return _TRACE.sub(rf"\g<key>{MASK}", text)


def _masked_address_6(match: re.Match[str]) -> str:
    """Mask an address of IPv6, and leave a time such as 17:37:58."""
    address = match[0].partition("%")[0]
    for end in ("", ":"):  # a colon may follow an address
        if address.endswith(end) and _is_address_6(address.removesuffix(end)):
            return MASK + end
    return match[0]


def _is_address_6(text: str) -> bool:
    from ipaddress import IPv6Address

    if text == "::" or ":" not in text:
        return False
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_host(match: re.Match[str]) -> bool:
    """Tell the name of a machine from those of classes, packages, files and versions."""
    last = match["last"]
    if last.lower() in _FILES or _CLASS.match(last):
        return False
    names = match[0].split(".")
    if names[0] in _PACKAGES or (
        names[0].islower() and last[0].isupper() and len(last) > 4
    ):
        return False
    return not all(name.removeprefix("v").isdecimal() for name in names[:-1])


def _hosts_in(text: str) -> Iterator[str]:
    """Find the names and addresses of machines in a text."""
    plain = _ACCOUNT.sub(" ", text)
    if "." in plain:
        yield from (match[0] for match in _HOST.finditer(plain) if _is_host(match))
        yield from map(_without_port, _ADDRESS.findall(plain))
    if ":" in plain:
        yield from filter(_is_address_6, _ADDRESS_6.findall(plain))
    yield from (match["host"] for match in _NAMED.finditer(text))


def _named_hosts(task: Task) -> Iterator[str]:
    yield from filter(None, (task.executor, task.host and str(task.host)))
    for subtask in task.subtasks:
        yield from filter(None, (subtask.executor, subtask.host))
    for text in texts_of(task):
        yield from _hosts_in(text)
    for key, value in _free(task):
        if _is_address(key):
            yield key
        yield from _hosts_in(key)
        if isinstance(value, str) and _HOST_KEY.search(key) and " " not in value:
            yield value
    lists = (task.context or {}).get("listMap")
    if isinstance(lists, Mapping):
        yield from _listed_hosts(lists)


def _named_people(task: Task) -> Iterator[str]:
    if task.creator is not None and task.creator.name:
        yield task.creator.name
    for key, value in _free(task):
        if isinstance(value, str) and not value.isupper() and _PERSON_KEY.search(key):
            yield value


def _listed_hosts(lists: Mapping[str, Any]) -> Iterator[str]:
    """Find the machines that a task works on: by the name of their list, or their own."""
    for name, values in lists.items():
        are_hosts = _HOSTS.search(name) is not None
        for value in values if isinstance(values, list | tuple) else ():
            if not isinstance(value, str) or value.isdecimal():
                continue
            if are_hosts or _is_address(_without_port(value)) or _HOST.fullmatch(value):
                yield value


def _free(task: Task) -> Iterator[tuple[str, Any]]:
    """Walk every key of the context and of unknown fields, however deep, with its value."""
    stack: list[Any] = [
        task.context,
        task.extra,
        *(s.extra for s in task.subtasks if s.extra),
    ]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            yield from value.items()
            stack += value.values()
        elif isinstance(value, list):
            stack += value


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None or _is_address_6(text)


def _without_port(name: str) -> str:
    match = _HOST_AND_PORT.fullmatch(name)
    return (match[1] if match else name).strip("[]")


class _Known:
    """The hosts and people that tasks name, and what to call them."""

    def __init__(self, hosts: Iterable[str], people: Iterable[str]) -> None:
        known = sorted({_without_port(host).lower() for host in hosts} - {"", MASK})
        self.hosts = {name: f"host-{number}" for number, name in enumerate(known, 1)}
        persons = sorted(set(people) - {MASK})
        self.people = {name: f"person-{number}" for number, name in enumerate(persons, 1)}
        named = {name: new for name, new in self.people.items() if _is_telling(name)}
        named |= {name: new for name, new in self.hosts.items() if _is_machine(name)}
        self.names = {name.lower(): new for name, new in reversed(named.items())}
        longest_first = sorted(named, key=lambda name: (-len(name), name))
        inside = "|".join(map(re.escape, longest_first))
        pattern = rf"(?<![^\W_])(?:{inside})(?![^\W_])"
        self.known = re.compile(pattern, re.IGNORECASE) if inside else None

    def host(self, name: str | None) -> str | None:
        return None if name is None else self.hosts.get(_without_port(name).lower(), MASK)

    def person(self, creator: Reference | None) -> Reference | None:
        if creator is None:
            return None
        return Reference(name=self.people.get(creator.name or "", "person-1"))

    def scrub(self, text: str) -> str:
        """Take hosts and people out of a text, and every other network address."""
        text = _NAMED.sub(
            self._with_pseudonym, text
        )  # of which some begin in a word: -hdb1
        if self.known is not None:
            text = self.known.sub(self._pseudonym, text)
        return _scrub_addresses(_PERSON.sub(_without_person, _ACCOUNT.sub(MASK, text)))

    def _with_pseudonym(self, match: re.Match[str]) -> str:
        return f"{match[0].removesuffix(match['host'])}{self.host(match['host'])}"

    def _pseudonym(self, match: re.Match[str]) -> str:
        return self.names.get(match[0].lower(), MASK)


def _is_machine(name: str) -> bool:
    """Tell whether a name is enough to know a machine by, wherever it stands in a text."""
    is_word = name.isalpha() or name.isdecimal()
    return any(map(str.isalnum, name)) and (len(name) > 3 or not is_word)


def _is_telling(name: str) -> bool:
    wide = any(char > "\u2e7f" for char in name)
    return len(name) > (1 if wide else 2) and name.lower() not in _NOBODY


def _redact_task(task: Task, known: _Known) -> Task:
    every = texts_of(task)
    kept = {task.origin.dialect} - ids_of(task) | {*filter(is_known, every)}
    texts = {text: known.scrub(text) for text in every - kept}
    named = words_of(task)
    texts |= renamed(named, lambda text: texts.get(text, text))
    scrubbed = change_texts(task, texts, lambda value: _redact(value, known), _counted)
    envelope = scrubbed.envelope
    if envelope is not None:
        envelope = envelope._replace(
            server=envelope.server and MASK,
            trace_id=envelope.trace_id and MASK,
        )
    meant = {texts[word]: task.unredacted(word) for word in named}
    return replace(
        scrubbed,
        origin=replace(
            scrubbed.origin,
            redacted={new: old for new, old in meant.items() if new != old},
        ),
        subtasks=tuple(
            new._replace(executor=known.host(old.executor), host=known.host(old.host))
            if old.executor or old.host
            else new
            for new, old in zip(scrubbed.subtasks, task.subtasks, strict=True)
        ),
        creator=known.person(task.creator),
        executor=known.host(task.executor),
        host=None if task.host is None else Reference(name=known.host(str(task.host))),
        envelope=envelope,
    )


def _counted(logs: tuple[str, ...]) -> tuple[str, ...]:
    return (f"{MASK} ({len(logs):,} lines)",) if logs else ()


def _redact(value: Any, known: _Known, key: str = "") -> Any:
    if isinstance(value, Mapping):
        names = renamed(value, known.scrub)
        return {names[name]: _redact(item, known, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_redact(item, known) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        kept = value in _KEPT_TEXTS
        return value if kept else known.host(value)
    return value if key in _KEPT_NUMBERS else MASK
