"""What the ranks of measured times prove: tests of two groups, of a change, and limits.

Ranks ask nothing of the shape of the times, and one wild run moves them no more than any
other that is long.

Of n independent runs the k-th shortest exceeds a share p of all runs to come with the
confidence with which at most k - 1 of n runs are among those p (Wilks, 1941). So a limit
with a promised confidence exists only from a number of runs on: 299 for 99 % of the runs
with a confidence of 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy

    Numbers: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]]

_MOST_WORK, _MOST_WORK_TIED = 40_000_000, 1_600_000
"""Additions that an exact test may take: enough for two groups of some 60 values, and of
some 20 with ties, for which it cannot use what it counted for others.
"""


class RankTest(NamedTuple):
    """How seldom two groups differ so much where nothing but chance parts them."""

    p: float
    is_exact: bool


class ChangePoint(NamedTuple):
    """Where a sequence changes most."""

    at: int
    """The place of the first value after the change."""
    p: float
    """How seldom at most a sequence without a change shows one as clear."""


def rank_test(before: Sequence[int], after: Sequence[int]) -> RankTest:
    """Test whether one group tends to greater values, either of them (Mann–Whitney, 1947).

    It is exact given the values, ties as well: of all ways to part them in groups of these
    sizes it counts those whose sum of ranks is at least as far from the middle. Where that
    is too much work, the normal distribution stands in, with the correction for ties.
    Neither group is empty.
    """
    import numpy as np

    doubled = _doubled_ranks(np.array([*before, *after], np.int64))
    if doubled.min() == doubled.max():
        return RankTest(1.0, is_exact=True)
    few, size = min(len(before), len(after)), len(doubled)
    group = doubled[: len(before)] if len(before) == few else doubled[len(before) :]
    middle = few * (size + 1)  # of the sum of doubled ranks
    far = abs(int(group.sum()) - middle)
    unit = 1 if (doubled % 2).any() else 2  # without halves the sums are half as many
    steps = (np.sort(doubled) - 2) // unit
    most = _MOST_WORK if len(np.unique(steps)) == size else _MOST_WORK_TIED
    if (few + 1) * size * int(steps[size - few :].sum() + 1) > most:
        variance = few * (size - few) * float(((doubled - size - 1.0) ** 2).sum())
        deviation = math.sqrt(variance / (size * (size - 1)))
        p = math.erfc(max(far - 1, 0) / deviation / math.sqrt(2))
        return RankTest(p, is_exact=False)
    ways = _ways(tuple(steps.tolist()), few)
    sums = np.arange(len(ways)) * unit + 2 * few
    extreme = ways[np.abs(sums - middle) >= far].sum()
    return RankTest(min(1.0, float(extreme / ways.sum())), is_exact=True)


@lru_cache(maxsize=100)
def _ways(steps: tuple[int, ...], few: int) -> Numbers:
    """Count in how many ways so few of some numbers have each sum."""
    import numpy as np

    width = sum(steps[len(steps) - few :]) + 1
    ways = np.zeros((few + 1, width))
    ways[0, 0] = 1
    for step in steps:
        ways[1:, step:] += ways[:-1, : width - step].copy()
    counts: Numbers = ways[few]
    return counts


def smallest_level(before: int, after: int) -> float:
    """Give the least level that a test of two groups of such sizes can show."""
    return min(1.0, 2 / math.comb(before + after, before))


def change_point(values: Sequence[int]) -> ChangePoint:
    """Find where at least two values in order of time change most (Pettitt, 1979).

    The error level is bounded, not exact: over all orders of the values the told one is
    never less than the share of those that show as clear a change, upwards or downwards.
    """
    import numpy as np

    size = len(values)
    ranks = _doubled_ranks(np.asarray(values, np.int64))
    walk = np.abs(np.cumsum(ranks - (size + 1))[:-1])
    at = int(walk.argmax())
    clear = float(walk[at])
    p = 2 * math.exp(-6 * clear**2 / (size**3 + size**2))
    return ChangePoint(at + 1, min(1.0, p))


def holm(values: Sequence[float]) -> list[float]:
    """Adjust error levels so that all together keep theirs (Holm, 1979)."""
    adjusted = [0.0] * len(values)
    least = 0.0
    for place, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = max(least, min(1.0, values[at] * (len(values) - place)))
        adjusted[at] = least
    return adjusted


def _doubled_ranks(values: Numbers) -> Numbers:
    """Rank values from 1 on, doubled: what is equal shares the middle of its ranks."""
    import numpy as np

    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (2 * last - counts + 1)[places]


def least_runs(share: float, confidence: float) -> int:
    """Give the number of runs from which on the longest one is a limit.

    It passes the share of all runs to come with the confidence; both are between 0 and 1.
    """
    return math.ceil(math.log1p(-confidence) / math.log(share) - 1e-9)


def limit_rank(runs: int, share: float, confidence: float) -> int | None:
    """Give the rank, from 1, of the shortest run that is a limit, where there is one."""
    above = -1  # how many runs may be longer
    total = 0.0
    for count, chance in enumerate(_chances(runs, share)):
        total += chance
        if total > 1 - confidence + 1e-12:
            break
        above = count
    return None if above < 0 else runs - above


def confidence_of(runs: int, rank: int, share: float) -> float:
    """Give the confidence that the run of a rank exceeds the share of all runs."""
    chances = zip(range(runs - rank + 1), _chances(runs, share), strict=False)
    return 1 - sum(chance for _, chance in chances)


def _chances(runs: int, share: float) -> Iterator[float]:
    """Give the chances that 0, 1, ... of the runs are longer than the share of all."""
    logarithm = runs * math.log(share)  # the chances themselves may be too small
    step = math.log1p(-share) - math.log(share)
    for count in range(runs + 1):
        yield math.exp(logarithm)
        logarithm += math.log(max(runs - count, 1)) - math.log(count + 1) + step
