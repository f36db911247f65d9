"""TG3xx and TG4xx: times, timeouts and the budget."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.progress import Endless
from taskgraph.graph.taskgraph import build_graph
from taskgraph.model.durations import format_duration
from taskgraph.model.task import Envelope, Origin, Subtask, Task
from taskgraph.settings import MOST_SECONDS, Severity
from tests.checks.build import (
    analysis,
    at,
    change,
    check,
    codes,
    found,
    response,
    skipped,
    subtasks,
    task,
)

CHAIN = [(1, 2), (2, 3)]


def finished(**options: Any) -> list[Subtask]:
    """Give a chain that ran from 1 s to 31 s, ten seconds each."""
    rows = subtasks(CHAIN, status="SUCCESSFUL", timeout=100, **options)
    for place, identifier in enumerate((1, 2, 3)):
        start = 1 + 10 * place
        rows = change(rows, identifier, start_time=at(start), finish_time=at(start + 9))
    return rows


def done(rows: list[Subtask], **fields: Any) -> Task:
    """Give the task of a finished chain, seen after a minute."""
    defaults: dict[str, Any] = {"status": "SUCCESSFUL", "finish_time": at(32)}
    return task(rows, **(defaults | {"envelope": response(60)} | fields))


def test_a_finished_task_is_in_order() -> None:
    assert codes(done(finished())) == []


# --- TG301 to TG306 --------------------------------------------------------------


def test_a_finish_before_the_start_is_found_to_the_millisecond() -> None:
    rows = change(finished(), 3, finish_time=at(20.999))
    (finding,) = found(done(rows), "TG301")
    assert finding.message == "3 'step 3' finished 0.001 s before it started"
    assert codes(done(change(finished(), 3, finish_time=at(21)))) == []


def test_a_task_that_finished_before_it_started_is_found() -> None:
    shape = task(subtasks(CHAIN), finish_time=at(-90))
    assert codes(shape) == ["TG301"]
    assert "1 min 30 s" in found(shape, "TG301")[0].message


def test_a_start_before_the_upstream_finished_is_found_beyond_the_tolerance() -> None:
    assert codes(done(change(finished(), 2, start_time=at(9)))) == []
    (finding,) = found(done(change(finished(), 2, start_time=at(8.9))), "TG302")
    assert finding.edges == ((1, 2),)
    assert codes(done(change(finished(), 2, start_time=at(8.9))), tolerance=2) == []


@pytest.mark.parametrize("edges", [[(2, 2)], [(3, 2)]])
def test_a_cycle_is_told_as_a_cycle_only(edges: list[tuple[int, int]]) -> None:
    rows = finished()
    for upstream, downstream in edges:
        ups, downs = rows[downstream - 1].upstreams, rows[upstream - 1].downstreams
        rows = change(rows, downstream, upstreams=(*(ups or ()), upstream))
        rows = change(rows, upstream, downstreams=(*(downs or ()), downstream))
    assert codes(done(rows)) == ["TG101"]


def test_what_obshell_cancelled_before_it_started_has_no_start_to_trust() -> None:
    rows = finished()
    rows = change(rows, 3, status="FAILED", start_time=at(2), finish_time=at(25))
    shape = done(rows, status="FAILED", origin=Origin(dialect="obshell"))
    assert "TG302" not in codes(shape)
    assert "TG302" in codes(replace(shape, origin=Origin()))
    rows = change(rows, 3, start_time=None)
    assert "TG303" not in codes(replace(shape, subtasks=tuple(rows)))
    assert "TG303" in codes(replace(shape, subtasks=tuple(rows), origin=Origin()))


LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
FIRST = datetime(1, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("moment", [FIRST, LAST])
@pytest.mark.parametrize("tolerance", [1, MOST_SECONDS])
def test_no_time_is_too_early_or_too_late_to_be_compared(
    moment: datetime, tolerance: int
) -> None:
    for name in ("create_time", "start_time", "finish_time"):
        options = {"tolerance": tolerance, "watch_period": tolerance, "grace": tolerance}
        check(done(finished(), **{name: moment}), **options)
        check(done(change(finished(), 2, **{name: moment})), **options)
    check(done(finished(), envelope=Envelope(timestamp=moment)), tolerance=tolerance)


def test_a_negative_timeout_is_not_exceeded() -> None:
    for timeout in (-1, -11, -12, -13):
        assert codes(done(change(finished(), 2, timeout=timeout))) == ["TG402"]


def test_one_wrong_time_above_many_is_one_finding() -> None:
    rows = subtasks([(1, 2), (1, 3), (1, 4)], status="SUCCESSFUL", timeout=100)
    rows = [row._replace(start_time=at(12), finish_time=at(15)) for row in rows]
    rows = change(rows, 1, start_time=at(1), finish_time=at(20))
    (finding,) = found(done(rows), "TG302")
    assert finding.subtasks == (1, 2, 3, 4)
    assert finding.message.startswith("1 'step 1' finished after its downstreams")


@pytest.mark.parametrize(
    "fields",
    [{"operation": "SKIP"}, {"attempts": 2}, {"operation": "RETRY"}, {"attempts": None}],
)
@pytest.mark.parametrize("which", [1, 2])
def test_what_did_not_provably_run_once_proves_nothing(which: int, fields: Any) -> None:
    rows = change(finished(), 1, finish_time=at(25))
    assert found(done(rows), "TG302")
    assert found(done(change(rows, which, **fields)), "TG302") == []


def test_after_a_rollback_times_prove_nothing() -> None:
    rows = change(finished(), 1, finish_time=at(25))
    assert found(done(rows, operation="ROLLBACK"), "TG302") == []


@pytest.mark.parametrize(
    ("status", "start", "finish", "says"),
    [
        ("SUCCESSFUL", None, 30, ["3 'step 3' is SUCCESSFUL, but has no start time"]),
        ("SUCCESSFUL", 21, None, ["3 'step 3' is SUCCESSFUL, but has no finish time"]),
        ("FAILED", 21, None, ["3 'step 3' is FAILED, but has no finish time"]),
        ("RUNNING", None, None, ["3 'step 3' is RUNNING, but has no start time"]),
        ("CANCELING", None, None, ["3 'step 3' is CANCELING, but has no start time"]),
        ("RUNNING", 21, None, []),
        ("READY", None, None, []),
        ("READY", 21, 30, []),
        ("PENDING", None, None, []),
        ("PENDING", 21, 30, []),
    ],
)
def test_a_status_implies_times(
    status: str, start: int | None, finish: int | None, says: list[str]
) -> None:
    times = {
        "start_time": None if start is None else at(start),
        "finish_time": None if finish is None else at(finish),
    }
    rows = change(finished(), 3, status=status, **times)
    shape = done(rows, status="RUNNING", finish_time=None)
    assert [finding.message for finding in found(shape, "TG303")] == says


def test_missing_times_of_several_are_one_finding() -> None:
    rows = [row._replace(finish_time=None) for row in finished()]
    assert found(done(rows), "TG303")[0].subtasks == (1, 2, 3)
    assert len(found(done(rows), "TG303")) == 1


def test_missing_times_of_the_task_are_found() -> None:
    assert codes(done(finished(), finish_time=None)) == ["TG303"]
    assert codes(done(finished(), start_time=None)) == ["TG303"]


def test_a_list_of_tasks_tells_no_times_of_subtasks() -> None:
    rows = [row._replace(start_time=None, finish_time=None) for row in finished()]
    assert codes(done(rows)) == []
    for code in ("TG204", "TG302", "TG305", "TG403", "TG404"):
        assert skipped(done(rows))[code] == "the document has no times of subtasks"


def test_a_fresh_response_says_that_nothing_has_begun() -> None:
    reasons = skipped(task(subtasks(CHAIN, status="PENDING"), envelope=response(1)))
    assert reasons["TG302"] == "no subtask has begun"


def test_obshell_may_skip_or_cancel_what_never_ran() -> None:
    rows = change(finished(), 3, operation="SKIP", start_time=None, finish_time=None)
    assert "TG303" in codes(done(rows))
    assert "TG303" not in codes(done(rows, origin=Origin(dialect="obshell")))


def test_times_without_an_offset_are_one_finding_that_says_how_they_are_read() -> None:
    shape = done(
        finished(),
        naive_times=((None, "timestamp"), (None, "start_time"), (1, "start_time")),
        assumed_offset="+08:00",
    )
    (finding,) = found(shape, "TG304")
    assert finding.message == (
        "3 times without an offset (the start time of the task, the timestamp of the "
        "response and times of 2): read as UTC+08:00, like other times of the document"
    )
    assert finding.pointer == "/startTime"
    only = replace(shape, naive_times=((2, "finish_time"),), assumed_offset="+00:00")
    assert found(only, "TG304")[0].pointer == "/subtasks/2/finishTime"
    only = replace(shape, naive_times=((None, "timestamp"),), assumed_offset="+00:00")
    assert found(only, "TG304")[0].pointer == "/timestamp"


def test_where_no_time_has_an_offset_they_are_utc() -> None:
    rows = subtasks(CHAIN)
    shape = task(rows, naive_times=((None, "start_time"),), assumed_offset="+00:00")
    (finding,) = found(shape, "TG304")
    assert "read as UTC, as no time has an offset" in finding.message


def test_what_lies_outside_of_the_task_is_found_beyond_the_tolerance() -> None:
    early = change(finished(), 1, start_time=at(-1))
    assert codes(done(early)) == []
    assert codes(done(change(finished(), 1, start_time=at(-1.5)))) == ["TG305"]
    late = change(finished(), 3, finish_time=at(33))
    assert codes(done(late)) == []
    assert codes(done(change(finished(), 3, finish_time=at(33.5)))) == ["TG305"]


def test_a_wrong_start_of_the_task_is_one_finding() -> None:
    (finding,) = found(done(finished(), start_time=at(15)), "TG305")
    assert finding.subtasks == (1, 2)


@pytest.mark.parametrize("status", ["FAILED", "RUNNING"])
def test_only_a_successful_task_ends_last(status: str) -> None:
    rows = change(finished(), 3, finish_time=at(50), status="FAILED")
    assert "TG305" not in codes(done(rows, status=status))


def test_a_time_after_the_response_is_found_beyond_the_tolerance() -> None:
    assert codes(done(finished(), envelope=response(31))) == []
    (finding,) = found(done(finished(), envelope=response(29)), "TG306")
    assert finding.message == ("1 time of the task lies 3 s after the response")
    rows = change(finished(), 2, create_time=at(70))
    (finding,) = found(done(rows), "TG306")
    assert finding.pointer == "/subtasks/1/createTime"
    assert finding.subtasks == (2,)


# --- TG401 to TG406 --------------------------------------------------------------


def test_absent_and_zero_timeouts_are_found_where_timeouts_are_reported() -> None:
    rows = change(change(subtasks(CHAIN), 1, timeout=0), 2, timeout=None)
    assert [f.subtasks for f in found(task(rows), "TG401")] == [(1,), (2,)]
    silent = [row._replace(timeout=None) for row in rows]
    assert codes(task(silent)) == []
    assert skipped(task(silent))["TG401"] == "the document has no timeouts"
    assert len(found(task(silent, is_definition=True), "TG401")) == 3


def test_a_negative_timeout_is_invalid_and_not_also_absent() -> None:
    assert codes(task(change(subtasks(CHAIN), 2, timeout=-1))) == ["TG402"]


@pytest.mark.parametrize(
    ("ran", "code"), [(79.9, None), (80, "TG404"), (112.9, "TG404"), (113, "TG403")]
)
def test_a_run_is_compared_with_its_timeout_and_the_grace(
    ran: float, code: str | None
) -> None:
    rows = change(finished(), 3, finish_time=at(21 + ran))
    shape = done(rows, finish_time=at(200), envelope=response(300))
    assert codes(shape) == ([code] if code else [])


def test_the_share_of_a_timeout_is_cut() -> None:
    rows = change(finished(), 3, finish_time=at(21 + 79.999999))
    shape = done(rows, finish_time=at(200), envelope=response(300))
    (finding,) = found(shape, "TG404", near_timeout=0.75)
    assert finding.message.startswith(
        "3 'step 3' used 79.9 % of its timeout: 1 min 19 s of"
    )


@pytest.mark.parametrize("ran", [112.5, 112.999999, 113])
def test_what_runs_is_lost_where_tg403_says_so(ran: float) -> None:
    rows = change(finished(), 3, status="RUNNING", finish_time=None)
    shape = done(rows, status="RUNNING", finish_time=None, envelope=response(21 + ran))
    endless = analysis(shape).progress.endless
    assert (endless is Endless.OVERDUE) == (codes(shape) == ["TG403"]) == (ran == 113)


def test_thresholds_can_be_chosen() -> None:
    rows = change(finished(), 3, finish_time=at(21 + 120))
    shape = done(rows, finish_time=at(200), envelope=response(300))
    assert codes(shape) == ["TG403"]
    assert codes(shape, grace=60) == ["TG404"]
    assert codes(shape, grace=60, near_timeout=1.0) == ["TG404"]
    assert codes(done(finished()), near_timeout=0.05) == ["TG404"] * 3


def test_a_running_subtask_is_judged_as_of_the_response() -> None:
    rows = change(finished(), 3, status="RUNNING", finish_time=None)
    shape = done(rows, status="RUNNING", finish_time=None, envelope=response(21 + 115))
    (finding,) = found(shape, "TG403")
    assert "has been running for 1 min 55 s" in finding.message
    shape = done(rows, status="RUNNING", finish_time=None, envelope=response(60))
    assert codes(shape) == []
    assert codes(shape, as_of=at(21 + 115)) == ["TG403"]


@pytest.mark.parametrize(
    "fields",
    [
        {"attempts": 2},
        {"operation": "RETRY"},
        {"operation": "CANCEL", "status": "FAILED"},
        {"timeout": 0},
        {"status": "CANCELING"},
        {"attempts": None},
    ],
)
def test_only_a_single_run_with_a_timeout_is_judged(fields: Any) -> None:
    rows = change(finished(), 3, **({"finish_time": at(900)} | fields))
    shape = done(rows, status="RUNNING", finish_time=None, envelope=response(900))
    assert not {"TG403", "TG404"} & set(codes(shape))


def test_a_deadline_that_the_engine_does_not_watch_is_a_warning() -> None:
    week = 7 * 86400
    rows = change(finished(), 3, timeout=week, finish_time=at(21 + week + 60))
    shape = done(rows, finish_time=at(week * 2), envelope=response(week * 2))
    (finding,) = found(shape, "TG403")
    assert finding.severity is Severity.WARNING
    assert "did not look any more" in finding.message
    (finding,) = found(shape, "TG403", watch_period=week + 3600)
    assert finding.severity is Severity.ERROR
    (finding,) = found(shape, "TG403", severity=(("TG403", Severity.ERROR),))
    assert finding.severity is Severity.ERROR
    (finding,) = found(replace(shape, start_time=None), "TG403")
    assert finding.severity is Severity.ERROR  # nothing tells when it was created


def test_the_last_limit_that_fits_decides() -> None:
    shape = task(subtasks(CHAIN), name="Stop obproxy")
    assert "TG405" in skipped(shape)
    assert "TG405" in skipped(shape, budgets=(("Start *", 1),))
    assert codes(shape, budgets=(("*", 180),)) == []
    assert codes(shape, budgets=(("*", 179),)) == ["TG405"]
    assert codes(shape, budgets=(("*", 179), ("Stop *", 300))) == []
    assert codes(replace(shape, budget=10), budgets=(("*", 300),)) == ["TG405"]


def test_where_slots_are_what_lacks_the_hint_is_slots() -> None:
    shape = task(subtasks([(1, 2), (1, 3), (1, 4), (1, 5)]), budget=150)
    assert codes(shape) == []
    (finding,) = found(shape, "TG405", concurrency=1)
    assert finding.hint == (
        "allow more than 1 in flight: without waiting it is 2 min; or shorten timeouts"
    )
    (finding,) = found(replace(shape, budget=119), "TG405", concurrency=1)
    assert finding.hint.startswith("shorten timeouts on the critical path")


def test_a_limit_of_the_configuration_is_a_ceiling() -> None:
    shape = task(subtasks(CHAIN), budget=3600)
    ceiling = {"budgets": (("*", 179),)}
    (finding,) = found(shape, "TG405", **ceiling)
    assert finding.message == (
        "the worst case is 3 min; the limit is 2 min 59 s (of the configuration: "
        "its own 1 h is above that), 1 s less"
    )
    assert codes(shape, **ceiling, raise_budgets=True) == []
    assert codes(replace(shape, budget=10), **ceiling, raise_budgets=True) == ["TG405"]
    assert codes(shape, budgets=(("other", 1),)) == []


def test_what_stands_for_timeouts_is_held_to_the_limit_too() -> None:
    shape = task([row._replace(timeout=None) for row in subtasks(CHAIN)], budget=179)
    assert skipped(shape)["TG405"] == "the document has no timeouts"
    assert codes(shape, assume_timeout=60) == ["TG405"]
    assert codes(shape, assume_timeout=59) == []
    of_obshell = replace(shape, origin=Origin(dialect="obshell"))
    assert "TG405" in codes(of_obshell)  # an hour, of which budget says "not held"


def test_an_unbounded_worst_case_is_over_every_limit() -> None:
    rows = change(subtasks(CHAIN), 2, timeout=0)
    shape = task(rows, budget=10**9)
    assert codes(shape) == ["TG405", "TG401"]
    assert found(shape, "TG405")[0].subtasks == (2,)
    plan = replace(shape, is_definition=True)
    assert codes(plan) == ["TG405"]  # which names the subtask, as TG401 would
    assert codes(plan, ignore=("TG405",)) == ["TG401"]


def test_a_dominant_timeout_holds_more_than_half() -> None:
    rows = change(subtasks(CHAIN), 2, timeout=120)
    assert codes(task(rows)) == []
    rows = change(subtasks(CHAIN), 2, timeout=121)
    assert codes(task(rows)) == ["TG406"]
    assert codes(task(rows), dominant_timeout=0.6) == []
    assert codes(task(subtasks([], ids=[1]))) == []


def test_a_wide_timeout_beside_the_critical_path_dominates_nothing() -> None:
    rows = subtasks([(1, 2), (2, 3), (9, 3)])
    assert codes(task(change(rows, 9, timeout=100))) == []


@given(
    st.sets(st.tuples(st.integers(1, 6), st.integers(1, 6)).filter(lambda e: e[0] < e[1])),
    st.permutations([0, 1, 2, 4, 8, 9]),
    st.sampled_from([0.3, 0.5, 0.8]),
)
def test_what_dominates_holds_that_share_of_the_longest_path(
    edges: set[tuple[int, int]], timeouts: list[int], share: float
) -> None:
    def paths(node: int) -> list[list[int]]:
        further = [path for a, b in edges if a == node for path in paths(b)]
        return [[node], *([node, *path] for path in further)]

    def seconds(path: list[int]) -> int:
        return sum(timeouts[node - 1] for node in path)

    every = [path for node in range(1, 7) for path in paths(node)]
    most = max(map(seconds, every))
    dominant = [
        {(node,) for node in path if timeouts[node - 1] > share * most}
        for path in every
        if seconds(path) == most
    ]
    rows = subtasks(sorted(edges), ids=range(1, 7))
    rows = [row._replace(timeout=timeouts[int(row.id) - 1]) for row in rows]
    reported = found(task(rows), "TG406", dominant_timeout=share)
    assert {finding.subtasks for finding in reported} in dominant


def test_durations_of_an_unsound_graph_are_not_computed() -> None:
    shape = task(subtasks([(1, 2), (2, 1)]))
    reasons = skipped(shape, budgets=(("*", 1),))
    assert reasons["TG405"] == reasons["TG406"] == "the dependencies form a cycle"


def test_the_wall_clock_has_no_say() -> None:
    rows = change(finished(), 3, status="RUNNING", finish_time=None)
    shape = done(rows, status="RUNNING", finish_time=None, envelope=None)
    assert codes(shape) == []
    assert codes(shape, as_of=at(0) + timedelta(days=1)) == ["TG403"]


def test_a_worst_case_without_bound_may_be_over_its_limit_already() -> None:
    rows = change(subtasks(CHAIN), 3, timeout=None)
    (over,) = found(task(rows), "TG405", budgets=(("*", 60),))
    (within,) = found(task(rows), "TG405", budgets=(("*", 4000),))
    assert within.hint == "give every subtask a timeout"
    seconds = Analysis(build_graph(task(rows))).budget.seconds
    assert seconds > 60
    assert over.hint == (
        f"give every subtask a timeout; the rest is {format_duration(seconds)} already, "
        f"{format_duration(seconds - 60)} over the limit: shorten timeouts on the critical "
        "path, or run subtasks side by side"
    )
