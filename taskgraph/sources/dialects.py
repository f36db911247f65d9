"""The one place that tells the dialects of documents apart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from taskgraph.errors import InputError
from taskgraph.model import Task
from taskgraph.sources.document import Document, Problems, ReadTasks
from taskgraph.sources.naming import has_json_name, has_yaml_name, is_definition_name
from taskgraph.sources.parsing import json_inside, parse_json
from taskgraph.sources.times import with_offsets

__all__ = ["read_document"]

_OF_OBSHELL = frozenset({"dag_id", "execute_times", "max_stage", "node_id", "sub_tasks"})
_YAML_START = re.compile(
    rb"(?:%YAML|---(?=\s)|\s*#|(?s:.{0,4000}?)^kind[ \t]*:)", re.MULTILINE
)


def read_document(document: Document) -> ReadTasks:
    """Tell what a document is, and read every task of it.

    A definition is told by its file name or its ``kind``, so that a damaged response is
    never taken for one; everything else by the fields that it has.

    Returns
    -------
    ReadTasks
        Both tasks and an error where one of a list of tasks is wrong.

    Raises
    ------
    InputError
        With every problem, if the document cannot be read or holds no good task.
    """
    if _is_yaml(document):
        document = replace(document, syntax="yaml")
        read = _read_yaml
    else:
        read = _read_json
    problems = Problems(document)
    try:
        tasks = read(problems)
    except InputError as error:
        raise document.error(error.problems, error.hint) from None
    wrong = problems.error()
    if wrong is not None and not tasks:
        raise wrong
    return ReadTasks([with_offsets(task) for task in tasks], wrong)


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


def _read_yaml(problems: Problems) -> list[Task]:
    from taskgraph.sources.definition import KIND, read_definition
    from taskgraph.sources.yaml_text import parse_yaml

    root = parse_yaml(problems.document)
    if not _is_definition(root, problems.document.file):
        hint = f"name it *.task.yaml if it is one, or say kind: {KIND}"
        raise problems.refuse("is YAML, and no definition of a task", "", hint)
    return read_definition(root, problems)


def _read_json(problems: Problems) -> list[Task]:
    root = parse_json(problems.document)
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
    from taskgraph.sources.ocp import read_ocp

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
