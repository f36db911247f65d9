"""Definitions of tasks, and the schema that editors check them with."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.errors import InputError
from taskgraph.model.task import Subtask, Task
from taskgraph.sources.dialects import input_schemas
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import read_bytes, read_source
from tests.effort import examples
from tests.sources.strategies import definitions

definition_schema = input_schemas()["definition"]
VALIDATOR = jsonschema.Draft202012Validator(definition_schema())


def task(*subtasks: Any, **fields: Any) -> dict[str, Any]:
    return {"kind": "task-definition", "name": "t", "subtasks": list(subtasks), **fields}


def read(document: Any, file: str = "ci.task.json") -> Task:
    (found,) = read_bytes(json.dumps(document).encode(), file)
    return found


def problems(document: Any, file: str = "ci.task.json") -> dict[str | None, str]:
    with pytest.raises(InputError) as caught:
        read(document, file)
    return {
        problem.pointer: "; ".join(filter(None, (_plain(problem.message), problem.hint)))
        for problem in caught.value.problems
    }


def _plain(message: str) -> str:
    """Leave out the rule that tells of it, and the subtask."""
    return re.sub(r"^TG\d{3} (?:[^:]*'[^']*': )?", "", message)


def edges(found: Task) -> list[tuple[Any, Any, Any]]:
    return [(s.id, s.upstreams, s.downstreams) for s in found.subtasks]


@pytest.mark.parametrize(
    "file",
    [
        "ci.task.json",
        "a/b.TASK.JSON",
        "c:\\ci.taskdef.json",
        "ci.task.json.gz",
        "a.zip!x.task.json",
    ],
)
def test_the_file_name_tells_a_definition(file: str) -> None:
    found = read({"name": "t", "subtasks": [{"name": "a"}]}, file)
    assert found.is_definition
    assert found.origin.dialect == "definition"


def test_the_kind_tells_a_definition() -> None:
    assert read(task({"name": "a"}), "any.json").is_definition
    assert read_bytes(b"kind: task-definition\nsubtasks: []\n", "<stdin>")[0].is_definition


@pytest.mark.parametrize("file", ["task.json", "ci.json", "ci.task.txt", "task.json.bak"])
def test_a_response_is_never_taken_for_a_definition(file: str) -> None:
    assert not read({"subtasks": [{"id": 1}]}, file).is_definition
    assert problems({"subtasks": [{"name": "a"}]}, file) == {
        "/subtasks/0/id": "id is missing"
    }


def test_other_yaml_is_refused() -> None:
    with pytest.raises(InputError, match="is YAML, and no definition") as caught:
        read_bytes(b"a: 1\n", "docker-compose.yaml")
    assert "kind: task-definition" in caught.value.hint


def test_ids_may_be_left_out_and_edges_may_name() -> None:
    found = read(task(
        {"name": "a"},
        {"id": 7, "name": "b", "upstreams": ["a"]},
        {"id": "x", "name": "c", "upstreams": ["b", "a"]},
        {"name": "d", "upstreams": [7, "c"]},
    ))  # fmt: skip
    assert edges(found) == [
        ("a", (), None), (7, ("a",), None), ("x", (7, "a"), None), ("d", (7, "x"), None),
    ]  # fmt: skip


def test_an_id_goes_before_a_name() -> None:
    last = {"name": "d", "upstreams": ["b"]}
    found = read(task({"id": "b", "name": "a"}, {"id": "c", "name": "b"}, last))
    assert found.subtasks[2].upstreams == ("b",)


def test_one_direction_is_enough() -> None:
    down = read(task({"name": "a", "downstreams": ["b"]}, {"name": "b"}))
    assert edges(down) == [("a", None, ("b",)), ("b", None, ())]
    both = read(
        task({"name": "a", "downstreams": ["b"]}, {"name": "b", "upstreams": ["a"]})
    )
    assert edges(both) == [("a", (), ("b",)), ("b", ("a",), ())]
    assert edges(read(task({"name": "a"}))) == [("a", (), None)]


def test_names_that_are_not_unique_need_ids() -> None:
    document = task(
        {"name": "a"}, {"name": "a"}, {"id": 1, "name": "b"}, {"id": 2, "name": "b"},
        {"name": "c", "upstreams": ["b"]}, {},
    )  # fmt: skip
    shared = "2 subtasks have the name 'a', and no id"
    assert problems(document) == {
        "/subtasks/1/name": f"{shared}; give each of them an id, or a name of its own",
        "/subtasks/4/upstreams/0": "2 subtasks have the name b; use an id",
        "/subtasks/5": "a subtask needs a name or an id; give it a name",
    }


def test_an_unknown_name_is_left_to_the_checks() -> None:
    assert read(task({"name": "a", "upstreams": ["b"]})).subtasks[0].upstreams == ("b",)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(30, 30), ("30", 30), ("30s", 30), ("30m", 1800), ("1h30m", 5400), ("2 h 5 min", 7500),
     ("1d", 86400), (0, 0), (None, None)],
)  # fmt: skip
def test_durations_have_units(written: Any, seconds: int | None) -> None:
    document = task({"name": "a", "timeout": written}, budget=written)
    found = read(document)
    assert (found.subtasks[0].timeout, found.budget) == (seconds, seconds)
    assert VALIDATOR.is_valid(document)


@pytest.mark.parametrize("written", [1.5, True, "", "1h30", "30m1h", "h", "1 x", "-x", []])
def test_what_is_no_duration_is_refused(written: Any) -> None:
    document = task({"name": "a", "timeout": written})
    assert "must be a duration" in problems(document)["/subtasks/0/timeout"]
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(("written", "seconds"), [(-1, -1), ("-5s", -5), ("-1h", -3600)])
def test_a_negative_timeout_is_told_as_such(written: Any, seconds: int) -> None:
    document = task({"name": "a", "timeout": written})
    told = f"'a' has a timeout of {seconds} s; write the timeout in seconds, more than 0"
    assert problems(document) == {"/subtasks/0/timeout": told}
    assert not VALIDATOR.is_valid(document)


def test_a_name_that_another_one_with_an_id_has_needs_an_id() -> None:
    document = task({"id": 1, "name": "a"}, {"name": "a"})
    assert problems(document) == {
        "/subtasks/1/name": "another subtask has this name, and this one has no id; "
        "give it an id, or a name of its own"
    }


def test_fields_of_a_run_do_not_belong_here() -> None:
    found = problems(task({"name": "a", "status": "READY", "runTime": 1}, startTime="x"))
    assert found.keys() == {"/startTime", "/subtasks/0/status", "/subtasks/0/runTime"}
    assert all("belongs to a run" in message for message in found.values())
    found = problems({"data": {}, "successful": True, "subtasks": []})
    assert "data belongs to a response" in found["/data"]


def test_a_misspelt_field_is_named_with_what_was_meant() -> None:
    found = problems(task({"name": "a", "timout": 5, "zzz": 1}, bugdet=4, xname=1))
    assert found == {
        "/subtasks/0/timout": "timout is no field of a definition; did you mean timeout?",
        "/subtasks/0/zzz": "zzz is no field of a definition; own fields begin with x-",
        "/bugdet": "bugdet is no field of a definition; did you mean budget?",
        "/xname": "xname is no field of a definition; did you mean name?",
    }


def test_every_problem_of_a_definition_is_told_at_once() -> None:
    rows = [{"timeout": "soon"}, {"name": "a", "x-*": float("nan"), "$schema": 1}, 5]
    rows += [{"name": "a", "upstreams": [1], "upstream": [2]}]
    found = problems(task(*rows, budget=-1, zzz=1))
    again = "2 subtasks have the name 'a', and no id"
    again += "; give each of them an id, or a name of its own"
    like = "must be a duration like 30, 30s, 30m or 1h30m, not"
    write = "write seconds, or a number and its unit: 90s, 30m, 1h30m"
    assert found == {
        "/budget": f"budget {like} the number -1; {write}",
        "/zzz": "zzz is no field of a definition; own fields begin with x-",
        "/subtasks/0": "a subtask needs a name or an id; give it a name",
        "/subtasks/0/timeout": f'timeout {like} the text "soon"; {write}',
        "/subtasks/1/x-*": "x-* must be a finite number, not NaN",
        "/subtasks/1/$schema": "$schema is no field of a definition; own fields begin with "
        "x-",
        "/subtasks/2": "item 2 of subtasks must be an object, not the number 5; "
        "a subtask is written as keys and values: name, timeout, upstreams",
        "/subtasks/3/name": again,
        "/subtasks/3/upstream": "upstreams and upstream are one field: keep one of them",
    }


def test_a_name_beside_another_of_one_subtask_is_not_counted() -> None:
    twice = b'{"name": "a", "name": "b"}, {"name": "b", "name": "a"}'
    rows = b'{"name": "a"}, {"name": "a"}, ' + twice
    with pytest.raises(InputError, match="TG104 2 subtasks have the name 'a'"):
        read_bytes(b'{"name": "x", "subtasks": [%s]}' % rows, "ci.task.json")


def test_own_fields_are_kept() -> None:
    found = read(task({"name": "a", "x-owner": ["b"]}, description="d", **{"x-a": 1}))
    assert found.extra == {"description": "d", "x-a": 1}
    assert found.subtasks == (Subtask("a", "a", upstreams=(), extra={"x-owner": ["b"]}),)


def test_several_tasks_in_one_document() -> None:
    several = {"kind": "task-definition", "tasks": [task(), task(name="u")]}
    found = read_bytes(json.dumps(several).encode())
    assert [(t.name, t.origin.pointer) for t in found] == [
        ("t", "/tasks/0"),
        ("u", "/tasks/1"),
    ]
    found = read_bytes(json.dumps([task(), task()]).encode(), "a.task.json")
    assert [t.origin.pointer for t in found] == ["/0", "/1"]


NOT_VALID: list[Any] = [
    [], {}, 5, "text", None, {"tasks": []}, {"tasks": 5}, [5], {"tasks": [5]},
    {"tasks": task()}, {"tasks": None},
    task(kind="task-definitions"), task(5), {"name": "t"}, task(name=5), task(type=1),
    {"tasks": [task()], "x-a": 1}, task(context=[]), task(cluster=5),
    task(**{"$schema": 1}), task(x=1),
    task({"name": "a", "id": 1.5}), task({"name": "a", "id": ""}), task({"name": ""}),
    task({"name": "a", "upstreams": "b"}), task({"name": "a", "upstreams": [None]}),
    task({"name": "a", "prohibitRollback": "yes"}), task({"name": "a", "y": 1}),
    task(subtasks=5), task(budget="soon"), task({"name": "a", "seriesId": "1"}),
]  # fmt: skip


@pytest.mark.parametrize("document", NOT_VALID, ids=repr)
def test_reader_and_schema_refuse_the_same(document: Any) -> None:
    assert problems(document)
    assert not VALIDATOR.is_valid(document)


@given(definitions())
def test_reader_and_schema_accept_the_same(pair: tuple[dict[str, Any], Task]) -> None:
    VALIDATOR.validate(pair[0])


ODD: list[Any] = [
    None, True, 0, -1, 30.0, 30.5, 1e300, 2**63 - 1, 2**63, "", " ", "x", "30", "30s",
    "1h30m", "1\u00a0h", "1\th", " 5 m ", "9" * 12, "9" * 13, "000000000000030s", "1h30",
    "30s1h", [], {}, [1], [1.0], ["1", None], [[]], {"id": 1.0}, {"name": 5},
    "task-definition",
]  # fmt: skip
PLACES = st.sampled_from([
    (), ("$schema",), ("kind",), ("name",), ("budget",), ("context",), ("cluster",),
    ("hostId",), ("type",), ("x-a",), ("subtasks",), ("prohibitRollback",), ("other",),
    *[("subtasks", 0, key) for key in (
        "id", "name", "timeout", "upstreams", "downstream", "parallelIdx", "paralleIdx",
        "prohibitSkip", "className", "x-b", "status",
    )],
])  # fmt: skip
CANNOT_SAY = ("and no id", "has this name", "are one field", "needs a name or an id")


@examples(300)
@given(definitions(), st.lists(st.tuples(PLACES, st.sampled_from(ODD)), max_size=3))
def test_reader_and_schema_agree_on_odd_documents(
    pair: tuple[dict[str, Any], Task], changes: list[tuple[tuple[Any, ...], Any]]
) -> None:
    document: Any = deepcopy(pair[0])
    for place, value in changes:
        where = document
        try:
            for step in place[:-1]:
                where = where[step]
            where[place[-1]] = value
        except (IndexError, KeyError, TypeError):
            continue
    try:
        read_bytes(json.dumps(document).encode(), "a.task.json")
        accepted = True
    except InputError as error:
        if any(what in str(error) for what in CANNOT_SAY):
            return
        accepted = False
    assert VALIDATOR.is_valid(document) is accepted


def test_whole_numbers_may_have_a_point() -> None:
    rows = [{"id": 1.0, "timeout": 30.0}, {"id": 2, "upstreams": [1.0], "seriesId": 4.0}]
    found = read(task(*rows, budget=60.0))
    assert (found.budget, found.subtasks[0].timeout, found.subtasks[1].series_id) == (
        60,
        30,
        4,
    )
    assert edges(found) == [(1, (), None), (2, (1,), None)]
    assert {type(subtask.id) for subtask in found.subtasks} == {int}


@pytest.mark.parametrize(
    "name", ["definition.task.json", "definition.task.yaml", "definition_by_kind.yaml"]
)
def test_the_schema_accepts_the_samples(samples: Path, name: str) -> None:
    text = (samples / "formats" / name).read_text(encoding="utf-8")
    VALIDATOR.validate(yaml.safe_load(text))


def test_the_schema_is_valid_and_explains_itself() -> None:
    schema = definition_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == json.loads(json.dumps(schema))
    changed = deepcopy(schema)
    changed["$defs"].clear()
    assert definition_schema() == schema == definition_schema()


UNREAD = {
    "ci.task.yaml": [
        (
            "<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> x\n",
            "1, column 1",
            "one of the",
        ),
        ("```yaml\nname: a\n```\n", "line 1, column 1", "remove the lines"),
        ("name: a\nsubtasks:\n  - name:\u00a0a\n    timeout: 5\n", "3, column 10", "blank"),
        ("name: a\n\tbudget: 5\n", "line 2, column 1", "indent with blanks"),
        ("name: {{ name }}\nsubtasks: []\n", "line 1, column 7", "template"),
        ("name:a\nsubtasks:\n  - name: a\n", "line 1, column 1", "a blank there"),
        ("\x1b[1mname: a\x1b[0m\n", "line 1, column 1", "remove them"),
        ("name: [\n", "line 2, column 1", "close what is open"),
        ("name: 'a\n", "line 2, column 1", "close the quotes of line 1"),
    ],
    "ci.task.json": [
        ('{\n<<<<<<< a\n"name": "a"}', "line 2, column 1", "keep one of the sides"),
        ('```json\n{"name": "a"}\n```', "line 1, column 1", "remove the lines"),
        ('{"name":\u00a0"a"}', "line 1, column 9", "type a blank"),
        ("{“name”: “a”}", "line 1, column 2", "straight quotes"),
        ("{'name': 'a'}", "line 1, column 2", "straight double quotes"),
        ('{"name": "a", "prohibitRollback": True}', "column 35", "true, false and null"),
        ("name: a\n", "line 1, column 2", "name it *.task.yaml"),
        ("", "is empty", "taskgraph init"),
    ],
}
"""Texts by the name of their file, where they are wrong, and the remedy."""


@pytest.mark.parametrize(
    ("file", "text", "told", "remedy"),
    [(file, *row) for file, rows in UNREAD.items() for row in rows],
)
def test_what_keeps_a_definition_from_being_read_is_named(
    file: str, text: str, told: str, remedy: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_bytes(text.encode(), file)
    assert told in str(caught.value)
    assert remedy in caught.value.hint
    assert "save" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n"])
def test_an_empty_definition_in_yaml_is_told_to_be_empty(text: str) -> None:
    with pytest.raises(InputError, match="is empty") as caught:
        read_bytes(text.encode(), "ci.task.yaml")
    assert "taskgraph init" in caught.value.hint


@pytest.mark.parametrize("file", ["ci.task.yaml", "ci.task.json"])
def test_a_key_that_stands_twice_is_a_mistake_of_the_task_that_has_it(file: str) -> None:
    text = """[
{"name": "a", "budget": 1,
 "budget": 2, "subtasks": []}, {"name": "b", "subtasks": []}]"""
    (found,) = read_source(Source(file, text.encode))
    assert found.error is not None
    assert found.error.problems[0].line == 3
    assert [task.name for task in found.tasks] == ["b"]
    assert [problem.pointer for problem in found.faulty[0].origin.mistakes] == ["/0/budget"]
