"""How far a number of runs can be trusted: tolerance limits without a distribution.

Of n independent runs the k-th shortest exceeds a share p of all runs to come with the
confidence with which at most k - 1 of n runs are among those p (Wilks, 1941). So a limit
with a promised confidence exists only from a number of runs on: 299 for 99 % of the runs
with a confidence of 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

__all__ = ["confidence_of", "least_runs", "limit_rank"]


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
