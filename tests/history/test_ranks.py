"""Tests by ranks and tolerance limits: known answers, and every order of small cases."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.history import ranks
from taskgraph.history.ranks import (
    change_point,
    confidence_of,
    holm,
    least_runs,
    limit_rank,
    rank_test,
)

TIED = [1, 1, 2, 3, 3, 3, 4, 9, 9]


def counted(before: list[int], after: list[int]) -> Fraction:
    """Part all values in every way, and count those that are as far from the middle."""
    values = before + after
    ranks = [
        Fraction(2 * sum(a < b for a in values) + values.count(b) + 1, 2) for b in values
    ]
    middle = Fraction(len(before) * (len(values) + 1), 2)
    far = abs(sum(ranks[: len(before)]) - middle)
    ways = list(combinations(ranks, len(before)))
    return Fraction(sum(abs(sum(way) - middle) >= far for way in ways), len(ways))


def test_two_groups_have_the_known_error_levels() -> None:
    assert rank_test([1, 2, 3], [4, 5, 6]).p == pytest.approx(0.1)
    assert rank_test([6, 7, 8, 9, 10], [1, 2, 3, 4, 5]).p == pytest.approx(2 / 252)
    assert rank_test([5], [5]).p == 1
    assert rank_test([3, 3], [3, 3, 3]).p == 1


@pytest.mark.parametrize("seed", range(6))
def test_the_exact_test_counts_every_way_to_part_the_values(seed: int) -> None:
    rng = random.Random(seed)
    values = rng.sample(TIED, len(TIED)) if seed % 2 else rng.sample(range(99), 9)
    for size in range(1, 9):
        before, after = values[:size], values[size:]
        assert rank_test(before, after).p == pytest.approx(float(counted(before, after)))


def test_many_values_are_tested_by_the_normal_distribution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, after = list(range(0, 300, 10)), list(range(61, 361, 10))
    exact = rank_test(before, after)
    monkeypatch.setattr(ranks, "_MOST_WORK", 0)
    near = rank_test(before, after)
    assert (exact.is_exact, near.is_exact) == (True, False)
    assert near.p == pytest.approx(exact.p, abs=0.002)
    assert rank_test([7] * 100, [7] * 100) == (1.0, True)


def test_a_change_is_found_where_it_is() -> None:
    found = change_point([5, 6, 5, 7, 6, 5, 6, 7] * 2 + [9, 11, 10, 12] * 4)
    assert found.at == 16
    assert found.p < 0.001
    assert change_point([3] * 10).p == 1
    assert change_point([1, 2]).p == 1


@pytest.mark.uncovered
@pytest.mark.parametrize(
    "values", [[1, 2, 3, 4, 5, 6], [1, 1, 2, 2, 2, 3], [1, 1, 1, 2, 2]]
)
def test_no_level_is_told_that_chance_alone_exceeds(values: list[int]) -> None:
    told = sorted(change_point(order).p for order in permutations(values))
    for level in set(told):
        assert sum(p <= level for p in told) <= level * len(told)


def test_many_answers_keep_their_level_together() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


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
