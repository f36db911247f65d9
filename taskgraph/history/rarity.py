"""Which times are so rare among healthy runs that one is worth telling."""

from __future__ import annotations

import math
from typing import NamedTuple

from taskgraph.history.database import HEALTHY

__all__ = ["SPANS", "WAITS", "Compared", "bounds", "tail_of"]

_FARTHEST = 600.0
"""An exponent with which no floating point number overflows."""


class Compared(NamedTuple):
    """A time beside those of the others of its name."""

    place: int
    name: str
    value: int
    others: int
    low: int
    usual: int
    high: int
    lowest: int
    highest: int
    at_most: int
    at_least: int


def tail_of(share: float, comparisons: int) -> float:
    """Give how rare each of so many times must be, so that all together are as rare.

    Of several times the largest is high more often than each of them (Šidák, 1967).
    """
    return 1 - float(share ** (1 / max(comparisons, 1)))


def bounds(time: Compared, share: float, tail: float) -> tuple[float, float]:
    """Give the times below and above which hardly any healthy run is.

    Where there are enough others, they show such times. But few others show none that are
    so rare, and a slow one among many others is no measure: there the time that the share
    of them does not reach is carried on, as if the logarithms of the times had the tails
    of an exponential distribution, which are longer than those of most measured times.
    """
    shown = max(1 - share, 1 / (time.others + 1))
    if shown == 0.5:  # one other run shows no tail
        return time.usual, time.usual
    steps = max(math.log(0.5 / tail) / math.log(0.5 / shown), 1.0)
    usual, low, high = (max(value, 1) for value in (time.usual, time.low, time.high))
    lowest, highest = (
        usual * math.exp(min(steps * math.log(bound / usual), _FARTHEST))
        for bound in (low, high)
    )
    if time.others * tail >= 1:
        return max(lowest, time.lowest), min(highest, time.highest)
    return lowest, highest


_COMPARED = """
SELECT
    place, asked.name, asked.value, count(*),
    quantile_disc(others.{value}, 1 - $share::DOUBLE),
    quantile_disc(others.{value}, 0.5),
    quantile_disc(others.{value}, $share::DOUBLE),
    quantile_disc(others.{value}, $tail::DOUBLE),
    quantile_disc(others.{value}, 1 - $tail::DOUBLE),
    count(*) FILTER (others.{value} <= asked.value),
    count(*) FILTER (others.{value} >= asked.value)
FROM asked JOIN others USING (name)
WHERE {condition} AND others.{value} IS NOT NULL
GROUP BY place, asked.name, asked.value
"""
SPANS = _COMPARED.format(value="span_us", condition=HEALTHY)
WAITS = _COMPARED.format(value="wait_us", condition="true")
