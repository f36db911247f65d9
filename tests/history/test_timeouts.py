"""The advice on timeouts is right on both sides, and silent where it must be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from benchmarks.history_archive import KINDS
from taskgraph.analysis.analysis import Analysis
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.history.advising import (
    Advice,
    AdviceOptions,
    TimeoutVerdict,
    advise_timeouts,
)
from taskgraph.history.reviewing import PatchOperation, advice_for, timeout_patch
from taskgraph.history.store import RunStore
from taskgraph.sources.reading import read_bytes
from tests.history.documents import response, step, write

Collect: TypeAlias = Callable[..., RunStore]

FEW = AdviceOptions(share=0.9, confidence=0.9, margin=0.5)  # needs 22 runs


def by_name(advice: tuple[Advice, ...]) -> dict[tuple[str | None, str], Advice]:
    return {(one.task, one.subtask): one for one in advice}


@pytest.fixture
def advised(tmp_path: Path, collected: Collect) -> Callable[..., Advice]:
    """Give the advice for a subtask with the given runs."""

    def run(*runs: dict[str, Any], options: AdviceOptions = FEW) -> Advice:
        documents = {
            f"{i}.json": response(i, [step(1, "a", 0, **changes)], asked=i)
            for i, changes in enumerate(runs)
        }
        store = collected(write(tmp_path / "in", documents))
        (advice,) = advise_timeouts(store, options)
        return advice

    return run


def healthy(count: int, first: int = 1, timeout: int | None = 3600) -> list[dict[str, Any]]:
    return [{"end": first + i, "timeout": timeout} for i in range(count)]


def test_of_known_distributions_it_is_right_on_both_sides(store: RunStore) -> None:
    advice = by_name(advise_timeouts(store, AdviceOptions(share=0.95)))
    for kind in KINDS[:3]:
        for planned in kind.steps:
            one = advice[kind.name, planned.name]
            if planned.name == "Start observer":
                assert (one.verdict, one.advised) == (
                    TimeoutVerdict.RAISE,
                    2 * planned.timeout,
                )
                assert one.is_next_step
                assert one.cut > 0
                continue
            assert one.limit_us is not None
            assert one.advised is not None
            true = planned.takes.quantile(0.95)
            assert true * 0.99 < one.limit_us / 1e6 < planned.takes.quantile(0.99)
            assert one.advised > true * 1.4
            assert one.confidence is not None
            assert one.confidence >= 0.95
            generous = planned.timeout > 2 * one.advised
            assert one.verdict is (
                TimeoutVerdict.LOWER if generous else TimeoutVerdict.KEEP
            )
    assert advice["Stop obproxy", "Stop obproxy"].verdict is TimeoutVerdict.LOWER
    assert advice["Stop obproxy", "Stop obproxy"].hung > 0


def test_a_long_timeout_is_lowered_to_a_limit_and_a_margin(
    advised: Callable[..., Advice],
) -> None:
    one = advised(*healthy(22))
    assert one.verdict is TimeoutVerdict.LOWER
    assert (one.limit_us, one.longest_us) == (22_000_000, 22_000_000)
    assert one.advised == 35  # 33 s, rounded up
    assert one.frees == 3600 - 35
    assert (one.runs, one.needed, one.would_kill) == (22, 22, 0)


def test_with_too_few_runs_nothing_is_advised(advised: Callable[..., Advice]) -> None:
    one = advised(*healthy(21))
    assert one.verdict is TimeoutVerdict.TOO_FEW
    assert (one.advised, one.frees, one.confidence) == (None, None, None)
    assert (one.runs, one.needed) == (21, 22)


def test_runs_longer_than_the_advice_are_told(advised: Callable[..., Advice]) -> None:
    one = advised(*[{"end": 10}] * 98, {"end": 40}, {"end": 59})
    assert (one.advised, one.would_kill) == (15, 2)


def test_a_timeout_that_fits_is_kept(advised: Callable[..., Advice]) -> None:
    one = advised(*healthy(22, timeout=50))
    assert (one.verdict, one.frees) == (TimeoutVerdict.KEEP, None)


@pytest.mark.parametrize("timeout", [None, 0])
def test_where_there_is_no_timeout_one_is_advised(
    advised: Callable[..., Advice], timeout: int | None
) -> None:
    one = advised(*healthy(22, timeout=timeout))
    assert (one.verdict, one.advised, one.frees) == (TimeoutVerdict.SET, 35, None)


def test_a_timeout_that_cuts_healthy_runs_is_raised(advised: Callable[..., Advice]) -> None:
    cut = [{"end": 30.02, "timeout": 30, "status": "FAILED"}] * 5
    one = advised(*healthy(29, timeout=30), *cut)
    assert (one.verdict, one.advised, one.is_next_step) == (TimeoutVerdict.RAISE, 60, True)
    assert (one.cut, one.hung, one.limit_us, one.frees) == (5, 0, None, -30)


def test_what_was_skipped_after_its_timeout_may_have_been_cut(
    advised: Callable[..., Advice],
) -> None:
    skipped = [{"end": 45, "timeout": 30, "operation": "SKIP"}] * 5
    one = advised(*healthy(29, timeout=30), *skipped)
    assert (one.verdict, one.cut, one.unknown) == (TimeoutVerdict.RAISE, 5, 0)


def test_failures_that_were_all_retried_successfully_are_no_reason_to_raise_a_timeout(
    advised: Callable[..., Advice],
) -> None:
    retried = [{"end": 45, "timeout": 30, "runTime": 2, "operation": "RETRY"}] * 5
    one = advised(*healthy(29, timeout=30), *retried)
    assert (one.verdict, one.cut, one.unknown, one.retried) == (
        TimeoutVerdict.KEEP,
        0,
        5,
        5,
    )


def test_what_failed_at_once_and_was_retried_late_was_not_cut(
    advised: Callable[..., Advice],
) -> None:
    late = [{"end": 4000, "timeout": 600, "operation": "RETRY", "runTime": 2}] * 16
    long = [{"end": 310 + i, "timeout": 600} for i in range(4)]
    one = advised(*healthy(200, timeout=600), *late, *long)
    assert (one.verdict, one.cut, one.unknown, one.retried) == (
        TimeoutVerdict.KEEP,
        0,
        16,
        16,
    )


def test_the_failures_that_were_left_alone_speak_for_those_that_were_retried(
    advised: Callable[..., Advice],
) -> None:
    retried = [{"end": 45, "timeout": 30, "runTime": 2, "operation": "RETRY"}] * 5
    early = {"end": 3, "timeout": 30, "status": "FAILED"}
    one = advised(*healthy(29, timeout=30), *retried, early)
    assert (one.verdict, one.cut, one.unknown) == (TimeoutVerdict.KEEP, 0, 5)


def test_a_timeout_that_ends_every_run_is_to_be_looked_into(
    advised: Callable[..., Advice],
) -> None:
    one = advised(*[{"end": 71.5, "timeout": 60, "status": "FAILED"}] * 30)
    assert (one.verdict, one.advised, one.runs) == (TimeoutVerdict.LOOK, None, 0)
    assert (one.cut, one.hung) == (30, 0)


def test_hangs_are_no_reason_for_a_longer_timeout(advised: Callable[..., Advice]) -> None:
    hung = [{"end": 3600.02, "timeout": 3600, "status": "FAILED"}] * 10
    one = advised(*healthy(22), *hung)
    assert (one.verdict, one.advised) == (TimeoutVerdict.LOWER, 35)
    assert (one.cut, one.hung) == (0, 10)


def test_once_the_timeout_was_raised_the_runs_since_then_decide(
    advised: Callable[..., Advice],
) -> None:
    before = [
        *healthy(29, timeout=30),
        *[{"end": 30.02, "timeout": 30, "status": "FAILED"}] * 20,
    ]
    after = healthy(60, timeout=100)
    one = advised(*before, *after)
    assert one.verdict is TimeoutVerdict.KEEP
    assert one.limit_us is not None
    assert 54_000_000 <= one.limit_us <= 60_000_000


def test_absurd_timeouts_do_no_harm(advised: Callable[..., Advice]) -> None:
    one = advised(*healthy(22), {"end": 9, "timeout": 2**63 - 1}, {"end": 9, "timeout": -1})
    assert (one.verdict, one.advised) == (TimeoutVerdict.SET, 35)


def test_one_subtask_in_all_kinds_of_tasks(tmp_path: Path, collected: Collect) -> None:
    documents = {
        f"{i}.json": response(i, [step(1, "a", 0, 9)], name=f"task {i % 2}")
        for i in range(30)
    }
    store = collected(write(tmp_path / "in", documents))
    apart = by_name(advise_timeouts(store, FEW))
    assert {one.verdict for one in apart.values()} == {TimeoutVerdict.TOO_FEW}
    (together,) = advise_timeouts(store, replace(FEW, across_tasks=True))
    assert (together.task, together.runs, together.advised) == (None, 30, 15)


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 1.0},
        {"confidence": 0.0},
        {"margin": -0.1},
        {"share": 99.0},
        {"margin": float("nan")},
        {"margin": float("inf")},
        {"margin": 1e300},
    ],
)
def test_impossible_promises_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        AdviceOptions(**wrong)  # type: ignore[arg-type]


# --- patches ------------------------------------------------------------------


def apply(document: Any, operations: Iterable[PatchOperation]) -> Any:
    """Apply a JSON Patch, as far as it is one of timeouts (RFC 6902)."""
    for one in operations:
        *steps, last = one["path"].split("/")[1:]
        place = document
        for name in steps:
            place = place[int(name)] if isinstance(place, list) else place[name]
        if one["op"] == "test":
            assert place[last] == one["value"]
        else:
            assert (one["op"] == "add") == (last not in place)
            place[last] = one["value"]
    return document


def test_the_patch_changes_the_timeouts_and_tells_the_budget(
    advised: Callable[..., Advice],
) -> None:
    advice = advised(*healthy(22))
    rest = {"id": 3, "name": "b", "timeout": 7, "upstreams": [], "downstreams": []}
    steps = [step(1, "a", timeout=3600, downstreams=[2]), step(2, "a", upstreams=[1]), rest]
    del steps[1]["timeout"]
    document = response(9, steps)
    (task,) = read_bytes(document)
    patch = timeout_patch(Analysis(build_graph(task)), [advice])
    patched = apply(json.loads(document), patch.operations)
    assert [row.get("timeout") for row in patched["data"]["subtasks"]] == [35, 35, 7]
    assert [one["op"] for one in patch.operations] == ["test", "replace", "add"]
    assert patch.before is not None
    assert patch.after is not None
    assert (patch.before.seconds, patch.after.seconds) == (3600, 70)


def test_the_patch_leaves_other_tasks_and_cycles_be(advised: Callable[..., Advice]) -> None:
    advice = advised(*healthy(22))
    (other,) = read_bytes(response(9, [step(1, "a")], name="Other"))
    assert timeout_patch(Analysis(build_graph(other)), [advice]).operations == ()
    loop = step(1, "a", timeout=9, upstreams=[1], downstreams=[1])
    (cyclic,) = read_bytes(response(9, [loop]))
    patch = timeout_patch(Analysis(build_graph(cyclic)), [advice])
    assert len(patch.operations) == 2
    assert (patch.before, patch.after) == (None, None)


@pytest.mark.parametrize(
    ("written", "advised_as"),
    [("1h", "35s"), ("3600", "35"), (3600, 35), ("60 m", "35s"), ("5s", "35s")],
)
def test_the_patch_writes_and_tests_timeouts_as_the_definition_does(
    advised: Callable[..., Advice], written: int | str, advised_as: int | str
) -> None:
    advice = advised(*healthy(22))
    first = {"id": 1, "name": "a", "timeout": written}
    steps = [first, {"id": 2, "name": "a"}, {"id": 3, "name": "b"}]
    text = {"kind": "task-definition", "name": "Stop", "subtasks": steps}
    for file, content in (
        ("stop.task.json", json.dumps(text)),
        ("stop.task.yaml", _as_yaml(text)),
    ):
        (task,) = read_bytes(content.encode(), file)
        patch = timeout_patch(Analysis(build_graph(task)), [advice])
        patched = apply(json.loads(json.dumps(text)), patch.operations)
        values = [row.get("timeout") for row in patched["subtasks"]]
        assert values == [advised_as, 35, None]


def _as_yaml(text: dict[str, Any]) -> str:
    rows = "".join(f"- {json.dumps(row)}\n" for row in text["subtasks"])
    return f"kind: {text['kind']}\nname: {text['name']}\nsubtasks:\n{rows}"


@pytest.mark.parametrize(
    ("timeout", "verdict", "frees"),
    [
        (86_400, TimeoutVerdict.LOWER, 86_365),
        (5, TimeoutVerdict.RAISE, -30),
        (50, TimeoutVerdict.KEEP, None),
        (None, TimeoutVerdict.SET, None),
        (0, TimeoutVerdict.SET, None),
    ],
)
def test_the_timeouts_of_a_file_are_judged_and_not_those_of_the_past(
    advised: Callable[..., Advice],
    timeout: int | None,
    verdict: TimeoutVerdict,
    frees: int | None,
) -> None:
    advice = advised(*healthy(22, timeout=50))
    assert advice.verdict is TimeoutVerdict.KEEP
    steps = [step(1, "a", timeout=timeout), step(2, "b", timeout=9)]
    (task,) = read_bytes(response(9, steps))
    one, other = advice_for(task, [advice], FEW)
    assert (one.timeout, one.verdict, one.frees) == (timeout, verdict, frees)
    assert one.advised == 35
    assert (other.verdict, other.runs, other.needed) == (TimeoutVerdict.TOO_FEW, 0, 22)
    changes = [
        one["value"]
        for one in timeout_patch(Analysis(build_graph(task)), [advice]).operations
    ]
    assert changes[-1:] == ([] if verdict is TimeoutVerdict.KEEP else [35])


def test_a_next_step_that_was_taken_is_kept(advised: Callable[..., Advice]) -> None:
    cut = [{"end": 30.02, "timeout": 30, "status": "FAILED"}] * 5
    advice = advised(*healthy(29, timeout=30), *cut)
    for timeout, verdict in (
        (30, TimeoutVerdict.RAISE),
        (60, TimeoutVerdict.KEEP),
        (0, TimeoutVerdict.KEEP),
    ):
        (task,) = read_bytes(response(9, [step(1, "a", timeout=timeout)]))
        (one,) = advice_for(task, [advice], FEW)
        assert (one.verdict, one.is_next_step) == (verdict, verdict is TimeoutVerdict.RAISE)


def test_the_patch_tells_a_worst_case_as_the_budget_does(
    advised: Callable[..., Advice],
) -> None:
    advice = advised(*healthy(22))
    cases = ({"timeout": 0}, False), ({"timeout": None}, None)
    for change, is_bounded in cases:
        (task,) = read_bytes(response(9, [step(1, "a") | change, step(2, "b") | change]))
        patch = timeout_patch(Analysis(build_graph(task)), [advice])
        assert (patch.before and patch.before.is_bounded) == is_bounded
        assert patch.after is not None
        assert (patch.after.seconds, patch.after.is_bounded) == (35, False)
        assert patch.is_sound
