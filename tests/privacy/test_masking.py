"""Tasks without secrets, and redacted ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from taskgraph.analysis.analysis import Analysis
from taskgraph.api import LoadedTask
from taskgraph.checks.runner import run_checks
from taskgraph.errors import InputError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.model.task import Reference, Subtask, Task
from taskgraph.privacy.masking import mask_task
from taskgraph.privacy.redaction import redact_task, redact_tasks
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.reading import read_bytes
from tests.sources.native import write_task
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
        "cluster": {"id": 5, "name": f"blue token={SECRET}"},
        "tenant": {"id": 6, "name": f"http://u:{SECRET}@tenant"},
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
                "className": f"Stop?pwd={SECRET}",
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


def test_names_of_every_kind_are_masked() -> None:
    address, masked = f"http://u:{SECRET}@h", "http://u:***@h"
    step = Subtask(1, "a", executor=address, host=address, class_name=address)
    named = Reference(7, address)
    task = Task(
        1, "t", subtasks=(step, Subtask(2, "b", executor="10.0.0.1")), executor=address,
        creator=named, cluster=named, tenant=named, host=named,
    )  # fmt: skip
    found = mask_task(task)
    assert SECRET not in repr(found)
    assert found.executor == found.subtasks[0].host == masked
    assert found.creator == found.cluster == found.tenant == Reference(7, masked)
    assert found.subtasks[1] == task.subtasks[1]
    assert mask_task(found) == found


def test_what_has_no_secrets_is_the_same_object() -> None:
    task = Task(1, "Stop - x", subtasks=(Subtask(1, "a: b", executor="10.0.0.1:2882"),))
    assert mask_task(task) is task


def test_in_a_description_a_colon_is_an_assignment_and_in_a_name_it_is_not() -> None:
    for sign in (": ", "：", "＝"):
        step = Subtask(1, "Rotate key: host 1", f"口令{sign}{SECRET}")
        (found,) = mask_task(Task(1, "t", subtasks=(step,))).subtasks
        assert (found.name, found.description) == (step.name, f"口令{sign}***")


def test_people_and_addresses_are_redacted_in_names_and_keys() -> None:
    steps = (
        Subtask(1, "Stop on DB-Host", "for Jane Roe <jane.roe@corp.com>", host="db-host"),
        Subtask(2, "at fe80::12, [FE80::1]:80 since 17:37:58", "::ffff:10.9.0.1 a::b"),
    )
    context = {"10.0.0.1": "a", "10.0.0.2": "b", "fe80::1": "c", "DB-HOST": "d", "e@f.g": 1}
    task = Task(
        1, "by jane roe", creator=Reference(7, "Jane Roe"), subtasks=steps, context=context
    )
    found = redact_task(task)
    assert found.name == "by person-1"
    assert found.creator == Reference(name="person-1")
    assert found.subtasks[0].name == "Stop on host-7"
    assert found.subtasks[0].description == "for person-1 <***>"
    assert found.subtasks[1].name == "at host-9, [host-8]:80 since 17:37:58"
    assert found.subtasks[1].description == "host-4 host-5"
    assert found.context == {
        "host-1": "***", "host-2": "***", "host-8": "***", "host-7": "host-6", "***": "***",
    }  # fmt: skip


def test_keys_that_become_the_same_keep_their_values() -> None:
    task = Task(1, "t", context={"a@b.c": True, "d@e.f": False, "***-2": None})
    context = redact_task(task).context
    assert context == {"***": True, "*** (2)": False, "***-2": None}


def test_accounts_that_are_no_person_stay_in_names() -> None:
    task = Task(1, "Restart sys tenant", creator=Reference(7, "sys"))
    assert redact_task(task).name == "Restart sys tenant"


def test_a_host_of_several_tasks_has_one_name() -> None:
    one = Task(1, "on b-host", subtasks=(Subtask(1, "x", executor="b-host"),))
    two = Task(1, "on b-host", subtasks=(Subtask(1, "x", executor="a-host"),))
    first, second = redact_tasks([one, two])
    assert first.name == second.name == "on host-2"
    assert [t.subtasks[0].executor for t in (first, second)] == ["host-2", "host-1"]


def refusal(content: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        read_bytes(json.dumps(content).encode(), "a.json", ReadOptions(redact=True))
    return str(caught.value)


def test_messages_about_a_document_are_redacted() -> None:
    message = (
        "user zhang.san@corp.com on host OBS-17.corp.com (10.1.2.3, fe80::12) may not "
        "since 17:37:58, com.corp.NoAccessException"
    )
    said = refusal({"successful": False, "error": {"code": 1, "message": message}})
    assert "user *** on host *** (***, ***) may not since 17:37:58" in said
    assert "com.corp.NoAccessException" in said
    steps = [
        {"id": 1, "timeout": "zhang.san@10.1.2.3"},
        {"id": 2, "timeout": f"{'a' * 20} zhang.san@obs-17.corp.com"},
        {"id": 3, "timeout": {"10.1.2.3": 1}, "startTime": "2024"},
    ]
    said = refusal({"id": 1, "subtasks": steps})
    assert "zhang" not in said
    assert "10.1.2" not in said
    assert "must be a time like 2025-01-16T11:43:38.273+08:00" in said


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
        "listMap": {"access_keys": ["***"], "ips": ["host-2"]},
        "concurrency": 3,
    }


def test_what_parts_work_on_keeps_apart_and_is_hidden_everywhere(samples: Path) -> None:
    text = (samples / "three_hosts_failed.json").read_text("utf-8")
    for number, name in enumerate(("a", "b", "c"), 1):
        text = text.replace(f"10.0.0.{number}", f"obhost-{name}.prod.example")
    (task,) = read_bytes(text.encode(), "x", ReadOptions(redact=True))
    assert "obhost" not in write_task(task)
    found = set(LoadedTask(task).analysis.targets.values())
    assert found == {"host-2", "host-3", "host-4"}


@pytest.mark.parametrize(
    ("name", "is_hidden"),
    [("host_ips", True), ("obServers", True), ("hostNames", True), ("zone_names", False)],
)
def test_lists_of_machines_are_known_by_their_names(name: str, is_hidden: bool) -> None:
    subtask = Subtask(id=1, name="Stop m-one")
    context = {"listMap": {name: ["m-one", "m-two"]}}
    task = redact_task(Task(id=1, name="t", subtasks=(subtask,), context=context))
    assert (task.subtasks[0].name == "Stop host-1") == is_hidden
    assert "m-one" not in str(task.context)


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
    found = run_checks(Analysis(build_graph(task)))
    codes = [(finding.code, finding.subtasks) for finding in found.findings]
    plain = run_checks(Analysis(build_graph(read())))
    assert codes == [(finding.code, finding.subtasks) for finding in plain.findings]


@given(OWN_TASKS)
def test_masking_twice_is_masking_once(task: Task) -> None:
    assert mask_task(task) == task  # the strategy draws no secrets
    assert mask_task(mask_task(task)) is mask_task(task) or mask_task(task) == task
    redacted = redact_task(task)
    assert mask_task(redacted) == redacted
    hosts = {
        task.executor,
        task.host and str(task.host),
        task.creator and str(task.creator),
    }
    hosts |= {host for step in task.subtasks for host in (step.executor, step.host)}
    for old, new in zip(task.subtasks, redacted.subtasks, strict=True):
        named = (host for host in hosts if host and host.lower() in str(old.id).lower())
        assert new.id == old.id or any(map(str.isalnum, "".join(named)))


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
