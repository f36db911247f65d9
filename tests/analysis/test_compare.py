"""What changed between two documents, and whose doing it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.attribution import Version, attribute
from taskgraph.analysis.compare import (
    Comparison,
    CopiesChange,
    FieldChange,
    compare_analyses,
)
from taskgraph.analysis.concurrency import upper_bound
from taskgraph.analysis.schedule import schedule
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.model.task import Subtask, Task
from tests.analysis.dags import make_graph, timed_dags
from tests.analysis.documents import analyse, at, changed, ids, load, load_backwards
from tests.effort import examples

Case = tuple[TaskGraph, list[int]]


def bound_of_two_slots(total: int, longest: int) -> int:
    return upper_bound(total, longest, 2, may_wait=True)


def compared(before: TaskGraph, after: TaskGraph, **settings: Any) -> Comparison:
    return compare_analyses(analyse(before, **settings), analyse(after, **settings))


def longest_path(_total: int, longest: int) -> int:
    return longest


@examples(200)
@given(timed_dags(), st.data(), st.sampled_from([longest_path, bound_of_two_slots]))
def test_contributions_equal_changing_one_duration_after_the_other(
    case: Case, data: st.DataObject, bound: Callable[[int, int], int]
):
    graph, old = case
    new = [data.draw(st.integers(0, 4)) for _ in old]
    pairs = [(node, node) for node in range(len(graph))]
    found = attribute(Version(graph, old, bound), Version(graph, new, bound), pairs)
    durations = list(old)
    seen = {contribution.after: contribution.change for contribution in found.contributions}
    value = bound(sum(old), schedule(graph, old).makespan)
    assert found.before == value
    for node in graph.order:
        durations[node] = new[node]
        after = bound(sum(durations), schedule(graph, durations).makespan)
        assert seen.get(node, 0) == after - value
        value = after
    assert found.after == value
    assert found.structure == 0


@examples(200)
@given(timed_dags(), timed_dags(), st.data())
def test_contributions_sum_to_the_change_between_any_two_graphs(
    before: Case, after: Case, data: st.DataObject
):
    common = range(min(len(before[0]), len(after[0])))
    pairs = [(node, node) for node in common if data.draw(st.booleans())]
    found = attribute(Version(*before, longest_path), Version(*after, longest_path), pairs)
    assert found.before == schedule(*before).makespan
    assert found.after == schedule(*after).makespan
    total = sum(row.change for row in found.contributions) + found.structure
    assert total == found.change == found.after - found.before
    both = dict(pairs)
    for row in found.contributions:
        assert row.change
        if row.before is not None and row.after is not None:
            assert both[row.before] == row.after
            assert before[1][row.before] != after[1][row.after]


def test_the_subtask_that_grew_is_the_cause_not_the_one_it_overtook():
    # a 10 beside b 3, which grows to 15: the path is another one, by 5 longer, by b alone.
    graph = make_graph("ab")
    found = attribute(
        Version(graph, [10, 3], longest_path),
        Version(graph, [10, 15], longest_path),
        [(0, 0), (1, 1)],
    )
    assert [(row.after, row.change) for row in found.contributions] == [(1, 5)]


CHAIN = {
    "a": {"name": "Start", "timeout": 30, "status": "SUCCESSFUL"},
    "b": {"name": "Copy", "timeout": 600, "status": "RUNNING", "prohibit_skip": False},
    "c": {"name": "Finish", "timeout": 30, "status": "PENDING"},
}


def test_every_kind_of_change():
    before = make_graph(CHAIN, ["ab", "bc"], status="RUNNING")
    rows = {
        "a": CHAIN["a"],
        "b": {**CHAIN["b"], "timeout": 900, "status": "SUCCESSFUL", "prohibit_skip": True},
        "d": {"name": "Check", "timeout": 100},
    }
    after = make_graph(rows, ["ab", "bd"], status="FAILED")
    found = compared(before, after)
    assert found.matched_by_id
    assert ids(after, found.added) == ["d"]
    assert ids(before, found.removed) == ["c"]
    assert [ids(after, edge) for edge in found.added_edges] == [["b", "d"]]
    assert [ids(before, edge) for edge in found.removed_edges] == [["b", "c"]]
    (row,) = found.changed
    assert (row.before, row.after) == (1, 1)
    assert row.fields == (
        FieldChange("timeout", 600, 900, is_structural=True),
        FieldChange("prohibit_skip", False, True, is_structural=True),
        FieldChange("status", "RUNNING", "SUCCESSFUL", is_structural=False),
    )
    assert found.task == (FieldChange("status", "RUNNING", "FAILED", is_structural=False),)
    assert found.budget is not None
    # 660 without Finish is 630; with Copy at 900 it is 930; with Check 1030.
    attribution = found.budget.attribution
    assert (attribution.before, attribution.after, attribution.structure) == (660, 1030, 0)
    changes = [(row.before, row.after, row.change) for row in attribution.contributions]
    assert changes == [(1, 1, 300), (None, 2, 100), (2, None, -30)]
    assert found.is_structure_changed
    assert found.is_budget_changed
    assert found.is_changed
    assert found.makespan is None  # no subtask has times


def test_what_a_response_leaves_out_is_no_change():
    rows = {key: {**row, "attempts": 1, "class_name": "x"} for key, row in CHAIN.items()}
    full = make_graph(rows, ["ab", "bc"], status="RUNNING")
    kept = ("id", "name", "status")
    bare = [Subtask(**{name: getattr(sub, name) for name in kept}) for sub in full.subtasks]
    listed = build_graph(replace(full.task, subtasks=tuple(bare)))
    summary = build_graph(replace(full.task, subtasks=(), is_summary=True))
    for less in (listed, summary):
        for found in (compared(full, less), compared(less, full)):
            assert not found.is_changed
    failed = replace(listed.task, subtasks=(*bare[:2], bare[2]._replace(status="FAILED")))
    (row,) = compared(full, build_graph(failed)).changed
    assert [change.field for change in row.fields] == ["status"]
    defined = build_graph(replace(listed.task, is_definition=True))
    assert compared(full, defined).is_structure_changed


def test_an_edge_alone_changes_the_budget():
    before = make_graph(CHAIN, ["ab", "bc"])
    after = make_graph(CHAIN, ["ab", "ac"])
    found = compared(before, after)
    assert found.budget is not None
    assert found.budget.attribution.contributions == ()
    assert found.budget.attribution.structure == -30
    assert found.changed == ()
    assert found.is_structure_changed


def test_another_limit_of_concurrency_counts_as_structure():
    rows = {n: {"timeout": 10} for n in range(4)}
    before = make_graph(rows, context={"concurrency": 4})
    after = make_graph(rows, context={"concurrency": 2})
    found = compared(before, after)
    assert found.budget is not None
    assert found.budget.attribution.structure == 25 - 10  # (40 + 10) / 2
    assert not found.is_structure_changed
    assert found.is_budget_changed
    assert not compared(before, after, concurrency=1).is_budget_changed


def test_progress_alone_is_no_change_of_structure_or_budget():
    before = make_graph(CHAIN, ["ab", "bc"])
    after = changed(before, lambda _: {"status": "SUCCESSFUL"})
    found = compared(before, after)
    assert found.is_changed
    assert not found.is_structure_changed
    assert not found.is_budget_changed


def test_becoming_unbounded_is_a_change_of_the_budget():
    before = make_graph({1: {"timeout": 5}, 2: {"timeout": 5}})
    after = make_graph({1: {"timeout": 5}, 2: {"timeout": 0}})
    found = compared(before, after)
    assert found.is_budget_changed
    assert found.budget is not None
    assert found.budget.attribution.change == 0


def test_two_runs_are_compared_by_their_measured_times():
    def run(first: int, seconds: list[int]) -> TaskGraph:
        names = ["Start", "Copy", "Check"]
        rows = {
            first + place: {
                "name": name,
                "status": "SUCCESSFUL",
                "start_time": at(0),
                "finish_time": at(length),
            }
            for place, (name, length) in enumerate(zip(names, seconds, strict=True))
        }
        edges = [(first, first + 1), (first, first + 2)]
        return make_graph(rows, edges, id=first)

    found = compared(run(10, [1, 60, 20]), run(20, [1, 20, 90]))
    assert not found.matched_by_id
    assert (found.added, found.removed, found.changed) == ((), (), ())
    assert found.makespan is not None
    # Copy falls first, to 20: nothing is longer than Check's 20 then. Check grows by 70.
    changes = [(row.after, row.change) for row in found.makespan.contributions]
    assert changes == [(2, 70_000_000), (1, -40_000_000)]
    assert found.makespan.change == 30_000_000
    assert found.is_changed


def test_an_id_that_changes_within_one_task_is_told():
    before = make_graph({"stop": {"name": "Stop"}})
    after = make_graph({"stop-all": {"name": "Stop"}})
    (row,) = compared(before, after).changed
    assert row.fields == (FieldChange("id", "stop", "stop-all", is_structural=True),)


def test_faulty_documents_are_compared_but_for_time():
    before = make_graph(CHAIN, ["ab", "bc"])
    after = make_graph(CHAIN, ["ab", "bc", "ca"])
    found = compared(before, after)
    assert found.flaws == after.flaws
    assert (found.budget, found.makespan) == (None, None)
    assert [ids(after, edge) for edge in found.added_edges] == [["c", "a"]]


def sharing(*rows: Mapping[str, Any]) -> TaskGraph:
    """Build the graph of a task in which subtasks of such fields share the id 2."""
    copies = (Subtask(**{"id": 2, "upstreams": (1,), **row}) for row in rows)
    return build_graph(Task(id=1, subtasks=(Subtask(1, upstreams=()), *copies)))


ONE, OTHER = {"name": "A", "timeout": 60}, {"name": "B", "timeout": 60}


@pytest.mark.parametrize(
    ("after", "counts", "fields", "is_structural"),
    [
        ([ONE, {**OTHER, "timeout": 9}], (1, 1), ("timeout",), True),
        ([ONE, {**OTHER, "status": "RUNNING"}], (1, 1), ("status",), False),
        ([ONE], (1, 0), (), True),
        ([ONE, OTHER, OTHER], (1, 2), (), True),
    ],
)
def test_subtasks_that_share_an_id_are_compared_too(
    after: list[dict[str, Any]],
    counts: tuple[int, int],
    fields: tuple[str, ...],
    is_structural: bool,
):
    for turned in (after, after[::-1]):
        first, second = sharing(ONE, OTHER), sharing(*turned)
        for found, told in (
            (compared(first, second), counts),
            (compared(second, first), counts[::-1]),
        ):
            assert found.copies == (CopiesChange(1, 1, told, fields, is_structural),)
            assert found.is_changed
            assert found.is_structure_changed == is_structural
    assert not compared(sharing(ONE, OTHER), sharing(OTHER, ONE)).is_changed


A, B = "ab"
VERDICTS: dict[str, tuple[dict[str, int], dict[str, int], tuple[str, str], str]] = {
    # what happens: timeouts before and after by subtask, edges before and after
    "nothing": ({A: 10, B: 20}, {A: 10, B: 20}, ("", ""), "same"),
    "growth": ({A: 10, B: 20}, {A: 10, B: 30}, ("", ""), "worse"),
    "shrinking": ({A: 10, B: 20}, {A: 10, B: 15}, ("", ""), "better"),
    "growth off the longest path": ({A: 10, B: 20}, {A: 15, B: 20}, ("", ""), "same"),
    "growth and shrinking alike": ({A: 10, B: 20}, {A: 20, B: 10}, ("", ""), "same"),
    "an edge that makes it longer": ({A: 10, B: 20}, {A: 10, B: 20}, ("", "ab"), "worse"),
    "an edge that is gone": ({A: 10, B: 20}, {A: 10, B: 20}, ("ab", ""), "better"),
    "a new subtask": ({A: 10}, {A: 10, B: 20}, ("", ""), "worse"),
    "a new subtask beside": ({A: 20}, {A: 20, B: 10}, ("", ""), "same"),
    "a subtask that is gone": ({A: 10, B: 20}, {A: 10}, ("", ""), "better"),
    "a bound that is lost": ({A: 10, B: 20}, {A: 10, B: 0}, ("", ""), "worse"),
    "a new one without a bound": ({A: 10}, {A: 10, B: 0}, ("", ""), "worse"),
    "a bound that is gained": ({A: 10, B: 0}, {A: 10, B: 99}, ("", ""), "better"),
    "the unbounded one is gone": ({A: 10, B: 0}, {A: 10}, ("", ""), "better"),
    "unbounded as before": ({A: 10, B: 0}, {A: 10, B: 0}, ("", ""), "same"),
    "growth beside the unbounded": ({A: 10, B: 0}, {A: 20, B: 0}, ("", ""), "worse"),
    "shrinking beside it": ({A: 10, B: 0}, {A: 5, B: 0}, ("", ""), "better"),
    "another bound lost": ({A: 10, B: 0}, {A: 0, B: 0}, ("", ""), "worse"),
    "one of two gained": ({A: 0, B: 0}, {A: 99, B: 0}, ("", ""), "better"),
    "one lost and one gained": ({A: 0, B: 10}, {A: 10, B: 0}, ("", ""), "worse"),
    "a cycle": ({A: 10, B: 20}, {A: 10, B: 20}, ("ab", "ab ba"), "worse"),
    "a cycle that is mended": ({A: 10, B: 20}, {A: 10, B: 20}, ("ab ba", "ab"), "better"),
    "a cycle as before": ({A: 10, B: 20}, {A: 10, B: 25}, ("ab ba", "ab ba"), "unknown"),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_what_becomes_of_the_worst_case(case: str):
    before, after, edges, verdict = VERDICTS[case]
    sides = [
        make_graph({name: {"timeout": row[name]} for name in row}, own.split())
        for row, own in zip((before, after), edges, strict=True)
    ]
    found = compared(*sides)
    assert found.verdict == verdict
    assert compared(*sides[::-1]).verdict in {
        "better": ("worse",),
        "worse": ("better", "worse"),  # what is lost and gained is lost on the way back
    }.get(verdict, (verdict,))
    assert found.is_changed == (before != after or edges[0] != edges[1])


@pytest.mark.parametrize(
    "name", ["obproxy_stop", "three_hosts_failed", "half_rolled_back", "waited_for_a_retry"]
)
def test_a_document_equals_itself_in_any_order(samples: Path, name: str):
    graph = load(samples / f"{name}.json")
    for other in (graph, load_backwards(samples / f"{name}.json")):
        found = compared(graph, other)
        assert not found.is_changed
        assert len(found.pairs) == len(graph)


@examples(100)
@given(timed_dags(), timed_dags())
def test_the_order_of_the_documents_has_no_say(first: Case, second: Case):
    def timed(case: Case, name: int) -> TaskGraph:
        graph, durations = case
        return changed(
            graph, lambda row: {"timeout": durations[row.id], "name": "x"}, id=name
        )

    def turned(graph: TaskGraph) -> TaskGraph:
        return build_graph(replace(graph.task, subtasks=graph.task.subtasks[::-1]))

    before, after = timed(first, 1), timed(second, 2)
    found, again = compared(before, after), compared(turned(before), turned(after))
    assert found == again
