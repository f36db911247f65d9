"""Explanations: the texts, and every claim in them held against the analyses."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from taskgraph.api import LoadedTask, load, load_all, loads
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.selection import select
from taskgraph.graph.taskgraph import build_graph
from taskgraph.model.durations import format_moment
from taskgraph.reports.explaining.explanation import explain
from taskgraph.reports.explaining.explanation import in_short as explanation_in_short
from taskgraph.reports.explaining.sentences import (
    Explanation,
    Flow,
    Moment,
    Sentence,
    of_subtasks,
)
from taskgraph.reports.json import budget_json, explain_json
from taskgraph.reports.task_markdown import explain_markdown
from taskgraph.reports.text.budget import budget_text
from taskgraph.reports.text.console import Style
from taskgraph.reports.text.explain import explain_text
from taskgraph.reports.text.show import show_text
from taskgraph.settings import DEFAULTS, Settings
from tests.diagrams.tasks import HOSTILE, make_task
from tests.engine.engine import simulate
from tests.engine.trial import DIALECTS
from tests.reports.golden import (
    case_path,
    cases,
    golden_path,
    kept,
    readable_samples,
    sample_tasks,
    told,
)
from tests.reports.proofs import PROOFS, Case

RULES = sorted((Path(__file__).parents[2] / "samples" / "rules").glob("*.json"))


def explained(loaded: LoadedTask) -> Explanation:
    return explain(loaded.account)


def assert_proved(loaded: LoadedTask) -> set[str]:
    """Hold every claim against its proof; give the kinds of claims."""
    case, found = Case(loaded.analysis), explained(loaded)
    claims: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for sentence in found.sentences():
        claims[sentence.claim].append(sentence.data(found.graph))
        assert not re.search(r"\d", sentence.template), "a number that is no value"
        gaps = set(re.findall(r"{(\w+)}", sentence.template))
        assert gaps <= sentence.values.keys()
    for claim, values in claims.items():
        proved = PROOFS[claim](case)
        if claim == "call":  # they follow what may be done, which is told in two places
            values.sort(key=json.dumps)
            proved.sort(key=json.dumps)
        assert values == proved, claim
    return set(claims)


@pytest.mark.parametrize("is_chain", [False, True])
def test_parts_are_counted_of_their_own_split(is_chain: bool) -> None:
    rows = {
        first + index: {"name": "copy", "parallel_index": index}
        for first in (1, 11)
        for index in range(3)
    }
    edges = [(n, n + 1) for n in (1, 2, 11, 12)] if is_chain else []
    edges += [(3, 4), (4, 11)] if is_chain else [(n, 4) for n in (1, 2, 3)]
    edges += [] if is_chain else [(4, n) for n in (11, 12, 13)]
    graph = build_graph(make_task({**rows, 4: {"name": "check"}}, edges))

    ids_of = [subtask.id for subtask in graph.subtasks]

    def told(*ids: int) -> str:
        nodes = tuple(ids_of.index(number) for number in ids)
        (sentence,) = Flow(graph).settled([of_subtasks("x", "{subtasks} wait.", nodes)])
        return sentence.text(graph)

    assert told(1, 2) == "2 of 3 parts of 'copy' (1 and 2) wait."
    assert told(1, 2, 3) == "All 3 parts of 'copy' wait."
    assert told(1, 2, 11, 12, 13) == (
        "2 of 3 parts of 'copy' (1 and 2) and all 3 parts of 'copy' wait."
    )
    one_split = build_graph(make_task(dict(list(rows.items())[:3]), [(2, 3)]))
    (sentence,) = Flow(one_split).settled([of_subtasks("x", "{subtasks}.", (0, 1))])
    assert sentence.text(one_split) == "2 of 3 parts of 'copy' (1 and 2)."


@pytest.mark.parametrize(
    ("sample", "form"),
    list(kept()),
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_every_sample_is_told_as_it_was(sample: Path, form: str) -> None:
    path = golden_path(sample, form)
    assert path.exists(), "python -m tests.reports.golden writes it; read it before"
    assert told(sample, form) == path.read_text("utf-8")


def test_a_time_without_a_date_is_of_the_day_told_last() -> None:
    first = datetime(2025, 1, 16, 10, tzinfo=UTC)
    moments = [first, first + timedelta(days=2), first + timedelta(hours=1)]
    values = {f"at{place}": moment for place, moment in enumerate(moments)}
    flow = Flow(build_graph(make_task({1: {}})))
    (sentence,) = flow.settled([Sentence("wall", "{at0} {at1} {at2}", {**values})])
    told = [value for value in sentence.values.values() if isinstance(value, Moment)]
    assert [format_moment(*moment) for moment in told] == [
        "2025-01-18 10:00:00",
        "2025-01-16 11:00:00",
    ]


def test_start_and_end_are_told_once(samples: Path) -> None:
    text = explain_text(explained(load(samples / "three_hosts_failed.json")), Style())
    for time in ("10:00:00", "10:20:03"):
        assert text.count(time) == 1


@pytest.mark.uncovered
def test_every_incident_is_told_in_short_as_it_was(corpus: Path) -> None:
    assert cases(), corpus
    for case in cases():
        path = case_path(case)
        assert path.exists(), "python -m tests.reports.golden writes it; read it before"
        assert told(case, "brief.txt") == path.read_text("utf-8"), case.name
        for loaded in sample_tasks(case):
            assert_proved(loaded)
            assert_answered(loaded)


def assert_answered(loaded: LoadedTask) -> None:
    """Hold the lines that come first to the questions that they are to answer."""
    found = explained(loaded)
    account, task = loaded.account, loaded.task
    keys = [line.key for line in found.brief]
    assert len(keys) <= 4
    assert keys == [k for k in ("failure", "effect", "action", "risk") if k in keys]
    failed = any(sub.status == "FAILED" for sub in task.subtasks)
    hangs = found.brief[:1] and found.brief[0].title == "Hangs"
    if (failed or hangs) and account.sound:
        assert keys[:3] == ["failure", "effect", "action"]
    if task.subtasks and task.status in {"RUNNING", "FAILED"} and not task.is_summary:
        assert "action" in keys
    if task.subtasks:
        assert "risk" in keys
    said = " ".join(
        sentence.text(found.graph) for line in found.brief for sentence in line.sentences
    )
    if task.id is not None and "may be retried, which" in said:
        assert re.search(rf"/{task.id}/| -i {task.id}\b", said)
    for line in found.brief:
        for sentence in line.sentences:
            bare = re.sub(r"'[^']*'|\d{1,3}(,\d{3})+", "", sentence.text(found.graph))
            assert max(part.count(", ") for part in re.split(r"[.;:()]", bare)) < 5
    texts = [sentence.text(found.graph) for sentence in found.sentences()]
    assert len(set(texts)) == len(texts)
    uncounted = re.findall(
        r"not counting (.*?), which ha(?:s|ve) no limit", " ".join(texts)
    )
    assert len(set(uncounted)) == len(uncounted)


@pytest.mark.parametrize("sample", [*readable_samples(), *RULES], ids=lambda p: p.name)
def test_every_claim_on_a_sample_is_what_the_analyses_say(sample: Path) -> None:
    for loaded in sample_tasks(sample):
        assert_proved(loaded)
        assert_answered(loaded)


def test_where_states_are_not_told_nothing_is_said_to_have_failed_or_not(
    samples: Path,
) -> None:
    document = json.loads((samples / "three_hosts_failed.json").read_text("utf-8"))
    for row in document["data"]["subtasks"]:
        del row["status"]
    loaded = loads(json.dumps(document))
    made = assert_proved(loaded)
    assert "state-unknown" in made
    assert not {"no-failed-subtask", "retry-task", "root-failure"} & made
    text = explain_text(explained(loaded), Style())
    assert "although none" not in text
    assert "nothing has failed" not in text
    (finding,) = [f for f in loaded.checked.findings if f.code == "TG201"]
    assert "no status" in finding.message


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_request_is_not_cut_where_it_fits_on_a_line(samples: Path, width: int) -> None:
    loaded = load(samples / "three_hosts_failed.json")
    text = explain_text(explained(loaded), Style(width))
    assert "/api/v2/tasks/instances/9100/subtasks/108/retry" in text
    assert not re.search(r"\d\n *(?:d|h|min|s)\b", text)


def test_how_far_it_is_goes_by_the_longest_path_of_what_is_left() -> None:
    done, failed = {"status": "SUCCESSFUL"}, {"status": "FAILED"}
    rows: dict[Any, dict[str, Any]] = {
        1: {**done, "timeout": 600},
        2: {**done, "timeout": 400},
        3: {**failed, "timeout": 383},
    }
    loaded = LoadedTask(make_task(rows, [(1, 2)], status="FAILED"))
    assert loaded.analysis.progress.critical_path == (0, 1)  # nothing on it is left
    text = " ".join(explain_text(explained(loaded), Style(100, False)).split())
    assert "the longest path of what is left is 39 % of that of the whole task." in text
    assert "behind it" not in text
    assert_proved(loaded)


def test_a_dag_of_obshell_is_given_no_timeouts_of_its_own(samples: Path) -> None:
    failed = load(samples / "formats/obshell_dag.json").task
    runs: dict[str, Any] = {"status": "RUNNING", "operation": "EXECUTE", "attempts": 1}
    rows = [r._replace(**runs) if r.status == "FAILED" else r for r in failed.subtasks]
    loaded = LoadedTask(replace(failed, status="RUNNING", subtasks=tuple(rows)))
    assert said(loaded, "critical-share")[0].startswith("By obshell's default, the longest")
    assert " to obshell's default timeout" in said(loaded, "nearest")[0]


def test_where_attempts_are_not_told_a_retry_may_have_come_after_the_failure() -> None:
    for attempts, is_named in ((None, True), (1, False)):
        rows = {1: {"status": "PENDING", "operation": "EXECUTE", "attempts": attempts}}
        loaded = LoadedTask(make_task(rows, status="FAILED", operation="EXECUTE"))
        text = explain_text(explained(loaded), Style())
        assert "A fault inside the engine's coordinator" in text
        assert ("or a retry that came after" in " ".join(text.split())) == is_named


def test_every_claim_on_simulated_tasks_is_what_the_analyses_say() -> None:
    made = set()
    for seed in range(120):
        photo = simulate(seed).random_photo(Random(seed))
        names = [name for name in DIALECTS if name != "list"]
        document = DIALECTS[names[seed % len(names)]](photo, Random(seed))
        made |= assert_proved(loads(json.dumps(document)))
    assert {"cancel", "held-by", "rollback-accepted", "retry-accepted"} <= made
    assert {"overdue", "several-runs", "taken-up-again", "unsound"} & made


def test_every_claim_on_a_real_document_is_what_the_analyses_say(corpus: Path) -> None:
    for path in sorted((corpus / "ocp").glob("*.json")):
        for loaded in sample_tasks(path):
            assert_proved(loaded)


def test_the_order_of_the_document_says_nothing(samples: Path) -> None:
    task = load(samples / "three_hosts_failed.json").task
    expected = explain_text(explained(LoadedTask(task)), Style())
    for seed in range(3):
        rows = Random(seed).sample(task.subtasks, len(task.subtasks))
        mixed = replace(task, subtasks=tuple(rows))
        assert explain_text(explained(LoadedTask(mixed)), Style()) == expected


def test_a_failure_by_timeout_is_called_one() -> None:
    found = {}
    for seconds in (9.9, 10.0, 10.9, 11.0, 20.9, 21.0):
        subtask = {"id": 1, "name": "wait", "operation": "EXECUTE", "runTime": 1}
        subtask |= {"upstreams": [], "downstreams": [], "status": "FAILED", "timeout": 10}
        subtask |= {"startTime": "2025-01-01T00:00:00Z"}
        subtask |= {"finishTime": f"2025-01-01T00:00:{seconds:06.3f}Z"}
        task = {"id": 1, "name": "demo", "status": "FAILED", "operation": "EXECUTE"}
        loaded = loads(json.dumps(task | {"subtasks": [subtask]}))
        claims = {sentence.claim for sentence in explained(loaded).sentences()}
        found[seconds] = {claim for claim in claims if claim.startswith("cause")}
    assert found == {
        9.9: {"cause-within-timeout"},
        10.0: {"cause-timeout"},
        10.9: {"cause-timeout"},
        11.0: {"cause-over-timeout"},
        20.9: {"cause-over-timeout"},
        21.0: {"cause-polled"},
    }


@pytest.mark.parametrize(
    ("fields", "claim"),
    [
        ({"operation": "EXECUTE", "attempts": None}, "cause-runs-unknown"),
        ({"operation": "EXECUTE", "attempts": 0}, "cause-runs-unknown"),
        ({"operation": None, "attempts": None}, "cause-runs-unknown"),
        ({"operation": "SKIP", "attempts": 1}, "cause-runs-unknown"),
        ({"operation": "RETRY", "attempts": 1}, "cause-several-runs"),
        ({"operation": "EXECUTE", "attempts": 2}, "cause-several-runs"),
    ],
)
def test_what_ran_more_than_once_is_said_where_it_is_proven(
    fields: dict[str, Any], claim: str
) -> None:
    begun = datetime(2025, 1, 16, 10, tzinfo=UTC)
    times = {"start_time": begun, "finish_time": begun + timedelta(seconds=9)}
    task = make_task({1: {"status": "FAILED"} | times | fields}, status="FAILED")
    loaded = LoadedTask(task)
    assert claim in assert_proved(loaded)
    told = " ".join(explain_text(explained(loaded), Style()).split())
    assert ("It ran more than once" in told) == (claim == "cause-several-runs")


def test_pauses_are_told_only_where_the_longest_path_may_hold_some() -> None:
    begun = datetime(2025, 1, 16, 10, tzinfo=UTC)

    def ran(seconds: int, **fields: Any) -> dict[str, Any]:
        once = {"status": "SUCCESSFUL", "attempts": 1, "start_time": begun}
        return {**once, "finish_time": begun + timedelta(seconds=seconds), **fields}

    told = []
    for beside in (
        ran(9, operation="CANCEL", status="FAILED"),
        ran(99, operation="CANCEL", status="FAILED"),
        ran(99, operation="ROLLBACK"),
        ran(99, operation="RETRY"),
    ):
        task = make_task({1: ran(50), 2: beside}, status="FAILED", start_time=begun)
        (text,) = said(LoadedTask(task), "ideal")
        told.append(text.partition("elsewhere.")[2])
    assert told == [
        "",
        " In that, pauses between attempts, if there were any, count as work.",
        " In that, pauses between attempts, if there were any, count as work.",
        " In that, pauses between attempts count as work.",
    ]


@pytest.mark.parametrize("status", ["PAUSED", None])
@pytest.mark.parametrize("finish", [None, 60])
def test_a_task_in_no_known_state_is_not_told_as_over(
    status: str | None, finish: int | None
) -> None:
    begun = datetime(2025, 1, 16, 10, tzinfo=UTC)
    minute, moment = begun + timedelta(seconds=60), begun + timedelta(seconds=100)
    once = {"status": "SUCCESSFUL", "attempts": 1, "start_time": begun}
    rows: dict[int, dict[str, Any]] = {2: {"status": status}}
    rows[1] = once | {"finish_time": minute}
    ended = minute if finish else None
    task = make_task(rows, [(1, 2)], status=status, start_time=begun, finish_time=ended)
    loaded = LoadedTask(task, Settings(as_of=moment))
    assert_proved(loaded)
    told = " ".join(explain_text(explained(loaded), Style()).split())
    assert "1 min 40 s have passed" in told
    assert "it took" not in told
    assert "It ended" not in told
    assert "taken up again" not in told
    assert ("The document says that it ended at" in told) == (finish is not None)
    shown = show_text(loaded.account, Style())
    assert re.search(r"(?m)^So far +1 min 40 s$", shown)
    assert "Ran " not in shown


def test_of_a_task_that_is_over_nothing_is_left_open_to_be_asked() -> None:
    rows = {1: {"status": "SUCCESSFUL"}, 2: {"status": "PAUSED"}}
    loaded = LoadedTask(make_task(rows, [(1, 2)], status="SUCCESSFUL"))
    assert said(loaded, "nothing-to-retry", "over") == [
        "It is over: there is nothing to retry, to skip or to cancel."
    ]


def test_a_timeout_dominates_from_the_share_of_the_settings_on() -> None:
    task = make_task({"a": {"timeout": 40}, "b": {}}, [("a", "b")])
    told, found = {}, {}
    for share in (0.2, 0.5, 0.7):
        thresholds = DEFAULTS.thresholds.model_copy(update={"dominant_timeout": share})
        settings = DEFAULTS.model_copy(update={"thresholds": thresholds})
        loaded = LoadedTask(task, settings)
        assert_proved(loaded)
        sentences = explained(loaded).sentences()
        told[share] = [s.text(loaded.graph) for s in sentences if s.claim == "dominant"]
        fired = [row for row in loaded.checked.findings if row.code == "TG406"]
        found[share] = sorted(name for row in fired for name in row.subtasks)
    assert found == {0.2: ["a", "b"], 0.5: ["b"], 0.7: []}
    assert told[0.2] == [
        "Each of a 'Subtask a' and b 'Subtask b' holds more than 20 % of that."
    ]
    assert told[0.5][0].startswith("More than half of that is ")
    assert told[0.7] == []


def test_what_runs_past_its_timeout_tells_what_it_holds_up() -> None:
    begun = datetime(2025, 1, 16, 10, tzinfo=UTC)
    running = {"status": "RUNNING", "attempts": 1, "start_time": begun}
    for edges, effect in (
        ([(1, 2), (2, 3)], "2 'Subtask 2' and 3 'Subtask 3' have not started."),
        ([(1, 3)], "3 'Subtask 3' has not started."),
        ([], "Nothing waits for that."),
    ):
        rows = {1: running, 2: {}, 3: {}}
        task = make_task(rows, edges, status="RUNNING", operation="EXECUTE")
        moment = DEFAULTS.model_copy(update={"as_of": begun + timedelta(hours=1)})
        loaded = LoadedTask(task, moment)
        assert_proved(loaded)
        assert_answered(loaded)
        first, second, *_ = explained(loaded).brief
        assert (first.title, second.title) == ("Hangs", "Blocks")
        assert [s.text(loaded.graph) for s in second.sentences] == [effect]


@pytest.mark.parametrize("last", ["SUCCESSFUL", "PENDING"])
@pytest.mark.parametrize("prohibits", [True, False])
def test_what_failed_as_a_whole_is_retried_before_anything_is_undone(
    last: str, prohibits: bool
) -> None:
    done = {"status": "SUCCESSFUL", "prohibit_rollback": prohibits}
    rows = {1: done, 2: {"status": last, "prohibit_rollback": False}}
    task = make_task(rows, [(1, 2)], status="FAILED", operation="EXECUTE")
    loaded = LoadedTask(replace(task, prohibit_rollback=prohibits))
    assert_proved(loaded)
    now = {line.title: line.sentences[0].claim for line in explained(loaded).brief}
    assert now["Now"] == "retry-task"
    assert now["Risk"] == ("rollback-refused" if prohibits else "rollback-accepted")


@pytest.mark.parametrize("last", [{"status": "RUNNING"}, {"status": "CANCELING"}])
def test_a_failed_task_in_which_something_hangs_is_promised_no_end(
    last: dict[str, Any],
) -> None:
    begun = datetime(2025, 1, 16, 10, tzinfo=UTC)
    last = {"attempts": 1, "start_time": begun, "prohibit_rollback": False, **last}
    failed = {"status": "FAILED", "prohibit_rollback": False}
    task = make_task({1: failed, 2: last}, status="FAILED", operation="EXECUTE")
    moment = DEFAULTS.model_copy(update={"as_of": begun + timedelta(hours=1)})
    loaded = LoadedTask(replace(task, prohibit_rollback=False), moment)
    assert_proved(loaded)
    why = f"nothing promises an end: {loaded.analysis.progress.endless}"
    brief = [sentence for line in explained(loaded).brief for sentence in line.sentences]
    assert any(s.claim == "overdue" for s in brief) == (last["status"] == "RUNNING")
    style = Style(200)
    for text in (
        show_text(loaded.account, style),
        budget_text([loaded.analysis], style),
    ):
        assert why in text
    way_back = budget_json(loaded.analysis)["rollback"]
    assert way_back["worst_case_seconds"] is None
    assert why.endswith(f": {way_back['no_promise']}")


def test_no_time_of_a_rollback_is_told_where_there_are_no_timeouts() -> None:
    rows = {
        1: {"status": "SUCCESSFUL", "timeout": None, "prohibit_rollback": False},
        2: {"status": "FAILED", "timeout": None, "prohibit_rollback": False},
    }
    task = make_task(rows, [(1, 2)], status="FAILED", prohibit_rollback=False)
    loaded = LoadedTask(task)
    assert "how long undoing takes is not known" in budget_text(
        [loaded.analysis], Style(200)
    )
    told = budget_json(loaded.analysis)
    assert (told["budget_seconds"], told["is_bounded"]) == (None, False)
    assert told["rollback"]["worst_case_seconds"] is None
    assert told["rollback"]["order"] == [2, 1]


@pytest.mark.parametrize("status", ["FAILED", "RUNNING"])
def test_a_rollback_that_waits_for_workers_of_what_runs_is_promised_no_end(
    status: str,
) -> None:
    rows = {
        node: {"status": "RUNNING" if node > 1 else status, "prohibit_rollback": False}
        for node in range(1, 4)
    }
    task = make_task(rows, status=status, prohibit_rollback=False)
    for workers in (1, 9):
        loaded = LoadedTask(task, DEFAULTS.model_copy(update={"workers": workers}))
        told = budget_json(loaded.analysis)["rollback"]
        text = budget_text([loaded.analysis], Style(200))
        (way_back,) = re.findall("Rollback +(.*)", text)
        is_promised = workers > 1
        assert ("takes at most" in way_back) == is_promised
        assert (told["worst_case_seconds"] is not None) == is_promised
        assert (told["no_promise"] is None) == is_promised
        if told["no_promise"] is not None:
            assert f"nothing promises an end: {told['no_promise']}" in way_back
        assert_proved(loaded)


@pytest.mark.parametrize("operation", ["EXECUTE", "ROLLBACK"])
def test_what_a_bound_beside_skipping_several_parts_is_of_is_said(operation: str) -> None:
    part = {"name": "copy", "status": "FAILED", "prohibit_skip": False, "timeout": 60}
    part |= {"operation": operation}
    rows = {n: {**part, "parallel_index": n} for n in range(3)}
    for count in (1, 3):
        task = make_task(dict(list(rows.items())[:count]), status="FAILED")
        loaded = LoadedTask(replace(task, operation=operation))
        assert_proved(loaded)
        (text,) = said(loaded, "skip-accepted")
        of_one = "if only one of them is and the others are retried, "
        is_of_one = count > 1 and operation == "EXECUTE"  # a rollback waits for all of them
        assert f"; {of_one * is_of_one}then the task takes at most" in text


def test_every_part_of_the_time_is_told_where_clocks_differ() -> None:
    begun = datetime(2025, 1, 16, 10, tzinfo=UTC)
    rows = {
        node: {
            "status": "SUCCESSFUL",
            "start_time": begun + timedelta(seconds=start),
            "finish_time": begun + timedelta(seconds=finish),
        }
        for node, (start, finish) in enumerate([(1, 20), (10, 40), (70, 100)], 1)
    }
    times = {"start_time": begun, "finish_time": begun + timedelta(seconds=600)}
    task = make_task(rows, [(1, 2), (2, 3)], status="SUCCESSFUL", **times)
    (text,) = said(LoadedTask(task), "parts")
    assert "-10 s where their times overlap and 8 min 20 s after the last one." in text


def test_what_was_retried_within_a_rollback_is_not_called_undone() -> None:
    rows = {1: {"status": "SUCCESSFUL", "operation": "ROLLBACK"}, 2: {"status": "RUNNING"}}
    told = {}
    for operation in ("ROLLBACK", "RETRY", "ROLLBACK_SKIP"):
        rows[2] = {**rows[2], "operation": operation}
        task = make_task(rows, [(1, 2)], status="RUNNING", operation="ROLLBACK")
        loaded = LoadedTask(task)
        assert_proved(loaded)
        sentences = explained(loaded).sentences()
        told[operation] = [s.text(loaded.graph) for s in sentences if s.claim == "at-work"]
    assert told == {
        "ROLLBACK": ["2 'Subtask 2' is being undone."],
        "RETRY": ["2 'Subtask 2' is at work."],
        "ROLLBACK_SKIP": ["2 'Subtask 2' is being skipped."],
    }


def test_what_is_ready_is_told_by_what_comes_next() -> None:
    ready = {"status": "READY", "timeout": 5}
    rows = {1: ready, 2: {**ready, "operation": "SKIP"}}
    told = said(LoadedTask(make_task(rows, status="RUNNING")), "ready")
    assert told == [
        "1 'Subtask 1' is ready to start.",
        "2 'Subtask 2' is ready to be skipped.",
    ]
    operations = enumerate(("ROLLBACK", "RETRY", "ROLLBACK_SKIP"), 1)
    rows = {node: {**ready, "operation": operation} for node, operation in operations}
    loaded = LoadedTask(make_task(rows, status="RUNNING", operation="ROLLBACK"))
    assert said(loaded, "ready") == [
        "2 'Subtask 2' is ready to start.",
        "1 'Subtask 1' is ready to be undone.",
        "3 'Subtask 3' is ready to be skipped.",
    ]
    assert said(loaded, "counts") == ["Of its 3 subtasks: 3 ready."]


def said(loaded: LoadedTask, *claims: str) -> list[str]:
    """Prove all that is said of a task, and give the sentences of some claims."""
    assert_proved(loaded)
    explanation = explained(loaded)
    told = [s for s in explanation.sentences() if s.claim in claims]
    return [sentence.text(loaded.graph) for sentence in told]


def test_what_prohibits_rollback_is_told_of_copies_and_of_what_has_begun() -> None:
    free = {"status": "PENDING", "prohibit_rollback": False}
    task = make_task({1: free, 2: free}, status="FAILED", operation="EXECUTE")
    first, second = task.subtasks
    told = []
    for changes in (
        {},
        {"prohibit_rollback": True},
        {"prohibit_rollback": True, "status": "FAILED"},
    ):
        copy = second._replace(name="Z copy", **changes)
        rows = (first, second, copy)
        loaded = LoadedTask(replace(task, prohibit_rollback=False, subtasks=rows))
        told += said(loaded, "no-point-of-no-return", "prohibiting", "prohibited")
    assert told == [
        "Every subtask allows rollback: there is no point of no return.",
        "2 'Z copy' prohibits rollback from its start on.",
        "2 'Z copy' prohibits rollback and has begun.",
    ]
    gate = {"status": "SUCCESSFUL", "prohibit_rollback": True}
    cyclic = make_task({1: gate, 2: free}, [(1, 2), (2, 1)], status="RUNNING")
    assert said(LoadedTask(cyclic), "prohibiting", "prohibited") == [
        "1 'Subtask 1' prohibits rollback and has begun."
    ]


BEGUN = datetime(2025, 1, 16, 10, tzinfo=UTC)


def at_work(minutes: int, gate: bool, **changes: Any) -> LoadedTask:
    """Give a task with a subtask at work and another behind it, so long after its start."""
    begun = {"status": "RUNNING", "attempts": 1, "start_time": BEGUN, "timeout": 600}
    rows = {
        1: {**begun, "prohibit_rollback": False, **changes},
        2: {"timeout": 60, "prohibit_rollback": gate},
    }
    task = make_task(rows, [(1, 2)], status="RUNNING", operation="EXECUTE")
    moment = DEFAULTS.model_copy(update={"as_of": BEGUN + timedelta(minutes=minutes)})
    task = replace(task, prohibit_rollback=False, start_time=BEGUN)
    return LoadedTask(task, moment)


def test_a_rollback_after_a_late_failure_is_bounded_where_nothing_came_later() -> None:
    assert said(at_work(5, gate=False), "fail-late") == [
        "If it fails and is rolled back, both take at most 22 min."
    ]
    (text,) = said(at_work(5, gate=True), "fail-late")
    assert text.startswith("If it fails before 2 'Subtask 2' begins and is rolled back, ")
    assert text.endswith("both take at most 20 min.")
    late = BEGUN + timedelta(minutes=20)
    for loaded in (
        at_work(15, gate=False),  # past its timeout
        at_work(25, gate=False, start_time=late),
        at_work(5, gate=False, attempts=2),
        at_work(5, gate=False, operation="SKIP"),
        at_work(25, gate=False, status="FAILED", finish_time=late),
    ):
        assert said(loaded, "fail-late") == []


def test_a_point_of_no_return_that_is_passed_promises_nothing() -> None:
    loaded = at_work(50, gate=False, prohibit_rollback=True, attempts=2)
    (text,) = said(loaded, "no-return")
    assert text.endswith(
        ": it has been passed. By the timeouts it was at most 21 min from there to the end."
    )


def test_what_is_left_without_any_limit_is_not_called_zero_seconds() -> None:
    rows: dict[int, dict[str, Any]] = {1: {"status": "RUNNING", "timeout": 0}}
    rows[2] = {"timeout": 0}
    task = make_task(rows, [(1, 2)], status="RUNNING", operation="EXECUTE")
    assert said(LoadedTask(task), "left-unbounded") == [
        "There is no limit to what is left: 1 'Subtask 1' and 2 'Subtask 2' have none."
    ]


def test_a_limit_that_may_be_exceeded_stands_beside_the_worst_case(tmp_path: Path) -> None:
    path = tmp_path / "a.task.yaml"
    path.write_text("name: A\nbudget: 1m\nsubtasks:\n- name: B\n  timeout: 2m\n", "utf-8")
    (takes, *_) = [line for line in explained(load(path)).brief if line.title == "Takes"]
    assert [sentence.claim for sentence in takes.sentences][-1] == "over-limit"


def test_nothing_is_said_of_a_rollback_where_its_flags_are_unknown(samples: Path) -> None:
    claims = set()
    for loaded in load_all(samples / "formats" / "definition_by_kind.yaml"):
        assert not loaded.analysis.tells_rollback
        claims |= {sentence.claim for sentence in explained(loaded).sentences()}
    assert "no-return-unknown" in claims
    assert "fail-late" not in claims


def hostile() -> LoadedTask:
    rows = {
        f"{place}": {"name": text, "status": "FAILED", "executor": text, "logs": (text,)}
        for place, text in enumerate(HOSTILE)
    }
    return LoadedTask(make_task(rows, name="\n".join(HOSTILE), status="FAILED"))


def test_names_can_neither_steer_a_terminal_nor_break_out_of_markdown() -> None:
    text = explain_text(explained(hostile()), Style())
    assert "\x1b" not in text
    assert "\u202e" not in text
    markdown = explain_markdown(explained(hostile()))
    outside = re.sub(r"^ *(`{3,})\n.*?^ *\1$", "", markdown, flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"(?<!\\)<(?!!-- -->)", outside)
    assert (
        len(re.findall(r"^#", markdown, re.MULTILINE))
        == len(explained(hostile()).sections) + 1
    )


def test_json_has_the_claims_with_their_values(samples: Path) -> None:
    found = explain_json(explained(load(samples / "obproxy_stop.json")))
    assert json.loads(json.dumps(found)) == found
    limits = {section["key"]: section for section in found["sections"]}["limits"]
    budget = next(row for row in limits["sentences"] if row["claim"] == "budget")
    assert budget["values"] == {"budget_seconds": 8010}
    assert "2 h 13 min 30 s" in budget["text"]


def test_every_proof_is_of_a_claim_that_is_made() -> None:
    folder = Path(__file__).parents[2] / "taskgraph" / "reports" / "explaining"
    source = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    fixed = {claim for claim in PROOFS if not claim.startswith("cause-")}
    assert {claim for claim in fixed if f'"{claim}"' not in source} == set()


def three_hosts(samples: Path, status: str, **changes: dict[str, Any]) -> LoadedTask:
    """Give the task of three hosts in another state, with changes by id: ``_107``."""
    task = load(samples / "three_hosts_failed.json").task
    rows = (sub._replace(**changes.get(f"_{sub.id}", {})) for sub in task.subtasks)
    task = replace(task, status=status, finish_time=None, subtasks=tuple(rows))
    moment = datetime.fromisoformat("2025-03-04T10:30:00+08:00")
    return LoadedTask(task, settings=Settings(as_of=moment))


def in_short(loaded: LoadedTask) -> str:
    found = explained(loaded)
    brief = [sentence for line in found.brief for sentence in line.sentences]
    assert_proved(loaded)
    return " ".join(sentence.text(found.graph) for sentence in brief)


def test_parts_that_failed_are_told_in_the_order_of_their_failures(samples: Path) -> None:
    late = datetime.fromisoformat("2025-03-04T10:09:00+08:00")
    failed = {"status": "FAILED", "finish_time": late}
    said = in_short(three_hosts(samples, "FAILED", _107=failed))
    assert "(108 and 107) failed on 10.0.0.2 and 10.0.0.1, the first at" in said
    assert "subtasks/108/retry, and likewise for the other" in said


def test_of_several_overdue_it_is_told_how_long_they_run_and_how_to_cancel(
    samples: Path,
) -> None:
    def begun(minute: str) -> dict[str, Any]:
        start = datetime.fromisoformat(f"2025-03-04T10:{minute}+08:00")
        return {"status": "RUNNING", "start_time": start, "finish_time": None}

    both = {"_107": begun("00:59.750"), "_108": begun("01:00")}
    said = in_short(three_hosts(samples, "RUNNING", **both))
    assert "(107 and 108) have run 29 min of 15 min: the engine" in said
    assert "subtasks/107/cancel, and likewise for the other" in said
    both["_107"] = begun("29:00")  # within its limit: not the one to cancel
    said = in_short(three_hosts(samples, "RUNNING", **both))
    assert "has run 29 min of 15 min" in said
    assert "subtasks/108/cancel." in said
    assert "subtasks/107/cancel" not in said


def test_an_assumed_timeout_hides_nothing_else_that_is_assumed(samples: Path) -> None:
    loaded = load(samples / "rules" / "TG401.json", Settings(assume_timeout=600))
    assert "assumptions" in assert_proved(loaded)
    text = " ".join(explain_text(explained(loaded), Style(200)).split())
    assert "that nobody intervenes. Not counted are" in text
    assert "What has no timeout is counted with 10 min." in text


@pytest.mark.parametrize(
    ("assumed", "not_counted"),
    [
        ({}, "automatic retries"),
        ({"attempts": 2}, "further retries"),
        ({"attempts_by_name": (("Replace *", 2),)}, "further retries"),
        ({"attempts_by_name": (("Nothing", 2),)}, "automatic retries"),
    ],
)
def test_retries_that_are_counted_are_not_among_what_is_not(
    samples: Path, assumed: dict[str, Any], not_counted: str
) -> None:
    loaded = load(samples / "three_hosts_failed.json", Settings(**assumed))
    text = " ".join(explain_text(explained(loaded), Style(200)).split())
    assert f"Not counted are {not_counted}" in text


def test_one_worker_or_slot_is_one(samples: Path) -> None:
    loaded = load(samples / "three_hosts_failed.json", Settings(workers=1))
    text = show_text(loaded.account, Style(200))
    assert "alone on 1 worker, at most 1 in flight" in text
    assert re.search(r"Waiting .* may want 1 slot:", text)


@pytest.mark.parametrize("shared", [2, 3])
def test_everybody_tells_the_same_of_a_cycle_that_a_shared_id_may_make(shared: int) -> None:
    rows = [
        {"id": 1, "name": "a", "upstreams": [], "downstreams": [2]},
        {"id": shared, "name": "b", "upstreams": [2], "downstreams": [2]},
        {"id": 2, "name": "c", "upstreams": [1, 3], "downstreams": [3]},
    ]
    loaded = loads(json.dumps({"id": 1, "status": "RUNNING", "subtasks": rows}))
    account = loaded.account
    told = [
        "TG101" in {finding.code for finding in loaded.checked.findings},
        " -> " in show_text(account, Style()),
        "never finish" in explain_text(explain(account), Style()),
        "on a cycle" in loaded._repr_svg_(),
        "a cycle" in "; ".join(loaded.graph.flaws),
    ]
    assert told == [shared == 3] * 5


def rolled_back(*prohibit_skip: bool, index: int | None = None) -> LoadedTask:
    """Give a rollback that waits for FAILED subtasks, from 2 on; perhaps parts of one."""
    back = {"operation": "ROLLBACK", "timeout": 600, "prohibit_rollback": False}
    rows: dict[int, dict[str, Any]] = {1: back | {"status": "SUCCESSFUL"}}
    for place, prohibits in enumerate(prohibit_skip):
        more: dict[str, Any] = {"prohibit_skip": prohibits}
        if index is not None:
            more |= {"name": "Part", "parallel_index": index + place}
        rows[2 + place] = back | {"status": "FAILED"} | more
    rows[9] = back | {"status": "SUCCESSFUL"}
    edges = [(1, 2 + place) for place in range(len(prohibit_skip))]
    state = {"status": "FAILED", "operation": "ROLLBACK", "prohibit_rollback": False}
    return LoadedTask(make_task(rows, edges, **state))


def test_a_skip_lets_a_rollback_go_on_only_where_nothing_else_failed() -> None:
    skips = "skip-accepted", "held-by", "held"
    (held, *told) = said(rolled_back(False), *skips)
    assert held.startswith("9 'Subtask 9' does not wait for that, but the engine undoes")
    (does,) = (text.partition(";")[0].partition(", ")[2] for text in told)
    assert does == "which leaves its work in place, and lets the rollback go on"
    loaded = rolled_back(False, False)
    told = said(loaded, *skips[:2])
    assert len(told) == 3
    for text in told[::2]:
        assert "in place; then the task takes at most 10 min more." in text
    assert "The rollback goes on once none of them is FAILED." in told
    assert "all skipped at once" in explain_brief(loaded)
    text = " ".join(explain_text(explained(loaded), Style(200)).split())
    assert "nobody intervenes but to skip at once all else that failed." in text
    parts = rolled_back(False, False, False, index=0)
    (text,) = said(parts, "skip-accepted")
    assert "and lets the rollback go on; then the task takes at most 10 min more" in text


def test_no_skip_is_the_way_on_where_another_failure_cannot_be_skipped() -> None:
    loaded = rolled_back(True, False)
    assert said(loaded, "skip-accepted") == [
        "3 'Subtask 3' may be skipped, which leaves its work in place."
    ]
    brief = explain_brief(loaded)
    assert re.search(r"Now +It may be rolled back", brief)
    text = " ".join(explain_text(explained(loaded), Style(200)).split())
    assert "at once" not in text


def test_while_a_rollback_runs_on_it_is_told_that_it_may_be_asked_for_again() -> None:
    failed = rolled_back(True, False).task
    *rest, last = failed.subtasks
    rows = (*rest, last._replace(status="RUNNING"))
    loaded = LoadedTask(replace(failed, status="RUNNING", subtasks=rows))
    assert_proved(loaded)
    brief = explain_brief(loaded)
    again = "Now It cannot be rolled back again while it has not failed; if it failed now, "
    assert f"{again}it could. Risk" in brief


def explain_brief(loaded: LoadedTask) -> str:
    found = explanation_in_short(loaded.account, explained(loaded))
    return " ".join(explain_text(found, Style(200)).split())


@pytest.mark.parametrize("names", ["AB", "BA"])
def test_nobody_denies_a_failure_that_shares_its_id(names: str) -> None:
    states = dict(zip(names, ("SUCCESSFUL", "FAILED"), strict=True))
    rows = [{"id": 1, "name": name, "status": state} for name, state in states.items()]
    loaded = loads(json.dumps(_failed_task(rows)))
    account = loaded.account
    told = [
        " ".join(explain_text(explain(account), Style()).split()),
        " ".join(show_text(account, Style()).split()),
        loaded._repr_svg_(),
        "\n".join(select(loaded.analysis, DiagramOptions(around_failed=True)).notes),
    ]
    assert f"1 '{names[1]}' failed" in told[0]
    assert f"1 '{names[1]}' failed" in told[1]
    assert "FAILED" in told[2]
    for text in told:
        assert "o subtask failed" not in text
        assert "No subtask is FAILED" not in text
        assert "retried as a whole" not in text
    assert_proved(loaded)


def test_every_failure_under_one_id_is_named() -> None:
    rows = [{"id": 1, "name": name, "status": "FAILED"} for name in "ABB"]
    loaded = loads(json.dumps(_failed_task(rows)))
    assert "copies-failed" in assert_proved(loaded)
    said = " ".join(explain_text(explained(loaded), Style()).split())
    assert {name for name in "AB" if f"1 '{name}' failed" in said} == {"A", "B"}
    assert said.count("failed as well") == 1


def _failed_task(rows: list[dict[str, Any]]) -> dict[str, Any]:
    own = {"operation": "EXECUTE", "upstreams": [], "downstreams": []}
    subtasks = [own | row for row in rows]
    return {"id": 1, "status": "FAILED", "operation": "EXECUTE", "subtasks": subtasks}


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_subtasks_of_several_cycles_do_not_wait_for_each_other(count: int) -> None:
    pairs = [(2 * n, 2 * n + 1) for n in range(1, count)]
    rows = {n: {"name": f"s{n}"} for n in range(1, 2 * count)}
    edges = [(1, 1), *pairs, *((b, a) for a, b in pairs)]
    loaded = LoadedTask(make_task(rows, edges, status="RUNNING"))
    assert_proved(loaded)
    said = " ".join(explain_text(explained(loaded), Style(400)).split())
    assert "1 's1' waits for itself: it can never finish." in said
    for a, b in pairs[:2]:
        assert f"{a} 's{a}' and {b} 's{b}' wait for each other, too." in said
        assert f"Remove the edge {b} 's{b}' -> {a} 's{a}'" in said
    assert said.count("Remove the edge") == min(count, 3)
    more = f"{count - 3} more cycle{'s' * (count > 4)}"
    assert (f"{more}. " in said) == (f"Break {more} likewise" in said) == (count > 3)
    shown = " ".join(show_text(loaded.account, Style(400)).split())
    assert (more in shown) == (count > 3)


def test_a_task_is_not_said_to_end_at_two_moments(samples: Path):
    task = load(samples / "three_hosts_failed.json").task
    first, *others = task.subtasks
    runs = first._replace(status="RUNNING", finish_time=None)
    ended = task.start_time
    assert ended is not None
    task = replace(task, subtasks=(runs, *others), finish_time=ended + timedelta(seconds=1))
    loaded = LoadedTask(task)
    assert_proved(loaded)
    said = " ".join(explain_text(explained(loaded), Style()).split())
    assert ", with what went on after its end. Along" in said
    said = " ".join(show_text(loaded.account, Style()).split())
    assert "(with what went on after its end)" in said
