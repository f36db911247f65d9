"""Trends of made-up runs, for the tests of their reports and for the benchmark."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from taskgraph.history.trending import (
    FAILED,
    RETRIED,
    SKIPPED,
    Change,
    HostTrend,
    KindTrend,
    Period,
    TaskTrends,
    TrendRun,
    Trends,
)

SECOND = 1_000_000
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


def make_trends(runs: int, names: tuple[str, ...], task: str = "重启 observer") -> Trends:
    """Make runs of subtasks with such names; the second is slower in the later half."""
    rng = random.Random(1)
    weeks = max(1, runs // 50)
    kinds = []
    for place, name in enumerate((None, *names)):
        spans: list[int | None] = [
            int((5 + place) * SECOND * rng.uniform(0.7, 1.4)) for _ in range(runs)
        ]
        marks = [0] * runs
        change = None
        for run in range(3 + place, runs, 41):
            marks[run] = (FAILED, RETRIED, SKIPPED)[run % 3]
            spans[run] = None
        if place == 2 and runs > 10:
            spans = [s and s * (3 if at >= runs // 2 else 1) for at, s in enumerate(spans)]
            change = Change(runs // 2, 7 * SECOND, 21 * SECOND, 0.9995)
        period = Period(runs, (5 + place) * SECOND, (7 + place) * SECOND)
        periods = (period,) * weeks
        kinds.append(KindTrend(name, tuple(spans), tuple(marks), period, periods, change))
    return Trends(
        (
            TaskTrends(
                task,
                runs,
                tuple(
                    TrendRun(
                        str(1000 + n), f"a.zip/{n}.json", BEGAN + n * _STEP, _status(n)
                    )
                    for n in range(runs)
                ),
                tuple(BEGAN + timedelta(weeks=week) for week in range(weeks)),
                7,
                tuple(kinds),
                (
                    HostTrend("10.0.0.1", True, runs, 1, 2, 1_300_000),
                    HostTrend(names[0], False, runs, 0, 0, None),
                ),
            ),
        ),
        0,
    )


_STEP = timedelta(hours=3)


def _status(run: int) -> str:
    return "FAILED" if run % 41 == 3 else "SUCCESSFUL"
