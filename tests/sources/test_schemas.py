"""The JSON Schemas of what is read accept what the reader reads, and nothing else's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given

from taskgraph.errors import InputError
from taskgraph.model.task import Envelope, Task
from taskgraph.sources.dialects import input_schemas
from taskgraph.sources.reading import read_bytes
from tests.sources.native import write_task
from tests.sources.strategies import (
    ENVELOPES,
    OCP_TASKS,
    OWN_TASKS,
    obshell_documents,
    ocp_envelope,
    ocp_task,
)

SCHEMAS = {name: give() for name, give in input_schemas().items()}
VALIDATORS = {
    name: jsonschema.Draft202012Validator(schema) for name, schema in SCHEMAS.items()
}


def accepting(document: Any) -> set[str]:
    return {name for name, check in VALIDATORS.items() if check.is_valid(document)}


@pytest.mark.uncovered
@pytest.mark.parametrize("name", ["ocp", "obshell", "definition", "task"])
def test_a_schema_is_valid_and_says_what_it_is_of(name: str) -> None:
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    assert schema["description"]
    assert schema == json.loads(json.dumps(schema)) == input_schemas()[name]()
    assert all(key.isidentifier() and len(key) < 20 for key in schema["$defs"])


@pytest.mark.uncovered
def test_each_sample_fits_the_schema_of_its_dialect_alone(samples: Path) -> None:
    files = [*samples.rglob("*.json"), *samples.rglob("*.yaml")]
    seen = set()
    for file in files:
        data = file.read_bytes()
        try:
            (task, *_) = read_bytes(data, str(file))
        except InputError:
            continue
        if file.name == "ocp_utf16.json":
            continue
        dialect = task.origin.dialect
        name = "task" if file.name.startswith("taskgraph_") else dialect
        document = yaml.safe_load(data) if file.suffix == ".yaml" else json.loads(data)
        assert accepting(document) == {name}, file
        seen.add(name)
    assert seen == set(SCHEMAS)


@given(OCP_TASKS, ENVELOPES)
def test_any_response_of_ocp_fits(task: Task, envelope: Envelope) -> None:
    raw = ocp_task(task)
    VALIDATORS["ocp"].validate(raw)
    VALIDATORS["ocp"].validate([raw])
    VALIDATORS["ocp"].validate(ocp_envelope(envelope) | {"data": raw})
    VALIDATORS["ocp"].validate(ocp_envelope(envelope) | {"data": {"contents": [raw]}})


@given(obshell_documents())
def test_any_dag_of_obshell_fits(pair: tuple[dict[str, Any], Task]) -> None:
    VALIDATORS["obshell"].validate({"data": pair[0]})


@given(OWN_TASKS)
def test_any_task_of_our_own_fits(task: Task) -> None:
    VALIDATORS["task"].validate(json.loads(write_task(task)))


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("ocp", {"subtasks": [{"id": 1, "timeout": "30"}]}),
        ("ocp", {"subtasks": [{"name": "a"}]}),
        ("ocp", {"data": {"contents": [{"subtasks": [5]}]}}),
        ("ocp", {"subtasks": [], "startTime": "soon"}),
        ("obshell", {"dag_id": 1, "nodes": [{"sub_tasks": [{"execute_times": "1"}]}]}),
        ("obshell", {"task_id": 1}),
        ("task", {"format": "taskgraph/task", "task": {"colour": 1}}),
        ("task", {"format": "taskgraph/tasks", "task": {}}),
        ("task", {"format": "taskgraph/task", "version": 0, "task": {}}),
        ("task", {"format": "taskgraph/task", "version": 2, "task": {}}),
        ("task", {"format": "taskgraph/task", "version": True, "task": {}}),
        ("task", {"format": "taskgraph/task", "version": "1", "task": {}}),
    ],
)
def test_what_the_reader_refuses_does_not_fit(name: str, document: Any) -> None:
    with pytest.raises(InputError):
        read_bytes(json.dumps(document).encode())
    assert not VALIDATORS[name].is_valid(document)
