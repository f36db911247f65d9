"""Tasks without secrets, and redacted ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from taskgraph.checks import CheckOptions, run_checks
from taskgraph.errors import InputError
from taskgraph.graph import build_graph
from taskgraph.model import Task, mask_task, redact_task
from taskgraph.sources import ReadOptions, read_bytes, write_task
from tests.sources.strategies import OWN_TASKS

SECRET = "s3cr3t-made-up"
DOCUMENT: dict[str, Any] = {
    "successful": True,
    "server": "host-hash",
    "error": {"code": 1, "message": f"login with password={SECRET} to 10.9.8.7 failed"},
    "data": {
        "id": 1,
        "name": f"Restart 10.9.8.7 token={SECRET}",
        "status": "FAILED",
        "operation": "EXECUTE",
        "creator": {"id": 77, "name": "jane"},
        "executor": "10.9.8.1",
        "host": {"id": 3, "name": "db-host-seven", "innerIp": "10.9.8.7"},
        "context": {
            "stringMap": {
                "root_password": SECRET, "prohibit_rollback": "true", "zone": "zone-blue",
            },
            "listMap": {"access_keys": [SECRET], "ips": ["10.9.8.7"]},
            "concurrency": 3,
        },
        "apiToken": SECRET,
        "subtasks": [
            {
                "id": 2,
                "name": "Stop on db-host-seven",
                "description": f"obclient -h10.9.8.7 -uroot -p{SECRET}",
                "status": "FAILED",
                "operation": "EXECUTE",
                "executor": "10.9.8.7",
                "startTime": "2024-06-03T09:00:00Z",
                "finishTime": "2024-06-03T09:00:09Z",
                "timeout": 60,
                "upstreams": [],
                "downstreams": [3],
                "secretKey": SECRET,
                "note": {"owner": "jane"},
            },
            {
                "id": 3,
                "name": "Next",
                "status": "PENDING",
                "operation": "EXECUTE",
                "timeout": 60,
                "upstreams": [2],
                "downstreams": [],
                "executor": "10.9.8.1",
            },
        ],
    },
}  # fmt: skip


def read(*, redact: bool = False) -> Task:
    data = json.dumps(DOCUMENT).encode()
    (task,) = read_bytes(data, "saved.json", ReadOptions(redact=redact))
    return task


def test_reading_masks_secrets_everywhere() -> None:
    task = read()
    assert SECRET not in repr(task)
    assert SECRET not in write_task(task)
    assert task.subtasks[0].description == "obclient -h10.9.8.7 -uroot -p***"
    assert task.subtasks[0].extra == {"secretKey": "***", "note": {"owner": "jane"}}
    assert task.extra["apiToken"] == "***"
    assert task.context is not None
    assert task.context["stringMap"]["zone"] == "zone-blue"


def test_redaction_masks_hosts_people_context_and_logs() -> None:
    task = read(redact=True)
    text = write_task(task)
    for word in (SECRET, "jane", "10.9.8", "db-host-seven", "zone-blue", "host-hash", "77"):
        assert word not in text
    assert task.name == "Restart host-2 token=***"
    assert [subtask.executor for subtask in task.subtasks] == ["host-2", "host-1"]
    assert task.subtasks[0].name == "Stop on host-3"
    assert task.context == {
        "stringMap": {"root_password": "***", "prohibit_rollback": "true", "zone": "***"},
        "listMap": {"access_keys": ["***"], "ips": ["***"]},
        "concurrency": 3,
    }


def test_logs_and_agents_are_redacted(samples: Path) -> None:
    path = samples / "formats" / "obshell_dag.json"
    (task,) = read_bytes(path.read_bytes(), "x", ReadOptions(redact=True))
    assert [s.host for s in task.subtasks] == [
        "host-1",
        "host-1",
        "host-2",
        "host-1",
        "host-2",
    ]
    assert task.subtasks[2].logs == ("*** (2 lines)",)
    assert task.subtasks[4].logs == ()


@pytest.mark.parametrize("redact", [False, True])
def test_masking_changes_no_finding(redact: bool) -> None:
    data = json.dumps(DOCUMENT).encode()
    (task,) = read_bytes(data, "saved.json", ReadOptions(redact=redact))
    found = run_checks(build_graph(task), CheckOptions())
    codes = [(finding.code, finding.subtasks) for finding in found.findings]
    plain = run_checks(build_graph(read()), CheckOptions())
    assert codes == [(finding.code, finding.subtasks) for finding in plain.findings]


@given(OWN_TASKS)
def test_masking_twice_is_masking_once(task: Task) -> None:
    assert mask_task(task) == task  # the strategy draws no secrets
    assert mask_task(mask_task(task)) is mask_task(task) or mask_task(task) == task
    redacted = redact_task(task)
    assert mask_task(redacted) == redacted
    assert [s.id for s in redacted.subtasks] == [s.id for s in task.subtasks]


def test_messages_about_a_document_are_masked() -> None:
    refused = {key: value for key, value in DOCUMENT.items() if key != "data"}
    with pytest.raises(InputError) as caught:
        read_bytes(json.dumps(refused).encode())
    assert "password=***" in str(caught.value)
    assert SECRET not in str(caught.value)
    wrong = {"subtasks": [{"id": 1, "timeout": f"token={SECRET}"}]}
    with pytest.raises(InputError) as caught:
        read_bytes(json.dumps(wrong).encode())
    assert SECRET not in str(caught.value)
