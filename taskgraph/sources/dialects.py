"""The one place that tells the dialects of documents apart, and what all of them share."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from operator import attrgetter
from typing import Any

from taskgraph.errors import InputError
from taskgraph.model.task import TIMES, Subtask, Task
from taskgraph.sources.document import DocumentText, Problems, ReadTasks
from taskgraph.sources.envelope import Item, items_of, may_answer
from taskgraph.sources.fields import in_calendar, unusual_times
from taskgraph.sources.naming import has_json_name, has_yaml_name, is_definition_name
from taskgraph.sources.parsing import parse_json

_OF_OBSHELL = frozenset({"dag_id", "execute_times", "max_stage", "node_id", "sub_tasks"})
_YAML_START = re.compile(
    rb"(?:%YAML|---(?=\s)|\s*#|(?s:.{0,4000}?)^kind[ \t]*:)", re.MULTILINE
)
_YAML_BREAK = re.compile(rb"(?:---|\.\.\.)(?=\s|\Z)")
_JSON_LINE = re.compile(rb"^[{\[]", re.MULTILINE)
_MOST_UNUSUAL = 3  # are kept of the spellings that other programs have for times
_OFFSET = attrgetter("tzinfo")


def read_document(document: DocumentText) -> ReadTasks:
    """Tell what a document is, and read every task of it.

    A definition is told by its file name or its ``kind``, so that a damaged response is
    never taken for one; everything else by the fields that it has. Where one of a list of
    tasks is wrong, there are both tasks and an error; a document that holds no task is an
    InputError with every problem.
    """
    if _is_yaml(document):
        document = replace(document, syntax="yaml")
        read = _read_yaml
    else:
        read = _read_json
    problems = Problems(document)
    unusual: list[str] = []
    token = unusual_times.set(unusual)
    try:
        tasks = read(problems)
    except InputError as error:
        raise document.error(error.problems, error.hint) from None
    finally:
        unusual_times.reset(token)
    wrong = problems.error()
    if wrong is not None and not tasks and not problems.faulty:
        raise wrong
    if unusual and tasks:  # told once, of the document
        seen = tuple(sorted(set(unusual))[:_MOST_UNUSUAL])
        tasks[0] = replace(tasks[0], unusual_times=seen)
    faulty = tuple(problems.faulty)
    return ReadTasks([_with_offsets(task) for task in tasks], wrong, faulty)


def documents_of(document: DocumentText) -> list[DocumentText]:
    """Take a stream of YAML documents apart; each is as good as a file of its own."""
    data = document.data
    if not _is_yaml(document) or not (b"\n---" in data or b"\n..." in data):
        return [document]
    parts: list[DocumentText] = []
    lines: list[bytes] = []
    first, has_content = document.first_line, False
    for number, line in enumerate(io.BytesIO(data), document.first_line):
        if has_content and _YAML_BREAK.match(line):
            parts.append(replace(document, data=b"".join(lines), first_line=first))
            lines, first, has_content = [], number, False
        is_end = line.startswith(b"...")
        lines.append(b"\n" if is_end else line)
        text = line.removeprefix(b"---").strip()
        has_content = has_content or not (is_end or text[:1] in (b"", b"#", b"%"))
    if has_content or not parts:
        parts.append(replace(document, data=b"".join(lines), first_line=first))
    return parts


def _is_yaml(document: DocumentText) -> bool:
    if has_yaml_name(document.file):
        return True
    data = document.data
    start = data[:100].lstrip()[:1]
    if has_json_name(document.file) or start in (b"", b"{", b"[", b"<", b'"'):
        return False
    if _YAML_START.match(data) is None:
        return False
    return _JSON_LINE.search(data) is None  # behind the prompt of a shell, for example


def _read_yaml(problems: Problems) -> list[Task]:
    from taskgraph.sources.definition import read_definition
    from taskgraph.sources.definition_form import KIND
    from taskgraph.sources.yaml_text import parse_yaml

    root = parse_yaml(problems.document, problems)
    if not _is_definition(root, problems.document.file):
        hint = f"name it *.task.yaml if it is one, or say kind: {KIND}"
        raise problems.refuse("is YAML, and no definition of a task", "", hint)
    return read_definition(root, problems)


def _read_json(problems: Problems) -> list[Task]:
    root = parse_json(problems.document, problems)
    if _is_definition(root, problems.document.file):
        from taskgraph.sources.definition import read_definition

        return read_definition(root, problems)
    if problems.repeated:
        raise problems.repeated_error()
    if isinstance(root, dict) and (own := _own_form(root)):
        from taskgraph.sources.native import FORMAT, read_native

        if root.get("format") == FORMAT:
            return read_native(root, problems)
        what = f"is an output of taskgraph {own}, not a task"
        pointer = "/format" if "format" in root else "/kind"
        raise problems.refuse(what, pointer, "give the document that it was made from")
    if isinstance(root, list) and root:
        # An item that is told by nothing else is what the others are.
        known = any(_looks_like_obshell(value, _OF_OBSHELL) for value in root)
        marks = _OF_OBSHELL | {"nodes"} if known else _OF_OBSHELL
        reader = partial(_read_response, marks=marks, problems=problems)
        return problems.each(items_of(root, ""), reader)
    return _read_response(Item(root, ""), _OF_OBSHELL, problems)


def _read_response(item: Item, marks: frozenset[str], problems: Problems) -> list[Task]:
    """Read a response, or what stands alone; an item of a list is as good as a document."""
    if _looks_like_obshell(item.value, marks):
        from taskgraph.sources.obshell import read_obshell

        return read_obshell(item, problems)
    from taskgraph.sources.ocp import read_ocp

    return read_ocp(item, problems)


def _looks_like_obshell(value: Any, marks: frozenset[str]) -> bool:
    """Tell whether there is a DAG, a node or a sub-task of obshell in a parsed value."""
    if isinstance(value, dict) and isinstance(value.get("data"), dict | list):
        value = value["data"]
    if isinstance(value, dict) and isinstance(value.get("contents"), list):
        value = value["contents"]
    return any(
        isinstance(one, dict) and "subtasks" not in one and bool(marks & one.keys())
        for one in (value if isinstance(value, list) else [value])
    )


def _is_definition(root: Any, file: str) -> bool:
    if is_definition_name(file):
        return True
    kind = root.get("kind") if isinstance(root, dict) else None
    return isinstance(kind, str) and "definition" in kind.lower()


def is_foreign(document: DocumentText) -> bool:
    """Tell whether a document is JSON, and evidently of something else than a task.

    Such are what taskgraph itself writes and takes (findings in every form, a baseline, a
    schema), and what other tools keep beside definitions.
    """
    if is_definition_name(document.file) or has_yaml_name(document.file):
        return False
    try:
        root = parse_json(document)
    except InputError:
        return False
    if isinstance(root, dict) and "$schema" in root and root.keys() & {"$defs", "runs"}:
        return True
    items = root if isinstance(root, list) else [root]
    return bool(items) and all(
        isinstance(item, dict) and _tells_of_else(item) for item in items
    )


def _tells_of_else(value: dict[str, Any]) -> bool:
    is_own = _own_form(value) not in ("", "task")
    return is_own or not (may_answer(value) or _is_definition(value, ""))


def _own_form(root: dict[str, Any]) -> str:
    """Tell which of taskgraph's own JSON something is; ``""`` for what is none."""
    maker, _, form = str(root.get("format")).partition("/")
    if maker == "taskgraph":
        return form
    is_line = root.get("kind") in ("finding", "unreadable", "summary")
    return (
        "check"
        if is_line and root.keys() & {"fingerprint", "problems", "tool_version"}
        else ""
    )


