"""Documents of every dialect with a text from a table in every field that takes one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

_SHIFT = 7  # no field of a row has the same text as another


class _Texts:
    """Gives the texts of a table, a row of them after the other."""

    def __init__(self, table: Sequence[str]) -> None:
        self.table = table
        self.row = 0
        self.places = count()

    def __call__(self) -> str:
        return self.table[(self.row + _SHIFT * next(self.places)) % len(self.table)]

    def rows(self, make: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
        rows = []
        for row in range(len(self.table)):
            self.row, self.places = row, count()
            rows.append(make(row))
        return rows

    def free(self) -> dict[str, Any]:
        return {"text": self(), self(): 1, "lines": [self(), "x"], "deep": {"a": [self()]}}

    def named(self) -> dict[str, Any]:
        return {"id": self(), "name": self(), "note": self()}


def _ocp(table: Sequence[str]) -> dict[str, Any]:
    text = _Texts(table)

    def subtask(row: int) -> dict[str, Any]:
        fields = ("name", "description", "status", "operation", "nodeType", "className")
        return {
            "id": table[row],
            **{field: text() for field in (*fields, "executor", "taskId")},
            "upstreams": [table[row - 1]] if row else [],
            "downstreams": table[row + 1 : row + 2],
            "timeout": 60,
            "free": text.free(),
        }

    fields = ("id", "name", "status", "operation", "type", "executor", "taskDefinitionId")
    references = ("creator", "cluster", "tenant", "host")
    return {
        "successful": True, "server": text(), "traceId": text(),
        "error": {"code": text(), "message": text()},
        "data": {
            **{field: text() for field in fields},
            **{field: text.named() for field in references},
            "context": {"listMap": {"a": [text()]}, "stringMap": text.free()},
            "free": text.free(),
            "subtasks": text.rows(subtask),
        },
    }  # fmt: skip


def _obshell(table: Sequence[str]) -> dict[str, Any]:
    text = _Texts(table)

    def node(row: int) -> dict[str, Any]:
        work = {field: text() for field in ("name", "state", "operator")}
        agent = {"ip": text(), "port": 2886}
        logs = {"task_logs": [text()], "execute_agent": agent, "task_id": table[row]}
        return work | {"node_id": text(), "free": text.free(), "sub_tasks": [work | logs]}

    fields = ("dag_id", "id", "name", "state", "operator", "free")
    return {field: text() for field in fields} | {"nodes": text.rows(node)}


def _definition(table: Sequence[str]) -> dict[str, Any]:
    text = _Texts(table)

    def subtask(row: int) -> dict[str, Any]:
        fields = ("description", "nodeType", "className", "x-own")
        known = {field: text() for field in fields} | {"x-free": text.free()}
        if row % 2:
            known["id"] = f"{table[row]} of {row}"
        before = {"upstreams": [table[row - 1]]} if row else {}
        return {"name": table[row], "timeout": "5m"} | known | before

    fields = ("id", "name", "description", "type", "taskDefinitionId", "x-own")
    return {
        "kind": "task-definition",
        **{field: text() for field in fields},
        **{field: text.named() for field in ("cluster", "tenant", "host")},
        "context": text.free(),
        "subtasks": text.rows(subtask),
    }


def _own(table: Sequence[str]) -> dict[str, Any]:
    text = _Texts(table)

    def subtask(row: int) -> dict[str, Any]:
        fields = ("name", "description", "status", "operation", "node_type", "class_name")
        return {
            "id": table[row],
            **{field: text() for field in (*fields, "executor", "host", "task_id")},
            "upstreams": [table[row - 1]] if row else [],
            "logs": [text(), text()],
            "extra": text.free(),
        }

    fields = ("id", "name", "status", "operation", "type", "executor", "definition_id")
    references = ("creator", "cluster", "tenant", "host")
    return {
        "format": "taskgraph/task", "version": 1, "dialect": text(),
        "task": {
            **{field: text() for field in (*fields, "assumed_offset")},
            **{field: {"id": text(), "name": text()} for field in references},
            "naive_times": [[None, text()]], "unusual_times": [text()],
            "context": text.free(), "extra": text.free(),
            "envelope": {
                "server": text(), "trace_id": text(),
                "error": {"code": text(), "message": text()},
            },
            "subtasks": text.rows(subtask),
        },
    }  # fmt: skip


def _yaml(table: Sequence[str]) -> str:
    import yaml

    content = _definition(table)
    content["x-shared"] = content["context"]  # written as an anchor and its alias
    return yaml.safe_dump(content, allow_unicode=True)


DOCUMENTS: dict[str, Callable[[Sequence[str]], str]] = {
    "ocp.json": lambda table: json.dumps(_ocp(table), ensure_ascii=False),
    "escaped.json": lambda table: json.dumps({"data": _ocp(table)["data"]}),
    "obshell.json": lambda table: json.dumps(_obshell(table), ensure_ascii=False),
    "a.task.json": lambda table: json.dumps(_definition(table)),
    "a.task.yaml": _yaml,
    "own.json": lambda table: json.dumps(_own(table), ensure_ascii=False),
}
"""What writes a document of a dialect, by the name of its file."""


def _broken(key: str) -> Callable[[str], str]:
    return lambda text: json.dumps(
        {"data": {"id": 1, "name": "t", "subtasks": [{"id": 1, key: text}]}}
    )


def _error(text: str) -> str:
    return json.dumps({"error": {"code": text, "message": text}})


def _twice(text: str) -> str:
    key = json.dumps(text)
    return f'{{"data": {{{key}: 1, {key}: 2}}}}'


def _same_names(text: str) -> str:
    return json.dumps({"name": "t", "subtasks": [{"name": text}, {"name": text}]})


def _definition_with(**keys: Any) -> str:
    return json.dumps({"name": "t", "subtasks": []} | keys)


REFUSED: tuple[tuple[str, Callable[[str], str]], ...] = (
    *(("a.json", _broken(key)) for key in ("timeout", "startTime", "upstreams")),
    ("a.json", lambda text: _broken("timeout")(f"{'x' * 25} {text}")),
    ("a.json", lambda text: json.dumps({"successful": False, "traceId": text})),
    ("a.json", _error),
    ("a.json", lambda text: json.dumps({"code": 1, "message": f"failed: {text}"})),
    ("a.json", _twice),
    ("a.json", lambda text: _twice(text)[:-3]),
    ("a.json", lambda text: f'{json.dumps(text)}: {{"data": 1}}'),
    ("a.json", lambda text: f"{text}\n{{}}"),
    ("a.json", lambda text: json.dumps({"format": f"taskgraph/{text}"})),
    ("a.task.json", lambda text: _definition_with(**{text: text})),
    ("a.task.json", lambda text: _definition_with(budget=text)),
    ("a.task.json", lambda text: _definition_with(subtasks=[text])),
    ("a.task.json", lambda text: _definition_with(subtasks=[{"name": [text]}])),
    ("a.task.json", _same_names),
    (
        "a.task.yaml",
        lambda text: f"name: t\n{json.dumps(text)}: 1\n{json.dumps(text)}: 2\n",
    ),
    ("a.task.yaml", lambda text: f"name: t\nbudget: {json.dumps(text)}\nsubtasks: []\n"),
    ("a.task.yaml", lambda text: f"name: t\nx: {text}\n"),
)
"""Documents that cannot be read, and the names of their files."""
