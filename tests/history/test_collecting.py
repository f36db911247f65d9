"""Documents are collected once each, wherever they lie and whatever happens."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import fsspec
import pyarrow.parquet as pq
import pytest

from benchmarks.history_archive import write_archive
from taskgraph.errors import ConfigError
from taskgraph.history.collecting import Collected, CollectionProgress, collect_documents
from taskgraph.history.database import Limits, open_database
from taskgraph.history.statistics import Statistics, statistics
from taskgraph.history.store import RunStore
from taskgraph.history.tables import write_table
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import read_source
from tests.history.documents import FLEET, at, response, step, write

Collect: TypeAlias = Callable[..., RunStore]


def again(store: RunStore, *paths: Path | str, origin: str = "") -> Collected:
    return collect_documents([str(path) for path in paths], store, origin=origin)


def rejects(store: RunStore) -> dict[str, str]:
    lines = store.rejects_file.read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return {Path(line["document"]).name: line["reason"] for line in found}


def rows(store: RunStore, table: str) -> list[tuple[object, ...]]:
    """Give the rows of all files of a table, without what names their part."""
    content = pq.read_table(store.files(table))
    keys = [name for name in ("part", "row", "task_row") if name in content.column_names]
    columns = content.drop_columns(keys).to_pydict()
    return list(zip(*columns.values(), strict=True))


def seen(found: Statistics) -> dict[tuple[str, str | None], int]:
    return {(kind.task, kind.subtask): kind.seen for kind in found.kinds}


# --- incremental --------------------------------------------------------------


def test_what_was_collected_is_not_opened_again(tmp_path: Path, collected: Collect) -> None:
    write_archive(tmp_path / "in", 40, kinds=FLEET, clean=True)
    store = collected(tmp_path / "in")
    before = statistics(store)
    for path in (tmp_path / "in").rglob("*.json"):
        stat = path.stat()
        path.write_bytes(b"x" * stat.st_size)  # nobody may look
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    done = again(store, tmp_path / "in")
    assert done == Collected(skipped=40)
    assert statistics(store) == before


def test_new_documents_are_added(tmp_path: Path, collected: Collect) -> None:
    write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    store = collected(tmp_path / "in")
    write(tmp_path / "in", {"b/c.json": response(2, [step(1, "a"), step(2, "b")])})
    done = again(store, tmp_path / "in")
    assert (done.documents, done.skipped, done.tasks, done.subtasks) == (1, 1, 1, 2)
    assert seen(statistics(store)) == {
        ("Stop", None): 2,
        ("Stop", "a"): 2,
        ("Stop", "b"): 1,
    }


def test_a_touched_document_is_known_by_its_content(
    tmp_path: Path, collected: Collect
) -> None:
    path = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])}) / "a.json"
    store = collected(path)
    os.utime(path, (1, 1))
    done = again(store, path)
    assert (done.documents, done.unchanged, done.tasks) == (1, 1, 0)
    assert again(store, path) == Collected(skipped=1)


def test_one_document_seen_twice_counts_once(tmp_path: Path, collected: Collect) -> None:
    content = response(1, [step(1, "a")])
    store = collected(write(tmp_path / "in", {"a.json": content, "copy/a.json": content}))
    assert seen(statistics(store)) == {("Stop", None): 1, ("Stop", "a"): 1}


def test_the_same_paths_named_twice_are_one(tmp_path: Path, collected: Collect) -> None:
    folder = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    store = collected(folder, folder / "a.json", f"{folder}/*.json")
    assert store.count("documents") == 1


def test_the_latest_response_about_a_task_wins(tmp_path: Path, collected: Collect) -> None:
    early = response(
        1, [step(1, "a", 0, None, status="RUNNING")], asked=10, status="RUNNING"
    )
    late = response(1, [step(1, "a", 0, 30)], asked=99)
    other = response(1, [step(1, "a", 0, 50)], asked=50, startTime="2024-01-01T00:00:00Z")
    for names in (("a", "b", "c"), ("c", "b", "a")):
        contents = dict(zip(names, (early, late, other), strict=True))
        folder = write(tmp_path / names[0], {f"{n}.json": contents[n] for n in contents})
        store = collected(folder, name=f"runs-{names[0]}")
        (_, kind) = statistics(store).kinds
        assert (kind.seen, kind.run_us.p5, kind.run_us.max) == (2, 30_000_000, 50_000_000)


def test_a_page_of_the_task_list_does_not_hide_the_details(
    tmp_path: Path, collected: Collect
) -> None:
    short = {"id": 1, "name": "a", "operation": "EXECUTE", "status": "SUCCESSFUL"}
    documents = {
        "details.json": response(1, [step(1, "a", 0, 30)], asked=10),
        "list.json": response(1, [short], asked=999),
    }
    _, kind = statistics(collected(write(tmp_path / "in", documents))).kinds
    assert (kind.seen, kind.run_us.size) == (1, 1)


def test_the_status_is_that_of_the_latest_response_also_of_a_list(
    tmp_path: Path, collected: Collect
) -> None:
    running = [step(1, "a", 0, 30, downstreams=[2]), step(2, "b", 31, None, upstreams=[1])]
    running[1]["status"] = "RUNNING"
    short = {"id": 1, "name": "a", "operation": "EXECUTE", "status": "FAILED"}
    documents = {
        "details.json": response(1, running, asked=40, status="RUNNING"),
        "list.json": response(1, [short], asked=999, status="FAILED"),
        "old.json": response(1, [short], asked=9, status="RUNNING"),
    }
    task, first, _ = statistics(collected(write(tmp_path / "in", documents))).kinds
    assert (task.seen, task.failed, task.run_us.size) == (1, 1, 0)
    assert (first.seen, first.failed, first.run_us.size) == (1, 0, 1)


def test_a_task_seen_before_its_start_is_the_one_that_started(
    tmp_path: Path, collected: Collect
) -> None:
    ready = [step(1, "a", None, None, status="READY")]
    before = response(1, ready, asked=-5, status="RUNNING", startTime=None)
    other = response(1, ready, asked=5000, status="RUNNING", startTime=None)
    done = response(1, [step(1, "a", 0, 30)], asked=99)
    later = response(1, [step(1, "a", 6000, 6050)], asked=7000, startTime=at(6000))
    documents = {"0": before, "1": other, "2": done, "3": later}
    folder = write(tmp_path / "in", {f"{n}.json": documents[n] for n in documents})
    task, first = statistics(collected(folder)).kinds
    assert (task.seen, first.seen, first.run_us.size) == (2, 2, 2)
    for number in range(4):  # where two are as late, the one that started counts
        ready_too = response(1, ready, asked=99, status="RUNNING", startTime=None, x=number)
        two = write(tmp_path / f"two-{number}", {"a.json": ready_too, "b.json": done})
        _, one = statistics(collected(two, name=f"runs-{number}")).kinds
        assert (one.seen, one.run_us.size) == (1, 1)
    alone = collected(folder / "0.json", name="alone")
    assert statistics(alone).tasks == 1


def test_tasks_of_two_installations_are_two(tmp_path: Path, collected: Collect) -> None:
    folder = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    store = collected(folder, origin="east")
    again(
        store,
        write(tmp_path / "in2", {"a.json": response(1, [step(1, "a")])}),
        origin="west",
    )
    assert statistics(store).tasks == 2


# --- what cannot be read ------------------------------------------------------


def test_bad_documents_are_listed_with_the_reason(
    tmp_path: Path, collected: Collect
) -> None:
    documents = {
        "good.json": response(1, [step(1, "a")]),
        "cut.json": response(2, [step(1, "a")])[:80],
        "other.json": b'{"status": "FAILED"}',
        "empty.json": b"",
    }
    store = collected(write(tmp_path / "in", documents))
    found = rejects(store)
    assert set(found) == {"cut.json", "other.json", "empty.json"}
    assert "is not valid JSON" in found["cut.json"]
    assert "holds no task" in found["other.json"]
    assert again(store, tmp_path / "in") == Collected(skipped=4)


def test_a_list_with_one_bad_task_gives_the_others_once(
    tmp_path: Path, collected: Collect
) -> None:
    good, bad = [step(1, "a")], [step(1, "a", timeout="soon")]
    tasks = [(1, good), (2, bad), (3, good)]
    content = [json.loads(response(number, steps)) for number, steps in tasks]
    documents = {"a.json": json.dumps(content).encode()}
    store = collected(write(tmp_path / "in", documents))
    assert "/1/data/subtasks/0/timeout" in rejects(store)["a.json"]
    assert (store.count("tasks"), store.count("subtasks")) == (2, 2)
    assert seen(statistics(store)) == {("Stop", None): 2, ("Stop", "a"): 2}
    collect_documents([str(tmp_path / "in")], store, retry_rejects=True)
    assert (store.count("tasks"), len(rejects(store))) == (2, 1)


def test_a_mended_document_is_no_longer_listed(tmp_path: Path, collected: Collect) -> None:
    good = response(2, [step(1, "a")])
    path = write(tmp_path / "in", {"a.json": good[:80]}) / "a.json"
    store = collected(path)
    assert set(rejects(store)) == {"a.json"}
    path.write_bytes(good)
    again(store, path)
    assert rejects(store) == {}
    path.write_bytes(good[:80])
    again(store, path)
    assert set(rejects(store)) == {"a.json"}


def test_what_cannot_be_opened_is_tried_again(
    tmp_path: Path, collected: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise PermissionError(13, "Permission denied", name)

    path = write(tmp_path / "in", {"a.json": response(2, [step(1, "a")])}) / "a.json"
    with monkeypatch.context() as patch:
        patch.setattr("taskgraph.history.parts.open_file", refuse)
        store = collected(path)
    assert "cannot be opened: Permission denied" in rejects(store)["a.json"]
    assert again(store, path).tasks == 1
    assert statistics(store).tasks == 1
    assert rejects(store) == {}


def test_names_that_are_no_text_stop_nothing(tmp_path: Path, collected: Collect) -> None:
    folder = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    with open(os.fsencode(folder) + b"/\xff.json", "wb") as stream:
        stream.write(response(2, [step(1, "a")]))
    store = collected(folder)
    assert statistics(store).tasks == 1
    assert list(rejects(store)) == ["\\udcff.json"]


def test_texts_that_no_encoding_has_are_kept_readable() -> None:
    content = write_table("documents", [(1, "a\ud800", "a", "s", None, "read", None)])
    (row,) = pq.read_table(io.BytesIO(content)).to_pylist()
    assert row["name"] == "a\\ud800"


def test_a_path_that_leads_to_nothing_is_an_error(tmp_path: Path) -> None:
    for path in ("nowhere.json", "*.json", ""):
        with pytest.raises(ConfigError, match="no document"):
            collect_documents([str(tmp_path / path)], RunStore(tmp_path / "runs"))


def test_a_path_that_leads_to_nothing_stops_no_other(tmp_path: Path) -> None:
    good = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    store = RunStore(tmp_path / "runs")
    done = collect_documents([str(tmp_path / "nowhere.json"), str(good)], store)
    assert (done.tasks, done.rejects) == (1, 1)
    assert done.refused == (f"{tmp_path}/nowhere.json: no document is found there",)
    assert "nowhere.json" in store.rejects_file.read_text()


def test_a_folder_that_is_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text('{"format": "other"}\n')
    with pytest.raises(ConfigError, match="not a manifest"):
        collect_documents([str(tmp_path)], RunStore(tmp_path))


# --- archives -----------------------------------------------------------------


def packed(tmp_path: Path) -> dict[str, Path]:
    """Write the same documents in every form that archives have."""
    write_archive(tmp_path / "files", 60, kinds=FLEET)
    write_archive(tmp_path / "jsonl", 60, kinds=FLEET, form="jsonl")
    write_archive(tmp_path / "zip", 60, kinds=FLEET, form="zip")
    (tmp_path / "gz").mkdir()
    lines = (tmp_path / "jsonl" / "archive.jsonl").read_bytes()
    (tmp_path / "gz" / "archive.jsonl.gz").write_bytes(gzip.compress(lines))
    (tmp_path / "tar").mkdir()
    (tmp_path / "single").mkdir()
    with tarfile.open(tmp_path / "tar" / "archive.tgz", "w:gz") as archive:
        for path in sorted((tmp_path / "files").rglob("*.json")):
            data = gzip.compress(path.read_bytes())
            info = tarfile.TarInfo(f"saved/{path.name}.gz")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
            (tmp_path / "single" / f"{path.name}.gz").write_bytes(data)
    forms = ("files", "jsonl", "zip", "gz", "tar", "single")
    return {form: tmp_path / form for form in forms}


@pytest.mark.slow
def test_every_form_of_an_archive_gives_the_same(
    tmp_path: Path, collected: Collect
) -> None:
    forms = packed(tmp_path)
    stores = {form: collected(path, name=f"runs-{form}") for form, path in forms.items()}
    expected = statistics(stores["files"])
    assert expected.rejects == 0 or rejects(stores["files"])
    for form, store in stores.items():
        assert statistics(store) == expected, form
        assert again(store, forms[form]) == Collected(
            skipped=60 if form in {"files", "single"} else 1
        )


def test_of_a_line_is_told_in_the_words_of_other_commands(
    tmp_path: Path, collected: Collect
) -> None:
    definition = b'{"kind": "task-definition", "name": "x", "subtasks": [{"name": "a"}]}'
    wrong = [b'{"task_id": 1}', b"", b' {"subtasks": 5, "task_id": 2}\r', b"  {bad"]
    text = b"\n".join([*wrong, b'"{\\"subtasks\\": 5}"'])
    path = write(tmp_path, {"all.jsonl": text}) / "all.jsonl"
    readings = read_source(Source(str(path), lambda: text))
    said = [str(reading.error) for reading in readings]
    assert list(rejects(collected(path)).values()) == said
    assert [f"at line {line}" in said[line // 2] for line in (1, 3)] == [True, True]
    path.write_bytes(text + b"\n" + definition)
    assert rejects(collected(path))["all.jsonl:6"].startswith(f"{path}: line 6, column 1: ")


def test_of_an_archive_that_grew_only_the_new_is_read(
    tmp_path: Path, collected: Collect
) -> None:
    lines = [response(i, [step(1, "a")]) for i in range(5)]
    path = write(tmp_path, {"all.jsonl": b"\n".join(lines[:3])}) / "all.jsonl"
    store = collected(path)
    path.write_bytes(lines[4] + b"\n\n" + b"\n".join(lines[:4]))
    done = again(store, path)
    assert (done.documents, done.tasks) == (2, 2)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("a.json", response(10, [step(1, "a")]))
    again(store, tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip", "a") as archive:
        archive.writestr("b.json", response(11, [step(1, "a")]))
        archive.writestr("read.me", "no document")
    assert again(store, tmp_path / "all.zip").documents == 1
    assert statistics(store).tasks == 7


def test_a_damaged_archive_gives_what_came_before_the_damage(
    tmp_path: Path, collected: Collect
) -> None:
    lines = b"\n".join(response(i, [step(1, f"{i}")]) for i in range(200))
    folder = write(tmp_path / "in", {"cut.jsonl.gz": gzip.compress(lines)[:-500]})
    write(folder, {"no.zip": b"PK nonsense", "a.json": response(999, [step(1, "a")])})
    store = collected(folder)
    assert {"cut.jsonl.gz", "no.zip"} <= set(rejects(store))
    assert statistics(store).tasks > 1


def test_a_damaged_member_is_rejected_alone(tmp_path: Path, collected: Collect) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", response(1, [step(1, "damaged")]))
        archive.writestr("b.json", response(2, [step(1, "whole")]))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"damaged", b"DAMAGED", 1))
    store = collected(path)
    assert "is damaged" in rejects(store)["all.zip!a.json"]
    assert seen(statistics(store)) == {("Stop", None): 1, ("Stop", "whole"): 1}


def test_a_diagnosis_archive_is_one_document(tmp_path: Path, collected: Collect) -> None:
    path = tmp_path / "diagnosis.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("task_info.txt", "Subtask: 1, State: FAILED, Dependencies: []\n")
        archive.writestr("subtask_1_1.log", "a line\n")
    store = collected(path)
    assert (store.count("documents"), store.count("subtasks")) == (1, 1)


def test_a_diagnosis_in_a_tar_archive_or_a_folder_is_one_document(
    tmp_path: Path, collected: Collect
) -> None:
    listing = b"Subtask: 1, State: FAILED, Dependencies: []\n"
    files = {"subtask_1_2.log": b"a line\n", "task_info.txt": listing}
    folder = write(tmp_path / "in" / "diagnosis", files)
    with tarfile.open(tmp_path / "diagnosis.tgz", "w:gz") as archive:
        archive.add(folder, "diagnosis")
    for place in (folder, tmp_path / "diagnosis.tgz"):
        store = collected(place, name=f"runs-of-{place.name}")
        assert (store.count("documents"), rejects(store)) == (1, {})
        (row,) = pq.read_table(store.files("subtasks")).to_pylist()
        assert (row["subtask_id"], row["attempts"]) == ("1", 2)
        assert again(store, place) == Collected(skipped=1)


def test_of_a_tar_that_grew_only_the_new_is_read(
    tmp_path: Path, collected: Collect
) -> None:
    path = tmp_path / "all.tar"
    for number in (1, 2):
        with tarfile.open(path, "a") as archive:
            for name in (f"{number}.json", f"{number}.log", f".{number}.json"):
                data = response(number, [step(1, "a")])
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        store = collected(path)
        assert store.count("documents") == number
        assert statistics(store).tasks == number


def test_a_fault_of_ours_costs_one_document(
    tmp_path: Path, collected: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oh")

    folder = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    monkeypatch.setattr("taskgraph.history.tables.check_document", fail)
    store = collected(folder)
    assert (
        "a fault of taskgraph itself: ZeroDivisionError('oh')" in rejects(store)["a.json"]
    )


def test_the_store_itself_is_not_collected(tmp_path: Path, collected: Collect) -> None:
    write(tmp_path, {"a.json": response(1, [step(1, "a")])})
    store = collected(tmp_path)
    assert again(store, tmp_path) == Collected(skipped=1)


def test_no_history_begins_in_a_folder_of_documents(tmp_path: Path) -> None:
    """It would be passed over from then on, with all that lies in it."""
    folder = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    with pytest.raises(
        ConfigError, match="no history may begin there\n  hint: collect into"
    ):
        again(RunStore(folder), folder)
    assert again(RunStore(tmp_path / "runs"), folder).tasks == 1
    (refused,) = again(RunStore(tmp_path / "runs"), folder, tmp_path / "runs").refused
    assert refused.startswith(f"{tmp_path}/runs: is a history, and what lies in it is")


def test_what_is_no_run_is_rejected(tmp_path: Path, collected: Collect) -> None:
    lines = [response(1, [step(1, "a")]), b"{}", response(2, [step(1, "a")])]
    store = collected(write(tmp_path / "in", {"a.json": b"\n".join(lines)}) / "a.json")
    assert statistics(store).tasks == 2
    assert "holds no task" in rejects(store)["a.json"]


def test_what_is_evidently_no_task_is_passed_over_in_a_folder_and_refused_by_its_name(
    tmp_path: Path,
) -> None:
    other, lines = b'{"name": "x"}', tmp_path / "in" / "lines.jsonl"
    folder = write(tmp_path / "in", {"a.json": other, "b.json": response(1, [])})
    write(folder, {"lines.jsonl": other + b"\n" + response(2, [step(1, "a")])})
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("package.json", b'{"version": 1}')
    passed = (f"{folder}/a.json", f"{folder}/all.zip!package.json", f"{lines}:1")
    store = RunStore(tmp_path / "runs")
    done = again(store, folder, origin="east")
    assert (done.passed, done.foreign) == (3, passed)
    assert (done.documents, done.rejects, rejects(store)) == (2, 0, {})
    assert again(store, folder, origin="east") == Collected(skipped=4)
    (folder / "a.json").touch()
    assert again(store, folder, origin="east").foreign == passed[:1]
    for tries in (1, 0):
        done = again(store, folder, folder / "a.json", origin="east")
        assert (done.rejects, done.passed) == (tries, 0)
        assert "no task" in rejects(store)["a.json"]
    done = collect_documents([str(folder)], store, origin="east", retry_rejects=True)
    assert (done.foreign, rejects(store)) == (passed[:1], {})
    assert again(store, folder / "a.json", origin="west").rejects == 1


def test_a_folder_of_an_object_store_passes_over_what_is_no_task(
    collected: Collect,
) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/passed/package.json", b'{"name": "x"}')
    try:
        assert rejects(collected("memory://passed")) == {}
        named = collected("memory://passed/package.json")
        assert "no task" in rejects(named)["package.json"]
    finally:
        memory.rm("/passed", recursive=True)


def test_an_object_store_is_read_through_fsspec(tmp_path: Path, collected: Collect) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/ocp/east/a.json", response(1, [step(1, "a")]))
    memory.pipe("/ocp/b.jsonl", response(2, [step(1, "a")]))
    memory.pipe("/ocp/notes.doc", b"nothing")
    try:
        store = collected("memory://ocp")
        again(store, "memory://ocp/east/a.json")
        assert statistics(store).tasks == 2
        assert store.count("documents") == 2
        memory.pipe("/ocp/c.json", response(3, [step(1, "a")]))
        assert again(store, "memory://ocp/*.json").tasks == 1
        with pytest.raises(ConfigError, match="no document"):
            again(store, "memory://nowhere")
        with pytest.raises(ConfigError, match="cannot be listed"):
            again(store, "nosuch://bucket")
        folder = write(tmp_path / "in", {"c.json": response(3, [step(1, "a")])})
        done = again(store, "nosuch://bucket", folder)  # which stops no other
        assert (done.tasks, done.rejects) == (1, 1)
        assert "cannot be listed" in done.refused[0]
    finally:
        memory.rm("/ocp", recursive=True)


# --- restarted ----------------------------------------------------------------

_SCRIPT = """
import sys
from taskgraph.history.store import RunStore
from taskgraph.history.collecting import collect_documents
from taskgraph.history import collecting
from taskgraph.history.engines import open_engine
collecting.BATCH_DOCUMENTS = 10
if __name__ == "__main__":
    with open_engine(int(sys.argv[3])) as engine:
        collect_documents([sys.argv[1]], RunStore(sys.argv[2]), engine=engine)
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_any_moment_and_started_again_no_row_is_lost_and_none_is_there_twice(
    tmp_path: Path, collected: Collect, workers: int
) -> None:
    write_archive(tmp_path / "in", 300, kinds=FLEET)
    script = write(tmp_path, {"script.py": _SCRIPT.encode()}) / "script.py"
    store = RunStore(tmp_path / "killed")
    arguments = (script, tmp_path / "in", store.folder, workers)
    command = [sys.executable, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    kills = 0
    for _ in range(20):
        parts = _count_parts(store)
        process = subprocess.Popen(command, env=environment)
        while process.poll() is None and _count_parts(store) < parts + 10:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:
            break
        kills += 1
        _litter(store)
    assert kills >= 2
    clean = collected(tmp_path / "in", name="clean")
    assert statistics(store) == statistics(clean)
    for table in ("documents", "tasks", "subtasks"):
        assert Counter(rows(store, table)) == Counter(rows(clean, table)), table
    assert rejects(store) == rejects(clean)


_SPILLING = """
import os, signal, sys
from taskgraph.history import collecting
from taskgraph.history.database import Limits
from taskgraph.history.store import RunStore
find_fresh = collecting.find_fresh
def spill_and_die(connection, *arguments, **options):
    find_fresh(connection, *arguments, **options)
    connection.execute("CREATE TABLE big AS SELECT md5(i::TEXT) FROM range(3000000) t(i)")
    os.kill(os.getpid(), signal.SIGKILL)
collecting.find_fresh = spill_and_die
collecting.collect_documents([sys.argv[1]], RunStore(sys.argv[2]), limits=Limits("100MB"))
"""


@pytest.mark.slow
def test_what_the_database_of_a_killed_collection_wrote_is_removed_by_the_next(
    tmp_path: Path,
) -> None:
    folder = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    store = RunStore(tmp_path / "runs")
    (tmp_path / "temporary").mkdir()
    environment = {"PYTHONPATH": os.getcwd(), "TMPDIR": str(tmp_path / "temporary")}
    command = [sys.executable, "-c", _SPILLING, str(folder), str(store.folder)]
    done = subprocess.run(command, env=os.environ | environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not list((tmp_path / "temporary").iterdir())
    assert list(store.folder.rglob("duckdb*"))
    assert again(store, folder).tasks == 1
    assert not list(store.folder.rglob("duckdb*"))
    kept = {"manifest.jsonl", "rejects.jsonl", ".lock", "documents", "tasks", "subtasks"}
    assert {path.name for path in store.folder.iterdir()} == kept


_ASKING_AND_DYING = """
import os, signal, sys
from taskgraph.history.database import Limits, open_database
from taskgraph.history.store import RunStore
with open_database(Limits("100MB"), RunStore(sys.argv[1])) as connection:
    connection.execute("CREATE TABLE big AS SELECT md5(i::TEXT) FROM range(3000000) t(i)")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_what_a_killed_question_wrote_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, collected: Collect
) -> None:
    store = collected(write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])}))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {"PYTHONPATH": os.getcwd(), "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", _ASKING_AND_DYING, str(store.folder)]
    subprocess.run(command, env=os.environ | environment, check=False)
    (left,) = temporary.iterdir()
    assert list(left.glob("duckdb*"))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with open_database(Limits(), store), open_database(Limits(), store):
        assert len(list(temporary.iterdir())) == 2  # neither takes the other's away
        assert not left.exists()
    assert not list(temporary.iterdir())


def _count_parts(store: RunStore) -> int:
    manifest = store.folder / "manifest.jsonl"
    return len(list(store.parts())) if manifest.exists() else 0


def _litter(store: RunStore) -> None:
    """Leave what a kill in the worst moments leaves: files without a line, half a line."""
    (store.folder / "tasks" / f"{7:016x}.parquet").write_bytes(b"half a fi")
    with (store.folder / "manifest.jsonl").open("ab") as manifest:
        manifest.write(b'{"part": 7, "docum')


@pytest.mark.parametrize(
    "line", ['{"a": 1}', "5", "[]", '{"part": "1"}', "{}", '"part"', "null"]
)
def test_a_line_of_the_manifest_that_nothing_wrote_is_told(
    tmp_path: Path, collected: Collect, line: str
) -> None:
    store = collected(write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])}))
    with (store.folder / "manifest.jsonl").open("a") as manifest:
        manifest.write(f"{line}\n")
    with pytest.raises(ConfigError, match=r"manifest\.jsonl:3: tells of no part"):
        statistics(store)


def test_half_a_line_of_the_manifest_is_no_part(tmp_path: Path, collected: Collect) -> None:
    store = collected(write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])}))
    _litter(store)
    before = statistics(store)
    assert before.tasks == 1
    assert again(store, tmp_path / "in") == Collected(skipped=1)
    write(tmp_path / "in", {"b.json": response(2, [step(1, "a")])})
    again(store, tmp_path / "in")
    assert statistics(store).tasks == 2
    assert len(list((store.folder / "tasks").iterdir())) == 2


@pytest.mark.parametrize(
    "taken",
    [
        "tasks/a.json",
        "documents/b.json",
        "subtasks/folder/c.json",
        f"tasks/{7:016x}.parquet/d.json",
        "rejects.jsonl",
        "manifest.jsonl",
        ".temporary/e.json",
    ],
)
def test_nothing_of_others_is_where_a_history_begins(taken: str, tmp_path: Path) -> None:
    write(tmp_path / "in", {taken: response(1, [step(1, "a")])})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConfigError, match=r"already|not a manifest"):
        collect_documents([str(tmp_path / "in")], RunStore(tmp_path / "in"))
    assert sorted(tmp_path.rglob("*")) == before


def test_what_others_put_into_a_history_stays(tmp_path: Path, collected: Collect) -> None:
    store = collected(write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])}))
    kept = [store.folder / "tasks" / name for name in ("a.json", "more/b.json")]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    _litter(store)
    assert again(store, tmp_path / "in") == Collected(skipped=1)
    assert all(path.exists() for path in kept)
    assert not (store.folder / "tasks" / f"{7:016x}.parquet").exists()


@pytest.mark.parametrize("place", ["saved.json", "saved.json/runs"])
def test_a_store_in_a_file_is_refused_by_its_name(tmp_path: Path, place: str) -> None:
    saved = tmp_path / "saved.json"
    saved.write_text("{}")
    with pytest.raises(ConfigError, match=r"is no folder\n  hint: name a folder"):
        collect_documents([str(saved)], RunStore(tmp_path / place))
    assert saved.read_text() == "{}"


def test_a_folder_without_a_name_is_none() -> None:
    with pytest.raises(ConfigError, match="no name"):
        RunStore("")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_a_pipe_is_no_manifest(tmp_path: Path) -> None:
    write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    os.mkfifo(tmp_path / "in" / "manifest.jsonl")
    assert again(RunStore(tmp_path / "runs"), tmp_path / "in").tasks == 1
    with pytest.raises(ConfigError, match="not a manifest"):
        again(RunStore(tmp_path / "in"), tmp_path / "in")


def test_progress_goes_from_nothing_to_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskgraph.history.collecting.BATCH_DOCUMENTS", 7)
    write_archive(tmp_path / "in", 50, kinds=FLEET)
    steps: list[CollectionProgress] = []
    collect_documents(
        [str(tmp_path / "in")], RunStore(tmp_path / "runs"), report=steps.append
    )
    shares = [step.done / step.total for step in steps]
    assert len(steps) > 7
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert steps[-1].collected.documents == 50


def test_a_pattern_does_not_follow_links_in_circles(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"x/a.json": response(1, [step(1, "a")])})
    for name in ("one", "two"):
        (folder / "x" / name).symlink_to(folder, target_is_directory=True)
    store = RunStore(tmp_path / "runs")
    assert collect_documents([str(folder / "**" / "*.json")], store).documents == 1
