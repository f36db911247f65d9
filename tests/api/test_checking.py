"""Checking many files: in their order, as they come, on one core or on several."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from taskgraph.api import check_files, read_documents, stream_checks
from taskgraph.checks.baseline import fingerprints, parse_baseline, render_baseline
from taskgraph.config import Configuration
from taskgraph.reports.check_formats import (
    CHECK_FORMATS,
    check_streamer,
    is_streamed,
)
from taskgraph.settings import Settings
from taskgraph.sources.limits import ReadOptions
from tests.reports.runs import check_renderer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A folder with good and bad documents, more than one process checks in one go."""
    folder = tmp_path_factory.mktemp("many")
    files = sorted((samples / "rules").glob("*.json"))
    for number in range(260):
        data = files[number % len(files)].read_bytes()
        (folder / f"{number:03}.json").write_bytes(data)
    (folder / "100.json").write_bytes(b"{")
    good = (samples / "obproxy_stop.json").read_bytes()
    (folder / "101.jsonl").write_bytes(b"\n".join([b"[]", good.replace(b"\n", b" ")]))
    return folder


@pytest.mark.slow
def test_several_processes_find_the_same_in_the_same_order(folder: Path) -> None:
    alone, together = (check_files([str(folder)], jobs=jobs) for jobs in (1, 2))
    assert alone.run.results == together.run.results
    assert list(map(str, alone.run.unreadable)) == list(map(str, together.run.unreadable))
    assert len(alone.run.unreadable) >= 2
    assert alone.failed
    assert together.failed


def test_results_come_while_documents_are_still_to_be_read(folder: Path) -> None:
    seen: list[str] = []

    def config_for(file: str) -> Configuration:
        seen.append(Path(file).name)
        return Configuration()

    stream = stream_checks([str(folder)], config_for, jobs=1)
    for _ in range(3):
        next(iter(stream.results))
    assert seen == ["000.json", "001.json", "002.json"]
    assert stream.totals.tasks == 3


@pytest.mark.parametrize("form", CHECK_FORMATS)
def test_every_form_is_the_same_as_it_comes_and_in_the_end(folder: Path, form: str) -> None:
    paths = [str(folder / f"{number:03}.json") for number in range(95, 105)]
    whole = check_renderer(form)(check_files(paths).run)
    stream = stream_checks(paths)
    run = stream if is_streamed(form) else stream.collect()
    assert "".join(check_streamer(form)(run)) == whole


def test_a_bound_on_findings_counts_the_others(folder: Path) -> None:
    paths = [str(folder)]
    found = sum(check_files(paths).run.totals.severities.values())
    stream = stream_checks(paths, most=3)
    run = stream.collect()
    assert sum(len(result.findings) for result in run.results) == 3
    assert stream.left_out == found - 3
    assert stream.failed


@pytest.mark.uncovered
def test_a_baseline_is_used_up_as_results_come(folder: Path) -> None:
    paths = [str(path) for path in sorted(folder.glob("*.json")) if path.stem != "100"]
    run = check_files(paths).run
    text = json.loads(render_baseline(run.results))
    gone = {"fingerprint": "0" * 32, "code": "TG109", "task": "Restart agent"}
    text["findings"].append(gone)
    stream = stream_checks(paths, baseline=parse_baseline(json.dumps(text), "b"))
    assert not any(result.findings for result in stream.results)
    assert [entry.fingerprint for entry in stream.stale] == ["0" * 32]
    assert not stream.failed


PRIVATE = """
name: Restart 10.1.2.4
subtasks:
  - {name: Stop 10.1.2.4, timeout: 5m}
  - {name: Start 10.1.2.4, upstreams: [Stop 10.1.2.3, Stop 10.1.2.4]}
  - {name: Stop 10.1.2.3, timeout: 0}
  - {name: Wait for 10.1.2.3, upstreams: [Stop 10.1.2.9]}
"""


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("read_redacted", [False, True])
@pytest.mark.parametrize("written_redacted", [False, True])
def test_a_baseline_is_the_same_whether_names_are_redacted_or_not(
    tmp_path: Path, *, written_redacted: bool, read_redacted: bool, jobs: int
) -> None:
    path = tmp_path / "a.task.yaml"
    path.write_text(PRIVATE)
    written, read = (
        ReadOptions(redact=redact) for redact in (written_redacted, read_redacted)
    )
    run = check_files([str(path)], options=written).run
    assert len(run.results[0].findings) > 3
    text = render_baseline(run.results, redacted=written_redacted)
    assert ("10.1.2" in text) is not written_redacted
    assert ("redacted" in json.loads(text)) is written_redacted
    baseline = parse_baseline(text, "b")
    again = check_files([str(path)], options=read, baseline=baseline, jobs=jobs).run
    assert (again.results[0].findings, again.stale) == ((), ())
    assert again.results[0].suppressed == len(run.results[0].findings)

    path.write_text(PRIVATE.replace("timeout: 5m", "timeout: 0"))
    for form in CHECK_FORMATS:
        new = check_files([str(path)], options=read, baseline=baseline).run
        assert {finding.code for finding in new.results[0].findings} == {"TG401"}
        alone = check_files([str(path)], options=read).run
        assert set(new.results[0].findings) <= set(alone.results[0].findings)
        assert ("10.1.2" in check_renderer(form)(new)) is not read_redacted


