"""The one place that tells the dialects of documents apart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from taskgraph.errors import InputError
from taskgraph.model import Task
from taskgraph.sources.document import Document, Problems
from taskgraph.sources.naming import has_json_name, has_yaml_name, is_definition_name
from taskgraph.sources.ocp import read_ocp
from taskgraph.sources.parsing import json_inside, parse_json
from taskgraph.sources.times import with_offsets

__all__ = ["read_document"]

_OF_OBSHELL = frozenset({"dag_id", "execute_times", "max_stage", "node_id", "sub_tasks"})
_YAML_START = re.compile(
    rb"(?:%YAML|---(?=\s)|\s*#|(?s:.{0,4000}?)^kind[ \t]*:)", re.MULTILINE
)


def read_document(document: Document) -> list[Task]:
    """Tell what a document is, and read every task of it.

    A definition is told by its file name or its ``kind``, so that a damaged response is
    never taken for one; everything else by the fields that it has.

    Raises
    ------
    InputError
        With every problem, if the document cannot be read or holds no task.
    """
    if _is_yaml(document):
        return _read_yaml(replace(document, syntax="yaml"))
    return _read_json(document)


def _is_yaml(document: Document) -> bool:
    if has_yaml_name(document.file):
        return True
    data = document.data
    start = data[:100].lstrip()[:1]
    if has_json_name(document.file) or start in (b"", b"{", b"[", b"<", b'"'):
        return False
    if _YAML_START.match(data) is None:
        return False
    place = json_inside(document)  # behind the prompt of a shell, for example
    return place is None or place[1] > 1


def _read_yaml(document: Document) -> list[Task]:
    from taskgraph.sources.definition import KIND, read_definition
    from taskgraph.sources.yaml_text import parse_yaml

    root = parse_yaml(document)
    problems = Problems(document)
    if not _is_definition(root, document.file):
        hint = f"name it *.task.yaml if it is one, or say kind: {KIND}"
        raise problems.refuse("is YAML, and no definition of a task", "", hint)
    tasks = read_definition(root, problems)
    problems.finish()
    return tasks


def _read_json(document: Document) -> list[Task]:
    """Read JSON in which no object has a key twice.

    Where a document has no quote inside a text, lost keys are found by counting quotes,
    which is faster than to look for them while parsing.
    """
    data = document.data
    by_count = b"\\" not in data or b'\\"' not in data  # the first takes no time
    root = parse_json(document, refuse_repeated=not by_count)
    problems = Problems(document)
    try:
        tasks = _read_root(root, problems)
        problems.finish()
    except InputError:
        if by_count:
            parse_json(document)  # a key that stands twice may be the reason
        raise
    if by_count and 2 * problems.tally.texts != data.count(b'"'):
        parse_json(document)
    return [with_offsets(task) for task in tasks] if problems.has_naive_times else tasks


def _read_root(root: Any, problems: Problems) -> list[Task]:
    if _is_definition(root, problems.document.file):
        from taskgraph.sources.definition import read_definition

        return read_definition(root, problems)
    if isinstance(root, dict) and str(root.get("format")).startswith("taskgraph/"):
        from taskgraph.sources.native import FORMAT, read_native

        if root["format"] == FORMAT:
            return read_native(root, problems)
        raise _own_output(root["format"], problems)
    if _looks_like_obshell(root):
        from taskgraph.sources.obshell import read_obshell

        return read_obshell(root, problems)
    return read_ocp(root, problems)


def _looks_like_obshell(root: Any) -> bool:
    """Tell whether a parsed document has a DAG, a node or a sub-task of obshell in it."""
    value = root
    if isinstance(value, dict) and isinstance(value.get("data"), dict | list):
        value = value["data"]
    if isinstance(value, dict) and isinstance(value.get("contents"), list):
        value = value["contents"]
    if isinstance(value, list) and value:
        value = value[0]
    return (
        isinstance(value, dict)
        and "subtasks" not in value
        and bool(_OF_OBSHELL & value.keys())
    )


def _is_definition(root: Any, file: str) -> bool:
    if is_definition_name(file):
        return True
    kind = root.get("kind") if isinstance(root, dict) else None
    return isinstance(kind, str) and "definition" in kind.lower()


def _own_output(form: str, problems: Problems) -> InputError:
    what = f"is an output of taskgraph {form.partition('/')[2]}, not a task"
    return problems.refuse(what, "/format", "give the document that it was made from")
