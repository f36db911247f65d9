"""How a simulated task goes on, and what beats a bound."""

from __future__ import annotations

from random import Random

import pytest

from taskgraph.settings import Settings
from tests.engine.claims import try_claims
from tests.engine.futures import WAITING, Future, beaten, go_on, stand
from tests.engine.plan import SECOND, Plan, Step
from tests.engine.trial import photographed
from tests.engine.world import Fate, World

pytestmark = [pytest.mark.slow, pytest.mark.uncovered]

START = 1_700_000_000_000
SLOW = Fate("slow", "slow")


def world(*, retries: int = 0) -> World:
    """Give a task of two steps of a minute, one after the other, as it is submitted."""
    steps = tuple(
        Step(name, ups, 60, retries, 1000) for name, ups in (("Stop", ()), ("Start", (0,)))
    )
    plan = Plan(1, "Restart", "MANUAL", steps, (2, 3), (0, 1), START)
    made = World(Random(5), plan)
    made.begin()
    made.server.others, made.server.never_picked = 0, frozenset()
    return made


def goes_on(fate: Fate, act: str = "", index: int = -1, *, retries: int = 0) -> Future:
    return go_on(world(retries=retries), 1, fate, act, index)


def reason(future: Future, seconds: int, beside: str = "") -> str | None:
    return beaten(future, START, future.ended, seconds * SECOND, beside)


def test_a_fork_leaves_its_world_as_it_is() -> None:
    for seed in range(40):
        photo, _, _ = photographed(seed)
        made = stand(seed, photo)
        assert made.server.rows == list(photo.rows)
        before = made.server.journal()
        for number, fate in enumerate(WAITING):
            go_on(made, number, fate)
        assert made.server.journal() == before


def test_slow_runs_and_polls_beat_the_sum_of_the_timeouts() -> None:
    assert reason(goes_on(SLOW), 119) == "ordinary polls"
    assert reason(goes_on(SLOW), 119, "not counting its polls") is None
    assert reason(goes_on(SLOW), 126) is None


def test_a_bound_that_forgets_work_is_beaten_without_an_excuse() -> None:
    beside = "not counting polls, retries, missed deadlines, busy workers or a person"
    assert reason(goes_on(SLOW), 60, beside) == "what it forgets"


@pytest.mark.parametrize(
    ("fate", "expected", "word"),
    [
        (Fate("", "missed"), "missed deadline", "grace"),
        (Fate("", "slow", crowd=900 * SECOND), "busy workers", "alone on the workers"),
        (Fate("", "slow", rest=900 * SECOND), "late polls", "the polls of the engine"),
    ],
    ids=lambda value: value.name or None if isinstance(value, Fate) else None,
)
def test_what_was_broken_is_told_unless_it_is_named(
    fate: Fate, expected: str, word: str
) -> None:
    future = goes_on(fate)
    assert reason(future, 60) == expected
    assert reason(future, 60, f"not counting {word}") is None


def test_an_automatic_retry_is_told() -> None:
    future = goes_on(Fate("", "slow", failure=1.0), retries=2)
    assert reason(future, 60) == "automatic retry"
    assert reason(future, 60, "without automatic retries") is None


def test_what_never_ends_beats_every_bound() -> None:
    made = world()
    made.suffer(SLOW)
    made.server.run(until=START + 5 * SECOND)
    assert made.server.rows[0].state == "RUNNING"
    future = go_on(made, 1, Fate("", "slow", deaf=True), "cancel", 0)
    assert future.ended is None
    assert reason(future, 10**6) == "hanging cancel"


def test_ordinary_runs_do_not_beat_what_counts_polls_and_deadlines() -> None:
    settings = Settings(overhead=3, grace=12)
    kinds = ("left", "budget", "retry-accepted", "rollback-accepted")
    for seed in range(80):
        for judged in try_claims(seed, 12, settings).judged:
            if judged.kind in kinds:
                assert "beaten by ordinary polls" not in judged.reasons, judged.text
