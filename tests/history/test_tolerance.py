"""Tolerance limits hold what they promise."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.history.tolerance import confidence_of, least_runs, limit_rank


def exact_confidence(runs: int, rank: int, share: Fraction) -> Fraction:
    """Give the chance that at most rank - 1 of the runs are within the share."""
    chances = (
        math.comb(runs, k) * share**k * (1 - share) ** (runs - k) for k in range(rank)
    )
    return sum(chances, Fraction(0))


@pytest.mark.parametrize(
    ("share", "confidence", "runs"),
    [
        (0.99, 0.95, 299),
        (0.95, 0.95, 59),
        (0.9, 0.9, 22),
        (0.999, 0.95, 2995),
        (0.5, 0.5, 1),
    ],
)
def test_the_least_number_of_runs_is_the_published_one(
    share: float, confidence: float, runs: int
) -> None:
    assert least_runs(share, confidence) == runs
    assert limit_rank(runs, share, confidence) == runs
    assert limit_rank(runs - 1, share, confidence) is None


@pytest.mark.slow
@given(
    st.integers(1, 120), st.sampled_from([50, 80, 90, 95]), st.sampled_from([50, 90, 95])
)
def test_the_rank_is_the_lowest_with_the_confidence(
    runs: int, share: int, confidence: int
) -> None:
    part, promised = Fraction(share, 100), Fraction(confidence, 100)
    kept = [k for k in range(1, runs + 1) if exact_confidence(runs, k, part) >= promised]
    rank = limit_rank(runs, share / 100, confidence / 100)
    assert rank == (kept[0] if kept else None)
    if rank is not None:
        reached = confidence_of(runs, rank, share / 100)
        assert reached == pytest.approx(float(exact_confidence(runs, rank, part)))


def test_a_million_runs_are_no_trouble() -> None:
    rank = limit_rank(1_000_000, 0.99, 0.95)
    assert rank is not None
    normal = 990_000 + 1.645 * math.sqrt(1_000_000 * 0.99 * 0.01)
    assert abs(rank - normal) < 5


def test_the_promise_is_kept_about_as_often_as_promised() -> None:
    rng = random.Random(5)
    rank = limit_rank(100, 0.9, 0.9)
    assert rank is not None
    limits = [sorted(rng.random() for _ in range(100))[rank - 1] for _ in range(500)]
    kept = sum(limit >= 0.9 for limit in limits) / 500
    assert 0.87 < kept < 0.97