def _with_offsets(task: Task) -> Task:
    """Read the times without an offset with the one that the document's others have.

    ``naive_times`` and ``assumed_offset`` of the task say what was done.
    """
    envelope = task.envelope
    timestamp = None if envelope is None else envelope.timestamp
    times = [*task.times(), *filter(None, [timestamp])]
    if None not in map(_OFFSET, times):
        return task
    zone = _usual_offset(times)
    naive: list[tuple[int | None, str]] = []
    changes: dict[str, Any] = {}
    if envelope is not None and timestamp is not None and timestamp.tzinfo is None:
        naive.append((None, "timestamp"))
        envelope = envelope._replace(timestamp=_placed(timestamp, zone))
    for name in _naive_attributes(task):
        naive.append((None, name))
        changes[name] = _placed(getattr(task, name), zone)
    subtasks = list(task.subtasks)
    for position, subtask in enumerate(subtasks):
        names = _naive_attributes(subtask)
        if names:
            naive += [(position, name) for name in names]
            aware: dict[str, Any] = {
                name: _placed(getattr(subtask, name), zone) for name in names
            }
            subtasks[position] = subtask._replace(**aware)
    return replace(
        task,
        subtasks=tuple(subtasks),
        envelope=envelope,
        naive_times=tuple(naive),
        assumed_offset=datetime(2000, 1, 1, tzinfo=zone).isoformat()[19:],
        **changes,
    )


def _placed(time: datetime, zone: tzinfo) -> datetime:
    """Read a time without an offset with one; there may be none so late with it."""
    try:
        return in_calendar(time.replace(tzinfo=zone))
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _naive_attributes(timed: Task | Subtask) -> list[str]:
    times = ((name, getattr(timed, name)) for name in TIMES)
    return [name for name, time in times if time is not None and time.tzinfo is None]


def _usual_offset(times: Iterable[datetime]) -> tzinfo:
    """Give the offset that most times have, the smallest where several do; else UTC."""
    zones = {time.utcoffset(): time.tzinfo for time in times if time.tzinfo is not None}
    counts = Counter(time.utcoffset() for time in times if time.tzinfo is not None)
    if not counts:
        return UTC
    offset = min(counts, key=lambda each: (-counts[each], each or timedelta()))
    return zones[offset]


def _ocp() -> tuple[Any, str, str]:
    from taskgraph.sources.ocp import OcpDocument

    about = "A response with a task, or several; or tasks alone."
    return OcpDocument, "Task of OCP", about


def _obshell() -> tuple[Any, str, str]:
    from taskgraph.sources.obshell import ObshellDocument

    about = "A response with a DAG or a node, or several; or those alone."
    return ObshellDocument, "DAG of obshell", about


def _definition() -> tuple[Any, str, str]:
    from taskgraph.sources.definition_form import KIND, DefinitionDocument

    about = f"Files named *.task.json or *.task.yaml, or with kind {KIND}."
    return DefinitionDocument, "Definition of a task", about


def _task() -> tuple[Any, str, str]:
    from taskgraph.sources.native import FORMAT, OwnDocument

    about = f"A task in taskgraph's own JSON, {FORMAT}."
    return OwnDocument, "Task of taskgraph", about


_DECLARED = {"ocp": _ocp, "obshell": _obshell, "definition": _definition, "task": _task}


def _schema(kind: str) -> dict[str, Any]:
    from taskgraph.sources.validating import json_schema

    return json_schema(*_DECLARED[kind]())


def input_schemas() -> dict[str, Callable[[], dict[str, Any]]]:
    """Tell how to make the JSON Schema of each kind of document that is read, by name."""
    return {kind: partial(_schema, kind) for kind in _DECLARED}
