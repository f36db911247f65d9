"""The worst case and what it assumes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.schedule import schedule
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Origin
from tests.analysis.dags import make_graph, timed_dags
from tests.analysis.documents import analyse, changed, ids

CHAIN = {
    "a": {"timeout": 10, "name": "Copy", "attempts": 1},
    "b": {"timeout": 100, "name": "Check", "attempts": 3},
    "c": {"timeout": 1000, "name": "Copy", "attempts": None},
}
EDGES = [("a", "b"), ("b", "c")]


def seconds(**settings: Any) -> int:
    return analyse(make_graph(CHAIN, EDGES), **settings).budget.seconds


def test_attempts_so_far_are_the_least():
    found = analyse(make_graph(CHAIN, EDGES)).budget
    assert found.attempts == (1, 3, 1)
    assert found.seconds == 10 + 3 * 100 + 1000
    assert seconds(attempts=2) == 2 * 10 + 3 * 100 + 2 * 1000
    assert seconds(attempts=4) == 4 * 1110


def test_attempts_of_one_name_go_first():
    found = seconds(attempts=5, attempts_by_name={"Copy": 2})
    assert found == 2 * 10 + 5 * 100 + 2 * 1000


def test_of_the_patterns_that_fit_a_name_the_last_decides():
    def attempts(*patterns: tuple[str, int]) -> tuple[int, ...]:
        answers = analyse(make_graph(CHAIN, EDGES), attempts=7, attempts_by_name=patterns)
        assert answers.budget.attempts == answers.attempts
        return answers.attempts

    assert attempts(("C*", 4), ("Copy", 2)) == (2, 4, 2)
    assert attempts(("Copy", 2), ("C*", 4)) == (4, 4, 4)
    assert attempts(("?opy", 5)) == (5, 7, 5)
    assert attempts(("copy", 5)) == (7, 7, 7)  # a pattern knows upper and lower case
    assert attempts(("*", 1)) == (1, 3, 1)  # Check was started three times
    assert attempts(("*", 1), ("*", 9)) == (9, 9, 9)


def test_every_assumption_at_once():
    rows = {**CHAIN, "c": {"timeout": None, "name": "Wait"}}
    budget = analyse(
        make_graph(rows, EDGES),
        attempts=2,
        attempts_by_name={"W*": 4},
        grace=12,
        overhead=2,
        concurrency=1,
        assume_timeout=50,
    ).budget
    by_hand = (2 * (10 + 12 + 2), 3 * (100 + 12 + 2), 4 * (50 + 12 + 2))
    assert budget.schedule.durations == budget.shares == by_hand
    assert budget.seconds == budget.total == sum(by_hand)
    assert budget.is_bounded
    assert (budget.attempts, budget.bounds.limit) == ((2, 3, 4), 1)
    assert budget.settings.overhead == 2


def test_an_assumed_timeout_of_0_bounds_and_takes_no_time():
    budget = analyse(make_graph({"a": {}}), assume_timeout=0, grace=12, overhead=2).budget
    assert (budget.seconds, budget.is_bounded, budget.assumed) == (2, True, (0,))


def test_grace_and_overhead_are_for_each_attempt():
    found = seconds(attempts=2, grace=12, overhead=2)
    assert found == 2 * 24 + 3 * 114 + 2 * 1014


def test_a_subtask_without_a_limit_makes_it_unbounded():
    rows = {**CHAIN, "b": {"timeout": 0}, "c": {"timeout": None}}
    graph = make_graph(rows, EDGES)
    found = analyse(graph, grace=12).budget
    assert not found.is_bounded
    assert ids(graph, found.unlimited) == ["b", "c"]
    assert found.seconds == 10 + 12
    assumed = analyse(graph, assume_timeout=50, attempts=2).budget
    assert assumed.is_bounded
    assert (ids(graph, assumed.assumed), assumed.unlimited) == (["b", "c"], ())
    assert assumed.seconds == 2 * 10 + 2 * 50 + 2 * 50


def test_a_negative_timeout_is_no_limit():
    found = analyse(make_graph({"a": {"timeout": -5}})).budget
    assert (found.seconds, found.is_bounded) == (0, False)


def fan(width: int, **task: object) -> TaskGraph:
    """A start of 30, `width` parallel copies of 600, a finish of 30."""
    rows = {node: {"timeout": 600} for node in range(1, width + 1)}
    ends = {0: {"timeout": 30}, width + 1: {"timeout": 30}}
    edges = [(0, node) for node in rows] + [(node, width + 1) for node in rows]
    return make_graph({**ends, **rows}, edges, **task)


def test_as_many_as_the_engine_keeps_in_flight():
    found = analyse(fan(10)).budget
    assert not found.bounds.may_wait
    assert found.seconds == 660


def test_one_more_than_the_engine_keeps_in_flight():
    found = analyse(fan(11)).budget
    assert found.bounds.limit == 10
    assert found.bounds.widest == tuple(range(1, 12))
    # The longest path is 660 and all of it 6660: (6660 + 9 * 660) / 10 = 1260, while the
    # slots need 666 at least. As listed: 30, ten copies, the eleventh, 30.
    assert found.seconds == found.bounds.upper == 1260
    assert found.bounds.lower == 666
    assert found.bounds.listed == 30 + 600 + 600 + 30
    assert found.schedule.makespan == sum(found.shares) == 660


def test_the_concurrency_of_the_document_and_of_the_caller():
    assert analyse(fan(11, context={"concurrency": 11})).budget.seconds == 660
    assert analyse(fan(11, context={"concurrency": 0})).budget.seconds == 660
    one_slot = fan(11, context={"concurrency": 1})
    assert analyse(one_slot, concurrency=11).budget.seconds == 660
    assert analyse(fan(11), concurrency=1).budget.seconds == 6660


@given(timed_dags(), st.integers(0, 2))
def test_shares_are_of_the_critical_path(case: tuple[TaskGraph, list[int]], grace: int):
    graph, durations = case
    timed = changed(graph, lambda row: {"timeout": durations[row.id]})
    found = analyse(timed, grace=grace).budget
    expected = schedule(graph, [d and d + grace for d in durations])
    assert found.schedule == expected
    assert sum(found.shares) == expected.makespan
    held = {node for node, share in enumerate(found.shares) if share}
    assert held <= set(expected.critical_path)
    assert found.unlimited == tuple(n for n, d in enumerate(durations) if not d)


@pytest.mark.parametrize(
    ("task", "settings", "slots"),
    [
        ({}, {}, 10),
        ({"context": {"concurrency": 0}}, {}, 16),
        ({"context": {"concurrency": 0}, "type": "SCHEDULED"}, {}, 32),
        ({"context": {"concurrency": 0}, "type": "SYS_SCHEDULED"}, {}, 32),
        ({"context": {"concurrency": 20}, "type": "MANUAL"}, {}, 16),
        ({"context": {"concurrency": -1}}, {}, 10),
        ({}, {"concurrency": 0}, 16),
        ({}, {"concurrency": 0, "workers": 0}, 0),
        ({}, {"workers": 4}, 4),
        ({"origin": Origin(dialect="obshell")}, {}, 0),
    ],
)
def test_the_workers_bound_what_runs_at_once(
    task: dict[str, Any], settings: dict[str, Any], slots: int
):
    graph = make_graph({n: {"timeout": 60} for n in range(40)}, **task)
    assert analyse(graph, **settings).slots == slots
    budget = analyse(graph, **settings).budget
    assert budget.bounds.limit == slots
    assert budget.seconds == ((40 + slots - 1) * 60 // slots if slots else 60)
