"""TG1xx: the shape of the graph."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskgraph.checks.baseline import fingerprints
from taskgraph.model.task import Id, Subtask, Task
from tests.checks.build import change, codes, found, skipped, subtasks, task

CHAIN = [(1, 2), (2, 3), (3, 4)]


def test_a_component_is_one_finding_with_a_shortest_cycle() -> None:
    rows = subtasks([(1, 2), (2, 3), (3, 1), (3, 2), (3, 4), (5, 6), (6, 5), (4, 5)])
    first, second = found(task(rows), "TG101")
    assert [step.id for step in first.path] == [1, 2, 3, 1]
    assert first.subtasks == (1, 2, 3)
    assert first.message == (
        "3 subtasks depend on each other in a cycle: "
        "1 'step 1' -> 2 'step 2' -> 3 'step 3' -> 1 'step 1'"
    )
    assert [step.id for step in second.path] == [5, 6, 5]
    assert len(second.edges) == 1


def test_the_size_of_the_component_is_told_beside_a_shorter_cycle() -> None:
    rows = subtasks([(1, 2), (2, 1), (2, 3), (3, 4), (4, 2)])
    (finding,) = found(task(rows), "TG101")
    assert "4 subtasks depend on each other in cycles" in finding.message
    assert "1 'step 1' -> 2 'step 2' -> 1 'step 1'" in finding.message
    assert "removing 2 edges" in finding.hint


def test_a_subtask_can_depend_on_itself() -> None:
    rows = subtasks([(1, 2), (2, 2)])
    (finding,) = found(task(rows), "TG101")
    assert finding.message == "2 'step 2' depends on itself"
    one_sided = change(rows, 2, downstreams=())
    assert codes(task(one_sided)) == ["TG101"]


def test_a_long_cycle_is_told_in_few_words() -> None:
    count = 5000
    rows = subtasks([])
    rows = [
        Subtask(
            i, name=f"n{i}", upstreams=((i - 1) % count,), downstreams=((i + 1) % count,)
        )
        for i in range(count)
    ]
    (finding,) = found(task(rows), "TG101")
    assert len(finding.message) < 200
    assert "(4,993 more)" in finding.message
    assert len(finding.subtasks) == count


def test_a_missing_subtask_is_one_finding_and_cuts_nothing() -> None:
    rows = [row for row in subtasks(CHAIN) if row.id != 2]
    result = task(rows)
    assert codes(result) == ["TG102"]
    (finding,) = found(result, "TG102")
    assert finding.subtasks == (1, 3)
    assert finding.edges == ((1, 2), (2, 3))


@pytest.mark.parametrize("written", ["2", 2])
def test_an_id_of_another_kind_is_told(written: Id) -> None:
    other: Id = 2 if written == "2" else "2"
    rows = subtasks([(1, other)])
    shape = task(change(change(rows, 1, downstreams=(written,)), other, upstreams=()))
    (finding,) = found(shape, "TG102")
    assert "as a text, or as a number" in finding.hint


def test_a_misspelt_id_is_one_finding_that_says_what_was_meant() -> None:
    rows = change(subtasks(CHAIN), 2, downstreams=(33,))
    assert codes(task(rows)) == ["TG102"]
    (finding,) = found(task(rows), "TG102")
    assert finding.hint == "probably 3 'step 3' is meant, which names it on its side"


@pytest.mark.parametrize(
    ("name", "written", "shown", "meant"),
    [
        ("Cut", "Cut\n", "'Cut\u240a'", "'Cut'"),
        ("Cut\n", "Cut", "Cut", "'Cut\u240a'"),
        ("Cut", "Cut ", "'Cut '", "'Cut'"),
        ("Cut\u00a0", "Cut", "Cut", "'Cut\u27e8U+00A0\u27e9'"),
    ],
)
def test_a_blank_by_which_a_name_differs_is_shown(
    name: str, written: str, shown: str, meant: str
) -> None:
    rows = (
        Subtask(id="A", name="A", downstreams=(written,)),
        Subtask(id=name, name=name),
    )
    shape = Task(None, "demo", subtasks=rows, is_definition=True)
    (finding,) = found(shape, "TG102")
    assert f"names {shown} in downstreams" in finding.message
    assert finding.hint == f"did you mean {meant}?"


def test_two_unknown_ids_in_one_list_are_not_guessed_at() -> None:
    rows = change(subtasks(CHAIN), 2, downstreams=(33, 34))
    assert codes(task(rows)) == ["TG102", "TG102"]
    assert {f.hint for f in found(task(rows), "TG102")} == {
        "add the missing subtask, or correct the id"
    }


def naming(ids: Iterable[Id], **fields: Any) -> Task:
    """Give a task of which one subtask also names these ids."""
    rows = change(subtasks(CHAIN), 2, upstreams=(1, *ids), name="Wait")
    return task(rows, **fields)


def test_of_very_many_unknown_ids_in_a_list_the_first_are_told_and_the_others_counted() -> (
    None
):
    assert len(found(naming(range(100, 120)), "TG102")) == 20
    *first, rest = found(naming(range(100, 5000)), "TG102")
    assert [finding.edges for finding in first] == [((n, 2),) for n in range(100, 120)]
    assert rest.message == (
        "2 'Wait' names 4,880 more ids in upstreams that no subtask of this task has"
    )
    assert rest.hint == "add the missing subtasks, or correct the ids"
    assert (rest.subtasks, rest.edges) == ((2,), ((120, 2),))
    assert rest.pointer.endswith("/upstreams")


def test_neither_order_nor_number_of_very_many_unknown_ids_makes_them_new() -> None:
    told = [
        found(naming(ids), "TG102")
        for ids in (range(100, 150), range(149, 99, -1), range(300, 400))
    ]
    assert told[0] == [
        finding._replace(pointer=told[0][place].pointer)
        for place, finding in enumerate(told[1])
    ]
    assert len({fingerprints(findings) for findings in told}) == 1
    definition = naming([f"x{n}" for n in range(100)], id=None, is_definition=True)
    names = found(definition, "TG102")
    assert len({finding.detail for finding in names}) == len(names) == 21
    assert "names 80 more names in upstreams" in names[-1].message


def test_an_unknown_id_of_a_short_list_is_told_whoever_else_names_it() -> None:
    rows = change(subtasks(CHAIN), 2, upstreams=(1, *range(100, 150)))
    rows = change(rows, 3, upstreams=(2, 149), downstreams=(4, *range(200, 221)))
    findings = found(task(rows), "TG102")
    about = [finding for finding in findings if (149, 3) in finding.edges]
    assert [finding.subtasks for finding in about] == [(2, 3)]
    counts = [finding.message for finding in findings if " more id" in finding.message]
    assert [re.sub(r" that .*", "", text) for text in counts] == [
        "2 'step 2' names 29 more ids in upstreams",
        "3 'step 3' names 1 more id in downstreams",
    ]
    assert len(findings) == 20 + 20 + 1 + 2


def test_many_unknown_ids_in_each_of_many_lists_are_counted_too() -> None:
    rows = subtasks([], ids=range(100))
    rows = [
        row._replace(upstreams=tuple(range(1000 + 20 * n, 1020 + 20 * n)))
        for n, row in enumerate(rows)
    ]
    findings = found(task(rows), "TG102")
    apart = [finding for finding in findings if " more id" not in finding.message]
    assert len(apart) == 50 * 20 + 50
    assert len(findings) - len(apart) == 50
    assert [finding.subtasks for finding in findings[-2:]] == [(99,), (99,)]
    assert "99 'step 99' names 19 more ids" in findings[-1].message


def test_of_very_many_repeated_edges_of_a_list_the_others_are_counted() -> None:
    rows = subtasks([(1, n) for n in range(2, 60)])
    rows = change(rows, 1, downstreams=(*range(2, 60), *range(59, 1, -1)))
    rest, *first = found(task(rows), "TG105")
    assert [finding.edges for finding in first] == [((1, n),) for n in range(2, 22)]
    assert rest.message == (
        "1 'step 1' names 38 ids more than once in downstreams, "
        "beside those told one by one"
    )
    assert rest.pointer.endswith("/downstreams")


def test_an_unknown_id_explains_one_missing_one_only() -> None:
    rows = subtasks([(1, 2), (1, 3)])
    rows = change(rows, 1, downstreams=(33,))
    assert codes(task(rows)) == ["TG102", "TG103"]


@pytest.mark.parametrize(
    ("identifier", "side", "sentence"),
    [
        (2, "upstreams", "1 'step 1' names 2 'step 2' downstream, but 2 'step 2' does not"),
        (2, "downstreams", "3 'step 3' names 2 'step 2' upstream, but 2 'step 2' does not"),
    ],
)
def test_a_one_sided_edge_names_both_ends(
    identifier: int, side: str, sentence: str
) -> None:
    rows = change(subtasks(CHAIN), identifier, **{side: ()})
    assert codes(task(rows)) == ["TG103"]
    (finding,) = found(task(rows), "TG103")
    assert finding.message.startswith(sentence)
    assert len(finding.edges) == 1


def test_a_list_that_was_emptied_is_one_finding() -> None:
    rows = change(subtasks([(1, 2), (1, 3), (1, 4)]), 1, downstreams=())
    (finding,) = found(task(rows), "TG103")
    assert finding.edges == ((1, 2), (1, 3), (1, 4))


@pytest.mark.parametrize("absent", ["upstreams", "downstreams"])
def test_one_list_alone_declares_the_edges(absent: str) -> None:
    rows = [row._replace(**{absent: None}) for row in subtasks(CHAIN)]  # type: ignore[arg-type]
    assert codes(task(rows)) == []
    other = "downstreams" if absent == "upstreams" else "upstreams"
    assert (
        skipped(task(rows))["TG103"] == f"the document declares its edges in {other} only"
    )


def test_a_definition_may_leave_out_a_list_of_one_subtask() -> None:
    rows = [
        row._replace(status=None, operation=None, attempts=None) for row in subtasks(CHAIN)
    ]
    for nothing in (None, ()):
        shape = task(change(rows, 2, upstreams=nothing), is_definition=True, status=None)
        assert codes(shape) == []
    other = change(change(rows, 1, downstreams=(2, 3)), 3, upstreams=(2,))
    assert codes(task(other, is_definition=True, status=None)) == ["TG103"]
    assert codes(task(change(subtasks(CHAIN), 2, upstreams=None))) == ["TG103"]


def test_a_copied_subtask_is_one_finding() -> None:
    rows = subtasks(CHAIN)
    assert codes(task([*rows, rows[1]])) == ["TG104"]
    assert codes(task([*rows, rows[1], rows[1]])) == ["TG104"]


def test_a_shared_id_is_not_also_a_cycle() -> None:
    rows = change(subtasks(CHAIN), 4, id=2)
    assert codes(task(rows)) == ["TG102", "TG104"]
    cycle = subtasks([(1, 2), (2, 1), (5, 6)])
    assert "TG101" in codes(task([*cycle, cycle[2]]))


def test_an_edge_repeated_on_both_ends_is_one_finding() -> None:
    rows = change(subtasks(CHAIN), 1, downstreams=(2, 2))
    rows = change(rows, 2, upstreams=(1, 1, 1))
    (finding,) = found(task(rows), "TG105")
    assert "in downstreams and in upstreams" in finding.message
    assert codes(task(rows)) == ["TG105"]


def test_a_repeated_unknown_id_is_unknown_only() -> None:
    rows = change(subtasks(CHAIN), 4, downstreams=(9, 9))
    assert codes(task(rows)) == ["TG102"]
    rows = change(subtasks(CHAIN), 3, downstreams=(9, 9, 4, 4))
    assert codes(task(rows)) == ["TG102", "TG105"]
    assert found(task(rows), "TG105")[0].edges == ((3, 4),)


def test_parts_without_a_connection_are_counted() -> None:
    rows = subtasks([(1, 2), (2, 3), (7, 8)], ids=[9])
    (finding,) = found(task(rows), "TG106")
    assert "3 parts of the task, of 3, 2 and 1 subtasks" in finding.message
    assert finding.subtasks == (7, 8, 9)


def test_one_subtask_is_connected() -> None:
    assert codes(task(subtasks([], ids=[1]))) == []


def test_parts_that_name_the_same_unknown_id_are_connected() -> None:
    rows = [row for row in subtasks([(1, 5), (2, 5), (5, 3), (8, 9)]) if row.id != 5]
    (finding,) = found(task(rows), "TG106")
    assert finding.subtasks == (8, 9)


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("upgrade packages", "Upgrade packages"),
        ("Upgrade  packages ", "Upgrade packages"),
        ("upgrade_packages", "Upgrade packages"),
        ("Upgrade package", "Upgrade packages"),
        ("Ugprade packages", "Upgrade packages"),
        ("Restart", ""),
    ],
)
def test_a_name_that_is_nearly_right_is_told_without_noise(named: str, meant: str) -> None:
    rows = [
        Subtask("Check", "Check", timeout=5, upstreams=()),
        Subtask("Upgrade packages", "Upgrade packages", timeout=5, upstreams=()),
        Subtask("Start", "Start", timeout=5, upstreams=("Check", named)),
    ]
    shape = Task(None, "demo", subtasks=tuple(rows), is_definition=True)
    (finding,) = found(shape, "TG102")
    if meant:
        assert finding.hint == f"did you mean {meant!r}?"
        assert codes(shape) == ["TG102"]
    else:
        assert finding.hint == "add the missing subtask, or correct the id"
        apart = Subtask("Report", "Report", timeout=5, upstreams=())
        assert codes(shape) == ["TG102"]  # it may be that of any subtask
        three = Task(None, "demo", subtasks=(*rows, apart), is_definition=True)
        assert codes(three) == ["TG102", "TG106"]


def test_redundant_edges_are_found_on_demand() -> None:
    rows = subtasks([(1, 2), (2, 3), (1, 3), (1, 4), (3, 4)])
    assert found(task(rows), "TG107") == []
    findings = found(task(rows), "TG107", extend_select=("TG107",))
    assert [finding.edges for finding in findings] == [((1, 3),), ((1, 4),)]
    assert "1 -> 2 -> 3" in findings[0].message


@pytest.mark.parametrize(
    ("owner", "side", "where", "pointer"),
    [
        (1, "upstreams", "both lists that name it", "/subtasks/0/downstreams"),
        (1, "downstreams", "the upstreams of 3 'step 3'", "/subtasks/2/upstreams"),
        (3, "upstreams", "the downstreams of 1 'step 1'", "/subtasks/0/downstreams"),
    ],
)
def test_the_list_that_holds_an_edge_is_named(
    owner: int, side: str, where: str, pointer: str
) -> None:
    kept = (2,) if side == "downstreams" or owner == 3 else ()
    rows = change(subtasks([(1, 2), (2, 3), (1, 3)]), owner, **{side: kept})
    (finding,) = found(task(rows), "TG107", extend_select=("TG107",))
    assert finding.hint == f"remove 1 -> 3, from {where}"
    assert (finding.pointer or "").endswith(pointer)


@pytest.mark.parametrize(
    ("owner", "side", "where"),
    [
        (4, "downstreams", "both lists that name it"),
        (3, "downstreams", "the upstreams of 1 'step 1'"),
        (1, "upstreams", "the downstreams of 3 'step 3'"),
    ],
)
def test_the_list_that_holds_an_edge_of_a_cycle_is_named(
    owner: int, side: str, where: str
) -> None:
    rows = change(subtasks([(1, 3), (3, 1), (1, 4)]), owner, **{side: ()})
    (finding,) = found(task(rows), "TG101")
    assert finding.edges == ((3, 1),)
    assert (finding.hint or "").endswith(f", from {where}")


def all_earlier(size: int) -> list[Subtask]:
    """Give subtasks that each wait for all that come before them."""
    return subtasks([(a, b) for b in range(size) for a in range(b)])


def test_many_redundant_edges_of_a_subtask_are_one_finding() -> None:
    first, *rest = found(task(all_earlier(9)), "TG107", extend_select=("TG107",))
    assert first.message == (
        "7 of the 8 edges from 0 'step 0' add nothing to longer paths: "
        "0 -> 2, 0 -> 3, 0 -> 4, 0 -> 5, 0 -> 6 and 2 more"
    )
    assert first.hint == "remove each, from both lists that name it; needed is 0 -> 1"
    assert first.subtasks == (0,)
    assert first.edges == ((0, 2), (0, 3), (0, 4), (0, 5), (0, 6))
    assert first.pointer.endswith("/downstreams")
    few = [edge for finding in rest for edge in finding.edges if len(finding.subtasks) > 1]
    assert sorted(few) == [(a, b) for a in range(2, 9) for b in range(a + 2, 9)]


def test_one_more_of_many_redundant_edges_is_new() -> None:
    told = [
        fingerprints(found(task(all_earlier(size)), "TG107", extend_select=("TG107",)))[0]
        for size in (9, 9, 10)
    ]
    assert told[0] == told[1] != told[2]


def test_redundant_edges_give_no_more_than_a_few_findings_for_each_subtask() -> None:
    findings = found(task(all_earlier(150)), "TG107", extend_select=("TG107",))
    assert len(findings) < 150 + 5 * 5
    assert sum(len(finding.edges) for finding in findings) <= 5 * 150
    assert max(len(finding.message) for finding in findings) < 200


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25))
@example({(a, b) for b in range(10) for a in range(b)})
def test_redundant_edges_are_those_that_networkx_reduces(
    pairs: set[tuple[int, int]],
) -> None:
    import networkx as nx

    edges = {(a, b) for a, b in pairs if a < b}
    shape = task(subtasks(sorted(edges), ids=range(10)))
    findings = found(shape, "TG107", extend_select=("TG107",))
    kept = nx.transitive_reduction(nx.DiGraph(sorted(edges))).edges
    gone = sorted(edges - set(kept))
    by_owner = {a: [edge for edge in gone if edge[0] == a] for a, _ in gone}
    named = [edge for group in by_owner.values() for edge in group[:5]]
    assert sorted(edge for finding in findings for edge in finding.edges) == named
    for group in by_owner.values():
        about = [finding for finding in findings if finding.edges[0][0] == group[0][0]]
        assert len(about) == (1 if len(group) > 5 else len(group))
        if len(group) > 5:
            assert about[0].message.startswith(f"{len(group)} of the ")


def test_a_list_of_subtasks_without_edges_is_told() -> None:
    rows = [row._replace(upstreams=None, downstreams=None) for row in subtasks(CHAIN)]
    assert codes(task(rows)) == ["TG108"]
    reasons = skipped(task(rows))
    for code in ("TG101", "TG102", "TG103", "TG105", "TG106", "TG110", "TG202"):
        assert reasons[code] == "the document has no edges"
    assert codes(task(rows[:1])) == []


def test_no_subtask_is_told() -> None:
    assert codes(task([])) == ["TG109"]


def split(numbers: list[int], edges: list[tuple[int, int]] | None = None) -> list[Subtask]:
    """Give a start, parts with these numbers side by side, and an end."""
    parts = range(1, len(numbers) + 1)
    end = len(numbers) + 1
    edges = edges or [*((0, part) for part in parts), *((part, end) for part in parts)]
    rows = subtasks(edges, parallel_index=-1)
    for part, number in zip(parts, numbers, strict=True):
        rows = change(rows, part, name="work", parallel_index=number)
    return rows


@pytest.mark.parametrize("numbers", [[0], [0, 1, 2], [2, 0, 1], [0, 0, 1], [0, 1, 0, 1, 2]])
def test_parts_without_a_gap_are_right(numbers: list[int]) -> None:
    assert codes(task(split(numbers))) == []


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [([1], "0 is"), ([0, 2], "1 is"), ([5, 0, 0], "1, 2, 3 and 4 are")],
)
def test_a_gap_is_found(numbers: list[int], missing: str) -> None:
    (finding,) = found(task(split(numbers)), "TG110")
    assert finding.message.startswith(f"parallelIdx {missing} missing among ")


def test_a_part_with_other_neighbours_is_not_missing() -> None:
    edges = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4), (1, 5), (4, 6), (5, 6)]
    rows = change(change(split([0, 1, 2, 0], edges), 4, name="next"), 5, name="more")
    assert "TG110" not in codes(task(rows))


def test_a_huge_number_is_no_long_list() -> None:
    (finding,) = found(task(split([10**9])), "TG110")
    assert "and 999,999,995 more" in finding.message


def test_the_parts_of_a_chain_belong_together() -> None:
    chain = [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert codes(task(split([0, 1, 2], chain))) == []
    (finding,) = found(task(split([0, 7, 2], chain)), "TG110")
    assert finding.subtasks == (1, 2, 3)


def test_two_splits_of_one_name_after_each_other_are_two() -> None:
    edges = [(0, 1), (0, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 5), (4, 5)]
    assert codes(task(split([0, 1, 0, 1], edges))) == []
    (finding,) = found(task(split([1, 2, 0, 1], edges)), "TG110")
    assert finding.subtasks == (1, 2)


def test_parts_of_different_names_do_not_fill_each_others_gaps() -> None:
    rows = change(split([0, 1]), 2, name="other")
    assert codes(task(rows)) == ["TG110"]


@pytest.mark.parametrize(
    ("identifier", "is_rounded"),
    [(1234567890123456800, True), (1234567890123456789, False), (12, False)],
)
def test_ids_that_javascript_rounded_are_told(identifier: int, is_rounded: bool) -> None:
    rows = [Subtask(identifier, "a", upstreams=()), Subtask(identifier, "b", upstreams=())]
    (finding,) = found(task(rows), "TG104")
    assert ("JavaScript" in finding.hint) is is_rounded
