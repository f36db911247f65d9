"""Draws outcomes of subtasks: those of one past run together, as far as it has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from taskgraph.history.pools import OutcomeBasis
from taskgraph.history.prospects import Prospect

if TYPE_CHECKING:
    import numpy

    Times: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
    Flags: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.bool_]]
    Ends: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.int8]]
    Weights: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.float64]]

__all__ = ["CUT", "FAILED", "WELL", "Draw", "count_runs", "redrawn", "run_weights"]

WELL: Final = 0
CUT: Final = 1
"""It was ended by its timeout, so that it would have taken longer."""
FAILED: Final = 2


def count_runs(prospects: list[Prospect]) -> int:
    """Tell up to which number there are past runs of this kind of task."""
    columns = (
        column
        for one in prospects
        if one.pool.basis is OutcomeBasis.OWN
        for column in (one.pool.spans, one.pool.waits)
    )
    last = [
        int(column.runs.max(initial=-1)) for column in columns if column.runs is not None
    ]
    return max(last, default=-1) + 1


def run_weights(draws: Iterable[Draw], size: int) -> Weights:
    """Tell how much each past run says about what is ahead; all 0 where none does.

    A run counts by the share of what is at work now that took longer in it than it has by
    now: where all is slow alike these are the slow runs, and where one thing has nothing
    to do with another they are nearly all. A run that has nothing of what is ahead does
    not count.
    """
    import numpy as np

    at_work, ahead = np.zeros(size), np.zeros(size)
    for draw in draws:
        if draw.spans_by_run is not None:
            counts = at_work if draw.is_running else ahead
            counts += draw.spans_by_run >= 0
    return at_work if at_work.any() else (ahead > 0).astype(np.float64)


class Draw:
    """Draws outcomes of one subtask."""

    def __init__(self, prospect: Prospect, runs: int) -> None:
        import numpy as np

        pool, limit, place = prospect.pool, prospect.limit, prospect.place
        self.is_running = prospect.is_running
        is_own = pool.basis is OutcomeBasis.OWN
        self.waits = pool.waits.values
        self.waits_by_run = pool.waits.by_run(place, runs) if is_own else None
        self.spans = pool.spans.values
        self.spans_by_run = pool.spans.by_run(place, runs) if is_own else None
        self.ends = np.where(pool.succeeded, WELL, FAILED).astype(np.int8)
        self.attempts = prospect.attempts
        self.limit = limit
        self.healthy = self.spans[pool.single & pool.succeeded]
        self.first_longer: Times | None = None
        again = redrawn(prospect)
        if again.any():
            firsts = np.searchsorted(self.healthy, self.spans, side="right")
            self.first_longer = np.where(again, firsts, len(self.healthy))
            if limit:
                none = again & (firsts == len(self.healthy))
                self.spans = np.where(none, limit, self.spans)
        late = np.zeros(len(self.spans), np.bool_) if pool.cut is None else pool.cut
        if limit:
            late = late | (pool.single & (self.spans > limit))
            self.spans = np.where(late, np.minimum(self.spans, limit), self.spans)
        self.ends[late] = CUT
        self.is_safe = not self.ends.any()

    def waiting(
        self, source: numpy.random.Generator, size: int, runs: Times | None
    ) -> Times | int:
        """Draw how long it waits."""
        if not len(self.waits):
            return 0
        return self.waits.take(
            _choose(source, len(self.waits), size, runs, self.waits_by_run)
        )

    def working(
        self, source: numpy.random.Generator, size: int, runs: Times | None
    ) -> tuple[Times, Ends | None]:
        """Draw how long it works, and how it ends in the end: ``None`` is well."""
        import numpy as np

        spans, ends = self._once(source, size, runs)
        if ends is None:
            return spans, None
        for _ in range(self.attempts - 1):
            (again,) = np.nonzero(ends)
            more, last = self._once(source, len(again), None)
            spans[again] += more
            ends[again] = WELL if last is None else last
        return spans, ends

    def _once(
        self, source: numpy.random.Generator, size: int, runs: Times | None
    ) -> tuple[Times, Ends | None]:
        """Draw one attempt."""
        import numpy as np

        chosen = _choose(source, len(self.spans), size, runs, self.spans_by_run)
        spans = self.spans.take(chosen)
        if self.is_safe:
            return spans, None
        ends = self.ends.take(chosen)
        if self.first_longer is not None:
            first = self.first_longer.take(chosen)
            (places,) = np.nonzero(first < len(self.healthy))
            first = first[places]
            shares = source.random(len(places))
            chosen = first + (shares * (len(self.healthy) - first)).astype(np.int64)
            longer = self.healthy.take(chosen)
            late = (longer > self.limit) if self.limit else np.zeros(len(places), bool)
            spans[places] = np.where(late, self.limit, longer)
            ends[places] = np.where(late, CUT, WELL)
        return spans, ends


def redrawn(prospect: Prospect) -> Flags:
    """Tell which outcomes were cut at a timeout that is shorter than the present one."""
    import numpy as np

    pool, limit = prospect.pool, prospect.limit
    if pool.cut is None:
        return np.zeros(len(pool.spans.values), np.bool_)
    is_redrawn: Flags = pool.cut & ((pool.spans.values < limit) if limit else True)
    return is_redrawn


def _choose(
    source: numpy.random.Generator,
    count: int,
    size: int,
    runs: Times | None,
    by_run: Times | None,
) -> Times:
    """Take what the runs have; else draw places with replacement.

    Of so few places none is preferred in a noticeable way, and this is twice as fast as
    to draw whole numbers.
    """
    import numpy as np

    if runs is None or by_run is None:
        return (source.random(size) * count).astype(np.int64)
    chosen = by_run.take(runs)
    (missing,) = (chosen < 0).nonzero()
    if len(missing):
        chosen[missing] = (source.random(len(missing)) * count).astype(np.int64)
    return chosen
