"""Every accepted kind of document has a sample, and each is read as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskgraph.errors import InputError
from taskgraph.sources.reading import read_bytes
from tests.conftest import RunCli

DETAILS = (5100, "Restart OBServer", 5)
EARLIER = (5090, "Upgrade OBProxy", 1)
DAG = ("117", "Cluster scale out", 5)
SAMPLES: dict[str, tuple[str, list[tuple[int | str | None, str, int]]]] = {
    "definition.task.json": ("definition", [(None, "Upgrade OBServer", 3)]),
    "definition.task.yaml": ("definition", [(None, "Upgrade OBServer", 4)]),
    "definition_by_kind.yaml": (
        "definition", [(None, "Nightly checks", 2), (None, "Weekly checks", 2)],
    ),
    "obshell_dag.json": ("obshell", [DAG]),
    "obshell_dag_without_nodes.json": ("obshell", [("117", "Cluster scale out", 0)]),
    "obshell_dags.json": ("obshell", [DAG, ("118", "Synchronize agents", 1)]),
    "obshell_node.json": ("obshell", [("112", "Deploy", 2)]),
    "ocp_bare_array.json": ("ocp", [DETAILS, EARLIER]),
    "ocp_bare_task.json": ("ocp", [DETAILS]),
    "ocp_compressed.json.gz": ("ocp", [DETAILS]),
    "ocp_compressed.json.zst": ("ocp", [DETAILS]),
    "ocp_curl_with_headers.txt": ("ocp", [DETAILS]),
    "ocp_diagnosis.zip": ("diagnosis", [(None, "ocp_diagnosis.zip", 5)]),
    "ocp_documents.zip": ("ocp", [EARLIER, DETAILS]),
    "ocp_lines.jsonl": ("ocp", [DETAILS, EARLIER]),
    "ocp_response_2021.json": ("ocp", [DETAILS]),
    "ocp_response_2025.json": ("ocp", [DETAILS]),
    "ocp_response_contents.json": ("ocp", [DETAILS]),
    "ocp_task_details.json": ("ocp", [DETAILS]),
    "ocp_task_list.json": ("ocp", [DETAILS, EARLIER]),
    "ocp_utf16.json": ("ocp", [DETAILS]),
    "taskgraph_task.json": ("obshell", [DAG]),
}  # fmt: skip
REFUSED = {
    "refused_error_response.json": "is an error response 2008: Task 5199 does not exist.",
    "refused_no_data.json": "is a response without data (trace id 0f3c77aa12b4d9e2)",
    "refused_one_subtask.json": "/data at line 2, column 11: is one subtask, not a task",
    "refused_stray_brace.json": "line 21, column 5: is not valid JSON",
}


def test_no_sample_is_forgotten(samples: Path) -> None:
    names = {path.name for path in (samples / "formats").iterdir()}
    assert names == SAMPLES.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read(samples: Path, name: str) -> None:
    dialect, expected = SAMPLES[name]
    path = samples / "formats" / name
    tasks = read_bytes(path.read_bytes(), str(path))
    assert [(task.id, task.name, len(task.subtasks)) for task in tasks] == expected
    assert {task.origin.dialect for task in tasks} == {dialect}


@pytest.mark.parametrize("name", REFUSED)
def test_a_sample_is_refused(samples: Path, name: str) -> None:
    path = samples / "formats" / name
    with pytest.raises(InputError) as caught:
        read_bytes(path.read_bytes(), str(path))
    assert REFUSED[name] in str(caught.value)
    assert caught.value.hint


def test_all_of_them_at_once(run_cli: RunCli, samples: Path) -> None:
    done = run_cli("check", samples / "formats")
    assert done.returncode == 2
    complaints = [
        line for line in done.stderr.splitlines() if line.startswith("taskgraph:")
    ]
    assert len(complaints) == len(REFUSED)
    unlike = ("definition_by_kind.yaml", "ocp_curl_with_headers.txt")
    named = [tasks for name, (_, tasks) in SAMPLES.items() if name not in unlike]
    assert f"{sum(map(len, named))} tasks in" in done.stdout