def test_what_is_gone_is_not_named_from_a_baseline_with_other_names(tmp_path: Path) -> None:
    path = tmp_path / "a.task.yaml"
    path.write_text(PRIVATE)
    baseline = parse_baseline(render_baseline(check_files([str(path)]).run.results), "b")
    path.write_text(PRIVATE.replace("timeout: 0", "timeout: 5m"))
    assert check_files([str(path)], baseline=baseline).run.stale
    redacted = ReadOptions(redact=True)
    assert not check_files([str(path)], options=redacted, baseline=baseline).run.stale


def test_a_task_that_two_definitions_name_is_told_once(tmp_path: Path) -> None:
    text = "name: {}\nsubtasks:\n  - {{name: a, timeout: 5m}}\n"
    for file, name in (("a", "Same"), ("b", "Other"), ("c", "Same")):
        (tmp_path / f"{file}.task.yaml").write_text(text.format(name))
    run = check_files([str(tmp_path)]).run
    found = {
        Path(result.file).name: [f for f in result.findings if f.code == "TG605"]
        for result in run.results
    }
    (finding,) = found.pop("c.task.yaml")
    assert finding.message == f"a task of {tmp_path / 'a.task.yaml'} has the same name"
    assert (finding.severity, finding.line, finding.column) == ("info", 1, 7)
    assert [*found.values()] == [[], []]
    path = tmp_path / "a.task.yaml"
    other = f"{tmp_path}/../{tmp_path.name}/a.task.yaml"  # is no second task
    run = check_files([path, path, other]).run
    assert "TG605" not in {f.code for result in run.results for f in result.findings}
    ignored = Settings(ignore=("TG605",))
    run = check_files([str(tmp_path)], lambda _: Configuration(ignored)).run
    assert "TG605" not in {f.code for result in run.results for f in result.findings}


@pytest.mark.parametrize("between", ["---\n", ""])
def test_two_documents_of_one_file_may_have_one_name(between: str, tmp_path: Path) -> None:
    if between:
        path = tmp_path / "a.task.yaml"
        text = "name: Same\nsubtasks:\n  - {name: a, timeout: 5m}\n"
    else:
        path = tmp_path / "a.task.jsonl"
        subtask = {"name": "a", "timeout": 300}
        row = {"kind": "task-definition", "name": "Same", "subtasks": [subtask]}
        text = json.dumps(row) + "\n"
    path.write_text(between.join([text, text]))
    results = check_files(path).run.results
    found = [f.message for result in results for f in result.findings if f.code == "TG605"]
    assert found == ["another task of it has the same name"]


def test_a_single_path_is_taken_as_it_is(samples: Path) -> None:
    path = samples / "obproxy_stop.json"
    for named in (str(path), path, [path], iter([str(path)])):
        assert len(check_files(named).run.results) == 1
    assert [read.name for read in read_documents(str(path))] == [str(path)]


def test_fingerprints_stay_where_lines_and_folders_move(tmp_path: Path) -> None:
    text = "name: T\nsubtasks:\n  - {name: a}\n  - {name: b, upstreams: [x]}\n"
    marks = []
    for folder, shift in (("here", ""), ("there/deep", "# a comment\n\n")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / f"{folder[:1]}.task.yaml").write_text(shift + text)
        (result,) = check_files([str(tmp_path / folder)]).run.results
        marks.append(fingerprints(result.findings))
    assert marks[0] == marks[1]
    assert len(set(marks[0])) == len(marks[0]) > 2
