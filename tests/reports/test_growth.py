"""How the growth of the wall clock is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from taskgraph import report_history
from taskgraph.history.growth import Growth, Growths, StepGrowth
from taskgraph.history.ranks import RankTest

SECOND = 1_000_000
COPY = StepGrowth(
    "Copy 复制", 10 * SECOND, 30 * SECOND, 21 * SECOND, -SECOND, 0.00001, True
)
WAIT = StepGrowth("Wait", 5 * SECOND, 5 * SECOND, 0, 0, 1.0, False)
GROWTH = Growth(
    "Stop",
    12,
    9,
    3,
    20 * SECOND,
    41 * SECOND,
    RankTest(0.0123, True),
    (COPY, WAIT),
    SECOND,
)
FOUND = Growths(datetime(2025, 1, 16, tzinfo=UTC), (GROWTH,), ("Other",))


def flat(found: Growths) -> str:
    return " ".join(report_history(found).split())


def test_the_whole_its_parts_and_the_doubts_are_told() -> None:
    text = flat(FOUND)
    assert "12 runs before, 9 from 2025-01-16 00:00:00+00:00 on: 20.0 s → 41.0 s" in text
    assert "(+21.0 s), by chance 0.012; outside of subtasks +1.00 s" in text
    assert "Copy 复制 10.0 s 30.0 s +20.0 s +21.0 s -1.00 s under 0.0001" in text
    assert "Wait 5.00 s 5.00 s 0 s 0 s 0 s ≈ 1" in text
    assert "'Stop': 3 runs left out" in text
    assert "On one side only: 'Other'." in text
    assert "cannot prove" not in text


def test_too_few_runs_are_said_to_prove_nothing() -> None:
    few = replace(FOUND, since=None, tasks=(GROWTH._replace(before=2, after=3),))
    assert "so few runs cannot prove anything" in flat(few)
    assert "2 runs before, 3 later" in flat(few)
